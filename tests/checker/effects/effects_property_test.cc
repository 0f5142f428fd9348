// Random histories of effects and of two stores against definitions written as plainly as possible.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "checker/effects/effects.h"
#include "checker/history/edn.h"
#include "tests/checker/random_lines.h"

namespace brokersim::checker {
namespace {

struct Judged {
  std::set<std::string> types = {};
  bool undecided = false;

  formats::Verdict::Result result() const {
    if (!types.empty()) return formats::Verdict::INVALID;
    return undecided ? formats::Verdict::UNKNOWN : formats::Verdict::VALID;
  }
};

// An operation that was tried, or the answer of one.
bool Is(const History& history, const Op& op, std::string_view f, OpType type) {
  return history.FName(op.f) == f && op.type == type;
}

// ---- broker against database

struct Store {
  std::string_view write;
  std::string_view read;
};
constexpr Store kTopic = {"send", "read-topic"};
constexpr Store kDatabase = {"insert", "read-db"};

// The last answer; null: nobody was answered.
const Op* LastRead(const History& history, const Store& store) {
  const Op* last = nullptr;
  for (const Op& op : history.ops()) {
    if (Is(history, op, store.read, OpType::kOk)) last = &op;
  }
  return last;
}

int64_t Times(const Op& read, const Value& value) {
  return std::count(read.value.items().begin(), read.value.items().end(), value);
}

// Of the writes of a value: whether one was acknowledged before the store was asked what it holds, and whether one may
// come later, if none was.
struct Writes {
  bool before = false;
  bool later = false;
};
Writes WritesOf(const History& history, const Store& store, const Op& read, const Value& value) {
  Writes writes;
  bool unknown = false;
  for (const Op& op : history.ops()) {
    if (!Is(history, op, store.write, OpType::kInvoke) || op.value != value) continue;
    const OpType outcome = history.Outcome(op);
    unknown = unknown || outcome == OpType::kInfo;
    if (outcome == OpType::kOk) (op.pair < read.pair ? writes.before : writes.later) = true;
  }
  writes.later = unknown || (writes.later && !writes.before);
  return writes;
}

Judged NaiveReconciliation(const History& history, bool allow_duplicates) {
  Judged judged;
  const Op* const topic = LastRead(history, kTopic);
  const Op* const database = LastRead(history, kDatabase);
  if (topic == nullptr || database == nullptr) return {{}, true};
  for (int64_t number = 0; number < 4; ++number) {
    const Value value = Value::Int(number);
    const int64_t messages = Times(*topic, value);
    const int64_t rows = Times(*database, value);
    if ((messages > 1 && !allow_duplicates) || rows > 1) judged.types.insert("duplicate");
    const Writes sends = WritesOf(history, kTopic, *topic, value);
    const Writes inserts = WritesOf(history, kDatabase, *database, value);
    if (messages > 0 && rows == 0) {
      inserts.later ? (void)(judged.undecided = true) : (void)judged.types.insert("orphan-message");
    } else if (rows > 0 && messages == 0) {
      sends.later ? (void)(judged.undecided = true) : (void)judged.types.insert("orphan-row");
    } else if (rows == 0 && (sends.before || inserts.before)) {
      judged.types.insert("lost");
    }
  }
  return judged;
}

TEST(ReconciliationProperty, AgreesWithItsDefinition) {
  int found[4] = {};
  for (int seed = 0; seed < kHistories; ++seed) {
    Draws draws(static_cast<uint64_t>(seed));
    const std::string edn = RandomHistory(&draws, [&draws]() -> Asked {
      const std::string value = fmt::format("{}", draws.Below(3));
      const uint64_t what = draws.Below(8);
      if (what < 2) return {"send", value, value};
      if (what < 4) return {"insert", value, value};
      std::string read = "[";
      for (uint64_t element = 0; element < 4; ++element) {
        if (draws.Below(element == 3 ? 40 : 3) != 0) continue;
        read += fmt::format(" {}", element);
        if (draws.Below(12) == 0) read += fmt::format(" {}", element);
      }
      return {what < 6 ? "read-topic" : "read-db", "nil", read + "]"};
    });
    const absl::StatusOr<History> history = ReadEdn(edn);
    ASSERT_TRUE(history.ok()) << history.status() << edn;
    const bool allow = seed % 2 == 0;
    const absl::StatusOr<formats::Verdict> verdict = CheckReconciliation(*history, allow);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    const Judged expected = NaiveReconciliation(*history, allow);
    ASSERT_EQ(Types(*verdict), expected.types) << edn;
    ASSERT_EQ(verdict->result(), expected.result()) << edn;
    ++found[verdict->result()];
  }
  EXPECT_GT(found[formats::Verdict::VALID], kHistories / 50);
  EXPECT_GT(found[formats::Verdict::INVALID], kHistories / 10);
}

// ---- exactly-once

// What :process told of an effect, with the extras of its line. Logs are "a" and "b"; a value's log and offset never
// change.
struct Effect {
  const Op* begun = nullptr;
  OpType outcome = OpType::kInfo;
  int64_t group = 0;
  int64_t input = 0;
  std::vector<Value> outputs = {};
  bool zombie = false;
};

class NaiveExactlyOnce {
 public:
  explicit NaiveExactlyOnce(const History& history) : history_(history) {}

