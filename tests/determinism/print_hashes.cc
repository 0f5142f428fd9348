// Prints "NAME VARIANT SEED HASH" for every scenario and variant, a few seeds each: what tools/cross_build_check.sh
// compares between builds, and what pinned_hashes.txt holds.
#include <fmt/format.h>

#include <cstdlib>

#include "scenarios/loader.h"
#include "scenarios/run.h"

int main() {
  const char* home = std::getenv("BROKERSIM_HOME");
  if (home == nullptr) home = ".";
  for (const std::string& name : brokersim::scenarios::ListScenarios(home)) {
    const auto loaded = brokersim::scenarios::LoadScenario(name, home);
    if (!loaded.ok()) {
      fmt::print(stderr, "{}\n", std::string(loaded.status().message()));
      return 65;
    }
    for (const auto& variant : loaded->variants) {
      for (uint64_t seed = 1; seed <= 5; ++seed) {
        const auto result = brokersim::scenarios::RunScenario(variant, seed, brokersim::sim::RecordingLevel::kHash, "");
        fmt::print("{} {} {} {:016x}\n", name, variant.variant, seed, result.hash);
      }
    }
  }
  return 0;
}
