// Nodes: processes, their CPU, timers and disks.
#include <algorithm>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;

namespace {

uint64_t DigestOf(Timer timer) {
  return FoldMultiply(kMixA ^ timer.kind, kMixB ^ static_cast<uint64_t>(timer.arg));
}

}  // namespace

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
  Effects out(id, &n.counters, recorder_.tracing());
  out.WatchPoints(rules_.points);
  Env env = MakeEnv(id);
  n.process.Put(n.factory->Boot(env, out));
  AfterHandler(id, out, 0);
  const EventId started = current_cause_;
  // Peers that still count on the former incarnation's connections learn better now.
  ResetConnections(id, Ending::kRebooted, started);
  Perform(id, started, out);
  PumpAll();
}

void Simulation::Submit(NodeId id, Work work) {
  Node& n = node(id);
  if (n.held() || n.busy) {
    n.inbox.push_back(std::move(work));
    return;
  }
  StartService(id, std::move(work));
}

void Simulation::StartService(NodeId id, Work work) {
  if (auto* asked = std::get_if<OperationWork>(&work)) {
    asked->operation.name = asked->name;
    current_cause_ = asked->cause;
    FaultState& fault = faults_[asked->fault];
    if (AskNow(id, asked->operation, fault)) ++fault.report.effects;
    return;
  }
  if (DiscardVoid(id, work)) return;
  if (rules_.processes && Park(id, work)) return;
  Node& n = node(id);
  const Duration takes = ServiceTime(id);
  if (takes == Duration()) {
    Handle(id, std::move(work));
    return;
  }
  n.busy = true;
  if (rules_.messages) HandleTwice(id, work, takes);
  n.current = std::move(work);
  Schedule(now_ + takes, ServiceDone{id, n.incarnation});
}

void Simulation::OnServiceDone(const ServiceDone& event) {
  Node& n = node(event.node);
  if (!n.process || n.incarnation != event.incarnation) return;
  if (n.held()) {
    n.service_over = true;
    return;
  }
  n.busy = false;
  n.service_over = false;
  Work work = std::move(*n.current);
  n.current.reset();
  Handle(event.node, std::move(work));
  DrainInbox(event.node);
}

void Simulation::DrainInbox(NodeId id) {
  // Handle may crash, pause or occupy the node: look again each time.
  while (node(id).process && !node(id).busy && !node(id).held() && !node(id).inbox.empty()) {
    Work work = std::move(node(id).inbox.front());
    node(id).inbox.pop_front();
    StartService(id, std::move(work));
  }
}

void Simulation::Handle(NodeId id, Work work) {
  Node& n = node(id);
  CHECK(n.process, "work for {}, which isn't running", n.spec.name);
  if (DiscardVoid(id, work)) return;
  if (const auto* timer = std::get_if<TimerWork>(&work)) n.timers.erase(timer->timer);
  std::vector<SendAfterEffect> sends;
  const EventId event = EmitWork(id, work, &sends);
  current_cause_ = event;
  Effects out(id, &n.counters, recorder_.tracing());
  out.WatchPoints(rules_.points);
  Env env = MakeEnv(id);
  const uint64_t draws_before = DrawsOf(id);
  CallHandler(id, work, env, out);
  AfterHandler(id, out, draws_before);
  for (SendAfterEffect& send : sends) SendOnConnection(id, send.conn, event, std::move(send.message));
  Perform(id, event, out);
}

bool Simulation::DiscardVoid(NodeId id, const Work& work) {
  const Node& n = node(id);
  if (const auto* timer = std::get_if<TimerWork>(&work)) {
    const auto found = n.timers.find(timer->timer);
    return found == n.timers.end() || found->second.generation != timer->generation;
  }
  if (const auto* message = std::get_if<MessageWork>(&work)) {
    const Packet& packet = message->packet;
    if (!packet.conn.valid()) return false;
    const Connection& conn = connection(packet.conn);
    if (!(packet.toward_server ? conn.server_closed : conn.opener_closed)) return false;
    EmitDrop(packet, "this end of the connection is closed", "");
    return true;
  }
  if (const auto* connected = std::get_if<ConnectedWork>(&work)) {
    return connection(connected->conn).opener_closed;
  }
  if (const auto* gone = std::get_if<DisconnectedWork>(&work)) {
    const Connection& conn = connection(gone->conn);
    return conn.opener == id ? conn.opener_closed : conn.server_closed;
  }
  return false;
}

