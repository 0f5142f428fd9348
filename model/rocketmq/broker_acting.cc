// Slave acting master: of a group whose master is gone the lowest slave stands in for it, without being written to; a
// master that returns asks its slaves for newer offsets before it is seen. (BrokerController.java,
// BrokerPreOnlineService.java, docs/cn/SlaveActingMasterMode.md)
#include <algorithm>
#include <utility>

#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

constexpr sim::Duration kFirstLook = sim::Seconds(1);          // scheduleSendHeartbeat, syncBrokerMemberGroup
constexpr sim::Duration kPreOnlineRetry = sim::Seconds(1);     // BrokerPreOnlineService.run
constexpr sim::Duration kHandshakeTimeout = sim::Seconds(10);  // HAConnectionStateNotificationService
constexpr sim::Duration kRequestPatience = sim::Seconds(3);

}  // namespace

// BrokerController.start: with totalReplicas=1, its default, nobody is waited for.
void Broker::StartInGroup(sim::Env& env, sim::Effects& out) {
  // DataVersion.java: a new one is as old as the process.
  if (env.disk().file(offset_file_).blocks.empty()) {
    offsets_version_.timestamp = env.wall();
    offsets_changed_ = true;
  }
  if (env.disk().file(delay_file_).blocks.empty()) {
    delay_version_.timestamp = env.wall();
    delay_offsets_changed_ = true;
  }
  isolated_ = config_.total_replicas > 1 && !config_.skip_pre_online;
  out.SetTimer({kBrokerHeartbeat}, kFirstLook);
  out.SetTimer({kMemberGroup}, kFirstLook);
  if (isolated_) {
    AskForGroup(kPreOnlineTag, out);
  } else {
    Register(out);
  }
}

void Broker::AskForGroup(TagKind tag, sim::Effects& out) {
  const sim::NodeId server = cluster_->name_servers[name_server_ % cluster_->name_servers.size()];
  remoting_.Send(server, GetBrokerMemberGroup{broker_name_}, Tag{tag, 0}, kRequestPatience, out);
}

// syncBrokerMemberGroup
void Broker::OnMemberGroup(const BrokerMemberGroup& group, sim::Env& env, sim::Effects& out) {
  members_ = group.members;
  if (group.members.empty()) return;
  const bool listed = std::any_of(group.members.begin(), group.members.end(),
                                  [this](const BrokerAddress& member) { return member.broker_id == broker_id_; });
  alive_replicas_ = static_cast<int64_t>(group.members.size()) + (listed ? 0 : 1);
  if (isolated_) return;
  const BrokerAddress& lowest = group.members.front();
  SetLowest(lowest, lowest.broker_id > lowest_.broker_id ? lowest_.node : -1, env, out);
}

// updateMinBroker, onMinBrokerChange
void Broker::SetLowest(const BrokerAddress& lowest, int64_t offline, sim::Env& env, sim::Effects& out) {
  if (!acting_group() || is_master() || isolated_ || lowest.broker_id == lowest_.broker_id) return;
  const bool acted = acts();
  lowest_ = lowest;
  if (acts() && !acted) {
    out.Note("role", fmt::format("{} acts as the master of {}", env.name(), broker_name_));
    StartServing(out);
  } else if (acted && !acts()) {
    out.Note("role", fmt::format("{} acts as the master of {} no more", env.name(), broker_name_));
    StopServing(out);
  }
  // onMasterOffline
  if (offline >= 0 && master_ == sim::NodeId{static_cast<uint32_t>(offline)}) {
    master_ = sim::NodeId{};
    if (ha_.valid()) out.Close(std::exchange(ha_, sim::ConnId{}));
  }
  if (lowest.broker_id != 0) return;
  // onMasterOnline
  const sim::NodeId master{lowest.node};
  if (ha_.valid() && master_ != master) out.Close(std::exchange(ha_, sim::ConnId{}));
  master_ = master;
  ConnectToMaster(env, out);
}

// changeSpecialServiceStatus
void Broker::StartServing(sim::Effects& out) {
  StartSchedule(out);
  out.SetTimer({kTransactionCheck}, sim::Milliseconds(config_.transaction_check_interval));
}

// What is on its way to another group may arrive there, and isn't counted here.
void Broker::StopServing(sim::Effects& out) {
  PersistDelayOffsets(out);
  escapes_.clear();
  half_pass_ = false;
  out.CancelTimer({kEscapeHalf});
  out.CancelTimer({kTransactionCheck});
}

// ---- Before a broker is seen

// prepareForBrokerOnline
void Broker::PreOnline(const BrokerMemberGroup& group, sim::Env& env, sim::Effects& out) {
  to_ask_ = group.members;
  std::erase_if(to_ask_, [this](const BrokerAddress& member) { return member.broker_id == broker_id_; });
  if (is_master()) {
    AskNextSlave(env, out);
    return;
  }
  if (to_ask_.empty()) {
    StartService({broker_id_, 0}, env, out);
    return;
  }
  const BrokerAddress lowest = to_ask_.front();
  if (lowest.broker_id == 0) {
    // prepareForSlaveOnline: the HA connection counts from when it is open.
    master_ = sim::NodeId{lowest.node};
    ConnectToMaster(env, out);
  }
  StartService(lowest, env, out);
}

