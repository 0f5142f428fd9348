// The random streams of a run, by name: what runner/draws.h compares.
#include <algorithm>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

std::vector<std::pair<std::string, uint64_t>> Simulation::StreamDraws() const {
  std::vector<std::pair<std::string, uint64_t>> draws;
  for (const Node& n : nodes_) {
    draws.emplace_back("disk/" + n.spec.name, n.disk_random.draws());
    n.streams.ForEach([&](const std::string& purpose, const Stream& stream) {
      draws.emplace_back(fmt::format("node/{}/{}/{}", n.spec.name, n.incarnation, purpose), stream.draws());
    });
    for (const auto& [to, index] : n.links) {
      const Link& link = links_[index];
      const std::string name = fmt::format("net/{}/{}", n.spec.name, node(to).spec.name);
      draws.emplace_back(name, link.random.draws());
      draws.emplace_back(name + "/retransmissions", link.retransmissions.draws());
    }
  }
  for (const FaultState& state : faults_) {
    draws.emplace_back("fault/" + state.fault.id, state.random.draws());
    draws.emplace_back("fault/" + state.fault.id + "/choices", state.choices.draws());
  }
  std::erase_if(draws, [](const auto& entry) { return entry.second == 0; });
  std::sort(draws.begin(), draws.end());  // names are all different
  return draws;
}

}  // namespace brokersim::sim
