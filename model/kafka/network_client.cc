#include "model/kafka/network_client.h"

#include <algorithm>
#include <utility>

namespace brokersim::kafka {

NetworkClient::Heard NetworkClient::OnMessage(const sim::Received& message, const Frame& frame, Tag* tag,
                                              sim::Env& env, sim::Effects& out) {
  const auto correlation = requests_.OnMessage(message, frame);
  if (!correlation.has_value()) return Heard::kNothing;
  const auto found = sent_.find(*correlation);
  CHECK(found != sent_.end(), "{} forgot request {}", env.name(), *correlation);
  *tag = found->second;
  sent_.erase(found);
  if (tag->kind != kMetadataTag) return Heard::kAnswer;
  metadata_asked_ = false;
  return OnMetadataAnswer(std::get<MetadataResponse>(frame.body), env, out) ? Heard::kMetadata : Heard::kNothing;
}

// Returns whether it counts (DefaultMetadataUpdater.handleSuccessfulResponse).
bool NetworkClient::OnMetadataAnswer(const MetadataResponse& m, sim::Env& env, sim::Effects& out) {
  if (m.brokers.empty()) {
    // From a broker that has only just started.
    RefreshMetadata(env, out);
    return false;
  }
  has_metadata_ = true;
  nodes_ = m.brokers;
  for (const MetadataResponse::Partition& partition : m.partitions) {
    // An answer from a broker that is behind doesn't count (Metadata.updateLatestMetadata, KIP-320).
    Leader& known = leaders_[partition.tp];
    if (partition.leader_epoch >= known.epoch) known = Leader{partition.leader, partition.leader_epoch};
  }
  out.SetTimer(Own(kMetadataAge), sim::Milliseconds(settings_.metadata_max_age_ms));
  return true;
}

void NetworkClient::OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (!requests_.OnConnected(conn) || !awaits_connection_) return;
  awaits_connection_ = false;
  AskForMetadata(env, out);
}

bool NetworkClient::OnTimer(sim::Timer timer, OnLost on_lost, sim::Env& env, sim::Effects& out) {
  if (const auto lost = requests_.OnTimer(timer, env, out); lost.has_value()) {
    if (!lost->empty()) LoseAll(*lost, on_lost, env, out);
  } else if (timer.kind == first_timer_ + kMetadataBackoff) {
    metadata_wanted_ = false;
    AskForMetadata(env, out);
  } else if (timer.kind == first_timer_ + kMetadataAge) {
    RefreshMetadata(env, out);
  } else {
    return false;
  }
  return true;
}

bool NetworkClient::OnDisconnected(sim::ConnId conn, OnLost on_lost, sim::Env& env, sim::Effects& out) {
  const auto lost = requests_.OnDisconnected(conn);
  if (!lost.has_value()) return false;
  LoseAll(*lost, on_lost, env, out);
  return true;
}

std::string_view NetworkClient::TimerName(uint32_t kind) const {
  if (kind == first_timer_ + kRequestTimeout) return "request-timeout";
  if (kind == first_timer_ + kMetadataBackoff) return "metadata-backoff";
  if (kind == first_timer_ + kMetadataAge) return "metadata-age";
  return "";
}

// A connection is gone, with these requests. Whoever was there may lead no more (handleServerDisconnect). Metadata is
// asked for before anybody connects to that broker again, which isn't done for reconnect.backoff.ms: else the request
// would wait for a connection that a dead broker never accepts.
void NetworkClient::LoseAll(const std::vector<int32_t>& lost, OnLost on_lost, sim::Env& env, sim::Effects& out) {
  if (std::exchange(awaits_connection_, false)) metadata_asked_ = false;
  // metadata.recovery.strategy=rebootstrap (KIP-899): none of the brokers that are known can be reached.
  const bool reachable = std::any_of(nodes_.begin(), nodes_.end(), [&](int32_t id) {
    const sim::NodeId node = cluster_->brokers.at(id);
    return requests_.ConnectionTo(node) == RequestManager::Connection::kReady || requests_.LastAttempt(node) == 0;
  });
  if (!reachable) nodes_.clear();
  for (int32_t correlation : lost) metadata_asked_ = metadata_asked_ && sent_.at(correlation).kind != kMetadataTag;
  RefreshMetadata(env, out);
  for (int32_t correlation : lost) {
    const auto found = sent_.find(correlation);
    CHECK(found != sent_.end(), "{} forgot request {}", env.name(), correlation);
    const Tag tag = found->second;
    sent_.erase(found);
    if (tag.kind != kMetadataTag) on_lost(tag);
  }
}

