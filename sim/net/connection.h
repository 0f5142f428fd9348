// State of the network: links between nodes, and connections over them. Plain data; the kernel moves it.
#ifndef BROKERSIM_SIM_NET_CONNECTION_H_
#define BROKERSIM_SIM_NET_CONNECTION_H_

#include <cstdint>
#include <vector>

#include "sim/base/fifo.h"
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

// What a message needs of its link is in one cache line.
struct alignas(64) Link {
  Stream random;
  bool plain = true;       // nothing but latency
  LinkSpec spec;
  Stream retransmissions;  // of its own, so that a cut moves no other draw
  Time free_at;  // when the last byte handed over so far has left
};

// A packet that was not handed to the link yet, or came back from it.
struct QueuedPacket {
  Packet packet;
  // The faults that watch single messages have seen it; they don't see it again.
  bool judged = false;
  // Indices of the faults that keep it. It goes on when all have ended.
  std::vector<uint32_t> holders = {};
};

// TCP's first retransmission timeout on Linux (TCP_RTO_MIN).
inline constexpr Duration kFirstRetransmission = Milliseconds(200);

// One direction of a connection: a stream of messages in order.
struct Direction {
  // Not handed to the link yet: the connection isn't open, or the head can't pass.
  Fifo<QueuedPacket> waiting;
  Time last_arrival;
  // The head is unacknowledged since then; a new stall gets a new generation.
  bool stalled = false;
  Time stalled_since;
  uint64_t stall_generation = 0;
  // What stalls it loses packets (a cut, a host without power): the head is repeated until it gets through.
  bool repeats = false;
  // The link lost the head so often that it doesn't get through while its loss lasts.
  bool stuck = false;
  // The sender's end is gone: its host says so to the other end after what waits.
  bool reset_follows = false;
  EventId reset_cause = 0;

  // Nothing waits, so that the next message can go at once.
  bool flows() const { return waiting.empty() && !stalled && !stuck && !reset_follows; }
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
  bool opener_closed = false; // the opener's process closed its end and hears no more of it
  bool server_closed = false;
  bool unreachable = false;   // the request to open it, or the answer, is being repeated
  bool unreachable_by_loss = false;  // ... because it was lost, not kept
  Time unreachable_since;
  Direction& direction(bool toward_server) { return toward_server ? to_server : to_opener; }
  Direction to_server;
  Direction to_opener;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_NET_CONNECTION_H_
