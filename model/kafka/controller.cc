#include "model/kafka/controller.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "model/kafka/request_manager.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

bool Contains(const std::vector<int32_t>& ids, int32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// Producer ids are handed out in blocks (ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE).
constexpr int32_t kProducerIdBlock = 1000;

}  // namespace

Controller::Controller(std::shared_ptr<const ClusterSpec> cluster, sim::Env& env, sim::Effects& out)
    : cluster_(std::move(cluster)),
      config_(std::make_shared<BrokerConfig>(ConfiguredAnew(cluster_->config, env.settings()))),
      log_file_(env.Open(kMetadataLogFile)) {
  for (const sim::Block& block : env.disk().file(log_file_).blocks) {
    if (block.damaged) break;
    for (const MetadataRecord& record : block.content->As<MetadataBatch>()->records) {
      Replay(record);
      log_.push_back(record);
    }
  }
  durable_ = static_cast<int64_t>(log_.size());
  if (log_.empty()) CreateTopics(out);
  // A new controller gives everybody a whole session (BrokerHeartbeatManager.register).
  for (const auto& [id, broker] : brokers_) {
    if (!broker.fenced) ArmSession(id, out);
  }
}

void Controller::CreateTopics(sim::Effects& out) {
  std::vector<MetadataRecord> records;
  for (const TopicSpec& topic : cluster_->topics) {
    for (size_t i = 0; i < topic.assignment.size(); ++i) {
      PartitionRecord record;
      record.tp = {topic.name, static_cast<int32_t>(i)};
      record.replicas = topic.assignment[i];
      // Our choice: topics exist before their brokers do, so all replicas count as in sync and none leads yet.
      record.isr = record.replicas;
      records.push_back(std::move(record));
    }
  }
  Write(std::move(records), out);
}

void Controller::Write(std::vector<MetadataRecord> records, sim::Effects& out) {
  if (records.empty()) return;
  for (const MetadataRecord& record : records) {
    Replay(record);
    log_.push_back(record);
  }
  out.Append(log_file_, sim::MakePayload(MetadataBatch{std::move(records)}));
  last_sync_ = out.Sync(log_file_);
  syncs_.emplace(last_sync_, static_cast<int64_t>(log_.size()));
}

void Controller::Replay(const MetadataRecord& record) {
  if (const auto* registration = std::get_if<RegisterBrokerRecord>(&record)) {
    Broker& broker = brokers_[registration->broker_id];
    broker = Broker{};
    broker.incarnation_id = registration->incarnation_id;
    broker.epoch = registration->broker_epoch;
    broker.fenced = registration->fenced;
  } else if (const auto* change = std::get_if<BrokerRegistrationChangeRecord>(&record)) {
    Broker& broker = brokers_[change->broker_id];
    broker.fenced = change->fenced;
    broker.in_controlled_shutdown = change->in_controlled_shutdown;
  } else if (const auto* partition = std::get_if<PartitionRecord>(&record)) {
    partitions_.insert_or_assign(partition->tp, *partition);
  } else {
    next_producer_id_ = std::get<ProducerIdsRecord>(record).next_producer_id;
  }
}

void Controller::ReplyDurably(sim::ConnId conn, int32_t id, Body body, sim::Effects& out) {
  sim::MessageRef message = sim::MakePayload(Frame{id, std::move(body)});
  if (durable_ == static_cast<int64_t>(log_.size())) {
    out.Send(conn, std::move(message));
  } else {
    out.SendAfter(last_sync_, conn, std::move(message));
  }
}

void Controller::OnSynced(sim::SyncTicket ticket, sim::Env&, sim::Effects& out) {
  const auto found = syncs_.find(ticket);
  CHECK(found != syncs_.end(), "sync {} is unknown", ticket.value);
  durable_ = std::max(durable_, found->second);
  syncs_.erase(found);
  AnswerFetches(out);
}

