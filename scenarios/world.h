// World: what a setup describes, ready to be simulated under any seed.
#ifndef BROKERSIM_SCENARIOS_WORLD_H_
#define BROKERSIM_SCENARIOS_WORLD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "model/kafka/cluster.h"
#include "scenarios/locator.h"
#include "scenarios/scenario.pb.h"
#include "sim/fault/swarm.h"
#include "sim/kernel/recovery_oracle.h"
#include "sim/kernel/simulation.h"

namespace brokersim::scenarios {

// A model that judges the history, and where the file names it and each of its options: "PATH:LINE:COLUMN: ".
struct ModelPlan {
  std::string name;
  std::string place;
  std::vector<std::string> options;
  std::vector<std::string> option_places;
};

// Something that one node at a time is to own, e.g. the leadership of a partition.
struct Owned {
  std::string role;               // what its owner is, as selectors say: "leader(orders-0)", "master(a)"
  std::vector<std::string> logs;  // of histories, that only the owner may write
};

class World {
 public:
  // Errors: kInvalidArgument, with the place in the file.
  static absl::StatusOr<std::shared_ptr<const World>> Build(const Setup& setup, const Locator& locator);

  // A simulation that has not begun.
  sim::Simulation Simulate(uint64_t seed, sim::RecordingLevel recording) const;

  // The faults that this seed draws; none if the scenario asks for none.
  std::vector<sim::Fault> DrawnFaults(uint64_t seed) const;
  // Of what nodes it is made, in the order of their ids.
  size_t nodes() const { return nodes_.size(); }
  const sim::NodeSpec& node(size_t index) const { return nodes_[index].spec; }
  // What one node at a time is to own.
  const std::vector<Owned>& owned() const { return owned_; }
  // Whether the scenario allows that the fault has no effect.
  bool MayBeInert(const std::string& fault) const;

  // When every fault has ended and every node runs again; absent: never.
  std::optional<sim::Time> heal_at() const { return heal_at_; }
  // No run is longer: the audit and its patience, and some time for what is under way then.
  sim::Time time_limit() const { return time_limit_; }
  // Says what of the system could be served again; null if there is nobody to ask.
  const sim::RecoveryOracle* recovery() const { return recovery_.get(); }
  const std::vector<std::string>& checks() const { return checks_; }
  // "PATH:LINE:COLUMN: " of each of them.
  const std::vector<std::string>& check_places() const { return check_places_; }
  const std::vector<ModelPlan>& models() const { return models_; }
  // Settings that are known and not modelled, each once, sorted.
  const std::vector<std::string>& ignored_settings() const { return ignored_settings_; }

 private:
  friend class WorldBuilder;

  struct NodePlan {
    sim::NodeSpec spec;
    std::shared_ptr<const sim::ProcessFactory> factory;
  };
  struct LinkPlan {
    std::string from;
    std::string to;
    sim::LinkSpec spec;
  };

  sim::SimulationSettings settings_;
  std::vector<NodePlan> nodes_;
  std::vector<LinkPlan> links_;
  std::vector<Owned> owned_;
  std::vector<sim::Fault> faults_;
  // What a fault, by its index, waits for longer, drawn for each seed.
  std::vector<std::pair<size_t, sim::Distribution>> waits_;
  std::optional<sim::SwarmPlan> swarm_;
  std::set<std::string> may_be_inert_;
  std::shared_ptr<const sim::RecoveryOracle> recovery_;
  std::optional<sim::Time> heal_at_;
  sim::Time time_limit_;
  std::vector<std::string> checks_;
  std::vector<std::string> check_places_;
  std::vector<ModelPlan> models_;
  std::vector<std::string> ignored_settings_;
};

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_WORLD_H_
