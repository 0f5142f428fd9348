#include "model/kafka/transactional_part.h"

#include <utility>

namespace brokersim::kafka {

void TransactionalPart::Begin(sim::Env& env, sim::Effects& out) {
  RefreshMetadata(env, out);
  out.SetTimer(Own(kNextRecord), sim::Milliseconds(settings().retry_backoff_ms));
}

// What there is to do without the application.
void TransactionalPart::OnNextRecord(sim::Env& env, sim::Effects& out) {
  if (PartitionsOf(topic()) == 0) {
    RefreshMetadata(env, out);
    out.SetTimer(Own(kNextRecord), sim::Milliseconds(settings().retry_backoff_ms));
  } else if (transaction().state == TransactionState::kUninitialized) {
    transaction().state = TransactionState::kInitializing;
    AskCoordinator(env, out);
  } else if (MustAbort()) {
    Abort(env, out);
  }
}

void TransactionalPart::BeginTransaction() {
  Transaction& now = transaction();
  now.state = TransactionState::kInTransaction;
  now.partitions.clear();
  now.records.clear();
  now.offsets.clear();
}

void TransactionalPart::Send(const TopicPartition& tp, Record record, sim::Env& env, sim::Effects& out) {
  Transaction& now = transaction();
  out.Record(formats::RecordVerb::kProduced, LogName(tp), -1, record.value);
  now.records.emplace_back(tp, record);
  now.offsets.emplace_back();
  now.partitions.try_emplace(tp, version_2());
  Enqueue(tp, {std::move(record), sim::OpId{}, now.records.size() - 1}, env);
  Drain(env, out);
  AskCoordinator(env, out);
}

// sendOffsetsToTransaction(), then commitTransaction()
void TransactionalPart::Commit(Offsets offsets, sim::Env& env, sim::Effects& out) {
  transaction().group_offsets = std::move(offsets);
  EndTransaction(/*commits=*/true, env, out);
}

void TransactionalPart::FinishTransaction(formats::Operation::Type type, std::string_view error, sim::Env&,
                                          sim::Effects&) {
  Transaction& now = transaction();
  outcome_ = {type, std::string(error), std::exchange(now.records, {}), std::exchange(now.offsets, {})};
  if (type != formats::Operation::OK) outcome_->offsets.assign(outcome_->records.size(), std::nullopt);
}

}  // namespace brokersim::kafka
