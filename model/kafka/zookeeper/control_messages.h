// What the controller of ZooKeeper mode tells brokers, and which of it they refuse.
// (clients/src/main/resources/common/message: LeaderAndIsrRequest.json, StopReplicaRequest.json and others, of 2.6)
#ifndef BROKERSIM_MODEL_KAFKA_ZOOKEEPER_CONTROL_MESSAGES_H_
#define BROKERSIM_MODEL_KAFKA_ZOOKEEPER_CONTROL_MESSAGES_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/kafka/controller_messages.h"

namespace brokersim::kafka {

// Who sends a control request, and to which life of the broker.
struct ControlHeader {
  int32_t controller_id = -1;
  int32_t controller_epoch = 0;
  int64_t broker_epoch = -1;  // KIP-380; -1: it isn't said
  template <class V> void Fields(V& v) const {
    v("controllerId", controller_id);
    v("controllerEpoch", controller_epoch);
    v("brokerEpoch", broker_epoch);
  }
};

// Their partition_epoch is the zkVersion of the partition's state.
struct LeaderAndIsrRequest {
  static constexpr std::string_view kName = "LeaderAndIsrRequest";
  ControlHeader header;
  std::vector<PartitionRecord> partitions;
  template <class V> void Fields(V& v) const {
    v("header", header);
    v("partitions", partitions);
  }
};

struct UpdateMetadataRequest {
  static constexpr std::string_view kName = "UpdateMetadataRequest";
  ControlHeader header;
  std::vector<PartitionRecord> partitions;
  std::vector<int32_t> live_brokers;
  template <class V> void Fields(V& v) const {
    v("header", header);
    v("partitions", partitions);
    v("liveBrokers", live_brokers);
  }
};

inline constexpr int32_t kNoLeaderEpoch = -1;

struct StopReplicaRequest {
  static constexpr std::string_view kName = "StopReplicaRequest";
  struct Partition {
    TopicPartition tp;
    int32_t leader_epoch = kNoLeaderEpoch;  // KIP-570
    bool delete_partition = false;
    template <class V> void Fields(V& v) const {
      v("tp", tp);
      v("leaderEpoch", leader_epoch);
      v("deletePartition", delete_partition);
    }
  };
  ControlHeader header;
  std::vector<Partition> partitions;
  template <class V> void Fields(V& v) const {
    v("header", header);
    v("partitions", partitions);
  }
};

// Answers all three.
struct ControlResponse {
  static constexpr std::string_view kName = "ControlResponse";
  ErrorCode error = ErrorCode::kNone;
  template <class V> void Fields(V& v) const { v("error", error); }
};

struct ControlledShutdownRequest {
  static constexpr std::string_view kName = "ControlledShutdownRequest";
  int32_t broker_id = -1;
  int64_t broker_epoch = -1;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("brokerEpoch", broker_epoch);
  }
};

struct ControlledShutdownResponse {
  static constexpr std::string_view kName = "ControlledShutdownResponse";
  ErrorCode error = ErrorCode::kNone;
  int32_t remaining = 0;  // partitions that it still leads
  template <class V> void Fields(V& v) const {
    v("error", error);
    v("remainingPartitions", remaining);
  }
};

// Whether a broker of this epoch, which has heard of this controller epoch, refuses the request as a whole:
// kStaleBrokerEpoch (KafkaApis.isBrokerEpochStale), kStaleControllerEpoch (ReplicaManager.becomeLeaderOrFollower). A
// greater broker epoch is one that the broker will hear of itself.
inline ErrorCode CheckControlRequest(const ControlHeader& header, int64_t broker_epoch, int32_t controller_epoch) {
  if (header.broker_epoch != -1 && header.broker_epoch < broker_epoch) return ErrorCode::kStaleBrokerEpoch;
  return header.controller_epoch < controller_epoch ? ErrorCode::kStaleControllerEpoch : ErrorCode::kNone;
}

// Whether a broker makes of the replica what LeaderAndIsr says: only if its leader epoch is new
// (ReplicaManager.becomeLeaderOrFollower).
inline bool IsNewLeaderEpoch(int32_t requested, int32_t current) { return requested > current; }

// Whether StopReplica may stop a replica of this leader epoch: KIP-570 (ReplicaManager.stopReplicas).
inline bool MayStopReplica(int32_t requested, int32_t current) {
  return requested == kNoLeaderEpoch || requested > current;
}

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_ZOOKEEPER_CONTROL_MESSAGES_H_
