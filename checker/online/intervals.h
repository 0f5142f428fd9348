// A set of whole numbers, as intervals: numbers that follow one another take no more memory than one.
#ifndef BROKERSIM_CHECKER_ONLINE_INTERVALS_H_
#define BROKERSIM_CHECKER_ONLINE_INTERVALS_H_

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/container/btree_map.h"

namespace brokersim::checker {

class Intervals {
 public:
  bool Contains(int64_t number) const {
    const auto after = from_.upper_bound(number);
    return after != from_.begin() && std::prev(after)->second > number;
  }
  // All from `begin` to below `end`.
  void Add(int64_t begin, int64_t end) {
    if (begin >= end) return;
    auto at = from_.upper_bound(begin);
    if (at != from_.begin() && std::prev(at)->second >= begin) at = std::prev(at);
    while (at != from_.end() && at->first <= end) {
      begin = std::min(begin, at->first);
      end = std::max(end, at->second);
      at = from_.erase(at);
    }
    from_.emplace(begin, end);
  }
  void EraseBelow(int64_t number) {
    const auto after = from_.lower_bound(number);
    const int64_t end = after == from_.begin() ? number : std::prev(after)->second;
    from_.erase(from_.begin(), after);
    Add(number, end);
  }

 private:
  absl::btree_map<int64_t, int64_t> from_;  // begin, and end
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_INTERVALS_H_
