#include "model/kafka/records.h"

#include <array>

namespace brokersim::kafka {

std::string_view Name(ErrorCode error) {
  constexpr std::array<std::string_view, 32> kNames = {
      "NONE",
      "UNKNOWN_TOPIC_OR_PARTITION",
      "LEADER_NOT_AVAILABLE",
      "NOT_LEADER_OR_FOLLOWER",
      "REQUEST_TIMED_OUT",
      "NOT_ENOUGH_REPLICAS",
      "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
      "OFFSET_OUT_OF_RANGE",
      "FENCED_LEADER_EPOCH",
      "UNKNOWN_LEADER_EPOCH",
      "COORDINATOR_NOT_AVAILABLE",
      "COORDINATOR_LOAD_IN_PROGRESS",
      "NOT_COORDINATOR",
      "ILLEGAL_GENERATION",
      "UNKNOWN_MEMBER_ID",
      "REBALANCE_IN_PROGRESS",
      "MEMBER_ID_REQUIRED",
      "OUT_OF_ORDER_SEQUENCE_NUMBER",
      "INVALID_PRODUCER_EPOCH",
      "STALE_BROKER_EPOCH",
      "DUPLICATE_BROKER_REGISTRATION",
      "INVALID_UPDATE_VERSION",
      "INELIGIBLE_REPLICA",
      "NOT_CONTROLLER",
      "NETWORK_EXCEPTION",
      "INVALID_PRODUCER_ID_MAPPING",
      "INVALID_TXN_STATE",
      "CONCURRENT_TRANSACTIONS",
      "TRANSACTION_COORDINATOR_FENCED",
      "PRODUCER_FENCED",
      "TRANSACTION_ABORTABLE",
      "INVALID_TRANSACTION_TIMEOUT",
  };
  return kNames[static_cast<size_t>(error)];
}

std::string_view Name(Marker marker) {
  constexpr std::array<std::string_view, 3> kNames = {"NONE", "ABORT", "COMMIT"};
  return kNames[static_cast<size_t>(marker)];
}

std::string_view Name(IsolationLevel level) {
  return level == IsolationLevel::kReadCommitted ? "read_committed" : "read_uncommitted";
}

std::string TopicPartition::Text() const { return fmt::format("{}-{}", topic, partition); }

std::string LogName(const TopicPartition& tp) { return tp.Text(); }

std::string RecordBatch::Text() const {
  std::string text = is_control() ? fmt::format("[{} of producer {}", Name(marker), producer_id) : "[";
  for (const Record& record : records) {
    if (is_control()) break;
    if (text.size() > 1) text += ' ';
    text += record.value;
  }
  text += ']';
  if (partition_leader_epoch >= 0) text += fmt::format("@{} epoch {}", base_offset, partition_leader_epoch);
  if (base_sequence >= 0) text += fmt::format(" seq {}", base_sequence);
  return text;
}

}  // namespace brokersim::kafka
