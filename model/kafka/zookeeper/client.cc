#include "model/kafka/zookeeper/client.h"

#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

// Ours: the middle of the random wait of up to a second between attempts to connect (ClientCnxn.startConnect).
constexpr sim::Duration kReconnectAfter = sim::Milliseconds(500);

enum ClientTimer : uint32_t { kRequestTimeout, kPing, kReconnect };

}  // namespace

ZooKeeperClient::ZooKeeperClient(sim::NodeId server, int64_t session_timeout_ms, uint32_t first_timer)
    : server_(server), session_timeout_ms_(session_timeout_ms), first_timer_(first_timer),
      requests_(first_timer + kRequestTimeout) {}

void ZooKeeperClient::Start(sim::Env& env, sim::Effects& out) { Connect(env, out); }

void ZooKeeperClient::Connect(sim::Env& env, sim::Effects& out) {
  state_ = State::kConnecting;
  ZkConnectRequest request{session_, session_timeout_ms_, {}};
  for (const auto& [watched, zxid] : watches_) request.watches.push_back({watched.first, watched.second, zxid});
  requests_.Send(server_, std::move(request), Patience(), env, out);
}

int64_t ZooKeeperClient::Ask(std::vector<ZkOp> ops, bool in_session, sim::Env& env, sim::Effects& out) {
  const int64_t number = next_number_++;
  pending_.emplace(number, Pending{ZkRequest{std::move(ops)}, in_session});
  if (state_ == State::kConnected) Send(number, env, out);
  return number;
}

void ZooKeeperClient::Send(int64_t number, sim::Env& env, sim::Effects& out) {
  sent_[requests_.Send(server_, pending_.at(number).request, Patience(), env, out)] = number;
}

void ZooKeeperClient::Close(sim::Effects& out) {
  if (state_ == State::kConnected) requests_.SendOneWay(server_, ZkCloseRequest{}, out);
}

bool ZooKeeperClient::OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out) {
  if (const auto* event = std::get_if<ZkWatcherEvent>(&frame.body)) {
    if (watches_.erase({event->path, event->type}) > 0) news_.push_back(*event);
    return true;
  }
  const auto correlation = frame.is_request() ? std::nullopt : requests_.OnMessage(message, frame);
  if (!correlation.has_value()) return false;
  if (const auto* connected = std::get_if<ZkConnectResponse>(&frame.body)) {
    OnConnected(*connected, env, out);
  } else if (const auto* answer = std::get_if<ZkResponse>(&frame.body)) {
    OnAnswer(*correlation, *answer);
  }
  return true;
}

void ZooKeeperClient::OnConnected(const ZkConnectResponse& m, sim::Env& env, sim::Effects& out) {
  if (m.session_id == 0) {
    session_ = 0;
    watches_.clear();
    erase_if(pending_, [](const auto& entry) { return entry.second.in_session; });
    news_.push_back(SessionExpired{});
    Connect(env, out);
    return;
  }
  state_ = State::kConnected;
  // Pings go when a third of the timeout has passed (ClientCnxn.SendThread.run).
  out.SetTimer({first_timer_ + kPing}, sim::Milliseconds(session_timeout_ms_ / 3));
  const bool begun = session_ == 0;
  session_ = m.session_id;
  if (begun) news_.push_back(SessionBegun{});
  for (const auto& [number, pending] : pending_) Send(number, env, out);
}

void ZooKeeperClient::OnAnswer(int32_t correlation, const ZkResponse& m) {
  const auto sent = sent_.find(correlation);
  if (sent == sent_.end()) return;
  const int64_t number = sent->second;
  sent_.erase(sent);
  const auto pending = pending_.find(number);
  const std::vector<ZkOp>& ops = pending->second.request.ops;
  for (size_t i = 0; i < m.results.size(); ++i) {
    if (!ops[i].watch) continue;
    const ZkStat& stat = m.results[i].stat;
    const bool children = ops[i].type == ZkOpType::kGetChildren;
    watches_[{ops[i].path, children ? ZkWatchType::kChildren : ZkWatchType::kData}] =
        children ? stat.pzxid : stat.mzxid;
  }
  pending_.erase(pending);
  news_.push_back(Answer{number, m});
}

bool ZooKeeperClient::OnDisconnected(sim::ConnId conn, sim::Effects& out) {
  if (!requests_.OnDisconnected(conn).has_value()) return false;
  Lost(out);
  return true;
}

void ZooKeeperClient::Lost(sim::Effects& out) {
  state_ = State::kDown;
  sent_.clear();
  out.CancelTimer({first_timer_ + kPing});
  out.SetTimer({first_timer_ + kReconnect}, kReconnectAfter);
}

bool ZooKeeperClient::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (const auto lost = requests_.OnTimer(timer, env, out); lost.has_value()) {
    if (!lost->empty()) {
      BROKERSIM_PROBE("kafka/zookeeper: no answer within two thirds of the session timeout");
      Lost(out);
    }
    return true;
  }
  if (timer.kind == first_timer_ + kPing) {
    requests_.Send(server_, ZkPingRequest{}, Patience(), env, out);
    out.SetTimer(timer, sim::Milliseconds(session_timeout_ms_ / 3));
    return true;
  }
  if (timer.kind != first_timer_ + kReconnect) return false;
  if (state_ == State::kDown) Connect(env, out);
  return true;
}

}  // namespace brokersim::kafka
