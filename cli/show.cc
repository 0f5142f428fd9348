// brokersim show: a trace in the terminal.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "cli/command.h"
#include "cli/outcome_text.h"
#include "runner/trace_file.h"
#include "scenarios/quantity.h"
#include "visualize/selection.h"
#include "visualize/terminal.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string trace;
  std::string from;
  std::string to;
  std::string state;
  int anomaly = 0;
  bool routine = false;
  visualize::TerminalOptions view;
};

// The anomaly that lies beside the trace, if there is one: its moments are marked.
std::optional<formats::Anomaly> AnomalyBeside(const std::string& given, int index) {
  const std::optional<formats::Verdict> verdict = runner::VerdictBeside(given);
  if (!verdict.has_value() || index >= verdict->anomalies_size()) return std::nullopt;
  return verdict->anomalies(index);
}

int Show(Options options) {
  const absl::StatusOr<formats::DecodedTrace> trace = runner::ReadTrace(options.trace);
  if (!trace.ok()) return Fail(trace.status());
  if (!options.state.empty()) return PrintStateAt(*trace, "--state", options.state);
  for (const auto& [text, field] : {std::make_pair(options.from, &options.view.from_ns),
                                    std::make_pair(options.to, &options.view.to_ns)}) {
    if (text.empty()) continue;
    const absl::StatusOr<sim::Duration> time = scenarios::ParseDuration(text);
    if (!time.ok()) return Fail(runner::kUsage, std::string(time.status().message()));
    *field = time->nanos();
  }
  const std::optional<formats::Anomaly> anomaly = AnomalyBeside(options.trace, std::max(options.anomaly - 1, 0));
  if (options.anomaly > 0 && !anomaly.has_value()) {
    return Fail(runner::kUsage,
                fmt::format("there is no anomaly {} in a verdict.pb beside the trace", options.anomaly));
  }
  if (anomaly.has_value()) options.view.anomaly = &*anomaly;
  if (options.anomaly > 0) options.view.select = visualize::SelectForAnomaly(*trace, *anomaly);
  options.view.color = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  const absl::StatusOr<std::string> view = visualize::TerminalView(*trace, options.view);
  if (!view.ok()) return Fail(runner::kUsage, std::string(view.status().message()));
  fmt::print("{}", *view);
  return runner::kHeld;
}

}  // namespace

Command AddShow(CLI::App* app, const Context&) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("show", "Show a trace in the terminal, one row an event");
  command->add_option("TRACE", options->trace, "a trace.pb or trace.jsonl, or the folder that holds one")->required();
  command
      ->add_option("--anomaly", options->anomaly,
                   "only what matters to the n-th anomaly of the verdict beside the trace")
      ->check(WholeNumber(1, INT32_MAX));
  command->add_option("--around", options->view.around, "only events around this one")
      ->check(WholeNumber());
  command->add_option("--radius", options->view.radius, "how many on either side (default: 20)")
      ->check(WholeNumber(0, INT32_MAX));
  command->add_option("--cone", options->view.cone, "only what led to this event")
      ->check(WholeNumber());
  command->add_option("--node", options->view.nodes, "only these nodes, e.g. b1,b2")->delimiter(',');
  command->add_option("--from", options->from, "from this time on, e.g. 12.5s");
  command->add_option("--to", options->to, "up to this time");
  command->add_option("--limit", options->view.limit, "at most this many rows (default: 200)")
      ->check(WholeNumber(1, INT32_MAX));
  command->add_flag("--all", options->view.all, "don't fold what is routine");
  command->add_option("--state", options->state, "print a node's state at an event, e.g. b2@4711");
  return [options] { return Show(*options); };
}

}  // namespace brokersim::cli
