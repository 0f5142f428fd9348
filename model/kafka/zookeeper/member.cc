#include "model/kafka/zookeeper/member.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

// ReplicaManager: how often it looks, how long the ISRs have to be quiet, and how long they may be restless.
constexpr sim::Duration kPropagationCheck = sim::Milliseconds(2500);
constexpr sim::Duration kPropagationQuiet = sim::Seconds(5);      // IsrChangePropagationBlackOut
constexpr sim::Duration kPropagationAtMost = sim::Seconds(60);    // IsrChangePropagationInterval
// Ours: in Kafka the broker ends, and whoever watches over it starts it again.
constexpr sim::Duration kRegistrationRetry = sim::Seconds(1);
constexpr sim::Duration kShutdownTimeout = sim::Seconds(30);      // controller.socket.timeout.ms
constexpr sim::Duration kShutdownRetry = sim::Seconds(5);         // controlled.shutdown.retry.backoff.ms

enum OwnTimer : uint32_t { kRegister, kPropagate, kShutdownTry, kRequestTimeout };

}  // namespace

ZooKeeperMember::ZooKeeperMember(std::shared_ptr<const ClusterSpec> cluster, int32_t id,
                                 std::shared_ptr<const BrokerConfig> config, uint32_t first_timer)
    : cluster_(std::move(cluster)), id_(id), config_(std::move(config)),
      own_timers_(first_timer + ZooKeeperClient::kTimers + KafkaController::kTimers),
      zookeeper_(cluster_->controller, config_->zookeeper_session_timeout_ms, first_timer),
      controller_(cluster_, id, first_timer + ZooKeeperClient::kTimers), requests_(own_timers_ + kRequestTimeout) {}

void ZooKeeperMember::Start(sim::Env& env, sim::Effects& out) {
  last_propagation_ = env.monotonic();
  zookeeper_.Start(env, out);
}

void ZooKeeperMember::Reconfigure(std::shared_ptr<const BrokerConfig> config, std::string_view setting, sim::Env& env,
                                  sim::Effects& out) {
  config_ = std::move(config);
  if (setting != "unclean.leader.election.enable" || !config_->unclean_leader_election_enable) return;
  KafkaController::Turn turn = TurnOf(env, out);
  controller_.OnUncleanAllowed(turn);
}

// ---- In and out

bool ZooKeeperMember::OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out) {
  if (zookeeper_.OnMessage(message, frame, env, out)) {
    Hear(env, out);
    return true;
  }
  if (controller_.channels().OnMessage(message, frame, env, out)) return true;
  const auto* answer = std::get_if<ControlledShutdownResponse>(&frame.body);
  if (answer == nullptr || !requests_.OnMessage(message, frame).has_value()) return false;
  if (answer->error == ErrorCode::kNone && answer->remaining == 0) {
    news_.push_back(ShutdownGranted{});
  } else {
    out.SetTimer({own_timers_ + kShutdownTry}, kShutdownRetry);
  }
  return true;
}

bool ZooKeeperMember::OnDisconnected(sim::ConnId conn, sim::Env&, sim::Effects& out) {
  if (zookeeper_.OnDisconnected(conn, out) || controller_.channels().OnDisconnected(conn, out)) return true;
  if (!requests_.OnDisconnected(conn).has_value()) return false;
  out.SetTimer({own_timers_ + kShutdownTry}, kShutdownRetry);
  return true;
}

bool ZooKeeperMember::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (zookeeper_.OnTimer(timer, env, out) || controller_.channels().OnTimer(timer, env, out)) return true;
  if (const auto lost = requests_.OnTimer(timer, env, out); lost.has_value()) {
    if (!lost->empty()) out.SetTimer({own_timers_ + kShutdownTry}, kShutdownRetry);
    return true;
  }
  if (timer.kind < own_timers_ || timer.kind >= own_timers_ + kRequestTimeout) return false;
  switch (static_cast<OwnTimer>(timer.kind - own_timers_)) {
    case kRegister:
      Register(env, out);
      break;
    case kPropagate:
      PropagateIsrChanges(env, out);
      break;
    case kShutdownTry:
      HandOver(env, out);
      break;
    case kRequestTimeout:
      break;
  }
  return true;
}

