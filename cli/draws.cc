// brokersim draws: what random streams a run draws from, and what moves them.
#include "runner/draws.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/options.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string scenario;
  std::string variant;
  std::vector<std::string> settings;
  uint64_t seed = 1;
  std::string against;
  std::string against_variant;
};

int ShowDraws(const Options& options, const Context& context) {
  scenarios::ResolvedScenario one;
  int code = LoadVariant(options.scenario, options.variant, options.settings, context, &one);
  if (code != runner::kHeld) return code;
  const runner::Draws draws = runner::DrawsOf(one, options.seed);
  if (options.against.empty() && options.against_variant.empty()) {
    for (const auto& [stream, count] : draws) fmt::print("{:<40} {:>8}\n", stream, count);
    return runner::kHeld;
  }
  const std::string& against = options.against.empty() ? options.scenario : options.against;
  scenarios::ResolvedScenario two;
  code = LoadVariant(against, options.against_variant, options.settings, context, &two);
  if (code != runner::kHeld) return code;
  fmt::print("{} {} and {} {}, seed {}: {}", one.name, one.variant, two.name, two.variant, options.seed,
             runner::Describe(runner::Moved(draws, runner::DrawsOf(two, options.seed))));
  return runner::kHeld;
}

}  // namespace

Command AddDraws(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("draws", "Count the draws of each random stream, or tell what moved them");
  command->add_option("SCENARIO", options->scenario, "a file, or a name")->required();
  command->add_option("--variant", options->variant, "which variant (default: the first)");
  AddSet(command, &options->settings, /*several=*/false);
  command->add_option("--seed", options->seed, "seed of the runs (default: 1)")->check(WholeNumber());
  command->add_option("--against", options->against, "compare with this scenario (default: the same)");
  command->add_option("--against-variant", options->against_variant, "compare with this variant");
  return [options, context] { return ShowDraws(*options, context); };
}

}  // namespace brokersim::cli
