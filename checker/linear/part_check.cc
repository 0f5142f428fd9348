#include "checker/linear/part_check.h"

#include <algorithm>

namespace brokersim::checker {
namespace {

// The first turn of each search. Later ones double, so that no search waits for long for one that leads
// nowhere.
constexpr uint64_t kFirstTurn = 4096;

}  // namespace

Outcome PartCheck::Run(uint64_t more) {
  if (outcome_ != Outcome::kPaused) return outcome_;
  if (!tried_shortcut_) {
    tried_shortcut_ = true;
    shortcut_ = TryShortcut(model_.shortcut(), ops_);
    steps_ += shortcut_.steps;
    if (shortcut_.answer != ShortcutResult::kNotMine) {
      outcome_ = shortcut_.answer == ShortcutResult::kYes ? Outcome::kLinearizable : Outcome::kNot;
      return outcome_;
    }
  }
  outcome_ = Search(more);
  return outcome_;
}

Outcome PartCheck::Search(uint64_t more) {
  if (model_.shortcut() == Shortcut::kFifo && !search_only_) {
    if (queue_ == nullptr) queue_ = std::make_unique<QueueSearch>(ops_);
    const uint64_t before = queue_->steps();
    const Outcome outcome = queue_->Run(before + more);
    steps_ += queue_->steps() - before;
    return outcome;
  }
  if (space_ == nullptr) {
    space_ = std::make_unique<Space>(model_, ops_);
    breadth_ = std::make_unique<Breadth>(space_.get());
    depth_ = std::make_unique<Depth>(space_.get());
    turn_ = left_in_turn_ = kFirstTurn;
  }
  const uint64_t until = steps_ + more;
  while (steps_ < until) {
    const uint64_t slice = std::min(left_in_turn_, until - steps_);
    const uint64_t before = by_depth_ ? depth_->steps() : breadth_->steps();
    const Outcome outcome = by_depth_ ? depth_->Run(before + slice) : breadth_->Run(before + slice);
    const uint64_t spent = (by_depth_ ? depth_->steps() : breadth_->steps()) - before;
    steps_ += spent;
    if (outcome != Outcome::kPaused) return outcome;
    left_in_turn_ -= std::min(left_in_turn_, spent);
    if (left_in_turn_ > 0) continue;
    if (by_depth_) turn_ *= 2;
    by_depth_ = !by_depth_;
    left_in_turn_ = turn_;
  }
  return Outcome::kPaused;
}

uint64_t PartCheck::bytes() const {
  if (queue_ != nullptr) return queue_->bytes();
  if (space_ == nullptr) return 0;
  return breadth_->bytes() + depth_->bytes() + space_->states().bytes();
}

std::vector<uint32_t> PartCheck::Order() const {
  if (queue_ != nullptr) return queue_->Order();
  if (space_ == nullptr) return shortcut_.order;
  return by_depth_ ? depth_->Order() : breadth_->Order();
}

uint32_t PartCheck::last() const {
  if (outcome_ != Outcome::kNot || space_ == nullptr) return kNone;
  return by_depth_ ? space_->events()[depth_->event()].op : breadth_->stuck();
}

uint32_t PartCheck::ended() const {
  if (queue_ != nullptr) return queue_->placed();
  if (space_ == nullptr) return 0;
  const uint32_t furthest = std::max(breadth_->event(), depth_->event());
  uint32_t ended = 0;
  for (uint32_t event = 0; event < furthest; ++event) ended += space_->events()[event].is_end ? 1 : 0;
  return ended;
}

}  // namespace brokersim::checker
