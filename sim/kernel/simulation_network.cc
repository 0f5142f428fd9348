// The network: links, datagrams and connections.
//
// A connection is a TCP stream. Its messages arrive in order or not at all. What can't pass because of a cut
// or a host without power is retransmitted: it waits, with everything behind it, and arrives after
// the obstacle is gone; if that takes longer than connection_timeout, both ends see a reset.
#include <algorithm>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;

namespace {

// TCP's first retransmission timeout on Linux (TCP_RTO_MIN, 200 ms), doubled each time up to TCP_RTO_MAX.
constexpr Duration kFirstRetransmission = Milliseconds(200);
constexpr Duration kLongestRetransmission = Seconds(120);

Direction& DirectionOf(Connection& conn, bool toward_server) {
  return toward_server ? conn.to_server : conn.to_opener;
}

}  // namespace

Link& Simulation::LinkBetween(NodeId from, NodeId to) {
  if (const auto found = links_.find({from, to}); found != links_.end()) return found->second;
  Link link;
  const NodeSpec& a = node(from).spec;
  const NodeSpec& b = node(to).spec;
  if (const auto own = node_links_.find({from, to}); own != node_links_.end()) {
    link.spec = own->second;
  } else if (const auto pair = datacenter_links_.find({a.datacenter, b.datacenter});
             pair != datacenter_links_.end()) {
    link.spec = pair->second;
  }
  link.random = Stream(settings_.seed, fmt::format("net/{}/{}", a.name, b.name));
  return links_.emplace(std::make_pair(from, to), std::move(link)).first->second;
}

EventId Simulation::EmitSend(const Packet& packet, EventId cause) {
  const EventId event = Emit({.kind = EventKind::kSend, .node = packet.from, .peer = packet.to,
                              .cause = cause, .message = packet.message,
                              .content = packet.payload->digest()});
  if (auto* shown = detail()) {
    shown->type = std::string(packet.payload->name());
    shown->text = packet.payload->Text();
  }
  return event;
}

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

void Simulation::SendDatagram(NodeId from, NodeId to, EventId cause, MessageRef message) {
  Packet packet{from, to, ConnId{}, false, std::move(message), 0, 0};
  packet.message = (uint64_t{from.value} + 1) << 40 | ++node(from).messages_sent;
  packet.sent = EmitSend(packet, cause);
  NoteTrigger(Trigger::Moment::kMessageSent, &packet, "", packet.sent);
  Transmit(std::move(packet));
}

void Simulation::SendOnConnection(NodeId from, ConnId id, EventId cause, MessageRef message) {
  const Connection& conn = connection(id);
  const bool toward_server = conn.opener == from;
  Packet packet{from, toward_server ? conn.server : conn.opener, id, toward_server,
                std::move(message), 0, 0};
  packet.message = (uint64_t{from.value} + 1) << 40 | ++node(from).messages_sent;
  packet.sent = EmitSend(packet, cause);
  if (!(toward_server ? conn.opener_open : conn.server_open)) {
    EmitDrop(packet, "the connection is closed", "");
    return;
  }
  const EventId sent = packet.sent;
  const Packet seen = packet;
  DirectionOf(connection(id), toward_server).waiting.push_back(std::move(packet));
  Pump(id, toward_server);
  NoteTrigger(Trigger::Moment::kMessageSent, &seen, "", sent);
}

// Hands over what waits, in order, until the head can't pass.
void Simulation::Pump(ConnId id, bool toward_server) {
  while (true) {
    Connection& conn = connection(id);
    Direction& direction = DirectionOf(conn, toward_server);
    if (direction.waiting.empty() || direction.held) return;
    if (toward_server && !conn.established) return;
    const Packet& head = direction.waiting.front();
    if (FaultState* fault = Blocking(head.from, head.to); fault != nullptr) {
      if (!direction.stalled) {
        ++fault->report.effects;
        Stall(id, toward_server, fault->fault.id);
      }
      return;
    }
    if (node(head.to).power == Node::Power::kOff) {
      if (!direction.stalled) Stall(id, toward_server, "");
      return;
    }
    Packet packet = head;
    if (!Transmit(packet)) return;
    // Transmit may have reset the connection.
    Direction& after = DirectionOf(connection(id), toward_server);
    if (!after.waiting.empty()) after.waiting.pop_front();
    after.stalled = false;
  }
}

void Simulation::PumpAll() {
  for (uint32_t opener = 0; opener < nodes_.size(); ++opener) {
    for (uint32_t serial = 0; serial < nodes_[opener].connections.size(); ++serial) {
      const ConnId id{opener, serial};
      Connection& conn = connection(id);
      if (conn.unreachable && HostReachable(conn.opener, conn.server) &&
          HostReachable(conn.server, conn.opener)) {
        conn.unreachable = false;
        Signal(id, ConnSignal::Kind::kSyn, true, 0);
      }
      Pump(id, true);
      Pump(id, false);
    }
  }
}

