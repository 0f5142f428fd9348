// Faults of links and messages: exactly what happens to what is in flight, to what is sent meanwhile, and at the end.
#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

const Selector kA{{"a"}};
const Selector kB{{"b"}};
const Selector kC{{"c"}};

// `a` throws "d1", "d2", ... to `b` every 10 ms from 10 ms on and says "1", "2", ... on a connection with them.
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

// Throws one word to each of the others at that time.
void Shout(ToyScript& script, Duration when, uint32_t nodes) {
  script.At(when, [nodes](Toy& toy, Env& env, Effects& out) {
    for (uint32_t to = 0; to < nodes; ++to) {
      if (to != env.self().value) toy.Throw(to, std::string(env.name()), out);
    }
  });
}

Lines Got(ToyWorld& world, Duration until = Seconds(2)) { return ToyWorld::Only(world.Run(until), {"got"}); }

// Nodes a, b, c, ... that all shout at 10 ms; who hears whom, as "ab" for b hearing a.
std::string WhoHearsWhom(ToyWorld& world, uint32_t nodes) {
  for (uint32_t i = 0; i < nodes; ++i) {
    Shout(world.Add(std::string(1, static_cast<char>('a' + i))), Ms(10), nodes);
  }
  std::string pairs;
  for (const std::string& line : Got(world, Ms(15))) {
    const size_t space = line.find(' ');
    pairs += (pairs.empty() ? "" : " ") + std::string(1, line.back()) + line.substr(space + 1, 1);
  }
  return pairs;
}

TEST(Tail, TheLatencyIsReplacedNotLengthened) {
  ToyWorld world;
  AddTalk(world, 2);
  world.AddFault("f", Tail{kA, kB, Ratio::Always(), Distribution::Constant(Ms(4))}, Microseconds(10'500), Ms(15));
  EXPECT_EQ(Got(world), Lines({"11ms b got 1", "11ms b got d1", "24ms b got 2", "24ms b got d2"}));
  EXPECT_EQ(world.Effects("f"), 2);
}

TEST(Tail, HitsSomeMessagesOnlyAndOneDirection) {
  ToyWorld world;
  AddTalk(world, 40);
  world.AddFault("f", Tail{kB, kA, Ratio::Always(), Distribution::Constant(Ms(4))}, Ms(5));
  world.AddFault("g", Tail{kA, kB, {1, 4}, Distribution::Constant(Ms(4))}, Ms(5));
  Got(world);
  EXPECT_EQ(world.Effects("f"), 0);
  EXPECT_GT(world.Effects("g"), 5);
  EXPECT_LT(world.Effects("g"), 40);
}

TEST(SlowLink, MultipliesTheLatency) {
  ToyWorld world;
  AddTalk(world, 2);
  world.AddFault("f", SlowLink{kA, {}, 5}, Ms(15));
  EXPECT_EQ(Got(world), Lines({"11ms b got 1", "11ms b got d1", "25ms b got 2", "25ms b got d2"}));
}

TEST(LateDuplicate, OneMoreCopyOfEachKindOfMessageLongAfter) {
  ToyWorld world;
  AddTalk(world, 1);
  world.AddFault("f", LateDuplicate{{.count = 0}, Ratio::Always(), Distribution::Constant(Ms(50))}, Ms(5), Ms(10));
  EXPECT_EQ(Got(world), Lines({"11ms b got 1", "11ms b got d1", "61ms b got 1", "61ms b got d1"}));
  EXPECT_EQ(world.Effects("f"), 2);
}

TEST(LateDuplicate, ADatagramReachesTheNextProcessAConnectionDoesNot) {
  ToyWorld world;
  AddTalk(world, 1);
  world.AddFault("f", LateDuplicate{{.count = 0}, Ratio::Always(), Distribution::Constant(Ms(50))}, Ms(5));
  world.AddFault("r", Restart{kB, Ms(5)}, Ms(20));
  EXPECT_EQ(Got(world), Lines({"11ms b got 1", "11ms b got d1", "61ms b got d1"}));
}

TEST(Reorder, LaterDatagramsPassAndConnectionsKeepTheirOrder) {
  bool passed = false;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    ToyWorld world({.seed = seed});
    AddTalk(world, 6);
    world.AddFault("f", Reorder{kA, kB, {1, 2}, Ms(50)}, Ms(5));
    std::string datagrams;
    std::string words;
    for (const std::string& line : Got(world)) (line.find("got d") != line.npos ? datagrams : words) += line.back();
    EXPECT_EQ(words, "123456");
    EXPECT_EQ(datagrams.size(), 6u);
    passed |= datagrams != "123456";
  }
  EXPECT_TRUE(passed);
}

TEST(BurstLoss, LosesInRunsAndConnectionsRepeat) {
  ToyWorld world;
  AddTalk(world, 60);
  world.AddFault("f", BurstLoss{kA, kB, Ratio::Percent(10), Ratio::Percent(60)}, Ms(5));
  const Lines got = Got(world, Seconds(500));
  EXPECT_LT(ToyWorld::Only(got, {"got d"}).size(), 60u);
  EXPECT_GT(world.Effects("f"), 0);
  EXPECT_EQ(got.size() - ToyWorld::Only(got, {"got d"}).size(), 60u);
}

TEST(Mtu, LargeDatagramsVanishWithoutAWord) {
  ToyWorld world;
  world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) {
    toy.Throw(1, "s", out);
    toy.Throw(1, std::string(100, 'x'), out);
  });
  world.Add("b");
  world.AddFault("f", Mtu{{}, {}, 60}, Ms(0));
  EXPECT_EQ(Got(world), Lines({"2ms b got s"}));
  EXPECT_EQ(world.Effects("f"), 1);
}

