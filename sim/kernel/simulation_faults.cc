// The life of faults: when they begin and end, whom they mean, what starts them. What each kind does is in
// fault_begin.cc, fault_steps.cc and fault_end.cc.
#include <algorithm>
#include <utility>

#include "sim/kernel/fault_actions.h"
#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;

namespace {

// Collects the selectors of a kind, with the names of their fields.
class SelectorReader {
 public:
  void operator()(std::string_view name, const Selector& selector, std::string_view) {
    selectors.emplace_back(name, selector);
  }
  void operator()(std::string_view name, const std::vector<Selector>& several, std::string_view) {
    for (const Selector& selector : several) selectors.emplace_back(name, selector);
  }
  template <class T>
  void operator()(std::string_view, const T&, std::string_view) {}

  std::vector<std::pair<std::string_view, Selector>> selectors;
};

std::vector<std::pair<std::string_view, Selector>> SelectorsOf(const FaultAction& action) {
  SelectorReader reader;
  std::visit([&](const auto& a) { std::decay_t<decltype(a)>::Fields(a, reader); }, action);
  return std::move(reader.selectors);
}

// "PREFIX(ARGUMENT)": the argument.
std::optional<std::string_view> ArgumentOf(std::string_view term, std::string_view prefix) {
  if (term.size() < prefix.size() + 2 || !term.starts_with(prefix)) return std::nullopt;
  if (term[prefix.size()] != '(' || term.back() != ')') return std::nullopt;
  // The last one closes the first: "one(a) - dc(b)" is no "one(...)".
  int open = 0;
  for (size_t i = prefix.size(); i + 1 < term.size(); ++i) {
    if (term[i] == '(') ++open;
    if (term[i] == ')' && --open == 0) return std::nullopt;
  }
  return term.substr(prefix.size() + 1, term.size() - prefix.size() - 2);
}

}  // namespace

bool Simulation::TermSelects(std::string_view term, NodeId id) const {
  // As a condition, one of them is any of them.
  if (const auto some = ArgumentOf(term, "one"); some.has_value()) return TermSelects(*some, id);
  // The last one binds last: "A - B - C" is without B and without C.
  if (const size_t minus = term.rfind(" - "); minus != std::string_view::npos) {
    return TermSelects(term.substr(0, minus), id) && !TermSelects(term.substr(minus + 3), id);
  }
  const Node& n = node(id);
  if (term == "*" || term == n.spec.name) return true;
  if (const auto name = ArgumentOf(term, "dc"); name.has_value()) return *name == n.spec.datacenter;
  if (const auto name = ArgumentOf(term, "rack"); name.has_value()) return *name == n.spec.rack;
  if (const auto name = ArgumentOf(term, "role"); name.has_value()) return *name == n.spec.role;
  if (const auto name = ArgumentOf(term, "client"); name.has_value()) return *name == n.spec.name;
  return n.process && n.process->HoldsRole(term);
}

bool Simulation::Selects(const Selector& selector, NodeId id) const {
  if (selector.any()) return true;
  return std::any_of(selector.terms.begin(), selector.terms.end(),
                     [&](const std::string& term) { return TermSelects(term, id); });
}

std::vector<NodeId> Simulation::Resolve(const Selector& selector, Stream& choices) const {
  NodeSet set;
  for (const std::string& term : selector.terms) {
    const auto one = ArgumentOf(term, "one");
    std::vector<NodeId> meant;
    for (uint32_t i = 0; i < nodes_.size(); ++i) {
      if (TermSelects(one.value_or(term), NodeId{i})) meant.push_back(NodeId{i});
    }
    if (one.has_value() && !meant.empty()) meant = {meant[choices.Below(meant.size())]};
    for (NodeId id : meant) set.Add(id);
  }
  std::vector<NodeId> selected;
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    if (selector.any() || set.Has(NodeId{i})) selected.push_back(NodeId{i});
  }
  return selected;
}

bool Simulation::Matches(const MessageMatch& match, const Packet& packet) const {
  if (!match.type.empty() && match.type != packet.payload->name()) return false;
  if (!Selects(match.from, packet.from) || !Selects(match.to, packet.to)) return false;
  return match.contains.empty() || packet.payload->Text().find(match.contains) != std::string::npos;
}

