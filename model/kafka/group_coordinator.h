// GroupCoordinator: the classic consumer-group protocol, on the broker that leads the group's partition
// of __consumer_offsets. (GroupCoordinator.scala, GroupMetadata.scala; KIP-394 for member ids)
//
// Group metadata and committed offsets are records of that partition; members' sessions are in memory only. This class
// decides; the broker writes the records and sends the answers.
#ifndef BROKERSIM_MODEL_KAFKA_GROUP_COORDINATOR_H_
#define BROKERSIM_MODEL_KAFKA_GROUP_COORDINATOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/cluster.h"
#include "model/kafka/messages.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

// Partition of __consumer_offsets that holds the group: abs(String.hashCode) modulo
// (GroupMetadataManager.partitionFor).
int32_t OffsetsPartitionFor(std::string_view group, int64_t partitions);

class GroupCoordinator {
 public:
  // Timer kinds [first_timer, first_timer + 2) of the broker are the coordinator's.
  GroupCoordinator(int32_t broker_id, const BrokerConfig& config, uint32_t first_timer)
      : broker_id_(broker_id), config_(&config), first_timer_(first_timer) {}

  void Reconfigure(const BrokerConfig& config) { config_ = &config; }

  // The broker leads, or no longer leads, a partition of __consumer_offsets, whose records are given.
  void Load(int32_t partition, const std::vector<BatchRef>& batches, sim::Effects& out);
  void Unload(int32_t partition, sim::Effects& out);

  void Join(const JoinGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  // `persist` gets the group's new metadata record if it has to be written.
  void Sync(const SyncGroupRequest& m, sim::ConnId conn, int32_t id, std::optional<Record>* persist,
            sim::Effects& out);
  void Heartbeat(const HeartbeatRequest& m, sim::ConnId conn, int32_t id, sim::Effects& out);
  void Leave(const LeaveGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  // kNone: the offsets may be written; the records to write are appended to `records`.
  ErrorCode CheckCommit(const OffsetCommitRequest& m, std::vector<Record>* records, sim::Effects& out);
  // The records of a commit are committed themselves.
  void ApplyCommit(const std::string& group, const std::vector<PartitionOffset>& offsets);
  // Offsets of a transaction: they count when its end says so. Until then, from the check on, they are pending.
  // (GroupMetadata.scala: prepareTxnOffsetCommit, failPendingTxnOffsetCommit, completePendingTxnOffsetCommit; KIP-98)
  ErrorCode PrepareCommit(const TxnOffsetCommitRequest& m, std::vector<Record>* records);
  void FailCommit(const std::string& group, int64_t producer_id);
  // The marker is replicated: in all groups of this partition of __consumer_offsets.
  void EndTransaction(int32_t partition, int64_t producer_id, bool committed);
  OffsetFetchResponse FetchOffsets(const OffsetFetchRequest& m) const;
  // Those that have members or positions.
  std::vector<std::string> Groups() const;

  bool OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out);
  void Describe(sim::Describer& d) const;

 private:
  enum class State { kEmpty, kPreparingRebalance, kCompletingRebalance, kStable };
  struct Waiting {
    sim::ConnId conn;
    int32_t id = 0;
  };
  struct Member {
    int64_t number = 0;  // of its session timer
    int32_t session_timeout_ms = 0;
    int32_t rebalance_timeout_ms = 0;
    std::vector<std::string> topics;
    std::string metadata;
    std::vector<TopicPartition> assignment;
    std::string work;
    std::optional<Waiting> joining;
    std::optional<Waiting> syncing;
  };
  struct Group {
    State state = State::kEmpty;
    int64_t number = 0;  // of its rebalance timer
    int32_t generation = 0;
    std::string leader;
    absl::btree_map<std::string, Member> members;
    std::vector<std::string> pending_members;  // given an id, not joined yet
    // First rebalance of an empty group: more members may come (InitialDelayedJoin).
    bool initial_delay = false;
    bool joined_during_delay = false;
    sim::Time rebalance_deadline;
    absl::btree_map<TopicPartition, CommittedOffset> offsets;
    // Since when it has no member, as far as this coordinator knows.
    std::optional<sim::Time> empty_since;
    // By producer id.
    absl::btree_map<int64_t, absl::btree_map<TopicPartition, CommittedOffset>> pending;
  };
  enum TimerKind : uint32_t { kSession = 0, kRebalance = 1 };

  Group* Find(const std::string& group);
  ErrorCode CheckMember(const Group& group, const std::string& member, int32_t generation) const;
  void PrepareRebalance(Group* group, sim::Env& env, sim::Effects& out);
  void DropExpiredOffsets(const std::string& name, Group* group, sim::Env& env, sim::Effects& out);
  void MaybeCompleteJoin(Group* group, bool time_is_up, sim::Env& env, sim::Effects& out);
  void CompleteJoin(Group* group, sim::Env& env, sim::Effects& out);
  void Remove(Group* group, const std::string& member, std::string_view why, sim::Env& env, sim::Effects& out);
  void ArmSession(const Member& member, sim::Effects& out);
  Record Encode(const std::string& name, const Group& group) const;
  void Decode(const RecordBatch& batch, const Record& record, sim::Effects& out);
  bool IsUnstable(const Group& group, const std::vector<TopicPartition>& partitions) const;

  int32_t broker_id_;
  const BrokerConfig* config_;
  uint32_t first_timer_;
  int64_t next_number_ = 1;
  absl::btree_map<std::string, Group> groups_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_GROUP_COORDINATOR_H_
