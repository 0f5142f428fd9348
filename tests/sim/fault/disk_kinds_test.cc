// Faults of disks: what of a file is there afterwards, and what the process hears.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

const Selector kA{{"a"}};

void Write(Env& env, Effects& out, std::string text) {
  out.Append(env.Open("log"), MakePayload(Word{std::move(text)}));
}

// `a` appends "0".."9" to its log every 10 ms from 10 ms on; syncs after the third.
ToyScript& AddWriter(ToyWorld& world, int blocks = 5) {
  auto& a = world.Add("a");
  for (int i = 0; i < blocks; ++i) {
    a.At(Ms(10 + 10 * i), [i](Toy&, Env& env, Effects& out) {
      Write(env, out, fmt::format("{}", i));
      if (i == 2) out.Sync(env.Open("log"));
    });
  }
  return a;
}

// The log's blocks: each its text, or x if it is damaged.
std::string Log(const ToyWorld& world) {
  std::string text;
  const File* file = world.sim->disk(NodeId{0}).Find("log");
  if (file == nullptr) return "-";
  for (const Block& block : file->blocks) text += block.damaged ? "x" : block.content->As<Word>()->text;
  return text;
}

std::string LogAfter(std::vector<std::pair<FaultAction, Duration>> faults, uint64_t seed = 0) {
  ToyWorld world({.seed = seed});
  AddWriter(world);
  for (const auto& [action, at] : faults) {
    world.AddFault(fmt::format("f{}", world.faults.size()), action, at,
                   InfoOf(action).instant ? std::nullopt : std::make_optional(Ms(100)));
  }
  world.Run(Seconds(1));
  return Log(world);
}

TEST(Crash, LeavesThePageCache) { EXPECT_EQ(LogAfter({{Crash{kA}, Ms(55)}}), "01234"); }

TEST(KillPower, WhatWasSyncedSurvivesAndOfTheRestWhatIsSaid) {
  EXPECT_EQ(LogAfter({{KillPower{kA, UnsyncedFate::kLost, Ratio::Never()}, Ms(55)}}), "012");
  EXPECT_EQ(LogAfter({{KillPower{kA, UnsyncedFate::kLost, Ratio::Always()}, Ms(55)}}), "012x");
  EXPECT_EQ(LogAfter({{KillPower{kA, UnsyncedFate::kKept}, Ms(55)}}), "01234");
  absl::btree_map<std::string, int> drawn;
  for (uint64_t seed = 0; seed < 60; ++seed) ++drawn[LogAfter({{KillPower{kA}, Ms(55)}}, seed)];
  for (const char* possible : {"012", "012x", "0123", "0123x", "01234"}) EXPECT_GT(drawn[possible], 0) << possible;
  EXPECT_EQ(drawn.size(), 5u);
  drawn.clear();
  const KillPower subset{kA, UnsyncedFate::kSubset};
  for (uint64_t seed = 0; seed < 60; ++seed) ++drawn[LogAfter({{subset, Ms(55)}}, seed)];
  EXPECT_GT(drawn["012x4"], 0);
}

TEST(PowerLoss, KillsNobodyButACrashTakesThePageCacheWithIt) {
  const PowerLoss lost{kA, UnsyncedFate::kLost};
  EXPECT_EQ(LogAfter({{lost, Ms(5)}}), "01234");
  EXPECT_EQ(LogAfter({{lost, Ms(5)}, {Restart{kA, Ms(1)}, Ms(55)}}).substr(0, 3), "012");
  EXPECT_LE(LogAfter({{lost, Ms(5)}, {Restart{kA, Ms(1)}, Ms(55)}}).size(), 4u);
}

// A process that had crashed before lost its page cache without a trace in the report.
TEST(PowerLoss, OfAProcessThatIsDownAtOnceAndItCounts) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("crash", Crash{kA}, Ms(55), Ms(100));
  world.AddFault("f", PowerLoss{kA, UnsyncedFate::kLost}, Ms(60), Ms(10));
  world.Run(Seconds(1));
  EXPECT_EQ(Log(world).substr(0, 3), "012");
  EXPECT_LE(Log(world).size(), 4u);
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(PowerLoss, HasNoEffectAfterItsEnd) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("f", PowerLoss{kA, UnsyncedFate::kLost}, Ms(5), Ms(40));
  world.AddFault("crash", Crash{kA}, Ms(55), Ms(100));
  world.Run(Seconds(1));
  EXPECT_EQ(Log(world), "01234");
  EXPECT_EQ(world.Effects("f"), 0);
}

