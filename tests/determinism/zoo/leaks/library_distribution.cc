// The library draws in its own way.
#include <random>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(library_distribution) {
  std::minstd_rand engine(static_cast<unsigned>(rig.Next()));
  return std::uniform_int_distribution<int64_t>(0, 999)(engine);
}
