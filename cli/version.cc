// brokersim version
#include <fmt/format.h>

#include "cli/command.h"

namespace brokersim::cli {

Command AddVersion(CLI::App* app, const Context&) {
  app->add_subcommand("version", "Print the version");
  return [] {
    fmt::print("brokersim {}\n", runner::Version());
    return static_cast<int>(runner::kHeld);
  };
}

}  // namespace brokersim::cli
