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
  // Only poll() joins: while the application is busy the group waits for it.
  if (!member_.should_join() || activity_ != Activity::kPolling) return;
  for (const std::string& topic : topics_) {
    if (PartitionsOf(topic) > 0) continue;
    // A leader that knows no partitions can assign none. (The Java client would join, and again once it knows them.)
    RefreshMetadata(env, out);
    member_.RetryLater(network(), out);
    return;
  }
  member_.Join(network(), *this, env, out);
}

void Consumer::PrepareJoin(JoinGroupRequest* request, sim::Env&, sim::Effects& out) {
  Revoke(out);
  request->topics = topics_;
}

// RangeAssignor: of each topic every member gets a run of partitions, the first ones one more where it doesn't divide.
std::vector<MemberAssignment> Consumer::AssignAll(const JoinGroupResponse& m, sim::Env&, sim::Effects&) {
  absl::btree_map<std::string, MemberAssignment> assignments;
  absl::btree_map<std::string, std::vector<std::string>> subscribers;  // topic -> members, sorted
  for (const JoinGroupResponse::Member& member : m.members) {
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

void Consumer::OnAssigned(const SyncGroupResponse& m, sim::Env& env, sim::Effects& out) {
  group_metadata_ = {member_.generation(), member_.id()};
  Assign(m.assignment, env, out);
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
  if (member_.coordinator() < 0) {
    ConcludeCommit(waits, ErrorCode::kCoordinatorNotAvailable, env, out);
    return;
  }
  if (in_group() && member_.generation() < 0 && mutant() != Mutant::kCommitsAsNobody) {
    // Out of the group: nothing is sent (ConsumerCoordinator.sendOffsetCommitRequest, generationIfStable), for an empty
    // group would take it for the commit of a simple consumer.
    BROKERSIM_PROBE("kafka/consumer: out of the group, a commit isn't sent");
    ConcludeCommit(waits, ErrorCode::kUnknownMemberId, env, out);
    return;
  }
  SendTo(member_.coordinator(),
         OffsetCommitRequest{spec_->config.group_id, member_.generation(), member_.id(), committing_},
         Tag{kCommitTag, waits ? 1 : 0}, env, out);
}

void Consumer::ConcludeCommit(bool waits, ErrorCode error, sim::Env& env, sim::Effects& out) {
  if (!commit_op_.has_value()) return;
  const bool unknown = error == ErrorCode::kCoordinatorNotAvailable;
  const bool retriable = unknown || error == ErrorCode::kNotCoordinator;
  if (waits && retriable && member_.stable()) {
    BROKERSIM_PROBE("kafka/consumer: a commit is repeated");
    // commitSync() tries until it knows; the coordinator may have moved.
    out.SetTimer({kCommitRetry}, sim::Milliseconds(settings().retry_backoff_ms));
    if (error == ErrorCode::kNotCoordinator) member_.OnError(error, network(), out);
    return;
  }
  EndCommitOperation(error, out);
  if (!waits && !to_commit_.empty()) to_commit_.clear();
  if (error != ErrorCode::kNone && !retriable) {
    member_.RequestRejoin();
    if (error == ErrorCode::kUnknownMemberId) {
      BROKERSIM_PROBE("kafka/consumer: a commit finds the member unknown");
      member_.Forget();
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
