// Shard: the part of a sweep that is one machine's.
#ifndef BROKERSIM_RUNNER_SHARD_H_
#define BROKERSIM_RUNNER_SHARD_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace brokersim::runner {

// Every `count`th seed, beginning with the `index`th (from 0).
struct Shard {
  uint64_t index = 0;
  uint64_t count = 1;
  std::string source;  // what says so, e.g. "SLURM_ARRAY_TASK_ID"
};

// "2/8", counted from 1. Errors: kInvalidArgument.
absl::StatusOr<Shard> ParseShard(std::string_view text);

// Where a job scheduler says which part is ours:
//   Slurm arrays             SLURM_ARRAY_TASK_ID, _MIN, _MAX and _STEP
//   Kubernetes indexed jobs  JOB_COMPLETION_INDEX, and BROKERSIM_SHARD_COUNT, which the job's author sets to the number
//   of
//                            completions, as Kubernetes doesn't say it
//   Bazel's test shards      TEST_SHARD_INDEX, TEST_TOTAL_SHARDS
// Empty if none of them does. Errors: kInvalidArgument if one says half of it. `variable` gives null for what isn't
// set.
absl::StatusOr<std::optional<Shard>> ShardOfEnvironment(const std::function<const char*(const char*)>& variable);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_SHARD_H_
