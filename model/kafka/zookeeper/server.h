// ZooKeeper: sessions, znodes and watches, for Kafka before KRaft.
//
// One process stands for the ensemble: what counts here is what it promises. A transaction counts once it is synced;
// answers and watch events leave only then. A session ends when nothing is heard of it for as long as it asked for.
// (ZooKeeper Programmer's Guide: Sessions, Watches, Consistency Guarantees)
#ifndef BROKERSIM_MODEL_KAFKA_ZOOKEEPER_SERVER_H_
#define BROKERSIM_MODEL_KAFKA_ZOOKEEPER_SERVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "model/kafka/cluster.h"
#include "model/kafka/messages.h"
#include "model/kafka/zookeeper/znodes.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

inline constexpr std::string_view kTransactionLogFile = "zookeeper-log";

// A block of the log. Its zxid is its place there, from 1.
struct ZkTransaction {
  static constexpr std::string_view kName = "ZkTransaction";
  enum class Kind : uint8_t { kOps, kBeginSession, kEndSession };
  Kind kind = Kind::kOps;
  int64_t session = 0;
  int64_t timeout_ms = 0;  // of kBeginSession
  std::vector<ZkOp> ops;
  template <class V> void Fields(V& v) const {
    v("kind", kind);
    v("session", session);
    v("timeoutMs", timeout_ms);
    v("ops", ops);
  }
};
std::string_view Name(ZkTransaction::Kind kind);

class ZooKeeper final : public sim::Process {
 public:
  ZooKeeper(std::shared_ptr<const ClusterSpec> cluster, sim::Env& env, sim::Effects& out);

  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<ZooKeeper>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  void OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;
  void OnSynced(sim::SyncTicket ticket, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer timer) const override;
  // "delete": an operator deletes the znode `key`, e.g. /controller.
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  void Describe(sim::Describer& d) const override;

 private:
  enum TimerKind : uint32_t { kSession };

  struct Session {
    int64_t timeout_ms = 0;
    sim::ConnId conn;  // invalid: nobody is connected
    absl::btree_set<std::pair<std::string, ZkWatchType>> watches;
  };

  void On(const ZkConnectRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const ZkPingRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const ZkRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);
  void On(const ZkCloseRequest& m, sim::ConnId conn, int32_t id, sim::Env& env, sim::Effects& out);

  // Carries a transaction out and puts it into the log, unless it changes nothing.
  std::vector<ZkResult> Write(ZkTransaction transaction, sim::Effects& out);
  std::vector<ZkResult> Replay(const ZkTransaction& transaction, std::vector<ZnodeTree::Change>* changes);
  void CreateRoots(sim::Effects& out);
  void Tell(const std::vector<ZnodeTree::Change>& changes, sim::Effects& out);
  void End(int64_t session, std::string_view why, sim::Effects& out);
  // The session on this connection; 0: none.
  int64_t SessionOf(sim::ConnId conn) const;
  void Heard(int64_t session, sim::Effects& out);
  // Leaves once what was written last is durable.
  void SendDurably(sim::ConnId conn, int32_t id, Body body, sim::Effects& out);

  std::shared_ptr<const ClusterSpec> cluster_;
  sim::FileId log_file_;
  int64_t zxid_ = 0;
  int64_t durable_zxid_ = 0;
  absl::btree_map<sim::SyncTicket, int64_t> syncs_;  // ticket -> zxid that it covers
  sim::SyncTicket last_sync_;
  int64_t last_session_ = 0;
  ZnodeTree tree_;
  absl::btree_map<int64_t, Session> sessions_;
};

class ZooKeeperFactory final : public sim::ProcessFactory {
 public:
  explicit ZooKeeperFactory(std::shared_ptr<const ClusterSpec> cluster) : cluster_(std::move(cluster)) {}
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects& out) const override {
    return std::make_unique<ZooKeeper>(cluster_, env, out);
  }

 private:
  std::shared_ptr<const ClusterSpec> cluster_;
};

// The partitions as the durable part of ZooKeeper's log has them.
absl::btree_map<TopicPartition, PartitionRecord> PartitionsInZooKeeper(const ClusterSpec& cluster,
                                                                       const sim::Disk& disk);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_ZOOKEEPER_SERVER_H_
