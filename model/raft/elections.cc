// Elections as in the paper, 5.2 and 5.4.1, with pre-votes, a leader that checks its quorum, and leadership handed
// over.
#include <algorithm>

#include "model/raft/raft.h"
#include "sim/base/check.h"

namespace brokersim::raft {

void Raft::BecomeFollower(int64_t term, Member leader, Input in) {
  if (term > term_) SetTerm(term);
  SetRole(Role::kFollower);
  leader_ = leader;
  if (leader != kNobody) heard_ = in.now;
  election_due_ = in.now + Draw(options_.election_min, options_.election_max, in);
}

// "To begin an election, a follower increments its current term and transitions to candidate state."
void Raft::BecomeCandidate(bool pre_vote, Input in) {
  leader_ = kNobody;
  if (pre_vote) {
    SetRole(Role::kPreCandidate);
  } else {
    SetTerm(term_ + 1);
    VoteFor(self_);
    SetRole(Role::kCandidate);
  }
  election_due_ = in.now + Draw(options_.election_min, options_.election_max, in);
  std::fill(votes_.begin(), votes_.end(), false);
  votes_[static_cast<size_t>(self_)] = true;
  ++round_;
  // A pre-vote asks about the term that would be.
  Broadcast(RequestVote{pre_vote ? term_ + 1 : term_, last_index(), last_term(), pre_vote, round_});
  CountVote(in);
}

void Raft::CountVote(Input in) {
  if (std::count(votes_.begin(), votes_.end(), true) < majority()) return;
  if (role_ == Role::kPreCandidate) {
    BecomeCandidate(false, in);
  } else {
    BecomeLeader(in);
  }
}

void Raft::BecomeLeader(Input in) {
  SetRole(Role::kLeader);
  leader_ = self_;
  ResetProgress(in);
  quorum_due_ = in.now + options_.election_max;
  SendToAll(in);
  AdvanceCommit();
}

void Raft::TickPaper(Input in) {
  if (role_ != Role::kLeader) {
    if (in.now >= election_due_) BecomeCandidate(options_.pre_vote, in);
    return;
  }
  if (transferring() && in.now >= transfer_deadline_) transferee_ = kNobody;
  if (options_.check_quorum && in.now >= quorum_due_) {
    quorum_due_ = in.now + options_.election_max;
    int64_t heard = 1;
    for (Progress& progress : progress_) heard += std::exchange(progress.heard, false) ? 1 : 0;
    if (heard < majority()) {
      BecomeFollower(term_, kNobody, in);
      return;
    }
  }
  if (in.now >= heartbeat_due_) SendToAll(in);
}

void Raft::On(Member from, const RequestVote& request, Input in) {
  if (is_dledger()) {
    OnDLedgerVote(from, request, in);
    return;
  }
  RequestVoteReply reply{term_, VoteResult::kAccept, request.pre_vote, request.round};
  const bool leader_heard = leader_ != kNobody && (leader_ == self_ || in.now < heard_ + options_.election_min);
  if (request.pre_vote) {
    // Thesis 9.6: not while a leader is heard of, and nobody's state changes.
    if (request.term <= term_) {
      reply.result = VoteResult::kRejectExpiredVoteTerm;
    } else if (leader_heard) {
      reply.result = VoteResult::kRejectAlreadyHasLeader;
    } else if (!IsUpToDate(request.last_log_term, request.last_log_index)) {
      reply.result = VoteResult::kRejectSmallLedgerEndIndex;
    }
    Send(from, reply);
    return;
  }
  if (request.term > term_) BecomeFollower(request.term, kNobody, in);
  reply.term = term_;
  if (request.term < term_) {
    reply.result = VoteResult::kRejectExpiredVoteTerm;
  } else if (vote_ != kNobody && vote_ != from) {
    reply.result = VoteResult::kRejectAlreadyVoted;
  } else if (!IsUpToDate(request.last_log_term, request.last_log_index)) {
    reply.result = VoteResult::kRejectSmallLedgerEndIndex;
  } else {
    VoteFor(from);
    election_due_ = in.now + Draw(options_.election_min, options_.election_max, in);
  }
  Send(from, reply);
}

void Raft::On(Member from, const RequestVoteReply& reply, Input in) {
  if (is_dledger()) {
    if (vote_round_.has_value() && reply.round == vote_round_->number) CountVote(from, reply.result, reply.term, in);
    return;
  }
  if (reply.term > term_) {
    BecomeFollower(reply.term, kNobody, in);
    return;
  }
  const bool asked = role_ == Role::kCandidate || role_ == Role::kPreCandidate;
  if (!asked || reply.round != round_ || reply.result != VoteResult::kAccept) return;
  votes_[static_cast<size_t>(from)] = true;
  CountVote(in);
}

void Raft::On(Member, const TimeoutNow& order, Input in) {
  if (order.term == term_ && role_ == Role::kFollower) BecomeCandidate(false, in);
}

}  // namespace brokersim::raft
