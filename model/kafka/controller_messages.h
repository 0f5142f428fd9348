// What brokers and the controller tell each other, and the records of the metadata log (KRaft). Plain values.
// (clients/src/main/resources/common/message, metadata/src/main/resources/common/metadata)
#ifndef BROKERSIM_MODEL_KAFKA_CONTROLLER_MESSAGES_H_
#define BROKERSIM_MODEL_KAFKA_CONTROLLER_MESSAGES_H_

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "model/kafka/records.h"

namespace brokersim::kafka {

struct BrokerRegistrationRequest {
  static constexpr std::string_view kName = "BrokerRegistrationRequest";
  int32_t broker_id = -1;
  int64_t incarnation_id = 0;
  // KIP-966: of the incarnation that was shut down cleanly; -1: the last one wasn't.
  int64_t previous_broker_epoch = -1;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("incarnationId", incarnation_id);
    if (previous_broker_epoch >= 0) v("previousBrokerEpoch", previous_broker_epoch);
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
  // KIP-966: who isn't in the ISR and has all that is committed; and who led when the ISR became empty.
  std::vector<int32_t> eligible;
  std::vector<int32_t> last_known_eligible;
  int32_t controller_epoch = -1;  // ZooKeeper mode: of the controller that decided it
  template <class V> void Fields(V& v) const {
    v("tp", tp);
    v("replicas", replicas);
    v("isr", isr);
    v("leader", leader);
    v("leaderEpoch", leader_epoch);
    v("partitionEpoch", partition_epoch);
    v("recovering", recovering);
    if (!eligible.empty()) v("eligibleLeaderReplicas", eligible);
    if (!last_known_eligible.empty()) v("lastKnownElr", last_known_eligible);
    if (controller_epoch >= 0) v("controllerEpoch", controller_epoch);
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

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CONTROLLER_MESSAGES_H_
