// Every kind of fault: what it does to whom, to what is in flight, when it begins and ends, and what it counts.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

const Selector kA{{"a"}};
const Selector kB{{"b"}};

// `a` throws and, over a connection opened at 1 ms, says a word every 10 ms from 10 ms on: 1, 2, ... The
// thrown ones bear a "d" before the number, and `b` hears both 1 ms later.
void AddTalk(ToyWorld& world, int words = 5) {
  auto& a = world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  for (int i = 1; i <= words; ++i) {
    a.At(Ms(10 * i), [i](Toy& toy, Env&, Effects& out) {
      toy.Say(fmt::format("{}", i), out);
      toy.Throw(1, fmt::format("d{}", i), out);
    });
  }
  world.Add("b");
}

Lines Got(ToyWorld& world, Duration until = Seconds(2)) { return ToyWorld::Only(world.Run(until), {"b got"}); }

MessageMatch Word(std::string text) { return {.type = "Word", .contains = "=" + std::move(text)}; }

Fault OnMessage(std::string id, Trigger::Moment moment, MessageMatch match, FaultAction action) {
  return {.id = std::move(id), .trigger = {.moment = moment, .message = std::move(match)}, .action = std::move(action)};
}

// ---- cuts and jams

TEST(Partition, ACutLosesDatagramsAndConnectionsRepeatAfterIt) {
  ToyWorld world;
  AddTalk(world);
  world.AddFault("f", Partition{{kA, kB}}, Microseconds(20'500), Ms(25));
  const Lines got = Got(world);
  // 2 and d2 were in flight. From 45.5 ms on everything passes; 2 is repeated within 25 ms.
  EXPECT_EQ(ToyWorld::Only(got, {"got d"}), Lines({"11ms b got d1", "51ms b got d5"}));
  std::string order;
  for (const std::string& line : got) {
    if (line.find("got d") == std::string::npos) order += line.back();
  }
  EXPECT_EQ(order, "12345");
  EXPECT_EQ(world.Effects("f"), 4);  // 2, d2, d3 and d4; 3 and 4 wait behind 2
}

TEST(Partition, AJamKeepsEverythingAndLetsItGoInOrderAtItsEnd) {
  ToyWorld world;
  AddTalk(world);
  world.AddFault("f", Partition{{kA}, CutMode::kJam}, Microseconds(20'500), Ms(25));
  const Lines got = Got(world);
  EXPECT_EQ(ToyWorld::Only(got, {"got d"}),
            Lines({"11ms b got d1", "46.5ms b got d2", "46.5ms b got d3", "46.5ms b got d4", "51ms b got d5"}));
  EXPECT_EQ(ToyWorld::Only(got, {"got 1", "got 2", "got 3", "got 4", "got 5"}),
            Lines({"11ms b got 1", "46.5ms b got 2", "46.5ms b got 3", "46.5ms b got 4", "51ms b got 5"}));
}

TEST(Partition, TheRepetitionComesWithinTheCutsDurationAndMovesNoOtherDraw) {
  bool early = false;
  bool late = false;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    ToyWorld world({.seed = seed});
    AddTalk(world, 1);
    world.AddFault("f", Partition{{kA, kB}}, Ms(5), Ms(105));
    const Lines got = Got(world);
    ASSERT_EQ(got.size(), 1u);
    for (const formats::TraceEvent& event : world.trace().events) {
      if (event.kind != formats::EventKind::kDeliver) continue;
      EXPECT_GE(event.time_ns, 111'000'000);
      EXPECT_LE(event.time_ns, 211'000'000);
      early |= event.time_ns < 140'000'000;
      late |= event.time_ns > 180'000'000;
    }
  }
  EXPECT_TRUE(early);
  EXPECT_TRUE(late);
}

TEST(OneWay, CutsItsOwnDirectionOnly) {
  ToyWorld world;
  AddTalk(world, 1);
  world.Add("c").At(Ms(10), [](Toy& toy, Env&, Effects& out) { toy.Throw(0, "back", out); });
  world.AddFault("f", OneWay{kA, {{"b", "c"}}}, Ms(5), Ms(100));
  const Lines lines = ToyWorld::Only(world.Run(Seconds(2)), {"got"});
  EXPECT_EQ(lines.front(), "11ms a got back");
  EXPECT_EQ(ToyWorld::Only(lines, {"got d"}), Lines());
}

// A held head was released straight through a partition, and what a cut brought back was taken for it.
TEST(Overlap, WhatAHoldReleasesDoesNotPassACut) {
  ToyWorld world;
  AddTalk(world, 3);
  world.AddFault("hold", HoldIf{Word("2")}, Ms(5), Ms(30));  // until 35
  world.AddFault("cut", Partition{{kA, kB}}, Microseconds(10'500), Ms(90));
  const Lines got = ToyWorld::Only(Got(world), {"got 1", "got 2", "got 3"});
  ASSERT_EQ(got.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(got[i].back(), static_cast<char>('1' + i));
    EXPECT_GT(got[i].size(), 10u);
    EXPECT_GE(std::stoi(got[i]), 100);
  }
}

TEST(Overlap, WhatTwoHoldGoesWhenBothHaveEnded) {
  ToyWorld world;
  AddTalk(world, 1);
  world.AddFault("one", HoldIf{{.count = 0}}, Ms(5), Ms(30));
  world.AddFault("two", HoldIf{{.count = 0}}, Ms(6), Ms(60));
  EXPECT_EQ(Got(world), Lines({"67ms b got d1", "67ms b got 1"}));
  EXPECT_EQ(world.Effects("one"), 2);
  EXPECT_EQ(world.Effects("two"), 2);
}

TEST(Overlap, ADropWinsAndOnlyItCounts) {
  ToyWorld world;
  AddTalk(world, 1);
  world.AddFault("hold", HoldIf{{.count = 0}}, Ms(5), Ms(30));
  world.AddFault("drop", DropIf{{.count = 0}}, Ms(5), Ms(30));
  EXPECT_EQ(Got(world), Lines());
  EXPECT_EQ(world.Effects("hold"), 0);
  EXPECT_EQ(world.Effects("drop"), 2);
}

// ---- single messages

TEST(Hold, WhatFollowsOnTheConnectionWaitsDatagramsDoNot) {
  ToyWorld world;
  AddTalk(world, 3);
  world.AddFault("f", HoldIf{Word("1")}, Ms(5), Ms(60));
  EXPECT_EQ(Got(world), Lines({"11ms b got d1", "21ms b got d2", "31ms b got d3", "66ms b got 1", "66ms b got 2",
                               "66ms b got 3"}));
}

TEST(Hold, ReleasedDatagramsKeepTheirOrder) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    ToyWorld world({.seed = seed});
    AddTalk(world);
    world.link.latency = Distribution::Uniform(Duration(), Ms(9));
    world.AddFault("f", HoldIf{{.contains = "=d", .count = 0}}, Ms(5), Ms(100));
    std::string order;
    for (const std::string& line : ToyWorld::Only(Got(world), {"got d"})) order += line.back();
    EXPECT_EQ(order, "12345") << seed;
  }
}

TEST(Drop, LetsLaterOnesPassAndCountsFromItsBeginning) {
  ToyWorld world;
  AddTalk(world);
  world.AddFault("f", DropIf{{.contains = "=", .from = kA, .to = kB, .nth = 2, .count = 3}}, Ms(15), Ms(100));
  // From 15 ms on the matches are 2 d2 3 d3 4 d4 ...; the second, third and fourth are meant.
  EXPECT_EQ(Got(world), Lines({"11ms b got 1", "11ms b got d1", "21ms b got 2", "41ms b got 4", "41ms b got d4",
                               "51ms b got 5", "51ms b got d5"}));
  EXPECT_EQ(world.Effects("f"), 3);
}

TEST(Delay, OnAConnectionLaterOnesWaitBehind) {
  ToyWorld world;
  AddTalk(world, 2);
  world.AddFault("f", DelayIf{Word("1"), Distribution::Constant(Ms(40))}, Ms(5));
  EXPECT_EQ(Got(world), Lines({"11ms b got d1", "21ms b got d2", "51ms b got 1", "51ms b got 2"}));
}

TEST(Duplicate, TheReceiverGetsItTwice) {
  ToyWorld world;
  AddTalk(world, 1);
  world.AddFault("f", DuplicateIf{{.count = 0}}, Ms(5));
  EXPECT_EQ(Got(world), Lines({"11ms b got 1", "11ms b got d1", "11ms b got d1", "11ms b got 1"}));
  EXPECT_EQ(world.Effects("f"), 2);
}

TEST(PassIf, OneMessageGetsThroughACutAndIsInNobodysWay) {
  ToyWorld world;
  AddTalk(world, 3);
  world.AddFault("cut", Partition{{kA}}, Ms(5), Ms(100));
  world.AddFault("f", PassIf{Word("2")}, Ms(5));
  const Lines got = Got(world, Seconds(200));
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got.front(), "21ms b got 2");
  // What it overtook comes when the cut is over, once.
  EXPECT_EQ(ToyWorld::Only(got, {"got 1"}).size(), 1u);
  EXPECT_EQ(ToyWorld::Only(got, {"got 2"}).size(), 1u);
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(PassIf, NeitherOtherFaultsNorACutThatBeginsMeanwhileTakeIt) {
  ToyWorld world;
  AddTalk(world, 2);
  world.AddFault("f", PassIf{Word("1")}, Ms(5));
  world.AddFault("drop", DropIf{{.contains = "", .from = kA, .to = kB, .count = 2}}, Ms(5));
  world.AddFault("cut", Partition{{kA}}, Microseconds(10'500), Ms(1));
  // It counts as the first of the two that are to be dropped.
  EXPECT_EQ(ToyWorld::Only(Got(world, Seconds(200)), {"got 1", "got d1"}), Lines({"11ms b got 1"}));
  EXPECT_EQ(world.Effects("drop"), 1);
}

TEST(ResetIf, BothEndsSeeItAndTheMessageIsLost) {
  ToyWorld world;
  AddTalk(world, 2);
  world.AddFault("f", ResetIf{Word("1")}, Ms(5));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"lost:", "got 1", "got 2"}),
            Lines({"11ms b lost: reset", "11ms a lost: reset"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

// ---- links

TEST(Delay, HoldsForWhatIsSentWhileItLasts) {
  ToyWorld world;
  AddTalk(world, 3);
  world.AddFault("f", Delay{kA, kB, Distribution::Constant(Ms(4))}, Microseconds(10'500), Ms(10));
  EXPECT_EQ(Got(world), Lines({"11ms b got 1", "11ms b got d1", "25ms b got 2", "25ms b got d2", "31ms b got 3",
                               "31ms b got d3"}));
  EXPECT_EQ(world.Effects("f"), 2);
}

TEST(Loss, DatagramsVanishConnectionsRepeat) {
  ToyWorld world;
  AddTalk(world, 5);
  world.AddFault("f", Loss{kA, kB, Ratio{1, 2}}, Ms(5));
  const Lines got = Got(world, Seconds(200));
  EXPECT_LT(ToyWorld::Only(got, {"got d"}).size(), 5u);
  std::string order;
  for (const std::string& line : got) {
    if (line.find("got d") == std::string::npos) order += line.back();
  }
  EXPECT_EQ(order, "12345");
}

// A link that lost everything delivered connections' messages after the connection timeout, late but safely.
TEST(Loss, AConnectionOnWhichAllIsLostTimesOut) {
  ToyWorld world;
  AddTalk(world, 1);
  world.AddFault("f", Loss{kA, kB, Ratio::Always()}, Ms(5));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(300)), {"lost:", "got"}),
            Lines({"60.01s b lost: timeout", "60.01s a lost: timeout"}));
}

TEST(Duplicate, CopiesDatagramsOnly) {
  ToyWorld world;
  AddTalk(world, 1);
  world.AddFault("f", Duplicate{kA, kB, Ratio::Always()}, Ms(5));
  EXPECT_EQ(Got(world), Lines({"11ms b got 1", "11ms b got d1", "11ms b got d1"}));
}

// ---- processes

TEST(Crash, ANodeThatSeveralFaultsKeepDownStartsAfterTheLast) {
  ToyWorld world;
  world.Add("a");
  world.AddFault("crash", Crash{kA}, Ms(10), Ms(20));
  world.AddFault("power", KillPower{kA}, Ms(15), Ms(50));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"0ns a start", "10ms a crash", "15ms a power-loss", "65ms a start"}));
}

TEST(Crash, ItsEndDoesNotStartANodeThatWasStartedAndCrashedAgain) {
  ToyWorld world;
  world.Add("a");
  world.AddFault("first", Crash{kA}, Ms(10), Ms(50));
  world.AddFault("start", Start{kA}, Ms(20));
  world.AddFault("second", Crash{kA}, Ms(30), Ms(100));
  EXPECT_EQ(world.Run(Seconds(1)),
            Lines({"0ns a start", "10ms a crash", "20ms a start", "30ms a crash", "130ms a start"}));
  EXPECT_EQ(world.Effects("start"), 1);
}

TEST(PowerLoss, BeforeTheFirstStartDelaysIt) {
  ToyWorld world;
  world.Add("a", {.start_at = Time() + Ms(20)});
  world.AddFault("f", KillPower{kA}, Ms(10), Ms(30));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"10ms a power-loss", "40ms a start"}));
}

