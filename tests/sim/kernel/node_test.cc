// Nodes: order of events, the CPU as a queue, timers, disks, histories, and what dies with a process.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

ToyScript::Act Throw(uint32_t to, std::string text) {
  return [=](Toy& toy, Env&, Effects& out) { toy.Throw(to, text, out); };
}

TEST(Order, EventsOfOneInstantRunInTheOrderInWhichTheyWereScheduled) {
  ToyWorld world;
  for (const char* name : {"a", "b", "c"}) world.Add(name).At(Ms(1), Throw(3, name));
  world.Add("d");
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(10)), {"got"}), Lines({"2ms d got a", "2ms d got b", "2ms d got c"}));
}

TEST(Cpu, AMessageIsHandledWhenItsServiceTimeIsOverAndOthersWait) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) {
    for (const char* word : {"x", "y", "z"}) toy.Throw(1, word, out);
  });
  world.Add("b", {.service_time = Ms(10)});
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"got"}), Lines({"12ms b got x", "22ms b got y", "32ms b got z"}));
}

TEST(Cpu, ACrashDuringServiceLosesTheMessageAndTheQueueWithoutEffect) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) {
    toy.Throw(1, "x", out);
    toy.Throw(1, "y", out);
  });
  world.Add("b", {.service_time = Ms(10)}).Echo();
  world.AddFault("f", Crash{{{"b"}}}, Ms(5), Ms(1));
  EXPECT_TRUE(ToyWorld::Only(world.Run(Ms(100)), {"got"}).empty());
}

TEST(Timers, SettingAgainMovesCancellingRemoves) {
  ToyWorld world;
  world.Add("a")
      .At(Ms(1), [](Toy&, Env&, Effects& out) {
        out.SetTimer({1, 1}, Ms(10));
        out.SetTimer({1, 2}, Ms(10));
      })
      .At(Ms(5), [](Toy&, Env&, Effects& out) {
        out.SetTimer({1, 1}, Ms(10));
        out.CancelTimer({1, 2});
        out.CancelTimer({1, 3});
      });
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"alarm"}), Lines({"15ms a alarm"}));
}

// A timer that ran out while the CPU was busy was still delivered after a handler had moved or cancelled it.
TEST(Timers, OneThatRanOutCanStillBeMovedOrCancelledUntilItIsHandled) {
  ToyWorld world;
  world.Add("a").At(Ms(0), Throw(1, "x"));
  auto& b = world.Add("b", {.service_time = Ms(10)});
  b.boot = [](Toy&, Env&, Effects& out) {
    out.SetTimer({1, 1}, Ms(5));
    out.SetTimer({1, 2}, Ms(5));
  };
  b.OnWord([](Toy&, const Received&, const std::string&, Env&, Effects& out) {
    out.CancelTimer({1, 1});
    out.SetTimer({1, 2}, Ms(30));
  });
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(200)), {"alarm"}), Lines({"51ms b alarm"}));
}

// The event of a timer that is moved on stays where it was; nobody may see that.
TEST(Timers, OneThatIsMovedOnTakesItsPlaceAmongThoseOfItsNewInstantAtOnce) {
  ToyWorld world;
  const auto alarm_at = [](int64_t ms) {
    return [=](Toy&, Env& env, Effects& out) { out.SetTimer({1, 0}, Time() + Ms(ms) - env.monotonic()); };
  };
  world.Add("a").At(Ms(1), alarm_at(10)).At(Ms(5), alarm_at(20));
  world.Add("b").At(Ms(2), alarm_at(20));
  world.Add("c").At(Ms(7), alarm_at(20));
  world.Add("d").At(Ms(3), alarm_at(10)).At(Ms(10), alarm_at(20));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"alarm"}),
            Lines({"20ms b alarm", "20ms a alarm", "20ms c alarm", "20ms d alarm"}));
}