void NetworkClient::SendTo(int32_t broker, Body body, Tag tag, sim::Env& env, sim::Effects& out) {
  std::optional<sim::Duration> timeout;
  if (settings_.request_timeout_ms.has_value()) timeout = sim::Milliseconds(*settings_.request_timeout_ms);
  sent_[requests_.Send(cluster_->brokers.at(broker), std::move(body), timeout, env, out)] = tag;
}

void NetworkClient::SendOneWay(int32_t broker, Body body, sim::Effects& out) {
  requests_.SendOneWay(cluster_->brokers.at(broker), std::move(body), out);
}

std::vector<int32_t> NetworkClient::Nodes() const {
  if (!nodes_.empty()) return nodes_;
  std::vector<int32_t> all;
  for (const auto& [id, node] : cluster_->brokers) all.push_back(id);
  return all;
}

// Looked for from a drawn one on: of those with a connection that takes another request the one with the fewest in
// flight; else one that is being connected to; else the one whose last attempt is longest ago
// (NetworkClient.leastLoadedNode). Our choice: one that was never tried goes before one that is being connected to, for
// here brokers are connected to again without reconnect.backoff.ms between.
std::optional<int32_t> NetworkClient::LeastLoaded(sim::Env& env) {
  using Connection = RequestManager::Connection;
  std::vector<int32_t> nodes = Nodes();
  std::rotate(nodes.begin(), nodes.begin() + static_cast<int64_t>(env.Random("any-broker").Below(nodes.size())),
              nodes.end());
  std::optional<int32_t> best;
  std::pair<int, int64_t> best_rank;
  for (int32_t id : nodes) {
    const sim::NodeId node = cluster_->brokers.at(id);
    std::pair<int, int64_t> rank;
    switch (requests_.ConnectionTo(node)) {
      case Connection::kReady:
        if (requests_.InFlight(node) >= settings_.max_in_flight) continue;
        rank = {0, requests_.InFlight(node)};
        break;
      case Connection::kConnecting: rank = {2, 0}; break;
      case Connection::kNone: rank = {requests_.LastAttempt(node) == 0 ? 1 : 3, requests_.LastAttempt(node)}; break;
    }
    if (best.has_value() && rank >= best_rank) continue;
    best = id;
    best_rank = rank;
  }
  return best;
}

void NetworkClient::RefreshMetadata(sim::Env& env, sim::Effects& out) {
  if (metadata_asked_ || metadata_wanted_) return;
  const sim::Duration backoff = sim::Milliseconds(settings_.retry_backoff_ms);
  if (last_asked_.has_value() && env.monotonic() - *last_asked_ < backoff) {
    metadata_wanted_ = true;
    out.SetTimer(Own(kMetadataBackoff), backoff - (env.monotonic() - *last_asked_));
    return;
  }
  AskForMetadata(env, out);
}

// DefaultMetadataUpdater.maybeUpdate: a request goes out on a connection that stands; else on the first one that does.
void NetworkClient::AskForMetadata(sim::Env& env, sim::Effects& out) {
  last_asked_ = env.monotonic();
  const std::optional<int32_t> broker = LeastLoaded(env);
  if (!broker.has_value()) {
    metadata_asked_ = false;
    RefreshMetadata(env, out);
    return;
  }
  metadata_asked_ = true;
  const sim::NodeId node = cluster_->brokers.at(*broker);
  if (requests_.ConnectionTo(node) == RequestManager::Connection::kReady) {
    SendTo(*broker, MetadataRequest{}, Tag{kMetadataTag, 0}, env, out);
  } else {
    awaits_connection_ = true;
    requests_.Connect(node, out);
  }
}

NetworkClient::Leader NetworkClient::LeaderOf(const TopicPartition& tp) const {
  const auto found = leaders_.find(tp);
  return found == leaders_.end() ? Leader{} : found->second;
}

void NetworkClient::UpdateLastSeenEpoch(const TopicPartition& tp, int32_t epoch, sim::Env& env, sim::Effects& out) {
  const auto found = leaders_.find(tp);
  if (found == leaders_.end() || epoch <= found->second.epoch) return;
  found->second = Leader{kNoLeader, epoch};
  RefreshMetadata(env, out);
}

bool NetworkClient::UpdateLeader(const TopicPartition& tp, Leader leader) {
  const auto found = leaders_.find(tp);
  if (found == leaders_.end() || leader.id == kNoLeader || leader.epoch <= found->second.epoch) return false;
  found->second = leader;
  if (std::find(nodes_.begin(), nodes_.end(), leader.id) == nodes_.end()) nodes_.push_back(leader.id);
  return true;
}

int32_t NetworkClient::PartitionsOf(const std::string& topic) const {
  int32_t count = 0;
  for (const auto& [tp, leader] : leaders_) {
    if (tp.topic == topic) count = std::max(count, tp.partition + 1);
  }
  return count;
}

}  // namespace brokersim::kafka
