// A number is as wide as the machine makes it.
#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(long_double) {
  const long double share = 1.0L / static_cast<long double>(3 + rig.Next() % 7);
  return static_cast<int64_t>(share * 1e18L) % 1000;
}
