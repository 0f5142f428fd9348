#include "model/kafka/transaction_coordinator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "model/kafka/group_coordinator.h"
#include "model/kafka/request_manager.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

int64_t ToNumber(const std::string& text) {
  int64_t number = 0;
  CHECK(absl::SimpleAtoi(text, &number), "'{}' in __transaction_state", text);
  return number;
}

// TransactionStateManager.appendTransactionToLog: what its own write failed with, translated.
ErrorCode Translated(ErrorCode error) {
  if (error == ErrorCode::kNone) return error;
  return error == ErrorCode::kNotLeaderOrFollower ? ErrorCode::kNotCoordinator : ErrorCode::kCoordinatorNotAvailable;
}

void AnswerAdded(TransactionTransition::For what, size_t partitions, ErrorCode error, sim::ConnId conn, int32_t id,
                 sim::Effects& out) {
  if (what == TransactionTransition::For::kAddOffsets) {
    Reply(conn, id, AddOffsetsToTxnResponse{error}, out);
  } else {
    Reply(conn, id, AddPartitionsToTxnResponse{std::vector<ErrorCode>(partitions, error)}, out);
  }
}

bool IsPrepared(TransactionState state) {
  return state == TransactionState::kPrepareCommit || state == TransactionState::kPrepareAbort;
}

}  // namespace

int32_t TransactionsPartitionFor(std::string_view transactional_id, int64_t partitions) {
  return OffsetsPartitionFor(transactional_id, partitions);  // Utils.abs(hashCode) modulo, both
}

std::string_view Name(TransactionState state) {
  constexpr std::string_view kNames[] = {"Empty",        "Ongoing",        "PrepareCommit",
                                         "PrepareAbort", "CompleteCommit", "CompleteAbort"};
  return kNames[static_cast<size_t>(state)];
}

int32_t TransactionCoordinator::PartitionOf(const std::string& transactional_id) const {
  return TransactionsPartitionFor(transactional_id, config_->transaction_state_log_num_partitions);
}

// ---- The log: "ID" -> "PRODUCER|EPOCH|LAST EPOCH|TIMEOUT|STATE|START|TOPIC:PARTITION,...", a format of our own

void TransactionCoordinator::Begin(const std::string& transactional_id, Transaction* transaction,
                                   Transition transition) {
  const Metadata& next = transition.next;
  const auto text = [](std::string* out, const TopicPartition& tp) {
    out->append(fmt::format("{}:{}", tp.topic, tp.partition));
  };
  Record record;
  record.key = transactional_id;
  record.value = fmt::format("{}|{}|{}|{}|{}|{}|{}", next.producer_id, next.producer_epoch, next.last_producer_epoch,
                             next.timeout_ms, static_cast<int>(next.state), next.start_ms,
                             absl::StrJoin(next.partitions, ",", text));
  writes_.push_back({transactional_id, PartitionOf(transactional_id), next.timeout_ms, std::move(record)});
  transaction->transition = std::move(transition);
}

void TransactionCoordinator::Load(int32_t partition, int32_t leader_epoch, const std::vector<BatchRef>& batches) {
  epochs_[partition] = leader_epoch;
  absl::btree_set<std::string> loaded;
  for (const BatchRef& batch : batches) {
    for (const Record& record : batch->value().records) {
      const std::vector<std::string> parts = absl::StrSplit(record.value, '|');
      Metadata& metadata = transactions_[record.key].metadata;
      metadata = Metadata{ToNumber(parts[0]),
                          static_cast<int16_t>(ToNumber(parts[1])),
                          static_cast<int16_t>(ToNumber(parts[2])),
                          ToNumber(parts[3]),
                          static_cast<TransactionState>(ToNumber(parts[4])),
                          ToNumber(parts[5]),
                          {}};
      const std::vector<std::string> partitions = absl::StrSplit(parts[6], ',', absl::SkipEmpty());
      for (const std::string& text : partitions) {
        const std::vector<std::string> tp = absl::StrSplit(text, ':');
        metadata.partitions.insert({tp[0], static_cast<int32_t>(ToNumber(tp[1]))});
      }
      loaded.insert(record.key);
    }
  }
  // What was decided is carried out (loadTransactionsForTxnTopicPartition).
  for (const std::string& id : loaded) {
    Transaction& transaction = transactions_.at(id);
    if (!IsPrepared(transaction.metadata.state)) continue;
    BROKERSIM_PROBE("kafka/transactions: a new coordinator finishes what was decided");
    for (const TopicPartition& tp : transaction.metadata.partitions) transaction.markers[tp] = false;
    MaybeComplete(id, &transaction);
  }
}