void Controller::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* frame = message.payload.As<Frame>();
  CHECK(frame != nullptr, "the controller got a {}", message.payload.name());
  std::visit([&](const auto& body) {
    if constexpr (requires { On(body, message.conn, frame->correlation_id, env, out); }) {
      On(body, message.conn, frame->correlation_id, env, out);
    } else {
      CHECK(false, "the controller got a {}", body.kName);
    }
  }, frame->body);
}

// ClusterControlManager.registerBroker
void Controller::On(const BrokerRegistrationRequest& m, sim::ConnId conn, int32_t id, sim::Env&,
                    sim::Effects& out) {
  const auto known = brokers_.find(m.broker_id);
  const bool returns = known != brokers_.end() && known->second.incarnation_id != m.incarnation_id;
  const bool session_open = returns && !known->second.fenced;
  if (config_->kip_380 && session_open && !known->second.in_controlled_shutdown) {
    BROKERSIM_PROBE("kafka/controller: registration refused while the old session is open");
    // KIP-631: the former incarnation's session has to end first.
    Reply(conn, id, BrokerRegistrationResponse{ErrorCode::kDuplicateBrokerRegistration, -1}, out);
    return;
  }
  // The broker epoch is the offset of the registration.
  const auto epoch = static_cast<int64_t>(log_.size());
  // Before KIP-380: within its session it is as if it had never been away.
  const bool keeps_place = !config_->kip_380 && session_open;
  const bool clean = known == brokers_.end() || m.previous_broker_epoch == known->second.epoch;
  std::vector<MetadataRecord> records;
  records.push_back(RegisterBrokerRecord{m.broker_id, m.incarnation_id, epoch, !keeps_place});
  Write(std::move(records), out);
  if (has_elr() && !clean) {
    // ReplicationControlManager.handleBrokerUncleanShutdown: it may lack what it acknowledged.
    BROKERSIM_PROBE("kafka/controller: a broker returns from an unclean shutdown");
    records.clear();
    UpdatePartitions(m.broker_id, &records, out, /*unclean=*/true);
    Write(std::move(records), out);
  }
  if (keeps_place) ArmSession(m.broker_id, out);
  ReplyDurably(conn, id, BrokerRegistrationResponse{ErrorCode::kNone, epoch}, out);
}

// ReplicationControlManager.processBrokerHeartbeat, BrokerHeartbeatManager.calculateNextBrokerState
void Controller::On(const BrokerHeartbeatRequest& m, sim::ConnId conn, int32_t id, sim::Env&,
                    sim::Effects& out) {
  const auto found = brokers_.find(m.broker_id);
  if (found == brokers_.end() || found->second.epoch != m.broker_epoch) {
    BROKERSIM_PROBE("kafka/controller: heartbeat of a stale broker epoch");
    Reply(conn, id, BrokerHeartbeatResponse{ErrorCode::kStaleBrokerEpoch, false, true, false}, out);
    return;
  }
  Broker& broker = found->second;
  broker.metadata_offset = m.current_metadata_offset;
  const bool caught_up = m.current_metadata_offset > broker.epoch;
  bool shut_down = false;
  if (broker.fenced) {
    if (m.want_shut_down) {
      BROKERSIM_PROBE("kafka/controller: a fenced broker shuts down");
      shut_down = true;
    } else if (!m.want_fence && caught_up) {
      std::vector<MetadataRecord> records;
      records.push_back(BrokerRegistrationChangeRecord{m.broker_id, broker.epoch, false, false});
      Write(std::move(records), out);
      records.clear();
      UpdatePartitions(-1, &records, out);
      Write(std::move(records), out);
      out.Note("unfenced", fmt::format("broker {} joins the cluster", m.broker_id));
    }
  } else if (m.want_shut_down) {
    if (!broker.in_controlled_shutdown) {
      std::vector<MetadataRecord> records;
      records.push_back(BrokerRegistrationChangeRecord{m.broker_id, broker.epoch, false, true});
      Write(std::move(records), out);
      records.clear();
      UpdatePartitions(m.broker_id, &records, out);
      Write(std::move(records), out);
      broker.shutdown_offset = static_cast<int64_t>(log_.size());
      out.Note("controlled-shutdown", fmt::format("broker {} hands over", m.broker_id));
    }
    if (!LeadsAny(m.broker_id)) {
      int64_t lowest = INT64_MAX;
      for (const auto& [other, state] : brokers_) {
        if (other != m.broker_id && IsActive(other)) lowest = std::min(lowest, state.metadata_offset);
      }
      shut_down = broker.shutdown_offset <= lowest;
    }
  }
  if (!broker.fenced) ArmSession(m.broker_id, out);
  ReplyDurably(conn, id, BrokerHeartbeatResponse{ErrorCode::kNone, caught_up, broker.fenced, shut_down}, out);
}