void Simulation::Stall(ConnId id, bool toward_server, std::string_view fault) {
  Direction& direction = DirectionOf(connection(id), toward_server);
  direction.stalled = true;
  direction.stalled_since = now_;
  EmitHold(direction.waiting.front(), fault.empty() ? "the host has no power" : "can't pass", fault);
  Schedule(now_ + settings_.connection_timeout,
           ConnSignal{ConnSignal::Kind::kTimeout, id, !toward_server, ++direction.stall_generation, 0});
}

// Applies the faults that watch single messages, then the link. False if a connection's head must wait.
bool Simulation::Transmit(Packet packet) {
  FaultState* drop = nullptr;
  FaultState* hold = nullptr;
  Duration extra;
  int copies = 1;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    const MessageMatch* match = nullptr;
    std::visit([&](const auto& action) {
      if constexpr (requires { action.match; }) match = &action.match;
    }, state.fault.action);
    if (match == nullptr || std::holds_alternative<ResetOnMessage>(state.fault.action)) continue;
    if (!Matches(*match, packet)) continue;
    const int64_t seen = ++state.matches;
    if (seen < match->nth || (match->count > 0 && seen >= match->nth + match->count)) continue;
    ++state.report.effects;
    if (std::holds_alternative<DropMessage>(state.fault.action)) drop = &state;
    if (std::holds_alternative<HoldMessage>(state.fault.action)) hold = &state;
    if (const auto* delay = std::get_if<DelayMessage>(&state.fault.action)) {
      extra = extra + delay->extra.Sample(state.random);
    }
    if (std::holds_alternative<DuplicateMessage>(state.fault.action)) ++copies;
  }
  if (drop != nullptr) {
    EmitDrop(packet, "dropped", drop->fault.id);
    return true;
  }
  if (hold != nullptr) {
    EmitHold(packet, "held back", hold->fault.id);
    if (packet.conn.valid()) {
      DirectionOf(connection(packet.conn), packet.toward_server).held = true;
      hold->held_connections.push_back(packet.conn);
      return false;
    }
    hold->held.push_back(std::move(packet));
    return true;
  }
  for (int copy = 0; copy < copies; ++copy) {
    if (copy > 0) {
      Emit({.kind = EventKind::kDuplicate, .node = packet.to, .peer = packet.from,
            .cause = packet.sent, .message = packet.message, .content = packet.payload->digest()});
      if (auto* shown = detail()) shown->type = std::string(packet.payload->name());
    }
    Launch(packet, extra);
  }
  return true;
}

// The link takes the packet: bandwidth, latency, loss, duplication.
void Simulation::Launch(Packet packet, Duration extra) {
  const bool stream = packet.conn.valid();
  if (!stream) {
    if (FaultState* fault = Blocking(packet.from, packet.to); fault != nullptr) {
      ++fault->report.effects;
      const auto* partition = std::get_if<Partition>(&fault->fault.action);
      const CutMode mode = partition != nullptr ? partition->mode : std::get<OneWay>(fault->fault.action).mode;
      if (mode == CutMode::kCut) {
        EmitDrop(packet, "can't pass", fault->fault.id);
      } else {
        EmitHold(packet, "can't pass", fault->fault.id);
        fault->held.push_back(std::move(packet));
      }
      return;
    }
  }
  Link& link = LinkBetween(packet.from, packet.to);
  Time leaves = now_;
  if (link.spec.bandwidth > 0) {
    const Duration takes = Duration::FromNanos(packet.payload->bytes() * 1'000'000'000 / link.spec.bandwidth);
    link.free_at = std::max(link.free_at, now_) + takes;
    leaves = link.free_at;
  }
  Duration latency = link.spec.latency.Sample(link.random) + extra;
  bool copied = link.random.Chance(link.spec.duplicate);
  FaultState* lost_by = nullptr;
  bool lost = link.random.Chance(link.spec.loss);
  Duration retransmission;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    const FaultAction& action = state.fault.action;
    if (const auto* delay = std::get_if<LinkDelay>(&action)) {
      if (!Selects(delay->from, packet.from) || !Selects(delay->to, packet.to)) continue;
      latency = latency + delay->extra.Sample(state.random);
      ++state.report.effects;
    } else if (const auto* loss = std::get_if<LinkLoss>(&action)) {
      if (!Selects(loss->from, packet.from) || !Selects(loss->to, packet.to)) continue;
      // On a connection each loss costs one more, longer timeout.
      Duration timeout = kFirstRetransmission;
      while (state.random.Chance(loss->probability)) {
        ++state.report.effects;
        lost_by = &state;
        lost = true;
        if (!stream) break;
        retransmission = retransmission + timeout;
        timeout = std::min(timeout * 2, kLongestRetransmission);
        if (retransmission >= settings_.connection_timeout) break;
      }
    } else if (const auto* duplicate = std::get_if<LinkDuplicate>(&action)) {
      if (stream || !Selects(duplicate->from, packet.from) || !Selects(duplicate->to, packet.to)) continue;
      if (!state.random.Chance(duplicate->probability)) continue;
      ++state.report.effects;
      copied = true;
    }
  }
  if (stream) {
    if (lost && lost_by == nullptr) retransmission = kFirstRetransmission;
    Direction& direction = DirectionOf(connection(packet.conn), packet.toward_server);
    const Time arrives = std::max(leaves + latency + retransmission, direction.last_arrival);
    direction.last_arrival = arrives;
    Schedule(arrives, Arrival{std::move(packet)});
    return;
  }
  if (copied) {
    Emit({.kind = EventKind::kDuplicate, .node = packet.to, .peer = packet.from,
          .cause = packet.sent, .message = packet.message, .content = packet.payload->digest()});
    if (auto* shown = detail()) shown->type = std::string(packet.payload->name());
    Schedule(leaves + link.spec.latency.Sample(link.random), Arrival{packet});
  }
  if (lost) {
    EmitDrop(packet, "lost on the link", lost_by == nullptr ? "" : lost_by->fault.id);
    return;
  }
  Schedule(leaves + latency, Arrival{std::move(packet)});
}

