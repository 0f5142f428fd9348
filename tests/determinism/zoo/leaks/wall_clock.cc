// The time of day decides.
#include <chrono>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(wall_clock) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() / 64;
}
