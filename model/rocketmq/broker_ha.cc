// Replication: the master's commit log to its slaves, and what else they ask for. (DefaultHAService.java,
// DefaultHAConnection.java, DefaultHAClient.java, SlaveSynchronize.java)
#include <algorithm>
#include <utility>

#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {

// ---- The master's side

void Broker::OnHaReport(const HaReportOffset& report, const sim::Received& from, sim::Env& env, sim::Effects& out) {
  if (!is_master()) return;
  const sim::ConnId conn = from.conn;
  // #3015: before it, whatever a peer said was believed.
  if (config_.issue_3015 && report.max_phy_offset > store_.max_phy()) {
    out.Note("ha", fmt::format("a slave reports offset {} beyond the master's {}: its connection is closed",
                               report.max_phy_offset, store_.max_phy()));
    slaves_.erase(conn);
    out.Close(conn);
    return;
  }
  const auto [at, is_new] = slaves_.try_emplace(conn);
  Slave& slave = at->second;
  slave.node = from.from;
  if (report.max_phy_offset >= slave.next_transfer) slave.caught_up = env.monotonic();
  slave.ack = report.max_phy_offset;
  slave.last_read = env.monotonic();
  if (is_new || slave.next_transfer < 0) slave.next_transfer = report.max_phy_offset;
  if (report.max_phy_offset > push_to_slave_max_) push_to_slave_max_ = report.max_phy_offset;
  if (controlled()) {
    MaybeExpand(slave, out);
    Dispatch(env, out);
  }
  SettleSends(out);
  Transfer(conn, &slave, out);
  MaybeSyncReverse(out);
}

void Broker::TransferToSlaves(sim::Effects& out) {
  for (auto& [conn, slave] : slaves_) Transfer(conn, &slave, out);
}

// WriteSocketService: it doesn't wait for what was sent before to be acknowledged.
void Broker::Transfer(sim::ConnId conn, Slave* slave, sim::Effects& out) {
  if (slave->next_transfer < 0) return;  // it has not said where it is
  while (slave->next_transfer < store_.max_phy()) {
    HaTransfer transfer;
    transfer.phy_offset = slave->next_transfer;
    int64_t bytes = config_.ha_transfer_batch_size;
    if (controlled()) {
      int64_t next_epoch = 0;
      const EpochEntry epoch = EpochAt(slave->next_transfer, &next_epoch);
      transfer.epoch = epoch.epoch;
      transfer.epoch_start = epoch.start;
      transfer.confirm_offset = confirm_offset_;
      bytes = std::min(bytes, next_epoch - slave->next_transfer);
    }
    transfer.messages = store_.From(slave->next_transfer, bytes);
    // The slave's log ends where no message of the master's begins: it can't be continued.
    if (transfer.messages.empty()) return;
    const Message& last = transfer.messages.back()->value();
    slave->next_transfer = last.phy_offset + last.size;
    Tell(conn, std::move(transfer), out);
  }
}

// GroupTransferService: how many have it.
int64_t Broker::CopiesOf(int64_t offset) const {
  int64_t copies = 1;
  for (const auto& [conn, slave] : slaves_) copies += slave.ack >= offset ? 1 : 0;
  return copies;
}

// DefaultHAService.inSyncReplicasNums, but no more than a name server says are there (CommitLog.asyncPutMessage).
int64_t Broker::ReplicasInSync() const {
  int64_t count = 1;
  for (const auto& [conn, slave] : slaves_) {
    count += store_.max_phy() - slave.ack < config_.ha_max_gap_not_in_sync ? 1 : 0;
  }
  return std::min(alive_replicas_, count);
}

