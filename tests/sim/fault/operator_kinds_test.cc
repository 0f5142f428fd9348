// Faults that operators and clients make: what is asked of whom, and what is taken back.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

const Selector kA{{"a"}};
const Selector kAll{{"*"}};

// Notes what it is asked; "config" is applied at once unless the key is "cold". At its start it notes its settings.
void Configurable(ToyScript& script) {
  script.operation = [](Toy&, const Operation& o, Env&, Effects& out) {
    out.Note("asked", fmt::format("{}{} {}={} {} {}", o.begins ? "" : "not ", o.name, o.key, o.value, o.number,
                                  ToText(o.duration)));
    return o.key != "cold";
  };
  script.boot = [](Toy&, Env& env, Effects& out) {
    for (const auto& [key, value] : env.settings()) out.Note("setting", fmt::format("has {}={}", key, value));
  };
}

Lines Asked(ToyWorld& world) {
  return ToyWorld::Only(world.Run(Seconds(2)), {"config", "election", "reassign", "failover", "policy", "consumer",
                                                "check", "has", "crash", "start"});
}

TEST(RollingRestart, OneAfterAnother) {
  ToyWorld world;
  for (const char* name : {"a", "b"}) world.Add(name);
  world.AddFault("f", RollingRestart{kAll, Wait::kNone, Ms(10), Ms(20)}, Ms(100), Seconds(1));
  EXPECT_EQ(world.Run(Seconds(2)),
            Lines({"0ns a start", "0ns b start", "100ms a stop", "100ms a exit", "110ms a start", "130ms b stop",
                   "130ms b exit", "140ms b start"}));
  EXPECT_EQ(world.Effects("f"), 2);
}

TEST(RollingRestart, WaitsUntilEachIsHealthy) {
  ToyWorld world;
  for (const char* name : {"a", "b"}) {
    auto& node = world.Add(name);
    node.boot = [](Toy& toy, Env& env, Effects& out) {
      toy.number = env.incarnation() == 1 ? 1 : 0;
      out.SetTimer({2, 0}, Ms(200));
    };
    node.tick = [](Toy& toy, Env&, Effects&) { toy.number = 1; };
    node.healthy = [](const Toy& toy) { return toy.number == 1; };
  }
  world.AddFault("f", RollingRestart{kAll, Wait::kHealthy, Ms(10), Ms(20)}, Ms(300), Seconds(5));
  // Healthy at 510; asked at 330, 430, 530.
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"stop"}), Lines({"300ms a stop", "530ms b stop"}));
}

// One that was still busy with its shutdown when the fault ended stayed down for good.
TEST(RollingRestart, ThatEndsDuringAShutdownLeavesNobodyDown) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.stop = [](Toy&, Env&, Effects& out) { out.SetTimer({2, 0}, Ms(50)); };
  a.tick = [](Toy&, Env&, Effects& out) { out.Exit(); };
  world.AddFault("f", RollingRestart{kA, Wait::kNone, Ms(100), Ms(20)}, Ms(100), Ms(30));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"0ns a start", "100ms a stop", "150ms a exit", "150ms a start"}));
}

TEST(RollingUpgrade, NewValuesOneByOneThenTheGate) {
  ToyWorld world;
  for (const char* name : {"a", "b"}) Configurable(world.Add(name));
  world.AddFault("f", RollingUpgrade{kAll, "version", "2", "gate", "on", Ms(30)}, Ms(100), Seconds(1));
  EXPECT_EQ(Asked(world),
            Lines({"0ns a start", "0ns b start", "100ms a start", "100ms a has version=2", "110ms b start",
                   "110ms b has version=2", "130ms a config gate=on 0 0ns", "130ms b config gate=on 0 0ns"}));
  EXPECT_EQ(world.Effects("f"), 4);
}

// A node that was down anyway stayed down until the gate.
TEST(RollingUpgrade, OfANodeThatIsDownDoesNotKeepItDown) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("crash", Crash{kA}, Ms(50), Ms(100));
  world.AddFault("f", RollingUpgrade{kA, "version", "2", "", "", Seconds(1)}, Ms(100), Seconds(2));
  EXPECT_EQ(Asked(world), Lines({"0ns a start", "50ms a crash", "150ms a start", "150ms a has version=2"}));
}

