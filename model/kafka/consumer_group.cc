// The consumer's membership in its group, and its commits.
#include <algorithm>
#include <utility>

#include "model/kafka/consumer.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

// ---- Membership

// Does what poll() does about the group before it fetches (AbstractCoordinator.ensureActiveGroup).
void Consumer::EnsureGroup(sim::Env& env, sim::Effects& out) {
  if (!in_group()) {
    if (!partitions_.empty()) return;
    std::vector<TopicPartition> all;
    for (const std::string& topic : topics_) {
      for (int32_t i = 0; i < PartitionsOf(topic); ++i) all.push_back({topic, i});
    }
    if (!all.empty()) Assign(all, env, out);
    return;
  }
  if (membership_ == Membership::kStable && !rejoin_needed_) return;
  if (membership_ == Membership::kFinding || membership_ == Membership::kJoining ||
      membership_ == Membership::kSyncing) {
    return;
  }
  // Only poll() joins: while the application is busy the group waits for it.
  if (activity_ != Activity::kPolling) return;
  for (const std::string& topic : topics_) {
    if (PartitionsOf(topic) > 0) continue;
    // A leader that knows no partitions can assign none. (The Java client would join, and again once it knows them.)
    RefreshMetadata(env, out);
    out.SetTimer({kGroupRetry}, sim::Milliseconds(settings().retry_backoff_ms));
    return;
  }
  if (coordinator_ < 0) {
    FindCoordinator(env, out);
  } else {
    Join(env, out);
  }
}

void Consumer::FindCoordinator(sim::Env& env, sim::Effects& out) {
  membership_ = Membership::kFinding;
  SendTo(AnyBroker(env), FindCoordinatorRequest{spec_->config.group_id}, Tag{kFindTag}, env, out);
}

void Consumer::Join(sim::Env& env, sim::Effects& out) {
  Revoke(out);
  rejoin_needed_ = false;
  membership_ = Membership::kJoining;
  JoinGroupRequest request;
  request.group_id = spec_->config.group_id;
  request.session_timeout_ms = static_cast<int32_t>(spec_->config.session_timeout_ms);
  request.rebalance_timeout_ms = static_cast<int32_t>(spec_->config.max_poll_interval_ms);
  request.member_id = member_id_;
  request.topics = topics_;
  SendTo(coordinator_, std::move(request), Tag{kJoinTag}, env, out);
}

void Consumer::OnJoined(const JoinGroupResponse& m, sim::Env& env, sim::Effects& out) {
  if (m.error == ErrorCode::kMemberIdRequired) {
    member_id_ = m.member_id;
    Join(env, out);
    return;
  }
  if (m.error != ErrorCode::kNone) {
    OnGroupError(m.error, env, out);
    return;
  }
  generation_ = m.generation_id;
  membership_ = Membership::kSyncing;
  SyncGroupRequest request;
  request.group_id = spec_->config.group_id;
  request.generation_id = generation_;
  request.member_id = member_id_;
  if (m.leader == member_id_) request.assignments = AssignRanges(m.members);
  SendTo(coordinator_, std::move(request), Tag{kSyncTag}, env, out);
  out.SetTimer({kHeartbeat}, sim::Milliseconds(spec_->config.heartbeat_interval_ms));
}

// RangeAssignor: of each topic every member gets a run of partitions, the first ones one more where it doesn't divide.
std::vector<MemberAssignment> Consumer::AssignRanges(const std::vector<JoinGroupResponse::Member>& members) const {
  absl::btree_map<std::string, MemberAssignment> assignments;
  absl::btree_map<std::string, std::vector<std::string>> subscribers;  // topic -> members, sorted
  for (const JoinGroupResponse::Member& member : members) {
    assignments[member.member_id].member_id = member.member_id;
    for (const std::string& topic : member.topics) subscribers[topic].push_back(member.member_id);
  }
  for (auto& [topic, ids] : subscribers) {
    std::sort(ids.begin(), ids.end());
    const int32_t partitions = PartitionsOf(topic);
    const auto count = static_cast<int32_t>(ids.size());
    int32_t next = 0;
    for (int32_t i = 0; i < count; ++i) {
      const int32_t share = partitions / count + (i < partitions % count ? 1 : 0);
      for (int32_t n = 0; n < share; ++n)
        assignments[ids[static_cast<size_t>(i)]].partitions.push_back({topic, next++});
    }
  }
  std::vector<MemberAssignment> list;
  for (auto& [id, assignment] : assignments) {
    if (mutant() == Mutant::kAssignsTwice) assignment.partitions.push_back({topics_.front(), 0});
    list.push_back(std::move(assignment));
  }
  return list;
}

