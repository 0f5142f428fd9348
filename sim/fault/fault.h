// Faults are data: what is done to the world, to whom, when and for how long.
//
// Every fault has an id of its own; what it does to a message or a node is recorded with that id, and counted.
// Selectors are resolved when the fault fires. `lasts` bounds it: a crashed, stopped or powered-off node
// starts again, a paused one resumes, a network or disk fault ends. Without it the fault stays until the
// simulation heals. What happens to messages in flight is said at each kind.
//
// Faults may overlap. A node that several keep down starts when the last of them ends, or at a `Start`. Of
// what is done to a message the strongest wins: drop, then hold, then delay and copies; only that counts as an effect.
#ifndef BROKERSIM_SIM_FAULT_FAULT_H_
#define BROKERSIM_SIM_FAULT_FAULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/sim_time.h"
#include "sim/disk/disk.h"
#include "sim/random/distributions.h"

namespace brokersim::sim {

// Which nodes: each term is the name of a node, "*" (all), "dc(NAME)", "role(NAME)" for a node's role
// in the topology, or whatever a process claims to be at that moment, e.g. "leader(orders-0)".
struct Selector {
  std::vector<std::string> terms = {};
  bool any() const { return terms.empty(); }
};

// Which messages. Empty parts match everything.
struct MessageMatch {
  std::string type = {};      // payload's name, e.g. "FetchResponse"
  std::string contains = {};  // part of the payload's text, e.g. "orders-0"
  Selector from = {};
  Selector to = {};
  // Counting from 1 when the fault begins: the first match that is meant ...
  int64_t nth = 1;
  // ... and how many from there on; 0 is all.
  int64_t count = 1;
};

enum class CutMode {
  kCut,  // what would cross is lost (datagrams) or repeated until it gets through (connections)
  kJam,  // what would cross is kept and goes on at the end, at once
};

// ---- processes and machines

// The process is destroyed; its disk and page cache live; its connections are reset; messages on their way
// to it are lost.
struct Crash { Selector nodes; };
// As a crash, but unsynced blocks are at risk and peers get no reset: to them the host is silent.
struct PowerLoss { Selector nodes; UnsyncedFate unsynced = UnsyncedFate::kDrawn; };
// The process is asked to stop (its own shutdown protocol), and ends when it has. If it hasn't by the fault's
// end, it starts again as soon as it has.
struct Stop { Selector nodes; };
// A process that isn't running is started over its disk, with power, whatever fault keeps it down.
struct Start { Selector nodes; };
// No handler runs; messages and timers pile up. At the end either may come first (drawn).
// With its clock stopped no timer runs out meanwhile. A process that dies is not paused any more.
struct Pause { Selector nodes; bool clock_runs = true; };
// Handling a message takes `factor` times as long.
struct SlowCpu { Selector nodes; int64_t factor = 2; };

// ---- network. "In flight" is whatever was sent and has not arrived when the fault begins.

// No delivery between different groups, in both directions; nodes in no group form one more.
// In flight: lost or kept as new ones are.
struct Partition { std::vector<Selector> groups; CutMode mode = CutMode::kCut; };
// No delivery from `from` to `to`; the other direction works. In flight: as above.
struct OneWay { Selector from; Selector to; CutMode mode = CutMode::kCut; };
// Added to the sampled latency of messages sent from now on.
struct LinkDelay { Selector from; Selector to; Distribution extra; };
// Datagrams vanish with this probability; on connections the loss costs retransmissions, and a message that is
// lost for the connection timeout ends the connection. In flight: untouched.
struct LinkLoss { Selector from; Selector to; Ratio probability; };
// Datagrams are copied; the copy has a latency of its own. Connections discard copies: no effect. In flight: untouched.
struct LinkDuplicate { Selector from; Selector to; Ratio probability; };

// ---- single messages

// Kept until the fault ends; datagrams then arrive in the order in which they were kept. On a connection
// whatever follows in that direction waits behind it.
struct HoldMessage { MessageMatch match; };
// Vanishes; whatever follows on the connection arrives (as if the receiver's host had lost it).
struct DropMessage { MessageMatch match; };
struct DelayMessage { MessageMatch match; Distribution extra; };
// The receiver gets it twice. On a connection too: an application-level copy.
struct DuplicateMessage { MessageMatch match; };
// The connection that carries the message is reset as the message arrives; both ends see it.
struct ResetOnMessage { MessageMatch match; };

// ---- clocks and disks

// Wall time is wrong by `offset`; monotonic time is right.
struct ClockOffset { Selector nodes; Duration offset; };
// Monotonic and wall time run at 1 + ppm / 10^6. Pending timers are moved accordingly.
struct ClockDrift { Selector nodes; int64_t ppm = 0; };
// Every sync takes this much longer. Syncs under way: untouched.
struct SlowSync { Selector nodes; Distribution extra; };

using FaultAction =
    std::variant<Crash, PowerLoss, Stop, Start, Pause, SlowCpu, Partition, OneWay, LinkDelay,
                 LinkLoss, LinkDuplicate, HoldMessage, DropMessage, DelayMessage, DuplicateMessage,
                 ResetOnMessage, ClockOffset, ClockDrift, SlowSync>;

// When a fault begins: at a time; or when a message is sent or arrives; or when another fault
// began or ended. `delay` is added to any of these.
struct Trigger {
  enum class Moment { kTime, kMessageSent, kMessageArrived, kFaultBegan, kFaultEnded };
  Moment moment = Moment::kTime;
  Time at = {};
  MessageMatch message = {};
  std::string fault = {};
  Duration delay = {};
};

struct Fault {
  std::string id = {};
  Trigger trigger = {};
  FaultAction action = {};
  std::optional<Duration> lasts = {};
};

// Name of a kind as scenarios and traces spell it, e.g. "power_loss".
std::string_view FaultKindName(const FaultAction& action);

// Whether a partition or one_way loses what would cross, or keeps it. REQUIRES: the action is one of these.
bool LosesWhatCrosses(const FaultAction& action);

// What became of a fault in a run.
struct FaultReport {
  std::string id;
  std::string_view kind;
  bool fired = false;
  // Messages, nodes or syncs that it touched.
  int64_t effects = 0;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_FAULT_H_
