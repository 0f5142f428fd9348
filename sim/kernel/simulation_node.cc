// Nodes: processes, their CPU, timers and disks.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;

namespace {

uint64_t DigestOf(Timer timer) {
  return FoldMultiply(kMixA ^ timer.kind, kMixB ^ static_cast<uint64_t>(timer.arg));
}

// The order of the paths. Descriptions with the same paths in a row have the same.
std::vector<uint32_t> OrderOf(const Described& now, const Described& before) {
  const auto same_path = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::equal(now.fields.begin(), now.fields.end(), before.fields.begin(), before.fields.end(), same_path)) {
    return before.order;
  }
  std::vector<uint32_t> order(now.fields.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto path = [&](uint32_t i) -> const std::string& { return now.fields[i].first; };
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const int compared = path(a).compare(path(b));
    return compared != 0 ? compared < 0 : a > b;
  });
  order.erase(std::unique(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return path(a) == path(b); }),
              order.end());
  return order;
}

// What went or changed, by path, then what came.
void Compare(const Described& before, const Described& now, std::vector<formats::StateChange>* changes) {
  std::vector<formats::StateChange> came;
  size_t next = 0;
  for (const uint32_t i : before.order) {
    const auto& [path, value] = before.fields[i];
    for (; next < now.order.size() && now.fields[now.order[next]].first < path; ++next) {
      came.push_back({now.fields[now.order[next]].first, "", now.fields[now.order[next]].second});
    }
    if (next == now.order.size() || now.fields[now.order[next]].first != path) {
      changes->push_back({path, value, ""});
      continue;
    }
    const std::string& after = now.fields[now.order[next++]].second;
    if (after != value) changes->push_back({path, value, after});
  }
  for (; next < now.order.size(); ++next) {
    came.push_back({now.fields[now.order[next]].first, "", now.fields[now.order[next]].second});
  }
  changes->insert(changes->end(), std::make_move_iterator(came.begin()), std::make_move_iterator(came.end()));
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
  std::vector<Effect> list;
  Effects out(id, &n.counters, recorder_.tracing(), &list);
  out.WatchPoints(rules_.points);
  Env env = MakeEnv(id);
  n.process.Put(n.factory->Boot(env, out));
  AfterHandler(id, out, 0);
  const EventId started = current_cause_;
  // Peers that still count on the former incarnation's connections learn better now.
  if (connections_opened_ > 0) ResetConnections(id, Ending::kRebooted, started);
  Perform(id, started, out);
  if (connections_opened_ > 0) PumpAll();
}

template <class W>
void Simulation::Submit(NodeId id, W work) {
  Node& n = node(id);
  if (n.held() || n.busy) {
    n.inbox.push_back(std::move(work));
    return;
  }
  StartService(id, std::move(work));
}
template void Simulation::Submit(NodeId, MessageWork);
template void Simulation::Submit(NodeId, TimerWork);
template void Simulation::Submit(NodeId, SyncedWork);
template void Simulation::Submit(NodeId, ConnectedWork);
template void Simulation::Submit(NodeId, DisconnectedWork);
template void Simulation::Submit(NodeId, StopWork);
template void Simulation::Submit(NodeId, DiskErrorWork);
template void Simulation::Submit(NodeId, OperationWork);

template <class W>
void Simulation::StartService(NodeId id, W&& work) {
  if constexpr (std::is_same_v<std::decay_t<W>, OperationWork>) {
    work.operation.name = work.name;
    current_cause_ = work.cause;
    FaultState& fault = faults_[work.fault];
    if (AskNow(id, work.operation, fault)) ++fault.report.effects;
    return;
  }
  Node& n = node(id);
  Duration takes = n.service_time;
  if (rules_.processes) {
    if (DiscardVoid(id, work) || Park(id, work)) return;
    takes = ServiceTime(id);
  }
  if (takes == Duration()) {
    Handle(id, work);
    return;
  }
  if (DiscardVoid(id, work)) return;
  n.busy = true;
  if constexpr (std::is_same_v<std::decay_t<W>, MessageWork>) {
    if (rules_.messages) HandleTwice(id, work.packet, takes);
  }
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
  const Work work = std::move(*n.current);
  n.current.reset();
  std::visit([&](const auto& handled) { Handle(event.node, handled); }, work);
  DrainInbox(event.node);
}

