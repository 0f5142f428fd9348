// What can be pending in a simulation: closed data, never closures.
#ifndef BROKERSIM_SIM_KERNEL_EVENT_H_
#define BROKERSIM_SIM_KERNEL_EVENT_H_

#include <cstdint>
#include <variant>

#include "sim/base/ids.h"
#include "sim/base/payload.h"

namespace brokersim::sim {

// A message on its way.
struct Packet {
  NodeId from;
  NodeId to;
  ConnId conn;              // invalid: a datagram
  bool toward_server = false;  // on a connection: sent by the side that opened it
  MessageRef payload;
  uint64_t message = 0;     // number of the message; copies share it
  EventId sent = 0;         // the send event
};

// The packet reaches its receiver's host.
struct Arrival {
  Packet packet;
};

// Life of a connection, seen by one of its hosts.
struct ConnSignal {
  enum class Kind {
    kSyn,      // server: somebody wants to connect
    kAccept,   // opener: it is open
    kReset,    // either: it is gone
    kTimeout,  // either: nothing got through for too long
  };
  Kind kind = Kind::kSyn;
  ConnId conn;
  bool at_server = false;
  uint64_t generation = 0;  // of a timeout: which stall it belongs to
  EventId cause = 0;
};

struct TimerDue {
  NodeId node;
  uint32_t slot = 0;        // of the node's table of timers
  uint64_t generation = 0;  // setting or cancelling the timer again makes an older one void
};

struct SyncDone {
  NodeId node;
  uint32_t incarnation = 0;
  SyncTicket ticket;
};

// The node's CPU has finished with the piece of work under way.
struct ServiceDone {
  NodeId node;
  uint32_t incarnation = 0;
};

struct BootDue {
  NodeId node;
  EventId cause = 0;
};

struct FaultDue {
  uint32_t fault = 0;
  bool begins = true;
  EventId cause = 0;
};

// A fault that goes on in steps takes the next one.
struct FaultStep {
  uint32_t fault = 0;
  int64_t step = 0;
  EventId cause = 0;
};

// The process handles a message a second time, whatever it is at.
struct SecondHandling {
  Packet packet;
  uint32_t incarnation = 0;
};

// The process's slow write has returned.
struct WriteReturned {
  NodeId node;
  uint32_t incarnation = 0;
};

// All faults end and every node runs again.
struct HealDue {};

using Event = std::variant<std::monostate, Arrival, ConnSignal, TimerDue, SyncDone, ServiceDone,
                           BootDue, FaultDue, FaultStep, SecondHandling, WriteReturned, HealDue>;

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_EVENT_H_
