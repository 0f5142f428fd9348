// The kernel against the plain reference, in one process and in rounds that take turns:
//
//   bazel-4 run -c opt //bench:kernel
//
// Prints the least time of each over all rounds, and the ratios. The run hashes of both must be equal.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/actors.h"
#include "bench/reference.h"

namespace brokersim::bench {
namespace {

constexpr uint64_t kSeed = 1;
constexpr int kRounds = 5;
constexpr sim::SimulationSettings kSettings = {.seed = kSeed, .recording = sim::RecordingLevel::kHash};

// One run: builds a world, times its loop, returns the run hash.
ReferenceRun Time(sim::Simulation simulation) {
  // The first events start the nodes.
  simulation.Run(sim::Time());
  const auto start = std::chrono::steady_clock::now();
  simulation.Run(sim::Time::Max());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return {simulation.hash(), took.count()};
}

struct Case {
  std::string name;
  double handled = 0;  // timers that fire, or messages that arrive
  std::function<ReferenceRun()> run;
};

uint64_t Marks(uint64_t handled, int nodes, int started) { return 2 * handled + nodes + started; }

std::vector<Case> Cases() {
  std::vector<Case> cases;
  // 1,000 nodes with a timer each, 10^5 with a timer each, and 1,000 with 100 each.
  const auto timers = [&](int actors, uint64_t fired) {
    const uint64_t marks = Marks(fired, actors, actors);
    const std::string size = "/" + std::to_string(actors);
    cases.push_back({"W1/reference" + size, static_cast<double>(fired),
                     [=] { return ReferenceTimers(actors, marks, kSeed); }});
    cases.push_back({"W1/kernel" + size, static_cast<double>(fired),
                     [=] { return Time(TimerWorld(actors, marks, kSettings)); }});
  };
  const auto balls = [&](int pairs, uint64_t messages) {
    const uint64_t marks = Marks(messages, 2 * pairs, pairs);
    const std::string size = "/" + std::to_string(2 * pairs);
    cases.push_back({"W2/reference" + size, static_cast<double>(messages),
                     [=] { return ReferenceBalls(pairs, marks, kSeed); }});
    cases.push_back({"W2/kernel" + size, static_cast<double>(messages),
                     [=] { return Time(BallWorld(pairs, pairs, marks, kSettings)); }});
  };
  timers(1'000, 10'000'000);
  timers(100'000, 5'000'000);
  cases.push_back({"W1/kernel/1000 of 100", 5e6,
                   [] { return Time(TimerWorld(1'000, Marks(5'000'000, 1'000, 100'000), kSettings, 100)); }});
  balls(100, 5'000'000);
  // Equal traffic: five balls among 10 nodes, and among 1,000 of which most have nothing to do.
  for (const int pairs : {5, 500}) {
    cases.push_back({"W2/five balls/" + std::to_string(2 * pairs), 2e6,
                     [=] { return Time(BallWorld(pairs, 5, Marks(2'000'000, 2 * pairs, 5), kSettings)); }});
  }
  return cases;
}

class Table : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      const double ns = run.counters.at("ns");
      const auto [at, added] = least_.emplace(run.run_name.function_name, ns);
      if (!added && ns < at->second) at->second = ns;
    }
  }
  void Finalize() override {
    std::printf("\n%-28s %10s\n", "", "ns");
    for (const auto& [name, ns] : least_) std::printf("%-28s %10.1f\n", name.c_str(), ns);
    std::printf("\n%-52s %6s %6s\n", "", "ratio", "goal");
    Ratio("W1/kernel/1000", "W1/reference/1000", 1.4);
    Ratio("W2/kernel/200", "W2/reference/200", 1.4);
    Ratio("W1/kernel/100000", "W1/kernel/1000", 2.2);
    Ratio("W1/kernel/1000 of 100", "W1/kernel/1000", 2.2);
    Ratio("W1/reference/100000", "W1/reference/1000", 0);
    Ratio("W2/five balls/1000", "W2/five balls/10", 1.3);
  }

 private:
  void Ratio(const std::string& a, const std::string& b, double goal) const {
    if (!least_.contains(a) || !least_.contains(b)) return;
    std::printf("%-52s %6.2f", (a + " : " + b).c_str(), least_.at(a) / least_.at(b));
    if (goal > 0) std::printf(" %6.2f", goal);
    std::printf("\n");
  }

  std::map<std::string, double> least_;
};

void Measure(benchmark::State& state, const Case& measured, std::map<std::string, uint64_t>* hashes) {
  for (auto _ : state) {
    const ReferenceRun run = measured.run();
    state.SetIterationTime(run.seconds);
    state.counters["ns"] = run.seconds * 1e9 / measured.handled;
    // "W1/kernel/1000" and "W1/reference/1000" are one key.
    std::string key = measured.name;
    if (const size_t at = key.find("reference"); at != key.npos) key.replace(at, 9, "kernel");
    const auto [known, added] = hashes->emplace(key, run.hash);
    if (!added && known->second != run.hash) state.SkipWithError("the run hashes differ");
  }
}

int Main(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  arguments.emplace_back("--benchmark_enable_random_interleaving=true");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  const std::vector<Case> cases = Cases();
  std::map<std::string, uint64_t> hashes;
  for (const Case& one : cases) {
    benchmark::RegisterBenchmark(one.name.c_str(), [&](benchmark::State& state) { Measure(state, one, &hashes); })
        ->UseManualTime()
        ->Iterations(1)
        ->Repetitions(kRounds);
  }
  Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
  return 0;
}

}  // namespace
}  // namespace brokersim::bench

int main(int argc, char** argv) { return brokersim::bench::Main(argc, argv); }
