// Decides about one object: by an algorithm of its kind where one fits, else by searching, in both ways in
// turn.
#ifndef BROKERSIM_CHECKER_LINEAR_PART_CHECK_H_
#define BROKERSIM_CHECKER_LINEAR_PART_CHECK_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "checker/linear/breadth.h"
#include "checker/linear/depth.h"
#include "checker/linear/model.h"
#include "checker/linear/queue_search.h"
#include "checker/linear/shortcut.h"
#include "checker/linear/space.h"

namespace brokersim::checker {

class PartCheck {
 public:
  // `ops` by begin; they and the model must outlive it.
  PartCheck(const Model& model, absl::Span<const Operation> ops) : model_(model), ops_(ops) {}

  // Spends about `more` steps more. kPaused: not yet decided.
  Outcome Run(uint64_t more);
  // Nothing but the searches that know no kind.
  void SearchOnly() { tried_shortcut_ = search_only_ = true; }

  uint64_t steps() const { return steps_; }
  uint64_t bytes() const;
  // Of kLinearizable: places in `ops`, in an order that explains all.
  std::vector<uint32_t> Order() const;
  // Of kNot: places of a few operations that probably show it already; empty if there is no such hint.
  const std::vector<uint32_t>& suspects() const { return shortcut_.suspects; }
  // Of kNot by a search: the first operation by whose end there is no order, else kNone.
  uint32_t last() const;
  // Of kNot: by lines before this one there was an order.
  OpIndex earliest() const { return queue_ == nullptr ? 0 : queue_->furthest(); }
  // The same as last(), of the search that knows what was tried there: breadth().
  uint32_t stuck() const { return breadth_ != nullptr ? breadth_->stuck() : kNone; }
  // What the search met there. Null if none ran.
  const Breadth* breadth() const { return breadth_.get(); }
  States* states() { return space_ == nullptr ? nullptr : &space_->states(); }
  // How many operations ended in what the furthest search explained.
  uint32_t ended() const;

 private:
  Outcome Search(uint64_t more);

  const Model& model_;
  absl::Span<const Operation> ops_;
  bool tried_shortcut_ = false;
  bool search_only_ = false;
  ShortcutResult shortcut_;
  std::unique_ptr<QueueSearch> queue_;
  std::unique_ptr<Space> space_;
  std::unique_ptr<Breadth> breadth_;
  std::unique_ptr<Depth> depth_;
  bool by_depth_ = false;  // whose turn it is, and who found it in the end
  Outcome outcome_ = Outcome::kPaused;
  uint64_t steps_ = 0;
  uint64_t turn_ = 0;  // steps of one turn
  uint64_t left_in_turn_ = 0;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_PART_CHECK_H_