// ReplicationControlManager.alterPartition: a compare-and-set on both epochs.
void Controller::On(const AlterPartitionRequest& m, sim::ConnId conn, int32_t id, sim::Env&,
                    sim::Effects& out) {
  AlterPartitionResponse answer;
  answer.tp = m.tp;
  const auto found = partitions_.find(m.tp);
  const auto broker = brokers_.find(m.broker_id);
  if (broker == brokers_.end() || broker->second.epoch != m.broker_epoch) {
    answer.error = ErrorCode::kStaleBrokerEpoch;
  } else if (found == partitions_.end()) {
    answer.error = ErrorCode::kUnknownTopicOrPartition;
  } else {
    answer.error = ValidateIsr(m, found->second);
  }
  if (answer.error != ErrorCode::kNone) {
    BROKERSIM_PROBE("kafka/controller: ISR change refused");
    ReplyDurably(conn, id, std::move(answer), out);
    return;
  }
  PartitionRecord next = found->second;
  next.isr.clear();
  for (const BrokerState& member : m.new_isr) next.isr.push_back(member.broker_id);
  next.recovering = false;
  UpdateEligible(found->second, kNoLeader, &next);
  ++next.partition_epoch;
  answer.leader_epoch = next.leader_epoch;
  answer.partition_epoch = next.partition_epoch;
  answer.isr = next.isr;
  out.Note("isr", fmt::format("ISR of {}: [{}] becomes [{}]", LogName(m.tp),
                              absl::StrJoin(found->second.isr, " "), absl::StrJoin(next.isr, " ")));
  if (config_->mutant == Mutant::kIsrShrinkNotStored && next.isr.size() < found->second.isr.size()) {
    next.isr = found->second.isr;
    partitions_.insert_or_assign(m.tp, next);
    ReplyDurably(conn, id, std::move(answer), out);
    return;
  }
  std::vector<MetadataRecord> records;
  records.push_back(std::move(next));
  Write(std::move(records), out);
  ReplyDurably(conn, id, std::move(answer), out);
}

ErrorCode Controller::ValidateIsr(const AlterPartitionRequest& m, const PartitionRecord& partition) const {
  if (m.leader_epoch > partition.leader_epoch || m.partition_epoch > partition.partition_epoch) {
    return ErrorCode::kNotController;
  }
  if (m.leader_epoch < partition.leader_epoch) return ErrorCode::kFencedLeaderEpoch;
  if (m.broker_id != partition.leader) return ErrorCode::kNotLeaderOrFollower;
  if (m.partition_epoch < partition.partition_epoch) return ErrorCode::kInvalidUpdateVersion;
  bool with_leader = false;
  for (const BrokerState& member : m.new_isr) {
    with_leader = with_leader || member.broker_id == partition.leader;
    if (!Contains(partition.replicas, member.broker_id)) return ErrorCode::kIneligibleReplica;
    // KIP-841, KIP-903: no fenced member, none of a former incarnation.
    if (!IsActive(member.broker_id)) return ErrorCode::kIneligibleReplica;
    if (member.broker_epoch != -1 && member.broker_epoch != brokers_.at(member.broker_id).epoch) {
      return ErrorCode::kIneligibleReplica;
    }
  }
  return with_leader ? ErrorCode::kNone : ErrorCode::kIneligibleReplica;
}

