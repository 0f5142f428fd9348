// Faults of a node's disk and clock.
#ifndef BROKERSIM_SIM_FAULT_STORAGE_CLOCK_KINDS_H_
#define BROKERSIM_SIM_FAULT_STORAGE_CLOCK_KINDS_H_

#include <string>

#include "sim/fault/vocabulary.h"

namespace brokersim::sim {

// ---- disks

struct PowerLoss {
  static constexpr KindInfo kInfo{
      "power_loss",
      "8.3",
      kOnUnsynced,
      Budget::kTolerable,
      true,
      false,
      "While it lasts, whatever kills a process takes the page cache with it: per file a prefix of the "
      "unsynced appends survives. Of a process that is down already, at once. It kills nobody itself."};
  Selector nodes = {};
  UnsyncedFate unsynced = UnsyncedFate::kDrawn;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("unsynced", f.unsynced, "what survives: a drawn prefix of each file, nothing, everything, or any subset");
  }
};

struct TornWrite {
  static constexpr KindInfo kInfo{
      "torn_write",
      "8.3",
      kOnUnsynced,
      Budget::kTolerable,
      true,
      false,
      "While it lasts, a power loss leaves the first lost block of each file half written: it is "
      "there, and its checksum is wrong."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
  }
};

struct LyingSync {
  static constexpr KindInfo kInfo{"lying_sync",
                                  "8.3",
                                  kOnUnsynced,
                                  Budget::kBeyond,
                                  false,
                                  false,
                                  "Syncs report success and nothing becomes durable."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
  }
};

struct LostWrite {
  static constexpr KindInfo kInfo{
      "lost_write",
      "8.3",
      kOnStored,
      Budget::kBeyond,
      false,
      false,
      "A block that is reported written isn't there; its neighbours are. Who reads it later finds a "
      "wrong checksum."};
  Selector nodes = {};
  std::string file = {};
  Ratio probability = Ratio::Percent(1);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("file", f.file, "part of the file's name; empty: every file");
    v("probability", f.probability, "of each append");
  }
};

struct IoError {
  static constexpr KindInfo kInfo{
      "io_error",
      "8.3",
      kOnFileOps,
      Budget::kTolerable,
      true,
      false,
      "Operations on files fail and change nothing; the process hears of it (by default it ends). A "
      "failing read keeps a process from starting until the end."};
  Selector nodes = {};
  DiskOp op = DiskOp::kWrite;
  std::string file = {};
  Ratio probability = Ratio::Always();
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("op", f.op, "which operation");
    v("file", f.file, "part of the file's name; empty: every file");
    v("probability", f.probability, "of each operation");
  }
};

struct SyncErrorOnce {
  static constexpr KindInfo kInfo{
      "sync_error_once",
      "8.3",
      kOnFileOps | kOnUnsynced,
      Budget::kTolerable,
      false,
      false,
      "The next sync of each node fails and its pages are marked clean: a repeated sync succeeds, and "
      "the blocks are gone at a power loss."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
  }
};

struct BitRot {
  static constexpr KindInfo kInfo{
      "bit_rot",
      "8.3",
      kOnStored,
      Budget::kBeyond,
      true,
      true,
      "In stored blocks a bit flips, until they are rewritten: whoever reads one finds a wrong checksum, "
      "each time."};
  Selector nodes = {};
  std::string file = {};
  Ratio probability = Ratio::Percent(1);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("file", f.file, "part of the file's name; empty: every file");
    v("probability", f.probability, "of each block that is stored now");
  }
};

struct DiskFull {
  static constexpr KindInfo kInfo{"disk_full",
                                  "8.3",
                                  kOnFileOps,
                                  Budget::kTolerable,
                                  true,
                                  false,
                                  "Appends and new contents fail for want of space; reads and deletes work."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
  }
};

struct ReadOnly {
  static constexpr KindInfo kInfo{"read_only",
                                  "8.3",
                                  kOnFileOps,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "Every write fails, deletes too; reads work (the file system was remounted)."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
  }
};

struct SlowDisk {
  static constexpr KindInfo kInfo{
      "slow_disk",
      "8.3",
      kOnFileOps,
      Budget::kTolerable,
      true,
      false,
      "Operations take longer. A slow sync is reported later; a slow write blocks the process in it; "
      "slow reads make starting take longer. Operations under way: untouched."};
  Selector nodes = {};
  DiskOp op = DiskOp::kSync;
  Distribution extra = Distribution::Constant(Milliseconds(100));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("op", f.op, "which operation");
    v("extra", f.extra, "what each takes longer");
  }
};

struct IoStall {
  static constexpr KindInfo kInfo{"io_stall",
                                  "8.3",
                                  kOnFileOps,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "Syncs that are asked for meanwhile all complete at the end."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
  }
};

struct DiskDead {
  static constexpr KindInfo kInfo{"disk_dead",
                                  "8.3",
                                  kOnFileOps | kOnStored,
                                  Budget::kBeyond,
                                  false,
                                  false,
                                  "All operations fail; at the end the disk is replaced by an empty one."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
  }
};

// ---- clocks. Virtual time never changes; nodes see only their own.

struct Offset {
  static constexpr KindInfo kInfo{"offset",
                                  "8.4",
                                  kOnClocks,
                                  Budget::kTolerable,
                                  true,
                                  false,
                                  "Wall time is wrong by a constant; monotonic time is right."};
  Selector nodes = {};
  Duration offset = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("offset", f.offset, "may be negative");
  }
};

struct Drift {
  static constexpr KindInfo kInfo{"drift",
                                  "8.4",
                                  kOnClocks,
                                  Budget::kTolerable,
                                  true,
                                  false,
                                  "Monotonic and wall time run at another rate; pending timers move accordingly."};
  Selector nodes = {};
  int64_t ppm = 0;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("ppm", f.ppm,
      "parts per million faster; negative: slower. Several add up; at -999,999 a clock all but stands still");
  }
};

struct Step {
  static constexpr KindInfo kInfo{
      "step", "8.4", kOnClocks, Budget::kTolerable, true, true, "Wall time jumps, for good; monotonic time doesn't."};
  Selector nodes = {};
  Duration offset = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("offset", f.offset, "forward, or back if negative");
  }
};

struct MonoJump {
  static constexpr KindInfo kInfo{"mono_jump",
                                  "8.4",
                                  kOnClocks,
                                  Budget::kTolerable,
                                  false,
                                  true,
                                  "Monotonic and wall time jump forward: a suspended machine whose clock counted."};
  Selector nodes = {};
  Duration offset = Seconds(10);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("offset", f.offset, "by how much; not negative");
  }
};

struct ClockFreeze {
  static constexpr KindInfo kInfo{
      "clock_freeze",
      "8.4",
      kOnClocks,
      Budget::kTolerable,
      true,
      false,
      "Wall time stands still, then goes on from there or catches up; monotonic time runs."};
  Selector nodes = {};
  AfterFreeze then = AfterFreeze::kCatchUp;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("then", f.then, "continue: it stays behind; catch_up: it jumps to the right time");
  }
};

struct Strobe {
  static constexpr KindInfo kInfo{
      "strobe", "8.4", kOnClocks, Budget::kTolerable, false, false, "Wall time alternates between right and wrong."};
  Selector nodes = {};
  Duration offset = Seconds(5);
  Duration period = Milliseconds(500);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("offset", f.offset, "may be negative");
    v("period", f.period, "from wrong to wrong");
  }
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_STORAGE_CLOCK_KINDS_H_
