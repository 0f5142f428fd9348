// What ZooKeeper and its clients tell each other, and what Kafka keeps in its znodes. Plain values.
// (zookeeper-jute/src/main/resources/zookeeper.jute; core/src/main/scala/kafka/zk/ZkData.scala)
#ifndef BROKERSIM_MODEL_KAFKA_ZOOKEEPER_MESSAGES_H_
#define BROKERSIM_MODEL_KAFKA_ZOOKEEPER_MESSAGES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/kafka/records.h"

namespace brokersim::kafka {

// ---- What znodes hold

struct NoData {
  static constexpr std::string_view kName = "nothing";
  template <class V> void Fields(V&) const {}
  friend bool operator==(const NoData&, const NoData&) = default;
};

// A broker id, an epoch, or the first producer id that nobody has.
struct ZnodeNumber {
  static constexpr std::string_view kName = "number";
  int64_t value = 0;
  template <class V> void Fields(V& v) const { v("value", value); }
  friend bool operator==(const ZnodeNumber&, const ZnodeNumber&) = default;
};

// /brokers/topics/TOPIC/partitions/P/state: who leads and who is in sync, as TopicPartitionStateZNode has it.
struct PartitionState {
  static constexpr std::string_view kName = "PartitionState";
  int32_t leader = -1;
  std::vector<int32_t> isr;
  int32_t leader_epoch = 0;
  int32_t controller_epoch = 0;  // of the controller that decided it
  template <class V> void Fields(V& v) const {
    v("leader", leader);
    v("isr", isr);
    v("leaderEpoch", leader_epoch);
    v("controllerEpoch", controller_epoch);
  }
  friend bool operator==(const PartitionState&, const PartitionState&) = default;
};

// /brokers/topics/TOPIC/partitions/P: its replicas, and where they are to be. (Kafka keeps those of a whole topic in
// one znode.)
struct ReplicaAssignment {
  static constexpr std::string_view kName = "ReplicaAssignment";
  std::vector<int32_t> replicas;
  std::vector<int32_t> target;  // empty: no reassignment is under way
  template <class V> void Fields(V& v) const {
    v("replicas", replicas);
    v("target", target);
  }
  friend bool operator==(const ReplicaAssignment&, const ReplicaAssignment&) = default;
};

// /isr_change_notification/isr_change_N: partitions whose leaders changed their ISR.
struct IsrChange {
  static constexpr std::string_view kName = "IsrChange";
  std::vector<TopicPartition> partitions;
  template <class V> void Fields(V& v) const { v("partitions", partitions); }
  friend bool operator==(const IsrChange&, const IsrChange&) = default;
};

using ZnodeData = std::variant<NoData, ZnodeNumber, PartitionState, ReplicaAssignment, IsrChange>;

// ---- Requests

enum class ZkCode : uint8_t { kOk, kNoNode, kNodeExists, kBadVersion };
std::string_view Name(ZkCode code);

enum class ZkOpType : uint8_t { kCreate, kCreateEphemeral, kCreateSequential, kDelete, kSetData, kCheck, kGetData,
                                kGetChildren };
std::string_view Name(ZkOpType type);

inline constexpr int32_t kAnyVersion = -1;

struct ZkOp {
  ZkOpType type = ZkOpType::kGetData;
  std::string path;
  ZnodeData data;
  int32_t version = kAnyVersion;  // that the znode must have: kDelete, kSetData, kCheck
  // Reads: be told of the next change, once. Of a znode that isn't there: of its creation.
  bool watch = false;
  template <class V> void Fields(V& v) const {
    v("type", type);
    v("path", path);
    v("data", data);
    if (version != kAnyVersion) v("version", version);
    if (watch) v("watch", watch);
  }
};

struct ZkStat {
  int64_t czxid = 0;  // of the transaction that created it
  int64_t mzxid = 0;  // ... that changed its data last
  int64_t pzxid = 0;  // ... that changed its children last
  int32_t version = 0;
  int64_t ephemeral_owner = 0;  // its session; 0: it stays
  template <class V> void Fields(V& v) const {
    v("czxid", czxid);
    v("mzxid", mzxid);
    v("pzxid", pzxid);
    v("version", version);
    v("ephemeralOwner", ephemeral_owner);
  }
};

struct ZkChild {
  std::string name;
  ZkStat stat;
  ZnodeData data;
  template <class V> void Fields(V& v) const {
    v("name", name);
    v("stat", stat);
    v("data", data);
  }
};

struct ZkResult {
  ZkCode code = ZkCode::kOk;
  ZkStat stat;
  ZnodeData data;
  // Of kGetChildren, with what they hold: Kafka asks for each of them in a second round.
  std::vector<ZkChild> children;
  template <class V> void Fields(V& v) const {
    v("code", code);
    v("stat", stat);
    v("data", data);
    if (!children.empty()) v("children", children);
  }
};

// One operation; or several, of which all are carried out or none (multi).
struct ZkRequest {
  static constexpr std::string_view kName = "ZooKeeperRequest";
  std::vector<ZkOp> ops;
  template <class V> void Fields(V& v) const { v("ops", ops); }
};

// Of a multi that failed: kOk up to the operation that didn't hold, and its code.
struct ZkResponse {
  static constexpr std::string_view kName = "ZooKeeperResponse";
  std::vector<ZkResult> results;
  template <class V> void Fields(V& v) const { v("results", results); }
  bool ok() const { return !results.empty() && results.back().code == ZkCode::kOk; }
};

enum class ZkWatchType : uint8_t { kData, kChildren };
std::string_view Name(ZkWatchType type);

// What a client waits for, and the last change of it that it has seen (SetWatches).
struct ZkWatch {
  std::string path;
  ZkWatchType type = ZkWatchType::kData;
  int64_t zxid = 0;  // 0: it wasn't there
  template <class V> void Fields(V& v) const {
    v("path", path);
    v("type", type);
    v("zxid", zxid);
  }
};

// Begins a session, or goes on with one over a new connection.
struct ZkConnectRequest {
  static constexpr std::string_view kName = "ZooKeeper(connect)Request";
  int64_t session_id = 0;  // 0: a new one
  int64_t timeout_ms = 0;
  std::vector<ZkWatch> watches;
  template <class V> void Fields(V& v) const {
    v("sessionId", session_id);
    v("timeOut", timeout_ms);
    if (!watches.empty()) v("watches", watches);
  }
};

struct ZkConnectResponse {
  static constexpr std::string_view kName = "ZooKeeper(connect)Response";
  int64_t session_id = 0;  // 0: the session has expired
  template <class V> void Fields(V& v) const { v("sessionId", session_id); }
};

struct ZkPingRequest {
  static constexpr std::string_view kName = "ZooKeeper(ping)Request";
  template <class V> void Fields(V&) const {}
};

struct ZkPingResponse {
  static constexpr std::string_view kName = "ZooKeeper(ping)Response";
  template <class V> void Fields(V&) const {}
};

struct ZkCloseRequest {
  static constexpr std::string_view kName = "ZooKeeper(closeSession)Request";
  template <class V> void Fields(V&) const {}
};

struct ZkWatcherEvent {
  static constexpr std::string_view kName = "WatcherEvent";
  std::string path;
  ZkWatchType type = ZkWatchType::kData;
  bool exists = true;  // whether the znode is there now
  template <class V> void Fields(V& v) const {
    v("path", path);
    v("type", type);
    v("exists", exists);
  }
};

// ---- Paths

inline constexpr std::string_view kControllerPath = "/controller";
inline constexpr std::string_view kControllerEpochPath = "/controller_epoch";
inline constexpr std::string_view kBrokerIdsPath = "/brokers/ids";
inline constexpr std::string_view kIsrChangesPath = "/isr_change_notification";
inline constexpr std::string_view kProducerIdsPath = "/latest_producer_id_block";
std::string BrokerPath(int32_t broker);
std::string AssignmentPath(const TopicPartition& tp);
std::string StatePath(const TopicPartition& tp);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_ZOOKEEPER_MESSAGES_H_
