// Reads: fetches of consumers and followers; what a leader learns from the latter.
// (ReplicaManager.fetchMessages, DelayedFetch.scala, Partition.updateFollowerFetchState)
#include <algorithm>
#include <utility>

#include "model/kafka/broker.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

namespace {

// fetch.max.bytes and replica.fetch.max.bytes: one batch is always returned, whatever its size.
constexpr int64_t kMaxBytesPerPartition = 1 << 20;

}  // namespace

void Broker::On(const FetchRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  bool answer_now = m.max_wait_ms == 0;
  FetchResponse answer = ReadAll(m, &answer_now);
  if (m.replica_id != kConsumerReplicaId) {
    for (size_t i = 0; i < m.partitions.size(); ++i) {
      const FetchResponse::Partition& read = answer.partitions[i];
      if (read.error != ErrorCode::kNone || read.diverging_epoch.has_value()) continue;
      // Asking for an offset means holding everything below it.
      Replica* replica = Find(m.partitions[i].tp);
      Partition& partition = replica->partition;
      const int64_t before = partition.high_watermark();
      const bool sent_counts = config_->mutant == Mutant::kSentCountsAsReplicated && !read.records.empty();
      partition.NoteFetch(m.replica_id, m.replica_epoch,
                          sent_counts ? read.records.back()->value().next_offset() : m.partitions[i].fetch_offset,
                          env.monotonic());
      Propose(replica, partition.ProposeExpand(m.replica_id, broker_epoch_), env, out);
      if (!partition.MaybeIncrementHighWatermark(env.monotonic())) continue;
      OnHighWatermark(replica, before, out);
      TryCompleteWrites(out);
      TryCompleteFetches(partition.tp(), /*force=*/false, out);
      answer.partitions[i].high_watermark = partition.high_watermark();
    }
  }
  if (answer_now) {
    Reply(conn, id, std::move(answer), out);
    return;
  }
  const int64_t number = next_number_++;
  out.SetTimer({kDelayedFetch, number}, sim::Milliseconds(m.max_wait_ms));
  delayed_fetches_.emplace(number, DelayedFetch{conn, id, m});
}

FetchResponse Broker::ReadAll(const FetchRequest& m, bool* answer_now) {
  FetchResponse answer;
  int64_t bytes = 0;
  for (const FetchRequest::Partition& wanted : m.partitions) {
    answer.partitions.push_back(ReadPartition(m, wanted, answer_now));
    for (const BatchRef& batch : answer.partitions.back().records) bytes += batch->bytes();
  }
  if (bytes >= m.min_bytes && bytes > 0) *answer_now = true;
  return answer;
}

// One partition's part of the answer. Errors and divergence are answered at once.
FetchResponse::Partition Broker::ReadPartition(const FetchRequest& m, const FetchRequest::Partition& wanted,
                                               bool* answer_now) {
  FetchResponse::Partition answer;
  answer.tp = wanted.tp;
  Replica* replica = Find(wanted.tp);
  // Refuse what may not be answered.
  if (replica == nullptr) BROKERSIM_PROBE("kafka/fetch: of a partition that isn't here yet");
  answer.error = CheckLeader(replica, wanted.current_leader_epoch);
  if (answer.error != ErrorCode::kNone) {
    answer.current_leader = CurrentLeader(wanted.tp, answer.error);
    *answer_now = true;
    return answer;
  }
  const Partition& partition = replica->partition;
  answer.high_watermark = partition.high_watermark();
  answer.log_start_offset = partition.log().log_start_offset();
  answer.diverging_epoch = partition.Diverging(wanted.fetch_offset, wanted.last_fetched_epoch);
  if (answer.diverging_epoch.has_value()) {
    BROKERSIM_PROBE("kafka/fetch: the logs diverge");
    *answer_now = true;
    return answer;
  }
  const bool by_high_watermark =
      config_->mutant == Mutant::kOutOfRangeAboveHighWatermark && m.replica_id == kConsumerReplicaId;
  const int64_t end = by_high_watermark ? partition.high_watermark() : partition.log().log_end_offset();
  if (wanted.fetch_offset > end ||
      wanted.fetch_offset < partition.log().log_start_offset()) {
    BROKERSIM_PROBE("kafka/fetch: offset out of range");
    answer.error = ErrorCode::kOffsetOutOfRange;
    *answer_now = true;
    return answer;
  }
  // Consumers see what is committed, followers everything (B1.4.8).
  int64_t limit = partition.log().log_end_offset();
  if (m.replica_id == kConsumerReplicaId) {
    answer.last_stable_offset = partition.last_stable_offset();
    limit = m.isolation == IsolationLevel::kReadCommitted ? answer.last_stable_offset : answer.high_watermark;
    if (config_->mutant == Mutant::kFetchBeyondHighWatermark) limit = partition.log().log_end_offset();
  }
  answer.records = partition.log().Read(wanted.fetch_offset, limit, kMaxBytesPerPartition);
  const bool skips = config_->mutant == Mutant::kFetchSkipsBatch && m.replica_id == kConsumerReplicaId;
  if (skips && answer.records.size() > 1) answer.records.erase(answer.records.begin());
  if (m.isolation == IsolationLevel::kReadCommitted && !answer.records.empty()) {
    answer.aborted = partition.log().AbortedIn(wanted.fetch_offset, answer.records.back()->value().next_offset());
  }
  return answer;
}

