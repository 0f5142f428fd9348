// State of one node: machine, clock, disk, CPU and the process on it. Plain data; the kernel moves it.
#ifndef BROKERSIM_SIM_KERNEL_NODE_H_
#define BROKERSIM_SIM_KERNEL_NODE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "sim/base/fifo.h"
#include "sim/base/ids.h"
#include "sim/clock/node_clock.h"
#include "sim/disk/disk.h"
#include "sim/kernel/effects.h"
#include "sim/kernel/event.h"
#include "sim/kernel/process.h"
#include "sim/kernel/timer_table.h"
#include "sim/net/connection.h"

namespace brokersim::sim {

struct NodeSpec {
  std::string name = {};
  std::string role = {};        // e.g. "broker"; selectors find it as role(broker)
  std::string datacenter = {};
  std::string rack = {};
  // Time that the CPU takes for one message, timer or finished sync. Others wait meanwhile.
  Duration service_time = {};
  // A sync of a file takes this long.
  Distribution sync_latency = Distribution::Uniform(Microseconds(500), Milliseconds(2));
  // When its process is started at first.
  Time start_at = {};
};

// Something for a process to handle.
struct MessageWork { Packet packet; };
struct TimerWork { uint32_t slot = 0; uint64_t generation = 0; };  // of the node's table of timers
struct SyncedWork { SyncTicket ticket; };
struct ConnectedWork { ConnId conn; EventId cause = 0; };
struct DisconnectedWork { ConnId conn; std::string_view reason; EventId cause = 0; };
struct StopWork { EventId cause = 0; };
struct DiskErrorWork { DiskError error; EventId cause = 0; };
// What a fault asked of a process that can't run now. The name is the operation's, which has only a view of it.
struct OperationWork { std::string name; Operation operation; uint32_t fault = 0; EventId cause = 0; };
using Work = std::variant<MessageWork, TimerWork, SyncedWork, ConnectedWork, DisconnectedWork, StopWork, DiskErrorWork,
                          OperationWork>;

struct PendingSync {
  FileId file;
  int64_t blocks = 0;  // durable when it is done
  std::vector<SendAfterEffect> sends;
  EventId cause = 0;
  std::string_view error = {};  // it will fail
  bool marks_clean = false;     // ... and its blocks count as synced all the same
  bool lies = false;            // nothing becomes durable
};

// What a process that is blocked in a write will do when that returns.
struct Deferred {
  EventId cause = 0;
  std::vector<Effect> effects;
};

// Owns a process; copying clones it.
class ProcessSlot {
 public:
  ProcessSlot() = default;
  ProcessSlot(const ProcessSlot& other) : process_(other.process_ ? other.process_->Clone() : nullptr) {}
  ProcessSlot& operator=(const ProcessSlot& other) {
    process_ = other.process_ ? other.process_->Clone() : nullptr;
    return *this;
  }
  ProcessSlot(ProcessSlot&&) = default;
  ProcessSlot& operator=(ProcessSlot&&) = default;

  void Put(std::unique_ptr<Process> process) { process_ = std::move(process); }
  void Destroy() { process_.reset(); }
  Process* get() const { return process_.get(); }
  Process* operator->() const { return process_.get(); }
  explicit operator bool() const { return process_ != nullptr; }

 private:
  std::unique_ptr<Process> process_;
};

// A description, and the order of its paths; of two with the same path, the last.
struct Described {
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<uint32_t> order;
};

struct alignas(64) Node {
  enum class Power : uint8_t { kOn, kOff };

  // Nothing is handled now.
  bool held() const { return paused > 0 || blocked > 0; }

  // What the events of a node look at most, in as few cache lines as it takes.
  ProcessSlot process;  // empty: not running
  uint32_t incarnation = 0;
  Power power = Power::kOn;
  bool busy = false;
  bool service_over = false;  // the time of `current` is up, but the node is paused
  // A stop fault ended before the process had: it is started again as soon as it has.
  bool starts_after_exit = false;
  bool starting = false;      // its start takes time
  bool disk_has_news = false; // a write has failed, or takes time
  int paused = 0;             // how many faults pause its process
  int blocked = 0;            // how many slow writes it is in
  int returned = 0;           // writes that have returned while the process was paused
  int frozen_clocks = 0;      // how many of these stop its clock too
  NodeId last_link_to;        // the link that was looked for last, and where it was found
  uint32_t last_link = 0;
  Duration service_time;      // as in `spec`
  uint64_t timer_generation = 0;
  // From here on the first timer, the clock and the first stream have a line each.
  alignas(64) TimerTable timers;
  alignas(64) NodeClock clock;
  alignas(64) Streams streams;
  Effects::Counters counters;
  // Links to other nodes that were used: (the other node, index of the link), sorted.
  std::vector<std::pair<NodeId, uint32_t>> links;
  Fifo<Work> inbox;

  NodeSpec spec;
  std::shared_ptr<const ProcessFactory> factory;
  std::optional<Work> current;  // under way on the CPU
  Time frozen_since;
  // A write that takes longer blocks the process in it.
  Duration blocked_for;
  Fifo<Deferred> deferred;
  std::optional<DiskErrorWork> failed;  // the write under way

  Disk disk;
  Stream disk_random;
  // Given by operators; they outlive processes.
  Settings settings;
  absl::btree_map<SyncTicket, PendingSync> syncs;

  // Asked for by this node; the index is ConnId::serial.
  std::vector<Connection> connections;
  // Index of each open operation's invocation in the history.
  absl::btree_map<OpId, uint64_t> operations;
  // What was last described, for state changes in traces.
  Described described;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_NODE_H_
