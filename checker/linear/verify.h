// Proves that an order explains a history, without any searching: the certificate of a VALID verdict.
//
// It shares with the search how a history is read (operations.h) and what one call does (Object::Step),
// nothing else.
#ifndef BROKERSIM_CHECKER_LINEAR_VERIFY_H_
#define BROKERSIM_CHECKER_LINEAR_VERIFY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "checker/history/history.h"
#include "checker/linear/model.h"

namespace brokersim::checker {

// `order`: indices of invocations, as in Verdict.order. In time linear in the history, besides what Step
// takes. OK if
// - every operation that ended is in it once, and no other more often,
// - none comes after one that began only when it had ended, and
// - done in this order, by one client after the other, each ends as its client was told.
// kFailedPrecondition says what is wrong; errors of ReadOperations as they are.
absl::Status VerifyOrder(const Model& model, const History& history, absl::Span<const uint64_t> order);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_VERIFY_H_
