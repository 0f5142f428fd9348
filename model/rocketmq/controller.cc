#include "model/rocketmq/controller.h"

#include <algorithm>

#include "absl/strings/str_join.h"

namespace brokersim::rocketmq {
Controller::Controller(std::shared_ptr<const ClusterSpec> cluster, sim::Env& env, sim::Effects& out)
    : cluster_(std::move(cluster)), file_(env.Open("controller")), booted_(env.monotonic()) {
  for (const sim::Block& block : env.disk().file(file_).blocks) {
    if (block.damaged) break;
    for (const ReplicaInfo& group : block.content->As<ControllerState>()->groups) groups_[group.broker_name] = group;
  }
  out.SetTimer({kScan}, sim::Milliseconds(cluster_->controller_config.scan_not_active_broker_interval));
}

ReplicaInfo& Controller::GroupOf(const std::string& name) {
  ReplicaInfo& group = groups_[name];
  group.broker_name = name;
  return group;
}

void Controller::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* command = message.payload.As<Command>();
  CHECK(command != nullptr, "a controller got a {}", message.payload.name());
  if (const auto* heartbeat = std::get_if<BrokerHeartbeat>(&command->body)) {
    live_[{heartbeat->broker_name, heartbeat->replica}] = {env.monotonic(), heartbeat->epoch, heartbeat->max_offset,
                                                           heartbeat->confirm_offset};
  } else if (const auto* registration = std::get_if<ControllerRegister>(&command->body)) {
    live_[{registration->broker_name, registration->replica}].last_update = env.monotonic();
    Reply(message.conn, command->opaque, GroupOf(registration->broker_name), out);
  } else if (const auto* question = std::get_if<GetReplicaInfo>(&command->body)) {
    Reply(message.conn, command->opaque, GroupOf(question->broker_name), out);
  } else if (const auto* wish = std::get_if<ElectMaster>(&command->body)) {
    ReplicaInfo& group = GroupOf(wish->broker_name);
    if (group.master < 0) Elect(&group, wish->replica, env, out);
    Reply(message.conn, command->opaque, group, out);
  } else if (const auto* change = std::get_if<AlterSyncStateSet>(&command->body)) {
    Reply(message.conn, command->opaque, Alter(*change, env, out), out);
  }
}

// DefaultBrokerHeartbeatManager. A controller that has just started counts everybody as alive at first.
bool Controller::IsAlive(const ReplicaKey& replica, sim::Env& env) const {
  const auto found = live_.find(replica);
  const sim::Time last = found == live_.end() ? booted_ : std::max(found->second.last_update, booted_);
  return env.monotonic() - last <= sim::Milliseconds(cluster_->controller_config.broker_not_active_timeout);
}

int64_t Controller::Best(const std::string& group, const std::vector<int64_t>& candidates, sim::Env& env) const {
  int64_t best = -1;
  std::pair<int64_t, int64_t> furthest;  // epoch and offset
  for (int64_t replica : candidates) {
    const auto found = live_.find({group, replica});
    if (found == live_.end() || !IsAlive({group, replica}, env)) continue;
    const std::pair<int64_t, int64_t> reached(found->second.epoch, found->second.max_offset);
    if (best >= 0 && reached <= furthest) continue;
    best = replica;
    furthest = reached;
  }
  return best;
}

