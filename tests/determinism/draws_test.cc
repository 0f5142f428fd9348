// Streams by name: what is added and does nothing moves no draw of anybody else's.
#include "runner/draws.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/sim/toy.h"

namespace brokersim {
namespace {

using runner::Draws;
using runner::DrawsOf;
using runner::Moved;
using runner::MovedDraws;

// ---- Scenarios

std::string TinyText() {
  std::ifstream in("tests/determinism/testdata/tiny.textproto");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The tiny world with `text` added before its line `place`.
Draws TinyWith(const std::string& place, const std::string& text, uint64_t seed) {
  std::string scenario = TinyText();
  scenario.insert(scenario.find(place), text);
  const std::string path = testing::TempDir() + "/tiny.textproto";
  std::ofstream(path) << scenario;
  const auto loaded = scenarios::LoadScenario(path, ".");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? DrawsOf(loaded->variants.front(), seed) : Draws();
}

// Names of the moved streams that don't contain `name`.
std::vector<std::string> Others(const std::vector<MovedDraws>& moved, const std::string& name) {
  std::vector<std::string> others;
  for (const MovedDraws& each : moved) {
    if (each.stream.find(name) == std::string::npos) others.push_back(each.stream);
  }
  return others;
}

using Names = std::vector<std::string>;

TEST(Scenario, AFaultThatNeverBeginsMovesNothing) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string fault =
        "  fault { id: \"idle\" at: \"4s\" may_be_inert: true drop_if { type: \"LeaveGroupRequest\" } }\n";
    const Draws with = TinyWith("  audit_at", fault, seed);
    EXPECT_EQ(Moved(TinyWith("", "", seed), with), std::vector<MovedDraws>()) << seed;
  }
}

// Without idempotence: a producer that has it asks for its id at once, and a broker asks the controller.
TEST(Scenario, AClientThatNeverSendsDrawsFromItsOwnStreamsOnly) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string client = "    producer { name: \"idle\" topic: \"t\" records: 1 start: \"1h\" "
                               "config: \"enable.idempotence=false\" }\n";
    const Draws with = TinyWith("    producer", client, seed);
    const auto moved = Moved(TinyWith("", "", seed), with);
    EXPECT_FALSE(moved.empty()) << "it asks for metadata";
    EXPECT_EQ(Others(moved, "idle"), Names()) << seed;
  }
}

TEST(Scenario, OfAnEndedProcessTheSumIsKnown) {
  const auto loaded = scenarios::LoadScenario("kafka/acks_one", ".");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Draws draws = DrawsOf(loaded->variants.front(), 1);
  EXPECT_EQ(draws.at("node/b2/1/*"), 1);
  EXPECT_EQ(draws.at("node/b2/2/incarnation"), 1);
}

// ---- Toys

// Two nodes that talk over a lossy link, and draw; what `add` does to the world comes on top.
template <class Add>
std::pair<Draws, uint64_t> Talk(Add add) {
  sim::ToyWorld world({.seed = 7});
  world.link.latency = sim::Distribution::Uniform(sim::Milliseconds(1), sim::Milliseconds(5));
  auto& a = world.Add("a");
  for (int i = 1; i <= 20; ++i) {
    a.At(sim::Milliseconds(10 * i), [](sim::Toy& toy, sim::Env& env, sim::Effects& out) {
      toy.Throw(1, fmt::format("{}", env.Random("words").Below(100)), out);
    });
  }
  world.Add("b").Echo();
  add(world, a);
  world.Run(sim::Seconds(1));
  Draws draws;
  for (const auto& [stream, count] : world.sim->StreamDraws()) draws.emplace(stream, count);
  return {draws, world.sim->hash()};
}

void Nothing(sim::ToyWorld&, sim::ToyScript&) {}

TEST(Toy, StreamsAreListedByName) {
  const Draws draws = Talk(Nothing).first;
  EXPECT_EQ(draws.at("node/a/1/words"), 20);
  EXPECT_GE(draws.at("net/a/b"), 20);
  EXPECT_GE(draws.at("net/b/a"), 20);
  EXPECT_EQ(draws.size(), 3);
}

TEST(Toy, AnUnusedNodeMovesNothing) {
  const auto [draws, hash] = Talk([](sim::ToyWorld& world, sim::ToyScript&) { world.Add("idle"); });
  EXPECT_EQ(draws, Talk(Nothing).first);
  EXPECT_NE(hash, Talk(Nothing).second) << "its start is an event";
}

TEST(Toy, AFaultThatNeverFiresMovesNothing) {
  const auto add = [](sim::ToyWorld& world, sim::ToyScript&) {
    world.AddFault("idle", sim::Loss{sim::Selector{{"a"}}, sim::Selector{{"b"}}, sim::Ratio::Percent(50)},
                   sim::Seconds(2));
  };
  EXPECT_EQ(Talk(add), Talk(Nothing));
}

// A note is an event, so the hash covers it; but it draws nothing.
TEST(Toy, ANoteMovesTheHashAndNoDraw) {
  const auto [draws, hash] = Talk([](sim::ToyWorld&, sim::ToyScript& a) {
    a.At(sim::Milliseconds(15), [](sim::Toy&, sim::Env&, sim::Effects& out) { out.Note("log", "a line"); });
  });
  EXPECT_EQ(draws, Talk(Nothing).first);
  EXPECT_NE(hash, Talk(Nothing).second);
}

TEST(Toy, ADrawMovesItsOwnStreamOnly) {
  const Draws draws = Talk([](sim::ToyWorld&, sim::ToyScript& a) {
    a.At(sim::Milliseconds(15), [](sim::Toy&, sim::Env& env, sim::Effects&) { env.Random("more").Next(); });
  }).first;
  const auto moved = Moved(Talk(Nothing).first, draws);
  EXPECT_EQ(moved, (std::vector<MovedDraws>{{"node/a/1/more", 0, 1}}));
  EXPECT_EQ(runner::Describe(moved), "1 draw moved, all in node/a/1/more: 0 and 1\n");
}

TEST(Describe, SaysWhatMoved) {
  EXPECT_EQ(runner::Describe({}), "no draw moved\n");
  EXPECT_EQ(runner::Describe({{"net/a/b", 5, 8}, {"node/a/1/keys", 9, 2}}),
            "10 draws moved, in 2 streams:\n"
            "  net/a/b                                         5        8  +3\n"
            "  node/a/1/keys                                   9        2  -7\n");
}

}  // namespace
}  // namespace brokersim
