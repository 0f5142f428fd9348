// ControlChannels: the controller's requests to brokers. Each broker gets its own one after another, in order; what
// isn't answered is sent again, to whatever process is there then. (ControllerChannelManager.scala, RequestSendThread)
#ifndef BROKERSIM_MODEL_KAFKA_ZOOKEEPER_CONTROL_CHANNELS_H_
#define BROKERSIM_MODEL_KAFKA_ZOOKEEPER_CONTROL_CHANNELS_H_

#include <cstdint>
#include <deque>
#include <memory>

#include "absl/container/btree_map.h"
#include "model/kafka/cluster.h"
#include "model/kafka/request_manager.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

class ControlChannels {
 public:
  // Its timers are first_timer and first_timer + 1.
  static constexpr uint32_t kTimers = 2;
  ControlChannels(std::shared_ptr<const ClusterSpec> cluster, uint32_t first_timer)
      : cluster_(std::move(cluster)), first_timer_(first_timer), requests_(first_timer) {}

  void Add(int32_t broker) { queues_[broker]; }
  // What waits for the broker is dropped.
  void Remove(int32_t broker, sim::Effects& out);
  void RemoveAll(sim::Effects& out);
  // Nothing if the broker has no channel.
  void Send(int32_t broker, Body request, sim::Env& env, sim::Effects& out);

  // Each returns whether it was one of these channels'.
  bool OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out);
  bool OnDisconnected(sim::ConnId conn, sim::Effects& out);
  bool OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out);

 private:
  sim::NodeId NodeOf(int32_t broker) const { return cluster_->brokers.at(broker); }
  void SendNext(int32_t broker, sim::Env& env, sim::Effects& out);
  void BackOff(sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  uint32_t first_timer_;
  RequestManager requests_;
  absl::btree_map<int32_t, std::deque<Body>> queues_;  // the first one is under way
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_ZOOKEEPER_CONTROL_CHANNELS_H_
