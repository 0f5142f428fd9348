// A quorum over three sites loses nothing, whichever of them is lost: 10,000 runs.
#include <gtest/gtest.h>

#include <string>

#include "runner/dr.h"

namespace brokersim::runner {
namespace {

constexpr uint64_t kSeeds = 3'334;  // of each loss

class Quorum : public testing::TestWithParam<const char*> {};

TEST_P(Quorum, LosesNothingAndComesBack) {
  const auto architecture = scenarios::LoadScenario("dr/kafka_3dc", ".");
  ASSERT_TRUE(architecture.ok()) << architecture.status();
  ASSERT_EQ(architecture->variants.front().variant, "near");
  const auto drill = scenarios::LoadDrill(GetParam(), ".");
  ASSERT_TRUE(drill.ok()) << drill.status();
  DrPlan plan;
  plan.cells = *CellsOf({architecture->variants.front()}, {{*drill, GetParam()}});
  plan.seeds = {1, kSeeds};
  plan.jobs = 2;
  const auto result = RunDr(std::move(plan), nullptr, [](const SweepProgress&) { return true; });
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->rows.size(), kSeeds);
  for (const DrRow& row : result->rows) {
    ASSERT_EQ(row.internal_error, "") << "seed " << row.seed;
    EXPECT_EQ(row.measures[DrMeasure::kLostRecords], 0) << "seed " << row.seed;
    EXPECT_NE(row.measures[DrMeasure::kRtoWrite].value_or(kNever), kNever) << "seed " << row.seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, Quorum, testing::Values("dc_loss", "standby_loss", "third_loss"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace brokersim::runner
