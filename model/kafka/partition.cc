#include "model/kafka/partition.h"

#include <algorithm>
#include <utility>

#include "model/kafka/cluster.h"

namespace brokersim::kafka {
namespace {

bool Contains(const std::vector<int32_t>& ids, int32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

Partition::Partition(int32_t broker_id, TopicPartition tp, const BrokerConfig& config, ReplicaLog log,
                     int64_t high_watermark)
    : broker_id_(broker_id), tp_(std::move(tp)), name_(LogName(tp_)), config_(&config),
      log_(std::move(log)), high_watermark_(std::min(high_watermark, log_.log_end_offset())) {}

int64_t Partition::EffectiveMinIsr() const {
  if (config_->mutant == Mutant::kMinIsrIgnored) return 1;
  return MinInsyncReplicas(*config_, tp_.topic, replicas_.size());
}

bool Partition::BecomeLeader(const PartitionRecord& record, sim::Time now) {
  const bool new_epoch = role_ != Role::kLeader || record.leader_epoch > leader_epoch_;
  leader_ = record.leader;
  leader_epoch_ = record.leader_epoch;
  partition_epoch_ = record.partition_epoch;
  replicas_ = record.replicas;
  isr_ = record.isr;
  proposed_isr_.reset();
  role_ = Role::kLeader;
  if (!new_epoch) return false;
  leader_epoch_start_ = log_.log_end_offset();
  followers_.clear();
  for (int32_t replica : replicas_) {
    if (replica == broker_id_) continue;
    FollowerState follower;
    // Members of the ISR get the benefit of the doubt (Replica.resetReplicaState).
    if (Contains(isr_, replica)) follower.last_caught_up = now;
    followers_.emplace(replica, follower);
  }
  return true;
}

bool Partition::BecomeFollower(const PartitionRecord& record) {
  const bool changed = role_ != Role::kFollower || record.leader_epoch > leader_epoch_;
  leader_ = record.leader;
  leader_epoch_ = record.leader_epoch;
  partition_epoch_ = record.partition_epoch;
  replicas_ = record.replicas;
  isr_ = record.isr;
  role_ = Role::kFollower;
  followers_.clear();
  proposed_isr_.reset();
  return changed;
}

void Partition::BecomeLeaderless(const PartitionRecord& record) {
  leader_ = kNoLeader;
  leader_epoch_ = record.leader_epoch;
  partition_epoch_ = record.partition_epoch;
  replicas_ = record.replicas;
  isr_ = record.isr;
  role_ = Role::kNone;
  followers_.clear();
  proposed_isr_.reset();
}

ErrorCode Partition::CheckAppend(int16_t acks) const {
  if (role_ != Role::kLeader) return ErrorCode::kNotLeaderOrFollower;
  if (acks == -1 && static_cast<int64_t>(isr_.size()) < EffectiveMinIsr()) {
    return ErrorCode::kNotEnoughReplicas;
  }
  return ErrorCode::kNone;
}

ErrorCode Partition::CheckEpoch(int32_t current_leader_epoch) const {
  if (current_leader_epoch == -1) return ErrorCode::kNone;
  if (current_leader_epoch < leader_epoch_) return ErrorCode::kFencedLeaderEpoch;
  if (current_leader_epoch > leader_epoch_) return ErrorCode::kUnknownLeaderEpoch;
  return ErrorCode::kNone;
}

EpochEndOffset Partition::EndOfEpoch(int32_t epoch) const {
  return config_->kip_279 ? log_.EndOffsetForEpoch(epoch) : log_.StartOffsetAfterEpoch(epoch);
}

std::optional<EpochEndOffset> Partition::Diverging(int64_t fetch_offset, int32_t last_fetched_epoch) const {
  if (last_fetched_epoch == -1 || config_->mutant == Mutant::kKeepsDivergentTail) return std::nullopt;
  const EpochEndOffset end = EndOfEpoch(last_fetched_epoch);
  // Before KIP-279 a leader that knows of no later epoch says nothing.
  if (!config_->kip_279 && end.epoch < 0) return std::nullopt;
  if (end.epoch < last_fetched_epoch || end.end_offset < fetch_offset) return end;
  return std::nullopt;
}

void Partition::NoteFetch(int32_t replica, int64_t broker_epoch, int64_t offset, sim::Time now) {
  const auto found = followers_.find(replica);
  if (found == followers_.end()) return;
  FollowerState& follower = found->second;
  if (offset >= log_.log_end_offset()) {
    follower.last_caught_up = std::max(follower.last_caught_up, now);
  } else if (offset >= follower.last_fetch_leader_end) {
    follower.last_caught_up = std::max(follower.last_caught_up, follower.last_fetch);
  }
  follower.log_end_offset = offset;
  follower.broker_epoch = broker_epoch;
  follower.last_fetch = now;
  follower.last_fetch_leader_end = log_.log_end_offset();
}

bool Partition::IsCaughtUp(const FollowerState& follower, sim::Time now) const {
  return follower.log_end_offset == log_.log_end_offset() ||
         now - follower.last_caught_up <= sim::Milliseconds(config_->replica_lag_time_max_ms);
}

bool Partition::MaybeIncrementHighWatermark(sim::Time now) {
  if (role_ != Role::kLeader) return false;
  // KIP-966: with fewer, what is acknowledged might be nowhere else.
  const bool elr = config_->eligible_leader_replicas_version > 0;
  if (elr && static_cast<int64_t>(isr_.size()) < EffectiveMinIsr()) return false;
  int64_t reached = log_.log_end_offset();
  for (const auto& [replica, follower] : followers_) {
    // The maximal ISR: whoever is in it by the last answer, or is about to be.
    const bool counts = Contains(isr_, replica) ||
                        (proposed_isr_.has_value() && Contains(*proposed_isr_, replica) &&
                         config_->mutant != Mutant::kHighWatermarkIgnoresPending) ||
                        (!config_->kafka_15021 && follower.last_fetch > sim::Time() && IsCaughtUp(follower, now));
    if (counts) reached = std::min(reached, follower.log_end_offset);
  }
  if (config_->mutant == Mutant::kHighWatermarkOfFastest) {
    reached = 0;
    for (const auto& [replica, follower] : followers_) reached = std::max(reached, follower.log_end_offset);
    reached = std::min(reached, log_.log_end_offset());
  }
  if (reached <= high_watermark_) return false;
  high_watermark_ = reached;
  return true;
}

std::vector<BrokerState> Partition::WithEpochs(const std::vector<int32_t>& isr,
                                               int64_t own_broker_epoch) const {
  std::vector<BrokerState> states;
  for (int32_t id : isr) {
    const auto follower = followers_.find(id);
    if (!config_->kip_903) {
      states.push_back({id, -1});
      continue;
    }
    states.push_back({id, follower == followers_.end() ? own_broker_epoch : follower->second.broker_epoch});
  }
  return states;
}

std::optional<std::vector<BrokerState>> Partition::ProposeExpand(int32_t replica,
                                                                 int64_t own_broker_epoch) {
  if (role_ != Role::kLeader || proposed_isr_.has_value() || Contains(isr_, replica)) return std::nullopt;
  const auto found = followers_.find(replica);
  if (found == followers_.end()) return std::nullopt;
  // B1.4.4, and KIP-101's note: up to the high watermark and into this leader's epoch.
  const int64_t end = found->second.log_end_offset;
  const bool caught_up = end >= high_watermark_ && (end >= leader_epoch_start_ || !config_->kafka_7128);
  if (!caught_up && config_->mutant != Mutant::kIsrExpandUnchecked) return std::nullopt;
  std::vector<int32_t> isr = isr_;
  isr.push_back(replica);
  std::sort(isr.begin(), isr.end());
  proposed_isr_ = isr;
  return WithEpochs(isr, own_broker_epoch);
}

std::optional<std::vector<BrokerState>> Partition::ProposeShrink(sim::Time now, int64_t own_broker_epoch) {
  if (role_ != Role::kLeader || proposed_isr_.has_value()) return std::nullopt;
  std::vector<int32_t> isr;
  for (int32_t id : isr_) {
    const auto follower = followers_.find(id);
    if (follower == followers_.end() || IsCaughtUp(follower->second, now)) isr.push_back(id);
  }
  if (isr.size() == isr_.size()) return std::nullopt;
  proposed_isr_ = isr;
  if (config_->mutant == Mutant::kIsrShrinkUnconfirmed) isr_ = isr;
  return WithEpochs(isr, own_broker_epoch);
}

void Partition::ConcludeProposal(ErrorCode error, int32_t partition_epoch, const std::vector<int32_t>& isr) {
  proposed_isr_.reset();
  if (error != ErrorCode::kNone || partition_epoch <= partition_epoch_) return;
  partition_epoch_ = partition_epoch;
  isr_ = isr;
}

std::optional<ErrorCode> Partition::CheckReplicated(int64_t required) const {
  if (role_ != Role::kLeader) {
    return config_->mutant == Mutant::kAckOnLeadershipLoss ? ErrorCode::kNone : ErrorCode::kNotLeaderOrFollower;
  }
  if (high_watermark_ < required) return std::nullopt;
  return static_cast<int64_t>(isr_.size()) < EffectiveMinIsr() ? ErrorCode::kNotEnoughReplicasAfterAppend
                                                               : ErrorCode::kNone;
}

void Partition::SetFollowerHighWatermark(int64_t leader_high_watermark) {
  if (config_->mutant == Mutant::kFollowerTrustsItsEnd) leader_high_watermark = log_.log_end_offset();
  high_watermark_ = std::min(leader_high_watermark, log_.log_end_offset());
}

std::vector<BatchRef> Partition::TruncateTo(int64_t offset) {
  CHECK(role_ != Role::kLeader, "{} truncates as leader", name_);
  std::vector<BatchRef> removed = log_.TruncateTo(offset);
  high_watermark_ = std::min(high_watermark_, log_.log_end_offset());
  return removed;
}

void Partition::CheckInvariants() const {
  CHECK(high_watermark_ >= 0, "{}: high watermark {}", name_, high_watermark_);
  CHECK(high_watermark_ <= log_.log_end_offset(), "{}: high watermark {} beyond the log's end {}", name_,
        high_watermark_, log_.log_end_offset());
  if (role_ == Role::kLeader) {
    CHECK(leader_ == broker_id_, "{}: leads, but the leader is {}", name_, leader_);
    CHECK(leader_epoch_start_ <= log_.log_end_offset(), "{}: epoch {} begins beyond the log's end", name_,
          leader_epoch_);
  }
  log_.CheckInvariants(config_->kip_279);
}

}  // namespace brokersim::kafka
