// A broker in ZooKeeper mode: what it hears from its member there, and what the controller tells it.
// (ReplicaManager.becomeLeaderOrFollower, stopReplicas, maybeUpdateMetadataCache; KafkaApis.scala, of 2.6)
#include <algorithm>
#include <utility>

#include "model/kafka/broker.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

void Broker::HearZooKeeper(sim::Env& env, sim::Effects& out) {
  for (const ZooKeeperMember::News& news : zookeeper_->TakeNews()) {
    if (const auto* registered = std::get_if<ZooKeeperMember::Registered>(&news)) {
      registered_ = true;
      fenced_ = false;
      broker_epoch_ = registered->broker_epoch;
    } else if (const auto* written = std::get_if<ZooKeeperMember::IsrWritten>(&news)) {
      OnIsrWritten(*written, env, out);
    } else if (const auto* ids = std::get_if<ZooKeeperMember::ProducerIds>(&news)) {
      producer_ids_asked_ = false;
      next_producer_id_ = ids->first;
      producer_ids_left_ = ZooKeeperMember::kProducerIdBlock;
      AnswerProducerIds(out);
    } else if (stopping_) {
      FlushAndExit(out);
    }
  }
}

// Partition.maybeUpdateIsrAndVersion
void Broker::OnIsrWritten(const ZooKeeperMember::IsrWritten& m, sim::Env& env, sim::Effects& out) {
  Replica* replica = Find(m.asked.tp);
  if (replica == nullptr || !replica->alter.has_value()) return;
  if (replica->alter->leader_epoch != m.asked.leader_epoch ||
      replica->alter->partition_epoch != m.asked.partition_epoch) {
    return;  // the controller was faster
  }
  replica->alter_in_flight = false;
  std::vector<int32_t> isr;
  for (const BrokerState& member : m.asked.new_isr) isr.push_back(member.broker_id);
  if (!m.written) out.Note("isr", fmt::format("ISR of {} isn't written: its version in ZooKeeper is another",
                                              replica->partition.name()));
  Conclude(replica, m.written ? ErrorCode::kNone : ErrorCode::kInvalidUpdateVersion, m.version, isr, env,
           out);
}

// ---- What the controller tells

bool Broker::Obeys(const ControlHeader& header, std::string_view what, sim::ConnId conn, int32_t id,
                   sim::Effects& out) {
  if (!registered_) {
    // KafkaServer.startup: requests are handled when the broker is registered. Until then it is as if nobody listened.
    out.Close(conn);
    return false;
  }
  const ErrorCode error = CheckControlRequest(header, broker_epoch_, controller_epoch_);
  if (error != ErrorCode::kNone) {
    BROKERSIM_PROBE("kafka/zookeeper: a stale control request refused");
    out.Note("control-refused", fmt::format("refuses {} of controller {}, epoch {}: {}", what, header.controller_id,
                                            header.controller_epoch, Name(error)));
    Reply(conn, id, ControlResponse{error}, out);
    return false;
  }
  controller_epoch_ = header.controller_epoch;
  return true;
}

void Broker::On(const LeaderAndIsrRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (!Obeys(m.header, m.kName, conn, id, out)) return;
  for (const PartitionRecord& record : m.partitions) Become(record, env, out);
  Reply(conn, id, ControlResponse{}, out);
}

void Broker::Become(const PartitionRecord& record, sim::Env& env, sim::Effects& out) {
  if (std::find(record.replicas.begin(), record.replicas.end(), id_) == record.replicas.end()) return;
  const Replica* known = Find(record.tp);
  if (known != nullptr && !IsNewLeaderEpoch(record.leader_epoch, known->partition.leader_epoch())) return;
  // ReplicaManager.makeFollowers: nobody follows who isn't there; everything stays as it was.
  if (record.leader != id_ && !alive_brokers_.contains(record.leader)) {
    BROKERSIM_PROBE("kafka/zookeeper: told to follow a broker that isn't there");
    return;
  }
  ApplyPartition(record, env, out);
  Find(record.tp)->controller_epoch = record.controller_epoch;
}

// MetadataCache.updateMetadata
void Broker::On(const UpdateMetadataRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  if (!Obeys(m.header, m.kName, conn, id, out)) return;
  alive_brokers_.clear();
  for (int32_t broker : m.live_brokers) alive_brokers_[broker] = true;
  for (const PartitionRecord& record : m.partitions) metadata_.insert_or_assign(record.tp, record);
  Reply(conn, id, ControlResponse{}, out);
}

void Broker::On(const StopReplicaRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  if (!Obeys(m.header, m.kName, conn, id, out)) return;
  for (const StopReplicaRequest::Partition& wanted : m.partitions) StopReplica(wanted, out);
  Reply(conn, id, ControlResponse{}, out);
}

void Broker::StopReplica(const StopReplicaRequest::Partition& wanted, sim::Effects& out) {
  Replica* replica = Find(wanted.tp);
  if (replica == nullptr) return;
  const int32_t epoch = replica->partition.leader_epoch();
  if (!MayStopReplica(wanted.leader_epoch, epoch)) {
    BROKERSIM_PROBE("kafka/zookeeper: StopReplica of a former leader epoch refused");
    out.Note("control-refused", fmt::format("doesn't stop {}, which is in leader epoch {}: StopReplica is of epoch {}",
                                            replica->partition.name(), epoch, wanted.leader_epoch));
    return;
  }
  out.Note("replica-stopped",
           fmt::format("{} {}", wanted.delete_partition ? "deletes" : "stops", replica->partition.name()));
  Unfollow(wanted.tp);
  if (wanted.delete_partition) DeleteReplica(replica, out);
  TryCompleteWrites(out);
  TryCompleteFetches(wanted.tp, /*force=*/true, out);
}

// Partition.delete, LogManager.asyncDelete
void Broker::DeleteReplica(Replica* replica, sim::Effects& out) {
  const TopicPartition tp = replica->partition.tp();
  if (replica->partition.role() == Role::kLeader) {
    StopLeading(tp, out);
    PartitionRecord nobody;
    nobody.tp = tp;
    nobody.leader_epoch = replica->partition.leader_epoch();
    nobody.partition_epoch = replica->partition.partition_epoch();
    replica->partition.BecomeLeaderless(nobody);
  }
  for (auto& [number, write] : delayed_writes_) {
    for (DelayedWrite::Part& part : write.parts) {
      if (part.tp == tp && !part.done) part.error = ErrorCode::kNotLeaderOrFollower;
    }
  }
  Truncate(replica, replica->partition.log().log_start_offset(), "the replica is deleted", out);
  replicas_.erase(tp);
}

void Broker::On(const ControlledShutdownRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (zookeeper_.has_value()) zookeeper_->OnControlledShutdown(m, conn, id, env, out);
}

// Who is in sync, as far as this broker knows: in ZooKeeper mode followers are not told with their leader.
const std::vector<int32_t>& Broker::KnownIsr(const Partition& partition) const {
  if (!zookeeper_.has_value() || partition.role() == Role::kLeader) return partition.isr();
  const auto found = metadata_.find(partition.tp());
  return found == metadata_.end() ? partition.isr() : found->second.isr;
}

}  // namespace brokersim::kafka
