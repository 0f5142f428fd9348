// Faults: when they begin and end, whom they mean, and what they do.
#include <algorithm>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;

namespace {

bool Contains(const std::vector<NodeId>& set, NodeId id) {
  return std::find(set.begin(), set.end(), id) != set.end();
}

// The selectors of an action, in the order of its fields.
std::vector<Selector> SelectorsOf(const FaultAction& action) {
  std::vector<Selector> selectors;
  std::visit([&](const auto& a) {
    if constexpr (requires { a.nodes; }) selectors.push_back(a.nodes);
    if constexpr (requires { a.groups; }) selectors = a.groups;
    if constexpr (requires { a.from; a.to; }) selectors = {a.from, a.to};
    if constexpr (requires { a.match; }) selectors = {a.match.from, a.match.to};
  }, action);
  return selectors;
}

}  // namespace

bool Simulation::Selects(const Selector& selector, NodeId id) const {
  if (selector.any()) return true;
  const Node& n = node(id);
  for (const std::string& term : selector.terms) {
    if (term == "*" || term == n.spec.name) return true;
    if (term == fmt::format("dc({})", n.spec.datacenter)) return true;
    if (term == fmt::format("role({})", n.spec.role)) return true;
    if (n.process && n.process->HoldsRole(term)) return true;
  }
  return false;
}

std::vector<NodeId> Simulation::Resolve(const Selector& selector) const {
  std::vector<NodeId> selected;
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    if (Selects(selector, NodeId{i})) selected.push_back(NodeId{i});
  }
  return selected;
}

bool Simulation::Matches(const MessageMatch& match, const Packet& packet) const {
  if (!match.type.empty() && match.type != packet.payload->name()) return false;
  if (!Selects(match.from, packet.from) || !Selects(match.to, packet.to)) return false;
  return match.contains.empty() || packet.payload->Text().find(match.contains) != std::string::npos;
}

bool Simulation::Matches(const FaultState& state, const MessageMatch& match, const Packet& packet) const {
  if (!match.type.empty() && match.type != packet.payload->name()) return false;
  if (!Contains(state.sets[0], packet.from) || !Contains(state.sets[1], packet.to)) return false;
  return match.contains.empty() || packet.payload->Text().find(match.contains) != std::string::npos;
}

void Simulation::OnFaultDue(const FaultDue& event) {
  if (event.begins) {
    BeginFault(event.fault, event.cause);
  } else {
    EndFault(event.fault, event.cause);
  }
}

void Simulation::BeginFault(uint32_t index, EventId cause) {
  FaultState& state = faults_[index];
  if (state.active || state.over || healed_) return;
  state.report.fired = true;
  state.active = true;
  active_faults_.push_back(index);
  Digest resolved;
  resolved.Add(FaultKindName(state.fault.action));
  std::string names;
  state.sets.clear();
  for (const Selector& selector : SelectorsOf(state.fault.action)) {
    state.sets.push_back(Resolve(selector));
    if (selector.any()) {
      resolved.Add("*");
      if (recorder_.tracing()) names += " * |";
      continue;
    }
    for (NodeId id : state.sets.back()) {
      resolved.Add(node(id).spec.name);
      if (recorder_.tracing()) names += " " + node(id).spec.name;
    }
    if (recorder_.tracing()) names += " |";
  }
  while (!names.empty() && (names.back() == '|' || names.back() == ' ')) names.pop_back();
  state.began = Emit({.kind = EventKind::kFaultOn, .cause = cause, .content = resolved.value()});
  if (auto* shown = detail()) {
    shown->type = std::string(FaultKindName(state.fault.action));
    shown->fault = state.fault.id;
    shown->text = fmt::format("{}{}", FaultKindName(state.fault.action), names.empty() ? "" : ":" + names);
  }
  current_cause_ = state.began;
  ApplyToNodes(state);
  ApplyToNetwork(faults_[index]);
  if (faults_[index].fault.lasts.has_value()) {
    Schedule(now_ + *faults_[index].fault.lasts, FaultDue{index, false, faults_[index].began});
  }
  NoteTrigger(Trigger::Moment::kFaultBegan, nullptr, faults_[index].fault.id, faults_[index].began);
}

