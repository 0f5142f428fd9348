// Hashes of many runs: in order, in any other order, and in threads beside each other. They must all be the same.
#ifndef BROKERSIM_TESTS_DETERMINISM_HASH_SWEEP_H_
#define BROKERSIM_TESTS_DETERMINISM_HASH_SWEEP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "scenarios/loader.h"

namespace brokersim {

struct HashJob {
  const scenarios::ResolvedScenario* scenario = nullptr;
  uint64_t seed = 0;
};

struct HashSweep {
  bool shuffled = false;  // in an order that is drawn, but always the same
  int64_t threads = 1;    // each takes the next job that is left
};

// All scenarios of the project, as LoadScenario takes them: people's, and those that mutants are hunted with.
std::vector<std::string> AllScenarios(const std::string& home);

// The scenarios by name or file; all of the project if there are no names. Errors: of the first one that doesn't load.
absl::StatusOr<std::vector<scenarios::LoadedScenario>> LoadAll(const std::vector<std::string>& names,
                                                               const std::string& home);

// A job for each variant and each of the seeds first..first+count-1. Refers to the scenarios.
std::vector<HashJob> JobsOf(const std::vector<scenarios::LoadedScenario>& scenarios, uint64_t first, uint64_t count);

// Runs all jobs; "NAME VARIANT SEED ALL WIRE STATE" of each, the last three hashes, in the order of the jobs however
// they were run.
std::vector<std::string> RunHashes(const std::vector<HashJob>& jobs, const HashSweep& how);

}  // namespace brokersim

#endif  // BROKERSIM_TESTS_DETERMINISM_HASH_SWEEP_H_
