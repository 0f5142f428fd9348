// The follower's side of replication. One fetch at a time to each leader.
// (AbstractFetcherThread.scala, ReplicaFetcherThread.scala; KIP-101, KIP-279, KIP-595)
#include <algorithm>
#include <utility>

#include "model/kafka/broker.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

void Broker::Follow(const TopicPartition& tp, int32_t leader, sim::Env& env, sim::Effects& out) {
  fetchers_[leader].ready[tp] = true;
  // Since KIP-595 fetches tell by themselves where the logs part.
  replicas_.at(tp).truncates_first = config_->kip_101 && !config_->kip_320;
  SendFetch(leader, env, out);
}

void Broker::Unfollow(const TopicPartition& tp) {
  for (auto& [leader, fetcher] : fetchers_) fetcher.ready.erase(tp);
}

void Broker::SendFetch(int32_t leader, sim::Env& env, sim::Effects& out) {
  Fetcher& fetcher = fetchers_[leader];
  if (fetcher.in_flight || !fetcher.waits_for.empty() || stopping_) return;
  ReplicaFetchSent sent;
  sent.leader = leader;
  for (auto& [tp, ready] : fetcher.ready) {
    if (!ready) continue;
    Replica& replica = replicas_.at(tp);
    const Partition& partition = replica.partition;
    if (replica.truncates_first && partition.log().last_epoch() >= 0) {
      ready = false;
      AskEpochEnd(leader, &replica, env, out);
      continue;
    }
    FetchRequest::Partition wanted;
    wanted.tp = tp;
    wanted.fetch_offset = partition.log().log_end_offset();
    if (config_->kip_101 && config_->kip_320) {
      wanted.current_leader_epoch = partition.leader_epoch();
      wanted.last_fetched_epoch = partition.log().last_epoch();
    }
    sent.partitions.push_back(std::move(wanted));
    sent.epochs.push_back(partition.leader_epoch());
  }
  if (sent.partitions.empty()) return;
  FetchRequest request;
  request.replica_id = id_;
  request.replica_epoch = broker_epoch_;
  request.max_wait_ms = static_cast<int32_t>(config_->replica_fetch_wait_max_ms);
  request.min_bytes = 1;
  request.partitions = sent.partitions;
  fetcher.in_flight = true;
  sent_[requests_.Send(NodeOf(leader), std::move(request), sim::Milliseconds(config_->replica_socket_timeout_ms),
                       env, out)] = std::move(sent);
}

void Broker::OnFetched(const ReplicaFetchSent& sent, const FetchResponse& m, sim::Env& env, sim::Effects& out) {
  fetchers_[sent.leader].in_flight = false;
  for (size_t i = 0; i < m.partitions.size(); ++i) {
    OnFetchedPartition(sent.leader, sent.partitions[i], sent.epochs[i], m.partitions[i], env, out);
  }
  SendFetch(sent.leader, env, out);
}

void Broker::OnFetchedPartition(int32_t leader, const FetchRequest::Partition& asked, int32_t epoch,
                                const FetchResponse::Partition& got, sim::Env& env, sim::Effects& out) {
  Fetcher& fetcher = fetchers_[leader];
  Replica* replica = Find(asked.tp);
  if (replica == nullptr || !fetcher.ready.contains(asked.tp)) return;
  Partition& partition = replica->partition;
  // The answer may belong to a former epoch, or to a log that was cut meanwhile.
  if (partition.role() != Role::kFollower || partition.leader() != leader) return;
  if (partition.leader_epoch() != epoch || partition.log().log_end_offset() != asked.fetch_offset) return;
  if (got.error == ErrorCode::kOffsetOutOfRange) {
    BROKERSIM_PROBE("kafka/replica: the leader's log ends before ours");
    // The leader's log ends before ours: ask where (AbstractFetcherThread.fetchOffsetAndTruncate).
    fetcher.ready[asked.tp] = false;
    ListOffsetsRequest request;
    request.replica_id = id_;
    request.tp = asked.tp;
    request.current_leader_epoch = asked.current_leader_epoch;
    sent_[requests_.Send(NodeOf(leader), std::move(request), sim::Milliseconds(config_->replica_socket_timeout_ms),
                         env, out)] =
        ListOffsetsSent{leader, asked.tp};
    return;
  }
  if (got.error != ErrorCode::kNone) {
    BackOff(leader, asked.tp, out);
    return;
  }
  if (got.diverging_epoch.has_value()) {
    // KAFKA-14704: the high watermark of this answer is about a log that we don't have.
    OnDiverging(replica, *got.diverging_epoch, out);
    return;
  }
  for (const BatchRef& batch : got.records) {
    if (batch->value().base_offset != partition.log().log_end_offset()) {
      BROKERSIM_PROBE("kafka/replica: gives the partition up");
      // The leader's batches are cut differently: the logs differ below our end. Kafka's fetcher gives the partition
      // up until its leader changes (UnexpectedAppendOffsetException, AbstractFetcherThread.markPartitionFailed).
      fetcher.ready.erase(asked.tp);
      out.Note("replication-failed",
               fmt::format("can't append the batch of offset {} of {} to a log that ends at {}: gives the partition up",
                           batch->value().base_offset, partition.name(), partition.log().log_end_offset()));
      return;
    }
    partition.log().AppendAsFollower(batch);
    if (const auto sync = WriteBatch(replica, batch, formats::RecordVerb::kReplicated, out)) {
      if (config_->mutant == Mutant::kFollowerWaitsForLastSync) fetcher.waits_for.clear();
      if (config_->mutant != Mutant::kFollowerFetchesBeforeSync) fetcher.waits_for.push_back(*sync);
    }
  }
  const int64_t before = partition.high_watermark();
  partition.SetFollowerHighWatermark(got.high_watermark);
  if (partition.high_watermark() > before) OnHighWatermark(replica, before, out);
}

