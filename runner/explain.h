// Why a run shows an anomaly: its story, and what allowed it.
#ifndef BROKERSIM_RUNNER_EXPLAIN_H_
#define BROKERSIM_RUNNER_EXPLAIN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "formats/verdict.pb.h"
#include "runner/causes.h"
#include "runner/decision_search.h"
#include "runner/futures.h"
#include "runner/rerun.h"

namespace brokersim::runner {

struct ExplainOptions {
  // Which anomaly: its number in the run's verdict, from 1, or its type ("lost-write", "no-progress"; the first of it).
  // Empty: the gravest.
  std::string anomaly;
  int courses = 12;
  // So many single messages and timers are tried; 0: none.
  size_t decisions = DecisionOptions().most;
  // As in CauseOptions.
  std::function<bool(uint64_t runs, std::string_view what)> go_on;
  // The point of no return, too.
  std::optional<FuturesOptions> futures;
};

struct Explanation {
  Outcome outcome;  // of the run
  std::string type;
  // Its number and how many there are of its type; 0 of no-progress.
  int number = 0;
  int of_type = 0;
  // With a story of at most kStoryLines lines that tells of no fault but causes; of no-progress only the explanation.
  formats::Anomaly anomaly;
  CauseSearch search;
  // By id, in words: "crash: b1, from 22s to 42s".
  std::vector<std::string> fault_ids;
  std::vector<std::string> fault_texts;
  // What allowed it, a sentence.
  std::string rule;
  // Single messages and timers; empty if there is nothing to try.
  DecisionSearch decisions;
  // The run's setup with all that was drawn written out.
  scenarios::Setup setup;
  std::optional<PointOfNoReturn> point;  // if it was asked for

  std::string FaultText(const std::string& id) const;
};

// Errors: kNotFound if the run shows no such anomaly, with what it shows; kInternal if an invariant of brokersim
// breaks.
absl::StatusOr<Explanation> Explain(const scenarios::ResolvedScenario& scenario, uint64_t seed,
                                    const ExplainOptions& options);

// How many of the decisions are shown in full: the first that are confirmed.
size_t DecidingShown(const Explanation& explanation);
// The scenario of this run in which a decision is undone, as a file named NAME.textproto.
std::string UndoneText(const Explanation& explanation, const Deciding& deciding, const std::string& name);

// For people.
std::string ExplanationText(const Explanation& explanation);
// One JSON object without line breaks.
std::string ExplanationJson(const Explanation& explanation);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_EXPLAIN_H_