TEST(TornWrite, TheFirstLostBlockIsThereBroken) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("f", TornWrite{kA}, Ms(5), Ms(100));
  world.AddFault("power", KillPower{kA, UnsyncedFate::kLost, Ratio::Never()}, Ms(55), Ms(10));
  world.Run(Seconds(1));
  EXPECT_EQ(Log(world), "012x");
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(TornWrite, NeedsALossOfPower) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("f", TornWrite{kA}, Ms(5), Ms(100));
  world.AddFault("crash", Crash{kA}, Ms(55), Ms(10));
  world.Run(Seconds(1));
  EXPECT_EQ(Log(world), "01234");
  EXPECT_EQ(world.Effects("f"), 0);
}

TEST(LyingSync, SaysDoneAndIsNot) {
  EXPECT_EQ(LogAfter({{LyingSync{kA}, Ms(5)}, {KillPower{kA, UnsyncedFate::kLost, Ratio::Never()}, Ms(55)}}), "");
}

TEST(LostWrite, AHoleAmongItsNeighbours) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("f", LostWrite{kA, "log", Ratio::Always()}, Ms(25), Ms(10));
  world.Run(Seconds(1));
  EXPECT_EQ(Log(world), "01x34");
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(IoError, AFailingWriteChangesNothingAndEndsTheProcess) {
  ToyWorld world;
  AddWriter(world).At(Ms(30), [](Toy& toy, Env&, Effects& out) { toy.Throw(0, "never", out); });
  world.AddFault("f", IoError{kA, DiskOp::kWrite}, Ms(25), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"disk error", "exit", "got"}),
            Lines({"30ms a disk error", "30ms a exit"}));
  EXPECT_EQ(Log(world), "01");
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(IoError, WhatTheHandlerWantedAfterItIsNotDone) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.At(Ms(10), [](Toy& toy, Env& env, Effects& out) {
    toy.Throw(0, "before", out);
    Write(env, out, "1");
    toy.Throw(0, "after", out);
  });
  a.disk_error = [](Toy&, const DiskError& error, Env&, Effects& out) {
    out.Note("heard", fmt::format("heard of {}", error.error));
  };
  world.AddFault("f", IoError{kA, DiskOp::kWrite, "log"}, Ms(5), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"disk error", "exit", "got", "heard"}),
            Lines({"10ms a disk error", "10ms a heard of I/O error", "11ms a got before"}));
}

TEST(IoError, OtherFilesAndOperationsWork) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("f", IoError{kA, DiskOp::kWrite, "other"}, Ms(5));
  world.AddFault("g", IoError{kA, DiskOp::kRead}, Ms(5));
  world.Run(Seconds(1));
  EXPECT_EQ(Log(world), "01234");
  EXPECT_EQ(world.Effects("f") + world.Effects("g"), 0);
}

TEST(IoError, AFailingSyncIsHeardOfWhenItEnds) {
  ToyWorld world;
  auto& a = AddWriter(world);
  a.disk_error = [](Toy&, const DiskError& error, Env&, Effects& out) {
    out.Note("heard", error.op == DiskOp::kSync ? "sync failed" : "?");
  };
  world.AddFault("f", IoError{kA, DiskOp::kSync}, Ms(5), Ms(60));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"synced", "sync failed"}), Lines({"31ms a sync failed"}));
  EXPECT_EQ(world.sim->disk(NodeId{0}).Find("log")->synced, 0);
}

TEST(IoError, AFailingReadKeepsItFromStartingUntilTheEnd) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("f", IoError{kA, DiskOp::kRead}, Ms(5), Ms(200));
  world.AddFault("r", Restart{kA, Ms(5)}, Ms(15));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"start", "crash"}),
            Lines({"0ns a start", "15ms a crash", "205ms a start"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

// The file's name was ignored.
TEST(IoError, AReadOfAFileThatIsNotThereDoesNotFail) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("f", IoError{kA, DiskOp::kRead, "other"}, Ms(5), Ms(200));
  world.AddFault("r", Restart{kA, Ms(5)}, Ms(15));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"start"}), Lines({"0ns a start", "20ms a start"}));
}

