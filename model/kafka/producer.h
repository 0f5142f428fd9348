// Producer: the Java producer client, and the application that sends with it.
// (KafkaProducer.java, RecordAccumulator.java, Sender.java, TransactionManager.java)
//
// Code by subject: producer.cc (records, batches, requests), producer_transactions.cc (with a transactional.id),
// producer_part.cc (the client without the application).
#ifndef BROKERSIM_MODEL_KAFKA_PRODUCER_H_
#define BROKERSIM_MODEL_KAFKA_PRODUCER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/client.h"
#include "model/kafka/producer_spec.h"
#include "model/kafka/record_source.h"

namespace brokersim::kafka {

// Partition of a keyed record: positive murmur2 modulo (BuiltInPartitioner.partitionForKey).
int32_t PartitionForKey(std::string_view key, int32_t partitions);

class Producer : public Client {
 public:
  Producer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ProducerSpec> spec, sim::Env& env,
           sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Producer>(*this); }
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  void Describe(sim::Describer& d) const override;
  void CheckInvariants() const override;

 protected:
  // Added to the first one.
  enum TimerKind : uint32_t { kNextRecord = kFirstTimer, kSend, kInitBackoff, kExpiry, kTransactionBackoff };

  struct Pending {
    Record record;
    sim::OpId op;
    size_t place = 0;    // in the transaction
    int64_t cookie = 0;  // the owner's, of a part
  };
  struct Batch {
    int64_t number = 0;
    std::vector<Pending> records;
    int64_t bytes = 0;
    sim::Time created;
    sim::Time ready_at;         // of a retry: not before
    int64_t attempts = 0;
    int32_t leader_epoch = -1;  // of the leader that the last attempt went to
    bool maybe_stored = false;  // an attempt's outcome is unknown
    int16_t producer_epoch = -1;
    int32_t sequence = -1;      // -1: not given yet
    int64_t order = 0;          // among those of its partition that were given one
    BatchRef sent;              // what travels; a retry is the same batch
  };