void Broker::OnHaHeartbeat(sim::Env& env, sim::Effects& out) {
  const auto limit = sim::Milliseconds(config_.ha_housekeeping_interval);
  if (!is_master()) {
    if (!ha_.valid()) return;
    if (env.monotonic() - ha_last_read_ > limit) {
      out.Note("ha", "nothing heard from the master for too long: the connection is closed");
      CloseMaster(out);
      return;
    }
    ReportOffset(out);
    return;
  }
  for (auto it = slaves_.begin(); it != slaves_.end();) {
    if (env.monotonic() - it->second.last_read > limit) {
      out.Close(it->first);
      it = slaves_.erase(it);
      continue;
    }
    HaTransfer heartbeat;
    heartbeat.phy_offset = it->second.next_transfer;
    heartbeat.confirm_offset = confirm_offset_;
    Tell(it->first, std::move(heartbeat), out);
    ++it;
  }
}

void Broker::OnSyncAll(sim::ConnId conn, int32_t opaque, sim::Effects& out) const {
  SyncAllResult result;
  for (const auto& [key, offset] : offsets_) {
    result.offsets.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), offset});
  }
  result.delay_offsets = delay_offsets_;
  result.version = Versioned(offsets_version_);
  result.delay_version = Versioned(delay_version_);
  Reply(conn, opaque, std::move(result), out);
}

// ---- The slave's side

void Broker::ConnectToMaster(sim::Env& env, sim::Effects& out) {
  if (is_master() || ha_.valid() || !master_.valid()) return;
  ha_ = out.Connect(master_);
  ha_last_read_ = env.monotonic();
  if (controlled()) {
    Tell(ha_, HaHandshake{place_}, out);
  } else {
    ReportOffset(out);
  }
}

void Broker::ReportOffset(sim::Effects& out) { Tell(ha_, HaReportOffset{store_.max_phy()}, out); }

void Broker::CloseMaster(sim::Effects& out) {
  out.Close(ha_);
  ha_ = sim::ConnId{};
  out.SetTimer({kHaReconnect}, sim::Milliseconds(config_.ha_send_heartbeat_interval));
}

// DefaultHAClient.dispatchReadRequest
void Broker::OnHaTransfer(const HaTransfer& transfer, sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (conn != ha_) return;
  ha_last_read_ = env.monotonic();
  if (transfer.messages.empty()) return;
  if (transfer.epoch > (epochs_.empty() ? 0 : epochs_.back().epoch)) {
    epochs_.push_back({transfer.epoch, transfer.epoch_start});
    StoreEpochs(out);
  }
  if (transfer.phy_offset != store_.max_phy()) {
    out.Note("ha",
             fmt::format("the master sends offset {}, but the log ends at {}", transfer.phy_offset, store_.max_phy()));
    CloseMaster(out);
    return;
  }
  for (const StoredMessage& message : transfer.messages) {
    const Message& m = message->value();
    store_.PutReplica(message, out);
    out.Record(formats::RecordVerb::kReplicated, QueueName(m.topic, m.queue_id), m.queue_offset, m.body);
  }
  if (config_.flush_disk_type == "SYNC_FLUSH") StartFlush(out);
  confirm_offset_ = std::min(std::max(confirm_offset_, transfer.confirm_offset), store_.max_phy());
  Dispatch(env, out);
  ReportOffset(out);
}

void Broker::OnSlaveSync(sim::Effects& out) {
  if (is_master() || !master_.valid()) return;
  if (acting_group() && lowest_.broker_id != 0) return;  // nobody is registered as the master
  remoting_.Send(master_, SyncAll{}, Tag{kSyncAllTag, 0}, sim::Seconds(3), out);
}

void Broker::OnSyncAllResult(const SyncAllResult& result, sim::Effects& out) {
  if (is_master()) return;  // it was elected meanwhile
  for (const OffsetEntry& entry : result.offsets) {
    offsets_.insert_or_assign(OffsetKey(entry.group, entry.topic, entry.queue_id), entry.offset);
  }
  offsets_changed_ = true;
  delay_offsets_ = result.delay_offsets;
  delay_offsets_changed_ = true;
  if (result.version.has_value()) offsets_version_ = *result.version;
  if (result.delay_version.has_value()) delay_version_ = *result.delay_version;
  PersistOffsets(out);
  PersistDelayOffsets(out);
}

}  // namespace brokersim::rocketmq
