// Writes: ProduceRequest and whatever the coordinator stores, until the ISR has them.
// (ReplicaManager.appendRecords, Partition.appendRecordsToLeader, DelayedProduce.scala)
#include <utility>

#include "model/kafka/broker.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

using formats::RecordVerb;

namespace {

// GroupMetadataManager.storeOffsets translates what its own write failed with.
ErrorCode ToCommitError(ErrorCode error) {
  if (error == ErrorCode::kNotLeaderOrFollower) return ErrorCode::kNotCoordinator;
  const bool again = error == ErrorCode::kUnknownTopicOrPartition || error == ErrorCode::kNotEnoughReplicas ||
                     error == ErrorCode::kNotEnoughReplicasAfterAppend || error == ErrorCode::kRequestTimedOut;
  return again ? ErrorCode::kCoordinatorNotAvailable : error;
}

}  // namespace

void Broker::On(const ProduceRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (!m.transactional_id.empty() && AskCoordinator({conn, id, m, {}, {}, {}}, env, out)) return;
  Produce(m, conn, id, {}, env, out);
}

// `refused`: by the transaction coordinator; the others are appended.
void Broker::Produce(const ProduceRequest& m, sim::ConnId conn, int32_t id,
                     const absl::btree_map<TopicPartition, ErrorCode>& refused, sim::Env& env, sim::Effects& out) {
  DelayedWrite write;
  write.conn = conn;
  write.id = id;
  bool failed = false;
  for (const ProduceRequest::Partition& wanted : m.partitions) {
    const auto why = refused.find(wanted.tp);
    if (why != refused.end() && why->second != ErrorCode::kNone) {
      write.parts.emplace_back().tp = wanted.tp;
      write.parts.back().error = why->second;
    } else {
      write.parts.push_back(AppendToLocalLog(wanted.tp, wanted.records->value(), m.acks, &write.syncs, env, out));
    }
    failed = failed || write.parts.back().error != ErrorCode::kNone;
  }
  TryCompleteWrites(out);
  if (m.acks == 0) {
    // No answer; an error closes the connection, the only sign there can be (KafkaApis.handleProduceRequest).
    if (failed) out.Close(conn);
    return;
  }
  if (m.acks == 1 || config_->mutant == Mutant::kAckBeforeReplication) {
    for (DelayedWrite::Part& part : write.parts) part.done = true;
  }
  Delay(std::move(write), m.timeout_ms, out);
}

Broker::DelayedWrite::Part Broker::AppendToLocalLog(const TopicPartition& tp, const RecordBatch& batch,
                                                    int16_t acks, std::vector<sim::SyncTicket>* syncs,
                                                    sim::Env& env, sim::Effects& out) {
  DelayedWrite::Part part;
  part.tp = tp;
  Replica* replica = Find(tp);
  if (replica == nullptr) {
    part.error = ErrorCode::kUnknownTopicOrPartition;
    return part;
  }
  Partition& partition = replica->partition;
  int64_t duplicate_of = -1;
  part.error = partition.CheckAppend(acks);
  partition.log().ForgetExpired(batch.producer_id, env.wall().millis(), config_->producer_id_expiration_ms);
  if (config_->mutant == Mutant::kAckWithoutAppend && part.error == ErrorCode::kNotEnoughReplicas) {
    part.error = ErrorCode::kNone;
    part.base_offset = partition.log().log_end_offset();
    part.done = true;
    return part;
  }
  if (part.error == ErrorCode::kNone && batch.is_control()) {
    part.error = partition.log().CheckMarker(batch);
  } else if (part.error == ErrorCode::kNone) {
    part.error = CheckBatch(*replica, batch, &duplicate_of);
  }
  if (part.error != ErrorCode::kNone) return part;
  if (duplicate_of >= 0) {
    BROKERSIM_PROBE("kafka/produce: duplicate batch");
    part.base_offset = duplicate_of;
    if (config_->mutant == Mutant::kDuplicateAnsweredAtEnd) part.base_offset = partition.log().log_end_offset();
    part.required = duplicate_of + batch.count();
    return part;
  }
  if (batch.transactional) replica->verifications.erase(batch.producer_id);
  const BatchRef appended = partition.log().AppendAsLeader(batch, partition.leader_epoch());
  if (const auto sync = WriteBatch(replica, appended, RecordVerb::kAppended, out)) syncs->push_back(*sync);
  part.base_offset = appended->value().base_offset;
  part.required = appended->value().next_offset();
  if (config_->mutant == Mutant::kWrongBaseOffset) part.base_offset = part.required;
  if (config_->mutant == Mutant::kAckOneTooEarly) --part.required;
  // An ISR of one commits at once.
  const int64_t before = partition.high_watermark();
  if (partition.MaybeIncrementHighWatermark(env.monotonic())) OnHighWatermark(replica, before, out);
  TryCompleteFetches(tp, /*force=*/false, out);
  return part;
}

