// Elections as DLedger does them (DLedgerLeaderElector.java, MemberState.java). What differs from the paper:
//
// - A member starts as a candidate, and asks for votes in the term that it knows, also in one in which it voted.
// - Who hears of a larger term becomes a candidate, raises its term a moment later, and only then can vote in it or
//   follow its leader; until then it answers TERM_NOT_READY.
// - A log that is behind is refused before terms are compared: such a candidate moves nobody's term.
// - A candidate waits for a round of votes to be decided, then reads from the answers what to do: PARSE_VOTE_RESULT.
// - Heartbeats are messages of their own. A leader that hears from no majority for long enough steps down.
#include <algorithm>

#include "model/raft/raft.h"
#include "sim/base/probe.h"

namespace brokersim::raft {
namespace {

constexpr sim::Duration kMaintain = sim::Milliseconds(10);       // StateMaintainer's sleep
constexpr sim::Duration kVoteWait = sim::Milliseconds(2000);     // maintainAsCandidate's latch, and a draw
constexpr sim::Duration kHeartbeatWait = sim::Milliseconds(10);  // #247: voteResultWaitTime
constexpr sim::Duration kCheckPreferred = sim::Milliseconds(1000);

}  // namespace

// MemberState.changeToCandidate: the term is raised later.
void Raft::DLedgerCandidate(int64_t known_term, Input in) {
  known_max_term_ = std::max(known_max_term_, known_term);
  SetRole(Role::kCandidate);
  leader_ = kNobody;
  beat_round_.reset();
  if (takeover_.has_value() && takeover_->begun && known_term > takeover_->order.term + 1) AnswerTransfer(false);
  next_vote_ = std::max(next_vote_, in.now);
}

void Raft::DLedgerFollower(Member leader, Input in) {
  last_parse_ = ParseResult::kWaitToRevote;
  SetRole(Role::kFollower);
  leader_ = leader;
  last_of_leader_ = in.now;
  vote_round_.reset();
  AnswerTransfer(false);
}

void Raft::DLedgerLeader(Input in) {
  SetRole(Role::kLeader);
  leader_ = self_;
  ResetProgress(in);
  last_success_ = in.now;
  preferred_due_ = in.now + kCheckPreferred;
  AnswerTransfer(true);
  SendHeartbeats(in);
  TickPush(in);
}

void Raft::RaiseTermSoon(Input in) {
  raise_term_ = true;
  raise_due_ = in.now + kMaintain;
}

sim::Time Raft::DeadlineOfDLedger() const {
  sim::Time first = sim::Time::Max();
  if (takeover_.has_value() && !takeover_->begun) first = takeover_->deadline;
  if (vote_round_.has_value()) return std::min(first, vote_round_->deadline);
  switch (role_) {
    case Role::kFollower:
      return std::min(first, last_of_leader_ + options_.heartbeat_interval * options_.dledger.max_heartbeat_leak);
    case Role::kPreCandidate:
    case Role::kCandidate:
      return std::min(first, raise_term_ ? raise_due_ : next_vote_);
    case Role::kLeader:
      first = std::min(first, beat_round_.has_value() ? beat_round_->deadline : next_beat_);
      if (!options_.dledger.preferred.empty()) first = std::min(first, preferred_due_);
      if (transferring()) first = std::min(first, transfer_deadline_);
      return std::min(first, DeadlineOfPush());
  }
  return first;
}

// maintainState
void Raft::TickDLedger(Input in) {
  if (takeover_.has_value() && !takeover_->begun && in.now >= takeover_->deadline) AnswerTransfer(false);
  if (vote_round_.has_value()) {
    if (in.now >= vote_round_->deadline) ParseVotes(in);
    return;
  }
  if (role_ == Role::kCandidate) {
    MaintainCandidate(in);
  } else if (role_ == Role::kFollower) {
    // maintainAsFollower
    const sim::Duration silence = options_.heartbeat_interval * options_.dledger.max_heartbeat_leak;
    if (in.now - last_of_leader_ >= silence) DLedgerCandidate(term_, in);
  } else {
    if (transferring() && in.now >= transfer_deadline_) transferee_ = kNobody;
    if (beat_round_.has_value() && in.now >= beat_round_->deadline) EvaluateHeartbeats(in);
    if (role_ != Role::kLeader) return;
    if (!beat_round_.has_value() && in.now >= next_beat_) SendHeartbeats(in);
    CheckPreferred(in);
    TickPush(in);
  }
}

// maintainAsCandidate
void Raft::MaintainCandidate(Input in) {
  if (in.now < (raise_term_ ? raise_due_ : next_vote_)) return;
  if (raise_term_ || last_parse_ == ParseResult::kWaitToVoteNext) {
    // MemberState.nextTerm
    SetTerm(std::max(known_max_term_, term_ + 1));
    known_max_term_ = std::max(known_max_term_, term_);
    last_parse_ = ParseResult::kWaitToRevote;
  }
  if (std::exchange(raise_term_, false)) {
    next_vote_ = NextVote(in);
    return;
  }
  vote_round_ = Round{};
  vote_round_->number = ++round_;
  vote_round_->deadline = in.now + kVoteWait + Draw({}, options_.election_max, in);
  vote_round_->answered.resize(static_cast<size_t>(members_));
  vote_round_->largest_term = term_;
  const RequestVote request{term_, last_index(), last_term(), false, round_};
  Broadcast(request);
  CountVote(self_, Judge(self_, request, in), term_, in);
}

// getNextTimeToRequestVote
sim::Time Raft::NextVote(Input in) const {
  if (TakingLeadership()) {
    return in.now + Draw(options_.dledger.take_leadership_vote_min, options_.dledger.take_leadership_vote_max, in);
  }
  return in.now + Draw(options_.election_min, options_.election_max, in);
}

bool Raft::TakingLeadership() const {
  return takeover_.has_value() && takeover_->begun && takeover_->order.term + 1 == term_;
}

// handleVote
VoteResult Raft::Judge(Member candidate, const RequestVote& request, Input in) {
  if (request.last_log_term < last_term()) return VoteResult::kRejectExpiredLedgerTerm;
  if (!IsUpToDate(request.last_log_term, request.last_log_index)) return VoteResult::kRejectSmallLedgerEndIndex;
  if (request.term < term_) return VoteResult::kRejectExpiredVoteTerm;
  if (request.term > term_) {
    DLedgerCandidate(request.term, in);
    RaiseTermSoon(in);
    return VoteResult::kRejectTermNotReady;
  }
  if (vote_ != kNobody && vote_ != candidate) {
    return leader_ != kNobody ? VoteResult::kRejectAlreadyHasLeader : VoteResult::kRejectAlreadyVoted;
  }
  if (request.term < last_term()) return VoteResult::kRejectTermSmallThanLedger;
  const bool same_log = request.last_log_term == last_term() && last_index() >= request.last_log_index;
  if (candidate != self_ && TakingLeadership() && same_log) return VoteResult::kRejectTakingLeadership;
  VoteFor(candidate);
  return VoteResult::kAccept;
}

void Raft::OnDLedgerVote(Member from, const RequestVote& request, Input in) {
  const VoteResult result = Judge(from, request, in);
  const int64_t term = result == VoteResult::kRejectTermSmallThanLedger ? last_term() : term_;
  Send(from, RequestVoteReply{term, result, false, request.round});
}

bool Raft::CountAnswer(Round* round, Member member, bool valid) const {
  if (round->answered[static_cast<size_t>(member)]) return false;
  round->answered[static_cast<size_t>(member)] = true;
  ++round->answers;
  round->valid += valid ? 1 : 0;
  return true;
}

void Raft::CountVote(Member member, VoteResult result, int64_t term, Input in) {
  Round& round = *vote_round_;
  if (!CountAnswer(&round, member, true)) return;
  switch (result) {
    case VoteResult::kAccept:
      ++round.good;
      break;
    case VoteResult::kRejectAlreadyHasLeader:
      round.other_leader = true;
      break;
    case VoteResult::kRejectTermSmallThanLedger:
    case VoteResult::kRejectExpiredVoteTerm:
      round.largest_term = std::max(round.largest_term, term);
      break;
    case VoteResult::kRejectExpiredLedgerTerm:
    case VoteResult::kRejectSmallLedgerEndIndex:
      ++round.bigger_ledger;
      break;
    case VoteResult::kRejectTermNotReady:
      ++round.not_ready;
      break;
    case VoteResult::kRejectAlreadyVoted:
    case VoteResult::kRejectTakingLeadership:
      break;
  }
  DecideVotes(in);
}

void Raft::DecideVotes(Input in) {
  const Round& round = *vote_round_;
  if (round.other_leader || round.good + round.not_ready >= majority() || round.answers == members_) ParseVotes(in);
}

// PARSE_VOTE_RESULT
void Raft::ParseVotes(Input in) {
  const Round round = *std::exchange(vote_round_, std::nullopt);
  last_parse_ = ParseResult::kWaitToRevote;
  if (round.largest_term > term_) {
    last_parse_ = ParseResult::kWaitToVoteNext;
    DLedgerCandidate(round.largest_term, in);
    next_vote_ = NextVote(in);
  } else if (round.other_leader) {
    next_vote_ = NextVote(in) + options_.heartbeat_interval * options_.dledger.max_heartbeat_leak;
  } else if (round.valid < majority()) {
    next_vote_ = NextVote(in);
  } else if (round.valid - round.bigger_ledger < majority()) {
    next_vote_ = NextVote(in) + options_.election_max;
  } else if (round.good >= majority()) {
    last_parse_ = ParseResult::kPassed;
    // It may have heard of a larger term meanwhile: then it is the leader of this one until it raises its own.
    if (role_ == Role::kCandidate) DLedgerLeader(in);
  } else if (round.good + round.not_ready >= majority()) {
    last_parse_ = ParseResult::kRevoteImmediately;
    next_vote_ = in.now + kMaintain;
  } else {
    last_parse_ = ParseResult::kWaitToVoteNext;
    next_vote_ = NextVote(in);
  }
}

// sendHeartbeats
void Raft::SendHeartbeats(Input in) {
  for (Progress& progress : progress_) progress.alive = std::exchange(progress.heard, false);
  beat_round_ = Round{};
  beat_round_->number = ++round_;
  beat_round_->answered.resize(static_cast<size_t>(members_));
  beat_round_->largest_term = term_;
  beat_round_->deadline = next_beat_ = in.now + options_.heartbeat_interval;
  Broadcast(Heartbeat{term_, round_});
  CountAnswer(&*beat_round_, self_, true);
  ++beat_round_->good;
  DecideHeartbeats(in);
}

// handleHeartBeat
void Raft::On(Member from, const Heartbeat& heartbeat, Input in) {
  HeartbeatReply reply{term_, ReplyCode::kSuccess, heartbeat.round};
  if (heartbeat.term < term_) {
    reply.code = ReplyCode::kExpiredTerm;
  } else if (heartbeat.term > term_) {
    DLedgerCandidate(heartbeat.term, in);
    RaiseTermSoon(in);
    reply.code = ReplyCode::kTermNotReady;
  } else if (leader_ == kNobody) {
    DLedgerFollower(from, in);
  } else if (leader_ == from) {
    last_of_leader_ = in.now;
  } else {
    BROKERSIM_PROBE("raft: two leaders of one term send heartbeats");
    reply.code = ReplyCode::kInconsistentLeader;
  }
  Send(from, reply);
}

void Raft::On(Member from, const HeartbeatReply& reply, Input in) {
  progress_[static_cast<size_t>(from)].heard = true;
  if (!beat_round_.has_value() || reply.round != beat_round_->number) return;
  Round& round = *beat_round_;
  if (!CountAnswer(&round, from, true)) return;
  if (reply.code == ReplyCode::kSuccess) ++round.good;
  if (reply.code == ReplyCode::kTermNotReady) ++round.not_ready;
  if (reply.code == ReplyCode::kInconsistentLeader) round.other_leader = true;
  if (reply.code == ReplyCode::kExpiredTerm) round.largest_term = std::max(round.largest_term, reply.term);
  DecideHeartbeats(in);
}

void Raft::DecideHeartbeats(Input in) {
  Round& round = *beat_round_;
  if (round.good + round.not_ready < majority() && round.answers < members_) return;
  if (options_.dledger.larger_term_first) {
    // #247: a moment for the others, who may know better.
    round.deadline = std::min(round.deadline, in.now + kHeartbeatWait);
  } else {
    EvaluateHeartbeats(in);
  }
}

void Raft::EvaluateHeartbeats(Input in) {
  const Round round = *std::exchange(beat_round_, std::nullopt);
  const bool larger = round.largest_term > term_;
  if (options_.dledger.larger_term_first && larger) {
    DLedgerCandidate(round.largest_term, in);
  } else if (round.good >= majority()) {
    last_success_ = in.now;
  } else if (round.good + round.not_ready >= majority()) {
    next_beat_ = in.now + kMaintain;
  } else if (round.other_leader) {
    DLedgerCandidate(term_, in);
  } else if (larger) {
    DLedgerCandidate(round.largest_term, in);
  } else if (in.now - last_success_ > options_.heartbeat_interval * options_.dledger.max_heartbeat_leak) {
    DLedgerCandidate(term_, in);
  }
}

// DLedgerServer.checkPreferredLeader
void Raft::CheckPreferred(Input in) {
  const std::vector<Member>& preferred = options_.dledger.preferred;
  if (preferred.empty() || in.now < preferred_due_) return;
  preferred_due_ = in.now + kCheckPreferred;
  if (transferring() || std::find(preferred.begin(), preferred.end(), self_) != preferred.end()) return;
  Member best = kNobody;
  for (Member member : preferred) {
    const Progress& progress = progress_[static_cast<size_t>(member)];
    const bool alive = progress.heard || progress.alive;
    if (!alive || last_index() - progress.match >= options_.dledger.max_transfer_wait_index) continue;
    if (best == kNobody || progress.match > progress_[static_cast<size_t>(best)].match) best = member;
  }
  if (best != kNobody) TransferTo(best, in);
}

// DLedgerServer.handleLeadershipTransfer, at who is to take over
void Raft::On(Member from, const TransferLeadership& order, Input in) {
  AnswerTransfer(false);
  takeover_ = Takeover{from, order, false, in.now + options_.dledger.transfer_wait};
  if (leader_ != from || order.term != term_) {
    AnswerTransfer(false);
  } else {
    TakeLeadership(in);
  }
}

// DLedgerLeaderElector.handleTakeLeadership, once all is there
void Raft::TakeLeadership(Input in) {
  if (!takeover_.has_value() || takeover_->begun || last_index() < takeover_->order.index) return;
  if (takeover_->order.term != term_ || role_ != Role::kFollower) {
    AnswerTransfer(false);
    return;
  }
  takeover_->begun = true;
  DLedgerCandidate(term_ + 1, in);
  RaiseTermSoon(in);
}

void Raft::AnswerTransfer(bool taken) {
  if (!takeover_.has_value()) return;
  Send(takeover_->from, TransferLeadershipReply{takeover_->order.term, taken});
  takeover_.reset();
}

void Raft::On(Member from, const TransferLeadershipReply& reply, Input) {
  if (role_ == Role::kLeader && reply.term == term_ && from == transferee_) transferee_ = kNobody;
}

}  // namespace brokersim::raft