void Simulation::OnArrival(Arrival arrival) {
  Packet& packet = arrival.packet;
  current_cause_ = packet.sent;
  Node& to = node(packet.to);
  if (packet.conn.valid()) {
    Connection& conn = connection(packet.conn);
    for (uint32_t index : active_faults_) {
      FaultState& state = faults_[index];
      const auto* reset = std::get_if<ResetOnMessage>(&state.fault.action);
      if (reset == nullptr || !Matches(reset->match, packet)) continue;
      const int64_t seen = ++state.matches;
      if (seen < reset->match.nth) continue;
      if (reset->match.count > 0 && seen >= reset->match.nth + reset->match.count) continue;
      ++state.report.effects;
      const EventId dropped = EmitDrop(packet, "the connection was reset", state.fault.id);
      LoseEnd(packet.conn, true, "reset", dropped);
      LoseEnd(packet.conn, false, "reset", dropped);
      return;
    }
    const uint32_t expected = packet.toward_server ? conn.server_incarnation : conn.opener_incarnation;
    const bool open = packet.toward_server ? conn.server_open : conn.opener_open;
    if (to.power == Node::Power::kOff) {
      Direction& direction = DirectionOf(conn, packet.toward_server);
      const bool toward_server = packet.toward_server;
      const ConnId id = packet.conn;
      direction.waiting.push_front(std::move(packet));
      if (!direction.stalled) Stall(id, toward_server, "");
      return;
    }
    if (!to.process || !open || to.incarnation != expected) {
      const EventId dropped = EmitDrop(packet, "nobody holds this end of the connection", "");
      Signal(packet.conn, ConnSignal::Kind::kReset, !packet.toward_server, dropped);
      return;
    }
  } else if (!to.process) {
    EmitDrop(packet, "nobody is listening", "");
    return;
  }
  const Packet seen = packet;
  Submit(packet.to, MessageWork{std::move(packet)});
  NoteTrigger(Trigger::Moment::kMessageArrived, &seen, "", seen.sent);
}

bool Simulation::HostReachable(NodeId from, NodeId to) const {
  return Blocking(from, to) == nullptr && node(to).power == Node::Power::kOn;
}

void Simulation::Connect(NodeId from, ConnId id, NodeId to, EventId cause) {
  CHECK(id.serial == node(from).connections.size(), "connections out of order on {}", node(from).spec.name);
  CHECK(to.value < nodes_.size(), "{} connects to node {}", node(from).spec.name, to.value);
  const EventId event = Emit({.kind = EventKind::kConnect, .node = from, .peer = to, .cause = cause,
                              .content = id.serial});
  Connection& conn = node(from).connections.emplace_back();
  conn.opener = from;
  conn.server = to;
  conn.opener_incarnation = node(from).incarnation;
  conn.opener_open = true;
  Signal(id, ConnSignal::Kind::kSyn, true, event);
  Schedule(now_ + settings_.connect_timeout, ConnSignal{ConnSignal::Kind::kTimeout, id, false, 0, event});
}

