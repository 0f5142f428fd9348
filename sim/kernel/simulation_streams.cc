// The random streams of a run, by name: what runner/draws.h compares, and what makes two futures of one past differ.
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

void Simulation::Reseed(uint64_t seed) {
  settings_.seed = seed;
  for (Node& n : nodes_) {
    n.disk_random = Stream(seed, fmt::format("disk/{}", n.spec.name));
    n.streams.clear();  // they are made anew when they are drawn from
    for (const auto& [to, index] : n.links) SeedLink(n.spec.name, node(to).spec.name, &links_[index]);
  }
  for (FaultState& state : faults_) SeedFault(&state);
  if (settings_.permute_ties || rules_.ties) queue_.PermuteTies(seed);
}

void Simulation::SeedLink(const std::string& from, const std::string& to, Link* link) const {
  link->random = Stream(settings_.seed, fmt::format("net/{}/{}", from, to));
  link->retransmissions = Stream(settings_.seed, fmt::format("net/{}/{}/retransmissions", from, to));
}

void Simulation::SeedFault(FaultState* state) const {
  state->random = Stream(settings_.seed, fmt::format("fault/{}", state->fault.id));
  state->choices = Stream(settings_.seed, fmt::format("fault/{}/choices", state->fault.id));
}

void Simulation::LastFaultHasBegun() {
  for (FaultState& state : faults_) state.over = state.over || !state.active;
}

}  // namespace brokersim::sim
