// Which single messages and timers decide: each is undone alone in this run (decisions.h), and the run goes on.
//
// A run counts only if the promise is made again and put to the test, and if every fault begins that had begun. What
// then is without the anomaly is tried with other draws, too: from the message's sending (or the timer's firing) on, as
// that is the past that both have in common, or from the earliest later moment that leaves the anomaly in half of the
// courses.
#ifndef BROKERSIM_RUNNER_DECISION_SEARCH_H_
#define BROKERSIM_RUNNER_DECISION_SEARCH_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/verdict.pb.h"
#include "runner/decisions.h"
#include "scenarios/scenario.pb.h"

namespace brokersim::runner {

struct Deciding {
  Decision what;
  int others = 0;                    // anomalies of the type that are there all the same, of other records
  std::vector<std::string> instead;  // types that the run as it is doesn't show
  // With other draws from then on; 0: not tried, as there are enough others.
  sim::Time from;
  int courses = 0;
  int shown = 0;          // so many courses show the anomaly as it is
  int shown_without = 0;  // ... with it undone
  int void_without = 0;   // ... with it undone don't make the promise
  bool confirmed = false;  // clearly rarer
};

struct DecisionSearch {
  // What is confirmed comes first, then what was not tried with other draws, then what chance may have done.
  std::vector<Deciding> found;
  int decisions = 0;     // that there are
  int tried = 0;         // of them
  int without_effect = 0;
  int no_promise = 0;    // the anomaly was gone, but so was the promise, or a fault that waited for the message
  bool complete = true;  // false: `go_on` ended the search
  uint64_t runs = 0;
};

struct DecisionOptions {
  size_t most = 100;  // decisions that are tried; 0: none
  int courses = 12;
  // Courses differ from the decision on or, where too few show the anomaly then, from a moment between it and this.
  sim::Time last;
  // As in CauseOptions.
  std::function<bool(uint64_t runs, std::string_view what)> go_on;
};

// `setup` is the run's, with all that was drawn written out, `anomaly` one that it shows under `seed`, of `type`. Empty
// if it doesn't.
DecisionSearch FindDecisions(const scenarios::Setup& setup, const std::string& name, uint64_t seed,
                             const std::string& type, const formats::Anomaly& anomaly, const DecisionOptions& options);

// The scenario in which it is undone, as a file.
std::string UndoneText(const scenarios::Setup& setup, const std::string& name, const std::string& variant,
                       const Decision& decision);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_DECISION_SEARCH_H_
