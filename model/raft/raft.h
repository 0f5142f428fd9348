// Raft: one member of a group that elects a leader and agrees on a log, as a plain state machine.
//
//   Raft raft(options, 0, 3, saved, log, {now, &random});
//   raft.Step(1, message, {now, &random});   // or Tick, Propose, OnDurable, TransferTo
//   Output todo = raft.Take();               // perform it, in the order of its fields
//   SetTimer(raft.deadline());               // then Tick
//
// It does no I/O and knows no clock: what it is told goes in, what is to be done comes out. Whatever products do
// otherwise than the paper is a switch in Options, with its source.
//
// Code by subject: raft.cc (roles, terms, the log), elections.cc and replication.cc (the paper), dledger_elections.cc
// and dledger_push.cc (what DLedger does instead).
#ifndef BROKERSIM_MODEL_RAFT_RAFT_H_
#define BROKERSIM_MODEL_RAFT_RAFT_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "model/raft/messages.h"
#include "sim/base/sim_time.h"
#include "sim/random/stream.h"

namespace brokersim::raft {

enum class Role : uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };
inline std::string_view Name(Role role) {
  switch (role) {
    case Role::kFollower: return "follower";
    case Role::kPreCandidate: return "pre-candidate";
    case Role::kCandidate: return "candidate";
    case Role::kLeader: return "leader";
  }
  return "?";
}

// Of DLedgerConfig.java, with its defaults.
struct DLedgerOptions {
  int64_t max_heartbeat_leak = 3;
  sim::Duration take_leadership_vote_min = sim::Milliseconds(30);
  sim::Duration take_leadership_vote_max = sim::Milliseconds(100);
  sim::Duration max_push_timeout = sim::Milliseconds(1000);
  sim::Duration transfer_wait = sim::Milliseconds(1000);  // leadershipTransferWaitTimeout
  int64_t max_transfer_wait_index = 1000;
  // dledger #247 (4ee007d, in 0.3.2): a leader that hears of a larger term steps down, also if a majority followed it.
  bool larger_term_first = true;
  std::vector<Member> preferred;  // preferredLeaderIds; empty: nobody is
};

struct Options {
  enum class Dialect : uint8_t { kPaper, kDLedger };
  Dialect dialect = Dialect::kPaper;
  sim::Duration heartbeat_interval = sim::Milliseconds(50);
  // Paper: silence after which a follower stands for election. DLedger: the wait between two rounds of voting
  // (minVoteIntervalMs, maxVoteIntervalMs).
  sim::Duration election_min = sim::Milliseconds(150);
  sim::Duration election_max = sim::Milliseconds(300);
  int64_t max_entries = 64;  // in one message

  // Paper 5.4.2: a leader counts copies of entries of its own term only. Off: DLedger before 0.4.0 (93d6ff1, #275).
  bool own_term_commits_only = true;
  // Paper, figure 2: what is acknowledged is on stable storage. Off: DLedger, whose FlushDataService follows behind.
  bool durable_before_ack = true;
  // Thesis 9.6; KIP-996: who can't win doesn't raise the term.
  bool pre_vote = false;
  // Thesis 6.2: a leader that hears from no majority for an election timeout steps down.
  bool check_quorum = false;
  // dledger #316: a log cut below the commit index takes it along. (Where 5.4.2 and figure 2 hold no log ever is.)
  bool truncation_lowers_commit = true;

  DLedgerOptions dledger;
};

// What a member must not forget.
struct Saved {
  static constexpr std::string_view kName = "RaftState";
  int64_t term = 0;
  Member vote = kNobody;
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("vote", vote);
  }
};

struct Outgoing {
  Member to = kNobody;
  Message message;
  bool when_durable = false;  // not before all that was appended so far is on stable storage
};

// What is to be done, in this order.
struct Output {
  bool save = false;                // term and vote, durably
  std::optional<int64_t> truncate;  // the log keeps so many entries ...
  std::vector<Entry> append;        // ... and gets these
  std::vector<Outgoing> messages;
  bool role_changed = false;
  bool committed = false;  // commit() moved
};

// The circumstances of an input. `random` decides how long to wait.
struct Input {
  sim::Time now;
  sim::Stream* random = nullptr;
};

