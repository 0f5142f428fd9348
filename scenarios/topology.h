// Topologies: sites and the links between them, as files that scenarios name.
#ifndef BROKERSIM_SCENARIOS_TOPOLOGY_H_
#define BROKERSIM_SCENARIOS_TOPOLOGY_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "scenarios/drill.pb.h"
#include "scenarios/scenario.pb.h"

namespace brokersim::scenarios {

// One of `home`/scenarios/topologies by its name, or a file, whose path is relative to the folder `beside`. Errors:
// kNotFound, with those that there are; kInvalidArgument as of ParseTextProto.
absl::StatusOr<Topology> LoadTopology(const std::string& name, std::string_view home, const std::string& beside);

// Names of those in `home`/scenarios/topologies, sorted.
std::vector<std::string> ListTopologies(std::string_view home);

// Writes the topology that the setup names out into it; the setup's own words go before the topology's. `path` is the
// scenario's. Errors: as of LoadTopology.
absl::Status LayTopologyUnder(const std::string& path, std::string_view home, Setup* setup);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_TOPOLOGY_H_
