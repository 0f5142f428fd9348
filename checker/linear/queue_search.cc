#include "checker/linear/queue_search.h"

#include <algorithm>
#include <utility>

namespace brokersim::checker {
namespace {

enum : uint32_t { kEnqueue, kDequeue };

}  // namespace

QueueSearch::QueueSearch(absl::Span<const Operation> ops) : ops_(ops), slots_(64, 0) {
  ValueInterner values;
  for (uint32_t op = 0; op < ops.size(); ++op) {
    const Call& call = ops[op].call;
    const bool is_enqueue = call.f == kEnqueue;
    value_of_.push_back(values.Intern(is_enqueue ? call.in : call.out));
    if (is_enqueue && ops[op].open()) {
      open_enqueues_.resize(values.size());
      open_enqueues_[value_of_[op]].push_back(op);
    } else if (!is_enqueue && !call.known) {
      open_dequeues_.push_back(op);
    } else {
      (is_enqueue ? enqueues_ : call.out.is_nil() ? empties_ : dequeues_).ops.push_back(op);
    }
  }
  open_enqueues_.resize(values.size());
  open_used_.assign(values.size(), 0);
  for (Id value = 0; value < values.size(); ++value) {
    if (!open_enqueues_[value].empty()) open_values_.push_back(value);
  }
  for (Lane* lane : {&enqueues_, &dequeues_, &empties_}) lane->picked.assign(lane->ops.size(), 0);
}

uint64_t QueueSearch::bytes() const {
  return met_.capacity() * 4 + slots_.capacity() * 8 + candidates_.capacity() * sizeof(Pick);
}

Outcome QueueSearch::Run(uint64_t until) {
  if (found_) return Outcome::kLinearizable;
  if (!std::exchange(started_, true)) {
    if (IsDone()) return Outcome::kLinearizable;
    Expand();
  }
  while (!choices_.empty()) {
    if (steps_ > until) return Outcome::kPaused;
    Choice& choice = choices_.back();
    if (choice.next == candidates_.size()) {
      candidates_.resize(choice.first);
      choices_.pop_back();
      if (choices_.empty()) break;
      latest_ = choices_.back().latest;
      Undo(picks_.back());
      picks_.pop_back();
      continue;
    }
    const Pick pick = candidates_[choice.next++];
    Do(pick);
    picks_.push_back(pick);
    if (IsDone()) {
      found_ = true;
      return Outcome::kLinearizable;
    }
    if (IsNew()) {
      Expand();
    } else {
      latest_ = choice.latest;
      Undo(pick);
      picks_.pop_back();
    }
  }
  return Outcome::kNot;
}

bool QueueSearch::IsDone() const {
  return dequeues_.first == dequeues_.ops.size() && empties_.first == empties_.ops.size();
}

// The first end among those not yet picked; adds those that begin before it: no other must come before them.
OpIndex QueueSearch::FirstEnd(const Lane& lane, std::vector<uint32_t>* candidates) {
  OpIndex first_end = kNoOp;
  for (uint32_t at = lane.first; at < lane.ops.size() && Begin(lane, at) < first_end; ++at) {
    ++steps_;
    if (lane.picked[at] != 0) continue;
    first_end = std::min(first_end, ops_[lane.ops[at]].end);
    candidates->push_back(at);
  }
  std::erase_if(*candidates, [&](uint32_t at) { return Begin(lane, at) > first_end; });
  return first_end;
}

// What can be next: a pair of an enqueue and a dequeue that begin before anything left ends (but a dequeue
// may begin after an enqueue that is left has ended: that one only waits), or a dequeue that finds nothing.
void QueueSearch::Expand() {
  choices_.push_back(
      {static_cast<uint32_t>(candidates_.size()), static_cast<uint32_t>(candidates_.size()), latest_});
  std::vector<uint32_t> enqueues;
  std::vector<uint32_t> dequeues;
  std::vector<uint32_t> empties;
  const OpIndex enqueue_end = FirstEnd(enqueues_, &enqueues);
  const OpIndex dequeue_end = FirstEnd(dequeues_, &dequeues);
  const OpIndex empty_end = FirstEnd(empties_, &empties);
  const OpIndex out_end = std::min(dequeue_end, empty_end);
  const OpIndex end = std::min(enqueue_end, out_end);
  furthest_ = std::max(furthest_, out_end);
  if (latest_ < enqueue_end) {
    for (const uint32_t empty : empties) {
      if (Begin(empties_, empty) < end) candidates_.push_back({.empty = empty});
    }
  }
  std::erase_if(enqueues, [&](uint32_t at) { return Begin(enqueues_, at) > end; });
  std::erase_if(dequeues, [&](uint32_t at) { return Begin(dequeues_, at) > out_end; });
  // Of equal items the one whose enqueue ends first is the one to take; an open one only if there is no
  // other.
  std::vector<uint32_t> firsts;
  for (const uint32_t at : enqueues) {
    const uint32_t op = enqueues_.ops[at];
    const auto same = std::find_if(firsts.begin(), firsts.end(), [&](uint32_t other) {
      return value_of_[enqueues_.ops[other]] == value_of_[op];
    });
    if (same == firsts.end()) {
      firsts.push_back(at);
    } else if (ops_[op].end < ops_[enqueues_.ops[*same]].end) {
      *same = at;
    }
  }
  for (const uint32_t at : firsts) AddPairs(at, kNone, value_of_[enqueues_.ops[at]], dequeues);
  for (const uint32_t value : open_values_) {
    if (open_used_[value] == open_enqueues_[value].size()) continue;
    if (ops_[open_enqueues_[value][open_used_[value]]].begin > end) continue;
    const bool has_other = std::any_of(firsts.begin(), firsts.end(),
                                       [&](uint32_t at) { return value_of_[enqueues_.ops[at]] == value; });
    if (!has_other) AddPairs(kNone, value, value, dequeues);
  }
  if (used_ == open_dequeues_.size() || ops_[open_dequeues_[used_]].begin > out_end) return;
  for (const uint32_t at : firsts) candidates_.push_back({.enqueue = at, .open_dequeue = true});
}

void QueueSearch::AddPairs(uint32_t enqueue, uint32_t open_enqueue, Id value,
                           const std::vector<uint32_t>& dequeues) {
  uint32_t first = kNone;
  for (const uint32_t at : dequeues) {
    const uint32_t op = dequeues_.ops[at];
    ++steps_;
    if (value_of_[op] != value) continue;
    if (!empties_.ops.empty()) {
      candidates_.push_back({.enqueue = enqueue, .open_enqueue = open_enqueue, .dequeue = at});
    } else if (first == kNone || ops_[op].end < ops_[dequeues_.ops[first]].end) {
      first = at;
    }
  }
  // Of equal dequeues the one that ends first, unless it is worth something to have picked only early ones.
  if (first == kNone) return;
  candidates_.push_back({.enqueue = enqueue, .open_enqueue = open_enqueue, .dequeue = first});
}

void QueueSearch::Mark(Lane* lane, uint32_t at) {
  lane->picked[at] = 1;
  while (lane->first < lane->ops.size() && lane->picked[lane->first] != 0) ++lane->first;
}

void QueueSearch::Unmark(Lane* lane, uint32_t at) {
  lane->picked[at] = 0;
  lane->first = std::min(lane->first, at);
}

uint32_t QueueSearch::EnqueueOf(const Pick& pick) const {
  if (pick.enqueue != kNone) return enqueues_.ops[pick.enqueue];
  return open_enqueues_[pick.open_enqueue][open_used_[pick.open_enqueue]];
}

void QueueSearch::Do(const Pick& pick) {
  if (pick.empty != kNone) {
    latest_ = std::max(latest_, Begin(empties_, pick.empty));
    Mark(&empties_, pick.empty);
    ++now_placed_;
  } else {
    latest_ = std::max(latest_, ops_[EnqueueOf(pick)].begin);
    if (pick.enqueue != kNone) Mark(&enqueues_, pick.enqueue);
    if (pick.open_enqueue != kNone) ++open_used_[pick.open_enqueue];
    if (pick.open_dequeue) {
      latest_ = std::max(latest_, ops_[open_dequeues_[used_++]].begin);
    } else {
      latest_ = std::max(latest_, Begin(dequeues_, pick.dequeue));
      Mark(&dequeues_, pick.dequeue);
      ++now_placed_;
    }
    now_placed_ += pick.enqueue != kNone ? 1 : 0;
  }
  placed_ = std::max(placed_, now_placed_);
}

void QueueSearch::Undo(const Pick& pick) {
  if (pick.empty != kNone) {
    Unmark(&empties_, pick.empty);
    --now_placed_;
    return;
  }
  if (pick.enqueue != kNone) Unmark(&enqueues_, pick.enqueue);
  if (pick.open_enqueue != kNone) --open_used_[pick.open_enqueue];
  if (pick.open_dequeue) {
    --used_;
  } else {
    Unmark(&dequeues_, pick.dequeue);
    --now_placed_;
  }
  now_placed_ -= pick.enqueue != kNone ? 1 : 0;
}

bool QueueSearch::IsNew() {
  key_.assign(1, used_);
  for (const uint32_t value : open_values_) key_.push_back(open_used_[value]);
  for (const Lane* lane : {&enqueues_, &dequeues_, &empties_}) {
    key_.push_back(lane->first);
    // Beyond the first that isn't picked, others are only while they ran with it.
    const OpIndex until = lane->first < lane->ops.size() ? ops_[lane->ops[lane->first]].end : 0;
    for (uint32_t at = lane->first; at < lane->ops.size() && Begin(*lane, at) < until; ++at) {
      if (lane->picked[at] != 0) key_.push_back(at);
    }
    key_.push_back(kNone);
  }
  steps_ += key_.size();
  uint64_t hash = key_.size();
  for (const uint32_t word : key_) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  }
  hash ^= hash >> 32;
  if (met_count_ * 2 >= slots_.size()) Grow();
  size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const auto at = met_.begin() + static_cast<ptrdiff_t>(slots_[slot] - 1);
    if (at[0] == static_cast<uint32_t>(hash) && at[1] == key_.size() &&
        std::equal(key_.begin(), key_.end(), at + 2)) {
      return false;
    }
  }
  slots_[slot] = met_.size() + 1;
  met_.push_back(static_cast<uint32_t>(hash));
  met_.push_back(static_cast<uint32_t>(key_.size()));
  met_.insert(met_.end(), key_.begin(), key_.end());
  ++met_count_;
  return true;
}

