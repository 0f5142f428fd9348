#include "cli/outcome_text.h"

#include <fmt/format.h>

#include <charconv>

#include "absl/strings/str_join.h"
#include "cli/command.h"
#include "runner/progress.h"
#include "sim/base/sim_time.h"
#include "visualize/node_state.h"

namespace brokersim::cli {
namespace {

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
    case sim::RunEnd::kFinished:
      return "at the end of the audit";
    case sim::RunEnd::kIdle:
      return "before the audit ended: nothing was pending any more";
    case sim::RunEnd::kTimeLimit:
      return "before the audit ended: the time was up";
    case sim::RunEnd::kEventLimit:
      return "before the audit ended: too many events";
    case sim::RunEnd::kStopped:
      return "at the first violation, as asked";
  }
  return "";
}

// The variant, and what was changed of it.
std::vector<std::string> Arm(const runner::Outcome& outcome) {
  std::vector<std::string> words = {outcome.variant};
  words.insert(words.end(), outcome.settings.begin(), outcome.settings.end());
  return words;
}

}  // namespace

void PrintOutcome(const runner::Outcome& outcome, const std::vector<std::string>& ignored,
                  const std::vector<std::string>& written) {
  fmt::print("scenario  {} ({})\n", outcome.scenario, absl::StrJoin(Arm(outcome), ", "));
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

int PrintStateAt(const formats::DecodedTrace& trace, std::string_view option, const std::string& text) {
  const size_t at = text.find('@');
  uint64_t event = 0;
  const char* const end = text.data() + text.size();
  const std::from_chars_result number = at == std::string::npos
                                            ? std::from_chars_result{end, std::errc::invalid_argument}
                                            : std::from_chars(text.data() + at + 1, end, event);
  if (number.ec != std::errc() || number.ptr != end) {
    return Fail(runner::kUsage, fmt::format("{} takes NODE@EVENT, e.g. b2@4711, not '{}'", option, text));
  }
  const absl::StatusOr<visualize::NodeState> state = visualize::StateAt(trace, text.substr(0, at), event);
  if (!state.ok()) return Fail(runner::kUsage, std::string(state.status().message()));
  fmt::print("{}", visualize::FormatState(*state));
  return runner::kHeld;
}

}  // namespace brokersim::cli
