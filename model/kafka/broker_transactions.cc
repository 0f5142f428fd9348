// Producer ids and transactions: requests to the coordinator that this broker may be, its writes and markers, and what
// a leader asks it.
// (KafkaApis.scala, AddPartitionsToTxnManager.scala, TransactionMarkerChannelManager.scala, ReplicaManager.scala)
#include <utility>

#include "model/kafka/broker.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

// request.timeout.ms of brokers among each other.
constexpr sim::Duration kInterBrokerTimeout = sim::Seconds(30);
// Our choice: Kafka tries again at the next round of its marker thread.
constexpr sim::Duration kMarkerBackoff = sim::Milliseconds(100);

// What a producer is told of what the coordinator said (AddPartitionsToTxnManager, ReplicaManager.handleProduceAppend).
ErrorCode ToProducer(ErrorCode error, bool adds) {
  if (error == ErrorCode::kNone || error == ErrorCode::kTransactionAbortable ||
      error == ErrorCode::kInvalidProducerIdMapping) {
    return error;
  }
  if (error == ErrorCode::kProducerFenced) return ErrorCode::kInvalidProducerEpoch;
  return adds && error == ErrorCode::kConcurrentTransactions ? error : ErrorCode::kNotEnoughReplicas;
}

// For offsets, without any yet.
RecordBatch EmptyBatch(const TxnOffsetCommitRequest& m) {
  RecordBatch batch;
  batch.producer_id = m.producer_id;
  batch.producer_epoch = m.producer_epoch;
  batch.transactional = true;
  return batch;
}

}  // namespace

TopicPartition Broker::TransactionsPartitionOf(const std::string& transactional_id) const {
  return {cluster_->Own(kTransactionsTopic),
          TransactionsPartitionFor(transactional_id, config_->transaction_state_log_num_partitions)};
}

bool Broker::CoordinatesTransactions(const std::string& transactional_id) const {
  const auto found = replicas_.find(TransactionsPartitionOf(transactional_id));
  return found != replicas_.end() && found->second.partition.role() == Role::kLeader;
}

// ---- Producer ids

void Broker::On(const InitProducerIdRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (!m.transactional_id.empty() && InitTransactional(m, conn, id, out)) return;
  waiting_inits_.push_back({conn, id, m});
  AnswerProducerIds(out);
  if (waiting_inits_.empty() || producer_ids_asked_) return;
  producer_ids_asked_ = true;
  if (zookeeper_.has_value()) {
    zookeeper_->AskProducerIds(env, out);
    return;
  }
  sent_[requests_.Send(cluster_->controller, AllocateProducerIdsRequest{id_, broker_epoch_}, kControllerRequestTimeout,
                       env, out)] = ProducerIdsSent{};
}

void Broker::AnswerProducerIds(sim::Effects& out) {
  while (!waiting_inits_.empty() && producer_ids_left_ > 0) {
    const WaitingInit waiting = waiting_inits_.front();
    waiting_inits_.erase(waiting_inits_.begin());
    --producer_ids_left_;
    if (!waiting.request.transactional_id.empty()) {
      // Meanwhile another one may have the coordinator's word, or the id.
      const int64_t producer_id = next_producer_id_++;
      if (!InitTransactional(waiting.request, waiting.conn, waiting.id, out)) {
        transactions_.InitProducerId(waiting.request, producer_id, waiting.conn, waiting.id, out);
      }
      continue;
    }
    Reply(waiting.conn, waiting.id, InitProducerIdResponse{ErrorCode::kNone, next_producer_id_++, 0}, out);
  }
}

// ---- The coordinator

// True: answered, or it will be. False: a new transactional id needs a producer id first.
bool Broker::InitTransactional(const InitProducerIdRequest& m, sim::ConnId conn, int32_t id, sim::Effects& out) {
  if (!CoordinatesTransactions(m.transactional_id)) {
    Reply(conn, id, InitProducerIdResponse{ErrorCode::kNotCoordinator, -1, -1}, out);
    return true;
  }
  if (!transactions_.Knows(m.transactional_id)) return false;
  transactions_.InitProducerId(m, kNoProducerId, conn, id, out);
  return true;
}

