// Proof of determinism: a command is run in two processes whose surroundings differ (environment, locale, time zone,
// working folder; padding, filling and order of the heap), and what they leave behind and print is compared byte by
// byte.
#ifndef BROKERSIM_RUNNER_DETERMINISM_H_
#define BROKERSIM_RUNNER_DETERMINISM_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace brokersim::runner {

enum class Surroundings { kPlain, kStrange };

// What a process left behind.
struct Left {
  int exit_code = 0;
  std::string printed;                       // on stdout
  std::map<std::string, std::string> files;  // by path below its folder
};

// Runs `command` with `--out=FOLDER` added, in a folder of its own that is gone afterwards. Words that name a file are
// made absolute. Errors: kInternal if it can't be run, dies of a signal or fails with an exit code above 3.
absl::StatusOr<Left> RunIn(Surroundings surroundings, const std::vector<std::string>& command);

struct DeterminismReport {
  bool equal = false;
  // The run hash, or the first difference: the event, on both sides.
  std::string text;
};

// Errors: kInternal if there is no trace, or one that can't be read.
absl::StatusOr<DeterminismReport> Compare(const Left& a, const Left& b);

// The same command in both surroundings, compared. It must leave a trace.pb in the folder.
absl::StatusOr<DeterminismReport> RunTwice(const std::vector<std::string>& command);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_DETERMINISM_H_
