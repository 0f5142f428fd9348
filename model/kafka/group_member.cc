#include "model/kafka/group_member.h"

#include "sim/base/probe.h"

namespace brokersim::kafka {

void GroupMember::Join(NetworkClient& network, Owner& owner, sim::Env& env, sim::Effects& out) {
  if (coordinator_ >= 0) {
    SendJoin(network, owner, env, out);
    return;
  }
  state_ = State::kFinding;
  network.SendTo(network.AnyBroker(env), FindCoordinatorRequest{settings_.group_id}, Own(kFindTag), env, out);
}

void GroupMember::SendJoin(NetworkClient& network, Owner& owner, sim::Env& env, sim::Effects& out) {
  JoinGroupRequest request;
  owner.PrepareJoin(&request, env, out);
  rejoin_needed_ = false;
  state_ = State::kJoining;
  request.group_id = settings_.group_id;
  request.session_timeout_ms = static_cast<int32_t>(settings_.session_timeout_ms);
  request.rebalance_timeout_ms = static_cast<int32_t>(settings_.rebalance_timeout_ms);
  request.member_id = id_;
  network.SendTo(coordinator_, std::move(request), Own(kJoinTag), env, out);
}

void GroupMember::OnJoined(const JoinGroupResponse& m, NetworkClient& network, Owner& owner, sim::Env& env,
                           sim::Effects& out) {
  if (m.error == ErrorCode::kMemberIdRequired) {
    id_ = m.member_id;
    SendJoin(network, owner, env, out);
    return;
  }
  if (m.error != ErrorCode::kNone) {
    OnError(m.error, network, out);
    return;
  }
  generation_ = m.generation_id;
  state_ = State::kSyncing;
  leads_ = m.leader == id_;
  SyncGroupRequest request;
  request.group_id = settings_.group_id;
  request.generation_id = generation_;
  request.member_id = id_;
  if (leads_) request.assignments = owner.AssignAll(m, env, out);
  network.SendTo(coordinator_, std::move(request), Own(kSyncTag), env, out);
  out.SetTimer({first_timer_ + kHeartbeat}, sim::Milliseconds(settings_.heartbeat_interval_ms));
}

void GroupMember::Leave(NetworkClient& network, sim::Env& env, sim::Effects& out) {
  network.SendTo(coordinator_, LeaveGroupRequest{settings_.group_id, id_}, Own(kLeaveTag), env, out);
}

void GroupMember::Forget() {
  id_.clear();
  generation_ = -1;
  state_ = State::kNone;
  leads_ = false;
  rejoin_needed_ = true;
}

void GroupMember::OnHeartbeatAnswer(ErrorCode error, NetworkClient& network, Owner& owner, sim::Env& env,
                                    sim::Effects& out) {
  if (error == ErrorCode::kNone || state_ != State::kStable) return;
  if (error == ErrorCode::kRebalanceInProgress) {
    rejoin_needed_ = true;
    owner.OnRejoinNeeded(env, out);
    return;
  }
  OnError(error, network, out);
}

void GroupMember::OnError(ErrorCode error, NetworkClient& network, sim::Effects& out) {
  if (error == ErrorCode::kNotCoordinator || error == ErrorCode::kCoordinatorNotAvailable) {
    BROKERSIM_PROBE("kafka/consumer: the coordinator is gone");
    // Our choice: the member joins anew at the new coordinator; the Java client first tries with its old generation.
    coordinator_ = -1;
  } else {
    if (error == ErrorCode::kUnknownMemberId) id_.clear();
    if (error == ErrorCode::kUnknownMemberId || error == ErrorCode::kIllegalGeneration) generation_ = -1;
  }
  state_ = State::kNone;
  leads_ = false;
  rejoin_needed_ = true;
  RetryLater(network, out);
}

void GroupMember::RetryLater(NetworkClient& network, sim::Effects& out) {
  backing_off_ = true;
  out.SetTimer({first_timer_ + kRetry}, sim::Milliseconds(network.settings().retry_backoff_ms));
}

bool GroupMember::OnAnswer(NetworkClient::Tag tag, const Body* body, NetworkClient& network, Owner& owner,
                           sim::Env& env, sim::Effects& out) {
  if (tag.kind < first_tag_ || tag.kind >= first_tag_ + kTags) return false;
  const auto kind = static_cast<TagKind>(tag.kind - first_tag_);
  if (kind == kLeaveTag) return true;
  if (kind == kHeartbeatTag) {
    heartbeat_in_flight_ = false;
    const ErrorCode error =
        body == nullptr ? ErrorCode::kCoordinatorNotAvailable : std::get<HeartbeatResponse>(*body).error;
    OnHeartbeatAnswer(error, network, owner, env, out);
    return true;
  }
  if (body == nullptr) {
    OnError(ErrorCode::kCoordinatorNotAvailable, network, out);
  } else if (kind == kFindTag) {
    const auto& found = std::get<FindCoordinatorResponse>(*body);
    if (found.error == ErrorCode::kNone) {
      coordinator_ = found.node_id;
      SendJoin(network, owner, env, out);
    } else {
      state_ = State::kNone;
      RetryLater(network, out);
    }
  } else if (kind == kJoinTag) {
    OnJoined(std::get<JoinGroupResponse>(*body), network, owner, env, out);
  } else {
    const auto& synced = std::get<SyncGroupResponse>(*body);
    if (synced.error == ErrorCode::kNone) {
      state_ = State::kStable;
      owner.OnAssigned(synced, env, out);
    } else {
      OnError(synced.error, network, out);
    }
  }
  return true;
}

bool GroupMember::OnTimer(sim::Timer timer, NetworkClient& network, Owner& owner, sim::Env& env, sim::Effects& out) {
  if (timer.kind == first_timer_ + kRetry) {
    backing_off_ = false;
    owner.OnRejoinNeeded(env, out);
    return true;
  }
  if (timer.kind != first_timer_ + kHeartbeat) return false;
  if (state_ != State::kStable && state_ != State::kSyncing) return true;
  out.SetTimer(timer, sim::Milliseconds(settings_.heartbeat_interval_ms));
  if (heartbeat_in_flight_) return true;
  heartbeat_in_flight_ = true;
  network.SendTo(coordinator_, HeartbeatRequest{settings_.group_id, generation_, id_}, Own(kHeartbeatTag), env, out);
  return true;
}

std::string_view GroupMember::TimerName(uint32_t kind) const {
  if (kind == first_timer_ + kHeartbeat) return "heartbeat";
  if (kind == first_timer_ + kRetry) return "group-retry";
  return "";
}

}  // namespace brokersim::kafka
