// Requests about transactions, and their answers, under their names in the Kafka protocol. Plain values.
// (kafka.apache.org/protocol, clients/src/main/resources/common/message)
#ifndef BROKERSIM_MODEL_KAFKA_TRANSACTION_MESSAGES_H_
#define BROKERSIM_MODEL_KAFKA_TRANSACTION_MESSAGES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/kafka/group_messages.h"
#include "model/kafka/records.h"

namespace brokersim::kafka {

// Partitions become part of a transaction: told by the producer, or (transaction version 2) by the leader that is about
// to append. With `verify_only` (KIP-890 part 1) a leader asks whether they are.
struct AddPartitionsToTxnRequest {
  static constexpr std::string_view kName = "AddPartitionsToTxnRequest";
  std::string transactional_id;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  bool verify_only = false;
  std::vector<TopicPartition> partitions;
  template <class V>
  void Fields(V& v) const {
    v("transactionalId", transactional_id);
    v("producerId", producer_id);
    v("producerEpoch", producer_epoch);
    v("verifyOnly", verify_only);
    v("partitions", partitions);
  }
};

struct AddPartitionsToTxnResponse {
  static constexpr std::string_view kName = "AddPartitionsToTxnResponse";
  // Of all partitions: the coordinator treats them alike but for verification.
  std::vector<ErrorCode> errors;
  template <class V>
  void Fields(V& v) const {
    v("errors", errors);
  }
};

// The group's offsets become part of a transaction, in versions below 2 (KIP-98).
struct AddOffsetsToTxnRequest {
  static constexpr std::string_view kName = "AddOffsetsToTxnRequest";
  std::string transactional_id;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  std::string group_id;
  template <class V>
  void Fields(V& v) const {
    v("transactionalId", transactional_id);
    v("producerId", producer_id);
    v("producerEpoch", producer_epoch);
    v("groupId", group_id);
  }
};

struct AddOffsetsToTxnResponse {
  static constexpr std::string_view kName = "AddOffsetsToTxnResponse";
  ErrorCode error = ErrorCode::kNone;
  template <class V>
  void Fields(V& v) const {
    v("error", error);
  }
};

// Offsets that count once the transaction is committed. With a generation and a member id the group must know them
// (KIP-447); without (-1 and empty) anybody may.
struct TxnOffsetCommitRequest {
  static constexpr std::string_view kName = "TxnOffsetCommitRequest";
  std::string transactional_id;
  std::string group_id;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  int32_t generation_id = -1;
  std::string member_id;
  std::vector<PartitionOffset> offsets;
  template <class V>
  void Fields(V& v) const {
    v("transactionalId", transactional_id);
    v("groupId", group_id);
    v("producerId", producer_id);
    v("producerEpoch", producer_epoch);
    v("generationId", generation_id);
    v("memberId", member_id);
    v("offsets", offsets);
  }
};

struct TxnOffsetCommitResponse {
  static constexpr std::string_view kName = "TxnOffsetCommitResponse";
  ErrorCode error = ErrorCode::kNone;
  template <class V>
  void Fields(V& v) const {
    v("error", error);
  }
};

struct EndTxnRequest {
  static constexpr std::string_view kName = "EndTxnRequest";
  std::string transactional_id;
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  bool committed = false;
  template <class V>
  void Fields(V& v) const {
    v("transactionalId", transactional_id);
    v("producerId", producer_id);
    v("producerEpoch", producer_epoch);
    v("committed", committed);
  }
};

struct EndTxnResponse {
  static constexpr std::string_view kName = "EndTxnResponse";
  ErrorCode error = ErrorCode::kNone;
  // With which the next transaction begins (transaction version 2); -1: as before.
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  template <class V>
  void Fields(V& v) const {
    v("error", error);
    v("producerId", producer_id);
    v("producerEpoch", producer_epoch);
  }
};

// From the transaction coordinator to the leaders of a transaction's partitions.
struct WriteTxnMarkersRequest {
  static constexpr std::string_view kName = "WriteTxnMarkersRequest";
  int64_t producer_id = kNoProducerId;
  int16_t producer_epoch = -1;
  Marker marker = Marker::kNone;
  int32_t coordinator_epoch = -1;
  std::vector<TopicPartition> partitions;
  template <class V>
  void Fields(V& v) const {
    v("producerId", producer_id);
    v("producerEpoch", producer_epoch);
    v("transactionResult", marker);
    v("coordinatorEpoch", coordinator_epoch);
    v("partitions", partitions);
  }
};

struct WriteTxnMarkersResponse {
  static constexpr std::string_view kName = "WriteTxnMarkersResponse";
  struct Partition {
    TopicPartition tp;
    ErrorCode error = ErrorCode::kNone;
    template <class V>
    void Fields(V& v) const {
      v("tp", tp);
      v("error", error);
    }
  };
  std::vector<Partition> partitions;
  template <class V>
  void Fields(V& v) const {
    v("partitions", partitions);
  }
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_TRANSACTION_MESSAGES_H_