void Broker::On(const AddPartitionsToTxnRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (CoordinatesTransactions(m.transactional_id)) {
    transactions_.AddPartitions(m, conn, id, env, out);
    return;
  }
  BROKERSIM_PROBE("kafka/transactions: partitions told to a broker that doesn't coordinate");
  Reply(conn, id, AddPartitionsToTxnResponse{std::vector<ErrorCode>(m.partitions.size(), ErrorCode::kNotCoordinator)},
        out);
}

void Broker::On(const AddOffsetsToTxnRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (CoordinatesTransactions(m.transactional_id)) {
    transactions_.AddOffsets(m, OffsetsPartitionOf(m.group_id), conn, id, env, out);
  } else {
    Reply(conn, id, AddOffsetsToTxnResponse{ErrorCode::kNotCoordinator}, out);
  }
}

void Broker::On(const EndTxnRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  if (CoordinatesTransactions(m.transactional_id)) {
    transactions_.End(m, conn, id, out);
  } else {
    Reply(conn, id, EndTxnResponse{ErrorCode::kNotCoordinator, -1, -1}, out);
  }
}

// What the coordinator has to write and to send, after whatever happened to this broker.
void Broker::RunTransactions(sim::Env& env, sim::Effects& out) {
  for (auto writes = transactions_.TakeWrites(); !writes.empty(); writes = transactions_.TakeWrites()) {
    for (TransactionCoordinator::Write& wanted : writes) {
      RecordBatch batch;
      batch.records.push_back(std::move(wanted.record));
      DelayedWrite write;
      write.what = DelayedWrite::For::kTransaction;
      write.key = std::move(wanted.transactional_id);
      const TopicPartition tp{cluster_->Own(kTransactionsTopic), wanted.partition};
      write.parts.push_back(AppendToLocalLog(tp, batch, -1, &write.syncs, env, out));
      TryCompleteWrites(out);
      Delay(std::move(write), wanted.timeout_ms, out);
    }
  }
  if (transactions_.TakeRetry()) BackOffMarkers(out);
  if (transactions_.empty()) return;
  if (!scans_transactions_) {
    scans_transactions_ = true;
    out.SetTimer({kTransactionScan},
                 sim::Milliseconds(config_->transaction_abort_timed_out_transaction_cleanup_interval_ms));
  }
  if (!markers_wait_) SendMarkers(env, out);
}

void Broker::SendMarkers(sim::Env& env, sim::Effects& out) {
  for (const TransactionCoordinator::Markers& all : transactions_.TakeMarkers()) {
    absl::btree_map<int32_t, TransactionCoordinator::Markers> by_leader;
    for (const TopicPartition& tp : all.request.partitions) {
      const auto found = metadata_.find(tp);
      if (found == metadata_.end() || found->second.leader == kNoLeader) {
        transactions_.MarkerWritten(all, tp, ErrorCode::kLeaderNotAvailable);
        BackOffMarkers(out);
        continue;
      }
      auto [entry, is_new] = by_leader.try_emplace(found->second.leader, all);
      if (is_new) entry->second.request.partitions.clear();
      entry->second.request.partitions.push_back(tp);
    }
    for (auto& [leader, markers] : by_leader) {
      const WriteTxnMarkersRequest request = markers.request;
      sent_[requests_.Send(NodeOf(leader), request, kInterBrokerTimeout, env, out)] = MarkersSent{std::move(markers)};
    }
  }
}

void Broker::BackOffMarkers(sim::Effects& out) {
  markers_wait_ = true;
  out.SetTimer({kMarkerRetry}, kMarkerBackoff);
}

