// Many runs: seeds, and variants with settings, on several cores, kept in a file, and split over machines. The results
// depend on none of that.
#ifndef BROKERSIM_RUNNER_SWEEP_H_
#define BROKERSIM_RUNNER_SWEEP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "runner/outcome.h"
#include "runner/parallel.h"
#include "runner/run_row.h"
#include "runner/shard.h"
#include "runner/sweep_file.h"

namespace brokersim::runner {

struct SeedRange {
  uint64_t first = 1;
  uint64_t last = 1;  // included
  // The last seed of all is one more than can be counted; nobody gets there.
  uint64_t count() const { return std::max(last - first + 1, last - first); }
};

// Runs the seeds of one scenario at level kHistory. `keep` makes of an outcome, on the thread that ran it, what `seen`
// is handed, in order of seeds, on the calling thread; `seen` returns whether to go on.
template <class Kept>
void ForEachSeed(const scenarios::ResolvedScenario& scenario, SeedRange seeds, uint64_t jobs,
                 const std::function<Kept(Outcome)>& keep, const std::function<bool(Kept)>& seen) {
  const auto work = [&](uint64_t index) {
    return keep(RunAndCheck(scenario, seeds.first + index, sim::RecordingLevel::kHistory));
  };
  Parallel<Kept>::Run(seeds.count(), jobs, work, seen);
}

// What is to be run.
struct SweepPlan {
  std::vector<scenarios::ResolvedScenario> arms;  // of one scenario
  SeedRange seeds;
  Shard shard;
  uint64_t jobs = 1;
  // Whether runs that fail are run again with a trace, which tells why.
  bool causes = true;
};

// Each of the variants with each combination of the settings: "KEY=V1,V2" stands for KEY=V1 and KEY=V2. The first
// variant comes first with all its settings. Errors: kInvalidArgument, as WithSettings.
absl::StatusOr<std::vector<scenarios::ResolvedScenario>> ArmsOf(
    const std::vector<scenarios::ResolvedScenario>& variants, const std::vector<std::string>& settings);

struct SweepProgress {
  uint64_t done = 0;    // with those that the file had
  uint64_t stored = 0;  // that the file had
  uint64_t of = 0;
  uint64_t failures = 0;  // IsFailure
};

struct SweepHooks {
  // Hears of every run; returns whether to go on.
  std::function<bool(const SweepProgress&)> progress;
  // Gets each run that fails (isn't valid, and isn't undecided), with its trace, on the thread that ran it. May be
  // empty.
  std::function<absl::Status(const scenarios::ResolvedScenario&, const Outcome&)> failed;
  // Whether what `failed` leaves of a run is there already: what the file has, and isn't, is run again. Empty: it is.
  std::function<bool(const scenarios::ResolvedScenario&, uint64_t seed)> left;
};

struct SweepResult {
  SweepHead head;
  std::vector<Arm> arms;
  std::vector<RunRow> rows;  // by (arm, seed)
  bool complete = false;     // all that was planned is there
};

// The file that keeps the plan's rows; null if `path` is empty. REQUIRES: the plan has an arm. Errors: as
// SweepFile::Open.
absl::StatusOr<std::unique_ptr<SweepFile>> OpenFileFor(const SweepPlan& plan, const std::string& path);

// Runs what the file (null: none) doesn't have yet, and puts it there. Should a run that fails come out differently
// when it is run again, that is a finding of its own: exit code 4. Errors: those of the file.
absl::StatusOr<SweepResult> RunSweep(const SweepPlan& plan, SweepFile* file, const SweepHooks& hooks);

// The results that files hold, as if one sweep had made them. Errors: those of the files; kInvalidArgument if they
// don't belong together.
absl::StatusOr<SweepResult> ReadSweeps(const std::vector<std::string>& paths);

// Puts all of it into one new file. Errors: kInvalidArgument if there is a file of that name, and those of the file.
absl::Status WriteSweep(const SweepResult& result, const std::string& path);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_SWEEP_H_
