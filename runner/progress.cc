#include "runner/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/strings/str_join.h"

namespace brokersim::runner {
namespace {

std::string_view EndText(sim::RunEnd reason) {
  switch (reason) {
    case sim::RunEnd::kIdle: return "nothing was pending any more";
    case sim::RunEnd::kTimeLimit: return "the time was up";
    case sim::RunEnd::kEventLimit: return "too many events";
    case sim::RunEnd::kFinished:
    case sim::RunEnd::kStopped:
      return "";
  }
  return "";
}

}  // namespace

std::string_view FaultBudget::name() const {
  if (!beyond.empty()) return "beyond";
  return tolerable.empty() ? "none" : "tolerable";
}

std::string FaultBudget::Text() const {
  if (beyond.empty() && tolerable.empty()) return "no fault had an effect";
  std::string text;
  if (!beyond.empty()) text = fmt::format("beyond ({})", absl::StrJoin(beyond, ", "));
  if (tolerable.empty()) return text;
  return text + fmt::format("{}tolerable ({})", text.empty() ? "" : "; ", absl::StrJoin(tolerable, ", "));
}

FaultBudget BudgetOf(const std::vector<sim::FaultReport>& faults) {
  FaultBudget budget;
  for (const sim::FaultReport& fault : faults) {
    if (fault.effects == 0) continue;
    std::vector<std::string>& kinds = fault.budget == sim::Budget::kBeyond ? budget.beyond : budget.tolerable;
    if (std::find(kinds.begin(), kinds.end(), fault.kind) == kinds.end()) kinds.emplace_back(fault.kind);
  }
  return budget;
}

Progress JudgeProgress(const scenarios::RunResult& run) {
  Progress progress;
  if (!run.stuck.has_value()) return progress;
  const FaultBudget budget = BudgetOf(run.faults);
  const std::vector<sim::Recoverable>& unread = run.stuck->unread;
  progress.recoverable = unread.empty() || std::any_of(unread.begin(), unread.end(), [](const sim::Recoverable& log) {
    return log.possible;
  });
  const bool demanded = progress.recoverable && budget.beyond.empty();
  progress.kind = demanded ? Progress::Kind::kMissing : Progress::Kind::kNotDemanded;
  if (!budget.beyond.empty()) {
    progress.reasons.push_back(fmt::format("progress is not demanded: {} {} beyond what systems promise to survive",
                                           absl::StrJoin(budget.beyond, ", "),
                                           budget.beyond.size() == 1 ? "is" : "are"));
  }
  for (const sim::Recoverable& log : unread) {
    progress.reasons.push_back(log.possible ? fmt::format("{}{} wasn't read to its end after the heal; {}",
                                                          demanded ? "no progress: " : "", log.log, log.why)
                                            : fmt::format("can't recover: {}: {}", log.log, log.why));
  }
  if (!run.stuck->ended) {
    progress.reasons.push_back(fmt::format("{}the audit didn't end: {}", demanded ? "no progress: " : "",
                                           EndText(run.reason)));
  }
  return progress;
}

std::string_view ProgressName(Progress::Kind kind) {
  switch (kind) {
    case Progress::Kind::kMade: return "made";
    case Progress::Kind::kMissing: return "missing";
    case Progress::Kind::kNotDemanded: return "not demanded";
  }
  return "";
}

}  // namespace brokersim::runner