// `m`: null if no answer came.
void Broker::OnMarkersWritten(const MarkersSent& sent, const WriteTxnMarkersResponse* m, sim::Effects& out) {
  for (size_t i = 0; i < sent.markers.request.partitions.size(); ++i) {
    const ErrorCode error = m == nullptr ? ErrorCode::kNetworkException : m->partitions[i].error;
    transactions_.MarkerWritten(sent.markers, sent.markers.request.partitions[i], error);
    if (error != ErrorCode::kNone) BackOffMarkers(out);
  }
}

// ---- The leader of a partition

// KIP-890: whether a transaction may open here is the coordinator's to say. False: there is nothing to ask.
bool Broker::AskCoordinator(Unverified waiting, sim::Env& env, sim::Effects& out) {
  const bool adds = config_->transaction_version >= 2;
  if (!adds && !config_->transaction_partition_verification_enable) return false;
  AddPartitionsToTxnRequest question;
  for (const ProduceRequest::Partition& wanted : waiting.request.partitions) {
    const RecordBatch& batch = wanted.records->value();
    Replica* replica = Find(wanted.tp);
    if (replica == nullptr || replica->partition.role() != Role::kLeader) continue;
    if (replica->partition.log().HasOngoingTransaction(batch.producer_id, batch.producer_epoch)) continue;
    Verification& verification = replica->verifications[batch.producer_id];
    if (verification.producer_epoch != batch.producer_epoch) {
      verification = {next_number_++, batch.producer_epoch, batch.base_sequence};
    }
    verification.lowest_sequence = std::min(verification.lowest_sequence, batch.base_sequence);
    waiting.asked.push_back(wanted.tp);
    waiting.guards.push_back(verification.guard);
    question.producer_id = batch.producer_id;
    question.producer_epoch = batch.producer_epoch;
  }
  if (waiting.asked.empty()) return false;
  question.transactional_id = waiting.request.transactional_id;
  question.verify_only = !adds;
  question.partitions = waiting.asked;
  const int64_t number = next_number_++;
  unverified_.emplace(number, std::move(waiting));
  const auto coordinator = metadata_.find(TransactionsPartitionOf(question.transactional_id));
  if (coordinator == metadata_.end() || coordinator->second.leader == kNoLeader) {
    OnVerified(number, ErrorCode::kCoordinatorNotAvailable, nullptr, env, out);
    return true;
  }
  sent_[requests_.Send(NodeOf(coordinator->second.leader), std::move(question), kInterBrokerTimeout, env, out)] =
      VerificationSent{number};
  return true;
}

// `m`: null if no answer came, but `error`.
void Broker::OnVerified(int64_t number, ErrorCode error, const AddPartitionsToTxnResponse* m, sim::Env& env,
                        sim::Effects& out) {
  const auto found = unverified_.find(number);
  CHECK(found != unverified_.end(), "broker {} forgot produce request {}", id_, number);
  const Unverified waiting = std::move(found->second);
  unverified_.erase(found);
  absl::btree_map<TopicPartition, ErrorCode> refused;
  for (size_t i = 0; i < waiting.asked.size(); ++i) {
    const TopicPartition& tp = waiting.asked[i];
    ErrorCode& said = refused[tp];
    said = ToProducer(m == nullptr ? error : m->errors[i], config_->transaction_version >= 2);
    if (said != ErrorCode::kNone) {
      BROKERSIM_PROBE("kafka/transactions: a record of no open transaction is refused");
      continue;
    }
    // Meanwhile the transaction may have ended here: then what was said is of no use (UnifiedLog.append).
    const Replica& replica = *Find(tp);
    const RecordBatch& batch = waiting.request.partitions[0].records->value();
    if (replica.partition.log().HasOngoingTransaction(batch.producer_id, batch.producer_epoch)) continue;
    const auto guard = replica.verifications.find(batch.producer_id);
    if (guard != replica.verifications.end() && guard->second.guard == waiting.guards[i]) continue;
    BROKERSIM_PROBE("kafka/transactions: verified, but ended meanwhile");
    said = ErrorCode::kInvalidTxnState;
  }
  if (!waiting.commit.has_value()) return Produce(waiting.request, waiting.conn, waiting.id, refused, env, out);
  const ErrorCode said = refused.begin()->second;
  if (said == ErrorCode::kNone) return CommitInTransaction(*waiting.commit, waiting.conn, waiting.id, env, out);
  // GroupCoordinator.handleTxnCommitOffsets: what a client is to try again.
  const bool again = said == ErrorCode::kNotEnoughReplicas;
  Reply(waiting.conn, waiting.id, TxnOffsetCommitResponse{again ? ErrorCode::kCoordinatorLoadInProgress : said}, out);
}

