// Kafka's requests, responses and records, under their names in the Kafka protocol. Plain values.
// Source of names and fields: kafka.apache.org/protocol, clients/src/main/resources/common/message.
#ifndef BROKERSIM_MODEL_KAFKA_MESSAGES_H_
#define BROKERSIM_MODEL_KAFKA_MESSAGES_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/payload.h"

namespace brokersim::kafka {

// Errors.java. The order is ours.
enum class ErrorCode : uint8_t {
  kNone,
  kUnknownTopicOrPartition,
  kLeaderNotAvailable,
  kNotLeaderOrFollower,
  kRequestTimedOut,
  kNotEnoughReplicas,
  kNotEnoughReplicasAfterAppend,
  kOffsetOutOfRange,
  kFencedLeaderEpoch,
  kUnknownLeaderEpoch,
  kCoordinatorNotAvailable,
  kCoordinatorLoadInProgress,
  kNotCoordinator,
  kIllegalGeneration,
  kUnknownMemberId,
  kRebalanceInProgress,
  kMemberIdRequired,
  kOutOfOrderSequenceNumber,
  kInvalidProducerEpoch,
  kStaleBrokerEpoch,
  kDuplicateBrokerRegistration,
  kInvalidUpdateVersion,
  kIneligibleReplica,
  kNotController,
  kNetworkException,  // client side: the connection was lost
};
std::string_view Name(ErrorCode error);

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
  friend bool operator==(const TopicPartition&, const TopicPartition&) = default;
  template <class V> void Fields(V& v) const {
    v("topic", topic);
    v("partition", partition);
  }
};
// "orders-0", as Kafka names a partition's folder.
std::string LogName(const TopicPartition& tp);

struct Record {
  std::string key;
  std::string value;
  int64_t timestamp_ms = 0;
  template <class V> void Fields(V& v) const {
    v("key", key);
    v("value", value);
    v("timestamp", timestamp_ms);
  }
};

inline constexpr int64_t kNoProducerId = -1;

// What a log is made of. Immutable: replicas share it.
struct RecordBatch {
  static constexpr std::string_view kName = "RecordBatch";
  int64_t base_offset = 0;
  int32_t partition_leader_epoch = -1;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  int32_t base_sequence = -1;
  std::vector<Record> records;

  int64_t count() const { return static_cast<int64_t>(records.size()); }
  int64_t next_offset() const { return base_offset + count(); }
  // Sequences wrap from 2^31 - 1 to 0 (DefaultRecordBatch.incrementSequence).
  int32_t last_sequence() const {
    const int64_t last = base_sequence + count() - 1;
    return static_cast<int32_t>(last > INT32_MAX ? last - INT32_MAX - 1 : last);
  }
  template <class V> void Fields(V& v) const {
    v("baseOffset", base_offset);
    v("partitionLeaderEpoch", partition_leader_epoch);
    v("producerId", producer_id);
    v("producerEpoch", producer_epoch);
    v("baseSequence", base_sequence);
    v("records", records);
  }
};
using BatchRef = sim::Ref<const sim::Boxed<RecordBatch>>;

// ---- Produce

struct ProduceRequest {
  static constexpr std::string_view kName = "ProduceRequest";
  struct Partition {
    TopicPartition tp;
    BatchRef records;
    template <class V> void Fields(V& v) const {
      v("tp", tp);
      v("records", records);
    }
  };
  int16_t acks = -1;  // 0, 1, or -1 for all
  int32_t timeout_ms = 0;
  std::vector<Partition> partitions;
  template <class V> void Fields(V& v) const {
    v("acks", acks);
    v("timeoutMs", timeout_ms);
    v("partitions", partitions);
  }
};

struct ProduceResponse {
  static constexpr std::string_view kName = "ProduceResponse";
  struct Partition {
    TopicPartition tp;
    ErrorCode error = ErrorCode::kNone;
    int64_t base_offset = -1;
    template <class V> void Fields(V& v) const {
      v("tp", tp);
      v("error", error);
      v("baseOffset", base_offset);
    }
  };
  std::vector<Partition> partitions;
  template <class V> void Fields(V& v) const { v("partitions", partitions); }
};

// ---- Fetch

inline constexpr int32_t kConsumerReplicaId = -1;

