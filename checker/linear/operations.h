// A history, read as calls of a model's object.
#ifndef BROKERSIM_CHECKER_LINEAR_OPERATIONS_H_
#define BROKERSIM_CHECKER_LINEAR_OPERATIONS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "checker/linear/model.h"

namespace brokersim::checker {

// What was done to one object: all of one key.
struct Part {
  Value key = {};
  bool has_key = false;
  bool has_element = false;  // it is only what was done to `element`
  Value element = {};
  std::vector<Operation> ops = {};  // by `begin`
};

struct Operations {
  std::vector<Part> parts;  // in the order of their first operations; none is empty
  OpIndex lines = 0;        // of the history
  uint64_t count = 0;       // operations in all parts
};

// Takes the history apart by key: the extra `:key`, or else, if the values of all invocations are pairs, the
// first of each (Jepsen's independent tuples); with `by_element` also by element where the model allows it.
// Operations that didn't happen, and reads without an answer, are left out.
//
// kInvalidArgument: an operation that the model doesn't know, or a value of the wrong shape: which, why and
// the remedy.
absl::StatusOr<Operations> ReadOperations(const Model& model, const History& history, bool by_element);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_OPERATIONS_H_
