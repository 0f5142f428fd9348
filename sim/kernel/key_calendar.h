// Keys that are not due soon, in buckets of equal spans of time; the next few, sorted.
//
// A year is a power of two of nanoseconds, cut into about as many buckets as there were keys. What lies beyond it waits
// unsorted; when the year is over, the next one is laid over what waits, so long that it holds most of that. As a rule
// a key is moved twice, and compared with the few of its bucket only. A value; where a key lies has no influence on
// the order. At first, and when it was drained, it is closed: it takes nothing.
#ifndef BROKERSIM_SIM_KERNEL_KEY_CALENDAR_H_
#define BROKERSIM_SIM_KERNEL_KEY_CALENDAR_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/kernel/event_key.h"

namespace brokersim::sim {

class KeyCalendar {
 public:
  // Whether a key of this time can be pushed: it comes after all that were gathered.
  bool Takes(Time at) const { return Ticks(at) > gathered_; }
  // Takes any key from now on. REQUIRES: it is empty.
  void Open() {
    gathered_ = 0;
    heads_.clear();
  }
  // REQUIRES: Takes(key.time).
  void Push(EventKey key) {
    const uint64_t bucket = (Ticks(key.time) - start_) >> shift_;
    if (bucket >= heads_.size()) return beyond_.push_back(key);
    Link(bucket, key);
  }

  // What was gathered and not popped yet, sorted: the least of all keys.
  const EventKey* begin() const { return run_.data() + next_; }
  const EventKey* end() const { return run_.data() + run_.size(); }
  void Pop() { ++next_; }
  size_t size() const { return run_.size() - next_ + linked_ + beyond_.size(); }
  // Gathers some more, so that there are a few. With `begin_year` at least one, if there is any.
  void Gather(bool begin_year) {
    if (linked_ == 0) {
      if (!begin_year || beyond_.empty()) return;
      BeginYear();
    }
    run_.erase(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
    while (linked_ > 0 && run_.size() < kRun) GatherBucket();
  }

  // Moves all keys to the end of `keys`, in no order.
  void Drain(std::vector<EventKey>* keys) {
    while (linked_ > 0) GatherBucket();
    keys->insert(keys->end(), begin(), end());
    keys->insert(keys->end(), beyond_.begin(), beyond_.end());
    *this = KeyCalendar();
  }

 private:
  static constexpr size_t kFew = 16;  // keys that are sorted by insertion
  static constexpr size_t kRun = 40;  // few, so that what is pushed seldom comes before the last of them

  static constexpr uint64_t kAhead = 16;  // how many buckets ahead the first key is fetched

  static uint64_t Ticks(Time at) { return static_cast<uint64_t>(at.nanos()) + (uint64_t{1} << 63); }

  void Link(uint64_t bucket, EventKey key) {
    const uint32_t slot = key.slot();
    if (slot >= links_.size()) links_.resize(slot + 1);
    links_[slot] = EventKey(key.time, key.order(), heads_[bucket]);
    heads_[bucket] = slot;
    filled_[bucket >> 6] |= uint64_t{1} << (bucket & 63);
    ++linked_;
  }

  // REQUIRES: linked_ > 0.
  void GatherBucket() {
    uint64_t word = filled_[bucket_ >> 6] >> (bucket_ & 63);
    if (word == 0) {
      size_t w = bucket_ >> 6;
      do word = filled_[++w]; while (word == 0);
      bucket_ = w << 6;
    }
    bucket_ += static_cast<uint64_t>(std::countr_zero(word));
    filled_[bucket_ >> 6] &= ~(uint64_t{1} << (bucket_ & 63));
    const size_t first = run_.size();
    for (uint32_t slot = heads_[bucket_]; slot != EventKey::kNoSlot; slot = links_[slot].slot()) {
      run_.emplace_back(links_[slot].time, links_[slot].order(), slot);
    }
    heads_[bucket_] = EventKey::kNoSlot;
    if (bucket_ + kAhead < heads_.size()) {
      if (const uint32_t ahead = heads_[bucket_ + kAhead]; ahead < links_.size()) __builtin_prefetch(&links_[ahead]);
    }
    const size_t gathered = run_.size() - first;
    linked_ -= gathered;
    if (gathered > 1) Sort(first);
    const uint64_t last = start_ + ((bucket_ + 1) << shift_) - 1;
    gathered_ = last < start_ ? ~uint64_t{0} : last;
    ++bucket_;
  }
  void Sort(size_t first) {
    if (run_.size() - first > kFew) return std::sort(run_.begin() + static_cast<std::ptrdiff_t>(first), run_.end());
    for (size_t i = first + 1; i < run_.size(); ++i) {
      const EventKey key = run_[i];
      size_t at = i;
      for (; at > first && key < run_[at - 1]; --at) run_[at] = run_[at - 1];
      run_[at] = key;
    }
  }

  // Lays a year over what waits. REQUIRES: linked_ == 0, something waits.
  void BeginYear() {
    start_ = ~uint64_t{0};
    for (const EventKey& key : beyond_) start_ = std::min(start_, Ticks(key.time));
    std::array<size_t, 65> widths{};
    for (const EventKey& key : beyond_) ++widths[std::bit_width(Ticks(key.time) - start_)];
    const int bucket_bits = std::max<int>(std::bit_width(beyond_.size()) - 1, 6);
    int bits = 0;
    for (size_t held = widths[0]; held < beyond_.size() - beyond_.size() / 8; held += widths[++bits]) {}
    shift_ = std::max(bits - bucket_bits, 0);
    bucket_ = 0;
    gathered_ = start_ - 1;
    const size_t buckets = size_t{1} << bucket_bits;
    if (heads_.size() != buckets) {
      heads_.assign(buckets, EventKey::kNoSlot);
      filled_.assign(buckets >> 6, 0);
    }
    size_t kept = 0;
    for (const EventKey& key : beyond_) {
      const uint64_t bucket = (Ticks(key.time) - start_) >> shift_;
      if (bucket < buckets) {
        Link(bucket, key);
      } else {
        beyond_[kept++] = key;
      }
    }
    beyond_.resize(kept);
  }

  std::vector<EventKey> run_;      // gathered; those before `next_` are gone
  size_t next_ = 0;
  uint64_t gathered_ = ~uint64_t{0};  // the last tick of what was gathered
  uint64_t start_ = 0;             // of the year
  int shift_ = 0;                  // a bucket's length is 1 << shift_
  uint64_t bucket_ = 0;            // the next one to gather
  uint64_t linked_ = 0;            // keys in buckets
  std::vector<uint32_t> heads_;    // the first slot of each bucket
  std::vector<uint64_t> filled_;   // a bit for each bucket that isn't empty
  std::vector<EventKey> links_;    // by slot; in the place of a key's slot is the next of its bucket
  std::vector<EventKey> beyond_;   // after the year
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_KEY_CALENDAR_H_