// Records that the work is handled now; of a finished sync also takes out what was waiting for it.
EventId Simulation::EmitWork(NodeId id, const Work& work, std::vector<SendAfterEffect>* sends) {
  Node& n = node(id);
  Mark mark{.node = id};
  std::string_view type;
  std::string text;
  const bool tracing = recorder_.tracing();
  if (const auto* message = std::get_if<MessageWork>(&work)) {
    const Packet& packet = message->packet;
    mark.kind = EventKind::kDeliver;
    mark.peer = packet.from;
    mark.cause = packet.sent;
    mark.message = packet.message;
    mark.content = packet.payload->digest();
    type = packet.payload->name();
    if (tracing) text = packet.payload->Text();
  } else if (const auto* timer = std::get_if<TimerWork>(&work)) {
    mark.kind = EventKind::kTimerFire;
    mark.cause = timer->set;
    mark.content = DigestOf(timer->timer);
    type = n.process->TimerName(timer->timer);
  } else if (const auto* synced = std::get_if<SyncedWork>(&work)) {
    const auto found = n.syncs.find(synced->ticket);
    CHECK(found != n.syncs.end(), "sync {} is unknown", synced->ticket.value);
    mark.kind = EventKind::kDiskSynced;
    mark.cause = found->second.cause;
    mark.content = synced->ticket.value;
    if (tracing) text = n.disk.file(found->second.file).name;
    *sends = std::move(found->second.sends);
    n.syncs.erase(found);
  } else if (const auto* connected = std::get_if<ConnectedWork>(&work)) {
    mark.kind = EventKind::kConnected;
    mark.peer = connection(connected->conn).server;
    mark.cause = connected->cause;
    mark.content = connected->conn.serial;
  } else if (const auto* gone = std::get_if<DisconnectedWork>(&work)) {
    const Connection& conn = connection(gone->conn);
    mark.kind = EventKind::kDisconnected;
    mark.peer = conn.opener == id ? conn.server : conn.opener;
    mark.cause = gone->cause;
    mark.content = gone->conn.serial;
    type = gone->reason;
    if (tracing) text = fmt::format("connection lost: {}", gone->reason);
  } else if (const auto* failed = std::get_if<DiskErrorWork>(&work)) {
    mark.kind = EventKind::kDiskError;
    mark.cause = failed->cause;
    mark.content = sim::DigestOf(failed->error.error) + failed->error.file.value;
    type = n.disk.file(failed->error.file).name;
    if (tracing) text = fmt::format("{}: {}", type, failed->error.error);
  } else {
    mark.kind = EventKind::kStop;
    mark.cause = std::get<StopWork>(work).cause;
    if (tracing) text = "asked to stop";
  }
  const EventId event = Emit(mark);
  if (auto* shown = detail()) {
    shown->type = std::string(type);
    shown->text = std::move(text);
  }
  return event;
}

void Simulation::CallHandler(NodeId id, const Work& work, Env& env, Effects& out) {
  Process& process = *node(id).process.get();
  if (const auto* message = std::get_if<MessageWork>(&work)) {
    const Packet& packet = message->packet;
    process.OnMessage(Received{packet.from, packet.conn, *packet.payload}, env, out);
  } else if (const auto* timer = std::get_if<TimerWork>(&work)) {
    process.OnTimer(timer->timer, env, out);
  } else if (const auto* synced = std::get_if<SyncedWork>(&work)) {
    process.OnSynced(synced->ticket, env, out);
  } else if (const auto* connected = std::get_if<ConnectedWork>(&work)) {
    process.OnConnected(connected->conn, env, out);
  } else if (const auto* gone = std::get_if<DisconnectedWork>(&work)) {
    process.OnDisconnected(gone->conn, env, out);
  } else if (const auto* failed = std::get_if<DiskErrorWork>(&work)) {
    process.OnDiskError(failed->error, env, out);
  } else {
    process.OnStop(env, out);
  }
}

Env Simulation::MakeEnv(NodeId id) {
  Node& n = node(id);
  return Env(id, n.spec.name, n.incarnation, settings_.seed, n.clock.Monotonic(now_),
             n.clock.Wall(now_), &n.disk, &n.streams, &n.settings);
}

uint64_t Simulation::DrawsOf(NodeId id) const {
  uint64_t draws = 0;
  for (const auto& [purpose, stream] : node(id).streams) draws += stream.draws();
  return draws;
}

