// What answers say, and what becomes of transactions. (ResponseCode.java, LocalTransactionState.java)
#ifndef BROKERSIM_MODEL_ROCKETMQ_CODES_H_
#define BROKERSIM_MODEL_ROCKETMQ_CODES_H_

#include <cstdint>
#include <string_view>

namespace brokersim::rocketmq {

enum class ResponseCode : uint8_t {
  kSuccess,
  kSystemError,
  kSystemBusy,
  kFlushDiskTimeout,
  kSlaveNotAvailable,
  kFlushSlaveTimeout,
  kMessageIllegal,
  kServiceNotAvailable,
  kNoPermission,
  kTopicNotExist,
  kPullNotFound,
  kPullRetryImmediately,
  kPullOffsetMoved,
  kQueryNotFound,
  kIllegalOperation,
};
inline std::string_view Name(ResponseCode code) {
  switch (code) {
    case ResponseCode::kSuccess: return "SUCCESS";
    case ResponseCode::kSystemError: return "SYSTEM_ERROR";
    case ResponseCode::kSystemBusy: return "SYSTEM_BUSY";
    case ResponseCode::kFlushDiskTimeout: return "FLUSH_DISK_TIMEOUT";
    case ResponseCode::kSlaveNotAvailable: return "SLAVE_NOT_AVAILABLE";
    case ResponseCode::kFlushSlaveTimeout: return "FLUSH_SLAVE_TIMEOUT";
    case ResponseCode::kMessageIllegal: return "MESSAGE_ILLEGAL";
    case ResponseCode::kServiceNotAvailable: return "SERVICE_NOT_AVAILABLE";
    case ResponseCode::kNoPermission: return "NO_PERMISSION";
    case ResponseCode::kTopicNotExist: return "TOPIC_NOT_EXIST";
    case ResponseCode::kPullNotFound: return "PULL_NOT_FOUND";
    case ResponseCode::kPullRetryImmediately: return "PULL_RETRY_IMMEDIATELY";
    case ResponseCode::kPullOffsetMoved: return "PULL_OFFSET_MOVED";
    case ResponseCode::kQueryNotFound: return "QUERY_NOT_FOUND";
    case ResponseCode::kIllegalOperation: return "ILLEGAL_OPERATION";
  }
  return "?";
}

enum class TransactionState : uint8_t { kUnknow, kCommitMessage, kRollbackMessage };
inline std::string_view Name(TransactionState state) {
  switch (state) {
    case TransactionState::kUnknow: return "UNKNOW";
    case TransactionState::kCommitMessage: return "COMMIT_MESSAGE";
    case TransactionState::kRollbackMessage: return "ROLLBACK_MESSAGE";
  }
  return "?";
}

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_CODES_H_
