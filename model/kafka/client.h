// Client: a process that is a client of one cluster, such as a producer or a consumer.
#ifndef BROKERSIM_MODEL_KAFKA_CLIENT_H_
#define BROKERSIM_MODEL_KAFKA_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/kafka/network_client.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

class Client : public sim::Process {
 public:
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override {
    network_.OnConnected(conn, env, out);
  }
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;

 protected:
  using Settings = NetworkClient::Settings;
  using Tag = NetworkClient::Tag;
  using Leader = NetworkClient::Leader;
  // Derived classes' timers begin here.
  static constexpr uint32_t kFirstTimer = 10;

  // Of several clients in a process each has its own timers, from `first_timer` on.
  Client(std::shared_ptr<const ClusterSpec> cluster, Settings settings, uint32_t first_timer = 0)
      : network_(std::move(cluster), settings, first_timer) {}
  Client(const Client&) = default;

  // ---- To override.
  virtual void OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) = 0;
  // A request got no answer: the connection is gone.
  virtual void OnLost(Tag tag, sim::Env& env, sim::Effects& out) = 0;
  virtual void OnMetadata(sim::Env& env, sim::Effects& out) = 0;
  virtual void OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) = 0;
  virtual std::string_view ClientTimerName(uint32_t kind) const = 0;
  // A message of another protocol than Kafka's, and a connection of another than the brokers'.
  virtual void OnOtherMessage(const sim::Received&, sim::Env&, sim::Effects&) {}
  virtual void OnOtherDisconnected(sim::ConnId, sim::Env&, sim::Effects&) {}

  // ---- To use.
  void SendTo(int32_t broker, Body body, Tag tag, sim::Env& env, sim::Effects& out) {
    network_.SendTo(broker, std::move(body), tag, env, out);
  }
  void SendOneWay(int32_t broker, Body body, sim::Effects& out) { network_.SendOneWay(broker, std::move(body), out); }
  int32_t AnyBroker(sim::Env& env) { return network_.AnyBroker(env); }
  int64_t InFlight(int32_t broker) const { return network_.InFlight(broker); }
  void RefreshMetadata(sim::Env& env, sim::Effects& out) { network_.RefreshMetadata(env, out); }
  Leader LeaderOf(const TopicPartition& tp) const { return network_.LeaderOf(tp); }
  void UpdateLastSeenEpoch(const TopicPartition& tp, int32_t epoch, sim::Env& env, sim::Effects& out) {
    network_.UpdateLastSeenEpoch(tp, epoch, env, out);
  }
  bool UpdateLeader(const TopicPartition& tp, Leader leader) { return network_.UpdateLeader(tp, leader); }
  bool has_metadata() const { return network_.has_metadata(); }
  int32_t PartitionsOf(const std::string& topic) const { return network_.PartitionsOf(topic); }
  NetworkClient& network() { return network_; }
  const ClusterSpec& cluster() const { return network_.cluster(); }
  const Settings& settings() const { return network_.settings(); }
  void Reconfigure(int64_t request_timeout_ms, int64_t retry_backoff_ms) {
    network_.settings().request_timeout_ms = request_timeout_ms;
    network_.settings().retry_backoff_ms = retry_backoff_ms;
  }

 private:
  NetworkClient network_;
};

using Clusters = std::vector<std::shared_ptr<const ClusterSpec>>;

inline constexpr std::string_view kBootstrapServers = "bootstrap.servers";

// The cluster that a client starts with: its own or, if bootstrap.servers was changed to the name of another, that one.
std::shared_ptr<const ClusterSpec> ClusterToUse(std::shared_ptr<const ClusterSpec> own, const Clusters& all,
                                                const sim::Settings& changed);

// Whether the operation is that change: it counts from the next start on.
inline bool ChangesCluster(const sim::Operation& operation) {
  return operation.name == "config" && operation.key == kBootstrapServers;
}

// Boots clients of one kind: the cluster and what the client is to do are all that they need.
template <class Process, class Spec>
class ClientFactory final : public sim::ProcessFactory {
 public:
  // `all`: the clusters that it may be told to use instead.
  ClientFactory(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const Spec> spec,
                std::shared_ptr<const Clusters> all = std::make_shared<const Clusters>())
      : cluster_(std::move(cluster)), spec_(std::move(spec)), all_(std::move(all)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<Process>(ClusterToUse(cluster_, *all_, env.settings()), spec_, env, out);
  }

 private:
  std::shared_ptr<const ClusterSpec> cluster_;
  std::shared_ptr<const Spec> spec_;
  std::shared_ptr<const Clusters> all_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CLIENT_H_
