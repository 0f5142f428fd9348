// Partition: one replica's part in replicating one partition. Only logic: the broker around it does
// the talking and writing. (core/.../cluster/Partition.scala; rules of models/kafka.md are cited as B1.x)
#ifndef BROKERSIM_MODEL_KAFKA_PARTITION_H_
#define BROKERSIM_MODEL_KAFKA_PARTITION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/config.h"
#include "model/kafka/messages.h"
#include "model/kafka/replica_log.h"
#include "sim/base/sim_time.h"

namespace brokersim::kafka {

enum class Role { kNone, kLeader, kFollower };

// What a leader knows of a follower (Replica.scala).
struct FollowerState {
  int64_t log_end_offset = -1;
  int64_t broker_epoch = -1;
  sim::Time last_caught_up;
  // At the last fetch: when it was, and where the leader's log ended then.
  sim::Time last_fetch;
  int64_t last_fetch_leader_end = 0;
};

class Partition {
 public:
  Partition(int32_t broker_id, TopicPartition tp, const BrokerConfig& config, ReplicaLog log,
            int64_t high_watermark);

  // ---- State, for reading.
  const TopicPartition& tp() const { return tp_; }
  const std::string& name() const { return name_; }
  Role role() const { return role_; }
  int32_t leader() const { return leader_; }
  int32_t leader_epoch() const { return leader_epoch_; }
  int32_t partition_epoch() const { return partition_epoch_; }
  void Reconfigure(const BrokerConfig& config) { config_ = &config; }
  const std::vector<int32_t>& isr() const { return isr_; }
  const std::vector<int32_t>& replicas() const { return replicas_; }
  int64_t high_watermark() const { return high_watermark_; }
  int64_t last_stable_offset() const { return log_.LastStableOffset(high_watermark_); }
  int64_t leader_epoch_start() const { return leader_epoch_start_; }
  const ReplicaLog& log() const { return log_; }
  ReplicaLog& log() { return log_; }

  // min.insync.replicas (of __transaction_state: transaction.state.log.min.isr), but not more than there are replicas.
  int64_t EffectiveMinIsr() const;

  // ---- Role changes, from the metadata log.

  // B1.4.6. Returns true if the leader epoch is new (so that it begins at the log's end).
  bool BecomeLeader(const PartitionRecord& record, sim::Time now);
  // Returns true if the leader or its epoch is new.
  bool BecomeFollower(const PartitionRecord& record);
  // No leader, as far as is known.
  void BecomeLeaderless(const PartitionRecord& record);

  // ---- Leader.

  // B1.4.1: kNone if a batch with these acks may be appended.
  ErrorCode CheckAppend(int16_t acks) const;
  // B1.4.7
  ErrorCode CheckEpoch(int32_t current_leader_epoch) const;
  // Where the epoch ends in this log, as a leader tells it (KIP-101, KIP-279).
  EpochEndOffset EndOfEpoch(int32_t epoch) const;
  // KIP-595: where a follower that last fetched `last_fetched_epoch` and wants `fetch_offset` parted from this
  // log, if it did.
  std::optional<EpochEndOffset> Diverging(int64_t fetch_offset, int32_t last_fetched_epoch) const;
  // A follower fetches from `offset`: it holds everything below (Replica.updateFetchState).
  void NoteFetch(int32_t replica, int64_t broker_epoch, int64_t offset, sim::Time now);
  // B1.4.2; returns whether it rose.
  bool MaybeIncrementHighWatermark(sim::Time now);
  // B1.4.4: the ISR to ask the controller for, if it should change and no change is pending.
  std::optional<std::vector<BrokerState>> ProposeExpand(int32_t replica, int64_t own_broker_epoch);
  std::optional<std::vector<BrokerState>> ProposeShrink(sim::Time now, int64_t own_broker_epoch);
  // The controller's answer to a proposal; `isr` is what it says is true now.
  void ConcludeProposal(ErrorCode error, int32_t partition_epoch, const std::vector<int32_t>& isr);
  bool proposal_pending() const { return proposed_isr_.has_value(); }
  const absl::btree_map<int32_t, FollowerState>& followers() const { return followers_; }

  // Whether a write that ends before `required` is done: kNone, an error, or nullopt: not yet
  // (checkEnoughReplicasReachOffset).
  std::optional<ErrorCode> CheckReplicated(int64_t required) const;

  // ---- Follower.

  // B1.4.5
  void SetFollowerHighWatermark(int64_t leader_high_watermark);
  // Cuts the log; the high watermark follows it down. Returns what was removed.
  std::vector<BatchRef> TruncateTo(int64_t offset);

  void CheckInvariants() const;

 private:
  bool IsCaughtUp(const FollowerState& follower, sim::Time now) const;
  std::vector<BrokerState> WithEpochs(const std::vector<int32_t>& isr, int64_t own_broker_epoch) const;

  int32_t broker_id_;
  TopicPartition tp_;
  std::string name_;
  const BrokerConfig* config_;
  ReplicaLog log_;

  Role role_ = Role::kNone;
  int32_t leader_ = kNoLeader;
  int32_t leader_epoch_ = -1;
  int32_t partition_epoch_ = -1;
  std::vector<int32_t> replicas_;
  std::vector<int32_t> isr_;
  int64_t high_watermark_ = 0;  // Invariant: never beyond the log's end

  // Leader only.
  int64_t leader_epoch_start_ = 0;
  absl::btree_map<int32_t, FollowerState> followers_;
  std::optional<std::vector<int32_t>> proposed_isr_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_PARTITION_H_
