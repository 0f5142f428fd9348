// Remoting: connections to peers, and requests that wait for their answers. (NettyRemotingClient.java)
//
// One connection a peer. Unlike Kafka's, a request that isn't answered in time costs nothing but itself; a connection
// that closes fails all that wait on it.
#ifndef BROKERSIM_MODEL_ROCKETMQ_REMOTING_H_
#define BROKERSIM_MODEL_ROCKETMQ_REMOTING_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/rocketmq/messages.h"
#include "sim/kernel/process.h"

namespace brokersim::rocketmq {

// What an answer belongs to: chosen by who asks.
struct Tag {
  int kind = 0;
  int64_t arg = 0;
};

class Remoting {
 public:
  // `timer_kind` is the owner's kind of timer for timeouts; its arg is the request's number.
  explicit Remoting(uint32_t timer_kind) : timer_kind_(timer_kind) {}

  void Send(sim::NodeId peer, Body body, Tag tag, sim::Duration timeout, sim::Effects& out);
  void SendOneWay(sim::NodeId peer, Body body, sim::Effects& out);
  // The connection to a peer; opens it if there is none.
  sim::ConnId ConnectTo(sim::NodeId peer, sim::Effects& out);

  // Who is at the other end of a connection of ours; invalid if it isn't one.
  sim::NodeId PeerOf(sim::ConnId conn) const;

  // The tag of the request that this answers, once; nullopt if it was given up meanwhile.
  std::optional<Tag> OnResponse(int32_t opaque, sim::Effects& out);
  // Tags of requests that were lost with the connection, in order; nullopt if it isn't ours.
  std::optional<std::vector<Tag>> OnDisconnected(sim::ConnId conn, sim::Effects& out);
  // The request that timed out; nullopt if the timer isn't ours or it was answered.
  std::optional<Tag> OnTimer(sim::Timer timer);

 private:
  struct Waiting {
    sim::ConnId conn;
    Tag tag;
  };

  uint32_t timer_kind_;
  int32_t next_opaque_ = 1;
  absl::btree_map<sim::NodeId, sim::ConnId> peers_;
  absl::btree_map<int32_t, Waiting> waiting_;
};

// Answers a request on the connection that it came from.
void Reply(sim::ConnId conn, int32_t opaque, Body body, sim::Effects& out);
// A command that expects no answer, on a connection that is there.
void Tell(sim::ConnId conn, Body body, sim::Effects& out);

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_REMOTING_H_
