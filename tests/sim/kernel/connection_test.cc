// Connections as TCP has them: in order, refused, reset, half-open, repeated after a cut, closed after what was sent.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

// `a` dials `b` at 1 ms and says "x" at once: b hears it at 4 ms (request, answer, word).
ToyScript& AddCaller(ToyWorld& world) {
  return world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) {
    toy.Dial(1, out);
    toy.Say("x", out);
  });
}

ToyScript::Act Say(std::string text) {
  return [=](Toy& toy, Env&, Effects& out) { toy.Say(text, out); };
}

TEST(Connection, WhatIsSentBeforeItIsOpenArrivesAfter) {
  ToyWorld world;
  AddCaller(world);
  world.Add("b").Echo();
  EXPECT_EQ(world.Run(Ms(100)), Lines({"0ns a start", "0ns b start", "3ms a open", "4ms b got x", "5ms a got x"}));
}

TEST(Connection, KeepsOrderWhateverTheLatencyAndHoweverTiesFall) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    ToyWorld direct({.seed = seed, .permute_ties = true});
    direct.link.latency = Distribution::Uniform(Duration(), Ms(seed % 2 == 0 ? 20 : 0));
    auto& a = direct.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
    a.connected = [](Toy& toy, ConnId, Env&, Effects& out) {
      for (char c = 'a'; c <= 'z'; ++c) toy.Say(std::string(1, c), out);
      out.Close(toy.conn);
    };
    direct.Add("b");
    std::string heard;
    for (const std::string& line : ToyWorld::Only(direct.Run(Ms(500)), {"b got", "b lost"})) heard += line.back();
    EXPECT_EQ(heard, "abcdefghijklmnopqrstuvwxyzt") << seed;  // the last is of "lost: reset"
  }
}

TEST(Connection, IsRefusedWhereNoProcessRuns) {
  ToyWorld world;
  AddCaller(world);
  world.Add("b");
  world.AddFault("f", Crash{{{"b"}}}, Microseconds(500));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"a lost", "got"}), Lines({"3ms a lost: refused"}));
}

TEST(Connection, TimesOutWhereAHostIsSilent) {
  ToyWorld world;
  AddCaller(world);
  world.Add("b");
  world.AddFault("f", KillPower{{{"b"}}}, Duration());
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(20)), {"a lost"}), Lines({"10.001s a lost: connect timeout"}));
}

TEST(Connection, ACrashResetsThePeerAndLosesWhatIsOnItsWay) {
  ToyWorld world;
  AddCaller(world).At(Microseconds(9'500), Say("late"));
  world.Add("b");
  world.AddFault("f", Crash{{{"b"}}}, Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"got", "lost", "drop"}),
            Lines({"4ms b got x", "10.5ms b drop late: nobody holds this end of the connection",
                   "11ms a lost: reset"}));
}

TEST(Connection, WhatACrashedProcessHadSentStillArrivesBeforeTheReset) {
  ToyWorld world;
  AddCaller(world).At(Microseconds(9'500), Say("last"));
  world.Add("b");
  world.AddFault("f", Crash{{{"a"}}}, Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"b got", "b lost"}),
            Lines({"4ms b got x", "10.5ms b got last", "11ms b lost: reset"}));
}

TEST(Connection, AnExitEndsConnectionsAsACloseDoes) {
  ToyWorld world;
  AddCaller(world).At(Ms(10), [](Toy& toy, Env&, Effects& out) {
    toy.Say("bye", out);
    out.Exit();
    toy.Say("never", out);
  });
  world.Add("b");
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"b got", "b lost"}),
            Lines({"4ms b got x", "11ms b got bye", "11ms b lost: reset"}));
}

TEST(Connection, IsHalfOpenAfterAPowerLossUntilTheHostIsBack) {
  ToyWorld world;
  AddCaller(world).At(Ms(20), Say("y"));
  world.Add("b");
  world.AddFault("f", KillPower{{{"b"}}}, Ms(10), Ms(490));
  const Lines lines = ToyWorld::Only(world.Run(Seconds(5)), {"got", "lost:", " hold "});
  EXPECT_EQ(lines, Lines({"4ms b got x", "20ms b hold y", "501ms a lost: reset"}));
}

TEST(Connection, BothEndsAreToldWhenNothingGetsThroughForTooLong) {
  ToyWorld world;
  AddCaller(world).At(Ms(20), Say("y"));
  world.Add("b");
  world.AddFault("f", Partition{{{{"a"}}, {{"b"}}}}, Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(100)), {"lost", "drop"}),
            Lines({"60.02s b lost: timeout", "60.02s b drop y: the connection is gone",
                   "60.02s a lost: timeout"}));
}

TEST(Connection, ARestartedHostResetsTheConnectionsOfItsFormerProcess) {
  ToyWorld world;
  AddCaller(world);
  world.Add("b");
  // The reset of the crash is kept by the cut; the restarted process knows nothing of it.
  world.AddFault("cut", Partition{{{{"a"}}, {{"b"}}}}, Ms(9), Ms(41));
  world.AddFault("f", Crash{{{"b"}}}, Ms(10), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"lost", "start"}),
            Lines({"0ns a start", "0ns b start", "20ms b start", "51ms a lost: reset"}));
}

