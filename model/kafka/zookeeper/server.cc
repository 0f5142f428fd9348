#include "model/kafka/zookeeper/server.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "model/kafka/request_manager.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

bool Changes(const ZkTransaction& transaction) {
  if (transaction.kind != ZkTransaction::Kind::kOps) return true;
  return std::any_of(transaction.ops.begin(), transaction.ops.end(), [](const ZkOp& op) {
    return op.type != ZkOpType::kGetData && op.type != ZkOpType::kGetChildren && op.type != ZkOpType::kCheck;
  });
}

}  // namespace

std::string_view Name(ZkTransaction::Kind kind) {
  switch (kind) {
    case ZkTransaction::Kind::kOps: return "operations";
    case ZkTransaction::Kind::kBeginSession: return "begin-session";
    case ZkTransaction::Kind::kEndSession: return "end-session";
  }
  return "?";
}

ZooKeeper::ZooKeeper(std::shared_ptr<const ClusterSpec> cluster, sim::Env& env, sim::Effects& out)
    : cluster_(std::move(cluster)), log_file_(env.Open(kTransactionLogFile)) {
  for (const sim::Block& block : env.disk().file(log_file_).blocks) {
    if (block.damaged) break;
    std::vector<ZnodeTree::Change> nobody_waits;
    Replay(*block.content->As<ZkTransaction>(), &nobody_waits);
  }
  if (static_cast<int64_t>(env.disk().file(log_file_).blocks.size()) > zxid_) {
    BROKERSIM_PROBE("kafka/zookeeper: recovery cuts a torn log");
    out.Truncate(log_file_, zxid_);
  }
  durable_zxid_ = zxid_;
  if (zxid_ == 0) CreateRoots(out);
  // Who starts anew gives every session a whole timeout (SessionTrackerImpl).
  for (const auto& [id, session] : sessions_) Heard(id, out);
}

// Our choice: topics exist before their brokers do, though nobody leads them yet.
void ZooKeeper::CreateRoots(sim::Effects& out) {
  ZkTransaction roots;
  const auto create = [&roots](std::string_view path, ZnodeData data) {
    roots.ops.push_back({ZkOpType::kCreate, std::string(path), std::move(data), kAnyVersion, false});
  };
  create(kControllerEpochPath, ZnodeNumber{0});
  create(kBrokerIdsPath, NoData{});
  create(kIsrChangesPath, NoData{});
  create(kProducerIdsPath, ZnodeNumber{0});
  for (const TopicSpec& topic : cluster_->topics) {
    for (size_t i = 0; i < topic.assignment.size(); ++i) {
      create(AssignmentPath({topic.name, static_cast<int32_t>(i)}), ReplicaAssignment{topic.assignment[i], {}});
    }
  }
  Write(std::move(roots), out);
}

std::vector<ZkResult> ZooKeeper::Replay(const ZkTransaction& transaction, std::vector<ZnodeTree::Change>* changes) {
  ++zxid_;
  if (transaction.kind == ZkTransaction::Kind::kOps) {
    return tree_.Apply(transaction.ops, transaction.session, zxid_, changes);
  }
  if (transaction.kind == ZkTransaction::Kind::kBeginSession) {
    sessions_[transaction.session].timeout_ms = transaction.timeout_ms;
    last_session_ = std::max(last_session_, transaction.session);
  } else {
    sessions_.erase(transaction.session);
    tree_.EndSession(transaction.session, zxid_, changes);
  }
  return {};
}

std::vector<ZkResult> ZooKeeper::Write(ZkTransaction transaction, sim::Effects& out) {
  std::vector<ZnodeTree::Change> changes;
  std::vector<ZkResult> results = Replay(transaction, &changes);
  const bool failed = !results.empty() && results.back().code != ZkCode::kOk;
  if (failed || !Changes(transaction)) {
    --zxid_;
    return results;
  }
  out.Append(log_file_, sim::MakePayload(std::move(transaction)));
  last_sync_ = out.Sync(log_file_);
  syncs_.emplace(last_sync_, zxid_);
  Tell(changes, out);
  return results;
}

