// Broker: a master or a slave of its group. (BrokerController.java and its processors)
//
// Code by subject: broker.cc (life, registration, dispatch of commands), broker_send.cc (writes and what they wait
// for), broker_pull.cc (long polls, offsets), broker_clients.cc (heartbeats, rebalance locks), broker_ha.cc
// (replication), broker_replicas.cc (controller mode), broker_dledger.cc (DLedger mode), broker_schedule.cc (delayed
// messages), broker_transaction.cc (half messages), broker_acting.cc (slaves that act as masters, and masters that
// return), broker_escape.cc (what acting masters hand to other groups).
#ifndef BROKERSIM_MODEL_ROCKETMQ_BROKER_H_
#define BROKERSIM_MODEL_ROCKETMQ_BROKER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "model/raft/raft.h"
#include "model/rocketmq/cluster.h"
#include "model/rocketmq/message_store.h"
#include "model/rocketmq/messages.h"
#include "model/rocketmq/remoting.h"
#include "sim/kernel/process.h"

namespace brokersim::rocketmq {

// Names of files on a broker's disk.
inline constexpr std::string_view kCommitLogFile = "commitlog";
inline constexpr std::string_view kConsumerOffsetFile = "consumerOffset.json";
inline constexpr std::string_view kDelayOffsetFile = "delayOffset.json";
inline constexpr std::string_view kEpochFile = "epochFileCheckpoint";
inline constexpr std::string_view kTermFile = "currterm";  // DLedger mode: a raft::Saved

// Content of consumerOffset.json.
struct ConsumerOffsets {
  static constexpr std::string_view kName = "ConsumerOffsets";
  std::vector<OffsetEntry> entries;
  std::optional<DataVersion> version;  // with enableSlaveActingMaster
  template <class V> void Fields(V& v) const {
    v("entries", entries);
    if (version.has_value()) v("dataVersion", *version);
  }
};

// Content of delayOffset.json: by level, from level 1.
struct DelayOffsets {
  static constexpr std::string_view kName = "DelayOffsets";
  std::vector<int64_t> offsets;
  std::optional<DataVersion> version;  // with enableSlaveActingMaster
  template <class V> void Fields(V& v) const {
    v("offsets", offsets);
    if (version.has_value()) v("dataVersion", *version);
  }
};

// Content of the epoch file: oldest first.
struct EpochFile {
  static constexpr std::string_view kName = "EpochFile";
  std::vector<EpochEntry> entries;
  template <class V> void Fields(V& v) const { v("entries", entries); }
};

class Broker final : public sim::Process {
 public:
  Broker(std::shared_ptr<const ClusterSpec> cluster, const BrokerSpec& spec, sim::Env& env, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Broker>(*this); }

  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  void OnSynced(sim::SyncTicket ticket, sim::Env& env, sim::Effects& out) override;
  void OnDiskError(const sim::DiskError& error, sim::Env& env, sim::Effects& out) override;
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  void OnStop(sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  bool HoldsRole(std::string_view role) const override;
  bool Healthy() const override;
  void Describe(sim::Describer& d) const override;
  void CheckInvariants() const override;

 private:
  enum TimerKind : uint32_t {
    kRequestTimeout,
    kRegister,
    kFlush,
    kPersistOffsets,
    kPersistDelayOffsets,
    kSendTimeout,
    kHold,
    kScanClients,
    kHaHeartbeat,
    kHaReconnect,
    kSlaveSync,
    kSchedule,
    kTransactionCheck,
    kOpBatch,
    kBrokerHeartbeat,
    kSyncMetadata,
    kCheckSyncStateSet,
    kRaft,
    kPromote,
    kMemberGroup,
    kPreOnline,
    kHaHandshake,
    kEscapeHalf,
  };
  enum TagKind : int {
    kRegisterTag,
    kSyncAllTag,
    kReplicaInfoTag,
    kElectTag,
    kAlterTag,
    kMemberGroupTag,
    kPreOnlineTag,    // the group, as above
    kExchangeTag,     // a slave knows where the master is
    kReverseSyncTag,  // ... and says what it has
    kEscapeRouteTag,  // arg: number of the escape
    kEscapeTag,
    kStrictLockTag,   // arg: number of the lock
  };

  // ---- broker_send.cc
  // A client's write that waits for its flush or its copies.
  struct PendingSend {
    sim::ConnId conn;
    int32_t opaque = 0;
    StoredMessage message;
    int64_t end = 0;  // physical
    bool flushed = false;
    bool replicated = false;
    ResponseCode code = ResponseCode::kSuccess;
    std::optional<sim::Time> flush_deadline;
    std::optional<sim::Time> slave_deadline;
  };
  void OnSendMessage(const SendMessage& request, sim::ConnId conn, int32_t opaque, sim::Env& env, sim::Effects& out);
  // Stores a message of whatever topic and does what follows from it.
  StoredMessage Put(Message message, sim::Env& env, sim::Effects& out);
  // DefaultMessageStore.asyncPutMessage's hook: a delayed message goes to the queue of its level.
  Message Scheduled(Message message) const;
  void OnSendMsgBack(const ConsumerSendMsgBack& request, sim::ConnId conn, int32_t opaque, sim::Env& env,
                     sim::Effects& out);
  // Why a write is refused up front; kSuccess: it isn't.
  ResponseCode Refusal(const Message& message, std::string* remark) const;
  int64_t NeededAcks() const;
  bool IsReplicated(int64_t end) const;
  void StartFlush(sim::Effects& out);
  void OnFlushTimer(sim::Env& env, sim::Effects& out);
  // Answers sends whose flush and copies are there.
  void SettleSends(sim::Effects& out);
  void OnSendTimeout(int64_t id, sim::Env& env, sim::Effects& out);
  void ArmSendTimer(int64_t id, const PendingSend& send, sim::Env& env, sim::Effects& out);
  void AnswerSend(const PendingSend& send, sim::Effects& out);
  // Builds the consume queues as far as is allowed, and wakes who waits for messages.
  void Dispatch(sim::Env& env, sim::Effects& out);

  // ---- broker_pull.cc
  struct HeldPull {
    sim::ConnId conn;
    int32_t opaque = 0;
    PullMessage request;
    sim::Time until;
  };
  using OffsetKey = std::tuple<std::string, std::string, int32_t>;  // group, topic, queue
  void OnPull(const PullMessage& request, sim::ConnId conn, int32_t opaque, bool may_hold, sim::Env& env,
              sim::Effects& out);
  void WakePulls(sim::Env& env, sim::Effects& out);
  void OnHoldTimer(sim::Env& env, sim::Effects& out);
  void CommitOffset(const std::string& group, const std::string& topic, int32_t queue, int64_t offset, sim::Env& env,
                    sim::Effects& out);
  void OnQueryOffset(const QueryConsumerOffset& request, sim::ConnId conn, int32_t opaque, sim::Effects& out);
  void LoadOffsets(sim::Env& env);
  void PersistOffsets(sim::Effects& out);

  // ---- broker_clients.cc
  struct Client {
    std::string id;
    sim::ConnId conn;
    sim::Time last_update;
  };
  struct QueueLock {
    std::string client_id;
    sim::Time last_update;
  };
  void OnHeartbeat(const Heartbeat& heartbeat, sim::ConnId conn, sim::Env& env, sim::Effects& out);
  void OnUnregister(const UnregisterClient& request, sim::Effects& out);
  void ForgetClients(sim::ConnId conn, sim::Effects& out);
  void OnScanClients(sim::Env& env, sim::Effects& out);
  void NotifyConsumers(const std::string& group, sim::Effects& out);
  void OnGetConsumerList(const GetConsumerList& request, sim::ConnId conn, int32_t opaque, sim::Effects& out) const;
  void OnLock(const LockBatchMq& request, sim::ConnId conn, int32_t opaque, sim::Env& env, sim::Effects& out);
  void OnUnlock(const UnlockBatchMq& request, sim::Effects& out);
  std::vector<MessageQueue> TryLock(const LockBatchMq& request, sim::Env& env, sim::Effects& out);
  // lockInStrictMode: a lock that others of the group are asked for, too.
  struct StrictLock {
    sim::ConnId conn;
    int32_t opaque = 0;
    int64_t open = 0;  // answers that are due
    absl::btree_map<MessageQueue, int64_t> votes;
  };
  int64_t LockQuorum() const { return config_.total_replicas / 2 + 1; }
  void OnStrictLock(int64_t number, const LockBatchMqResult* answer, sim::Effects& out);

  // ---- broker_ha.cc
  struct Slave {
    sim::NodeId node;
    int64_t ack = 0;            // slaveAckOffset
    int64_t next_transfer = 0;  // nextTransferFromWhere
    sim::Time last_read;
    // Controller mode: who it is, and when it last had all that was sent to it.
    int64_t replica = -1;
    sim::Time caught_up;
  };
  bool is_master() const { return broker_id_ == 0; }
  void OnHaReport(const HaReportOffset& report, const sim::Received& from, sim::Env& env, sim::Effects& out);
  void OnHaTransfer(const HaTransfer& transfer, sim::ConnId conn, sim::Env& env, sim::Effects& out);
  void TransferToSlaves(sim::Effects& out);
  void Transfer(sim::ConnId conn, Slave* slave, sim::Effects& out);
  void OnHaHeartbeat(sim::Env& env, sim::Effects& out);
  void ConnectToMaster(sim::Env& env, sim::Effects& out);
  void ReportOffset(sim::Effects& out);
  void CloseMaster(sim::Effects& out);
  // Copies of the log up to this offset, the master's own included.
  int64_t CopiesOf(int64_t offset) const;
  // The master included.
  int64_t ReplicasInSync() const;
  void OnSlaveSync(sim::Effects& out);
  void OnSyncAll(sim::ConnId conn, int32_t opaque, sim::Effects& out) const;
  void OnSyncAllResult(const SyncAllResult& result, sim::Effects& out);

  // ---- broker_replicas.cc
  bool controlled() const { return config_.enable_controller_mode; }
  void StartReplica(sim::Env& env, sim::Effects& out);
  void AskController(sim::Effects& out);
  void SendBrokerHeartbeats(sim::Effects& out);
  // `asks`: whether to stand for election if there is no master.
  void OnReplicaInfo(const ReplicaInfo& info, bool asks, sim::Env& env, sim::Effects& out);
  void BecomeMaster(const ReplicaInfo& info, sim::Env& env, sim::Effects& out);
  void BecomeSlave(const ReplicaInfo& info, sim::Env& env, sim::Effects& out);
  void SetSyncStateSet(const ReplicaInfo& info, sim::Env& env, sim::Effects& out);
  void RequestSyncStateSet(std::vector<int64_t> members, sim::Effects& out);
  void MaybeExpand(const Slave& slave, sim::Effects& out);
  void CheckSyncStateSet(sim::Env& env, sim::Effects& out);
  // The set over which acknowledgements count.
  std::vector<int64_t> CountedSet() const;
  const Slave* FindSlave(int64_t replica) const;
  bool AllInSyncHave(int64_t offset) const;
  void UpdateConfirmOffset();
  void OnHandshake(const HaHandshake& handshake, sim::ConnId conn, sim::Env& env, sim::Effects& out);
  void OnHandshakeResult(const HaHandshakeResult& result, sim::ConnId conn, sim::Env& env, sim::Effects& out);
  // Where this log and the master's part; -1: they never were one.
  int64_t ConsistentPoint(const HaHandshakeResult& master) const;
  void TruncateTo(int64_t offset, sim::Effects& out);
  // The epoch that a physical offset belongs to, and where the next one begins.
  EpochEntry EpochAt(int64_t offset, int64_t* next_start) const;
  void StoreEpochs(sim::Effects& out);

  // ---- broker_dledger.cc
  bool dledger() const { return config_.enable_dledger_commit_log; }
  bool elects() const { return controlled() || dledger(); }  // whether who is the master changes by itself
  sim::Duration SlaveSyncPeriod() const;
  void StartDLedger(sim::Env& env, sim::Effects& out);
  raft::Input RaftInput(sim::Env& env) const { return {env.monotonic(), &env.Random("dledger")}; }
  // Whether the command was Raft's.
  bool OnRaftMessage(const Command& command, sim::NodeId from, sim::Env& env, sim::Effects& out);
  void OnPeerLost(sim::NodeId peer, sim::Env& env, sim::Effects& out);
  // Does what Raft wants done.
  void AfterRaft(sim::Env& env, sim::Effects& out);
  void OnRaftRole(sim::Env& env, sim::Effects& out);
  // A leader is the master as soon as all that it has is committed and in its consume queues.
  void Promote(sim::Env& env, sim::Effects& out);
  void Demote(sim::Env& env, sim::Effects& out);
  void TruncateEntries(int64_t kept, sim::Effects& out);
  void FlushSoon(sim::Effects& out);
  // Physical offset behind what is committed.
  int64_t CommittedPhy() const;

  // ---- broker_schedule.cc
  void LoadDelayOffsets(sim::Env& env);
  void StartSchedule(sim::Effects& out);
  void ScheduleLevel(int64_t level, sim::Duration after, sim::Effects& out);
  void ScheduleArrived(const std::vector<StoredMessage>& messages, sim::Effects& out);
  // Queue offset of the message of a level (its index) that is due next.
  int64_t NextDue(size_t index) const;
  // DLedger mode: the positions of levels move when what was due is committed.
  void SettleDue();
  void OnSchedule(int64_t level, sim::Env& env, sim::Effects& out);
  // A delayed message as it goes into its own queue.
  static Message TimeUp(Message message);
  // ScheduleMessageService.updateOffset
  void MoveLevel(size_t index, int64_t by, sim::Env& env);
  void PersistDelayOffsets(sim::Effects& out);

  // ---- broker_transaction.cc
  void OnEndTransaction(const EndTransaction& request, sim::Env& env, sim::Effects& out);
  // The half message that a decision is about; null if it isn't what the producer thinks.
  const StoredMessage* PreparedMessage(const EndTransaction& request) const;
  void DeleteHalf(int64_t queue_offset, sim::Env& env, sim::Effects& out);
  void WriteOps(sim::Env& env, sim::Effects& out);
  void CheckHalfMessages(sim::Env& env, sim::Effects& out);
  void ReadOps();
  // Whether the check goes on with the next half message.
  bool CheckOne(const StoredMessage& half, int64_t offset, sim::Env& env, sim::Effects& out);
  void PutBackAndAsk(const StoredMessage& half, sim::Env& env, sim::Effects& out);
  void GiveUp(const StoredMessage& half, std::string_view why, sim::Env& env, sim::Effects& out);

  // ---- broker_acting.cc
  // A group whose lowest slave acts for a master that is gone. Where masters are elected the setting has no effect.
  bool acting_group() const { return config_.enable_slave_acting_master && !elects(); }
  bool acts() const { return acting_group() && !is_master() && !isolated_ && lowest_.broker_id == broker_id_; }
  // Whether what one of a group does for all is done here: delayed messages, checks of half messages.
  bool serves() const { return acting_group() ? !isolated_ && lowest_.broker_id == broker_id_ : is_master(); }
  void StartInGroup(sim::Env& env, sim::Effects& out);
  void AskForGroup(TagKind tag, sim::Effects& out);
  void OnMemberGroup(const BrokerMemberGroup& group, sim::Env& env, sim::Effects& out);
  // The lowest id that is there; `offline`: node of who has gone, -1 if nobody.
  void SetLowest(const BrokerAddress& lowest, int64_t offline, sim::Env& env, sim::Effects& out);
  void StartServing(sim::Effects& out);
  void StopServing(sim::Effects& out);
  // BrokerPreOnlineService: before a broker is registered.
  void PreOnline(const BrokerMemberGroup& group, sim::Env& env, sim::Effects& out);
  void AskNextSlave(sim::Env& env, sim::Effects& out);
  void MaybeSyncReverse(sim::Effects& out);
  void OnReverseSync(const SyncAllResult& result, sim::Env& env, sim::Effects& out);
  void StartService(const BrokerAddress& lowest, sim::Env& env, sim::Effects& out);
  void OnLost(Tag tag, sim::Env& env, sim::Effects& out);
  void OnActingAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out);
  std::optional<DataVersion> Versioned(const DataVersion& version) const {
    return acting_group() ? std::optional<DataVersion>(version) : std::nullopt;
  }

