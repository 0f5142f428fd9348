// What a RocketMQ cluster consists of: known to all its processes before anything runs.
#ifndef BROKERSIM_MODEL_ROCKETMQ_CLUSTER_H_
#define BROKERSIM_MODEL_ROCKETMQ_CLUSTER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/rocketmq/config.h"
#include "model/rocketmq/message.h"
#include "sim/base/ids.h"

namespace brokersim::rocketmq {

struct TopicSpec {
  std::string name;
  int32_t queues = 0;  // at each group of brokers
};

struct BrokerSpec {
  std::string broker_name;  // of its group, e.g. "a"
  int64_t broker_id = 0;    // 0: the master, above: a slave
  sim::NodeId node;
  BrokerConfig config;
};

struct ClusterSpec {
  std::vector<sim::NodeId> name_servers;
  NamesrvConfig namesrv_config;
  std::vector<BrokerSpec> brokers;  // by name and id
  std::vector<TopicSpec> topics;
  sim::NodeId database;             // invalid: there is none

  const BrokerSpec* Find(std::string_view broker_name, int64_t broker_id) const {
    for (const BrokerSpec& broker : brokers) {
      if (broker.broker_name == broker_name && broker.broker_id == broker_id) return &broker;
    }
    return nullptr;
  }
};

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_CLUSTER_H_
