// The pending events, in the order (time, tie, sequence).
//
// A 4-ary heap of small keys over a slab of events; freed slots are reused. A value: copying it
// copies everything that is pending. Sequence numbers make the order total, so the result
// does not depend on the heap's layout.
#ifndef BROKERSIM_SIM_KERNEL_EVENT_QUEUE_H_
#define BROKERSIM_SIM_KERNEL_EVENT_QUEUE_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/sim_time.h"

namespace brokersim::sim {

template <class Event>
class EventQueue {
 public:
  bool empty() const { return heap_.empty(); }
  int64_t size() const { return static_cast<int64_t>(heap_.size()); }
  Time next_time() const { return heap_.front().time; }
  uint64_t next_sequence() const { return heap_.front().sequence; }

  // `tie` orders events of one instant before their sequence does.
  void Push(Time time, uint64_t tie, Event event) {
    uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<uint32_t>(slab_.size());
      slab_.push_back(std::move(event));
    } else {
      slot = free_.back();
      free_.pop_back();
      slab_[slot] = std::move(event);
    }
    heap_.push_back(Key{time, tie, next_sequence_++, slot});
    SiftUp(heap_.size() - 1);
  }

  // REQUIRES: !empty().
  Event Pop() {
    CHECK(!heap_.empty(), "popping from an empty queue");
    const uint32_t slot = heap_.front().slot;
    heap_.front() = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) SiftDown(0);
    free_.push_back(slot);
    return std::exchange(slab_[slot], Event{});
  }

  // Takes out every pending event for which `wanted` is true, in their order. Costs a pass over all.
  template <class Predicate>
  std::vector<Event> Extract(Predicate wanted) {
    std::vector<Key> taken;
    std::vector<Key> kept;
    for (const Key& key : heap_) (wanted(slab_[key.slot]) ? taken : kept).push_back(key);
    if (taken.empty()) return {};
    heap_ = std::move(kept);
    std::sort(heap_.begin(), heap_.end());  // a sorted array is a heap; keys are all different
    std::sort(taken.begin(), taken.end());
    std::vector<Event> events;
    for (const Key& key : taken) {
      free_.push_back(key.slot);
      events.push_back(std::exchange(slab_[key.slot], Event{}));
    }
    return events;
  }

 private:
  struct Key {
    Time time;
    uint64_t tie = 0;
    uint64_t sequence = 0;
    uint32_t slot = 0;
    friend bool operator<(const Key& a, const Key& b) {
      if (a.time != b.time) return a.time < b.time;
      if (a.tie != b.tie) return a.tie < b.tie;
      return a.sequence < b.sequence;
    }
  };
  static constexpr size_t kArity = 4;

  void SiftUp(size_t i) {
    const Key key = heap_[i];
    while (i > 0) {
      const size_t parent = (i - 1) / kArity;
      if (!(key < heap_[parent])) break;
      heap_[i] = heap_[parent];
      i = parent;
    }
    heap_[i] = key;
  }

  void SiftDown(size_t i) {
    const Key key = heap_[i];
    while (true) {
      const size_t first = i * kArity + 1;
      if (first >= heap_.size()) break;
      const size_t last = std::min(first + kArity, heap_.size());
      size_t best = first;
      for (size_t child = first + 1; child < last; ++child) {
        if (heap_[child] < heap_[best]) best = child;
      }
      if (!(heap_[best] < key)) break;
      heap_[i] = heap_[best];
      i = best;
    }
    heap_[i] = key;
  }

  std::vector<Key> heap_;
  std::vector<Event> slab_;
  std::vector<uint32_t> free_;
  uint64_t next_sequence_ = 0;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_EVENT_QUEUE_H_
