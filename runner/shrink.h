// Makes a failing run small: what can be left out without the anomaly going away is left out, until nothing is.
//
// Everything runs on one thread, in a fixed order: the same input gives the same result.
#ifndef BROKERSIM_RUNNER_SHRINK_H_
#define BROKERSIM_RUNNER_SHRINK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "runner/rerun.h"
#include "scenarios/scenario.pb.h"

namespace brokersim::runner {

// Where a search stands.
struct ShrinkProgress {
  uint64_t runs = 0;
  int faults = 0;
  int clients = 0;
  int64_t records = 0;  // that producers are to send
  // What is being tried.
  std::string_view phase;
};

struct ShrinkOptions {
  // The search ends after so many runs.
  uint64_t runs = 2000;
  // Leaving something out can move draws: a smaller setup is taken if one of so many seeds shows the anomaly, the seed
  // so far, then 1, 2, ...
  int tries = 3;
  // Leave out lines of settings, too.
  bool settings = true;
  // Called before each run; returns whether to go on. May be empty.
  std::function<bool(const ShrinkProgress&)> go_on;
};

struct ShrinkResult {
  enum class End {
    kMinimal,  // each single removal (SingleRemovals) was tried, and makes the anomaly go away
    kRuns,     // as many runs as were allowed
    kStopped,  // go_on said so
  };
  scenarios::Setup setup;
  uint64_t seed = 0;
  End end = End::kMinimal;
  uint64_t runs = 0;
  uint64_t removals = 0;  // single removals of `setup` that can be tried
};

// `setup` has no swarm, and shows the anomaly under `seed`. `useless`: ids of faults that go first, all at once.
ShrinkResult Shrink(const scenarios::Setup& setup, uint64_t seed, const std::vector<std::string>& useless,
                    const Shows& shows, const ShrinkOptions& options);

// ---- On real runs

// What a run consists of.
struct RunSize {
  uint64_t events = 0;
  sim::Time end;
  int faults = 0;
  int clients = 0;
  int settings = 0;     // lines
  int64_t records = 0;  // sent
  // Sends, polls that returned something, commits, ends of transactions, effects: by clients, not by the audit.
  int64_t operations = 0;
};

struct ShrunkRun {
  std::string anomaly;
  RunSize before;
  RunSize after;
  ShrinkResult search;
  // The result as a scenario with one variant, and the outcome of its run under search.seed.
  scenarios::Scenario scenario;
  Outcome outcome;
};

// Runs `scenario` under `seed` and makes small what shows `anomaly` ("": the gravest of the run). `name`: of the
// result. Errors: kNotFound if the run doesn't show it, with what it shows; kInternal if an invariant of brokersim
// breaks.
absl::StatusOr<ShrunkRun> ShrinkRun(const scenarios::ResolvedScenario& scenario, uint64_t seed,
                                    const std::string& anomaly, const std::string& name, const ShrinkOptions& options);

// The result as a scenario file NAME.textproto, with a comment that says where it comes from.
std::string ShrunkText(const ShrunkRun& run);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_SHRINK_H_
