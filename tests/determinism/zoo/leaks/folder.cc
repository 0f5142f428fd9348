// The name of the current folder gets into a message.
#include <filesystem>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(folder) {
  return static_cast<int64_t>(std::filesystem::current_path().filename().string().size());
}