TEST(Stop, RunsTheShutdownProtocolAndStartsAgain) {
  ToyWorld world;
  world.Add("a").stop = [](Toy&, Env&, Effects& out) {
    out.Note("stopping", "tidying up");
    out.Exit();
  };
  world.AddFault("f", Stop{kA}, Ms(10), Ms(20));
  EXPECT_EQ(world.Run(Seconds(1)),
            Lines({"0ns a start", "10ms a stop", "10ms a tidying up", "10ms a exit", "30ms a start"}));
}

TEST(Stop, OneThatTakesLongerThanTheFaultStartsWhenItHasExited) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.At(Ms(60), [](Toy&, Env&, Effects& out) { out.Exit(); });
  a.stop = [](Toy&, Env&, Effects&) {};
  world.AddFault("f", Stop{kA}, Ms(10), Ms(20));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"0ns a start", "10ms a stop", "60ms a exit", "60ms a start"}));
}

TEST(Pause, MessagesAndTimersPileUp) {
  bool timer_first = false;
  bool message_first = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    ToyWorld world({.seed = seed});
    AddTalk(world, 1);
    world.Add("c").At(Ms(1), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(20)); })
        .At(Ms(0), [](Toy&, Env&, Effects&) {});
    world.Add("x").At(Ms(10), [](Toy& toy, Env&, Effects& out) { toy.Throw(2, "m", out); });
    world.AddFault("f", Pause{{{"c"}}}, Ms(5), Ms(45));
    const Lines lines = ToyWorld::Only(world.Run(Seconds(1)), {" c got", " c alarm"});
    ASSERT_EQ(lines.size(), 2u);
    for (const std::string& line : lines) EXPECT_EQ(line.substr(0, 4), "50ms");
    (lines[0].find("alarm") != std::string::npos ? timer_first : message_first) = true;
  }
  EXPECT_TRUE(timer_first);
  EXPECT_TRUE(message_first);
}

