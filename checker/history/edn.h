// Reads histories in EDN, as Jepsen, Elle and Knossos write them.
#ifndef BROKERSIM_CHECKER_HISTORY_EDN_H_
#define BROKERSIM_CHECKER_HISTORY_EDN_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "checker/history/history.h"

namespace brokersim::checker {

// One map a line, or one vector or list of maps. Comments, commas, `#_`, tags (`#jepsen.history.Op{...}` is its map)
// and any further keys are taken. kInvalidArgument with line, column and remedy.
absl::StatusOr<History> ReadEdn(std::string_view text);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_EDN_H_
