#include "checker/linear/depth.h"

#include <algorithm>

namespace brokersim::checker {

Depth::Depth(Space* space) : space_(*space), moment_(*space), met_(*space), config_(space->words(), 0) {
  config_[0] = States::kInitial;
}

uint64_t Depth::bytes() const { return met_.bytes() + configs_.capacity() * 8; }

Outcome Depth::Run(uint64_t until) {
  if (found_) return Outcome::kLinearizable;
  if (!started_) {
    started_ = true;
    if (Advance()) return Outcome::kLinearizable;
  }
  while (!choices_.empty()) {
    if (steps_ > until) return Outcome::kPaused;
    Choice* choice = &choices_.back();
    while (moment_.at() > choice->event) {
      ++steps_;
      moment_.Back();
    }
    order_.resize(choice->order);
    if (Try(choice)) {
      if (Advance()) return Outcome::kLinearizable;
    } else {
      choices_.pop_back();
      configs_.resize(configs_.size() - space_.words());
    }
  }
  return Outcome::kNot;
}

void Depth::Look(uint32_t op) {
  ++steps_;
  if (Has(config_.data(), op)) return;
  if (space_.states().Next(static_cast<uint32_t>(config_[0]), space_.ClassOf(op)) == kNone) return;
  Flip(config_.data(), op);
  order_.push_back(op);
}

bool Depth::Advance() {
  while (moment_.at() < space_.events().size()) {
    const Event event = space_.events()[moment_.at()];
    if (event.is_end && !Has(config_.data(), event.op)) {
      furthest_ = std::max(furthest_, moment_.at());
      if (!met_.Insert(config_.data(), moment_.at(), 0, &steps_)) return false;
      choices_.push_back({moment_.at(), 0, static_cast<uint32_t>(order_.size())});
      configs_.insert(configs_.end(), config_.begin(), config_.end());
      return false;
    }
    ++steps_;
    if (event.is_end) Flip(config_.data(), event.op);
    moment_.Forward();
    if (!event.is_end && !space_.IsOpen(event.op) && space_.IsPure(event.op)) Look(event.op);
  }
  found_ = true;
  return true;
}

bool Depth::Try(Choice* choice) {
  const auto running = static_cast<uint32_t>(moment_.running().size());
  const auto all = static_cast<uint32_t>(running + space_.open_classes().size());
  const uint64_t* from = configs_.data() + configs_.size() - space_.words();
  while (choice->tried < all) {
    const uint32_t candidate = choice->tried++;
    if (candidate < running ? !TryRunning(from, candidate) : !TryOpen(from, candidate - running)) continue;
    for (const uint32_t pure : moment_.pure()) Look(pure);
    return true;
  }
  return false;
}

bool Depth::TryRunning(const uint64_t* from, uint32_t candidate) {
  const uint32_t op = moment_.running()[candidate];
  if (Has(from, op) || space_.IsPure(op)) return false;
  // Of equals the one that ends first is the one to take.
  for (uint32_t i = 0; i < candidate; ++i) {
    const uint32_t other = moment_.running()[i];
    if (space_.ClassOf(other) == space_.ClassOf(op) && !Has(from, other)) return false;
  }
  ++steps_;
  const uint32_t next = space_.states().Next(static_cast<uint32_t>(from[0]), space_.ClassOf(op));
  if (next == kNone) return false;
  std::copy_n(from, space_.words(), config_.begin());
  config_[0] = next;
  Flip(config_.data(), op);
  order_.push_back(op);
  return true;
}

bool Depth::TryOpen(const uint64_t* from, uint32_t candidate) {
  const OpenClass& open = space_.open_classes()[candidate];
  const uint64_t used = space_.Used(from, open);
  if (used >= moment_.begun()[candidate]) return false;
  for (const uint32_t other : moment_.running()) {
    if (space_.ClassOf(other) == open.call_class && !Has(from, other)) return false;
  }
  ++steps_;
  const uint32_t next = space_.states().Next(static_cast<uint32_t>(from[0]), open.call_class);
  if (next == kNone || next == from[0]) return false;
  std::copy_n(from, space_.words(), config_.begin());
  config_[0] = next;
  config_[open.word] += uint64_t{1} << open.shift;
  order_.push_back(open.ops[used]);
  return true;
}

}  // namespace brokersim::checker
