// Files that a run leaves behind.
#ifndef BROKERSIM_RUNNER_FILES_H_
#define BROKERSIM_RUNNER_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runner/outcome.h"

namespace brokersim::runner {

// Writes the whole file or nothing: to a temporary one first. Errors: kUnavailable with the path and the reason.
absl::Status WriteFile(const std::string& path, std::string_view bytes);
// Errors: kNotFound, kUnavailable.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Writes history.pb, history.json, trace.pb, trace.jsonl, verdict.pb, verdict.json and diagram.svg into the
// folder, which is created: all of them or none. REQUIRES: the outcome was recorded with a trace. Returns the
// paths written, in that order.
absl::StatusOr<std::vector<std::string>> WriteOutputs(const Outcome& outcome, const std::string& folder);

// A verdict as protobuf's JSON, with the names of the schema.
std::string VerdictJson(const formats::Verdict& verdict);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_FILES_H_
