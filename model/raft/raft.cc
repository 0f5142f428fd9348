#include "model/raft/raft.h"

#include <algorithm>
#include <functional>

#include "sim/base/check.h"

namespace brokersim::raft {

Raft::Raft(Options options, Member self, int64_t members, Saved saved, std::vector<Entry> log, Input in)
    : options_(std::move(options)),
      self_(self),
      members_(members),
      term_(saved.term),
      vote_(saved.vote),
      log_(std::move(log)),
      durable_(last_index()),
      progress_(static_cast<size_t>(members)),
      votes_(static_cast<size_t>(members)) {
  CHECK(0 <= self_ && self_ < members_, "member {} of {}", self_, members_);
  CHECK(last_term() <= term_ || is_dledger(), "the log ends in term {}, and the term is {}", last_term(), term_);
  heard_ = last_of_leader_ = last_success_ = in.now;
  if (is_dledger()) {
    // MemberState begins as a candidate, of the term that it knows.
    known_max_term_ = term_;
    role_ = Role::kCandidate;
    next_vote_ = in.now;
  } else {
    election_due_ = in.now + Draw(options_.election_min, options_.election_max, in);
  }
}

void Raft::Step(Member from, const Message& message, Input in) {
  CHECK(from != self_ && 0 <= from && from < members_, "a message from {}", from);
  if (role_ == Role::kLeader && !is_dledger()) progress_[static_cast<size_t>(from)].heard = true;
  std::visit([&](const auto& m) { On(from, m, in); }, message);
}

void Raft::Tick(Input in) {
  if (is_dledger()) {
    TickDLedger(in);
  } else {
    TickPaper(in);
  }
}

int64_t Raft::Propose(sim::PayloadRef content, Input in) {
  CHECK(role_ == Role::kLeader, "a {} can't propose", Name(role_));
  log_.push_back({term_, std::move(content)});
  if (is_dledger()) {
    for (Member to = 0; to < members_; ++to) {
      if (to != self_) PushEntries(to, in);
    }
  } else {
    for (Member to = 0; to < members_; ++to) {
      if (to != self_) SendEntries(to);
    }
  }
  AdvanceCommit();
  return last_index();
}

void Raft::OnDurable(int64_t index, Input) {
  durable_ = std::max(durable_, std::min(index, last_index()));
  if (role_ == Role::kLeader) AdvanceCommit();
}

void Raft::OnUnreachable(Member member, Input in) {
  progress_[static_cast<size_t>(member)].alive = progress_[static_cast<size_t>(member)].heard = false;
  if (vote_round_.has_value() && CountAnswer(&*vote_round_, member, false)) {
    DecideVotes(in);
  } else if (beat_round_.has_value() && CountAnswer(&*beat_round_, member, false)) {
    DecideHeartbeats(in);
  }
}

bool Raft::has_output() const {
  return output_.save || output_.truncate.has_value() || !output_.append.empty() || !output_.messages.empty() ||
         output_.role_changed || output_.committed;
}

sim::Time Raft::deadline() const {
  if (is_dledger()) return DeadlineOfDLedger();
  if (role_ != Role::kLeader) return election_due_;
  sim::Time first = heartbeat_due_;
  if (options_.check_quorum) first = std::min(first, quorum_due_);
  if (transferring()) first = std::min(first, transfer_deadline_);
  return first;
}

void Raft::SetRole(Role role) {
  if (role_ == role) return;
  role_ = role;
  output_.role_changed = true;
  if (role != Role::kLeader) transferee_ = kNobody;
}

void Raft::SetTerm(int64_t term) {
  CHECK(term > term_, "term {} after {}", term, term_);
  term_ = term;
  vote_ = kNobody;
  output_.save = true;
}

void Raft::VoteFor(Member candidate) {
  CHECK(vote_ == kNobody || vote_ == candidate, "{} voted for {} in term {}", self_, vote_, term_);
  if (vote_ == candidate) return;
  vote_ = candidate;
  output_.save = true;
}

void Raft::Send(Member to, Message message, bool when_durable) {
  output_.messages.push_back({to, std::move(message), when_durable});
}

void Raft::Broadcast(const Message& message) {
  for (Member to = 0; to < members_; ++to) {
    if (to != self_) Send(to, message);
  }
}

// Paper 5.4.1.
bool Raft::IsUpToDate(int64_t term, int64_t index) const {
  return term != last_term() ? term > last_term() : index >= last_index();
}

void Raft::ResetProgress(Input in) {
  for (Progress& progress : progress_) {
    progress = Progress();
    progress.next = last_index() + 1;
    progress.due = in.now;
  }
}

void Raft::Append(Entry entry) {
  log_.push_back(entry);
  output_.append.push_back(std::move(entry));
}

void Raft::TruncateTo(int64_t kept) {
  CHECK(role_ != Role::kLeader, "a leader never removes what is in its log");
  CHECK(output_.append.empty() && !output_.truncate.has_value(), "two truncations at once");
  CHECK(kept >= commit_ || !options_.own_term_commits_only || !options_.durable_before_ack,
        "entries from {} on were committed up to {}", kept + 1, commit_);
  log_.resize(static_cast<size_t>(kept));
  durable_ = std::min(durable_, kept);
  output_.truncate = kept;
  if (options_.truncation_lowers_commit) commit_ = std::min(commit_, kept);
}

// Paper, figure 2, rules for leaders: the largest index that a majority has.
void Raft::AdvanceCommit() {
  std::vector<int64_t> matches;
  for (Member member = 0; member < members_; ++member) {
    matches.push_back(member == self_ ? OwnMatch() : progress_[static_cast<size_t>(member)].match);
  }
  // Of numbers no two are equal that could be told apart.
  std::sort(matches.begin(), matches.end(), std::greater<>());
  const int64_t index = std::min(matches[static_cast<size_t>(members_ / 2)], last_index());
  if (options_.own_term_commits_only && TermAt(index) != term_) return;
  CommitTo(index);
}

void Raft::CommitTo(int64_t index) {
  index = std::min(index, last_index());
  if (index <= commit_) return;
  commit_ = index;
  output_.committed = true;
}

sim::Duration Raft::Draw(sim::Duration low, sim::Duration high, Input in) const {
  const auto span = static_cast<uint64_t>((high - low).nanos());
  return span == 0 ? low : low + sim::Nanoseconds(static_cast<int64_t>(in.random->Below(span)) + 1);
}

void Raft::CheckInvariants() const {
  CHECK(commit_ <= last_index() || !options_.truncation_lowers_commit, "{} of {} committed", commit_, last_index());
  CHECK(durable_ <= last_index(), "{} of {} durable", durable_, last_index());
  CHECK(role_ != Role::kLeader || leader_ == self_, "a leader follows {}", leader_);
  CHECK(leader_ != self_ || role_ == Role::kLeader, "a {} follows itself", Name(role_));
  // In DLedger a majority without itself is enough.
  CHECK(role_ != Role::kLeader || vote_ == self_ || is_dledger(), "a leader of term {} voted for {}", term_, vote_);
  // Terms never fall along a log.
  CHECK(last_index() < 2 || TermAt(last_index() - 1) <= last_term(), "term {} before {}", TermAt(last_index() - 1),
        last_term());
}

}  // namespace brokersim::raft
