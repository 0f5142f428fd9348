// Safe settings under whatever may happen: what was acknowledged is there in the end, once, and in order.
//
// Each seed draws which kinds of faults there are, how many, whom they hit and for how long; the stream is the test's
// own, so that the model's draws don't move.
// In the end everything heals, and every log must be readable from start to end.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "checker/check.h"
#include "gtest/gtest.h"
#include "scenarios/run.h"
#include "sim/random/stream.h"

namespace brokersim::scenarios {
namespace {

constexpr char kWorld[] = R"(
  name: "swarm"
  title: "t"
  setup {
    kafka {
      brokers: 3
      config: "min.insync.replicas=2"
      config: "unclean.leader.election.enable=false"
      config: "offsets.topic.num.partitions=1"
      config: "broker.session.timeout.ms=3000"
      config: "broker.heartbeat.interval.ms=500"
      config: "replica.lag.time.max.ms=4000"
      config: "replica.socket.timeout.ms=3000"
      config: "group.initial.rebalance.delay.ms=500"
      topic { name: "orders" partitions: 2 replication_factor: 3 }
      producer {
        name: "p1"
        topic: "orders"
        config: "acks=all"
        config: "request.timeout.ms=3000"
        interval { exponential { mean: "300ms" } }
        keys: 5
        stop: "60s"
      }
      producer {
        name: "p2"
        topic: "orders"
        config: "acks=all"
        config: "request.timeout.ms=3000"
        interval { exponential { mean: "500ms" } }
        stop: "60s"
      }
      consumer {
        name: "c1"
        topic: "orders"
        config: "group.id=shop"
        config: "auto.offset.reset=earliest"
        config: "session.timeout.ms=6000"
        config: "heartbeat.interval.ms=1000"
        commit: AFTER_PROCESSING
        effects: true
        idempotent_effects: true
      }
      consumer { name: "c2" topic: "orders" config: "auto.offset.reset=earliest" }
    }
    audit_at: "100s"
    heal_at: "62s"
    permute_ties: true
    check: "lost-write"
    check: "duplicate"
    check: "reordered"
    check: "inconsistent-offsets"
    check: "dirty-read"
    check: "skipped"
    %FAULTS%
  }
  variant { name: "safe" summary: "s" expect { seeds: 1 } }
)";

// By then every producer has written to every partition.
constexpr int64_t kQuiet = 8000;
const std::vector<std::string> kServers = {"b1", "b2", "b3", "controller"};

std::string Ms(int64_t ms) { return fmt::format("\"{}ms\"", ms); }

std::string Distribution(int64_t mean_ms) { return fmt::format("{{ exponential {{ mean: {} }} }}", Ms(mean_ms)); }

std::string PickServer(sim::Stream& random) { return kServers[random.Below(kServers.size())]; }

// Kills a process. A power loss may take what was not synced: it is safe only for one broker at a time.
std::string Kill(sim::Stream& random, bool may_lose_power) {
  const std::string node = PickServer(random);
  const std::vector<std::string> kinds = {"crash", "stop", "kill_power"};
  const std::string& kind = kinds[random.Below(may_lose_power ? 3 : 2)];
  return fmt::format("{} {{ node: \"{}\" }}", kind, kind == "stop" && node == "controller" ? "b1" : node);
}

// Anything that kills no process.
std::string Disturb(sim::Stream& random) {
  const std::string node = PickServer(random);
  const std::string other = PickServer(random);
  const int64_t mean_ms = random.Between(5, 300);
  const bool frozen = random.Chance(sim::Ratio{1, 2});
  const bool jam = random.Chance(sim::Ratio{1, 4});
  const std::string mode = jam ? "\"jam\"" : "\"cut\"";
  switch (random.Below(7)) {
    case 0:
      return fmt::format("pause {{ node: \"{}\" clock_runs: {} }}", node, !frozen);
    case 1:
      return fmt::format("partition {{ group {{ node: \"{}\" }} mode: {} }}", node, mode);
    case 2:
      return fmt::format("partition {{ group {{ node: \"{}\" node: \"{}\" node: \"p1\" }} mode: {} }}", node, other,
                         mode);
    case 3:
      return fmt::format("one_way {{ from: \"{}\" to: \"*\" mode: {} }}", node, mode);
    case 4:
      return fmt::format("delay {{ from: \"{}\" extra {} }}", node, Distribution(mean_ms));
    case 5:
      return fmt::format("loss {{ to: \"{}\" probability: \"20%\" }}", node);
    default:
      return fmt::format("slow_disk {{ node: \"{}\" extra {} }}", node, Distribution(mean_ms));
  }
}

// Some seeds have one fault at a time, with time to recover, power losses among them; others have many at once.
std::string DrawFaults(uint64_t seed) {
  sim::Stream random(seed, "swarm-test");
  const bool one_at_a_time = random.Chance(sim::Ratio{1, 2});
  const sim::Ratio kills = sim::Ratio::Percent(random.Below(101));
  const int64_t count = one_at_a_time ? 3 : random.Between(1, 20);
  const int64_t longest_ms = random.Between(200, one_at_a_time ? 7000 : 15000);
  std::string text;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin_ms = one_at_a_time ? kQuiet + 18000 * i + random.Between(0, 2000)
                                           : random.Between(kQuiet, 60000);
    const int64_t lasts_ms = random.Between(1, longest_ms);
    const bool kill = random.Chance(kills);
    const std::string action = kill ? Kill(random, one_at_a_time) : Disturb(random);
    text += fmt::format("    fault {{ id: \"f{}\" at: {} lasts: {} {} }}\n", i, Ms(begin_ms), Ms(lasts_ms), action);
  }
  return text;
}

void RunSeed(uint64_t seed) {
  std::string text = kWorld;
  const std::string faults = DrawFaults(seed);
  const std::string_view place = "%FAULTS%";
  text.replace(text.find(place), place.size(), faults);
  const auto scenario = ParseScenario(text, "scenarios/kafka/swarm.textproto");
  ASSERT_TRUE(scenario.ok()) << scenario.status() << "\n" << faults;
  const RunResult result = RunScenario(scenario->variants[0], seed, sim::RecordingLevel::kHistory, "test");
  ASSERT_EQ(result.internal_error, "") << "seed " << seed << "\n" << faults;
  const formats::Verdict verdict = checker::Check(result.history, scenario->variants[0].world->checks());
  std::string why;
  for (const std::string& reason : verdict.unknown_reasons()) why += reason + "\n";
  for (const formats::Anomaly& anomaly : verdict.anomalies()) {
    why += fmt::format("{}: {}\n", anomaly.type(), anomaly.explanation());
  }
  EXPECT_EQ(verdict.result(), formats::Verdict::VALID) << "seed " << seed << "\n" << faults << why.substr(0, 2000);
  const auto acknowledged = std::count_if(
      result.history.operations().begin(), result.history.operations().end(),
      [](const formats::Operation& op) { return op.f() == "send" && op.type() == formats::Operation::OK; });
  EXPECT_GT(acknowledged, 20) << "seed " << seed << ": hardly anything was written\n" << faults;
}

class KafkaSwarm : public testing::TestWithParam<uint64_t> {};

// Fifty seeds a test, so that failures are found side by side.
TEST_P(KafkaSwarm, NothingAcknowledgedIsLostDoubledOrReordered) {
  for (uint64_t seed = GetParam(); seed < GetParam() + 50; ++seed) RunSeed(seed);
}

INSTANTIATE_TEST_SUITE_P(Seeds, KafkaSwarm, testing::Values(1, 51, 101, 151));

}  // namespace
}  // namespace brokersim::scenarios
