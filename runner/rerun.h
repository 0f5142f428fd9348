// Runs again, with something changed: what shrinking and explaining are made of.
#ifndef BROKERSIM_RUNNER_RERUN_H_
#define BROKERSIM_RUNNER_RERUN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "runner/outcome.h"
#include "scenarios/scenario.pb.h"

namespace brokersim::runner {

// ShownTypes in words: "lost-write, duplicate", "no anomaly (verdict valid)".
std::string WhatItShows(const Outcome& outcome);
bool ShowsType(const Outcome& outcome, const std::string& type);

// A scenario of one variant.
scenarios::Scenario ScenarioOf(const scenarios::Setup& setup, const std::string& name, const std::string& variant);
// As one that can be run. Errors: as of ParseScenario.
absl::StatusOr<scenarios::ResolvedScenario> Resolved(const scenarios::Scenario& scenario);

// Whether this setup, under this seed, still shows what is looked for. Always the same for the same arguments. False,
// too, for a setup that doesn't build.
using Shows = std::function<bool(const scenarios::Setup& setup, uint64_t seed)>;

// The run's setup with all that was drawn written out, so that single faults can be left out: those that wait for
// others begin when they did, unless the run then no longer `shows` what it shows. Without those that are off.
scenarios::Setup WrittenOut(const scenarios::ResolvedScenario& scenario, uint64_t seed, const scenarios::RunResult& run,
                            const Shows& shows);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_RERUN_H_