void Consumer::OnSyncedGroup(const SyncGroupResponse& m, sim::Env& env, sim::Effects& out) {
  if (m.error != ErrorCode::kNone) {
    OnGroupError(m.error, env, out);
    return;
  }
  membership_ = Membership::kStable;
  group_metadata_ = {generation_, member_id_};
  Assign(m.assignment, env, out);
}

void Consumer::OnHeartbeatAnswer(ErrorCode error, sim::Env& env, sim::Effects& out) {
  if (error == ErrorCode::kNone || membership_ != Membership::kStable) return;
  if (error == ErrorCode::kRebalanceInProgress) {
    // The next poll() rejoins.
    rejoin_needed_ = true;
    EnsureGroup(env, out);
    return;
  }
  OnGroupError(error, env, out);
}

void Consumer::OnGroupError(ErrorCode error, sim::Env&, sim::Effects& out) {
  const bool coordinator_gone = error == ErrorCode::kNotCoordinator || error == ErrorCode::kCoordinatorNotAvailable;
  if (coordinator_gone) {
    BROKERSIM_PROBE("kafka/consumer: the coordinator is gone");
    // Our choice: the member joins anew at the new coordinator; the Java client first tries with its old generation.
    coordinator_ = -1;
    membership_ = Membership::kNone;
    rejoin_needed_ = true;
  } else {
    if (error == ErrorCode::kUnknownMemberId) member_id_.clear();
    if (error == ErrorCode::kUnknownMemberId || error == ErrorCode::kIllegalGeneration) generation_ = -1;
    membership_ = Membership::kNone;
    rejoin_needed_ = true;
  }
  out.SetTimer({kGroupRetry}, sim::Milliseconds(settings().retry_backoff_ms));
}

// Eager rebalancing: nothing is kept.
void Consumer::Revoke(sim::Effects& out) {
  if (partitions_.empty()) return;
  if (mutant() == Mutant::kRemembersOldPositions) {
    for (const auto& [tp, state] : partitions_) old_positions_[tp] = state.at.offset();
  }
  partitions_.clear();
  inquiries_.clear();
  ++assignment_;
  RecordAssignment(out);
}

void Consumer::Assign(const std::vector<TopicPartition>& partitions, sim::Env& env, sim::Effects& out) {
  ++assignment_;
  partitions_.clear();
  inquiries_.clear();
  for (const TopicPartition& tp : partitions) partitions_[tp];
  awaits_offsets_ = in_group() && mutant() != Mutant::kResetsBeforeOffsets;
  if (in_group()) {
    FetchOffsets(env, out);
  } else {
    UpdatePositions(env, out);
    RecordAssignment(out);
  }
}

void Consumer::RecordAssignment(sim::Effects& out) {
  formats::Operation operation;
  operation.set_f("assign");
  formats::Assign* assign = operation.add_actions()->mutable_assign();
  assign->set_group(spec_->config.group_id);
  for (const auto& [tp, state] : partitions_) {
    formats::Position* position = assign->add_positions();
    position->set_log(LogName(tp));
    position->set_offset(state.at.offset());
  }
  const sim::OpId op = out.Invoke(operation);
  operation.set_type(formats::Operation::OK);
  out.Complete(op, std::move(operation));
}

// ---- Commits

