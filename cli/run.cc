// brokersim run: simulate, check, report.
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>

#include "absl/strings/str_join.h"
#include "cli/command.h"
#include "runner/fault_coverage.h"
#include "runner/files.h"
#include "runner/judge.h"
#include "runner/sweep.h"
#include "scenarios/schedule.h"
#include "sim/base/sim_time.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string scenario;
  std::string variant;
  std::optional<uint64_t> seed;
  std::string seeds;
  std::string out;
  std::string schedule;
  bool json = false;
  bool stop_at_violation = false;
};

struct SeedRange {
  uint64_t first = 1;
  uint64_t last = 1;
};

std::optional<SeedRange> ParseSeeds(const std::string& text) {
  SeedRange range;
  const size_t dots = text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto first = std::from_chars(begin, begin + dots, range.first);
  const auto last = std::from_chars(begin + dots + 2, end, range.last);
  if (first.ec != std::errc() || first.ptr != begin + dots || last.ec != std::errc() || last.ptr != end)
    return std::nullopt;
  if (range.last < range.first) return std::nullopt;
  return range;
}

std::string Milliseconds(int64_t ns) { return fmt::format("{}.{:03} ms", ns / 1'000'000, ns / 1000 % 1000); }

// Of each type the first anomaly in full, the gravest type first; the verdict file has them all.
void PrintAnomalies(const formats::Verdict& verdict) {
  for (const std::string& type : runner::AnomalyTypes(verdict)) {
    const formats::Anomaly* first = nullptr;
    int count = 0;
    for (const formats::Anomaly& anomaly : verdict.anomalies()) {
      if (anomaly.type() != type) continue;
      if (count++ == 0) first = &anomaly;
    }
    fmt::print("\n{}{}, {}\n", type, first->code().empty() ? "" : fmt::format(" ({})", first->code()),
               count == 1 ? "once:" : fmt::format("{} times; the first:", count));
    fmt::print("  {}\n", first->explanation());
    fmt::print("  operations of the history: {}\n", absl::StrJoin(first->operations(), " "));
    for (const formats::StoryLine& line : first->story()) {
      fmt::print("  {:>14}  {:<10}  {}\n", Milliseconds(line.time_ns()), line.node(), line.text());
    }
  }
}

// Why a run ended before its audit did.
std::string_view EarlyEnd(sim::RunEnd reason) {
  switch (reason) {
    case sim::RunEnd::kFinished: return "at the end of the audit";
    case sim::RunEnd::kIdle: return "before the audit ended: nothing was pending any more";
    case sim::RunEnd::kTimeLimit: return "before the audit ended: the time was up";
    case sim::RunEnd::kEventLimit: return "before the audit ended: too many events";
    case sim::RunEnd::kStopped: return "at the first violation, as asked";
  }
  return "";
}

void PrintReport(const runner::Outcome& outcome, const std::vector<std::string>& ignored,
                 const std::vector<std::string>& written) {
  fmt::print("scenario  {} ({})\n", outcome.scenario, outcome.variant);
  fmt::print("seed      {}\n", outcome.seed);
  fmt::print("run hash  {}\n", runner::HashText(outcome.run.hash));
  fmt::print("events    {} in {} of virtual time\n", outcome.run.events, sim::ToText(outcome.run.end));
  const formats::Counts& counts = outcome.verdict.counts();
  fmt::print("clients   {} sends acknowledged, {} failed, {} unknown; {} records read; {} commits; {} processed\n",
             counts.sends_acknowledged(), counts.sends_failed(), counts.sends_unknown(), counts.records_read(),
             counts.commits(), counts.records_processed());
  for (const sim::FaultReport& fault : outcome.run.faults) {
    const std::string what = !fault.fired ? "did not begin"
                             : fault.effects == 0
                                 ? "began, without any effect"
                                 : fmt::format("{} effect{}", fault.effects, fault.effects == 1 ? "" : "s");
    fmt::print("fault     {} ({}): {}\n", fault.id, fault.kind, what);
  }
  if (!outcome.run.faults.empty()) fmt::print("budget    {}\n", runner::BudgetOf(outcome.run.faults).Text());
  if (!ignored.empty())
    fmt::print("ignored   settings without effect on the model: {}\n", absl::StrJoin(ignored, ", "));
  if (outcome.run.reason != sim::RunEnd::kFinished) fmt::print("stopped   {}\n", EarlyEnd(outcome.run.reason));
  if (outcome.run.stuck.has_value()) {
    fmt::print("progress  {}; what is left is {}recoverable\n", runner::ProgressName(outcome.progress.kind),
               outcome.progress.recoverable ? "" : "not ");
  }
  fmt::print("verdict   {}{}\n", runner::ResultName(outcome.verdict.result()),
             outcome.run.inert.empty() ? "" : " (inert)");
  for (const std::string& reason : outcome.verdict.unknown_reasons()) fmt::print("  undecided: {}\n", reason);
  PrintAnomalies(outcome.verdict);
  if (!outcome.run.internal_error.empty())
    fmt::print("\na fault of brokersim itself: {}\n", outcome.run.internal_error);
  fmt::print("\n");
  for (const std::string& path : written) fmt::print("wrote     {}\n", path);
}

