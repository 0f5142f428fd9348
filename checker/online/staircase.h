// Values at numbers, of which only those matter that are higher than all at lower numbers.
#ifndef BROKERSIM_CHECKER_ONLINE_STAIRCASE_H_
#define BROKERSIM_CHECKER_ONLINE_STAIRCASE_H_

#include <cstdint>
#include <iterator>

#include "absl/container/btree_map.h"

namespace brokersim::checker {

class Staircase {
 public:
  static constexpr int64_t kNothing = INT64_MIN;

  void Add(int64_t number, int64_t value) {
    auto at = steps_.upper_bound(number);
    if (at != steps_.begin() && std::prev(at)->second >= value) return;
    while (at != steps_.end() && at->second <= value) at = steps_.erase(at);
    steps_.insert_or_assign(number, value);
  }
  // The highest value at a number below `number`; kNothing if there is none.
  int64_t HighestBelow(int64_t number) const {
    const auto at = steps_.lower_bound(number);
    return at == steps_.begin() ? kNothing : std::prev(at)->second;
  }
  bool empty() const { return steps_.empty(); }
  void Clear() { steps_.clear(); }

 private:
  absl::btree_map<int64_t, int64_t> steps_;  // both rise
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_STAIRCASE_H_
