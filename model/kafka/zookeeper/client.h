// ZooKeeperClient: a broker's session with ZooKeeper: keeps it alive, brings it over to new connections, begins the
// next one when it has expired. Requests are repeated until they are answered; each answer is handed out once.
// (ClientCnxn.java; KafkaZkClient.retryRequestsUntilConnected, ZooKeeperClient.scala)
#ifndef BROKERSIM_MODEL_KAFKA_ZOOKEEPER_CLIENT_H_
#define BROKERSIM_MODEL_KAFKA_ZOOKEEPER_CLIENT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/request_manager.h"
#include "model/kafka/zookeeper/messages.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

class ZooKeeperClient {
 public:
  // What its owner has to hear, in order.
  struct SessionBegun {};
  struct SessionExpired {};
  struct Answer {
    int64_t number = 0;  // of the request
    ZkResponse response;
  };
  using News = std::variant<SessionBegun, SessionExpired, Answer, ZkWatcherEvent>;

  // Its timers are first_timer to first_timer + kTimers - 1.
  static constexpr uint32_t kTimers = 3;
  ZooKeeperClient(sim::NodeId server, int64_t session_timeout_ms, uint32_t first_timer);

  void Start(sim::Env& env, sim::Effects& out);
  // Asks; returns the request's number. `in_session`: it means nothing in a later session, and is dropped without an
  // answer when this one has expired; else it is asked again there.
  int64_t Ask(std::vector<ZkOp> ops, bool in_session, sim::Env& env, sim::Effects& out);
  // Ends the session; no more is heard of it.
  void Close(sim::Effects& out);

  // Each returns whether it was this client's; then News may have come.
  bool OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out);
  bool OnDisconnected(sim::ConnId conn, sim::Effects& out);
  bool OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out);
  std::vector<News> TakeNews() { return std::exchange(news_, {}); }

  int64_t session() const { return session_; }

 private:
  enum class State { kDown, kConnecting, kConnected };
  struct Pending {
    ZkRequest request;
    bool in_session = false;
  };
  // What a watch is for: its path and type.
  using Watched = std::pair<std::string, ZkWatchType>;

  void Connect(sim::Env& env, sim::Effects& out);
  void OnConnected(const ZkConnectResponse& m, sim::Env& env, sim::Effects& out);
  void OnAnswer(int32_t correlation, const ZkResponse& m);
  void Send(int64_t number, sim::Env& env, sim::Effects& out);
  void Lost(sim::Effects& out);
  sim::Duration Patience() const { return sim::Milliseconds(session_timeout_ms_ * 2 / 3); }

  sim::NodeId server_;
  int64_t session_timeout_ms_;
  uint32_t first_timer_;
  RequestManager requests_;
  State state_ = State::kDown;
  int64_t session_ = 0;
  int64_t next_number_ = 1;
  absl::btree_map<int64_t, Pending> pending_;
  absl::btree_map<int32_t, int64_t> sent_;  // correlation id -> number
  absl::btree_map<Watched, int64_t> watches_;  // the last change seen
  std::vector<News> news_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_ZOOKEEPER_CLIENT_H_