struct FetchRequest {
  static constexpr std::string_view kName = "FetchRequest";
  struct Partition {
    TopicPartition tp;
    int32_t current_leader_epoch = -1;  // KIP-320: -1 skips the check
    int64_t fetch_offset = 0;
    int32_t last_fetched_epoch = -1;    // KIP-595: -1 asks for no truncation check
    template <class V> void Fields(V& v) const {
      v("tp", tp);
      v("currentLeaderEpoch", current_leader_epoch);
      v("fetchOffset", fetch_offset);
      v("lastFetchedEpoch", last_fetched_epoch);
    }
  };
  int32_t replica_id = kConsumerReplicaId;
  int64_t replica_epoch = -1;  // KIP-903: the follower's broker epoch
  int32_t max_wait_ms = 500;
  int32_t min_bytes = 1;
  std::vector<Partition> partitions;
  template <class V> void Fields(V& v) const {
    v("replicaId", replica_id);
    v("replicaEpoch", replica_epoch);
    v("maxWaitMs", max_wait_ms);
    v("minBytes", min_bytes);
    v("partitions", partitions);
  }
};

struct EpochEndOffset {
  int32_t epoch = -1;
  int64_t end_offset = -1;
  friend bool operator==(const EpochEndOffset&, const EpochEndOffset&) = default;
  template <class V> void Fields(V& v) const {
    v("epoch", epoch);
    v("endOffset", end_offset);
  }
};

struct FetchResponse {
  static constexpr std::string_view kName = "FetchResponse";
  struct Partition {
    TopicPartition tp;
    ErrorCode error = ErrorCode::kNone;
    int64_t high_watermark = -1;
    int64_t log_start_offset = -1;
    std::optional<EpochEndOffset> diverging_epoch;  // KIP-595
    std::vector<BatchRef> records;
    template <class V> void Fields(V& v) const {
      v("tp", tp);
      v("error", error);
      v("highWatermark", high_watermark);
      v("logStartOffset", log_start_offset);
      v("divergingEpoch", diverging_epoch);
      v("records", records);
    }
  };
  std::vector<Partition> partitions;
  template <class V> void Fields(V& v) const { v("partitions", partitions); }
};

inline constexpr int64_t kLatestTimestamp = -1;
inline constexpr int64_t kEarliestTimestamp = -2;

struct ListOffsetsRequest {
  static constexpr std::string_view kName = "ListOffsetsRequest";
  int32_t replica_id = kConsumerReplicaId;
  TopicPartition tp;
  int64_t timestamp = kLatestTimestamp;
  template <class V> void Fields(V& v) const {
    v("replicaId", replica_id);
    v("tp", tp);
    v("timestamp", timestamp);
  }
};

struct ListOffsetsResponse {
  static constexpr std::string_view kName = "ListOffsetsResponse";
  TopicPartition tp;
  ErrorCode error = ErrorCode::kNone;
  int64_t offset = -1;
  template <class V> void Fields(V& v) const {
    v("tp", tp);
    v("error", error);
    v("offset", offset);
  }
};

// ---- Metadata for clients

struct MetadataRequest {
  static constexpr std::string_view kName = "MetadataRequest";
  template <class V> void Fields(V&) const {}
};

struct MetadataResponse {
  static constexpr std::string_view kName = "MetadataResponse";
  struct Partition {
    TopicPartition tp;
    int32_t leader = -1;
    int32_t leader_epoch = -1;
    template <class V> void Fields(V& v) const {
      v("tp", tp);
      v("leader", leader);
      v("leaderEpoch", leader_epoch);
    }
  };
  std::vector<int32_t> brokers;  // those that are not fenced
  std::vector<Partition> partitions;
  template <class V> void Fields(V& v) const {
    v("brokers", brokers);
    v("partitions", partitions);
  }
};

struct InitProducerIdRequest {
  static constexpr std::string_view kName = "InitProducerIdRequest";
  template <class V> void Fields(V&) const {}
};

struct InitProducerIdResponse {
  static constexpr std::string_view kName = "InitProducerIdResponse";
  ErrorCode error = ErrorCode::kNone;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("producerId", producer_id);
    v("producerEpoch", producer_epoch);
  }
};

// ---- Groups (classic protocol)

