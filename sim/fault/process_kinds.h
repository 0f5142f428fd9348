// Faults of a node's processes and its CPU.
//
// A node that several faults keep down starts when the last of them ends, or at a `start`.
#ifndef BROKERSIM_SIM_FAULT_PROCESS_KINDS_H_
#define BROKERSIM_SIM_FAULT_PROCESS_KINDS_H_

#include <string>
#include <vector>

#include "sim/fault/vocabulary.h"

namespace brokersim::sim {

struct Crash {
  static constexpr KindInfo kInfo{
      "crash",
      "8.5",
      kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "The process is destroyed and its connections are reset; disk and page cache live. In flight "
      "to it: lost. It starts again at the end."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
  }
};

struct KillPower {
  static constexpr KindInfo kInfo{
      "kill_power",
      "8.5",
      kOnProcesses | kOnUnsynced,
      Budget::kTolerable,
      true,
      false,
      "A crash in which unsynced blocks are at risk; the host is silent, so peers get no reset. It "
      "starts again at the end."};
  Selector nodes = {};
  UnsyncedFate unsynced = UnsyncedFate::kDrawn;
  Ratio torn = {1, 4};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("unsynced", f.unsynced, "what survives: a drawn prefix of each file, nothing, everything, or any subset");
    v("torn", f.torn, "probability that the first lost block of a file is there, broken");
  }
};

struct CrashAt {
  static constexpr KindInfo kInfo{
      "crash_at",
      "8.5",
      kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "A crash at a step that the model names, e.g. after an append and before its sync: what the "
      "process would have done next never happens."};
  Selector nodes = {};
  std::string point = {};
  int64_t nth = 1;
  Duration down = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("point", f.point, "the step's name; empty: any");
    v("nth", f.nth, "at the nth time, from 1");
    v("down", f.down, "how long it stays down; 0: until the end");
  }
};

struct Stop {
  static constexpr KindInfo kInfo{
      "stop",
      "8.5",
      kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "The process is asked to stop: its own shutdown protocol runs. If it isn't done in time it is "
      "killed; it starts again at the end, or as soon as it has stopped."};
  Selector nodes = {};
  Duration timeout = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("timeout", f.timeout, "after this it is killed; 0: never");
  }
};

struct Start {
  static constexpr KindInfo kInfo{
      "start",
      "8.5",
      kOnProcesses,
      Budget::kTolerable,
      false,
      true,
      "A process that isn't running is started over its disk, with power, whatever keeps it down."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
  }
};

struct Restart {
  static constexpr KindInfo kInfo{
      "restart",
      "8.5",
      kOnProcesses,
      Budget::kTolerable,
      true,
      true,
      "The process is killed and, a little later, a new one runs over the same disk: same identity, "
      "new incarnation."};
  Selector nodes = {};
  Duration down = Seconds(1);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("down", f.down, "how long until it starts; may be 0");
  }
};

struct CrashLoop {
  static constexpr KindInfo kInfo{
      "crash_loop",
      "8.5",
      kOnProcesses,
      Budget::kTolerable,
      false,
      false,
      "The process crashes, and some times again soon after it has started, before it stays up."};
  Selector nodes = {};
  int64_t times = 3;
  Duration up = Milliseconds(50);
  Duration down = Seconds(1);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("times", f.times, "how often in all");
    v("up", f.up, "how long it runs before it crashes again");
    v("down", f.down, "how long it is down each time");
  }
};

struct SlowStart {
  static constexpr KindInfo kInfo{"slow_start",
                                  "8.5",
                                  kOnCpu,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "Starting takes longer: nobody listens meanwhile."};
  Selector nodes = {};
  Distribution extra = Distribution::Constant(Seconds(5));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("extra", f.extra, "what each start takes");
  }
};

struct Pause {
  static constexpr KindInfo kInfo{
      "pause",
      "8.5",
      kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "No handler runs; messages, timers and buffers pile up. At the end expired timers are handled "
      "before or after what was received: both happen."};
  Selector nodes = {};
  bool clock_runs = true;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("clock_runs", f.clock_runs, "false: the node's clock stands still too, so no timer runs out");
  }
};

struct Gc {
  static constexpr KindInfo kInfo{
      "gc", "8.5", kOnProcesses, Budget::kTolerable, false, false, "Pauses that come and go at drawn times."};
  Selector nodes = {};
  Distribution interval = Distribution::Exponential(Duration(), Seconds(5));
  Distribution length = Distribution::LogNormal(Milliseconds(200), 1000);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("interval", f.interval, "from the end of a pause to the next");
    v("length", f.length, "of a pause");
  }
};

struct Zombie {
  static constexpr KindInfo kInfo{
      "zombie",
      "8.5",
      kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "The holder of a role is paused until a successor holds the role and has acted (sent something), "
      "then it goes on as if nothing had happened.",
      /*follows_role=*/true};
  Selector nodes = {};
  Duration after = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "a role, e.g. leader(orders-0)");
    v("after", f.after, "from the successor's first act to the end");
  }
};

struct Stuck {
  static constexpr KindInfo kInfo{
      "stuck",
      "8.5",
      kOnProcesses,
      Budget::kTolerable,
      true,
      false,
      "One handler stops and the others run: the half-dead process. Its messages and timers pile up "
      "until the end."};
  Selector nodes = {};
  std::vector<std::string> work = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("work", f.work, "types of messages and names of timers that it doesn't handle");
  }
};

struct Ties {
  static constexpr KindInfo kInfo{
      "ties",
      "8.5",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "Events of one instant run in an order drawn from the seed, not in that of their scheduling."};
  template <class F, class V>
  static void Fields(F&, V&) {}
};

struct TimerLate {
  static constexpr KindInfo kInfo{"timer_late",
                                  "8.5",
                                  kOnProcesses,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "Timers that are set meanwhile run out late, never early."};
  Selector nodes = {};
  Distribution extra = Distribution::Exponential(Duration(), Milliseconds(20));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("extra", f.extra, "how much late");
  }
};

struct LateTimer {
  static constexpr KindInfo kInfo{"late_timer",
                                  "8.5",
                                  kOnProcesses,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "A named timer that has run out is handled later, even after the end of the fault; "
                                  "until then the process may move or cancel it."};
  Selector nodes = {};
  std::string timer = {};
  int64_t nth = 1;
  int64_t count = 1;
  Distribution extra = Distribution::Constant(Seconds(1));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("timer", f.timer, "its name, as the trace prints it");
    v("nth", f.nth, "the first that is meant of those that run out, from 1");
    v("count", f.count, "how many from there on; 0: all");
    v("extra", f.extra, "how much later");
  }
};

struct SlowCpu {
  static constexpr KindInfo kInfo{"slow_cpu",
                                  "8.5",
                                  kOnCpu,
                                  Budget::kTolerable,
                                  true,
                                  false,
                                  "Whatever a process handles takes a multiple of the time."};
  Selector nodes = {};
  int64_t factor = 2;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("factor", f.factor, "of the service time, from 1");
  }
};

struct NoisyNeighbour {
  static constexpr KindInfo kInfo{"noisy_neighbour",
                                  "8.5",
                                  kOnCpu,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "A slow CPU in bursts that come and go at drawn times."};
  Selector nodes = {};
  int64_t factor = 10;
  Distribution interval = Distribution::Exponential(Duration(), Seconds(2));
  Distribution length = Distribution::Exponential(Duration(), Milliseconds(500));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("factor", f.factor, "of the service time, from 1");
    v("interval", f.interval, "from the end of a burst to the next");
    v("length", f.length, "of a burst");
  }
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_PROCESS_KINDS_H_