TEST(Connection, AFreshProcessIsNotToldOfFormerConnections) {
  ToyWorld world;
  AddCaller(world);
  world.Add("b");
  world.AddFault("a dies", Crash{{{"a"}}}, Ms(10), Microseconds(200));
  world.AddFault("b dies", Crash{{{"b"}}}, Ms(10), Microseconds(200));
  EXPECT_TRUE(ToyWorld::Only(world.Run(Ms(100)), {"lost"}).empty());
}

TEST(Connection, ACrashWhileTheRequestIsOnItsWay) {
  ToyWorld world;
  AddCaller(world);
  world.Add("b");
  world.AddFault("f", Crash{{{"b"}}}, Microseconds(1'500), Microseconds(200));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"lost", "open", "got"}), Lines({"3ms a open", "4ms b got x"}));
}

TEST(Connection, ACrashWhileTheAnswerIsOnItsWay) {
  ToyWorld world;
  AddCaller(world);
  world.Add("b");
  world.AddFault("f", Crash{{{"b"}}}, Microseconds(2'500));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"lost", "open", "got"}),
            Lines({"3ms a open", "3.5ms a lost: reset"}));
}

TEST(Connection, TheOpenersCrashWhileTheAnswerIsOnItsWay) {
  ToyWorld world;
  AddCaller(world);
  world.Add("b");
  world.AddFault("f", Crash{{{"a"}}}, Microseconds(2'500), Ms(1));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"lost", "open", "got"}), Lines({"3.5ms b lost: reset"}));
}

TEST(Close, TellsThePeerAfterWhatWasSentAndHearsNoMore) {
  ToyWorld world;
  AddCaller(world).At(Ms(10), [](Toy& toy, Env&, Effects& out) {
    toy.Say("y", out);
    out.Close(toy.conn);
    toy.Say("unheard", out);
  });
  world.Add("b").Echo();
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"got", "lost", "drop"}),
            Lines({"4ms b got x", "5ms a got x", "10ms b drop unheard: the connection is closed",
                   "11ms b got y", "11ms b lost: reset",
                   "12ms a drop y: nobody holds this end of the connection"}));
}

// A close gave up what a jam or a held message kept back, and its own end was lost in a cut.
TEST(Close, WaitsForWhatCannotPassYet) {
  for (const CutMode mode : {CutMode::kCut, CutMode::kJam}) {
    ToyWorld world;
    AddCaller(world).At(Ms(20), [](Toy& toy, Env&, Effects& out) {
      toy.Say("y", out);
      out.Close(toy.conn);
    });
    world.Add("b");
    world.AddFault("f", Partition{{{{"a"}}, {{"b"}}}, mode}, Ms(10), Ms(90));
    const Lines lines = ToyWorld::Only(world.Run(Seconds(1)), {"b got", "b lost"});
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_NE(lines[1].find("b got y"), std::string::npos);
    EXPECT_NE(lines[2].find("b lost: reset"), std::string::npos);
  }
}

// Messages of a connection that waited in the inbox were still handled after the process had closed it.
TEST(Close, DiscardsWhatWaitsInTheInbox) {
  ToyWorld world;
  AddCaller(world).At(Ms(2), Say("y")).At(Ms(2), Say("z"));
  world.Add("b", {.service_time = Ms(10)})
      .OnWord([](Toy&, const Received& message, const std::string&, Env&, Effects& out) { out.Close(message.conn); });
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"b got", "a lost"}), Lines({"14ms b got x", "15ms a lost: reset"}));
}

TEST(Datagrams, ArriveOrNotAndNobodyIsTold) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Throw(1, "x", out); })
      .At(Ms(10), [](Toy& toy, Env&, Effects& out) { toy.Throw(1, "y", out); });
  world.Add("b");
  world.AddFault("f", Crash{{{"b"}}}, Ms(5));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"got", "drop", "lost"}),
            Lines({"2ms b got x", "11ms b drop y: nobody is listening"}));
}

TEST(Bandwidth, MessagesQueueBehindEachOther) {
  ToyWorld world;
  world.link.bandwidth = 4'000;  // bytes a second; a word of 22 characters is 40 bytes: 10 ms
  world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) {
    for (int i = 0; i < 3; ++i) toy.Throw(1, std::string(22, static_cast<char>('a' + i)), out);
  });
  world.Add("b");
  const Lines lines = ToyWorld::Only(world.Run(Ms(100)), {"got"});
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].substr(0, 5), "12ms ");
  EXPECT_EQ(lines[1].substr(0, 5), "22ms ");
  EXPECT_EQ(lines[2].substr(0, 5), "32ms ");
}

// Packets that found their host without power came back in reverse order.
TEST(PowerLoss, WhatWasInFlightKeepsItsOrder) {
  ToyWorld world({.connection_timeout = Seconds(60)});
  AddCaller(world).At(Ms(10), [](Toy& toy, Env&, Effects& out) {
    for (const char* word : {"1", "2", "3"}) toy.Say(word, out);
  });
  world.Add("b");
  world.AddFault("f", KillPower{{{"b"}}}, Microseconds(10'500), Ms(100));
  const Lines lines = ToyWorld::Only(world.Run(Seconds(1)), {"drop"});
  std::string order;
  for (const std::string& line : lines) order += line[line.find("drop ") + 5];
  EXPECT_EQ(order, "123");
}

}  // namespace
}  // namespace brokersim::sim
