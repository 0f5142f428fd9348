// brokersim sweep: many seeds, variants and settings, kept in a file.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "runner/bundle.h"
#include "runner/files.h"
#include "runner/sweep_report.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string scenario;
  std::vector<std::string> variants;
  std::vector<std::string> settings;
  std::string seeds;
  std::string shard;
  std::string db;
  std::string bundles;
  uint64_t jobs = 1;
  runner::ReportFormat format = runner::ReportFormat::kText;
};

// Which part is ours: as the option says, else as a job scheduler does.
absl::StatusOr<runner::Shard> ShardFor(const std::string& text) {
  // Bazel asks for this sign that its shards are known.
  if (const char* status = std::getenv("TEST_SHARD_STATUS_FILE"); status != nullptr) std::ofstream(status).flush();
  if (!text.empty()) return runner::ParseShard(text);
  absl::StatusOr<std::optional<runner::Shard>> found = runner::ShardOfEnvironment(std::getenv);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return runner::Shard();
  fmt::print(stderr, "brokersim: shard {}/{}, as {} says\n", (*found)->index + 1, (*found)->count, (*found)->source);
  return **found;
}

// Its name says which run it is of.
std::string BundleName(const scenarios::ResolvedScenario& scenario, uint64_t seed) {
  std::string name = fmt::format("{}-{}", scenario.name.substr(scenario.name.rfind('/') + 1), scenario.variant);
  for (const std::string& line : scenario.settings) name += "-" + line;
  std::replace(name.begin(), name.end(), '/', '_');
  return fmt::format("{}-{}.bundle", name, seed);
}

std::string BundlePath(const std::string& folder, const scenarios::ResolvedScenario& scenario, uint64_t seed) {
  return (std::filesystem::path(folder) / BundleName(scenario, seed)).string();
}

absl::Status LeaveBundle(const std::string& folder, const scenarios::ResolvedScenario& scenario,
                         const runner::Outcome& outcome) {
  const absl::StatusOr<std::string> bytes = runner::BundleBytes(scenario, outcome);
  if (!bytes.ok()) return bytes.status();
  return runner::WriteFile(BundlePath(folder, scenario, outcome.seed), *bytes);
}

int Sweep(const Options& options, const Context& context) {
  runner::SweepPlan plan;
  if (const int code = ReadSeeds(options.seeds, &plan.seeds); code != runner::kHeld) return code;
  if (const int code = LoadArms(options.scenario, options.variants, options.settings, context, &plan.arms);
      code != runner::kHeld) {
    return code;
  }
  const absl::StatusOr<runner::Shard> shard = ShardFor(options.shard);
  if (!shard.ok()) return Fail(runner::kUsage, std::string(shard.status().message()));
  plan.shard = *shard;
  plan.jobs = options.jobs;
  const absl::StatusOr<std::unique_ptr<runner::SweepFile>> file = runner::OpenFileFor(plan, options.db);
  if (!file.ok()) return Fail(file.status());
  ProgressBar bar;
  runner::SweepHooks hooks;
  hooks.progress = [&](const runner::SweepProgress& now) {
    bar.Show(now);
    return !Interrupted();
  };
  if (!options.bundles.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.bundles, error);
    if (error) return Fail(runner::kBadInput, fmt::format("can't create {}: {}", options.bundles, error.message()));
    hooks.failed = [&](const scenarios::ResolvedScenario& scenario, const runner::Outcome& outcome) {
      return LeaveBundle(options.bundles, scenario, outcome);
    };
    hooks.left = [&](const scenarios::ResolvedScenario& scenario, uint64_t seed) {
      return std::filesystem::exists(BundlePath(options.bundles, scenario, seed));
    };
  }
  const absl::StatusOr<runner::SweepResult> result = runner::RunSweep(plan, file->get(), hooks);
  ClearProgress();
  if (!result.ok()) return Fail(result.status());
  fmt::print("{}", runner::Render(*result, options.format));
  if (!result->complete) {
    fmt::print(stderr, "brokersim: interrupted after {} runs; {}\n", result->rows.size(),
               *file == nullptr ? "with --db=FILE a sweep can go on where it was" : "the same command goes on");
  }
  return runner::ReportOf(*result).worst;
}

}  // namespace

Command AddSweep(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app->add_subcommand("sweep", "Run many seeds, of variants and settings: how often what fails, and why");
  command->add_option("SCENARIO", options->scenario, "a file, or a name such as kafka/swarm")->required();
  AddVariants(command, &options->variants);
  AddSeeds(command, &options->seeds, "which seeds, e.g. 1..1000")->required();
  AddSet(command, &options->settings, /*several=*/true);
  AddJobs(command, &options->jobs);
  command->add_option("--db", options->db,
                      "SQLite file for the results: what is in it isn't run again, so a sweep can be interrupted");
  command->add_option("--bundles", options->bundles,
                      "folder for a file of each run that fails, for `brokersim replay` (not of those that --db has)");
  command->add_option(
      "--shard", options->shard,
      "run the i-th of n parts, i/n (default: as a Slurm array, a Kubernetes indexed job or Bazel says)");
  AddFormat(command, &options->format);
  return [options, context] { return Sweep(*options, context); };
}

}  // namespace brokersim::cli
