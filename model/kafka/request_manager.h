// RequestManager: connections to peers, requests in flight on them, and what becomes of these.
//
// As in NetworkClient.java: one connection a peer, answers matched by correlation id; a request that isn't answered
// in time costs the connection, and with it everything in flight on it.
#ifndef BROKERSIM_MODEL_KAFKA_REQUEST_MANAGER_H_
#define BROKERSIM_MODEL_KAFKA_REQUEST_MANAGER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/messages.h"
#include "sim/kernel/process.h"

namespace brokersim::kafka {

class RequestManager {
 public:
  // `timer_kind` is the owner's kind of timer for this manager's timeouts; its arg is the peer.
  explicit RequestManager(uint32_t timer_kind) : timer_kind_(timer_kind) {}

  // Sends a request; returns its correlation id. Connects if there is no connection. A request without a timeout
  // (nullopt) may wait for ever.
  int32_t Send(sim::NodeId peer, Body body, std::optional<sim::Duration> timeout, sim::Env& env,
               sim::Effects& out);
  // Sends a request that gets no answer (acks=0).
  void SendOneWay(sim::NodeId peer, Body body, sim::Effects& out);

  // Connects to the peer unless that has been asked for.
  void Connect(sim::NodeId peer, sim::Effects& out) { ConnectTo(peer, out); }
  // False: it isn't ours.
  bool OnConnected(sim::ConnId conn);
  // The correlation id if this is the answer to a request in flight; each is answered once.
  std::optional<int32_t> OnMessage(const sim::Received& message, const Frame& frame);
  // Correlation ids of the requests that were lost with the connection, in order; nullopt if it isn't ours.
  std::optional<std::vector<int32_t>> OnDisconnected(sim::ConnId conn);
  // The same for a timeout; nullopt if the timer isn't ours.
  std::optional<std::vector<int32_t>> OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out);
  // Closes the connection to a peer; returns the requests that were in flight.
  std::vector<int32_t> Disconnect(sim::NodeId peer, sim::Effects& out);
  // Closes all of them.
  void Close(sim::Effects& out);

  int64_t InFlight(sim::NodeId peer) const;
  // ClusterConnectionStates.java
  enum class Connection { kNone, kConnecting, kReady };
  Connection ConnectionTo(sim::NodeId peer) const;
  // A number that grows with each connection asked for or lost; 0: none ever was to this peer.
  int64_t LastAttempt(sim::NodeId peer) const;

 private:
  struct Peer {
    sim::ConnId conn;
    bool ready = false;
    int64_t attempt = 0;
    absl::btree_map<int32_t, std::optional<sim::Time>> in_flight;  // correlation id -> deadline
  };

  sim::ConnId ConnectTo(sim::NodeId peer, sim::Effects& out);
  std::vector<int32_t> Forget(Peer* peer);
  void ArmTimer(sim::NodeId id, const Peer& peer, sim::Env& env, sim::Effects& out);

  uint32_t timer_kind_;
  int32_t next_correlation_ = 1;
  int64_t attempts_ = 0;
  absl::btree_map<sim::NodeId, Peer> peers_;
};

// Answers a request on the connection that it came from.
void Reply(sim::ConnId conn, int32_t correlation_id, Body body, sim::Effects& out);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_REQUEST_MANAGER_H_
