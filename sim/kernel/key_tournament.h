// A tournament of keys: of each pair the lesser goes on to the next round, until the least of all is left. A value.
//
// A key's place in the first round is its slot, so whom it meets is known beforehand: nothing that is fetched waits
// for a comparison, and no comparison is a branch. (In a heap each step waits for the one before, and which way it
// goes can't be foreseen.) What was popped leaves its place empty; as a rule the next push takes it, and both are one
// way through the rounds.
#ifndef BROKERSIM_SIM_KERNEL_KEY_TOURNAMENT_H_
#define BROKERSIM_SIM_KERNEL_KEY_TOURNAMENT_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/kernel/event_key.h"

namespace brokersim::sim {

class KeyTournament {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  // The least. REQUIRES: !empty().
  EventKey Least() {
    if (hole_) [[unlikely]] FillHole();
    return At(1);
  }
  // REQUIRES: !empty().
  void Pop() {
    if (hole_) [[unlikely]] FillHole();
    hole_ = true;
    --size_;
  }
  // REQUIRES: no key is in this one's slot.
  [[gnu::always_inline]] void Push(EventKey added) {
    if (hole_ && added.slot() != At(1).slot()) [[unlikely]] FillHole();
    hole_ = false;
    ++size_;
    if (added.slot() >= places_) [[unlikely]] Grow(added.slot());
    Enter(added.slot(), added);
  }

  // Moves all keys to the end of `keys`, in the order of their slots.
  void Drain(std::vector<EventKey>* keys) {
    if (hole_) FillHole();
    for (size_t i = places_; i < times_.size(); ++i) {
      if (At(i).slot() != EventKey::kNoSlot) keys->push_back(At(i));
    }
    *this = KeyTournament();
  }

 private:
  EventKey At(size_t i) const {
    EventKey key;
    key.time = times_[i];
    key.rest = rests_[i];
    return key;
  }
  // An empty place has a key that is greater than all others.
  [[gnu::noinline]] void FillHole() {
    hole_ = false;
    Enter(At(1).slot(), EventKey());
  }

  // Puts the key into its place, and plays its rounds. The winner of 2i and 2i + 1 is at i.
  [[gnu::always_inline]] void Enter(uint32_t slot, EventKey key) {
    Time* const times = times_.data();
    uint64_t* const rests = rests_.data();
    size_t i = places_ + slot;
    times[i] = key.time;
    rests[i] = key.rest;
    while (i > 1) {
      const Time time = times[i ^ 1];
      const uint64_t rest = rests[i ^ 1];
      i /= 2;
      const bool less = EventKey::Wide(time, rest) < EventKey::Wide(key.time, key.rest);
      key.time = less ? time : key.time;
      key.rest = less ? rest : key.rest;
      times[i] = key.time;
      rests[i] = key.rest;
    }
  }

  [[gnu::noinline]] void Grow(uint32_t slot) {
    std::vector<EventKey> before;
    for (size_t i = places_; i < times_.size(); ++i) before.push_back(At(i));
    places_ = std::bit_ceil(size_t{slot} + 1);
    times_.assign(2 * places_, EventKey().time);
    rests_.assign(2 * places_, EventKey().rest);
    for (uint32_t i = 0; i < before.size(); ++i) {
      if (before[i].slot() != EventKey::kNoSlot) Enter(i, before[i]);
    }
  }

  size_t places_ = 1;  // of the first round; a power of two
  // Keys in two parts; the first of each is unused.
  std::vector<Time> times_ = std::vector<Time>(2, EventKey().time);
  std::vector<uint64_t> rests_ = std::vector<uint64_t>(2, EventKey().rest);
  size_t size_ = 0;
  bool hole_ = false;  // the least was popped, and is still in its place
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_KEY_TOURNAMENT_H_
