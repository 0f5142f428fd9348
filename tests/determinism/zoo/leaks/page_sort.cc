// Objects are sorted by the page that they happen to lie on.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(page_sort) {
  std::vector<std::unique_ptr<char[]>> buffers;
  for (int i = 0; i < 6; ++i) buffers.push_back(std::make_unique<char[]>(5000));
  const size_t sets = 3 + rig.Next() % 13;
  std::vector<std::pair<size_t, int64_t>> pages;
  for (int64_t i = 0; i < 6; ++i) {
    pages.emplace_back(reinterpret_cast<size_t>(buffers[static_cast<size_t>(i)].get()) / 4096 % sets, i);
  }
  std::sort(pages.begin(), pages.end());
  int64_t order = 0;
  for (const auto& [page, i] : pages) order = order * 6 + i;
  return order;
}