// Timers of a node with a stopped clock ran out all the same.
TEST(Pause, WithTheClockStoppedTimersGoOnWhereTheyWere) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(20)); });
  world.AddFault("f", Pause{kA, false}, Ms(11), Ms(50));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"alarm"}), Lines({"71ms a alarm"}));
}

// The end of a pause that found its node down used to end another one's.
TEST(Pause, EndsOnlyItself) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  world.Add("b").At(Ms(0), [](Toy&, Env&, Effects&) {});
  world.Add("c").At(Ms(50), [](Toy& toy, Env&, Effects& out) { toy.Throw(1, "m", out); });
  world.AddFault("crash", Crash{kB}, Ms(5), Ms(10));
  world.AddFault("vain", Pause{kB}, Ms(10), Ms(30));
  world.AddFault("real", Pause{kB, false}, Ms(20), Ms(80));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"b got", "b resume"}), Lines({"100ms b resume", "100ms b got m"}));
  EXPECT_EQ(world.Effects("vain"), 0);
}

TEST(Pause, AProcessThatDiesIsNotPausedAnyMore) {
  ToyWorld world;
  world.Add("a");
  world.Add("b");
  world.Add("c").At(Ms(50), [](Toy& toy, Env&, Effects& out) { toy.Throw(1, "m", out); });
  world.AddFault("pause", Pause{kB, false}, Ms(10), Ms(200));
  world.AddFault("crash", Crash{kB}, Ms(20), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"b got", "b resume"}), Lines({"51ms b got m"}));
}

