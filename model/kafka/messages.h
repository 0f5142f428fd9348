// All messages of Kafka, and the frame in which they travel.
#ifndef BROKERSIM_MODEL_KAFKA_MESSAGES_H_
#define BROKERSIM_MODEL_KAFKA_MESSAGES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "model/kafka/client_messages.h"
#include "model/kafka/controller_messages.h"
#include "model/kafka/group_messages.h"
#include "model/kafka/records.h"
#include "model/kafka/transaction_messages.h"
#include "model/kafka/zookeeper/control_messages.h"
#include "model/kafka/zookeeper/messages.h"

namespace brokersim::kafka {

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
                 MetadataFetchRequest, MetadataFetchResponse, AddPartitionsToTxnRequest,
                 AddPartitionsToTxnResponse, EndTxnRequest, EndTxnResponse, WriteTxnMarkersRequest,
                 WriteTxnMarkersResponse, ListGroupsRequest, ListGroupsResponse, OffsetForLeaderEpochRequest,
                 OffsetForLeaderEpochResponse, AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, TxnOffsetCommitRequest,
                 TxnOffsetCommitResponse, LeaderAndIsrRequest, UpdateMetadataRequest, StopReplicaRequest,
                 ControlResponse, ControlledShutdownRequest, ControlledShutdownResponse, ZkConnectRequest,
                 ZkConnectResponse, ZkPingRequest, ZkPingResponse, ZkCloseRequest, ZkRequest, ZkResponse,
                 ZkWatcherEvent>;

// What travels: a request or response under its header.
struct Frame {
  int32_t correlation_id = 0;
  Body body;
  // The body's fields, then the correlation id: "acks=-1 ... #12".
  void AppendText(std::string* text) const {
    const size_t before = text->size();
    sim::TextVisitor visitor(text);
    std::visit([&visitor](const auto& b) { b.Fields(visitor); }, body);
    if (text->size() > before) *text += ' ';
    *text += '#';
    *text += fmt::format_int(correlation_id).c_str();
  }
  // Whether it asks; else it answers.
  bool is_request() const {
    return std::visit([](const auto& b) { return b.kName.ends_with("Request"); }, body);
  }
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
