#include "sim/kernel/simulation.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace brokersim::sim {

Stream& Env::AddStream(std::string_view purpose) {
  return streams_->Add(purpose, Stream(seed_, fmt::format("node/{}/{}/{}", *name_, incarnation_, purpose)));
}

Simulation::Simulation(SimulationSettings settings)
    : settings_(settings), recorder_(settings.recording) {
#ifdef BROKERSIM_ONE_STREAM
  Stream::DrawsOfRun() = 0;
#endif
  if (settings.permute_ties) queue_.PermuteTies(settings.seed);
}

NodeId Simulation::AddNode(NodeSpec spec) {
  CHECK(!begun_, "a node is added to a running simulation");
  const NodeId id{static_cast<uint32_t>(nodes_.size())};
  recorder_.AddNode(spec.name, spec.role, spec.datacenter, spec.rack);
  Node& added = nodes_.emplace_back();
  added.disk_random = Stream(settings_.seed, fmt::format("disk/{}", spec.name));
  added.service_time = spec.service_time;
  added.spec = std::move(spec);
  return id;
}

void Simulation::Install(NodeId id, std::shared_ptr<const ProcessFactory> factory) {
  CHECK(!begun_, "a process is installed in a running simulation");
  node(id).factory = std::move(factory);
}

void Simulation::SetLink(std::string_view from, std::string_view to, LinkSpec spec) {
  datacenter_links_[{std::string(from), std::string(to)}] = std::move(spec);
}

void Simulation::SetLink(NodeId from, NodeId to, LinkSpec spec) {
  node_links_[{from, to}] = std::move(spec);
}

void Simulation::AddFault(Fault fault) {
  CHECK(!begun_, "a fault is added to a running simulation");
  std::visit([&](const auto& action) {
    if constexpr (requires { action.factor; }) {
      CHECK(action.factor >= 1, "fault {} multiplies by {}", fault.id, action.factor);
    }
  }, fault.action);
  FaultState state;
  state.report.id = fault.id;
  state.report.kind = FaultKindName(fault.action);
  state.report.budget = InfoOf(fault.action).budget;
  const Trigger::Moment moment = fault.trigger.moment;
  if (moment == Trigger::Moment::kMessageSent || moment == Trigger::Moment::kMessageArrived) {
    ++message_triggers_;
  }
  if (moment == Trigger::Moment::kTime) {
    Schedule(fault.trigger.at + fault.trigger.delay,
             FaultDue{static_cast<uint32_t>(faults_.size()), true, 0});
  }
  state.fault = std::move(fault);
  SeedFault(&state);
  faults_.push_back(std::move(state));
}

void Simulation::HealAt(Time time) { Schedule(time, HealDue{}); }

void Simulation::Begin(formats::TraceHeader header) {
  CHECK(!begun_, "a simulation begins twice");
  begun_ = true;
  std::vector<std::string_view> names;
  for (const Node& n : nodes_) names.push_back(n.spec.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  CHECK(twice == names.end(), "two nodes named {}", *twice);
  header.set_seed(settings_.seed);
  recorder_.Begin(std::move(header));
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].factory) Schedule(nodes_[i].spec.start_at, BootDue{NodeId{i}, 0});
  }
}

void Simulation::Finish() { recorder_.Finish(now_); }

std::vector<FaultReport> Simulation::fault_reports() const {
  std::vector<FaultReport> reports;
  reports.reserve(faults_.size());
  for (const FaultState& state : faults_) reports.push_back(state.report);
  return reports;
}

}  // namespace brokersim::sim
