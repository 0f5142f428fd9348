// A broker in KRaft mode: registration, heartbeats, the metadata log.
// (BrokerLifecycleManager.scala, BrokerServer.scala)
#include <algorithm>

#include "model/kafka/broker.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

// ---- Registration and heartbeats

void Broker::Register(sim::Env& env, sim::Effects& out) {
  sent_[requests_.Send(cluster_->controller, BrokerRegistrationRequest{id_, incarnation_id_, previous_broker_epoch_},
                       kControllerRequestTimeout, env, out)] = RegistrationSent{};
}

void Broker::OnRegistered(const BrokerRegistrationResponse& m, sim::Env& env, sim::Effects& out) {
  if (m.error != ErrorCode::kNone) {
    out.SetTimer({kRegister}, kRegistrationRetry);
    return;
  }
  registered_ = true;
  broker_epoch_ = m.broker_epoch;
  MaybePublishFirst(env, out);
  SendHeartbeat(env, out);
}

void Broker::SendHeartbeat(sim::Env& env, sim::Effects& out) {
  if (!registered_) return;
  sent_[requests_.Send(cluster_->controller,
                       BrokerHeartbeatRequest{id_, broker_epoch_, metadata_offset_, false, stopping_},
                       kControllerRequestTimeout, env, out)] = HeartbeatSent{};
}

void Broker::OnHeartbeatAnswer(const BrokerHeartbeatResponse& m, sim::Env& env, sim::Effects& out) {
  if (m.error == ErrorCode::kStaleBrokerEpoch) {
    BROKERSIM_PROBE("kafka/broker: registers anew after a stale epoch");
    // Another process registered under this id, or the controller forgot: register anew.
    registered_ = false;
    Register(env, out);
    return;
  }
  fenced_ = m.is_fenced;
  if (stopping_ && m.should_shut_down) {
    FlushAndExit(out);
    return;
  }
  // A broker that wants in, or out, asks more often (BrokerLifecycleManager.scheduleNextCommunicationAfterSuccess).
  const int64_t interval = config_->broker_heartbeat_interval_ms;
  out.SetTimer({kHeartbeat},
               sim::Milliseconds(m.is_fenced || stopping_ ? std::max<int64_t>(interval / 20, 10) : interval));
}

// ---- The metadata log

void Broker::FetchMetadata(sim::Env& env, sim::Effects& out) {
  sent_[requests_.Send(cluster_->controller, MetadataFetchRequest{id_, metadata_offset_}, std::nullopt, env, out)] =
      MetadataFetchSent{};
}

void Broker::ApplyMetadata(const MetadataFetchResponse& m, sim::Env& env, sim::Effects& out) {
  CHECK(m.offset == metadata_offset_, "metadata from {}, not {}", m.offset, metadata_offset_);
  for (const MetadataRecord& record : m.records) {
    ++metadata_offset_;
    if (const auto* registration = std::get_if<RegisterBrokerRecord>(&record)) {
      alive_brokers_[registration->broker_id] = !registration->fenced;
    } else if (const auto* change = std::get_if<BrokerRegistrationChangeRecord>(&record)) {
      alive_brokers_[change->broker_id] = !change->fenced;
    } else if (const auto* partition = std::get_if<PartitionRecord>(&record)) {
      metadata_.insert_or_assign(partition->tp, *partition);
    }
  }
  if (!published_) {
    MaybePublishFirst(env, out);
    return;
  }
  // MetadataPublisher: replicas see only where a batch of records leads to.
  for (const MetadataRecord& record : m.records) {
    const auto* partition = std::get_if<PartitionRecord>(&record);
    if (partition == nullptr) continue;
    const PartitionRecord& latest = metadata_.at(partition->tp);
    if (latest.partition_epoch == partition->partition_epoch) ApplyPartition(latest, env, out);
  }
}

// BrokerServer.startup: replicas hear nothing of the metadata before the broker is registered and has read as far as
// its own registration (initialCatchUpFuture). Until then the metadata tells of its former incarnation, which may still
// count as a leader or a member of the ISR though this one has lost part of the log.
void Broker::MaybePublishFirst(sim::Env& env, sim::Effects& out) {
  if (published_ || !registered_ || metadata_offset_ <= broker_epoch_) return;
  published_ = true;
  for (const auto& [tp, record] : metadata_) ApplyPartition(record, env, out);
}

}  // namespace brokersim::kafka
