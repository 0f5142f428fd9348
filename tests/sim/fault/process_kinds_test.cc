// Faults of processes and CPUs.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

const Selector kA{{"a"}};
const Selector kB{{"b"}};

// `a` throws "1", "2", ... to `b` every 10 ms from 10 ms on.
void AddTalk(ToyWorld& world, int words = 5, NodeSpec spec = {}) {
  auto& a = world.Add("a");
  for (int i = 1; i <= words; ++i) {
    a.At(Ms(10 * i), [i](Toy& toy, Env&, Effects& out) { toy.Throw(1, fmt::format("{}", i), out); });
  }
  world.Add("b", std::move(spec));
}

Lines OfB(ToyWorld& world, Duration until = Seconds(2)) { return ToyWorld::Only(world.Run(until), {" b "}); }

TEST(Crash, WhatIsInFlightIsLostAndItStartsAtTheEnd) {
  ToyWorld world;
  AddTalk(world, 4);
  world.AddFault("f", Crash{kB}, Microseconds(10'500), Ms(20));
  EXPECT_EQ(OfB(world), Lines({"0ns b start", "10.5ms b crash", "11ms b drop 1: nobody is listening",
                               "21ms b drop 2: nobody is listening", "30.5ms b start", "31ms b got 3",
                               "41ms b got 4"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(KillPower, PeersGetNoReset) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  world.Add("b");
  world.AddFault("f", KillPower{kB}, Ms(20), Ms(30));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"lost:", "power", "b start"}),
            Lines({"0ns b start", "20ms b power-loss", "50ms b start", "51ms a lost: reset"}));
}

TEST(CrashAt, AtTheNthPassageAndNothingAfterIt) {
  ToyWorld world;
  auto& a = world.Add("a");
  for (int i = 1; i <= 3; ++i) {
    a.At(Ms(10 * i), [i](Toy& toy, Env&, Effects& out) {
      toy.Throw(1, fmt::format("before {}", i), out);
      out.Point("middle");
      toy.Throw(1, fmt::format("after {}", i), out);
    });
  }
  world.Add("b");
  world.AddFault("f", CrashAt{kA, "middle", 2, Ms(5)}, Ms(5), Ms(500));
  world.AddFault("g", CrashAt{kA, "elsewhere", 1, Ms(5)}, Ms(5), Ms(500));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"got", "a crash", "a start"}),
            Lines({"0ns a start", "11ms b got before 1", "11ms b got after 1", "20ms a crash", "21ms b got before 2",
                   "25ms a start"}));
  EXPECT_EQ(world.Effects("f"), 1);
  EXPECT_EQ(world.Effects("g"), 0);
}

TEST(CrashAt, StaysDownUntilTheEndIfNothingElseIsSaid) {
  ToyWorld world;
  world.Add("a").At(Ms(10), [](Toy&, Env&, Effects& out) { out.Point("middle"); });
  world.AddFault("f", CrashAt{kA, "", 1}, Ms(5), Ms(100));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"0ns a start", "10ms a crash", "105ms a start"}));
}

// Points in what a process does when it is asked something were not seen.
TEST(CrashAt, InWhatAnOperatorAsks) {
  ToyWorld world;
  world.Add("a").operation = [](Toy&, const Operation&, Env&, Effects& out) {
    out.Point("asked");
    out.Note("after", "never");
    return true;
  };
  world.AddFault("f", CrashAt{kA, "asked", 1}, Ms(5), Ms(100));
  world.AddFault("o", Operate{kA, "x"}, Ms(10));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"0ns a start", "10ms a crash", "105ms a start"}));
}

TEST(Stop, IsKilledAfterItsTimeout) {
  ToyWorld world;
  world.Add("a").stop = [](Toy&, Env&, Effects&) {};
  world.AddFault("f", Stop{kA, Ms(30)}, Ms(10), Ms(100));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"0ns a start", "10ms a stop", "40ms a crash", "110ms a start"}));
}

TEST(Restart, ANewIncarnationOverTheSameDisk) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.boot = [](Toy&, Env& env, Effects& out) {
    const File* file = env.disk().Find("log");
    out.Note("boot", fmt::format("{} with {}", env.incarnation(), file == nullptr ? 0 : file->size()));
  };
  a.At(Ms(1), [](Toy&, Env& env, Effects& out) { out.Append(env.Open("log"), MakePayload(Word{"x"})); });
  world.AddFault("f", Restart{kA, Ms(5)}, Ms(10));
  EXPECT_EQ(world.Run(Seconds(1)),
            Lines({"0ns a start", "0ns a 1 with 0", "10ms a crash", "15ms a start", "15ms a 2 with 1"}));
}

