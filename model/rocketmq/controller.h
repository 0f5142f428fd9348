// Controller: says who is the master of each group, and which replicas are in sync with it. One process stands for the
// quorum; what it answers is durable. (ReplicasInfoManager.java, DefaultElectPolicy.java,
// DefaultBrokerHeartbeatManager.java)
#ifndef BROKERSIM_MODEL_ROCKETMQ_CONTROLLER_H_
#define BROKERSIM_MODEL_ROCKETMQ_CONTROLLER_H_

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

// Content of the controller's file.
struct ControllerState {
  static constexpr std::string_view kName = "ControllerState";
  std::vector<ReplicaInfo> groups;
  template <class V> void Fields(V& v) const { v("groups", groups); }
};

class Controller final : public sim::Process {
 public:
  Controller(std::shared_ptr<const ClusterSpec> cluster, sim::Env& env, sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Controller>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  bool HoldsRole(std::string_view role) const override { return role == "controller"; }
  void Describe(sim::Describer& d) const override;
  void CheckInvariants() const override;

 private:
  enum TimerKind : uint32_t { kRequestTimeout, kScan };
  // What heartbeats say of a replica. Not on the disk.
  struct Live {
    sim::Time last_update;
    int64_t epoch = 0;
    int64_t max_offset = 0;
    int64_t confirm_offset = 0;
  };
  using ReplicaKey = std::pair<std::string, int64_t>;

  ReplicaInfo& GroupOf(const std::string& name);
  bool IsAlive(const ReplicaKey& replica, sim::Env& env) const;
  // Elects another master than the present one, which is gone. `asked`: a replica that wants to be it; -1: nobody.
  void Elect(ReplicaInfo* group, int64_t asked, sim::Env& env, sim::Effects& out);
  // DefaultElectPolicy: the furthest of those that are alive; -1: none is.
  int64_t Best(const std::string& group, const std::vector<int64_t>& candidates, sim::Env& env) const;
  ReplicaInfo Alter(const AlterSyncStateSet& request, sim::Env& env, sim::Effects& out);
  void Store(sim::Effects& out);
  void Notify(const ReplicaInfo& group, sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  sim::FileId file_;
  sim::Time booted_;
  Remoting remoting_{kRequestTimeout};
  absl::btree_map<std::string, ReplicaInfo> groups_;
  absl::btree_map<ReplicaKey, Live> live_;
};

class ControllerFactory final : public sim::ProcessFactory {
 public:
  explicit ControllerFactory(std::shared_ptr<const ClusterSpec> cluster) : cluster_(std::move(cluster)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<Controller>(cluster_, env, out);
  }

 private:
  std::shared_ptr<const ClusterSpec> cluster_;
};

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_CONTROLLER_H_