bool Simulation::Matches(const MessageRule& rule, const Packet& packet) const {
  if (!rule.from.Has(packet.from) || !rule.to.Has(packet.to)) return false;
  const std::string_view name = packet.payload->name();
  if (!rule.match.type.empty() && rule.match.type != name) return false;
  if (!rule.types.empty() && std::find(rule.types.begin(), rule.types.end(), name) == rule.types.end()) return false;
  if (rule.answers_only && (!packet.conn.valid() || packet.toward_server)) return false;
  if (rule.between_datacenters && !BetweenDatacenters(packet.from, packet.to)) return false;
  return rule.match.contains.empty() || packet.payload->Text().find(rule.match.contains) != std::string::npos;
}

void Simulation::OnFaultDue(const FaultDue& event) {
  if (event.begins) {
    BeginFault(event.fault, event.cause);
  } else {
    EndFault(event.fault, event.cause);
  }
}

void Simulation::OnFaultStep(const FaultStep& event) {
  if (!faults_[event.fault].active) return;
  current_cause_ = event.cause;
  FaultActions(*this, event.fault).Step(event.step);
}

void Simulation::BeginFault(uint32_t index, EventId cause) {
  FaultState& state = faults_[index];
  if (state.active || state.over || healed_) return;
  state.report.fired = true;
  state.report.began = now_;
  state.active = true;
  active_faults_.push_back(index);
  ResolveSelectors(state, cause);
  current_cause_ = state.began;
  FaultActions(*this, index).Begin();
  CountRules();
  if (state.fault.lasts.has_value()) {
    Schedule(now_ + *state.fault.lasts, FaultDue{index, false, state.began});
  }
  NoteTrigger(Trigger::Moment::kFaultBegan, nullptr, state.fault.id, state.began);
}

// Finds out whom the fault means now, and records it.
void Simulation::ResolveSelectors(FaultState& state, EventId cause) {
  Digest resolved;
  resolved.Add(FaultKindName(state.fault.action));
  std::string names;
  state.sets.clear();
  state.report.meant.clear();
  for (const auto& [field, selector] : SelectorsOf(state.fault.action)) {
    state.sets.emplace_back(field, Resolve(selector, state.choices));
    std::vector<std::string>& meant = state.report.meant.emplace_back();
    if (selector.any()) {
      resolved.Add("*");
      names += " * |";
      continue;
    }
    for (NodeId id : state.sets.back().second) {
      meant.push_back(node(id).spec.name);
      resolved.Add(meant.back());
      names += " " + meant.back();
    }
    names += " |";
  }
  while (!names.empty() && (names.back() == '|' || names.back() == ' ')) names.pop_back();
  state.began = Emit({.kind = EventKind::kFaultOn, .cause = cause, .content = resolved.value()});
  if (auto* shown = detail()) {
    shown->type = std::string(FaultKindName(state.fault.action));
    shown->fault = state.fault.id;
    shown->text = fmt::format("{}{}", FaultKindName(state.fault.action), names.empty() ? "" : ":" + names);
  }
}

void Simulation::EmitPhase(const FaultState& state, std::string_view what) {
  Emit({.kind = EventKind::kFaultOn, .cause = state.began, .content = sim::DigestOf(what)});
  if (auto* shown = detail()) {
    shown->type = std::string(FaultKindName(state.fault.action));
    shown->fault = state.fault.id;
    shown->text = fmt::format("{} {}", FaultKindName(state.fault.action), what);
  }
}

