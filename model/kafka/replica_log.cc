#include "model/kafka/replica_log.h"

#include <algorithm>
#include <utility>

namespace brokersim::kafka {

ReplicaLog ReplicaLog::Recover(const sim::File* log, const sim::File* epochs, int64_t* blocks,
                               Mutant mutant) {
  ReplicaLog recovered;
  recovered.mutant_ = mutant;
  *blocks = 0;
  if (epochs != nullptr && !epochs->blocks.empty()) {
    const auto* checkpoint = epochs->blocks[0].content->As<LeaderEpochCheckpoint>();
    CHECK(checkpoint != nullptr, "{} holds something else", epochs->name);
    recovered.epoch_starts_ = checkpoint->entries;
  }
  if (log != nullptr) {
    for (const sim::Block& block : log->blocks) {
      if (block.damaged) break;
      if (mutant == Mutant::kRecoveryDropsLastBatch && &block == &log->blocks.back()) break;
      CHECK(block.content->As<RecordBatch>() != nullptr, "{} holds something else", log->name);
      recovered.NoteBatch(BatchRef(static_cast<const sim::Boxed<RecordBatch>*>(block.content.get())));
      ++*blocks;
    }
  }
  // LogLoader.load: epochs of which the log has nothing are dropped.
  recovered.DropEpochsFrom(recovered.log_end_offset());
  return recovered;
}

int32_t ReplicaLog::last_epoch() const {
  return batches_.empty() ? -1 : batches_.back()->value().partition_leader_epoch;
}

ErrorCode ReplicaLog::CheckProducer(const RecordBatch& batch, int64_t* duplicate_of, bool remembers_five) const {
  *duplicate_of = -1;
  if (batch.producer_id == kNoProducerId || mutant_ == Mutant::kDedupOff) return ErrorCode::kNone;
  const auto found = producers_.find(batch.producer_id);
  // An unknown producer may begin anywhere (UnifiedLog, since KAFKA-7190).
  if (found == producers_.end()) return ErrorCode::kNone;
  const ProducerState& state = found->second;
  if (batch.producer_epoch < state.epoch) return ErrorCode::kInvalidProducerEpoch;
  if (batch.base_sequence < 0) return ErrorCode::kNone;  // a coordinator's (ProducerAppendInfo.maybeValidateDataBatch)
  if (batch.producer_epoch > state.epoch) {
    return batch.base_sequence == 0 ? ErrorCode::kNone : ErrorCode::kOutOfOrderSequenceNumber;
  }
  const int32_t last = state.batches.empty() ? -1 : state.batches.back().last_sequence;
  for (const ProducerState::Batch& known : state.batches) {
    const bool known_last_only = !remembers_five || mutant_ == Mutant::kDedupRemembersOne;
    if (known_last_only && known.last_sequence != last) continue;
    if (known.first_sequence == batch.base_sequence && known.last_sequence == batch.last_sequence()) {
      *duplicate_of = known.base_offset;
      return ErrorCode::kNone;
    }
  }
  if (mutant_ == Mutant::kSequenceGapAccepted) return ErrorCode::kNone;
  if (mutant_ == Mutant::kDedupRemembersOne && batch.base_sequence < last) return ErrorCode::kNone;
  // Sequences wrap from 2^31 - 1 to 0 (DefaultRecordBatch.incrementSequence). After a marker they begin anew if it
  // brought a new epoch.
  const int32_t next = last == INT32_MAX ? 0 : last + 1;
  return batch.base_sequence == next ? ErrorCode::kNone : ErrorCode::kOutOfOrderSequenceNumber;
}

void ReplicaLog::ForgetExpired(int64_t producer_id, int64_t now_ms, int64_t expiration_ms) {
  const auto found = producers_.find(producer_id);
  if (found == producers_.end() || found->second.current_txn_first_offset >= 0) return;
  const int64_t last = found->second.last_timestamp_ms;
  if (last > 0 && now_ms - last >= expiration_ms) producers_.erase(found);
}

ErrorCode ReplicaLog::CheckMarker(const RecordBatch& batch) const {
  const auto found = producers_.find(batch.producer_id);
  if (found == producers_.end()) return ErrorCode::kNone;
  if (batch.producer_epoch < found->second.epoch) return ErrorCode::kInvalidProducerEpoch;
  if (batch.coordinator_epoch < found->second.coordinator_epoch) return ErrorCode::kTransactionCoordinatorFenced;
  return ErrorCode::kNone;
}

bool ReplicaLog::HasOngoingTransaction(int64_t producer_id, int16_t producer_epoch) const {
  const auto found = producers_.find(producer_id);
  return found != producers_.end() && found->second.epoch == producer_epoch &&
         found->second.current_txn_first_offset >= 0;
}

int64_t ReplicaLog::LastStableOffset(int64_t high_watermark) const {
  int64_t stable = high_watermark;
  for (const auto& [id, state] : producers_) {
    if (state.current_txn_first_offset >= 0) stable = std::min(stable, state.current_txn_first_offset);
  }
  for (auto it = completed_txns_.rbegin(); it != completed_txns_.rend() && it->last_offset >= high_watermark; ++it) {
    stable = std::min(stable, it->first_offset);
  }
  return stable;
}

std::vector<AbortedTransaction> ReplicaLog::AbortedIn(int64_t from, int64_t to) const {
  std::vector<AbortedTransaction> aborted;
  auto it = std::partition_point(completed_txns_.begin(), completed_txns_.end(),
                                 [&](const CompletedTxn& txn) { return txn.last_offset < from; });
  for (; it != completed_txns_.end(); ++it) {
    if (it->marker == Marker::kAbort && it->first_offset < to) aborted.push_back({it->producer_id, it->first_offset});
  }
  // At one offset begins one transaction: no two are equal.
  std::sort(aborted.begin(), aborted.end(), [](const AbortedTransaction& a, const AbortedTransaction& b) {
    return a.first_offset < b.first_offset;
  });
  return aborted;
}

BatchRef ReplicaLog::AppendAsLeader(const RecordBatch& batch, int32_t leader_epoch) {
  RecordBatch appended = batch;
  appended.base_offset = log_end_offset();
  appended.partition_leader_epoch = leader_epoch;
  BatchRef ref = sim::MakePayload(std::move(appended));
  NoteBatch(ref);
  return ref;
}

void ReplicaLog::AppendAsFollower(BatchRef batch) {
  CHECK(batch->value().base_offset == log_end_offset(), "batch of offset {} appended at {}",
        batch->value().base_offset, log_end_offset());
  NoteBatch(std::move(batch));
  if (mutant_ == Mutant::kDedupNotReplicated) producers_.clear();
}

bool ReplicaLog::BeginEpoch(int32_t epoch) {
  const EpochStart* last = epoch_starts_.empty() ? nullptr : &epoch_starts_.back();
  if (last != nullptr && last->epoch >= epoch) return false;
  // An epoch in which nothing was written makes room (LeaderEpochFileCache.assign).
  DropEpochsFrom(log_end_offset());
  epoch_starts_.push_back({epoch, log_end_offset()});
  return true;
}

std::vector<BatchRef> ReplicaLog::TruncateTo(int64_t offset) {
  auto first = batches_.end();
  while (first != batches_.begin() && (*(first - 1))->value().next_offset() > offset) --first;
  std::vector<BatchRef> removed(first, batches_.end());
  batches_.erase(first, batches_.end());
  // Even if no batch goes: a leader that never wrote has noted where its epoch begins (UnifiedLog.truncateTo).
  DropEpochsFrom(log_end_offset());
  if (removed.empty() || mutant_ == Mutant::kDedupKeptAtTruncation) return removed;
  // Producer state is rebuilt from what is left (ProducerStateManager.truncateAndReload).
  producers_.clear();
  completed_txns_.clear();
  for (const BatchRef& batch : batches_) NoteProducer(batch->value());
  return removed;
}

EpochEndOffset ReplicaLog::EndOffsetForEpoch(int32_t epoch) const {
  EpochEndOffset answer;
  if (!epoch_starts_.empty() && epoch < epoch_starts_.front().epoch) return {epoch, epoch_starts_.front().start_offset};
  for (size_t i = 0; i < epoch_starts_.size(); ++i) {
    if (epoch_starts_[i].epoch > epoch) break;
    answer.epoch = epoch_starts_[i].epoch;
    answer.end_offset =
        i + 1 < epoch_starts_.size() ? epoch_starts_[i + 1].start_offset : log_end_offset();
  }
  return answer;
}

EpochEndOffset ReplicaLog::StartOffsetAfterEpoch(int32_t epoch) const {
  if (epoch_starts_.empty()) return {};
  if (epoch == epoch_starts_.back().epoch) return {epoch, log_end_offset()};
  for (const EpochStart& start : epoch_starts_) {
    if (start.epoch > epoch) return {epoch, start.start_offset};
  }
  return {};
}

std::vector<BatchRef> ReplicaLog::Read(int64_t offset, int64_t limit, int64_t max_bytes) const {
  std::vector<BatchRef> read;
  auto it = std::partition_point(batches_.begin(), batches_.end(), [&](const BatchRef& batch) {
    return batch->value().next_offset() <= offset;
  });
  int64_t bytes = 0;
  for (; it != batches_.end() && (*it)->value().next_offset() <= limit; ++it) {
    if (!read.empty() && bytes + (*it)->bytes() > max_bytes) break;
    bytes += (*it)->bytes();
    read.push_back(*it);
  }
  return read;
}

void ReplicaLog::DropEpochsFrom(int64_t offset) {
  std::erase_if(epoch_starts_, [&](const EpochStart& entry) { return entry.start_offset >= offset; });
}

void ReplicaLog::NoteBatch(const BatchRef& batch) {
  const RecordBatch& value = batch->value();
  if (epoch_starts_.empty() || epoch_starts_.back().epoch != value.partition_leader_epoch) {
    // Whatever else was thought to begin here didn't (LeaderEpochFileCache.assign).
    DropEpochsFrom(value.base_offset);
    if (epoch_starts_.empty() || epoch_starts_.back().epoch < value.partition_leader_epoch) {
      epoch_starts_.push_back({value.partition_leader_epoch, value.base_offset});
    }
  }
  batches_.push_back(batch);
  NoteProducer(value);
}

void ReplicaLog::NoteProducer(const RecordBatch& batch) {
  if (batch.producer_id == kNoProducerId) return;
  ProducerState& state = producers_[batch.producer_id];
  for (const Record& record : batch.records) {
    state.last_timestamp_ms = std::max(state.last_timestamp_ms, record.timestamp_ms);
  }
  if (batch.producer_epoch > state.epoch) {
    state.epoch = batch.producer_epoch;
    state.batches.clear();
  }
  if (batch.is_control()) {
    NoteMarker(batch, &state);
    return;
  }
  if (batch.transactional && state.current_txn_first_offset < 0) state.current_txn_first_offset = batch.base_offset;
  if (batch.base_sequence < 0) return;
  if (state.batches.size() == ProducerState::kBatchesRetained) state.batches.erase(state.batches.begin());
  state.batches.push_back({batch.base_sequence, batch.last_sequence(), batch.base_offset});
}

void ReplicaLog::NoteMarker(const RecordBatch& batch, ProducerState* state) {
  state->coordinator_epoch = std::max(state->coordinator_epoch, batch.coordinator_epoch);
  if (state->current_txn_first_offset < 0) return;  // a marker for a transaction that wrote nothing here
  completed_txns_.push_back(
      {batch.producer_id, state->current_txn_first_offset, batch.base_offset, batch.marker});
  state->current_txn_first_offset = -1;
}

void ReplicaLog::CheckInvariants(bool epochs_rise) const {
  for (size_t i = 1; i < epoch_starts_.size(); ++i) {
    CHECK(epoch_starts_[i - 1].epoch < epoch_starts_[i].epoch, "epochs {} and {} in this order",
          epoch_starts_[i - 1].epoch, epoch_starts_[i].epoch);
    CHECK(epoch_starts_[i - 1].start_offset <= epoch_starts_[i].start_offset,
          "epoch {} begins before epoch {}", epoch_starts_[i].epoch, epoch_starts_[i - 1].epoch);
  }
  if (batches_.size() < 2) return;
  // Only what was appended last can be new.
  const RecordBatch& last = batches_.back()->value();
  const RecordBatch& former = batches_[batches_.size() - 2]->value();
  CHECK(former.next_offset() == last.base_offset, "a gap between {} and {}", former.next_offset(), last.base_offset);
  CHECK(!epochs_rise || former.partition_leader_epoch <= last.partition_leader_epoch,
        "epoch {} after epoch {} in the log", last.partition_leader_epoch, former.partition_leader_epoch);
}

}  // namespace brokersim::kafka
