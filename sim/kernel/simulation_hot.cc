// What happens most, in one translation unit, so that the compiler sees all of it: messages that are sent and
// arrive, timers that are set and run out, and how a process handles them.
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

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

// How many events before one its node is fetched, and then what its node points to.
constexpr size_t kLinesAhead = 11;
constexpr size_t kPointersAhead = 6;

// Whom it is about, of the frequent ones.
NodeId NodeOf(const Event& event) {
  if (const auto* due = std::get_if<TimerDue>(&event)) return due->node;
  if (const auto* arrival = std::get_if<Arrival>(&event)) return arrival->packet.to;
  return {};
}

}  // namespace

template <class W>
void Simulation::Submit(NodeId id, W&& work) {
  Node& n = node(id);
  if (n.held() || n.busy) {
    n.inbox.push_back(std::move(work));
    return;
  }
  StartService(id, std::move(work));
}
template void Simulation::Submit(NodeId, MessageWork&&);
template void Simulation::Submit(NodeId, TimerWork&&);
template void Simulation::Submit(NodeId, SyncedWork&&);
template void Simulation::Submit(NodeId, ConnectedWork&&);
template void Simulation::Submit(NodeId, DisconnectedWork&&);
template void Simulation::Submit(NodeId, StopWork&&);
template void Simulation::Submit(NodeId, DiskErrorWork&&);
template void Simulation::Submit(NodeId, OperationWork&&);

template <class W>
[[gnu::always_inline]] inline void Simulation::StartService(NodeId id, W&& work) {
  if constexpr (std::is_same_v<std::decay_t<W>, OperationWork>) return AskLate(id, work);
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
  CHECK(node(id).process, "work for {}, which isn't running", node(id).spec.name);
  if (!DiscardVoid(id, work)) HandleValid(id, work);
}
template void Simulation::Handle(NodeId, const MessageWork&);

template <class W>
[[gnu::always_inline]] inline void Simulation::HandleValid(NodeId id, const W& work) {
  Node& n = node(id);
  const EventId event = EmitWork(id, n, work);
  current_cause_ = event;
  Effects out(id, &n.counters, recorder_.tracing(), effect_memory_.Take());
  out.WatchPoints(rules_.points);
  Env env = MakeEnv(id, n);
  const uint64_t draws_before = recorder_.tracing() ? n.streams.draws() : 0;
  if constexpr (std::is_same_v<W, SyncedWork>) {
    const auto found = n.syncs.find(work.ticket);
    std::vector<SendAfterEffect> waited = std::move(found->second.sends);
    n.syncs.erase(found);
    CallHandler(n, work, env, out);
    AfterHandler(id, n, out, draws_before);
    for (SendAfterEffect& send : waited) SendOnConnection(id, send.conn, event, std::move(send.message));
  } else {
    CallHandler(n, work, env, out);
    AfterHandler(id, n, out, draws_before);
  }
  PerformHere(id, event, out.list());
  effect_memory_.GiveBack();
}