void Simulation::EndFault(uint32_t index, EventId cause) {
  FaultState& state = faults_[index];
  if (!state.active) return;
  state.active = false;
  state.over = true;
  state.report.ended = now_;
  std::erase(active_faults_, index);
  const EventId ended = Emit({.kind = EventKind::kFaultOff, .cause = cause,
                              .content = sim::DigestOf(state.fault.id)});
  if (auto* shown = detail()) {
    shown->type = std::string(FaultKindName(state.fault.action));
    shown->fault = state.fault.id;
    shown->text = fmt::format("{} ends", FaultKindName(state.fault.action));
  }
  current_cause_ = ended;
  const bool lost = state.link.has_value() && (!state.link->loss.zero() || state.link->bursts.has_value());
  const bool pumped = FaultActions(*this, index).End();
  if (lost) {
    for (Node& n : nodes_) {
      for (Connection& conn : n.connections) conn.to_server.stuck = conn.to_opener.stuck = false;
    }
  }
  current_cause_ = ended;
  if (lost || !pumped) PumpAll();
  NoteTrigger(Trigger::Moment::kFaultEnded, nullptr, state.fault.id, ended);
}

void Simulation::CountRules() {
  const bool permuted = rules_.ties;
  rules_ = {};
  for (uint32_t index : active_faults_) {
    const FaultState& state = faults_[index];
    rules_.links |= state.link.has_value();
    rules_.messages |= state.message.has_value();
    rules_.disks |= state.disk.has_value();
    rules_.routes |= state.route.has_value();
    rules_.successors |= state.until_successor_acts.has_value();
    rules_.ties |= std::holds_alternative<Ties>(state.fault.action);
    if (!state.process.has_value()) continue;
    rules_.processes = true;
    rules_.points |= state.process->crash_point.has_value();
  }
  if (settings_.permute_ties || rules_.ties == permuted) return;
  if (rules_.ties) queue_.PermuteTies(settings_.seed);
  if (!rules_.ties) queue_.KeepTies();
}

FaultState* Simulation::Blocking(NodeId from, NodeId to) {
  return const_cast<FaultState*>(std::as_const(*this).Blocking(from, to));
}

const FaultState* Simulation::Blocking(NodeId from, NodeId to) const {
  const FaultState* jam = nullptr;
  for (uint32_t index : active_faults_) {
    const FaultState& state = faults_[index];
    if (!state.barrier.Blocks(from, to)) continue;
    if (state.barrier.mode == CutMode::kCut) return &state;
    if (jam == nullptr) jam = &state;
  }
  return jam;
}

// What is on its way when a cut begins does not arrive.
void Simulation::TakeInFlight(FaultState& state) {
  std::vector<Event> crossing = queue_.Extract([&](const Event& event) {
    if (const auto* arrival = std::get_if<Arrival>(&event)) {
      return state.barrier.Blocks(arrival->packet.from, arrival->packet.to) && !HasPassed(arrival->packet);
    }
    if (const auto* signal = std::get_if<ConnSignal>(&event)) {
      if (signal->kind == ConnSignal::Kind::kTimeout) return false;
      const Connection& conn = connection(signal->conn);
      return signal->at_server ? state.barrier.Blocks(conn.opener, conn.server)
                               : state.barrier.Blocks(conn.server, conn.opener);
    }
    return false;
  });
  const bool loses = state.barrier.mode == CutMode::kCut;
  state.report.effects += static_cast<int64_t>(crossing.size());
  for (Event& event : crossing) {
    auto* arrival = std::get_if<Arrival>(&event);
    if (arrival == nullptr || arrival->packet.conn.valid()) continue;
    if (loses) {
      EmitDrop(arrival->packet, "in flight when the cut began", state.fault.id);
    } else {
      EmitHold(arrival->packet, "in flight when the jam began", state.fault.id);
      state.held.push_back({std::move(arrival->packet), true});
    }
    event = std::monostate();
  }
  TakeBack(std::move(crossing), loses, state.fault.id);
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

// A node has sent something: does a fault wait for its successor's first act?
void Simulation::NoteAct(NodeId id, EventId cause) {
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.until_successor_acts.has_value() || state.successor_acted) continue;
    const auto& [field, own] = state.sets.front();
    if (std::find(own.begin(), own.end(), id) != own.end()) continue;
    const Selector role = SelectorsOf(state.fault.action).front().second;
    if (!Selects(role, id)) continue;
    state.successor_acted = true;
    Schedule(now_ + *state.until_successor_acts, FaultDue{index, false, cause});
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
