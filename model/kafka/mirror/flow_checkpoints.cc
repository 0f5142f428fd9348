// Positions of groups: every emit.checkpoints.interval they are read from the source and translated; every
// sync.group.offsets.interval the target's groups are given them, if nobody of the group is there.
// (MirrorCheckpointConnector.java, MirrorCheckpointTask.java, CheckpointStore.java)
#include <algorithm>

#include "model/kafka/mirror/flow.h"

namespace brokersim::kafka {

MirrorFlow::Group& MirrorFlow::GroupNamed(const std::string& id) {
  for (Group& group : groups_) {
    if (group.id == id) return group;
  }
  return groups_.emplace_back(Group{id, {}, {}, std::nullopt});
}

void MirrorFlow::RefreshGroups(sim::Env& env, sim::Effects& out) {
  for (const auto& [broker, node] : spec_->source->brokers) {
    source_.network().SendTo(broker, ListGroupsRequest{}, {kListTag, broker}, env, out);
  }
  out.SetTimer(Own(kRefreshGroups), sim::Seconds(spec_->config.refresh_groups_interval_seconds));
}

// What follows for each group comes with the answers.
void MirrorFlow::FindGroups(MirrorClient& client, int tag, sim::Env& env, sim::Effects& out) {
  for (size_t i = 0; i < groups_.size(); ++i) {
    NetworkClient& network = client.network();
    network.SendTo(network.AnyBroker(env), FindCoordinatorRequest{groups_[i].id, 0}, {tag, static_cast<int64_t>(i)},
                   env, out);
  }
}

void MirrorFlow::OnAnswer(MirrorClient& client, NetworkClient::Tag tag, const Body* body, sim::Env& env,
                          sim::Effects& out) {
  if (tag.kind == kListTag) {
    if (body == nullptr) return;  // what that broker coordinates is found at the next refresh
    for (const std::string& id : std::get<ListGroupsResponse>(*body).groups) {
      if (spec_->config.MirrorsGroup(id)) GroupNamed(id);
    }
    return;
  }
  if (body == nullptr) {
    if (tag.kind == kCommitTag) {
      ConcludeSync(&groups_[static_cast<size_t>(tag.arg)], ErrorCode::kNetworkException, out);
    }
    return;  // the next round asks again
  }
  OnGroupAnswer(client, tag, *body, env, out);
}

void MirrorFlow::OnGroupAnswer(MirrorClient& client, NetworkClient::Tag tag, const Body& body, sim::Env& env,
                               sim::Effects& out) {
  Group& group = groups_[static_cast<size_t>(tag.arg)];
  switch (static_cast<TagKind>(tag.kind)) {
    case kListTag:
      return;
    case kFindTag:
    case kFindAtTargetTag: {
      const auto& found = std::get<FindCoordinatorResponse>(body);
      if (found.error != ErrorCode::kNone) return;
      if (tag.kind == kFindAtTargetTag) coordinator_[tag.arg] = found.node_id;
      OffsetFetchRequest request{group.id, {}, true};
      client.network().SendTo(found.node_id, std::move(request),
                              {tag.kind == kFindTag ? kOffsetsTag : kOffsetsAtTargetTag, tag.arg}, env, out);
      return;
    }
    case kOffsetsTag:
      EmitCheckpoints(&group, std::get<OffsetFetchResponse>(body), env, out);
      return;
    case kOffsetsAtTargetTag:
      SyncGroup(tag.arg, std::get<OffsetFetchResponse>(body), coordinator_.at(tag.arg), env, out);
      return;
    case kCommitTag:
      ConcludeSync(&group, std::get<OffsetCommitResponse>(body).error, out);
      return;
  }
}

void MirrorFlow::EmitCheckpoints(Group* group, const OffsetFetchResponse& m, sim::Env& env, sim::Effects& out) {
  if (m.error != ErrorCode::kNone) return;
  for (const PartitionOffset& committed : m.offsets) {
    if (!copied_.contains(committed.tp) || committed.offset < 0) continue;
    const TopicPartition target = MirrorOf(committed.tp);
    const std::optional<int64_t> downstream = syncs_.TranslateDownstream(committed.tp, committed.offset);
    if (!downstream.has_value() || *downstream < 0) continue;
    const auto [at, fresh] = group->checkpoints.try_emplace(target);
    Checkpoint& checkpoint = at->second;
    // Only forward, unless the group itself went back.
    if (!fresh && committed.offset >= checkpoint.upstream && *downstream <= checkpoint.downstream) continue;
    checkpoint = {committed.offset, *downstream};
    out.Note("checkpoint", fmt::format("group {}: {} at {} becomes {} at {}", group->id, LogName(committed.tp),
                                       committed.offset, LogName(target), *downstream));
    Record record{fmt::format("{}|{}", group->id, LogName(target)),
                  fmt::format("{}:{}", committed.offset, *downstream), env.wall().millis()};
    target_.Enqueue(checkpoints_log_, {std::move(record), 0, std::nullopt});
  }
  target_.Flush(env, out);
}

// What the target's group has is moved forward, never back (syncGroupOffset).
void MirrorFlow::SyncGroup(int64_t index, const OffsetFetchResponse& m, int32_t coordinator, sim::Env& env,
                           sim::Effects& out) {
  Group& group = groups_[static_cast<size_t>(index)];
  if (m.error != ErrorCode::kNone || group.commit_op.has_value()) return;
  formats::Operation operation;
  operation.set_f("commit");
  for (const auto& [tp, checkpoint] : group.checkpoints) {
    const bool newer = std::none_of(m.offsets.begin(), m.offsets.end(), [&](const PartitionOffset& there) {
      return there.tp == tp && there.offset >= checkpoint.downstream;
    });
    if (!newer) continue;
    group.to_commit.push_back({tp, checkpoint.downstream});
    formats::Commit* commit = operation.add_actions()->mutable_commit();
    commit->set_group(group.id);
    commit->set_log(LogName(tp));
    commit->set_offset(checkpoint.downstream);
  }
  if (group.to_commit.empty()) return;
  group.commit_op = out.Invoke(std::move(operation));
  // alterConsumerGroupOffsets: without a generation, which a coordinator takes only for a group without members.
  target_.network().SendTo(coordinator, OffsetCommitRequest{group.id, -1, "", group.to_commit}, {kCommitTag, index},
                           env, out);
}

void MirrorFlow::ConcludeSync(Group* group, ErrorCode error, sim::Effects& out) {
  formats::Operation operation;
  operation.set_f("commit");
  operation.set_type(error == ErrorCode::kNone               ? formats::Operation::OK
                     : error == ErrorCode::kNetworkException ? formats::Operation::INFO
                                                             : formats::Operation::FAIL);
  if (error != ErrorCode::kNone) operation.set_error(std::string(Name(error)));
  for (const PartitionOffset& offset : group->to_commit) {
    formats::Commit* commit = operation.add_actions()->mutable_commit();
    commit->set_group(group->id);
    commit->set_log(LogName(offset.tp));
    commit->set_offset(offset.offset);
  }
  group->to_commit.clear();
  out.Complete(*group->commit_op, std::move(operation));
  group->commit_op.reset();
}

}  // namespace brokersim::kafka
