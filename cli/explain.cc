// brokersim explain: why a run fails.
#include "runner/explain.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/command.h"
#include "cli/options.h"
#include "runner/files.h"
#include "runner/judge.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string scenario;
  std::string variant;
  std::vector<std::string> settings;
  uint64_t seed = 1;
  bool json = false;
  int futures = 0;  // 0: the point of no return isn't asked for
  int checkpoints = runner::FuturesOptions().checkpoints;
  std::string out;
  runner::ExplainOptions explain;
};

int FailWithout(const scenarios::ResolvedScenario& scenario, const Options& options, std::string_view shown) {
  const std::string& wanted = options.explain.anomaly;
  return Fail(runner::kUnknown,
              fmt::format("{} ({}) shows {} under seed {}{}; `brokersim run {} --variant={} --seeds=1..1000` says "
                          "which seeds show what",
                          scenario.name, scenario.variant, shown, options.seed,
                          wanted.empty() ? "" : fmt::format(", not '{}'", wanted), scenario.reference,
                          scenario.variant));
}

// A scenario for each decision that is shown. Returns the paths.
absl::StatusOr<std::vector<std::string>> WriteDecisions(const runner::Explanation& explanation,
                                                        const std::string& folder) {
  std::vector<std::string> paths;
  if (folder.empty()) return paths;
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const size_t shown = runner::DecidingShown(explanation);
  for (size_t i = 0; i < shown; ++i) {
    const std::string name = fmt::format("decision_{}", i + 1);
    const std::string path = (std::filesystem::path(folder) / (name + ".textproto")).string();
    const std::string text = runner::UndoneText(explanation, explanation.decisions.found[i], name);
    if (const absl::Status status = runner::WriteFile(path, text); !status.ok()) return status;
    paths.push_back(path);
  }
  return paths;
}

// Returns the path; empty if there is nothing to write.
absl::StatusOr<std::string> WritePicture(const runner::Explanation& explanation, const std::string& folder) {
  if (folder.empty() || !explanation.point.has_value()) return std::string();
  const std::string title = fmt::format("{} ({}), seed {}: {}", explanation.outcome.scenario,
                                        explanation.outcome.variant, explanation.outcome.seed, explanation.type);
  const absl::StatusOr<std::string> svg = runner::FuturesSvg(*explanation.point, title);
  if (!svg.ok()) return svg.status();
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const std::string path = (std::filesystem::path(folder) / "futures.svg").string();
  if (const absl::Status status = runner::WriteFile(path, *svg); !status.ok()) return status;
  return path;
}

int Explain(const Options& options, const Context& context) {
  scenarios::ResolvedScenario scenario;
  const int code = LoadVariant(options.scenario, options.variant, options.settings, context, &scenario);
  if (code != runner::kHeld) return code;
  if (const absl::Status status = runner::ValidateNames(scenario); !status.ok()) return Fail(status);
  runner::ExplainOptions explain = options.explain;
  explain.go_on = [](uint64_t runs, std::string_view what) {
    ShowProgress(fmt::format("{} runs; trying without {}", runs, what));
    return !Interrupted();
  };
  if (options.futures > 0) {
    explain.futures.emplace();
    explain.futures->futures = options.futures;
    explain.futures->checkpoints = options.checkpoints;
    explain.futures->go_on = [](int64_t done, int64_t of) {
      ShowProgress(fmt::format("{} of {} futures", done, of));
      return !Interrupted();
    };
  }
  const absl::StatusOr<runner::Explanation> explanation = runner::Explain(scenario, options.seed, explain);
  ClearProgress();
  if (explanation.status().code() == absl::StatusCode::kNotFound) {
    return FailWithout(scenario, options, std::string(explanation.status().message()));
  }
  if (!explanation.ok()) return Fail(explanation.status());
  const absl::StatusOr<std::string> written = WritePicture(*explanation, options.out);
  if (!written.ok()) return Fail(written.status());
  const absl::StatusOr<std::vector<std::string>> decisions = WriteDecisions(*explanation, options.out);
  if (!decisions.ok()) return Fail(decisions.status());
  if (options.json) {
    fmt::print("{}\n", runner::ExplanationJson(*explanation));
  } else {
    fmt::print("{}", runner::ExplanationText(*explanation));
    for (const std::string& path : *decisions) fmt::print("wrote     {}\n", path);
    if (!written->empty()) fmt::print("wrote     {}\n", *written);
    fmt::print("reproduce: {}\n", runner::ReproduceCommand(explanation->outcome));
  }
  return runner::ExitCodeOf(explanation->outcome);
}

}  // namespace

Command AddExplain(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("explain", "Say why a run fails: its story, and what allowed it");
  command->add_option("SCENARIO", options->scenario, "a file, or a name such as kafka/swarm")->required();
  command->add_option("--variant", options->variant, "which variant (default: the first)");
  AddSet(command, &options->settings, /*several=*/false);
  command->add_option("--seed", options->seed, "seed of the run that fails (default: 1)")->check(WholeNumber());
  command->add_option("--anomaly", options->explain.anomaly,
                      "which one: its number in the verdict, or its type, e.g. lost-write or no-progress (default: the "
                      "gravest)");
  command
      ->add_option("--courses", options->explain.courses,
                   "in how many other courses of the run each cause is confirmed (default: 12)")
      ->check(WholeNumber(1, 1000));
  command
      ->add_option("--futures", options->futures,
                   "find the point of no return, too, with so many futures of each moment, e.g. 100")
      ->check(WholeNumber(1, 1'000'000));
  command->add_option("--checkpoints", options->checkpoints, "from so many moments (default: 64)")
      ->check(WholeNumber(2, 100'000));
  command
      ->add_option("--decisions", options->explain.decisions,
                   "how many single messages and timers are undone at most (default: 100; 0: none)")
      ->check(WholeNumber(0, 100'000));
  command->add_option("--out", options->out,
                      "folder for the picture of the futures, futures.svg, and for scenarios in which a message or "
                      "timer that decides is undone");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  return [options, context] { return Explain(*options, context); };
}

}  // namespace brokersim::cli
