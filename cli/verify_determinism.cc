// brokersim verify-determinism: the same run in two different processes.
#include <fmt/format.h>

#include "cli/command.h"
#include "runner/determinism.h"
#include "scenarios/loader.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::vector<std::string> scenarios;
  bool all = false;
  uint64_t seed = 1;
};

int Verify(const Options& options, const Context& context) {
  std::vector<std::string> names = options.scenarios;
  if (options.all) names = scenarios::ListScenarios(context.home);
  if (names.empty()) return Fail(runner::kUsage, "name scenarios, or --all");
  runner::ExitCode worst = runner::kHeld;
  for (const std::string& name : names) {
    const absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario(name, context.home);
    if (!loaded.ok()) return Fail(loaded.status());
    for (const scenarios::ResolvedScenario& variant : loaded->variants) {
      ShowProgress(fmt::format("{} {}", loaded->name, variant.variant));
      const std::vector<std::string> command = {"/proc/self/exe", "run", loaded->path, "--variant=" + variant.variant,
                                                fmt::format("--seed={}", options.seed), "--json"};
      const absl::StatusOr<runner::DeterminismReport> report = runner::RunTwice(command);
      ClearProgress();
      if (!report.ok()) return Fail(runner::kInternal, std::string(report.status().message()));
      fmt::print("{}  {} {} seed {}: {}\n", report->equal ? "same     " : "DIFFERENT", loaded->name, variant.variant,
                 options.seed, report->text);
      if (!report->equal) worst = runner::kNondeterminism;
      if (Interrupted()) return runner::kInterrupted;
    }
  }
  return worst;
}

}  // namespace

Command AddVerifyDeterminism(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand(
      "verify-determinism", "Run scenarios in two processes with different surroundings and compare every byte");
  command->add_option("SCENARIO", options->scenarios, "files, or names");
  command->add_flag("--all", options->all, "all scenarios of this project");
  command->add_option("--seed", options->seed, "seed of the runs (default: 1)")->check(WholeNumber());
  return [options, context] { return Verify(*options, context); };
}

}  // namespace brokersim::cli
