#include "model/kafka/group_coordinator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "model/kafka/request_manager.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

constexpr std::string_view kOffsetKey = "offset";
constexpr std::string_view kGroupKey = "group";

int64_t ToNumber(const std::string& text) {
  int64_t number = 0;
  CHECK(absl::SimpleAtoi(text, &number), "'{}' in __consumer_offsets", text);
  return number;
}

}  // namespace

int32_t OffsetsPartitionFor(std::string_view group, int64_t partitions) {
  uint32_t hash = 0;
  for (char c : group) hash = 31 * hash + static_cast<unsigned char>(c);
  // Utils.abs: the absolute value, and 0 where Java's int has none.
  const int64_t value = static_cast<int32_t>(hash);
  return static_cast<int32_t>(value == INT32_MIN ? 0 : (value < 0 ? -value : value) % partitions);
}

GroupCoordinator::Group* GroupCoordinator::Find(const std::string& group) {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

// The formats of our own: "offset|GROUP|TOPIC|PARTITION" -> "OFFSET|LEADER EPOCH", and
// "group|GROUP" -> "GENERATION|LEADER|MEMBER..."
// with MEMBER as ID;SESSION;REBALANCE;TOPIC,...;TOPIC:PARTITION,... and, of a worker of Connect's, ;METADATA;WORK
Record GroupCoordinator::Encode(const std::string& name, const Group& group) const {
  std::string value = fmt::format("{}|{}", group.generation, group.leader);
  for (const auto& [id, member] : group.members) {
    std::vector<std::string> assigned;
    for (const TopicPartition& tp : member.assignment) {
      assigned.push_back(fmt::format("{}:{}", tp.topic, tp.partition));
    }
    value += fmt::format("|{};{};{};{};{}", id, member.session_timeout_ms, member.rebalance_timeout_ms,
                         absl::StrJoin(member.topics, ","), absl::StrJoin(assigned, ","));
    if (!member.metadata.empty()) value += fmt::format(";{};{}", member.metadata, member.work);
  }
  return Record{fmt::format("{}|{}", kGroupKey, name), value, 0};
}

void GroupCoordinator::Decode(const RecordBatch& batch, const Record& record, sim::Effects& out) {
  const std::vector<std::string> key = absl::StrSplit(record.key, '|');
  if (key[0] == kOffsetKey) {
    Group& of = groups_[key[1]];
    auto& offsets = batch.transactional ? of.pending[batch.producer_id] : of.offsets;
    const TopicPartition tp{key[2], static_cast<int32_t>(ToNumber(key[3]))};
    if (config_->mutant == Mutant::kOffsetsForgottenAtFailover) return;
    if (config_->mutant == Mutant::kCommitsReadBackwards && offsets.contains(tp)) return;
    const std::vector<std::string> value = absl::StrSplit(record.value, '|');
    offsets[tp] = {ToNumber(value[0]), static_cast<int32_t>(ToNumber(value[1]))};
    return;
  }
  Group& group = groups_[key[1]];
  for (const auto& [id, member] : group.members) out.CancelTimer({first_timer_ + kSession, member.number});
  group.members.clear();
  const std::vector<std::string> value = absl::StrSplit(record.value, '|');
  group.generation = static_cast<int32_t>(ToNumber(value[0]));
  group.leader = value[1];
  for (size_t i = 2; i < value.size(); ++i) {
    const std::vector<std::string> part = absl::StrSplit(value[i], ';');
    Member& member = group.members[part[0]];
    member.number = next_number_++;
    member.session_timeout_ms = static_cast<int32_t>(ToNumber(part[1]));
    member.rebalance_timeout_ms = static_cast<int32_t>(ToNumber(part[2]));
    member.topics = absl::StrSplit(part[3], ',', absl::SkipEmpty());
    const std::vector<std::string> assigned = absl::StrSplit(part[4], ',', absl::SkipEmpty());
    for (const std::string& text : assigned) {
      const std::vector<std::string> tp = absl::StrSplit(text, ':');
      member.assignment.push_back({tp[0], static_cast<int32_t>(ToNumber(tp[1]))});
    }
    if (part.size() > 5) {
      member.metadata = part[5];
      member.work = part[6];
    }
  }
  group.state = group.members.empty() ? State::kEmpty : State::kStable;
}

void GroupCoordinator::Load(int32_t partition, const std::vector<BatchRef>& batches, sim::Effects& out) {
  Unload(partition, out);
  for (const BatchRef& ref : batches) {
    const RecordBatch& batch = ref->value();
    if (batch.is_control()) {
      EndTransaction(partition, batch.producer_id, batch.marker == Marker::kCommit);
      continue;
    }
    for (const Record& record : batch.records) Decode(batch, record, out);
  }
  for (auto& [name, group] : groups_) {
    if (OffsetsPartitionFor(name, config_->offsets_topic_num_partitions) != partition) continue;
    if (group.number == 0) group.number = next_number_++;
    // Members get a whole session to find this coordinator (GroupCoordinator.onGroupLoaded).
    for (const auto& [id, member] : group.members) ArmSession(member, out);
  }
}

void GroupCoordinator::Unload(int32_t partition, sim::Effects& out) {
  for (auto it = groups_.begin(); it != groups_.end();) {
    if (OffsetsPartitionFor(it->first, config_->offsets_topic_num_partitions) != partition) {
      ++it;
      continue;
    }
    Group& group = it->second;
    out.CancelTimer({first_timer_ + kRebalance, group.number});
    for (auto& [id, member] : group.members) {
      out.CancelTimer({first_timer_ + kSession, member.number});
      if (member.joining.has_value()) {
        BROKERSIM_PROBE("kafka/coordinator: unloaded while a member joins");
        Reply(member.joining->conn, member.joining->id,
              JoinGroupResponse{.error = ErrorCode::kNotCoordinator,
                                .generation_id = -1,
                                .leader = "",
                                .member_id = id,
                                .members = {}},
              out);
      }
      if (member.syncing.has_value()) {
        Reply(member.syncing->conn, member.syncing->id, SyncGroupResponse{ErrorCode::kNotCoordinator, {}, {}}, out);
      }
    }
    it = groups_.erase(it);
  }
}

void GroupCoordinator::ArmSession(const Member& member, sim::Effects& out) {
  out.SetTimer({first_timer_ + kSession, member.number}, sim::Milliseconds(member.session_timeout_ms));
}

ErrorCode GroupCoordinator::CheckMember(const Group& group, const std::string& member,
                                        int32_t generation) const {
  if (!group.members.contains(member)) return ErrorCode::kUnknownMemberId;
  if (generation != group.generation) return ErrorCode::kIllegalGeneration;
  return ErrorCode::kNone;
}

void GroupCoordinator::Join(const JoinGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env,
                            sim::Effects& out) {
  const auto refuse = [&](ErrorCode error, const std::string& member) {
    JoinGroupResponse answer;
    answer.error = error;
    answer.member_id = member;
    Reply(conn, id, std::move(answer), out);
  };
  Group& group = groups_[m.group_id];
  if (group.number == 0) group.number = next_number_++;
  if (group.state == State::kEmpty) DropExpiredOffsets(m.group_id, &group, env, out);
  if (m.member_id.empty()) {
    // KIP-394: an id first, so that a lost answer leaves no ghost in the group.
    const std::string member = fmt::format("member-{}-{}", broker_id_, next_number_++);
    group.pending_members.push_back(member);
    return refuse(ErrorCode::kMemberIdRequired, member);
  }
  const bool pending = std::erase(group.pending_members, m.member_id) > 0;
  if (!pending && !group.members.contains(m.member_id)) return refuse(ErrorCode::kUnknownMemberId, "");
  Member& member = group.members[m.member_id];
  const bool same = !pending && member.topics == m.topics && member.metadata == m.metadata;
  if (group.state == State::kStable && same && group.leader != m.member_id) {
    BROKERSIM_PROBE("kafka/coordinator: a member repeats its join");
    // Nothing new: the member just missed the answer.
    JoinGroupResponse answer;
    answer.generation_id = group.generation;
    answer.leader = group.leader;
    answer.member_id = m.member_id;
    Reply(conn, id, std::move(answer), out);
    return;
  }
  if (member.number == 0) member.number = next_number_++;
  member.session_timeout_ms = m.session_timeout_ms;
  member.rebalance_timeout_ms = m.rebalance_timeout_ms;
  member.topics = m.topics;
  member.metadata = m.metadata;
  member.joining = Waiting{conn, id};
  // Whoever waits for the rebalance is alive by its connection, not by heartbeats.
  out.CancelTimer({first_timer_ + kSession, member.number});
  group.joined_during_delay = true;
  if (group.state != State::kPreparingRebalance) PrepareRebalance(&group, env, out);
  MaybeCompleteJoin(&group, false, env, out);
}

// KIP-211: a group's offsets expire when it has had no member for so long (GroupMetadata.removeExpiredOffsets). Kafka
// looks for such groups now and then; here it is done when somebody comes back.
void GroupCoordinator::DropExpiredOffsets(const std::string& name, Group* group, sim::Env& env, sim::Effects& out) {
  const sim::Duration retention = sim::Seconds(60) * config_->offsets_retention_minutes;
  if (!group->empty_since.has_value() || env.monotonic() - *group->empty_since < retention) return;
  BROKERSIM_PROBE("kafka/coordinator: offsets have expired");
  if (!group->offsets.empty()) out.Note("offsets-expired", fmt::format("the offsets of {} are forgotten", name));
  group->offsets.clear();
}

void GroupCoordinator::PrepareRebalance(Group* group, sim::Env& env, sim::Effects& out) {
  // Who waits for an assignment of the old round is told to start again.
  for (auto& [id, member] : group->members) {
    if (!member.syncing.has_value()) continue;
    BROKERSIM_PROBE("kafka/coordinator: a rebalance interrupts another");
    Reply(member.syncing->conn, member.syncing->id, SyncGroupResponse{ErrorCode::kRebalanceInProgress, {}, {}}, out);
    member.syncing.reset();
    ArmSession(member, out);
  }
  int32_t timeout_ms = 0;
  for (const auto& [id, member] : group->members) timeout_ms = std::max(timeout_ms, member.rebalance_timeout_ms);
  group->initial_delay = group->state == State::kEmpty;
  group->joined_during_delay = false;
  group->rebalance_deadline = env.monotonic() + sim::Milliseconds(timeout_ms);
  group->state = State::kPreparingRebalance;
  const int64_t wait_ms = group->initial_delay
                              ? std::min<int64_t>(config_->group_initial_rebalance_delay_ms, timeout_ms)
                              : timeout_ms;
  out.SetTimer({first_timer_ + kRebalance, group->number}, sim::Milliseconds(wait_ms));
}

void GroupCoordinator::MaybeCompleteJoin(Group* group, bool time_is_up, sim::Env& env, sim::Effects& out) {
  if (group->state != State::kPreparingRebalance) return;
  if (!time_is_up) {
    if (group->initial_delay) return;
    for (const auto& [id, member] : group->members) {
      if (!member.joining.has_value()) return;
    }
    if (!group->pending_members.empty()) return;
  }
  CompleteJoin(group, env, out);
}

void GroupCoordinator::CompleteJoin(Group* group, sim::Env& env, sim::Effects& out) {
  out.CancelTimer({first_timer_ + kRebalance, group->number});
  erase_if(group->members, [&](const auto& entry) {
    if (entry.second.joining.has_value()) return false;
    out.CancelTimer({first_timer_ + kSession, entry.second.number});
    return true;
  });
  ++group->generation;
  if (config_->mutant == Mutant::kOffsetsForgottenAtRebalance) group->offsets.clear();
  if (group->members.empty()) {
    BROKERSIM_PROBE("kafka/coordinator: the group is empty again");
    group->state = State::kEmpty;
    group->empty_since = env.monotonic();
    group->leader.clear();
    return;
  }
  group->state = State::kCompletingRebalance;
  if (!group->members.contains(group->leader)) group->leader = group->members.begin()->first;
  for (auto& [id, member] : group->members) {
    JoinGroupResponse answer;
    answer.generation_id = group->generation;
    answer.leader = group->leader;
    answer.member_id = id;
    if (id == group->leader) {
      for (const auto& [other, state] : group->members) answer.members.push_back({other, state.topics, state.metadata});
    }
    Reply(member.joining->conn, member.joining->id, std::move(answer), out);
    member.joining.reset();
    member.assignment.clear();
    member.work.clear();
    ArmSession(member, out);
  }
  out.Note("rebalance", fmt::format("generation {} with {} member{}", group->generation, group->members.size(),
                                    group->members.size() == 1 ? "" : "s"));
}

void GroupCoordinator::Sync(const SyncGroupRequest& m, sim::ConnId conn, int32_t id,
                            std::optional<Record>* persist, sim::Effects& out) {
  Group* group = Find(m.group_id);
  ErrorCode error = group == nullptr ? ErrorCode::kUnknownMemberId
                                     : CheckMember(*group, m.member_id, m.generation_id);
  if (error == ErrorCode::kNone && group->state == State::kPreparingRebalance) {
    error = ErrorCode::kRebalanceInProgress;
  }
  if (error != ErrorCode::kNone) {
    Reply(conn, id, SyncGroupResponse{error, {}, {}}, out);
    return;
  }
  Member& member = group->members[m.member_id];
  if (group->state == State::kStable) {
    Reply(conn, id, SyncGroupResponse{ErrorCode::kNone, member.assignment, member.work}, out);
    ArmSession(member, out);
    return;
  }
  member.syncing = Waiting{conn, id};
  if (m.member_id != group->leader) return;
  for (const MemberAssignment& assignment : m.assignments) {
    const auto found = group->members.find(assignment.member_id);
    if (found == group->members.end()) continue;
    found->second.assignment = assignment.partitions;
    found->second.work = assignment.work;
  }
  group->state = State::kStable;
  for (auto& [name, each] : group->members) {
    if (!each.syncing.has_value()) continue;
    Reply(each.syncing->conn, each.syncing->id, SyncGroupResponse{ErrorCode::kNone, each.assignment, each.work}, out);
    each.syncing.reset();
    ArmSession(each, out);
  }
  *persist = Encode(m.group_id, *group);
}

void GroupCoordinator::Heartbeat(const HeartbeatRequest& m, sim::ConnId conn, int32_t id, sim::Effects& out) {
  Group* group = Find(m.group_id);
  ErrorCode error = group == nullptr ? ErrorCode::kUnknownMemberId
                                     : CheckMember(*group, m.member_id, m.generation_id);
  if (error == ErrorCode::kNone) {
    ArmSession(group->members[m.member_id], out);
    if (group->state == State::kPreparingRebalance) error = ErrorCode::kRebalanceInProgress;
  }
  Reply(conn, id, HeartbeatResponse{error}, out);
}

void GroupCoordinator::Leave(const LeaveGroupRequest& m, sim::ConnId conn, int32_t id, sim::Env& env,
                             sim::Effects& out) {
  Group* group = Find(m.group_id);
  if (group == nullptr || !group->members.contains(m.member_id)) {
    Reply(conn, id, LeaveGroupResponse{ErrorCode::kUnknownMemberId}, out);
    return;
  }
  Reply(conn, id, LeaveGroupResponse{ErrorCode::kNone}, out);
  Remove(group, m.member_id, "it left", env, out);
}

void GroupCoordinator::Remove(Group* group, const std::string& id, std::string_view why, sim::Env& env,
                              sim::Effects& out) {
  out.Note("member-removed", fmt::format("{} is out of its group: {}", id, why));
  out.CancelTimer({first_timer_ + kSession, group->members[id].number});
  group->members.erase(id);
  if (group->state == State::kStable || group->state == State::kCompletingRebalance) {
    if (group->members.empty()) {
      CompleteJoin(group, env, out);
      return;
    }
    PrepareRebalance(group, env, out);
  }
  MaybeCompleteJoin(group, false, env, out);
}

namespace {

Record EncodeOffset(const std::string& group, const PartitionOffset& offset) {
  return {fmt::format("{}|{}|{}|{}", kOffsetKey, group, offset.tp.topic, offset.tp.partition),
          fmt::format("{}|{}", offset.offset, offset.leader_epoch), 0};
}

}  // namespace

ErrorCode GroupCoordinator::CheckCommit(const OffsetCommitRequest& m, std::vector<Record>* records,
                                        sim::Effects& out) {
  Group& group = groups_[m.group_id];
  if (group.number == 0) group.number = next_number_++;
  // Without a generation: a reader that assigned itself its partitions.
  const bool simple = m.generation_id < 0 && group.state == State::kEmpty;
  if (!simple && config_->mutant != Mutant::kGenerationUnchecked) {
    const ErrorCode error = CheckMember(group, m.member_id, m.generation_id);
    if (error != ErrorCode::kNone) return error;
    if (group.state == State::kCompletingRebalance) return ErrorCode::kRebalanceInProgress;
    if (!group.members[m.member_id].joining.has_value()) ArmSession(group.members[m.member_id], out);
  }
  for (const PartitionOffset& offset : m.offsets) records->push_back(EncodeOffset(m.group_id, offset));
  return ErrorCode::kNone;
}

// GroupCoordinator.validateOffsetCommit: whoever names neither generation nor member may (clients before KIP-447).
ErrorCode GroupCoordinator::PrepareCommit(const TxnOffsetCommitRequest& m, std::vector<Record>* records) {
  Group& group = groups_[m.group_id];
  if (group.number == 0) group.number = next_number_++;
  const bool names = m.generation_id >= 0 || !m.member_id.empty();
  if (names && config_->kip_447) {
    const ErrorCode error = CheckMember(group, m.member_id, m.generation_id);
    if (error != ErrorCode::kNone) {
      BROKERSIM_PROBE("kafka/coordinator: offsets in a transaction by who is no member any more");
      return error;
    }
  }
  auto& pending = group.pending[m.producer_id];
  for (const PartitionOffset& offset : m.offsets) {
    pending[offset.tp] = {offset.offset, offset.leader_epoch};
    records->push_back(EncodeOffset(m.group_id, offset));
  }
  return ErrorCode::kNone;
}

void GroupCoordinator::FailCommit(const std::string& name, int64_t producer_id) {
  if (Group* group = Find(name); group != nullptr) group->pending.erase(producer_id);
}

void GroupCoordinator::EndTransaction(int32_t partition, int64_t producer_id, bool committed) {
  for (auto& [name, group] : groups_) {
    const auto pending = group.pending.find(producer_id);
    if (pending == group.pending.end()) continue;
    if (OffsetsPartitionFor(name, config_->offsets_topic_num_partitions) != partition) continue;
    if (committed) {
      for (const auto& [tp, offset] : pending->second) group.offsets[tp] = offset;
    }
    group.pending.erase(pending);
  }
}

// GroupMetadata.hasPendingOffsetCommitsForTopicPartition. (What is committed without a transaction counts there too
// until it is replicated: here a former member's commits are refused by then.)
bool GroupCoordinator::IsUnstable(const Group& group, const std::vector<TopicPartition>& partitions) const {
  for (const auto& [producer, offsets] : group.pending) {
    for (const TopicPartition& tp : partitions) {
      if (offsets.contains(tp)) return true;
    }
  }
  return false;
}

void GroupCoordinator::ApplyCommit(const std::string& name, const std::vector<PartitionOffset>& offsets) {
  Group& group = groups_[name];
  if (group.number == 0) group.number = next_number_++;
  if (config_->mutant == Mutant::kCommitNotStored) return;
  const int64_t too_far = config_->mutant == Mutant::kCommitOneTooFar ? 1 : 0;
  for (const PartitionOffset& committed : offsets) {
    group.offsets[committed.tp] = {committed.offset + too_far, committed.leader_epoch};
  }
}

OffsetFetchResponse GroupCoordinator::FetchOffsets(const OffsetFetchRequest& m) const {
  OffsetFetchResponse answer;
  auto group = groups_.find(m.group_id);
  if (config_->mutant == Mutant::kCommitOfOtherGroup) group = groups_.begin();
  if (config_->kip_447 && group != groups_.end() && IsUnstable(group->second, m.partitions)) {
    BROKERSIM_PROBE("kafka/coordinator: offsets aren't stable yet");
    answer.error = ErrorCode::kUnstableOffsetCommit;
    return answer;
  }
  if (m.all && group != groups_.end()) {
    for (const auto& [tp, committed] : group->second.offsets) {
      answer.offsets.push_back({tp, committed.offset, committed.leader_epoch});
    }
  }
  for (const TopicPartition& tp : m.partitions) {
    PartitionOffset offset{tp, -1, -1};
    if (group != groups_.end()) {
      const auto found = group->second.offsets.find(tp);
      if (found != group->second.offsets.end()) {
        offset = {tp, found->second.offset, found->second.leader_epoch};
      }
      if (config_->mutant == Mutant::kCommitOfOtherPartition) {
        for (const auto& [other, committed] : group->second.offsets) {
          offset.offset = std::max(offset.offset, committed.offset);
        }
      }
    }
    answer.offsets.push_back(std::move(offset));
  }
  return answer;
}

std::vector<std::string> GroupCoordinator::Groups() const {
  std::vector<std::string> names;
  for (const auto& [name, group] : groups_) {
    if (!group.members.empty() || !group.offsets.empty()) names.push_back(name);
  }
  return names;
}

bool GroupCoordinator::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind == first_timer_ + kRebalance) {
    for (auto& [name, group] : groups_) {
      if (group.number != timer.arg) continue;
      const sim::Duration left = group.rebalance_deadline - env.monotonic();
      if (group.initial_delay && group.joined_during_delay && left > sim::Duration()) {
        group.joined_during_delay = false;
        out.SetTimer(timer, std::min(left, sim::Milliseconds(config_->group_initial_rebalance_delay_ms)));
        return true;
      }
      group.pending_members.clear();
      MaybeCompleteJoin(&group, true, env, out);
      return true;
    }
    return true;
  }
  if (timer.kind != first_timer_ + kSession) return false;
  for (auto& [name, group] : groups_) {
    for (auto& [id, member] : group.members) {
      if (member.number != timer.arg) continue;
      BROKERSIM_PROBE("kafka/coordinator: member session ran out");
      Remove(&group, std::string(id), "no heartbeat within session.timeout.ms", env, out);
      return true;
    }
  }
  return true;
}

void GroupCoordinator::Describe(sim::Describer& d) const {
  for (const auto& [name, group] : groups_) {
    const std::string path = "group-" + name;
    d.Set(path, ".generation", group.generation);
    d.Set(path, ".members", static_cast<int64_t>(group.members.size()));
    for (const auto& [tp, committed] : group.offsets) d.Set(path + ".", LogName(tp), committed.offset);
  }
}

}  // namespace brokersim::kafka
