// Faults of datacenters, zones and regions.
#ifndef BROKERSIM_SIM_FAULT_DOMAIN_KINDS_H_
#define BROKERSIM_SIM_FAULT_DOMAIN_KINDS_H_

#include <string>

#include "sim/fault/vocabulary.h"

namespace brokersim::sim {

struct ZonePower {
  static constexpr KindInfo kInfo{"zone_power",
                                  "8.6",
                                  kOnDomains | kOnProcesses | kOnUnsynced,
                                  Budget::kTolerable,
                                  true,
                                  false,
                                  "All nodes of a zone lose power, within a short spread."};
  Selector nodes = {};
  Duration spread = Milliseconds(50);
  UnsyncedFate unsynced = UnsyncedFate::kDrawn;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the zone, e.g. dc(a) or rack(r1)");
    v("spread", f.spread, "each goes at a drawn time within this");
    v("unsynced", f.unsynced, "what survives of unsynced blocks: drawn, lost, kept, subset");
  }
};

struct ZoneCut {
  static constexpr KindInfo kInfo{
      "zone_cut",
      "8.6",
      kOnDomains | kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "A zone's links to all others are cut; nodes and clients inside live on and talk to each other."};
  Selector nodes = {};
  CutMode mode = CutMode::kCut;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the zone, e.g. dc(a) or rack(r1)");
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the end");
  }
};

struct DcSplit {
  static constexpr KindInfo kInfo{
      "dc_split",
      "8.6",
      kOnDomains | kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "Two datacenters can't reach each other, a third reaches both; each keeps serving its own clients."};
  Selector from = {};
  Selector to = {};
  CutMode mode = CutMode::kCut;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, "one side, e.g. dc(a)");
    v("to", f.to, "the other, e.g. dc(b)");
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the end");
  }
};

struct Wan {
  static constexpr KindInfo kInfo{"wan",
                                  "8.6",
                                  kOnDomains | kOnMessages,
                                  Budget::kTolerable,
                                  true,
                                  false,
                                  "Latency of all links between datacenters is multiplied, and they lose messages."};
  int64_t factor = 5;
  Ratio probability = Ratio::Never();
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("factor", f.factor, "of the latency, from 1");
    v("probability", f.probability, "that a transmission is lost");
  }
};

struct WanFlap {
  static constexpr KindInfo kInfo{"wan_flap",
                                  "8.6",
                                  kOnDomains | kOnMessages,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "All links between datacenters open and close, beginning closed."};
  CutMode mode = CutMode::kCut;
  Duration period = Seconds(4);
  Ratio duty = Ratio::Percent(50);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the phase's end");
    v("period", f.period, "from one beginning of a cut to the next");
    v("duty", f.duty, "share of the period that is cut");
  }
};

struct DcReboot {
  static constexpr KindInfo kInfo{
      "dc_reboot",
      "8.6",
      kOnDomains | kOnProcesses,
      Budget::kTolerable,
      false,
      false,
      "All nodes of a zone are killed, and come back one after another in a drawn order."};
  Selector nodes = {};
  Duration down = Seconds(2);
  Duration stagger = Seconds(1);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the zone, e.g. dc(a)");
    v("down", f.down, "until the first one starts");
    v("stagger", f.stagger, "from one to the next");
  }
};

struct RestartStorm {
  static constexpr KindInfo kInfo{"restart_storm",
                                  "8.5",
                                  kOnDomains | kOnProcesses,
                                  Budget::kTolerable,
                                  false,
                                  true,
                                  "At one instant many processes are killed and start again."};
  Selector nodes = {};
  Ratio probability = Ratio::Percent(50);
  Duration down = Seconds(1);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "of which nodes");
    v("probability", f.probability, "that a node is hit");
    v("down", f.down, "how long each is down");
  }
};

struct Cooling {
  static constexpr KindInfo kInfo{"cooling",
                                  "8.6",
                                  kOnDomains | kOnProcesses,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "The nodes of a zone drop out one by one until nothing is left."};
  Selector nodes = {};
  Distribution interval = Distribution::Exponential(Duration(), Seconds(2));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the zone, e.g. dc(a)");
    v("interval", f.interval, "from one to the next");
  }
};

struct MajorityDcLost {
  static constexpr KindInfo kInfo{
      "majority_dc_lost",
      "8.6",
      kOnDomains | kOnProcesses | kOnUnsynced,
      Budget::kTolerable,
      true,
      false,
      "The datacenter that holds most of the voters loses power, with all that is in it; the minority "
      "remains and must not decide."};
  Selector nodes = {};
  UnsyncedFate unsynced = UnsyncedFate::kDrawn;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the voters");
    v("unsynced", f.unsynced, "what survives of unsynced blocks: drawn, lost, kept, subset");
  }
};

struct ControlCut {
  static constexpr KindInfo kInfo{
      "control_cut",
      "8.6",
      kOnDomains | kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "Brokers lose their coordination service (controller, name server, metadata) but not each other."};
  Selector from = {};
  Selector to = {};
  CutMode mode = CutMode::kCut;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, "the brokers; empty: everybody");
    v("to", f.to, "the coordination service, e.g. role(controller)");
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the end");
  }
};

struct DataCut {
  static constexpr KindInfo kInfo{
      "data_cut",
      "8.6",
      kOnDomains | kOnMessages,
      Budget::kTolerable,
      false,
      false,
      "Brokers don't see each other; their coordination service and clients see all of them."};
  Selector nodes = {};
  CutMode mode = CutMode::kCut;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the brokers");
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the end");
  }
};

struct MirrorLag {
  static constexpr KindInfo kInfo{
      "mirror_lag",
      "8.6",
      kOnMessages | kOnDomains,
      Budget::kTolerable,
      true,
      false,
      "Replication between datacenters is late: messages of the given type that cross from one to "
      "another take longer, and whatever follows on their connection with them."};
  MessageMatch match = {.count = 0};
  Distribution extra = Distribution::Constant(Seconds(1));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
    v("extra", f.extra, "how much late");
  }
};

struct Failback {
  static constexpr KindInfo kInfo{
      "failback",
      "8.6",
      kOnDomains | kOnProcesses | kOnMessages,
      Budget::kBeyond,
      true,
      false,
      "The nodes are cut from all but those that they keep, go on for a while, die, and come back at the "
      "end over the disk that holds what was never replicated."};
  Selector nodes = {};
  Selector keep = {{"-"}};
  Duration dirty = Seconds(2);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the old primary, or its datacenter");
    v("keep", f.keep, "who can still reach them, e.g. their clients; -: nobody");
    v("dirty", f.dirty, "how long they go on alone before they die");
  }
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_DOMAIN_KINDS_H_
