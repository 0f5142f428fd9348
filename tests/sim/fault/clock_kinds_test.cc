// Faults of clocks: what a node reads, and when its timers run out.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

const Selector kA{{"a"}};

// `c`, whose clock is right, asks `a` at these times; the answers are "monotonic wall" in milliseconds.
std::vector<std::string> Readings(ToyWorld& world, const std::vector<int64_t>& times) {
  auto& a = world.Add("a");
  a.hear = [](Toy&, const Received&, const std::string&, Env& env, Effects& out) {
    out.Note("time", fmt::format("= {} {}", env.monotonic().millis(), env.wall().millis()));
  };
  auto& c = world.Add("c");
  for (const int64_t at : times) {
    c.At(Ms(at - 1), [](Toy& toy, Env&, Effects& out) { toy.Throw(0, "?", out); });
  }
  std::vector<std::string> readings;
  for (const std::string& line : ToyWorld::Only(world.Run(Seconds(5)), {"= "})) {
    readings.push_back(line.substr(line.find("= ") + 2));
  }
  return readings;
}

using Texts = std::vector<std::string>;

TEST(Drift, BothClocksRunAtAnotherRateAndGoOnFromThere) {
  ToyWorld world;
  world.AddFault("f", Drift{kA, 500'000}, Ms(100), Ms(100));
  EXPECT_EQ(Readings(world, {50, 150, 200, 300}), Texts({"50 50", "175 175", "250 250", "350 350"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(Drift, PendingTimersMove) {
  ToyWorld world;
  world.Add("a").At(Ms(0), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(200)); });
  world.AddFault("f", Drift{kA, -500'000}, Ms(100), Ms(100));  // shows 150 at 200
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"alarm"}), Lines({"250ms a alarm"}));
}

TEST(Drift, SeveralAddUp) {
  ToyWorld world;
  world.AddFault("f", Drift{kA, 500'000}, Ms(100), Ms(100));
  world.AddFault("g", Drift{kA, 500'000}, Ms(100), Ms(200));
  EXPECT_EQ(Readings(world, {200, 300, 400}), Texts({"300 300", "450 450", "550 550"}));
}

TEST(Drift, SeveralTogetherDoNotTurnTheClockBack) {
  ToyWorld world;
  for (const char* id : {"f", "g", "h"}) world.AddFault(id, Drift{kA, -500'000}, Ms(100), Ms(100));
  world.AddFault("i", Drift{kA, 500'000}, Ms(100), Ms(200));
  // -1,000,000 in all, then 500,000, then nothing.
  EXPECT_EQ(Readings(world, {100, 200, 300, 400}), Texts({"100 100", "100 100", "250 250", "350 350"}));
}

TEST(Step, WallTimeJumpsForGood) {
  ToyWorld world;
  world.AddFault("f", Step{kA, Ms(-30)}, Ms(100));
  EXPECT_EQ(Readings(world, {50, 150, 1000}), Texts({"50 50", "150 120", "1000 970"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(Step, TimersDoNotMove) {
  ToyWorld world;
  world.Add("a").At(Ms(0), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(200)); });
  world.AddFault("f", Step{kA, Seconds(5)}, Ms(100));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"alarm"}), Lines({"200ms a alarm"}));
}

TEST(MonoJump, BothClocksJumpAndTimersRunOut) {
  ToyWorld world;
  world.AddFault("f", MonoJump{kA, Ms(500)}, Ms(100));
  EXPECT_EQ(Readings(world, {50, 150}), Texts({"50 50", "650 650"}));
  ToyWorld timers;
  timers.Add("a").At(Ms(0), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(200)); });
  timers.AddFault("f", MonoJump{kA, Ms(500)}, Ms(100));
  EXPECT_EQ(ToyWorld::Only(timers.Run(Seconds(1)), {"alarm"}), Lines({"100ms a alarm"}));
}

TEST(ClockFreeze, WallTimeStandsStillAndCatchesUp) {
  ToyWorld world;
  world.AddFault("f", ClockFreeze{kA, AfterFreeze::kCatchUp}, Ms(100), Ms(100));
  EXPECT_EQ(Readings(world, {50, 150, 199, 250}), Texts({"50 50", "150 100", "199 100", "250 250"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(ClockFreeze, OrGoesOnFromThere) {
  ToyWorld world;
  world.AddFault("f", ClockFreeze{kA, AfterFreeze::kContinue}, Ms(100), Ms(100));
  EXPECT_EQ(Readings(world, {50, 150, 250}), Texts({"50 50", "150 100", "250 150"}));
}

// The end of the first had the clock run while the second still had it stand.
TEST(ClockFreeze, OfTwoTheLastEndCounts) {
  ToyWorld world;
  world.AddFault("f", ClockFreeze{kA}, Ms(100), Ms(100));
  world.AddFault("g", ClockFreeze{kA}, Ms(150), Ms(150));
  EXPECT_EQ(Readings(world, {140, 250, 350}), Texts({"140 100", "250 100", "350 350"}));
}

// A wall clock that froze while the machine stood still showed the time that the machine had missed.
TEST(ClockFreeze, OfAMachineThatStandsStill) {
  ToyWorld world;
  world.AddFault("p", Pause{kA, false}, Ms(100), Ms(100));
  world.AddFault("f", ClockFreeze{kA, AfterFreeze::kContinue}, Ms(150), Ms(100));
  EXPECT_EQ(Readings(world, {50, 220, 300}), Texts({"50 50", "120 100", "200 150"}));
}

TEST(Offset, SurvivesAFreezeAndARestart) {
  ToyWorld world;
  world.AddFault("o", Offset{kA, Ms(1000)}, Ms(50), Ms(300));
  world.AddFault("f", ClockFreeze{kA}, Ms(100), Ms(100));
  world.AddFault("r", Restart{kA, Ms(10)}, Ms(210));
  EXPECT_EQ(Readings(world, {60, 150, 250, 400}), Texts({"60 1060", "150 1100", "250 1250", "400 400"}));
}

TEST(Strobe, AlternatesAndEndsRight) {
  ToyWorld world;
  world.AddFault("f", Strobe{kA, Ms(1000), Ms(100)}, Ms(100), Ms(220));  // wrong 100-150, 200-250, 300-320
  EXPECT_EQ(Readings(world, {120, 170, 220, 310, 400}),
            Texts({"120 1120", "170 170", "220 1220", "310 1310", "400 400"}));
}

}  // namespace
}  // namespace brokersim::sim
