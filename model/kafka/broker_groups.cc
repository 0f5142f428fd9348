// Consumer groups: requests to the coordinator that this broker may be.
#include <utility>

#include "model/kafka/broker.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

TopicPartition Broker::OffsetsPartitionOf(const std::string& group) const {
  return {cluster_->Own(kOffsetsTopic), OffsetsPartitionFor(group, config_->offsets_topic_num_partitions)};
}

bool Broker::Coordinates(const std::string& group) const {
  const auto found = replicas_.find(OffsetsPartitionOf(group));
  return found != replicas_.end() && found->second.partition.role() == Role::kLeader;
}

void Broker::On(const FindCoordinatorRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  const auto found = metadata_.find(m.key_type == 1 ? TransactionsPartitionOf(m.key) : OffsetsPartitionOf(m.key));
  FindCoordinatorResponse answer;
  if (found == metadata_.end() || found->second.leader == kNoLeader) {
    BROKERSIM_PROBE("kafka/groups: no coordinator to be found");
    answer.error = ErrorCode::kCoordinatorNotAvailable;
  } else {
    answer.node_id = found->second.leader;
  }
  Reply(conn, id, answer, out);
}

void Broker::On(const JoinGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (!Coordinates(m.group_id)) {
    JoinGroupResponse answer;
    BROKERSIM_PROBE("kafka/groups: join at a broker that doesn't coordinate");
    answer.error = ErrorCode::kNotCoordinator;
    Reply(conn, id, std::move(answer), out);
    return;
  }
  coordinator_.Join(m, conn, id, env, out);
}

void Broker::On(const SyncGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (!Coordinates(m.group_id)) {
    Reply(conn, id, SyncGroupResponse{ErrorCode::kNotCoordinator, {}, {}}, out);
    return;
  }
  std::optional<Record> record;
  coordinator_.Sync(m, conn, id, &record, out);
  if (!record.has_value()) return;
  // Our choice: the group is stable at once; Kafka answers SyncGroup after the record is replicated.
  RecordBatch batch;
  batch.records.push_back(std::move(*record));
  std::vector<sim::SyncTicket> syncs;
  AppendToLocalLog(OffsetsPartitionOf(m.group_id), batch, 1, &syncs, env, out);
}

void Broker::On(const HeartbeatRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  if (!Coordinates(m.group_id)) {
    Reply(conn, id, HeartbeatResponse{ErrorCode::kNotCoordinator}, out);
    return;
  }
  coordinator_.Heartbeat(m, conn, id, out);
}

void Broker::On(const LeaveGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  if (!Coordinates(m.group_id)) {
    Reply(conn, id, LeaveGroupResponse{ErrorCode::kNotCoordinator}, out);
    return;
  }
  coordinator_.Leave(m, conn, id, env, out);
}

void Broker::On(const OffsetCommitRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out) {
  ErrorCode error = ErrorCode::kNotCoordinator;
  RecordBatch batch;
  if (Coordinates(m.group_id)) error = coordinator_.CheckCommit(m, &batch.records, out);
  if (error != ErrorCode::kNone) {
    Reply(conn, id, OffsetCommitResponse{error}, out);
    return;
  }
  DelayedWrite write;
  write.conn = conn;
  write.id = id;
  write.what = DelayedWrite::For::kOffsetCommit;
  write.key = m.group_id;
  write.offsets = m.offsets;
  StoreOffsets(std::move(write), batch, env, out);
}

// Answered when they are replicated: offsets.commit.required.acks = -1.
void Broker::StoreOffsets(DelayedWrite write, const RecordBatch& batch, sim::Env& env, sim::Effects& out) {
  write.parts.push_back(AppendToLocalLog(OffsetsPartitionOf(write.key), batch, -1, &write.syncs, env, out));
  if (config_->mutant == Mutant::kCommitBeforeReplication) write.parts[0].done = true;
  TryCompleteWrites(out);
  Delay(std::move(write), config_->offsets_commit_timeout_ms, out);
}

void Broker::On(const OffsetFetchRequest& m, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  OffsetFetchResponse answer;
  answer.error = ErrorCode::kNotCoordinator;
  if (Coordinates(m.group_id)) answer = coordinator_.FetchOffsets(m);
  Reply(conn, id, std::move(answer), out);
}

void Broker::On(const ListGroupsRequest&, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  Reply(conn, id, ListGroupsResponse{coordinator_.Groups()}, out);
}

}  // namespace brokersim::kafka
