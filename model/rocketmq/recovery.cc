#include "model/rocketmq/recovery.h"

#include "fmt/format.h"

namespace brokersim::rocketmq {

std::vector<sim::Recoverable> Recovery::Ask(const sim::Simulation& simulation) const {
  std::vector<sim::Recoverable> all;
  for (const MessageQueue& queue : queues_) {
    if (cluster_->Find(queue.broker_name, 0)->config.enable_dledger_commit_log) {
      all.push_back(OfDLedger(simulation, queue));
      continue;
    }
    const sim::NodeId master = cluster_->Find(queue.broker_name, 0)->node;
    const bool runs = simulation.process(master) != nullptr;
    all.push_back({LogName(queue), true,
                   fmt::format("{} is its master{}", simulation.name(master), runs ? "" : ", but isn't running")});
  }
  return all;
}

// A majority of its members can elect a leader, whatever their disks hold.
sim::Recoverable Recovery::OfDLedger(const sim::Simulation& simulation, const MessageQueue& queue) const {
  int64_t members = 0;
  int64_t running = 0;
  for (const BrokerSpec& broker : cluster_->brokers) {
    if (broker.broker_name != queue.broker_name) continue;
    ++members;
    running += simulation.process(broker.node) != nullptr ? 1 : 0;
  }
  const bool could = running > members / 2;
  return {LogName(queue), could, fmt::format("{} of its group's {} members run", running, members)};
}

}  // namespace brokersim::rocketmq
