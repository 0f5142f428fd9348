// The network: links, datagrams and connections.
//
// A connection is a TCP stream. Its messages arrive in order or not at all. What can't pass because of a cut
// or a host without power is repeated: it waits, with everything behind it, and is sent again after the
// obstacle is gone; if that takes longer than connection_timeout, both ends see a reset. TCP repeats at
// growing intervals, so the next attempt comes some time after the end of the obstacle: uniform between 0 and
// the obstacle's duration, at most 120 s (TCP_RTO_MAX). What a jam kept goes on at once. Requests to
// connect are repeated in the same way; the end of a connection (FIN) until it is through, by a host with power.
#include <algorithm>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;
using Act = MessageRule::Act;

namespace {

// The first repetition of a request to connect (RFC 6298: 1 s).
constexpr Duration kFirstRequestRepetition = Seconds(1);

}  // namespace

EventId Simulation::EmitDrop(const Packet& packet, std::string_view why, std::string_view fault) {
  const EventId event = Emit({.kind = EventKind::kDrop, .node = packet.to, .peer = packet.from,
                              .cause = packet.sent, .message = packet.message,
                              .content = packet.payload->digest()});
  if (auto* shown = detail()) {
    shown->type = std::string(packet.payload->name());
    shown->text = std::string(why);
    shown->fault = std::string(fault);
  }
  return event;
}

EventId Simulation::EmitHold(const Packet& packet, std::string_view why, std::string_view fault) {
  const EventId event = Emit({.kind = EventKind::kHold, .node = packet.to, .peer = packet.from,
                              .cause = packet.sent, .message = packet.message,
                              .content = packet.payload->digest()});
  if (auto* shown = detail()) {
    shown->type = std::string(packet.payload->name());
    shown->text = std::string(why);
    shown->fault = std::string(fault);
  }
  return event;
}

void Simulation::EmitCopy(const Packet& packet, std::string_view fault) {
  Emit({.kind = EventKind::kDuplicate, .node = packet.to, .peer = packet.from, .cause = packet.sent,
        .message = packet.message, .content = packet.payload->digest()});
  if (auto* shown = detail()) {
    shown->type = std::string(packet.payload->name());
    shown->fault = std::string(fault);
  }
}

void Simulation::LaunchLateCopies(const Packet& packet, const Verdict& verdict, std::optional<Time> arrives) {
  if (!arrives.has_value()) return;
  for (const auto& [copier, after] : verdict.late) {
    ++faults_[copier].report.effects;
    EmitCopy(packet, faults_[copier].fault.id);
    Schedule(*arrives + after, Arrival{packet});
  }
}

// Hands over what waits, in order, until the head can't pass.
void Simulation::Pump(ConnId id, bool toward_server) {
  Connection& conn = connection(id);
  Direction& direction = conn.direction(toward_server);
  while (!direction.waiting.empty()) {
    QueuedPacket& head = direction.waiting.front();
    if (direction.stuck || !head.holders.empty()) return;
    if (toward_server && !conn.established) return;
    const NodeId from = head.packet.from;
    const NodeId to = head.packet.to;
    if (FaultState* fault = Blocking(from, to); fault != nullptr) {
      if (fault->barrier.mode == CutMode::kCut) direction.repeats = true;
      if (!direction.stalled) {
        ++fault->report.effects;
        Stall(id, toward_server, fault->fault.id);
      }
      return;
    }
    if (node(to).power == Node::Power::kOff) {
      direction.repeats = true;
      if (!direction.stalled) Stall(id, toward_server, "");
      return;
    }
    Verdict verdict;
    if (!head.judged) verdict = Judge(head);
    if (verdict.drop) {
      direction.waiting.pop_front();
      continue;
    }
    if (!head.holders.empty()) {
      for (uint32_t holder : head.holders) faults_[holder].held_connections.push_back(id);
      return;
    }
    QueuedPacket queued = std::move(head);
    direction.waiting.pop_front();
    Duration extra = verdict.extra;
    if (std::exchange(direction.stalled, false) && std::exchange(direction.repeats, false)) {
      extra = extra + RepetitionAfter(from, to, now_ - direction.stalled_since);
    }
    const std::optional<Time> arrives = Launch(queued.packet, extra);
    if (!arrives.has_value()) {
      direction.waiting.push_front(std::move(queued));
      direction.stuck = true;
      direction.repeats = true;
      Stall(id, toward_server, "");
      return;
    }
    for (uint32_t copier : verdict.copied_by) Launch(queued.packet, extra, &faults_[copier].random);
    LaunchLateCopies(queued.packet, verdict, arrives);
  }
  if (!direction.reset_follows) return;
  const bool heard = toward_server ? conn.server_open : conn.opener_open;
  const NodeId from = toward_server ? conn.opener : conn.server;
  const NodeId to = toward_server ? conn.server : conn.opener;
  if (heard && !HostReachable(from, to)) return;
  direction.reset_follows = false;
  if (heard) Signal(id, ConnSignal::Kind::kReset, toward_server, direction.reset_cause);
}