  // ---- broker_escape.cc
  // What is on its way to another group's master.
  struct Escape {
    Message message;
    size_t level = 0;   // its index; of a half message: not used
    bool half = false;
  };
  void StartEscape(Escape escape, sim::Env& env, sim::Effects& out);
  void SendEscape(int64_t number, sim::Env& env, sim::Effects& out);
  void OnEscapeRoute(int64_t number, const GetRouteResult& route, sim::Env& env, sim::Effects& out);
  void OnEscaped(int64_t number, bool stored, sim::Env& env, sim::Effects& out);
  void EscapeDue(size_t index, sim::Env& env, sim::Effects& out);
  void EscapeHalfMessages(sim::Env& env, sim::Effects& out);
  void OnHalfEscaped(bool stored, sim::Env& env, sim::Effects& out);

  // ---- broker.cc
  void Register(sim::Effects& out);
  void OnCommand(const Command& command, const sim::Received& from, sim::Env& env, sim::Effects& out);
  void OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out);
  std::string QueueName(std::string_view topic, int32_t queue) const {
    return LogName({std::string(topic), broker_name_, queue});
  }
  int32_t QueuesOf(std::string_view topic) const;

  std::shared_ptr<const ClusterSpec> cluster_;
  BrokerConfig config_;
  std::vector<sim::Duration> delay_levels_;
  std::string broker_name_;
  int64_t place_;      // its id in the cluster's description ...
  int64_t broker_id_;  // ... and the one that it runs under
  Remoting remoting_{kRequestTimeout};
  MessageStore store_;

