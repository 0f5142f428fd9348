// Large valid histories stay valid; one planted fault is found, explained in a few operations, and in bounds.
#include <gtest/gtest.h>

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
