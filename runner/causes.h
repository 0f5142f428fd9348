// But-for causes: what of a run's setup, undone alone, makes its anomaly go away.
//
// That it goes away in this one run is no proof: whatever is changed moves the times of all that follows, and that
// alone can be enough. So each candidate is tried again in other courses of the run, in which everything from some
// moment on is drawn anew, and only what makes the anomaly clearly rarer there is called a cause.
//
// Everything runs on one thread, in a fixed order: the same input gives the same result.
#ifndef BROKERSIM_RUNNER_CAUSES_H_
#define BROKERSIM_RUNNER_CAUSES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.pb.h"
#include "sim/base/sim_time.h"

namespace brokersim::runner {

// A course of a run: as it was up to `at`, and from then on with other draws. Without `draws`: the run itself.
struct Course {
  sim::Time at;
  std::optional<uint64_t> draws;
};

// Whether this setup shows the anomaly in that course; empty: it makes no sense. Always the same for the same
// arguments.
using Tried = std::function<std::optional<bool>(const scenarios::Setup& setup, const Course& course)>;

// Something that can be undone.
struct Candidate {
  enum class Kind {
    kRule,     // a setting that is known to allow something
    kFault,    // one or several
    kSetting,  // any other setting
  };
  Kind kind = Kind::kSetting;
  std::string name;     // "min.insync.replicas=1 (brokers)", "leader-crash"
  std::string line;     // of a setting: "min.insync.replicas=1"
  std::string instead;  // of a setting: the value that was tried instead
  std::string risk;     // of a rule: what it allows
  bool given = true;    // of a setting: the scenario says so; false: it is the default
  std::vector<std::string> faults;  // ids
  scenarios::Setup without;
};

// Every setting that isn't the default or isn't safe, and every fault but those that are `idle` (had no effect).
// `setup` has no swarm.
std::vector<Candidate> CandidatesOf(const scenarios::Setup& setup, const std::vector<std::string>& idle);

struct Cause {
  Candidate what;
  int shown = 0;  // in how many of the courses the anomaly is there without it
};

struct CauseSearch {
  // Ranked: what leaves the fewest courses with the anomaly; rules before faults before other settings.
  std::vector<Cause> causes;
  // Makes it go away in this run, but not clearly more of the other courses than chance would.
  std::vector<Cause> unconfirmed;
  // How many courses there were, from when on they differ from the run, and how many show the anomaly as it is.
  int courses = 0;
  sim::Time at;
  int shown = 0;
  int candidates = 0;
  bool without_faults = false;  // it is there without any fault, too
  bool complete = true;         // false: `go_on` ended the search
  uint64_t runs = 0;
};

struct CauseOptions {
  // At least so many; up to four times as many where few of them show the anomaly.
  int courses = 12;
  // Courses differ from a moment before this on: the earliest of some that leaves the anomaly in half of them.
  sim::Time last;
  // Called before each run, with what is tried; returns whether to go on. May be empty.
  std::function<bool(uint64_t runs, std::string_view what)> go_on;
};

// The sign test: of courses that differ with and without something, is it more than chance that so many are spared and
// so few struck? At a level of 1 in 50, as dozens of candidates are tried.
bool IsMoreThanChance(int spared, int struck);

// REQUIRES: tried(setup, {}) is true.
CauseSearch FindCauses(const scenarios::Setup& setup, const std::vector<std::string>& idle, const Tried& tried,
                       const CauseOptions& options);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_CAUSES_H_
