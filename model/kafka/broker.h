// Broker: leads and follows partitions, answers clients, obeys the controller.
//
// Code by subject: broker.cc (life, roles), broker_kraft.cc and broker_zookeeper.cc (its controller),
// broker_produce.cc (writes), broker_fetch.cc (reads, the leader's side of replication), broker_replica.cc (the
// follower's side), broker_isr.cc (the ISR), broker_groups.cc (groups), broker_transactions.cc (transactions),
// broker_view.cc (what others see).
#ifndef BROKERSIM_MODEL_KAFKA_BROKER_H_
#define BROKERSIM_MODEL_KAFKA_BROKER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/cluster.h"
#include "model/kafka/group_coordinator.h"
#include "model/kafka/messages.h"
#include "model/kafka/partition.h"
#include "model/kafka/transaction_coordinator.h"
#include "model/kafka/request_manager.h"
#include "model/kafka/zookeeper/member.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

// Content of the file replication-offset-checkpoint.
struct HighWatermarkCheckpoint {
  static constexpr std::string_view kName = "replication-offset-checkpoint";
  std::vector<PartitionOffset> entries;
  template <class V> void Fields(V& v) const { v("entries", entries); }
};

// What a broker waits for the controller's answer: BrokerLifecycleManager gives these requests a timeout of their own.
inline constexpr sim::Duration kControllerRequestTimeout = sim::Seconds(5);

// Our choices where the real value is an exponential backoff around it.
inline constexpr sim::Duration kRegistrationRetry = sim::Milliseconds(100);
inline constexpr sim::Duration kMetadataRetryAfter = sim::Milliseconds(100);

// Content of the file .kafka_cleanshutdown (KIP-966; CleanShutdownFileHandler.java).
struct CleanShutdown {
  static constexpr std::string_view kName = ".kafka_cleanshutdown";
  int64_t broker_epoch = -1;
  template <class V> void Fields(V& v) const { v("brokerEpoch", broker_epoch); }
};

