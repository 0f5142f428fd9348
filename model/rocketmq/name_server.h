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
#include "model/rocketmq/remoting.h"
#include "sim/kernel/process.h"

namespace brokersim::rocketmq {

class NameServer final : public sim::Process {
 public:
  NameServer(std::shared_ptr<const ClusterSpec> cluster, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<NameServer>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override {
    return timer.kind == kScan ? "scan-not-active-broker" : "request-timeout";
  }
  void Describe(sim::Describer& d) const override;

 private:
  enum TimerKind : uint32_t { kScan, kRequestTimeout };
  struct Live {
    sim::NodeId node;
    sim::ConnId conn;
    sim::Time last_update;
    std::vector<TopicQueues> topics;
    int64_t state_version = 0;
    bool acting_master = false;  // enableSlaveActingMaster
    sim::Duration expires;       // after so long without a word
  };
  // Group and id.
  using BrokerKey = std::pair<std::string, int64_t>;

  void Register(const RegisterBroker& request, const sim::Received& from, int32_t opaque, sim::Env& env,
                sim::Effects& out);
  GetRouteResult Route(const std::string& topic) const;
  std::vector<BrokerAddress> MembersOf(const std::string& group) const;
  // Shows the lowest slave of a group without a master as its master.
  void LetAct(BrokerRoute* route) const;
  // The lowest id of a group isn't what it was.
  void NotifyLowest(const std::string& group, int64_t offline, sim::Effects& out);
  void Forget(const BrokerKey& key, sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  Remoting remoting_{kRequestTimeout};
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
