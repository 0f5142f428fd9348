// A stable merge sort. The standard's own needs a deprecated function inside libstdc++ 12, which
// clang refuses under -Werror; and here what is sorted is nearly always in order already.
#ifndef BROKERSIM_CHECKER_STABLE_SORT_H_
#define BROKERSIM_CHECKER_STABLE_SORT_H_

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace brokersim::checker {

// REQUIRES: T can be default-constructed and moved.
template <typename T, typename Less>
void StableSort(std::vector<T>* items, Less less) {
  if (std::is_sorted(items->begin(), items->end(), less)) return;
  const size_t size = items->size();
  std::vector<T> merged(size);
  for (size_t width = 1; width < size; width *= 2) {
    const auto from = [&](size_t at) {
      return std::make_move_iterator(items->begin() + static_cast<ptrdiff_t>(std::min(at, size)));
    };
    for (size_t at = 0; at < size; at += 2 * width) {
      std::merge(from(at), from(at + width), from(at + width), from(at + 2 * width),
                 merged.begin() + static_cast<ptrdiff_t>(at), less);
    }
    items->swap(merged);
  }
}

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_STABLE_SORT_H_
