// The log of one replica: batches, the leader-epoch cache, and what is known of producers.
//
// Only logic: who owns a log also writes it. Batch i of the log is block i of the file, so that a truncation is
// the same number for both.
#ifndef BROKERSIM_MODEL_KAFKA_REPLICA_LOG_H_
#define BROKERSIM_MODEL_KAFKA_REPLICA_LOG_H_

#include <cstdint>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/messages.h"
#include "model/kafka/mutants.h"
#include "sim/disk/disk.h"

namespace brokersim::kafka {

// Where an epoch begins in a log (KIP-101; LeaderEpochFileCache.java).
struct EpochStart {
  int32_t epoch = -1;
  int64_t start_offset = -1;
  template <class V> void Fields(V& v) const {
    v("epoch", epoch);
    v("startOffset", start_offset);
  }
};

// Content of the file leader-epoch-checkpoint.
struct LeaderEpochCheckpoint {
  static constexpr std::string_view kName = "leader-epoch-checkpoint";
  std::vector<EpochStart> entries;
  template <class V> void Fields(V& v) const { v("entries", entries); }
};

// What a broker knows of a producer's recent batches (ProducerStateEntry.java).
struct ProducerState {
  struct Batch {
    int32_t first_sequence = -1;
    int32_t last_sequence = -1;
    int64_t base_offset = -1;
  };
  // NUM_BATCHES_TO_RETAIN (KAFKA-5494)
  static constexpr size_t kBatchesRetained = 5;
  int16_t epoch = -1;
  int32_t coordinator_epoch = -1;  // of the last marker
  // Of the transaction that is open here; -1: none is.
  int64_t current_txn_first_offset = -1;
  std::vector<Batch> batches;  // oldest first
  int64_t last_timestamp_ms = 0;
};

// A transaction that has ended in this log (CompletedTxn.java, AbortedTxn.java).
struct CompletedTxn {
  int64_t producer_id = kNoProducerId;
  int64_t first_offset = -1;
  int64_t last_offset = -1;  // the marker's
  Marker marker = Marker::kNone;
};

// Names of a replica's files, behind its partition's.
inline constexpr std::string_view kLogSuffix = "/log";
inline constexpr std::string_view kEpochsSuffix = "/leader-epoch-checkpoint";

class ReplicaLog {
 public:
  // Recovery from a file: everything up to the first torn block. `blocks` gets how many of them are whole.
  static ReplicaLog Recover(const sim::File* log, const sim::File* epochs, int64_t* blocks,
                            Mutant mutant = Mutant::kNone);

  int64_t log_end_offset() const { return batches_.empty() ? 0 : batches_.back()->value().next_offset(); }
  int64_t log_start_offset() const { return 0; }
  int64_t batch_count() const { return static_cast<int64_t>(batches_.size()); }
  const std::vector<BatchRef>& batches() const { return batches_; }

  // Epoch of the last batch, or -1 (what a fetch carries as lastFetchedEpoch).
  int32_t last_epoch() const;
  const std::vector<EpochStart>& epoch_starts() const { return epoch_starts_; }

  // Sequence checks of an idempotent batch (B1.7; ProducerAppendInfo.checkSequence). kNone: append it.
  // `duplicate_of` gets the base offset of the same batch if it is in the log already, else -1.
  // `remembers_five`: KAFKA-5494.
  ErrorCode CheckProducer(const RecordBatch& batch, int64_t* duplicate_of, bool remembers_five = true) const;
  // Forgets a producer whose last batch is older than this and that has no transaction open
  // (ProducerStateManager.isProducerExpired). Kafka looks for such ones now and then, here it is done when one writes.
  void ForgetExpired(int64_t producer_id, int64_t now_ms, int64_t expiration_ms);

  // Of a marker: its producer's epoch and its coordinator's must not be older than what the log knows
  // (ProducerAppendInfo.appendEndTxnMarker).
  ErrorCode CheckMarker(const RecordBatch& batch) const;

  // Whether this producer has a transaction open here (UnifiedLog.hasOngoingTransaction).
  bool HasOngoingTransaction(int64_t producer_id, int16_t producer_epoch) const;
  // Up to where everything is decided: no transaction open before it, nor one whose end isn't committed yet
  // (ProducerStateManager.firstUnstableOffset).
  int64_t LastStableOffset(int64_t high_watermark) const;
  // Aborted ones that have records in [from, to) (LogSegment.collectAbortedTxns).
  std::vector<AbortedTransaction> AbortedIn(int64_t from, int64_t to) const;

  // As leader: gives the batch its offset and epoch. Returns what was appended.
  BatchRef AppendAsLeader(const RecordBatch& batch, int32_t leader_epoch);
  // As follower: the leader's batch as it is. REQUIRES: it begins at the log's end.
  void AppendAsFollower(BatchRef batch);
  // Notes that an epoch begins at the log's end. Returns whether the cache changed.
  bool BeginEpoch(int32_t epoch);

  // Drops the batches that reach beyond `offset`; returns them.
  std::vector<BatchRef> TruncateTo(int64_t offset);

  // Largest epoch at or below `epoch`, and where it ends: the start of the next one, or the log's end (KIP-101,
  // KIP-279). Of an epoch below all that the log knows: itself, and where the first of these begins. {-1, -1} if it
  // knows none. (LeaderEpochFileCache.endOffsetFor)
  EpochEndOffset EndOffsetForEpoch(int32_t epoch) const;
  // The same before KIP-279: of an epoch that the log never had, where the next larger one begins. {-1, -1}: there is
  // none.
  EpochEndOffset StartOffsetAfterEpoch(int32_t epoch) const;

  // Whole batches from the one that holds `offset` on, below `limit`, `max_bytes` of them (one at least).
  std::vector<BatchRef> Read(int64_t offset, int64_t limit, int64_t max_bytes) const;

  // Epochs and offsets rise along the log; before KIP-279 epochs needn't.
  void CheckInvariants(bool epochs_rise = true) const;

 private:
  void NoteBatch(const BatchRef& batch);
  // Forgets epochs that begin at or beyond `offset` (LeaderEpochFileCache.truncateFromEnd).
  void DropEpochsFrom(int64_t offset);
  void NoteProducer(const RecordBatch& batch);
  void NoteMarker(const RecordBatch& batch, ProducerState* state);

  Mutant mutant_ = Mutant::kNone;
  std::vector<BatchRef> batches_;
  std::vector<EpochStart> epoch_starts_;
  absl::btree_map<int64_t, ProducerState> producers_;
  std::vector<CompletedTxn> completed_txns_;  // by last offset
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_REPLICA_LOG_H_
