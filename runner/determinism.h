// Proof of determinism: a command is run in two processes whose surroundings differ (environment, working
// folder, padding and filling of the heap), and what they leave behind is compared byte by byte.
#ifndef BROKERSIM_RUNNER_DETERMINISM_H_
#define BROKERSIM_RUNNER_DETERMINISM_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace brokersim::runner {

struct DeterminismReport {
  bool equal = false;
  // The run hash, or the first difference: the event, on both sides.
  std::string text;
};

// `command` must take `--out=FOLDER` and leave history.pb and trace.pb there. Errors: kInternal if it can't
// be run or fails with an exit code above 3.
absl::StatusOr<DeterminismReport> RunTwice(const std::vector<std::string>& command);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_DETERMINISM_H_
