// The fixed facts of a cluster that its processes share: who is where, which topics there are, how it is configured.
#ifndef BROKERSIM_MODEL_KAFKA_CLUSTER_H_
#define BROKERSIM_MODEL_KAFKA_CLUSTER_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/config.h"
#include "sim/base/ids.h"

namespace brokersim::kafka {

inline constexpr std::string_view kOffsetsTopic = "__consumer_offsets";
inline constexpr std::string_view kTransactionsTopic = "__transaction_state";

// Of several clusters in one run each has a name, with which the names of its topics begin, "b/orders": so every log of
// the run has a name of its own. (A topic of Kafka's has no slash in it.)
inline std::string_view NameInCluster(std::string_view topic) { return topic.substr(topic.find('/') + 1); }

// Topics of Kafka's own and of MirrorMaker's, which no client of ours reads.
inline bool IsInternal(std::string_view topic) {
  const std::string_view name = NameInCluster(topic);
  return name == kOffsetsTopic || name == kTransactionsTopic || name.ends_with(".internal");
}

// min.insync.replicas of a topic, which __transaction_state has for itself; not more than there are replicas.
inline int64_t MinInsyncReplicas(const BrokerConfig& config, std::string_view topic, size_t replicas) {
  const bool of_transactions = NameInCluster(topic) == kTransactionsTopic;
  return std::min(of_transactions ? config.transaction_state_log_min_isr : config.min_insync_replicas,
                  static_cast<int64_t>(replicas));
}

struct TopicSpec {
  std::string name;
  // For each partition its replicas, the preferred leader first.
  std::vector<std::vector<int32_t>> assignment;
};

struct ClusterSpec {
  // Empty if it is the only one.
  std::string name;
  sim::NodeId controller;  // or, in ZooKeeper mode, ZooKeeper: where the cluster's metadata are
  bool zookeeper = false;
  absl::btree_map<int32_t, sim::NodeId> brokers;  // by broker.id
  std::vector<TopicSpec> topics;
  // What all brokers and the controller are configured with ...
  BrokerConfig config;
  // ... and those that differ.
  absl::btree_map<int32_t, BrokerConfig> own_configs;

  // The topic of this name in this cluster.
  std::string Own(std::string_view topic) const {
    return name.empty() ? std::string(topic) : name + "/" + std::string(topic);
  }
  const TopicSpec* FindTopic(std::string_view full_name) const {
    for (const TopicSpec& topic : topics) {
      if (topic.name == full_name) return &topic;
    }
    return nullptr;
  }
  const BrokerConfig& ConfigOf(int32_t broker) const {
    const auto own = own_configs.find(broker);
    return own == own_configs.end() ? config : own->second;
  }
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CLUSTER_H_
