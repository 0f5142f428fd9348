// brokersim explain: why a run fails.
#include "runner/explain.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "runner/judge.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string scenario;
  std::string variant;
  uint64_t seed = 1;
  bool json = false;
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

int Explain(const Options& options, const Context& context) {
  scenarios::ResolvedScenario scenario;
  const int code = LoadVariant(options.scenario, options.variant, context, &scenario);
  if (code != runner::kHeld) return code;
  if (const absl::Status status = runner::ValidateNames(scenario); !status.ok()) return Fail(status);
  runner::ExplainOptions explain = options.explain;
  explain.go_on = [](uint64_t runs, std::string_view what) {
    ShowProgress(fmt::format("{} runs; trying without {}", runs, what));
    return !Interrupted();
  };
  const absl::StatusOr<runner::Explanation> explanation = runner::Explain(scenario, options.seed, explain);
  ClearProgress();
  if (explanation.status().code() == absl::StatusCode::kNotFound) {
    return FailWithout(scenario, options, std::string(explanation.status().message()));
  }
  if (!explanation.ok()) return Fail(explanation.status());
  if (options.json) {
    fmt::print("{}\n", runner::ExplanationJson(*explanation));
  } else {
    fmt::print("{}reproduce: {}\n", runner::ExplanationText(*explanation),
               runner::ReproduceCommand(explanation->outcome));
  }
  return runner::ExitCodeOf(explanation->outcome);
}

}  // namespace

Command AddExplain(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("explain", "Say why a run fails: its story, and what allowed it");
  command->add_option("SCENARIO", options->scenario, "a file, or a name such as kafka/swarm")->required();
  command->add_option("--variant", options->variant, "which variant (default: the first)");
  command->add_option("--seed", options->seed, "seed of the run that fails (default: 1)")->check(WholeNumber());
  command->add_option("--anomaly", options->explain.anomaly,
                      "which one: its number in the verdict, or its type, e.g. lost-write or no-progress (default: the "
                      "gravest)");
  command
      ->add_option("--courses", options->explain.courses,
                   "in how many other courses of the run each cause is confirmed (default: 12)")
      ->check(WholeNumber(1, 1000));
  command->add_flag("--json", options->json, "one JSON object on stdout");
  return [options, context] { return Explain(*options, context); };
}

}  // namespace brokersim::cli
