// Faults of links, messages, connections and names.
//
// "In flight" is whatever was sent and has not arrived when the fault begins; it is untouched unless said.
// On connections (TCP) nothing is lost, copied or reordered by the network: loss costs repetitions, delays keep the
// order.
#ifndef BROKERSIM_SIM_FAULT_NETWORK_KINDS_H_
#define BROKERSIM_SIM_FAULT_NETWORK_KINDS_H_

#include <vector>

#include "sim/fault/vocabulary.h"

namespace brokersim::sim {

// ---- links: every message that crosses

struct Delay {
  static constexpr KindInfo kInfo{"delay",
                                  "8.1",
                                  kOnMessages,
                                  Budget::kTolerable,
                                  true,
                                  false,
                                  "Adds to the latency of messages at the moment they are sent; later datagrams may "
                                  "overtake, messages of one connection don't."};
  Selector from = {};
  Selector to = {};
  Distribution extra = Distribution::Constant(Milliseconds(100));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("extra", f.extra, "what is added");
  }
};

struct Tail {
  static constexpr KindInfo kInfo{"tail",
                                  "8.1",
                                  kOnMessages,
                                  Budget::kTolerable,
                                  true,
                                  false,
                                  "With a probability a message's latency comes from a second distribution instead: "
                                  "the slow 0.1 %."};
  Selector from = {};
  Selector to = {};
  Ratio probability = {1, 1000};
  Distribution extra = Distribution::Pareto(Milliseconds(50), 1500);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("probability", f.probability, "of each message");
    v("extra", f.extra, "the latency that it gets");
  }
};

struct SlowLink {
  static constexpr KindInfo kInfo{"slow_link",
                                  "8.1",
                                  kOnMessages,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "Multiplies the sampled latency of messages that are sent meanwhile."};
  Selector from = {};
  Selector to = {};
  int64_t factor = 10;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("factor", f.factor, "by what, from 1");
  }
};

struct Loss {
  static constexpr KindInfo kInfo{
      "loss",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "Datagrams vanish, decided as they are sent, and the sender learns nothing; on connections "
      "the loss costs repetitions, and at worst the connection."};
  Selector from = {};
  Selector to = {};
  Ratio probability = Ratio::Percent(10);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("probability", f.probability, "of each transmission");
  }
};

struct BurstLoss {
  static constexpr KindInfo kInfo{"burst_loss",
                                  "8.1",
                                  kOnMessages,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "A link changes between a good and a bad state with each datagram; in the bad one "
                                  "all datagrams are lost. Connections: as with loss."};
  Selector from = {};
  Selector to = {};
  Ratio enter = Ratio::Percent(2);
  Ratio leave = Ratio::Percent(20);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("enter", f.enter, "probability to become bad, a transmission");
    v("leave", f.leave, "probability to become good again, a transmission");
  }
};

struct Duplicate {
  static constexpr KindInfo kInfo{
      "duplicate",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "Datagrams are copied, each copy with a latency of its own. Connections discard copies: "
      "no effect."};
  Selector from = {};
  Selector to = {};
  Ratio probability = Ratio::Percent(10);
  int64_t copies = 1;
  Distribution extra = Distribution::Constant(Duration());
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("probability", f.probability, "of each datagram");
    v("copies", f.copies, "how many more arrive");
    v("extra", f.extra, "added to a copy's own latency");
  }
};

struct LateDuplicate {
  static constexpr KindInfo kInfo{
      "late_duplicate",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "One more copy of a message arrives long after, across elections and restarts of either "
      "end; on a connection (a copy by whoever relays it) only if that still lives."};
  MessageMatch match = {.count = 0};
  Ratio probability = Ratio::Percent(10);
  Distribution extra = Distribution::Uniform(Seconds(5), Seconds(60));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
    v("probability", f.probability, "of each message that matches");
    v("extra", f.extra, "how much later than the first");
  }
};

struct Reorder {
  static constexpr KindInfo kInfo{
      "reorder",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "Chosen datagrams are held up so that later ones pass. Never inside a connection: no "
      "effect there."};
  Selector from = {};
  Selector to = {};
  Ratio probability = Ratio::Percent(10);
  Duration bound = Milliseconds(100);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("probability", f.probability, "of each datagram");
    v("bound", f.bound, "it is held up uniformly up to this");
  }
};

