// Identities of the kernel's things: small integers in types of their own.
#ifndef BROKERSIM_SIM_BASE_IDS_H_
#define BROKERSIM_SIM_BASE_IDS_H_

#include <compare>
#include <cstdint>

namespace brokersim::sim {

// A node: an index in order of creation.
struct NodeId {
  uint32_t value = 0xffffffff;
  constexpr bool valid() const { return value != 0xffffffff; }
  friend constexpr auto operator<=>(NodeId, NodeId) = default;
};

// A connection: the node that asked for it, and the count of those that it asked for. One word, so that it is read as
// it was written: of two halves just written, a processor can't read the whole before they are in its cache.
class ConnId {
 public:
  constexpr ConnId() = default;
  constexpr ConnId(uint32_t opener, uint32_t serial) : word_(uint64_t{opener} << 32 | serial) {}
  constexpr uint32_t opener() const { return static_cast<uint32_t>(word_ >> 32); }
  constexpr uint32_t serial() const { return static_cast<uint32_t>(word_); }
  constexpr bool valid() const { return opener() != 0xffffffff; }
  friend constexpr auto operator<=>(ConnId, ConnId) = default;

 private:
  uint64_t word_ = uint64_t{0xffffffff} << 32;
};

// A timer of a process: what it is for, and for which of several. Setting it again moves it.
struct Timer {
  uint64_t kind = 0;  // of 64 bits, so that it is read as it was written: else a processor waits for the write
  int64_t arg = 0;
  friend constexpr auto operator<=>(Timer, Timer) = default;
};

// A file of a node's disk.
struct FileId {
  uint32_t value = 0xffffffff;
  friend constexpr auto operator<=>(FileId, FileId) = default;
};

// A sync that a process asked for; counts up within an incarnation.
struct SyncTicket {
  uint64_t value = 0;
  friend constexpr auto operator<=>(SyncTicket, SyncTicket) = default;
};

// An operation of a client's history; counts up within a node.
struct OpId {
  uint64_t value = 0;
  friend constexpr auto operator<=>(OpId, OpId) = default;
};

// An event's number in the trace, from 1; 0: none. Counted whether or not a trace is recorded.
using EventId = uint64_t;

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_BASE_IDS_H_
