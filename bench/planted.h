// Runs of planted bugs with many faults: what shrinking and explaining are measured on.
#ifndef BROKERSIM_BENCH_PLANTED_H_
#define BROKERSIM_BENCH_PLANTED_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/loader.h"

namespace brokersim::bench {

inline constexpr uint64_t kSeedsSearched = 150;

struct PlantedRun {
  std::string_view place;  // the scenario's file in tests/model/kafka/mutants/
  scenarios::ResolvedScenario scenario;
  uint64_t seed = 0;
  std::string anomaly = {};  // not there without the mutant
};

// `mutant` is an index of kafka::AllMutants(). Planted in `storm`, or else in the scenario in which its test catches
// it, with many drawn faults: the first seed whose run has at least 10,000 events and 20 faults and shows an anomaly
// that the run without the mutant doesn't show. Empty: there is none among the seeds searched.
std::optional<PlantedRun> FindPlanted(size_t mutant);

}  // namespace brokersim::bench

#endif  // BROKERSIM_BENCH_PLANTED_H_
