// Fewer and fewer of a few operations, for explain.h.
#ifndef BROKERSIM_CHECKER_LINEAR_MINIMIZE_FEW_H_
#define BROKERSIM_CHECKER_LINEAR_MINIMIZE_FEW_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "checker/linear/model.h"
#include "checker/linear/subset_search.h"

namespace brokersim::checker {

// As MinimalCore, of at most SubsetSearch::kMost operations that have no order, and whose answers don't tell of many.
class FewMinimizer {
 public:
  // They and the model must outlive it.
  FewMinimizer(const Model& model, absl::Span<const Operation> ops, uint64_t steps);

  // Those that are left, a bit each. Without a value: there are too many configurations.
  std::optional<uint64_t> Run();
  uint64_t steps() const { return steps_ + search_.steps(); }
  // False: the steps ended, and fewer may do.
  bool complete() const { return steps() < most_steps_; }

 private:
  // What is known of those that are left when one of them, and all that saw it, is left out.
  struct Without {
    uint64_t seen_by = 0;  // those that saw it
    uint64_t needs = 0;    // those that it saw
    uint64_t rest = 0;     // these have an order,
    uint64_t used = 0;     // with these open ones in it
  };

  static uint64_t Bit(uint32_t op) { return uint64_t{1} << op; }
  void Link();
  uint64_t RestWithout(uint32_t op) const;
  // Whether `rest`, which is what is left without `op`, has an order.
  bool HasOrder(uint32_t op, uint64_t rest);
  bool ShrinkKnown();
  bool ShrinkOpen();
  bool NeedsAny(uint64_t open);

  const Model& model_;
  absl::Span<const Operation> ops_;
  const uint64_t most_steps_;
  SubsetSearch search_;
  uint64_t in_ = 0;
  uint64_t open_ = 0;
  std::vector<Without> without_;
  std::vector<Operation> left_;  // for Link
  std::vector<uint32_t> bits_;
  std::vector<uint32_t> seen_;
  uint64_t steps_ = 0;
  bool gave_up_ = false;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_MINIMIZE_FEW_H_