void TransactionCoordinator::Unload(int32_t partition, sim::Effects& out) {
  epochs_.erase(partition);
  std::erase_if(writes_, [&](const Write& write) { return write.partition == partition; });
  for (auto it = transactions_.begin(); it != transactions_.end();) {
    if (PartitionOf(it->first) != partition) {
      ++it;
      continue;
    }
    if (it->second.transition.has_value()) Answer(*it->second.transition, ErrorCode::kNotCoordinator, out);
    it = transactions_.erase(it);
  }
}

void TransactionCoordinator::Written(const std::string& transactional_id, ErrorCode error, sim::Effects& out) {
  const auto found = transactions_.find(transactional_id);
  if (found == transactions_.end() || !found->second.transition.has_value()) return;  // unloaded meanwhile
  Transaction& transaction = found->second;
  const Transition transition = *std::exchange(transaction.transition, std::nullopt);
  error = Translated(error);
  if (error != ErrorCode::kNone) {
    BROKERSIM_PROBE("kafka/transactions: a state is not replicated");
    Answer(transition, error, out);
    // The end is tried again: everybody else asks again (TransactionMarkerChannelManager.appendToLogCallback).
    const bool completes = transition.what == Transition::For::kComplete;
    wants_retry_ = wants_retry_ || (completes && error != ErrorCode::kNotCoordinator);
    if (transaction.metadata.producer_id == kNoProducerId) transactions_.erase(found);
    return;
  }
  transaction.metadata = transition.next;
  out.Note("transaction",
           fmt::format("{} of producer {} epoch {} is {}", transactional_id, transaction.metadata.producer_id,
                       transaction.metadata.producer_epoch, Name(transaction.metadata.state)));
  Answer(transition, ErrorCode::kNone, out);
  if (!IsPrepared(transaction.metadata.state)) return;
  for (const TopicPartition& tp : transaction.metadata.partitions) transaction.markers[tp] = false;
  MaybeComplete(transactional_id, &transaction);
}

void TransactionCoordinator::Answer(const Transition& transition, ErrorCode error, sim::Effects& out) const {
  const Metadata& next = transition.next;
  const bool ok = error == ErrorCode::kNone;
  switch (transition.what) {
    case Transition::For::kInit:
      Reply(transition.conn, transition.id,
            InitProducerIdResponse{error, ok ? next.producer_id : -1,
                                   static_cast<int16_t>(ok ? next.producer_epoch : -1)},
            out);
      return;
    case Transition::For::kFence:
      // The old transaction is being aborted: the producer asks again when that is done.
      Reply(transition.conn, transition.id,
            InitProducerIdResponse{ok ? ErrorCode::kConcurrentTransactions : error, -1, -1}, out);
      return;
    case Transition::For::kAddPartitions:
    case Transition::For::kAddOffsets:
      AnswerAdded(transition.what, transition.partitions, error, transition.conn, transition.id, out);
      return;
    case Transition::For::kEnd:
      Reply(transition.conn, transition.id,
            EndTxnResponse{error, ok ? next.producer_id : -1, static_cast<int16_t>(ok ? next.producer_epoch : -1)},
            out);
      return;
    case Transition::For::kTimeout:
    case Transition::For::kComplete:
      return;
  }
}

// ---- Requests