// A watch is told of once; an event leaves before the answer to whatever follows it.
void ZooKeeper::Tell(const std::vector<ZnodeTree::Change>& changes, sim::Effects& out) {
  for (const ZnodeTree::Change& change : changes) {
    for (auto& [id, session] : sessions_) {
      if (session.watches.erase({change.path, change.type}) == 0) continue;
      SendDurably(session.conn, 0, ZkWatcherEvent{change.path, change.type, tree_.Find(change.path) != nullptr}, out);
    }
  }
}

void ZooKeeper::SendDurably(sim::ConnId conn, int32_t id, Body body, sim::Effects& out) {
  sim::MessageRef message = sim::MakePayload(Frame{id, std::move(body)});
  if (durable_zxid_ == zxid_) {
    out.Send(conn, std::move(message));
  } else {
    out.SendAfter(last_sync_, conn, std::move(message));
  }
}

void ZooKeeper::OnSynced(sim::SyncTicket ticket, sim::Env&, sim::Effects&) {
  const auto found = syncs_.find(ticket);
  CHECK(found != syncs_.end(), "sync {} is unknown", ticket.value);
  durable_zxid_ = std::max(durable_zxid_, found->second);
  syncs_.erase(found);
}

void ZooKeeper::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* frame = message.payload.As<Frame>();
  CHECK(frame != nullptr, "ZooKeeper got a {}", message.payload.name());
  std::visit([&](const auto& body) {
    if constexpr (requires { On(body, message.conn, frame->correlation_id, env, out); }) {
      On(body, message.conn, frame->correlation_id, env, out);
    } else {
      CHECK(false, "ZooKeeper got a {}", body.kName);
    }
  }, frame->body);
}

int64_t ZooKeeper::SessionOf(sim::ConnId conn) const {
  for (const auto& [id, session] : sessions_) {
    if (session.conn == conn) return id;
  }
  return 0;
}

void ZooKeeper::Heard(int64_t session, sim::Effects& out) {
  out.SetTimer({kSession, session}, sim::Milliseconds(sessions_.at(session).timeout_ms));
}

void ZooKeeper::On(const ZkConnectRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  int64_t session = m.session_id;
  if (session == 0) {
    session = last_session_ + 1;
    Write({ZkTransaction::Kind::kBeginSession, session, m.timeout_ms, {}}, out);
  }
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) {
    BROKERSIM_PROBE("kafka/zookeeper: a client learns that its session has expired");
    SendDurably(conn, id, ZkConnectResponse{0}, out);
    return;
  }
  if (found->second.conn.valid() && found->second.conn != conn) out.Close(found->second.conn);
  found->second.conn = conn;
  found->second.watches.clear();
  Heard(session, out);
  SendDurably(conn, id, ZkConnectResponse{session}, out);
  // SetWatches: what has changed since the client saw it is told at once (DataTree.setWatches).
  for (const ZkWatch& watch : m.watches) {
    if (tree_.LastChange(watch.path, watch.type) == watch.zxid) {
      found->second.watches.insert({watch.path, watch.type});
      continue;
    }
    BROKERSIM_PROBE("kafka/zookeeper: a change during a disconnection is told of");
    SendDurably(conn, 0, ZkWatcherEvent{watch.path, watch.type, tree_.Find(watch.path) != nullptr}, out);
  }
}

void ZooKeeper::On(const ZkPingRequest&, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  const int64_t session = SessionOf(conn);
  if (session == 0) return;
  Heard(session, out);
  Reply(conn, id, ZkPingResponse{}, out);
}

void ZooKeeper::On(const ZkRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  const int64_t session = SessionOf(conn);
  if (session == 0) return;  // it has expired, and its connection is closed
  Heard(session, out);
  ZkResponse answer{Write({ZkTransaction::Kind::kOps, session, 0, m.ops}, out)};
  for (const ZkOp& op : m.ops) {
    if (!op.watch) continue;
    const bool children = op.type == ZkOpType::kGetChildren;
    sessions_.at(session).watches.insert({op.path, children ? ZkWatchType::kChildren : ZkWatchType::kData});
  }
  SendDurably(conn, id, std::move(answer), out);
}

