#include "model/rocketmq/name_server.h"

#include "model/rocketmq/remoting.h"

namespace brokersim::rocketmq {

NameServer::NameServer(std::shared_ptr<const ClusterSpec> cluster, sim::Effects& out) : cluster_(std::move(cluster)) {
  out.SetTimer({}, sim::Milliseconds(cluster_->namesrv_config.scan_not_active_broker_interval));
}

void NameServer::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* command = message.payload.As<Command>();
  CHECK(command != nullptr, "a name server got a {}", message.payload.name());
  if (const auto* registration = std::get_if<RegisterBroker>(&command->body)) {
    Register(*registration, message, command->opaque, env, out);
  } else if (const auto* route = std::get_if<GetRoute>(&command->body)) {
    Reply(message.conn, command->opaque, Route(route->topic), out);
  }
}

// RouteInfoManager.registerBroker
void NameServer::Register(const RegisterBroker& request, const sim::Received& from, int32_t opaque, sim::Env& env,
                          sim::Effects& out) {
  const BrokerKey key(request.broker_name, request.broker_id);
  const bool known = brokers_.contains(key);
  brokers_.insert_or_assign(key, Live{from.from, from.conn, env.monotonic(), request.topics});
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
  if (result.brokers.empty()) result.code = ResponseCode::kTopicNotExist;
  return result;
}

// RouteInfoManager.scanNotActiveBroker: a broker that fell silent without closing its connection.
void NameServer::OnTimer(sim::Timer, sim::Env& env, sim::Effects& out) {
  const NamesrvConfig& config = cluster_->namesrv_config;
  for (auto it = brokers_.begin(); it != brokers_.end();) {
    if (env.monotonic() - it->second.last_update <= sim::Milliseconds(config.broker_channel_expired_time)) {
      ++it;
      continue;
    }
    out.Note("expired", fmt::format("broker {}-{} has been silent for too long and is forgotten", it->first.first,
                                    it->first.second));
    out.Close(it->second.conn);
    it = brokers_.erase(it);
  }
  out.SetTimer({}, sim::Milliseconds(config.scan_not_active_broker_interval));
}

// RouteInfoManager.onChannelDestroy
void NameServer::OnDisconnected(sim::ConnId conn, sim::Env&, sim::Effects& out) {
  for (auto it = brokers_.begin(); it != brokers_.end(); ++it) {
    if (it->second.conn != conn) continue;
    out.Note("unregistered",
             fmt::format("broker {}-{} has closed its connection and is forgotten", it->first.first, it->first.second));
    brokers_.erase(it);
    return;
  }
}

void NameServer::Describe(sim::Describer& d) const {
  for (const auto& [key, live] : brokers_)
    d.Set(key.first, fmt::format("-{}", key.second), sim::ToText(live.last_update));
}

}  // namespace brokersim::rocketmq