void ZooKeeperMember::Hear(sim::Env& env, sim::Effects& out) {
  KafkaController::Turn turn = TurnOf(env, out);
  for (const ZooKeeperClient::News& news : zookeeper_.TakeNews()) {
    if (std::holds_alternative<ZooKeeperClient::SessionBegun>(news)) {
      Register(env, out);
    } else if (std::holds_alternative<ZooKeeperClient::SessionExpired>(news)) {
      out.Note("session", fmt::format("broker {} learns that its session has expired", id_));
      out.CancelTimer({own_timers_ + kRegister});
      erase_if(asked_, [](const auto& asked) {
        return std::holds_alternative<Registration>(asked.second) ||
               std::holds_alternative<RegistrationRead>(asked.second);
      });
      controller_.OnSessionExpired(turn);
    } else if (const auto* event = std::get_if<ZkWatcherEvent>(&news)) {
      controller_.OnWatch(*event, turn);
    } else {
      const auto& answer = std::get<ZooKeeperClient::Answer>(news);
      if (!controller_.OnAnswer(answer, turn)) OnAnswer(answer, env, out);
    }
  }
}

void ZooKeeperMember::Ask(ZkOp op, Purpose purpose, bool in_session, sim::Env& env, sim::Effects& out) {
  asked_.emplace(zookeeper_.Ask({std::move(op)}, in_session, env, out), std::move(purpose));
}

void ZooKeeperMember::Read(std::string_view path, Purpose purpose, bool in_session, sim::Env& env, sim::Effects& out) {
  Ask({ZkOpType::kGetData, std::string(path), {}, kAnyVersion, false}, std::move(purpose), in_session, env, out);
}

void ZooKeeperMember::OnAnswer(const ZooKeeperClient::Answer& answer, sim::Env& env, sim::Effects& out) {
  const auto found = asked_.find(answer.number);
  if (found == asked_.end()) return;  // of the controller that this broker was
  const Purpose purpose = std::move(found->second);
  asked_.erase(found);
  std::visit([&](const auto& of) { On(of, answer.response.results[0], env, out); }, purpose);
}

// ---- Registration

void ZooKeeperMember::Register(sim::Env& env, sim::Effects& out) {
  Ask({ZkOpType::kCreateEphemeral, BrokerPath(id_), ZnodeNumber{id_}, kAnyVersion, false}, Registration{},
      /*in_session=*/true, env, out);
}

// KafkaZkClient.CheckedEphemeral: of a former session it has to go first.
void ZooKeeperMember::On(const Registration&, const ZkResult& result, sim::Env& env, sim::Effects& out) {
  if (result.code == ZkCode::kOk) {
    OnRegistered(result.stat.czxid, env, out);
  } else {
    Read(BrokerPath(id_), RegistrationRead{}, /*in_session=*/true, env, out);
  }
}

void ZooKeeperMember::On(const RegistrationRead&, const ZkResult& result, sim::Env& env, sim::Effects& out) {
  if (result.code == ZkCode::kOk && result.stat.ephemeral_owner == zookeeper_.session()) {
    OnRegistered(result.stat.czxid, env, out);
  } else {
    BROKERSIM_PROBE("kafka/zookeeper: registered already, by a former session");
    out.SetTimer({own_timers_ + kRegister}, kRegistrationRetry);
  }
}

void ZooKeeperMember::OnRegistered(int64_t epoch, sim::Env& env, sim::Effects& out) {
  broker_epoch_ = epoch;
  news_.push_back(Registered{epoch});
  KafkaController::Turn turn = TurnOf(env, out);
  controller_.OnRegistered(turn);
}

// ---- ISRs. Before KIP-497 leaders write them themselves.

void ZooKeeperMember::WriteIsr(const AlterPartitionRequest& change, int32_t controller_epoch, sim::Env& env,
                               sim::Effects& out) {
  PartitionState state{id_, {}, change.leader_epoch, controller_epoch};
  for (const BrokerState& member : change.new_isr) state.isr.push_back(member.broker_id);
  // In a new session it is asked again: it may have been carried out, and then has to be known.
  Ask({ZkOpType::kSetData, StatePath(change.tp), state, change.partition_epoch, false}, IsrWrite{change, state},
      /*in_session=*/false, env, out);
}

void ZooKeeperMember::On(const IsrWrite& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out) {
  if (result.code == ZkCode::kOk) {
    OnIsrWritten(purpose.change, result.stat.version, env, out);
  } else {
    Read(StatePath(purpose.change.tp), IsrRead{purpose}, /*in_session=*/false, env, out);
  }
}

// ReplicationUtils.checkLeaderAndIsrZkData: it may be this broker that wrote it, and the answer was lost.
void ZooKeeperMember::On(const IsrRead& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out) {
  if (result.code == ZkCode::kOk && result.data == ZnodeData(purpose.of.state)) {
    BROKERSIM_PROBE("kafka/zookeeper: an ISR was written, and the answer lost");
    OnIsrWritten(purpose.of.change, result.stat.version, env, out);
  } else {
    BROKERSIM_PROBE("kafka/zookeeper: an ISR isn't written: its version is another");
    news_.push_back(IsrWritten{purpose.of.change, false, -1});
  }
}