  // Without an application.
  Producer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ProducerSpec> spec, uint32_t first_timer);

  void Enqueue(const TopicPartition& tp, Pending pending, sim::Env& env);
  // Sends whatever may be sent now; arms the timer for what may be sent later.
  void Drain(sim::Env& env, sim::Effects& out);
  TopicPartition ChoosePartition(const std::string& key, sim::Env& env);
  const std::string& topic() const { return topic_; }
  // The application's callback.
  virtual void Complete(const TopicPartition& tp, const Batch& batch, ErrorCode error, int64_t base_offset,
                        sim::Effects& out);
  // Of the application.
  virtual void OnNextRecord(sim::Env& env, sim::Effects& out);
  sim::Timer Own(uint32_t kind) const { return {first_timer_ + kind}; }

  // TransactionManager.State
  enum class TransactionState {
    kUninitialized,
    kInitializing,
    kReady,
    kInTransaction,
    kCommitting,
    kAborting,
    kAbortableError,
    kFatalError,
  };
  // Offsets of a consumer's group that are committed with the transaction (sendOffsetsToTransaction). Without a
  // generation and a member: as before KIP-447.
  struct GroupOffsets {
    std::string group_id;
    int32_t generation_id = -1;
    std::string member_id;
    std::vector<PartitionOffset> offsets;
    bool added = false;  // the transaction's coordinator knows of them
  };
  struct Transaction {
    TransactionState state = TransactionState::kUninitialized;
    int32_t coordinator = -1;
    bool asked = false;  // a request to the coordinator, or the wait before the next one
    bool bump_needed = false;  // clientSideEpochBumpRequired
    bool end_sent = false;     // this commit or abort may have been heard
    absl::btree_map<TopicPartition, bool> partitions;  // true: the coordinator knows it
    std::vector<TopicPartition> adding;                // what it was asked to add last
    std::optional<GroupOffsets> group_offsets;         // that it is to have, and hasn't yet
    // What the application does.
    sim::OpId op;
    std::vector<std::pair<TopicPartition, Record>> records;
    std::vector<std::optional<int64_t>> offsets;
    size_t sent = 0;
    bool commits = true;
  };

  // producer_transactions.cc
  void EndTransaction(bool commits, sim::Env& env, sim::Effects& out);
  virtual void FinishTransaction(formats::Operation::Type type, std::string_view error, sim::Env& env,
                                 sim::Effects& out);
  // Sends the next request to a coordinator, if one is due.
  void AskCoordinator(sim::Env& env, sim::Effects& out);
  bool version_2() const { return cluster().config.transaction_version >= 2; }
  Transaction& transaction() { return transaction_; }
  const Transaction& transaction() const { return transaction_; }

  void OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) override;
  void OnLost(Tag tag, sim::Env& env, sim::Effects& out) override;
  void OnMetadata(sim::Env& env, sim::Effects& out) override;
  void OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  std::string_view ClientTimerName(uint32_t kind) const override;

 private:
  enum TagKind : int {
    kInitTag,
    kProduceTag,
    kFindTag,
    kInitTransactionsTag,
    kAddPartitionsTag,
    kEndTag,
    kAddOffsetsTag,
    kFindGroupTag,
    kCommitOffsetsTag,
  };

  struct PartitionState {
    std::deque<Batch> queue;
    std::vector<Batch> in_flight;  // in order of sending
    int16_t producer_epoch = 0;
    int32_t next_sequence = 0;
    int64_t sequenced = 0;
    // A batch with a sequence failed without it being known whether it is stored (KIP-360).
    bool unresolved = false;
  };

  void SendNextRecord(sim::Env& env, sim::Effects& out);

  std::optional<Batch> TakeReady(const TopicPartition& tp, PartitionState* state, sim::Env& env,
                                 std::optional<sim::Time>* next);
  void GiveSequence(PartitionState* state, Batch* batch);
  void SendRequest(int32_t broker, std::vector<std::pair<TopicPartition, Batch>> batches, sim::Env& env,
                   sim::Effects& out);
  void OnProduced(int64_t request, const ProduceResponse& m, sim::Env& env, sim::Effects& out);
  void Conclude(const TopicPartition& tp, int64_t batch, ErrorCode error, int64_t base_offset, sim::Env& env,
                sim::Effects& out);
  bool CanRetry(const PartitionState& state, const Batch& batch, ErrorCode error, sim::Env& env) const;
  void Requeue(PartitionState* state, Batch batch, sim::Env& env);
  void ExpireBatches(sim::Env& env, sim::Effects& out);
  void BumpEpoch(PartitionState* state);

  // producer_transactions.cc
  bool transactional() const { return !config_.transactional_id.empty(); }
  void RunApplication(sim::Env& env, sim::Effects& out);
  void BeginTransaction(sim::Env& env, sim::Effects& out);
  void SendInTransaction(sim::Env& env, sim::Effects& out);
  // The next request about group_offsets.
  void SendOffsets(sim::Env& env, sim::Effects& out);
  void OnOffsetsAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out);
  void BackOff(sim::Effects& out);
  void OnCoordinatorAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out);
  // True: nothing more to do about it.
  bool OnCoordinatorError(ErrorCode error, sim::Env& env, sim::Effects& out);
  void OnTransactionalAck(const TopicPartition& tp, const Batch& batch, ErrorCode error, int64_t base_offset,
                          sim::Effects& out);
  bool MaySend(const TopicPartition& tp) const;
  void Fail(ErrorCode error, sim::Env& env, sim::Effects& out);
  bool HasIncompleteBatches() const;
  void AbortUndrainedBatches();

  uint32_t first_timer_ = 0;
  std::shared_ptr<const ProducerSpec> spec_;
  RecordSource source_;
  std::string topic_;  // the spec's, in the cluster that is used
  ProducerConfig config_;  // the spec's, but for what an operation changed
  int64_t next_batch_ = 1;
  int64_t next_request_ = 1;
  int64_t producer_id_ = kNoProducerId;
  int16_t producer_epoch_ = 0;
  bool init_asked_ = false;
  absl::btree_map<TopicPartition, PartitionState> partitions_;
  std::optional<TopicPartition> sticky_;
  Transaction transaction_;
  int32_t group_coordinator_ = -1;
  // What each request in flight carries.
  absl::btree_map<int64_t, std::vector<std::pair<TopicPartition, int64_t>>> requests_in_flight_;
};

using ProducerFactory = ClientFactory<Producer, ProducerSpec>;

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_PRODUCER_H_
