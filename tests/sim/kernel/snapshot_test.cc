// A simulation is a value: a copy in the middle of a run is a snapshot with the same future.
#include <fstream>
#include <string>

#include <unistd.h>

#include "bench/actors.h"
#include "gtest/gtest.h"
#include "runner/outcome.h"
#include "scenarios/loader.h"
#include "scenarios/run.h"

namespace brokersim::sim {
namespace {

// Stops at each of these times, copies, and goes on with the copy and the original in turns.
void ExpectEqualFutures(Simulation simulation, Duration step, int steps) {
  const Simulation start = simulation;
  std::vector<RunHashes> seen;
  for (int i = 1; i <= steps; ++i) {
    Simulation copy = simulation;
    simulation.Run(Time() + step * i);
    seen.push_back(simulation.recorder().hashes());
    copy.Run(Time() + step * i);
    EXPECT_EQ(copy.recorder().hashes(), seen.back()) << i;
    EXPECT_EQ(copy.events(), simulation.events()) << i;
    if (i % 2 == 0) simulation = copy;
  }
  // Rewound, and without a stop.
  simulation = start;
  simulation.Run(Time() + step * steps);
  EXPECT_EQ(simulation.recorder().hashes(), seen.back());
  EXPECT_GT(simulation.events(), 1'000u);
}

constexpr uint64_t kNoLimit = 1'000'000'000;

TEST(Snapshot, OfTimers) { ExpectEqualFutures(bench::TimerWorld(50, kNoLimit, {.seed = 5}), Milliseconds(3), 10); }

TEST(Snapshot, OfMessagesUnderWay) {
  ExpectEqualFutures(bench::BallWorld(20, 20, kNoLimit, {.seed = 5}), Microseconds(1'700), 20);
  const SimulationSettings permuted = {.seed = 5, .permute_ties = true};
  ExpectEqualFutures(bench::ConnectedBallWorld(20, kNoLimit, permuted), Microseconds(1'700), 20);
}

scenarios::ResolvedScenario Failover() {
  const auto loaded = scenarios::LoadScenario("bench/failover.textproto", ".");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded->variants.front();
}

TEST(Snapshot, OfACluster) {
  const scenarios::ResolvedScenario scenario = Failover();
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    Simulation simulation = scenario.world->Simulate(seed, RecordingLevel::kHistory);
    simulation.Begin({});
    ExpectEqualFutures(std::move(simulation), Milliseconds(400), 25);
  }
}

int64_t ResidentPages() {
  std::ifstream in("/proc/self/statm");
  int64_t all = 0;
  int64_t resident = 0;
  in >> all >> resident;
  return resident;
}

// Nothing of a run outlives it.
TEST(Memory, IsFlatOverManySeeds) {
  const scenarios::ResolvedScenario scenario = Failover();
  const auto run = [&](uint64_t first, uint64_t last) {
    for (uint64_t seed = first; seed <= last; ++seed) runner::RunAndCheck(scenario, seed, RecordingLevel::kHistory);
    return ResidentPages() * sysconf(_SC_PAGESIZE) / 1024;
  };
  const int64_t few = run(1, 40);
  const int64_t many = run(41, 400);
  EXPECT_LT(many - few, 4'096) << "KiB that 360 runs left behind";
}

// The past stays, and the original goes on as if there had been no copy.
TEST(Snapshot, OtherDrawsAreAnotherFuture) {
  const scenarios::ResolvedScenario scenario = Failover();
  Simulation simulation = scenario.world->Simulate(1, RecordingLevel::kHistory);
  simulation.Begin({});
  simulation.Run(Time() + Seconds(2));
  const auto end = [](Simulation future, uint64_t seed) {
    const RunHashes past = future.recorder().hashes();
    future.Reseed(seed);
    EXPECT_EQ(future.recorder().hashes(), past);
    future.Run(Time() + Seconds(10));
    return future.hash();
  };
  const uint64_t seven = end(simulation, 7);
  EXPECT_EQ(end(simulation, 7), seven);
  EXPECT_NE(end(simulation, 8), seven);
  simulation.Run(Time() + Seconds(10));
  EXPECT_NE(simulation.hash(), seven);
  Simulation undisturbed = scenario.world->Simulate(1, RecordingLevel::kHistory);
  undisturbed.Begin({});
  undisturbed.Run(Time() + Seconds(10));
  EXPECT_EQ(simulation.hash(), undisturbed.hash());
}

// Before anything has happened, other draws are another seed.
TEST(Snapshot, OtherDrawsFromTheBeginningAreAnotherSeed) {
  const scenarios::ResolvedScenario scenario = Failover();
  uint64_t hashes[2];
  for (const uint64_t seed : {1, 5}) {
    Simulation simulation = scenario.world->Simulate(seed, RecordingLevel::kHistory);
    simulation.Begin({});
    simulation.Reseed(5);
    simulation.Run(Time() + Seconds(10));
    hashes[seed == 5] = simulation.hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST(Snapshot, NoFurtherFaultBegins) {
  const scenarios::ResolvedScenario scenario = Failover();
  Simulation simulation = scenario.world->Simulate(1, RecordingLevel::kHistory);
  simulation.Begin({});
  simulation.Run(Time() + Milliseconds(2'900));
  Simulation calm = simulation;
  calm.LastFaultHasBegun();
  calm.Run(Time() + Seconds(9));
  EXPECT_FALSE(calm.fault_reports()[0].fired);
  // One that has begun goes on to its end.
  simulation.Run(Time() + Milliseconds(3'100));
  simulation.LastFaultHasBegun();
  simulation.Run(Time() + Seconds(9));
  ASSERT_TRUE(simulation.fault_reports()[0].fired);
  EXPECT_EQ(simulation.fault_reports()[0].ended, Time() + Seconds(5));
}

}  // namespace
}  // namespace brokersim::sim
