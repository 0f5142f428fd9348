// What whole runs of scenarios cost: seeds a second, tracing, snapshots, memory over many seeds.
//
//   bazel-4 run -c opt //bench:runs [SCENARIO.textproto] [SEEDS]
//
// All on one core, in rounds that take turns; the least time of each counts. SEEDS (1,000 unless given) is for the
// last part only: how much memory the process holds after so many.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "runner/outcome.h"
#include "scenarios/loader.h"
#include "scenarios/run.h"

// tcmalloc's (MallocExtension of gperftools), declared here because its library is linked without its headers.
extern "C" int MallocExtension_GetNumericProperty(const char* property, size_t* value);

namespace brokersim::bench {
namespace {

using scenarios::ResolvedScenario;
using sim::RecordingLevel;

constexpr int kRounds = 20;

double Seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Least time of each over all rounds.
std::vector<double> Least(const std::vector<std::function<void()>>& works) {
  std::vector<double> least(works.size(), 1e9);
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < works.size(); ++i) least[i] = std::min(least[i], Seconds(works[i]));
  }
  return least;
}

void SeedsASecond(const ResolvedScenario& scenario) {
  constexpr uint64_t kSeeds = 20;
  uint64_t events = 0;
  int64_t operations = 0;
  uint64_t invalid = 0;
  const std::vector<double> least = Least({
      [&] {
        events = operations = invalid = 0;
        for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
          const runner::Outcome outcome = runner::RunAndCheck(scenario, seed, RecordingLevel::kHistory);
          events += outcome.run.events;
          operations += outcome.run.history.operations_size();
          if (runner::ExitCodeOf(outcome) != runner::kHeld) ++invalid;
        }
      },
      [&] {
        for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
          scenarios::RunScenario(scenario, seed, RecordingLevel::kHash, "");
        }
      },
      [&] {
        for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
          runner::RunAndCheck(scenario, seed, RecordingLevel::kHistory, /*stop_at_violation=*/"/var/tmp");
        }
      },
  });
  fmt::print("{} events and {} operations a seed; {} of {} seeds did not hold\n", events / kSeeds,
             operations / static_cast<int64_t>(kSeeds), invalid, kSeeds);
  fmt::print("{:<52} {:>8.0f}   goal 300\n", "seeds a second, checked", kSeeds / least[0]);
  fmt::print("{:<52} {:>8.2f}   goal 1.05\n", "checked while running : checked at the end", least[2] / least[0]);
  fmt::print("{:<52} {:>8.0f}\n", "seeds a second, run hash only", kSeeds / least[1]);
  fmt::print("{:<52} {:>8.0f}\n", "ns an event, run hash only", least[1] * 1e9 / static_cast<double>(events));
}

void Tracing(const ResolvedScenario& scenario) {
  constexpr uint64_t kSeeds = 5;
  uint64_t bytes = 0;
  const auto at = [&](RecordingLevel level) {
    return [&scenario, &bytes, level] {
      bytes = 0;
      for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        bytes += scenarios::RunScenario(scenario, seed, level, "").trace.size();
      }
    };
  };
  const std::vector<double> least =
      Least({at(RecordingLevel::kHash), at(RecordingLevel::kHistory), at(RecordingLevel::kTrace)});
  fmt::print("{:<52} {:>8.2f}\n", "history : run hash only", least[1] / least[0]);
  fmt::print("{:<52} {:>8.2f}   goal 1.30\n", "trace : run hash only", least[2] / least[0]);
  fmt::print("{:<52} {:>8}\n", "bytes of trace a seed", bytes / kSeeds);
}

// Bytes in use, as tcmalloc counts them.
size_t Allocated() {
  size_t bytes = 0;
  MallocExtension_GetNumericProperty("generic.current_allocated_bytes", &bytes);
  return bytes;
}

void Snapshots(const ResolvedScenario& scenario) {
  constexpr int kCopies = 20;
  sim::Simulation simulation = scenario.world->Simulate(1, RecordingLevel::kHash);
  simulation.Begin({});
  simulation.Run(sim::Time() + sim::Seconds(6));
  std::vector<sim::Simulation> copies;
  copies.reserve(kCopies);
  const size_t before = Allocated();
  for (int i = 0; i < kCopies; ++i) copies.push_back(simulation);
  const size_t bytes = (Allocated() - before) / kCopies + sizeof(simulation);
  const double mib = static_cast<double>(bytes) / 0x1p20;
  const std::vector<double> least = Least({
      [&] {
        copies.clear();
        for (int i = 0; i < kCopies; ++i) copies.push_back(simulation);
      },
      [&] {
        for (sim::Simulation& copy : copies) copy = simulation;
      },
  });
  fmt::print("{:<52} {:>8.3f}\n", "MiB of state of its own in a snapshot", mib);
  fmt::print("{:<52} {:>8.1f}\n", "us a snapshot", least[0] * 1e6 / kCopies);
  fmt::print("{:<52} {:>8.1f}   goal 100\n", "us a MiB, snapshot", least[0] * 1e6 / kCopies / mib);
  fmt::print("{:<52} {:>8.1f}   goal 100\n", "us a MiB, restoring over another state", least[1] * 1e6 / kCopies / mib);
}

// Resident memory of this process, MiB.
double Resident() {
  std::ifstream in("/proc/self/statm");
  int64_t all = 0;
  int64_t resident = 0;
  in >> all >> resident;
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / 0x1p20;
}

void Memory(const ResolvedScenario& scenario, uint64_t seeds) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    runner::RunAndCheck(scenario, seed, RecordingLevel::kHistory);
    const bool tenth = seed == seeds / 100 || seed == seeds / 10 || seed == seeds;
    if (tenth) fmt::print("{:<52} {:>8.1f}\n", fmt::format("MiB resident after {} seeds", seed), Resident());
  }
}

int Main(int argc, char** argv) {
  const std::string path = argc > 1 ? argv[1] : "bench/failover.textproto";
  const auto loaded = scenarios::LoadScenario(path, ".");
  if (!loaded.ok()) {
    fmt::print(stderr, "{}\n", std::string(loaded.status().message()));
    return 65;
  }
  const ResolvedScenario& scenario = loaded->variants.front();
  fmt::print("{} {}\n", scenario.name, scenario.variant);
  SeedsASecond(scenario);
  Tracing(scenario);
  Snapshots(scenario);
  Memory(scenario, argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000);
  return 0;
}

}  // namespace
}  // namespace brokersim::bench

int main(int argc, char** argv) { return brokersim::bench::Main(argc, argv); }