TEST(CrashLoop, SomeTimesInAll) {
  ToyWorld world;
  world.Add("a");
  world.AddFault("f", CrashLoop{kA, 2, Ms(3), Ms(10)}, Ms(10), Ms(500));
  EXPECT_EQ(world.Run(Seconds(1)),
            Lines({"0ns a start", "10ms a crash", "20ms a start", "23ms a crash", "33ms a start"}));
  EXPECT_EQ(world.Effects("f"), 2);
}

TEST(SlowStart, NobodyListensMeanwhile) {
  ToyWorld world;
  AddTalk(world, 4);
  world.AddFault("f", SlowStart{kB, Distribution::Constant(Ms(15))}, Ms(5));
  world.AddFault("r", Restart{kB, Ms(5)}, Ms(15));
  EXPECT_EQ(ToyWorld::Only(OfB(world), {"start", "got"}),
            Lines({"0ns b start", "11ms b got 1", "35ms b start", "41ms b got 4"}));
}

TEST(RestartStorm, ManyAtOneInstant) {
  ToyWorld world;
  for (int i = 0; i < 8; ++i) world.Add(fmt::format("n{}", i));
  world.AddFault("f", RestartStorm{{{"*"}}, Ratio::Percent(50), Ms(5)}, Ms(10));
  const Lines crashes = ToyWorld::Only(world.Run(Seconds(1)), {"crash"});
  EXPECT_EQ(static_cast<int64_t>(crashes.size()), world.Effects("f"));
  EXPECT_GT(crashes.size(), 0u);
  EXPECT_LT(crashes.size(), 8u);
}

// The operator's question was answered by a process that stood still.
TEST(Pause, AnOperationWaitsForTheEnd) {
  ToyWorld world;
  world.Add("a").operation = [](Toy&, const Operation& operation, Env&, Effects& out) {
    out.Note("asked", std::string(operation.name));
    return true;
  };
  world.AddFault("f", Pause{kA}, Ms(5), Ms(50));
  world.AddFault("o", Operate{kA, "split", "", ""}, Ms(10));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"0ns a start", "5ms a pause", "55ms a resume", "55ms a split"}));
  EXPECT_EQ(world.Effects("o"), 1);
}

TEST(Gc, PausesComeAndGo) {
  ToyWorld world;
  world.Add("a");
  world.AddFault("f", Gc{kA, Distribution::Constant(Ms(10)), Distribution::Constant(Ms(5))}, Ms(10), Ms(32));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"0ns a start", "20ms a pause", "25ms a resume", "35ms a pause",
                                          "40ms a resume"}));
}

TEST(Zombie, IsPausedUntilASuccessorHasActed) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.boot = [](Toy& toy, Env&, Effects&) { toy.role = "leader"; };
  a.At(Ms(15), [](Toy& toy, Env&, Effects& out) { toy.Throw(2, "old", out); });
  world.Add("b").At(Ms(20), [](Toy& toy, Env&, Effects& out) { toy.Throw(2, "not yet", out); })
      .At(Ms(30), [](Toy& toy, Env&, Effects&) { toy.role = "leader"; })
      .At(Ms(40), [](Toy& toy, Env&, Effects& out) { toy.Throw(2, "new", out); });
  world.Add("c");
  world.AddFault("f", Zombie{{{"leader"}}, Ms(5)}, Ms(10), Seconds(1));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(2)), {"pause", "resume", "got"}),
            Lines({"10ms a pause", "21ms c got not yet", "41ms c got new", "45ms a resume", "46ms c got old"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

// "one(...)" was taken for a role's name when successors were looked for.
TEST(Zombie, OfARoleThatIsDrawn) {
  ToyWorld world;
  world.Add("a").boot = [](Toy& toy, Env&, Effects&) { toy.role = "leader"; };
  world.Add("b").At(Ms(40), [](Toy& toy, Env&, Effects& out) {
    toy.role = "leader";
    toy.Throw(2, "new", out);
  });
  world.Add("c");
  world.AddFault("f", Zombie{{{"one(leader)"}}}, Ms(10), Seconds(1));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(2)), {"resume"}), Lines({"40ms a resume"}));
}

