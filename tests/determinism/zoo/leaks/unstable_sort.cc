// Elements with equal keys come out in the order that this library's sort leaves them in.
#include <algorithm>
#include <vector>

#include "tests/determinism/zoo/rig.h"

namespace {

struct Broker {
  int64_t id;
  int64_t load;
};

}  // namespace

BROKERSIM_LEAK(unstable_sort) {
  std::vector<Broker> brokers;
  for (int64_t id = 0; id < 40; ++id) brokers.push_back({id, static_cast<int64_t>(rig.Next() % 3)});
  std::sort(brokers.begin(), brokers.end(), [](const Broker& a, const Broker& b) { return a.load < b.load; });
  int64_t order = 0;
  for (const Broker& broker : brokers) order = (order * 41 + broker.id) % 1000003;
  return order;
}
