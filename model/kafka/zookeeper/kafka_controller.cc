// Events, and the steps of handling them; brokers that come and go. (KafkaController.scala)
#include "model/kafka/zookeeper/kafka_controller.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

// ---- Events

void KafkaController::OnRegistered(Turn& turn) {
  Add(LookWho{});
  Add(Elect{});
  Run(turn);
}

// Whatever was under way belonged to the session (processExpire, ControllerEventManager.clearAndPut).
void KafkaController::OnSessionExpired(Turn& turn) {
  steps_.clear();
  asked_.clear();
  answers_.clear();
  written_.clear();
  unanswered_ = 0;
  phase_ = 0;
  if (active_) Resign(turn);
}

void KafkaController::OnWatch(const ZkWatcherEvent& event, Turn& turn) {
  if (event.path == kControllerPath) {
    Add(LookWho{});
    if (!event.exists) Add(Elect{});
  } else if (event.path == kBrokerIdsPath) {
    Add(LookAtBrokers{});
  } else if (event.path == kIsrChangesPath) {
    Add(LookAtIsrChanges{});
  }
  Run(turn);
}

void KafkaController::OnControlledShutdown(const ControlledShutdownRequest& m, sim::ConnId conn, int32_t id,
                                           Turn& turn) {
  Add(ShutDown{m, conn, id});
  Run(turn);
}

void KafkaController::OnUncleanAllowed(Turn& turn) {
  if (!active_) return;
  Add(Change{Change::Why::kNoLeader, -1, WithoutLeader()});
  Run(turn);
}

bool KafkaController::ElectUnclean(std::string_view partition, Turn& turn) {
  for (const TopicPartition& tp : WithoutLeader()) {
    if (LogName(tp) != partition) continue;
    Add(Change{Change::Why::kUnclean, -1, {tp}});
    Run(turn);
    return true;
  }
  return false;
}

bool KafkaController::Reassign(std::string_view partition, std::vector<int32_t> target, Turn& turn) {
  if (!active_) return false;
  for (const auto& [tp, assignment] : assignments_) {
    if (LogName(tp) != partition) continue;
    Add(BeginReassigning{tp, std::move(target)});
    Run(turn);
    return true;
  }
  return false;
}

// ---- Steps

void KafkaController::Add(Step step) { steps_.push_back({++events_, std::move(step)}); }

void KafkaController::Next(std::vector<Step> steps) {
  for (Step& step : steps) next_.push_back(std::move(step));
}

bool KafkaController::OnAnswer(const ZooKeeperClient::Answer& answer, Turn& turn) {
  const auto found = asked_.find(answer.number);
  if (found == asked_.end()) return false;
  found->second.answer = answer.response;
  if (--unanswered_ == 0) Run(turn);
  return true;
}

void KafkaController::Run(Turn& turn) {
  while (unanswered_ == 0 && !steps_.empty()) {
    answers_.clear();
    for (auto& [number, asked] : asked_) answers_.push_back(std::move(asked));
    asked_.clear();
    std::visit([&](auto& step) { Do(step, turn); }, steps_.front().step);
    if (!moved_ && unanswered_ > 0) return;
    phase_ = 0;
    const int64_t event = steps_.front().event;
    steps_.pop_front();
    if (moved_) {
      // ControllerMovedException ends the event (KafkaController.process: maybeResign).
      std::erase_if(steps_, [event](const Queued& queued) { return queued.event == event; });
      next_ = {LookWho{}};
      ForgetUnsent();
      asked_.clear();
      unanswered_ = 0;
      moved_ = false;
    }
    for (auto it = next_.rbegin(); it != next_.rend(); ++it) steps_.push_front({event, std::move(*it)});
    next_.clear();
  }
}

void KafkaController::Ask(std::vector<ZkOp> ops, const TopicPartition& tp, Turn& turn) {
  const int64_t number = turn.zookeeper.Ask(std::move(ops), /*in_session=*/true, turn.env, turn.out);
  asked_.emplace(number, Asked{tp, {}});
  ++unanswered_;
}

void KafkaController::Read(std::string_view path, bool watch, Turn& turn) {
  Ask({{ZkOpType::kGetData, std::string(path), {}, kAnyVersion, watch}}, {}, turn);
}

