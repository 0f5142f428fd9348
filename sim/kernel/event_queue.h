// The pending events, in the order (time, sequence); or, with PermuteTies, (time, a permutation of sequences).
//
// A 4-ary heap of 16-byte keys over a slab of events; freed slots are reused. The four children of a key
// share a cache line, and a pop leaves a hole that the next push fills. A value: copying it copies everything
// that is pending. No two keys are equal, so the result does not depend on the heap's layout.
#ifndef BROKERSIM_SIM_KERNEL_EVENT_QUEUE_H_
#define BROKERSIM_SIM_KERNEL_EVENT_QUEUE_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/digest.h"
#include "sim/base/sim_time.h"

namespace brokersim::sim {

template <class Event>
class EventQueue {
 public:
  // Limits: events pending at once, and events pushed over the queue's life.
  static constexpr int kSlotBits = 24;
  static constexpr int kOrderBits = 40;

  bool empty() const { return size() == 0; }
  int64_t size() const { return static_cast<int64_t>(end_ - kRoot) - (hole_ ? 1 : 0); }
  // REQUIRES: !empty().
  Time next_time() {
    FillHole();
    return key(kRoot).time;
  }

  // How many events had been pushed when the next one was, while ties are permuted; 0: before that. REQUIRES: !empty().
  uint64_t next_sequence() {
    FillHole();
    const uint32_t slot = key(kRoot).slot();
    return slot < sequences_.size() ? sequences_[slot] : 0;
  }

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
    uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<uint32_t>(slab_.size());
      CHECK(slot >> kSlotBits == 0, "{} events are pending", slot);
      slab_.emplace_back(std::forward<E>(event));
    } else {
      slot = free_.back();
      free_.pop_back();
      slab_[slot].event = std::forward<E>(event);
    }
    if (permutation_ != 0) [[unlikely]] NoteSequence(slot);
    Insert(Key{time, NextOrder() << kSlotBits | slot});
  }

  // The next event, to be moved out of where it is before anything is pushed. REQUIRES: !empty().
  Event& Pop() {
    CHECK(!empty(), "popping from an empty queue");
    FillHole();
    const uint32_t slot = key(kRoot).slot();
    hole_ = true;
    free_.push_back(slot);
    return slab_[slot].event;
  }

  // After a Pop: what is likely to be next, or null. What may come after that is fetched into the cache.
  const Event* Foresee() const {
    if (end_ <= kRoot + 1) return nullptr;
    const size_t best = LeastOf(lines_[1].keys);
    if (const size_t below = kRoot - 1 + best; below < lines_.size()) {
      for (const Key& child : lines_[below].keys) {
        if (child.slot() < slab_.size()) __builtin_prefetch(&slab_[child.slot()]);
      }
    }
    return &slab_[lines_[1].keys[best].slot()].event;
  }

  // Takes out every pending event for which `wanted` is true, in their order. Costs a pass over all.
  template <class Predicate>
  std::vector<Event> Extract(Predicate wanted) {
    FillHole();
    std::vector<Key> taken;
    std::vector<Key> kept;
    for (size_t i = kRoot; i < end_; ++i) {
      (wanted(std::as_const(slab_[key(i).slot()].event)) ? taken : kept).push_back(key(i));
    }
    if (taken.empty()) return {};
    std::sort(kept.begin(), kept.end());  // a sorted array is a heap; keys are all different
    std::sort(taken.begin(), taken.end());
    for (size_t i = kRoot; i < end_; ++i) key(i) = i - kRoot < kept.size() ? kept[i - kRoot] : Key();
    end_ = kRoot + kept.size();
    std::vector<Event> events;
    for (const Key& gone : taken) {
      free_.push_back(gone.slot());
      events.push_back(std::move(slab_[gone.slot()].event));
    }
    return events;
  }

 private:
  struct Key {
    Time time = Time::Max();
    uint64_t rest = std::numeric_limits<uint64_t>::max();  // order, then slot
    uint32_t slot() const { return static_cast<uint32_t>(rest & ((1u << kSlotBits) - 1)); }
    // Equal times are rare, so that branch is foreseen; which of two times is less can't be, so it takes none.
    friend bool operator<(const Key& a, const Key& b) {
      if (a.time == b.time) [[unlikely]] return a.rest < b.rest;
      return a.time < b.time;
    }
  };
  // Children of key i are the keys of line i - 2. Keys past the end are greater than all others.
  struct alignas(64) Line {
    Key keys[4];
  };
  static constexpr size_t kRoot = 3;
  // A cache line each.
  struct alignas(64) Slot {
    Slot() = default;
    template <class E>
      requires(!std::is_same_v<std::decay_t<E>, Slot>)
    explicit Slot(E&& pending) : event(std::forward<E>(pending)) {}
    Event event;
  };

  Key& key(size_t i) { return lines_[i >> 2].keys[i & 3]; }

  [[gnu::noinline]] void NoteSequence(uint32_t slot) {
    if (sequences_.size() <= slot) sequences_.resize(slot + 1);
    sequences_[slot] = pushed_ + 1;
  }

  uint64_t NextOrder() {
    uint64_t order = pushed_++;
    constexpr uint64_t kMask = (uint64_t{1} << kOrderBits) - 1;
    CHECK(order <= kMask, "{} events were scheduled", order);
    if (permutation_ == 0) return order;
    // Each step is one-to-one on 40 bits: adding, multiplying by an odd number, folding the upper half down.
    for (int round = 0; round < 3; ++round) {
      order = ((order + (permutation_ >> 8)) * permutation_) & kMask;
      order ^= order >> 21;
    }
    return order;
  }

  [[gnu::noinline]] void Insert(Key added) {
    if (hole_) {
      hole_ = false;
      SiftDown(added);
      return;
    }
    if (end_ == lines_.size() * 4) lines_.emplace_back();
    size_t i = end_++;
    while (i > kRoot) {
      const size_t parent = (i >> 2) + 2;
      if (!(added < key(parent))) break;
      key(i) = key(parent);
      i = parent;
    }
    key(i) = added;
  }

  void FillHole() {
    if (!hole_) return;
    hole_ = false;
    const Key last = std::exchange(key(--end_), Key());
    if (end_ > kRoot) SiftDown(last);
  }

  // Which of four keys is least. A comparison of random times can't be foreseen, so there is no branch on one;
  // equal times are rare, so there is a branch on those.
  static size_t LeastOf(const Key* keys) {
    const int64_t t0 = keys[0].time.nanos();
    const int64_t t1 = keys[1].time.nanos();
    const int64_t t2 = keys[2].time.nanos();
    const int64_t t3 = keys[3].time.nanos();
    const int64_t low = std::min(t0, t1);
    const int64_t high = std::min(t2, t3);
    if ((t0 == t1) | (t2 == t3) | (low == high)) [[unlikely]] {
      return static_cast<size_t>(std::min_element(keys, keys + 4) - keys);
    }
    const auto odd_low = static_cast<unsigned>(t1 < t0);
    const auto odd_high = static_cast<unsigned>(t3 < t2);
    const auto upper = static_cast<unsigned>(high < low);
    return 2 * upper + (odd_low ^ ((odd_low ^ odd_high) & upper));
  }

  // Puts the key where the root is missing.
  void SiftDown(Key sunk) {
    Line* const lines = lines_.data();
    Key* hole = &lines[kRoot >> 2].keys[kRoot & 3];
    size_t i = kRoot;
    while (true) {
      const size_t first = (i - 2) << 2;
      if (first >= end_) break;
      Key* const children = lines[i - 2].keys;
      const size_t best = LeastOf(children);
      if (!(children[best] < sunk)) break;
      *hole = children[best];
      hole = &children[best];
      i = first + best;
    }
    *hole = sunk;
    // It is likely to be next.
    __builtin_prefetch(&slab_[key(kRoot).slot()]);
  }

  std::vector<Line> lines_ = std::vector<Line>(1);
  size_t end_ = kRoot;  // behind the last key
  bool hole_ = false;   // the root was popped
  std::vector<Slot> slab_;
  std::vector<uint32_t> free_;
  uint64_t pushed_ = 0;
  uint64_t permutation_ = 0;  // 0: none; else odd
  std::vector<uint64_t> sequences_;  // of each slot, while ties are permuted
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_EVENT_QUEUE_H_
