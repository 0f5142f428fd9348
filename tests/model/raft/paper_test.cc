// Sentences of the paper (Ongaro and Ousterhout, extended version) and of the thesis, one test each.
#include <gtest/gtest.h>

#include <variant>
#include <vector>

#include "tests/model/raft/group.h"

namespace brokersim::raft {
namespace {

class Member3 : public testing::Test {
 protected:
  explicit Member3(Options options = {}) : options_(std::move(options)) {}
  Raft Make(Saved saved = {}, std::vector<Entry> log = {}) {
    Raft raft(options_, 0, 3, saved, std::move(log), In());
    raft.Take();
    return raft;
  }
  Input In() { return {now_, &random_}; }
  // Lets its election timeout pass.
  void TimeOut(Raft* raft) {
    now_ = raft->deadline();
    raft->Tick(In());
  }
  // A leader, in the term after the one that was saved.
  Raft MakeLeader(Saved saved = {}, std::vector<Entry> log = {}) {
    Raft raft = Make(saved, std::move(log));
    TimeOut(&raft);
    const Output asked = raft.Take();
    const auto& request = std::get<RequestVote>(asked.messages.front().message);
    raft.Step(1, RequestVoteReply{raft.term(), VoteResult::kAccept, false, request.round}, In());
    return raft;
  }
  template <class T>
  static std::vector<T> Sent(const Output& output) {
    std::vector<T> found;
    for (const Outgoing& message : output.messages) {
      if (const auto* m = std::get_if<T>(&message.message)) found.push_back(*m);
    }
    return found;
  }

