// Bundle: a run that failed, in one small file, and the same run again from it.
#ifndef BROKERSIM_RUNNER_BUNDLE_H_
#define BROKERSIM_RUNNER_BUNDLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "formats/bundle.pb.h"
#include "runner/outcome.h"

namespace brokersim::runner {

inline constexpr int kBundleVersion = 1;
// No bundle is larger: what tells of the run is cut down until it fits.
inline constexpr size_t kMostBundleBytes = 50'000;

// A file's bytes. REQUIRES: the outcome is of that scenario, and was recorded with a trace. Errors: kInternal, if the
// scenario alone is too large.
absl::StatusOr<std::string> BundleBytes(const scenarios::ResolvedScenario& scenario, const Outcome& outcome);

// Errors: kInvalidArgument: no bundle, cut off, damaged, or of a newer version.
absl::StatusOr<formats::Bundle> ParseBundle(std::string_view bytes);

struct Replayed {
  scenarios::ResolvedScenario scenario;  // what was run
  Outcome outcome;                       // with its trace
  // Same run hash: every event is the same.
  bool same = false;
  // Otherwise, a sentence each: what of the bundle this version doesn't know or resolves differently, and what the run
  // does differently.
  std::vector<std::string> unfit;
  std::vector<std::string> differences;
};

// Runs it again. If that doesn't give the same run (the code is another one), the choices that were made are made
// again by name, as far as they fit. Errors: kInvalidArgument, if nothing that can be run is left of the scenario.
absl::StatusOr<Replayed> ReplayBundle(const formats::Bundle& bundle);

// 4 if the same code (build.h) gives another run, else what the run itself gives.
ExitCode ExitCodeOf(const formats::Bundle& bundle, const Replayed& replayed);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_BUNDLE_H_