struct Mtu {
  static constexpr KindInfo kInfo{"mtu",
                                  "8.1",
                                  kOnMessages,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "Datagrams above a size vanish (a black hole), smaller ones pass."};
  Selector from = {};
  Selector to = {};
  int64_t bytes = 1500;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("bytes", f.bytes, "the largest that passes");
  }
};

struct Bandwidth {
  static constexpr KindInfo kInfo{
      "bandwidth",
      "8.1",
      kOnCapacity,
      Budget::kTolerable,
      false,
      false,
      "Messages queue for a slow link; datagrams beyond the queue are dropped, the newest first "
      "(queue 0: nothing is dropped, latency grows: bufferbloat)."};
  Selector from = {};
  Selector to = {};
  int64_t rate = 1'000'000;
  int64_t queue = 64'000;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("rate", f.rate, "bytes a second");
    v("queue", f.queue, "bytes that may wait; 0: any number");
  }
};

// ---- cuts

struct Partition {
  static constexpr KindInfo kInfo{
      "partition",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "No delivery between groups, in both directions; nodes in no group form one more. In "
      "flight: lost or kept, as new ones are."};
  std::vector<Selector> groups = {};
  CutMode mode = CutMode::kCut;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("group", f.groups, "one or more sets of nodes");
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the end");
  }
};

struct OneWay {
  static constexpr KindInfo kInfo{
      "one_way",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "No delivery in one direction; the other works. In flight: lost or kept, as new ones are."};
  Selector from = {};
  Selector to = {};
  CutMode mode = CutMode::kCut;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the end");
  }
};

struct Isolate {
  static constexpr KindInfo kInfo{
      "isolate",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "Each of the nodes is cut from all others, but for those that it is said to keep (its "
      "clients, for one). In flight: lost or kept, as new ones are."};
  Selector nodes = {};
  Selector keep = {{"-"}};  // a name that nobody has
  CutMode mode = CutMode::kCut;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("keep", f.keep, "who can still reach them; -: nobody");
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the end");
  }
};

struct Bridge {
  static constexpr KindInfo kInfo{"bridge",
                                  "8.1",
                                  kOnMessages,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "Two halves, drawn, that see each other only through the bridge."};
  Selector nodes = {};
  CutMode mode = CutMode::kCut;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "the bridge: it sees everybody");
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the end");
  }
};

struct MajorityRing {
  static constexpr KindInfo kInfo{
      "majority_ring",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      false,
      false,
      "Of the nodes, in a drawn ring, each sees only its nearest neighbours: a majority, and no "
      "two the same one."};
  Selector nodes = {};
  CutMode mode = CutMode::kCut;
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the end");
  }
};

struct Flap {
  static constexpr KindInfo kInfo{"flap",
                                  "8.1",
                                  kOnMessages,
                                  Budget::kTolerable,
                                  true,
                                  false,
                                  "A partition that opens and closes, beginning closed; each phase is an event."};
  std::vector<Selector> groups = {};
  CutMode mode = CutMode::kCut;
  Duration period = Seconds(2);
  Ratio duty = Ratio::Percent(50);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("group", f.groups, "one or more sets of nodes");
    v("mode", f.mode, "cut: lost, connections repeat it; jam: kept until the phase's end");
    v("period", f.period, "from one beginning of a cut to the next");
    v("duty", f.duty, "share of the period that is cut");
  }
};

struct Clog {
  static constexpr KindInfo kInfo{
      "clog",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "Nothing is delivered in this direction before the end, then everything in order in a burst. "
      "In flight: kept too."};
  Selector from = {};
  Selector to = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, kFromText);
    v("to", f.to, kToText);
  }
};

struct Swizzle {
  static constexpr KindInfo kInfo{
      "swizzle",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      false,
      false,
      "Nodes are clogged one by one in a drawn order, then released one by one in another."};
  Selector nodes = {};
  Duration spread = Seconds(5);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, kNodesText);
    v("spread", f.spread, "time for all of them, and again for the way back");
  }
};

// ---- single messages

struct DropIf {
  static constexpr KindInfo kInfo{
      "drop_if",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "A named message vanishes; whatever follows on its connection arrives, as if the receiver's "
      "host had lost it."};
  MessageMatch match = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
  }
};