void KafkaController::ReadChildren(std::string_view path, Turn& turn) {
  Ask({{ZkOpType::kGetChildren, std::string(path), {}, kAnyVersion, /*watch=*/true}}, {}, turn);
}

std::vector<ZkOp> KafkaController::Fenced(ZkOp op, Turn& turn) const {
  if (!turn.config.kafka_6082) return {std::move(op)};
  return {{ZkOpType::kCheck, std::string(kControllerEpochPath), {}, epoch_version_, false}, std::move(op)};
}

bool KafkaController::Moved(const ZkResponse& answer, Turn& turn) {
  if (!turn.config.kafka_6082 || answer.results.size() != 1) return false;
  BROKERSIM_PROBE("kafka/zookeeper: a write of a former controller refused");
  turn.out.Note("controller-moved", fmt::format("controller {} of epoch {} may write no more", id_, epoch_));
  return moved_ = true;
}

void KafkaController::Resign(Turn& turn) {
  turn.out.Note("resigned", fmt::format("broker {} is no longer the controller (epoch {})", id_, epoch_));
  active_ = false;
  ForgetUnsent();
  channels_.RemoveAll(turn.out);
  live_.clear();
  shutting_down_.clear();
  assignments_.clear();
  leaderships_.clear();
  phases_.clear();
}

// ---- Brokers that come and go

// KafkaController.processBrokerChange
void KafkaController::Do(LookAtBrokers&, Turn& turn) {
  if (!active_) return;
  if (phase_++ == 0) return ReadChildren(kBrokerIdsPath, turn);
  absl::btree_map<int32_t, int64_t> now;
  for (const ZkChild& child : answers_[0].answer.results[0].children) {
    now[static_cast<int32_t>(std::get<ZnodeNumber>(child.data).value)] = child.stat.czxid;
  }
  BrokersLeft left;
  BrokersLeft bounced_left;
  BrokersCame came;
  BrokersCame bounced_came;
  for (const auto& [broker, epoch] : now) {
    const auto known = live_.find(broker);
    if (known == live_.end()) {
      came.brokers[broker] = epoch;
    } else if (turn.config.kip_380 && epoch > known->second) {
      BROKERSIM_PROBE("kafka/zookeeper: a broker has bounced");
      bounced_left.brokers.push_back(broker);
      bounced_came.brokers[broker] = epoch;
    }
  }
  for (const auto& [broker, epoch] : live_) {
    if (!now.contains(broker)) left.brokers.push_back(broker);
  }
  if (!came.brokers.empty()) Next({std::move(came)});
  if (!bounced_came.brokers.empty()) Next({std::move(bounced_left), std::move(bounced_came)});
  if (!left.brokers.empty()) Next({std::move(left)});
}

// KafkaController.onBrokerFailure, onReplicasBecomeOffline
void KafkaController::Do(BrokersLeft& step, Turn& turn) {
  turn.out.Note("brokers", fmt::format("controller {}: brokers [{}] have gone", id_, absl::StrJoin(step.brokers, " ")));
  for (int32_t broker : step.brokers) {
    live_.erase(broker);
    shutting_down_.erase(broker);
    channels_.Remove(broker, turn.out);
  }
  bool led = false;
  for (const auto& [tp, leadership] : leaderships_) {
    if (IsOnline(leadership.state.leader)) continue;
    phases_[tp] = PartitionPhase::kOffline;
    led = true;
  }
  Next({Change{Change::Why::kNoLeader, -1, WithoutLeader()}});
  for (int32_t broker : step.brokers) Next({Change{Change::Why::kLeft, broker, OfBroker(broker)}});
  if (led) return;
  TellMetadata(Live(), {});
  SendAll(turn);
}

