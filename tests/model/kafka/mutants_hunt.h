// Hunting mutants: which scenario shows which, as what.
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

struct Hunt {
  MutantInfo info;
  std::string_view scenario;  // file in tests/model/kafka/mutants/
  std::string_view anomaly;   // names with their checkers as in Seen; any one of them counts
};
// In the order of AllMutants().
const std::vector<Hunt>& Hunts();

struct Catch {
  uint64_t seed = 0;  // 0: not caught
  std::string as;
};
constexpr uint64_t kMostSeeds = 400;
Catch Catch1(const Hunt& hunt);

// How many runs each scenario gets without a mutant.
constexpr std::pair<std::string_view, uint64_t> kCleanRuns[] = {
    {"storm", 2500}, {"groups", 1000}, {"zombie", 1000}, {"power", 1000}, {"flush", 1000},
    {"behind", 1000}, {"shrunk", 1000}, {"cut", 1000},   {"alone", 500}};

// What a run showed.
struct Seen {
  std::vector<std::pair<std::string, std::string>> anomalies;  // "lost-write (kafka)", explanation
  uint64_t acknowledged = 0;                                   // sends
  std::string internal_error;
};

// The scenario, with the mutant among the settings of its home; nullptr: without.
scenarios::ResolvedScenario Plant(std::string_view scenario, const MutantInfo* mutant);
Seen RunOnce(const scenarios::ResolvedScenario& scenario, uint64_t seed);

std::string Title(std::string_view scenario);
std::string SurveyLine(const MutantInfo& mutant, std::string_view scenario);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_TESTS_MODEL_KAFKA_MUTANTS_HUNT_H_