void Simulation::PumpAll() {
  for (uint32_t opener = 0; opener < nodes_.size(); ++opener) {
    for (uint32_t serial = 0; serial < nodes_[opener].connections.size(); ++serial) {
      const ConnId id{opener, serial};
      Connection& conn = connection(id);
      if (conn.unreachable && !conn.opener_open) conn.unreachable = false;
      if (conn.unreachable && HostReachable(conn.opener, conn.server) &&
          HostReachable(conn.server, conn.opener)) {
        conn.unreachable = false;
        const Duration extra =
            conn.unreachable_by_loss
                ? RepetitionAfter(conn.opener, conn.server, now_ - conn.unreachable_since)
                : Duration();
        Signal(id, ConnSignal::Kind::kSyn, true, 0, extra);
      }
      Pump(id, true);
      Pump(id, false);
    }
  }
}

void Simulation::Stall(ConnId id, bool toward_server, std::string_view fault) {
  Direction& direction = connection(id).direction(toward_server);
  direction.stalled = true;
  direction.stalled_since = now_;
  const Packet& head = direction.waiting.front().packet;
  std::string_view why = "can't pass";
  if (direction.stuck) why = "lost again and again";
  if (fault.empty() && !direction.stuck) why = "the host has no power";
  EmitHold(head, why, fault);
  Schedule(now_ + settings_.connection_timeout,
           ConnSignal{ConnSignal::Kind::kTimeout, id, !toward_server, ++direction.stall_generation, 0});
}

void Simulation::TakeBack(std::vector<Event> crossing, bool loses, std::string_view fault) {
  // Backwards, so that each goes before the later ones at the head of its connection.
  for (size_t i = crossing.size(); i-- > 0;) {
    if (const auto* signal = std::get_if<ConnSignal>(&crossing[i])) {
      Connection& conn = connection(signal->conn);
      Direction& direction = conn.direction(signal->at_server);
      if (signal->kind != ConnSignal::Kind::kReset) {
        MarkUnreachable(signal->conn, loses);
      } else if (node(signal->at_server ? conn.opener : conn.server).power == Node::Power::kOn) {
        direction.reset_follows = true;
        direction.reset_cause = signal->cause;
      }
      continue;
    }
    auto* arrival = std::get_if<Arrival>(&crossing[i]);
    if (arrival == nullptr) continue;
    Packet& packet = arrival->packet;
    if (loses && node(packet.from).power == Node::Power::kOff) {
      // Nobody is there to repeat it.
      EmitDrop(packet, "lost, and its sender has no power", fault);
      crossing[i] = std::monostate();
      continue;
    }
    Direction& direction = connection(packet.conn).direction(packet.toward_server);
    direction.waiting.push_front({packet, true});
    direction.last_arrival = now_;
  }
  for (const Event& event : crossing) {
    const auto* arrival = std::get_if<Arrival>(&event);
    if (arrival == nullptr) continue;
    const Packet& packet = arrival->packet;
    Direction& direction = connection(packet.conn).direction(packet.toward_server);
    if (loses) direction.repeats = true;
    if (!direction.stalled) Stall(packet.conn, packet.toward_server, fault);
  }
}

void Simulation::DropWaiting(ConnId id, bool toward_server, std::string_view why) {
  Direction& direction = connection(id).direction(toward_server);
  for (const QueuedPacket& queued : direction.waiting) EmitDrop(queued.packet, why, "");
  direction.waiting.clear();
  direction.stalled = false;
  direction.repeats = false;
  direction.stuck = false;
}

