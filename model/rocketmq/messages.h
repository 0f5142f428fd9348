// What travels between name servers, brokers and clients: RemotingCommands under the names of their request codes, and
// the stream of the HA port. (RequestCode.java, DefaultHAConnection.java)
#ifndef BROKERSIM_MODEL_ROCKETMQ_MESSAGES_H_
#define BROKERSIM_MODEL_ROCKETMQ_MESSAGES_H_

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/raft/messages.h"
#include "model/rocketmq/codes.h"
#include "model/rocketmq/message.h"

namespace brokersim::rocketmq {

// ---- Name servers

struct TopicQueues {
  std::string topic;
  int32_t queues = 0;
  template <class V> void Fields(V& v) const {
    v("topic", topic);
    v("queues", queues);
  }
};

struct RegisterBroker {
  static constexpr std::string_view kName = "REGISTER_BROKER";
  std::string broker_name;
  int64_t broker_id = 0;  // 0: the master
  std::vector<TopicQueues> topics;
  int64_t state_version = 0;  // controller mode: the masterEpoch
  bool enable_acting_master = false;
  sim::Duration heartbeat_timeout;  // 0: the name server's own
  template <class V> void Fields(V& v) const {
    v("brokerName", broker_name);
    v("brokerId", broker_id);
    v("topics", topics);
    if (state_version != 0) v("stateVersion", state_version);
    if (enable_acting_master) v("enableActingMaster", enable_acting_master);
    if (enable_acting_master) v("heartbeatTimeoutMillis", heartbeat_timeout);
  }
};

struct RegisterBrokerResult {
  static constexpr std::string_view kName = "REGISTER_BROKER_RESPONSE";
  int64_t master = -1;  // node of the master as the name server knows it; -1: none
  template <class V> void Fields(V& v) const { v("master", master); }
};

struct GetRoute {
  static constexpr std::string_view kName = "GET_ROUTEINFO_BY_TOPIC";
  std::string topic;
  template <class V> void Fields(V& v) const { v("topic", topic); }
};

struct BrokerAddress {
  int64_t broker_id = 0;
  uint32_t node = 0;
  template <class V> void Fields(V& v) const {
    v("brokerId", broker_id);
    v("node", node);
  }
};

struct BrokerRoute {
  std::string broker_name;
  int32_t queues = 0;
  std::vector<BrokerAddress> addresses;  // by broker id
  bool read_only = false;                // an acting master
  template <class V> void Fields(V& v) const {
    v("brokerName", broker_name);
    v("queues", queues);
    v("addresses", addresses);
    if (read_only) v("readOnly", read_only);
  }
};

struct GetRouteResult {
  static constexpr std::string_view kName = "GET_ROUTEINFO_BY_TOPIC_RESPONSE";
  ResponseCode code = ResponseCode::kSuccess;
  std::string topic;
  std::vector<BrokerRoute> brokers;  // by name
  template <class V> void Fields(V& v) const {
    v("code", code);
    v("topic", topic);
    v("brokers", brokers);
  }
};

// What a name server knows of a group, without acting masters.
struct GetBrokerMemberGroup {
  static constexpr std::string_view kName = "GET_BROKER_MEMBER_GROUP";
  std::string broker_name;
  template <class V> void Fields(V& v) const { v("brokerName", broker_name); }
};

struct BrokerMemberGroup {
  static constexpr std::string_view kName = "GET_BROKER_MEMBER_GROUP_RESPONSE";
  std::vector<BrokerAddress> members;  // by broker id
  template <class V> void Fields(V& v) const { v("members", members); }
};

// One way, from a name server to brokers of a group.
struct NotifyMinBrokerIdChange {
  static constexpr std::string_view kName = "NOTIFY_MIN_BROKER_ID_CHANGE";
  BrokerAddress lowest;
  int64_t offline = -1;  // node of the one that is gone; -1: one has come
  template <class V> void Fields(V& v) const {
    v("minBroker", lowest);
    v("offlineBroker", offline);
  }
};

// From a master that isn't registered yet to its slave: where to copy from.
struct ExchangeBrokerHaInfo {
  static constexpr std::string_view kName = "EXCHANGE_BROKER_HA_INFO";
  uint32_t master = 0;  // its node
  template <class V> void Fields(V& v) const { v("master", master); }
};

struct ExchangeBrokerHaInfoResult {
  static constexpr std::string_view kName = "EXCHANGE_BROKER_HA_INFO_RESPONSE";
  template <class V> void Fields(V&) const {}
};

// ---- Producers

struct SendMessage {
  static constexpr std::string_view kName = "SEND_MESSAGE";
  Message message;
  template <class V> void Fields(V& v) const { v("message", message); }
};

struct SendMessageResult {
  static constexpr std::string_view kName = "SEND_MESSAGE_RESPONSE";
  ResponseCode code = ResponseCode::kSuccess;
  std::string remark;
  int64_t queue_offset = -1;
  int64_t commit_log_offset = -1;
  template <class V> void Fields(V& v) const {
    v("code", code);
    if (!remark.empty()) v("remark", remark);
    v("queueOffset", queue_offset);
    v("commitLogOffset", commit_log_offset);
  }
};

// One way, from producers.
struct EndTransaction {
  static constexpr std::string_view kName = "END_TRANSACTION";
  std::string producer_group;
  int64_t tran_state_table_offset = -1;  // queue offset of the half message
  int64_t commit_log_offset = -1;
  TransactionState state = TransactionState::kUnknow;
  bool from_transaction_check = false;
  std::string unique_key;
  template <class V> void Fields(V& v) const {
    v("producerGroup", producer_group);
    v("tranStateTableOffset", tran_state_table_offset);
    v("commitLogOffset", commit_log_offset);
    v("commitOrRollback", state);
    v("fromTransactionCheck", from_transaction_check);
    v("msgId", unique_key);
  }
};

// One way, from a broker to one producer of the group.
struct CheckTransactionState {
  static constexpr std::string_view kName = "CHECK_TRANSACTION_STATE";
  Message message;  // the half message, with its newest place
  template <class V> void Fields(V& v) const { v("message", message); }
};

// ---- Consumers

struct Heartbeat {
  static constexpr std::string_view kName = "HEART_BEAT";
  std::string client_id;
  std::string producer_group;  // empty: no producer
  std::string consumer_group;  // empty: no consumer
  template <class V> void Fields(V& v) const {
    v("clientID", client_id);
    v("producerGroup", producer_group);
    v("consumerGroup", consumer_group);
  }
};

struct UnregisterClient {
  static constexpr std::string_view kName = "UNREGISTER_CLIENT";
  std::string client_id;
  template <class V> void Fields(V& v) const { v("clientID", client_id); }
};

struct NotifyConsumerIdsChanged {
  static constexpr std::string_view kName = "NOTIFY_CONSUMER_IDS_CHANGED";
  std::string consumer_group;
  template <class V> void Fields(V& v) const { v("consumerGroup", consumer_group); }
};

struct GetConsumerList {
  static constexpr std::string_view kName = "GET_CONSUMER_LIST_BY_GROUP";
  std::string consumer_group;
  template <class V> void Fields(V& v) const { v("consumerGroup", consumer_group); }
};

struct GetConsumerListResult {
  static constexpr std::string_view kName = "GET_CONSUMER_LIST_BY_GROUP_RESPONSE";
  std::string consumer_group;
  std::vector<std::string> client_ids;  // sorted
  template <class V> void Fields(V& v) const {
    v("consumerGroup", consumer_group);
    v("consumerIdList", client_ids);
  }
};

struct QueryConsumerOffset {
  static constexpr std::string_view kName = "QUERY_CONSUMER_OFFSET";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  template <class V> void Fields(V& v) const {
    v("consumerGroup", consumer_group);
    v("topic", topic);
    v("queueId", queue_id);
  }
};

struct UpdateConsumerOffset {
  static constexpr std::string_view kName = "UPDATE_CONSUMER_OFFSET";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  int64_t commit_offset = 0;
  template <class V> void Fields(V& v) const {
    v("consumerGroup", consumer_group);
    v("topic", topic);
    v("queueId", queue_id);
    v("commitOffset", commit_offset);
  }
};

struct GetMaxOffset {
  static constexpr std::string_view kName = "GET_MAX_OFFSET";
  std::string topic;
  int32_t queue_id = 0;
  template <class V> void Fields(V& v) const {
    v("topic", topic);
    v("queueId", queue_id);
  }
};

// Answers QUERY_CONSUMER_OFFSET, UPDATE_CONSUMER_OFFSET and GET_MAX_OFFSET.
struct OffsetResult {
  static constexpr std::string_view kName = "OFFSET_RESPONSE";
  ResponseCode code = ResponseCode::kSuccess;
  int64_t offset = -1;
  template <class V> void Fields(V& v) const {
    v("code", code);
    v("offset", offset);
  }
};

struct PullMessage {
  static constexpr std::string_view kName = "PULL_MESSAGE";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  int64_t queue_offset = 0;
  int32_t max_msg_nums = 32;
  int64_t commit_offset = -1;       // -1: none to commit
  sim::Duration suspend_timeout;    // 0: answered at once
  std::string expression;           // tags "a || b"; empty: all
  template <class V> void Fields(V& v) const {
    v("consumerGroup", consumer_group);
    v("topic", topic);
    v("queueId", queue_id);
    v("queueOffset", queue_offset);
    v("maxMsgNums", max_msg_nums);
    if (commit_offset >= 0) v("commitOffset", commit_offset);
    v("suspendTimeoutMillis", suspend_timeout);
    if (!expression.empty()) v("subscription", expression);
  }
};

struct PullMessageResult {
  static constexpr std::string_view kName = "PULL_MESSAGE_RESPONSE";
  ResponseCode code = ResponseCode::kSuccess;
  int64_t next_begin_offset = 0;
  int64_t min_offset = 0;
  int64_t max_offset = 0;
  std::vector<StoredMessage> messages;
  template <class V> void Fields(V& v) const {
    v("code", code);
    v("nextBeginOffset", next_begin_offset);
    v("maxOffset", max_offset);
    v("messages", messages);
  }
};

struct ConsumerSendMsgBack {
  static constexpr std::string_view kName = "CONSUMER_SEND_MSG_BACK";
  std::string consumer_group;
  int64_t commit_log_offset = -1;
  int32_t delay_level = 0;  // 0: by how often it was consumed; below: to the dead letters
  int32_t max_reconsume_times = 16;
  template <class V> void Fields(V& v) const {
    v("group", consumer_group);
    v("offset", commit_log_offset);
    v("delayLevel", delay_level);
    v("maxReconsumeTimes", max_reconsume_times);
  }
};

struct ConsumerSendMsgBackResult {
  static constexpr std::string_view kName = "CONSUMER_SEND_MSG_BACK_RESPONSE";
  ResponseCode code = ResponseCode::kSuccess;
  template <class V> void Fields(V& v) const { v("code", code); }
};

struct LockBatchMq {
  static constexpr std::string_view kName = "LOCK_BATCH_MQ";
  std::string consumer_group;
  std::string client_id;
  std::vector<MessageQueue> queues;
  bool only_this_broker = false;  // from one broker to another
  template <class V> void Fields(V& v) const {
    v("consumerGroup", consumer_group);
    v("clientId", client_id);
    v("mqSet", queues);
    if (only_this_broker) v("onlyThisBroker", only_this_broker);
  }
};

struct LockBatchMqResult {
  static constexpr std::string_view kName = "LOCK_BATCH_MQ_RESPONSE";
  std::vector<MessageQueue> locked;
  template <class V> void Fields(V& v) const { v("lockOKMQSet", locked); }
};

// One way here: the client waits for it at most a second and goes on regardless.
struct UnlockBatchMq {
  static constexpr std::string_view kName = "UNLOCK_BATCH_MQ";
  std::string consumer_group;
  std::string client_id;
  std::vector<MessageQueue> queues;
  bool only_this_broker = false;  // from one broker to another
  template <class V> void Fields(V& v) const {
    v("consumerGroup", consumer_group);
    v("clientId", client_id);
    v("mqSet", queues);
    if (only_this_broker) v("onlyThisBroker", only_this_broker);
  }
};

// ---- HA: a slave says how far its commit log reaches, the master sends what follows.

struct HaReportOffset {
  static constexpr std::string_view kName = "HA_REPORT_OFFSET";
  int64_t max_phy_offset = 0;
  template <class V> void Fields(V& v) const { v("maxPhyOffset", max_phy_offset); }
};

struct HaTransfer {
  static constexpr std::string_view kName = "HA_TRANSFER";
  int64_t phy_offset = 0;
  std::vector<StoredMessage> messages;  // empty: a heartbeat
  // Controller mode: the epoch of these messages, where it began, and what is confirmed.
  int64_t epoch = 0;
  int64_t epoch_start = 0;
  int64_t confirm_offset = 0;
  template <class V> void Fields(V& v) const {
    v("phyOffset", phy_offset);
    v("messages", messages);
    if (epoch != 0) v("epoch", epoch);
    if (epoch != 0) v("epochStartOffset", epoch_start);
    if (epoch != 0) v("confirmOffset", confirm_offset);
  }
};

// AutoSwitchHAClient.java, EpochFileCache.java: an epoch, and the physical offset at which it began.
struct EpochEntry {
  int64_t epoch = 0;
  int64_t start = 0;
  friend bool operator==(const EpochEntry&, const EpochEntry&) = default;
  template <class V> void Fields(V& v) const {
    v("epoch", epoch);
    v("startOffset", start);
  }
};

struct HaHandshake {
  static constexpr std::string_view kName = "HA_HANDSHAKE";
  int64_t replica = 0;  // who asks
  template <class V> void Fields(V& v) const { v("slaveId", replica); }
};

struct HaHandshakeResult {
  static constexpr std::string_view kName = "HA_HANDSHAKE_RESPONSE";
  std::vector<EpochEntry> epochs;  // of the master, oldest first
  int64_t max_phy_offset = 0;
  template <class V> void Fields(V& v) const {
    v("epochs", epochs);
    v("maxPhyOffset", max_phy_offset);
  }
};

// ---- Controller (RequestCode.java: CONTROLLER_*)

// Whether a replica is in a SyncStateSet.
inline bool Contains(const std::vector<int64_t>& set, int64_t replica) {
  return std::find(set.begin(), set.end(), replica) != set.end();
}

// What a controller knows of a group. Replicas are numbered as their nodes are: a0, a1, ...
struct ReplicaInfo {
  static constexpr std::string_view kName = "REPLICA_INFO";
  ResponseCode code = ResponseCode::kSuccess;
  std::string broker_name;
  int64_t master = -1;  // replica; -1: there is none
  int64_t master_epoch = 0;
  std::vector<int64_t> sync_state_set;  // sorted
  int64_t sync_state_set_epoch = 0;
  template <class V> void Fields(V& v) const {
    v("code", code);
    v("brokerName", broker_name);
    v("master", master);
    v("masterEpoch", master_epoch);
    v("syncStateSet", sync_state_set);
    v("syncStateSetEpoch", sync_state_set_epoch);
  }
};

struct ControllerRegister {
  static constexpr std::string_view kName = "CONTROLLER_REGISTER_BROKER";
  std::string broker_name;
  int64_t replica = 0;
  template <class V> void Fields(V& v) const {
    v("brokerName", broker_name);
    v("brokerId", replica);
  }
};

struct GetReplicaInfo {
  static constexpr std::string_view kName = "CONTROLLER_GET_REPLICA_INFO";
  std::string broker_name;
  template <class V> void Fields(V& v) const { v("brokerName", broker_name); }
};

struct ElectMaster {
  static constexpr std::string_view kName = "CONTROLLER_ELECT_MASTER";
  std::string broker_name;
  int64_t replica = 0;
  template <class V> void Fields(V& v) const {
    v("brokerName", broker_name);
    v("brokerId", replica);
  }
};

struct AlterSyncStateSet {
  static constexpr std::string_view kName = "CONTROLLER_ALTER_SYNC_STATE_SET";
  std::string broker_name;
  int64_t master = 0;
  int64_t master_epoch = 0;
  std::vector<int64_t> new_set;
  int64_t sync_state_set_epoch = 0;
  template <class V> void Fields(V& v) const {
    v("brokerName", broker_name);
    v("masterBrokerId", master);
    v("masterEpoch", master_epoch);
    v("newSyncStateSet", new_set);
    v("syncStateSetEpoch", sync_state_set_epoch);
  }
};

// One way.
struct BrokerHeartbeat {
  static constexpr std::string_view kName = "BROKER_HEARTBEAT";
  std::string broker_name;
  int64_t replica = 0;
  int64_t epoch = 0;
  int64_t max_offset = 0;
  int64_t confirm_offset = 0;
  template <class V> void Fields(V& v) const {
    v("brokerName", broker_name);
    v("brokerId", replica);
    v("epoch", epoch);
    v("maxOffset", max_offset);
    v("confirmOffset", confirm_offset);
  }
};

// One way, from the controller to each replica.
struct NotifyRoleChanged {
  static constexpr std::string_view kName = "NOTIFY_BROKER_ROLE_CHANGED";
  ReplicaInfo info;
  template <class V> void Fields(V& v) const { info.Fields(v); }
};

// A slave asks its master for consumer offsets, delay offsets and topics (SlaveSynchronize.java).
struct SyncAll {
  static constexpr std::string_view kName = "GET_ALL_CONSUMER_OFFSET";
  template <class V> void Fields(V&) const {}
};

struct OffsetEntry {
  std::string group;
  std::string topic;
  int32_t queue_id = 0;
  int64_t offset = 0;
  template <class V> void Fields(V& v) const {
    v("group", group);
    v("topic", topic);
    v("queueId", queue_id);
    v("offset", offset);
  }
};

// DataVersion.java: of two tables of offsets the one with the greater version counts. It is raised only now and then.
struct DataVersion {
  int64_t counter = 0;
  sim::Time timestamp;  // when it was raised last
  friend auto operator<=>(const DataVersion&, const DataVersion&) = default;
  template <class V> void Fields(V& v) const {
    v("counter", counter);
    v("timestamp", timestamp);
  }
};

struct SyncAllResult {
  static constexpr std::string_view kName = "GET_ALL_CONSUMER_OFFSET_RESPONSE";
  std::vector<OffsetEntry> offsets;
  std::vector<int64_t> delay_offsets;  // by level, from level 1
  // With enableSlaveActingMaster.
  std::optional<DataVersion> version;
  std::optional<DataVersion> delay_version;
  template <class V> void Fields(V& v) const {
    v("offsets", offsets);
    v("delayOffsets", delay_offsets);
    if (version.has_value()) v("dataVersion", *version);
    if (delay_version.has_value()) v("delayDataVersion", *delay_version);
  }
};

using Body =
    std::variant<RegisterBroker, RegisterBrokerResult, GetRoute, GetRouteResult, SendMessage, SendMessageResult,
                 EndTransaction, CheckTransactionState, Heartbeat, UnregisterClient, NotifyConsumerIdsChanged,
                 GetConsumerList, GetConsumerListResult, QueryConsumerOffset, UpdateConsumerOffset, GetMaxOffset,
                 OffsetResult, PullMessage, PullMessageResult, ConsumerSendMsgBack, ConsumerSendMsgBackResult,
                 LockBatchMq, LockBatchMqResult, UnlockBatchMq, HaReportOffset, HaTransfer, SyncAll, SyncAllResult,
                 HaHandshake, HaHandshakeResult, ReplicaInfo, ControllerRegister, GetReplicaInfo, ElectMaster,
                 AlterSyncStateSet, BrokerHeartbeat, NotifyRoleChanged, raft::RequestVote, raft::RequestVoteReply,
                 raft::Heartbeat, raft::HeartbeatReply, raft::Push, raft::PushReply, raft::TransferLeadership,
                 raft::TransferLeadershipReply, GetBrokerMemberGroup, BrokerMemberGroup, NotifyMinBrokerIdChange,
                 ExchangeBrokerHaInfo, ExchangeBrokerHaInfoResult>;

// What travels: a command under its header.
struct Command {
  int32_t opaque = 0;  // joins a response to its request; 0: one way
  bool response = false;
  Body body;
  void AppendText(std::string* text) const {
    sim::TextVisitor visitor(text);
    std::visit([&visitor](const auto& b) { b.Fields(visitor); }, body);
    if (opaque == 0) return;
    *text += " #";
    *text += fmt::format_int(opaque).c_str();
  }
  std::string_view Name() const {
    return std::visit([](const auto& b) { return std::string_view(b.kName); }, body);
  }
  template <class V> void Fields(V& v) const {
    v("opaque", opaque);
    std::visit([&v](const auto& b) { b.Fields(v); }, body);
  }
};

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_MESSAGES_H_