// Answers waiting fetches of the partition that have something to return now; with `force`, all of them.
void Broker::TryCompleteFetches(const TopicPartition& tp, bool force, sim::Effects& out) {
  for (auto it = delayed_fetches_.begin(); it != delayed_fetches_.end();) {
    DelayedFetch& fetch = it->second;
    const bool concerned = std::any_of(fetch.request.partitions.begin(), fetch.request.partitions.end(),
                                       [&](const FetchRequest::Partition& p) { return p.tp == tp; });
    bool answer_now = force;
    if (!concerned) {
      ++it;
      continue;
    }
    FetchResponse answer = ReadAll(fetch.request, &answer_now);
    if (!answer_now) {
      ++it;
      continue;
    }
    out.CancelTimer({kDelayedFetch, it->first});
    Reply(fetch.conn, fetch.id, std::move(answer), out);
    it = delayed_fetches_.erase(it);
  }
}

// The high watermark rose from `before`.
void Broker::OnHighWatermark(Replica* replica, int64_t before, sim::Effects& out) {
  if (!out.tracing()) return;
  const Partition& partition = replica->partition;
  for (const BatchRef& batch : partition.log().Read(before, partition.high_watermark(), INT64_MAX)) {
    const RecordBatch& value = batch->value();
    if (value.is_control()) continue;
    for (size_t i = 0; i < value.records.size(); ++i) {
      const int64_t offset = value.base_offset + static_cast<int64_t>(i);
      if (offset < before) continue;
      out.Record(formats::RecordVerb::kCommitted, partition.name(), offset, value.records[i].value);
    }
  }
}

// Whether this broker may answer about the partition as its leader, and the asker means this leader
// (Partition.getLocalLog).
ErrorCode Broker::CheckLeader(const Replica* replica, int32_t current_leader_epoch) const {
  if (replica == nullptr) return ErrorCode::kUnknownTopicOrPartition;
  const ErrorCode error = replica->partition.CheckEpoch(current_leader_epoch);
  if (error != ErrorCode::kNone) return error;
  return replica->partition.role() == Role::kLeader ? ErrorCode::kNone : ErrorCode::kNotLeaderOrFollower;
}

// KIP-951: what goes with these refusals (KafkaApis.getCurrentLeader).
LeaderIdAndEpoch Broker::CurrentLeader(const TopicPartition& tp, ErrorCode error) const {
  if (error != ErrorCode::kNotLeaderOrFollower && error != ErrorCode::kFencedLeaderEpoch) return {};
  const auto found = replicas_.find(tp);
  if (found == replicas_.end()) return {};
  return {found->second.partition.leader(), found->second.partition.leader_epoch()};
}

// Partition.fetchOffsetForTimestamp
void Broker::On(const ListOffsetsRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  ListOffsetsResponse answer;
  answer.tp = m.tp;
  const Replica* replica = Find(m.tp);
  answer.error = CheckLeader(replica, m.current_leader_epoch);
  if (answer.error != ErrorCode::kNone) {
    Reply(conn, id, std::move(answer), out);
    return;
  }
  const Partition& partition = replica->partition;
  answer.leader_epoch = partition.leader_epoch();
  if (m.timestamp == kEarliestTimestamp) {
    answer.offset = partition.log().log_start_offset();
    // The epoch of what is there (UnifiedLog.fetchOffsetByTimestamp).
    answer.leader_epoch = -1;
    if (!partition.log().epoch_starts().empty()) answer.leader_epoch = partition.log().epoch_starts().front().epoch;
    if (config_->mutant == Mutant::kStartOffsetOneTooMany) ++answer.offset;
  } else if (m.replica_id != kConsumerReplicaId) {
    answer.offset = partition.log().log_end_offset();
  } else if (config_->kip_207 && partition.high_watermark() < partition.leader_epoch_start()) {
    BROKERSIM_PROBE("kafka/fetch: the end isn't known yet");
    // KIP-207: a new leader doesn't know yet how far its predecessor's high watermark was.
    answer.error = ErrorCode::kOffsetNotAvailable;
  } else {
    answer.offset = m.isolation == IsolationLevel::kReadCommitted ? partition.last_stable_offset()
                                                                  : partition.high_watermark();
  }
  Reply(conn, id, std::move(answer), out);
}

// Partition.lastOffsetForLeaderEpoch
void Broker::On(const OffsetForLeaderEpochRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  OffsetForLeaderEpochResponse answer;
  answer.tp = m.tp;
  const Replica* replica = Find(m.tp);
  answer.error = CheckLeader(replica, m.current_leader_epoch);
  if (answer.error == ErrorCode::kNone) answer.end = replica->partition.EndOfEpoch(m.leader_epoch);
  Reply(conn, id, std::move(answer), out);
}

}  // namespace brokersim::kafka
