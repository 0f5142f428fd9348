// What a fault is made of while it is active: the mechanisms' rules. Kinds fill them in (fault_begin.cc), the
// network, the disks and the nodes look at them and at nothing else.
#ifndef BROKERSIM_SIM_KERNEL_FAULT_STATE_H_
#define BROKERSIM_SIM_KERNEL_FAULT_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "sim/fault/fault.h"
#include "sim/kernel/node.h"

namespace brokersim::sim {

// Some of the nodes.
class NodeSet {
 public:
  NodeSet() = default;
  explicit NodeSet(const std::vector<NodeId>& nodes) {
    for (NodeId id : nodes) Add(id);
  }
  void Add(NodeId id) {
    if (members_.size() <= id.value) members_.resize(id.value + 1, false);
    members_[id.value] = true;
  }
  void Remove(NodeId id) {
    if (Has(id)) members_[id.value] = false;
  }
  bool Has(NodeId id) const { return id.value < members_.size() && members_[id.value]; }

 private:
  std::vector<bool> members_;
};

// Nothing passes from the first to the second set of a way.
struct Barrier {
  CutMode mode = CutMode::kCut;
  bool up = false;
  std::vector<std::pair<NodeSet, NodeSet>> ways;

  bool Blocks(NodeId from, NodeId to) const {
    if (!up || from == to) return false;
    for (const auto& [a, b] : ways) {
      if (a.Has(from) && b.Has(to)) return true;
    }
    return false;
  }
};

// What happens to each message that crosses.
struct LinkRule {
  NodeSet from;
  NodeSet to;
  bool between_datacenters = false;  // only where these differ
  int64_t factor = 1;                // of the latency
  std::optional<Distribution> extra;
  Ratio extra_probability = Ratio::Always();
  bool replaces = false;             // `extra` is the whole latency
  Ratio loss = Ratio::Never();
  // A link in its bad state loses everything.
  std::optional<std::pair<Ratio, Ratio>> bursts;  // probability to become bad, and good
  absl::btree_map<std::pair<NodeId, NodeId>, bool> bad;
  // Datagrams only.
  Ratio copy = Ratio::Never();
  int64_t copies = 0;
  Distribution copy_extra;
  Ratio reorder = Ratio::Never();
  Duration reorder_bound;
  int64_t largest = 0;               // bytes; 0: any
  int64_t rate = 0;                  // bytes a second; 0: the link's own
  int64_t queue = 0;                 // bytes; 0: any
  absl::btree_map<std::pair<NodeId, NodeId>, Time> free_at;
};

// What happens to single messages.
struct MessageRule {
  enum class Act { kDrop, kHold, kDelay, kCopy, kLateCopy, kPass, kReset, kHandleTwice };
  Act act = Act::kDrop;
  MessageMatch match;                // its selectors are resolved into `from` and `to`
  std::vector<std::string> types;    // any of these, if there are any
  NodeSet from;
  NodeSet to;
  Ratio probability = Ratio::Always();
  bool answers_only = false;
  bool between_datacenters = false;
  Distribution extra;
};

// What happens to operations on files.
struct DiskRule {
  NodeSet nodes;
  std::string file;                  // part of its name
  bool on_read = false;
  bool on_write = false;
  bool on_delete = false;            // truncation
  bool on_sync = false;
  std::string_view error;            // the operation fails; empty: it doesn't
  bool once = false;                 // on each node
  Ratio probability = Ratio::Always();
  std::optional<Distribution> extra;
  bool lies = false;                 // syncs do nothing
  bool stalls = false;               // syncs complete at the end
  bool loses = false;                // writes are reported and absent
};

// What a process's death does to the disk.
struct DeathRule {
  NodeSet nodes;
  bool power_loss = false;
  UnsyncedFate unsynced = UnsyncedFate::kDrawn;
  bool tears = false;
};

// Which timers are handled later.
struct LateTimerRule {
  std::string timer;
  MessageMatch which;                     // counts alone
  Distribution extra;
};

// What happens to processes and what they handle.
struct ProcessRule {
  NodeSet nodes;
  int64_t factor = 1;                     // of service times
  std::vector<std::string> stuck;         // types of messages and names of timers that aren't handled
  std::optional<std::string> crash_point;
  int64_t crash_nth = 1;
  std::optional<Distribution> start_extra;
  std::optional<Distribution> timer_extra;
  std::optional<LateTimerRule> late_timer;
  bool refuses = false;                   // requests to connect
  bool ignores = false;                   // requests to connect
};

// Where new connections go.
struct RouteRule {
  NodeSet from;
  NodeSet to;
  std::optional<NodeId> reach;            // none: the name can't be resolved
  Ratio probability = Ratio::Always();
};

struct FaultState {
  Fault fault;
  FaultReport report;
  bool active = false;
  bool over = false;  // began and ended, or never will begin
  // Resolved selectors, in the order of the kind's fields.
  std::vector<std::pair<std::string_view, std::vector<NodeId>>> sets;
  Stream random;
  Stream choices;  // of one(...)

  Barrier barrier;
  std::optional<LinkRule> link;
  std::optional<MessageRule> message;
  std::optional<DiskRule> disk;
  std::optional<DeathRule> death;
  std::optional<ProcessRule> process;
  std::optional<RouteRule> route;
  // Ends some time after another node than its own holds the role and has sent something.
  std::optional<Duration> until_successor_acts;
  bool successor_acted = false;

  int64_t matches = 0;          // messages, or passages of a crash point, that it has seen
  int64_t trigger_matches = 0;
  std::vector<uint64_t> passed;          // messages that no cut takes back
  std::vector<QueuedPacket> held;        // datagrams
  std::vector<ConnId> held_connections;  // of which this fault keeps messages
  std::vector<NodeId> keeps_down;        // these don't run before it ends (or somebody starts them)
  struct Paused {
    NodeId node;
    uint32_t incarnation = 0;
    bool clock_runs = true;
  };
  std::vector<Paused> pauses;
  struct Parked {
    NodeId node;
    uint32_t incarnation = 0;
    Work work;
  };
  std::vector<Parked> parked;            // what a stuck handler doesn't handle
  std::vector<std::pair<NodeId, SyncDone>> stalled_syncs;
  std::vector<NodeId> members;           // whom its steps are about, in their order
  std::vector<NodeId> done;              // nodes on which it took effect
  bool wall_is_wrong = false;            // of a clock that alternates
  struct FormerSetting {
    NodeId node;
    std::string key;
    std::optional<std::string> value;
  };
  std::vector<FormerSetting> former_settings;
  EventId began = 0;

  const std::vector<NodeId>& Set(std::string_view field) const {
    size_t i = 0;
    while (i < sets.size() && sets[i].first != field) ++i;
    CHECK(i < sets.size(), "fault {} has no nodes named {}", fault.id, field);
    return sets[i].second;
  }
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_KERNEL_FAULT_STATE_H_
