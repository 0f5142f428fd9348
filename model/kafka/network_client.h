// NetworkClient: what clients of a cluster share: its metadata, and requests to its brokers.
// (NetworkClient.java, Metadata.java)
//
// A part of a process, which hands it messages, timers and lost connections; a process may have one for each of several
// clusters.
#ifndef BROKERSIM_MODEL_KAFKA_NETWORK_CLIENT_H_
#define BROKERSIM_MODEL_KAFKA_NETWORK_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "model/kafka/cluster.h"
#include "model/kafka/messages.h"
#include "model/kafka/request_manager.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

class NetworkClient {
 public:
  struct Settings {
    // Empty: for ever.
    std::optional<int64_t> request_timeout_ms = 30000;
    int64_t retry_backoff_ms = 100;
    int64_t metadata_max_age_ms = 300000;
    // KafkaConsumer: CONSUMER_MAX_INFLIGHT_REQUESTS_PER_CONNECTION
    int64_t max_in_flight = 100;
  };
  // What an answer belongs to: the owner's to choose. Its kind is not negative.
  struct Tag {
    int kind = 0;
    int64_t arg = 0;
  };
  // Of a partition, as far as is known. Without an id: somebody whom the metadata doesn't tell yet leads in this epoch.
  using Leader = LeaderIdAndEpoch;
  // How many kinds of timers it needs, from `first_timer` on.
  static constexpr uint32_t kTimers = 3;

  NetworkClient(std::shared_ptr<const ClusterSpec> cluster, Settings settings, uint32_t first_timer = 0)
      : cluster_(std::move(cluster)), settings_(settings), first_timer_(first_timer),
        requests_(first_timer + kRequestTimeout) {}

  enum class Heard {
    kNothing,   // not for us, or for a request that was given up meanwhile
    kMetadata,  // what is known of the cluster is new
    kAnswer,    // to the request with *tag
  };
  Heard OnMessage(const sim::Received& message, const Frame& frame, Tag* tag, sim::Env& env, sim::Effects& out);

  // Requests without an answer, because the connection is gone, are handed over one by one.
  using OnLost = absl::FunctionRef<void(Tag)>;
  // To be told of each connection that is made: metadata is asked for on one that stands.
  void OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out);
  // False: it isn't ours.
  bool OnTimer(sim::Timer timer, OnLost on_lost, sim::Env& env, sim::Effects& out);
  bool OnDisconnected(sim::ConnId conn, OnLost on_lost, sim::Env& env, sim::Effects& out);
  // Empty: it isn't ours.
  std::string_view TimerName(uint32_t kind) const;

  void SendTo(int32_t broker, Body body, Tag tag, sim::Env& env, sim::Effects& out);
  void SendOneWay(int32_t broker, Body body, sim::Effects& out);
  // Closes all connections; what was asked gets no answer.
  void Close(sim::Effects& out) { requests_.Close(out); }
  // One to ask what any broker can answer: NetworkClient.leastLoadedNode, else the first.
  int32_t AnyBroker(sim::Env& env) { return LeastLoaded(env).value_or(Nodes().front()); }
  int64_t InFlight(int32_t broker) const { return requests_.InFlight(cluster_->brokers.at(broker)); }

  // Asks for metadata now, or retry.backoff.ms after it was last asked for.
  void RefreshMetadata(sim::Env& env, sim::Effects& out);
  bool has_metadata() const { return has_metadata_; }
  // Metadata.currentLeader
  Leader LeaderOf(const TopicPartition& tp) const;
  // Somebody else knows of this epoch. If it is newer than the metadata's, that one's leader doesn't count any more,
  // and metadata is asked for (Metadata.updateLastSeenEpochIfNewer, KIP-320).
  void UpdateLastSeenEpoch(const TopicPartition& tp, int32_t epoch, sim::Env& env, sim::Effects& out);
  // A broker that refused a request knows of this leader; true if that is news (Metadata.updatePartitionLeadership,
  // KIP-951).
  bool UpdateLeader(const TopicPartition& tp, Leader leader);
  int32_t PartitionsOf(const std::string& topic) const;

  const ClusterSpec& cluster() const { return *cluster_; }
  Settings& settings() { return settings_; }
  const Settings& settings() const { return settings_; }

 private:
  enum TimerKind : uint32_t { kRequestTimeout, kMetadataBackoff, kMetadataAge };
  static constexpr int kMetadataTag = -1;

  sim::Timer Own(TimerKind kind) const { return {first_timer_ + kind}; }
  // Those of the latest metadata; before there is any, bootstrap.servers: all.
  std::vector<int32_t> Nodes() const;
  std::optional<int32_t> LeastLoaded(sim::Env& env);
  bool OnMetadataAnswer(const MetadataResponse& m, sim::Env& env, sim::Effects& out);
  void AskForMetadata(sim::Env& env, sim::Effects& out);
  void LoseAll(const std::vector<int32_t>& lost, OnLost on_lost, sim::Env& env, sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  Settings settings_;
  uint32_t first_timer_;
  RequestManager requests_;
  absl::btree_map<int32_t, Tag> sent_;
  absl::btree_map<TopicPartition, Leader> leaders_;
  std::vector<int32_t> nodes_;
  bool has_metadata_ = false;
  bool metadata_asked_ = false;   // an answer is on its way, or the request waits for a connection:
  bool awaits_connection_ = false;
  bool metadata_wanted_ = false;  // the back-off timer runs
  std::optional<sim::Time> last_asked_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_NETWORK_CLIENT_H_