void Simulation::EndFault(uint32_t index, EventId cause) {
  FaultState& state = faults_[index];
  if (!state.active) return;
  state.active = false;
  state.over = true;
  std::erase(active_faults_, index);
  const EventId ended = Emit({.kind = EventKind::kFaultOff, .cause = cause,
                              .content = sim::DigestOf(state.fault.id)});
  if (auto* shown = detail()) {
    shown->type = std::string(FaultKindName(state.fault.action));
    shown->fault = state.fault.id;
    shown->text = fmt::format("{} ends", FaultKindName(state.fault.action));
  }
  current_cause_ = ended;
  UndoOnNodes(state);
  ReleaseHeld(faults_[index]);
  if (std::holds_alternative<LinkLoss>(state.fault.action)) {
    for (Node& n : nodes_) {
      for (Connection& conn : n.connections) conn.to_server.stuck = conn.to_opener.stuck = false;
    }
  }
  PumpAll();
  NoteTrigger(Trigger::Moment::kFaultEnded, nullptr, faults_[index].fault.id, ended);
}

void Simulation::ApplyToNodes(FaultState& state) {
  if (state.sets.empty()) return;
  const FaultAction& action = state.fault.action;
  // A copy: what is done to nodes may run handlers.
  const std::vector<NodeId> nodes = state.sets[0];
  for (NodeId id : nodes) {
    Node& n = node(id);
    if (std::holds_alternative<Crash>(action)) {
      KillProcess(id, state, /*power_loss=*/false, UnsyncedFate::kKept);
    } else if (const auto* power = std::get_if<PowerLoss>(&action)) {
      KillProcess(id, state, /*power_loss=*/true, power->unsynced);
    } else if (std::holds_alternative<Stop>(action)) {
      if (n.process) {
        ++state.report.effects;
        state.keeps_down.push_back(id);
        Submit(id, StopWork{state.began});
      } else if (KeptDown(id)) {
        state.keeps_down.push_back(id);
      }
    } else if (std::holds_alternative<Start>(action)) {
      if (n.process || !n.factory) continue;
      ++state.report.effects;
      for (FaultState& other : faults_) std::erase(other.keeps_down, id);
      Boot(id, state.began);
    } else if (std::holds_alternative<Pause>(action)) {
      PauseNode(id, state);
    } else if (const auto* slow = std::get_if<SlowCpu>(&action)) {
      n.service_factor *= slow->factor;
      ++state.report.effects;
    } else if (const auto* offset = std::get_if<ClockOffset>(&action)) {
      n.clock.SetWallOffset(n.clock.wall_offset() + offset->offset);
      ++state.report.effects;
      Emit({.kind = EventKind::kClock, .node = id, .cause = state.began,
            .content = static_cast<uint64_t>(offset->offset.nanos())});
      if (auto* shown = detail()) shown->text = fmt::format("wall clock wrong by {}", ToText(offset->offset));
    } else if (const auto* drift = std::get_if<ClockDrift>(&action)) {
      SetDrift(id, n.clock.drift_ppm() + drift->ppm);
      ++state.report.effects;
      Emit({.kind = EventKind::kClock, .node = id, .cause = state.began,
            .content = static_cast<uint64_t>(drift->ppm)});
      if (auto* shown = detail()) shown->text = fmt::format("clock drifts by {} ppm", drift->ppm);
    }
  }
}

