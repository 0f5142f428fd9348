// Client: what producers, consumers and other clients share: routes, heartbeats and requests. (MQClientInstance.java)
#ifndef BROKERSIM_MODEL_ROCKETMQ_CLIENT_H_
#define BROKERSIM_MODEL_ROCKETMQ_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "model/rocketmq/cluster.h"
#include "model/rocketmq/messages.h"
#include "model/rocketmq/remoting.h"
#include "sim/kernel/process.h"

namespace brokersim::rocketmq {

class Client : public sim::Process {
 public:
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;

 protected:
  struct Settings {
    int64_t poll_name_server_interval = 30000;
    int64_t heartbeat_broker_interval = 30000;
    std::string producer_group;  // empty: no producer
    std::string consumer_group;  // empty: no consumer
  };
  // Derived classes' timers and kinds of tags begin here.
  static constexpr uint32_t kFirstTimer = 10;
  static constexpr int kFirstTag = 10;

  Client(std::shared_ptr<const ClusterSpec> cluster, Settings settings)
      : cluster_(std::move(cluster)), settings_(std::move(settings)) {}
  Client(const Client&) = default;

  // ---- To override.
  virtual void OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) = 0;
  // No answer came in time (`timed_out`), or the connection is gone.
  virtual void OnLost(Tag tag, bool timed_out, sim::Env& env, sim::Effects& out) = 0;
  // The route of a topic was learnt, or is as it was.
  virtual void OnRoute(const std::string&, sim::Env&, sim::Effects&) {}
  virtual void OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) = 0;
  virtual std::string_view ClientTimerName(uint32_t kind) const = 0;
  // What a broker asks of its own accord.
  virtual void OnCommand(const Command&, const sim::Received&, sim::Env&, sim::Effects&) {}
  // A message of another protocol than RocketMQ's, and a connection of another than its.
  virtual void OnOtherMessage(const sim::Received&, sim::Env&, sim::Effects&) {}
  virtual void OnOtherDisconnected(sim::ConnId, sim::Env&, sim::Effects&) {}

  // ---- To use.
  // Begins to follow the routes of these topics and to send heartbeats. At most once.
  void StartClient(std::vector<std::string> topics, sim::Env& env, sim::Effects& out);
  void AskForRoute(const std::string& topic, sim::Env& env, sim::Effects& out);
  void SendHeartbeats(sim::Env& env, sim::Effects& out);
  void Send(sim::NodeId peer, Body body, Tag tag, sim::Duration timeout, sim::Effects& out) {
    remoting_.Send(peer, std::move(body), tag, timeout, out);
  }
  void SendOneWay(sim::NodeId peer, Body body, sim::Effects& out) { remoting_.SendOneWay(peer, std::move(body), out); }
  // Queues of the topic, in order.
  std::vector<MessageQueue> QueuesOf(const std::string& topic) const;
  // Those that may be written to: not of a group without a master, nor of one whose master only acts.
  std::vector<MessageQueue> WritableQueuesOf(const std::string& topic) const;
  // Node of the group's master; where `or_slave`, of its first slave if there is no master. Invalid: none is known.
  sim::NodeId BrokerOf(const std::string& broker_name, bool or_slave) const;
  // All brokers that any route names.
  absl::btree_set<sim::NodeId> AllBrokers(bool masters_only) const;
  const ClusterSpec& cluster() const { return *cluster_; }

 private:
  enum TimerKind : uint32_t { kRequestTimeout, kPollNameServer, kHeartbeat };
  enum TagKind : int { kRouteTag };

  void OnRouteResult(const GetRouteResult& result, sim::Env& env, sim::Effects& out);
  void Lose(Tag tag, bool timed_out, sim::Env& env, sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  Settings settings_;
  Remoting remoting_{kRequestTimeout};
  std::vector<std::string> topics_;
  absl::btree_map<std::string, std::vector<BrokerRoute>> routes_;
  int64_t name_server_ = -1;  // index of the one that is asked; -1: not chosen yet
};

// Boots clients of one kind: the cluster and what the client is to do are all that they need.
template <class Process, class Spec>
class ClientFactory final : public sim::ProcessFactory {
 public:
  ClientFactory(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const Spec> spec)
      : cluster_(std::move(cluster)), spec_(std::move(spec)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<Process>(cluster_, spec_, env, out);
  }

 private:
  std::shared_ptr<const ClusterSpec> cluster_;
  std::shared_ptr<const Spec> spec_;
};

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_CLIENT_H_
