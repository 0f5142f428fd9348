// The pending events, in the order (time, sequence); or, with PermuteTies, (time, a permutation of sequences).
//
// Keys over a slab of events; freed slots are reused, the last one first. The keys are in a tournament; when there are
// many, most of them are in a calendar, and the tournament has what was pushed among the next few. A value: copying it
// copies everything that is pending. No two keys are equal, so the result does not depend on where a key is kept.
#ifndef BROKERSIM_SIM_KERNEL_EVENT_QUEUE_H_
#define BROKERSIM_SIM_KERNEL_EVENT_QUEUE_H_

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/digest.h"
#include "sim/base/sim_time.h"
#include "sim/kernel/event_key.h"
#include "sim/kernel/key_calendar.h"
#include "sim/kernel/key_tournament.h"

namespace brokersim::sim {

template <class Event>
class EventQueue {
 public:
  bool empty() const { return size() == 0; }
  int64_t size() const { return static_cast<int64_t>(many_ ? soon_.size() + calendar_.size() : soon_.size()); }
  // REQUIRES: !empty().
  Time next_time() { return Next().time; }

  // How many events had been pushed when the one that was popped last was, while ties are permuted; 0: before that.
  uint64_t popped_sequence() const { return free_.back() < sequences_.size() ? sequences_[free_.back()] : 0; }

  // Events that are pushed from now on come, within an instant, in an order drawn from the seed.
  void PermuteTies(uint64_t seed) {
    permutation_ = FoldMultiply(seed ^ kMixA, kMixB) | 1;
    sequences_.clear();
  }
  // ... in the order of pushing again.
  void KeepTies() { permutation_ = 0; }

  // `event` is an Event, or an alternative of one.
  template <class E>
  [[gnu::always_inline]] void Push(Time time, E&& event) {
    const uint64_t sequence = pushed_ + 1;
    PushAt(time, NextOrder(), std::forward<E>(event), sequence);
  }

  // An event may be given its place among those of its instant now, and be pushed later with PushAt.
  uint64_t NextOrder() {
    uint64_t order = pushed_++;
    constexpr uint64_t kMask = (uint64_t{1} << EventKey::kOrderBits) - 1;
    CHECK(order <= kMask, "{} events were scheduled", order);
    if (permutation_ == 0) [[likely]] return order;
    // Each step is one-to-one on 40 bits: adding, multiplying by an odd number, folding the upper half down.
    for (int round = 0; round < 3; ++round) {
      order = ((order + (permutation_ >> 8)) * permutation_) & kMask;
      order ^= order >> 21;
    }
    return order;
  }
  bool permutes_ties() const { return permutation_ != 0; }
  // `order` was given by NextOrder and used for no other event; while ties weren't permuted, if it was given for later.
  template <class E>
  [[gnu::always_inline]] void PushAt(Time time, uint64_t order, E&& event, uint64_t sequence = 0) {
    uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<uint32_t>(slab_.size());
      CHECK(slot < EventKey::kNoSlot, "{} events are pending", slot);
      slab_.emplace_back(std::forward<E>(event));
    } else {
      slot = free_.back();
      free_.pop_back();
      slab_[slot].event = std::forward<E>(event);
    }
    if (permutation_ != 0) [[unlikely]] NoteSequence(slot, sequence);
    Insert(EventKey(time, order, slot));
  }

  // The next event, to be moved out of where it is before anything is pushed; or null, if there is none at `until` or
  // before.
  [[gnu::always_inline]] Event* PopUntil(Time until, Time* at) {
    if (empty()) return nullptr;
    const EventKey next = Next();
    if (next.time > until) return nullptr;
    *at = next.time;
    many_ ? PopOfMany() : soon_.Pop();
    free_.push_back(next.slot());
    return &slab_[next.slot()].event;
  }

  // There are many events, so that their state doesn't stay in the cache: it pays to fetch it ahead.
  bool foresees() const { return many_; }
  // After a Pop: what is likely to be the n-th from now, from 0, or null.
  const Event* Foresee(size_t n) const {
    const EventKey* const key = calendar_.begin() + n;
    return key < calendar_.end() ? &slab_[key->slot()].event : nullptr;
  }