template <class W>
[[gnu::always_inline]] inline bool Simulation::DiscardVoid(NodeId id, const W& work) {
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
[[gnu::always_inline]] inline EventId Simulation::EmitWork(NodeId id, Node& n, const W& work) {
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
    mark.content = work.conn.serial();
  } else if constexpr (std::is_same_v<W, DisconnectedWork>) {
    const Connection& conn = connection(work.conn);
    mark.kind = EventKind::kDisconnected;
    mark.peer = conn.opener == id ? conn.server : conn.opener;
    mark.cause = work.cause;
    mark.content = work.conn.serial();
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

template <class W>
[[gnu::always_inline]] inline void Simulation::CallHandler(Node& n, const W& work, Env& env, Effects& out) {
  Process& process = *n.process.get();
  if constexpr (std::is_same_v<W, MessageWork>) {
    process.OnMessage(Received{work.packet.from, work.packet.conn, *work.packet.payload}, env, out);
  } else if constexpr (std::is_same_v<W, TimerWork>) {
    const Timer fired = n.timers[work.slot].timer;
    n.timers.Erase(work.slot);
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

void Simulation::Perform(NodeId id, EventId cause, std::vector<Effect>& effects) {
  PerformHere(id, cause, effects);
}

[[gnu::always_inline]] inline void Simulation::PerformHere(NodeId id, EventId cause, std::vector<Effect>& effects) {
  Node& n = node(id);
  const uint32_t incarnation = n.incarnation;
  const auto end = effects.end();
  for (auto effect = effects.begin(); effect != end; ++effect) {
    PerformOne(id, cause, *effect);
    // An exit, or a fault triggered by a send, may have ended the process: the rest never happens.
    if (!n.process || n.incarnation != incarnation) return;
    if (!n.disk_has_news) [[likely]] continue;
    n.disk_has_news = false;
    if (n.failed.has_value()) {
      const DiskErrorWork failed = *std::exchange(n.failed, std::nullopt);
      return Handle(id, failed);
    }
    ++n.blocked;
    n.deferred.push_back({cause, {std::make_move_iterator(effect + 1), std::make_move_iterator(end)}});
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
  Perform(event.node, deferred.cause, deferred.effects);
  if (n.service_over) OnServiceDone(ServiceDone{event.node, n.incarnation});
  DrainInbox(event.node);
}

[[gnu::always_inline]] inline void Simulation::PerformOne(NodeId id, EventId cause, Effect& effect) {
  // The most frequent first.
  if (auto* datagram = std::get_if<DatagramEffect>(&effect)) {
    return SendDatagram(id, datagram->to, cause, std::move(datagram->message));
  }
  if (const auto* timer = std::get_if<SetTimerEffect>(&effect)) return SetTimer(id, cause, timer->timer, timer->after);
  if (auto* send = std::get_if<SendEffect>(&effect)) {
    return SendOnConnection(id, send->conn, cause, std::move(send->message));
  }
  PerformOther(id, cause, effect);
}

void Simulation::PerformOther(NodeId id, EventId cause, Effect& effect) {
  Node& n = node(id);
  if (auto* after = std::get_if<SendAfterEffect>(&effect)) {
    const auto found = n.syncs.find(after->ticket);
    CHECK(found != n.syncs.end(), "{} waits for sync {}, which is over", n.spec.name, after->ticket.value);
    found->second.sends.push_back(std::move(*after));
  } else if (const auto* connect = std::get_if<ConnectEffect>(&effect)) {
    Connect(id, connect->conn, connect->to, cause);
  } else if (const auto* close = std::get_if<CloseEffect>(&effect)) {
    if (Asked(close->conn)) CloseEnd(close->conn, connection(close->conn).opener != id, cause);
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

void Simulation::SetTimer(NodeId id, EventId cause, Timer timer, Duration after) {
  Node& n = node(id);
  const EventId event = Emit({.kind = EventKind::kTimerSet, .node = id, .cause = cause,
                              .content = DigestOf(timer) ^ static_cast<uint64_t>(after.nanos())});
  if (auto* shown = detail()) {
    shown->type = std::string(n.process->TimerName(timer));
    shown->text = "in " + ToText(after);
  }
  const uint32_t slot = n.timers.FindOrAdd(timer);
  SetTimerState& state = n.timers[slot];
  state.generation = ++n.timer_generation;
  if (rules_.processes) after = after + TimerDelay(id);
  state.deadline = n.clock.Monotonic(now_) + after;
  state.set = event;
  QueueTimer(id, slot, state, n.clock.WhenPassed(after, now_));
}

// Most timers guard against what seldom happens, and are moved on and on. So one that is moved to a later time only
// takes its place among the events of that instant.
void Simulation::QueueTimer(NodeId id, uint32_t slot, SetTimerState& state, Time when) {
  if (state.queued != 0 && state.queued_for <= when && !queue_.permutes_ties() && node(id).clock.drift_ppm() == 0) {
    state.order = queue_.NextOrder();
    return;
  }
  state.queued = state.generation;
  state.queued_for = when;
  queue_.Push(when, TimerDue{id, slot, state.generation});
}

void Simulation::RescheduleTimers(NodeId id) {
  Node& n = node(id);
  n.timers.ForEach([&](uint32_t slot, SetTimerState& state) {
    if (state.due()) return;
    state.generation = ++n.timer_generation;
    QueueTimer(id, slot, state, n.clock.WhenMonotonic(state.deadline, now_));
  });
}

[[gnu::always_inline]] inline void Simulation::OnTimerDue(const TimerDue& event) {
  Node& n = node(event.node);
  // Generations go on across incarnations: a timer of a process that is gone is never awaited.
  if (!n.timers.Awaits(event.slot, event.generation)) return;
  SetTimerState& state = n.timers[event.slot];
  state.queued = 0;
  // While the clock stands still nothing runs out; timers are set anew when it goes on.
  if (n.frozen_clocks > 0 || state.generation == 0) return;
  if (state.generation != event.generation) return QueueMovedTimer(event.node, event.slot);
  if (HandlesAtOnce(n)) [[likely]] return HandleValid(event.node, TimerWork{event.slot, event.generation});
  // Until it is handled it can still be moved or cancelled.
  state.SetDue();
  Submit(event.node, TimerWork{event.slot, event.generation});
}

void Simulation::QueueMovedTimer(NodeId id, uint32_t slot) {
  Node& n = node(id);
  SetTimerState& state = n.timers[slot];
  state.queued = state.generation;
  // As when it was moved: a change of the clock sets all timers anew.
  state.queued_for = n.clock.WhenMonotonic(state.deadline, now_);
  queue_.PushAt(state.queued_for, state.order, TimerDue{id, slot, state.generation});
}

void Simulation::OnArrival(MessageWork work) {
  Packet& packet = work.packet;
  current_cause_ = packet.sent;
  Node& to = node(packet.to);
  if (packet.conn.valid()) {
    Connection& conn = connection(packet.conn);
    for (uint32_t index : active_faults_) {
      FaultState& state = faults_[index];
      if (!state.message.has_value() || state.message->act != MessageRule::Act::kReset) continue;
      if (!Matches(*state.message, packet) || !state.message->match.Means(++state.matches)) continue;
      if (HasPassed(packet)) continue;
      ++state.report.effects;
      const EventId dropped = EmitDrop(packet, "the connection was reset", state.fault.id);
      Reset(packet.conn, dropped);
      return;
    }
    const uint32_t expected = packet.toward_server ? conn.server_incarnation : conn.opener_incarnation;
    const bool open = packet.toward_server ? conn.server_open : conn.opener_open;
    if (!to.process || !open || to.incarnation != expected) {
      const EventId dropped = EmitDrop(packet, "nobody holds this end of the connection", "");
      SendReset(packet.conn, !packet.toward_server, dropped);
      return;
    }
  } else if (!to.process) {
    EmitDrop(packet, "nobody is listening", "");
    return;
  }
  if (message_triggers_ == 0) [[likely]] {
    return HandlesAtOnce(to) ? Handle(packet.to, work) : Submit(packet.to, std::move(work));
  }
  const Packet seen = packet;
  Submit(packet.to, std::move(work));
  NoteTrigger(Trigger::Moment::kMessageArrived, &seen, "", seen.sent);
}

[[gnu::always_inline]] inline EventId Simulation::EmitSend(NodeId from, NodeId to, uint64_t message,
                                                            const Payload& payload, EventId cause) {
  const EventId event = Emit({.kind = EventKind::kSend, .node = from, .peer = to, .cause = cause, .message = message,
                              .content = payload.digest()});
  if (recorder_.tracing()) [[unlikely]] recorder_.DetailMessage(message, payload);
  return event;
}

void Simulation::SendDatagram(NodeId from, NodeId to, EventId cause, MessageRef&& message) {
  const uint64_t number = ++messages_sent_;
  const EventId sent = EmitSend(from, to, number, *message, cause);
  if (quiet()) [[likely]] {
    if (Link& link = LinkBetween(from, to); link.plain) [[likely]] {
      const Time arrives = now_ + link.spec.latency.Sample(link.random);
      queue_.Push(arrives, Arrival{{from, to, ConnId{}, false, std::move(message), number, sent}});
      return;
    }
  }
  SendDatagramWatched({from, to, ConnId{}, false, std::move(message), number, sent});
}

void Simulation::SendDatagramWatched(Packet packet) {
  NoteTrigger(Trigger::Moment::kMessageSent, &packet, "", packet.sent);
  if (rules_.successors) NoteAct(packet.from, packet.sent);
  if (rules_.messages && Passes(packet)) return;
  QueuedPacket queued{std::move(packet)};
  const Verdict verdict = Judge(queued);
  if (verdict.drop) return;
  if (!queued.holders.empty()) {
    faults_[queued.holders.front()].held.push_back(std::move(queued));
    return;
  }
  const std::optional<Time> arrives = Launch(queued.packet, verdict.extra);
  for (uint32_t copier : verdict.copied_by) Launch(queued.packet, verdict.extra, &faults_[copier].random);
  LaunchLateCopies(queued.packet, verdict, arrives);
}

void Simulation::SendOnConnection(NodeId from, ConnId id, EventId cause, MessageRef&& message) {
  // The write that keeps the process blocked comes before the request to connect.
  if (!Asked(id)) [[unlikely]] return;
  Connection& conn = connection(id);
  const bool toward_server = conn.opener == from;
  const NodeId to = toward_server ? conn.server : conn.opener;
  const uint64_t number = ++messages_sent_;
  const EventId sent = EmitSend(from, to, number, *message, cause);
  const bool open = toward_server ? conn.opener_open : conn.server_open;
  Direction& direction = conn.direction(toward_server);
  if (quiet() && open && (conn.established || !toward_server) && direction.flows() &&
      node(to).power == Node::Power::kOn && settings_.connection_timeout > Duration()) [[likely]] {
    if (Link& link = LinkBetween(from, to); link.plain) [[likely]] {
      direction.last_arrival =
          std::max(now_ + link.spec.latency.Sample(link.random), direction.last_arrival + Nanoseconds(1));
      queue_.Push(direction.last_arrival, Arrival{{from, to, id, toward_server, std::move(message), number, sent}});
      return;
    }
  }
  Packet packet{from, to, id, toward_server, std::move(message), number, sent};
  if (open) return SendOnConnectionWatched(std::move(packet));
  EmitDrop(packet, "the connection is closed", "");
}

void Simulation::SendOnConnectionWatched(Packet packet) {
  const Packet seen = packet;
  Connection& conn = connection(seen.conn);
  const bool ready = conn.established || !seen.toward_server;
  if (!(rules_.messages && ready && Passes(seen))) {
    conn.direction(seen.toward_server).waiting.push_back({std::move(packet)});
    Pump(seen.conn, seen.toward_server);
  }
  NoteTrigger(Trigger::Moment::kMessageSent, &seen, "", seen.sent);
  if (rules_.successors) NoteAct(seen.from, seen.sent);
}

inline void Simulation::Dispatch(Event& event) {
  current_cause_ = 0;
  // Each takes what it needs out of the queue's memory before it schedules anything.
  if (auto* arrival = std::get_if<Arrival>(&event)) {
    const NodeId to = arrival->packet.to;
    const bool straight = !arrival->packet.conn.valid() && message_triggers_ == 0 && node(to).process &&
                          HandlesAtOnce(node(to));
    if (straight) return HandleValid(to, MessageWork{std::move(arrival->packet)});
    return OnArrival({std::move(arrival->packet)});
  }
  if (const auto* due = std::get_if<TimerDue>(&event)) return OnTimerDue(TimerDue(*due));
  std::visit(Overloaded{
                 [](std::monostate) { CHECK(false, "an empty event"); },
                 [](const Arrival&) { CHECK(false, "it was dispatched before"); },
                 [](const TimerDue&) { CHECK(false, "it was dispatched before"); },
                 [this](ConnSignal signal) { OnSignal(signal); },
                 [this](SyncDone done) { OnSyncDone(done); },
                 [this](ServiceDone done) { OnServiceDone(done); },
                 [this](BootDue boot) {
                   // Whatever keeps it down starts it in the end.
                   if (!KeptDown(boot.node)) Boot(boot.node, boot.cause);
                 },
                 [this](FaultDue fault) { OnFaultDue(fault); },
                 [this](FaultStep step) { OnFaultStep(step); },
                 [this](SecondHandling& again) { OnSecondHandling(SecondHandling(std::move(again))); },
                 [this](WriteReturned returned) { OnWriteReturned(returned); },
                 [this](HealDue) { Heal(); },
             },
             event);
}

// Fetches what is about to be needed: of the event after the next few where it is, of nearer ones their nodes, and of
// the next but one what its node points to. Inlined, because GCC drops calls of functions that do nothing but fetch.
[[gnu::always_inline]] inline void Simulation::Foresee() {
  if (const Event* next = queue_.Foresee(kLinesAhead)) {
    if (const NodeId id = NodeOf(*next); id.valid()) {
      const Node& n = nodes_[id.value];
      __builtin_prefetch(&n);
      __builtin_prefetch(&n.timers);
      __builtin_prefetch(reinterpret_cast<const char*>(&n.timers) + 64);
      __builtin_prefetch(&n.clock);
      __builtin_prefetch(&n.streams);
    }
  }
  if (const Event* next = queue_.Foresee(kPointersAhead)) {
    const NodeId id = NodeOf(*next);
    if (!id.valid()) return;
    __builtin_prefetch(nodes_[id.value].process.get());
    if (const auto* due = std::get_if<TimerDue>(next)) nodes_[id.value].timers.Prefetch(due->slot);
  }
}

RunEnd Simulation::Run(Time until) {
  CHECK(begun_, "Run before Begin");
  while (!finished_) {
    const bool full = recorder_.events() >= settings_.max_events;
    Time at;
    Event* const event = full ? nullptr : queue_.PopUntil(until, &at);
    if (event == nullptr) [[unlikely]] {
      if (queue_.empty()) return RunEnd::kIdle;
      if (queue_.next_time() <= until) return RunEnd::kEventLimit;
      now_ = until;
      return RunEnd::kTimeLimit;
    }
    if (rules_.ties) [[unlikely]] NoteTie(at);
    now_ = at;
    if (queue_.foresees()) [[unlikely]] Foresee();
    Dispatch(*event);
  }
  return recorder_.stopped() ? RunEnd::kStopped : RunEnd::kFinished;
}

// Counts an event that runs after one of its instant that was scheduled later.
void Simulation::NoteTie(Time next) {
  const uint64_t sequence = queue_.popped_sequence();
  const bool swapped = next == now_ && sequence < last_sequence_;
  last_sequence_ = sequence;
  if (!swapped) return;
  for (uint32_t index : active_faults_) {
    if (std::holds_alternative<Ties>(faults_[index].fault.action)) ++faults_[index].report.effects;
  }
}

}  // namespace brokersim::sim
