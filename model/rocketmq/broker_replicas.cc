// Controller mode: a replica that is told whether it is the master, keeps the SyncStateSet while it is, and finds out
// where its log and the master's part when it is not. (ReplicasManager.java, AutoSwitchHAService.java,
// AutoSwitchHAClient.java, EpochFileCache.java)
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

constexpr sim::Duration kControllerTimeout = sim::Seconds(3);

}  // namespace

// Until the controller has spoken nobody is a master.
void Broker::StartReplica(sim::Env& env, sim::Effects& out) {
  broker_id_ = place_ + 1;
  for (const sim::Block& block : env.disk().file(epoch_file_).blocks) {
    if (block.damaged) break;
    epochs_ = block.content->As<EpochFile>()->entries;
  }
  // What the log has lost with the power may be all of an epoch.
  while (!epochs_.empty() && epochs_.back().start > store_.max_phy()) epochs_.pop_back();
  SendBrokerHeartbeats(out);
  Register(out);
  remoting_.Send(cluster_->controller, ControllerRegister{broker_name_, place_}, Tag{kReplicaInfoTag, 0},
                 kControllerTimeout, out);
  out.SetTimer({kBrokerHeartbeat}, sim::Milliseconds(config_.broker_heartbeat_interval));
  out.SetTimer({kSyncMetadata}, sim::Milliseconds(config_.sync_broker_metadata_period));
  out.SetTimer({kCheckSyncStateSet}, sim::Milliseconds(config_.check_sync_state_set_period));
}

void Broker::AskController(sim::Effects& out) {
  remoting_.Send(cluster_->controller, GetReplicaInfo{broker_name_}, Tag{kReplicaInfoTag, 0}, kControllerTimeout, out);
}

// To the controller, or of a group with an acting master to name servers (BrokerController.sendHeartbeat).
void Broker::SendBrokerHeartbeats(sim::Effects& out) {
  BrokerHeartbeat heartbeat;
  heartbeat.broker_name = broker_name_;
  if (!controlled()) {
    heartbeat.replica = broker_id_;
    if (isolated_) return;
    for (sim::NodeId server : cluster_->name_servers) remoting_.SendOneWay(server, heartbeat, out);
    return;
  }
  heartbeat.replica = place_;
  heartbeat.epoch = epochs_.empty() ? 0 : epochs_.back().epoch;
  heartbeat.max_offset = store_.max_phy();
  heartbeat.confirm_offset = confirm_offset_;
  remoting_.SendOneWay(cluster_->controller, heartbeat, out);
}

// ReplicasManager: brokerElect, schedulingSyncBrokerMetadata, and what the controller notifies of.
void Broker::OnReplicaInfo(const ReplicaInfo& info, bool asks, sim::Env& env, sim::Effects& out) {
  if (stopping_ || info.master_epoch < master_epoch_) return;  // an older answer
  if (info.master < 0) {
    const ElectMaster wish{broker_name_, place_};
    if (asks) remoting_.Send(cluster_->controller, wish, Tag{kElectTag, 0}, kControllerTimeout, out);
    return;
  }
  const bool news = info.master_epoch > master_epoch_ || info.master != current_master_;
  if (info.master != place_) {
    if (news) BecomeSlave(info, env, out);
  } else if (news || !is_master()) {
    BecomeMaster(info, env, out);
  } else if (info.sync_state_set_epoch >= sync_state_set_epoch_) {
    SetSyncStateSet(info, env, out);
  }
}

// ReplicasManager.changeToMaster, AutoSwitchHAService.changeToMaster
void Broker::BecomeMaster(const ReplicaInfo& info, sim::Env& env, sim::Effects& out) {
  broker_id_ = 0;
  current_master_ = place_;
  master_epoch_ = info.master_epoch;
  if (ha_.valid()) out.Close(std::exchange(ha_, sim::ConnId{}));
  slaves_.clear();
  push_to_slave_max_ = 0;
  if (epochs_.empty() || epochs_.back().epoch < master_epoch_) {
    epochs_.push_back({master_epoch_, store_.max_phy()});
    StoreEpochs(out);
  }
  out.Note("role", fmt::format("{} is the master of {} in epoch {}, from offset {} on", env.name(), broker_name_,
                               master_epoch_, store_.max_phy()));
  SetSyncStateSet(info, env, out);
  StartSchedule(out);
  Register(out);
}

