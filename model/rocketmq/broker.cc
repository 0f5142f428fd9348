#include "model/rocketmq/broker.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "model/base/roles.h"

namespace brokersim::rocketmq {
namespace {

// BrokerController.start: it registers at once, again after 10 s, and then every registerNameServerPeriod, which is
// kept between 10 s and a minute.
constexpr int64_t kFirstRegisterMs = 10000;
constexpr int64_t kLongestRegisterMs = 60000;
// ClientHousekeepingService: scans every 10 s.
constexpr sim::Duration kScanClientsPeriod = sim::Seconds(10);
// PullRequestHoldService with long polling.
constexpr sim::Duration kHoldCheck = sim::Seconds(5);
// BrokerController.handleSlaveSynchronize: at most once a minute.
constexpr sim::Duration kSlaveSyncPeriod = sim::Seconds(60);
// DefaultHAClient waits so long before it connects again.
constexpr sim::Duration kHaRetry = sim::Seconds(5);

}  // namespace

Broker::Broker(std::shared_ptr<const ClusterSpec> cluster, const BrokerSpec& spec, sim::Env& env, sim::Effects& out)
    : cluster_(std::move(cluster)),
      config_(ConfiguredAnew(spec.config, env.settings())),
      broker_name_(spec.broker_name),
      place_(spec.broker_id),
      broker_id_(config_.broker_id >= 0 ? config_.broker_id : spec.broker_id),
      store_(env.Open(kCommitLogFile), env.disk().file(env.Open(kCommitLogFile)), out),
      offset_file_(env.Open(kConsumerOffsetFile)),
      delay_file_(env.Open(kDelayOffsetFile)),
      epoch_file_(env.Open(kEpochFile)) {
  CHECK(ReadDelayLevels(config_.message_delay_level, &delay_levels_).ok(), "checked when it was read");
  LoadOffsets(env);
  LoadDelayOffsets(env);
  last_flush_ = ha_last_read_ = ha_last_report_ = env.monotonic();
  // What the page cache still had of a killed process may be unsynced: recovery flushes it.
  if (store_.max_phy() > 0) StartFlush(out);
  if (controlled()) {
    StartReplica(env, out);
  } else if (dledger()) {
    StartDLedger(env, out);
  } else {
    store_.Reput(store_.max_phy());
    if (acting_group()) {
      StartInGroup(env, out);
    } else {
      Register(out);
    }
  }
  out.SetTimer({kRegister}, sim::Milliseconds(kFirstRegisterMs));
  if (!dledger()) out.SetTimer({kFlush}, sim::Milliseconds(config_.flush_interval_commit_log));
  out.SetTimer({kPersistOffsets}, sim::Milliseconds(config_.flush_consumer_offset_interval));
  out.SetTimer({kHold}, kHoldCheck);
  out.SetTimer({kScanClients}, kScanClientsPeriod);
  if (!dledger()) out.SetTimer({kHaHeartbeat}, sim::Milliseconds(config_.ha_send_heartbeat_interval));
  if (is_master() && serves()) StartSchedule(out);
  if ((is_master() && serves()) || elects()) {
    out.SetTimer({kTransactionCheck}, sim::Milliseconds(config_.transaction_check_interval));
  }
  if (!is_master() || elects()) out.SetTimer({kSlaveSync}, SlaveSyncPeriod());
}

// DLedgerRoleChangeHandler.handleSlaveSynchronize looks every 3 s, and asks when more than 10 s have passed.
sim::Duration Broker::SlaveSyncPeriod() const { return dledger() ? sim::Seconds(12) : kSlaveSyncPeriod; }

void Broker::Register(sim::Effects& out) {
  if (isolated_) return;
  RegisterBroker request;
  request.broker_name = broker_name_;
  request.broker_id = broker_id_;
  request.state_version = master_epoch_;
  if (acting_group()) {
    request.enable_acting_master = true;
    request.heartbeat_timeout = sim::Milliseconds(config_.broker_not_active_timeout);
  }
  for (const TopicSpec& topic : cluster_->topics) request.topics.push_back({topic.name, topic.queues});
  const auto timeout = sim::Milliseconds(config_.register_broker_timeout_mills);
  for (sim::NodeId server : cluster_->name_servers) {
    remoting_.Send(server, request, Tag{kRegisterTag, server.value}, timeout, out);
  }
}

int32_t Broker::QueuesOf(std::string_view topic) const {
  for (const TopicSpec& spec : cluster_->topics) {
    if (spec.name == topic) return spec.queues;
  }
  return topic.starts_with(kRetryPrefix) || topic.starts_with(kDlqPrefix) ? 1 : 0;
}

void Broker::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* command = message.payload.As<Command>();
  CHECK(command != nullptr, "a broker got a {}", message.payload.name());
  if (!command->response) {
    OnCommand(*command, message, env, out);
    return;
  }
  if (const auto tag = remoting_.OnResponse(command->opaque, out); tag.has_value()) {
    OnAnswer(*tag, command->body, env, out);
  }
}

