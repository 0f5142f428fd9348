// Random small histories and graphs against brute force.
#include <algorithm>
#include <cstdio>
#include <set>

#include "checker/history/edn.h"
#include "checker/txn/cycles.h"
#include "checker/txn/levels.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/checker/cases.h"
#include "tests/checker/txn/naive.h"
#include "tests/checker/txn/txn_text.h"

namespace brokersim::checker {
namespace {

// A small generator, so that every machine draws the same.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  int Below(int n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<int>((state_ >> 33) % static_cast<uint64_t>(n));
  }
  bool OneIn(int n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

// Transactions run one after the other at a moment between their beginning and their end; `glitches`: one read in so
// many is of an older or a later state.
NaiveHistory Draw(Random* random, int glitches) {
  const int count = 2 + random->Below(5);
  NaiveHistory history(static_cast<size_t>(count));
  int moment = 0;
  std::vector<int> runs;  // transactions in the order in which they run
  std::vector<int> free_at(3, 0);
  for (int i = 0; i < count; ++i) {
    NaiveTxn& txn = history[static_cast<size_t>(i)];
    txn.process = random->Below(3);
    txn.outcome = random->OneIn(8) ? OpType::kFail : random->OneIn(6) ? OpType::kInfo : OpType::kOk;
    txn.begin = std::max(i * 4, free_at[static_cast<size_t>(txn.process)] + 1);
    txn.end = txn.begin + 1 + random->Below(12);
    free_at[static_cast<size_t>(txn.process)] = txn.end;
    runs.push_back(i);
  }
  // Distinct moments.
  std::vector<int*> moments;
  for (NaiveTxn& txn : history) {
    moments.push_back(&txn.begin);
    moments.push_back(&txn.end);
  }
  std::stable_sort(moments.begin(), moments.end(), [](const int* a, const int* b) { return *a < *b; });
  for (int* m : moments) *m = moment++;
  std::vector<int> at(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    const NaiveTxn& txn = history[static_cast<size_t>(i)];
    at[static_cast<size_t>(i)] = (txn.begin + random->Below(txn.end - txn.begin)) * 8 + i;
  }
  std::sort(runs.begin(), runs.end(),
            [&](int a, int b) { return at[static_cast<size_t>(a)] < at[static_cast<size_t>(b)]; });
  std::vector<int> state[2];
  int next[2] = {1, 1};
  for (int i : runs) {
    NaiveTxn& txn = history[static_cast<size_t>(i)];
    const bool takes_effect = txn.outcome == OpType::kOk || (txn.outcome == OpType::kInfo && random->OneIn(2)) ||
                              (txn.outcome == OpType::kFail && glitches > 0 && random->OneIn(8));
    for (int n = 1 + random->Below(3); n > 0; --n) {
      NaiveOp op;
      op.key = random->Below(2);
      op.write = random->OneIn(2);
      if (op.write) {
        op.value = next[op.key]++;
        if (takes_effect) state[op.key].push_back(op.value);
      } else {
        op.read = state[op.key];
      }
      txn.ops.push_back(op);
    }
  }
  // Now and then a list has its elements in another order than the transactions ran in.
  for (int key = 0; key < 2 && glitches > 0; ++key) {
    const int size = static_cast<int>(state[key].size());
    if (size < 2 || !random->OneIn(6)) continue;
    const int a = random->Below(size);
    const int b = random->Below(size);
    std::swap(state[key][static_cast<size_t>(a)], state[key][static_cast<size_t>(b)]);
    for (NaiveTxn& txn : history) {
      for (NaiveOp& op : txn.ops) {
        if (op.write || op.key != key) continue;
        op.read.assign(state[key].begin(), state[key].begin() + static_cast<ptrdiff_t>(op.read.size()));
      }
    }
  }
  for (NaiveTxn& txn : history) {
    for (NaiveOp& op : txn.ops) {
      if (op.write || glitches == 0 || !random->OneIn(glitches)) continue;
      const std::vector<int>& all = state[op.key];
      op.read.assign(all.begin(), all.begin() + random->Below(static_cast<int>(all.size()) + 1));
    }
  }
  return history;
}

struct Answer {
  formats::Verdict verdict;
  std::string edn;
};

Answer Ask(const NaiveHistory& drawn, const std::string& level) {
  Answer answer;
  answer.edn = ToEdn(drawn);
  const History history = ReadEdn(answer.edn).value();
  TxnOptions options;
  options.levels = {level};
  answer.verdict = CheckListAppend(history, options, {}).value();
  return answer;
}

// A history has a serial order exactly if no anomaly is found: what we call not serializable isn't, and what we call
// serializable is.
TEST(PropertyTest, SerializableExactlyIfThereIsAnOrder) {
  int valid[2] = {0, 0};
  int invalid[2] = {0, 0};
  for (uint64_t seed = 1; seed <= Cases(100'000); ++seed) {
    Random random(seed);
    const int glitches = seed % 3 == 0 ? 0 : 2 + random.Below(4);
    const NaiveHistory drawn = Draw(&random, glitches);
    for (bool realtime : {false, true}) {
      const Answer answer = Ask(drawn, realtime ? "strict-serializable" : "serializable");
      const bool right = IsSerializable(drawn, realtime);
      ASSERT_EQ(answer.verdict.result() != formats::Verdict::INVALID, right)
          << "seed " << seed << " " << Summary(answer.verdict) << "\n"
          << answer.edn;
      ++(right ? valid : invalid)[realtime];
    }
  }
  for (int realtime : {0, 1}) {
    EXPECT_GT(valid[realtime], Cases(20'000));
    EXPECT_GT(invalid[realtime], Cases(20'000));
  }
}

// Registers are only partly known: what we call wrong must be wrong.
TEST(PropertyTest, RegistersThatWeCallWrongHaveNoOrder) {
  int invalid = 0;
  int missed = 0;
  for (uint64_t seed = 1; seed <= Cases(100'000); ++seed) {
    Random random(seed);
    const NaiveHistory drawn = Draw(&random, seed % 3 == 0 ? 0 : 4);
    const std::string edn = ToEdn(drawn, /*registers=*/true);
    const History history = ReadEdn(edn).value();
    for (bool realtime : {false, true}) {
      TxnOptions options;
      options.levels = {realtime ? "strict-serializable" : "serializable"};
      // Both follow from the level.
      options.wfr_keys = true;
      options.sequential_keys = realtime;
      options.linearizable_keys = realtime;
      const formats::Verdict verdict = CheckRwRegister(history, options, {}).value();
      const bool right = IsSerializable(drawn, realtime, /*registers=*/true);
      const bool found = verdict.result() == formats::Verdict::INVALID;
      ASSERT_FALSE(found && right) << "seed " << seed << " " << Summary(verdict) << "\n" << edn;
      invalid += found;
      missed += !found && !right;
    }
  }
  EXPECT_GT(invalid, Cases(20'000));
  EXPECT_LT(missed, invalid / 5);
  std::printf("registers: %d found, %d not decidable by what is known\n", invalid, missed);
}

NameSet Bits(const std::set<std::string>& anomalies) {
  NameSet set = 0;
  for (const std::string& name : anomalies) set |= NameSet{1} << FindAnomaly(name).value();
  return set;
}

// The kinds of cycles that are found, their lengths, and the levels that they rule out.
TEST(PropertyTest, CyclesAreThoseThatThereAre) {
  std::map<std::string, int> kinds;
  for (uint64_t seed = 1; seed <= Cases(60'000); ++seed) {
    Random random(seed);
    const NaiveHistory drawn = Draw(&random, 2 + random.Below(4));
    const Answer answer = Ask(drawn, "strict-serializable");
    const std::map<std::string, int> naive = Cycles(drawn);
    std::set<std::string> all;
    std::map<std::string, int> found;
    uint64_t components = 0;
    for (const formats::Metric& metric : answer.verdict.metrics()) {
      if (metric.name() == "components") components = static_cast<uint64_t>(metric.value());
    }
    for (const formats::Anomaly& anomaly : answer.verdict.anomalies()) {
      all.insert(anomaly.type());
      if (anomaly.edges_size() == 0) continue;
      int& length = found[anomaly.type()];
      if (length == 0 || length > anomaly.edges_size()) length = anomaly.edges_size();
      for (int i = 0; i < anomaly.edges_size(); ++i) {
        ASSERT_EQ(anomaly.edges(i).to(), anomaly.edges((i + 1) % anomaly.edges_size()).from());
        ASSERT_EQ(anomaly.edges(i).why().find(" comes before "), std::string::npos);
      }
    }
    const std::string where = fmt::format("seed {} {}\n{}", seed, Summary(answer.verdict), answer.edn);
    for (const auto& [name, length] : found) {
      ASSERT_TRUE(naive.count(name)) << name << " " << where;
      // With two components, what is a case of something else in one of them isn't looked for there.
      if (components == 1) {
        ASSERT_EQ(length, naive.at(name)) << name << " " << where;
      }
      ASSERT_GE(length, naive.at(name)) << name << " " << where;
      ++kinds[name];
    }
    // No level is missed, and of pure cycles no kind that isn't a case of another one.
    std::set<std::string> with_naive = all;
    for (const auto& [name, length] : naive) with_naive.insert(name);
    ASSERT_EQ(LevelsRuledOutBy(Bits(all)), LevelsRuledOutBy(Bits(with_naive))) << where;
    // With a G0 or G1c in it, some other kinds aren't searched to the end: cycles.h.
    if (components != 1 || found.count("G0") || found.count("G1c")) continue;
    for (const auto& [name, length] : naive) {
      if (name.ends_with("-process") || name.ends_with("-realtime") || found.count(name)) continue;
      std::set<std::string> others;
      for (const auto& [other, l] : found) others.insert(other);
      ASSERT_TRUE(AnomaliesImpliedBy(Bits(others)) & Bits({name})) << name << " " << where;
    }
  }
  for (std::string_view base : {"G0", "G1c", "G-single-item", "G2-item"}) {
    EXPECT_GE(kinds[std::string(base)], Cases(20)) << base;
  }
  for (std::string_view base : {"G0", "G1c", "G-single-item", "G-nonadjacent-item"}) {
    if (kFewer > 1) break;  // too rare for a few
    EXPECT_GT(kinds[std::string(base) + "-realtime"] + kinds[std::string(base) + "-process"], 0) << base;
  }
  for (const auto& [name, count] : kinds) std::printf("%s: %d\n", name.c_str(), count);
}

// Hubs stand for all pairs of readers and writers.
TEST(PropertyTest, HubsChangeNothing) {
  for (uint64_t seed = 1; seed <= 3'000; ++seed) {
    Random random(seed);
    const Node n = 24;
    std::vector<Node> after(n);
    std::vector<uint32_t> process(n);
    for (Node i = 0; i < n; ++i) {
      after[i] = std::min<Node>(n, i + 1 + static_cast<Node>(random.Below(6)));
      process[i] = static_cast<uint32_t>(random.Below(4));
    }
    Graph hubs(n);
    Graph pairs(n);
    std::set<std::pair<Node, Node>> replaced;
    for (int hub = 0; hub < 2; ++hub) {
      std::vector<Node> readers, writers;
      for (Node i = 0; i < n; ++i) {
        if (random.OneIn(hub == 0 ? 2 : 4)) readers.push_back(i);
        if (random.OneIn(hub == 0 ? 2 : 6)) writers.push_back(i);
      }
      hubs.AddReplaced(readers, writers);
      for (Node reader : readers) {
        for (Node writer : writers) {
          pairs.Add(reader, writer, EdgeKind::kRw);
          replaced.insert({reader, writer});
        }
      }
    }
    for (int i = random.Below(40); i > 0; --i) {
      const Node a = static_cast<Node>(random.Below(static_cast<int>(n)));
      const Node b = static_cast<Node>(random.Below(static_cast<int>(n)));
      const EdgeKind kind = random.OneIn(2) ? EdgeKind::kWw : EdgeKind::kWr;
      // Where a stronger edge joins the two, a pair is no rw any more; a hub doesn't know.
      if (replaced.count({a, b})) continue;
      hubs.Add(a, b, kind);
      pairs.Add(a, b, kind);
    }
    std::string results[2];
    for (Graph* graph : {&hubs, &pairs}) {
      graph->SetRealtime(after);
      graph->SetProcesses(process, 4);
      graph->Finish();
      const Kinds kinds = kDataKinds | Bit(EdgeKind::kProcess) | Bit(EdgeKind::kRealtime);
      std::string& result = results[graph == &hubs ? 0 : 1];
      for (const Cycle& cycle : FindCycles(*graph, {kinds, 1'000'000}).cycles) {
        result += fmt::format("{} {};", AnomalyName(cycle.anomaly), cycle.steps.size());
      }
    }
    ASSERT_EQ(results[0], results[1]) << "seed " << seed;
  }
}

// The same bytes, however often one asks.
TEST(PropertyTest, Deterministic) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    const NaiveHistory drawn = Draw(&random, 3);
    EXPECT_EQ(Ask(drawn, "strict-serializable").verdict.SerializeAsString(),
              Ask(drawn, "strict-serializable").verdict.SerializeAsString());
  }
}

}  // namespace
}  // namespace brokersim::checker