class Broker final : public sim::Process {
 public:
  Broker(std::shared_ptr<const ClusterSpec> cluster, int32_t id, sim::Env& env, sim::Effects& out);

  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Broker>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  void OnSynced(sim::SyncTicket ticket, sim::Env& env, sim::Effects& out) override;
  void OnStop(sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  // "leader(orders-0)", "follower(orders-0)", "coordinator(GROUP)"
  bool HoldsRole(std::string_view role) const override;
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  bool Healthy() const override;
  void Describe(sim::Describer& d) const override;
  void CheckInvariants() const override;

 private:
  enum TimerKind : uint32_t {
    kRequestTimeout,    // arg: peer
    kRegister,
    kHeartbeat,
    kMetadataRetry,
    kHighWatermarkCheckpoint,
    kIsrCheck,
    kAlterRetry,
    kDelayedFetch,      // arg: number
    kDelayedWrite,      // arg: number
    kFetchBackoff,      // arg: leader
    kShutdownLimit,
    kGroupFirst,        // two of the coordinator
    kGroupLast,
    kTransactionScan,
    kMarkerRetry,
    kZooKeeperFirst,    // those of its member
    kZooKeeperLast = kZooKeeperFirst + ZooKeeperMember::kTimers - 1,
  };

  // A leader has asked the coordinator about a producer's transaction; what ends a transaction ends this too.
  struct Verification {
    int64_t guard = 0;
    int16_t producer_epoch = -1;
    int32_t lowest_sequence = -1;
  };

  // A partition that this broker has a replica of.
  struct Replica {
    Partition partition;
    sim::FileId log_file;
    sim::FileId epoch_file;
    int64_t unflushed = 0;  // records
    // The change of the ISR that the controller was asked for, until it answers.
    std::optional<AlterPartitionRequest> alter;
    bool alter_in_flight = false;
    int32_t controller_epoch = -1;  // ZooKeeper mode: of the controller that decided who leads
    // By producer id (VerificationStateEntry.java).
    absl::btree_map<int64_t, Verification> verifications;
    bool truncates_first = false;  // before KIP-320: the leader has to be asked where our last epoch ends
  };

  // Follower: what is fetched from one leader.
  struct Fetcher {
    absl::btree_map<TopicPartition, bool> ready;  // false: backing off, or waiting for ListOffsets
    bool in_flight = false;
    std::vector<sim::SyncTicket> waits_for;  // syncs of what the last fetch brought, one for each batch
  };

  // A fetch that waits for data (DelayedFetch.scala).
  struct DelayedFetch {
    sim::ConnId conn;
    int32_t id = 0;
    FetchRequest request;
  };

  // A write that waits for the ISR (DelayedProduce.scala): of a producer, or of a coordinator.
  struct DelayedWrite {
    enum class For { kProduce, kOffsetCommit, kTxnOffsetCommit, kTransaction, kMarkers };
    For what = For::kProduce;
    sim::ConnId conn;
    int32_t id = 0;
    struct Part {
      TopicPartition tp;
      int64_t base_offset = -1;
      int64_t required = -1;
      ErrorCode error = ErrorCode::kNone;
      bool done = false;
    };
    std::vector<Part> parts;
    std::vector<sim::SyncTicket> syncs;  // not durable here yet
    std::string key;  // group, or transactional id
    std::vector<PartitionOffset> offsets;  // of an offset commit
    int64_t producer_id = kNoProducerId;   // of what belongs to a transaction
    Marker marker = Marker::kNone;
  };

  // A produce request that waits for the transaction coordinator, or offsets (`commit`) put as one.
  struct Unverified {
    sim::ConnId conn;
    int32_t id = 0;
    ProduceRequest request;
    std::optional<TxnOffsetCommitRequest> commit;
    std::vector<TopicPartition> asked;
    std::vector<int64_t> guards;
  };

  // What an answer belongs to.
  struct RegistrationSent {};
  struct HeartbeatSent {};
  struct MetadataFetchSent {};
  struct ProducerIdsSent {};
  struct AlterSent { TopicPartition tp; };
  struct ReplicaFetchSent {
    int32_t leader = -1;
    std::vector<FetchRequest::Partition> partitions;
    std::vector<int32_t> epochs;
  };
  struct ListOffsetsSent {
    int32_t leader = -1;
    TopicPartition tp;
  };
  struct EpochEndSent {
    int32_t leader = -1;
    TopicPartition tp;
    int32_t epoch = -1;  // the leader's, as we know it
  };
  struct VerificationSent { int64_t number = 0; };
  struct MarkersSent { TransactionCoordinator::Markers markers; };
  using Sent = std::variant<RegistrationSent, HeartbeatSent, MetadataFetchSent, ProducerIdsSent, AlterSent,
                            ReplicaFetchSent, ListOffsetsSent, VerificationSent, MarkersSent, EpochEndSent>;

  // broker.cc
  void Receive(const sim::Received& message, sim::Env& env, sim::Effects& out);
  void OnOwnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out);
  bool has_elr() const { return config_->eligible_leader_replicas_version > 0; }
  void ReadCleanShutdown(sim::Env& env, sim::Effects& out);
  void Recover(sim::Env& env);
  Replica& AddReplica(const TopicPartition& tp, int64_t high_watermark, sim::Env& env);
  void OnAnswer(const Sent& sent, const Body& body, sim::Env& env, sim::Effects& out);
  void OnLost(const Sent& sent, sim::Env& env, sim::Effects& out);
  void LoseAll(const std::vector<int32_t>& lost, sim::Env& env, sim::Effects& out);
  void ApplyPartition(const PartitionRecord& record, sim::Env& env, sim::Effects& out);
  void BeginLeading(Replica* replica, sim::Effects& out);
  void StopLeading(const TopicPartition& tp, sim::Effects& out);
  void WriteCheckpoint(sim::Effects& out);
  void FlushAndExit(sim::Effects& out);
  void Exit(sim::Effects& out);
  sim::NodeId NodeOf(int32_t broker) const { return cluster_->brokers.at(broker); }
  Replica* Find(const TopicPartition& tp);
  void Truncate(Replica* replica, int64_t offset, std::string_view why, sim::Effects& out);
  void WriteEpochs(Replica* replica, sim::Effects& out);
  void On(const MetadataRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const InitProducerIdRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void AnswerProducerIds(sim::Effects& out);

  // broker_kraft.cc
  void Register(sim::Env& env, sim::Effects& out);
  void SendHeartbeat(sim::Env& env, sim::Effects& out);
  void OnRegistered(const BrokerRegistrationResponse& m, sim::Env& env, sim::Effects& out);
  void OnHeartbeatAnswer(const BrokerHeartbeatResponse& m, sim::Env& env, sim::Effects& out);
  void FetchMetadata(sim::Env& env, sim::Effects& out);
  void ApplyMetadata(const MetadataFetchResponse& m, sim::Env& env, sim::Effects& out);
  void MaybePublishFirst(sim::Env& env, sim::Effects& out);

  // broker_zookeeper.cc
  void HearZooKeeper(sim::Env& env, sim::Effects& out);
  void On(const LeaderAndIsrRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const UpdateMetadataRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const StopReplicaRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const ControlledShutdownRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  bool Obeys(const ControlHeader& header, std::string_view what, sim::ConnId conn, int32_t id, sim::Effects& out);
  void Become(const PartitionRecord& record, sim::Env& env, sim::Effects& out);
  void StopReplica(const StopReplicaRequest::Partition& wanted, sim::Effects& out);
  void DeleteReplica(Replica* replica, sim::Effects& out);
  void OnIsrWritten(const ZooKeeperMember::IsrWritten& m, sim::Env& env, sim::Effects& out);
  const std::vector<int32_t>& KnownIsr(const Partition& partition) const;

  // broker_produce.cc
  void On(const ProduceRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void Produce(const ProduceRequest& m, sim::ConnId conn, int32_t id,
               const absl::btree_map<TopicPartition, ErrorCode>& refused, sim::Env& env, sim::Effects& out);
  DelayedWrite::Part AppendToLocalLog(const TopicPartition& tp, const RecordBatch& batch, int16_t acks,
                                      std::vector<sim::SyncTicket>* syncs, sim::Env& env, sim::Effects& out);
  std::optional<sim::SyncTicket> WriteBatch(Replica* replica, const BatchRef& batch, formats::RecordVerb verb,
                                            sim::Effects& out);
  void Delay(DelayedWrite write, int64_t timeout_ms, sim::Effects& out);
  bool IsDone(DelayedWrite* write) const;
  void TryCompleteWrites(sim::Effects& out);
  void FinishWrite(const DelayedWrite& write, sim::Effects& out);

  // broker_fetch.cc
  void On(const FetchRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const ListOffsetsRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  FetchResponse::Partition ReadPartition(const FetchRequest& m, const FetchRequest::Partition& wanted,
                                         bool* answer_now);
  FetchResponse ReadAll(const FetchRequest& m, bool* answer_now);
  void On(const OffsetForLeaderEpochRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  ErrorCode CheckLeader(const Replica* replica, int32_t current_leader_epoch) const;
  LeaderIdAndEpoch CurrentLeader(const TopicPartition& tp, ErrorCode error) const;
  void TryCompleteFetches(const TopicPartition& tp, bool force, sim::Effects& out);
  void OnHighWatermark(Replica* replica, int64_t before, sim::Effects& out);

  // broker_replica.cc
  void Follow(const TopicPartition& tp, int32_t leader, sim::Env& env, sim::Effects& out);
  void Unfollow(const TopicPartition& tp);
  void SendFetch(int32_t leader, sim::Env& env, sim::Effects& out);
  void OnFetched(const ReplicaFetchSent& sent, const FetchResponse& m, sim::Env& env, sim::Effects& out);
  void OnFetchedPartition(int32_t leader, const FetchRequest::Partition& asked, int32_t epoch,
                          const FetchResponse::Partition& got, sim::Env& env, sim::Effects& out);
  void OnDiverging(Replica* replica, const EpochEndOffset& leader_end, sim::Effects& out);
  void AskEpochEnd(int32_t leader, Replica* replica, sim::Env& env, sim::Effects& out);
  void OnEpochEnd(const EpochEndSent& sent, const OffsetForLeaderEpochResponse& m, sim::Env& env, sim::Effects& out);
  void BackOff(int32_t leader, const TopicPartition& tp, sim::Effects& out);
  void OnLeaderEnd(const ListOffsetsSent& sent, const ListOffsetsResponse& m, sim::Env& env, sim::Effects& out);

  // broker_isr.cc
  void CheckIsr(sim::Env& env, sim::Effects& out);
  void Propose(Replica* replica, std::optional<std::vector<BrokerState>> isr, sim::Env& env, sim::Effects& out);
  void SendAlter(Replica* replica, sim::Env& env, sim::Effects& out);
  void OnAltered(const AlterPartitionResponse& m, sim::Env& env, sim::Effects& out);
  void Conclude(Replica* replica, ErrorCode error, int32_t partition_epoch, const std::vector<int32_t>& isr,
                sim::Env& env, sim::Effects& out);

  // broker_groups.cc
  void On(const FindCoordinatorRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const JoinGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const SyncGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const HeartbeatRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const LeaveGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const OffsetCommitRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const OffsetFetchRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const ListGroupsRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void StoreOffsets(DelayedWrite write, const RecordBatch& batch, sim::Env& env, sim::Effects& out);
  bool Coordinates(const std::string& group) const;
  TopicPartition OffsetsPartitionOf(const std::string& group) const;

  // broker_transactions.cc
  void On(const AddPartitionsToTxnRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const AddOffsetsToTxnRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const TxnOffsetCommitRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void CommitInTransaction(const TxnOffsetCommitRequest& m, sim::ConnId conn, int32_t id, sim::Env& env,
                           sim::Effects& out);
  void On(const EndTxnRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const WriteTxnMarkersRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  bool InitTransactional(const InitProducerIdRequest& m, sim::ConnId conn, int32_t id, sim::Effects& out);
  bool CoordinatesTransactions(const std::string& transactional_id) const;
  TopicPartition TransactionsPartitionOf(const std::string& transactional_id) const;
  bool AskCoordinator(Unverified waiting, sim::Env& env, sim::Effects& out);
  void OnVerified(int64_t number, ErrorCode error, const AddPartitionsToTxnResponse* m, sim::Env& env,
                  sim::Effects& out);
  ErrorCode CheckBatch(const Replica& replica, const RecordBatch& batch, int64_t* duplicate_of) const;
  void RunTransactions(sim::Env& env, sim::Effects& out);
  void SendMarkers(sim::Env& env, sim::Effects& out);
  void BackOffMarkers(sim::Effects& out);
  void OnMarkersWritten(const MarkersSent& sent, const WriteTxnMarkersResponse* m, sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  // Replaced as a whole, so that copies of this broker may share it.
  std::shared_ptr<const BrokerConfig> config_;
  int32_t id_;
  int64_t incarnation_id_ = 0;
  int64_t broker_epoch_ = -1;
  int64_t previous_broker_epoch_ = -1;  // of an incarnation that was shut down cleanly
  bool registered_ = false;
  bool fenced_ = true;
  bool stopping_ = false;
  std::vector<sim::SyncTicket> exit_syncs_;  // not done yet; the process ends with the last of them
  sim::Time register_deadline_;

  // The metadata log so far.
  int64_t metadata_offset_ = 0;
  bool published_ = false;  // whether replicas follow it
  absl::btree_map<int32_t, bool> alive_brokers_;  // false: fenced
  absl::btree_map<TopicPartition, PartitionRecord> metadata_;

  sim::FileId checkpoint_file_;
  sim::FileId clean_shutdown_file_;  // with KIP-966 only
  absl::btree_map<TopicPartition, Replica> replicas_;
  absl::btree_map<int32_t, Fetcher> fetchers_;
  int64_t next_number_ = 1;
  absl::btree_map<int64_t, DelayedFetch> delayed_fetches_;
  absl::btree_map<int64_t, DelayedWrite> delayed_writes_;

  // In ZooKeeper mode only.
  std::optional<ZooKeeperMember> zookeeper_;
  int32_t controller_epoch_ = 0;  // the greatest that it has heard of

  RequestManager requests_{kRequestTimeout};
  absl::btree_map<int32_t, Sent> sent_;  // by correlation id

  int64_t next_producer_id_ = 0;
  int64_t producer_ids_left_ = 0;
  bool producer_ids_asked_ = false;
  struct WaitingInit {
    sim::ConnId conn;
    int32_t id = 0;
    InitProducerIdRequest request;
  };
  std::vector<WaitingInit> waiting_inits_;

  GroupCoordinator coordinator_;
  TransactionCoordinator transactions_;
  bool scans_transactions_ = false;
  bool markers_wait_ = false;  // until the retry timer fires
  absl::btree_map<int64_t, Unverified> unverified_;
};

class BrokerFactory final : public sim::ProcessFactory {
 public:
  BrokerFactory(std::shared_ptr<const ClusterSpec> cluster, int32_t id) : cluster_(std::move(cluster)), id_(id) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<Broker>(cluster_, id_, env, out);
  }

 private:
  std::shared_ptr<const ClusterSpec> cluster_;
  int32_t id_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_BROKER_H_