class Raft {
 public:
  // Member `self` of `members` starts with what it saved and with the log that it kept, all of it durable.
  Raft(Options options, Member self, int64_t members, Saved saved, std::vector<Entry> log, Input in);

  void Step(Member from, const Message& message, Input in);
  // deadline() has come.
  void Tick(Input in);
  // The owner has appended this to its log; returns the entry's index. REQUIRES: role() is kLeader.
  int64_t Propose(sim::PayloadRef content, Input in);
  // Entries up to this index are on stable storage.
  void OnDurable(int64_t index, Input in);
  // What was sent to this member and isn't answered yet never will be.
  void OnUnreachable(Member member, Input in);
  // Thesis 3.10: hands leadership over. Does nothing while that is under way. REQUIRES: role() is kLeader.
  void TransferTo(Member to, Input in);

  Output Take() { return std::exchange(output_, {}); }
  bool has_output() const;
  // When Tick is due.
  sim::Time deadline() const;

  Member self() const { return self_; }
  Role role() const { return role_; }
  int64_t term() const { return term_; }
  Member vote() const { return vote_; }
  Member leader() const { return leader_; }  // kNobody: unknown
  int64_t commit() const { return commit_; }
  int64_t last_index() const { return static_cast<int64_t>(log_.size()); }
  int64_t last_term() const { return TermAt(last_index()); }
  // 0 before the first entry. REQUIRES: index <= last_index().
  int64_t TermAt(int64_t index) const { return index == 0 ? 0 : At(index).term; }
  // REQUIRES: 1 <= index <= last_index().
  const Entry& At(int64_t index) const { return log_[static_cast<size_t>(index - 1)]; }
  Saved saved() const { return {term_, vote_}; }
  bool transferring() const { return transferee_ != kNobody; }

  // CHECKs what holds under every setting.
  void CheckInvariants() const;

 private:
  enum class PushState : uint8_t { kCompare, kTruncate, kAppend };
  // What a leader knows of another member.
  struct Progress {
    int64_t next = 1;   // the entry to send next
    int64_t match = 0;  // up to here the other's log is as its own
    bool heard = false;  // since the last check of the quorum; DLedger: since the last heartbeat
    bool alive = false;  // DLedger: answered the heartbeat before
    // DLedger's dispatcher:
    PushState push = PushState::kCompare;
    bool waiting = false;  // for the answer to a COMPARE or TRUNCATE
    sim::Time due;         // when it gives that up, or tries again; APPEND: when an answer is overdue
    sim::Time commit_due;  // when the commit index is told again
  };
  // DLedger: one round of asking for votes, or of heartbeats.
  struct Round {
    int64_t number = 0;
    sim::Time deadline;
    std::vector<bool> answered;  // by member, or known to be unreachable
    int64_t answers = 0;
    int64_t valid = 0;  // of them: answered indeed
    int64_t good = 0;   // accepted; followed
    int64_t not_ready = 0;
    int64_t bigger_ledger = 0;
    int64_t largest_term = 0;
    bool other_leader = false;
  };

  // ---- raft.cc
  bool is_dledger() const { return options_.dialect == Options::Dialect::kDLedger; }
  int64_t majority() const { return members_ / 2 + 1; }
  void SetRole(Role role);
  void SetTerm(int64_t term);
  void VoteFor(Member candidate);
  void Send(Member to, Message message, bool when_durable = false);
  void Broadcast(const Message& message);
  bool IsUpToDate(int64_t last_term, int64_t last_index) const;
  // A new leader's: nothing is known of the others.
  void ResetProgress(Input in);
  void Append(Entry entry);
  void TruncateTo(int64_t kept);
  // What counts of the own log as stored.
  int64_t OwnMatch() const { return options_.durable_before_ack ? durable_ : last_index(); }
  void AdvanceCommit();
  void CommitTo(int64_t index);
  // Drawn: more than low, at most high.
  sim::Duration Draw(sim::Duration low, sim::Duration high, Input in) const;

  // ---- elections.cc
  void BecomeFollower(int64_t term, Member leader, Input in);
  void BecomeCandidate(bool pre_vote, Input in);
  void BecomeLeader(Input in);
  void CountVote(Input in);
  void TickPaper(Input in);
  void On(Member from, const RequestVote& request, Input in);
  void On(Member from, const RequestVoteReply& reply, Input in);
  void On(Member from, const TimeoutNow& order, Input in);

