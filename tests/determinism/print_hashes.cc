// Prints "NAME VARIANT SEED ALL WIRE STATE" (the run's three hashes) for every scenario and variant: what
// tools/cross_build_check.sh compares between builds, and what pinned_hashes.txt holds.
//
//   print_hashes [--seeds=N] [--first=SEED] [--shuffle] [--threads=N] [SCENARIO...]
//
// Five seeds from 1 on, if nothing else is asked for. What is printed doesn't depend on order and threads.
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "tests/determinism/hash_sweep.h"

namespace brokersim {
namespace {

struct Options {
  uint64_t seeds = 5;
  uint64_t first = 1;
  uint64_t threads = 1;
  bool shuffle = false;
  std::vector<std::string> scenarios;
};

// Whether `argument` is OPTION=NUMBER.
bool Number(std::string_view argument, std::string_view option, uint64_t* number) {
  if (!argument.starts_with(option)) return false;
  argument.remove_prefix(option.size());
  const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), *number);
  return error == std::errc() && end == argument.data() + argument.size();
}

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (Number(argument, "--seeds=", &options->seeds) || Number(argument, "--first=", &options->first) ||
        Number(argument, "--threads=", &options->threads)) {
      continue;
    }
    if (argument == "--shuffle") {
      options->shuffle = true;
    } else if (argument.starts_with("-")) {
      fmt::print(stderr, "print_hashes: there is no option {}\n", argument);
      return false;
    } else {
      options->scenarios.emplace_back(argument);
    }
  }
  return true;
}

int Main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, &options)) return 64;
  const char* home = std::getenv("BROKERSIM_HOME");
  const auto scenarios = LoadAll(options.scenarios, home == nullptr ? "." : home);
  if (!scenarios.ok()) {
    fmt::print(stderr, "{}\n", std::string(scenarios.status().message()));
    return 65;
  }
  const HashSweep how{options.shuffle, static_cast<int64_t>(options.threads)};
  for (const std::string& line : RunHashes(JobsOf(*scenarios, options.first, options.seeds), how)) {
    fmt::print("{}\n", line);
  }
  return 0;
}

}  // namespace
}  // namespace brokersim

int main(int argc, char** argv) { return brokersim::Main(argc, argv); }