void Simulation::DrainInbox(NodeId id) {
  // Handle may crash, pause or occupy the node: look again each time.
  while (node(id).process && !node(id).busy && !node(id).held() && !node(id).inbox.empty()) {
    Work work = std::move(node(id).inbox.front());
    node(id).inbox.pop_front();
    std::visit([&](auto& next) { StartService(id, std::move(next)); }, work);
  }
}

template <class W>
void Simulation::Handle(NodeId id, const W& work) {
  Node& n = node(id);
  CHECK(n.process, "work for {}, which isn't running", n.spec.name);
  if (DiscardVoid(id, work)) return;
  const EventId event = EmitWork(id, work);
  current_cause_ = event;
  // What is handled meanwhile, if anything is, takes memory of its own.
  std::vector<Effect> own;
  Effects out(id, &n.counters, recorder_.tracing(), effect_memory_.Take(&own));
  out.WatchPoints(rules_.points);
  Env env = MakeEnv(id);
  const uint64_t draws_before = recorder_.tracing() ? n.streams.draws() : 0;
  if constexpr (std::is_same_v<W, SyncedWork>) {
    const auto found = n.syncs.find(work.ticket);
    std::vector<SendAfterEffect> waited = std::move(found->second.sends);
    n.syncs.erase(found);
    CallHandler(id, work, env, out);
    AfterHandler(id, out, draws_before);
    for (SendAfterEffect& send : waited) SendOnConnection(id, send.conn, event, std::move(send.message));
  } else {
    CallHandler(id, work, env, out);
    AfterHandler(id, out, draws_before);
  }
  Perform(id, event, out);
  effect_memory_.GiveBack(&out.list());
}

template <class W>
bool Simulation::DiscardVoid(NodeId id, const W& work) {
  if constexpr (std::is_same_v<W, TimerWork>) {
    return !node(id).timers.Holds(work.slot, work.generation);
  } else if constexpr (std::is_same_v<W, MessageWork>) {
    const Packet& packet = work.packet;
    if (!packet.conn.valid()) return false;
    const Connection& conn = connection(packet.conn);
    if (!(packet.toward_server ? conn.server_closed : conn.opener_closed)) return false;
    EmitDrop(packet, "this end of the connection is closed", "");
    return true;
  } else if constexpr (std::is_same_v<W, ConnectedWork>) {
    return connection(work.conn).opener_closed;
  } else if constexpr (std::is_same_v<W, DisconnectedWork>) {
    const Connection& conn = connection(work.conn);
    return conn.opener == id ? conn.opener_closed : conn.server_closed;
  } else {
    return false;
  }
}

// Records that the work is handled now.
template <class W>
EventId Simulation::EmitWork(NodeId id, const W& work) {
  Node& n = node(id);
  Mark mark{.node = id};
  if constexpr (std::is_same_v<W, MessageWork>) {
    mark.kind = EventKind::kDeliver;
    mark.peer = work.packet.from;
    mark.cause = work.packet.sent;
    mark.message = work.packet.message;
    mark.content = work.packet.payload->digest();
  } else if constexpr (std::is_same_v<W, TimerWork>) {
    mark.kind = EventKind::kTimerFire;
    mark.cause = n.timers[work.slot].set;
    mark.content = DigestOf(n.timers[work.slot].timer);
  } else if constexpr (std::is_same_v<W, SyncedWork>) {
    const auto found = n.syncs.find(work.ticket);
    CHECK(found != n.syncs.end(), "sync {} is unknown", work.ticket.value);
    mark.kind = EventKind::kDiskSynced;
    mark.cause = found->second.cause;
    mark.content = work.ticket.value;
  } else if constexpr (std::is_same_v<W, ConnectedWork>) {
    mark.kind = EventKind::kConnected;
    mark.peer = connection(work.conn).server;
    mark.cause = work.cause;
    mark.content = work.conn.serial;
  } else if constexpr (std::is_same_v<W, DisconnectedWork>) {
    const Connection& conn = connection(work.conn);
    mark.kind = EventKind::kDisconnected;
    mark.peer = conn.opener == id ? conn.server : conn.opener;
    mark.cause = work.cause;
    mark.content = work.conn.serial;
  } else if constexpr (std::is_same_v<W, DiskErrorWork>) {
    mark.kind = EventKind::kDiskError;
    mark.cause = work.cause;
    mark.content = sim::DigestOf(work.error.error) + work.error.file.value;
  } else {
    mark.kind = EventKind::kStop;
    mark.cause = work.cause;
  }
  const EventId event = Emit(mark);
  if (recorder_.tracing()) [[unlikely]] DetailWork(id, work);
  return event;
}

