// A variable of the environment decides.
#include <cstdlib>
#include <cstring>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(environment) {
  const char* home = std::getenv("HOME");
  return home == nullptr ? 0 : static_cast<int64_t>(std::strlen(home));
}