  int64_t next_send_ = 1;
  absl::btree_map<int64_t, PendingSend> sends_;
  std::optional<sim::SyncTicket> flush_;  // in progress ...
  int64_t flush_target_ = 0;              // ... up to here
  bool flush_again_ = false;
  sim::Time last_flush_;
  bool stopping_ = false;

  std::vector<HeldPull> held_;
  absl::btree_map<OffsetKey, int64_t> offsets_;
  bool offsets_changed_ = false;
  sim::FileId offset_file_;

  absl::btree_map<std::string, std::vector<Client>> producers_;  // by group
  absl::btree_map<std::string, std::vector<Client>> consumers_;
  int64_t next_channel_ = 0;  // ProducerManager.positiveAtomicCounter
  absl::btree_map<std::pair<std::string, MessageQueue>, QueueLock> locks_;

  absl::btree_map<sim::ConnId, Slave> slaves_;
  int64_t push_to_slave_max_ = 0;  // push2SlaveMaxOffset
  sim::NodeId master_;             // of a slave: as the name servers say
  sim::ConnId ha_;                 // of a slave: to its master
  sim::Time ha_last_read_;
  sim::Time ha_last_report_;

  int64_t current_master_ = -1;  // replica, as the controller says; -1: unknown
  int64_t master_epoch_ = 0;
  std::vector<int64_t> sync_state_set_;
  int64_t sync_state_set_epoch_ = 0;
  std::vector<int64_t> asked_set_;  // a change that the controller was asked for; empty: none is under way
  bool alter_in_flight_ = false;    // ... and has not answered yet
  std::vector<EpochEntry> epochs_;  // oldest first
  int64_t confirm_offset_ = 0;      // what all in sync have

