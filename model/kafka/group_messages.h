// Requests of consumer groups (the classic protocol), and their answers. Plain values.
// (clients/src/main/resources/common/message)
#ifndef BROKERSIM_MODEL_KAFKA_GROUP_MESSAGES_H_
#define BROKERSIM_MODEL_KAFKA_GROUP_MESSAGES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/kafka/records.h"

namespace brokersim::kafka {

struct FindCoordinatorRequest {
  static constexpr std::string_view kName = "FindCoordinatorRequest";
  std::string key;
  int32_t key_type = 0;  // the key is a group's id (0) or a transactional one (1)
  template <class V> void Fields(V& v) const {
    v("key", key);
    if (key_type != 0) v("keyType", key_type);
  }
};

struct FindCoordinatorResponse {
  static constexpr std::string_view kName = "FindCoordinatorResponse";
  ErrorCode error = ErrorCode::kNone;
  int32_t node_id = -1;
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("nodeId", node_id);
  }
};

struct JoinGroupRequest {
  static constexpr std::string_view kName = "JoinGroupRequest";
  std::string group_id;
  int32_t session_timeout_ms = 0;
  int32_t rebalance_timeout_ms = 0;
  std::string member_id;
  // The protocol's metadata: a consumer's subscription, or what a worker of Connect's says of itself.
  std::vector<std::string> topics;
  std::string metadata;
  template <class V> void Fields(V& v) const {
    v("groupId", group_id);
    v("sessionTimeoutMs", session_timeout_ms);
    v("rebalanceTimeoutMs", rebalance_timeout_ms);
    v("memberId", member_id);
    v("topics", topics);
    if (!metadata.empty()) v("metadata", metadata);
  }
};

struct JoinGroupResponse {
  static constexpr std::string_view kName = "JoinGroupResponse";
  struct Member {
    std::string member_id;
    std::vector<std::string> topics;
    std::string metadata;
    template <class V> void Fields(V& v) const {
      v("memberId", member_id);
      v("topics", topics);
      if (!metadata.empty()) v("metadata", metadata);
    }
  };
  ErrorCode error = ErrorCode::kNone;
  int32_t generation_id = -1;
  std::string leader;
  std::string member_id;
  std::vector<Member> members;  // only to the leader
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("generationId", generation_id);
    v("leader", leader);
    v("memberId", member_id);
    v("members", members);
  }
};

struct MemberAssignment {
  std::string member_id;
  std::vector<TopicPartition> partitions;
  std::string work;  // of a worker of Connect's
  template <class V> void Fields(V& v) const {
    v("memberId", member_id);
    v("partitions", partitions);
    if (!work.empty()) v("work", work);
  }
};

struct SyncGroupRequest {
  static constexpr std::string_view kName = "SyncGroupRequest";
  std::string group_id;
  int32_t generation_id = -1;
  std::string member_id;
  std::vector<MemberAssignment> assignments;  // only from the leader
  template <class V> void Fields(V& v) const {
    v("groupId", group_id);
    v("generationId", generation_id);
    v("memberId", member_id);
    v("assignments", assignments);
  }
};

struct SyncGroupResponse {
  static constexpr std::string_view kName = "SyncGroupResponse";
  ErrorCode error = ErrorCode::kNone;
  std::vector<TopicPartition> assignment;
  std::string work;  // as in MemberAssignment
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("assignment", assignment);
    if (!work.empty()) v("work", work);
  }
};

struct HeartbeatRequest {
  static constexpr std::string_view kName = "HeartbeatRequest";
  std::string group_id;
  int32_t generation_id = -1;
  std::string member_id;
  template <class V> void Fields(V& v) const {
    v("groupId", group_id);
    v("generationId", generation_id);
    v("memberId", member_id);
  }
};

struct HeartbeatResponse {
  static constexpr std::string_view kName = "HeartbeatResponse";
  ErrorCode error = ErrorCode::kNone;
  template <class V> void Fields(V& v) const { v("error", error); }
};

struct LeaveGroupRequest {
  static constexpr std::string_view kName = "LeaveGroupRequest";
  std::string group_id;
  std::string member_id;
  template <class V> void Fields(V& v) const {
    v("groupId", group_id);
    v("memberId", member_id);
  }
};

struct LeaveGroupResponse {
  static constexpr std::string_view kName = "LeaveGroupResponse";
  ErrorCode error = ErrorCode::kNone;
  template <class V> void Fields(V& v) const { v("error", error); }
};

// OffsetAndMetadata.java
struct CommittedOffset {
  int64_t offset = -1;
  int32_t leader_epoch = -1;  // of the record before it, where that is known (KIP-320)
};

struct PartitionOffset {
  TopicPartition tp;
  int64_t offset = -1;
  int32_t leader_epoch = -1;
  template <class V> void Fields(V& v) const {
    v("tp", tp);
    v("offset", offset);
    if (leader_epoch >= 0) v("leaderEpoch", leader_epoch);
  }
};

struct OffsetCommitRequest {
  static constexpr std::string_view kName = "OffsetCommitRequest";
  std::string group_id;
  int32_t generation_id = -1;
  std::string member_id;
  std::vector<PartitionOffset> offsets;
  template <class V> void Fields(V& v) const {
    v("groupId", group_id);
    v("generationId", generation_id);
    v("memberId", member_id);
    v("offsets", offsets);
  }
};

struct OffsetCommitResponse {
  static constexpr std::string_view kName = "OffsetCommitResponse";
  ErrorCode error = ErrorCode::kNone;
  template <class V> void Fields(V& v) const { v("error", error); }
};

struct OffsetFetchRequest {
  static constexpr std::string_view kName = "OffsetFetchRequest";
  std::string group_id;
  std::vector<TopicPartition> partitions;
  bool all = false;  // whatever the group has committed; then no partitions are named
  template <class V> void Fields(V& v) const {
    v("groupId", group_id);
    if (!all) v("partitions", partitions);
  }
};

struct OffsetFetchResponse {
  static constexpr std::string_view kName = "OffsetFetchResponse";
  ErrorCode error = ErrorCode::kNone;
  std::vector<PartitionOffset> offsets;  // -1: nothing was committed
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("offsets", offsets);
  }
};

struct ListGroupsRequest {
  static constexpr std::string_view kName = "ListGroupsRequest";
  template <class V> void Fields(V&) const {}
};

// The groups that this broker coordinates.
struct ListGroupsResponse {
  static constexpr std::string_view kName = "ListGroupsResponse";
  std::vector<std::string> groups;
  template <class V> void Fields(V& v) const { v("groups", groups); }
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_GROUP_MESSAGES_H_