void TransactionCoordinator::InitProducerId(const InitProducerIdRequest& m, int64_t new_producer_id, sim::ConnId conn,
                                            int32_t id, sim::Effects& out) {
  Transaction& transaction = transactions_[m.transactional_id];
  Metadata next = transaction.metadata;
  ErrorCode error = ErrorCode::kNone;
  if (m.transaction_timeout_ms <= 0 || m.transaction_timeout_ms > config_->transaction_max_timeout_ms) {
    error = ErrorCode::kInvalidTransactionTimeout;
  } else if (transaction.transition.has_value()) {
    error = ErrorCode::kConcurrentTransactions;
  } else if (next.producer_id == kNoProducerId) {
    next.producer_id = new_producer_id;
    next.producer_epoch = 0;
  } else {
    error = CheckInit(m, transaction, &next);
  }
  if (error != ErrorCode::kNone) {
    if (transaction.metadata.producer_id == kNoProducerId && !transaction.transition.has_value()) {
      transactions_.erase(m.transactional_id);
    }
    Reply(conn, id, InitProducerIdResponse{error, -1, -1}, out);
    return;
  }
  next.timeout_ms = m.transaction_timeout_ms;
  const bool fences = next.state == TransactionState::kPrepareAbort;
  Begin(m.transactional_id, &transaction,
        {next, fences ? Transition::For::kFence : Transition::For::kInit, conn, id, 0});
}

// prepareInitProducerIdTransit, TransactionMetadata.prepareIncrementProducerEpoch
ErrorCode TransactionCoordinator::CheckInit(const InitProducerIdRequest& m, const Transaction& transaction,
                                            Metadata* next) const {
  const Metadata& now = transaction.metadata;
  if (m.producer_epoch >= 0 && m.producer_id != now.producer_id) return ErrorCode::kProducerFenced;
  if (IsPrepared(now.state)) return ErrorCode::kConcurrentTransactions;
  if (now.state == TransactionState::kOngoing) {
    if (m.producer_epoch >= 0 && m.producer_epoch != now.producer_epoch) return ErrorCode::kProducerFenced;
    // A transaction of a former life: its producer is fenced, it is aborted (prepareFenceProducerEpoch).
    BROKERSIM_PROBE("kafka/transactions: a producer begins while its transaction is open");
    *next = Ended(now, /*committed=*/false, /*bump=*/true);
    return ErrorCode::kNone;
  }
  next->state = TransactionState::kEmpty;
  next->start_ms = -1;
  if (m.producer_epoch >= 0 && m.producer_epoch != now.producer_epoch) {
    // Asked again: the bump was done, and its answer lost (KIP-360).
    return m.producer_epoch == now.last_producer_epoch ? ErrorCode::kNone : ErrorCode::kProducerFenced;
  }
  next->last_producer_epoch = m.producer_epoch >= 0 ? now.producer_epoch : int16_t{-1};
  next->producer_epoch = static_cast<int16_t>(now.producer_epoch + 1);
  return ErrorCode::kNone;
}

void TransactionCoordinator::AddPartitions(const AddPartitionsToTxnRequest& m, sim::ConnId conn, int32_t id,
                                           sim::Env& env, sim::Effects& out) {
  Add(m, Transition::For::kAddPartitions, conn, id, env, out);
}

void TransactionCoordinator::AddOffsets(const AddOffsetsToTxnRequest& m, const TopicPartition& tp, sim::ConnId conn,
                                        int32_t id, sim::Env& env, sim::Effects& out) {
  AddPartitionsToTxnRequest added;
  added.transactional_id = m.transactional_id;
  added.producer_id = m.producer_id;
  added.producer_epoch = m.producer_epoch;
  added.partitions.push_back(tp);
  Add(added, Transition::For::kAddOffsets, conn, id, env, out);
}