TEST(Timers, OneThatIsMovedOnCanComeBackEndAndBeSetAgain) {
  ToyWorld world;
  const auto alarm_in = [](int64_t ms) {
    return [=](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(ms)); };
  };
  const auto no_alarm = [](Toy&, Env&, Effects& out) { out.CancelTimer({1, 0}); };
  world.Add("back").At(Ms(1), alarm_in(10)).At(Ms(2), alarm_in(50)).At(Ms(3), alarm_in(10));
  world.Add("before").At(Ms(1), alarm_in(10)).At(Ms(2), alarm_in(50)).At(Ms(3), alarm_in(1));
  world.Add("cancelled").At(Ms(1), alarm_in(10)).At(Ms(2), alarm_in(50)).At(Ms(3), no_alarm);
  world.Add("again").At(Ms(1), alarm_in(10)).At(Ms(3), no_alarm).At(Ms(5), alarm_in(30)).At(Ms(40), alarm_in(9));
  world.Add("often").At(Ms(1), alarm_in(10)).At(Ms(9), alarm_in(10)).At(Ms(18), alarm_in(10)).At(Ms(27), alarm_in(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"alarm"}),
            Lines({"4ms before alarm", "13ms back alarm", "35ms again alarm", "37ms often alarm", "49ms again alarm"}));
}

TEST(Timers, ThoseThatWereMovedOnFollowTheNodesClock) {
  ToyWorld world;
  for (const char* name : {"drifts", "jumps", "stands", "dies"}) {
    world.Add(name)
        .At(Ms(1), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(10)); })
        .At(Ms(5), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(35)); });
  }
  world.AddFault("drift", Drift{{{"drifts"}}, 1'000'000}, Ms(20), Ms(100));
  world.AddFault("jump", MonoJump{{{"jumps"}}, Ms(15)}, Ms(20), Ms(1));
  world.AddFault("pause", Pause{.nodes = {{"stands"}}, .clock_runs = false}, Ms(8), Ms(7));
  world.AddFault("crash", Crash{{{"dies"}}}, Ms(20), Ms(1));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"alarm"}),
            Lines({"25ms jumps alarm", "30ms drifts alarm", "47ms stands alarm"}));
}

TEST(Timers, DieWithTheirIncarnation) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(10)); });
  world.AddFault("f", Crash{{{"a"}}}, Ms(5), Ms(1));
  EXPECT_EQ(world.Run(Ms(100)), Lines({"0ns a start", "5ms a crash", "6ms a start"}));
}

TEST(Timers, FollowTheNodesClock) {
  ToyWorld world;
  world.Add("a").At(Ms(10), [](Toy&, Env&, Effects& out) { out.SetTimer({1, 0}, Ms(30)); });
  // From 20 ms on twice as fast: the 20 ms that are left take 10; then drift ends after the alarm.
  world.AddFault("f", Drift{{{"a"}}, 1'000'000}, Ms(20), Ms(100));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"alarm"}), Lines({"30ms a alarm"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(Disk, WhatWaitsForASyncIsSentWhenItIsDone) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy& toy, Env& env, Effects& out) {
    toy.Dial(1, out);
    const FileId log = env.Open("log");
    out.Append(log, MakePayload(Word{"record"}));
    out.SendAfter(out.Sync(log), toy.conn, MakePayload(Word{"durable"}));
    toy.Say("at once", out);
  });
  world.Add("b");
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"got", "synced"}),
            Lines({"2ms a synced", "4ms b got at once", "4ms b got durable"}));
}

TEST(Disk, WhatWaitsForASyncIsNeverSentIfTheProcessDiesBefore) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  a.At(Ms(10), [](Toy& toy, Env& env, Effects& out) {
    const FileId log = env.Open("log");
    out.Append(log, MakePayload(Word{"record"}));
    out.SendAfter(out.Sync(log), toy.conn, MakePayload(Word{"durable"}));
  });
  world.Add("b");
  world.AddFault("f", Crash{{{"a"}}}, Microseconds(10'500), Ms(1));
  EXPECT_TRUE(ToyWorld::Only(world.Run(Ms(100)), {"got", "synced"}).empty());
  EXPECT_EQ(world.sim->disk(NodeId{0}).Find("log")->size(), 1) << "the page cache outlives the process";
  EXPECT_EQ(world.sim->disk(NodeId{0}).Find("log")->synced, 0);
}

// A sync under way when the file was replaced declared later appends durable.
TEST(Disk, ASyncFromBeforeAReplacementDoesNotCoverWhatIsAppendedAfterIt) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy&, Env& env, Effects& out) {
    const FileId file = env.Open("file");
    for (int i = 0; i < 5; ++i) out.Append(file, MakePayload(Word{"old"}));
    out.Sync(file);
    out.Replace(file, MakePayload(Word{"new"}));
    out.Append(file, MakePayload(Word{"later"}));
  });
  world.Run(Ms(100));
  EXPECT_EQ(world.sim->disk(NodeId{0}).Find("file")->size(), 2);
  EXPECT_EQ(world.sim->disk(NodeId{0}).Find("file")->synced, 1);
}