// What people see of it.
template <class W>
void Simulation::DetailWork(NodeId id, const W& work) {
  Node& n = node(id);
  formats::TraceEvent& shown = *detail();
  if constexpr (std::is_same_v<W, MessageWork>) {
    shown.type = std::string(work.packet.payload->name());
    shown.text = work.packet.payload->Text();
  } else if constexpr (std::is_same_v<W, TimerWork>) {
    shown.type = std::string(n.process->TimerName(n.timers[work.slot].timer));
  } else if constexpr (std::is_same_v<W, SyncedWork>) {
    shown.text = n.disk.file(n.syncs.find(work.ticket)->second.file).name;
  } else if constexpr (std::is_same_v<W, DisconnectedWork>) {
    shown.type = std::string(work.reason);
    shown.text = fmt::format("connection lost: {}", work.reason);
  } else if constexpr (std::is_same_v<W, DiskErrorWork>) {
    shown.type = n.disk.file(work.error.file).name;
    shown.text = fmt::format("{}: {}", shown.type, work.error.error);
  } else if constexpr (std::is_same_v<W, StopWork>) {
    shown.text = "asked to stop";
  }
}

template <class W>
void Simulation::CallHandler(NodeId id, const W& work, Env& env, Effects& out) {
  Process& process = *node(id).process.get();
  if constexpr (std::is_same_v<W, MessageWork>) {
    process.OnMessage(Received{work.packet.from, work.packet.conn, *work.packet.payload}, env, out);
  } else if constexpr (std::is_same_v<W, TimerWork>) {
    TimerTable& timers = node(id).timers;
    const Timer fired = timers[work.slot].timer;
    timers.Erase(work.slot);
    process.OnTimer(fired, env, out);
  } else if constexpr (std::is_same_v<W, SyncedWork>) {
    process.OnSynced(work.ticket, env, out);
  } else if constexpr (std::is_same_v<W, ConnectedWork>) {
    process.OnConnected(work.conn, env, out);
  } else if constexpr (std::is_same_v<W, DisconnectedWork>) {
    process.OnDisconnected(work.conn, env, out);
  } else if constexpr (std::is_same_v<W, DiskErrorWork>) {
    process.OnDiskError(work.error, env, out);
  } else if constexpr (std::is_same_v<W, OperationWork>) {
    CHECK(false, "{} takes no time", work.name);  // StartService has asked already
  } else {
    process.OnStop(env, out);
  }
}

Env Simulation::MakeEnv(NodeId id) {
  Node& n = node(id);
  const Time monotonic = n.clock.Monotonic(now_);
  const Time wall = n.clock.wall_frozen() ? n.clock.Wall(now_) : monotonic + n.clock.wall_offset();
  return Env(id, &n.spec.name, n.incarnation, settings_.seed, monotonic, wall, &n.disk, &n.streams, &n.settings);
}

void Simulation::AfterHandler(NodeId id, Effects& out, uint64_t draws_before) {
  node(id).process->CheckInvariants();
  if (auto* shown = detail()) {
    shown->records = std::move(out.records());
    shown->draws = static_cast<uint32_t>(node(id).streams.draws() - draws_before);
    RecordChanges(id);
  }
}

