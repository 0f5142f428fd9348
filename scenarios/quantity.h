// Times, durations and probabilities as scenarios write them.
#ifndef BROKERSIM_SCENARIOS_QUANTITY_H_
#define BROKERSIM_SCENARIOS_QUANTITY_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "scenarios/scenario.pb.h"
#include "sim/base/sim_time.h"
#include "sim/random/distributions.h"
#include "sim/random/stream.h"

namespace brokersim::scenarios {

// "500us", "1.5s", "-2m", "0s". At most a year, and a whole number of nanoseconds. Errors: kInvalidArgument
// with the remedy.
absl::StatusOr<sim::Duration> ParseDuration(std::string_view text);

// "1%", "0.25%", "1/1000", "0", "1". At most 1. Errors: kInvalidArgument with the remedy.
absl::StatusOr<sim::Ratio> ParseProbability(std::string_view text);

// Errors: kInvalidArgument with the remedy.
absl::StatusOr<sim::Distribution> ToDistribution(const Distribution& text);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_QUANTITY_H_
