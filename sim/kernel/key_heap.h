// A 4-ary heap of keys. The four children of a key share a cache line, and a pop leaves a hole that the next
// push fills. A value.
#ifndef BROKERSIM_SIM_KERNEL_KEY_HEAP_H_
#define BROKERSIM_SIM_KERNEL_KEY_HEAP_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/kernel/event_key.h"

namespace brokersim::sim {

class KeyHeap {
 public:
  bool empty() const { return size() == 0; }
  size_t size() const { return end_ - kRoot - (hole_ ? 1 : 0); }
  // The least. REQUIRES: !empty().
  const EventKey& Least() {
    FillHole();
    return key(kRoot);
  }
  // Likely to be the least after the next push. REQUIRES: it wasn't always empty.
  const EventKey& Foresee() const { return lines_[kRoot >> 2].keys[kRoot & 3]; }
  // REQUIRES: !empty().
  void Pop() {
    FillHole();
    hole_ = true;
  }

  void Push(EventKey added) {
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

  // Moves all keys to the end of `keys`, in no order.
  void Drain(std::vector<EventKey>* keys) {
    FillHole();
    for (; end_ > kRoot; --end_) keys->push_back(std::exchange(key(end_ - 1), EventKey()));
  }

 private:
  // Children of key i are the keys of line i - 2. Keys past the end are greater than all others.
  struct alignas(64) Line {
    EventKey keys[4];
  };
  static constexpr size_t kRoot = 3;

  EventKey& key(size_t i) { return lines_[i >> 2].keys[i & 3]; }

  void FillHole() {
    if (!hole_) return;
    hole_ = false;
    const EventKey last = std::exchange(key(--end_), EventKey());
    if (end_ > kRoot) SiftDown(last);
  }

  // Which of four keys is least. A comparison of random times can't be foreseen, so there is no branch on one;
  // equal times are rare, so there is a branch on those.
  static size_t LeastOf(const EventKey* keys) {
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
  void SiftDown(EventKey sunk) {
    Line* const lines = lines_.data();
    EventKey* hole = &lines[kRoot >> 2].keys[kRoot & 3];
    size_t i = kRoot;
    while (true) {
      const size_t first = (i - 2) << 2;
      if (first >= end_) break;
      EventKey* const children = lines[i - 2].keys;
      const size_t best = LeastOf(children);
      if (!(children[best] < sunk)) break;
      *hole = children[best];
      hole = &children[best];
      i = first + best;
    }
    *hole = sunk;
  }

  std::vector<Line> lines_ = std::vector<Line>(1);
  size_t end_ = kRoot;  // behind the last key
  bool hole_ = false;   // the root was popped
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_KEY_HEAP_H_
