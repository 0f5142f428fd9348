// How each kind of fault ends. Rules go by themselves, and nodes that it kept down or paused are let go of for
// every kind (Simulation::EndFault).
#include <algorithm>
#include <utility>

#include "sim/kernel/fault_actions.h"

namespace brokersim::sim {

bool FaultActions::End() {
  const bool pumped = LowerBarrier();
  state_.link.reset();
  state_.message.reset();
  state_.disk.reset();
  state_.death.reset();
  state_.process.reset();
  state_.route.reset();
  state_.until_successor_acts.reset();
  sim_.CountRules();
  std::visit([this](const auto& kind) { EndKind(kind); }, state_.fault.action);
  const std::vector<NodeId> kept_down = std::exchange(state_.keeps_down, {});
  const EventId ended = sim_.current_cause_;
  for (NodeId id : kept_down) {
    sim_.current_cause_ = ended;
    // Asked to stop and still at it: it starts when it has.
    if (node(id).process) node(id).starts_after_exit = true;
    sim_.LetStart(id, ended);
  }
  sim_.current_cause_ = ended;
  ResumeAll();
  sim_.current_cause_ = ended;
  sim_.Unpark(state_);
  sim_.FinishStalledSyncs(state_);
  // What is for a node that starts finds it only now.
  return pumped && kept_down.empty();
}

bool FaultActions::LowerBarrier() {
  if (!std::exchange(state_.barrier.up, false) && state_.held.empty() && state_.held_connections.empty()) return false;
  sim_.ReleaseHeld(state_);
  sim_.PumpAll();
  return true;
}

void FaultActions::LetStart(NodeId id) {
  if (std::erase(state_.keeps_down, id) > 0) sim_.LetStart(id, sim_.current_cause_);
}

void FaultActions::ResumeAll() {
  const EventId cause = sim_.current_cause_;
  const std::vector<FaultState::Paused> pauses = std::exchange(state_.pauses, {});
  for (const FaultState::Paused& paused : pauses) {
    sim_.current_cause_ = cause;
    const Node& n = node(paused.node);
    if (n.process && n.incarnation == paused.incarnation) sim_.ResumeNode(paused.node, state_, paused.clock_runs);
  }
}

void FaultActions::RestoreSettings() {
  const auto former = std::exchange(state_.former_settings, {});
  for (const auto& [id, key, value] : former) {
    if (LeaveToLater(id, key, value)) continue;
    if (value.has_value()) {
      node(id).settings[key] = *value;
    } else {
      node(id).settings.erase(key);
    }
    sim_.AskProcess(id, {.name = "config", .begins = false, .key = key, .value = value.value_or("")}, state_);
  }
}

// Another fault has changed the setting since: it lasts, and what was before both comes back at its end.
bool FaultActions::LeaveToLater(NodeId id, const std::string& key, const std::optional<std::string>& value) {
  for (uint32_t index : sim_.active_faults_) {
    FaultState& other = sim_.faults_[index];
    if (other.began < state_.began) continue;
    for (FaultState::FormerSetting& changed : other.former_settings) {
      if (changed.node != id || changed.key != key) continue;
      changed.value = value;
      return true;
    }
  }
  return false;
}

// Tells the processes that what they were asked is over.
void FaultActions::TakeBack(std::string_view operation) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    sim_.AskProcess(id, {.name = operation, .begins = false}, state_);
  }
}

void FaultActions::EndKind(const Offset& f) {
  for (NodeId id : Nodes()) ShiftWall(id, -f.offset, "moved by");
}

void FaultActions::EndKind(const Strobe& f) {
  if (!state_.wall_is_wrong) return;
  for (NodeId id : Nodes()) ShiftWall(id, -f.offset, "moved by");
}

void FaultActions::EndKind(const Drift& f) {
  for (NodeId id : Nodes()) {
    sim_.SetDrift(id, node(id).clock.drift_ppm() - f.ppm);
    sim_.EmitClock(id, static_cast<uint64_t>(-f.ppm),
                   fmt::format("clock drifts by {} ppm", node(id).clock.drift_ppm()));
  }
}

void FaultActions::EndKind(const ClockFreeze& f) {
  for (NodeId id : state_.done) {
    // Of several that have it stand still, the last one's end counts.
    const bool still = std::any_of(sim_.active_faults_.begin(), sim_.active_faults_.end(), [&](uint32_t index) {
      const FaultState& other = sim_.faults_[index];
      return std::holds_alternative<ClockFreeze>(other.fault.action) &&
             std::find(other.done.begin(), other.done.end(), id) != other.done.end();
    });
    if (still) continue;
    sim_.SettleClock(id);
    node(id).clock.ThawWall(sim_.now_, f.then == AfterFreeze::kCatchUp);
    sim_.EmitClock(id, 2,
                   f.then == AfterFreeze::kCatchUp ? "wall clock catches up" : "wall clock goes on from there");
  }
}

void FaultActions::EndKind(const DiskDead&) {
  for (NodeId id : std::vector<NodeId>(Nodes())) {
    Kill(id);
    sim_.WipeDisk(id, state_);
  }
}

void FaultActions::EndKind(const ConfigChange&) { RestoreSettings(); }
void FaultActions::EndKind(const BadRollout&) { RestoreSettings(); }

void FaultActions::EndKind(const DuplicateId&) {
  RestoreSettings();
  KillAll();
}

void FaultActions::EndKind(const SlowConsumer&) {
  TakeBack("slow_consumer");
}

void FaultActions::EndKind(const RetryPolicy&) {
  TakeBack("retry_policy");
}

void FaultActions::EndKind(const CheckBackUnknown&) {
  TakeBack("check_back_unknown");
}

}  // namespace brokersim::sim
