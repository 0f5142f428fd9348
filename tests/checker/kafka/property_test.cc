// Random small histories of logs against the definitions.
#include <algorithm>
#include <cstdio>

#include "checker/history/edn.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/checker/cases.h"
#include "tests/checker/kafka/kafka_text.h"
#include "tests/checker/kafka/naive.h"

namespace brokersim::checker {
namespace {

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

// Logs that take what is sent, and consumers that read on; one item in `glitches` is wrong somehow.
class Drawer {
 public:
  Drawer(Random* random, int glitches) : random_(*random), glitches_(glitches) {}

  NaiveLogs Draw() {
    const int count = 2 + random_.Below(7);
    for (int i = 0; i < count; ++i) {
      NaiveLogOp op;
      op.process = random_.Below(4);
      op.begin = std::max(i * 4, free_at_[op.process] + 1);
      op.end = op.begin + 1 + random_.Below(8);
      free_at_[op.process] = op.end;
      op.outcome = random_.OneIn(8) ? OpType::kFail : random_.OneIn(6) ? OpType::kInfo : OpType::kOk;
      Fill(&op);
      all_.push_back(op);
    }
    std::vector<int*> moments;
    for (NaiveLogOp& op : all_) {
      moments.push_back(&op.begin);
      moments.push_back(&op.end);
    }
    std::stable_sort(moments.begin(), moments.end(), [](const int* a, const int* b) { return *a < *b; });
    int moment = 0;
    for (int* m : moments) *m = moment++;
    return all_;
  }

 private:
  bool Glitch() { return glitches_ > 0 && random_.OneIn(glitches_); }

  void Fill(NaiveLogOp* op) {
    const int kind = random_.Below(8);
    if (kind == 0) {
      op->f = "assign";
      for (int key = 0; key < 2; ++key) {
        if (random_.OneIn(2)) op->keys.push_back(key);
      }
      return;
    }
    op->f = kind < 4 ? "send" : kind < 7 ? "poll" : "txn";
    op->fenced = op->outcome != OpType::kOk && random_.OneIn(4);
    for (int n = 1 + random_.Below(3); n > 0; --n) {
      const bool poll = op->f == "poll" || (op->f == "txn" && random_.OneIn(2));
      const int key = random_.Below(2);
      if (poll) {
        AddPolls(op, key);
      } else {
        AddSend(op, key);
      }
    }
  }

  void AddSend(NaiveLogOp* op, int key) {
    NaiveItem item;
    item.key = key;
    item.value = Glitch() && last_value_ > 0 ? 1 + random_.Below(last_value_) : ++last_value_;
    auto& log = logs_[key];
    const bool stored = op->outcome == OpType::kOk || (op->outcome == OpType::kInfo && random_.OneIn(2)) || Glitch();
    const int64_t offset = log.empty() ? random_.Below(3) : log.back().first + 1 + (random_.OneIn(4) ? 1 : 0);
    if (stored && !Glitch()) log.push_back({offset, item.value});
    const bool told = op->outcome == OpType::kOk ? !random_.OneIn(8) : random_.OneIn(2);
    if (told) item.offset = Glitch() ? random_.Below(6) : offset;
    op->items.push_back(item);
  }

  void AddPolls(NaiveLogOp* op, int key) {
    auto& log = logs_[key];
    size_t& at = positions_[op->process][key];
    if (Glitch()) at = static_cast<size_t>(random_.Below(static_cast<int>(log.size()) + 1));
    size_t next = at;
    for (int n = 1 + random_.Below(3); n > 0 && next < log.size(); --n, ++next) {
      NaiveItem item;
      item.poll = true;
      item.key = key;
      item.offset = Glitch() ? random_.Below(6) : random_.OneIn(12) ? -1 : log[next].first;
      item.value = Glitch() ? 1 + random_.Below(last_value_ + 2) : log[next].second;
      op->items.push_back(item);
    }
    // Within one operation reading goes on; only if it was OK does it go on behind it.
    if (op->outcome == OpType::kOk) at = next;
  }

  Random& random_;
  const int glitches_;
  NaiveLogs all_;
  std::vector<std::pair<int64_t, int>> logs_[2];
  size_t positions_[4][2] = {};
  int free_at_[4] = {};
  int last_value_ = 0;
};

TEST(PropertyTest, CountsAreThoseOfTheDefinitions) {
  std::map<std::string, int> kinds;
  int clean = 0;
  int unclean = 0;
  for (uint64_t seed = 1; seed <= Cases(100'000); ++seed) {
    Random random(seed);
    const NaiveLogs drawn = Drawer(&random, seed % 3 == 0 ? 0 : 5 + random.Below(20)).Draw();
    const std::string edn = ToEdn(drawn);
    const History history = ReadEdn(edn).value();
    const formats::Verdict verdict = CheckKafka(history, {}, {}).value();
    std::map<std::string, int> found;
    for (const formats::Metric& metric : verdict.metrics()) {
      std::string name = metric.name();
      if (name.starts_with("allowed: ")) name = name.substr(9);
      if (name.starts_with("G1c") || name.starts_with("G0") || name == "unseen-records" ||
          name == "worst-realtime-lag") {
        continue;
      }
      found[name] = static_cast<int>(metric.value());
    }
    const std::map<std::string, int> naive = CountAnomalies(drawn);
    const auto text = [](const std::map<std::string, int>& counts) {
      std::string all;
      for (const auto& [name, count] : counts) all += fmt::format("{} {}; ", name, count);
      return all;
    };
    ASSERT_EQ(text(found), text(naive)) << "seed " << seed << "\n" << edn;
    for (const auto& [name, count] : naive) ++kinds[name];
    ++(verdict.result() == formats::Verdict::INVALID ? unclean : clean);
  }
  EXPECT_GT(clean, Cases(10'000));
  EXPECT_GT(unclean, Cases(10'000));
  for (const auto& [name, count] : kinds) std::printf("%s: %d\n", name.c_str(), count);
  EXPECT_GE(kinds.size(), 17u);
  for (const auto& [name, count] : kinds) EXPECT_GE(count, Cases(100)) << name;
}

// Where a log begins doesn't matter.
TEST(PropertyTest, ShiftedOffsetsSayTheSame) {
  for (uint64_t seed = 1; seed <= 3'000; ++seed) {
    Random random(seed);
    NaiveLogs drawn = Drawer(&random, 8).Draw();
    const History history = ReadEdn(ToEdn(drawn)).value();
    const std::string before = KafkaSummary(CheckKafka(history, {}, {}));
    for (NaiveLogOp& op : drawn) {
      for (NaiveItem& item : op.items)
        item.offset += item.offset < 0 ? 0 : (int64_t{1} << 60) + item.offset * 1'000'003;
    }
    const History shifted = ReadEdn(ToEdn(drawn)).value();
    ASSERT_EQ(before, KafkaSummary(CheckKafka(shifted, {}, {}))) << "seed " << seed;
    EXPECT_EQ(CheckKafka(history, {}, {})->SerializeAsString(), CheckKafka(history, {}, {})->SerializeAsString());
  }
}

}  // namespace
}  // namespace brokersim::checker
