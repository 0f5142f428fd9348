// A producer with a transactional.id: the application's transactions, and the requests to their coordinator.
// (TransactionManager.java; KIP-98, KIP-360, KIP-588, KIP-890)
#include <utility>

#include "model/kafka/producer.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

// ---- The application: begin, send, commit or abort, and again

void Producer::RunApplication(sim::Env& env, sim::Effects& out) {
  switch (transaction_.state) {
    case TransactionState::kUninitialized:
      // initTransactions()
      transaction_.state = TransactionState::kInitializing;
      AskCoordinator(env, out);
      return;
    case TransactionState::kReady:
      if (source_.HasMore(env)) BeginTransaction(env, out);
      return;
    case TransactionState::kInTransaction:
      if (transaction_.sent < transaction_.records.size()) {
        SendInTransaction(env, out);
      } else {
        EndTransaction(transaction_.commits, env, out);
      }
      return;
    case TransactionState::kAbortableError:
      // send() or commitTransaction() threw: what is left is to abort.
      EndTransaction(/*commits=*/false, env, out);
      return;
    case TransactionState::kInitializing:
    case TransactionState::kCommitting:
    case TransactionState::kAborting:
    case TransactionState::kFatalError:
      return;
  }
}

void Producer::BeginTransaction(sim::Env& env, sim::Effects& out) {
  transaction_.state = TransactionState::kInTransaction;
  transaction_.partitions.clear();
  transaction_.records.clear();
  transaction_.sent = 0;
  formats::Operation operation;
  operation.set_f("txn");
  const int32_t partitions = PartitionsOf(topic_);
  for (int64_t i = 0; i < spec_->records_per_transaction && source_.HasMore(env); ++i) {
    Record record = source_.Next(env);
    // Without a key each batch has a partition of its own, and here a record is a batch (KIP-794).
    const int32_t partition = record.key.empty()
                                  ? static_cast<int32_t>(env.Random("sticky").Below(static_cast<uint64_t>(partitions)))
                                  : PartitionForKey(record.key, partitions);
    const TopicPartition tp{topic_, partition};
    formats::Send* send = operation.add_actions()->mutable_send();
    send->set_log(LogName(tp));
    send->set_key(record.key);
    send->set_value(record.value);
    transaction_.records.emplace_back(tp, std::move(record));
  }
  transaction_.offsets.assign(transaction_.records.size(), std::nullopt);
  transaction_.commits = !env.Random("abort").Chance(spec_->aborts);
  transaction_.op = out.Invoke(std::move(operation));
  SendInTransaction(env, out);
}

void Producer::SendInTransaction(sim::Env& env, sim::Effects& out) {
  const size_t place = transaction_.sent++;
  const auto& [tp, record] = transaction_.records[place];
  out.Record(formats::RecordVerb::kProduced, LogName(tp), -1, record.value);
  transaction_.partitions.try_emplace(tp, version_2());
  Enqueue(tp, {record, sim::OpId{}, place}, env);
  Drain(env, out);
  AskCoordinator(env, out);
  out.SetTimer(Own(kNextRecord), source_.NextAfter(env));
}

// commitTransaction() or abortTransaction()
void Producer::EndTransaction(bool commits, sim::Env& env, sim::Effects& out) {
  transaction_.state = commits ? TransactionState::kCommitting : TransactionState::kAborting;
  transaction_.end_sent = false;
  if (!commits) transaction_.group_offsets.reset();
  out.Point(commits ? "before-commit" : "before-abort");
  if (!commits) AbortUndrainedBatches();
  Drain(env, out);
  AskCoordinator(env, out);
}