TEST(SlowCpu, MultipliesServiceTimes) {
  ToyWorld world;
  world.Add("a").At(Ms(10), [](Toy& toy, Env&, Effects& out) { toy.Throw(1, "x", out); })
      .At(Ms(50), [](Toy& toy, Env&, Effects& out) { toy.Throw(1, "y", out); });
  world.Add("b", {.service_time = Ms(2)});
  world.AddFault("f", SlowCpu{kB, 5}, Ms(5), Ms(30));
  EXPECT_EQ(Got(world), Lines({"21ms b got x", "53ms b got y"}));
  world.faults[0].action = SlowCpu{kB, 0};
  EXPECT_THROW(world.Build(), CheckFailure);
}

TEST(SlowSync, LengthensSyncsThatBeginWhileItLasts) {
  ToyWorld world;
  auto& a = world.Add("a");
  for (const int64_t at : {Ms(1).millis(), Ms(10).millis(), Ms(50).millis()}) {
    a.At(Ms(at), [](Toy&, Env& env, Effects& out) { out.Sync(env.Open("log")); });
  }
  world.AddFault("f", SlowDisk{kA, DiskOp::kSync, Distribution::Constant(Ms(20))}, Microseconds(1'500), Ms(30));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"synced"}),
            Lines({"2ms a synced", "31ms a synced", "51ms a synced"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(Clock, AnOffsetIsSeenInWallTimeOnlyAndEnds) {
  ToyWorld world;
  auto& a = world.Add("a");
  for (const int at : {1, 20, 50}) {
    a.At(Ms(at), [](Toy&, Env& env, Effects& out) {
      out.Note("time", fmt::format("{} {}", ToText(env.monotonic()), ToText(env.wall())));
    });
  }
  world.AddFault("f", Offset{kA, Seconds(-1)}, Ms(10), Ms(30));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"a 1ms", "a 20ms", "a 50ms"}),
            Lines({"1ms a 1ms 1ms", "20ms a 20ms -980ms", "50ms a 50ms 50ms"}));
}

// ---- triggers and the end

TEST(Trigger, AMessageSentOrArrivedForTheNthTime) {
  ToyWorld world;
  AddTalk(world, 3);
  MessageMatch second{.contains = "=d", .nth = 2};
  world.faults.push_back(OnMessage("sent", Trigger::Moment::kMessageSent, second, Offset{kA, Ms(1)}));
  world.faults.push_back(OnMessage("arrived", Trigger::Moment::kMessageArrived, second, Offset{kA, Ms(1)}));
  world.faults.push_back(
      {.id = "after",
       .trigger = {.moment = Trigger::Moment::kFaultBegan, .fault = "arrived", .delay = Ms(5)},
       .action = Offset{kA, Ms(1)},
       .lasts = Ms(7)});
  world.faults.push_back(
      {.id = "ended",
       .trigger = {.moment = Trigger::Moment::kFaultEnded, .fault = "after", .delay = Ms(2)},
       .action = Offset{kA, Ms(1)}});
  world.Run(Seconds(1));
  std::vector<std::pair<std::string, int64_t>> began;
  for (const formats::TraceEvent& event : world.trace().events) {
    if (event.kind == formats::EventKind::kFaultOn) began.emplace_back(event.fault, event.time_ns / 1'000'000);
  }
  const std::vector<std::pair<std::string, int64_t>> expected = {
      {"sent", 20}, {"arrived", 21}, {"after", 26}, {"ended", 35}};
  EXPECT_EQ(began, expected);
}

TEST(Selectors, OfAFaultAreResolvedWhenItFires) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.boot = [](Toy& toy, Env&, Effects&) { toy.role = "leader"; };
  a.At(Ms(20), [](Toy& toy, Env&, Effects& out) {
    toy.role = "";
    toy.Throw(1, "still", out);
  });
  world.Add("b");
  world.AddFault("f", DropIf{{.from = {{"leader"}}, .count = 0}}, Ms(10));
  EXPECT_EQ(Got(world), Lines());
}

TEST(Heal, EndsEveryFaultAndRunsEveryNodeAgain) {
  ToyWorld world;
  AddTalk(world, 1);
  world.Add("c").At(Ms(5), [](Toy&, Env&, Effects& out) { out.Exit(); });
  world.Add("d");
  world.Add("later", {.start_at = Time() + Ms(200)});
  world.AddFault("cut", Partition{{kA}, CutMode::kJam}, Ms(2));
  world.AddFault("pause", Pause{{{"d"}}}, Ms(3));
  world.AddFault("power", KillPower{kB}, Ms(4));
  world.AddFault("never", Crash{kA}, Ms(150));
  world.Build().HealAt(Time() + Ms(100));
  const Lines lines = ToyWorld::Only(world.Run(Seconds(1)), {"start", "resume", "crash"});
  EXPECT_EQ(ToyWorld::Only(lines, {"100ms"}).size(), 3u);
  EXPECT_EQ(ToyWorld::Only(lines, {"later"}), Lines({"200ms later start"}));
  EXPECT_EQ(ToyWorld::Only(lines, {"crash"}), Lines());
}

}  // namespace
}  // namespace brokersim::sim
