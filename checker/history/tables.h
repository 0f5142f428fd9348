// Reads histories that other tools keep as rows: OpenChaos and fptlin.
#ifndef BROKERSIM_CHECKER_HISTORY_TABLES_H_
#define BROKERSIM_CHECKER_HISTORY_TABLES_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "checker/history/history.h"

namespace brokersim::checker {

// OpenChaos: rows with tabs between, `client op REQUEST value key ts ...` and `client op RESPONSE
// SUCCESS|FAILURE|UNKNOWN value key ts ...`; `fault name start|end ts` becomes a line of :nemesis. The key is the extra
// :key, the time in milliseconds. kInvalidArgument with the line.
absl::StatusOr<History> ReadOpenChaos(std::string_view text);

// fptlin: a first line `# queue`, rows `process start end ENQ|DEQ|PEEK value`. What begins when another ends overlaps
// it. kInvalidArgument with the line.
absl::StatusOr<History> ReadFptlin(std::string_view text);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_TABLES_H_