void Broker::OnCommand(const Command& command, const sim::Received& from, sim::Env& env, sim::Effects& out) {
  const sim::ConnId conn = from.conn;
  const int32_t opaque = command.opaque;
  if (dledger() && OnRaftMessage(command, from.from, env, out)) return;
  if (const auto* send = std::get_if<SendMessage>(&command.body)) {
    OnSendMessage(*send, conn, opaque, env, out);
  } else if (const auto* pull = std::get_if<PullMessage>(&command.body)) {
    OnPull(*pull, conn, opaque, true, env, out);
  } else if (const auto* report = std::get_if<HaReportOffset>(&command.body)) {
    OnHaReport(*report, from, env, out);
  } else if (const auto* transfer = std::get_if<HaTransfer>(&command.body)) {
    OnHaTransfer(*transfer, conn, env, out);
  } else if (const auto* end = std::get_if<EndTransaction>(&command.body)) {
    OnEndTransaction(*end, env, out);
  } else if (const auto* heartbeat = std::get_if<Heartbeat>(&command.body)) {
    OnHeartbeat(*heartbeat, conn, env, out);
  } else if (const auto* leaving = std::get_if<UnregisterClient>(&command.body)) {
    OnUnregister(*leaving, out);
  } else if (const auto* list = std::get_if<GetConsumerList>(&command.body)) {
    OnGetConsumerList(*list, conn, opaque, out);
  } else if (const auto* query = std::get_if<QueryConsumerOffset>(&command.body)) {
    OnQueryOffset(*query, conn, opaque, out);
  } else if (const auto* update = std::get_if<UpdateConsumerOffset>(&command.body)) {
    CommitOffset(update->consumer_group, update->topic, update->queue_id, update->commit_offset, env, out);
  } else if (const auto* max = std::get_if<GetMaxOffset>(&command.body)) {
    Reply(conn, opaque, OffsetResult{ResponseCode::kSuccess, store_.MaxOffset(max->topic, max->queue_id)}, out);
  } else if (const auto* back = std::get_if<ConsumerSendMsgBack>(&command.body)) {
    OnSendMsgBack(*back, conn, opaque, env, out);
  } else if (const auto* lock = std::get_if<LockBatchMq>(&command.body)) {
    OnLock(*lock, conn, opaque, env, out);
  } else if (const auto* unlock = std::get_if<UnlockBatchMq>(&command.body)) {
    OnUnlock(*unlock, out);
  } else if (std::holds_alternative<SyncAll>(command.body)) {
    OnSyncAll(conn, opaque, out);
  } else if (const auto* handshake = std::get_if<HaHandshake>(&command.body)) {
    OnHandshake(*handshake, conn, env, out);
  } else if (const auto* shaken = std::get_if<HaHandshakeResult>(&command.body)) {
    OnHandshakeResult(*shaken, conn, env, out);
  } else if (const auto* role = std::get_if<NotifyRoleChanged>(&command.body)) {
    OnReplicaInfo(role->info, false, env, out);
  } else if (const auto* lowest = std::get_if<NotifyMinBrokerIdChange>(&command.body)) {
    SetLowest(lowest->lowest, lowest->offline, env, out);
  } else if (const auto* exchange = std::get_if<ExchangeBrokerHaInfo>(&command.body)) {
    // AdminBrokerProcessor.exchangeBrokerHaInfo
    if (!is_master()) master_ = sim::NodeId{exchange->master};
    ConnectToMaster(env, out);
    Reply(conn, opaque, ExchangeBrokerHaInfoResult{}, out);
  }
}

