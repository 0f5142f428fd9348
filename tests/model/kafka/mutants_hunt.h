// Hunting mutants: which scenario and seed shows which, as what.
#ifndef BROKERSIM_TESTS_MODEL_KAFKA_MUTANTS_HUNT_H_
#define BROKERSIM_TESTS_MODEL_KAFKA_MUTANTS_HUNT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/kafka/mutants.h"
#include "scenarios/loader.h"

namespace brokersim::kafka {

// Where a mutant is caught.
struct Place {
  std::string_view mutant;
  std::string_view scenario;  // file in tests/model/kafka/mutants/
  uint64_t seed = 0;
  std::string_view as;  // as in Seen
};
// In the order of AllMutants().
const std::vector<Place>& Places();

// How many runs each scenario gets without a mutant: ten thousand in all.
const std::vector<std::pair<std::string_view, uint64_t>>& CleanRuns();

// What a run showed.
struct Seen {
  // What told, and its explanation: the name of an anomaly, "invariant" or "no progress".
  std::vector<std::pair<std::string, std::string>> anomalies;
  bool valid = false;         // everything was decided
  uint64_t acknowledged = 0;  // sends
};

// The scenario, with the mutant among the settings of its home; nullptr: without.
scenarios::ResolvedScenario Plant(std::string_view scenario, const MutantInfo* mutant);
Seen RunOnce(const scenarios::ResolvedScenario& scenario, uint64_t seed);

std::string Title(std::string_view scenario);

// For whoever adds a mutant or a scenario: what seeds 1 to `seeds` show, by anomaly: how often and first where.
std::string SurveyLine(const MutantInfo& mutant, std::string_view scenario, uint64_t seeds);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_TESTS_MODEL_KAFKA_MUTANTS_HUNT_H_