struct HoldIf {
  static constexpr KindInfo kInfo{
      "hold_if",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "A named message is kept until the fault ends; datagrams then arrive in the order in which "
      "they were kept, on a connection whatever follows waits behind it."};
  MessageMatch match = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
  }
};

struct DelayIf {
  static constexpr KindInfo kInfo{"delay_if",
                                  "8.1",
                                  kOnMessages,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "A named message takes longer; on a connection, so does whatever follows."};
  MessageMatch match = {};
  Distribution extra = Distribution::Constant(Seconds(1));
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
    v("extra", f.extra, "what is added to its latency");
  }
};

struct DuplicateIf {
  static constexpr KindInfo kInfo{
      "duplicate_if",
      "8.1",
      kOnMessages,
      Budget::kTolerable,
      false,
      false,
      "A named message is delivered twice, on a connection too: a copy by whoever relays it."};
  MessageMatch match = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
  }
};

struct PassIf {
  static constexpr KindInfo kInfo{
      "pass_if", "8.1", kOnMessages, Budget::kTolerable, false, false,
      "A named message gets through whatever other faults do: it takes its link's latency alone, waits for nothing "
      "that is kept on its connection, and no cut takes it back. A connection that isn't open stays what it is."};
  MessageMatch match = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
  }
};

struct ResponseLost {
  static constexpr KindInfo kInfo{
      "response_lost",
      "8.2",
      kOnMessages,
      Budget::kTolerable,
      true,
      false,
      "Requests are processed and their answers vanish: the unknown outcome. An answer is what the "
      "accepting end of a connection sends to the end that opened it."};
  MessageMatch match = {.count = 0};
  Ratio probability = Ratio::Percent(10);
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
    v("probability", f.probability, "of each answer that matches");
  }
};

// ---- connections and names

struct Reset {
  static constexpr KindInfo kInfo{
      "reset",
      "8.2",
      kOnConnections,
      Budget::kTolerable,
      true,
      true,
      "Connections between the nodes are gone: both ends see it now, what was not read yet is lost, "
      "and the sender can't know what was processed."};
  Selector from = {};
  Selector to = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, "one end; empty: every node");
    v("to", f.to, "the other end; empty: every node");
  }
};

struct ResetIf {
  static constexpr KindInfo kInfo{
      "reset_if",
      "8.2",
      kOnConnections,
      Budget::kTolerable,
      false,
      false,
      "The connection that carries a named message is reset as the message arrives, and the message "
      "is lost; both ends see it."};
  MessageMatch match = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    MessageMatch::Fields(f.match, v);
  }
};

struct Refuse {
  static constexpr KindInfo kInfo{"refuse",
                                  "8.2",
                                  kOnConnections,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "Requests to connect are refused at once; connections that are open live on."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "whom nobody can connect to");
  }
};

struct SynBlackhole {
  static constexpr KindInfo kInfo{"syn_blackhole",
                                  "8.2",
                                  kOnConnections,
                                  Budget::kTolerable,
                                  false,
                                  false,
                                  "Requests to connect are never answered; connections that are open live on."};
  Selector nodes = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("node", f.nodes, "whom nobody can connect to");
  }
};

struct DnsFail {
  static constexpr KindInfo kInfo{
      "dns_fail",
      "8.2",
      kOnNames,
      Budget::kTolerable,
      false,
      false,
      "The nodes' names can't be resolved: requests to connect fail at once, open connections live on."};
  Selector from = {};
  Selector to = {};
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, "who asks; empty: every node");
    v("to", f.to, "whose names; empty: every node");
  }
};

struct Misroute {
  static constexpr KindInfo kInfo{
      "misroute",
      "8.2",
      kOnNames,
      Budget::kTolerable,
      false,
      false,
      "New connections that are meant for some nodes reach another one: a reused address, a stale "
      "name, a balancer's mistake."};
  Selector from = {};
  Selector to = {};
  Selector reach = {};
  Ratio probability = Ratio::Always();
  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("from", f.from, "who connects; empty: every node");
    v("to", f.to, "whom they mean");
    v("reach", f.reach, "whom they get: the first of these");
    v("probability", f.probability, "of each connection");
  }
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_NETWORK_KINDS_H_