// KIP-279: to where the leader's epoch ends, or where ours does, whichever is lower.
void Broker::OnDiverging(Replica* replica, const EpochEndOffset& leader_end, sim::Effects& out) {
  Partition& partition = replica->partition;
  const EpochEndOffset own = partition.log().EndOffsetForEpoch(leader_end.epoch);
  int64_t target = std::min(leader_end.end_offset, partition.log().log_end_offset());
  if (own.epoch == -1) {
    BROKERSIM_PROBE("kafka/replica: no epoch in common with the leader");
    // Nothing in common with the leader below its epoch.
    target = std::min(target, partition.log().log_start_offset());
  } else {
    BROKERSIM_PROBE("kafka/replica: truncates to where an epoch ends");
    target = std::min(target, own.end_offset);
  }
  Truncate(replica, target,
           fmt::format("the leader's epoch {} ends at {}", leader_end.epoch, leader_end.end_offset), out);
}

// Before KIP-320 it is asked once, and nobody says which leader is meant (AbstractFetcherThread.maybeTruncate).
void Broker::AskEpochEnd(int32_t leader, Replica* replica, sim::Env& env, sim::Effects& out) {
  const Partition& partition = replica->partition;
  const int32_t last = partition.log().last_epoch();
  sent_[requests_.Send(NodeOf(leader), OffsetForLeaderEpochRequest{partition.tp(), -1, last},
                       sim::Milliseconds(config_->replica_socket_timeout_ms), env, out)] =
      EpochEndSent{leader, partition.tp(), partition.leader_epoch()};
}

void Broker::OnEpochEnd(const EpochEndSent& sent, const OffsetForLeaderEpochResponse& m, sim::Env& env,
                        sim::Effects& out) {
  Replica* replica = Find(sent.tp);
  Fetcher& fetcher = fetchers_[sent.leader];
  if (replica == nullptr || !fetcher.ready.contains(sent.tp)) return;
  if (replica->partition.leader_epoch() != sent.epoch || !replica->truncates_first) return;
  if (m.error != ErrorCode::kNone) {
    BackOff(sent.leader, sent.tp, out);
    return;
  }
  if (m.end.end_offset < 0) {
    BROKERSIM_PROBE("kafka/replica: the leader knows nothing of our epoch");
    Truncate(replica, replica->partition.high_watermark(), "the leader knows nothing of our last epoch", out);
  } else {
    OnDiverging(replica, m.end, out);
  }
  // KIP-279: a smaller epoch than was asked for may end further below.
  replica->truncates_first = m.end.epoch >= 0 && m.end.epoch < replica->partition.log().last_epoch();
  fetcher.ready[sent.tp] = true;
  SendFetch(sent.leader, env, out);
}

void Broker::OnLeaderEnd(const ListOffsetsSent& sent, const ListOffsetsResponse& m, sim::Env& env,
                         sim::Effects& out) {
  Replica* replica = Find(sent.tp);
  Fetcher& fetcher = fetchers_[sent.leader];
  if (replica == nullptr || !fetcher.ready.contains(sent.tp)) return;
  if (m.error != ErrorCode::kNone) {
    BackOff(sent.leader, sent.tp, out);
    return;
  }
  Truncate(replica, m.offset, fmt::format("the leader's log ends at {}", m.offset), out);
  fetcher.ready[sent.tp] = true;
  SendFetch(sent.leader, env, out);
}

void Broker::BackOff(int32_t leader, const TopicPartition& tp, sim::Effects& out) {
  Fetcher& fetcher = fetchers_[leader];
  const auto found = fetcher.ready.find(tp);
  if (found == fetcher.ready.end()) return;
  found->second = false;
  out.SetTimer({kFetchBackoff, leader}, sim::Milliseconds(config_->replica_fetch_backoff_ms));
}

}  // namespace brokersim::kafka
