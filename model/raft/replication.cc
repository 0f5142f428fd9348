// Log replication as in the paper, 5.3.
#include <algorithm>

#include "model/raft/raft.h"
#include "sim/base/check.h"

namespace brokersim::raft {

// It doesn't wait for what was sent before to be answered: a loss is found by the next that arrives.
void Raft::SendEntries(Member to) {
  Progress& progress = progress_[static_cast<size_t>(to)];
  AppendEntries request;
  request.term = term_;
  request.prev_log_index = progress.next - 1;
  request.prev_log_term = TermAt(progress.next - 1);
  request.leader_commit = commit_;
  const int64_t end = std::min(last_index(), progress.next + options_.max_entries - 1);
  for (; progress.next <= end; ++progress.next) request.entries.push_back(At(progress.next));
  Send(to, std::move(request));
}

void Raft::SendToAll(Input in) {
  heartbeat_due_ = in.now + options_.heartbeat_interval;
  for (Member to = 0; to < members_; ++to) {
    if (to != self_) SendEntries(to);
  }
}

void Raft::TransferTo(Member to, Input in) {
  CHECK(role_ == Role::kLeader, "a {} has nothing to hand over", Name(role_));
  if (to == self_ || transferring()) return;
  transferee_ = to;
  transfer_deadline_ = in.now + options_.election_max;
  if (is_dledger()) {
    // The answer takes as long as the new leader needs; DLedgerRpcNettyService waits 3 s.
    transfer_deadline_ = in.now + sim::Seconds(3);
    Send(to, TransferLeadership{term_, last_index()});
  } else {
    FinishTransfer();
  }
}

// Thesis 3.10: not before the other has the whole log.
void Raft::FinishTransfer() {
  if (transferring() && progress_[static_cast<size_t>(transferee_)].match == last_index()) {
    Send(transferee_, TimeoutNow{term_});
  }
}

void Raft::On(Member from, const AppendEntries& request, Input in) {
  if (request.term < term_) {
    Send(from, AppendEntriesReply{term_, false, 0});
    return;
  }
  CHECK(role_ != Role::kLeader || request.term > term_, "two leaders in term {}", term_);
  BecomeFollower(request.term, from, in);
  const int64_t prev = request.prev_log_index;
  if (prev > last_index() || TermAt(prev) != request.prev_log_term) {
    // 5.3, end: "the follower can include the term of the conflicting entry and the first index it stores for it".
    int64_t conflict = std::min(prev, last_index() + 1);
    if (prev <= last_index()) {
      while (conflict > 1 && TermAt(conflict - 1) == TermAt(prev)) --conflict;
    }
    Send(from, AppendEntriesReply{term_, false, conflict});
    return;
  }
  int64_t index = prev;
  for (const Entry& entry : request.entries) {
    ++index;
    if (index <= last_index() && TermAt(index) == entry.term) continue;
    // "If an existing entry conflicts with a new one, delete the existing entry and all that follow it."
    if (index <= last_index()) TruncateTo(index - 1);
    Append(entry);
  }
  CommitTo(std::min(request.leader_commit, index));
  Send(from, AppendEntriesReply{term_, true, index}, options_.durable_before_ack && durable_ < index);
}

void Raft::On(Member from, const AppendEntriesReply& reply, Input in) {
  if (reply.term > term_) {
    BecomeFollower(reply.term, kNobody, in);
    return;
  }
  if (role_ != Role::kLeader || reply.term < term_) return;
  Progress& progress = progress_[static_cast<size_t>(from)];
  if (!reply.success) {
    // An answer to something older says nothing any more.
    if (reply.index <= progress.match || reply.index >= progress.next) return;
    progress.next = reply.index;
    SendEntries(from);
    return;
  }
  if (reply.index > progress.match) {
    progress.match = reply.index;
    progress.next = std::max(progress.next, progress.match + 1);
    AdvanceCommit();
  }
  if (progress.next <= last_index()) {
    SendEntries(from);
  } else if (from == transferee_) {
    FinishTransfer();
  }
}

}  // namespace brokersim::raft
