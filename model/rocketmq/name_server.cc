#include "model/rocketmq/name_server.h"

#include "model/rocketmq/remoting.h"

namespace brokersim::rocketmq {

NameServer::NameServer(std::shared_ptr<const ClusterSpec> cluster, sim::Effects& out) : cluster_(std::move(cluster)) {
  out.SetTimer({kScan}, sim::Milliseconds(cluster_->namesrv_config.scan_not_active_broker_interval));
}

void NameServer::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* command = message.payload.As<Command>();
  CHECK(command != nullptr, "a name server got a {}", message.payload.name());
  if (const auto* registration = std::get_if<RegisterBroker>(&command->body)) {
    Register(*registration, message, command->opaque, env, out);
  } else if (const auto* route = std::get_if<GetRoute>(&command->body)) {
    Reply(message.conn, command->opaque, Route(route->topic), out);
  } else if (const auto* group = std::get_if<GetBrokerMemberGroup>(&command->body)) {
    Reply(message.conn, command->opaque, BrokerMemberGroup{MembersOf(group->broker_name)}, out);
  } else if (std::holds_alternative<BrokerHeartbeat>(command->body)) {
    // updateBrokerInfoUpdateTimestamp: who was forgotten has to register again.
    for (auto& [key, live] : brokers_) {
      if (live.node == message.from) live.last_update = env.monotonic();
    }
  }
}

// RouteInfoManager.registerBroker
void NameServer::Register(const RegisterBroker& request, const sim::Received& from, int32_t opaque, sim::Env& env,
                          sim::Effects& out) {
  const BrokerKey key(request.broker_name, request.broker_id);
  const auto before = brokers_.find(key);
  const bool known = before != brokers_.end();
  // #6316: who is behind is told so by nothing, and isn't listed.
  if (known && before->second.node != from.from && cluster_->namesrv_config.issue_6316 &&
      before->second.state_version > request.state_version) {
    Reply(from.conn, opaque, RegisterBrokerResult{}, out);
    return;
  }
  // One address has one id: a slave that became the master is a slave no more.
  absl::erase_if(brokers_, [&](const auto& other) { return other.second.node == from.from && other.first != key; });
  const std::vector<BrokerAddress> others = MembersOf(request.broker_name);
  const sim::Duration expires = request.heartbeat_timeout > sim::Duration()
                                    ? request.heartbeat_timeout
                                    : sim::Milliseconds(cluster_->namesrv_config.broker_channel_expired_time);
  brokers_.insert_or_assign(key, Live{from.from, from.conn, env.monotonic(), request.topics, request.state_version,
                                      request.enable_acting_master, expires});
  if (!others.empty() && request.broker_id < others.front().broker_id) NotifyLowest(request.broker_name, -1, out);
  if (!known) out.Note("registered", fmt::format("broker {}-{} is registered", key.first, key.second));
  RegisterBrokerResult result;
  const auto master = brokers_.find({request.broker_name, 0});
  if (request.broker_id != 0 && master != brokers_.end()) result.master = master->second.node.value;
  Reply(from.conn, opaque, result, out);
}

GetRouteResult NameServer::Route(const std::string& topic) const {
  GetRouteResult result;
  result.topic = topic;
  for (const auto& [key, live] : brokers_) {
    for (const TopicQueues& queues : live.topics) {
      if (queues.topic != topic) continue;
      if (result.brokers.empty() || result.brokers.back().broker_name != key.first) {
        result.brokers.push_back({key.first, queues.queues, {}});
      }
      result.brokers.back().addresses.push_back({key.second, live.node.value});
    }
  }
  for (BrokerRoute& route : result.brokers) LetAct(&route);
  if (result.brokers.empty()) result.code = ResponseCode::kTopicNotExist;
  return result;
}

std::vector<BrokerAddress> NameServer::MembersOf(const std::string& group) const {
  std::vector<BrokerAddress> members;
  for (const auto& [key, live] : brokers_) {
    if (key.first == group) members.push_back({key.second, live.node.value});
  }
  return members;
}

// RouteInfoManager.pickupTopicRouteData, cleanTopicByUnRegisterRequests: the permission to write goes with the master.
void NameServer::LetAct(BrokerRoute* route) const {
  BrokerAddress& lowest = route->addresses.front();
  if (lowest.broker_id == 0 || !brokers_.at({route->broker_name, lowest.broker_id}).acting_master) return;
  route->read_only = true;
  if (cluster_->namesrv_config.support_acting_master) lowest.broker_id = 0;
}

// RouteInfoManager.notifyMinBrokerIdChanged, chooseBrokerAddrsToNotify: of one that has come the others are told.
void NameServer::NotifyLowest(const std::string& group, int64_t offline, sim::Effects& out) {
  const std::vector<BrokerAddress> members = MembersOf(group);
  if (!cluster_->namesrv_config.notify_min_broker_id_changed || members.empty()) return;
  for (const BrokerAddress& member : members) {
    if (!brokers_.at({group, member.broker_id}).acting_master) continue;
    if (offline < 0 && members.size() > 1 && member.broker_id == members.front().broker_id) continue;
    remoting_.SendOneWay(sim::NodeId{member.node}, NotifyMinBrokerIdChange{members.front(), offline}, out);
  }
}

// RouteInfoManager.unRegisterBroker
void NameServer::Forget(const BrokerKey& key, sim::Effects& out) {
  const auto found = brokers_.find(key);
  const sim::NodeId node = found->second.node;
  const bool lowest = MembersOf(key.first).front().broker_id == key.second;
  brokers_.erase(found);
  if (lowest) NotifyLowest(key.first, node.value, out);
}

// RouteInfoManager.scanNotActiveBroker: a broker that fell silent without closing its connection.
void NameServer::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind == kRequestTimeout) return;  // it asks nothing that is answered
  std::vector<BrokerKey> silent;
  for (const auto& [key, live] : brokers_) {
    if (env.monotonic() - live.last_update > live.expires) silent.push_back(key);
  }
  for (const BrokerKey& key : silent) {
    out.Note("expired",
             fmt::format("broker {}-{} has been silent for too long and is forgotten", key.first, key.second));
    out.Close(brokers_.at(key).conn);
    Forget(key, out);
  }
  out.SetTimer({kScan}, sim::Milliseconds(cluster_->namesrv_config.scan_not_active_broker_interval));
}

// RouteInfoManager.onChannelDestroy
void NameServer::OnDisconnected(sim::ConnId conn, sim::Env&, sim::Effects& out) {
  if (remoting_.OnDisconnected(conn, out).has_value()) return;
  for (auto it = brokers_.begin(); it != brokers_.end(); ++it) {
    if (it->second.conn != conn) continue;
    out.Note("unregistered",
             fmt::format("broker {}-{} has closed its connection and is forgotten", it->first.first, it->first.second));
    Forget(BrokerKey(it->first), out);
    return;
  }
}

void NameServer::Describe(sim::Describer& d) const {
  for (const auto& [key, live] : brokers_)
    d.Set(key.first, fmt::format("-{}", key.second), sim::ToText(live.last_update));
}

}  // namespace brokersim::rocketmq