void Broker::OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  if (tag.kind == kSyncAllTag) {
    OnSyncAllResult(std::get<SyncAllResult>(body), out);
    return;
  }
  if (tag.kind == kReplicaInfoTag || tag.kind == kElectTag || tag.kind == kAlterTag) {
    if (tag.kind == kAlterTag) alter_in_flight_ = false;
    OnReplicaInfo(std::get<ReplicaInfo>(body), tag.kind == kReplicaInfoTag, env, out);
    return;
  }
  if (tag.kind != kRegisterTag) {
    OnActingAnswer(tag, body, env, out);
    return;
  }
  const int64_t master = std::get<RegisterBrokerResult>(body).master;
  if (is_master() || controlled() || master < 0) return;
  const bool known = master_.valid();
  master_ = sim::NodeId{static_cast<uint32_t>(master)};
  if (!known && !dledger()) ConnectToMaster(env, out);
}

void Broker::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind == kRequestTimeout) {
    if (const auto lost = remoting_.OnTimer(timer); lost.has_value()) OnLost(*lost, env, out);
    return;
  }
  switch (static_cast<TimerKind>(timer.kind)) {
    case kRequestTimeout:
      break;
    case kRegister:
      Register(out);
      out.SetTimer({kRegister}, sim::Milliseconds(std::clamp(config_.register_name_server_period, kFirstRegisterMs,
                                                             kLongestRegisterMs)));
      break;
    case kFlush:
      OnFlushTimer(env, out);
      break;
    case kPersistOffsets:
      PersistOffsets(out);
      out.SetTimer({kPersistOffsets}, sim::Milliseconds(config_.flush_consumer_offset_interval));
      break;
    case kPersistDelayOffsets:
      PersistDelayOffsets(out);
      out.SetTimer({kPersistDelayOffsets}, sim::Milliseconds(config_.flush_delay_offset_interval));
      break;
    case kSendTimeout:
      OnSendTimeout(timer.arg, env, out);
      break;
    case kHold:
      OnHoldTimer(env, out);
      out.SetTimer({kHold}, kHoldCheck);
      break;
    case kScanClients:
      OnScanClients(env, out);
      out.SetTimer({kScanClients}, kScanClientsPeriod);
      break;
    case kHaHeartbeat:
      OnHaHeartbeat(env, out);
      out.SetTimer({kHaHeartbeat}, sim::Milliseconds(config_.ha_send_heartbeat_interval));
      break;
    case kHaReconnect:
      ConnectToMaster(env, out);
      break;
    case kSlaveSync:
      OnSlaveSync(out);
      out.SetTimer({kSlaveSync}, SlaveSyncPeriod());
      break;
    case kSchedule:
      OnSchedule(timer.arg, env, out);
      break;
    case kBrokerHeartbeat:
      SendBrokerHeartbeats(out);
      out.SetTimer({kBrokerHeartbeat}, sim::Milliseconds(config_.broker_heartbeat_interval));
      break;
    case kSyncMetadata:
      AskController(out);
      out.SetTimer({kSyncMetadata}, sim::Milliseconds(config_.sync_broker_metadata_period));
      break;
    case kCheckSyncStateSet:
      CheckSyncStateSet(env, out);
      out.SetTimer({kCheckSyncStateSet}, sim::Milliseconds(config_.check_sync_state_set_period));
      break;
    case kRaft:
      raft_timer_.reset();
      raft_->Tick(RaftInput(env));
      AfterRaft(env, out);
      break;
    case kPromote:
      Promote(env, out);
      break;
    case kTransactionCheck:
      if (serves()) CheckHalfMessages(env, out);
      out.SetTimer({kTransactionCheck}, sim::Milliseconds(config_.transaction_check_interval));
      break;
    case kOpBatch:
      op_timer_ = false;
      if (is_master()) WriteOps(env, out);
      break;
    case kMemberGroup:
      AskForGroup(kMemberGroupTag, out);
      out.SetTimer({kMemberGroup}, sim::Milliseconds(config_.sync_broker_member_group_period));
      break;
    case kPreOnline:
      AskForGroup(kPreOnlineTag, out);
      break;
    case kHaHandshake:
      awaits_slave_ = false;
      AskForGroup(kPreOnlineTag, out);
      break;
    case kEscapeHalf:
      EscapeHalfMessages(env, out);
      break;
  }
}