void Producer::FinishTransaction(formats::Operation::Type type, std::string_view error, sim::Env& env,
                                 sim::Effects& out) {
  formats::Operation operation;
  operation.set_f("txn");
  operation.set_type(type);
  operation.set_error(std::string(error));
  for (size_t i = 0; i < transaction_.records.size(); ++i) {
    const auto& [tp, record] = transaction_.records[i];
    formats::Send* send = operation.add_actions()->mutable_send();
    send->set_log(LogName(tp));
    send->set_key(record.key);
    send->set_value(record.value);
    if (type == formats::Operation::OK && transaction_.offsets[i].has_value())
      send->set_offset(*transaction_.offsets[i]);
  }
  out.Complete(transaction_.op, std::move(operation));
  transaction_.records.clear();
  if (transaction_.state == TransactionState::kFatalError) return;
  out.SetTimer(Own(kNextRecord), source_.NextAfter(env));
}

// ---- Batches

// TransactionManager.isSendToPartitionAllowed: not before the coordinator knows the partition, nor after an error.
bool Producer::MaySend(const TopicPartition& tp) const {
  if (transaction_.state != TransactionState::kInTransaction && transaction_.state != TransactionState::kCommitting) {
    return false;
  }
  const auto found = transaction_.partitions.find(tp);
  return found != transaction_.partitions.end() && found->second;
}

bool Producer::HasIncompleteBatches() const {
  for (const auto& [tp, state] : partitions_) {
    if (!state.queue.empty() || !state.in_flight.empty()) return true;
  }
  return false;
}

// RecordAccumulator.abortUndrainedBatches; of those that were sent before the broker may have a copy.
void Producer::AbortUndrainedBatches() {
  for (auto& [tp, state] : partitions_) {
    for (const Batch& batch : state.queue) {
      if (batch.sequence >= 0) transaction_.bump_needed = true;
    }
    state.queue.clear();
  }
}

void Producer::OnTransactionalAck(const TopicPartition& tp, const Batch& batch, ErrorCode error, int64_t base_offset,
                                  sim::Effects& out) {
  for (size_t i = 0; i < batch.records.size(); ++i) {
    const int64_t offset = base_offset < 0 ? -1 : base_offset + static_cast<int64_t>(i);
    if (error == ErrorCode::kNone && offset >= 0) transaction_.offsets[batch.records[i].place] = offset;
    out.Record(error == ErrorCode::kNone ? formats::RecordVerb::kAcknowledged : formats::RecordVerb::kRejected,
               LogName(tp), offset, batch.records[i].record.value);
  }
  if (error == ErrorCode::kNone) return;
  BROKERSIM_PROBE("kafka/producer: a batch of a transaction fails");
  // TransactionManager.handleFailedBatch: the transaction can only be aborted, and whether the batch is stored is
  // unknown: the next one needs another epoch.
  transaction_.bump_needed = true;
  if (transaction_.state != TransactionState::kInTransaction && transaction_.state != TransactionState::kCommitting)
    return;
  // The application waits in commitTransaction(), or hears of it when it sends the next record.
  if (transaction_.state == TransactionState::kCommitting) out.SetTimer(Own(kNextRecord), sim::Duration());
  transaction_.state = TransactionState::kAbortableError;
}

// ---- The coordinator