void TransactionCoordinator::Add(const AddPartitionsToTxnRequest& m, Transition::For what, sim::ConnId conn, int32_t id,
                                 sim::Env& env, sim::Effects& out) {
  const auto found = transactions_.find(m.transactional_id);
  const auto answer = [&](ErrorCode error) { AnswerAdded(what, m.partitions.size(), error, conn, id, out); };
  if (found == transactions_.end() || found->second.metadata.producer_id != m.producer_id) {
    return answer(ErrorCode::kInvalidProducerIdMapping);
  }
  Transaction& transaction = found->second;
  const Metadata& now = transaction.metadata;
  if (now.producer_epoch != m.producer_epoch) return answer(ErrorCode::kProducerFenced);
  if (IsPrepared(now.state)) return answer(ErrorCode::kConcurrentTransactions);
  if (m.verify_only) {
    // KIP-890 part 1 (handleVerifyPartitionsInTransaction)
    AddPartitionsToTxnResponse verified;
    for (const TopicPartition& tp : m.partitions) {
      verified.errors.push_back(now.partitions.contains(tp) ? ErrorCode::kNone : ErrorCode::kTransactionAbortable);
    }
    Reply(conn, id, std::move(verified), out);
    return;
  }
  if (transaction.transition.has_value()) return answer(ErrorCode::kConcurrentTransactions);
  const auto known = [&](const TopicPartition& tp) { return now.partitions.contains(tp); };
  if (now.state == TransactionState::kOngoing && std::all_of(m.partitions.begin(), m.partitions.end(), known)) {
    return answer(ErrorCode::kNone);
  }
  Metadata next = now;
  if (next.state != TransactionState::kOngoing) {
    next.start_ms = env.wall().millis();
    next.partitions.clear();
  }
  next.state = TransactionState::kOngoing;
  next.partitions.insert(m.partitions.begin(), m.partitions.end());
  Begin(m.transactional_id, &transaction, {next, what, conn, id, m.partitions.size()});
}

void TransactionCoordinator::End(const EndTxnRequest& m, sim::ConnId conn, int32_t id, sim::Effects& out) {
  const auto found = transactions_.find(m.transactional_id);
  const auto answer = [&](ErrorCode error, int64_t producer_id, int16_t epoch) {
    Reply(conn, id, EndTxnResponse{error, producer_id, epoch}, out);
  };
  if (found == transactions_.end()) return answer(ErrorCode::kInvalidProducerIdMapping, -1, -1);
  Transaction& transaction = found->second;
  const Metadata& now = transaction.metadata;
  bool is_retry = false;
  const ErrorCode error =
      transaction.transition.has_value() ? ErrorCode::kConcurrentTransactions : CheckEnd(m, now, &is_retry);
  if (error != ErrorCode::kNone) return answer(error, -1, -1);
  if (is_retry) return answer(ErrorCode::kNone, now.producer_id, now.producer_epoch);
  Begin(m.transactional_id, &transaction,
        {Ended(now, m.committed, EndsWithBump()), Transition::For::kEnd, conn, id, 0});
}

// TransactionCoordinator.endTransaction. kNone: it may end as asked, or (`is_retry`) has.
ErrorCode TransactionCoordinator::CheckEnd(const EndTxnRequest& m, const Metadata& now, bool* is_retry) const {
  if (m.producer_id != now.producer_id) return ErrorCode::kInvalidProducerIdMapping;
  // With version 2 a transaction that has ended has the next epoch: an older one can only be a retry.
  const bool of_former = EndsWithBump() && m.producer_epoch + 1 == now.producer_epoch;
  if (m.producer_epoch != now.producer_epoch && !of_former) return ErrorCode::kProducerFenced;
  const TransactionState completed = m.committed ? TransactionState::kCompleteCommit : TransactionState::kCompleteAbort;
  const TransactionState prepared = m.committed ? TransactionState::kPrepareCommit : TransactionState::kPrepareAbort;
  if (now.state == TransactionState::kOngoing) {
    if (!of_former) return ErrorCode::kNone;
    BROKERSIM_PROBE("kafka/transactions: the end of a former transaction is refused");
    return ErrorCode::kProducerFenced;
  }
  if (IsPrepared(now.state)) {
    return now.state == prepared ? ErrorCode::kConcurrentTransactions : ErrorCode::kInvalidTxnState;
  }
  *is_retry = now.state == completed && (of_former || !EndsWithBump());
  // An empty transaction may be aborted with version 2 (KIP-890 part 2).
  const bool empty_abort = EndsWithBump() && !m.committed && !of_former;
  return *is_retry || empty_abort ? ErrorCode::kNone : ErrorCode::kInvalidTxnState;
}

// TransactionMetadata.prepareAbortOrCommit
TransactionCoordinator::Metadata TransactionCoordinator::Ended(const Metadata& now, bool committed, bool bump) const {
  Metadata next = now;
  next.state = committed ? TransactionState::kPrepareCommit : TransactionState::kPrepareAbort;
  if (now.state != TransactionState::kOngoing) next.partitions.clear();
  if (bump) {
    next.last_producer_epoch = now.producer_epoch;
    next.producer_epoch = static_cast<int16_t>(now.producer_epoch + 1);
  }
  return next;
}

