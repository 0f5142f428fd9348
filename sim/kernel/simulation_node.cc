// Nodes: their processes' beginnings and ends, operations of clients, and what is rare.
#include <utility>

#include "formats/operation_text.h"
#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;

void Simulation::Boot(NodeId id, EventId cause) {
  Node& n = node(id);
  if (n.process || !n.factory || !CanRead(id)) return;
  n.power = Node::Power::kOn;
  if (!std::exchange(n.starting, false)) {
    if (const Duration takes = StartDelay(id); takes > Duration()) {
      n.starting = true;
      Schedule(now_ + takes, BootDue{id, cause});
      return;
    }
  }
  ++n.incarnation;
  n.streams.clear();
  current_cause_ = Emit({.kind = EventKind::kStart, .node = id, .cause = cause,
                         .content = n.incarnation});
  if (auto* shown = detail()) shown->text = fmt::format("started, incarnation {}", n.incarnation);
  std::vector<Effect> list;
  Effects out(id, &n.counters, recorder_.tracing(), &list);
  out.WatchPoints(rules_.points);
  Env env = MakeEnv(id, n);
  n.process.Put(n.factory->Boot(env, out));
  AfterHandler(id, n, out, 0);
  const EventId started = current_cause_;
  // Peers that still count on the former incarnation's connections learn better now.
  if (connections_opened_ > 0) ResetConnections(id, Ending::kRebooted, started);
  Perform(id, started, out.list());
  if (connections_opened_ > 0) PumpAll();
}

// A fault may have the message handled again before this handling is over, or as long after.
void Simulation::HandleTwice(NodeId id, const Packet& packet, Duration takes) {
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.message.has_value() || state.message->act != MessageRule::Act::kHandleTwice) continue;
    if (!Matches(*state.message, packet) || !state.message->match.Means(++state.matches)) continue;
    ++state.report.effects;
    EmitCopy(packet, state.fault.id);
    const Duration after = Duration::FromNanos(state.random.Between(1, 2 * takes.nanos()));
    Schedule(now_ + after, SecondHandling{packet, node(id).incarnation});
  }
}

void Simulation::OnSecondHandling(SecondHandling event) {
  const NodeId id = event.packet.to;
  if (!node(id).process || node(id).incarnation != event.incarnation) return;
  MessageWork work{std::move(event.packet)};
  if (node(id).held()) return Submit(id, std::move(work));
  Handle(id, work);
}

void Simulation::PerformOperation(NodeId id, EventId cause, OpId op, formats::Operation operation,
                                  bool invoke) {
  Node& n = node(id);
  if (invoke) operation.set_type(formats::Operation::INVOKE);
  const EventId event =
      Emit({.kind = invoke ? EventKind::kInvoke : EventKind::kComplete, .node = id, .cause = cause,
            .content = DigestOf(operation)});
  if (auto* shown = detail()) {
    shown->type = operation.f();
    shown->text = formats::ShortText(operation);
  }
  if (invoke) {
    n.operations[op] =
        recorder_.AddOperation(now_, n.spec.name, event, std::nullopt, std::move(operation));
    finished_ = finished_ || recorder_.stopped();
    return;
  }
  const auto found = n.operations.find(op);
  CHECK(found != n.operations.end(), "{} completes operation {} twice", n.spec.name, op.value);
  recorder_.AddOperation(now_, n.spec.name, event, found->second, std::move(operation));
  finished_ = finished_ || recorder_.stopped();
  n.operations.erase(found);
}

void Simulation::Destroy(NodeId id) {
  Node& n = node(id);
  n.process.Destroy();
  n.inbox.clear();
  n.current.reset();
  n.busy = false;
  n.service_over = false;
  n.starts_after_exit = false;
  n.deferred.clear();
  n.blocked = 0;
  n.returned = 0;
  n.blocked_for = Duration();
  n.failed.reset();
  n.disk_has_news = false;
  // A pause is the process's, and ends with it.
  n.paused = 0;
  if (std::exchange(n.frozen_clocks, 0) > 0) n.clock.SkipBack(now_, n.frozen_since);
  n.timers.clear();
  n.syncs.clear();
  // Whatever its client had open stays open in the history: the outcome is unknown.
  n.operations.clear();
  if (detail() != nullptr) RecordChanges(id);
}

}  // namespace brokersim::sim
