// The point of no return: that it is where it was put.
#include "runner/futures.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

using testing::HasSubstr;

scenarios::ResolvedScenario AcksOne() {
  const auto loaded = scenarios::LoadScenario("kafka/acks_one", ".");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return *loaded->Variant("buggy");
}

absl::StatusOr<PointOfNoReturn> Find(FuturesOptions options = {}) {
  options.futures = 10;
  options.checkpoints = 24;
  const scenarios::ResolvedScenario scenario = AcksOne();
  return FindPointOfNoReturn(scenario, 1, "lost-write", sim::Time() + sim::Seconds(30), options);
}

// With acks=1 a record is lost if the leader dies before its followers have it: at 3905 ms.
TEST(Futures, TheCrashIsThePoint) {
  const auto point = Find();
  ASSERT_TRUE(point.ok()) << point.status();
  ASSERT_EQ(point->checkpoints.size(), 24u);
  EXPECT_EQ(point->checkpoints.front().calm, 0);
  EXPECT_EQ(point->checkpoints.back().calm, 10);
  EXPECT_EQ(point->checkpoints.back().shown, 10);
  const auto calm = std::find_if(point->rises.begin(), point->rises.end(), [](const Rise& rise) { return rise.calm; });
  ASSERT_NE(calm, point->rises.end());
  EXPECT_EQ(calm->to.at, sim::Time() + sim::Milliseconds(3'905));
  EXPECT_GT(calm->from.at, sim::Time() + sim::Milliseconds(3'895));
  ASSERT_FALSE(calm->told.empty());
  EXPECT_EQ(calm->told.front().text(), "crash: b2 (leader-crash)");
  for (size_t i = 1; i < point->checkpoints.size(); ++i) {
    EXPECT_LT(point->checkpoints[i - 1].at, point->checkpoints[i].at);
  }
  EXPECT_EQ(point->run, 24 * 10 * 2);
}

TEST(Futures, TheSameAgain) {
  const auto point = Find();
  ASSERT_TRUE(point.ok());
  const std::string text = FuturesText(*point);
  EXPECT_EQ(FuturesText(*Find()), text);
  EXPECT_THAT(text, HasSubstr("if no further fault begins: after 39"));
  const auto svg = FuturesSvg(*point, "acks_one");
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_THAT(*svg, HasSubstr("crash: b2"));
  EXPECT_EQ(*FuturesSvg(*point, "acks_one"), *svg);
}

TEST(Futures, StoppedItKeepsWhatIsMeasured) {
  FuturesOptions options;
  options.go_on = [](int64_t done, int64_t of) {
    EXPECT_EQ(of, 24 * 10 * 2);
    return done < 50;
  };
  const auto point = Find(options);
  ASSERT_TRUE(point.ok());
  EXPECT_FALSE(point->complete);
  EXPECT_EQ(point->checkpoints.size(), 2u);  // of 20 futures each
  EXPECT_THAT(FuturesText(*point), HasSubstr("50 futures, interrupted"));
  options.go_on = [](int64_t, int64_t) { return false; };
  EXPECT_EQ(Find(options)->checkpoints.size(), 0u);
  EXPECT_TRUE(FuturesSvg(*Find(options), "nothing").ok());
}

}  // namespace
}  // namespace brokersim::runner
