// No leak at all: nothing may find one here.
#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(none) {
  return static_cast<int64_t>(rig.Next() % 1000);
}