  Judged Run() {
    for (const Op& op : history_.ops()) {
      if (Is(history_, op, "read-outputs", OpType::kOk)) outputs_ = &op;
      if (Is(history_, op, "process", OpType::kInvoke)) AddEffect(op);
    }
    std::set<int64_t> groups;
    for (const Effect& effect : effects_) groups.insert(effect.group);
    for (const Op& op : history_.ops()) {
      if (Is(history_, op, "drained", OpType::kOk)) groups.insert(op.value.Get("group").integer());
      const bool names = Is(history_, op, "commit", OpType::kOk) || Is(history_, op, "assign", OpType::kOk);
      if (names) groups.insert(history_.ExtraOf(op, "group").integer());
      if (!Is(history_, op, "read-outputs", OpType::kOk)) continue;
      for (const Value& output : op.value.items()) groups.insert(output.Get("group").integer());
    }
    judged_.undecided = groups.empty();
    for (const int64_t group : groups) {
      for (int64_t input = 0; input < 4; ++input) JudgePair(group, input);
    }
    JudgeOutputs();
    return judged_;
  }

 private:
  static std::string_view LogOf(int64_t input) { return input < 2 ? "a" : "b"; }
  static int64_t OffsetOf(int64_t input) { return input % 2; }

  void AddEffect(const Op& op) {
    Effect effect = {.begun = &op,
                     .outcome = history_.Outcome(op),
                     .group = op.value.Get("group").integer(),
                     .input = op.value.Get("input").integer()};
    for (const Value& output : op.value.Get("outputs").items()) effect.outputs.push_back(output);
    // Whoever was assigned the log last owns it; who owned it before doesn't any more.
    bool owned = false;
    for (const Op& other : history_.ops()) {
      if (&other > &op) break;
      if (!Is(history_, other, "assign", OpType::kOk) || history_.ExtraOf(other, "group") != op.value.Get("group"))
        continue;
      for (const Value& log : other.value.items()) {
        if (log.text() != LogOf(effect.input)) continue;
        owned = owned || other.process == op.process;
        effect.zombie = owned && other.process != op.process;
      }
    }
    effects_.push_back(effect);
  }

  bool WasSent(int64_t input, OpType outcome) const {
    return std::any_of(history_.ops().begin(), history_.ops().end(), [&](const Op& op) {
      return Is(history_, op, "send", OpType::kInvoke) && InputOf(op) == input && history_.Outcome(op) == outcome;
    });
  }
  // [[:send LOG V]]
  static int64_t InputOf(const Op& send) { return send.value.items()[0].items()[2].integer(); }

  // Acknowledged before this line.
  bool AckedBefore(int64_t input, OpIndex line) const {
    return std::any_of(history_.ops().begin(), history_.ops().end(), [&](const Op& op) {
      return Is(history_, op, "send", OpType::kInvoke) && InputOf(op) == input && history_.Outcome(op) == OpType::kOk &&
             op.pair < line;
    });
  }

