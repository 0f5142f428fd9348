// TransactionCoordinator: transactions of producers, on the broker that leads their partition of __transaction_state.
// (TransactionCoordinator.scala, TransactionStateManager.scala, TransactionMetadata.scala,
// TransactionMarkerChannelManager .scala; KIP-98, KIP-360, KIP-890. Rules of models/kafka.md are cited as B1.8)
//
// A transaction changes its state when the record of the new one is replicated; until then it is in transition, and
// whoever asks meanwhile is told CONCURRENT_TRANSACTIONS. This class decides and answers; the broker writes the records
// and carries the markers.
#ifndef BROKERSIM_MODEL_KAFKA_TRANSACTION_COORDINATOR_H_
#define BROKERSIM_MODEL_KAFKA_TRANSACTION_COORDINATOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "model/kafka/cluster.h"
#include "model/kafka/messages.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

// Partition of __transaction_state that holds the transactional id (TransactionStateManager.partitionFor).
int32_t TransactionsPartitionFor(std::string_view transactional_id, int64_t partitions);

// TransactionState.java
enum class TransactionState : uint8_t {
  kEmpty,
  kOngoing,
  kPrepareCommit,
  kPrepareAbort,
  kCompleteCommit,
  kCompleteAbort,
};
std::string_view Name(TransactionState state);  // "PrepareCommit"

// TransactionMetadata.scala
struct TransactionMetadata {
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  int16_t last_producer_epoch = -1;
  int64_t timeout_ms = 0;
  TransactionState state = TransactionState::kEmpty;
  int64_t start_ms = -1;  // by the coordinator's clock
  absl::btree_set<TopicPartition> partitions;
};
// On its way to the log.
struct TransactionTransition {
  enum class For { kInit, kAddPartitions, kAddOffsets, kEnd, kFence, kTimeout, kComplete };
  TransactionMetadata next;
  For what = For::kInit;
  sim::ConnId conn;  // who waits for an answer, but for kTimeout and kComplete
  int32_t id = 0;
  size_t partitions = 0;  // that were asked for
};

class TransactionCoordinator {
 public:
  // A record for __transaction_state; when it is replicated, or can't be, Written() wants to know.
  struct Write {
    std::string transactional_id;
    int32_t partition = 0;
    int64_t timeout_ms = 0;  // for its replication
    Record record;
  };
  // Markers that are to be written; the partitions may have different leaders.
  struct Markers {
    std::string transactional_id;
    WriteTxnMarkersRequest request;
  };

  explicit TransactionCoordinator(const BrokerConfig& config) : config_(&config) {}
  void Reconfigure(const BrokerConfig& config) { config_ = &config; }

  // The broker leads a partition of __transaction_state in this epoch, or no longer does. Transactions that were
  // decided are brought to their end.
  void Load(int32_t partition, int32_t leader_epoch, const std::vector<BatchRef>& batches);
  void Unload(int32_t partition, sim::Effects& out);

  bool empty() const { return transactions_.empty(); }
  bool Knows(const std::string& transactional_id) const { return transactions_.contains(transactional_id); }
  // `new_producer_id` for an id that isn't known yet.
  void InitProducerId(const InitProducerIdRequest& m, int64_t new_producer_id, sim::ConnId conn, int32_t id,
                      sim::Effects& out);
  void AddPartitions(const AddPartitionsToTxnRequest& m, sim::ConnId conn, int32_t id, sim::Env& env,
                     sim::Effects& out);
  // `tp`: where the group's offsets are (handleAddOffsetsToTransaction).
  void AddOffsets(const AddOffsetsToTxnRequest& m, const TopicPartition& tp, sim::ConnId conn, int32_t id,
                  sim::Env& env, sim::Effects& out);
  void End(const EndTxnRequest& m, sim::ConnId conn, int32_t id, sim::Effects& out);

  // What there is to do since the last time.
  std::vector<Write> TakeWrites() { return std::exchange(writes_, {}); }
  void Written(const std::string& transactional_id, ErrorCode error, sim::Effects& out);
  // Those that nobody carries; the broker says what came of each partition.
  std::vector<Markers> TakeMarkers();
  void MarkerWritten(const Markers& markers, const TopicPartition& tp, ErrorCode error);

  // Whether the end of a transaction could not be written since the last time; RetryCompletions() tries it again.
  bool TakeRetry() { return std::exchange(wants_retry_, false); }
  void RetryCompletions();

  // Aborts what has been open for longer than its producer's transaction.timeout.ms.
  void AbortTimedOut(sim::Env& env, sim::Effects& out);

  void Describe(sim::Describer& d) const;

 private:
  using Metadata = TransactionMetadata;
  using Transition = TransactionTransition;

  struct Transaction {
    Metadata metadata;
    std::optional<Transition> transition;
    // Partitions whose marker isn't written yet; true: the broker carries it.
    absl::btree_map<TopicPartition, bool> markers;
    bool fenced = false;  // its markers are refused: somebody else is its coordinator
  };

  bool EndsWithBump() const { return config_->transaction_version >= 2; }
  int32_t PartitionOf(const std::string& transactional_id) const;
  void Begin(const std::string& transactional_id, Transaction* transaction, Transition transition);
  void Answer(const Transition& transition, ErrorCode error, sim::Effects& out) const;
  void Add(const AddPartitionsToTxnRequest& m, Transition::For what, sim::ConnId conn, int32_t id, sim::Env& env,
           sim::Effects& out);
  ErrorCode CheckInit(const InitProducerIdRequest& m, const Transaction& transaction, Metadata* next) const;
  ErrorCode CheckEnd(const EndTxnRequest& m, const Metadata& now, bool* is_retry) const;
  Metadata Ended(const Metadata& now, bool committed, bool bump) const;
  void MaybeComplete(const std::string& transactional_id, Transaction* transaction);

  const BrokerConfig* config_;
  absl::btree_map<int32_t, int32_t> epochs_;  // of the partitions that are led
  absl::btree_map<std::string, Transaction> transactions_;
  std::vector<Write> writes_;
  bool wants_retry_ = false;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_TRANSACTION_COORDINATOR_H_
