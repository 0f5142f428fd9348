// The point of no return: how likely a run's anomaly was at each moment, had everything from then on been drawn anew.
//
// A simulation is a value: copies of it, taken at checkpoints, are given other draws and run to their ends. Checkpoints
// are set evenly first, then in the middle of the steepest rises, down to a single instant.
//
// Everything runs on one thread, in a fixed order: the same input gives the same result.
#ifndef BROKERSIM_RUNNER_FUTURES_H_
#define BROKERSIM_RUNNER_FUTURES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "formats/verdict.pb.h"
#include "scenarios/run.h"

namespace brokersim::runner {

struct FuturesOptions {
  int futures = 100;     // of each checkpoint and curve
  int checkpoints = 64;  // at most
  // Called before each future; returns whether to go on. May be empty.
  std::function<bool(int64_t done, int64_t of)> go_on;
};

struct Checkpoint {
  sim::Time at;  // all that happens up to then, included, is as it was
  int shown = 0;  // futures with the anomaly, if the faults that are to come do
  int calm = 0;   // ... if no further fault begins
};

// Where one of the curves rises by a fifth of the futures or more from one checkpoint to the next.
struct Rise {
  bool calm = false;
  Checkpoint from;
  Checkpoint to;
  int64_t events = 0;  // that happened after `from`, up to `to`
  std::vector<formats::StoryLine> told = {};  // those that matter most, at most kEventsTold, in order
};
inline constexpr size_t kEventsTold = 4;

struct PointOfNoReturn {
  std::string type;
  int futures = 0;  // of each checkpoint and curve
  std::vector<Checkpoint> checkpoints;  // in order of time; at least two unless it was stopped
  std::vector<Rise> rises;
  int64_t run = 0;       // futures that were run
  uint64_t events = 0;   // that happened in them
  bool complete = true;  // false: `go_on` ended it
};

// `type` is one of an anomaly that the run shows, or no-progress. `last`: no checkpoint lies after it. Errors:
// kInternal.
absl::StatusOr<PointOfNoReturn> FindPointOfNoReturn(const scenarios::ResolvedScenario& scenario, uint64_t seed,
                                                    const std::string& type, sim::Time last,
                                                    const FuturesOptions& options);

// For people.
std::string FuturesText(const PointOfNoReturn& point);
// The two curves. Errors: kInternal if they can't be drawn.
absl::StatusOr<std::string> FuturesSvg(const PointOfNoReturn& point, const std::string& title);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_FUTURES_H_
