// Says why an object's operations have no order, with as few of them as show it.
#ifndef BROKERSIM_CHECKER_LINEAR_EXPLAIN_H_
#define BROKERSIM_CHECKER_LINEAR_EXPLAIN_H_

#include <string>
#include <vector>

#include "checker/limits.h"
#include "checker/linear/model.h"
#include "checker/linear/operations.h"
#include "checker/linear/part_check.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

struct Explanation {
  const Model& model;
  const History& history;
  const Part& part;
  std::string part_name;   // " of key 3", or nothing
  const PartCheck& found;  // it said that there is no order
  const Limits& limits;
};

// Fills in an anomaly "non-linearizable".
void Explain(const Explanation& what, formats::Anomaly* anomaly);

struct Core {
  std::vector<uint32_t> places = {};  // in the operations given, rising
  std::vector<Operation> ops = {};    // those, as they look without the others
  bool complete = true;               // false: fewer may do
};

// As few operations as have no order among themselves:
// - Each stays with what it saw (Model::Saw); an answer that tells of many loses what isn't there
// (Model::Unsee).
// - Open operations are context: together with all of them there is still no order. Those that stay are
// needed for that
//   fewer of the others wouldn't do.
// - Leaving out any one operation that ended, with all that saw it, leaves operations that have an order.
// `steps` bounds the whole. What is made for answers belongs to the arena.
Core MinimalCore(const Model& model, absl::Span<const Operation> ops, const PartCheck& found, uint64_t steps,
                 Arena* arena);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_EXPLAIN_H_
