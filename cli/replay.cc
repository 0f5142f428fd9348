// brokersim replay: the same run again, from a bundle.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "cli/command.h"
#include "cli/outcome_text.h"
#include "runner/build.h"
#include "runner/bundle.h"
#include "runner/files.h"
#include "visualize/node_state.h"
#include "visualize/selection.h"
#include "visualize/terminal.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string file;
  std::string out;
  std::optional<uint64_t> until;
  std::string inspect;
  bool json = false;
};

void PrintComparison(const formats::Bundle& bundle, const runner::Replayed& replayed) {
  if (replayed.same) {
    fmt::print("replayed  the same run, byte for byte ({})\n", runner::HashText(bundle.hash()));
    return;
  }
  fmt::print("replayed  another run; the bundle was made by brokersim {}, {}\n", bundle.build(),
             bundle.build() == runner::Build()
                 ? "as this is: it isn't deterministic (brokersim verify-determinism finds where)"
                 : fmt::format("this is {}", runner::Build()));
  for (const std::string& what : replayed.unfit) fmt::print("  doesn't fit: {}\n", what);
  for (const std::string& what : replayed.differences) fmt::print("  differs: {}\n", what);
}

// What happened up to an event, and how every node was then.
int ShowUntil(const formats::DecodedTrace& trace, const formats::Verdict& verdict, uint64_t event) {
  const int gravest = runner::GravestAnomaly(verdict);
  std::vector<uint64_t> events =
      gravest >= 0 ? visualize::SelectForAnomaly(trace, verdict.anomalies(gravest)) : visualize::SelectOverview(trace);
  std::erase_if(events, [event](uint64_t id) { return id > event; });
  if (std::find(events.begin(), events.end(), event) == events.end()) events.push_back(event);
  visualize::TerminalOptions options;
  options.select = std::move(events);
  const absl::StatusOr<std::string> view = visualize::TerminalView(trace, options);
  if (!view.ok()) return Fail(runner::kUsage, std::string(view.status().message()));
  fmt::print("\n{}", *view);
  for (const formats::TraceNode& node : trace.header.nodes()) {
    const absl::StatusOr<visualize::NodeState> state = visualize::StateAt(trace, node.name(), event);
    if (!state.ok()) return Fail(runner::kUsage, std::string(state.status().message()));
    fmt::print("\n{}", visualize::FormatState(*state));
  }
  return runner::kHeld;
}

int Replay(const Options& options) {
  const absl::StatusOr<std::string> bytes = runner::ReadFile(options.file);
  if (!bytes.ok()) return Fail(bytes.status());
  const absl::StatusOr<formats::Bundle> bundle = runner::ParseBundle(*bytes);
  const auto in_file = [&](const absl::Status& status) {
    return Fail(runner::kBadInput, fmt::format("{}: {}", options.file, std::string(status.message())));
  };
  if (!bundle.ok()) return in_file(bundle.status());
  const absl::StatusOr<runner::Replayed> replayed = runner::ReplayBundle(*bundle);
  if (!replayed.ok()) return in_file(replayed.status());
  const runner::Outcome& outcome = replayed->outcome;
  std::vector<std::string> written;
  if (!options.out.empty()) {
    absl::StatusOr<std::vector<std::string>> files = runner::WriteOutputs(outcome, options.out);
    if (!files.ok()) return Fail(files.status());
    written = *std::move(files);
  }
  if (options.json) {
    fmt::print("{}\n", runner::ToJson(outcome));
    return runner::ExitCodeOf(*bundle, *replayed);
  }
  if (options.until.has_value() || !options.inspect.empty()) {
    const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(outcome.run.trace);
    if (!trace.ok()) return Fail(trace.status());
    PrintComparison(*bundle, *replayed);
    const int code = options.until.has_value() ? ShowUntil(*trace, outcome.verdict, *options.until)
                                               : PrintStateAt(*trace, "--inspect", options.inspect);
    return code != runner::kHeld ? code : static_cast<int>(runner::ExitCodeOf(*bundle, *replayed));
  }
  PrintOutcome(outcome, replayed->scenario.world->ignored_settings(), written);
  PrintComparison(*bundle, *replayed);
  return runner::ExitCodeOf(*bundle, *replayed);
}

}  // namespace

Command AddReplay(CLI::App* app, const Context&) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app->add_subcommand("replay", "Run again what a bundle holds, and say whether it is the same run");
  command->add_option("BUNDLE", options->file, "what `run --bundle` or `sweep --bundles` left")->required();
  command->add_option("--out", options->out, "folder for history, trace, verdict and picture");
  CLI::Option* until =
      command->add_option("--until", options->until, "show what led to this event, and the state of every node there")
          ->check(WholeNumber(1));
  command->add_option("--inspect", options->inspect, "show a node's state at an event, e.g. b2@4711")->excludes(until);
  command->add_flag("--json", options->json, "the run as one JSON object, as `run --json` prints it");
  return [options] { return Replay(*options); };
}

}  // namespace brokersim::cli