void Simulation::UndoOnNodes(FaultState& state) {
  if (state.sets.empty()) return;
  const FaultAction& action = state.fault.action;
  const EventId ended = current_cause_;
  const std::vector<NodeId> kept_down = std::exchange(state.keeps_down, {});
  for (NodeId id : kept_down) {
    // Asked to stop and still at it: it starts when it has.
    if (node(id).process && std::holds_alternative<Stop>(action)) node(id).starts_after_exit = true;
    LetStart(id, ended);
  }
  const std::vector<std::pair<NodeId, uint32_t>> pauses = std::exchange(state.pauses, {});
  for (const auto& [id, incarnation] : pauses) {
    current_cause_ = ended;
    if (node(id).process && node(id).incarnation == incarnation) ResumeNode(id, state);
  }
  const std::vector<NodeId> nodes = state.sets[0];
  for (NodeId id : nodes) {
    Node& n = node(id);
    current_cause_ = ended;
    if (const auto* slow = std::get_if<SlowCpu>(&action)) {
      n.service_factor /= slow->factor;
    } else if (const auto* offset = std::get_if<ClockOffset>(&action)) {
      n.clock.SetWallOffset(n.clock.wall_offset() - offset->offset);
      Emit({.kind = EventKind::kClock, .node = id, .cause = ended,
            .content = static_cast<uint64_t>(-offset->offset.nanos())});
      if (auto* shown = detail()) shown->text = fmt::format("wall clock moved by {}", ToText(-offset->offset));
    } else if (const auto* drift = std::get_if<ClockDrift>(&action)) {
      SetDrift(id, n.clock.drift_ppm() - drift->ppm);
      Emit({.kind = EventKind::kClock, .node = id, .cause = ended,
            .content = static_cast<uint64_t>(-drift->ppm)});
      if (auto* shown = detail()) shown->text = fmt::format("clock drifts by {} ppm", n.clock.drift_ppm());
    }
  }
}

void Simulation::SetDrift(NodeId id, int64_t ppm) {
  Node& n = node(id);
  if (n.frozen_clocks > 0) {
    n.clock.SkipBack(now_, n.frozen_since);
    n.frozen_since = now_;
  }
  n.clock.SetDrift(now_, ppm);
  RescheduleTimers(id);
}

bool Simulation::KeptDown(NodeId id) const {
  return std::any_of(active_faults_.begin(), active_faults_.end(), [&](uint32_t index) {
    return Contains(faults_[index].keeps_down, id);
  });
}

void Simulation::LetStart(NodeId id, EventId cause) {
  if (KeptDown(id)) return;
  Node& n = node(id);
  n.power = Node::Power::kOn;
  // One whose first start is still to come waits for it.
  if (n.incarnation > 0 || n.spec.start_at <= now_) Boot(id, cause);
}

void Simulation::KillProcess(NodeId id, FaultState& state, bool power_loss, UnsyncedFate fate) {
  Node& n = node(id);
  if (!n.process && !(power_loss && n.power == Node::Power::kOn)) {
    // Down already; if a fault did it, it stays down until both have ended.
    if (KeptDown(id)) state.keeps_down.push_back(id);
    return;
  }
  state.keeps_down.push_back(id);
  ++state.report.effects;
  const EventId died =
      Emit({.kind = power_loss ? EventKind::kPowerLoss : EventKind::kCrash, .node = id,
            .cause = state.began, .content = n.incarnation});
  if (auto* shown = detail()) {
    shown->fault = state.fault.id;
    shown->text = power_loss ? "lost power" : "crashed";
  }
  Destroy(id);
  if (power_loss) {
    n.power = Node::Power::kOff;
    for (const DiskLoss& loss : n.disk.LosePower(fate, n.disk_random)) {
      Emit({.kind = EventKind::kDiskLost, .node = id, .cause = died,
            .content = static_cast<uint64_t>(loss.blocks_lost) * 2 + (loss.torn ? 1 : 0)});
      if (auto* shown = detail()) {
        shown->type = n.disk.file(loss.file).name;
        shown->fault = state.fault.id;
        shown->text = fmt::format("{} unsynced block{} of {} gone{}", loss.blocks_lost,
                                  loss.blocks_lost == 1 ? "" : "s", n.disk.file(loss.file).name,
                                  loss.torn ? ", one torn" : "");
      }
    }
  }
  ResetConnections(id, power_loss ? Ending::kSilent : Ending::kKilled, died);
  if (power_loss) {
    TakeBack(queue_.Extract([id](const Event& event) {
      const auto* arrival = std::get_if<Arrival>(&event);
      return arrival != nullptr && arrival->packet.conn.valid() && arrival->packet.to == id;
    }), /*loses=*/true, state.fault.id);
  }
}