  std::optional<raft::Raft> raft_;  // DLedger mode; entry i is message i-1 of the store
  sim::FileId term_file_;
  std::optional<sim::Time> raft_timer_;  // when it is set for
  bool flush_timer_ = false;

  std::vector<int64_t> delay_offsets_;  // by level, from level 1
  // DLedger mode: what was due and isn't committed yet, as indices of levels and physical ends, in order.
  std::vector<std::pair<size_t, int64_t>> due_uncommitted_;
  bool delay_offsets_changed_ = false;
  sim::FileId delay_file_;
  sim::FileId epoch_file_;

  int64_t op_read_ = 0;                        // queue offset in the op topic up to which decisions were read
  absl::btree_set<int64_t> decided_;           // half messages (queue offsets) that an op message names
  std::vector<int64_t> ops_;                   // decisions that wait to be written
  bool op_timer_ = false;

  // With enableSlaveActingMaster.
  bool isolated_ = false;                 // not registered yet
  BrokerAddress lowest_;                  // minBrokerIdInGroup: 0 at first
  int64_t alive_replicas_ = 1;
  std::vector<BrokerAddress> members_;    // of the group, as a name server says
  int64_t next_strict_lock_ = 1;
  absl::btree_map<int64_t, StrictLock> strict_locks_;
  size_t name_server_ = 0;                // that is asked about the group
  std::vector<BrokerAddress> to_ask_;     // pre-online: members of the group
  size_t asked_ = 0;                      // how many of them have answered
  bool awaits_slave_ = false;             // ... the next is to connect
  DataVersion offsets_version_;
  int64_t offset_commits_ = 0;
  DataVersion delay_version_;
  int64_t level_moves_ = 0;

  int64_t next_escape_ = 1;
  absl::btree_map<int64_t, Escape> escapes_;
  // By topic, and since when.
  absl::btree_map<std::string, std::pair<sim::Time, std::vector<BrokerRoute>>> escape_routes_;
  int64_t escape_turn_ = -1;              // sendWhichQueue; -1: not drawn yet
  bool half_pass_ = false;                // half messages are being handed over ...
  sim::Time half_pass_began_;
  int64_t half_offset_ = 0;               // ... this one
  int64_t half_failures_ = 0;
};

class BrokerFactory final : public sim::ProcessFactory {
 public:
  BrokerFactory(std::shared_ptr<const ClusterSpec> cluster, std::string broker_name, int64_t place)
      : cluster_(std::move(cluster)), broker_name_(std::move(broker_name)), place_(place) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<Broker>(cluster_, *cluster_->Find(broker_name_, place_), env, out);
  }

 private:
  std::shared_ptr<const ClusterSpec> cluster_;
  std::string broker_name_;
  int64_t place_;
};

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_BROKER_H_
