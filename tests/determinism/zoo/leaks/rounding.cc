// A product and a sum are rounded once or twice, as the compiler likes.
#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(rounding) {
  double average = 0.1;
  const double weight = static_cast<double>(rig.Next() % 997) / 997;
  for (int i = 0; i < 50; ++i) average = average * weight + (1 - weight) * 1.7 * average;
  return static_cast<int64_t>(average * 1e18) % 1000003;
}