  // ---- replication.cc
  void SendEntries(Member to);
  void SendToAll(Input in);
  void FinishTransfer();
  void On(Member from, const AppendEntries& request, Input in);
  void On(Member from, const AppendEntriesReply& reply, Input in);

  // ---- dledger_elections.cc
  void TickDLedger(Input in);
  sim::Time DeadlineOfDLedger() const;
  void DLedgerCandidate(int64_t known_term, Input in);
  void DLedgerFollower(Member leader, Input in);
  void DLedgerLeader(Input in);
  void RaiseTermSoon(Input in);
  void MaintainCandidate(Input in);
  VoteResult Judge(Member candidate, const RequestVote& request, Input in);
  // `member`'s answer, or (not `valid`) that there won't be one; false if that was known.
  bool CountAnswer(Round* round, Member member, bool valid) const;
  void CountVote(Member member, VoteResult result, int64_t term, Input in);
  void DecideVotes(Input in);
  void ParseVotes(Input in);
  bool TakingLeadership() const;
  sim::Time NextVote(Input in) const;
  void SendHeartbeats(Input in);
  void EvaluateHeartbeats(Input in);
  void DecideHeartbeats(Input in);
  void CheckPreferred(Input in);
  void TakeLeadership(Input in);
  void AnswerTransfer(bool taken);
  void OnDLedgerVote(Member from, const RequestVote& request, Input in);
  void On(Member from, const Heartbeat& heartbeat, Input in);
  void On(Member from, const HeartbeatReply& reply, Input in);
  void On(Member from, const TransferLeadership& order, Input in);
  void On(Member from, const TransferLeadershipReply& reply, Input in);

  // ---- dledger_push.cc
  void Compare(Member to, Input in);
  void PushEntries(Member to, Input in);
  void PushCommit(Member to, Input in);
  void TickPush(Input in);
  sim::Time DeadlineOfPush() const;
  PushReply Obey(const Push& push);
  void On(Member from, const Push& push, Input in);
  void On(Member from, const PushReply& reply, Input in);

  Options options_;
  Member self_;
  int64_t members_;
  Output output_;

  // On stable storage.
  int64_t term_;
  Member vote_;
  std::vector<Entry> log_;

  Role role_ = Role::kFollower;
  Member leader_ = kNobody;
  int64_t durable_;     // entries that are on stable storage
  int64_t commit_ = 0;  // known to be committed
  std::vector<Progress> progress_;  // by member, of a leader
  Member transferee_ = kNobody;
  sim::Time transfer_deadline_;

  // Paper.
  sim::Time election_due_;   // of a follower or candidate
  sim::Time heartbeat_due_;  // of a leader
  sim::Time quorum_due_;
  sim::Time heard_;          // from the leader, last
  int64_t round_ = 0;        // of asking for votes, or of heartbeats
  std::vector<bool> votes_;  // by member

  // DLedger.
  enum class ParseResult : uint8_t { kWaitToRevote, kRevoteImmediately, kPassed, kWaitToVoteNext };
  ParseResult last_parse_ = ParseResult::kWaitToRevote;
  int64_t known_max_term_ = 0;  // knownMaxTermInGroup
  bool raise_term_ = false;     // needIncreaseTermImmediately
  sim::Time raise_due_;
  sim::Time next_vote_;  // nextTimeToRequestVote
  std::optional<Round> vote_round_;
  std::optional<Round> beat_round_;
  sim::Time next_beat_;
  sim::Time last_success_;   // lastSuccHeartBeatTime
  sim::Time last_of_leader_; // lastLeaderHeartBeatTime
  // Leadership that this member is to take over.
  struct Takeover {
    Member from = kNobody;
    TransferLeadership order;
    bool begun = false;  // it has all of the leader's log, and stands for election
    sim::Time deadline;  // before that
  };
  std::optional<Takeover> takeover_;
  sim::Time preferred_due_;
};

}  // namespace brokersim::raft

#endif  // BROKERSIM_MODEL_RAFT_RAFT_H_