void Producer::AskCoordinator(sim::Env& env, sim::Effects& out) {
  if (transaction_.asked) return;
  const TransactionState state = transaction_.state;
  // What came back to be sent again is aborted too (Sender.maybeSendAndPollTransactionalRequest).
  if (state == TransactionState::kAborting) AbortUndrainedBatches();
  AddPartitionsToTxnRequest added;
  for (const auto& [tp, known] : transaction_.partitions) {
    if (!known) added.partitions.push_back(tp);
  }
  const bool open = state == TransactionState::kInTransaction || state == TransactionState::kCommitting;
  const bool adds = open && !added.partitions.empty();
  const bool offsets = open && transaction_.group_offsets.has_value();
  // EndTxn goes when all batches have been answered, or given up (TransactionManager.nextRequest).
  const bool ends = (state == TransactionState::kCommitting || state == TransactionState::kAborting) && !adds &&
                    !offsets && !HasIncompleteBatches();
  if (state != TransactionState::kInitializing && !adds && !offsets && !ends) return;
  transaction_.asked = true;
  if (transaction_.coordinator < 0) {
    FindCoordinatorRequest find;
    find.key = config_.transactional_id;
    find.key_type = 1;
    SendTo(AnyBroker(env), std::move(find), Tag{kFindTag}, env, out);
  } else if (state == TransactionState::kInitializing) {
    InitProducerIdRequest init;
    init.transactional_id = config_.transactional_id;
    init.transaction_timeout_ms = static_cast<int32_t>(config_.transaction_timeout_ms);
    if (producer_id_ != kNoProducerId) {
      init.producer_id = producer_id_;
      init.producer_epoch = producer_epoch_;
    }
    SendTo(transaction_.coordinator, std::move(init), Tag{kInitTransactionsTag}, env, out);
  } else if (adds) {
    added.transactional_id = config_.transactional_id;
    added.producer_id = producer_id_;
    added.producer_epoch = producer_epoch_;
    transaction_.adding = added.partitions;
    SendTo(transaction_.coordinator, std::move(added), Tag{kAddPartitionsTag}, env, out);
  } else if (offsets) {
    SendOffsets(env, out);
  } else {
    transaction_.end_sent = true;
    SendTo(
        transaction_.coordinator,
        EndTxnRequest{config_.transactional_id, producer_id_, producer_epoch_, state == TransactionState::kCommitting},
        Tag{kEndTag}, env, out);
  }
}

// AddOffsetsToTxn is of versions below 2; then TxnOffsetCommit goes to the group's coordinator (KIP-98).
void Producer::SendOffsets(sim::Env& env, sim::Effects& out) {
  const GroupOffsets& wanted = *transaction_.group_offsets;
  if (!version_2() && !wanted.added) {
    SendTo(transaction_.coordinator,
           AddOffsetsToTxnRequest{config_.transactional_id, producer_id_, producer_epoch_, wanted.group_id},
           Tag{kAddOffsetsTag}, env, out);
  } else if (group_coordinator_ < 0) {
    SendTo(AnyBroker(env), FindCoordinatorRequest{wanted.group_id}, Tag{kFindGroupTag}, env, out);
  } else {
    SendTo(group_coordinator_,
           TxnOffsetCommitRequest{config_.transactional_id, wanted.group_id, producer_id_, producer_epoch_,
                                  wanted.generation_id, wanted.member_id, wanted.offsets},
           Tag{kCommitOffsetsTag}, env, out);
  }
}

// TransactionManager.AddOffsetsToTxnHandler, FindCoordinatorHandler, TxnOffsetCommitHandler
void Producer::OnOffsetsAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  if (!transaction_.group_offsets.has_value()) return;  // it failed meanwhile
  if (tag.kind == kAddOffsetsTag) {
    transaction_.group_offsets->added = true;
    return;
  }
  if (tag.kind == kFindGroupTag) {
    const auto& found = std::get<FindCoordinatorResponse>(body);
    if (found.error == ErrorCode::kNone) {
      group_coordinator_ = found.node_id;
    } else {
      BackOff(out);
    }
    return;
  }
  const ErrorCode error = std::get<TxnOffsetCommitResponse>(body).error;
  if (error == ErrorCode::kNone) {
    transaction_.group_offsets.reset();
  } else if (error == ErrorCode::kNotCoordinator || error == ErrorCode::kCoordinatorNotAvailable) {
    group_coordinator_ = -1;
    BackOff(out);
  } else if (error == ErrorCode::kCoordinatorLoadInProgress || error == ErrorCode::kConcurrentTransactions) {
    BackOff(out);
  } else if (error == ErrorCode::kUnknownMemberId || error == ErrorCode::kIllegalGeneration ||
             error == ErrorCode::kTransactionAbortable) {
    // CommitFailedException: what is left is to abort.
    BROKERSIM_PROBE("kafka/producer: a group refuses the offsets of a transaction");
    transaction_.group_offsets.reset();
    if (transaction_.state == TransactionState::kCommitting) out.SetTimer(Own(kNextRecord), sim::Duration());
    transaction_.state = TransactionState::kAbortableError;
  } else {
    Fail(error, env, out);
  }
}

