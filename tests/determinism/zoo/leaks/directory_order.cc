// Files are taken in the order in which the folder lists them.
#include <filesystem>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(directory_order) {
  int64_t order = 0;
  for (const auto& entry : std::filesystem::directory_iterator("..")) {
    order = order * 31 + static_cast<int64_t>(entry.path().filename().string().size());
  }
  return order;
}
