#include "tests/model/raft/group.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/check.h"

namespace brokersim::raft {
namespace {

bool Same(const Entry& a, const Entry& b) { return a.term == b.term && TextOf(a) == TextOf(b); }

}  // namespace

Entry MakeEntry(int64_t term, std::string text) {
  return {term, text.empty() ? sim::PayloadRef() : sim::PayloadRef(sim::MakePayload(Word{std::move(text)}))};
}

std::string TextOf(const Entry& entry) { return entry.content ? entry.content->As<Word>()->text : ""; }

Group::Group(Options options, int64_t members, uint64_t seed, std::vector<Start> starts)
    : options_(std::move(options)), members_(static_cast<size_t>(members)), random_(seed, "group") {
  for (Member member = 0; member < members; ++member) {
    Node& node = At(member);
    node.random = sim::Stream(seed, fmt::format("member/{}", member));
    if (!starts.empty()) {
      node.saved = starts[static_cast<size_t>(member)].saved;
      node.log = starts[static_cast<size_t>(member)].log;
      node.synced = static_cast<int64_t>(node.log.size());
    }
    Start1(member);
  }
}

void Group::Start1(Member member) {
  Node& node = At(member);
  CHECK(!node.raft.has_value(), "{} runs", member);
  ++node.incarnation;
  node.raft.emplace(options_, member, size(), node.saved, node.log, In(member));
  node.role = node.raft->role();
  node.syncing = false;
  node.after_sync.clear();
  // What a process finds was synced, or is now: a start is a sync.
  node.synced = static_cast<int64_t>(node.log.size());
  Perform(member);
}

void Group::Crash(Member member, bool lost) {
  Node& node = At(member);
  if (!node.raft.has_value()) return;
  node.raft.reset();
  ++node.incarnation;
  node.as_leader.clear();
  if (lost) node.log.resize(static_cast<size_t>(node.synced));
  Note(member, lost ? "loses its power" : "crashes");
}

void Group::Run(sim::Duration time) {
  const sim::Time end = now_ + time;
  while (!events_.empty() && events_.begin()->first <= end) {
    now_ = std::max(now_, events_.begin()->first);
    const std::function<void()> what = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    what();
  }
  now_ = end;
}

bool Group::Propose(Member member, std::string text) {
  Node& node = At(member);
  if (!node.raft.has_value() || node.raft->role() != Role::kLeader || node.raft->transferring()) return false;
  Entry entry = MakeEntry(node.raft->term(), std::move(text));
  node.log.push_back(entry);
  node.raft->Propose(entry.content, In(member));
  Perform(member);
  return true;
}

void Group::TransferTo(Member leader, Member to) {
  At(leader).raft->TransferTo(to, In(leader));
  Perform(leader);
}

void Group::TimeOut(Member member) {
  Raft& raft = *At(member).raft;
  raft.Tick({std::max(now_, raft.deadline()), &At(member).random});
  Perform(member);
}

void Group::Step(Member from, Member to, const Message& message) {
  if (!runs(to)) return;
  At(to).raft->Step(from, message, In(to));
  Perform(to);
}

void Group::Perform(Member member) {
  Node& node = At(member);
  while (node.raft->has_output()) {
    Output todo = node.raft->Take();
    if (todo.save) node.saved = node.raft->saved();
    if (todo.truncate.has_value()) {
      Note(member, fmt::format("cuts its log from {} to {}", node.log.size(), *todo.truncate));
      node.log.resize(static_cast<size_t>(*todo.truncate));
      node.synced = std::min(node.synced, *todo.truncate);
    }
    for (Entry& entry : todo.append) node.log.push_back(std::move(entry));
    for (const Outgoing& message : todo.messages) {
      sent_.emplace_back(member, message);
      if (message.when_durable) {
        node.after_sync.push_back(message);
      } else {
        Deliver(member, message);
      }
    }
    const Role role = node.raft->role();
    if (todo.role_changed && role != node.role) {
      Note(member, fmt::format("is a {} in term {}", Name(role), node.raft->term()));
      node.role = role;
      if (role == Role::kLeader && no_op_) Propose(member, "");
    }
    if (todo.committed) Note(member, fmt::format("has committed {}", node.raft->commit()));
  }
  Sync(member);
  ArmTimer(member);
  node.raft->CheckInvariants();
  CheckProperties(member);
}

void Group::Deliver(Member from, const Outgoing& message) {
  const bool lost = random_.Chance(loss_);
  const sim::Duration least = delay_.first;
  const int64_t extra = random_.Between(0, (delay_.second - least).nanos());
  if (lost || cut_.contains({std::min(from, message.to), std::max(from, message.to)})) return;
  sim::Duration after = least + sim::Nanoseconds(extra);
  if (ordered_) {
    sim::Time& last = last_arrival_[{from, message.to}];
    last = std::max(last, now_ + after);
    after = last - now_;
  }
  Later(after, [this, from, message] {
    if (cut_.contains({std::min(from, message.to), std::max(from, message.to)})) return;
    Step(from, message.to, message.message);
  });
}

void Group::Sync(Member member) {
  Node& node = At(member);
  const auto end = static_cast<int64_t>(node.log.size());
  if (node.syncing || (node.synced == end && node.after_sync.empty())) return;
  node.syncing = true;
  const int incarnation = node.incarnation;
  std::vector<Outgoing> released = std::exchange(node.after_sync, {});
  Later(sync_time_, [this, member, incarnation, end, released = std::move(released)] {
    Node& then = At(member);
    if (then.incarnation != incarnation) return;
    then.syncing = false;
    // What was cut meanwhile, and written anew, isn't synced by this.
    then.synced = std::max(then.synced, std::min(end, static_cast<int64_t>(then.log.size())));
    for (const Outgoing& message : released) Deliver(member, message);
    then.raft->OnDurable(then.synced, In(member));
    Perform(member);
  });
}

void Group::ArmTimer(Member member) {
  const sim::Time due = At(member).raft->deadline();
  const int incarnation = At(member).incarnation;
  if (due == sim::Time::Max()) return;
  Later(std::max(due - now_, sim::Duration()), [this, member, incarnation, due] {
    Node& node = At(member);
    if (node.incarnation != incarnation || node.raft->deadline() != due) return;
    node.raft->Tick(In(member));
    Perform(member);
  });
}

Member Group::Leader() const {
  Member found = kNobody;
  for (Member member = 0; member < size(); ++member) {
    if (!runs(member) || raft(member).role() != Role::kLeader) continue;
    if (found == kNobody || raft(member).term() > raft(found).term()) found = member;
  }
  return found;
}

std::string Group::LogText(Member member) const {
  std::string text;
  int64_t index = 0;
  const int64_t commit = runs(member) ? raft(member).commit() : -1;
  for (const Entry& entry : At(member).log) {
    if (index > 0) text += ' ';
    if (index++ == commit) text += "| ";
    text += fmt::format("{}:{}", entry.term, entry.content ? TextOf(entry) : "-");
  }
  return index == commit ? text + " |" : text;
}

void Group::Note(Member member, const std::string& text) {
  notes_.push_back(fmt::format("{:>7}  {} {}", fmt::format("{}ms", now_.millis()), member, text));
}

void Group::Break(const std::string& text) {
  if (std::find(broken_.begin(), broken_.end(), text) != broken_.end()) return;
  broken_.push_back(text);
  notes_.push_back(fmt::format("{:>7}  BROKEN: {}", fmt::format("{}ms", now_.millis()), text));
}

// The paper, figure 3.
void Group::CheckProperties(Member member) {
  Node& node = At(member);
  const Raft& raft = *node.raft;
  // "Election Safety: at most one leader can be elected in a given term."
  if (raft.role() == Role::kLeader) {
    const auto [at, is_new] = leaders_.emplace(raft.term(), member);
    if (at->second != member) {
      Break(fmt::format("election safety: {} and {} lead in term {}", at->second, member, raft.term()));
    }
    // "Leader Completeness: if a log entry is committed in a given term, then that entry will be present in the logs of
    // the leaders for all higher-numbered terms."
    for (const auto& [index, entry] : committed_) {
      if (!is_new || entry.term > raft.term()) continue;
      if (index > raft.last_index() || !Same(raft.At(index), entry)) {
        Break(fmt::format("leader completeness: {} leads in term {} without entry {}", member, raft.term(), index));
        break;
      }
    }
    // "Leader Append-Only: a leader never overwrites or deletes entries in its log."
    for (size_t i = 0; i < node.as_leader.size(); ++i) {
      if (i < node.log.size() && Same(node.log[i], node.as_leader[i])) continue;
      Break(fmt::format("leader append-only: {}", member));
    }
    node.as_leader = node.log;
  } else {
    node.as_leader.clear();
  }
  // "Log Matching: if two logs contain an entry with the same index and term, then the logs are identical in all
  // entries up through the given index."
  for (Member other = 0; other < size(); ++other) {
    if (other == member) continue;
    size_t last = std::min(node.log.size(), At(other).log.size());
    while (last > 0 && node.log[last - 1].term != At(other).log[last - 1].term) --last;
    for (size_t i = 0; i < last; ++i) {
      if (!Same(node.log[i], At(other).log[i])) {
        Break(fmt::format("log matching: {} and {} differ at {}", member, other, i + 1));
        break;
      }
    }
  }
  CheckCommitted(member);
}

// "State Machine Safety: if a server has applied a log entry at a given index to its state machine, no other server
// will ever apply a different log entry for the same index."
void Group::CheckCommitted(Member member) {
  const Raft& raft = this->raft(member);
  for (int64_t index = 1; index <= std::min(raft.commit(), raft.last_index()); ++index) {
    const auto [at, is_new] = committed_.emplace(index, raft.At(index));
    if (!Same(at->second, raft.At(index))) {
      Break(fmt::format("state machine safety: entry {} is {}:{} at {}, and was {}:{}", index, raft.At(index).term,
                        TextOf(raft.At(index)), member, at->second.term, TextOf(at->second)));
      at->second = raft.At(index);
    }
  }
}

}  // namespace brokersim::raft
