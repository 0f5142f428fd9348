#include "model/rocketmq/recovery.h"

#include "fmt/format.h"

namespace brokersim::rocketmq {

std::vector<sim::Recoverable> Recovery::Ask(const sim::Simulation& simulation) const {
  std::vector<sim::Recoverable> all;
  for (const MessageQueue& queue : queues_) {
    const sim::NodeId master = cluster_->Find(queue.broker_name, 0)->node;
    const bool runs = simulation.process(master) != nullptr;
    all.push_back({LogName(queue), true,
                   fmt::format("{} is its master{}", simulation.name(master), runs ? "" : ", but isn't running")});
  }
  return all;
}

}  // namespace brokersim::rocketmq
