// Judges a history: which promises a client could see broken, and by which operations.
//
//   absl::Status status = ValidateChecks({"lost-write"});     // what a user asked for
//   formats::Verdict verdict = Check(history, {});            // the default checks
//
// Everything here is a pure function: equal histories give equal bytes. Nothing is known about the
// system that was tested, only what its clients recorded (formats/history.proto).
#ifndef BROKERSIM_CHECKER_CHECK_H_
#define BROKERSIM_CHECKER_CHECK_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "formats/history.pb.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

// A word of the vocabulary. docs/anomalies.md is the same table for people.
struct AnomalyInfo {
  std::string_view name;     // the field's name and the name of its check, e.g. "lost-write"
  std::string_view code;     // the failure catalogue's code, e.g. "LW"
  std::string_view meaning;  // half a sentence, without a full stop
  bool implemented = false;  // whether Check() can look for it
};

// The whole vocabulary, always in the same order.
const std::vector<AnomalyInfo>& Anomalies();

// The names of the checks that run when none are named.
const std::vector<std::string>& DefaultChecks();

// kInvalidArgument with the remedy if a name is unknown (the nearest one is suggested) or is a
// check that nobody has written yet.
absl::Status ValidateChecks(const std::vector<std::string>& names);

// Runs `checks` (empty: DefaultChecks()). Their order and repetitions don't matter.
//
// The result is UNKNOWN, with the reason, where the history is malformed, empty, or silent about
// something that would decide a check. An operation whose outcome is unknown is never held against
// the system: it is only used where it was seen to have happened. What is undecided is also listed
// beside the anomalies of an INVALID history.
formats::Verdict Check(const formats::History& history, const std::vector<std::string>& checks);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_CHECK_H_
