// brokersim run: simulate, check, report.
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "absl/strings/str_join.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/outcome_text.h"
#include "cli/progress.h"
#include "cli/spill.h"
#include "runner/bundle.h"
#include "runner/fault_coverage.h"
#include "runner/files.h"
#include "runner/sweep.h"
#include "scenarios/schedule.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string scenario;
  std::string variant;
  std::vector<std::string> settings;
  std::optional<uint64_t> seed;
  std::string seeds;
  std::string out;
  std::string schedule;
  std::string bundle;
  bool json = false;
  bool stop_at_violation = false;
};

absl::Status WriteBundle(const scenarios::ResolvedScenario& scenario, const runner::Outcome& outcome,
                         const std::string& path) {
  const absl::StatusOr<std::string> bytes = runner::BundleBytes(scenario, outcome);
  return bytes.ok() ? runner::WriteFile(path, *bytes) : bytes.status();
}

int RunOne(const scenarios::ResolvedScenario& scenario, uint64_t seed, const Options& options) {
  std::optional<std::string> stop;
  if (options.stop_at_violation) stop = SpillFolder();
  const runner::Outcome outcome = runner::RunAndCheck(scenario, seed, sim::RecordingLevel::kTrace, stop);
  const std::string folder =
      !options.out.empty() ? options.out
                           : fmt::format("brokersim-out/{}-{}-{}", outcome.scenario, outcome.variant, outcome.seed);
  std::vector<std::string> written;
  if (!options.json || !options.out.empty()) {
    absl::StatusOr<std::vector<std::string>> files = runner::WriteOutputs(outcome, folder);
    if (!files.ok()) return Fail(files.status());
    written = *std::move(files);
  }
  if (!options.schedule.empty()) {
    const std::string name = std::filesystem::path(options.schedule).stem().string();
    const std::string text = scenarios::ScheduleText(scenario, seed, outcome.run, name);
    if (const absl::Status status = runner::WriteFile(options.schedule, text); !status.ok()) return Fail(status);
    written.push_back(options.schedule);
  }
  if (!options.bundle.empty()) {
    if (runner::IsFailure(runner::ExitCodeOf(outcome))) {
      const absl::Status status = WriteBundle(scenario, outcome, options.bundle);
      if (!status.ok()) return Fail(status);
      written.push_back(options.bundle);
    } else {
      fmt::print(stderr, "brokersim: no bundle: the run shows no failure\n");
    }
  }
  if (options.json) {
    fmt::print("{}\n", runner::ToJson(outcome));
  } else {
    PrintOutcome(outcome, scenario.world->ignored_settings(), written);
    fmt::print("reproduce: {}\n", runner::ReproduceCommand(outcome));
  }
  return runner::ExitCodeOf(outcome);
}

// What is left of a run of many.
struct Line {
  std::string text;
  runner::ExitCode code = runner::kHeld;
  std::string reproduce;
  std::vector<sim::FaultReport> faults;
};

Line LineFor(const runner::Outcome& outcome, bool json) {
  Line line;
  line.code = runner::ExitCodeOf(outcome);
  line.reproduce = runner::ReproduceCommand(outcome);
  line.faults = outcome.run.faults;
  if (json) {
    line.text = runner::ToJson(outcome);
    return line;
  }
  std::vector<std::string> types = runner::AnomalyTypes(outcome.verdict);
  if (outcome.progress.kind == runner::Progress::Kind::kMissing) types.emplace_back("no progress");
  line.text = fmt::format("seed {:>6}  {}  {:<8} {}", outcome.seed, runner::HashText(outcome.run.hash),
                          runner::ResultName(outcome.verdict.result()), absl::StrJoin(types, " "));
  return line;
}

int RunMany(const scenarios::ResolvedScenario& scenario, runner::SeedRange seeds, bool json) {
  runner::ExitCode worst = runner::kHeld;
  std::string reproduce;  // the first that isn't valid
  runner::SweepProgress progress;
  progress.of = seeds.count();
  runner::FaultCoverage coverage;
  ProgressBar bar;
  const auto keep = [json](const runner::Outcome& outcome) { return LineFor(outcome, json); };
  runner::ForEachSeed<Line>(scenario, seeds, runner::Cores(), keep, [&](const Line& line) {
    ++progress.done;
    coverage.Add(line.faults);
    worst = runner::Worse(worst, line.code);
    if (line.code != runner::kHeld && ++progress.failures == 1) reproduce = line.reproduce;
    ClearProgress();
    fmt::print("{}\n", line.text);
    bar.Show(progress);
    return !Interrupted();
  });
  ClearProgress();
  if (!json) {
    fmt::print("\n{}{} of {} runs not valid\n", coverage.Text(), progress.failures, progress.done);
    if (!reproduce.empty()) fmt::print("reproduce: {}\n", reproduce);
  }
  return worst;
}

int Run(const Options& options, const Context& context) {
  scenarios::ResolvedScenario scenario;
  const int code = LoadVariant(options.scenario, options.variant, options.settings, context, &scenario);
  if (code != runner::kHeld) return code;
  if (options.seeds.empty()) return RunOne(scenario, options.seed.value_or(1), options);
  runner::SeedRange seeds;
  if (const int bad = ReadSeeds(options.seeds, &seeds); bad != runner::kHeld) return bad;
  return RunMany(scenario, seeds, options.json);
}

}  // namespace

Command AddRun(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("run", "Simulate a scenario, check it, say what happened");
  command->add_option("SCENARIO", options->scenario, "a file, or a name such as kafka/calm")->required();
  command->add_option("--variant", options->variant, "which variant (default: the first)");
  AddSet(command, &options->settings, /*several=*/false);
  CLI::Option* seed =
      command->add_option("--seed", options->seed, "seed of the run (default: 1)")->check(WholeNumber());
  CLI::Option* seeds = AddSeeds(command, &options->seeds, "run a range of seeds, e.g. 1..100: a line each");
  seeds->excludes(seed);
  command
      ->add_option("--out", options->out,
                   "folder for history, trace, verdict and picture (default: brokersim-out/...)")
      ->excludes(seeds);
  command
      ->add_option("--schedule", options->schedule,
                   "file for the scenario with all that was drawn written out: it gives the same run, can be edited")
      ->excludes(seeds);
  command
      ->add_option("--bundle", options->bundle,
                   "file for the run if it fails: all that `brokersim replay` needs, in at most 50 KB")
      ->excludes(seeds);
  command->add_flag("--stop-at-violation", options->stop_at_violation,
                    "end the run within the event that first breaks a promise")
      ->excludes(seeds);
  command->add_flag("--json", options->json, "one JSON object a run, on stdout; files only with --out");
  return [options, context] { return Run(*options, context); };
}

}  // namespace brokersim::cli
