// What others see of a broker: selectors, traces, operators, invariants.
#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/base/roles.h"
#include "model/kafka/broker.h"

namespace brokersim::kafka {
namespace {

// Settings that Kafka changes in a running broker (its documentation: "Dynamic Update Mode" cluster-wide).
constexpr std::string_view kDynamic[] = {"min.insync.replicas", "unclean.leader.election.enable",
                                         "log.flush.interval.messages"};

bool IsDynamic(std::string_view setting) {
  return std::find(std::begin(kDynamic), std::end(kDynamic), setting) != std::end(kDynamic);
}

}  // namespace

// What an operator asks: settings. Those that aren't dynamic wait for the next start.
bool Broker::OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) {
  if (zookeeper_.has_value() && operation.name != "config") return zookeeper_->OnOperation(operation, env, out);
  if (operation.name != "config" || !IsDynamic(operation.key)) return false;
  config_ = std::make_shared<BrokerConfig>(ConfiguredAnew(cluster_->ConfigOf(id_), env.settings()));
  for (auto& [tp, replica] : replicas_) replica.partition.Reconfigure(*config_);
  coordinator_.Reconfigure(*config_);
  transactions_.Reconfigure(*config_);
  if (zookeeper_.has_value()) zookeeper_->Reconfigure(config_, operation.key, env, out);
  return true;
}

// Caught up: in the ISR of every partition that it replicates.
bool Broker::Healthy() const {
  if (!registered_ || fenced_ || stopping_) return false;
  return std::all_of(replicas_.begin(), replicas_.end(), [this](const auto& entry) {
    const std::vector<int32_t>& isr = KnownIsr(entry.second.partition);
    return std::find(isr.begin(), isr.end(), id_) != isr.end();
  });
}

bool Broker::HoldsRole(std::string_view role) const {
  const auto [kind, of] = model::ParseRole(role);
  if (of.empty()) return kind == "controller" && zookeeper_.has_value() && zookeeper_->is_controller();
  // "coordinator(G)" means group G here; of several clusters that of cluster b is "coordinator(b/G)".
  if (kind == "coordinator" || kind == "transaction-coordinator") {
    const std::string cluster = cluster_->name.empty() ? "" : cluster_->name + "/";
    if (!of.starts_with(cluster)) return false;
    const std::string id(of.substr(cluster.size()));
    return kind == "coordinator" ? Coordinates(id) : CoordinatesTransactions(id);
  }
  for (const auto& [tp, replica] : replicas_) {
    const Partition& partition = replica.partition;
    if (partition.name() != of) continue;
    if (kind == "leader") return partition.role() == Role::kLeader;
    if (kind == "follower") return partition.role() == Role::kFollower;
    const std::vector<int32_t>& isr = KnownIsr(partition);
    return kind == "isr" && std::find(isr.begin(), isr.end(), id_) != isr.end();
  }
  return false;
}

void Broker::Describe(sim::Describer& d) const {
  d.Set("state", !registered_ ? "registering" : stopping_ ? "stopping" : fenced_ ? "fenced" : "running");
  for (const auto& [tp, replica] : replicas_) {
    const Partition& partition = replica.partition;
    const std::string& name = partition.name();
    d.Set(name, ".role", partition.role() == Role::kLeader     ? "leader"
                         : partition.role() == Role::kFollower ? "follower"
                                                               : "none");
    d.Set(name, ".leader", partition.leader());
    d.Set(name, ".leader_epoch", partition.leader_epoch());
    d.Set(name, ".log_end", partition.log().log_end_offset());
    d.Set(name, ".high_watermark", partition.high_watermark());
    if (partition.last_stable_offset() != partition.high_watermark()) {
      d.Set(name, ".last_stable_offset", partition.last_stable_offset());
    }
    std::string epochs;
    for (const EpochStart& start : partition.log().epoch_starts()) {
      absl::StrAppend(&epochs, epochs.empty() ? "" : " ", start.epoch, "@", start.start_offset);
    }
    d.Set(name, ".epoch_starts", epochs);
    if (partition.role() == Role::kLeader) d.Set(name, ".isr", absl::StrJoin(partition.isr(), " "));
  }
  if (zookeeper_.has_value()) zookeeper_->Describe(d);
  coordinator_.Describe(d);
  transactions_.Describe(d);
}

void Broker::CheckInvariants() const {
  for (const auto& [tp, replica] : replicas_) replica.partition.CheckInvariants();
}

}  // namespace brokersim::kafka
