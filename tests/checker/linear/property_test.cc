// Against every order: 10^5 small random histories of each model.
//
// Both answers are common. Each VALID's order is proved, each INVALID's operations are as few as can be; both
// searches and the algorithms of each kind say the same; and what is left out of a valid history with all
// that saw it leaves a valid one.
#include <gtest/gtest.h>

#include <algorithm>

#include "checker/linear/explain.h"
#include "checker/linear/linear.h"
#include "checker/linear/operations.h"
#include "checker/linear/part_check.h"
#include "checker/linear/verify.h"
#include "tests/checker/cases.h"
#include "tests/checker/linear/random_ops.h"

namespace brokersim::checker {
namespace {

constexpr int kHistories = Cases(100'000);
constexpr uint64_t kPlenty = 10'000'000;

// What a loop over operations skips: by place in the plain history.
using Skipped = std::vector<bool>;

class Comparison {
 public:
  Comparison(const Model& model, const PlainHistory& plain)
      : model_(model), plain_(plain), history_(ToHistory(plain)) {}

  bool Run(bool thoroughly) {
    const bool expected = HasOrder(plain_);
    const absl::StatusOr<formats::Verdict> verdict =
        CheckLinearizable(model_, history_, {.steps = kPlenty, .explain = thoroughly});
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    if (!verdict.ok()) return expected;
    EXPECT_EQ(verdict->result(), expected ? formats::Verdict::VALID : formats::Verdict::INVALID);
    if (verdict->result() == formats::Verdict::VALID) {
      const absl::Status proved = VerifyOrder(model_, history_, verdict->order());
      EXPECT_TRUE(proved.ok()) << proved;
    }
    Searches(expected);
    if (!thoroughly) return expected;
    if (verdict->result() == formats::Verdict::INVALID) Core(verdict->anomalies(0));
    if (verdict->result() == formats::Verdict::VALID) LeaveOut();
    return expected;
  }

 private:
  // The searches alone, without and with cutting by element.
  void Searches(bool expected) {
    const absl::StatusOr<Operations> read = ReadOperations(model_, history_, false);
    ASSERT_TRUE(read.ok());
    bool breadth_found = true;
    bool depth_found = true;
    for (const Part& part : read->parts) {
      Space space(model_, part.ops);
      Breadth breadth(&space);
      breadth_found = breadth_found && breadth.Run(kPlenty) == Outcome::kLinearizable;
      Depth depth(&space);
      depth_found = depth_found && depth.Run(kPlenty) == Outcome::kLinearizable;
    }
    EXPECT_EQ(breadth_found, expected);
    EXPECT_EQ(depth_found, expected);
  }

  Skipped AllBut(const formats::Anomaly& anomaly) const {
    Skipped skipped(plain_.ops.size(), true);
    for (const uint64_t index : anomaly.operations()) skipped[PlaceOf(index)] = false;
    return skipped;
  }
  size_t PlaceOf(uint64_t index) const {
    for (size_t i = 0; i < plain_.ops.size(); ++i) {
      if (static_cast<uint64_t>(plain_.ops[i].begin) == index) return i;
    }
    ADD_FAILURE() << "no operation begins at " << index;
    return 0;
  }

  // By place: who saw it, as the model says of the whole object.
  std::vector<std::vector<size_t>> SeenBy(const Skipped& skipped) const {
    std::vector<std::vector<size_t>> seen_by(plain_.ops.size());
    const absl::StatusOr<Operations> read = ReadOperations(model_, history_, true);
    for (const Part& part : read->parts) {
      std::vector<Operation> ops;
      for (const Operation& op : part.ops) {
        if (!skipped[PlaceOf(op.begin)]) ops.push_back(op);
      }
      for (uint32_t op = 0; op < ops.size(); ++op) {
        std::vector<uint32_t> seen;
        model_.Saw(ops, op, &seen);
        for (const uint32_t other : seen)
          seen_by[PlaceOf(ops[other].begin)].push_back(PlaceOf(ops[op].begin));
      }
    }
    return seen_by;
  }
  static void Skip(size_t place, const std::vector<std::vector<size_t>>& seen_by, Skipped* skipped) {
    if ((*skipped)[place]) return;
    (*skipped)[place] = true;
    for (const size_t other : seen_by[place]) Skip(other, seen_by, skipped);
  }

  // What is left, as it looks without the others: whole sets and reads of logs lose what isn't there.
  PlainHistory Left(Skipped* skipped) const {
    PlainHistory left = plain_;
    if (plain_.model != "linear-set" && plain_.model != "log") return left;
    for (size_t i = 0; i < left.ops.size(); ++i) {
      PlainOp& read = left.ops[i];
      if (read.f != "read" || read.out.empty()) continue;
      Row out;
      const size_t step = plain_.model == "log" ? 2 : 1;
      for (size_t at = 0; at < read.out.size(); at += step) {
        bool gone = false;
        for (size_t j = 0; j < left.ops.size(); ++j) {
          const PlainOp& op = left.ops[j];
          if (!(*skipped)[j] || op.outcome == OpType::kFail || op.key != read.key || op.in.empty()) continue;
          if (step == 1) gone = gone || ((op.f == "add" || op.f == "remove") && op.in[0] == read.out[at]);
          if (step == 2 && op.f == "append") {
            const Row::value_type value = op.in[0];
            gone = gone ||
                   (value == read.out[at + 1] && (op.outcome != OpType::kOk || op.out[0] == read.out[at]));
          }
        }
        if (!gone) out.insert(out.end(), read.out.begin() + at, read.out.begin() + at + step);
      }
      read.out = out;
      if (out.empty() && step == 2) (*skipped)[i] = true;
    }
    return left;
  }
  bool HasOrderWithout(Skipped skipped) const {
    const PlainHistory left = Left(&skipped);
    return HasOrder(left, skipped);
  }

  // Invalid, even with all that may have happened; and valid without any one and those that saw it.
  void Core(const formats::Anomaly& anomaly) {
    const Skipped core = AllBut(anomaly);
    EXPECT_FALSE(HasOrderWithout(core)) << anomaly.ShortDebugString();
    const std::vector<std::vector<size_t>> all_seen_by = SeenBy(Skipped(plain_.ops.size(), false));
    Skipped with_open(core.size(), false);
    for (size_t i = 0; i < core.size(); ++i) {
      if (core[i] && plain_.ops[i].outcome != OpType::kInfo) Skip(i, all_seen_by, &with_open);
    }
    for (size_t i = 0; i < core.size(); ++i) with_open[i] = with_open[i] && core[i];
    EXPECT_FALSE(HasOrderWithout(with_open))
        << "what may have happened explains it: " << anomaly.ShortDebugString();
    const std::vector<std::vector<size_t>> seen_by = SeenBy(core);
    for (size_t i = 0; i < core.size(); ++i) {
      if (core[i] || plain_.ops[i].outcome == OpType::kInfo) continue;
      Skipped less = core;
      Skip(i, seen_by, &less);
      EXPECT_TRUE(HasOrderWithout(less))
          << "without " << i << " it is still so: " << anomaly.ShortDebugString();
    }
    EXPECT_FALSE(anomaly.explanation().empty());
  }

  void LeaveOut() {
    const std::vector<std::vector<size_t>> seen_by = SeenBy(Skipped(plain_.ops.size(), false));
    for (size_t i = 0; i < plain_.ops.size(); ++i) {
      if (plain_.ops[i].outcome == OpType::kInfo) continue;
      Skipped less(plain_.ops.size(), false);
      Skip(i, seen_by, &less);
      EXPECT_TRUE(HasOrderWithout(less)) << "leaving out " << i;
    }
  }

  const Model& model_;
  const PlainHistory& plain_;
  const History history_;
};

class PropertyTest : public testing::TestWithParam<std::string_view> {};

TEST_P(PropertyTest, AgreesWithAllOrders) {
  const std::unique_ptr<Model> model = FindLinearModel(GetParam());
  sim::Stream random(1, GetParam());
  int valid = 0;
  for (int i = 0; i < kHistories; ++i) {
    Shape shape;
    shape.unique = i % 2 == 0;
    shape.ops = i % 4 == 0 ? 8 : 6;
    shape.overlap = 1 + i / 2 % 6;
    shape.crashed = i % 3 == 0 ? 30 : 10;
    shape.wrong = i % 5 == 0 ? 0 : 60;
    shape.values = 2 + i / 7 % 2;
    const PlainHistory plain = RandomHistory(GetParam(), shape, &random);
    valid += Comparison(*model, plain).Run(i % 8 == 0) ? 1 : 0;
    ASSERT_FALSE(HasFailure()) << "history " << i << " of " << ToText(plain);
  }
  RecordProperty("valid", valid);
  EXPECT_GT(valid, kHistories / 10);
  EXPECT_LT(valid, kHistories - kHistories / 10);
}

INSTANTIATE_TEST_SUITE_P(Models, PropertyTest,
                         testing::Values("register", "cas-register", "kv", "append-kv", "queue", "fifo-queue",
                                         "linear-set", "linear-counter", "mutex", "log"),
                         [](const auto& info) {
                           std::string name(info.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace brokersim::checker
