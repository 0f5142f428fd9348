// Faults of datacenters and zones.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

const Selector kA{{"a"}};
const Selector kX{{"dc(x)"}};
const Selector kY{{"dc(y)"}};

// Nodes a and b in datacenter x, c and d in y, e in z; everybody shouts at 10 ms.
void AddFive(ToyWorld& world) {
  for (uint32_t i = 0; i < 5; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    world.Add(name, {.datacenter = i < 2 ? "x" : i < 4 ? "y" : "z"}).At(Ms(10), [](Toy& toy, Env& env, Effects& out) {
      for (uint32_t to = 0; to < 5; ++to) {
        if (to != env.self().value) toy.Throw(to, std::string(env.name()), out);
      }
    });
  }
}

// Who does not hear whom by then, as "ab" for b not hearing a.
std::string Deaf(ToyWorld& world, Duration until = Ms(12)) {
  std::string heard;
  for (const std::string& line : ToyWorld::Only(world.Run(until), {"got"})) {
    heard += std::string(1, line.back()) + line.substr(line.find(' ') + 1, 1) + " ";
  }
  std::string deaf;
  for (const char from : std::string("abcde")) {
    for (const char to : std::string("abcde")) {
      const std::string pair = {from, to};
      if (from != to && heard.find(pair) == std::string::npos) deaf += (deaf.empty() ? "" : " ") + pair;
    }
  }
  return deaf;
}

TEST(ZonePower, AllOfItWithinTheSpread) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", ZonePower{kX, Ms(20)}, Ms(30), Ms(100));
  const Lines lines = ToyWorld::Only(world.Run(Seconds(1)), {"power", "start"});
  const Lines power = ToyWorld::Only(lines, {"power"});
  ASSERT_EQ(power.size(), 2u);
  for (const std::string& line : power) {
    EXPECT_GE(std::stod(line), 30);
    EXPECT_LE(std::stod(line), 50);
  }
  EXPECT_EQ(ToyWorld::Only(lines, {"130ms"}), Lines({"130ms a start", "130ms b start"}));
  EXPECT_EQ(world.Effects("f"), 2);
}

TEST(ZoneCut, InsideTheyTalkOn) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", ZoneCut{kX}, Ms(5), Ms(100));
  EXPECT_EQ(Deaf(world), "ac ad ae bc bd be ca cb da db ea eb");
  EXPECT_EQ(world.Effects("f"), 12);
}

TEST(DcSplit, AThirdReachesBoth) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", DcSplit{kX, kY}, Ms(5), Ms(100));
  EXPECT_EQ(Deaf(world), "ac ad bc bd ca cb da db");
}

TEST(DcSplit, AJamKeepsWhatIsInFlight) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", DcSplit{kX, kY, CutMode::kJam}, Microseconds(10'500), Ms(20));
  EXPECT_EQ(Deaf(world), "ac ad bc bd ca cb da db");
  EXPECT_EQ(world.Effects("f"), 8);
  world.sim.reset();
  EXPECT_EQ(Deaf(world, Ms(40)), "");
}

TEST(Wan, BetweenDatacentersOnly) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", Wan{5, Ratio::Never()}, Ms(5), Ms(100));
  EXPECT_EQ(Deaf(world), "ac ad ae bc bd be ca cb ce da db de ea eb ec ed");
  EXPECT_EQ(world.Effects("f"), 16);
  world.sim.reset();
  EXPECT_EQ(Deaf(world, Ms(16)), "");
  ToyWorld lossy;
  AddFive(lossy);
  lossy.AddFault("f", Wan{1, Ratio::Always()}, Ms(5), Ms(100));
  EXPECT_EQ(Deaf(lossy, Ms(500)), "ac ad ae bc bd be ca cb ce da db de ea eb ec ed");
  EXPECT_EQ(lossy.Effects("f"), 16);
}

TEST(WanFlap, OpensAndCloses) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", WanFlap{CutMode::kJam, Ms(40), {1, 2}}, Ms(5), Ms(100));
  EXPECT_EQ(Deaf(world, Ms(24)), "ac ad ae bc bd be ca cb ce da db de ea eb ec ed");
  world.sim.reset();
  EXPECT_EQ(Deaf(world, Ms(28)), "");
}

TEST(DcReboot, OneAfterAnother) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", DcReboot{kX, Ms(10), Ms(5)}, Ms(20), Ms(500));
  const Lines lines = ToyWorld::Only(world.Run(Seconds(1)), {"crash", "start"});
  EXPECT_EQ(ToyWorld::Only(lines, {"20ms a crash", "20ms b crash"}).size(), 2u);
  EXPECT_EQ(ToyWorld::Only(lines, {"30ms", "35ms"}).size(), 2u);
}

