// Whether a variant shows what its scenario says that it shows.
#ifndef BROKERSIM_RUNNER_EXPECTATION_H_
#define BROKERSIM_RUNNER_EXPECTATION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runner/coverage.h"
#include "runner/outcome.h"

namespace brokersim::runner {

struct ExpectationReport {
  bool met = false;
  uint64_t seeds = 0;      // that were run
  uint64_t valid = 0;
  uint64_t invalid = 0;
  uint64_t unknown = 0;
  // Of each type of anomaly: in how many runs, and the first seed.
  struct Seen {
    uint64_t runs = 0;
    uint64_t first_seed = 0;
  };
  std::map<std::string, Seen> anomalies;
  // Why it isn't met, a sentence each, with the command that shows it.
  std::vector<std::string> problems;
  uint64_t events = 0;
  Coverage coverage;
};

// Runs seeds 1 to scenario.expect.seeds, or fewer if `seeds` is given. `progress` hears of each finished seed
// and returns whether to go on; stopped early, the expectation counts as not met.
ExpectationReport CheckExpectation(const scenarios::ResolvedScenario& scenario, uint64_t seeds,
                                   const std::function<bool(uint64_t done, uint64_t of)>& progress);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_EXPECTATION_H_
