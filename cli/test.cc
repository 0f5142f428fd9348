// brokersim test: does every variant show what its scenario says?
#include <fmt/format.h>

#include <vector>

#include "cli/command.h"
#include "runner/expectation.h"
#include "runner/judge.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::vector<std::string> scenarios;
  bool all = false;
  uint64_t seeds = 0;
  bool coverage = false;
};

struct Result {
  int passed = 0;
  int failed = 0;
  runner::Coverage coverage;
};

std::string Describe(const scenarios::ResolvedScenario& scenario, const runner::ExpectationReport& report) {
  if (scenario.expect.anomaly().empty()) return fmt::format("valid in {} of {} seeds", report.valid, report.seeds);
  std::string text;
  for (const auto& [type, seen] : report.anomalies) {
    text += fmt::format("{}{} in {} of {} seeds (first: {})", text.empty() ? "" : ", ", type, seen.runs,
                        report.seeds, seen.first_seed);
  }
  return text.empty() ? fmt::format("no anomaly in {} seeds", report.seeds) : text;
}

int TestOne(const scenarios::LoadedScenario& loaded, uint64_t seeds, Result* result) {
  for (const scenarios::ResolvedScenario& scenario : loaded.variants) {
    if (const absl::Status status = runner::ValidateNames(scenario); !status.ok()) return Fail(status);
    const std::string name = fmt::format("{} {}", scenario.name, scenario.variant);
    const runner::ExpectationReport report = runner::CheckExpectation(scenario, seeds, [&](uint64_t done, uint64_t of) {
      ShowProgress(fmt::format("{}: {} of {} seeds", name, done, of));
      return !Interrupted();
    });
    ClearProgress();
    ++(report.met ? result->passed : result->failed);
    result->coverage.Add(report.coverage);
    fmt::print("{}  {:<44} {}\n", report.met ? "ok    " : "FAILED", name, Describe(scenario, report));
    for (const std::string& problem : report.problems) fmt::print("        {}\n", problem);
    std::fflush(stdout);
    if (Interrupted()) break;
  }
  return runner::kHeld;
}

int Test(const Options& options, const Context& context) {
  std::vector<std::string> names = options.scenarios;
  if (options.all) names = scenarios::ListScenarios(context.home);
  if (names.empty()) return Fail(runner::kUsage, "name scenarios to test, or --all");
  Result result;
  for (const std::string& name : names) {
    const absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario(name, context.home);
    if (!loaded.ok()) return Fail(loaded.status());
    if (const int code = TestOne(*loaded, options.seeds, &result); code != runner::kHeld) return code;
    if (Interrupted()) break;
  }
  if (options.coverage) fmt::print("{}\n", result.coverage.Describe());
  fmt::print("{} variants as expected, {} not\n", result.passed, result.failed);
  return result.failed == 0 ? runner::kHeld : runner::kViolation;
}

}  // namespace

Command AddTest(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("test", "Run every variant of scenarios against what it is expected to show");
  command->add_option("SCENARIO", options->scenarios, "files, or names");
  command->add_flag("--all", options->all, "all scenarios of this project");
  command->add_option("--seeds", options->seeds, "run this many seeds instead of as many as the scenarios say")
      ->check(WholeNumber(1));
  command->add_flag("--coverage", options->coverage, "list the rare branches, and how often they were reached");
  return [options, context] { return Test(*options, context); };
}

}  // namespace brokersim::cli