TEST(ConfigChange, AtOnceAndTakenBack) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("f", ConfigChange{kA, "hot", "1"}, Ms(10), Ms(20));
  EXPECT_EQ(Asked(world), Lines({"0ns a start", "10ms a config hot=1 0 0ns", "30ms a not config hot= 0 0ns"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(ConfigChange, AtTheNextStart) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("f", ConfigChange{kA, "cold", "1"}, Ms(10));
  world.AddFault("r", Restart{kA, Ms(5)}, Ms(20));
  EXPECT_EQ(ToyWorld::Only(Asked(world), {"has"}), Lines({"25ms a has cold=1"}));
  EXPECT_EQ(world.Effects("f"), 0);
}

// The end of the first took the second's value back, and the end of the second brought the first's for good.
TEST(ConfigChange, OfOneSettingThatOverlap) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("one", ConfigChange{kA, "k", "1"}, Ms(10), Ms(20));
  world.AddFault("two", ConfigChange{kA, "k", "2"}, Ms(20), Ms(40));
  world.AddFault("r", Restart{kA, Ms(5)}, Ms(40));
  world.AddFault("s", Restart{kA, Ms(5)}, Ms(80));
  EXPECT_EQ(ToyWorld::Only(Asked(world), {"has", "start"}),
            Lines({"0ns a start", "45ms a start", "45ms a has k=2", "85ms a start"}));
}

TEST(BadRollout, ReachesAPart) {
  ToyWorld world;
  for (int i = 0; i < 8; ++i) Configurable(world.Add(fmt::format("n{}", i)));
  world.AddFault("f", BadRollout{kAll, Ratio::Percent(50), "k", "bad"}, Ms(10));
  const Lines asked = ToyWorld::Only(Asked(world), {"k=bad"});
  EXPECT_GT(asked.size(), 0u);
  EXPECT_LT(asked.size(), 8u);
  EXPECT_EQ(static_cast<int64_t>(asked.size()), world.Effects("f"));
}

TEST(UncleanElection, IsAskedForOnce) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.Add("b");
  world.AddFault("f", UncleanElection{kAll, "orders-0"}, Ms(10));
  EXPECT_EQ(Asked(world), Lines({"0ns a start", "0ns b start", "10ms a unclean_election orders-0= 0 0ns"}));
  EXPECT_EQ(world.Effects("f"), 1);  // it means nothing to b
}

TEST(Reassign, SaysWhatAndWhere) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("f", Reassign{kA, "orders-0", "2 3"}, Ms(10));
  EXPECT_EQ(Asked(world), Lines({"0ns a start", "10ms a reassign orders-0=2 3 0 0ns"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(PrematureFailover, AsksTheStandby) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("f", PrematureFailover{kA, "p"}, Ms(10));
  EXPECT_EQ(Asked(world), Lines({"0ns a start", "10ms a failover p= 0 0ns"}));
}

TEST(PrematureFailover, OfAProcessThatIsDownHasNoEffect) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("c", Crash{kA}, Ms(5), Ms(50));
  world.AddFault("f", PrematureFailover{kA, "p"}, Ms(10));
  EXPECT_EQ(ToyWorld::Only(Asked(world), {"failover"}), Lines());
  EXPECT_EQ(world.Effects("f"), 0);
}

TEST(ReplaceNode, SameIdentityEmptyDisk) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.boot = [](Toy&, Env& env, Effects& out) {
    const File* log = env.disk().Find("log");
    out.Note("log", fmt::format("has {}", log == nullptr ? -1 : log->size()));
  };
  a.At(Ms(1), [](Toy&, Env& env, Effects& out) {
    out.Append(env.Open("log"), MakePayload(Word{"x"}));
    out.Sync(env.Open("log"));
  });
  world.AddFault("f", ReplaceNode{kA, Ms(5)}, Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"has", "power", "start"}),
            Lines({"0ns a start", "0ns a has -1", "10ms a power-loss", "15ms a start", "15ms a has 0"}));
}

TEST(DuplicateId, RestartsUnderAnothersIdentityAndBack) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("f", DuplicateId{kA, "identity", "b"}, Ms(10), Ms(30));
  EXPECT_EQ(ToyWorld::Only(Asked(world), {"has", "crash", "start"}),
            Lines({"0ns a start", "10ms a crash", "10ms a start", "10ms a has identity=b", "40ms a crash",
                   "40ms a start"}));
}

