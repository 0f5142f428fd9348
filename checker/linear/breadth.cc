#include "checker/linear/breadth.h"

#include <algorithm>
#include <utility>

#include "checker/stable_sort.h"

namespace brokersim::checker {
namespace {

constexpr size_t kForgetAt = size_t{1} << 20;

}  // namespace

Breadth::Breadth(Space* space)
    : space_(*space),
      moment_(*space),
      now_(*space),
      work_(*space),
      done_(*space),
      forget_at_(kForgetAt),
      config_(space->words(), 0),
      next_(space->words(), 0),
      seen_(space->classes(), 0) {
  config_[0] = States::kInitial;
  now_.Insert(config_.data(), 0, kNone, &steps_);
}

uint64_t Breadth::bytes() const {
  return now_.bytes() + work_.bytes() + done_.bytes() + nodes_.capacity() * sizeof(Node);
}

Outcome Breadth::Run(uint64_t until) {
  if (stuck_ != kNone) return Outcome::kNot;
  while (moment_.at() < space_.events().size()) {
    const Event event = space_.events()[moment_.at()];
    if (!event.is_end) {
      Begin(event.op);
      continue;
    }
    if (!expanding_) StartEnd(event.op);
    while (cursor_ < work_.size()) {
      if (steps_ > until) return Outcome::kPaused;
      Expand(cursor_++, event.op);
    }
    if (done_.alive() == 0) {
      stuck_ = event.op;
      return Outcome::kNot;
    }
    FinishEnd();
  }
  return Outcome::kLinearizable;
}

void Breadth::Begin(uint32_t op) {
  moment_.Forward();
  if (space_.IsOpen(op) || !space_.IsPure(op)) return;
  for (uint32_t at = 0; at < now_.size(); ++at) {
    if (!now_.IsAlive(at)) continue;
    ++steps_;
    uint64_t* config = now_.Mutable(at);
    if (space_.states().Next(static_cast<uint32_t>(config[0]), space_.ClassOf(op)) == kNone) continue;
    Flip(config, op);
    nodes_.push_back({now_.node(at), op});
    now_.set_node(at, static_cast<uint32_t>(nodes_.size() - 1));
  }
}

void Breadth::StartEnd(uint32_t op) {
  work_.Clear();
  done_.Clear();
  cursor_ = 0;
  expanding_ = true;
  for (uint32_t at = 0; at < now_.size(); ++at) {
    if (!now_.IsAlive(at)) continue;
    ++steps_;
    uint64_t* config = now_.Mutable(at);
    if (Has(config, op)) {
      Flip(config, op);
      done_.Insert(config, 0, now_.node(at), &steps_);
    } else {
      work_.Insert(config, 0, now_.node(at), &steps_);
    }
  }
}

void Breadth::Expand(uint32_t at, uint32_t ending) {
  if (!work_.IsAlive(at)) return;
  std::copy_n(work_.Get(at), space_.words(), config_.begin());
  const uint32_t node = work_.node(at);
  const auto state = static_cast<uint32_t>(config_[0]);
  ++expansion_;
  for (const uint32_t op : moment_.running()) {
    if (Has(config_.data(), op) || space_.IsPure(op)) continue;
    // Of equals the one that ends first is the one to take.
    const uint32_t call_class = space_.ClassOf(op);
    if (seen_[call_class] == expansion_) continue;
    seen_[call_class] = expansion_;
    ++steps_;
    const uint32_t next = space_.states().Next(state, call_class);
    if (next == kNone) continue;
    next_ = config_;
    next_[0] = next;
    Flip(next_.data(), op);
    Arrive(op, node, ending);
  }
  const std::vector<OpenClass>& open_classes = space_.open_classes();
  for (uint32_t i = 0; i < open_classes.size(); ++i) {
    const OpenClass& open = open_classes[i];
    const uint64_t used = space_.Used(config_.data(), open);
    if (used >= moment_.begun()[i] || seen_[open.call_class] == expansion_) continue;
    ++steps_;
    const uint32_t next = space_.states().Next(state, open.call_class);
    if (next == kNone || next == state) continue;
    next_ = config_;
    next_[0] = next;
    next_[open.word] += uint64_t{1} << open.shift;
    Arrive(open.ops[used], node, ending);
  }
}

void Breadth::Arrive(uint32_t op, uint32_t before, uint32_t ending) {
  effects_.assign(1, op);
  for (const uint32_t pure : moment_.pure()) {
    if (Has(next_.data(), pure)) continue;
    ++steps_;
    if (space_.states().Next(static_cast<uint32_t>(next_[0]), space_.ClassOf(pure)) == kNone) continue;
    Flip(next_.data(), pure);
    effects_.push_back(pure);
  }
  const bool is_done = Has(next_.data(), ending);
  if (is_done) Flip(next_.data(), ending);
  const auto node = static_cast<uint32_t>(nodes_.size() + effects_.size() - 1);
  if (!(is_done ? done_ : work_).Insert(next_.data(), 0, node, &steps_)) return;
  for (const uint32_t effect : effects_) {
    nodes_.push_back({before, effect});
    before = static_cast<uint32_t>(nodes_.size() - 1);
  }
}

void Breadth::FinishEnd() {
  expanding_ = false;
  std::swap(now_, done_);
  moment_.Forward();
  if (nodes_.size() > forget_at_) Forget();
}

// Keeps only the nodes that led to what is possible now. What came before has a lower number.
void Breadth::Forget() {
  std::vector<uint32_t> to(nodes_.size(), kNone);
  for (uint32_t at = 0; at < now_.size(); ++at) {
    if (now_.IsAlive(at) && now_.node(at) != kNone) to[now_.node(at)] = 0;
  }
  for (size_t node = nodes_.size(); node-- > 0;) {
    if (to[node] != kNone && nodes_[node].before != kNone) to[nodes_[node].before] = 0;
  }
  uint32_t kept = 0;
  for (size_t node = 0; node < nodes_.size(); ++node) {
    if (to[node] == kNone) continue;
    to[node] = kept;
    const uint32_t before = nodes_[node].before;
    nodes_[kept++] = {before == kNone ? kNone : to[before], nodes_[node].op};
  }
  nodes_.resize(kept);
  for (uint32_t at = 0; at < now_.size(); ++at) {
    if (now_.IsAlive(at) && now_.node(at) != kNone) now_.set_node(at, to[now_.node(at)]);
  }
  forget_at_ = std::max(kForgetAt, 2 * nodes_.size());
}

std::vector<uint32_t> Breadth::OrderTo(uint32_t node) const {
  std::vector<uint32_t> order;
  for (; node != kNone; node = nodes_[node].before) order.push_back(nodes_[node].op);
  std::reverse(order.begin(), order.end());
  return order;
}

std::vector<uint32_t> Breadth::Order() const {
  for (uint32_t at = 0; at < now_.size(); ++at) {
    if (now_.IsAlive(at)) return OrderTo(now_.node(at));
  }
  return {};
}

std::vector<Breadth::DeadEnd> Breadth::DeadEnds(size_t most) const {
  std::vector<DeadEnd> ends;
  for (uint32_t at = 0; at < work_.size(); ++at) {
    if (work_.IsAlive(at)) ends.push_back({OrderTo(work_.node(at)), static_cast<uint32_t>(work_.Get(at)[0])});
  }
  StableSort(&ends, [](const DeadEnd& a, const DeadEnd& b) { return a.order.size() > b.order.size(); });
  if (ends.size() > most) ends.resize(most);
  return ends;
}

}  // namespace brokersim::checker
