#include "model/kafka/zookeeper/messages.h"

#include <fmt/format.h>

namespace brokersim::kafka {

std::string_view Name(ZkCode code) {
  switch (code) {
    case ZkCode::kOk: return "OK";
    case ZkCode::kNoNode: return "NONODE";
    case ZkCode::kNodeExists: return "NODEEXISTS";
    case ZkCode::kBadVersion: return "BADVERSION";
  }
  return "?";
}

std::string_view Name(ZkOpType type) {
  switch (type) {
    case ZkOpType::kCreate: return "create";
    case ZkOpType::kCreateEphemeral: return "create-ephemeral";
    case ZkOpType::kCreateSequential: return "create-sequential";
    case ZkOpType::kDelete: return "delete";
    case ZkOpType::kSetData: return "setData";
    case ZkOpType::kCheck: return "check";
    case ZkOpType::kGetData: return "getData";
    case ZkOpType::kGetChildren: return "getChildren";
  }
  return "?";
}

std::string_view Name(ZkWatchType type) { return type == ZkWatchType::kData ? "data" : "children"; }

std::string BrokerPath(int32_t broker) { return fmt::format("{}/{}", kBrokerIdsPath, broker); }

std::string AssignmentPath(const TopicPartition& tp) {
  return fmt::format("/brokers/topics/{}/partitions/{}", tp.topic, tp.partition);
}

std::string StatePath(const TopicPartition& tp) { return AssignmentPath(tp) + "/state"; }

}  // namespace brokersim::kafka
