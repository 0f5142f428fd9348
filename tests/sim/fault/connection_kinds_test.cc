// Faults of connections and names.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

const Selector kA{{"a"}};
const Selector kB{{"b"}};
const Selector kC{{"c"}};

// `a` opens a connection to `b` at 1 ms, says "1" at 10 ms, "2" at 20 ms, ...; `b` answers with the same.
ToyScript& AddAsk(ToyWorld& world, int words = 3, Duration service = Duration()) {
  auto& a = world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  for (int i = 1; i <= words; ++i) {
    a.At(Ms(10 * i), [i](Toy& toy, Env&, Effects& out) { toy.Say(fmt::format("{}", i), out); });
  }
  world.Add("b", {.service_time = service}).Echo();
  return a;
}

TEST(ResponseLost, TheRequestIsHandledAndItsAnswerIsNot) {
  ToyWorld world;
  AddAsk(world);
  world.AddFault("f", ResponseLost{{.count = 0}, Ratio::Always()}, Ms(15), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"got"}),
            Lines({"11ms b got 1", "12ms a got 1", "21ms b got 2", "31ms b got 3", "32ms a got 3"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(ResponseLost, DatagramsAreNoAnswers) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Throw(1, "x", out); });
  world.Add("b").Echo();
  world.AddFault("f", ResponseLost{{.count = 0}, Ratio::Always()}, Ms(0));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"got"}), Lines({"2ms b got x", "3ms a got x"}));
}

TEST(Reset, BothEndsSeeItNowAndWhatIsInFlightIsLost) {
  ToyWorld world;
  AddAsk(world);
  world.AddFault("f", Reset{kA, kB}, Microseconds(20'500));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"got", "lost:"}),
            Lines({"11ms b got 1", "12ms a got 1", "20.5ms b lost: reset", "20.5ms a lost: reset"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

// What waited for a busy process's CPU was handled all the same.
TEST(Reset, WhatWasReceivedAndNotReadIsLost) {
  ToyWorld world;
  auto& a = world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  a.At(Ms(10), [](Toy& toy, Env&, Effects& out) {
    toy.Say("1", out);
    toy.Say("2", out);
    toy.Throw(1, "d", out);
  });
  world.Add("b", {.service_time = Ms(20)});
  world.AddFault("f", Reset{{}, {}}, Ms(15));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"b got", "lost"}),
            Lines({"15ms a lost: reset", "31ms b got 1", "51ms b got d", "71ms b lost: reset"}));
}

TEST(Reset, SparesOthersConnections) {
  ToyWorld world;
  AddAsk(world, 2);
  world.Add("c");
  world.AddFault("f", Reset{kC, {}}, Ms(15));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"b got", "lost"}), Lines({"11ms b got 1", "21ms b got 2"}));
  EXPECT_EQ(world.Effects("f"), 0);
}

TEST(Refuse, NewOnesOnly) {
  ToyWorld world;
  AddAsk(world, 2);
  world.Add("c").At(Ms(15), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); })
      .At(Ms(40), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  world.AddFault("f", Refuse{kB}, Ms(10), Ms(20));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"b got", "c open", "c lost"}),
            Lines({"11ms b got 1", "17ms c lost: refused", "21ms b got 2", "42ms c open"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(SynBlackhole, TheRequestTimesOut) {
  ToyWorld world;
  world.Add("a").At(Ms(15), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  world.Add("b");
  world.AddFault("f", SynBlackhole{kB}, Ms(10), Ms(20));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(20)), {"a open", "a lost"}), Lines({"10.015s a lost: connect timeout"}));
}

TEST(DnsFail, FailsAtOnceAndOpenOnesLive) {
  ToyWorld world;
  AddAsk(world, 2);
  world.Add("c").At(Ms(15), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  world.AddFault("f", DnsFail{{}, kB}, Ms(10), Ms(20));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"b got", "c lost"}),
            Lines({"11ms b got 1", "15ms c lost: refused", "21ms b got 2"}));
}

TEST(Misroute, NewConnectionsReachAnother) {
  ToyWorld world;
  AddAsk(world, 1);
  world.Add("c").Echo();
  world.AddFault("f", Misroute{kA, kB, kC}, Ms(0));
  EXPECT_EQ(ToyWorld::Only(world.Run(Ms(100)), {"got"}), Lines({"11ms c got 1", "12ms a got 1"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

}  // namespace
}  // namespace brokersim::sim