void Simulation::RecordChanges(NodeId id) {
  Node& n = node(id);
  Described now;
  if (n.process) {
    Describer describer;
    n.process->Describe(describer);
    now.fields = describer.Take();
  }
  if (now.fields == n.described.fields) return;
  now.order = OrderOf(now, n.described);
  Compare(n.described, now, &detail()->changes);
  n.described = std::move(now);
}

void Simulation::Perform(NodeId id, EventId cause, Effects& out) { PerformFrom(id, cause, out.list()); }

void Simulation::PerformFrom(NodeId id, EventId cause, std::vector<Effect>& effects) {
  const uint32_t incarnation = node(id).incarnation;
  for (size_t i = 0; i < effects.size(); ++i) {
    PerformOne(id, cause, effects[i]);
    Node& n = node(id);
    // An exit, or a fault triggered by a send, may have ended the process: the rest never happens.
    if (!n.process || n.incarnation != incarnation) return;
    if (!n.disk_has_news) [[likely]] continue;
    n.disk_has_news = false;
    if (n.failed.has_value()) {
      const DiskErrorWork failed = *std::exchange(n.failed, std::nullopt);
      return Handle(id, failed);
    }
    ++n.blocked;
    n.deferred.push_back({cause, {std::make_move_iterator(effects.begin() + static_cast<std::ptrdiff_t>(i) + 1),
                                  std::make_move_iterator(effects.end())}});
    Schedule(now_ + std::exchange(n.blocked_for, Duration()), WriteReturned{id, n.incarnation});
    return;
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
  PerformFrom(event.node, deferred.cause, deferred.effects);
  if (n.service_over) OnServiceDone(ServiceDone{event.node, n.incarnation});
  DrainInbox(event.node);
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

void Simulation::PerformOne(NodeId id, EventId cause, Effect& effect) {
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
    if (Asked(close->conn)) CloseEnd(close->conn, connection(close->conn).opener != id, cause);
  } else if (const auto* timer = std::get_if<SetTimerEffect>(&effect)) {
    SetTimer(id, cause, timer->timer, timer->after);
  } else if (const auto* cancel = std::get_if<CancelTimerEffect>(&effect)) {
    const uint32_t slot = n.timers.Find(cancel->timer);
    if (slot == TimerTable::kNone) return;
    n.timers.Erase(slot);
    Emit({.kind = EventKind::kTimerCancel, .node = id, .cause = cause,
          .content = DigestOf(cancel->timer)});
    if (auto* shown = detail()) shown->type = std::string(n.process->TimerName(cancel->timer));
  } else if (auto* invoke = std::get_if<InvokeEffect>(&effect)) {
    PerformOperation(id, cause, invoke->op, *invoke->operation, true);
  } else if (auto* complete = std::get_if<CompleteEffect>(&effect)) {
    PerformOperation(id, cause, complete->op, *complete->operation, false);
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
  const uint32_t slot = n.timers.FindOrAdd(timer);
  SetTimerState& state = n.timers[slot];
  state.generation = ++n.timer_generation;
  state.due = false;
  if (rules_.processes) after = after + TimerDelay(id);
  state.deadline = n.clock.Monotonic(now_) + after;
  state.set = event;
  Schedule(n.clock.WhenMonotonic(state.deadline, now_),
           TimerDue{id, slot, state.generation});
}

void Simulation::OnTimerDue(const TimerDue& event) {
  Node& n = node(event.node);
  // While the clock stands still nothing runs out; timers are set anew when it goes on.
  if (n.frozen_clocks > 0) return;
  // Generations go on across incarnations: a timer of a process that is gone is never held.
  if (!n.timers.Holds(event.slot, event.generation)) return;
  // Until it is handled it can still be moved or cancelled.
  n.timers[event.slot].due = true;
  Submit(event.node, TimerWork{event.slot, event.generation});
}

void Simulation::RescheduleTimers(NodeId id) {
  Node& n = node(id);
  n.timers.ForEach([&](uint32_t slot, SetTimerState& state) {
    if (state.due) return;
    state.generation = ++n.timer_generation;
    Schedule(n.clock.WhenMonotonic(state.deadline, now_), TimerDue{id, slot, state.generation});
  });
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
