// A node's clocks as a map from virtual time: offset, drift, standstill, and the way back.
#include <cstdint>

#include "gtest/gtest.h"
#include "sim/clock/node_clock.h"
#include "sim/random/stream.h"

namespace brokersim::sim {
namespace {

Time At(Duration d) { return Time() + d; }

TEST(NodeClock, IsRightAtFirst) {
  const NodeClock clock;
  EXPECT_EQ(clock.Monotonic(At(Seconds(3))), At(Seconds(3)));
  EXPECT_EQ(clock.Wall(At(Seconds(3))), At(Seconds(3)));
}

TEST(NodeClock, AnOffsetMovesWallTimeOnly) {
  NodeClock clock;
  clock.SetWallOffset(Seconds(-2));
  EXPECT_EQ(clock.Monotonic(At(Seconds(3))), At(Seconds(3)));
  EXPECT_EQ(clock.Wall(At(Seconds(3))), At(Seconds(1)));
}

TEST(NodeClock, DriftCountsFromWhenItIsSet) {
  NodeClock clock;
  clock.SetDrift(At(Seconds(10)), 200'000);
  EXPECT_EQ(clock.Monotonic(At(Seconds(10))), At(Seconds(10)));
  EXPECT_EQ(clock.Monotonic(At(Seconds(15))), At(Seconds(16)));
  clock.SetDrift(At(Seconds(15)), -500'000);
  EXPECT_EQ(clock.Monotonic(At(Seconds(17))), At(Seconds(17)));
  EXPECT_EQ(clock.Wall(At(Seconds(17))), At(Seconds(17)));
  // It doesn't go back, and hardly on: 1 ns in a ms.
  clock.SetDrift(At(Seconds(17)), -1'500'000);
  EXPECT_EQ(clock.Monotonic(At(Seconds(19))), At(Seconds(17)) + Microseconds(2));
  EXPECT_EQ(clock.drift_ppm(), -1'500'000);
}

TEST(NodeClock, SkipBackTakesTimeOut) {
  NodeClock clock;
  clock.SetDrift(Time(), 1'000'000);
  clock.SkipBack(At(Seconds(9)), At(Seconds(4)));
  EXPECT_EQ(clock.Monotonic(At(Seconds(9))), At(Seconds(8)));
  EXPECT_EQ(clock.Monotonic(At(Seconds(10))), At(Seconds(10)));
}

TEST(NodeClock, WhenMonotonicIsTheFirstMomentAtWhichTheClockShowsIt) {
  Stream stream(1, "clock");
  for (int i = 0; i < 20'000; ++i) {
    NodeClock clock;
    const int64_t set_at = stream.Between(0, 1'000'000'000'000);
    const int64_t ppm = stream.Between(-900'000, 900'000);
    clock.SetDrift(Time::FromNanos(set_at), ppm);
    const Time now = Time::FromNanos(set_at + stream.Between(0, 10'000'000'000));
    const Time wanted = clock.Monotonic(now) + Nanoseconds(stream.Between(1, 100'000'000'000));
    const Time when = clock.WhenMonotonic(wanted, now);
    ASSERT_GT(when, now);
    ASSERT_GE(clock.Monotonic(when), wanted);
    // A nanosecond of such a clock is up to ten of virtual time; rounding costs one more.
    const Duration slack = Nanoseconds(1'000'000 / (1'000'000 + ppm) + 2);
    if (when - slack > now) {
      ASSERT_LT(clock.Monotonic(when - slack), wanted);
    }
  }
}

TEST(NodeClock, WhatIsOverIsNow) {
  const NodeClock clock;
  EXPECT_EQ(clock.WhenMonotonic(At(Seconds(1)), At(Seconds(5))), At(Seconds(5)));
}

TEST(NodeClock, AClockThatAllButStandsStillNeverGetsThere) {
  NodeClock clock;
  clock.SetDrift(Time(), -999'999);
  EXPECT_EQ(clock.WhenMonotonic(At(Seconds(36'000)), Time()), Time::Max());
}

}  // namespace
}  // namespace brokersim::sim
