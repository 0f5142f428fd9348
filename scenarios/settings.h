// Lines such as "min.insync.replicas=2" or "p1.records=50" that change a scenario: --set of the commands.
//
// A key is one of these, looked for in this order:
//   - a setting of the system: "acks", "min.insync.replicas", "flushDiskType". It goes to every broker or client that
//     knows it, in place of what the scenario says; "mutant" to those that know the value.
//   - the name of an element and what is changed of it, a field or a setting: "p1.records", "b2.start",
//     "leader-crash.at", "orders.partitions", "c1.isolation.level".
//   - a path of fields from the setup or from its kafka or rocketmq: "heal_at", "brokers", "swarm.faults",
//   "network.link.latency".
//     Without a name a repeated field means all its elements: "producer.records".
// Values are written as in a scenario, without quotes. A distribution is "20ms", "uniform 1ms 5ms" or
// "exponential 20ms" (its mean). Of a repeated field the value is all that is left; nothing ("swarm.node=") empties it.
#ifndef BROKERSIM_SCENARIOS_SETTINGS_H_
#define BROKERSIM_SCENARIOS_SETTINGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "scenarios/loader.h"

namespace brokersim::scenarios {

// The scenario with these lines, in order; they are appended to its `settings`.
// Errors: kInvalidArgument, "LINE: what is wrong; what to do", with a suggestion for a key that there isn't.
absl::StatusOr<ResolvedScenario> WithSettings(const ResolvedScenario& scenario, const std::vector<std::string>& lines);

// The variant and its settings, as reports name it: "fixed", "fixed, acks=1".
std::string VariantText(const ResolvedScenario& scenario);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_SETTINGS_H_
