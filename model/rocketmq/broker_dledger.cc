// DLedger mode: the commit log is a Raft log. Its entries are the messages, the leader is the master, and a write is
// answered when a majority has it. (DLedgerCommitLog.java, DLedgerRoleChangeHandler.java)
#include <algorithm>
#include <type_traits>
#include <utility>

#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

// DLedgerRoleChangeHandler.handle sleeps so long between two looks at whether all is committed.
constexpr sim::Duration kPromotePeriod = sim::Milliseconds(100);

raft::Options RaftOptions(const BrokerConfig& config) {
  raft::Options options;
  options.dialect = raft::Options::Dialect::kDLedger;
  options.heartbeat_interval = sim::Milliseconds(config.heartbeat_time_interval_ms);
  options.election_min = sim::Milliseconds(config.min_vote_interval_ms);
  options.election_max = sim::Milliseconds(std::max(config.min_vote_interval_ms, config.max_vote_interval_ms));
  options.max_entries = 1;  // enableBatchPush=false
  options.own_term_commits_only = config.dledger_305;
  options.durable_before_ack = false;
  options.truncation_lowers_commit = config.dledger_316;
  options.dledger.max_heartbeat_leak = config.max_heartbeat_leak;
  options.dledger.max_push_timeout = sim::Milliseconds(config.max_push_timeout_ms);
  options.dledger.larger_term_first = config.dledger_247;
  CHECK(ReadMembers(config.preferred_leader_id, &options.dledger.preferred).ok(), "checked when it was read");
  return options;
}

}  // namespace

void Broker::StartDLedger(sim::Env& env, sim::Effects& out) {
  broker_id_ = place_ + 1;  // DLedgerCommitLog: id
  term_file_ = env.Open(kTermFile);
  raft::Saved saved;
  for (const sim::Block& block : env.disk().file(term_file_).blocks) {
    if (!block.damaged) saved = *block.content->As<raft::Saved>();
  }
  std::vector<raft::Entry> log;
  for (const StoredMessage& message : store_.log()) log.push_back({message->value().term, message});
  const auto members = std::count_if(cluster_->brokers.begin(), cluster_->brokers.end(),
                                     [&](const BrokerSpec& other) { return other.broker_name == broker_name_; });
  raft::Options options = RaftOptions(config_);
  std::erase_if(options.dledger.preferred, [&](raft::Member member) { return member >= members; });
  raft_.emplace(std::move(options), place_, members, saved, std::move(log), RaftInput(env));
  Register(out);
  AfterRaft(env, out);
}

bool Broker::OnRaftMessage(const Command& command, sim::NodeId from, sim::Env& env, sim::Effects& out) {
  const auto sender = std::find_if(cluster_->brokers.begin(), cluster_->brokers.end(), [&](const BrokerSpec& other) {
    return other.node == from && other.broker_name == broker_name_;
  });
  if (sender == cluster_->brokers.end() || stopping_) return false;
  return std::visit(
      [&](const auto& body) {
        if constexpr (std::is_constructible_v<raft::Message, decltype(body)>) {
          raft_->Step(sender->broker_id, body, RaftInput(env));
          AfterRaft(env, out);
          return true;
        } else {
          return false;
        }
      },
      command.body);
}

void Broker::OnPeerLost(sim::NodeId peer, sim::Env& env, sim::Effects& out) {
  if (!peer.valid()) return;
  for (const BrokerSpec& other : cluster_->brokers) {
    if (other.node != peer || other.broker_name != broker_name_) continue;
    raft_->OnUnreachable(other.broker_id, RaftInput(env));
    AfterRaft(env, out);
  }
}

