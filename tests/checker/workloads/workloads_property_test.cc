// Random histories of workloads against definitions written as plainly as possible.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checker/history/edn.h"
#include "checker/workloads/workloads.h"
#include "tests/checker/random_lines.h"

namespace brokersim::checker {
namespace {

std::set<std::string> NaiveSetFull(const History& history) {
  std::set<std::string> types;
  std::set<int64_t> elements;
  const auto holds = [](const Op& read, int64_t element) {
    int count = 0;
    for (const Value& value : read.value.items()) count += value == Value::Int(element) ? 1 : 0;
    return count;
  };
  for (const Op& op : history.ops()) {
    if (history.FName(op.f) == "add") elements.insert(op.value.integer());
    for (const Value& value : op.value.items()) elements.insert(value.integer());
  }
  for (int64_t element : elements) {
    int add = -1;
    int known = -1;
    int present = -1;  // invocations of the latest reads
    int absent = -1;
    for (int at = 0; at < static_cast<int>(history.size()); ++at) {
      const Op& op = history.op(static_cast<OpIndex>(at));
      if (history.FName(op.f) == "add" && op.value == Value::Int(element)) {
        if (op.type == OpType::kInvoke && add < 0) add = at;
        if (op.type == OpType::kOk && known < 0) known = at;
      }
      if (history.FName(op.f) != "read" || op.type != OpType::kOk) continue;
      const int invoke = static_cast<int>(op.pair);
      if (holds(op, element) > 1) types.insert("duplicated");
      if (holds(op, element) > 0) {
        if (known < 0) known = at;
        present = std::max(present, invoke);
      } else if (add >= 0) {
        absent = std::max(absent, invoke);
      }
    }
    if (add < 0) {
      types.insert("unexpected");
    } else if (!(present > absent) && known >= 0 && known < absent) {
      types.insert("lost");
    }
  }
  return types;
}

TEST(SetFullProperty, AgreesWithItsDefinition) {
  int found = 0;
  for (int seed = 0; seed < kHistories; ++seed) {
    Draws draws(static_cast<uint64_t>(seed));
    const std::string edn = RandomHistory(&draws, [&draws]() -> Asked {
      if (draws.Below(2) == 0) {
        const std::string element = fmt::format("{}", draws.Below(3));
        return {"add", element, element};
      }
      std::string read = "[";
      for (uint64_t element = 0; element < 4; ++element) {
        if (draws.Below(element == 3 ? 30 : 2) == 0) read += fmt::format(" {}", element);
      }
      if (draws.Below(30) == 0) read += " 0 0";
      return {"read", "nil", read + "]"};
    });
    const absl::StatusOr<History> history = ReadEdn(edn);
    ASSERT_TRUE(history.ok()) << history.status() << edn;
    const absl::StatusOr<formats::Verdict> verdict = CheckSetFull(*history, {});
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    ASSERT_EQ(Types(*verdict), NaiveSetFull(*history)) << edn;
    found += verdict->result() == formats::Verdict::INVALID ? 1 : 0;
  }
  EXPECT_GT(found, kHistories / 10);
  EXPECT_LT(found, kHistories * 9 / 10);
}

// A read is possible if some choice of the adds that may have happened by its end, with all that surely had happened
// before it began, makes its number. Amounts are 1, 2 and 4 and -3, so that not every number between the bounds is one:
// a counter's checker judges by bounds, so does this.
TEST(CounterProperty, AgreesWithItsDefinition) {
  int found = 0;
  for (int seed = 0; seed < kHistories; ++seed) {
    Draws draws(static_cast<uint64_t>(seed));
    const std::string edn = RandomHistory(&draws, [&draws]() -> Asked {
      constexpr int kAmounts[] = {1, 2, 4, -3};
      if (draws.Below(2) == 0) {
        const std::string amount = fmt::format("{}", kAmounts[draws.Below(4)]);
        return {"add", amount, amount};
      }
      return {"read", "nil", fmt::format("{}", static_cast<int>(draws.Below(6)) - 1)};
    });
    const absl::StatusOr<History> history = ReadEdn(edn);
    ASSERT_TRUE(history.ok()) << history.status() << edn;
    bool possible = true;
    for (const Op& read : history->ops()) {
      if (history->FName(read.f) != "read" || read.type != OpType::kOk) continue;
      const OpIndex done = history->op(read.pair).pair;
      int64_t lower = 0;
      int64_t upper = 0;
      for (OpIndex at = 0; at < done; ++at) {
        const Op& add = history->op(at);
        if (history->FName(add.f) != "add" || add.type != OpType::kInvoke) continue;
        const OpType outcome = history->Outcome(add);
        if (outcome == OpType::kFail) continue;
        const bool surely = outcome == OpType::kOk && add.pair < read.pair;
        const int64_t amount = add.value.integer();
        lower += surely ? amount : std::min<int64_t>(amount, 0);
        upper += surely ? amount : std::max<int64_t>(amount, 0);
      }
      possible = possible && read.value.integer() >= lower && read.value.integer() <= upper;
    }
    const absl::StatusOr<formats::Verdict> verdict = CheckCounter(*history);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    ASSERT_EQ(verdict->result() == formats::Verdict::VALID, possible) << edn;
    found += possible ? 0 : 1;
  }
  EXPECT_GT(found, kHistories / 10);
  EXPECT_LT(found, kHistories * 9 / 10);
}

TEST(LongForkProperty, AgreesWithItsDefinition) {
  int found = 0;
  for (int seed = 0; seed < kHistories; ++seed) {
    Draws draws(static_cast<uint64_t>(seed));
    std::string edn;
    for (int i = 0; i < 5; ++i) {
      std::string value;
      for (int key = 0; key < 3; ++key) {
        value += fmt::format(" [:r {} {}]", key, draws.Below(4) == 0 ? "nil" : "1");
      }
      edn += fmt::format("{{:process 0 :type :ok :f :read :value [{}]}}\n", value);
    }
    const absl::StatusOr<History> history = ReadEdn(edn);
    ASSERT_TRUE(history.ok());
    bool fork = false;
    for (OpIndex a = 1; a < history->size(); a += 2) {
      for (OpIndex b = 1; b < a; b += 2) {
        bool a_ahead = false;
        bool b_ahead = false;
        for (int key = 0; key < 3; ++key) {
          const bool in_a = !history->op(a).value.items()[key].items()[2].is_nil();
          const bool in_b = !history->op(b).value.items()[key].items()[2].is_nil();
          a_ahead = a_ahead || (in_a && !in_b);
          b_ahead = b_ahead || (in_b && !in_a);
        }
        fork = fork || (a_ahead && b_ahead);
      }
    }
    const absl::StatusOr<formats::Verdict> verdict = CheckLongFork(*history);
    ASSERT_TRUE(verdict.ok());
    ASSERT_EQ(verdict->result() == formats::Verdict::INVALID, fork) << edn;
    found += fork ? 1 : 0;
  }
  EXPECT_GT(found, kHistories / 10);
  EXPECT_LT(found, kHistories * 9 / 10);
}

// Judges random histories by the checker and by its definition.
template <typename Draw, typename Check, typename Naive>
void Agrees(Draw draw, Check check, Naive naive) {
  int found = 0;
  for (int seed = 0; seed < kHistories; ++seed) {
    Draws draws(static_cast<uint64_t>(seed));
    const std::string edn = RandomHistory(&draws, [&draws, &draw] { return draw(&draws); });
    const absl::StatusOr<History> history = ReadEdn(edn);
    ASSERT_TRUE(history.ok()) << history.status() << edn;
    const absl::StatusOr<formats::Verdict> verdict = check(*history);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    ASSERT_EQ(Types(*verdict), naive(*history)) << edn;
    found += verdict->anomalies_size() > 0 ? 1 : 0;
  }
  EXPECT_GT(found, kHistories / 20);
  EXPECT_LT(found, kHistories * 9 / 10);
}

bool Is(const History& history, const Op& op, std::string_view f, OpType type) {
  return history.FName(op.f) == f && op.type == type;
}

// How many invocations of `f` with that value there are, and how many of them ended in one of these ways.
int Ended(const History& history, std::string_view f, const Value& value, std::set<OpType> outcomes) {
  int count = 0;
  for (const Op& op : history.ops()) {
    if (Is(history, op, f, OpType::kInvoke) && op.value == value)
      count += outcomes.contains(history.Outcome(op)) ? 1 : 0;
  }
  return count;
}

std::set<std::string> NaiveSet(const History& history) {
  std::set<std::string> types;
  const Op* last = nullptr;
  for (const Op& op : history.ops()) {
    if (Is(history, op, "read", OpType::kOk)) last = &op;
  }
  for (int64_t element = 0; element < 4 && last != nullptr; ++element) {
    const Value value = Value::Int(element);
    const bool there = std::count(last->value.items().begin(), last->value.items().end(), value) > 0;
    bool surely = false;
    for (const Op& op : history.ops()) {
      if (!Is(history, op, "add", OpType::kInvoke) || !(op.value == value)) continue;
      surely = surely || (history.Outcome(op) == OpType::kOk && op.pair < last->pair);
    }
    if (!there && surely) types.insert("lost");
    if (there && Ended(history, "add", value, {OpType::kOk, OpType::kInfo}) == 0) types.insert("unexpected");
  }
  return types;
}

TEST(SetProperty, AgreesWithItsDefinition) {
  const auto draw = [](Draws* draws) -> Asked {
    const std::string element = fmt::format("{}", draws->Below(3));
    if (draws->Below(3) != 0) return {"add", element, element};
    std::string read = "[";
    for (int i = 0; i < 3; ++i) read += draws->Below(4) != 0 ? fmt::format(" {}", i) : "";
    return {"read", "nil", read + (draws->Below(20) == 0 ? " 3]" : "]")};
  };
  Agrees(draw, CheckSet, NaiveSet);
}

std::set<std::string> NaiveTotalQueue(const History& history) {
  std::set<std::string> types;
  for (int64_t element = 0; element < 4; ++element) {
    const Value value = Value::Int(element);
    int out = 0;
    for (const Op& op : history.ops()) out += Is(history, op, "dequeue", OpType::kOk) && op.value == value ? 1 : 0;
    if (out < Ended(history, "enqueue", value, {OpType::kOk})) types.insert("lost");
    if (out > 0 && Ended(history, "enqueue", value, {OpType::kOk, OpType::kInfo}) == 0) types.insert("unexpected");
  }
  return types;
}

TEST(TotalQueueProperty, AgreesWithItsDefinition) {
  const auto draw = [](Draws* draws) -> Asked {
    const std::string element = fmt::format("{}", draws->Below(draws->Below(8) == 0 ? 4 : 2));
    if (draws->Below(5) < 2) return {"enqueue", element, element};
    return {"dequeue", "nil", draws->Below(12) == 0 ? "nil" : element};
  };
  Agrees(draw, CheckTotalQueue, NaiveTotalQueue);
}

std::set<std::string> NaiveUniqueIds(const History& history) {
  std::multiset<int64_t> ids;
  for (const Op& op : history.ops()) {
    if (op.type == OpType::kOk) ids.insert(op.value.integer());
  }
  for (const int64_t id : ids) {
    if (ids.count(id) > 1) return {"duplicate-id"};
  }
  return {};
}

TEST(UniqueIdsProperty, AgreesWithItsDefinition) {
  const auto draw = [](Draws* draws) -> Asked { return {"generate", "nil", fmt::format("{}", draws->Below(30))}; };
  Agrees(draw, CheckUniqueIds, NaiveUniqueIds);
}

// The accounts and the total are those of the first read; of one read, the first thing that is wrong.
std::set<std::string> NaiveBank(const History& history) {
  std::set<std::string> types;
  std::set<std::string> accounts;
  int64_t total = 0;
  bool first = true;
  for (const Op& op : history.ops()) {
    if (!Is(history, op, "read", OpType::kOk)) continue;
    std::map<std::string, int64_t> balances;
    int64_t sum = 0;
    for (uint32_t i = 0; i < op.value.entries(); ++i) {
      balances[ToText(op.value.key(i))] = op.value.value(i).integer();
      sum += op.value.value(i).integer();
    }
    if (first) total = sum;
    bool strange = false;
    bool negative = false;
    for (const auto& [account, balance] : balances) {
      if (first) accounts.insert(account);
      strange = strange || !accounts.contains(account);
      negative = negative || balance < 0;
    }
    first = false;
    if (strange) {
      types.insert("unexpected-key");
    } else if (sum != total) {
      types.insert("wrong-total");
    } else if (negative) {
      types.insert("negative-value");
    }
  }
  return types;
}

TEST(BankProperty, AgreesWithItsDefinition) {
  const auto draw = [](Draws* draws) -> Asked {
    if (draws->Below(2) == 0) {
      const std::string transfer = "{:from 0 :to 1 :amount 1}";
      return {"transfer", transfer, transfer};
    }
    const int moved = static_cast<int>(draws->Below(12)) - 1;
    const int lost = draws->Below(8) == 0 ? 1 : 0;
    const std::string third = draws->Below(15) == 0 ? " 2 0" : "";
    return {"read", "nil", fmt::format("{{0 {} 1 {}{}}}", moved, 9 - moved - lost, third)};
  };
  Agrees(
      draw, [](const History& history) { return CheckBank(history, {}); }, NaiveBank);
}

// Who sees a write sees all that were acknowledged before it began.
std::set<std::string> NaiveComments(const History& history) {
  std::set<std::string> types;
  const auto sees = [](const Op& read, const Value& id) {
    return std::count(read.value.items().begin(), read.value.items().end(), id) > 0;
  };
  for (const Op& read : history.ops()) {
    if (!Is(history, read, "read", OpType::kOk)) continue;
    for (const Op& early : history.ops()) {
      for (const Op& late : history.ops()) {
        if (!Is(history, early, "write", OpType::kOk) || !Is(history, late, "write", OpType::kInvoke)) continue;
        const bool before = &early < &late;
        if (before && sees(read, late.value) && !sees(read, early.value)) types.insert("causal-reverse");
      }
    }
  }
  return types;
}

TEST(CommentsProperty, AgreesWithItsDefinition) {
  uint64_t next = 0;
  uint64_t* const id = &next;
  const auto draw = [id](Draws* draws) -> Asked {
    if (draws->Below(2) == 0) {
      const std::string written = fmt::format("{}", (*id)++);
      return {"write", written, written};
    }
    // All of the last eight but a few, so that the ids are those of this history.
    std::string read = "[";
    for (uint64_t i = *id - std::min<uint64_t>(*id, 8); i < *id; ++i) {
      if (draws->Below(5) != 0) read += fmt::format(" {}", i);
    }
    return {"read", "nil", read + "]"};
  };
  Agrees(draw, CheckComments, NaiveComments);
}

// A process wrote the subkeys in their order, and a read asks for the last one first.
std::set<std::string> NaiveSequential(const History& history) {
  std::set<std::string> types;
  for (const Op& read : history.ops()) {
    if (!Is(history, read, "read", OpType::kOk)) continue;
    const absl::Span<const Value> found = read.value.items()[1].items();
    for (size_t late = 0; late < found.size(); ++late) {
      for (size_t early = 0; early < late; ++early) {
        if (!found[early].is_nil() && found[late].is_nil()) types.insert("out-of-order-visibility");
      }
    }
  }
  return types;
}

TEST(SequentialProperty, AgreesWithItsDefinition) {
  const auto draw = [](Draws* draws) -> Asked {
    if (draws->Below(2) == 0) return {"write", "1", "1"};
    std::string found;
    bool is_nil = draws->Below(2) == 0;
    for (uint64_t i = 0; i < 4; ++i) {
      if (draws->Below(3) == 0) is_nil = !is_nil && draws->Below(3) == 0;
      found += is_nil ? " nil" : fmt::format(" {}", i);
    }
    return {"read", "nil", fmt::format("[7 [{}]]", found)};
  };
  Agrees(draw, CheckSequential, NaiveSequential);
}

}  // namespace
}  // namespace brokersim::checker
