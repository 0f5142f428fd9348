// Progress: whether a run got where it was to get once its faults were over; and if not, whether that may be held
// against the system.
//
// It may if what is left could still serve and every fault that had an effect was of a kind that systems promise to
// survive. Otherwise the run says nothing about progress: unknown, never a violation.
#ifndef BROKERSIM_RUNNER_PROGRESS_H_
#define BROKERSIM_RUNNER_PROGRESS_H_

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/run.h"

namespace brokersim::runner {

// The kinds of faults that had an effect, each once, in the order of the run's faults.
struct FaultBudget {
  std::vector<std::string> tolerable;
  std::vector<std::string> beyond;

  // "beyond", "tolerable", or "none" if no fault had an effect.
  std::string_view name() const;
  // "beyond (disk_dead); tolerable (crash, partition)"
  std::string Text() const;
};
FaultBudget BudgetOf(const std::vector<sim::FaultReport>& faults);

struct Progress {
  enum class Kind {
    kMade,
    kMissing,      // stuck, and it could have gone on
    kNotDemanded,  // stuck, and nobody promises more
  };
  Kind kind = Kind::kMade;
  // Of a stuck run: whether any log that wasn't read could still be served.
  bool recoverable = true;
  // A sentence each: what should have been possible, what can't be, and why nothing is demanded.
  std::vector<std::string> reasons;
};
Progress JudgeProgress(const scenarios::RunResult& run);

// "made", "missing" or "not demanded".
std::string_view ProgressName(Progress::Kind kind);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_PROGRESS_H_