void Controller::On(const AllocateProducerIdsRequest&, sim::ConnId conn, int32_t id, sim::Env&,
                    sim::Effects& out) {
  const int64_t start = next_producer_id_;
  std::vector<MetadataRecord> records;
  const bool reused = config_->mutant == Mutant::kProducerIdsReused;
  records.push_back(ProducerIdsRecord{reused ? start : start + kProducerIdBlock});
  Write(std::move(records), out);
  ReplyDurably(conn, id, AllocateProducerIdsResponse{ErrorCode::kNone, start, kProducerIdBlock}, out);
}

void Controller::On(const MetadataFetchRequest& m, sim::ConnId conn, int32_t id, sim::Env&,
                    sim::Effects& out) {
  // A broker has one fetch at a time; an older one is on a connection that is gone.
  std::erase_if(waiting_, [&](const WaitingFetch& fetch) { return fetch.conn == conn; });
  waiting_.push_back({conn, id, m.offset});
  AnswerFetches(out);
}

void Controller::AnswerFetches(sim::Effects& out) {
  std::vector<WaitingFetch> still;
  for (const WaitingFetch& fetch : waiting_) {
    if (fetch.offset >= durable_) {
      still.push_back(fetch);
      continue;
    }
    MetadataFetchResponse answer;
    answer.offset = fetch.offset;
    answer.records.assign(log_.begin() + fetch.offset, log_.begin() + durable_);
    Reply(fetch.conn, fetch.correlation_id, std::move(answer), out);
  }
  waiting_ = std::move(still);
}

void Controller::OnTimer(sim::Timer timer, sim::Env&, sim::Effects& out) {
  const auto id = static_cast<int32_t>(timer.arg);
  if (!brokers_.at(id).fenced) Fence(id, "no heartbeat within broker.session.timeout.ms", out);
}

// ReplicationControlManager.handleBrokerFenced
void Controller::Fence(int32_t id, std::string_view why, sim::Effects& out) {
  BROKERSIM_PROBE("kafka/controller: broker fenced");
  out.Note("fenced", fmt::format("broker {} is fenced: {}", id, why));
  std::vector<MetadataRecord> records;
  records.push_back(BrokerRegistrationChangeRecord{id, brokers_.at(id).epoch, true, false});
  Write(std::move(records), out);
  records.clear();
  UpdatePartitions(id, &records, out);
  Write(std::move(records), out);
}

bool Controller::IsActive(int32_t id) const {
  const auto found = brokers_.find(id);
  return found != brokers_.end() && !found->second.fenced && !found->second.in_controlled_shutdown;
}

// ReplicationControlManager.generateLeaderAndIsrUpdates, PartitionChangeBuilder.build
void Controller::UpdatePartitions(int32_t leaving, std::vector<MetadataRecord>* records, sim::Effects& out,
                                  bool unclean_shutdown) {
  for (const auto& [tp, partition] : partitions_) {
    PartitionRecord next = partition;
    std::vector<int32_t> remaining = partition.isr;
    std::erase(remaining, leaving);
    if (has_elr()) {
      // PartitionChangeBuilder.build: ISR, ELR, and then who leads.
      next.isr = remaining;
      UpdateEligible(partition, unclean_shutdown ? leaving : kNoLeader, &next);
      if (next.leader == kNoLeader || !Contains(next.isr, next.leader)) Elect(&next, next.isr, out);
      if (next.leader != kNoLeader) {
        next.last_known_eligible.clear();
      } else if (next.isr.empty() && partition.leader != kNoLeader) {
        next.last_known_eligible = {partition.leader};
      }
      const bool same_isr = next.leader == partition.leader && next.isr == partition.isr;
      const bool same_elr =
          next.eligible == partition.eligible && next.last_known_eligible == partition.last_known_eligible;
      if (same_isr && same_elr) continue;
      ++next.partition_epoch;
      records->push_back(std::move(next));
      continue;
    }
    if (partition.leader == leaving || partition.leader == kNoLeader) {
      const bool changed = Elect(&next, remaining, out);
      if (!changed && partition.leader == kNoLeader && remaining == partition.isr) continue;
    } else if (remaining == partition.isr) {
      continue;
    }
    // The last member stays in the ISR though it is gone: only it has everything (no KIP-966 yet). An unclean election
    // has put the new leader there instead.
    const bool unclean = next.leader != kNoLeader && !Contains(partition.isr, next.leader);
    const bool kept = config_->mutant == Mutant::kIsrKeptAtFencing;
    if (!unclean && !remaining.empty() && !kept) next.isr = remaining;
    if (next.leader == partition.leader && next.isr == partition.isr) continue;
    ++next.partition_epoch;
    records->push_back(std::move(next));
  }
}

