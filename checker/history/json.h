// Reads histories in JSON, as elle-cli takes them: EDN's maps, with strings for keywords and null for nil.
#ifndef BROKERSIM_CHECKER_HISTORY_JSON_H_
#define BROKERSIM_CHECKER_HISTORY_JSON_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "checker/history/history.h"

namespace brokersim::checker {

// One array of objects, or one object a line. Keys of objects that are whole numbers become numbers: JSON has only
// strings there. kInvalidArgument with line, column and remedy.
absl::StatusOr<History> ReadJson(std::string_view text);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_JSON_H_
