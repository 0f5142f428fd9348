#include "runner/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace brokersim::runner {
namespace {

// "1..1000" if the seeds of each arm are just these.
std::string SeedsText(const std::vector<RunRow>& rows) {
  if (rows.empty()) return "none";
  uint64_t first = UINT64_MAX;
  uint64_t last = 0;
  std::map<uint32_t, uint64_t> of_arm;
  for (const RunRow& row : rows) {
    first = std::min(first, row.seed);
    last = std::max(last, row.seed);
    ++of_arm[row.arm];
  }
  const bool gaps = std::any_of(of_arm.begin(), of_arm.end(), [&](const auto& arm) {
    return arm.second != SeedRange{first, last}.count();
  });
  return fmt::format("{}{}..{}{}", gaps ? "of " : "", first, last, gaps ? ", not all of them" : "");
}

// Gathers one arm's failures by type and cause.
class Gatherer {
 public:
  Gatherer(const SweepHead& head, const Arm& arm) : head_(head), arm_(arm) {
    report_.arm = arm.Text();
    report_.variant = arm.variant;
    report_.settings = arm.settings;
  }

  void Add(const RunRow& row) {
    ++report_.runs;
    report_.undecided += row.code == kUnknown ? 1 : 0;
    report_.failed += IsFailure(row.code) ? 1 : 0;
    for (const Finding& finding : row.findings) {
      FailureType& type = Find(&report_.types, &FailureType::type, finding.type);
      ++type.runs;
      FailureGroup& group = Find(&type.groups, &FailureGroup::cause, finding.cause);
      if (group.runs++ > 0 && std::tie(row.events, row.seed) >= std::tie(group.events, group.seed)) continue;
      group.seed = row.seed;
      group.events = row.events;
    }
  }

  ArmReport Take() {
    report_.rate = report_.runs == 0 ? Interval{0, 1} : ExactInterval(report_.failed, report_.runs);
    for (FailureType& type : report_.types) {
      type.rate = ExactInterval(type.runs, report_.runs);
      for (FailureGroup& group : type.groups) {
        group.command = ReproduceCommand(head_.reference, arm_.variant, arm_.settings, group.seed);
      }
      SortByRuns(&type.groups);
    }
    SortByRuns(&report_.types);
    return std::move(report_);
  }

 private:
  // The one of that name; in the order of rows, in which the gravest findings come first.
  template <class Counted>
  static Counted& Find(std::vector<Counted>* all, std::string Counted::*name, const std::string& wanted) {
    const auto found = std::find_if(all->begin(), all->end(), [&](const Counted& one) { return one.*name == wanted; });
    if (found != all->end()) return *found;
    Counted& added = all->emplace_back();
    added.*name = wanted;
    return added;
  }

  template <class Counted>
  static void SortByRuns(std::vector<Counted>* all) {
    std::stable_sort(all->begin(), all->end(), [](const Counted& a, const Counted& b) { return a.runs > b.runs; });
  }

  const SweepHead& head_;
  const Arm& arm_;
  ArmReport report_;
};

}  // namespace

SweepReport ReportOf(const SweepResult& result) {
  SweepReport report;
  report.scenario = result.head.scenario;
  report.seeds = SeedsText(result.rows);
  report.runs = result.rows.size();
  std::vector<Gatherer> gatherers;
  gatherers.reserve(result.arms.size());
  for (const Arm& arm : result.arms) gatherers.emplace_back(result.head, arm);
  for (const RunRow& row : result.rows) {
    gatherers[row.arm].Add(row);
    report.coverage.Add(row.faults);
    report.worst = Worse(report.worst, row.code);
  }
  for (Gatherer& gatherer : gatherers) report.arms.push_back(gatherer.Take());
  return report;
}

std::string Percent(double share) {
  const double percent = share * 100;
  int digits = 0;
  for (double scale = 100; percent > 0 && percent < scale && digits < 9; scale /= 10) ++digits;
  return fmt::format("{:.{}f} %", percent, percent == 100 ? 0 : digits);
}

}  // namespace brokersim::runner
