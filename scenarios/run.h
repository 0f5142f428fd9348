// Runs a resolved scenario under one seed.
#ifndef BROKERSIM_SCENARIOS_RUN_H_
#define BROKERSIM_SCENARIOS_RUN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/history.pb.h"
#include "scenarios/loader.h"
#include "sim/kernel/simulation.h"

namespace brokersim::scenarios {

// What the run was to reach after the heal, and has not.
struct Stuck {
  bool ended = true;  // false: the run ran out of time or events, or nothing was pending any more
  // The logs of which no read-all reached the end, and what the recovery oracle says of them.
  std::vector<sim::Recoverable> unread;
};

struct RunResult {
  formats::History history;
  std::string trace;  // file's bytes; empty below RecordingLevel::kTrace
  uint64_t hash = 0;  // hashes.all
  sim::RunHashes hashes;
  uint64_t events = 0;
  sim::Time end;
  sim::RunEnd reason = sim::RunEnd::kFinished;
  std::vector<sim::FaultReport> faults;
  // Ids of faults that had no effect though the scenario doesn't allow it: nothing was tried.
  std::vector<std::string> inert;
  // Empty: the audit read every log, or the run ended before the heal, when nothing is demanded.
  std::optional<Stuck> stuck;
  // Not empty: an invariant of the kernel or of a model broke, which is brokersim's own fault. What was
  // recorded until then is there.
  std::string internal_error;
};

// A run that can be looked at, copied and turned between two moments. A copy is a snapshot: it has the past in common
// and a future of its own; it records no trace. `scenario` must outlive it.
class BegunRun {
 public:
  // Nothing has happened yet. `build` is the version that a trace names.
  BegunRun(const ResolvedScenario& scenario, uint64_t seed, sim::RecordingLevel recording, std::string_view build);

  sim::Simulation& simulation() { return simulation_; }
  const sim::Simulation& simulation() const { return simulation_; }

  // All that happens up to this time, included.
  void RunTo(sim::Time until);
  // Nothing more will happen.
  bool over() const { return reason_ != sim::RunEnd::kTimeLimit || !internal_error_.empty(); }
  // The rest of it. Call once.
  RunResult Finish();

 private:
  const ResolvedScenario* scenario_;
  sim::Simulation simulation_;
  sim::RunEnd reason_ = sim::RunEnd::kTimeLimit;
  std::string internal_error_;
};

// `watch`, if any, keeps the history and may end the run.
RunResult RunScenario(const ResolvedScenario& scenario, uint64_t seed, sim::RecordingLevel recording,
                      std::string_view build, sim::Recorder::Watch watch = {});

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_RUN_H_
