// How long the point of no return takes.
//
//   bazel-4 build -c opt //bench:futures && bazel-bin/bench/futures
//
// 64 checkpoints with 100 futures each, twice: as the faults go on, and if no further one begins. One core;
// seconds are the CPU's, so that other work on the machine doesn't count.
#include "runner/futures.h"

#include <fmt/format.h>

#include <ctime>
#include <string>
#include <vector>

#include "runner/rerun.h"
#include "scenarios/loader.h"

namespace brokersim::bench {
namespace {

struct Given {
  const char* scenario;
  const char* variant;
  uint64_t seed;
  const char* type;
};

constexpr Given kGiven[] = {
    {"kafka/unclean_leader_election", "buggy", 1, "lost-write"},
    {"kafka/acks_one", "buggy", 1, "lost-write"},
    {"kafka/hanging_transaction", "buggy", 1, "unavailable"},
    {"kafka/swarm", "buggy", 3, "lost-write"},
    {"kafka/swarm", "buggy", 34, "lost-write"},
    {"kafka/transactions_swarm", "version_0", 64, "unavailable"},
};

int Main() {
  fmt::print("{:<32} {:>4} {:>7} {:>8} {:>11} {:>7} {:>11} {:>10}\n", "scenario", "seed", "events", "futures",
             "their events", "s", "futures / s", "s for 6400");
  for (const Given& given : kGiven) {
    const auto loaded = scenarios::LoadScenario(given.scenario, ".");
    const auto scenario = loaded.ok() ? loaded->Variant(given.variant) : loaded.status();
    if (!scenario.ok()) {
      fmt::print(stderr, "{}\n", std::string(scenario.status().message()));
      return 65;
    }
    const runner::Outcome run = runner::RunAndCheck(*scenario, given.seed, sim::RecordingLevel::kHistory);
    const std::clock_t start = std::clock();
    const auto point = runner::FindPointOfNoReturn(*scenario, given.seed, given.type, run.run.end, {});
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (!point.ok()) return 70;
    const double rate = static_cast<double>(point->run) / seconds;
    fmt::print("{:<32} {:>4} {:>7} {:>8} {:>11} {:>8.2f} {:>11.0f} {:>10.2f}\n", given.scenario, given.seed,
               run.run.events, point->run, point->events, seconds, rate, 6400 / rate);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace brokersim::bench

int main() { return brokersim::bench::Main(); }
