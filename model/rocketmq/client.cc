#include "model/rocketmq/client.h"

#include <algorithm>

namespace brokersim::rocketmq {
namespace {

// ClientConfig.mqClientApiTimeout
constexpr sim::Duration kApiTimeout = sim::Seconds(3);

}  // namespace

void Client::StartClient(std::vector<std::string> topics, sim::Env& env, sim::Effects& out) {
  topics_ = std::move(topics);
  for (const std::string& topic : topics_) AskForRoute(topic, env, out);
  out.SetTimer({kPollNameServer}, sim::Milliseconds(settings_.poll_name_server_interval));
  out.SetTimer({kHeartbeat}, sim::Milliseconds(settings_.heartbeat_broker_interval));
}

// NettyRemotingClient.getAndCreateNameserverChannel: one is drawn at first, and kept while it answers.
void Client::AskForRoute(const std::string& topic, sim::Env& env, sim::Effects& out) {
  const auto count = cluster_->name_servers.size();
  if (name_server_ < 0) name_server_ = static_cast<int64_t>(env.Random("name-server").Below(count));
  const auto at = static_cast<size_t>(name_server_) % count;
  Send(cluster_->name_servers[at], GetRoute{topic}, Tag{kRouteTag, 0}, kApiTimeout, out);
}

void Client::OnRouteResult(const GetRouteResult& result, sim::Env& env, sim::Effects& out) {
  // A topic that the name server doesn't know keeps the route that it had (MQClientInstance.
  // updateTopicRouteInfoFromNameServer).
  if (result.code == ResponseCode::kSuccess) {
    const bool first = !routes_.contains(result.topic);
    routes_.insert_or_assign(result.topic, result.brokers);
    if (first) SendHeartbeats(env, out);
  }
  OnRoute(result.topic, env, out);
}

void Client::SendHeartbeats(sim::Env& env, sim::Effects& out) {
  if (settings_.producer_group.empty() && settings_.consumer_group.empty()) return;
  // sendHeartbeatToAllBroker: a producer alone tells masters only.
  for (sim::NodeId broker : AllBrokers(settings_.consumer_group.empty())) {
    SendOneWay(broker, Heartbeat{std::string(env.name()), settings_.producer_group, settings_.consumer_group}, out);
  }
}

std::vector<MessageQueue> Client::QueuesOf(const std::string& topic) const {
  std::vector<MessageQueue> queues;
  const auto found = routes_.find(topic);
  if (found == routes_.end()) return queues;
  for (const BrokerRoute& broker : found->second) {
    for (int32_t id = 0; id < broker.queues; ++id) queues.push_back({topic, broker.broker_name, id});
  }
  return queues;
}

// MQClientInstance.topicRouteData2TopicPublishInfo
std::vector<MessageQueue> Client::WritableQueuesOf(const std::string& topic) const {
  std::vector<MessageQueue> queues;
  const auto found = routes_.find(topic);
  if (found == routes_.end()) return queues;
  for (const BrokerRoute& broker : found->second) {
    if (broker.read_only || broker.addresses.empty() || broker.addresses.front().broker_id != 0) continue;
    for (int32_t id = 0; id < broker.queues; ++id) queues.push_back({topic, broker.broker_name, id});
  }
  return queues;
}

sim::NodeId Client::BrokerOf(const std::string& broker_name, bool or_slave) const {
  for (const auto& [topic, brokers] : routes_) {
    for (const BrokerRoute& broker : brokers) {
      if (broker.broker_name != broker_name || broker.addresses.empty()) continue;
      const BrokerAddress& first = broker.addresses.front();  // by id: the master, if there is one
      if (first.broker_id == 0 || or_slave) return sim::NodeId{first.node};
    }
  }
  return sim::NodeId{};
}

absl::btree_set<sim::NodeId> Client::AllBrokers(bool masters_only) const {
  absl::btree_set<sim::NodeId> all;
  for (const auto& [topic, brokers] : routes_) {
    for (const BrokerRoute& broker : brokers) {
      for (const BrokerAddress& address : broker.addresses) {
        if (!masters_only || address.broker_id == 0) all.insert(sim::NodeId{address.node});
      }
    }
  }
  return all;
}

void Client::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* command = message.payload.As<Command>();
  if (command == nullptr) {
    OnOtherMessage(message, env, out);
    return;
  }
  if (!command->response) {
    OnCommand(*command, message, env, out);
    return;
  }
  const auto tag = remoting_.OnResponse(command->opaque, out);
  if (!tag.has_value()) return;  // given up meanwhile
  if (tag->kind == kRouteTag) {
    OnRouteResult(std::get<GetRouteResult>(command->body), env, out);
  } else {
    OnAnswer(*tag, command->body, env, out);
  }
}

void Client::Lose(Tag tag, bool timed_out, sim::Env& env, sim::Effects& out) {
  if (tag.kind == kRouteTag) {
    ++name_server_;  // the next poll asks another
    return;
  }
  OnLost(tag, timed_out, env, out);
}

void Client::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind >= kFirstTimer) {
    OnClientTimer(timer, env, out);
    return;
  }
  if (timer.kind == kRequestTimeout) {
    if (const auto tag = remoting_.OnTimer(timer); tag.has_value()) Lose(*tag, true, env, out);
  } else if (timer.kind == kPollNameServer) {
    for (const std::string& topic : topics_) AskForRoute(topic, env, out);
    out.SetTimer({kPollNameServer}, sim::Milliseconds(settings_.poll_name_server_interval));
  } else {
    SendHeartbeats(env, out);
    out.SetTimer({kHeartbeat}, sim::Milliseconds(settings_.heartbeat_broker_interval));
  }
}

void Client::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  const auto lost = remoting_.OnDisconnected(conn, out);
  if (!lost.has_value()) {
    OnOtherDisconnected(conn, env, out);
    return;
  }
  for (const Tag& tag : *lost) Lose(tag, false, env, out);
}

std::string_view Client::TimerName(sim::Timer timer) const {
  if (timer.kind >= kFirstTimer) return ClientTimerName(timer.kind);
  return timer.kind == kRequestTimeout   ? "request-timeout"
         : timer.kind == kPollNameServer ? "poll-name-server"
                                         : "heartbeat";
}

}  // namespace brokersim::rocketmq