// Sends a control segment of the connection to one of its hosts; it may not get through.
void Simulation::Signal(ConnId id, ConnSignal::Kind kind, bool to_server, EventId cause) {
  Connection& conn = connection(id);
  const NodeId from = to_server ? conn.opener : conn.server;
  const NodeId to = to_server ? conn.server : conn.opener;
  if (!HostReachable(from, to)) {
    if (FaultState* fault = Blocking(from, to); fault != nullptr) ++fault->report.effects;
    // Requests to open are repeated; a reset that is lost leaves the other end half-open.
    if (kind != ConnSignal::Kind::kReset) conn.unreachable = true;
    return;
  }
  Link& link = LinkBetween(from, to);
  Direction& direction = DirectionOf(conn, to_server);
  const Time arrives = std::max(now_ + link.spec.latency.Sample(link.random), direction.last_arrival);
  direction.last_arrival = arrives;
  Schedule(arrives, ConnSignal{kind, id, to_server, 0, cause});
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
    conn.unreachable = true;
    return;
  }
  if (!server.process) {
    Signal(signal.conn, ConnSignal::Kind::kReset, false, signal.cause);
    return;
  }
  conn.server_open = true;
  conn.server_incarnation = server.incarnation;
  Signal(signal.conn, ConnSignal::Kind::kAccept, false, signal.cause);
}

void Simulation::OnReset(const ConnSignal& signal) {
  const Connection& conn = connection(signal.conn);
  LoseEnd(signal.conn, signal.at_server, conn.established ? "reset" : "refused", signal.cause);
}

void Simulation::OnConnTimeout(const ConnSignal& signal) {
  Connection& conn = connection(signal.conn);
  if (signal.generation == 0) {
    if (conn.established) return;
    LoseEnd(signal.conn, false, "connect timeout", signal.cause);
    return;
  }
  // A stalled direction: at_server says whose end is sending.
  const Direction& direction = DirectionOf(conn, !signal.at_server);
  if (!direction.stalled || direction.stall_generation != signal.generation) return;
  LoseEnd(signal.conn, true, "timeout", signal.cause);
  LoseEnd(signal.conn, false, "timeout", signal.cause);
}

// One end learns that the connection is gone.
void Simulation::LoseEnd(ConnId id, bool at_server, std::string_view reason, EventId cause) {
  Connection& conn = connection(id);
  bool& open = at_server ? conn.server_open : conn.opener_open;
  if (!open) return;
  open = false;
  Direction& outgoing = DirectionOf(conn, !at_server);
  outgoing.waiting.clear();
  outgoing.stalled = false;
  outgoing.held = false;
  const NodeId at = at_server ? conn.server : conn.opener;
  const uint32_t incarnation = at_server ? conn.server_incarnation : conn.opener_incarnation;
  if (!node(at).process || node(at).incarnation != incarnation) return;
  Submit(at, DisconnectedWork{id, reason, cause});
}

// The process at one end closes it.
void Simulation::CloseEnd(ConnId id, bool at_server, EventId cause) {
  Connection& conn = connection(id);
  bool& open = at_server ? conn.server_open : conn.opener_open;
  if (!open) return;
  open = false;
  // What was sent before goes first, as with TCP's FIN; what can't pass is given up.
  DirectionOf(conn, !at_server).waiting.clear();
  DirectionOf(conn, !at_server).held = false;
  DirectionOf(conn, !at_server).stalled = false;
  if (conn.server_open || conn.opener_open || !conn.established) {
    Signal(id, ConnSignal::Kind::kReset, !at_server, cause);
  }
}

// Closes this node's ends of all connections of processes that are gone. Unless `silent`, its host tells
// the others.
void Simulation::ResetConnections(NodeId id, bool silent, EventId cause) {
  for (uint32_t opener = 0; opener < nodes_.size(); ++opener) {
    for (uint32_t serial = 0; serial < nodes_[opener].connections.size(); ++serial) {
      const ConnId conn_id{opener, serial};
      Connection& conn = connection(conn_id);
      for (const bool at_server : {false, true}) {
        if ((at_server ? conn.server : conn.opener) != id) continue;
        const bool theirs_open = at_server ? conn.opener_open : conn.server_open;
        bool& open = at_server ? conn.server_open : conn.opener_open;
        const uint32_t incarnation = at_server ? conn.server_incarnation : conn.opener_incarnation;
        const bool current = node(id).process && incarnation == node(id).incarnation;
        if (current) continue;
        // A half-open peer is told when the host answers again.
        const bool was_ever_open = incarnation != 0;
        open = false;
        DirectionOf(conn, !at_server).waiting.clear();
        DirectionOf(conn, !at_server).stalled = false;
        DirectionOf(conn, !at_server).held = false;
        if (!silent && was_ever_open && theirs_open) {
          const bool peer_waits = !DirectionOf(conn, at_server).waiting.empty();
          if (node(id).process || peer_waits || cause != 0) {
            Signal(conn_id, ConnSignal::Kind::kReset, !at_server, cause);
          }
        }
      }
    }
  }
}

}  // namespace brokersim::sim