// ReplicasManager.changeToSlave
void Broker::BecomeSlave(const ReplicaInfo& info, sim::Env& env, sim::Effects& out) {
  if (is_master()) out.Note("role", fmt::format("{} is the master of {} no more", env.name(), broker_name_));
  broker_id_ = place_ + 1;
  current_master_ = info.master;
  master_epoch_ = info.master_epoch;
  sync_state_set_ = info.sync_state_set;
  sync_state_set_epoch_ = info.sync_state_set_epoch;
  asked_set_.clear();
  for (const auto& [conn, slave] : slaves_) out.Close(conn);
  slaves_.clear();
  if (ha_.valid()) out.Close(std::exchange(ha_, sim::ConnId{}));
  master_ = cluster_->Find(broker_name_, info.master)->node;
  Register(out);
  ConnectToMaster(env, out);
}

void Broker::SetSyncStateSet(const ReplicaInfo& info, sim::Env& env, sim::Effects& out) {
  sync_state_set_ = info.sync_state_set;
  sync_state_set_epoch_ = info.sync_state_set_epoch;
  asked_set_.clear();
  Dispatch(env, out);
  SettleSends(out);
}

// What was asked for counts until the controller has spoken, also if the answer is lost.
void Broker::RequestSyncStateSet(std::vector<int64_t> members, sim::Effects& out) {
  if (std::exchange(alter_in_flight_, true)) return;
  std::sort(members.begin(), members.end());  // replicas of a set: no two are equal
  asked_set_ = members;
  AlterSyncStateSet request;
  request.broker_name = broker_name_;
  request.master = place_;
  request.master_epoch = master_epoch_;
  request.new_set = std::move(members);
  request.sync_state_set_epoch = sync_state_set_epoch_;
  remoting_.Send(cluster_->controller, std::move(request), Tag{kAlterTag, 0}, kControllerTimeout, out);
}

// AutoSwitchHAService.maybeExpandInSyncStateSet
void Broker::MaybeExpand(const Slave& slave, sim::Effects& out) {
  if (slave.replica < 0 || Contains(sync_state_set_, slave.replica)) return;
  if (slave.ack < confirm_offset_ || slave.ack < epochs_.back().start) return;
  std::vector<int64_t> members = sync_state_set_;
  members.push_back(slave.replica);
  RequestSyncStateSet(std::move(members), out);
}

// AutoSwitchHAService.maybeShrinkSyncStateSet
void Broker::CheckSyncStateSet(sim::Env& env, sim::Effects& out) {
  if (!is_master()) return;
  std::vector<int64_t> members;
  for (int64_t replica : sync_state_set_) {
    const Slave* slave = FindSlave(replica);
    const bool behind = slave == nullptr ||
                        env.monotonic() - slave->caught_up > sim::Milliseconds(config_.ha_max_time_slave_not_catchup);
    if (replica == place_ || !behind) members.push_back(replica);
  }
  if (members != sync_state_set_) RequestSyncStateSet(std::move(members), out);
}

// #5663: AutoSwitchHAService.getSyncStateSet while isSynchronizingSyncStateSet
std::vector<int64_t> Broker::CountedSet() const {
  std::vector<int64_t> counted = sync_state_set_;
  if (!config_.issue_5663) return counted;
  for (int64_t replica : asked_set_) {
    if (!Contains(counted, replica)) counted.push_back(replica);
  }
  return counted;
}

const Broker::Slave* Broker::FindSlave(int64_t replica) const {
  for (const auto& [conn, slave] : slaves_) {
    if (slave.replica == replica) return &slave;
  }
  return nullptr;
}