// PartitionChangeBuilder.maybePopulateTargetElr. `unclean`: a broker whose logs can't be trusted.
void Controller::UpdateEligible(const PartitionRecord& before, int32_t unclean, PartitionRecord* next) const {
  if (!has_elr()) return;
  next->eligible.clear();
  const int64_t min_isr = MinInsyncReplicas(*config_, next->tp.topic, next->replicas.size());
  if (static_cast<int64_t>(next->isr.size()) >= min_isr) return;
  for (int32_t replica : next->replicas) {
    if (Contains(next->isr, replica)) continue;
    const bool was_complete = Contains(before.isr, replica) || Contains(before.eligible, replica);
    if (was_complete && replica != unclean) next->eligible.push_back(replica);
  }
}

// Who led when the ISR became empty may lead again if nobody else may: balanced recovery, the default
// (PartitionChangeBuilder.maybeUpdateLastKnownLeader, canElectLastKnownLeader). It may lack what was committed.
bool Controller::ElectLastKnown(PartitionRecord* partition) const {
  if (!partition->isr.empty() || !partition->eligible.empty()) return false;
  if (partition->last_known_eligible.size() != 1) return false;
  const int32_t replica = partition->last_known_eligible[0];
  // KAFKA-19522: before, it was looked at, and elected all the same.
  if (!IsActive(replica) && config_->kafka_19522) return false;
  BROKERSIM_PROBE("kafka/controller: the last known leader leads again");
  partition->leader = replica;
  partition->isr = {replica};
  partition->recovering = true;
  return true;
}

// Who has all that was committed leads, alone in the ISR (PartitionChangeBuilder.canElectFromElr).
bool Controller::ElectFromElr(PartitionRecord* partition) const {
  for (int32_t replica : partition->replicas) {
    if (!Contains(partition->eligible, replica) || !IsActive(replica)) continue;
    BROKERSIM_PROBE("kafka/controller: a leader from the ELR");
    partition->leader = replica;
    partition->isr = {replica};
    std::erase(partition->eligible, replica);
    return true;
  }
  return false;
}

// B1.5; PartitionChangeBuilder.electAnyLeader. True if the leader changed.
bool Controller::Elect(PartitionRecord* partition, const std::vector<int32_t>& candidates,
                       sim::Effects& out) const {
  const int32_t former = partition->leader;
  partition->leader = kNoLeader;
  bool unclean = false;
  for (int32_t replica : partition->replicas) {
    const bool stray = !Contains(candidates, replica);
    if ((stray && config_->mutant != Mutant::kElectsOutsideIsr) || !IsActive(replica)) continue;
    partition->leader = replica;
    if (stray) partition->isr = {replica};
    break;
  }
  const bool from_elr = partition->leader == kNoLeader && ElectFromElr(partition);
  const bool last_known = partition->leader == kNoLeader && has_elr() && ElectLastKnown(partition);
  if (partition->leader == kNoLeader && config_->unclean_leader_election_enable) {
    unclean = PromoteUnclean(partition);
  }
  if (partition->leader == former) return false;
  // Every change of leader, to none too, begins an epoch.
  if (config_->mutant != Mutant::kEpochNotBumped) ++partition->leader_epoch;
  const std::string name = LogName(partition->tp);
  if (partition->leader == kNoLeader) {
    BROKERSIM_PROBE("kafka/controller: a partition without a leader");
    out.Note("election", fmt::format("{} has no leader: nobody in ISR [{}] is alive (epoch {})", name,
                                     absl::StrJoin(partition->isr, " "), partition->leader_epoch));
  } else {
    out.Note("election",
             fmt::format("broker {} elected leader of {} in epoch {}{}", partition->leader, name,
                         partition->leader_epoch,
                         unclean      ? ", out of the ISR: an unclean election"
                         : from_elr   ? ", out of the ELR"
                         : last_known ? ", the last known leader: an unclean election"
                                      : ""));
  }
  return true;
}

