// Whether Kafka clusters could serve their logs again: from what their controllers and brokers have on their disks.
#ifndef BROKERSIM_MODEL_KAFKA_RECOVERY_H_
#define BROKERSIM_MODEL_KAFKA_RECOVERY_H_

#include <memory>
#include <utility>
#include <vector>

#include "model/kafka/cluster.h"
#include "model/kafka/messages.h"
#include "sim/kernel/recovery_oracle.h"

namespace brokersim::kafka {

// A partition can be served again if one of those that may lead it under the settings still has what it had: a member
// of the ISR, or with unclean elections any replica. None can be if the controller has forgotten who they are.
class Recovery final : public sim::RecoveryOracle {
 public:
  explicit Recovery(std::vector<std::shared_ptr<const ClusterSpec>> clusters) : clusters_(std::move(clusters)) {}
  std::vector<sim::Recoverable> Ask(const sim::Simulation& simulation) const override;

 private:
  std::vector<std::shared_ptr<const ClusterSpec>> clusters_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_RECOVERY_H_
