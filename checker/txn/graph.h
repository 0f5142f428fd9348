// Who must come before whom: a graph of transactions, their sessions and their real time.
//
// Transactions are numbered 0..n-1 in the order in which they began, so that real time needs no edges: of `a`, all
// those come later that are numbered after_[a] or more. Nothing here is allocated per node.
#ifndef BROKERSIM_CHECKER_TXN_GRAPH_H_
#define BROKERSIM_CHECKER_TXN_GRAPH_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace brokersim::checker {

using Node = uint32_t;
inline constexpr Node kNoNode = UINT32_MAX;

enum class EdgeKind : uint8_t {
  kWw,        // wrote what the other's write came right after
  kWr,        // wrote what the other read
  kRw,        // read what the other's write replaced
  kProcess,   // the same process did it first
  kRealtime,  // was over before the other began
  kPass,      // from a hub on: part of the rw edge that led to the hub
};
// "ww", "wr", "rw", "process", "realtime".
std::string_view ToText(EdgeKind kind);

// Sets of kinds.
using Kinds = uint8_t;
constexpr Kinds Bit(EdgeKind kind) { return static_cast<Kinds>(1u << static_cast<uint8_t>(kind)); }
inline constexpr Kinds kDataKinds = Bit(EdgeKind::kWw) | Bit(EdgeKind::kWr) | Bit(EdgeKind::kRw);

// An edge's end.
class Arc {
 public:
  Arc() = default;
  Arc(Node to, EdgeKind kind) : bits_(to << 3 | static_cast<uint32_t>(kind)) {}
  Node to() const { return bits_ >> 3; }
  EdgeKind kind() const { return static_cast<EdgeKind>(bits_ & 7); }
  friend bool operator==(Arc a, Arc b) { return a.bits_ == b.bits_; }
  friend bool operator<(Arc a, Arc b) { return a.bits_ < b.bits_; }

 private:
  uint32_t bits_ = 0;
};

// Beyond it, a node doesn't fit into an Arc.
inline constexpr Node kMaxNodes = 1u << 29;

class Graph {
 public:
  explicit Graph(Node transactions) : transactions_(transactions), nodes_(transactions) {}

  // ---- building

  // Edges to itself are left out.
  void Add(Node from, Node to, EdgeKind kind);
  // Every one of `readers` read what each of `writers` replaced. Takes space and time of their sum, not their product.
  void AddReplaced(absl::Span<const Node> readers, absl::Span<const Node> writers);
  // Of each transaction: the number of those that had begun when it was over; transactions() if it never was.
  void SetRealtime(std::vector<Node> after) { after_ = std::move(after); }
  // Of each transaction: its process, or kNoNode. REQUIRES: SetRealtime was called.
  void SetProcesses(const std::vector<uint32_t>& process, uint32_t processes);
  // REQUIRED before what follows.
  void Finish();

  // ---- asking

  Node transactions() const { return transactions_; }
  Node nodes() const { return nodes_; }  // with the hubs, which are numbered from transactions() on
  size_t edges() const { return arcs_.size(); }
  // Whether there is any edge of `kinds`, sessions and real time among them.
  bool HasEdges(Kinds kinds) const;
  absl::Span<const Arc> Out(Node node) const {
    return absl::MakeConstSpan(arcs_).subspan(first_[node], first_[node + 1] - first_[node]);
  }
  // The first transaction that began when this one was over.
  Node After(Node node) const { return after_[node]; }
  bool InRealtime(Node a, Node b) const { return after_[a] <= b; }
  uint32_t Process(Node node) const { return process_.empty() ? kNoNode : process_[node]; }
  bool InProcess(Node a, Node b) const {
    return !process_.empty() && process_[a] != kNoNode && process_[a] == process_[b] && after_[a] <= b;
  }

  // The sets of two or more transactions that reach one another over edges of `kinds`, each ascending; ordered by their
  // first. Realtime includes what sessions order.
  std::vector<std::vector<Node>> Components(Kinds kinds) const;

 private:
  Node transactions_;
  Node nodes_;
  std::vector<uint64_t> added_;  // from << 32 | arc, until Finish()
  std::vector<uint32_t> first_;
  std::vector<Arc> arcs_;
  std::vector<Node> after_;
  std::vector<uint32_t> process_;
  // The transactions of each process, one process after the other, and where each one's successors begin there.
  std::vector<Node> by_process_;
  std::vector<uint32_t> process_slot_;
  std::vector<uint32_t> process_end_;  // by process: end of its part
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_GRAPH_H_