// The first replica that is alive leads, alone in the ISR.
bool Controller::PromoteUnclean(PartitionRecord* partition) const {
  for (int32_t replica : partition->replicas) {
    if (!IsActive(replica)) continue;
    partition->leader = replica;
    partition->isr = {replica};
    partition->eligible.clear();
    partition->last_known_eligible.clear();
    partition->recovering = true;
    BROKERSIM_PROBE("kafka/controller: unclean election");
    return true;
  }
  return false;
}

// What an operator asks. unclean.leader.election.enable is dynamic (its documentation: cluster-wide).
bool Controller::OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) {
  if (operation.name == "unclean_election") return ElectUnclean(operation.key, out);
  if (operation.name != "config" || operation.key != "unclean.leader.election.enable") return false;
  config_ = std::make_shared<BrokerConfig>(ConfiguredAnew(cluster_->config, env.settings()));
  // ReplicationControlManager.maybeTriggerUncleanLeaderElectionForLeaderlessPartitions
  std::vector<MetadataRecord> records;
  if (config_->unclean_leader_election_enable) UpdatePartitions(-1, &records, out);
  Write(std::move(records), out);
  return true;
}

// KIP-460: ElectLeaders of type UNCLEAN elects where there is no leader, and nowhere else.
bool Controller::ElectUnclean(std::string_view partition, sim::Effects& out) {
  for (const auto& [tp, record] : partitions_) {
    if (LogName(tp) != partition || record.leader != kNoLeader) continue;
    PartitionRecord next = record;
    if (!PromoteUnclean(&next)) return false;
    ++next.leader_epoch;
    ++next.partition_epoch;
    out.Note("election", fmt::format("broker {} elected leader of {} in epoch {}: the operator's unclean election",
                                     next.leader, partition, next.leader_epoch));
    std::vector<MetadataRecord> records;
    records.push_back(std::move(next));
    Write(std::move(records), out);
    return true;
  }
  return false;
}

bool Controller::LeadsAny(int32_t id) const {
  for (const auto& [tp, partition] : partitions_) {
    if (partition.leader == id) return true;
  }
  return false;
}

void Controller::ArmSession(int32_t id, sim::Effects& out) {
  out.SetTimer({kSession, id}, sim::Milliseconds(config_->broker_session_timeout_ms));
}

std::string_view Controller::TimerName(sim::Timer) const { return "broker-session"; }

void Controller::Describe(sim::Describer& d) const {
  for (const auto& [id, broker] : brokers_) {
    const std::string name = fmt::format("broker-{}", id);
    d.Set(name, broker.fenced ? "fenced" : broker.in_controlled_shutdown ? "in controlled shutdown" : "active");
    d.Set(name, ".epoch", broker.epoch);
  }
  for (const auto& [tp, partition] : partitions_) {
    const std::string name = LogName(tp);
    d.Set(name, ".leader", partition.leader);
    d.Set(name, ".leader_epoch", partition.leader_epoch);
    d.Set(name, ".isr", absl::StrJoin(partition.isr, " "));
    if (!partition.eligible.empty()) d.Set(name, ".elr", absl::StrJoin(partition.eligible, " "));
  }
}

void Controller::CheckInvariants() const {
  for (const auto& [tp, partition] : partitions_) {
    if (partition.leader == kNoLeader) continue;
    CHECK(Contains(partition.isr, partition.leader), "{}: leader {} isn't in the ISR", LogName(tp), partition.leader);
    CHECK(Contains(partition.replicas, partition.leader), "{}: leader {} is no replica", LogName(tp), partition.leader);
  }
}

}  // namespace brokersim::kafka
