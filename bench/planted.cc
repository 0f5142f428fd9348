#include "bench/planted.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "runner/rerun.h"
#include "tests/model/kafka/mutants_hunt.h"

namespace brokersim::bench {
namespace {

constexpr int64_t kDrawnFaults = 30;
constexpr int kLeastFaults = 20;
constexpr uint64_t kLeastEvents = 10'000;

// The scenario with storm's swarm, and more of it.
scenarios::ResolvedScenario Stormy(std::string_view name, const kafka::MutantInfo* mutant) {
  const scenarios::ResolvedScenario planted = kafka::Plant(name, mutant);
  scenarios::Scenario scenario;
  scenario.set_name(std::string(name));
  *scenario.mutable_setup() = planted.setup;
  if (!planted.setup.has_swarm()) {
    scenarios::Swarm* swarm = scenario.mutable_setup()->mutable_swarm();
    *swarm = kafka::Plant("storm", nullptr).setup.swarm();
    // What storm names besides may not be there.
    swarm->clear_node();
  }
  scenario.mutable_setup()->mutable_swarm()->set_faults(kDrawnFaults);
  scenario.add_variant()->set_name("planted");
  absl::StatusOr<scenarios::ResolvedScenario> resolved = runner::Resolved(scenario);
  if (!resolved.ok()) {
    fmt::print(stderr, "{}: {}\n", name, std::string(resolved.status().message()));
    std::exit(65);
  }
  return *std::move(resolved);
}

std::vector<std::string> TypesOf(const scenarios::ResolvedScenario& scenario, uint64_t seed, runner::Outcome* outcome) {
  *outcome = runner::RunAndCheck(scenario, seed, sim::RecordingLevel::kHistory);
  if (!outcome->run.internal_error.empty()) return {};
  return runner::AnomalyTypes(outcome->verdict);
}

// A seed to begin with, and the anomaly; 0: none.
uint64_t Find(const scenarios::ResolvedScenario& with, const scenarios::ResolvedScenario& without,
              std::string* anomaly) {
  for (uint64_t seed = 1; seed <= kSeedsSearched; ++seed) {
    runner::Outcome outcome;
    const std::vector<std::string> types = TypesOf(with, seed, &outcome);
    if (types.empty() || outcome.run.events < kLeastEvents || outcome.run.faults.size() < kLeastFaults) continue;
    runner::Outcome clean;
    const std::vector<std::string> others = TypesOf(without, seed, &clean);
    *anomaly = types.front();
    if (std::find(others.begin(), others.end(), *anomaly) == others.end()) return seed;
  }
  return 0;
}

}  // namespace

std::optional<PlantedRun> FindPlanted(size_t mutant) {
  const kafka::MutantInfo& info = kafka::AllMutants()[mutant];
  for (const std::string_view place : {std::string_view("storm"), kafka::Places()[mutant].scenario}) {
    PlantedRun run{place, Stormy(place, &info)};
    run.seed = Find(run.scenario, Stormy(place, nullptr), &run.anomaly);
    if (run.seed != 0) return run;
  }
  return std::nullopt;
}

}  // namespace brokersim::bench
