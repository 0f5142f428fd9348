// brokersim compare: variants or settings side by side, over the same seeds.
#include "runner/compare.h"

#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string scenario;
  std::vector<std::string> variants;
  std::vector<std::string> settings;
  std::string seeds;
  std::string db;
  uint64_t jobs = 1;
  runner::ReportFormat format = runner::ReportFormat::kText;
};

int Compare(const Options& options, const Context& context) {
  runner::SweepPlan plan;
  if (const int code = ReadSeeds(options.seeds, &plan.seeds); code != runner::kHeld) return code;
  if (const int code = LoadArms(options.scenario, options.variants, options.settings, context, &plan.arms);
      code != runner::kHeld) {
    return code;
  }
  if (plan.arms.size() < 2) {
    return Fail(runner::kUsage, "compare takes two things at least: --variant=A --variant=B, or --set=KEY=V1,V2");
  }
  if (options.format == runner::ReportFormat::kJunit) {
    return Fail(runner::kUsage, "a comparison has no tests that junit could list; take text, json, csv or markdown");
  }
  plan.jobs = options.jobs;
  // What a file holds is a sweep's, too, which groups failures by their causes.
  plan.causes = !options.db.empty();
  const absl::StatusOr<std::unique_ptr<runner::SweepFile>> file = runner::OpenFileFor(plan, options.db);
  if (!file.ok()) return Fail(file.status());
  ProgressBar bar;
  runner::SweepHooks hooks;
  hooks.progress = [&](const runner::SweepProgress& now) {
    bar.Show(now);
    return !Interrupted();
  };
  const absl::StatusOr<runner::SweepResult> result = runner::RunSweep(plan, file->get(), hooks);
  ClearProgress();
  if (!result.ok()) return Fail(result.status());
  fmt::print("{}", runner::Render(runner::Compare(*result), options.format));
  if (!result->complete) {
    fmt::print(stderr, "brokersim: interrupted after {} runs; {}\n", result->rows.size(),
               *file == nullptr ? "with --db=FILE a comparison can go on where it was" : "the same command goes on");
  }
  const bool broken = runner::ReportOf(*result).worst == runner::kInternal;
  return broken ? Fail(runner::kInternal, "a run broke an invariant of brokersim; `brokersim sweep` says which")
                : static_cast<int>(runner::kHeld);
}

}  // namespace

Command AddCompare(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app->add_subcommand("compare", "Compare variants or settings over the same seeds and the same random streams");
  command->add_option("SCENARIO", options->scenario, "a file, or a name such as kafka/acks_one")->required();
  AddVariants(command, &options->variants);
  AddSeeds(command, &options->seeds, "which seeds, e.g. 1..200")->required();
  AddSet(command, &options->settings, /*several=*/true);
  AddJobs(command, &options->jobs);
  command->add_option("--db", options->db,
                      "SQLite file for the results, also of `brokersim sweep`: what is in it isn't run again");
  AddFormat(command, &options->format);
  return [options, context] { return Compare(*options, context); };
}

}  // namespace brokersim::cli
