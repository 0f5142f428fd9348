// Swarm: faults that are drawn for each seed.
//
// Each seed switches whole kinds off and draws how many of the others come, when, on whom and how wild. (Groce and
// others, "Swarm Testing", ISSTA 2012: leaving features out finds what an even mixture hides.) The draws of a kind
// are a function of the seed and the kind's name alone, so leaving one kind out moves no other.
#ifndef BROKERSIM_SIM_FAULT_SWARM_H_
#define BROKERSIM_SIM_FAULT_SWARM_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/fault/fault.h"

namespace brokersim::sim {

// What may be drawn. Terms are those of selectors; where a kind needs some of which there are none, it isn't drawn.
struct SwarmPlan {
  std::vector<std::string> kinds;
  std::vector<std::string> nodes;  // terms that single nodes are drawn from
  std::vector<std::string> zones;  // whole datacenters and racks
  std::vector<std::string> roles;  // roles that move, for a zombie
  std::vector<std::string> voters;
  std::vector<std::string> control;  // the coordination service
  std::vector<std::string> clients;
  std::vector<std::string> types;   // of messages
  std::vector<std::string> points;  // at which processes may crash
  std::vector<std::string> partitions;
  std::vector<std::pair<std::string, std::string>> settings;
  Time begin;
  Time end;            // nothing begins or lasts beyond it
  int64_t faults = 8;  // at most so many
};

// In order of time; ids are "swarm-KIND-1" and so on.
std::vector<Fault> DrawSwarm(const SwarmPlan& plan, uint64_t seed);

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_SWARM_H_
