// The leader's care for the ISR: it proposes, the controller decides. (Partition.scala, AlterPartitionManager.scala)
#include <utility>

#include "model/kafka/broker.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

void Broker::CheckIsr(sim::Env& env, sim::Effects& out) {
  for (auto& [tp, replica] : replicas_) {
    Propose(&replica, replica.partition.ProposeShrink(env.monotonic(), broker_epoch_), env, out);
  }
}

void Broker::Propose(Replica* replica, std::optional<std::vector<BrokerState>> isr, sim::Env& env,
                     sim::Effects& out) {
  if (!isr.has_value()) return;
  AlterPartitionRequest request;
  request.broker_id = id_;
  request.broker_epoch = broker_epoch_;
  request.tp = replica->partition.tp();
  request.leader_epoch = replica->partition.leader_epoch();
  request.partition_epoch = replica->partition.partition_epoch();
  request.new_isr = std::move(*isr);
  replica->alter = std::move(request);
  SendAlter(replica, env, out);
}

void Broker::SendAlter(Replica* replica, sim::Env& env, sim::Effects& out) {
  replica->alter_in_flight = true;
  if (zookeeper_.has_value()) {
    zookeeper_->WriteIsr(*replica->alter, replica->controller_epoch, env, out);
    return;
  }
  sent_[requests_.Send(cluster_->controller, *replica->alter, sim::Seconds(5), env, out)] =
      AlterSent{replica->partition.tp()};
}

void Broker::OnAltered(const AlterPartitionResponse& m, sim::Env& env, sim::Effects& out) {
  Replica* replica = Find(m.tp);
  if (replica == nullptr) return;
  replica->alter_in_flight = false;
  if (!replica->alter.has_value()) return;  // the metadata log was faster
  if (m.error != ErrorCode::kNone && m.error != ErrorCode::kIneligibleReplica) {
    BROKERSIM_PROBE("kafka/isr: the partition has changed meanwhile");
    // Somebody else changed the partition: the metadata log will tell what is true
    // (Partition.handleAlterPartitionError).
    return;
  }
  Conclude(replica, m.error, m.partition_epoch, m.isr, env, out);
}

// What became of the change of the ISR that was asked for.
void Broker::Conclude(Replica* replica, ErrorCode error, int32_t partition_epoch, const std::vector<int32_t>& isr,
                      sim::Env& env, sim::Effects& out) {
  replica->alter.reset();
  Partition& partition = replica->partition;
  const int64_t before = partition.high_watermark();
  partition.ConcludeProposal(error, partition_epoch, isr);
  if (partition.MaybeIncrementHighWatermark(env.monotonic())) {
    OnHighWatermark(replica, before, out);
    TryCompleteFetches(partition.tp(), /*force=*/false, out);
  }
  TryCompleteWrites(out);
}

}  // namespace brokersim::kafka