void Simulation::PauseNode(NodeId id, FaultState& state) {
  Node& n = node(id);
  if (!n.process) return;
  ++state.report.effects;
  Emit({.kind = EventKind::kPause, .node = id, .cause = state.began});
  if (auto* shown = detail()) {
    shown->fault = state.fault.id;
    shown->text = "paused";
  }
  state.pauses.emplace_back(id, n.incarnation);
  ++n.paused;
  if (!std::get<Pause>(state.fault.action).clock_runs && n.frozen_clocks++ == 0) n.frozen_since = now_;
}

void Simulation::ResumeNode(NodeId id, FaultState& state) {
  Node& n = node(id);
  --n.paused;
  if (!std::get<Pause>(state.fault.action).clock_runs && --n.frozen_clocks == 0) {
    n.clock.SkipBack(now_, n.frozen_since);
    RescheduleTimers(id);
  }
  if (n.paused > 0) return;
  Emit({.kind = EventKind::kResume, .node = id, .cause = current_cause_});
  if (auto* shown = detail()) shown->text = "resumed";
  // Timers that ran out meanwhile are handled before or after what was received: both happen.
  const bool timers_first = state.random.Chance(Ratio{1, 2});
  std::stable_partition(n.inbox.begin(), n.inbox.end(), [timers_first](const Work& work) {
    return std::holds_alternative<TimerWork>(work) == timers_first;
  });
  if (n.service_over) OnServiceDone(ServiceDone{id, n.incarnation});
  DrainInbox(id);
}

void Simulation::ApplyToNetwork(FaultState& state) {
  if (std::holds_alternative<Partition>(state.fault.action) ||
      std::holds_alternative<OneWay>(state.fault.action)) {
    TakeInFlight(state);
  }
}

const Simulation::FaultState* Simulation::Blocking(NodeId from, NodeId to) const {
  const FaultState* jam = nullptr;
  if (from == to) return nullptr;
  for (uint32_t index : active_faults_) {
    const FaultState& state = faults_[index];
    bool blocks = false;
    if (std::holds_alternative<Partition>(state.fault.action)) {
      // The group that each is in; those in none form one of their own.
      size_t of_from = state.sets.size();
      size_t of_to = state.sets.size();
      for (size_t group = 0; group < state.sets.size(); ++group) {
        if (Contains(state.sets[group], from)) of_from = std::min(of_from, group);
        if (Contains(state.sets[group], to)) of_to = std::min(of_to, group);
      }
      blocks = of_from != of_to;
    } else if (std::holds_alternative<OneWay>(state.fault.action)) {
      blocks = Contains(state.sets[0], from) && Contains(state.sets[1], to);
    }
    if (!blocks) continue;
    if (LosesWhatCrosses(state.fault.action)) return &state;
    if (jam == nullptr) jam = &state;
  }
  return jam;
}

Simulation::FaultState* Simulation::Blocking(NodeId from, NodeId to) {
  return const_cast<FaultState*>(std::as_const(*this).Blocking(from, to));
}

