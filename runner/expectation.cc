#include "runner/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "runner/sweep.h"

namespace brokersim::runner {
namespace {

// More than this say nothing new.
constexpr size_t kMostProblems = 5;

}  // namespace

ExpectationReport CheckExpectation(const scenarios::ResolvedScenario& scenario, uint64_t seeds,
                                   const std::function<bool(uint64_t, uint64_t)>& progress) {
  ExpectationReport report;
  const auto& wanted = scenario.expect.anomaly();
  const uint64_t last = seeds > 0 ? seeds : static_cast<uint64_t>(scenario.expect.seeds());
  bool stopped = false;
  const auto problem = [&](const Outcome& outcome, const std::string& what) {
    if (report.problems.size() < kMostProblems) {
      report.problems.push_back(fmt::format("seed {}: {}; {}", outcome.seed, what, ReproduceCommand(outcome)));
    }
  };
  // The history has been judged where it was recorded.
  const auto keep = [](Outcome outcome) {
    outcome.run.history.Clear();
    return outcome;
  };
  ForEachSeed<Outcome>(scenario, {1, last}, Cores(), keep, [&](const Outcome& outcome) {
    ++report.seeds;
    report.events += outcome.run.events;
    report.coverage.Add(outcome.probes);
    const ExitCode code = ExitCodeOf(outcome);
    if (code == kInternal) problem(outcome, outcome.run.internal_error);
    const formats::Verdict::Result result = outcome.verdict.result();
    ++(result == formats::Verdict::VALID     ? report.valid
       : result == formats::Verdict::INVALID ? report.invalid
                                             : report.unknown);
    std::set<std::string> types;
    for (const formats::Anomaly& anomaly : outcome.verdict.anomalies()) types.insert(anomaly.type());
    for (const std::string& type : types) {
      ExpectationReport::Seen& seen = report.anomalies[type];
      if (seen.runs++ == 0) seen.first_seed = outcome.seed;
      if (std::find(wanted.begin(), wanted.end(), type) == wanted.end()) problem(outcome, "shows " + type);
    }
    if (wanted.empty() && types.empty() && code != kHeld && code != kInternal) {
      const std::string why =
          !outcome.progress.reasons.empty()            ? outcome.progress.reasons.front()
          : outcome.verdict.unknown_reasons_size() > 0 ? outcome.verdict.unknown_reasons(0)
                                                       : "no progress";
      problem(outcome, "isn't decided: " + why);
    }
    stopped = !progress(report.seeds, last);
    return !stopped;
  });
  if (stopped) report.problems.push_back(fmt::format("stopped after {} of {} seeds", report.seeds, last));
  for (const std::string& type : wanted) {
    if (report.anomalies.contains(type)) continue;
    report.problems.push_back(fmt::format("{} was not seen in {} seeds", type, report.seeds));
  }
  report.met = report.problems.empty();
  return report;
}

}  // namespace brokersim::runner