TEST(Cooling, UntilNothingIsLeft) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", Cooling{kX, Distribution::Constant(Ms(10))}, Ms(20), Ms(100));
  const Lines lines = ToyWorld::Only(world.Run(Seconds(1)), {"crash", "start"});
  EXPECT_EQ(ToyWorld::Only(lines, {"crash"}).size(), 2u);
  EXPECT_EQ(ToyWorld::Only(lines, {"20ms"}).size(), 3u);
  EXPECT_EQ(ToyWorld::Only(lines, {"30ms", "120ms"}).size(), 3u);
}

TEST(MajorityDcLost, TheOneWithMostOfTheVotersAndAllThatIsInIt) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", MajorityDcLost{{{"a", "c", "d", "e"}}}, Ms(20), Ms(50));
  const Lines lines = ToyWorld::Only(world.Run(Seconds(1)), {"power", "70ms"});
  EXPECT_EQ(lines, Lines({"20ms c power-loss", "20ms d power-loss", "70ms c start", "70ms d start"}));
  ToyWorld other;
  AddFive(other);
  other.AddFault("f", MajorityDcLost{{{"a", "c", "e"}}}, Ms(20), Ms(50));
  EXPECT_EQ(ToyWorld::Only(other.Run(Seconds(1)), {"power"}), Lines({"20ms a power-loss", "20ms b power-loss"}));
}

TEST(ControlCut, FromTheServiceNotFromEachOther) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", ControlCut{{}, {{"e"}}}, Ms(5), Ms(100));
  EXPECT_EQ(Deaf(world), "ae be ce de ea eb ec ed");
  ToyWorld some;
  AddFive(some);
  some.AddFault("f", ControlCut{kA, {{"d", "e"}}}, Ms(5), Ms(100));
  EXPECT_EQ(Deaf(some), "ad ae da ea");
}

TEST(DataCut, FromEachOtherNotFromTheService) {
  ToyWorld world;
  AddFive(world);
  world.AddFault("f", DataCut{{{"* - e"}}}, Ms(5), Ms(100));
  EXPECT_EQ(Deaf(world), "ab ac ad ba bc bd ca cb cd da db dc");
}

TEST(MirrorLag, MessagesOfTheTypeThatCrossAreLate) {
  ToyWorld world;
  AddFive(world);
  const MessageMatch words{.type = "Word", .from = kX, .count = 0};
  world.AddFault("f", MirrorLag{words, Distribution::Constant(Ms(10))}, Ms(5), Ms(50));
  EXPECT_EQ(Deaf(world), "ac ad ae bc bd be");
  EXPECT_EQ(world.Effects("f"), 6);
  world.sim.reset();
  EXPECT_EQ(Deaf(world, Ms(22)), "");
  ToyWorld other;
  AddFive(other);
  other.AddFault("f", MirrorLag{{.type = "Other", .count = 0}}, Ms(5), Ms(50));
  EXPECT_EQ(Deaf(other), "");
}

TEST(MirrorLag, WhatFollowsOnTheConnectionIsLateToo) {
  ToyWorld world;
  auto& a = world.Add("a", {.datacenter = "x"}).At(Ms(1), [](Toy& toy, Env&, Effects& out) { toy.Dial(1, out); });
  a.At(Ms(10), [](Toy& toy, Env&, Effects& out) { toy.Say("1", out); });
  a.At(Ms(20), [](Toy& toy, Env&, Effects& out) { toy.Say("2", out); });
  world.Add("b", {.datacenter = "y"});
  world.AddFault("f", MirrorLag{{.count = 0}, Distribution::Constant(Ms(30))}, Ms(5), Ms(10));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"got"}), Lines({"41ms b got 1", "41ms b got 2"}));
}

TEST(Failback, GoesOnAloneDiesAndComesBackWithItsDisk) {
  ToyWorld world;
  auto& a = world.Add("a", {.datacenter = "x"});
  a.boot = [](Toy&, Env& env, Effects& out) {
    const File* log = env.disk().Find("log");
    out.Note("log", fmt::format("has {}", log == nullptr ? 0 : log->size()));
  };
  a.At(Ms(20), [](Toy&, Env& env, Effects& out) { out.Append(env.Open("log"), MakePayload(Word{"dirty"})); });
  auto& b = world.Add("b", {.datacenter = "y"});
  b.At(Ms(15), [](Toy& toy, Env&, Effects& out) { toy.Throw(0, "far", out); });
  b.At(Ms(120), [](Toy& toy, Env&, Effects& out) { toy.Throw(0, "again", out); });
  world.Add("c", {.datacenter = "x"}).At(Ms(15), [](Toy& toy, Env&, Effects& out) { toy.Throw(0, "near", out); });
  world.AddFault("f", Failback{kA, {{"c"}}, Ms(30)}, Ms(10), Ms(100));
  EXPECT_EQ(ToyWorld::Only(world.Run(Seconds(1)), {"a got", "crash", "has"}),
            Lines({"0ns a has 0", "16ms a got near", "40ms a crash", "110ms a has 1", "121ms a got again"}));
}

}  // namespace
}  // namespace brokersim::sim
