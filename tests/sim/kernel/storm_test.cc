// Random faults upon random faults: whatever overlaps, the kernel's own promises hold.
//
// On one connection: what arrives is a prefix-closed order of what was sent, nothing twice, and an end is told
// at most once. After healing every node runs and new words get through.
#include <map>
#include <set>

#include "gtest/gtest.h"
#include "tests/sim/toy.h"

namespace brokersim::sim {
namespace {

constexpr Duration Ms(int64_t n) { return Milliseconds(n); }

Selector Some(Stream& stream) {
  Selector selector;
  const uint64_t members = stream.Below(7) + 1;
  for (uint32_t i = 0; i < 3; ++i) {
    if ((members >> i & 1) != 0) selector.terms.push_back(std::string(1, static_cast<char>('a' + i)));
  }
  return selector;
}

FaultAction AnyAction(Stream& stream) {
  const Selector nodes = Some(stream);
  const Selector others = Some(stream);
  const CutMode mode = stream.Chance(Ratio{1, 2}) ? CutMode::kCut : CutMode::kJam;
  const int64_t nth = stream.Between(1, 5);
  const MessageMatch match{.from = nodes, .to = others, .nth = nth, .count = stream.Between(0, 3)};
  switch (stream.Below(12)) {
    case 0: return Crash{nodes};
    case 1: return KillPower{nodes};
    case 2: return Stop{nodes};
    case 3: return Start{nodes};
    case 4: return Pause{nodes, stream.Chance(Ratio{1, 2})};
    case 5: return Partition{{nodes}, mode};
    case 6: return OneWay{nodes, others, mode};
    case 7: return Loss{nodes, others, Ratio{1, 2}};
    case 8: return HoldIf{match};
    case 9: return DelayIf{match, Distribution::Constant(Ms(30))};
    case 10: return ResetIf{match};
    default: return Drift{nodes, stream.Between(-300'000, 300'000)};
  }
}

// Every node dials the next one at its start and every 40 ms (each incarnation), and says a numbered word every 5 ms.
void AddNodes(ToyWorld& world) {
  for (uint32_t i = 0; i < 3; ++i) {
    auto& node = world.Add(std::string(1, static_cast<char>('a' + i)), {.service_time = Microseconds(300)});
    node.boot = [i](Toy& toy, Env&, Effects& out) {
      toy.Dial((i + 1) % 3, out);
      out.SetTimer({2, 0}, Ms(5));
    };
    node.tick = [i](Toy& toy, Env& env, Effects& out) {
      ++toy.number;
      if (toy.number % 8 == 0) {
        if (toy.number % 16 == 0) out.Close(toy.conn);
        toy.Dial((i + 1) % 3, out);
      }
      toy.Say(fmt::format("{}/{}/{}/{}", env.name(), env.incarnation(), toy.conn.serial(), toy.number), out);
      out.SetTimer({2, 0}, Ms(5));
    };
  }
}

class Storm : public testing::TestWithParam<int> {};

TEST_P(Storm, PromisesHold) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(fmt::format("seed {} of {}", seed, GetParam()));
    ToyWorld world({.seed = seed, .permute_ties = GetParam() == 1, .connection_timeout = Ms(400)});
    world.link.latency = Distribution::Exponential(Microseconds(100), Ms(3));
    AddNodes(world);
    Stream stream(seed, fmt::format("storm {}", GetParam()));
    for (int f = 0; f < 12; ++f) {
      FaultAction action = AnyAction(stream);
      const Duration at = Ms(stream.Between(0, 600));
      std::optional<Duration> lasts;
      if (stream.Chance(Ratio{3, 4})) lasts = Ms(stream.Between(1, 300));
      world.AddFault(fmt::format("f{}", f), std::move(action), at, lasts);
    }
    world.Build().HealAt(Time() + Ms(1'000));
    world.Run(Seconds(3));
    std::map<std::string, int> last;       // by connection
    std::set<uint64_t> delivered;
    std::map<std::string, int64_t> heard_at;
    for (const formats::TraceEvent& event : world.trace().events) {
      ASSERT_LT(event.cause, event.id);
      if (event.kind != formats::EventKind::kDeliver) continue;
      const std::string& text = event.text;
      const size_t slash = text.rfind('/');
      const std::string connection = text.substr(6, slash - 6);
      const int number = std::stoi(text.substr(slash + 1));
      ASSERT_TRUE(delivered.insert(event.message).second) << text;
      int& before = last[connection];
      ASSERT_LT(before, number) << text;
      before = number;
      heard_at[std::string(world.trace().NodeName(event.node))] = event.time_ns;
    }
    for (uint32_t i = 0; i < 3; ++i) {
      ASSERT_NE(world.sim->process(NodeId{i}), nullptr) << i;
      ASSERT_GT(heard_at[std::string(1, static_cast<char>('a' + i))], Ms(2'800).nanos()) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(InOrderAndPermuted, Storm, testing::Values(0, 1));

TEST(StormValue, ACopyInTheMiddleOfAStormRunsToTheSameEnd) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    ToyWorld world({.seed = seed});
    AddNodes(world);
    Stream stream(seed, "storm");
    for (int f = 0; f < 12; ++f) {
      FaultAction action = AnyAction(stream);
      const Duration at = Ms(stream.Between(0, 600));
      world.AddFault(fmt::format("f{}", f), std::move(action), at, Ms(stream.Between(1, 300)));
    }
    Simulation sim = world.BuildAt({.seed = seed, .recording = RecordingLevel::kHash});
    sim.HealAt(Time() + Ms(1'000));
    sim.Begin({});
    sim.Run(Time() + Ms(static_cast<int64_t>(seed) * 40));
    Simulation copy = sim;
    sim.Run(Time() + Seconds(2));
    copy.Run(Time() + Seconds(2));
    EXPECT_EQ(sim.hash(), copy.hash()) << seed;
  }
}

}  // namespace
}  // namespace brokersim::sim
