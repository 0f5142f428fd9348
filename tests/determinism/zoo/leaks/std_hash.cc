// The library's hash of a text decides.
#include <functional>
#include <string>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(std_hash) {
  return static_cast<int64_t>(std::hash<std::string>()("orders-" + std::to_string(rig.Next() % 100)) % 1000);
}