std::string_view Broker::TimerName(sim::Timer timer) const {
  switch (static_cast<TimerKind>(timer.kind)) {
    case kRequestTimeout:
      return "request-timeout";
    case kRegister:
      return "register-broker";
    case kFlush:
      return "flush-commit-log";
    case kPersistOffsets:
      return "persist-consumer-offsets";
    case kPersistDelayOffsets:
      return "persist-delay-offsets";
    case kSendTimeout:
      return "put-timeout";
    case kHold:
      return "pull-request-hold";
    case kScanClients:
      return "client-housekeeping";
    case kHaHeartbeat:
      return "ha-heartbeat";
    case kHaReconnect:
      return "ha-reconnect";
    case kSlaveSync:
      return "slave-synchronize";
    case kSchedule:
      return "schedule-message";
    case kTransactionCheck:
      return "transaction-check";
    case kOpBatch:
      return "transaction-op-batch";
    case kBrokerHeartbeat:
      return "broker-heartbeat";
    case kSyncMetadata:
      return "sync-broker-metadata";
    case kCheckSyncStateSet:
      return "check-sync-state-set";
    case kRaft:
      return "dledger";
    case kPromote:
      return "dledger-role-change";
    case kMemberGroup:
      return "sync-broker-member-group";
    case kPreOnline:
      return "pre-online";
    case kHaHandshake:
      return "ha-handshake-timeout";
    case kEscapeHalf:
      return "escape-again";
  }
  return "?";
}

void Broker::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (conn == ha_) {
    ha_ = sim::ConnId{};
    out.SetTimer({kHaReconnect}, kHaRetry);
    return;
  }
  const sim::NodeId peer = dledger() ? remoting_.PeerOf(conn) : sim::NodeId{};
  if (const auto lost = remoting_.OnDisconnected(conn, out); lost.has_value()) {
    OnPeerLost(peer, env, out);
    for (const Tag& tag : *lost) OnLost(tag, env, out);
    return;
  }
  slaves_.erase(conn);
  ForgetClients(conn, out);
  std::erase_if(held_, [conn](const HeldPull& held) { return held.conn == conn; });
}

void Broker::OnSynced(sim::SyncTicket ticket, sim::Env& env, sim::Effects& out) {
  if (!flush_.has_value() || *flush_ != ticket) return;
  flush_.reset();
  store_.MarkFlushed(flush_target_);
  last_flush_ = env.monotonic();
  if (stopping_ && store_.flushed() == store_.max_phy()) {
    out.Exit();
    return;
  }
  if (flush_again_ || stopping_) StartFlush(out);
  if (dledger() && store_.flushed() < store_.max_phy()) FlushSoon(out);
  for (auto& [id, send] : sends_) send.flushed = send.flushed || send.end <= store_.flushed();
  SettleSends(out);
  Dispatch(env, out);
}