struct FindCoordinatorRequest {
  static constexpr std::string_view kName = "FindCoordinatorRequest";
  std::string key;
  template <class V> void Fields(V& v) const { v("key", key); }
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
  std::vector<std::string> topics;  // the subscription, as the protocol's metadata
  template <class V> void Fields(V& v) const {
    v("groupId", group_id);
    v("sessionTimeoutMs", session_timeout_ms);
    v("rebalanceTimeoutMs", rebalance_timeout_ms);
    v("memberId", member_id);
    v("topics", topics);
  }
};

struct JoinGroupResponse {
  static constexpr std::string_view kName = "JoinGroupResponse";
  struct Member {
    std::string member_id;
    std::vector<std::string> topics;
    template <class V> void Fields(V& v) const {
      v("memberId", member_id);
      v("topics", topics);
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
  template <class V> void Fields(V& v) const {
    v("memberId", member_id);
    v("partitions", partitions);
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
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("assignment", assignment);
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

struct PartitionOffset {
  TopicPartition tp;
  int64_t offset = -1;
  template <class V> void Fields(V& v) const {
    v("tp", tp);
    v("offset", offset);
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
  template <class V> void Fields(V& v) const {
    v("groupId", group_id);
    v("partitions", partitions);
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

// ---- Brokers and the controller (KRaft)

struct BrokerRegistrationRequest {
  static constexpr std::string_view kName = "BrokerRegistrationRequest";
  int32_t broker_id = -1;
  int64_t incarnation_id = 0;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("incarnationId", incarnation_id);
  }
};

struct BrokerRegistrationResponse {
  static constexpr std::string_view kName = "BrokerRegistrationResponse";
  ErrorCode error = ErrorCode::kNone;
  int64_t broker_epoch = -1;
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("brokerEpoch", broker_epoch);
  }
};

struct BrokerHeartbeatRequest {
  static constexpr std::string_view kName = "BrokerHeartbeatRequest";
  int32_t broker_id = -1;
  int64_t broker_epoch = -1;
  int64_t current_metadata_offset = -1;
  bool want_fence = false;
  bool want_shut_down = false;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("brokerEpoch", broker_epoch);
    v("currentMetadataOffset", current_metadata_offset);
    v("wantFence", want_fence);
    v("wantShutDown", want_shut_down);
  }
};

struct BrokerHeartbeatResponse {
  static constexpr std::string_view kName = "BrokerHeartbeatResponse";
  ErrorCode error = ErrorCode::kNone;
  bool is_caught_up = false;
  bool is_fenced = true;
  bool should_shut_down = false;
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("isCaughtUp", is_caught_up);
    v("isFenced", is_fenced);
    v("shouldShutDown", should_shut_down);
  }
};

struct BrokerState {
  int32_t broker_id = -1;
  int64_t broker_epoch = -1;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("brokerEpoch", broker_epoch);
  }
};

struct AlterPartitionRequest {
  static constexpr std::string_view kName = "AlterPartitionRequest";
  int32_t broker_id = -1;
  int64_t broker_epoch = -1;
  TopicPartition tp;
  int32_t leader_epoch = -1;
  int32_t partition_epoch = -1;
  std::vector<BrokerState> new_isr;  // KIP-903: with broker epochs
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("brokerEpoch", broker_epoch);
    v("tp", tp);
    v("leaderEpoch", leader_epoch);
    v("partitionEpoch", partition_epoch);
    v("newIsr", new_isr);
  }
};

struct AlterPartitionResponse {
  static constexpr std::string_view kName = "AlterPartitionResponse";
  TopicPartition tp;
  ErrorCode error = ErrorCode::kNone;
  int32_t leader_epoch = -1;
  int32_t partition_epoch = -1;
  std::vector<int32_t> isr;
  template <class V> void Fields(V& v) const {
    v("tp", tp);
    v("error", error);
    v("leaderEpoch", leader_epoch);
    v("partitionEpoch", partition_epoch);
    v("isr", isr);
  }
};

struct AllocateProducerIdsRequest {
  static constexpr std::string_view kName = "AllocateProducerIdsRequest";
  int32_t broker_id = -1;
  int64_t broker_epoch = -1;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("brokerEpoch", broker_epoch);
  }
};

