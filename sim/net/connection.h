// State of the network: links between nodes, and connections over them. Plain data; the kernel moves it.
#ifndef BROKERSIM_SIM_NET_CONNECTION_H_
#define BROKERSIM_SIM_NET_CONNECTION_H_

#include <cstdint>
#include <deque>

#include "sim/base/ids.h"
#include "sim/kernel/event.h"
#include "sim/random/distributions.h"

namespace brokersim::sim {

// How a directed link behaves when nothing is wrong.
struct LinkSpec {
  Distribution latency = Distribution::Uniform(Microseconds(200), Microseconds(600));
  Ratio loss = Ratio::Never();
  Ratio duplicate = Ratio::Never();
  // Bytes a second; 0: unlimited. Messages queue behind each other.
  int64_t bandwidth = 0;
};

struct Link {
  LinkSpec spec;
  Stream random;
  Time free_at;  // when the last byte handed over so far has left
};

// One direction of a connection: a stream of messages in order.
struct Direction {
  // Not handed to the link yet: the connection isn't open, or the head can't pass.
  std::deque<Packet> waiting;
  Time last_arrival;
  // The head is unacknowledged since then; a new stall gets a new generation.
  bool stalled = false;
  Time stalled_since;
  uint64_t stall_generation = 0;
  // The head is kept by a hold_message fault.
  bool held = false;
};

struct Connection {
  NodeId opener;
  NodeId server;
  // The processes at its ends; another incarnation knows nothing of the connection.
  uint32_t opener_incarnation = 0;
  uint32_t server_incarnation = 0;
  bool opener_open = false;   // the opener's process holds its end
  bool server_open = false;
  bool established = false;   // the opener knows that it was accepted
  bool unreachable = false;   // the request to open it, or the answer, is being repeated
  Direction to_server;
  Direction to_opener;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_NET_CONNECTION_H_
