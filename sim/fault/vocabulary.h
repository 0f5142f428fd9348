// The words that faults are described in: whom they mean, which messages, and what a kind of fault is.
#ifndef BROKERSIM_SIM_FAULT_VOCABULARY_H_
#define BROKERSIM_SIM_FAULT_VOCABULARY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/sim_time.h"
#include "sim/disk/disk.h"
#include "sim/random/distributions.h"

namespace brokersim::sim {

// Which nodes. Terms add up; each is
//   NAME, "*" (all), "dc(NAME)", "rack(NAME)", "role(NAME)" (the node's role in the topology), "client(NAME)",
//   whatever a process claims to be at that moment, e.g. "leader(orders-0)",
//   "one(TERM)": one of those, drawn, or "A - B": those of A that aren't B.
// They are resolved when the fault fires, and what they meant is recorded.
struct Selector {
  std::vector<std::string> terms = {};
  bool any() const { return terms.empty(); }
  friend bool operator==(const Selector&, const Selector&) = default;
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

  // Whether the match that was counted as the `seen`-th is one that is meant.
  bool Means(int64_t seen) const { return seen >= nth && (count <= 0 || seen - nth < count); }
  friend bool operator==(const MessageMatch&, const MessageMatch&) = default;

  template <class F, class V>
  static void Fields(F& f, V& v) {
    v("type", f.type, "the message's type, e.g. ProduceRequest; empty: every type");
    v("contains", f.contains, "part of what the trace prints of it");
    v("from", f.from, "its senders; empty: every node");
    v("to", f.to, "its receivers; empty: every node");
    v("nth", f.nth, "the first of the matching ones that is meant, from 1");
    v("count", f.count, "how many from there on; 0: all");
  }
};

enum class CutMode {
  kCut,  // what would cross is lost (datagrams) or repeated until it gets through (connections)
  kJam,  // what would cross is kept and goes on at the end, at once
};

enum class AfterFreeze { kContinue, kCatchUp };
enum class Wait { kNone, kHealthy };
enum class Backoff { kNone, kExponential };

// Names of an enum's values, in their order, for scenarios and pages.
template <class E>
struct EnumNames;
template <>
struct EnumNames<CutMode> {
  static constexpr std::string_view kNames[] = {"cut", "jam"};
};
template <>
struct EnumNames<UnsyncedFate> {
  static constexpr std::string_view kNames[] = {"drawn", "lost", "kept", "subset"};
};
template <>
struct EnumNames<DiskOp> {
  static constexpr std::string_view kNames[] = {"read", "write", "sync"};
};
template <>
struct EnumNames<AfterFreeze> {
  static constexpr std::string_view kNames[] = {"continue", "catch_up"};
};
template <>
struct EnumNames<Wait> {
  static constexpr std::string_view kNames[] = {"none", "healthy"};
};
template <>
struct EnumNames<Backoff> {
  static constexpr std::string_view kNames[] = {"none", "exponential"};
};

// What a run may be held to when the fault is over.
enum class Budget {
  kTolerable,  // a correct system recovers: progress is demanded after the heal
  kBeyond,     // more than systems promise to survive: only safety is judged
};

// Bits for the twelve mechanisms that carry all kinds.
enum Mechanism : uint32_t {
  kOnMessages = 1u << 1,     // verdict on a message
  kOnCapacity = 1u << 2,     // link capacity and queue
  kOnConnections = 1u << 3,  // life of connections
  kOnNames = 1u << 4,        // name resolution and routing
  kOnFileOps = 1u << 5,      // verdict on a file operation
  kOnUnsynced = 1u << 6,     // fate of unsynced blocks at a power loss
  kOnStored = 1u << 7,       // decay or exchange of stored blocks and whole disks
  kOnClocks = 1u << 8,       // a node's map from virtual to local time
  kOnProcesses = 1u << 9,    // life of processes, named crash points
  kOnCpu = 1u << 10,         // service time and resource limits
  kOnDomains = 1u << 11,     // any of these on sets of nodes at once
  kOnSettings = 1u << 12,    // edits of configuration, identity, membership and client policy
};

// What is always true of a kind. Each struct of the kinds has one as kInfo.
struct KindInfo {
  std::string_view name;
  std::string_view section;  // of the study of faults, e.g. "8.1"
  uint32_t mechanisms = 0;
  Budget budget = Budget::kTolerable;
  bool first_wave = false;
  // Done as soon as it fires: `lasts` means nothing to it.
  bool instant = false;
  std::string_view text;
  // Its nodes are those that hold a role, which it goes on watching: a name in its place would be no role.
  bool follows_role = false;
};

inline constexpr std::string_view kFromText = "senders; empty: every node";
inline constexpr std::string_view kToText = "receivers; empty: every node";
inline constexpr std::string_view kNodesText = "which nodes";

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_FAULT_VOCABULARY_H_