  // The group said that nothing more will come of it.
  bool IsDone(int64_t group, int64_t input) const {
    // Of :drained the last one counts.
    const Op* drained = nullptr;
    for (const Op& op : history_.ops()) {
      if (Is(history_, op, "drained", OpType::kOk) && op.value.Get("group") == Value::Int(group)) drained = &op;
    }
    if (drained != nullptr && AckedBefore(input, drained->pair)) return true;
    if (!AckedBefore(input, kNoOp)) return false;  // nobody was told where it lies
    return std::any_of(history_.ops().begin(), history_.ops().end(), [&](const Op& op) {
      if (!Is(history_, op, "commit", OpType::kOk) || history_.ExtraOf(op, "group") != Value::Int(group)) return false;
      const absl::Span<const Value> fields = op.value.items()[0].items();
      return fields[1].text() == LogOf(input) && fields[2].integer() > OffsetOf(input);
    });
  }

  int64_t Visible(int64_t group, const Value& output) const {
    int64_t count = 0;
    for (const Value& one : outputs_->value.items()) {
      count += one.Get("group") == Value::Int(group) && one.Get("output") == output ? 1 : 0;
    }
    return count;
  }

  void Never(int64_t group, int64_t input, bool tried) {
    if (!tried && !AckedBefore(input, kNoOp)) return;
    IsDone(group, input) ? (void)judged_.types.insert("lost") : (void)(judged_.undecided = true);
  }

  void JudgePair(int64_t group, int64_t input) {
    std::vector<const Effect*> some;
    for (const Effect& effect : effects_) {
      if (effect.group == group && effect.input == input) some.push_back(&effect);
    }
    if (!WasSent(input, OpType::kOk) && !WasSent(input, OpType::kInfo)) {
      if (!some.empty()) judged_.types.insert("unexpected");
      return;
    }
    const bool named = std::any_of(some.begin(), some.end(), [](const Effect* one) { return !one->outputs.empty(); });
    named&& outputs_ != nullptr ? ByOutputs(group, input, some) : ByEffects(group, input, some);
  }

  void ByEffects(int64_t group, int64_t input, const std::vector<const Effect*>& some) {
    std::vector<const Effect*> applied;
    bool unknown = false;
    for (const Effect* effect : some) {
      if (effect->outcome == OpType::kOk) applied.push_back(effect);
      unknown = unknown || effect->outcome == OpType::kInfo;
    }
    if (applied.size() > 1) {
      const bool zombie = applied[0]->zombie || applied[1]->zombie;
      judged_.types.insert(zombie ? "zombie" : "duplicate");
    } else if (unknown) {
      judged_.undecided = true;
    } else if (applied.empty()) {
      Never(group, input, !some.empty());
    }
  }

  static bool HaveNothingInCommon(const Effect& a, const Effect& b) {
    return std::none_of(a.outputs.begin(), a.outputs.end(), [&](const Value& output) {
      return std::find(b.outputs.begin(), b.outputs.end(), output) != b.outputs.end();
    });
  }

  // The outputs of each effect are there all or none: all, if its process was told so before they were read.
  void ByOutputs(int64_t group, int64_t input, const std::vector<const Effect*>& some) {
    const bool zombie = some.size() > 1 && std::any_of(some.begin(), some.end(), [](auto* one) { return one->zombie; });
    bool whole = false;
    const Effect* valid = nullptr;
    bool open = false;
    for (const Effect* effect : some) {
      size_t there = 0;
      for (const Value& output : effect->outputs) {
        there += Visible(group, output) > 0 ? 1 : 0;
        if (Visible(group, output) > 1) judged_.types.insert(zombie ? "zombie" : "duplicate");
      }
      const bool settled = effect->outcome == OpType::kOk && effect->begun->pair < outputs_->pair;
      const bool at_the_time = effect->outcome == OpType::kOk && !settled;
      if (there > 0 && there < effect->outputs.size()) {
        at_the_time ? (void)(judged_.undecided = true) : (void)judged_.types.insert("torn");
        return;
      }
      if (there == 0 && settled && !effect->outputs.empty()) {
        judged_.types.insert("lost");
        return;
      }
      if (there > 0) {
        const bool failed = effect->outcome == OpType::kFail;
        if (valid != nullptr && !failed && HaveNothingInCommon(*valid, *effect)) {
          judged_.types.insert(valid->zombie || effect->zombie ? "zombie" : "duplicate");
          return;
        }
        whole = true;
        if (!failed) valid = effect;
      }
      open = open || at_the_time || effect->outcome == OpType::kInfo;
    }
    if (whole) return;
    if (open) judged_.undecided = true;
    if (!open) Never(group, input, true);
  }

