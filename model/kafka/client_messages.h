// Requests of clients and followers, and their answers, under their names in the Kafka protocol. Plain values.
// (kafka.apache.org/protocol, clients/src/main/resources/common/message)
#ifndef BROKERSIM_MODEL_KAFKA_CLIENT_MESSAGES_H_
#define BROKERSIM_MODEL_KAFKA_CLIENT_MESSAGES_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/kafka/records.h"

namespace brokersim::kafka {

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
  std::string transactional_id;  // empty: none
  std::vector<Partition> partitions;
  template <class V> void Fields(V& v) const {
    if (!transactional_id.empty()) v("transactionalId", transactional_id);
    v("acks", acks);
    v("timeoutMs", timeout_ms);
    v("partitions", partitions);
  }
};

// KIP-951: who leads instead, as far as a broker knows that refuses a request because it doesn't.
struct LeaderIdAndEpoch {
  int32_t id = -1;  // -1: nobody does, or it isn't known
  int32_t epoch = -1;
  friend bool operator==(const LeaderIdAndEpoch&, const LeaderIdAndEpoch&) = default;
  template <class V> void Fields(V& v) const {
    v("leaderId", id);
    v("leaderEpoch", epoch);
  }
};

struct ProduceResponse {
  static constexpr std::string_view kName = "ProduceResponse";
  struct Partition {
    TopicPartition tp;
    ErrorCode error = ErrorCode::kNone;
    int64_t base_offset = -1;
    LeaderIdAndEpoch current_leader = {};
    template <class V> void Fields(V& v) const {
      v("tp", tp);
      v("error", error);
      v("baseOffset", base_offset);
      if (current_leader.epoch >= 0) v("currentLeader", current_leader);
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
  IsolationLevel isolation = IsolationLevel::kReadUncommitted;
  std::vector<Partition> partitions;
  template <class V> void Fields(V& v) const {
    v("replicaId", replica_id);
    v("replicaEpoch", replica_epoch);
    v("maxWaitMs", max_wait_ms);
    v("minBytes", min_bytes);
    if (isolation == IsolationLevel::kReadCommitted) v("isolationLevel", isolation);
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

// A transaction that was aborted, in the range of a fetch.
struct AbortedTransaction {
  int64_t producer_id = kNoProducerId;
  int64_t first_offset = -1;
  template <class V> void Fields(V& v) const {
    v("producerId", producer_id);
    v("firstOffset", first_offset);
  }
};

struct FetchResponse {
  static constexpr std::string_view kName = "FetchResponse";
  struct Partition {
    TopicPartition tp;
    ErrorCode error = ErrorCode::kNone;
    int64_t high_watermark = -1;
    int64_t log_start_offset = -1;
    int64_t last_stable_offset = -1;
    std::optional<EpochEndOffset> diverging_epoch;  // KIP-595
    LeaderIdAndEpoch current_leader;
    std::vector<AbortedTransaction> aborted;        // of a read_committed fetch, by first offset
    std::vector<BatchRef> records;
    template <class V> void Fields(V& v) const {
      v("tp", tp);
      v("error", error);
      v("highWatermark", high_watermark);
      v("logStartOffset", log_start_offset);
      v("divergingEpoch", diverging_epoch);
      if (current_leader.epoch >= 0) v("currentLeader", current_leader);
      // Only where it tells something that the high watermark doesn't.
      if (last_stable_offset >= 0 && last_stable_offset != high_watermark) v("lastStableOffset", last_stable_offset);
      if (!aborted.empty()) v("abortedTransactions", aborted);
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
  int32_t current_leader_epoch = -1;  // KIP-320
  int64_t timestamp = kLatestTimestamp;
  IsolationLevel isolation = IsolationLevel::kReadUncommitted;
  template <class V> void Fields(V& v) const {
    v("replicaId", replica_id);
    v("tp", tp);
    v("currentLeaderEpoch", current_leader_epoch);
    v("timestamp", timestamp);
    if (isolation == IsolationLevel::kReadCommitted) v("isolationLevel", isolation);
  }
};

struct ListOffsetsResponse {
  static constexpr std::string_view kName = "ListOffsetsResponse";
  TopicPartition tp;
  ErrorCode error = ErrorCode::kNone;
  int64_t offset = -1;
  int32_t leader_epoch = -1;
  template <class V> void Fields(V& v) const {
    v("tp", tp);
    v("error", error);
    v("offset", offset);
    v("leaderEpoch", leader_epoch);
  }
};

// ---- KIP-320: where an epoch ends in the leader's log. A partition each.

struct OffsetForLeaderEpochRequest {
  static constexpr std::string_view kName = "OffsetForLeaderEpochRequest";
  TopicPartition tp;
  int32_t current_leader_epoch = -1;
  int32_t leader_epoch = -1;  // what is asked about
  template <class V> void Fields(V& v) const {
    v("tp", tp);
    v("currentLeaderEpoch", current_leader_epoch);
    v("leaderEpoch", leader_epoch);
  }
};

struct OffsetForLeaderEpochResponse {
  static constexpr std::string_view kName = "OffsetForLeaderEpochResponse";
  TopicPartition tp;
  ErrorCode error = ErrorCode::kNone;
  EpochEndOffset end;  // of the largest epoch up to the one in question
  template <class V> void Fields(V& v) const {
    v("tp", tp);
    v("error", error);
    v("end", end);
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
  std::string transactional_id;  // empty: an idempotent producer's
  int32_t transaction_timeout_ms = 0;
  // KIP-360: who asks for a higher epoch; -1: the producer begins.
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  template <class V> void Fields(V& v) const {
    if (transactional_id.empty()) return;
    v("transactionalId", transactional_id);
    v("transactionTimeoutMs", transaction_timeout_ms);
    v("producerId", producer_id);
    v("producerEpoch", producer_epoch);
  }
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

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CLIENT_MESSAGES_H_
