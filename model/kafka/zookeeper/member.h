// ZooKeeperMember: what a broker does in ZooKeeper: it registers, races for the place of the controller, and writes the
// ISRs of the partitions that it leads. A broker has one in ZooKeeper mode; in KRaft mode it talks to the controller.
// (KafkaServer.scala, ZkPartitionStateStore, ReplicaManager.maybePropagateIsrChanges, ProducerIdManager.scala, of 2.6)
#ifndef BROKERSIM_MODEL_KAFKA_ZOOKEEPER_MEMBER_H_
#define BROKERSIM_MODEL_KAFKA_ZOOKEEPER_MEMBER_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "model/kafka/cluster.h"
#include "model/kafka/messages.h"
#include "model/kafka/request_manager.h"
#include "model/kafka/zookeeper/client.h"
#include "model/kafka/zookeeper/kafka_controller.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

class ZooKeeperMember {
 public:
  // What the broker has to hear, in order.
  struct Registered { int64_t broker_epoch = -1; };
  struct IsrWritten {
    AlterPartitionRequest asked;
    bool written = false;  // false: the partition's state is another one, and the ISR stays
    int32_t version = -1;
  };
  struct ProducerIds { int64_t first = 0; };  // and the kProducerIdBlock - 1 that follow
  struct ShutdownGranted {};
  using News = std::variant<Registered, IsrWritten, ProducerIds, ShutdownGranted>;
  static constexpr int32_t kProducerIdBlock = 1000;  // ProducerIdManager.PidBlockSize

  // Its timers are first_timer to first_timer + kTimers - 1.
  static constexpr uint32_t kTimers = ZooKeeperClient::kTimers + KafkaController::kTimers + 4;
  ZooKeeperMember(std::shared_ptr<const ClusterSpec> cluster, int32_t id, std::shared_ptr<const BrokerConfig> config,
                  uint32_t first_timer);

  void Start(sim::Env& env, sim::Effects& out);
  void Reconfigure(std::shared_ptr<const BrokerConfig> config, std::string_view setting, sim::Env& env,
                   sim::Effects& out);
  // Writes an ISR, if the partition's state is still of the version that is its partition_epoch.
  void WriteIsr(const AlterPartitionRequest& change, int32_t controller_epoch, sim::Env& env, sim::Effects& out);
  void AskProducerIds(sim::Env& env, sim::Effects& out);
  // Asks the controller to take leaderships away, again and again.
  void HandOver(sim::Env& env, sim::Effects& out);
  // Ends the session, and with it the registration.
  void Close(sim::Effects& out) { zookeeper_.Close(out); }
  void OnControlledShutdown(const ControlledShutdownRequest& m, sim::ConnId conn, int32_t id, sim::Env& env,
                            sim::Effects& out);
  // What an operator asks of the controller; false: it isn't this broker.
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out);

  // Each returns whether it was for this member; then News may have come.
  bool OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out);
  bool OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out);
  bool OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out);
  std::vector<News> TakeNews() { return std::exchange(news_, {}); }

  bool is_controller() const { return controller_.active(); }
  std::string_view TimerName(sim::Timer timer) const;
  void Describe(sim::Describer& d) const { controller_.Describe(d); }

 private:
  // What a request of this member was about.
  struct Registration {};
  struct RegistrationRead {};
  struct IsrWrite {
    AlterPartitionRequest change;
    PartitionState state;
  };
  struct IsrRead { IsrWrite of; };
  struct ProducerIdsRead {};
  struct ProducerIdsWrite { int64_t first = 0; };
  struct ControllerRead {};
  using Purpose = std::variant<Registration, RegistrationRead, IsrWrite, IsrRead, ProducerIdsRead, ProducerIdsWrite,
                               ControllerRead>;

  KafkaController::Turn TurnOf(sim::Env& env, sim::Effects& out) { return {zookeeper_, *config_, env, out}; }
  void Ask(ZkOp op, Purpose purpose, bool in_session, sim::Env& env, sim::Effects& out);
  void Read(std::string_view path, Purpose purpose, bool in_session, sim::Env& env, sim::Effects& out);
  void Hear(sim::Env& env, sim::Effects& out);
  void Register(sim::Env& env, sim::Effects& out);
  void OnRegistered(int64_t epoch, sim::Env& env, sim::Effects& out);
  void OnAnswer(const ZooKeeperClient::Answer& answer, sim::Env& env, sim::Effects& out);
  void On(const Registration& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out);
  void On(const RegistrationRead& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out);
  void On(const IsrWrite& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out);
  void On(const IsrRead& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out);
  void On(const ProducerIdsRead& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out);
  void On(const ProducerIdsWrite& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out);
  void On(const ControllerRead& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out);
  void OnIsrWritten(const AlterPartitionRequest& change, int32_t version, sim::Env& env, sim::Effects& out);
  void PropagateIsrChanges(sim::Env& env, sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  int32_t id_;
  std::shared_ptr<const BrokerConfig> config_;
  uint32_t own_timers_;  // the first of those that are neither the session's nor the controller's
  ZooKeeperClient zookeeper_;
  KafkaController controller_;
  RequestManager requests_;  // to the controller
  absl::btree_map<int64_t, Purpose> asked_;
  int64_t broker_epoch_ = -1;
  absl::btree_set<TopicPartition> isr_changes_;  // that the controller wasn't told of
  sim::Time last_isr_change_;
  sim::Time last_propagation_;
  std::vector<News> news_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_ZOOKEEPER_MEMBER_H_