void Broker::AfterRaft(sim::Env& env, sim::Effects& out) {
  while (raft_->has_output()) {
    raft::Output todo = raft_->Take();
    if (todo.save) out.Replace(term_file_, sim::MakePayload(raft_->saved()));
    if (todo.truncate.has_value()) TruncateEntries(*todo.truncate, out);
    for (const raft::Entry& entry : todo.append) {
      CHECK(entry.content->As<Message>() != nullptr, "an entry holds a {}", entry.content->name());
      const StoredMessage message(static_cast<const sim::Boxed<Message>*>(entry.content.get()));
      const Message& m = message->value();
      store_.PutReplica(message, out);
      out.Record(formats::RecordVerb::kReplicated, QueueName(m.topic, m.queue_id), m.queue_offset, m.body);
      FlushSoon(out);
    }
    for (raft::Outgoing& message : todo.messages) {
      const sim::NodeId to = cluster_->Find(broker_name_, message.to)->node;
      std::visit(
          [&](auto& body) {
            if constexpr (std::is_constructible_v<Body, decltype(body)>) remoting_.SendOneWay(to, std::move(body), out);
          },
          message.message);
    }
    if (todo.role_changed) OnRaftRole(env, out);
    if (todo.committed) {
      SettleDue();
      Dispatch(env, out);
      SettleSends(out);
    }
  }
  const sim::Time due = raft_->deadline();
  if (raft_timer_ == due) return;
  raft_timer_ = due;
  out.SetTimer({kRaft}, std::max(due - env.monotonic(), sim::Duration()));
}

// DLedgerRoleChangeHandler.handle
void Broker::OnRaftRole(sim::Env& env, sim::Effects& out) {
  if (is_master() && raft_->role() != raft::Role::kLeader) Demote(env, out);
  if (raft_->role() == raft::Role::kFollower) {
    master_ = sim::NodeId{};  // the next registration tells
    Register(out);
  } else if (raft_->role() == raft::Role::kLeader) {
    out.Note("election",
             fmt::format("{} leads {}'s DLedger group in term {}, with {} entries of which {} are committed",
                         env.name(), broker_name_, raft_->term(), raft_->last_index(), raft_->commit()));
    if (config_.dledger_305 && raft_->last_index() > 0) {
      Message noop;
      noop.topic = kNoopTopic;
      Put(std::move(noop), env, out);
    }
    out.SetTimer({kPromote}, sim::Duration());
  }
}

void Broker::Promote(sim::Env& env, sim::Effects& out) {
  if (is_master() || raft_->role() != raft::Role::kLeader || stopping_) return;
  if (raft_->commit() != raft_->last_index() || store_.reput_from() < store_.max_phy()) {
    out.SetTimer({kPromote}, kPromotePeriod);
    return;
  }
  broker_id_ = 0;
  master_ = sim::NodeId{};
  out.Note("role", fmt::format("{} is the master of {} in term {}, from offset {} on", env.name(), broker_name_,
                               raft_->term(), store_.max_phy()));
  StartSchedule(out);
  Register(out);
}

// What waits for its answer waits in vain: QuorumAckChecker does nothing while it isn't the leader.
void Broker::Demote(sim::Env& env, sim::Effects& out) {
  out.Note("role", fmt::format("{} is the master of {} no more", env.name(), broker_name_));
  broker_id_ = place_ + 1;
  for (const auto& [id, send] : sends_) out.CancelTimer({kSendTimeout, id});
  sends_.clear();
  due_uncommitted_.clear();
  ops_.clear();  // what they decide may yet be cut off
  if (raft_->role() != raft::Role::kFollower) Register(out);
}

void Broker::TruncateEntries(int64_t kept, sim::Effects& out) {
  const auto begin = static_cast<size_t>(kept);
  const int64_t offset = store_.log()[begin]->value().phy_offset;
  out.Note("truncation", fmt::format("{} truncates its commit log from {} to {}, where it and its leader's part",
                                     broker_name_, store_.max_phy(), offset));
  for (size_t i = begin; i < store_.log().size(); ++i) {
    const Message& m = store_.log()[i]->value();
    out.Record(formats::RecordVerb::kTruncated, QueueName(m.topic, m.queue_id), m.queue_offset, m.body);
  }
  flush_.reset();  // what a flush under way covers isn't there any more
  flush_again_ = false;
  store_.Truncate(offset, out);
}

// FlushDataService, which looks again every flushFileInterval.
void Broker::FlushSoon(sim::Effects& out) {
  if (std::exchange(flush_timer_, true)) return;
  out.SetTimer({kFlush}, sim::Milliseconds(config_.flush_file_interval));
}

int64_t Broker::CommittedPhy() const {
  const int64_t commit = std::min(raft_->commit(), raft_->last_index());
  if (commit == 0) return 0;
  const Message& last = store_.log()[static_cast<size_t>(commit) - 1]->value();
  return last.phy_offset + last.size;
}

}  // namespace brokersim::rocketmq