void ZooKeeper::On(const ZkCloseRequest&, sim::ConnId conn, int32_t, sim::Env&, sim::Effects& out) {
  if (const int64_t session = SessionOf(conn); session != 0) End(session, "closed", out);
}

void ZooKeeper::End(int64_t session, std::string_view why, sim::Effects& out) {
  const sim::ConnId conn = sessions_.at(session).conn;
  out.Note("session", fmt::format("session {} ends: {}", session, why));
  out.CancelTimer({kSession, session});
  Write({ZkTransaction::Kind::kEndSession, session, 0, {}}, out);
  if (conn.valid()) out.Close(conn);
}

void ZooKeeper::OnTimer(sim::Timer timer, sim::Env&, sim::Effects& out) {
  BROKERSIM_PROBE("kafka/zookeeper: a session expires");
  End(timer.arg, "nothing heard within its timeout", out);
}

void ZooKeeper::OnDisconnected(sim::ConnId conn, sim::Env&, sim::Effects&) {
  for (auto& [id, session] : sessions_) {
    if (session.conn != conn) continue;
    session.conn = sim::ConnId{};
    session.watches.clear();  // the client brings them with its next connection
  }
}

bool ZooKeeper::OnOperation(const sim::Operation& operation, sim::Env&, sim::Effects& out) {
  if (operation.name != "delete") return false;
  ZkTransaction transaction;
  transaction.ops.push_back({ZkOpType::kDelete, operation.key, {}, kAnyVersion, false});
  const std::vector<ZkResult> results = Write(std::move(transaction), out);
  if (results.back().code != ZkCode::kOk) return false;
  out.Note("operator", fmt::format("{} is deleted by hand", operation.key));
  return true;
}

std::string_view ZooKeeper::TimerName(sim::Timer) const { return "session"; }

void ZooKeeper::Describe(sim::Describer& d) const {
  for (const auto& [path, znode] : tree_.all()) {
    d.Set(path, ".version", znode.stat.version);
    if (const auto* state = std::get_if<PartitionState>(&znode.data)) {
      d.Set(path, ".leader", state->leader);
      d.Set(path, ".leader_epoch", state->leader_epoch);
      d.Set(path, ".isr", absl::StrJoin(state->isr, " "));
      d.Set(path, ".controller_epoch", state->controller_epoch);
    } else if (const auto* number = std::get_if<ZnodeNumber>(&znode.data)) {
      d.Set(path, number->value);
    }
  }
}

absl::btree_map<TopicPartition, PartitionRecord> PartitionsInZooKeeper(const ClusterSpec& cluster,
                                                                       const sim::Disk& disk) {
  absl::btree_map<TopicPartition, PartitionRecord> partitions;
  const sim::File* log = disk.Find(kTransactionLogFile);
  if (log == nullptr) return partitions;
  ZnodeTree tree;
  int64_t zxid = 0;
  for (const sim::Block& block : log->blocks) {
    if (block.damaged) break;
    const auto* transaction = block.content->As<ZkTransaction>();
    std::vector<ZnodeTree::Change> nobody_waits;
    if (transaction->kind == ZkTransaction::Kind::kOps) {
      tree.Apply(transaction->ops, transaction->session, ++zxid, &nobody_waits);
    } else {
      ++zxid;
    }
  }
  for (const TopicSpec& topic : cluster.topics) {
    for (size_t i = 0; i < topic.assignment.size(); ++i) {
      PartitionRecord record;
      record.tp = {topic.name, static_cast<int32_t>(i)};
      const ZnodeTree::Znode* assignment = tree.Find(AssignmentPath(record.tp));
      const ZnodeTree::Znode* state = tree.Find(StatePath(record.tp));
      if (assignment == nullptr) continue;
      record.replicas = std::get<ReplicaAssignment>(assignment->data).replicas;
      record.isr = state == nullptr ? record.replicas : std::get<PartitionState>(state->data).isr;
      partitions.emplace(record.tp, std::move(record));
    }
  }
  return partitions;
}

}  // namespace brokersim::kafka
