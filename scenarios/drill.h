// Drills: faults over roles, laid over an architecture.
//
// An architecture is a scenario whose datacenters have roles; a drill is a file of faults that speaks of "dc(primary)".
// Laid over each other they are a scenario like any other: it can be run, explained, shrunk and drawn.
#ifndef BROKERSIM_SCENARIOS_DRILL_H_
#define BROKERSIM_SCENARIOS_DRILL_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "scenarios/drill.pb.h"
#include "scenarios/loader.h"

namespace brokersim::scenarios {

// One of `home`/scenarios/drills by its name, or a file. Errors: kNotFound, with those that there are; kInvalidArgument
// with its place in the file.
absl::StatusOr<Drill> LoadDrill(const std::string& name, std::string_view home);

// Names of those in `home`/scenarios/drills, sorted.
std::vector<std::string> ListDrills(std::string_view home);

struct LaidOver {
  ResolvedScenario scenario;
  std::string strike;               // the id of the fault with which the drill begins
  std::vector<std::string> faults;  // ids of what the drill does; the rest is what operators do
};

// The architecture under the drill, named "ARCHITECTURE-VARIANT-DRILL" with what isn't a letter or digit as "_".
// Errors: kFailedPrecondition if the drill means nothing there: why; kInvalidArgument if the two don't make a scenario.
absl::StatusOr<LaidOver> LayOver(const ResolvedScenario& architecture, const Drill& drill);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_DRILL_H_
