// What members of a Raft group send each other: the messages of the paper (Ongaro and Ousterhout, "In Search of an
// Understandable Consensus Algorithm", figure 2) and of the thesis, and those of DLedger, which has heartbeats of their
// own and pushes entries where the paper appends them.
//
// Who sends is known from where a message comes from. Indexes begin at 1; 0 is before the first entry.
#ifndef BROKERSIM_MODEL_RAFT_MESSAGES_H_
#define BROKERSIM_MODEL_RAFT_MESSAGES_H_

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/fields.h"
#include "sim/base/payload.h"

namespace brokersim::raft {

// A member's number in its group: 0, 1, ...
using Member = int64_t;
inline constexpr Member kNobody = -1;

struct Entry {
  int64_t term = 0;
  sim::PayloadRef content;  // the owner's; Raft only compares it
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("content", content);
  }
};

// What a vote is answered with. The paper knows but granted or not; the reasons are DLedger's (VoteResponse.RESULT).
enum class VoteResult : uint8_t {
  kAccept,
  kRejectExpiredVoteTerm,
  kRejectAlreadyVoted,
  kRejectAlreadyHasLeader,
  kRejectExpiredLedgerTerm,
  kRejectSmallLedgerEndIndex,
  kRejectTermNotReady,
  kRejectTermSmallThanLedger,
  kRejectTakingLeadership,
};
inline std::string_view Name(VoteResult result) {
  switch (result) {
    case VoteResult::kAccept: return "ACCEPT";
    case VoteResult::kRejectExpiredVoteTerm: return "REJECT_EXPIRED_VOTE_TERM";
    case VoteResult::kRejectAlreadyVoted: return "REJECT_ALREADY_VOTED";
    case VoteResult::kRejectAlreadyHasLeader: return "REJECT_ALREADY_HAS_LEADER";
    case VoteResult::kRejectExpiredLedgerTerm: return "REJECT_EXPIRED_LEDGER_TERM";
    case VoteResult::kRejectSmallLedgerEndIndex: return "REJECT_SMALL_LEDGER_END_INDEX";
    case VoteResult::kRejectTermNotReady: return "REJECT_TERM_NOT_READY";
    case VoteResult::kRejectTermSmallThanLedger: return "REJECT_TERM_SMALL_THAN_LEDGER";
    case VoteResult::kRejectTakingLeadership: return "REJECT_TAKING_LEADERSHIP";
  }
  return "?";
}

struct RequestVote {
  static constexpr std::string_view kName = "RequestVote";
  int64_t term = 0;
  int64_t last_log_index = 0;
  int64_t last_log_term = 0;
  bool pre_vote = false;  // thesis 9.6: would you vote for me?
  int64_t round = 0;      // joins an answer to its question
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("lastLogIndex", last_log_index);
    v("lastLogTerm", last_log_term);
    if (pre_vote) v("preVote", pre_vote);
    v("round", round);
  }
};

struct RequestVoteReply {
  static constexpr std::string_view kName = "RequestVoteReply";
  int64_t term = 0;  // of who answers
  VoteResult result = VoteResult::kAccept;
  bool pre_vote = false;
  int64_t round = 0;
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("result", result);
    if (pre_vote) v("preVote", pre_vote);
    v("round", round);
  }
};

struct AppendEntries {
  static constexpr std::string_view kName = "AppendEntries";
  int64_t term = 0;
  int64_t prev_log_index = 0;
  int64_t prev_log_term = 0;
  std::vector<Entry> entries;  // empty: a heartbeat
  int64_t leader_commit = 0;
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("prevLogIndex", prev_log_index);
    v("prevLogTerm", prev_log_term);
    v("entries", entries);
    v("leaderCommit", leader_commit);
  }
};

struct AppendEntriesReply {
  static constexpr std::string_view kName = "AppendEntriesReply";
  int64_t term = 0;
  bool success = false;
  int64_t index = 0;  // success: the log agrees with the leader's up to here; else: where to try next (5.3, end)
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("success", success);
    v("index", index);
  }
};