void Producer::BackOff(sim::Effects& out) {
  transaction_.asked = true;
  out.SetTimer(Own(kTransactionBackoff), sim::Milliseconds(settings().retry_backoff_ms));
}

void Producer::OnCoordinatorAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  transaction_.asked = false;
  if (tag.kind == kFindTag) {
    const auto& found = std::get<FindCoordinatorResponse>(body);
    if (OnCoordinatorError(found.error, env, out)) return;
    transaction_.coordinator = found.node_id;
  } else if (tag.kind == kInitTransactionsTag) {
    const auto& init = std::get<InitProducerIdResponse>(body);
    if (OnCoordinatorError(init.error, env, out)) return;
    producer_id_ = init.producer_id;
    producer_epoch_ = init.producer_epoch;
    transaction_.state = TransactionState::kReady;
    transaction_.bump_needed = false;
    out.SetTimer(Own(kNextRecord), sim::Duration());
  } else if (tag.kind == kAddOffsetsTag || tag.kind == kFindGroupTag || tag.kind == kCommitOffsetsTag) {
    if (tag.kind == kAddOffsetsTag && OnCoordinatorError(std::get<AddOffsetsToTxnResponse>(body).error, env, out))
      return;
    OnOffsetsAnswer(tag, body, env, out);
    if (transaction_.asked) return;  // it backs off
  } else if (tag.kind == kAddPartitionsTag) {
    const auto& added = std::get<AddPartitionsToTxnResponse>(body);
    if (OnCoordinatorError(added.errors.front(), env, out)) return;
    for (const TopicPartition& tp : transaction_.adding) transaction_.partitions.at(tp) = true;
    Drain(env, out);
  } else {
    const auto& ended = std::get<EndTxnResponse>(body);
    if (OnCoordinatorError(ended.error, env, out)) return;
    const bool committed = transaction_.state == TransactionState::kCommitting;
    if (version_2()) {
      producer_id_ = ended.producer_id;
      producer_epoch_ = ended.producer_epoch;
      transaction_.bump_needed = false;
    }
    transaction_.state = TransactionState::kReady;
    transaction_.partitions.clear();
    if (transaction_.bump_needed) transaction_.state = TransactionState::kInitializing;
    FinishTransaction(committed ? formats::Operation::OK : formats::Operation::FAIL, committed ? "" : "ABORTED", env,
                      out);
  }
  AskCoordinator(env, out);
}

bool Producer::OnCoordinatorError(ErrorCode error, sim::Env& env, sim::Effects& out) {
  if (error == ErrorCode::kNone) return false;
  const bool lost = error == ErrorCode::kNetworkException || error == ErrorCode::kNotCoordinator ||
                    error == ErrorCode::kCoordinatorNotAvailable;
  if (lost) transaction_.coordinator = -1;
  if (lost || error == ErrorCode::kConcurrentTransactions || error == ErrorCode::kCoordinatorLoadInProgress) {
    BackOff(out);
  } else {
    Fail(error, env, out);
  }
  return true;
}

// TransactionManager.fatalError: the application closes the producer. Whether a commit that was under way took place is
// unknown; what was never asked to be committed never will be.
void Producer::Fail(ErrorCode error, sim::Env& env, sim::Effects& out) {
  BROKERSIM_PROBE("kafka/producer: fenced, or otherwise at its end");
  const bool in_doubt = transaction_.state == TransactionState::kCommitting && transaction_.end_sent;
  const bool open = !transaction_.records.empty();
  out.Note("transaction", fmt::format("{} is at its end: {}", config_.transactional_id, Name(error)));
  transaction_.state = TransactionState::kFatalError;
  for (auto& [tp, state] : partitions_) state.queue.clear();
  if (open) FinishTransaction(in_doubt ? formats::Operation::INFO : formats::Operation::FAIL, Name(error), env, out);
}

}  // namespace brokersim::kafka