int RunOne(const scenarios::ResolvedScenario& scenario, uint64_t seed, const Options& options) {
  const runner::Outcome outcome =
      runner::RunAndCheck(scenario, seed, sim::RecordingLevel::kTrace, options.stop_at_violation);
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
  if (options.json) {
    fmt::print("{}\n", runner::ToJson(outcome));
  } else {
    PrintReport(outcome, scenario.world->ignored_settings(), written);
    fmt::print("reproduce: {}\n", runner::ReproduceCommand(outcome));
  }
  return runner::ExitCodeOf(outcome);
}

int RunMany(const scenarios::ResolvedScenario& scenario, SeedRange range, const Options& options) {
  runner::ExitCode worst = runner::kHeld;
  std::optional<runner::Outcome> first_bad;
  uint64_t bad = 0;
  uint64_t done = 0;
  runner::FaultCoverage coverage;
  runner::Sweep(scenario, range.first, range.last, [&](const runner::Outcome& outcome) {
    ++done;
    coverage.Add(outcome.run.faults);
    const runner::ExitCode code = runner::ExitCodeOf(outcome);
    worst = runner::Worse(worst, code);
    if (code != runner::kHeld && ++bad == 1) first_bad = outcome;
    if (options.json) {
      fmt::print("{}\n", runner::ToJson(outcome));
    } else {
      std::vector<std::string> types;
      for (const formats::Anomaly& anomaly : outcome.verdict.anomalies()) {
        if (types.empty() || types.back() != anomaly.type()) types.push_back(anomaly.type());
      }
      if (outcome.progress.kind == runner::Progress::Kind::kMissing) types.emplace_back("no progress");
      fmt::print("seed {:>6}  {}  {:<8} {}\n", outcome.seed, runner::HashText(outcome.run.hash),
                 runner::ResultName(outcome.verdict.result()), absl::StrJoin(types, " "));
    }
    ShowProgress(fmt::format("{} of {} seeds, {} not valid", done, range.last - range.first + 1, bad));
    return !Interrupted();
  });
  ClearProgress();
  if (!options.json) {
    fmt::print("\n{}{} of {} runs not valid\n", coverage.Text(), bad, done);
    if (first_bad.has_value()) fmt::print("reproduce: {}\n", runner::ReproduceCommand(*first_bad));
  }
  return worst;
}

int Run(const Options& options, const Context& context) {
  scenarios::ResolvedScenario scenario;
  const int code = LoadVariant(options.scenario, options.variant, context, &scenario);
  if (code != runner::kHeld) return code;
  if (const absl::Status status = runner::ValidateNames(scenario); !status.ok()) return Fail(status);
  if (options.seeds.empty()) return RunOne(scenario, options.seed.value_or(1), options);
  const std::optional<SeedRange> range = ParseSeeds(options.seeds);
  if (!range.has_value()) {
    return Fail(runner::kUsage, fmt::format("--seeds takes a range such as 1..100, not '{}'", options.seeds));
  }
  return RunMany(scenario, *range, options);
}

}  // namespace

Command AddRun(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("run", "Simulate a scenario, check it, say what happened");
  command->add_option("SCENARIO", options->scenario, "a file, or a name such as kafka/calm")->required();
  command->add_option("--variant", options->variant, "which variant (default: the first)");
  CLI::Option* seed =
      command->add_option("--seed", options->seed, "seed of the run (default: 1)")->check(WholeNumber());
  CLI::Option* seeds =
      command->add_option("--seeds", options->seeds, "run a range of seeds, e.g. 1..100: a line each");
  seeds->excludes(seed);
  command
      ->add_option("--out", options->out,
                   "folder for history, trace, verdict and picture (default: brokersim-out/...)")
      ->excludes(seeds);
  command
      ->add_option("--schedule", options->schedule,
                   "file for the scenario with all that was drawn written out: it gives the same run, can be edited")
      ->excludes(seeds);
  command->add_flag("--stop-at-violation", options->stop_at_violation,
                    "end the run within the event that first breaks a promise")
      ->excludes(seeds);
  command->add_flag("--json", options->json, "one JSON object a run, on stdout; files only with --out");
  return [options, context] { return Run(*options, context); };
}

}  // namespace brokersim::cli
