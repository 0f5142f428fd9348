// Comparisons of arms over the same seeds.
#include "runner/compare.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace brokersim::runner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// 40 seeds; in b the latency is that of a and a little more, and every fourth run fails.
SweepResult TwoArms() {
  SweepResult result;
  result.head = {"kafka/x", "kafka/x"};
  result.arms = {Arm{"a", {}, "", 0}, Arm{"b", {"k=1"}, "", 0}};
  for (uint32_t arm = 0; arm < 2; ++arm) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      RunRow& row = result.rows.emplace_back();
      row.arm = arm;
      row.seed = seed;
      row.metrics[Metric::kAcknowledged] = 100;
      row.metrics[Metric::kLatencyP50] = static_cast<int64_t>(seed * 1'000'000 + arm * (500'000 + (seed % 3) * 1000));
      if (arm == 0 || seed % 4 != 0) continue;
      row.code = kViolation;
      row.findings = {{"lost-write", 1, ""}};
    }
  }
  return result;
}

TEST(Compare, TakesWhatSeedsShareOutOfTheDifference) {
  const Comparison comparison = Compare(TwoArms());
  ASSERT_EQ(comparison.others.size(), 1u);
  const ComparedArm& arm = comparison.others.front();
  EXPECT_EQ(arm.arm, "b, k=1");
  EXPECT_EQ(arm.pairs, 40u);
  EXPECT_THAT(arm.same, ElementsAre("acknowledged"));
  ASSERT_EQ(arm.lines.size(), 3u);
  EXPECT_EQ(arm.lines[0].name, "fails");
  EXPECT_EQ(arm.lines[0].base, 0);
  EXPECT_EQ(arm.lines[0].other, 0.25);
  EXPECT_NEAR(arm.lines[0].difference.p, 2.0 / 1024, 1e-12);
  EXPECT_NEAR(arm.lines[0].adjusted_p, 4.0 / 1024, 1e-12);  // two such lines, and one below
  EXPECT_TRUE(arm.lines[0].differs());
  EXPECT_EQ(arm.lines[1].name, "shows lost-write");
  EXPECT_EQ(arm.lines[2].name, "latency-p50");
  EXPECT_NEAR(arm.lines[2].difference.value, 501'000, 1);
  EXPECT_GT(arm.lines[2].difference.narrower(), 1000);
  EXPECT_TRUE(arm.lines[2].differs());
}

TEST(Compare, SeedsThatOneArmLacksAreNoPairs) {
  SweepResult result = TwoArms();
  result.rows.pop_back();
  result.rows.back().metrics[Metric::kLatencyP50].reset();
  const Comparison comparison = Compare(result);
  EXPECT_EQ(comparison.others.front().pairs, 39u);
  EXPECT_EQ(comparison.others.front().lines[2].difference.n, 38u);
}

TEST(Compare, EqualArmsDontDiffer) {
  SweepResult result = TwoArms();
  for (RunRow& row : result.rows) row.findings.clear();
  for (RunRow& row : result.rows) row.code = kHeld;
  for (RunRow& row : result.rows) row.metrics[Metric::kLatencyP50] = 7;
  EXPECT_TRUE(Compare(result).others.front().lines.empty());
}

TEST(Compare, Formats) {
  const Comparison comparison = Compare(TwoArms());
  const std::string text = Render(comparison, ReportFormat::kText);
  EXPECT_THAT(text, HasSubstr("scenario  kafka/x\n\nA  a\nB  b, k=1\n40 seeds, the same for both\n\n"));
  EXPECT_THAT(text, HasSubstr("\nlatency-p50       20.5 ms  21.0 ms  0.50 ms  "));
  EXPECT_THAT(text, HasSubstr("\nthe same in every pair: acknowledged\n"));
  EXPECT_THAT(Render(comparison, ReportFormat::kCsv), HasSubstr("\n\"b, k=1\",latency_p50_ns,40,20500000,"));
  EXPECT_THAT(Render(comparison, ReportFormat::kJson), HasSubstr("\"name\": \"shows lost-write\""));
  EXPECT_THAT(Render(comparison, ReportFormat::kMarkdown), HasSubstr("\n| fails | 0 % | 25.0 % | 25.0 % | "));
}

}  // namespace
}  // namespace brokersim::runner