// Whether a fault lets the message through: then it is on its way. It still counts where others count messages.
bool Simulation::Passes(const Packet& packet) {
  FaultState* passer = nullptr;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.message.has_value() || state.message->act != Act::kPass || !Matches(*state.message, packet)) continue;
    if (state.message->match.Means(++state.matches) && passer == nullptr) passer = &state;
  }
  if (passer == nullptr) return false;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.message.has_value()) continue;
    const MessageRule& rule = *state.message;
    if (rule.act == Act::kPass || rule.act == Act::kReset || rule.act == Act::kHandleTwice) continue;
    if (Matches(rule, packet)) ++state.matches;
  }
  ++passer->report.effects;
  passer->passed.push_back(packet.message);
  Link& link = LinkBetween(packet.from, packet.to);
  const Time arrives = now_ + link.spec.latency.Sample(link.random);
  if (packet.conn.valid()) {
    Time& last = connection(packet.conn).direction(packet.toward_server).last_arrival;
    last = std::max(last, arrives);
  }
  Schedule(arrives, Arrival{packet});
  return true;
}

bool Simulation::HasPassed(const Packet& packet) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const FaultState& state) {
    return std::find(state.passed.begin(), state.passed.end(), packet.message) != state.passed.end();
  });
}

Simulation::Verdict Simulation::Judge(QueuedPacket& queued) {
  queued.judged = true;
  Verdict verdict;
  if (!rules_.messages) return verdict;
  FaultState* drop = nullptr;
  std::vector<uint32_t> delays;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.message.has_value()) continue;
    const MessageRule& rule = *state.message;
    if (rule.act == Act::kPass || rule.act == Act::kReset || rule.act == Act::kHandleTwice) continue;
    if (!Matches(rule, queued.packet) || !rule.match.Means(++state.matches)) continue;
    if (!state.random.Chance(rule.probability)) continue;
    if (rule.act == Act::kDrop && drop == nullptr) drop = &state;
    if (rule.act == Act::kHold) queued.holders.push_back(index);
    if (rule.act == Act::kDelay) delays.push_back(index);
    if (rule.act == Act::kCopy) verdict.copied_by.push_back(index);
    if (rule.act == Act::kLateCopy) verdict.late.emplace_back(index, rule.extra.Sample(state.random));
  }
  // The strongest wins, and only what wins has an effect: drop, hold, then delay and copies.
  if (drop != nullptr) {
    ++drop->report.effects;
    EmitDrop(queued.packet, "dropped", drop->fault.id);
    verdict.drop = true;
    return verdict;
  }
  if (!queued.holders.empty()) {
    for (uint32_t holder : queued.holders) ++faults_[holder].report.effects;
    EmitHold(queued.packet, "held back", faults_[queued.holders.front()].fault.id);
    return verdict;
  }
  for (uint32_t index : delays) {
    FaultState& state = faults_[index];
    ++state.report.effects;
    verdict.extra = verdict.extra + state.message->extra.Sample(state.random);
  }
  for (uint32_t index : verdict.copied_by) {
    ++faults_[index].report.effects;
    EmitCopy(queued.packet, faults_[index].fault.id);
  }
  return verdict;
}

bool Simulation::HostReachable(NodeId from, NodeId to) const {
  return Blocking(from, to) == nullptr && node(to).power == Node::Power::kOn;
}

void Simulation::Connect(NodeId from, ConnId id, NodeId to, EventId cause) {
  CHECK(to.value < nodes_.size(), "{} connects to node {}", node(from).spec.name, to.value);
  const bool resolved = Route(from, &to);
  const EventId event = Emit({.kind = EventKind::kConnect, .node = from, .peer = to, .cause = cause,
                              .content = id.serial()});
  ++connections_opened_;
  // A number whose request never came (the process died before, or is blocked in a write) stands for no connection.
  std::vector<Connection>& connections = node(from).connections;
  while (connections.size() <= id.serial()) {
    Connection& none = connections.emplace_back();
    none.opener = none.server = from;
  }
  Connection& conn = connections[id.serial()];
  conn.opener = from;
  conn.server = to;
  conn.opener_incarnation = node(from).incarnation;
  conn.opener_open = true;
  if (!resolved) {
    // Known at once, and to nobody else.
    Schedule(now_, ConnSignal{ConnSignal::Kind::kReset, id, false, 0, event});
    return;
  }
  Signal(id, ConnSignal::Kind::kSyn, true, event);
  Schedule(now_ + settings_.connect_timeout, ConnSignal{ConnSignal::Kind::kTimeout, id, false, 0, event});
}

