// Client: what producers, consumers and other clients share: the metadata and requests to brokers.
// (NetworkClient.java, Metadata.java)
#ifndef BROKERSIM_MODEL_KAFKA_CLIENT_H_
#define BROKERSIM_MODEL_KAFKA_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/cluster.h"
#include "model/kafka/messages.h"
#include "model/kafka/request_manager.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

class Client : public sim::Process {
 public:
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;

 protected:
  struct Settings {
    int64_t request_timeout_ms = 30000;
    int64_t retry_backoff_ms = 100;
    int64_t metadata_max_age_ms = 300000;
  };
  // What an answer belongs to: chosen by the derived class.
  struct Tag {
    int kind = 0;
    int64_t arg = 0;
  };
  struct Leader {
    int32_t id = kNoLeader;
    int32_t epoch = -1;
  };
  // Derived classes' timers begin here.
  static constexpr uint32_t kFirstTimer = 10;

  Client(std::shared_ptr<const ClusterSpec> cluster, Settings settings)
      : cluster_(std::move(cluster)), settings_(settings) {}
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
  void SendTo(int32_t broker, Body body, Tag tag, sim::Env& env, sim::Effects& out);
  void SendOneWay(int32_t broker, Body body, sim::Effects& out);
  // Any broker, the one with the fewest requests in flight (NetworkClient.leastLoadedNode), else drawn.
  int32_t AnyBroker(sim::Env& env);
  void Disconnect(int32_t broker, sim::Env& env, sim::Effects& out);
  int64_t InFlight(int32_t broker) const { return requests_.InFlight(cluster_->brokers.at(broker)); }
  // Asks for metadata now, or retry.backoff.ms after it was last asked for.
  void RefreshMetadata(sim::Env& env, sim::Effects& out);
  Leader LeaderOf(const TopicPartition& tp) const;
  bool has_metadata() const { return has_metadata_; }
  int32_t PartitionsOf(const std::string& topic) const;
  const ClusterSpec& cluster() const { return *cluster_; }
  const Settings& settings() const { return settings_; }
  void Reconfigure(int64_t request_timeout_ms, int64_t retry_backoff_ms) {
    settings_.request_timeout_ms = request_timeout_ms;
    settings_.retry_backoff_ms = retry_backoff_ms;
  }

 private:
  enum TimerKind : uint32_t { kRequestTimeout, kMetadataBackoff, kMetadataAge };
  static constexpr int kMetadataTag = -1;

  void AskForMetadata(sim::Env& env, sim::Effects& out);
  void LoseAll(const std::vector<int32_t>& lost, sim::Env& env, sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  Settings settings_;
  RequestManager requests_{kRequestTimeout};
  absl::btree_map<int32_t, Tag> sent_;
  absl::btree_map<TopicPartition, Leader> leaders_;
  bool has_metadata_ = false;
  bool metadata_asked_ = false;   // an answer is on its way
  bool metadata_wanted_ = false;  // the back-off timer runs
  std::optional<sim::Time> last_asked_;
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

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CLIENT_H_
