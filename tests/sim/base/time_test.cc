// Virtual time: exact texts, and an overflow that stops the run instead of wrapping.
#include <cstdint>
#include <limits>

#include "gtest/gtest.h"
#include "sim/base/sim_time.h"

namespace brokersim::sim {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(TimeText, IsTheShortestExactFormInTheLargestFittingUnit) {
  EXPECT_EQ(ToText(Duration()), "0ns");
  EXPECT_EQ(ToText(Nanoseconds(999)), "999ns");
  EXPECT_EQ(ToText(Nanoseconds(1'000)), "1us");
  EXPECT_EQ(ToText(Nanoseconds(1'001)), "1.001us");
  EXPECT_EQ(ToText(Microseconds(12'004)), "12.004ms");
  EXPECT_EQ(ToText(Milliseconds(61'020)), "61.02s");
  EXPECT_EQ(ToText(Seconds(86'400)), "86400s");
  EXPECT_EQ(ToText(Nanoseconds(1'000'000'001)), "1.000000001s");
  EXPECT_EQ(ToText(Milliseconds(-1'500)), "-1.5s");
  EXPECT_EQ(ToText(Time() + Milliseconds(2)), "2ms");
}

TEST(TimeText, Extremes) {
  EXPECT_EQ(ToText(Nanoseconds(kMax)), "9223372036.854775807s");
  EXPECT_EQ(ToText(Nanoseconds(kMin)), "-9223372036.854775808s");
}

TEST(Time, OverflowIsACheckFailure) {
  EXPECT_THROW(Time::Max() + Nanoseconds(1), CheckFailure);
  EXPECT_THROW(Time::FromNanos(kMin) - Nanoseconds(1), CheckFailure);
  EXPECT_THROW(Time::Max() - Time::FromNanos(-1), CheckFailure);
  EXPECT_THROW(Duration::Max() + Nanoseconds(1), CheckFailure);
  EXPECT_THROW(Duration::Max() * 2, CheckFailure);
  EXPECT_THROW(-Nanoseconds(kMin), CheckFailure);
  EXPECT_THROW(Seconds(10'000'000'000), CheckFailure);
  EXPECT_THROW(Milliseconds(kMin), CheckFailure);
}

TEST(Time, TheSmallestValueCanBeSubtracted) {
  EXPECT_EQ(Nanoseconds(-1) - Nanoseconds(kMin), Nanoseconds(kMax));
  EXPECT_EQ(Time::FromNanos(-1) - Time::FromNanos(kMin), Duration::Max());
  EXPECT_THROW(Nanoseconds(0) - Nanoseconds(kMin), CheckFailure);
}

TEST(Time, ConstantsAreKnownAtCompileTime) {
  static_assert(Seconds(1) == Milliseconds(1'000));
  static_assert(Milliseconds(1) == Microseconds(1'000));
  static_assert(Microseconds(-1) == Nanoseconds(-1'000));
  static_assert(Milliseconds(-1'999).millis() == -1'999);
}

TEST(Check, NamesConditionPlaceAndDetails) {
  try {
    CHECK(1 > 2, "{} and {}", "a", 7);
    FAIL();
  } catch (const CheckFailure& failure) {
    const std::string text = failure.what();
    EXPECT_NE(text.find("time_test.cc:"), std::string::npos) << text;
    EXPECT_NE(text.find("CHECK failed: 1 > 2: a and 7"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace brokersim::sim