TEST(LateFencing, WhatWouldFenceItIsKeptBack) {
  ToyWorld world;
  world.Add("a").boot = [](Toy& toy, Env&, Effects&) { toy.role = "leader"; };
  auto& b = world.Add("b");
  b.At(Ms(20), [](Toy& toy, Env&, Effects& out) { toy.Throw(0, "fence", out); });
  b.At(Ms(30), [](Toy& toy, Env&, Effects& out) {
    toy.role = "leader";
    toy.Throw(2, "first act", out);
  });
  b.At(Ms(35), [](Toy& toy, Env&, Effects& out) { toy.Throw(2, "second act", out); });
  world.Add("c");
  world.AddFault("f", LateFencing{{{"leader"}}, {"Word"}, Ms(50)}, Ms(10), Seconds(1));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(2)), {"got"}),
            Lines({"31ms c got first act", "36ms c got second act", "81ms a got fence"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

// ---- clients

TEST(ClientCrashAt, ComesBackAfterItsTime) {
  ToyWorld world;
  world.Add("a").At(Ms(10), [](Toy&, Env&, Effects& out) {
    out.Point("processed");
    out.Note("ack", "acked");
  });
  world.AddFault("f", ClientCrashAt{kA, "processed", 1, Ms(20)}, Ms(5), Ms(500));
  EXPECT_EQ(world.Run(Seconds(1)), Lines({"0ns a start", "10ms a crash", "30ms a start"}));
}

TEST(RetryPolicy, IsReplacedAndTakenBack) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("f", RetryPolicy{kA, Ms(5), 7, Backoff::kExponential}, Ms(10), Ms(20));
  EXPECT_EQ(Asked(world), Lines({"0ns a start", "10ms a retry_policy =exponential 7 5ms",
                                 "30ms a not retry_policy = 0 0ns"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(SlowConsumer, IsToldItsNewTimeAndThatItIsOver) {
  ToyWorld world;
  world.Add("a").operation = [](Toy& toy, const Operation& o, Env&, Effects& out) {
    Stream stream(1, "x");
    toy.number = o.begins ? o.distribution.Sample(stream).millis() : 0;
    out.Note("x", fmt::format("takes {}", toy.number));
    return true;
  };
  world.AddFault("f", SlowConsumer{kA, Distribution::Constant(Ms(7))}, Ms(10), Ms(20));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"takes"}), Lines({"10ms a takes 7", "30ms a takes 0"}));
}

TEST(RebalanceStorm, EachInTurnLeavesAndReturns) {
  ToyWorld world;
  for (const char* name : {"a", "b"}) world.Add(name);
  world.AddFault("f", RebalanceStorm{kAll, Distribution::Constant(Ms(20)), Ms(5)}, Ms(10), Ms(90));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"stop", "start"}),
            Lines({"0ns a start", "0ns b start", "30ms a stop", "35ms a start", "55ms b stop", "60ms b start",
                   "80ms a stop", "85ms a start"}));
  EXPECT_EQ(world.Effects("f"), 3);
}

TEST(DoubleProcessing, ASecondTimeWhileTheFirstRuns) {
  bool before = false;
  bool after = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    ToyWorld world({.seed = seed});
    world.Add("a").At(Ms(10), [](Toy& toy, Env&, Effects& out) { toy.Throw(1, "x", out); });
    world.Add("b", {.service_time = Ms(10)});
    world.AddFault("f", DoubleProcessing{{}}, Ms(5), Ms(100));
    const Lines got = ToyWorld::Only(world.Run(Seconds(1)), {"got"});
    ASSERT_EQ(got.size(), 2u);
    before |= got[1] == "21ms b got x";
    after |= got[0] == "21ms b got x";
    EXPECT_LE(std::stod(got[1]), 31);
    EXPECT_EQ(world.Effects("f"), 1);
  }
  EXPECT_TRUE(before);
  EXPECT_TRUE(after);
}

TEST(DoubleProcessing, NeedsAServiceTime) {
  ToyWorld world;
  world.Add("a").At(Ms(10), [](Toy& toy, Env&, Effects& out) { toy.Throw(1, "x", out); });
  world.Add("b");
  world.AddFault("f", DoubleProcessing{{}}, Ms(5), Ms(100));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"got"}), Lines({"11ms b got x"}));
  EXPECT_EQ(world.Effects("f"), 0);
}

TEST(CheckBackUnknown, SaysHowOften) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("f", CheckBackUnknown{kA, 3}, Ms(10), Ms(20));
  EXPECT_EQ(Asked(world), Lines({"0ns a start", "10ms a check_back_unknown = 3 0ns",
                                 "30ms a not check_back_unknown = 0 0ns"}));
}

TEST(Operate, AsksAnything) {
  ToyWorld world;
  Configurable(world.Add("a"));
  world.AddFault("f", Operate{kA, "config.read", "k", "v"}, Ms(10));
  EXPECT_EQ(ToyWorld::Only(Asked(world), {"config.read"}), Lines({"10ms a config.read k=v 0 0ns"}));
}

}  // namespace
}  // namespace brokersim::sim