// Thesis 3.10: stand for election at once.
struct TimeoutNow {
  static constexpr std::string_view kName = "TimeoutNow";
  int64_t term = 0;
  template <class V> void Fields(V& v) const { v("term", term); }
};

// ---- DLedger (HeartBeatRequest.java, PushEntryRequest.java, LeadershipTransferRequest.java)

struct Heartbeat {
  static constexpr std::string_view kName = "RaftHeartbeat";
  int64_t term = 0;
  int64_t round = 0;
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("round", round);
  }
};

enum class ReplyCode : uint8_t {
  kSuccess,
  kExpiredTerm,
  kInconsistentLeader,
  kTermNotReady,
  kInconsistentState,
  kNotFollower,
};
inline std::string_view Name(ReplyCode code) {
  switch (code) {
    case ReplyCode::kSuccess: return "SUCCESS";
    case ReplyCode::kExpiredTerm: return "EXPIRED_TERM";
    case ReplyCode::kInconsistentLeader: return "INCONSISTENT_LEADER";
    case ReplyCode::kTermNotReady: return "TERM_NOT_READY";
    case ReplyCode::kInconsistentState: return "INCONSISTENT_STATE";
    case ReplyCode::kNotFollower: return "NOT_FOLLOWER";
  }
  return "?";
}

struct HeartbeatReply {
  static constexpr std::string_view kName = "RaftHeartbeatReply";
  int64_t term = 0;
  ReplyCode code = ReplyCode::kSuccess;
  int64_t round = 0;
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("code", code);
    v("round", round);
  }
};

enum class PushType : uint8_t { kAppend, kCommit, kCompare, kTruncate };
inline std::string_view Name(PushType type) {
  switch (type) {
    case PushType::kAppend: return "APPEND";
    case PushType::kCommit: return "COMMIT";
    case PushType::kCompare: return "COMPARE";
    case PushType::kTruncate: return "TRUNCATE";
  }
  return "?";
}

struct Push {
  static constexpr std::string_view kName = "RaftPush";
  PushType type = PushType::kAppend;
  int64_t term = 0;
  // Of the first entry. COMPARE: is this entry yours, too? TRUNCATE: from here on nothing may stay.
  int64_t index = 0;
  std::vector<Entry> entries;
  int64_t commit_index = 0;
  template <class V> void Fields(V& v) const {
    v("type", type);
    v("term", term);
    v("index", index);
    v("entries", entries);
    v("commitIndex", commit_index);
  }
};

struct PushReply {
  static constexpr std::string_view kName = "RaftPushReply";
  PushType type = PushType::kAppend;
  int64_t term = 0;  // of what it answers
  ReplyCode code = ReplyCode::kSuccess;
  int64_t index = 0;    // of what it answers
  int64_t count = 0;    // entries of what it answers
  int64_t compare = 0;  // COMPARE that failed: the index to compare next
  template <class V> void Fields(V& v) const {
    v("type", type);
    v("term", term);
    v("code", code);
    v("index", index);
    v("count", count);
    if (compare != 0) v("compare", compare);
  }
};

struct TransferLeadership {
  static constexpr std::string_view kName = "TransferLeadership";
  int64_t term = 0;
  int64_t index = 0;  // the end of the leader's log: who takes over must have all
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("index", index);
  }
};

struct TransferLeadershipReply {
  static constexpr std::string_view kName = "TransferLeadershipReply";
  int64_t term = 0;  // of what it answers
  bool taken = false;
  template <class V> void Fields(V& v) const {
    v("term", term);
    v("taken", taken);
  }
};

using Message =
    std::variant<RequestVote, RequestVoteReply, AppendEntries, AppendEntriesReply, TimeoutNow, Heartbeat,
                 HeartbeatReply, Push, PushReply, TransferLeadership, TransferLeadershipReply>;

}  // namespace brokersim::raft

#endif  // BROKERSIM_MODEL_RAFT_MESSAGES_H_
