#include "model/kafka/client.h"

#include <algorithm>
#include <utility>

namespace brokersim::kafka {

void Client::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* frame = message.payload.As<Frame>();
  if (frame == nullptr) {
    OnOtherMessage(message, env, out);
    return;
  }
  const auto correlation = requests_.OnMessage(message, *frame);
  if (!correlation.has_value()) return;  // given up meanwhile
  const auto found = sent_.find(*correlation);
  CHECK(found != sent_.end(), "{} forgot request {}", env.name(), *correlation);
  const Tag tag = found->second;
  sent_.erase(found);
  if (tag.kind != kMetadataTag) {
    OnAnswer(tag, frame->body, env, out);
    return;
  }
  metadata_asked_ = false;
  has_metadata_ = true;
  for (const MetadataResponse::Partition& partition : std::get<MetadataResponse>(frame->body).partitions) {
    // An answer from a broker that is behind doesn't count (Metadata.updateLatestMetadata, KIP-320).
    Leader& known = leaders_[partition.tp];
    if (partition.leader_epoch >= known.epoch) known = Leader{partition.leader, partition.leader_epoch};
  }
  out.SetTimer({kMetadataAge}, sim::Milliseconds(settings_.metadata_max_age_ms));
  OnMetadata(env, out);
}

void Client::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (const auto lost = requests_.OnTimer(timer, env, out); lost.has_value()) {
    LoseAll(*lost, env, out);
  } else if (timer.kind == kMetadataBackoff) {
    metadata_wanted_ = false;
    AskForMetadata(env, out);
  } else if (timer.kind == kMetadataAge) {
    RefreshMetadata(env, out);
  } else {
    OnClientTimer(timer, env, out);
  }
}

void Client::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (const auto lost = requests_.OnDisconnected(conn); lost.has_value()) {
    LoseAll(*lost, env, out);
  } else {
    OnOtherDisconnected(conn, env, out);
  }
}

std::string_view Client::TimerName(sim::Timer timer) const {
  switch (timer.kind) {
    case kRequestTimeout: return "request-timeout";
    case kMetadataBackoff: return "metadata-backoff";
    case kMetadataAge: return "metadata-age";
    default: return ClientTimerName(timer.kind);
  }
}

void Client::LoseAll(const std::vector<int32_t>& lost, sim::Env& env, sim::Effects& out) {
  for (int32_t correlation : lost) {
    const auto found = sent_.find(correlation);
    CHECK(found != sent_.end(), "{} forgot request {}", env.name(), correlation);
    const Tag tag = found->second;
    sent_.erase(found);
    if (tag.kind == kMetadataTag) {
      metadata_asked_ = false;
      RefreshMetadata(env, out);
    } else {
      OnLost(tag, env, out);
    }
  }
}

void Client::SendTo(int32_t broker, Body body, Tag tag, sim::Env& env, sim::Effects& out) {
  sent_[requests_.Send(cluster_->brokers.at(broker), std::move(body),
                       sim::Milliseconds(settings_.request_timeout_ms), env, out)] = tag;
}

void Client::SendOneWay(int32_t broker, Body body, sim::Effects& out) {
  requests_.SendOneWay(cluster_->brokers.at(broker), std::move(body), out);
}

int32_t Client::AnyBroker(sim::Env& env) {
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

void Client::Disconnect(int32_t broker, sim::Env& env, sim::Effects& out) {
  LoseAll(requests_.Disconnect(cluster_->brokers.at(broker), out), env, out);
}

void Client::RefreshMetadata(sim::Env& env, sim::Effects& out) {
  if (metadata_asked_ || metadata_wanted_) return;
  const sim::Duration backoff = sim::Milliseconds(settings_.retry_backoff_ms);
  if (last_asked_.has_value() && env.monotonic() - *last_asked_ < backoff) {
    metadata_wanted_ = true;
    out.SetTimer({kMetadataBackoff}, backoff - (env.monotonic() - *last_asked_));
    return;
  }
  AskForMetadata(env, out);
}

void Client::AskForMetadata(sim::Env& env, sim::Effects& out) {
  metadata_asked_ = true;
  last_asked_ = env.monotonic();
  SendTo(AnyBroker(env), MetadataRequest{}, Tag{kMetadataTag, 0}, env, out);
}

Client::Leader Client::LeaderOf(const TopicPartition& tp) const {
  const auto found = leaders_.find(tp);
  return found == leaders_.end() ? Leader{} : found->second;
}

int32_t Client::PartitionsOf(const std::string& topic) const {
  int32_t count = 0;
  for (const auto& [tp, leader] : leaders_) {
    if (tp.topic == topic) count = std::max(count, tp.partition + 1);
  }
  return count;
}

}  // namespace brokersim::kafka
