// brokersim shrink: make a failing run small.
#include "runner/shrink.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/command.h"
#include "cli/options.h"
#include "runner/files.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string scenario;
  std::string variant;
  std::vector<std::string> settings;
  uint64_t seed = 1;
  std::string anomaly;
  std::string out;
  runner::ShrinkOptions search;
  bool keep_settings = false;
};

void PrintSize(std::string_view what, int64_t before, int64_t after) {
  fmt::print("{:<18}{:>8} -> {}\n", what, before, after);
}

void PrintReport(const scenarios::ResolvedScenario& origin, const Options& options, const runner::ShrunkRun& run) {
  using End = runner::ShrinkResult::End;
  fmt::print("scenario  {} ({})\nseed      {}\nanomaly   {}\n\n", origin.name, origin.variant, options.seed,
             run.anomaly);
  PrintSize("faults", run.before.faults, run.after.faults);
  PrintSize("clients", run.before.clients, run.after.clients);
  PrintSize("records", run.before.records, run.after.records);
  PrintSize("client operations", run.before.operations, run.after.operations);
  PrintSize("settings", run.before.settings, run.after.settings);
  PrintSize("events", static_cast<int64_t>(run.before.events), static_cast<int64_t>(run.after.events));
  fmt::print("{:<18}{:>8} -> {}\n\n", "virtual time", sim::ToText(run.before.end), sim::ToText(run.after.end));
  if (run.search.end == End::kMinimal) {
    fmt::print(
        "{} runs; 1-minimal: each of the {} single removals that are left was tried with {} seed{}, and makes "
        "it go away\n",
        run.search.runs, run.search.removals, options.search.tries, options.search.tries == 1 ? "" : "s");
  } else {
    fmt::print("{} runs, {}: the smallest so far; more may be left out\n", run.search.runs,
               run.search.end == End::kRuns ? "as many as --runs allows" : "interrupted");
  }
}

// Where the result goes unless --out says.
std::string DefaultPath(const scenarios::ResolvedScenario& scenario, uint64_t seed) {
  return fmt::format("brokersim-out/{}-{}-{}-shrunk.textproto", scenario.name, scenario.variant, seed);
}

int FailWithout(const scenarios::ResolvedScenario& scenario, const Options& options, std::string_view shown) {
  const std::string wanted = options.anomaly.empty() ? "" : fmt::format(", not '{}'", options.anomaly);
  return Fail(
      runner::kUnknown,
      fmt::format("{} ({}) shows {} under seed {}{}; `brokersim run {} --variant={} --seeds=1..1000` says "
                  "which seeds show what",
                  scenario.name, scenario.variant, shown, options.seed, wanted, scenario.reference, scenario.variant));
}

int Shrink(const Options& options, const Context& context) {
  scenarios::ResolvedScenario scenario;
  const int code = LoadVariant(options.scenario, options.variant, options.settings, context, &scenario);
  if (code != runner::kHeld) return code;
  const std::filesystem::path path = options.out.empty() ? DefaultPath(scenario, options.seed) : options.out;
  if (path.extension() != ".textproto") {
    return Fail(runner::kUsage, fmt::format("--out takes a scenario's file, NAME.textproto, not '{}'", path.string()));
  }
  runner::ShrinkOptions search = options.search;
  search.settings = !options.keep_settings;
  search.go_on = [](const runner::ShrinkProgress& now) {
    ShowProgress(fmt::format("{} runs; {} faults, {} clients, {} records left; trying {}", now.runs, now.faults,
                             now.clients, now.records, now.phase));
    return !Interrupted();
  };
  absl::StatusOr<runner::ShrunkRun> run =
      runner::ShrinkRun(scenario, options.seed, options.anomaly, path.stem().string(), search);
  ClearProgress();
  if (run.status().code() == absl::StatusCode::kNotFound) {
    return FailWithout(scenario, options, std::string(run.status().message()));
  }
  if (!run.ok()) return Fail(run.status());
  std::error_code ignored;
  if (options.out.empty()) std::filesystem::create_directories(path.parent_path(), ignored);
  if (const absl::Status status = runner::WriteFile(path.string(), runner::ShrunkText(*run)); !status.ok()) {
    return Fail(status);
  }
  PrintReport(scenario, options, *run);
  run->outcome.reference = path.string();
  fmt::print("wrote     {}\nreproduce: {}\n", path.string(), runner::ReproduceCommand(run->outcome));
  return runner::ExitCodeOf(run->outcome);
}

}  // namespace

Command AddShrink(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("shrink", "Make a failing run small: a scenario that shows the same anomaly");
  command->add_option("SCENARIO", options->scenario, "a file, or a name such as kafka/swarm")->required();
  command->add_option("--variant", options->variant, "which variant (default: the first)");
  AddSet(command, &options->settings, /*several=*/false);
  command->add_option("--seed", options->seed, "seed of the run that fails")->required()->check(WholeNumber());
  command->add_option("--anomaly", options->anomaly,
                      "type of the anomaly that must stay, e.g. lost-write, or no-progress (default: the gravest)");
  command->add_option("--out", options->out, "file for the result, NAME.textproto (default: brokersim-out/...)");
  command->add_option("--runs", options->search.runs, "end after so many runs (default: 2000)")->check(WholeNumber(1));
  command
      ->add_option("--tries", options->search.tries,
                   "how many seeds a smaller scenario is tried with, as draws may move (default: 3)")
      ->check(WholeNumber(1, 1000));
  command->add_flag("--keep-settings", options->keep_settings, "leave all lines of settings as they are");
  return [options, context] { return Shrink(*options, context); };
}

}  // namespace brokersim::cli