// ---- The leader of a partition of __consumer_offsets (GroupCoordinator.handleTxnCommitOffsets)

void Broker::On(const TxnOffsetCommitRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (!Coordinates(m.group_id)) {
    Reply(conn, id, TxnOffsetCommitResponse{ErrorCode::kNotCoordinator}, out);
    return;
  }
  ProduceRequest request;
  request.transactional_id = m.transactional_id;
  request.partitions.push_back({OffsetsPartitionOf(m.group_id), sim::MakePayload(EmptyBatch(m))});
  if (!AskCoordinator({conn, id, std::move(request), m, {}, {}}, env, out)) CommitInTransaction(m, conn, id, env, out);
}

void Broker::CommitInTransaction(const TxnOffsetCommitRequest& m, sim::ConnId conn, int32_t id, sim::Env& env,
                                 sim::Effects& out) {
  RecordBatch batch = EmptyBatch(m);
  // The coordinator may have moved while it was asked.
  const ErrorCode error =
      Coordinates(m.group_id) ? coordinator_.PrepareCommit(m, &batch.records) : ErrorCode::kNotCoordinator;
  if (error != ErrorCode::kNone) {
    Reply(conn, id, TxnOffsetCommitResponse{error}, out);
    return;
  }
  DelayedWrite write;
  write.conn = conn;
  write.id = id;
  write.what = DelayedWrite::For::kTxnOffsetCommit;
  write.key = m.group_id;
  write.producer_id = m.producer_id;
  StoreOffsets(std::move(write), batch, env, out);
}

ErrorCode Broker::CheckBatch(const Replica& replica, const RecordBatch& batch, int64_t* duplicate_of) const {
  const auto verification = replica.verifications.find(batch.producer_id);
  // KAFKA-14920: the first batch of a verified transaction is its lowest.
  if (verification != replica.verifications.end() && verification->second.producer_epoch == batch.producer_epoch &&
      batch.base_sequence > verification->second.lowest_sequence) {
    return ErrorCode::kOutOfOrderSequenceNumber;
  }
  return replica.partition.log().CheckProducer(batch, duplicate_of, config_->kafka_5494);
}

void Broker::On(const WriteTxnMarkersRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  RecordBatch batch;
  batch.producer_id = m.producer_id;
  batch.producer_epoch = m.producer_epoch;
  batch.transactional = true;
  batch.marker = m.marker;
  batch.coordinator_epoch = m.coordinator_epoch;
  batch.records.resize(1);
  DelayedWrite write;
  write.what = DelayedWrite::For::kMarkers;
  write.producer_id = m.producer_id;
  write.marker = m.marker;
  write.conn = conn;
  write.id = id;
  for (const TopicPartition& tp : m.partitions) {
    write.parts.push_back(AppendToLocalLog(tp, batch, -1, &write.syncs, env, out));
    if (write.parts.back().error != ErrorCode::kNone) continue;
    out.Note("transaction", fmt::format("{} of producer {} epoch {} in {} at offset {}", Name(m.marker), m.producer_id,
                                        m.producer_epoch, LogName(tp), write.parts.back().base_offset));
  }
  TryCompleteWrites(out);
  Delay(std::move(write), kInterBrokerTimeout.nanos() / 1'000'000, out);
}

}  // namespace brokersim::kafka