void ZooKeeperMember::OnIsrWritten(const AlterPartitionRequest& change, int32_t version, sim::Env& env,
                                   sim::Effects& out) {
  news_.push_back(IsrWritten{change, true, version});
  if (isr_changes_.empty()) out.SetTimer({own_timers_ + kPropagate}, kPropagationCheck);
  isr_changes_.insert(change.tp);
  last_isr_change_ = env.monotonic();
}

// ReplicaManager.maybePropagateIsrChanges
void ZooKeeperMember::PropagateIsrChanges(sim::Env& env, sim::Effects& out) {
  const sim::Time now = env.monotonic();
  if (now - last_isr_change_ <= kPropagationQuiet && now - last_propagation_ <= kPropagationAtMost) {
    out.SetTimer({own_timers_ + kPropagate}, kPropagationCheck);
    return;
  }
  IsrChange change{{isr_changes_.begin(), isr_changes_.end()}};
  isr_changes_.clear();
  last_propagation_ = now;
  zookeeper_.Ask({{ZkOpType::kCreateSequential, fmt::format("{}/isr_change_", kIsrChangesPath), std::move(change),
                   kAnyVersion, false}},
                 /*in_session=*/false, env, out);
}

// ---- Producer ids (ProducerIdManager.getNewProducerIdBlock)

void ZooKeeperMember::AskProducerIds(sim::Env& env, sim::Effects& out) {
  Read(kProducerIdsPath, ProducerIdsRead{}, /*in_session=*/false, env, out);
}

void ZooKeeperMember::On(const ProducerIdsRead&, const ZkResult& result, sim::Env& env, sim::Effects& out) {
  const int64_t first = std::get<ZnodeNumber>(result.data).value;
  const ZnodeNumber next{first + kProducerIdBlock};
  Ask({ZkOpType::kSetData, std::string(kProducerIdsPath), next, result.stat.version, false},
      ProducerIdsWrite{first}, /*in_session=*/false, env, out);
}

void ZooKeeperMember::On(const ProducerIdsWrite& purpose, const ZkResult& result, sim::Env& env, sim::Effects& out) {
  if (result.code == ZkCode::kOk) {
    news_.push_back(ProducerIds{purpose.first});
  } else {
    AskProducerIds(env, out);
  }
}

// ---- Controlled shutdown (KafkaServer.controlledShutdown)

void ZooKeeperMember::HandOver(sim::Env& env, sim::Effects& out) {
  Read(kControllerPath, ControllerRead{}, /*in_session=*/false, env, out);
}

void ZooKeeperMember::On(const ControllerRead&, const ZkResult& result, sim::Env& env, sim::Effects& out) {
  if (result.code != ZkCode::kOk) {
    out.SetTimer({own_timers_ + kShutdownTry}, kShutdownRetry);
    return;
  }
  const auto controller = static_cast<int32_t>(std::get<ZnodeNumber>(result.data).value);
  requests_.Send(cluster_->brokers.at(controller),
                 ControlledShutdownRequest{id_, config_->kip_380 ? broker_epoch_ : -1}, kShutdownTimeout, env, out);
}

void ZooKeeperMember::OnControlledShutdown(const ControlledShutdownRequest& m, sim::ConnId conn, int32_t id,
                                           sim::Env& env, sim::Effects& out) {
  KafkaController::Turn turn = TurnOf(env, out);
  controller_.OnControlledShutdown(m, conn, id, turn);
}

bool ZooKeeperMember::OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) {
  KafkaController::Turn turn = TurnOf(env, out);
  if (operation.name == "unclean_election") return controller_.ElectUnclean(operation.key, turn);
  if (operation.name != "reassign") return false;
  std::vector<int32_t> target;
  const std::vector<std::string> words = absl::StrSplit(operation.value, ' ', absl::SkipEmpty());
  for (const std::string& word : words) {
    int32_t id = 0;
    if (!absl::SimpleAtoi(word, &id) || !cluster_->brokers.contains(id)) return false;
    target.push_back(id);
  }
  return !target.empty() && controller_.Reassign(operation.key, std::move(target), turn);
}

std::string_view ZooKeeperMember::TimerName(sim::Timer timer) const {
  if (timer.kind < own_timers_ - KafkaController::kTimers) return "zookeeper-session";
  if (timer.kind < own_timers_) return "control-requests";
  switch (static_cast<OwnTimer>(timer.kind - own_timers_)) {
    case kRegister: return "register-in-zookeeper";
    case kPropagate: return "isr-change-propagation";
    case kShutdownTry: return "controlled-shutdown-retry";
    case kRequestTimeout: return "controlled-shutdown-timeout";
  }
  return "?";
}

}  // namespace brokersim::kafka