void Consumer::SendCommit(bool waits, sim::Env& env, sim::Effects& out) {
  out.Point("before-commit");
  // A commit that waits may be a repetition, with the operation open since its first try.
  if (!commit_op_.has_value()) {
    committing_.clear();
    formats::Operation operation;
    operation.set_f("commit");
    for (auto& [tp, committed] : to_commit_) {
      if (mutant() == Mutant::kCommitsWhatItFetched && partitions_.contains(tp)) {
        committed.offset = std::max(committed.offset, partitions_[tp].behind_buffer.offset);
      }
      committing_.push_back({tp, committed.offset, committed.leader_epoch});
      formats::Commit* commit = operation.add_actions()->mutable_commit();
      commit->set_group(spec_->config.group_id);
      commit->set_log(LogName(tp));
      commit->set_offset(committed.offset);
    }
    to_commit_.clear();
    commit_op_ = out.Invoke(std::move(operation));
  } else if (!waits) {
    BROKERSIM_PROBE("kafka/consumer: auto-commit left out");
    return;  // the former auto-commit isn't answered yet: this one is left out
  }
  if (coordinator_ < 0) {
    ConcludeCommit(waits, ErrorCode::kCoordinatorNotAvailable, env, out);
    return;
  }
  if (in_group() && generation_ < 0 && mutant() != Mutant::kCommitsAsNobody) {
    // Out of the group: nothing is sent (ConsumerCoordinator.sendOffsetCommitRequest, generationIfStable), for an empty
    // group would take it for the commit of a simple consumer.
    BROKERSIM_PROBE("kafka/consumer: out of the group, a commit isn't sent");
    ConcludeCommit(waits, ErrorCode::kUnknownMemberId, env, out);
    return;
  }
  SendTo(coordinator_, OffsetCommitRequest{spec_->config.group_id, generation_, member_id_, committing_},
         Tag{kCommitTag, waits ? 1 : 0}, env, out);
}

void Consumer::ConcludeCommit(bool waits, ErrorCode error, sim::Env& env, sim::Effects& out) {
  if (!commit_op_.has_value()) return;
  const bool unknown = error == ErrorCode::kCoordinatorNotAvailable;
  const bool retriable = unknown || error == ErrorCode::kNotCoordinator;
  if (waits && retriable && membership_ == Membership::kStable) {
    BROKERSIM_PROBE("kafka/consumer: a commit is repeated");
    // commitSync() tries until it knows; the coordinator may have moved.
    out.SetTimer({kCommitRetry}, sim::Milliseconds(settings().retry_backoff_ms));
    if (error == ErrorCode::kNotCoordinator) OnGroupError(error, env, out);
    return;
  }
  EndCommitOperation(error, out);
  if (!waits && !to_commit_.empty()) to_commit_.clear();
  if (error != ErrorCode::kNone && !retriable) {
    rejoin_needed_ = true;
    if (error == ErrorCode::kUnknownMemberId) {
      BROKERSIM_PROBE("kafka/consumer: a commit finds the member unknown");
      member_id_.clear();
      generation_ = -1;
      membership_ = Membership::kNone;
    }
  }
  if (!waits) return;
  if (activity_ == Activity::kCommittingBefore) {
    ProcessNext(env, out);
  } else if (activity_ == Activity::kCommittingAfter) {
    Poll(env, out);
  }
}

void Consumer::EndCommitOperation(ErrorCode error, sim::Effects& out) {
  if (mutant() == Mutant::kRefusedCommitCountsAsDone) error = ErrorCode::kNone;
  formats::Operation operation;
  operation.set_f("commit");
  const bool unknown = error == ErrorCode::kCoordinatorNotAvailable;
  operation.set_type(error == ErrorCode::kNone ? formats::Operation::OK
                     : unknown                 ? formats::Operation::INFO
                                               : formats::Operation::FAIL);
  if (error != ErrorCode::kNone) operation.set_error(std::string(Name(error)));
  for (const PartitionOffset& offset : committing_) {
    formats::Commit* commit = operation.add_actions()->mutable_commit();
    commit->set_group(spec_->config.group_id);
    commit->set_log(LogName(offset.tp));
    commit->set_offset(offset.offset);
  }
  out.Complete(*commit_op_, std::move(operation));
  commit_op_.reset();
}

}  // namespace brokersim::kafka