  // What is there is the output of an effect that may have happened.
  void JudgeOutputs() {
    const bool named =
        std::any_of(effects_.begin(), effects_.end(), [](const Effect& e) { return !e.outputs.empty(); });
    if (outputs_ == nullptr || !named) return;
    for (const Value& one : outputs_->value.items()) {
      bool made = false;
      bool failed = false;
      for (const Effect& effect : effects_) {
        const std::vector<Value>& outputs = effect.outputs;
        if (std::find(outputs.begin(), outputs.end(), one.Get("output")) == outputs.end()) continue;
        (effect.outcome == OpType::kFail ? failed : made) = true;
      }
      if (!made) judged_.types.insert(failed ? "aborted-output" : "unexpected");
    }
  }

  const History& history_;
  const Op* outputs_ = nullptr;
  std::vector<Effect> effects_;
  Judged judged_;
};

// Inputs 0 to 3, two in each log; the outputs of an input are 10 and 11 more than ten times it, in each group.
Asked DrawExactlyOnce(Draws* draws) {
  const uint64_t input = draws->Below(8) < 7 ? draws->Below(2) * 2 : draws->Below(4);
  const std::string log = input < 2 ? "\"a\"" : "\"b\"";
  const uint64_t group = draws->Below(5) == 0 ? 1 : 0;
  const std::string in_group = fmt::format(" :group {}", group);
  const uint64_t what = draws->Below(14);
  if (what < 5) {
    return {"send", fmt::format("[[:send {} {}]]", log, input),
            fmt::format("[[:send {} [{} {}]]]", log, input % 2, input)};
  }
  if (what < 10) {
    const uint64_t outputs = draws->Below(3);
    const uint64_t first = outputs == 1 ? draws->Below(2) : 0;
    std::string made;
    for (uint64_t i = first; i < first + outputs; ++i) made += fmt::format(" {}", 10 * input + 10 + i);
    const std::string effect = fmt::format("{{:group {} :input {} :log {} :outputs [{}]}}", group, input, log, made);
    return {"process", effect, effect};
  }
  if (what == 10) return {"assign", "nil", fmt::format("[{}]", log), in_group};
  if (what == 11) {
    const std::string done = fmt::format("[[:commit {} {}]]", log, 1 + draws->Below(2));
    return {"commit", done, done, in_group};
  }
  if (what == 12) return {"drained", fmt::format("{{:group {}}}", group), fmt::format("{{:group {}}}", group)};
  std::string read = "[";
  for (uint64_t one = 0; one < 4; ++one) {
    for (uint64_t i = 0; i < 2; ++i) {
      const uint64_t times = draws->Below(3) != 0 ? 0 : draws->Below(8) == 0 ? 2 : 1;
      for (uint64_t k = 0; k < times; ++k) read += fmt::format(" {{:group 0 :output {}}}", 10 * one + 10 + i);
    }
  }
  return {"read-outputs", "nil", read + "]"};
}

TEST(ExactlyOnceProperty, AgreesWithItsDefinition) {
  int found[4] = {};
  std::set<std::string> all;
  for (int seed = 0; seed < kHistories; ++seed) {
    Draws draws(static_cast<uint64_t>(seed));
    const std::string edn = RandomHistory(
        &draws, 10, [&draws] { return DrawExactlyOnce(&draws); }, [](const Asked&) {});
    const absl::StatusOr<History> history = ReadEdn(edn);
    ASSERT_TRUE(history.ok()) << history.status() << edn;
    const absl::StatusOr<formats::Verdict> verdict = CheckExactlyOnce(*history);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    const Judged expected = NaiveExactlyOnce(*history).Run();
    ASSERT_EQ(Types(*verdict), expected.types) << edn << verdict->ShortDebugString();
    ASSERT_EQ(verdict->result(), expected.result()) << edn << verdict->ShortDebugString();
    ++found[verdict->result()];
    all.insert(expected.types.begin(), expected.types.end());
  }
  EXPECT_GT(found[formats::Verdict::VALID], kHistories / 50);
  EXPECT_GT(found[formats::Verdict::INVALID], kHistories / 10);
  EXPECT_EQ(all, (std::set<std::string>{"aborted-output", "duplicate", "lost", "torn", "unexpected", "zombie"}));
}

}  // namespace
}  // namespace brokersim::checker
