// Is there one order in which a shared object, used by one client after the other, would have answered as it
// did?
//
//   absl::StatusOr<formats::Verdict> verdict = CheckLinearizable("cas-register", history, {});
//
// Exact: VALID comes with an order that explains all (Verdict.order, which checker/linear/verify.h proves
// without the search), INVALID with the operations that have none; UNKNOWN only at the end of the budget, and
// it says how far it got. Verdict, steps and report are the same on every run and machine.
//
// - What FAILed didn't happen; what is without an outcome may have happened at any later time or never.
// - Histories of many objects are taken apart by key: `:key`, or values that are all pairs [key value].
// - Queues, sets, logs, appended strings and registers with unique values are decided in near-linear time,
// the rest by
//   a search through configurations in time, breadth first and depth first in turn.
#ifndef BROKERSIM_CHECKER_LINEAR_LINEAR_H_
#define BROKERSIM_CHECKER_LINEAR_LINEAR_H_

#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "checker/limits.h"
#include "checker/linear/model.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

struct LinearModelInfo {
  std::string_view name;
  std::string_view meaning;
  std::string_view ops;  // "read, write, cas"
};

// All that CheckLinearizable knows by name.
std::span<const LinearModelInfo> LinearModels();
// Null if there is none of that name.
std::unique_ptr<Model> FindLinearModel(std::string_view name);

// kNotFound: no such model; kInvalidArgument: an operation that the model doesn't take, or whose value has
// the wrong shape: its index, why and the remedy.
absl::StatusOr<formats::Verdict> CheckLinearizable(std::string_view model, const History& history,
                                                   const Limits& limits);
// The same with a model of one's own.
absl::StatusOr<formats::Verdict> CheckLinearizable(const Model& model, const History& history,
                                                   const Limits& limits);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_LINEAR_H_