// Puts a batch into the file; the ticket of a sync if one is due (log.flush.interval.messages).
std::optional<sim::SyncTicket> Broker::WriteBatch(Replica* replica, const BatchRef& batch, RecordVerb verb,
                                                  sim::Effects& out) {
  out.Point(verb == RecordVerb::kAppended ? "before-append" : "before-replicate");
  out.Append(replica->log_file, batch);
  out.Point(verb == RecordVerb::kAppended ? "after-append" : "after-replicate");
  const RecordBatch& value = batch->value();
  if (out.tracing() && !value.is_control()) {
    for (size_t i = 0; i < value.records.size(); ++i) {
      out.Record(verb, replica->partition.name(), value.base_offset + static_cast<int64_t>(i),
                 value.records[i].value);
    }
  }
  replica->unflushed += value.count();
  if (replica->unflushed < config_->log_flush_interval_messages) return std::nullopt;
  replica->unflushed = 0;
  return out.Sync(replica->log_file);
}

// Answers the write now if it is done, else when it is, or when its time is up.
void Broker::Delay(DelayedWrite write, int64_t timeout_ms, sim::Effects& out) {
  if (IsDone(&write)) {
    FinishWrite(write, out);
    return;
  }
  const int64_t number = next_number_++;
  out.SetTimer({kDelayedWrite, number}, sim::Milliseconds(timeout_ms));
  delayed_writes_.emplace(number, std::move(write));
}

bool Broker::IsDone(DelayedWrite* write) const {
  bool all = write->syncs.empty() || config_->mutant == Mutant::kAckBeforeSync;
  for (DelayedWrite::Part& part : write->parts) {
    if (part.done || part.error != ErrorCode::kNone) continue;
    const std::optional<ErrorCode> result = replicas_.at(part.tp).partition.CheckReplicated(part.required);
    if (result.has_value()) {
      part.done = true;
      part.error = *result;
    } else {
      all = false;
    }
  }
  return all;
}

void Broker::TryCompleteWrites(sim::Effects& out) {
  for (auto it = delayed_writes_.begin(); it != delayed_writes_.end();) {
    if (!IsDone(&it->second)) {
      ++it;
      continue;
    }
    out.CancelTimer({kDelayedWrite, it->first});
    const DelayedWrite write = std::move(it->second);
    it = delayed_writes_.erase(it);
    FinishWrite(write, out);
  }
}

void Broker::FinishWrite(const DelayedWrite& write, sim::Effects& out) {
  if (write.what == DelayedWrite::For::kTransaction) {
    transactions_.Written(write.key, write.parts[0].error, out);
    return;
  }
  if (write.what == DelayedWrite::For::kMarkers) {
    WriteTxnMarkersResponse answer;
    for (const DelayedWrite::Part& part : write.parts) {
      answer.partitions.push_back({part.tp, part.error});
      // KafkaApis.handleWriteTxnMarkersRequest: groups hear of it once it is replicated.
      if (part.error != ErrorCode::kNone || NameInCluster(part.tp.topic) != kOffsetsTopic) continue;
      coordinator_.EndTransaction(part.tp.partition, write.producer_id, write.marker == Marker::kCommit);
    }
    Reply(write.conn, write.id, std::move(answer), out);
    return;
  }
  if (write.what == DelayedWrite::For::kOffsetCommit) {
    ErrorCode error = write.parts[0].error;
    // GroupMetadataManager.storeOffsets translates what its own write failed with.
    if (error == ErrorCode::kNone) {
      coordinator_.ApplyCommit(write.key, write.offsets);
    } else if (error == ErrorCode::kNotLeaderOrFollower) {
      BROKERSIM_PROBE("kafka/produce: commit lost with the leadership");
      error = ErrorCode::kNotCoordinator;
    } else {
      BROKERSIM_PROBE("kafka/produce: commit not replicated");
      error = ErrorCode::kCoordinatorNotAvailable;
    }
    if (write.conn.valid()) Reply(write.conn, write.id, OffsetCommitResponse{error}, out);
    return;
  }
  if (write.what == DelayedWrite::For::kTxnOffsetCommit) {
    const ErrorCode error = ToCommitError(write.parts[0].error);
    if (error != ErrorCode::kNone) coordinator_.FailCommit(write.key, write.producer_id);
    Reply(write.conn, write.id, TxnOffsetCommitResponse{error}, out);
    return;
  }
  ProduceResponse answer;
  for (const DelayedWrite::Part& part : write.parts) {
    const int64_t base_offset = part.error == ErrorCode::kNone ? part.base_offset : -1;
    // FENCED_LEADER_EPOCH isn't an error of writes, whose requests name no epoch.
    answer.partitions.push_back({part.tp, part.error, base_offset, CurrentLeader(part.tp, part.error)});
  }
  Reply(write.conn, write.id, std::move(answer), out);
}

}  // namespace brokersim::kafka
