// Partitions: how their leaders and ISRs change, who is told, and where their replicas go.
// (PartitionStateMachine.scala, ReplicaStateMachine.scala, Election.scala, ControllerBrokerRequestBatch)
#include <algorithm>

#include "absl/strings/str_join.h"
#include "model/kafka/zookeeper/kafka_controller.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

bool Contains(const std::vector<int32_t>& ids, int32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

KafkaController::Partitions KafkaController::WithoutLeader() const {
  Partitions partitions;
  for (const auto& [tp, phase] : phases_) {
    if (phase != PartitionPhase::kOnline) partitions.push_back(tp);
  }
  return partitions;
}

KafkaController::Partitions KafkaController::OfBroker(int32_t broker) const {
  Partitions partitions;
  for (const auto& [tp, leadership] : leaderships_) {
    if (Contains(assignments_.at(tp).replicas, broker)) partitions.push_back(tp);
  }
  return partitions;
}

// ---- Changes of states

// Reads the states, writes what they shall be, and begins anew with those that somebody else changed in between.
void KafkaController::Do(Change& step, Turn& turn) {
  if (!active_) return;
  if (phase_ == 0) {
    phase_ = 1;
    ReadStates(step.partitions, turn);
    if (unanswered_ == 0) SendAll(turn);  // nothing to change
    return;
  }
  if (phase_ == 1) {
    phase_ = 2;
    WriteStates(step, turn);
    if (unanswered_ > 0) return;
    answers_.clear();
  }
  ConcludeStates(step, turn);
}

void KafkaController::ReadStates(const Partitions& partitions, Turn& turn) {
  for (const TopicPartition& tp : partitions) {
    Ask({{ZkOpType::kGetData, StatePath(tp), {}, kAnyVersion, false}}, tp, turn);
  }
}

void KafkaController::WriteStates(Change& step, Turn& turn) {
  for (const Asked& asked : answers_) {
    const ZkResult& result = asked.answer.results[0];
    const bool there = result.code == ZkCode::kOk;
    PartitionState state;
    if (there) state = std::get<PartitionState>(result.data);
    // "Already written by another controller": this one must have had a soft failure.
    if (state.controller_epoch > epoch_) continue;
    if (!there && step.why != Change::Why::kNoLeader) continue;
    const PartitionState before = state;
    if (!there) {
      // PartitionStateMachine.initializeLeaderAndIsrForPartitions
      for (int32_t replica : assignments_.at(asked.tp).replicas) {
        if (IsOnline(replica)) state.isr.push_back(replica);
      }
      if (state.isr.empty()) continue;
      state.leader = state.isr[0];
    } else if (!Decide(step, asked.tp, &state, turn)) {
      if (step.why != Change::Why::kLeft) continue;
      // It has left already: the others are told all the same.
      leaderships_.insert_or_assign(asked.tp, Leadership{state, result.stat.version});
      TellLeaderAndIsr(Recipients(step, asked.tp), asked.tp);
      continue;
    }
    state.controller_epoch = epoch_;
    NoteChange(asked.tp, before, state, turn.out);
    written_[asked.tp] = state;
    const ZkOpType type = there ? ZkOpType::kSetData : ZkOpType::kCreate;
    Ask(Fenced({type, StatePath(asked.tp), state, there ? result.stat.version : kAnyVersion, false}, turn), asked.tp,
        turn);
  }
}

void KafkaController::ConcludeStates(Change& step, Turn& turn) {
  const auto written = std::exchange(written_, {});
  Partitions again;
  for (const Asked& asked : answers_) {
    if (Moved(asked.answer, turn)) return;
    if (!asked.answer.ok()) {
      BROKERSIM_PROBE("kafka/zookeeper: a partition has changed since it was read");
      again.push_back(asked.tp);
      continue;
    }
    leaderships_.insert_or_assign(asked.tp, Leadership{written.at(asked.tp), asked.answer.results.back().stat.version});
    if (step.why != Change::Why::kLeft) phases_[asked.tp] = PartitionPhase::kOnline;
    TellLeaderAndIsr(Recipients(step, asked.tp), asked.tp);
  }
  if (again.empty()) return SendAll(turn);
  phase_ = 1;
  ReadStates(again, turn);
}

// What the partition's state shall be; false: it stays as it is.
bool KafkaController::Decide(const Change& step, const TopicPartition& tp, PartitionState* state, Turn& turn) const {
  switch (step.why) {
    case Change::Why::kNoLeader:
      if (!ElectLeader(tp, turn.config.unclean_leader_election_enable, state)) return false;
      break;
    case Change::Why::kUnclean:
      if (!ElectLeader(tp, /*unclean=*/true, state)) return false;
      break;
    case Change::Why::kShutDown:
      // leaderForControlledShutdown; IsOnline leaves out who shuts down.
      if (!ElectLeader(tp, /*unclean=*/false, state)) return false;
      break;
    case Change::Why::kReassigned:
      if (!LeaderOfTarget(tp, state)) return false;
      break;
    case Change::Why::kLeft:
      // ReplicaStateMachine.doRemoveReplicasFromIsr: the last one stays in the ISR.
      if (!Contains(state->isr, step.broker)) return false;
      if (state->leader == step.broker) state->leader = kNoLeader;
      if (state->isr.size() > 1) std::erase(state->isr, step.broker);
      break;
  }
  ++state->leader_epoch;
  return true;
}

// leaderForOffline: the first that is alive and in sync; the ISR keeps who is alive.
bool KafkaController::ElectLeader(const TopicPartition& tp, bool unclean, PartitionState* state) const {
  const std::vector<int32_t>& replicas = assignments_.at(tp).replicas;
  for (int32_t replica : replicas) {
    if (!IsOnline(replica) || !Contains(state->isr, replica)) continue;
    state->leader = replica;
    std::erase_if(state->isr, [this](int32_t member) { return !IsOnline(member); });
    return true;
  }
  if (!unclean) return false;
  const auto alive = std::find_if(replicas.begin(), replicas.end(), [this](int32_t id) { return IsOnline(id); });
  if (alive == replicas.end()) return false;
  BROKERSIM_PROBE("kafka/zookeeper: unclean election");
  state->leader = *alive;
  state->isr = {*alive};
  return true;
}

void KafkaController::NoteChange(const TopicPartition& tp, const PartitionState& before, const PartitionState& after,
                                 sim::Effects& out) const {
  if (before.leader != after.leader) {
    const bool unclean = after.leader != kNoLeader && !before.isr.empty() && !Contains(before.isr, after.leader);
    const std::string who =
        after.leader == kNoLeader ? std::string("nobody") : fmt::format("broker {}", after.leader);
    out.Note("election", fmt::format("{} elected leader of {} in epoch {}{}", who, LogName(tp), after.leader_epoch,
                                     unclean ? ", out of the ISR: an unclean election" : ""));
  }
  out.Note("isr", fmt::format("ISR of {}: [{}] becomes [{}]", LogName(tp), absl::StrJoin(before.isr, " "),
                              absl::StrJoin(after.isr, " ")));
}

// ---- Who is told what

std::vector<int32_t> KafkaController::Live() const {
  std::vector<int32_t> brokers;
  for (const auto& [broker, epoch] : live_) brokers.push_back(broker);
  return brokers;
}

std::vector<int32_t> KafkaController::Recipients(const Change& step, const TopicPartition& tp) const {
  std::vector<int32_t> brokers = assignments_.at(tp).replicas;
  if (step.why == Change::Why::kLeft) std::erase(brokers, step.broker);
  return brokers;
}

PartitionRecord KafkaController::RecordOf(const TopicPartition& tp) const {
  const Leadership& leadership = leaderships_.at(tp);
  PartitionRecord record;
  record.tp = tp;
  record.replicas = assignments_.at(tp).replicas;
  record.isr = leadership.state.isr;
  record.leader = leadership.state.leader;
  record.leader_epoch = leadership.state.leader_epoch;
  record.partition_epoch = leadership.version;
  record.controller_epoch = leadership.state.controller_epoch;
  return record;
}

// Whoever is told of a partition's leader, all are told in their metadata.
void KafkaController::TellLeaderAndIsr(const std::vector<int32_t>& brokers, const TopicPartition& tp) {
  for (int32_t broker : brokers) leader_and_isr_[broker].insert(tp);
  TellMetadata(Live(), {tp});
}

void KafkaController::TellMetadata(const std::vector<int32_t>& brokers, const Partitions& partitions) {
  metadata_for_.insert(brokers.begin(), brokers.end());
  metadata_of_.insert(partitions.begin(), partitions.end());
}

void KafkaController::TellStop(int32_t broker, const TopicPartition& tp, bool delete_partition,
                               const BrokerConfig& config) {
  const int32_t leader_epoch = config.kip_570 ? leaderships_.at(tp).state.leader_epoch : kNoLeaderEpoch;
  stops_[broker].push_back({tp, leader_epoch, delete_partition});
}

// ControllerBrokerRequestBatch.sendRequestsToBrokers
void KafkaController::SendAll(Turn& turn) {
  const auto header = [&](int32_t broker) {
    return ControlHeader{id_, epoch_, turn.config.kip_380 ? live_.at(broker) : -1};
  };
  for (const auto& [broker, partitions] : std::exchange(leader_and_isr_, {})) {
    if (!live_.contains(broker)) continue;
    LeaderAndIsrRequest request{header(broker), {}};
    for (const TopicPartition& tp : partitions) request.partitions.push_back(RecordOf(tp));
    channels_.Send(broker, std::move(request), turn.env, turn.out);
  }
  UpdateMetadataRequest metadata{{}, {}, Live()};
  for (const TopicPartition& tp : std::exchange(metadata_of_, {})) metadata.partitions.push_back(RecordOf(tp));
  for (int32_t broker : std::exchange(metadata_for_, {})) {
    if (!live_.contains(broker)) continue;
    metadata.header = header(broker);
    channels_.Send(broker, metadata, turn.env, turn.out);
  }
  for (auto& [broker, partitions] : std::exchange(stops_, {})) {
    if (!live_.contains(broker)) continue;
    channels_.Send(broker, StopReplicaRequest{header(broker), partitions}, turn.env, turn.out);
  }
}

void KafkaController::ForgetUnsent() {
  leader_and_isr_.clear();
  stops_.clear();
  metadata_for_.clear();
  metadata_of_.clear();
}

// ---- Reassignment: new replicas first join, then the old ones go (KafkaController.onPartitionReassignment)

void KafkaController::Do(BeginReassigning& step, Turn& turn) {
  if (!active_) return;
  ReplicaAssignment& assignment = assignments_.at(step.tp);
  if (phase_++ == 0) {
    assignment.target = step.target;
    for (int32_t replica : step.target) {
      if (!Contains(assignment.replicas, replica)) assignment.replicas.push_back(replica);
    }
    turn.out.Note("reassignment", fmt::format("{} moves to [{}]", LogName(step.tp), absl::StrJoin(step.target, " ")));
    return Ask(Fenced({ZkOpType::kSetData, AssignmentPath(step.tp), assignment, kAnyVersion, false}, turn), step.tp,
               turn);
  }
  if (Moved(answers_[0].answer, turn)) return;
  // The others keep their leader, in an epoch in which it knows of the new replicas (updateLeaderEpochAndSendRequest).
  Next({Change{Change::Why::kReassigned, -1, {step.tp}}, EndReassigning{{step.tp}}});
}

// The leader stays if it may, else the first of the target that is alive and in sync leads
// (ReassignPartitionLeaderElectionStrategy).
bool KafkaController::LeaderOfTarget(const TopicPartition& tp, PartitionState* state) const {
  const ReplicaAssignment& assignment = assignments_.at(tp);
  if (Contains(assignment.replicas, state->leader) && IsOnline(state->leader)) return true;
  return ElectLeader(tp, /*unclean=*/false, state);
}

bool KafkaController::HasJoined(const TopicPartition& tp) const {
  const std::vector<int32_t>& target = assignments_.at(tp).target;
  const auto leadership = leaderships_.find(tp);
  if (target.empty() || leadership == leaderships_.end()) return false;
  return std::all_of(target.begin(), target.end(),
                     [&](int32_t replica) { return Contains(leadership->second.state.isr, replica); });
}

void KafkaController::Do(EndReassigning& step, Turn& turn) {
  if (!active_) return;
  if (phase_++ == 0) {
    for (const TopicPartition& tp : step.partitions) {
      ReplicaAssignment& assignment = assignments_.at(tp);
      if (!HasJoined(tp)) continue;
      DropReplicas drop{tp, {}};
      for (int32_t replica : assignment.replicas) {
        if (!Contains(assignment.target, replica)) drop.brokers.push_back(replica);
      }
      assignment = {assignment.target, {}};
      turn.out.Note("reassignment", fmt::format("{} is at [{}]", LogName(tp), absl::StrJoin(assignment.replicas, " ")));
      Ask(Fenced({ZkOpType::kSetData, AssignmentPath(tp), assignment, kAnyVersion, false}, turn), tp, turn);
      Next({Change{Change::Why::kReassigned, -1, {tp}}});
      for (int32_t broker : drop.brokers) Next({Change{Change::Why::kLeft, broker, {tp}}});
      Next({std::move(drop)});
    }
    return;
  }
  for (const Asked& asked : answers_) {
    if (Moved(asked.answer, turn)) return;
  }
}

// They are stopped, and delete what they have (ReplicaDeletionStarted).
void KafkaController::Do(DropReplicas& step, Turn& turn) {
  if (!active_) return;
  for (int32_t broker : step.brokers) TellStop(broker, step.tp, /*delete_partition=*/true, turn.config);
  SendAll(turn);
}

}  // namespace brokersim::kafka
