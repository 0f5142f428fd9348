// From the map that EDN and JSON files hold for each line to a line of a history.
#ifndef BROKERSIM_CHECKER_HISTORY_OP_FIELDS_H_
#define BROKERSIM_CHECKER_HISTORY_OP_FIELDS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "checker/history/history.h"

namespace brokersim::checker {

// Reads `:type :process :f :value :time :index`, and `:invocation` (the index of what a line completes, an invocation's
// own: where a process does several things at a time); all others are extras. `fields` are keys and values in turn, of
// the builder's arena. An error says what is wrong, without a place.
class OpFields {
 public:
  absl::Status Add(absl::Span<const Value> fields, HistoryBuilder* builder);

 private:
  std::vector<Extra> extras_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_HISTORY_OP_FIELDS_H_