void Simulation::AfterHandler(NodeId id, Effects& out, uint64_t draws_before) {
  node(id).process->CheckInvariants();
  if (auto* shown = detail()) {
    shown->records = std::move(out.records());
    shown->draws = static_cast<uint32_t>(DrawsOf(id) - draws_before);
    RecordChanges(id);
  }
}

void Simulation::RecordChanges(NodeId id) {
  Node& n = node(id);
  absl::btree_map<std::string, std::string> fields;
  if (n.process) {
    Describer describer;
    n.process->Describe(describer);
    for (auto& [path, value] : describer.Take()) fields.insert_or_assign(std::move(path), std::move(value));
  }
  std::vector<formats::StateChange>& changes = detail()->changes;
  for (const auto& [path, value] : n.described) {
    const auto found = fields.find(path);
    if (found == fields.end()) {
      changes.push_back({path, value, ""});
    } else if (found->second != value) {
      changes.push_back({path, value, found->second});
    }
  }
  for (const auto& [path, value] : fields) {
    if (!n.described.contains(path)) changes.push_back({path, "", value});
  }
  n.described = std::move(fields);
}

void Simulation::Perform(NodeId id, EventId cause, Effects& out) {
  PerformFrom(id, cause, out.list(), 0);
}

void Simulation::PerformFrom(NodeId id, EventId cause, std::vector<Effect>& effects, size_t first) {
  const uint32_t incarnation = node(id).incarnation;
  for (size_t i = first; i < effects.size(); ++i) {
    PerformOne(id, cause, std::move(effects[i]));
    Node& n = node(id);
    // An exit, or a fault triggered by a send, may have ended the process: the rest never happens.
    if (!n.process || n.incarnation != incarnation) return;
    if (n.failed.has_value()) {
      const DiskErrorWork failed = *std::exchange(n.failed, std::nullopt);
      return Handle(id, failed);
    }
    if (n.blocked_for > Duration()) {
      ++n.blocked;
      n.deferred.push_back({cause, {std::make_move_iterator(effects.begin() + static_cast<std::ptrdiff_t>(i) + 1),
                                    std::make_move_iterator(effects.end())}});
      Schedule(now_ + std::exchange(n.blocked_for, Duration()), WriteReturned{id, n.incarnation});
      return;
    }
  }
}

void Simulation::OnWriteReturned(const WriteReturned& event) {
  Node& n = node(event.node);
  if (!n.process || n.incarnation != event.incarnation) return;
  if (n.paused > 0) {
    ++n.returned;
    return;
  }
  Deferred deferred = std::move(n.deferred.front());
  n.deferred.pop_front();
  --n.blocked;
  current_cause_ = deferred.cause;
  PerformFrom(event.node, deferred.cause, deferred.effects, 0);
  if (n.service_over) OnServiceDone(ServiceDone{event.node, n.incarnation});
  DrainInbox(event.node);
}

// A fault may have the message handled again before this handling is over, or as long after.
void Simulation::HandleTwice(NodeId id, const Work& work, Duration takes) {
  const auto* message = std::get_if<MessageWork>(&work);
  if (message == nullptr) return;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.message.has_value() || state.message->act != MessageRule::Act::kHandleTwice) continue;
    if (!Matches(*state.message, message->packet) || !state.message->match.Means(++state.matches)) continue;
    ++state.report.effects;
    EmitCopy(message->packet, state.fault.id);
    const Duration after = Duration::FromNanos(state.random.Between(1, 2 * takes.nanos()));
    Schedule(now_ + after, SecondHandling{message->packet, node(id).incarnation});
  }
}

void Simulation::OnSecondHandling(SecondHandling event) {
  const NodeId id = event.packet.to;
  if (!node(id).process || node(id).incarnation != event.incarnation) return;
  MessageWork work{std::move(event.packet)};
  if (node(id).held()) return Submit(id, std::move(work));
  Handle(id, std::move(work));
}

