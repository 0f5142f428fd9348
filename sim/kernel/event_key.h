// What a pending event is ordered by, and where it is kept.
#ifndef BROKERSIM_SIM_KERNEL_EVENT_KEY_H_
#define BROKERSIM_SIM_KERNEL_EVENT_KEY_H_

#include <cstdint>
#include <limits>

#include "sim/base/sim_time.h"

namespace brokersim::sim {

// 16 bytes. No two keys are equal. One that was made of nothing is greater than every other.
struct EventKey {
  // Limits: events pending at once, and events pushed over a queue's life.
  static constexpr int kSlotBits = 24;
  static constexpr int kOrderBits = 40;
  static constexpr uint32_t kNoSlot = (1u << kSlotBits) - 1;

  EventKey() = default;
  EventKey(Time at, uint64_t order, uint32_t slot) : time(at), rest(order << kSlotBits | slot) {}

  uint32_t slot() const { return static_cast<uint32_t>(rest) & kNoSlot; }
  uint64_t order() const { return rest >> kSlotBits; }
  // Both parts as one number of the same order: two of them are compared without a branch.
  __extension__ typedef __int128 Int128;
  static Int128 Wide(Time time, uint64_t rest) { return static_cast<Int128>(time.nanos()) << 64 | rest; }
  // Equal times are rare, so that branch is foreseen; which of two times is less can't be, so it takes none.
  friend bool operator<(const EventKey& a, const EventKey& b) {
    if (a.time == b.time) [[unlikely]] return a.rest < b.rest;
    return a.time < b.time;
  }

  Time time = Time::Max();
  uint64_t rest = std::numeric_limits<uint64_t>::max();  // order, then slot
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_EVENT_KEY_H_
