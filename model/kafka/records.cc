#include "model/kafka/records.h"

#include <array>

namespace brokersim::kafka {

std::string_view Name(ErrorCode error) {
  constexpr std::array<std::string_view, 36> kNames = {
      "NONE",
      "UNKNOWN_TOPIC_OR_PARTITION",
      "LEADER_NOT_AVAILABLE",
      "NOT_LEADER_OR_FOLLOWER",
      "REQUEST_TIMED_OUT",
      "NOT_ENOUGH_REPLICAS",
      "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
      "OFFSET_OUT_OF_RANGE",
      "OFFSET_NOT_AVAILABLE",
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
      "UNSTABLE_OFFSET_COMMIT",
      "STALE_CONTROLLER_EPOCH",
      "BROKER_NOT_AVAILABLE",
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

namespace {

void Append(std::string_view label, int64_t number, std::string* text) {
  const fmt::format_int digits(number);
  text->append(label).append(digits.data(), digits.size());
}

}  // namespace

void TopicPartition::AppendText(std::string* text) const {
  *text += topic;
  Append("-", partition, text);
}

std::string LogName(const TopicPartition& tp) {
  std::string name;
  tp.AppendText(&name);
  return name;
}

void RecordBatch::AppendText(std::string* text) const {
  *text += '[';
  if (is_control()) {
    text->append(Name(marker));
    Append(" of producer ", producer_id, text);
  } else {
    const size_t first = text->size();
    for (const Record& record : records) {
      if (text->size() > first) *text += ' ';
      *text += record.value;
    }
  }
  *text += ']';
  if (partition_leader_epoch >= 0) {
    Append("@", base_offset, text);
    Append(" epoch ", partition_leader_epoch, text);
  }
  if (base_sequence >= 0) Append(" seq ", base_sequence, text);
}

}  // namespace brokersim::kafka