TEST(SyncErrorOnce, TheSecondSyncSucceedsAndTheBlocksAreGoneAtAPowerLoss) {
  ToyWorld world;
  auto& a = AddWriter(world, 3);
  a.disk_error = [](Toy&, const DiskError& error, Env&, Effects& out) { out.Sync(error.file); };
  world.AddFault("f", SyncErrorOnce{kA}, Ms(5));
  world.AddFault("power", KillPower{kA, UnsyncedFate::kKept}, Ms(100), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"disk error", "synced"}),
            Lines({"31ms a disk error", "32ms a synced", "100ms a 3 unsynced blocks of log gone"}));
  EXPECT_EQ(Log(world), "xxx");
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(BitRot, BlocksThatAreStoredNow) {
  EXPECT_EQ(LogAfter({{BitRot{kA, "", Ratio::Always()}, Ms(25)}}), "xx234");
  EXPECT_EQ(LogAfter({{BitRot{kA, "other", Ratio::Always()}, Ms(25)}}), "01234");
  ToyWorld world;
  AddWriter(world, 80);
  world.AddFault("f", BitRot{kA, "", {1, 4}}, Seconds(2));
  world.Run(Seconds(3));
  const std::string log = Log(world);
  EXPECT_EQ(world.Effects("f"), std::count(log.begin(), log.end(), 'x'));
  EXPECT_GT(world.Effects("f"), 5);
  EXPECT_LT(world.Effects("f"), 50);
}

TEST(DiskFull, WritesFailDeletesWork) {
  ToyWorld world;
  auto& a = AddWriter(world);
  a.disk_error = [](Toy&, const DiskError& error, Env&, Effects& out) {
    out.Note("heard", std::string(error.error));
    out.Truncate(error.file, 1);
  };
  world.AddFault("f", DiskFull{kA}, Ms(35), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"no space"}), Lines({"40ms a no space left on device"}));
  EXPECT_EQ(Log(world), "04");
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(ReadOnly, DeletesFailToo) {
  ToyWorld world;
  auto& a = AddWriter(world);
  a.disk_error = [](Toy& toy, const DiskError& error, Env&, Effects& out) {
    if (++toy.number == 1) out.Truncate(error.file, 1);
  };
  world.AddFault("f", ReadOnly{kA}, Ms(35), Ms(10));
  world.Run(Seconds(1));
  EXPECT_EQ(Log(world), "0124");
  EXPECT_EQ(world.Effects("f"), 2);
}

TEST(SlowDisk, ASlowWriteBlocksTheProcessInIt) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.At(Ms(10), [](Toy& toy, Env& env, Effects& out) {
    Write(env, out, "1");
    toy.Throw(0, "after", out);
  });
  a.At(Ms(12), [](Toy&, Env&, Effects& out) { out.Note("act", "next"); });
  world.AddFault("f", SlowDisk{kA, DiskOp::kWrite, Distribution::Constant(Ms(20))}, Ms(5), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"got", "next"}), Lines({"30ms a next", "31ms a got after"}));
}

TEST(SlowDisk, SlowReadsMakeStartingTakeLonger) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("f", SlowDisk{kA, DiskOp::kRead, Distribution::Constant(Ms(30))}, Ms(5));
  world.AddFault("r", Restart{kA, Ms(5)}, Ms(15));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"start"}), Lines({"0ns a start", "50ms a start"}));
}

// A process that was paused in a slow write went on when the write returned, pause or not.
TEST(SlowDisk, AWriteThatReturnsDuringAPauseGoesOnAfterIt) {
  ToyWorld world;
  world.Add("a").At(Ms(10), [](Toy& toy, Env& env, Effects& out) {
    Write(env, out, "1");
    toy.Throw(0, "after", out);
  });
  world.AddFault("f", SlowDisk{kA, DiskOp::kWrite, Distribution::Constant(Ms(20))}, Ms(5));
  world.AddFault("p", Pause{kA}, Ms(15), Ms(50));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"got"}), Lines({"66ms a got after"}));
}

TEST(IoStall, SyncsCompleteAtTheEnd) {
  ToyWorld world;
  AddWriter(world);
  world.AddFault("f", IoStall{kA}, Ms(25), Ms(50));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"synced"}), Lines({"75ms a synced"}));
}

TEST(DiskDead, AnEmptyDiskTakesItsPlace) {
  ToyWorld world;
  AddWriter(world, 3).disk_error = [](Toy&, const DiskError&, Env&, Effects&) {};
  world.AddFault("f", DiskDead{kA}, Ms(25), Ms(50));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"disk error", "crash", "start"}),
            Lines({"0ns a start", "30ms a disk error", "75ms a crash", "75ms a start"}));
  EXPECT_EQ(Log(world), "");
}

}  // namespace
}  // namespace brokersim::sim