// Sends a control segment of the connection to one of its hosts; it may not get through.
void Simulation::Signal(ConnId id, ConnSignal::Kind kind, bool to_server, EventId cause, Duration extra) {
  Connection& conn = connection(id);
  const NodeId from = to_server ? conn.opener : conn.server;
  const NodeId to = to_server ? conn.server : conn.opener;
  if (!HostReachable(from, to)) {
    const FaultState* fault = Blocking(from, to);
    if (fault != nullptr) ++Blocking(from, to)->report.effects;
    MarkUnreachable(id, fault == nullptr || fault->barrier.mode == CutMode::kCut);
    return;
  }
  const bool opens = kind != ConnSignal::Kind::kReset;
  const Duration limit = opens ? settings_.connect_timeout : settings_.connection_timeout;
  const Duration repeated =
      Repetitions(from, to, opens ? kFirstRequestRepetition : kFirstRetransmission, limit);
  // Its time is over before it gets through.
  if (opens && repeated >= limit) return;
  Link& link = LinkBetween(from, to);
  const Duration latency = FaultLatency(from, to, link.spec.latency.Sample(link.random)) + repeated + extra;
  Direction& direction = conn.direction(to_server);
  const Time arrives = std::max(now_ + latency, direction.last_arrival + Nanoseconds(1));
  direction.last_arrival = arrives;
  Schedule(arrives, ConnSignal{kind, id, to_server, 0, cause});
}

void Simulation::SendReset(ConnId id, bool to_server, EventId cause) {
  Direction& direction = connection(id).direction(to_server);
  direction.reset_follows = true;
  direction.reset_cause = cause;
  Pump(id, to_server);
}

void Simulation::MarkUnreachable(ConnId id, bool lost) {
  Connection& conn = connection(id);
  if (!conn.unreachable) {
    conn.unreachable_since = now_;
    conn.unreachable_by_loss = false;
  }
  conn.unreachable = true;
  conn.unreachable_by_loss |= lost;
}

void Simulation::OnSignal(const ConnSignal& signal) {
  current_cause_ = signal.cause;
  switch (signal.kind) {
    case ConnSignal::Kind::kSyn:
      OnSyn(signal);
      return;
    case ConnSignal::Kind::kAccept: {
      Connection& conn = connection(signal.conn);
      if (!conn.opener_open || conn.established) return;
      if (node(conn.opener).incarnation != conn.opener_incarnation) return;
      conn.established = true;
      Submit(conn.opener, ConnectedWork{signal.conn, signal.cause});
      Pump(signal.conn, true);
      return;
    }
    case ConnSignal::Kind::kReset:
      OnReset(signal);
      return;
    case ConnSignal::Kind::kTimeout:
      OnConnTimeout(signal);
      return;
  }
}

void Simulation::OnSyn(const ConnSignal& signal) {
  Connection& conn = connection(signal.conn);
  if (!conn.opener_open || conn.established) return;
  const Node& server = node(conn.server);
  if (server.power == Node::Power::kOff) {
    MarkUnreachable(signal.conn, true);
    return;
  }
  const auto [refused, ignored] = rules_.processes ? Turned(conn.server) : std::pair(false, false);
  if (!server.process || refused) {
    SendReset(signal.conn, false, signal.cause);
    return;
  }
  if (ignored) return;
  conn.server_open = true;
  conn.server_incarnation = server.incarnation;
  Signal(signal.conn, ConnSignal::Kind::kAccept, false, signal.cause);
}

void Simulation::OnReset(const ConnSignal& signal) {
  const Connection& conn = connection(signal.conn);
  LoseEnd(signal.conn, signal.at_server, conn.established || signal.at_server ? "reset" : "refused", signal.cause);
}

void Simulation::OnConnTimeout(const ConnSignal& signal) {
  Connection& conn = connection(signal.conn);
  if (signal.generation == 0) {
    if (conn.established) return;
    // A server that accepted has not heard of it yet, and never will.
    conn.server_open = false;
    LoseEnd(signal.conn, false, "connect timeout", signal.cause);
    return;
  }
  // A stalled direction: at_server says whose end is sending.
  const Direction& direction = conn.direction(!signal.at_server);
  if (!direction.stalled || direction.stall_generation != signal.generation) return;
  LoseEnd(signal.conn, true, "timeout", signal.cause);
  LoseEnd(signal.conn, false, "timeout", signal.cause);
}

// Whether faults have the server refuse, or ignore, requests to connect.
std::pair<bool, bool> Simulation::Turned(NodeId server) {
  std::pair<bool, bool> turned;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.process.has_value() || !state.process->nodes.Has(server)) continue;
    if (!state.process->refuses && !state.process->ignores) continue;
    ++state.report.effects;
    (state.process->refuses ? turned.first : turned.second) = true;
  }
  return turned;
}

