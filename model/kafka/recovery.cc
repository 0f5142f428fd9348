#include "model/kafka/recovery.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_join.h"
#include "model/kafka/controller.h"
#include "model/kafka/replica_log.h"
#include "model/kafka/zookeeper/server.h"

namespace brokersim::kafka {
namespace {

// What the durable part of the metadata log says of each partition.
absl::btree_map<TopicPartition, PartitionRecord> Registered(const sim::Disk& disk) {
  absl::btree_map<TopicPartition, PartitionRecord> partitions;
  const sim::File* log = disk.Find(kMetadataLogFile);
  if (log == nullptr) return partitions;
  for (const sim::Block& block : log->blocks) {
    if (block.damaged) break;
    for (const MetadataRecord& record : block.content->As<MetadataBatch>()->records) {
      if (const auto* partition = std::get_if<PartitionRecord>(&record)) {
        partitions.insert_or_assign(partition->tp, *partition);
      }
    }
  }
  return partitions;
}

// Where a broker that starts over this disk finds the end of the partition's log.
int64_t EndOf(const TopicPartition& tp, const sim::Disk& disk) {
  const std::string folder = LogName(tp);
  int64_t blocks = 0;
  return ReplicaLog::Recover(disk.Find(folder + std::string(kLogSuffix)),
                             disk.Find(folder + std::string(kEpochsSuffix)), &blocks)
      .log_end_offset();
}

// The fault that took something durable from the node; empty: none.
std::string_view Robbed(sim::NodeId node, const sim::Simulation& simulation) {
  for (const sim::DurableLoss& loss : simulation.durable_losses()) {
    if (loss.node == node) return loss.fault;
  }
  return "";
}

sim::Recoverable Judge(const ClusterSpec& cluster, const PartitionRecord& partition,
                       const sim::Simulation& simulation) {
  const bool unclean =
      ConfiguredAnew(cluster.config, simulation.settings(cluster.controller)).unclean_leader_election_enable;
  int64_t furthest = 0;
  for (int32_t replica : partition.replicas) {
    furthest = std::max(furthest, EndOf(partition.tp, simulation.disk(cluster.brokers.at(replica))));
  }
  std::vector<std::string> lost;
  for (int32_t replica : unclean ? partition.replicas : partition.isr) {
    const sim::NodeId node = cluster.brokers.at(replica);
    const std::string_view fault = Robbed(node, simulation);
    const int64_t end = EndOf(partition.tp, simulation.disk(node));
    // One that was robbed and has since been filled from the others counts again.
    if (!fault.empty() && (end == 0 || end < furthest)) {
      lost.push_back(fmt::format("{} (fault {})", simulation.name(node), fault));
      continue;
    }
    return {LogName(partition.tp), true,
            fmt::format("{} may lead it (ISR [{}]{}) and has it up to offset {}{}", simulation.name(node),
                        absl::StrJoin(partition.isr, " "), unclean ? ", unclean elections allowed" : "", end,
                        simulation.process(node) == nullptr ? ", but isn't running" : "")};
  }
  if (lost.empty()) return {LogName(partition.tp), true, "no fault took anything from its replicas"};
  return {LogName(partition.tp), false,
          fmt::format("all that may lead it (ISR [{}]{}) have lost what they had: {}",
                      absl::StrJoin(partition.isr, " "), unclean ? ", unclean elections allowed" : "",
                      absl::StrJoin(lost, ", "))};
}

void AskCluster(const ClusterSpec& cluster, const sim::Simulation& simulation, std::vector<sim::Recoverable>* all) {
  const std::string_view forgot = Robbed(cluster.controller, simulation);
  const sim::Disk& metadata = simulation.disk(cluster.controller);
  const auto registered = cluster.zookeeper ? PartitionsInZooKeeper(cluster, metadata) : Registered(metadata);
  for (const TopicSpec& topic : cluster.topics) {
    for (size_t i = 0; i < topic.assignment.size(); ++i) {
      const TopicPartition tp{topic.name, static_cast<int32_t>(i)};
      if (!forgot.empty()) {
        all->push_back({LogName(tp), false,
                       fmt::format("the controller has lost what it knew of its replicas (fault {})", forgot)});
        continue;
      }
      const auto found = registered.find(tp);
      PartitionRecord partition;
      partition.tp = tp;
      partition.isr = partition.replicas = topic.assignment[i];
      all->push_back(Judge(cluster, found == registered.end() ? partition : found->second, simulation));
    }
  }
}

}  // namespace

std::vector<sim::Recoverable> Recovery::Ask(const sim::Simulation& simulation) const {
  std::vector<sim::Recoverable> all;
  for (const auto& cluster : clusters_) AskCluster(*cluster, simulation, &all);
  return all;
}

}  // namespace brokersim::kafka
