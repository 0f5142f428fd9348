// Many seeds of one scenario, on several cores. The results don't depend on how many.
#ifndef BROKERSIM_RUNNER_SWEEP_H_
#define BROKERSIM_RUNNER_SWEEP_H_

#include <cstdint>
#include <functional>

#include "runner/outcome.h"

namespace brokersim::runner {

// Runs the seeds first..last (both included) at level kHistory and hands the outcomes over in order of seeds,
// on the calling thread. `seen` returns whether to go on. Runs are independent: each is one object on one
// thread.
void Sweep(const scenarios::ResolvedScenario& scenario, uint64_t first, uint64_t last,
           const std::function<bool(const Outcome&)>& seen);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_SWEEP_H_
