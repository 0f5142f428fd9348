// What Kafka's logs are made of, and the error codes. Names as in the Kafka protocol.
// (clients/src/main/java/org/apache/kafka/common: protocol/Errors.java, record/DefaultRecordBatch.java)
#ifndef BROKERSIM_MODEL_KAFKA_RECORDS_H_
#define BROKERSIM_MODEL_KAFKA_RECORDS_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
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
  kOffsetNotAvailable,
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
  kInvalidProducerIdMapping,
  kInvalidTxnState,
  kConcurrentTransactions,
  kTransactionCoordinatorFenced,
  kProducerFenced,
  kTransactionAbortable,
  kInvalidTransactionTimeout,
  kUnstableOffsetCommit,
  kStaleControllerEpoch,
  kBrokerNotAvailable,
};
std::string_view Name(ErrorCode error);

// FetchRequest.json; read_committed sees nothing beyond the last stable offset (KIP-98).
enum class IsolationLevel : uint8_t { kReadUncommitted, kReadCommitted };
std::string_view Name(IsolationLevel level);

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
  friend bool operator==(const TopicPartition&, const TopicPartition&) = default;
  template <class V> void Fields(V& v) const {
    v("topic", topic);
    v("partition", partition);
  }
  // "orders-0", as Kafka names a partition's folder.
  void AppendText(std::string* text) const;
};
// The same: the name of the log.
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

// What ends a transaction in a partition (ControlRecordType.java).
enum class Marker : uint8_t { kNone, kAbort, kCommit };
std::string_view Name(Marker marker);  // "ABORT", "COMMIT"

// What a log is made of. Immutable: replicas share it.
struct RecordBatch {
  static constexpr std::string_view kName = "RecordBatch";
  int64_t base_offset = 0;
  int32_t partition_leader_epoch = -1;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  int32_t base_sequence = -1;
  bool transactional = false;
  // Of a control batch, which has one record that no consumer sees (EndTransactionMarker.java).
  Marker marker = Marker::kNone;
  int32_t coordinator_epoch = -1;
  std::vector<Record> records;

  bool is_control() const { return marker != Marker::kNone; }
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
    if (transactional) v("isTransactional", transactional);
    if (is_control()) {
      v("controlType", marker);
      v("coordinatorEpoch", coordinator_epoch);
    }
    v("records", records);
  }
  // "[p1-7 p1-8]@12 epoch 1": the values, the offset of the first, the leader's epoch (where it has been given).
  void AppendText(std::string* text) const;
};
using BatchRef = sim::Ref<const sim::Boxed<RecordBatch>>;

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_RECORDS_H_