bool Broker::AllInSyncHave(int64_t offset) const {
  const std::vector<int64_t> counted = CountedSet();
  return std::all_of(counted.begin(), counted.end(), [&](int64_t replica) {
    const Slave* slave = FindSlave(replica);
    return replica == place_ || (slave != nullptr && slave->ack >= offset);
  });
}

// AutoSwitchHAService.computeConfirmOffset
void Broker::UpdateConfirmOffset() {
  int64_t confirmed = store_.max_phy();
  for (int64_t replica : CountedSet()) {
    if (replica == place_) continue;
    const Slave* slave = FindSlave(replica);
    if (slave == nullptr && config_.issue_6662) return;
    if (slave != nullptr) confirmed = std::min(confirmed, slave->ack);
  }
  confirm_offset_ = std::max(std::min(confirm_offset_, store_.max_phy()), confirmed);
}

void Broker::OnHandshake(const HaHandshake& handshake, sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (!is_master()) {
    out.Close(conn);
    return;
  }
  Slave slave;
  slave.replica = handshake.replica;
  slave.next_transfer = -1;
  slave.last_read = slave.caught_up = env.monotonic();
  slaves_.insert_or_assign(conn, slave);
  Tell(conn, HaHandshakeResult{epochs_, store_.max_phy()}, out);
}

// AutoSwitchHAClient.doTruncate
void Broker::OnHandshakeResult(const HaHandshakeResult& result, sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (conn != ha_) return;
  ha_last_read_ = env.monotonic();
  const int64_t point = store_.max_phy() == 0 ? 0 : std::max<int64_t>(ConsistentPoint(result), 0);
  if (point < store_.max_phy()) TruncateTo(point, out);
  ReportOffset(out);
}

// EpochFileCache.findConsistentPoint: from the newest epoch that both have, with the same beginning, its earlier end.
int64_t Broker::ConsistentPoint(const HaHandshakeResult& master) const {
  for (size_t own = epochs_.size(); own-- > 0;) {
    for (size_t theirs = master.epochs.size(); theirs-- > 0;) {
      if (!(epochs_[own] == master.epochs[theirs])) continue;
      const int64_t own_end = own + 1 < epochs_.size() ? epochs_[own + 1].start : store_.max_phy();
      const int64_t their_end =
          theirs + 1 < master.epochs.size() ? master.epochs[theirs + 1].start : master.max_phy_offset;
      return std::min(own_end, their_end);
    }
  }
  return -1;
}

void Broker::TruncateTo(int64_t offset, sim::Effects& out) {
  out.Note("truncation", fmt::format("{} truncates its commit log from {} to {}, where it and the master's part",
                                     broker_name_, store_.max_phy(), offset));
  for (const StoredMessage& message : store_.From(offset, INT64_MAX)) {
    const Message& m = message->value();
    out.Record(formats::RecordVerb::kTruncated, QueueName(m.topic, m.queue_id), m.queue_offset, m.body);
  }
  flush_.reset();  // what a flush under way covers isn't there any more
  flush_again_ = false;
  store_.Truncate(offset, out);
  std::erase_if(epochs_, [offset](const EpochEntry& entry) { return entry.start >= offset && entry.start > 0; });
  confirm_offset_ = std::min(confirm_offset_, offset);
  StoreEpochs(out);
}

EpochEntry Broker::EpochAt(int64_t offset, int64_t* next_start) const {
  EpochEntry found = epochs_.front();
  *next_start = INT64_MAX;
  for (const EpochEntry& entry : epochs_) {
    if (entry.start <= offset) {
      found = entry;
    } else if (*next_start == INT64_MAX) {
      *next_start = entry.start;
    }
  }
  return found;
}

void Broker::StoreEpochs(sim::Effects& out) { out.Replace(epoch_file_, sim::MakePayload(EpochFile{epochs_})); }

}  // namespace brokersim::rocketmq