// Whom a request to connect reaches; false if the name can't be resolved.
bool Simulation::Route(NodeId from, NodeId* to) {
  if (!rules_.routes) return true;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.route.has_value() || !state.route->from.Has(from) || !state.route->to.Has(*to)) continue;
    if (!state.random.Chance(state.route->probability)) continue;
    ++state.report.effects;
    if (!state.route->reach.has_value()) return false;
    *to = *state.route->reach;
  }
  return true;
}

int64_t Simulation::ResetBetween(const NodeSet& a, const NodeSet& b, EventId cause) {
  int64_t gone = 0;
  for (uint32_t opener = 0; opener < nodes_.size(); ++opener) {
    for (uint32_t serial = 0; serial < nodes_[opener].connections.size(); ++serial) {
      const ConnId id{opener, serial};
      const Connection& conn = connection(id);
      const bool between = (a.Has(conn.opener) && b.Has(conn.server)) || (b.Has(conn.opener) && a.Has(conn.server));
      if (!between || !conn.established || (!conn.opener_open && !conn.server_open)) continue;
      ++gone;
      Reset(id, cause);
    }
  }
  return gone;
}

void Simulation::Reset(ConnId id, EventId cause) {
  const NodeId server = connection(id).server;
  DropUnread(server, id);
  if (server != connection(id).opener) DropUnread(connection(id).opener, id);
  LoseEnd(id, true, "reset", cause);
  LoseEnd(id, false, "reset", cause);
}

void Simulation::DropUnread(NodeId id, ConnId conn) {
  Fifo<Work> rest;
  for (Work& work : node(id).inbox) {
    const auto* message = std::get_if<MessageWork>(&work);
    if (message != nullptr && message->packet.conn == conn) {
      EmitDrop(message->packet, "the connection was reset before it was read", "");
    } else {
      rest.push_back(std::move(work));
    }
  }
  node(id).inbox = std::move(rest);
}

// One end learns that the connection is gone.
void Simulation::LoseEnd(ConnId id, bool at_server, std::string_view reason, EventId cause) {
  DropWaiting(id, !at_server, "the connection is gone");
  Connection& conn = connection(id);
  conn.direction(!at_server).reset_follows = false;
  bool& open = at_server ? conn.server_open : conn.opener_open;
  if (!open) return;
  open = false;
  const NodeId at = at_server ? conn.server : conn.opener;
  const uint32_t incarnation = at_server ? conn.server_incarnation : conn.opener_incarnation;
  if (!node(at).process || node(at).incarnation != incarnation) return;
  Submit(at, DisconnectedWork{id, reason, cause});
}

// The process at one end closes it. What it sent before goes first, as with TCP's FIN, however long that takes.
void Simulation::CloseEnd(ConnId id, bool at_server, EventId cause) {
  Connection& conn = connection(id);
  bool& open = at_server ? conn.server_open : conn.opener_open;
  if (!open) return;
  open = false;
  (at_server ? conn.server_closed : conn.opener_closed) = true;
  if (!conn.established) DropWaiting(id, !at_server, "the connection is closed");
  SendReset(id, !at_server, cause);
}

// Closes this node's ends of all connections of processes that are gone. Unless power is lost, the host lives
// on and tells the others: at once, or when it is reachable again. After a loss of power it
// tells them when it is back.
void Simulation::ResetConnections(NodeId id, Ending how, EventId cause) {
  for (uint32_t opener = 0; opener < nodes_.size(); ++opener) {
    for (uint32_t serial = 0; serial < nodes_[opener].connections.size(); ++serial) {
      const ConnId conn_id{opener, serial};
      Connection& conn = connection(conn_id);
      for (const bool at_server : {false, true}) {
        if ((at_server ? conn.server : conn.opener) != id) continue;
        const uint32_t incarnation = at_server ? conn.server_incarnation : conn.opener_incarnation;
        if (incarnation == 0) continue;  // a request that no process of this node has seen
        if (node(id).process && incarnation == node(id).incarnation) continue;
        bool& closed = at_server ? conn.server_closed : conn.opener_closed;
        bool& open = at_server ? conn.server_open : conn.opener_open;
        if (how == Ending::kExited && open && conn.established) closed = true;
        open = false;
        // The host goes on with what a process sent before it closed.
        if (how == Ending::kSilent || !closed) DropWaiting(conn_id, !at_server, "the sender is gone");
        if (how == Ending::kSilent) {
          conn.direction(!at_server).reset_follows = false;
        } else if (at_server ? conn.opener_open : conn.server_open) {
          SendReset(conn_id, !at_server, cause);
        }
      }
    }
  }
}

}  // namespace brokersim::sim
