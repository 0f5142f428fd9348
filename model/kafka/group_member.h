// GroupMember: a client's membership in a group, by the classic protocol: of consumers, and of Connect's workers.
// (AbstractCoordinator.java)
//
// A part of a client, which hands it answers, losses and timers, and is told by Owner what becomes of the group.
#ifndef BROKERSIM_MODEL_KAFKA_GROUP_MEMBER_H_
#define BROKERSIM_MODEL_KAFKA_GROUP_MEMBER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/kafka/network_client.h"

namespace brokersim::kafka {

class GroupMember {
 public:
  struct Settings {
    std::string group_id;
    int64_t session_timeout_ms = 0;
    int64_t rebalance_timeout_ms = 0;
    int64_t heartbeat_interval_ms = 0;
  };
  class Owner {
   public:
    // Before each join; what the member says of itself: topics, metadata.
    virtual void PrepareJoin(JoinGroupRequest* request, sim::Env& env, sim::Effects& out) = 0;
    // It was made the leader of this generation: who gets what.
    virtual std::vector<MemberAssignment> AssignAll(const JoinGroupResponse& m, sim::Env& env, sim::Effects& out) = 0;
    virtual void OnAssigned(const SyncGroupResponse& m, sim::Env& env, sim::Effects& out) = 0;
    // Whether it may and should join is the owner's to decide.
    virtual void OnRejoinNeeded(sim::Env& env, sim::Effects& out) = 0;

   protected:
    ~Owner() = default;
  };
  // Kinds of its timers and of its tags, from the first ones on.
  static constexpr uint32_t kTimers = 2;
  static constexpr int kTags = 5;

  GroupMember(Settings settings, uint32_t first_timer, int first_tag)
      : settings_(std::move(settings)), first_timer_(first_timer), first_tag_(first_tag) {}

  const std::string& group() const { return settings_.group_id; }
  bool stable() const { return state_ == State::kStable; }
  // It is in no group and on the way to none, or in one that is to be joined anew.
  bool should_join() const { return state_ == State::kNone || (stable() && rejoin_needed_); }
  // After an error, until OnRejoinNeeded.
  bool backing_off() const { return backing_off_; }
  bool rejoin_needed() const { return rejoin_needed_; }
  void RequestRejoin() { rejoin_needed_ = true; }
  // -1: not known.
  int32_t coordinator() const { return coordinator_; }
  const std::string& id() const { return id_; }
  // -1: in none.
  int32_t generation() const { return generation_; }
  bool is_leader() const { return leads_; }

  // REQUIRES: should_join()
  void Join(NetworkClient& network, Owner& owner, sim::Env& env, sim::Effects& out);
  void Leave(NetworkClient& network, sim::Env& env, sim::Effects& out);
  // It isn't a member any more, and begins anew.
  void Forget();
  void OnError(ErrorCode error, NetworkClient& network, sim::Effects& out);
  // OnRejoinNeeded comes after retry.backoff.ms.
  void RetryLater(NetworkClient& network, sim::Effects& out);

  // False: the tag isn't ours. `body` is null if there was no answer.
  bool OnAnswer(NetworkClient::Tag tag, const Body* body, NetworkClient& network, Owner& owner, sim::Env& env,
                sim::Effects& out);
  bool OnTimer(sim::Timer timer, NetworkClient& network, Owner& owner, sim::Env& env, sim::Effects& out);
  // Empty: it isn't ours.
  std::string_view TimerName(uint32_t kind) const;

 private:
  enum class State { kNone, kFinding, kJoining, kSyncing, kStable };
  enum TimerKind : uint32_t { kHeartbeat, kRetry };
  enum TagKind : int { kFindTag, kJoinTag, kSyncTag, kHeartbeatTag, kLeaveTag };

  NetworkClient::Tag Own(TagKind kind) const { return {first_tag_ + kind}; }
  void SendJoin(NetworkClient& network, Owner& owner, sim::Env& env, sim::Effects& out);
  void OnJoined(const JoinGroupResponse& m, NetworkClient& network, Owner& owner, sim::Env& env, sim::Effects& out);
  void OnHeartbeatAnswer(ErrorCode error, NetworkClient& network, Owner& owner, sim::Env& env, sim::Effects& out);

  Settings settings_;
  uint32_t first_timer_;
  int first_tag_;
  State state_ = State::kNone;
  int32_t coordinator_ = -1;
  std::string id_;
  int32_t generation_ = -1;
  bool leads_ = false;
  bool backing_off_ = false;
  bool rejoin_needed_ = false;
  bool heartbeat_in_flight_ = false;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_GROUP_MEMBER_H_
