// How a broker becomes the controller, and stops being it. (KafkaController.elect, maybeResign, onControllerFailover;
// KafkaZkClient.registerControllerAndIncrementControllerEpoch)
#include "model/kafka/zookeeper/kafka_controller.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

// The controller's id, as a read of /controller found it; -1: there is none.
int64_t ControllerIn(const ZkResponse& answer) {
  const ZkResult& result = answer.results[0];
  return result.code == ZkCode::kOk ? std::get<ZnodeNumber>(result.data).value : -1;
}

}  // namespace

void KafkaController::Do(LookWho&, Turn& turn) {
  if (phase_++ == 0) return Read(kControllerPath, /*watch=*/true, turn);
  if (active_ && ControllerIn(answers_[0].answer) != id_) Resign(turn);
}

// Phases: who is it? which epoch? then the write of both.
void KafkaController::Do(Elect&, Turn& turn) {
  if (!turn.config.kafka_6082 && phase_ > 1) return ElectInTwo(turn);
  switch (phase_++) {
    case 0:
      return Read(kControllerPath, /*watch=*/true, turn);
    case 1:
      if (ControllerIn(answers_[0].answer) == -1) Read(kControllerEpochPath, /*watch=*/false, turn);
      return;
    case 2:
      TakeEpoch(answers_[0].answer);
      return Ask({ControllerCreation(), EpochIncrease()}, {}, turn);
    case 3:
      if (answers_[0].answer.ok()) return Elected(answers_[0].answer.results[1].stat.version, turn);
      // Somebody else was faster; or it was this broker, and the answer was lost.
      Read(kControllerPath, /*watch=*/true, turn);
      return Read(kControllerEpochPath, /*watch=*/false, turn);
    default:
      return CheckElection(turn);
  }
}

// Before KAFKA-6082: first /controller, then the epoch.
void KafkaController::ElectInTwo(Turn& turn) {
  switch (phase_++) {
    case 2:
      return Ask({ControllerCreation()}, {}, turn);
    case 3:
      return Read(kControllerPath, /*watch=*/true, turn);
    case 4:
      if (ControllerIn(answers_[0].answer) == id_) Read(kControllerEpochPath, /*watch=*/false, turn);
      return;
    case 5:
      TakeEpoch(answers_[0].answer);
      return Ask({EpochIncrease()}, {}, turn);
    case 6:
      if (answers_[0].answer.ok()) return Elected(answers_[0].answer.results[0].stat.version, turn);
      Read(kControllerPath, /*watch=*/true, turn);
      return Read(kControllerEpochPath, /*watch=*/false, turn);
    default:
      return CheckElection(turn);
  }
}

void KafkaController::TakeEpoch(const ZkResponse& answer) {
  epoch_ = static_cast<int32_t>(std::get<ZnodeNumber>(answer.results[0].data).value) + 1;
  epoch_version_ = answer.results[0].stat.version;
}

ZkOp KafkaController::ControllerCreation() const {
  return {ZkOpType::kCreateEphemeral, std::string(kControllerPath), ZnodeNumber{id_}, kAnyVersion, false};
}

ZkOp KafkaController::EpochIncrease() const {
  return {ZkOpType::kSetData, std::string(kControllerEpochPath), ZnodeNumber{epoch_}, epoch_version_, false};
}

// checkControllerAndEpoch
void KafkaController::CheckElection(Turn& turn) {
  const ZkResult& epoch = answers_[1].answer.results[0];
  if (ControllerIn(answers_[0].answer) != id_ || std::get<ZnodeNumber>(epoch.data).value != epoch_) return;
  BROKERSIM_PROBE("kafka/zookeeper: elected, and the answer was lost");
  Elected(epoch.stat.version, turn);
}

void KafkaController::Elected(int32_t version, Turn& turn) {
  active_ = true;
  epoch_version_ = version;
  turn.out.Note("controller", fmt::format("broker {} is the controller, of epoch {}", id_, epoch_));
  Next({Load{}});
}

// KafkaController.onControllerFailover, initializeControllerContext
void KafkaController::Do(Load&, Turn& turn) {
  if (phase_++ > 0) return TakeContext(turn);
  ReadChildren(kBrokerIdsPath, turn);
  ReadChildren(kIsrChangesPath, turn);
  for (const TopicSpec& topic : cluster_->topics) {
    for (size_t i = 0; i < topic.assignment.size(); ++i) {
      const TopicPartition tp{topic.name, static_cast<int32_t>(i)};
      Ask({{ZkOpType::kGetData, AssignmentPath(tp), {}, kAnyVersion, false}}, tp, turn);
      Ask({{ZkOpType::kGetData, StatePath(tp), {}, kAnyVersion, false}}, tp, turn);
    }
  }
}

void KafkaController::TakeContext(Turn& turn) {
  channels_.RemoveAll(turn.out);
  live_.clear();
  shutting_down_.clear();
  assignments_.clear();
  leaderships_.clear();
  phases_.clear();
  for (const ZkChild& child : answers_[0].answer.results[0].children) {
    const auto broker = static_cast<int32_t>(std::get<ZnodeNumber>(child.data).value);
    live_[broker] = child.stat.czxid;
    channels_.Add(broker);
  }
  // Whatever they tell of is in the states already.
  for (const ZkChild& child : answers_[1].answer.results[0].children) {
    ZkOp remove{ZkOpType::kDelete, fmt::format("{}/{}", kIsrChangesPath, child.name), {}, kAnyVersion, false};
    turn.zookeeper.Ask(Fenced(std::move(remove), turn), /*in_session=*/true, turn.env, turn.out);
  }
  Partitions all;
  for (size_t i = 2; i < answers_.size(); i += 2) {
    const TopicPartition& tp = answers_[i].tp;
    assignments_[tp] = std::get<ReplicaAssignment>(answers_[i].answer.results[0].data);
    const ZkResult& state = answers_[i + 1].answer.results[0];
    if (state.code != ZkCode::kOk) continue;
    leaderships_[tp] = {std::get<PartitionState>(state.data), state.stat.version};
    all.push_back(tp);
  }
  // Brokers have to know who is alive before they hear whom to follow.
  TellMetadata(Live(), {});
  SendAll(turn);
  // ReplicaStateMachine.startup: replicas on live brokers are told, those on others leave the ISR.
  absl::btree_set<int32_t> gone;
  for (const TopicPartition& tp : all) {
    for (int32_t replica : assignments_.at(tp).replicas) {
      if (live_.contains(replica)) {
        TellLeaderAndIsr({replica}, tp);
      } else {
        gone.insert(replica);
      }
    }
  }
  SendAll(turn);
  for (int32_t broker : gone) Next({Change{Change::Why::kLeft, broker, OfBroker(broker)}});
  Next({StartPartitions{}});
}

// PartitionStateMachine.startup
void KafkaController::Do(StartPartitions&, Turn&) {
  Partitions all;
  for (const auto& [tp, assignment] : assignments_) {
    all.push_back(tp);
    const auto leadership = leaderships_.find(tp);
    phases_[tp] = leadership == leaderships_.end()                   ? PartitionPhase::kNew
                  : IsOnline(leadership->second.state.leader) ? PartitionPhase::kOnline
                                                              : PartitionPhase::kOffline;
  }
  Next({Change{Change::Why::kNoLeader, -1, WithoutLeader()}, EndReassigning{std::move(all)}});
}

}  // namespace brokersim::kafka
