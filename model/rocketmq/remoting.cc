#include "model/rocketmq/remoting.h"

#include <utility>

namespace brokersim::rocketmq {

sim::ConnId Remoting::ConnectTo(sim::NodeId peer, sim::Effects& out) {
  sim::ConnId& conn = peers_[peer];
  if (!conn.valid()) conn = out.Connect(peer);
  return conn;
}

void Remoting::Send(sim::NodeId peer, Body body, Tag tag, sim::Duration timeout, sim::Effects& out) {
  const sim::ConnId conn = ConnectTo(peer, out);
  const int32_t opaque = next_opaque_++;
  waiting_.emplace(opaque, Waiting{conn, tag});
  out.Send(conn, sim::MakePayload(Command{opaque, false, std::move(body)}));
  out.SetTimer({timer_kind_, opaque}, timeout);
}

void Remoting::SendOneWay(sim::NodeId peer, Body body, sim::Effects& out) {
  Tell(ConnectTo(peer, out), std::move(body), out);
}

sim::NodeId Remoting::PeerOf(sim::ConnId conn) const {
  for (const auto& [peer, own] : peers_) {
    if (own == conn) return peer;
  }
  return sim::NodeId{};
}

std::optional<Tag> Remoting::OnResponse(int32_t opaque, sim::Effects& out) {
  const auto found = waiting_.find(opaque);
  if (found == waiting_.end()) return std::nullopt;
  const Tag tag = found->second.tag;
  waiting_.erase(found);
  out.CancelTimer({timer_kind_, opaque});
  return tag;
}

std::optional<std::vector<Tag>> Remoting::OnDisconnected(sim::ConnId conn, sim::Effects& out) {
  bool ours = false;
  for (auto& [peer, own] : peers_) {
    if (own != conn) continue;
    own = sim::ConnId{};
    ours = true;
  }
  if (!ours) return std::nullopt;
  std::vector<Tag> lost;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    if (it->second.conn != conn) {
      ++it;
      continue;
    }
    lost.push_back(it->second.tag);
    out.CancelTimer({timer_kind_, it->first});
    it = waiting_.erase(it);
  }
  return lost;
}

std::optional<Tag> Remoting::OnTimer(sim::Timer timer) {
  if (timer.kind != timer_kind_) return std::nullopt;
  const auto found = waiting_.find(static_cast<int32_t>(timer.arg));
  if (found == waiting_.end()) return std::nullopt;
  const Tag tag = found->second.tag;
  waiting_.erase(found);
  return tag;
}

void Reply(sim::ConnId conn, int32_t opaque, Body body, sim::Effects& out) {
  out.Send(conn, sim::MakePayload(Command{opaque, true, std::move(body)}));
}

void Tell(sim::ConnId conn, Body body, sim::Effects& out) {
  out.Send(conn, sim::MakePayload(Command{0, false, std::move(body)}));
}

}  // namespace brokersim::rocketmq
