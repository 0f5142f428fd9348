// Log replication as DLedger does it (DLedgerEntryPusher.java): the leader's dispatcher for each member first compares
// back to an entry that both have, has what follows it truncated, and then appends; the commit index is told with that,
// and once a second.
#include <algorithm>

#include "model/raft/raft.h"
#include "sim/base/check.h"

namespace brokersim::raft {
namespace {

constexpr sim::Duration kAnswerTimeout = sim::Seconds(3);          // of COMPARE and TRUNCATE
constexpr sim::Duration kRetry = sim::Milliseconds(500);           // after they failed
constexpr sim::Duration kCommitInterval = sim::Milliseconds(1000);
constexpr int64_t kMaxPending = 1000;                              // maxPendingSize

bool Same(const Entry& a, const Entry& b) {
  if (a.term != b.term || !a.content != !b.content) return false;
  return !a.content || a.content->digest() == b.content->digest();
}

}  // namespace

// doCompare, and doTruncate where that is done.
void Raft::Compare(Member to, Input in) {
  Progress& progress = progress_[static_cast<size_t>(to)];
  if (progress.waiting || in.now < progress.due) return;
  progress.waiting = true;
  progress.due = in.now + kAnswerTimeout;
  Push push{PushType::kCompare, term_, progress.next - 1, {}, commit_};
  if (progress.push == PushState::kTruncate) {
    push.type = PushType::kTruncate;
    push.index = progress.match + 1;
  } else if (push.index > 0) {
    push.entries.push_back(At(push.index));
  }
  Send(to, std::move(push));
}

// doAppend
void Raft::PushEntries(Member to, Input in) {
  Progress& progress = progress_[static_cast<size_t>(to)];
  if (progress.push != PushState::kAppend) return;
  while (progress.next <= last_index() && progress.next - progress.match <= kMaxPending) {
    if (progress.next == progress.match + 1) progress.due = in.now + options_.dledger.max_push_timeout;
    Push push{PushType::kAppend, term_, progress.next, {}, commit_};
    const int64_t end = std::min(last_index(), progress.next + options_.max_entries - 1);
    for (; progress.next <= end; ++progress.next) push.entries.push_back(At(progress.next));
    progress.commit_due = in.now + kCommitInterval;
    Send(to, std::move(push));
  }
}

// doCommit
void Raft::PushCommit(Member to, Input in) {
  Progress& progress = progress_[static_cast<size_t>(to)];
  if (in.now < progress.commit_due) return;
  progress.commit_due = in.now + kCommitInterval;
  Send(to, Push{PushType::kCommit, term_, 0, {}, commit_});
}

void Raft::TickPush(Input in) {
  for (Member to = 0; to < members_; ++to) {
    if (to == self_) continue;
    Progress& progress = progress_[static_cast<size_t>(to)];
    if (progress.push != PushState::kAppend) {
      // No answer: from the beginning.
      if (progress.waiting && in.now >= progress.due) {
        progress.waiting = false;
        progress.push = PushState::kCompare;
        progress.due = in.now + kRetry;
      }
      Compare(to, in);
      continue;
    }
    // doCheckAppendResponse
    if (progress.next > progress.match + 1 && in.now >= progress.due) progress.next = progress.match + 1;
    PushEntries(to, in);
    PushCommit(to, in);
  }
}

sim::Time Raft::DeadlineOfPush() const {
  sim::Time first = sim::Time::Max();
  for (Member to = 0; to < members_; ++to) {
    if (to == self_) continue;
    const Progress& progress = progress_[static_cast<size_t>(to)];
    const bool pending = progress.push != PushState::kAppend || progress.next > progress.match + 1;
    if (pending) first = std::min(first, progress.due);
    if (progress.push == PushState::kAppend) first = std::min(first, progress.commit_due);
  }
  return first;
}

// handlePush, at a follower. The real one keeps a push that comes too early for a second before it refuses it.
PushReply Raft::Obey(const Push& push) {
  PushReply reply{push.type, push.term, ReplyCode::kSuccess, push.index, static_cast<int64_t>(push.entries.size())};
  switch (push.type) {
    case PushType::kAppend:
      if (push.index > last_index() + 1) reply.code = ReplyCode::kInconsistentState;
      for (int64_t i = 0; i < reply.count && reply.code == ReplyCode::kSuccess; ++i) {
        const Entry& entry = push.entries[static_cast<size_t>(i)];
        if (push.index + i > last_index()) {
          Append(entry);
        } else if (!Same(At(push.index + i), entry)) {
          reply.code = ReplyCode::kInconsistentState;
        }
      }
      break;
    case PushType::kCommit:
      break;
    case PushType::kCompare:
      if (push.index > last_index()) {
        reply.code = ReplyCode::kInconsistentState;
        reply.compare = last_index();
      } else if (push.index > 0 && !Same(At(push.index), push.entries.front())) {
        reply.code = ReplyCode::kInconsistentState;
        reply.compare = push.index - 1;
      }
      break;
    case PushType::kTruncate:
      if (push.index > last_index() + 1) {
        reply.code = ReplyCode::kInconsistentState;
      } else if (push.index <= last_index()) {
        TruncateTo(push.index - 1);
      }
      break;
  }
  if (reply.code == ReplyCode::kSuccess && push.type != PushType::kCompare) CommitTo(push.commit_index);
  return reply;
}

void Raft::On(Member from, const Push& push, Input in) {
  if (role_ != Role::kFollower || leader_ != from || push.term != term_) {
    Send(from, PushReply{push.type, push.term, ReplyCode::kNotFollower, push.index});
    return;
  }
  const PushReply reply = Obey(push);
  // Nobody reads the answer to a COMMIT.
  if (push.type != PushType::kCommit) Send(from, reply, options_.durable_before_ack && durable_ < last_index());
  TakeLeadership(in);
}

void Raft::On(Member from, const PushReply& reply, Input in) {
  if (role_ != Role::kLeader || reply.term != term_) return;
  Progress& progress = progress_[static_cast<size_t>(from)];
  const bool good = reply.code == ReplyCode::kSuccess;
  if (reply.type == PushType::kAppend) {
    if (progress.push != PushState::kAppend) return;
    if (reply.code == ReplyCode::kInconsistentState) {
      progress.push = PushState::kCompare;
      progress.next = last_index() + 1;
      progress.due = in.now;
      Compare(from, in);
    } else if (good && reply.index + reply.count - 1 > progress.match) {
      progress.match = reply.index + reply.count - 1;
      progress.due = in.now + options_.dledger.max_push_timeout;
      AdvanceCommit();
      PushEntries(from, in);
    }
    return;
  }
  // The answer to a COMPARE or TRUNCATE that was given up says nothing any more.
  const bool compares = progress.push == PushState::kCompare;
  const int64_t asked = compares ? progress.next - 1 : progress.match + 1;
  const bool expected = compares ? reply.type == PushType::kCompare : reply.type == PushType::kTruncate;
  if (!progress.waiting || !expected || progress.push == PushState::kAppend || reply.index != asked) return;
  progress.waiting = false;
  progress.due = in.now;
  if (compares && good) {
    progress.match = reply.index;
    progress.push = PushState::kTruncate;
  } else if (compares && reply.code == ReplyCode::kInconsistentState) {
    progress.next = std::min(reply.compare, progress.next - 2) + 1;
  } else if (good) {
    progress.push = PushState::kAppend;
    progress.next = progress.match + 1;
    progress.commit_due = in.now + kCommitInterval;
    AdvanceCommit();
    PushEntries(from, in);
    return;
  } else {
    progress.push = PushState::kCompare;
    progress.next = last_index() + 1;
    progress.due = in.now + kRetry;
    return;
  }
  Compare(from, in);
}

}  // namespace brokersim::raft
