// The address of a function gets into a message.
#include <cstddef>

#include "tests/determinism/zoo/rig.h"

namespace {

void OnTimer() {}

}  // namespace

BROKERSIM_LEAK(function_address) {
  return static_cast<int64_t>(reinterpret_cast<size_t>(&OnTimer) / 16 % 1000003);
}