  Options options_;
  sim::Time now_ = sim::Time() + sim::Seconds(1);
  sim::Stream random_{1, "paper"};
};

// 5.1 "If one server's current term is smaller than the other's, then it updates its current term to the larger value."
TEST_F(Member3, TakesTheLargerTerm) {
  Raft raft = Make({2, kNobody});
  raft.Step(1, AppendEntries{5, 0, 0, {}, 0}, In());
  EXPECT_EQ(raft.term(), 5);
  EXPECT_TRUE(raft.Take().save);
}

// 5.1 "If a candidate or leader discovers that its term is out of date, it immediately reverts to follower state."
TEST_F(Member3, LeaderOfAnOlderTermStepsDown) {
  Raft raft = MakeLeader();
  ASSERT_EQ(raft.role(), Role::kLeader);
  raft.Step(2, AppendEntriesReply{7, false, 0}, In());
  EXPECT_EQ(raft.role(), Role::kFollower);
  EXPECT_EQ(raft.term(), 7);
}

// 5.1 "If a server receives a request with a stale term number, it rejects the request."
TEST_F(Member3, RejectsAnOlderTerm) {
  Raft raft = Make({3, kNobody});
  raft.Step(1, AppendEntries{2, 0, 0, {MakeEntry(2, "a")}, 1}, In());
  const Output output = raft.Take();
  ASSERT_EQ(Sent<AppendEntriesReply>(output).size(), 1u);
  EXPECT_FALSE(Sent<AppendEntriesReply>(output)[0].success);
  EXPECT_EQ(Sent<AppendEntriesReply>(output)[0].term, 3);
  EXPECT_EQ(raft.last_index(), 0);
}

// 5.2 "To begin an election, a follower increments its current term and transitions to candidate state. It then votes
// for itself and issues RequestVote RPCs in parallel to each of the other servers in the cluster."
TEST_F(Member3, BeginsAnElection) {
  Raft raft = Make({4, kNobody}, {MakeEntry(3, "a")});
  TimeOut(&raft);
  const Output output = raft.Take();
  EXPECT_EQ(raft.role(), Role::kCandidate);
  EXPECT_EQ(raft.term(), 5);
  EXPECT_EQ(raft.vote(), 0);
  EXPECT_TRUE(output.save);
  ASSERT_EQ(Sent<RequestVote>(output).size(), 2u);
  EXPECT_EQ(Sent<RequestVote>(output)[0].last_log_index, 1);
  EXPECT_EQ(Sent<RequestVote>(output)[0].last_log_term, 3);
}

// 5.2 "A candidate wins an election if it receives votes from a majority of the servers in the full cluster for the
// same term." "Once a candidate wins an election, it becomes leader. It then sends heartbeat messages to all of the
// other servers."
TEST_F(Member3, AMajorityElects) {
  Raft raft = MakeLeader();
  EXPECT_EQ(raft.role(), Role::kLeader);
  EXPECT_EQ(Sent<AppendEntries>(raft.Take()).size(), 2u);
}

// A vote that was asked for in another round doesn't count.
TEST_F(Member3, AVoteOfAnotherRoundElectsNobody) {
  Raft raft = Make();
  TimeOut(&raft);
  raft.Step(1, RequestVoteReply{raft.term(), VoteResult::kAccept, false, 99}, In());
  EXPECT_EQ(raft.role(), Role::kCandidate);
}

// 5.2 "Each server will vote for at most one candidate in a given term, on a first-come-first-served basis."
TEST_F(Member3, VotesOnce) {
  Raft raft = Make();
  raft.Step(1, RequestVote{1, 0, 0, false, 1}, In());
  EXPECT_EQ(Sent<RequestVoteReply>(raft.Take())[0].result, VoteResult::kAccept);
  raft.Step(2, RequestVote{1, 5, 1, false, 1}, In());
  EXPECT_EQ(Sent<RequestVoteReply>(raft.Take())[0].result, VoteResult::kRejectAlreadyVoted);
  raft.Step(1, RequestVote{1, 0, 0, false, 2}, In());
  EXPECT_EQ(Sent<RequestVoteReply>(raft.Take())[0].result, VoteResult::kAccept);
}

// 5.2 "If the leader's term is at least as large as the candidate's current term, then the candidate recognizes the
// leader as legitimate and returns to follower state."
TEST_F(Member3, CandidateRecognisesALeader) {
  Raft raft = Make();
  TimeOut(&raft);
  raft.Step(2, AppendEntries{raft.term(), 0, 0, {}, 0}, In());
  EXPECT_EQ(raft.role(), Role::kFollower);
  EXPECT_EQ(raft.leader(), 2);
}

// 5.3 "If the follower does not find an entry in its log with the same index and term, then it refuses the new
// entries."
TEST_F(Member3, RefusesWhatDoesNotFollow) {
  Raft raft = Make({2, kNobody}, {MakeEntry(1, "a"), MakeEntry(1, "b")});
  raft.Step(1, AppendEntries{2, 2, 2, {MakeEntry(2, "c")}, 0}, In());
  EXPECT_FALSE(Sent<AppendEntriesReply>(raft.Take())[0].success);
  raft.Step(1, AppendEntries{2, 3, 2, {MakeEntry(2, "c")}, 0}, In());
  EXPECT_FALSE(Sent<AppendEntriesReply>(raft.Take())[0].success);
  EXPECT_EQ(raft.last_index(), 2);
}

// Figure 2 "If an existing entry conflicts with a new one (same index but different terms), delete the existing entry
// and all that follow it." What doesn't conflict stays, also if the message is an old one.
TEST_F(Member3, DeletesOnlyWhatConflicts) {
  Raft raft = Make({2, kNobody}, {MakeEntry(1, "a"), MakeEntry(2, "b"), MakeEntry(2, "c")});
  raft.Step(1, AppendEntries{2, 0, 0, {MakeEntry(1, "a")}, 0}, In());
  EXPECT_FALSE(raft.Take().truncate.has_value());
  EXPECT_EQ(raft.last_index(), 3);
  raft.Step(1, AppendEntries{3, 1, 1, {MakeEntry(3, "d")}, 0}, In());
  const Output output = raft.Take();
  EXPECT_EQ(output.truncate, 1);
  EXPECT_EQ(output.append.size(), 1u);
  EXPECT_EQ(raft.last_term(), 3);
}

// Figure 2 "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry)." (dledger
// #278)
TEST_F(Member3, CommitsNoMoreThanItWasShown) {
  Raft raft = Make({2, kNobody}, {MakeEntry(1, "a"), MakeEntry(1, "not the leader's")});
  raft.Step(1, AppendEntries{2, 1, 1, {}, 2}, In());
  EXPECT_EQ(raft.commit(), 1);
}

// Figure 2, persistent state: "Updated on stable storage before responding to RPCs."
TEST_F(Member3, AnswersWhenItIsDurable) {
  Raft raft = Make();
  raft.Step(1, AppendEntries{1, 0, 0, {MakeEntry(1, "a")}, 0}, In());
  EXPECT_TRUE(raft.Take().messages.back().when_durable);
  raft.OnDurable(1, In());
  raft.Step(1, AppendEntries{1, 1, 1, {}, 0}, In());
  EXPECT_FALSE(raft.Take().messages.back().when_durable);
}

// 5.3 "A log entry is committed once the leader that created the entry has replicated it on a majority of the servers."
// The leader's own copy counts when it is durable.
TEST_F(Member3, CommitsWhatAMajorityHas) {
  Raft raft = MakeLeader();
  raft.Propose(MakeEntry(1, "a").content, In());
  raft.Step(1, AppendEntriesReply{raft.term(), true, 1}, In());
  EXPECT_EQ(raft.commit(), 0);
  raft.OnDurable(1, In());
  EXPECT_EQ(raft.commit(), 1);
}

// 5.4.1 "The voter denies its vote if its own log is more up-to-date than that of the candidate." "If the logs have
// last entries with different terms, then the log with the later term is more up-to-date. If the logs end with the
// same term, then whichever log is longer is more up-to-date."
TEST_F(Member3, VotesForNoShorterLog) {
  struct Case {
    int64_t index;
    int64_t term;
    bool granted;
  };
  for (const Case& c : {Case{2, 2, true}, {3, 2, true}, {1, 2, false}, {1, 3, true}, {9, 1, false}}) {
    Raft raft = Make({3, kNobody}, {MakeEntry(1, "a"), MakeEntry(2, "b")});
    raft.Step(1, RequestVote{4, c.index, c.term, false, 1}, In());
    const bool granted = Sent<RequestVoteReply>(raft.Take())[0].result == VoteResult::kAccept;
    EXPECT_EQ(granted, c.granted) << c.index << " " << c.term;
    EXPECT_EQ(raft.term(), 4);
  }
}

// 5.4.2 "Only log entries from the leader's current term are committed by counting replicas; once an entry from the
// current term has been committed in this way, then all prior entries are committed indirectly."
TEST_F(Member3, CountsCopiesOfItsOwnTermOnly) {
  Raft raft = MakeLeader({1, kNobody}, {MakeEntry(1, "a")});
  raft.Step(1, AppendEntriesReply{raft.term(), true, 1}, In());
  EXPECT_EQ(raft.commit(), 0);
  raft.Propose(MakeEntry(2, "b").content, In());
  raft.OnDurable(2, In());
  raft.Step(1, AppendEntriesReply{raft.term(), true, 2}, In());
  EXPECT_EQ(raft.commit(), 2);
}

// Thesis 9.6: "A candidate only increments its term if it first learns from a majority that they would be willing to
// grant the candidate their votes", and nobody is while a leader is heard.
class PreVote : public Member3 {
 protected:
  PreVote() : Member3([] {
    Options options;
    options.pre_vote = true;
    return options;
  }()) {}
};
TEST_F(PreVote, MovesNoTerm) {
  Raft raft = Make({3, kNobody});
  TimeOut(&raft);
  EXPECT_EQ(raft.term(), 3);
  EXPECT_EQ(Sent<RequestVote>(raft.Take())[0].term, 4);
  Raft follower = Make({3, kNobody});
  follower.Step(1, AppendEntries{3, 0, 0, {}, 0}, In());
  follower.Take();
  follower.Step(2, RequestVote{4, 0, 0, true, 1}, In());
  EXPECT_EQ(Sent<RequestVoteReply>(follower.Take())[0].result, VoteResult::kRejectAlreadyHasLeader);
  EXPECT_EQ(follower.term(), 3);
}

}  // namespace
}  // namespace brokersim::raft