  // Takes out every pending event for which `wanted` is true, in their order. Costs a pass over all.
  template <class Predicate>
  std::vector<Event> Extract(Predicate wanted) {
    std::vector<EventKey> keys = DrainKeys();
    std::sort(keys.begin(), keys.end());  // they are all different
    std::vector<Event> events;
    for (const EventKey& key : keys) {
      Event& event = slab_[key.slot()].event;
      if (!wanted(std::as_const(event))) {
        soon_.Push(key);
        continue;
      }
      free_.push_back(key.slot());
      events.push_back(std::move(event));
    }
    return events;
  }

 private:
  // A cache line each.
  struct alignas(64) Slot {
    Slot() = default;
    template <class E>
      requires(!std::is_same_v<std::decay_t<E>, Slot>)
    explicit Slot(E&& pending) : event(std::forward<E>(pending)) {}
    Event event;
  };

  [[gnu::always_inline]] EventKey Next() {
    if (!many_) [[likely]] return soon_.Least();
    return NextOfMany();
  }
  [[gnu::noinline]] EventKey NextOfMany() {
    if (calendar_.end() - calendar_.begin() < kAhead) calendar_.Gather(/*begin_year=*/soon_.empty());
    calendar_is_next_ =
        calendar_.begin() != calendar_.end() && (soon_.empty() || *calendar_.begin() < soon_.Least());
    return calendar_is_next_ ? *calendar_.begin() : soon_.Least();
  }

  [[gnu::noinline]] void PopOfMany() {
    calendar_is_next_ ? calendar_.Pop() : soon_.Pop();
    if (calendar_.end() - calendar_.begin() > kAhead) __builtin_prefetch(&slab_[calendar_.begin()[kAhead].slot()]);
    if (size() < kFew) CloseCalendar();
  }

  [[gnu::always_inline]] void Insert(EventKey key) {
    if (many_ && calendar_.Takes(key.time)) return calendar_.Push(key);
    soon_.Push(key);
    __builtin_prefetch(&slab_[soon_.Least().slot()]);
    if (soon_.size() >= kMany && !many_) [[unlikely]] OpenCalendar();
  }

  std::vector<EventKey> DrainKeys() {
    std::vector<EventKey> keys;
    keys.reserve(static_cast<size_t>(size()));
    soon_.Drain(&keys);
    calendar_.Drain(&keys);
    many_ = false;
    calendar_is_next_ = false;
    return keys;
  }
  [[gnu::noinline]] void OpenCalendar() {
    const std::vector<EventKey> keys = DrainKeys();
    calendar_.Open();
    many_ = true;
    for (const EventKey& key : keys) calendar_.Push(key);
  }
  [[gnu::noinline]] void CloseCalendar() {
    for (const EventKey& key : DrainKeys()) soon_.Push(key);
  }

  [[gnu::noinline]] void NoteSequence(uint32_t slot, uint64_t sequence) {
    if (sequences_.size() <= slot) sequences_.resize(slot + 1);
    sequences_[slot] = sequence;
  }

  // From `kMany` events on there is a calendar, until there are less than `kFew`.
  static constexpr size_t kMany = 2'048;
  static constexpr int64_t kFew = 512;
  // How many keys of the calendar are to be at hand, for Foresee.
  static constexpr int kAhead = 16;

  KeyTournament soon_;         // all keys, or those before what the calendar had gathered when they were pushed
  bool many_ = false;     // the calendar is open
  bool calendar_is_next_ = false;
  KeyCalendar calendar_;
  std::vector<Slot> slab_;
  std::vector<uint32_t> free_;
  uint64_t pushed_ = 0;
  uint64_t permutation_ = 0;  // 0: none; else odd
  std::vector<uint64_t> sequences_;  // of each slot, while ties are permuted
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_EVENT_QUEUE_H_