// ReplicasInfoManager.electMaster
void Controller::Elect(ReplicaInfo* group, int64_t asked, sim::Env& env, sim::Effects& out) {
  const int64_t former = group->master;
  std::vector<int64_t> in_sync = group->sync_state_set;
  std::erase(in_sync, former);
  // The first that asks for it, in a group that never had a master.
  int64_t chosen = group->master_epoch == 0 ? asked : Best(group->broker_name, in_sync, env);
  bool unclean = false;
  if (chosen < 0 && cluster_->controller_config.enable_elect_unclean_master) {
    std::vector<int64_t> all;
    for (const BrokerSpec& broker : cluster_->brokers) {
      if (broker.broker_name == group->broker_name && broker.broker_id != former) all.push_back(broker.broker_id);
    }
    chosen = Best(group->broker_name, all, env);
    unclean = chosen >= 0;
  }
  if (chosen < 0) {
    if (former < 0) return;
    group->master = -1;
    out.Note("election", fmt::format("nobody of SyncStateSet [{}] can be the master of {}",
                                     absl::StrJoin(group->sync_state_set, " "), group->broker_name));
  } else {
    group->master = chosen;
    ++group->master_epoch;
    group->sync_state_set = {chosen};
    ++group->sync_state_set_epoch;
    out.Note("election",
             fmt::format("{}{} elected master of {} in epoch {}{}", group->broker_name, chosen, group->broker_name,
                         group->master_epoch, unclean ? ", out of the SyncStateSet: an unclean election" : ""));
  }
  Store(out);
  Notify(*group, out);
}

// ReplicasInfoManager.alterSyncStateSet
ReplicaInfo Controller::Alter(const AlterSyncStateSet& request, sim::Env& env, sim::Effects& out) {
  ReplicaInfo& group = GroupOf(request.broker_name);
  const bool is_master = group.master == request.master && group.master_epoch == request.master_epoch;
  const bool alive = std::all_of(request.new_set.begin(), request.new_set.end(), [&](int64_t replica) {
    return replica == request.master || IsAlive({request.broker_name, replica}, env);
  });
  if (!is_master || !alive || group.sync_state_set_epoch != request.sync_state_set_epoch ||
      !Contains(request.new_set, group.master)) {
    ReplicaInfo refused = group;
    refused.code = ResponseCode::kIllegalOperation;
    return refused;
  }
  out.Note("isr", fmt::format("SyncStateSet of {}: [{}] becomes [{}]", request.broker_name,
                              absl::StrJoin(group.sync_state_set, " "), absl::StrJoin(request.new_set, " ")));
  group.sync_state_set = request.new_set;
  ++group.sync_state_set_epoch;
  Store(out);
  return group;
}

void Controller::Store(sim::Effects& out) {
  ControllerState state;
  for (const auto& [name, group] : groups_) state.groups.push_back(group);
  out.Replace(file_, sim::MakePayload(std::move(state)));
}

void Controller::Notify(const ReplicaInfo& group, sim::Effects& out) {
  for (const BrokerSpec& broker : cluster_->brokers) {
    if (broker.broker_name == group.broker_name) remoting_.SendOneWay(broker.node, NotifyRoleChanged{group}, out);
  }
}

// scanNotActiveBroker
void Controller::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind != kScan) return;
  out.SetTimer({kScan}, sim::Milliseconds(cluster_->controller_config.scan_not_active_broker_interval));
  for (auto& [name, group] : groups_) {
    const bool dead = group.master >= 0 && !IsAlive({name, group.master}, env);
    const bool waiting = group.master < 0 && group.master_epoch > 0;
    if (dead || waiting) Elect(&group, -1, env, out);
  }
}

void Controller::OnDisconnected(sim::ConnId conn, sim::Env&, sim::Effects& out) { remoting_.OnDisconnected(conn, out); }

std::string_view Controller::TimerName(sim::Timer timer) const {
  return timer.kind == kScan ? "scan-not-active-broker" : "request-timeout";
}

void Controller::Describe(sim::Describer& d) const {
  for (const auto& [name, group] : groups_) {
    d.Set(name, ".master", group.master);
    d.Set(name, ".masterEpoch", group.master_epoch);
    d.Set(name, ".syncStateSet", absl::StrJoin(group.sync_state_set, " "));
  }
}

void Controller::CheckInvariants() const {
  for (const auto& [name, group] : groups_) {
    CHECK(group.master < 0 || Contains(group.sync_state_set, group.master), "the master of {} isn't in sync", name);
  }
}

}  // namespace brokersim::rocketmq
