// The timers that a process has set. Each lives in a slot for as long as it is set, so that a timer that runs out is
// found without a search; by name it is found in O(1). A value; at rest it allocates nothing.
//
// The slot of a timer that is over keeps its name until another timer needs it: most are set again. Beyond a few
// slots, a table with open addressing finds the slot of a name. ForEach sorts, so that no order depends on it.
#ifndef BROKERSIM_SIM_KERNEL_TIMER_TABLE_H_
#define BROKERSIM_SIM_KERNEL_TIMER_TABLE_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/digest.h"
#include "sim/base/ids.h"
#include "sim/base/sim_time.h"

namespace brokersim::sim {

// A cache line.
struct SetTimerState {
  Timer timer;
  uint64_t generation = 0;  // 0: it isn't set
  Time deadline;            // of the node's monotonic clock
  EventId set = 0;
  // A timer that is moved to a later time leaves its event where it is: that finds out when it is due, and goes on.
  uint64_t queued = 0;      // the generation that the pending event is for, 0: none is pending
  Time queued_for;          // when that event is due
  uint64_t order = 0;       // among the events of the instant at which the timer runs out

  // It ran out and waits for the CPU.
  bool due() const { return queued == 0 && queued_for == Time::Max(); }
  void SetDue() { queued_for = Time::Max(); }
};

class TimerTable {
 public:
  static constexpr uint32_t kNone = 0xffffffff;

  // The timer's slot, or kNone.
  uint32_t Find(Timer timer) const {
    const uint32_t at = Named(timer);
    return at != kNone && (*this)[at].generation != 0 ? at : kNone;
  }
  // The caller gives it a generation, which no other has or had.
  uint32_t FindOrAdd(Timer timer) {
    const uint32_t at = Named(timer);
    if (at == kNone) return Add(timer);
    if ((*this)[at].generation == 0) --over_;
    return at;
  }
  SetTimerState& operator[](uint32_t at) { return at == 0 ? first_ : more_[at - 1].state; }
  const SetTimerState& operator[](uint32_t at) const { return at == 0 ? first_ : more_[at - 1].state; }
  // Whether the slot still holds what it held in this generation.
  bool Holds(uint32_t at, uint64_t generation) const { return at < used_ && (*this)[at].generation == generation; }
  // Whether an event for this generation is the slot's pending one.
  bool Awaits(uint32_t at, uint64_t generation) const { return at < used_ && (*this)[at].queued == generation; }
  // REQUIRES: it is set.
  void Erase(uint32_t erased) {
    (*this)[erased].generation = 0;
    last_ = erased;
    ++over_;
  }
  void clear() { *this = TimerTable(); }
  [[gnu::always_inline]] void Prefetch(uint32_t at) const {
    if (at > 0 && at < used_) __builtin_prefetch(&more_[at - 1]);
  }

  // Calls f(slot, state) for each, in the order of timers. `f` may not add or erase.
  template <class F>
  void ForEach(F f) {
    std::vector<uint32_t> set;
    for (uint32_t at = 0; at < used_; ++at) {
      if ((*this)[at].generation != 0) set.push_back(at);
    }
    // Each slot has a timer of its own: no two are equal.
    std::sort(set.begin(), set.end(), [this](uint32_t a, uint32_t b) { return (*this)[a].timer < (*this)[b].timer; });
    for (const uint32_t at : set) f(at, (*this)[at]);
  }

 private:
  struct alignas(64) Slot {
    SetTimerState state;
  };
  static constexpr uint32_t kFew = 8;  // slots that are looked through

  static size_t HashOf(Timer timer) {
    return FoldMultiply(kMixB ^ static_cast<uint64_t>(timer.arg), kMixA ^ timer.kind);
  }

  // The slot with this name, set or not.
  uint32_t Named(Timer timer) const {
    if (used_ > last_ && (*this)[last_].timer == timer) return last_;
    if (index_.empty()) {
      for (uint32_t at = 0; at < used_; ++at) {
        if ((*this)[at].timer == timer) return at;
      }
      return kNone;
    }
    for (size_t i = HashOf(timer);; ++i) {
      const uint32_t at = index_[i & (index_.size() - 1)];
      if (at == kNone || (*this)[at].timer == timer) return at;
    }
  }
  uint32_t Add(Timer timer);
  void Index(uint32_t at) {
    size_t i = HashOf((*this)[at].timer);
    while (index_[i & (index_.size() - 1)] != kNone) ++i;
    index_[i & (index_.size() - 1)] = at;
  }
  void Reindex();

  SetTimerState first_;  // many processes have one timer, and find it here
  uint32_t used_ = 0;    // slots that were ever used
  uint32_t last_ = 0;    // the slot of the timer that was over last, or kNone
  uint32_t over_ = 0;    // slots with names of timers that are over
  std::vector<Slot> more_;
  std::vector<uint32_t> free_;   // slots without a name; with an index only
  std::vector<uint32_t> index_;  // empty, or a power of two of slots, at least half of them kNone
};

inline uint32_t TimerTable::Add(Timer timer) {
  uint32_t added = used_;
  if (index_.empty() && over_ > 0) {
    for (added = 0; (*this)[added].generation != 0;) ++added;
    --over_;
  } else {
    if (index_.empty() ? used_ == kFew : free_.empty() && (over_ * 2 >= used_ || used_ * 2 >= index_.size())) Reindex();
    if (!free_.empty()) {
      added = free_.back();
      free_.pop_back();
    } else if (used_++ > 0) {
      more_.emplace_back();
    }
  }
  (*this)[added].timer = timer;
  if (!index_.empty()) Index(added);
  return added;
}

// Drops the names of what is over. As many timers come or go before the next time, so this takes O(1) in the long run.
inline void TimerTable::Reindex() {
  index_.assign(std::bit_ceil(size_t{4} * (used_ + 1)), kNone);
  for (uint32_t at = used_; at-- > 0;) {
    (*this)[at].generation == 0 ? free_.push_back(at) : Index(at);
  }
  over_ = 0;
  last_ = kNone;
}

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_TIMER_TABLE_H_
