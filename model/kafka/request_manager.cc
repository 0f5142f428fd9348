#include "model/kafka/request_manager.h"

#include <utility>

namespace brokersim::kafka {

sim::ConnId RequestManager::ConnectTo(sim::NodeId id, sim::Effects& out) {
  Peer& peer = peers_[id];
  if (!peer.conn.valid()) {
    peer.conn = out.Connect(id);
    peer.attempt = ++attempts_;
  }
  return peer.conn;
}

bool RequestManager::OnConnected(sim::ConnId conn) {
  for (auto& [id, peer] : peers_) {
    if (peer.conn != conn) continue;
    peer.ready = true;
    return true;
  }
  return false;
}

int32_t RequestManager::Send(sim::NodeId id, Body body, std::optional<sim::Duration> timeout,
                             sim::Env& env, sim::Effects& out) {
  const sim::ConnId conn = ConnectTo(id, out);
  const int32_t correlation = next_correlation_++;
  out.Send(conn, sim::MakePayload(Frame{correlation, std::move(body)}));
  Peer& peer = peers_[id];
  std::optional<sim::Time> deadline;
  if (timeout.has_value()) deadline = env.monotonic() + *timeout;
  peer.in_flight.emplace(correlation, deadline);
  if (deadline.has_value()) ArmTimer(id, peer, env, out);
  return correlation;
}

void RequestManager::SendOneWay(sim::NodeId id, Body body, sim::Effects& out) {
  const sim::ConnId conn = ConnectTo(id, out);
  out.Send(conn, sim::MakePayload(Frame{next_correlation_++, std::move(body)}));
}

std::optional<int32_t> RequestManager::OnMessage(const sim::Received& message, const Frame& frame) {
  const auto found = peers_.find(message.from);
  if (found == peers_.end() || found->second.conn != message.conn) return std::nullopt;
  if (found->second.in_flight.erase(frame.correlation_id) == 0) return std::nullopt;
  return frame.correlation_id;
}

std::vector<int32_t> RequestManager::Forget(Peer* peer) {
  std::vector<int32_t> lost;
  for (const auto& [correlation, deadline] : peer->in_flight) lost.push_back(correlation);
  peer->in_flight.clear();
  peer->conn = sim::ConnId{};
  peer->ready = false;
  peer->attempt = ++attempts_;
  return lost;
}

std::optional<std::vector<int32_t>> RequestManager::OnDisconnected(sim::ConnId conn) {
  for (auto& [id, peer] : peers_) {
    if (peer.conn == conn) return Forget(&peer);
  }
  return std::nullopt;
}

std::optional<std::vector<int32_t>> RequestManager::OnTimer(sim::Timer timer, sim::Env& env,
                                                            sim::Effects& out) {
  if (timer.kind != timer_kind_) return std::nullopt;
  const sim::NodeId id{static_cast<uint32_t>(timer.arg)};
  const auto found = peers_.find(id);
  if (found == peers_.end()) return std::vector<int32_t>{};
  for (const auto& [correlation, deadline] : found->second.in_flight) {
    if (deadline.has_value() && *deadline <= env.monotonic()) return Disconnect(id, out);
  }
  ArmTimer(id, found->second, env, out);
  return std::vector<int32_t>{};
}

std::vector<int32_t> RequestManager::Disconnect(sim::NodeId id, sim::Effects& out) {
  const auto found = peers_.find(id);
  if (found == peers_.end() || !found->second.conn.valid()) return {};
  out.Close(found->second.conn);
  return Forget(&found->second);
}

void RequestManager::Close(sim::Effects& out) {
  for (auto& [id, peer] : peers_) {
    if (peer.conn.valid()) out.Close(peer.conn);
    Forget(&peer);
  }
}

int64_t RequestManager::InFlight(sim::NodeId id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? 0 : static_cast<int64_t>(found->second.in_flight.size());
}

RequestManager::Connection RequestManager::ConnectionTo(sim::NodeId id) const {
  const auto found = peers_.find(id);
  if (found == peers_.end() || !found->second.conn.valid()) return Connection::kNone;
  return found->second.ready ? Connection::kReady : Connection::kConnecting;
}

int64_t RequestManager::LastAttempt(sim::NodeId id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? 0 : found->second.attempt;
}

void RequestManager::ArmTimer(sim::NodeId id, const Peer& peer, sim::Env& env, sim::Effects& out) {
  std::optional<sim::Time> first;
  for (const auto& [correlation, deadline] : peer.in_flight) {
    if (deadline.has_value() && (!first.has_value() || *deadline < *first)) first = deadline;
  }
  const sim::Timer timer{timer_kind_, id.value};
  if (first.has_value()) {
    out.SetTimer(timer, std::max(*first - env.monotonic(), sim::Nanoseconds(0)));
  } else {
    out.CancelTimer(timer);
  }
}

void Reply(sim::ConnId conn, int32_t correlation_id, Body body, sim::Effects& out) {
  out.Send(conn, sim::MakePayload(Frame{correlation_id, std::move(body)}));
}

}  // namespace brokersim::kafka
