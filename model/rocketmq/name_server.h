// NameServer: which brokers there are, and which topics they have, by their own word. Name servers don't know each
// other. (RouteInfoManager.java)
#ifndef BROKERSIM_MODEL_ROCKETMQ_NAME_SERVER_H_
#define BROKERSIM_MODEL_ROCKETMQ_NAME_SERVER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/rocketmq/cluster.h"
#include "model/rocketmq/messages.h"
#include "sim/kernel/process.h"

namespace brokersim::rocketmq {

class NameServer final : public sim::Process {
 public:
  NameServer(std::shared_ptr<const ClusterSpec> cluster, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<NameServer>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer) const override { return "scan-not-active-broker"; }
  void Describe(sim::Describer& d) const override;

 private:
  struct Live {
    sim::NodeId node;
    sim::ConnId conn;
    sim::Time last_update;
    std::vector<TopicQueues> topics;
  };
  // Group and id.
  using BrokerKey = std::pair<std::string, int64_t>;

  void Register(const RegisterBroker& request, const sim::Received& from, int32_t opaque, sim::Env& env,
                sim::Effects& out);
  GetRouteResult Route(const std::string& topic) const;

  std::shared_ptr<const ClusterSpec> cluster_;
  absl::btree_map<BrokerKey, Live> brokers_;
};

class NameServerFactory final : public sim::ProcessFactory {
 public:
  explicit NameServerFactory(std::shared_ptr<const ClusterSpec> cluster) : cluster_(std::move(cluster)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env&, sim::Effects& out) const override {
    return std::make_unique<NameServer>(cluster_, out);
  }

 private:
  std::shared_ptr<const ClusterSpec> cluster_;
};

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_NAME_SERVER_H_