TEST(Disk, APowerLossTakesOnlyWhatWasNeverSynced) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.At(Ms(1), [](Toy&, Env& env, Effects& out) {
    const FileId log = env.Open("log");
    out.Append(log, MakePayload(Word{"one"}));
    out.Sync(log);
  });
  a.At(Ms(5), [](Toy&, Env& env, Effects& out) { out.Append(env.Open("log"), MakePayload(Word{"two"})); });
  a.boot = [](Toy&, Env& env, Effects& out) {
    out.Note("size", fmt::format("{} blocks", env.disk().file(env.Open("log")).size()));
  };
  world.AddFault("f", KillPower{{{"a"}}, UnsyncedFate::kLost}, Ms(10), Ms(5));
  EXPECT_EQ(world.Run(Ms(100)),
            Lines({"0ns a start", "0ns a 0 blocks", "2ms a synced", "10ms a power-loss",
                   "10ms a 1 unsynced block of log gone", "15ms a start", "15ms a 1 blocks"}));
}

// State changes of the handler of a finished sync were shown at the message that the sync released.
TEST(Trace, WhatASyncsHandlerChangesIsShownAtTheSync) {
  ToyWorld world;
  auto& a = world.Add("a");
  a.At(Ms(1), [](Toy& toy, Env& env, Effects& out) {
    toy.Dial(1, out);
    out.SendAfter(out.Sync(env.Open("log")), toy.conn, MakePayload(Word{"durable"}));
  });
  a.synced = [](Toy& toy, SyncTicket, Env&, Effects&) { toy.number = 7; };
  world.Add("b");
  world.Run(Ms(100));
  int changes = 0;
  for (const formats::TraceEvent& event : world.trace().events) {
    for (const formats::StateChange& change : event.changes) {
      if (change.after != "7") continue;
      ++changes;
      EXPECT_EQ(event.kind, formats::EventKind::kDiskSynced);
    }
  }
  EXPECT_EQ(changes, 1);
}

TEST(History, AnOperationWhoseClientDiedStaysOpen) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy&, Env&, Effects& out) {
    formats::Operation done;
    done.set_f("send");
    const OpId first = out.Invoke(done);
    done.set_type(formats::Operation::OK);
    out.Complete(first, done);
    formats::Operation open;
    open.set_f("poll");
    const OpId second = out.Invoke(open);
    (void)second;
  });
  world.AddFault("f", Crash{{{"a"}}}, Ms(5), Ms(5));
  world.Run(Ms(100));
  const formats::History& history = world.sim->recorder().history();
  ASSERT_EQ(history.operations_size(), 3);
  EXPECT_EQ(history.operations(1).type(), formats::Operation::OK);
  EXPECT_EQ(history.operations(1).invocation(), 0u);
  EXPECT_EQ(history.operations(2).type(), formats::Operation::INVOKE);
  EXPECT_EQ(history.operations(2).time_ns(), 1'000'000);
}

TEST(Selectors, MeanNamesDatacentersTopologyAndWhatAProcessClaims) {
  const std::vector<std::pair<std::string, Lines>> cases = {
      {"a", {"a"}}, {"dc(east)", {"b"}}, {"role(worker)", {"b", "c"}}, {"leader(x)", {"c"}}, {"*", {"a", "b", "c"}}};
  for (const auto& [term, expected] : cases) {
    ToyWorld world;
    world.Add("a");
    world.Add("b", {.role = "worker", .datacenter = "east"});
    world.Add("c", {.role = "worker"}).boot = [](Toy& toy, Env&, Effects&) { toy.role = "leader(x)"; };
    world.AddFault("f", Crash{{{term}}}, Ms(5));
    Lines crashed;
    for (const std::string& line : ToyWorld::Only(world.Run(Ms(10)), {"crash"})) crashed.push_back(line.substr(4, 1));
    EXPECT_EQ(crashed, expected) << term;
    EXPECT_EQ(world.Effects("f"), static_cast<int64_t>(expected.size()));
  }
}

}  // namespace
}  // namespace brokersim::sim