struct AllocateProducerIdsResponse {
  static constexpr std::string_view kName = "AllocateProducerIdsResponse";
  ErrorCode error = ErrorCode::kNone;
  int64_t producer_id_start = -1;
  int32_t producer_id_len = 0;
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("producerIdStart", producer_id_start);
    v("producerIdLen", producer_id_len);
  }
};

// Records of the metadata log.

struct RegisterBrokerRecord {
  static constexpr std::string_view kName = "RegisterBrokerRecord";
  int32_t broker_id = -1;
  int64_t incarnation_id = 0;
  int64_t broker_epoch = -1;
  bool fenced = true;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("incarnationId", incarnation_id);
    v("brokerEpoch", broker_epoch);
    v("fenced", fenced);
  }
};

struct BrokerRegistrationChangeRecord {
  static constexpr std::string_view kName = "BrokerRegistrationChangeRecord";
  int32_t broker_id = -1;
  int64_t broker_epoch = -1;
  bool fenced = true;
  bool in_controlled_shutdown = false;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("brokerEpoch", broker_epoch);
    v("fenced", fenced);
    v("inControlledShutdown", in_controlled_shutdown);
  }
};

inline constexpr int32_t kNoLeader = -1;

// PartitionRecord and PartitionChangeRecord in one: the whole registration each time.
struct PartitionRecord {
  static constexpr std::string_view kName = "PartitionRecord";
  TopicPartition tp;
  std::vector<int32_t> replicas;
  std::vector<int32_t> isr;
  int32_t leader = kNoLeader;
  int32_t leader_epoch = 0;
  int32_t partition_epoch = 0;
  bool recovering = false;  // LeaderRecoveryState: after an unclean election
  template <class V> void Fields(V& v) const {
    v("tp", tp);
    v("replicas", replicas);
    v("isr", isr);
    v("leader", leader);
    v("leaderEpoch", leader_epoch);
    v("partitionEpoch", partition_epoch);
    v("recovering", recovering);
  }
};

struct ProducerIdsRecord {
  static constexpr std::string_view kName = "ProducerIdsRecord";
  int64_t next_producer_id = 0;
  template <class V> void Fields(V& v) const { v("nextProducerId", next_producer_id); }
};

using MetadataRecord = std::variant<RegisterBrokerRecord, BrokerRegistrationChangeRecord,
                                    PartitionRecord, ProducerIdsRecord>;

// A broker's Fetch of the metadata log. `offset` is the first record wanted.
struct MetadataFetchRequest {
  static constexpr std::string_view kName = "Fetch(__cluster_metadata)Request";
  int32_t broker_id = -1;
  int64_t offset = 0;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("offset", offset);
  }
};

struct MetadataFetchResponse {
  static constexpr std::string_view kName = "Fetch(__cluster_metadata)Response";
  int64_t offset = 0;
  std::vector<MetadataRecord> records;
  template <class V> void Fields(V& v) const {
    v("offset", offset);
    v("records", records);
  }
};

using Body =
    std::variant<ProduceRequest, ProduceResponse, FetchRequest, FetchResponse, ListOffsetsRequest,
                 ListOffsetsResponse, MetadataRequest, MetadataResponse, InitProducerIdRequest,
                 InitProducerIdResponse, FindCoordinatorRequest, FindCoordinatorResponse,
                 JoinGroupRequest, JoinGroupResponse, SyncGroupRequest, SyncGroupResponse,
                 HeartbeatRequest, HeartbeatResponse, LeaveGroupRequest, LeaveGroupResponse,
                 OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest,
                 OffsetFetchResponse, BrokerRegistrationRequest, BrokerRegistrationResponse,
                 BrokerHeartbeatRequest, BrokerHeartbeatResponse, AlterPartitionRequest,
                 AlterPartitionResponse, AllocateProducerIdsRequest, AllocateProducerIdsResponse,
                 MetadataFetchRequest, MetadataFetchResponse>;

// What travels: a request or response under its header.
struct Frame {
  int32_t correlation_id = 0;
  Body body;
  std::string_view Name() const {
    return std::visit([](const auto& b) { return std::string_view(b.kName); }, body);
  }
  template <class V> void Fields(V& v) const {
    v("correlationId", correlation_id);
    std::visit([&v](const auto& b) { b.Fields(v); }, body);
  }
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_MESSAGES_H_