// A broker whose commit log can't be written goes on answering with errors in reality; here it ends, as on a full disk
// after DiskCheckScheduledService has stopped writes for good.
void Broker::OnDiskError(const sim::DiskError&, sim::Env&, sim::Effects& out) { out.Exit(); }

bool Broker::OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects&) {
  if (operation.name != "config") return false;
  const BrokerConfig before = config_;
  config_ = ConfiguredAnew(cluster_->Find(broker_name_, place_)->config, env.settings());
  // Read at a start.
  config_.enable_controller_mode = before.enable_controller_mode;
  config_.enable_dledger_commit_log = before.enable_dledger_commit_log;
  config_.enable_slave_acting_master = before.enable_slave_acting_master;
  CHECK(ReadDelayLevels(config_.message_delay_level, &delay_levels_).ok(), "checked when it was read");
  delay_offsets_.resize(std::max(delay_offsets_.size(), delay_levels_.size()), 0);
  return true;
}

// BrokerController.shutdown: flushes what there is, and leaves.
void Broker::OnStop(sim::Env& env, sim::Effects& out) {
  if (stopping_) return;
  stopping_ = true;
  if (is_master()) WriteOps(env, out);
  PersistOffsets(out);
  PersistDelayOffsets(out);
  if (store_.flushed() == store_.max_phy()) {
    out.Exit();
  } else {
    StartFlush(out);
  }
}

bool Broker::HoldsRole(std::string_view role) const {
  const auto [kind, of] = model::ParseRole(role);
  return kind == (is_master() ? "master" : "slave") && of == broker_name_;
}

// A slave has caught up when it has all that its master has told it of.
bool Broker::Healthy() const {
  return is_master() || ha_.valid() || (dledger() && raft_->role() == raft::Role::kFollower);
}

void Broker::Describe(sim::Describer& d) const {
  d.Set("commitlog.max", store_.max_phy());
  d.Set("commitlog.flushed", store_.flushed());
  if (is_master()) d.Set("push2SlaveMaxOffset", push_to_slave_max_);
  if (!sends_.empty()) d.Set("waiting sends", static_cast<int64_t>(sends_.size()));
  if (controlled()) {
    d.Set("masterEpoch", master_epoch_);
    d.Set("confirmOffset", confirm_offset_);
    d.Set("syncStateSet", absl::StrJoin(sync_state_set_, " "));
  }
  if (dledger()) {
    d.Set("dledger", fmt::format("{} of term {}", Name(raft_->role()), raft_->term()));
    d.Set("committedIndex", raft_->commit());
    d.Set("ledgerEndIndex", raft_->last_index());
  }
  if (isolated_) d.Set("isolated", "true");
  if (acts()) d.Set("acts as master", "true");
  if (!escapes_.empty()) d.Set("escapes", static_cast<int64_t>(escapes_.size()));
  if (!ops_.empty()) d.Set("ops to write", static_cast<int64_t>(ops_.size()));
  for (const auto& [key, offset] : offsets_) {
    d.Set(std::get<0>(key) + "@", QueueName(std::get<1>(key), std::get<2>(key)), offset);
  }
}

void Broker::CheckInvariants() const {
  CHECK(store_.flushed() <= store_.max_phy(), "flushed {} of {}", store_.flushed(), store_.max_phy());
  CHECK(store_.reput_from() <= store_.max_phy(), "dispatched beyond the end");
  if (!dledger()) return;
  raft_->CheckInvariants();
  const auto messages = static_cast<int64_t>(store_.log().size());
  CHECK(raft_->last_index() == messages, "{} entries, {} messages", raft_->last_index(), messages);
  CHECK(!is_master() || raft_->role() == raft::Role::kLeader, "the master is a {}", Name(raft_->role()));
}

}  // namespace brokersim::rocketmq
