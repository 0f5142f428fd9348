// The machine's own randomness decides.
#include <random>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(random_device) {
  std::random_device device;
  return static_cast<int64_t>(device());
}