// prepareForMasterOnline: one slave after the other; who was asked before isn't asked again.
void Broker::AskNextSlave(sim::Env& env, sim::Effects& out) {
  if (asked_ >= to_ask_.size()) {
    StartService({0, 0}, env, out);
    return;
  }
  const ExchangeBrokerHaInfo exchange{env.self().value};
  remoting_.Send(sim::NodeId{to_ask_[asked_].node}, exchange, Tag{kExchangeTag, 0}, kRequestPatience, out);
}

// waitForHaHandshakeComplete, syncMetadataReverse
void Broker::MaybeSyncReverse(sim::Effects& out) {
  if (!awaits_slave_) return;
  const sim::NodeId slave{to_ask_[asked_].node};
  const bool connected =
      std::any_of(slaves_.begin(), slaves_.end(), [slave](const auto& each) { return each.second.node == slave; });
  if (!connected) return;
  awaits_slave_ = false;
  out.CancelTimer({kHaHandshake});
  remoting_.Send(slave, SyncAll{}, Tag{kReverseSyncTag, 0}, kRequestPatience, out);
}

// syncMetadataReverse: versions that are equal count as the slave's being newer, though it may be a minute behind.
void Broker::OnReverseSync(const SyncAllResult& result, sim::Env& env, sim::Effects& out) {
  const auto say = [&](std::string_view what, bool taken, const DataVersion& own, const DataVersion& theirs) {
    out.Note("pre-online", fmt::format("{} {} the {} of {}{}: version {} against {}", env.name(),
                                       taken ? "takes" : "keeps its own, not", what, broker_name_,
                                       to_ask_[asked_].broker_id, own.counter, theirs.counter));
  };
  if (result.version.has_value()) {
    const bool taken = offsets_version_ <= *result.version;
    say("consumer offsets", taken, offsets_version_, *result.version);
    if (taken) {
      for (const OffsetEntry& entry : result.offsets) {
        offsets_.insert_or_assign(OffsetKey(entry.group, entry.topic, entry.queue_id), entry.offset);
      }
      offsets_version_ = *result.version;
      offsets_changed_ = true;
      PersistOffsets(out);
    }
  }
  if (result.delay_version.has_value()) {
    const bool taken = delay_version_ <= *result.delay_version;
    say("delay offsets", taken, delay_version_, *result.delay_version);
    if (taken) {
      delay_offsets_ = result.delay_offsets;
      delay_offsets_.resize(std::max(delay_offsets_.size(), delay_levels_.size()), 0);
      delay_version_ = *result.delay_version;
      delay_offsets_changed_ = true;
      PersistDelayOffsets(out);
    }
  }
  ++asked_;
  AskNextSlave(env, out);
}

void Broker::StartService(const BrokerAddress& lowest, sim::Env& env, sim::Effects& out) {
  if (!std::exchange(isolated_, false)) return;
  lowest_ = lowest;
  out.Note("online", fmt::format("{} is online", env.name()));
  if (acts()) out.Note("role", fmt::format("{} acts as the master of {}", env.name(), broker_name_));
  if (serves()) StartServing(out);
  Register(out);
}

// ---- What is asked

void Broker::OnActingAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  switch (static_cast<TagKind>(tag.kind)) {
    case kMemberGroupTag:
      OnMemberGroup(std::get<BrokerMemberGroup>(body), env, out);
      return;
    case kPreOnlineTag:
      if (isolated_) PreOnline(std::get<BrokerMemberGroup>(body), env, out);
      return;
    case kExchangeTag:
      awaits_slave_ = true;
      out.SetTimer({kHaHandshake}, kHandshakeTimeout);
      MaybeSyncReverse(out);
      return;
    case kReverseSyncTag:
      OnReverseSync(std::get<SyncAllResult>(body), env, out);
      return;
    case kEscapeRouteTag:
      OnEscapeRoute(tag.arg, std::get<GetRouteResult>(body), env, out);
      return;
    case kEscapeTag:
      OnEscaped(tag.arg, std::get<SendMessageResult>(body).code == ResponseCode::kSuccess, env, out);
      return;
    case kStrictLockTag:
      OnStrictLock(tag.arg, &std::get<LockBatchMqResult>(body), out);
      return;
    case kRegisterTag:
    case kSyncAllTag:
    case kReplicaInfoTag:
    case kElectTag:
    case kAlterTag:
      return;
  }
}

// A request without an answer. The next registration, or the next look at the SyncStateSet, makes up for theirs.
void Broker::OnLost(Tag tag, sim::Env& env, sim::Effects& out) {
  switch (static_cast<TagKind>(tag.kind)) {
    case kAlterTag:
      alter_in_flight_ = false;
      return;
    case kMemberGroupTag:
      ++name_server_;
      return;
    case kPreOnlineTag:
      ++name_server_;
      out.SetTimer({kPreOnline}, kPreOnlineRetry);
      return;
    case kExchangeTag:
    case kReverseSyncTag:
      out.SetTimer({kPreOnline}, kPreOnlineRetry);
      return;
    case kEscapeRouteTag:
      ++name_server_;
      OnEscaped(tag.arg, false, env, out);
      return;
    case kEscapeTag:
      OnEscaped(tag.arg, false, env, out);
      return;
    case kStrictLockTag:
      OnStrictLock(tag.arg, nullptr, out);
      return;
    case kRegisterTag:
    case kSyncAllTag:
    case kReplicaInfoTag:
    case kElectTag:
      return;
  }
}

}  // namespace brokersim::rocketmq
