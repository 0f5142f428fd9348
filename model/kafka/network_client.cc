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
  has_metadata_ = true;
  for (const MetadataResponse::Partition& partition : std::get<MetadataResponse>(frame.body).partitions) {
    // An answer from a broker that is behind doesn't count (Metadata.updateLatestMetadata, KIP-320).
    Leader& known = leaders_[partition.tp];
    if (partition.leader_epoch >= known.epoch) known = Leader{partition.leader, partition.leader_epoch};
  }
  out.SetTimer(Own(kMetadataAge), sim::Milliseconds(settings_.metadata_max_age_ms));
  return Heard::kMetadata;
}

bool NetworkClient::OnTimer(sim::Timer timer, OnLost on_lost, sim::Env& env, sim::Effects& out) {
  if (const auto lost = requests_.OnTimer(timer, env, out); lost.has_value()) {
    LoseAll(*lost, on_lost, env, out);
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

void NetworkClient::Disconnect(int32_t broker, OnLost on_lost, sim::Env& env, sim::Effects& out) {
  LoseAll(requests_.Disconnect(cluster_->brokers.at(broker), out), on_lost, env, out);
}

std::string_view NetworkClient::TimerName(uint32_t kind) const {
  if (kind == first_timer_ + kRequestTimeout) return "request-timeout";
  if (kind == first_timer_ + kMetadataBackoff) return "metadata-backoff";
  if (kind == first_timer_ + kMetadataAge) return "metadata-age";
  return "";
}

void NetworkClient::LoseAll(const std::vector<int32_t>& lost, OnLost on_lost, sim::Env& env, sim::Effects& out) {
  for (int32_t correlation : lost) {
    const auto found = sent_.find(correlation);
    CHECK(found != sent_.end(), "{} forgot request {}", env.name(), correlation);
    const Tag tag = found->second;
    sent_.erase(found);
    if (tag.kind == kMetadataTag) {
      metadata_asked_ = false;
      RefreshMetadata(env, out);
    } else {
      on_lost(tag);
    }
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

int32_t NetworkClient::AnyBroker(sim::Env& env) {
  std::vector<int32_t> least;
  int64_t fewest = INT64_MAX;
  for (const auto& [id, node] : cluster_->brokers) {
    const int64_t in_flight = requests_.InFlight(node);
    if (in_flight > fewest) continue;
    if (in_flight < fewest) least.clear();
    fewest = in_flight;
    least.push_back(id);
  }
  return least[env.Random("any-broker").Below(least.size())];
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

void NetworkClient::AskForMetadata(sim::Env& env, sim::Effects& out) {
  metadata_asked_ = true;
  last_asked_ = env.monotonic();
  SendTo(AnyBroker(env), MetadataRequest{}, Tag{kMetadataTag, 0}, env, out);
}

NetworkClient::Leader NetworkClient::LeaderOf(const TopicPartition& tp) const {
  const auto found = leaders_.find(tp);
  return found == leaders_.end() ? Leader{} : found->second;
}

int32_t NetworkClient::PartitionsOf(const std::string& topic) const {
  int32_t count = 0;
  for (const auto& [tp, leader] : leaders_) {
    if (tp.topic == topic) count = std::max(count, tp.partition + 1);
  }
  return count;
}

}  // namespace brokersim::kafka
