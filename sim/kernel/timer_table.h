// The timers that a process has set. Each lives in a slot for as long as it is set, so that a timer that runs
// out is found without a search; by name it is found in O(log n). A value; at rest it allocates nothing.
//
// A treap over slots (Seidel and Aragon, 1996): a search tree by timer, a heap by a digest of the timer. So
// its shape, and the order of ForEach, depend on what is set and on nothing else.
#ifndef BROKERSIM_SIM_KERNEL_TIMER_TABLE_H_
#define BROKERSIM_SIM_KERNEL_TIMER_TABLE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/base/digest.h"
#include "sim/base/ids.h"
#include "sim/base/sim_time.h"

namespace brokersim::sim {

struct SetTimerState {
  Timer timer;
  uint64_t generation = 0;  // 0: the slot is free
  Time deadline;            // of the node's monotonic clock
  EventId set = 0;
  bool due = false;         // it ran out and waits for the CPU
};

class TimerTable {
 public:
  static constexpr uint32_t kNone = 0xffffffff;

  // The timer's slot, or kNone.
  uint32_t Find(Timer timer) const {
    uint32_t at = root_;
    while (at != kNone && slot(at).state.timer != timer) at = slot(at).Toward(timer);
    return at;
  }
  uint32_t FindOrAdd(Timer timer) {
    const uint32_t found = Find(timer);
    if (found != kNone) return found;
    if (root_ != kNone || free_ != 0) return Add(timer);
    // The only one, where the last only one was.
    free_ = first_.left;
    root_ = 0;
    first_.state.timer = timer;
    first_.rank = RankOf(timer);
    first_.left = first_.right = kNone;
    return 0;
  }
  SetTimerState& operator[](uint32_t at) { return slot(at).state; }
  const SetTimerState& operator[](uint32_t at) const { return slot(at).state; }
  // Whether the slot still holds what it held in this generation.
  bool Holds(uint32_t at, uint64_t generation) const {
    return at < used_ && slot(at).state.generation == generation;
  }
  // REQUIRES: the slot is in use.
  void Erase(uint32_t erased);
  void clear() {
    first_ = Slot();
    more_.clear();
    used_ = 0;
    root_ = kNone;
    free_ = kNone;
  }

  // Calls f(slot, state) for each, in the order of timers. `f` may not add or erase.
  template <class F>
  void ForEach(F f) {
    std::vector<uint32_t> path;
    for (uint32_t at = root_; at != kNone || !path.empty();) {
      for (; at != kNone; at = slot(at).left) path.push_back(at);
      at = path.back();
      path.pop_back();
      f(at, slot(at).state);
      at = slot(at).right;
    }
  }

 private:
  struct Slot {
    SetTimerState state;
    uint32_t left = kNone;   // of a free slot: the next free one
    uint32_t right = kNone;
    uint64_t rank = 0;       // no smaller than the ranks below it

    uint32_t& Toward(Timer timer) { return timer < state.timer ? left : right; }
    uint32_t Toward(Timer timer) const { return timer < state.timer ? left : right; }
  };

  static uint64_t RankOf(Timer timer) {
    return FoldMultiply(kMixB ^ static_cast<uint64_t>(timer.arg), kMixA ^ timer.kind);
  }
  uint32_t Add(Timer timer);
  Slot& slot(uint32_t at) { return at == 0 ? first_ : more_[at - 1]; }
  const Slot& slot(uint32_t at) const { return at == 0 ? first_ : more_[at - 1]; }

  Slot first_;  // many processes have one timer, and find it here
  uint32_t used_ = 0;  // slots that were ever used
  uint32_t root_ = kNone;
  uint32_t free_ = kNone;
  std::vector<Slot> more_;
};

inline uint32_t TimerTable::Add(Timer timer) {
  uint32_t added = free_;
  if (added == kNone) {
    added = used_++;
    if (added > 0) more_.emplace_back();
  } else {
    free_ = slot(added).left;
  }
  Slot& fresh = slot(added);
  fresh.state.timer = timer;
  fresh.rank = RankOf(timer);
  uint32_t* link = &root_;
  while (*link != kNone && slot(*link).rank >= fresh.rank) link = &slot(*link).Toward(timer);
  // What is below goes to both sides of the new one.
  uint32_t rest = std::exchange(*link, added);
  uint32_t* less = &fresh.left;
  uint32_t* more = &fresh.right;
  while (rest != kNone) {
    Slot& next = slot(rest);
    if (next.state.timer < timer) {
      *std::exchange(less, &next.right) = rest;
      rest = next.right;
    } else {
      *std::exchange(more, &next.left) = rest;
      rest = next.left;
    }
  }
  *less = kNone;
  *more = kNone;
  return added;
}

inline void TimerTable::Erase(uint32_t erased) {
  Slot& gone = slot(erased);
  if (root_ == erased && gone.left == kNone && gone.right == kNone) {
    root_ = kNone;
    gone.state.generation = 0;
    gone.left = std::exchange(free_, erased);
    return;
  }
  uint32_t* link = &root_;
  while (*link != erased) link = &slot(*link).Toward(gone.state.timer);
  uint32_t left = gone.left;
  uint32_t right = gone.right;
  while (left != kNone && right != kNone) {
    if (slot(left).rank >= slot(right).rank) {
      *link = left;
      link = &slot(left).right;
      left = *link;
    } else {
      *link = right;
      link = &slot(right).left;
      right = *link;
    }
  }
  *link = left != kNone ? left : right;
  gone.state.generation = 0;
  gone.left = free_;
  free_ = erased;
}

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_TIMER_TABLE_H_