TEST(Bandwidth, MessagesQueueAndTheNewestIsDropped) {
  const auto drops = [](int64_t queue) {
    ToyWorld world;
    world.Add("a").At(Ms(1), [](Toy& toy, Env&, Effects& out) {
      for (int i = 0; i < 10; ++i) toy.Throw(1, std::string(84, static_cast<char>('0' + i)), out);
    });
    world.Add("b");
    world.AddFault("f", Bandwidth{{}, {}, 100'000, queue}, Ms(0));
    return Got(world).size();
  };
  EXPECT_EQ(drops(0), 10u);
  EXPECT_GT(drops(500), 2u);
  EXPECT_LT(drops(500), 8u);
}

// ---- cuts

TEST(OneWay, AJamKeepsWhatIsInFlight) {
  ToyWorld world;
  AddTalk(world, 2);
  world.AddFault("f", OneWay{kA, kB, CutMode::kJam}, Microseconds(10'500), Ms(30));
  const Lines got = Got(world);
  EXPECT_EQ(ToyWorld::Only(got, {"got d"}), Lines({"41.5ms b got d1", "41.5ms b got d2"}));
  EXPECT_EQ(ToyWorld::Only(got, {"got 1", "got 2"}), Lines({"41.5ms b got 1", "41.5ms b got 2"}));
  EXPECT_EQ(world.Effects("f"), 3);  // two in flight and one new; 2 waits behind 1
}

TEST(Isolate, EachFromAllOthersAndFromEachOther) {
  ToyWorld world;
  world.AddFault("f", Isolate{{{"a", "b"}}}, Ms(1), Ms(100));
  EXPECT_EQ(WhoHearsWhom(world, 4), "cd dc");
}

TEST(Isolate, KeepsWhomItIsToldTo) {
  ToyWorld world;
  world.AddFault("f", Isolate{kA, kC}, Ms(1), Ms(100));
  EXPECT_EQ(WhoHearsWhom(world, 3), "ac bc ca cb");
}

TEST(Isolate, LosesWhatIsInFlightAndEnds) {
  ToyWorld world;
  AddTalk(world, 3);
  world.AddFault("f", Isolate{kB}, Microseconds(10'500), Ms(15));
  EXPECT_EQ(ToyWorld::Only(Got(world), {"got d"}), Lines({"31ms b got d3"}));
}

TEST(Bridge, TheHalvesSeeEachOtherOnlyThroughIt) {
  ToyWorld world;
  world.AddFault("f", Bridge{kA}, Ms(1));
  const std::string pairs = WhoHearsWhom(world, 5);
  EXPECT_EQ(std::count(pairs.begin(), pairs.end(), ' ') + 1, 12);  // 8 with the bridge, 2 in each half
  for (const char* with : {"ab", "ac", "ad", "ae", "ba", "ca", "da", "ea"}) {
    EXPECT_NE(pairs.find(with), std::string::npos);
  }
}

TEST(MajorityRing, EachSeesItsOwnMajority) {
  ToyWorld world;
  world.AddFault("f", MajorityRing{{{"*"}}}, Ms(1));
  const std::string pairs = WhoHearsWhom(world, 5);
  EXPECT_EQ(std::count(pairs.begin(), pairs.end(), ' ') + 1, 10);
}

TEST(Flap, OpensAndClosesBeginningClosed) {
  ToyWorld world;
  AddTalk(world, 8);
  // Closed 14-29 and 54-69.
  world.AddFault("f", Flap{{kA}, CutMode::kCut, Ms(40), {3, 8}}, Ms(14), Ms(57));
  EXPECT_EQ(ToyWorld::Only(Got(world), {"got d"}),
            Lines({"11ms b got d1", "31ms b got d3", "41ms b got d4", "51ms b got d5", "71ms b got d7",
                   "81ms b got d8"}));
  EXPECT_GE(world.Effects("f"), 2);
}

TEST(Flap, AJamLetsGoAtEachPhasesEnd) {
  ToyWorld world;
  AddTalk(world, 4);
  world.AddFault("f", Flap{{kA}, CutMode::kJam, Ms(40), {1, 2}}, Ms(5));
  EXPECT_EQ(ToyWorld::Only(Got(world), {"got d"}),
            Lines({"26ms b got d1", "26ms b got d2", "31ms b got d3", "41ms b got d4"}));
}

TEST(Flap, OverACrash) {
  ToyWorld world;
  AddTalk(world, 8);
  world.AddFault("f", Flap{{kA}, CutMode::kCut, Ms(40), {1, 2}}, Ms(15), Ms(200));  // closed 15-35, 55-75
  world.AddFault("c", Crash{kB}, Ms(25), Ms(20));                                   // 25-45
  const Lines lines = ToyWorld::Only(world.Run(Seconds(2)), {"got d", "b crash", "b start", "a lost"});
  EXPECT_EQ(ToyWorld::Only(lines, {"got d"}), Lines({"11ms b got d1", "51ms b got d5", "81ms b got d8"}));
  EXPECT_EQ(ToyWorld::Only(lines, {"start", "crash"}), Lines({"0ns b start", "25ms b crash", "45ms b start"}));
  EXPECT_EQ(ToyWorld::Only(lines, {"a lost"}).size(), 1u);
}

TEST(Clog, KeepsOneDirectionAndLetsGoInABurst) {
  ToyWorld world;
  AddTalk(world, 3);
  world.Add("c").At(Ms(20), [](Toy& toy, Env&, Effects& out) { toy.Throw(0, "back", out); });
  world.AddFault("f", Clog{kA, {}}, Microseconds(10'500), Ms(40));
  const Lines got = Got(world);
  EXPECT_EQ(ToyWorld::Only(got, {"back"}), Lines({"21ms a got back"}));
  EXPECT_EQ(ToyWorld::Only(got, {"got d"}), Lines({"51.5ms b got d1", "51.5ms b got d2", "51.5ms b got d3"}));
  EXPECT_EQ(ToyWorld::Only(got, {"got 1", "got 2", "got 3"}),
            Lines({"51.5ms b got 1", "51.5ms b got 2", "51.5ms b got 3"}));
}

TEST(Swizzle, EverythingArrivesInTheEnd) {
  ToyWorld world;
  AddTalk(world, 5);
  world.AddFault("f", Swizzle{{{"a", "b"}}, Ms(30)}, Microseconds(15'500));
  const Lines got = Got(world);
  EXPECT_EQ(ToyWorld::Only(got, {"got d"}).size(), 5u);
  EXPECT_EQ(got.size(), 10u);
  EXPECT_GT(world.Effects("f"), 0);
}

// ---- selectors

std::vector<std::string> Meant(const std::vector<std::string>& terms) {
  ToyWorld world;
  world.Add("a", {.role = "broker", .datacenter = "x", .rack = "r1"});
  world.Add("b", {.role = "broker", .datacenter = "x", .rack = "r2"});
  world.Add("c", {.role = "client", .datacenter = "y", .rack = "r2"});
  world.AddFault("f", SlowCpu{{terms}}, Ms(1));
  world.Run(Ms(2));
  return world.sim->fault_reports().front().meant.front();
}

using Names = std::vector<std::string>;

TEST(Selectors, NameWhomTheyMean) {
  EXPECT_EQ(Meant({"*"}), Names({"a", "b", "c"}));
  EXPECT_EQ(Meant({"dc(x)"}), Names({"a", "b"}));
  EXPECT_EQ(Meant({"rack(r2)"}), Names({"b", "c"}));
  EXPECT_EQ(Meant({"role(broker)"}), Names({"a", "b"}));
  EXPECT_EQ(Meant({"client(c)"}), Names({"c"}));
  EXPECT_EQ(Meant({"c", "a"}), Names({"a", "c"}));
  EXPECT_EQ(Meant({"nobody"}), Names());
}

TEST(Selectors, SubtractFromTheLeft) {
  EXPECT_EQ(Meant({"* - b"}), Names({"a", "c"}));
  EXPECT_EQ(Meant({"dc(x) - rack(r2)"}), Names({"a"}));
  EXPECT_EQ(Meant({"* - dc(x) - rack(r2)"}), Names());
  EXPECT_EQ(Meant({"* - a - b"}), Names({"c"}));
}

TEST(Selectors, OneIsDrawn) {
  EXPECT_EQ(Meant({"one(*)"}).size(), 1u);
  EXPECT_EQ(Meant({"one(dc(y))"}), Names({"c"}));
  EXPECT_EQ(Meant({"one(rack(r2) - dc(y))"}), Names({"b"}));
  EXPECT_EQ(Meant({"one(nobody)"}), Names());
  absl::btree_map<std::string, int> drawn;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    ToyWorld world({.seed = seed});
    for (const char* name : {"a", "b", "c"}) world.Add(name);
    world.AddFault("f", SlowCpu{{{"one(*)"}}}, Ms(1));
    world.Run(Ms(2));
    ++drawn[world.sim->fault_reports().front().meant.front().front()];
  }
  EXPECT_EQ(drawn.size(), 3u);
}

}  // namespace
}  // namespace brokersim::sim
