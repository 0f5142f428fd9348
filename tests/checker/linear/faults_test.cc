// Large valid histories stay valid; one planted fault is found, explained in a few operations, and in bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "checker/linear/explain.h"
#include "tests/checker/cases.h"
#include "tests/checker/linear/judge.h"
#include "tests/checker/linear/large_history.h"

namespace brokersim::checker {
namespace {

formats::Verdict JudgeLarge(const LargeShape& shape, const Limits& limits = {}) {
  const std::unique_ptr<Model> model = FindLinearModel(shape.model);
  return Judge(*model, LargeHistory(shape), limits);
}

TEST(FaultsTest, CalmIsValid) {
  for (LargeShape shape : LargeShapes()) {
    shape.ops = std::min(shape.ops, 20'000);
    if (shape.model == "fifo-queue" && !shape.unique) shape.ops = 300;
    EXPECT_EQ(Short(JudgeLarge(shape)), "valid") << shape.name;
  }
}

struct Planted {
  std::string_view model;
  LargeShape::Fault fault;
  int most = 0;  // operations that show it
  bool unique = true;
};

TEST(FaultsTest, PlantedFaultsAreFound) {
  const Planted all[] = {
      {"fifo-queue", LargeShape::kTwice, 3},
      {"fifo-queue", LargeShape::kEarly, 4},
      {"fifo-queue", LargeShape::kLost, 16},
      {"queue", LargeShape::kTwice, 3},
      {"register", LargeShape::kStale, 4},
      {"cas-register", LargeShape::kStale, 7},
      {"kv", LargeShape::kStale, 4},
      {"log", LargeShape::kStale, 3},
      {"linear-set", LargeShape::kLost, 2},
      {"linear-counter", LargeShape::kLost, 500},
      {"mutex", LargeShape::kTwice, 4},
      {"register", LargeShape::kStale, 12, false},
      {"cas-register", LargeShape::kStale, 13, false},
  };
  for (const Planted& planted : all) {
    int found = 0;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const LargeShape shape = {.model = std::string(planted.model),
                                .ops = 400,
                                .clients = 6,
                                .crashed = planted.model == "mutex" ? 0 : 10,
                                .keys = planted.model == "kv" ? 4 : 1,
                                .unique = planted.unique,
                                .seed = seed,
                                .fault = planted.fault};
      const formats::Verdict verdict = JudgeLarge(shape);
      SCOPED_TRACE(std::string(planted.model) + " " + std::to_string(planted.fault) + " seed " +
                   std::to_string(seed));
      if (verdict.result() == formats::Verdict::VALID) continue;
      ++found;
      ASSERT_EQ(verdict.result(), formats::Verdict::INVALID);
      EXPECT_LE(verdict.anomalies(0).operations_size(), planted.most)
          << verdict.anomalies(0).ShortDebugString();
    }
    // In some histories what ran at the same time explains it.
    EXPECT_GE(found, 4) << planted.model << " " << planted.fault;
  }
}

constexpr uint64_t kPlenty = 100'000'000;

// Of a core, what is left without one operation and all that saw it.
std::vector<Operation> LeftWithout(const Model& model, const std::vector<Operation>& core, uint32_t out) {
  std::vector<bool> gone(core.size(), false);
  gone[out] = true;
  for (bool more = true; std::exchange(more, false);) {
    for (uint32_t op = 0; op < core.size(); ++op) {
      if (gone[op]) continue;
      std::vector<uint32_t> saw;
      model.Saw(core, op, &saw);
      if (std::none_of(saw.begin(), saw.end(), [&](uint32_t at) { return gone[at]; })) continue;
      gone[op] = more = true;
    }
  }
  std::vector<Operation> left;
  for (uint32_t op = 0; op < core.size(); ++op) {
    if (!gone[op]) left.push_back(core[op]);
  }
  return left;
}

// No order; and one without any one and those that saw it, of some that stand for all.
void ExpectMinimal(const Model& model, const Core& core) {
  ASSERT_TRUE(core.complete);
  EXPECT_EQ(PartCheck(model, core.ops).Run(kPlenty), Outcome::kNot);
  for (uint32_t out = 0; out < core.ops.size(); out += 1 + static_cast<uint32_t>(core.ops.size()) / 20) {
    if (core.ops[out].open()) continue;
    const std::vector<Operation> left = LeftWithout(model, core.ops, out);
    EXPECT_EQ(PartCheck(model, left).Run(kPlenty), Outcome::kLinearizable) << out << " of " << core.ops.size();
  }
}

TEST(FaultsTest, LargeCoresAreMinimal) {
  const LargeShape shapes[] = {
      {.model = "fifo-queue", .ops = 1500, .clients = 8, .unique = false, .fault = LargeShape::kEarly},
      {.model = "fifo-queue", .ops = 1500, .clients = 8, .unique = false, .fault = LargeShape::kLost},
      {.model = "linear-counter", .ops = 1500, .clients = 8, .fault = LargeShape::kLost},
      {.model = "queue", .ops = 1500, .clients = 8, .unique = false, .fault = LargeShape::kTwice},
      {.model = "cas-register", .ops = 1500, .clients = 8, .unique = false, .fault = LargeShape::kStale},
  };
  int large = 0;
  for (LargeShape shape : shapes) {
    const std::unique_ptr<Model> model = FindLinearModel(shape.model);
    for (shape.seed = 1; shape.seed <= Cases(16); ++shape.seed) {
      SCOPED_TRACE(shape.model + " " + std::to_string(shape.fault) + " seed " + std::to_string(shape.seed));
      const History history = LargeHistory(shape);
      const Operations read = ReadOperations(*model, history, true).value();
      for (const Part& part : read.parts) {
        PartCheck check(*model, part.ops);
        if (check.Run(kPlenty) != Outcome::kNot) continue;
        Arena arena;
        const Core core = MinimalCore(*model, part.ops, check, kPlenty, &arena);
        ExpectMinimal(*model, core);
        large += core.ops.size() > 100 ? 1 : 0;
      }
    }
  }
  if (kFewer == 1) {
    EXPECT_GE(large, 6);
  }
}

TEST(FaultsTest, BudgetEndsAsUnknownAndSaysHowFar) {
  const LargeShape shape = {
      .model = "cas-register", .ops = 400, .clients = 40, .crashed = 300, .unique = false};
  const formats::Verdict verdict = JudgeLarge(shape, {.steps = 2000});
  ASSERT_EQ(verdict.result(), formats::Verdict::UNKNOWN);
  ASSERT_EQ(verdict.unknown_reasons_size(), 1);
  EXPECT_NE(verdict.unknown_reasons(0).find("an order explains the first"), std::string::npos);
}

}  // namespace
}  // namespace brokersim::checker
