// Reads the register logs that Porcupine's tests hold (recorded by Jepsen from etcd).
#ifndef BROKERSIM_CHECKER_HISTORY_PORCUPINE_H_
#define BROKERSIM_CHECKER_HISTORY_PORCUPINE_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "checker/history/history.h"

namespace brokersim::checker {

// `INFO  jepsen.util - 2  :invoke  :write  4`: process, type, what, value, with tabs or spaces between. Other lines are
// other programs' and skipped. `:timed-out` where a value should be becomes the line's :error.
// (Porcupine's porcupine_test.go, parseJepsenLog.)
absl::StatusOr<History> ReadPorcupineLog(std::string_view text);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_PORCUPINE_H_