// What is on its way when a cut begins does not arrive.
void Simulation::TakeInFlight(FaultState& state) {
  std::vector<Event> crossing = queue_.Extract([this](const Event& event) {
    if (const auto* arrival = std::get_if<Arrival>(&event)) {
      return Blocking(arrival->packet.from, arrival->packet.to) != nullptr;
    }
    if (const auto* signal = std::get_if<ConnSignal>(&event)) {
      if (signal->kind == ConnSignal::Kind::kTimeout) return false;
      const Connection& conn = node(NodeId{signal->conn.opener}).connections[signal->conn.serial];
      return signal->at_server ? Blocking(conn.opener, conn.server) != nullptr
                               : Blocking(conn.server, conn.opener) != nullptr;
    }
    return false;
  });
  state.report.effects += static_cast<int64_t>(crossing.size());
  for (Event& event : crossing) {
    auto* arrival = std::get_if<Arrival>(&event);
    if (arrival == nullptr || arrival->packet.conn.valid()) continue;
    if (LosesWhatCrosses(state.fault.action)) {
      EmitDrop(arrival->packet, "in flight when the cut began", state.fault.id);
    } else {
      EmitHold(arrival->packet, "in flight when the jam began", state.fault.id);
      state.held.push_back({std::move(arrival->packet), true});
    }
    event = std::monostate();
  }
  TakeBack(std::move(crossing), LosesWhatCrosses(state.fault.action), state.fault.id);
}

// What the fault kept goes on, in the order in which it came.
void Simulation::ReleaseHeld(FaultState& state) {
  const std::vector<QueuedPacket> held = std::exchange(state.held, {});
  const std::vector<ConnId> connections = std::exchange(state.held_connections, {});
  // True if no other fault keeps it.
  const auto released = [this](QueuedPacket& queued) {
    std::erase_if(queued.holders, [this](uint32_t holder) { return !faults_[holder].active; });
    if (!queued.holders.empty()) return false;
    const Packet& packet = queued.packet;
    Emit({.kind = EventKind::kRelease, .node = packet.from, .peer = packet.to, .cause = packet.sent,
          .message = packet.message, .content = packet.payload->digest()});
    if (auto* shown = detail()) shown->type = std::string(packet.payload->name());
    return true;
  };
  // They arrive in the order in which they were kept.
  absl::btree_map<std::pair<NodeId, NodeId>, Time> last;
  for (QueuedPacket queued : held) {
    if (!released(queued)) {
      faults_[queued.holders.front()].held.push_back(std::move(queued));
      continue;
    }
    Time& before = last[{queued.packet.from, queued.packet.to}];
    const std::optional<Time> arrives = Launch(queued.packet, Duration(), nullptr, before);
    if (arrives.has_value()) before = *arrives + Nanoseconds(1);
  }
  for (ConnId id : connections) {
    for (const bool toward_server : {true, false}) {
      Direction& direction = toward_server ? connection(id).to_server : connection(id).to_opener;
      for (QueuedPacket& queued : direction.waiting) {
        if (!queued.holders.empty()) released(queued);
      }
      Pump(id, toward_server);
    }
  }
}

void Simulation::NoteTrigger(Trigger::Moment moment, const Packet* packet, std::string_view fault,
                             EventId cause) {
  if (packet != nullptr && message_triggers_ == 0) return;
  if (healed_) return;
  for (uint32_t i = 0; i < faults_.size(); ++i) {
    FaultState& state = faults_[i];
    const Trigger& trigger = state.fault.trigger;
    if (trigger.moment != moment || state.report.fired || state.over) continue;
    if (packet != nullptr) {
      if (!Matches(trigger.message, *packet)) continue;
      if (++state.trigger_matches != trigger.message.nth) continue;
      --message_triggers_;
    } else if (trigger.fault != fault) {
      continue;
    }
    Schedule(now_ + trigger.delay, FaultDue{i, true, cause});
  }
}

void Simulation::Heal() {
  healed_ = true;
  const EventId healed = Emit({.kind = EventKind::kFaultOff});
  if (auto* shown = detail()) {
    shown->type = "heal";
    shown->text = "all faults end and every node runs again";
  }
  const std::vector<uint32_t> active = active_faults_;
  for (uint32_t index : active) EndFault(index, healed);
  for (uint32_t i = 0; i < nodes_.size(); ++i) LetStart(NodeId{i}, healed);
}

}  // namespace brokersim::sim