TEST(Stuck, ItsMessagesAndTimersPileUpAndOthersDoNot) {
  ToyWorld world;
  AddTalk(world, 2);
  world.Add("c").At(Ms(0), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(30)); })
      .At(Ms(35), [](Toy&, Env&, Effects& out) { out.Note("x", "others run"); });
  world.AddFault("f", Stuck{{{"b", "c"}}, {"Word", "alarm"}}, Ms(5), Ms(50));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"got", "alarm", "others"}),
            Lines({"35ms c others run", "55ms b got 1", "55ms b got 2", "55ms c alarm"}));
  EXPECT_EQ(world.Effects("f"), 3);
}

// What it had kept came after what had been received meanwhile.
TEST(Stuck, ThatEndsDuringAPauseKeepsTheOrder) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    ToyWorld world({.seed = seed});
    AddTalk(world, 4);
    world.AddFault("f", Stuck{kB, {"Word"}}, Ms(5), Ms(30));
    world.AddFault("p", Pause{kB}, Ms(25), Ms(40));
    EXPECT_EQ(ToyWorld::Only(OfB(world), {"got"}),
              Lines({"65ms b got 1", "65ms b got 2", "65ms b got 3", "65ms b got 4"}));
  }
}

TEST(Ties, EventsOfOneInstantRunInADrawnOrder) {
  absl::btree_map<std::string, int> orders;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    ToyWorld world({.seed = seed});
    for (const char* name : {"a", "b", "c"}) {
      world.Add(name).At(Ms(10), [](Toy& toy, Env& env, Effects& out) { toy.Throw(3, std::string(env.name()), out); });
    }
    world.Add("d");
    world.AddFault("f", Ties{}, Ms(5), Ms(100));
    std::string order;
    for (const std::string& line : ToyWorld::Only(world.Run(Seconds(1)), {"d got"})) order += line.back();
    ++orders[order];
    EXPECT_EQ(world.Effects("f") > 0, order != "abc") << order;
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST(TimerLate, NeverEarly) {
  ToyWorld world;
  world.Add("a").At(Ms(10), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(10)); });
  world.AddFault("f", TimerLate{kA, Distribution::Constant(Ms(7))}, Ms(5), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"alarm"}), Lines({"27ms a alarm"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(LateTimer, OneOfSeveralAndItCanStillBeCancelled) {
  const auto set = [](int64_t arg) {
    return [arg](Toy&, Env&, Effects& out) { out.SetTimer({1, arg}, Ms(10)); };
  };
  ToyWorld world;
  world.Add("a").At(Ms(10), set(1)).At(Ms(20), set(2)).At(Ms(30), set(3));
  world.AddFault("f", LateTimer{kA, "alarm", 2, 1, Distribution::Constant(Ms(50))}, Ms(5), Ms(30));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"alarm"}), Lines({"20ms a alarm", "40ms a alarm", "80ms a alarm"}));
  EXPECT_EQ(world.Effects("f"), 1);

  ToyWorld cancelled;
  cancelled.Add("a").At(Ms(10), set(1)).At(Ms(40), [](Toy&, Env&, Effects& out) { out.CancelTimer({1, 1}); });
  cancelled.AddFault("f", LateTimer{kA, "alarm", 1, 1, Distribution::Constant(Ms(50))}, Ms(5));
  EXPECT_TRUE(ToyWorld::Only(cancelled.Run(Seconds(1)), {"alarm"}).empty());
  EXPECT_EQ(cancelled.Effects("f"), 1);
}

TEST(SlowCpu, WhatIsUnderWayKeepsItsTime) {
  ToyWorld world;
  AddTalk(world, 2, {.service_time = Ms(4)});
  world.AddFault("f", SlowCpu{kB, 3}, Ms(12), Ms(30));
  EXPECT_EQ(ToyWorld::Only(OfB(world), {"got"}), Lines({"15ms b got 1", "33ms b got 2"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(NoisyNeighbour, InBursts) {
  ToyWorld world;
  AddTalk(world, 3, {.service_time = Ms(1)});
  world.AddFault("f", NoisyNeighbour{kB, 5, Distribution::Constant(Ms(10)), Distribution::Constant(Ms(10))}, Ms(5),
                 Ms(100));  // 15-25, 35-45, ...
  EXPECT_EQ(ToyWorld::Only(OfB(world), {"got"}), Lines({"12ms b got 1", "26ms b got 2", "32ms b got 3"}));
}

}  // namespace
}  // namespace brokersim::sim
