// What a run did, as a scenario: drawn faults written out, selectors replaced by whom they meant.
#ifndef BROKERSIM_SCENARIOS_SCHEDULE_H_
#define BROKERSIM_SCENARIOS_SCHEDULE_H_

#include <cstdint>
#include <string>

#include "scenarios/run.h"

namespace brokersim::scenarios {

// A scenario with one variant that gives, under this seed, this very run: same hash. Nothing in it is drawn but what
// happens to single messages, so it can be edited: a fault that is taken out moves no draw of another.
Scenario ScheduleOf(const ResolvedScenario& scenario, uint64_t seed, const RunResult& run);

// As a scenario file named NAME.textproto, with a comment that says where it comes from.
std::string ScheduleText(const ResolvedScenario& scenario, uint64_t seed, const RunResult& run,
                         const std::string& name);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_SCHEDULE_H_
