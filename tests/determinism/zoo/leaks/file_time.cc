// The age of a file decides.
#include <filesystem>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(file_time) {
  const auto age = static_cast<uint64_t>(std::filesystem::last_write_time(".").time_since_epoch().count());
  return static_cast<int64_t>(age >> (10 + rig.Next() % 16) & 1);
}
