// A run's history, judged by what its scenario asks for: checks of its own kind, and models of `brokersim check`.
#ifndef BROKERSIM_RUNNER_JUDGE_H_
#define BROKERSIM_RUNNER_JUDGE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checker/models.h"
#include "formats/history.pb.h"
#include "formats/verdict.pb.h"
#include "scenarios/loader.h"
#include "scenarios/world.h"

namespace brokersim::runner {

// That the checker knows the names of all checks, models and expected anomalies, and takes the models' options. Errors:
// kInvalidArgument with the place in the file.
absl::Status ValidateNames(const scenarios::ResolvedScenario& scenario);

// What a scenario tells one of its models. Errors: kInvalidArgument as ValidateNames, without the place.
absl::StatusOr<checker::CheckOptions> OptionsOf(const scenarios::ModelPlan& model);

// INVALID if anything found an anomaly; those of the checks come first, then those of each model. UNKNOWN if nothing
// did and something could not be decided. `world` must have been validated.
formats::Verdict JudgeHistory(const formats::History& history, const scenarios::World& world);

// Whether a model finds something in what may be the beginning of a history that no longer history would take back
// (checker::WaitsForTheEnd).
bool ModelsFind(const formats::History& history, const scenarios::World& world);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_JUDGE_H_