void QueueSearch::Grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (size_t at = 0; at < met_.size(); at += 2 + met_[at + 1]) {
    size_t slot = met_[at] & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = at + 1;
  }
}

// Items come in the order picked, each as early as can be, and likewise go; between those that found nothing.
std::vector<uint32_t> QueueSearch::Order() const {
  std::vector<uint32_t> order;
  std::vector<std::pair<OpIndex, uint32_t>> came;
  std::vector<std::pair<OpIndex, uint32_t>> went;
  OpIndex last_came = 0;
  OpIndex last_went = 0;
  const auto flush = [&] {
    size_t c = 0;
    for (const auto& [time, op] : went) {
      while (c < came.size() && came[c].first <= time) order.push_back(came[c++].second);
      order.push_back(op);
    }
    while (c < came.size()) order.push_back(came[c++].second);
    came.clear();
    went.clear();
  };
  const auto come = [&](uint32_t op) {
    last_came = std::max(last_came, ops_[op].begin);
    came.push_back({last_came, op});
  };
  std::vector<uint32_t> open_used(open_used_.size(), 0);
  uint32_t used = 0;
  for (const Pick& pick : picks_) {
    if (pick.empty != kNone) {
      flush();
      order.push_back(empties_.ops[pick.empty]);
      last_came = last_went = std::max({last_came, last_went, Begin(empties_, pick.empty)});
      continue;
    }
    const uint32_t enqueue = pick.enqueue != kNone
                                 ? enqueues_.ops[pick.enqueue]
                                 : open_enqueues_[pick.open_enqueue][open_used[pick.open_enqueue]++];
    const uint32_t dequeue = pick.open_dequeue ? open_dequeues_[used++] : dequeues_.ops[pick.dequeue];
    come(enqueue);
    last_went = std::max({last_went, ops_[dequeue].begin, ops_[enqueue].begin});
    went.push_back({last_went, dequeue});
  }
  for (uint32_t at = 0; at < enqueues_.ops.size(); ++at) {
    if (enqueues_.picked[at] == 0) come(enqueues_.ops[at]);
  }
  flush();
  return order;
}

}  // namespace brokersim::checker
