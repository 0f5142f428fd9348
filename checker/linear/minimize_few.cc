#include "checker/linear/minimize_few.h"

#include <bit>

namespace brokersim::checker {

FewMinimizer::FewMinimizer(const Model& model, absl::Span<const Operation> ops, uint64_t steps)
    : model_(model), ops_(ops), most_steps_(steps), search_(model, ops), without_(ops.size()) {
  for (uint32_t op = 0; op < ops.size(); ++op) {
    in_ |= Bit(op);
    if (ops[op].open()) open_ |= Bit(op);
  }
}

// Who saw whom may change with who is left.
std::optional<uint64_t> FewMinimizer::Run() {
  do {
    Link();
  } while ((ShrinkKnown() || ShrinkOpen()) && complete() && !gave_up_);
  return gave_up_ ? std::nullopt : std::make_optional(in_);
}

void FewMinimizer::Link() {
  left_.clear();
  bits_.clear();
  for (uint64_t left = in_; left != 0; left &= left - 1) {
    bits_.push_back(static_cast<uint32_t>(std::countr_zero(left)));
    if (bits_.size() != ops_.size()) left_.push_back(ops_[bits_.back()]);
  }
  const bool all = bits_.size() == ops_.size();
  const absl::Span<const Operation> ops = all ? ops_ : absl::MakeConstSpan(left_);
  for (const uint32_t bit : bits_) without_[bit].seen_by = without_[bit].needs = 0;
  for (uint32_t op = 0; op < ops.size(); ++op) {
    seen_.clear();
    model_.Saw(ops, op, &seen_);
    steps_ += seen_.size() + ops.size() / 8;
    for (const uint32_t other : seen_) {
      without_[bits_[op]].needs |= Bit(bits_[other]);
      without_[bits_[other]].seen_by |= Bit(bits_[op]);
    }
  }
}

uint64_t FewMinimizer::RestWithout(uint32_t op) const {
  uint64_t gone = Bit(op);
  for (uint64_t follow = gone; follow != 0;) {
    uint64_t more = 0;
    for (; follow != 0; follow &= follow - 1) more |= without_[static_cast<size_t>(std::countr_zero(follow))].seen_by;
    follow = more & in_ & ~gone;
    gone |= follow;
  }
  return in_ & ~gone;
}

bool FewMinimizer::HasOrder(uint32_t op, uint64_t rest) {
  if (without_[op].rest == rest) return true;
  const std::optional<bool> none = search_.HasNoOrder(rest);
  gave_up_ = gave_up_ || !none.has_value();
  if (none.value_or(true)) return false;
  without_[op].rest = rest;
  without_[op].used = search_.used();
  return true;
}

// One by one; false: none could go. The last ones first: then what comes before them is the same again and again, and
// what comes behind them is known already.
bool FewMinimizer::ShrinkKnown() {
  bool any = false;
  for (auto op = static_cast<uint32_t>(ops_.size()); op-- > 0 && complete();) {
    if ((in_ & ~open_ & Bit(op)) == 0) continue;
    const uint64_t rest = RestWithout(op);
    if (HasOrder(op, rest)) continue;
    if (gave_up_) return false;
    search_.Keep(rest);
    in_ = rest;
    any = true;
  }
  return any;
}

// Open operations that nobody saw can go if then still no known one can. (That there is no order without them is clear:
// it would be one with them.)
bool FewMinimizer::ShrinkOpen() {
  if (gave_up_ || !complete()) return false;
  uint64_t open = in_ & open_;
  for (uint64_t known = in_ & ~open_; known != 0; known &= known - 1)
    open &= ~without_[static_cast<size_t>(std::countr_zero(known))].needs;
  const uint64_t before = in_;
  for (int chunk = std::popcount(open); chunk > 0; chunk /= 2) {
    for (uint64_t left = open; left != 0 && complete() && !gave_up_;) {
      uint64_t some = 0;
      for (int i = 0; i < chunk && left != 0; ++i, left &= left - 1) some |= left & -left;
      if (NeedsAny(some)) continue;
      in_ &= ~some;
      open &= ~some;
      search_.Keep(in_);
    }
  }
  return in_ != before;
}

// Whether, without these, some known operation isn't needed any more.
bool FewMinimizer::NeedsAny(uint64_t open) {
  for (uint64_t known = in_ & ~open_; known != 0; known &= known - 1) {
    const auto op = static_cast<uint32_t>(std::countr_zero(known));
    const uint64_t rest = RestWithout(op) & ~open;
    if ((without_[op].used & open) == 0) {
      without_[op].rest = rest;
    } else if (!HasOrder(op, rest)) {
      return true;
    }
  }
  return false;
}

}  // namespace brokersim::checker
