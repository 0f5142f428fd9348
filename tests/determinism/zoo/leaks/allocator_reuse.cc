// Memory that was freed is found again in the allocator's order.
#include <array>
#include <memory>

#include "tests/determinism/zoo/rig.h"

namespace {

struct Request {
  std::array<char, 300> bytes = {};
};

}  // namespace

BROKERSIM_LEAK(allocator_reuse) {
  std::array<std::unique_ptr<Request>, 6> requests;
  std::array<const void*, 6> places;
  for (size_t i = 0; i < 6; ++i) {
    requests[i] = std::make_unique<Request>();
    places[i] = requests[i].get();
  }
  for (size_t i = 0; i < 6; i += 2) requests[i].reset();
  int64_t order = 0;
  for (size_t i = 0; i < 6; i += 2) {
    requests[i] = std::make_unique<Request>();
    for (int64_t place = 0; place < 6; ++place) {
      if (places[static_cast<size_t>(place)] == requests[i].get()) order = order * 7 + place + 1;
    }
  }
  return order;
}