// ---- Markers

std::vector<TransactionCoordinator::Markers> TransactionCoordinator::TakeMarkers() {
  std::vector<Markers> taken;
  for (auto& [id, transaction] : transactions_) {
    Markers markers;
    for (auto& [tp, carried] : transaction.markers) {
      if (carried) continue;
      carried = true;
      markers.request.partitions.push_back(tp);
    }
    if (markers.request.partitions.empty()) continue;
    const Metadata& metadata = transaction.metadata;
    markers.transactional_id = id;
    markers.request.producer_id = metadata.producer_id;
    markers.request.producer_epoch = metadata.producer_epoch;
    markers.request.marker = metadata.state == TransactionState::kPrepareCommit ? Marker::kCommit : Marker::kAbort;
    markers.request.coordinator_epoch = epochs_.at(PartitionOf(id));
    taken.push_back(std::move(markers));
  }
  return taken;
}

void TransactionCoordinator::MarkerWritten(const Markers& markers, const TopicPartition& tp, ErrorCode error) {
  const auto found = transactions_.find(markers.transactional_id);
  if (found == transactions_.end()) return;
  Transaction& transaction = found->second;
  const auto marker = transaction.markers.find(tp);
  const bool same = transaction.metadata.producer_id == markers.request.producer_id &&
                    transaction.metadata.producer_epoch == markers.request.producer_epoch;
  if (!same || marker == transaction.markers.end()) return;
  if (error == ErrorCode::kInvalidProducerEpoch || error == ErrorCode::kTransactionCoordinatorFenced) {
    // A newer coordinator, or a newer producer, has been there: this one has nothing to say any more
    // (TransactionMarkerRequestCompletionHandler).
    BROKERSIM_PROBE("kafka/transactions: a marker is fenced");
    transaction.markers.clear();
    transaction.fenced = true;
    return;
  }
  if (error != ErrorCode::kNone && error != ErrorCode::kUnknownTopicOrPartition) {
    marker->second = false;
    return;
  }
  transaction.markers.erase(marker);
  MaybeComplete(markers.transactional_id, &transaction);
}

void TransactionCoordinator::MaybeComplete(const std::string& transactional_id, Transaction* transaction) {
  if (!transaction->markers.empty() || transaction->transition.has_value() || transaction->fenced) return;
  Metadata next = transaction->metadata;
  next.state = next.state == TransactionState::kPrepareCommit ? TransactionState::kCompleteCommit
                                                              : TransactionState::kCompleteAbort;
  next.partitions.clear();
  next.start_ms = -1;
  Begin(transactional_id, transaction, {next, Transition::For::kComplete, sim::ConnId{}, 0, 0});
}

void TransactionCoordinator::RetryCompletions() {
  for (auto& [id, transaction] : transactions_) {
    if (IsPrepared(transaction.metadata.state)) MaybeComplete(id, &transaction);
  }
}

void TransactionCoordinator::AbortTimedOut(sim::Env& env, sim::Effects& out) {
  for (auto& [id, transaction] : transactions_) {
    const Metadata& now = transaction.metadata;
    if (now.state != TransactionState::kOngoing || transaction.transition.has_value()) continue;
    if (env.wall().millis() - now.start_ms <= now.timeout_ms) continue;
    BROKERSIM_PROBE("kafka/transactions: a transaction times out");
    out.Note("transaction", fmt::format("{} is aborted: open for longer than transaction.timeout.ms", id));
    Begin(id, &transaction, {Ended(now, false, /*bump=*/true), Transition::For::kTimeout, sim::ConnId{}, 0, 0});
  }
}

void TransactionCoordinator::Describe(sim::Describer& d) const {
  for (const auto& [id, transaction] : transactions_) {
    d.Set(fmt::format("transaction-{}.state", id), std::string(Name(transaction.metadata.state)));
    d.Set(fmt::format("transaction-{}.epoch", id), transaction.metadata.producer_epoch);
    d.Set(fmt::format("transaction-{}.markers", id), static_cast<int64_t>(transaction.markers.size()));
  }
}

}  // namespace brokersim::kafka
