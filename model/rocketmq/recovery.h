// Whether a RocketMQ cluster could serve its queues again.
#ifndef BROKERSIM_MODEL_ROCKETMQ_RECOVERY_H_
#define BROKERSIM_MODEL_ROCKETMQ_RECOVERY_H_

#include <memory>
#include <utility>
#include <vector>

#include "model/rocketmq/cluster.h"
#include "sim/kernel/recovery_oracle.h"

namespace brokersim::rocketmq {

// A master serves what its disk holds, whatever that is: a queue can always be read when its master runs again. In
// DLedger mode a majority has to.
class Recovery final : public sim::RecoveryOracle {
 public:
  Recovery(std::shared_ptr<const ClusterSpec> cluster, std::vector<MessageQueue> queues)
      : cluster_(std::move(cluster)), queues_(std::move(queues)) {}
  std::vector<sim::Recoverable> Ask(const sim::Simulation& simulation) const override;

 private:
  sim::Recoverable OfDLedger(const sim::Simulation& simulation, const MessageQueue& queue) const;

  std::shared_ptr<const ClusterSpec> cluster_;
  std::vector<MessageQueue> queues_;
};

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_RECOVERY_H_