void Simulation::PerformOne(NodeId id, EventId cause, Effect effect) {
  Node& n = node(id);
  if (auto* send = std::get_if<SendEffect>(&effect)) {
    SendOnConnection(id, send->conn, cause, std::move(send->message));
  } else if (auto* after = std::get_if<SendAfterEffect>(&effect)) {
    const auto found = n.syncs.find(after->ticket);
    CHECK(found != n.syncs.end(), "{} waits for sync {}, which is over", n.spec.name, after->ticket.value);
    found->second.sends.push_back(std::move(*after));
  } else if (auto* datagram = std::get_if<DatagramEffect>(&effect)) {
    SendDatagram(id, datagram->to, cause, std::move(datagram->message));
  } else if (const auto* connect = std::get_if<ConnectEffect>(&effect)) {
    Connect(id, connect->conn, connect->to, cause);
  } else if (const auto* close = std::get_if<CloseEffect>(&effect)) {
    CloseEnd(close->conn, connection(close->conn).opener != id, cause);
  } else if (const auto* timer = std::get_if<SetTimerEffect>(&effect)) {
    SetTimer(id, cause, timer->timer, timer->after);
  } else if (const auto* cancel = std::get_if<CancelTimerEffect>(&effect)) {
    if (n.timers.erase(cancel->timer) == 0) return;
    Emit({.kind = EventKind::kTimerCancel, .node = id, .cause = cause,
          .content = DigestOf(cancel->timer)});
    if (auto* shown = detail()) shown->type = std::string(n.process->TimerName(cancel->timer));
  } else if (auto* invoke = std::get_if<InvokeEffect>(&effect)) {
    PerformOperation(id, cause, invoke->op, std::move(invoke->operation), true);
  } else if (auto* complete = std::get_if<CompleteEffect>(&effect)) {
    PerformOperation(id, cause, complete->op, std::move(complete->operation), false);
  } else if (auto* note = std::get_if<NoteEffect>(&effect)) {
    Emit({.kind = EventKind::kNote, .node = id, .cause = cause,
          .content = sim::DigestOf(note->type) + sim::DigestOf(note->text)});
    if (auto* shown = detail()) {
      shown->type = std::string(note->type);
      shown->text = std::move(note->text);
    }
  } else if (const auto* point = std::get_if<PointEffect>(&effect)) {
    PassPoint(id, point->name);
  } else if (std::holds_alternative<ExitEffect>(effect)) {
    const EventId exit = Emit({.kind = EventKind::kExit, .node = id, .cause = cause});
    if (auto* shown = detail()) shown->text = "the process ended";
    const bool starts_again = n.starts_after_exit;
    Destroy(id);
    ResetConnections(id, Ending::kExited, exit);
    if (starts_again) Schedule(now_, BootDue{id, exit});
  } else if (std::holds_alternative<FinishEffect>(effect)) {
    finished_ = true;
  } else {
    PerformDisk(id, cause, effect);
  }
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
    shown->text = operation.ShortDebugString();
  }
  if (invoke) {
    n.operations[op] =
        recorder_.AddOperation(now_, n.spec.name, event, std::nullopt, std::move(operation));
    return;
  }
  const auto found = n.operations.find(op);
  CHECK(found != n.operations.end(), "{} completes operation {} twice", n.spec.name, op.value);
  recorder_.AddOperation(now_, n.spec.name, event, found->second, std::move(operation));
  n.operations.erase(found);
}

void Simulation::SetTimer(NodeId id, EventId cause, Timer timer, Duration after) {
  Node& n = node(id);
  const EventId event = Emit({.kind = EventKind::kTimerSet, .node = id, .cause = cause,
                              .content = DigestOf(timer) ^ static_cast<uint64_t>(after.nanos())});
  if (auto* shown = detail()) {
    shown->type = std::string(n.process->TimerName(timer));
    shown->text = fmt::format("in {}", ToText(after));
  }
  SetTimerState& state = n.timers[timer];
  state.generation = ++n.timer_generation;
  state.due = false;
  if (rules_.processes) after = after + TimerDelay(id);
  state.deadline = n.clock.Monotonic(now_) + after;
  state.set = event;
  Schedule(n.clock.WhenMonotonic(state.deadline, now_),
           TimerDue{id, n.incarnation, timer, state.generation});
}

void Simulation::OnTimerDue(const TimerDue& event) {
  Node& n = node(event.node);
  if (!n.process || n.incarnation != event.incarnation) return;
  // While the clock stands still nothing runs out; timers are set anew when it goes on.
  if (n.frozen_clocks > 0) return;
  const auto found = n.timers.find(event.timer);
  if (found == n.timers.end() || found->second.generation != event.generation) return;
  // Until it is handled it can still be moved or cancelled.
  found->second.due = true;
  Submit(event.node, TimerWork{event.timer, event.generation, found->second.set});
}

void Simulation::RescheduleTimers(NodeId id) {
  Node& n = node(id);
  for (auto& [timer, state] : n.timers) {
    if (state.due) continue;
    state.generation = ++n.timer_generation;
    Schedule(n.clock.WhenMonotonic(state.deadline, now_),
             TimerDue{id, n.incarnation, timer, state.generation});
  }
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