// KafkaController.onBrokerStartup
void KafkaController::Do(BrokersCame& step, Turn& turn) {
  const std::vector<int32_t> before = Live();
  std::vector<int32_t> ids;
  for (const auto& [broker, epoch] : step.brokers) {
    ids.push_back(broker);
    live_[broker] = epoch;
    channels_.Add(broker);
  }
  turn.out.Note("brokers", fmt::format("controller {}: brokers [{}] have come", id_, absl::StrJoin(ids, " ")));
  TellMetadata(before, {});
  SendAll(turn);
  Partitions all;
  for (const auto& [tp, leadership] : leaderships_) all.push_back(tp);
  TellMetadata(ids, all);
  SendAll(turn);
  for (int32_t broker : ids) {
    for (const TopicPartition& tp : OfBroker(broker)) TellLeaderAndIsr({broker}, tp);
  }
  SendAll(turn);
  Next({Change{Change::Why::kNoLeader, -1, WithoutLeader()}});
}

// KafkaController.doControlledShutdown
void KafkaController::Do(ShutDown& step, Turn& turn) {
  const int32_t broker = step.request.broker_id;
  const auto live = live_.find(broker);
  ErrorCode error = ErrorCode::kNone;
  if (!active_) {
    error = ErrorCode::kNotController;
  } else if (live == live_.end()) {
    error = ErrorCode::kBrokerNotAvailable;
  } else if (turn.config.kip_380 && step.request.broker_epoch < live->second) {
    error = ErrorCode::kStaleBrokerEpoch;
  }
  if (error != ErrorCode::kNone) {
    BROKERSIM_PROBE("kafka/zookeeper: a controlled shutdown is refused");
    return Reply(step.conn, step.id, ControlledShutdownResponse{error, 0}, turn.out);
  }
  turn.out.Note("controlled-shutdown", fmt::format("broker {} hands over", broker));
  shutting_down_.insert(broker);
  Partitions led;
  Partitions followed;
  for (const TopicPartition& tp : OfBroker(broker)) {
    if (assignments_.at(tp).replicas.size() < 2) continue;
    (leaderships_.at(tp).state.leader == broker ? led : followed).push_back(tp);
  }
  for (const TopicPartition& tp : followed) TellStop(broker, tp, /*delete_partition=*/false, turn.config);
  Next({Change{Change::Why::kShutDown, broker, led}, Change{Change::Why::kLeft, broker, followed},
        ShutDownDone{step}});
}

void KafkaController::Do(ShutDownDone& step, Turn& turn) {
  int32_t remaining = 0;
  for (const auto& [tp, leadership] : leaderships_) {
    if (leadership.state.leader == step.of.request.broker_id && assignments_.at(tp).replicas.size() > 1) ++remaining;
  }
  Reply(step.of.conn, step.of.id, ControlledShutdownResponse{ErrorCode::kNone, remaining}, turn.out);
}

// KafkaController.processIsrChangeNotification
void KafkaController::Do(LookAtIsrChanges&, Turn& turn) {
  if (!active_) return;
  if (phase_ == 0) {
    phase_ = 1;
    return ReadChildren(kIsrChangesPath, turn);
  }
  if (phase_ == 1) {
    phase_ = 2;
    Partitions changed;
    for (const ZkChild& child : answers_[0].answer.results[0].children) {
      for (const TopicPartition& tp : std::get<IsrChange>(child.data).partitions) changed.push_back(tp);
      ZkOp remove{ZkOpType::kDelete, fmt::format("{}/{}", kIsrChangesPath, child.name), {}, kAnyVersion, false};
      turn.zookeeper.Ask(Fenced(std::move(remove), turn), /*in_session=*/true, turn.env, turn.out);
    }
    return ReadStates(changed, turn);
  }
  Partitions changed;
  for (const Asked& asked : answers_) {
    const ZkResult& result = asked.answer.results[0];
    if (result.code != ZkCode::kOk) continue;
    const auto& state = std::get<PartitionState>(result.data);
    leaderships_.insert_or_assign(asked.tp, Leadership{state, result.stat.version});
    changed.push_back(asked.tp);
  }
  TellMetadata(Live(), changed);
  SendAll(turn);
  Next({EndReassigning{std::move(changed)}});
}

void KafkaController::Describe(sim::Describer& d) const {
  if (!active_) return;
  d.Set("controller.epoch", epoch_);
  for (const auto& [broker, epoch] : live_) d.Set(fmt::format("controller.broker-{}", broker), epoch);
}

}  // namespace brokersim::kafka
