// One strongly connected component of a graph, numbered anew from 0, with at most one edge from one transaction to
// another: the strongest that there is (ww before wr before rw).
#ifndef BROKERSIM_CHECKER_TXN_COMPONENT_H_
#define BROKERSIM_CHECKER_TXN_COMPONENT_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "checker/txn/graph.h"

namespace brokersim::checker {

// Where a graph's nodes are in the component in hand. Made once for all components.
class Renumbering {
 public:
  explicit Renumbering(const Graph& graph) : local_(graph.nodes(), kNoNode) {}
  Node Local(Node node) const { return local_[node]; }
  void Set(Node node, Node local) { local_[node] = local; }

 private:
  std::vector<Node> local_;
};

class Component {
 public:
  // `members` ascends. The renumbering is all kNoNode before and after the component's life.
  Component(const Graph& graph, const std::vector<Node>& members, Renumbering* renumbering);
  ~Component();
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  Node size() const { return static_cast<Node>(members_.size()); }
  Node hubs() const { return static_cast<Node>(hubs_.size()); }
  Node Global(Node local) const { return members_[local]; }
  // Ends are members, or hubs numbered from size() on.
  absl::Span<const Arc> Out(Node local) const { return Slice(arcs_, first_, local); }
  // The members that a hub, numbered from 0, leads to.
  absl::Span<const Node> HubOut(Node hub) const { return Slice(hub_out_, hub_first_, hub); }
  // The hubs that lead to a member.
  absl::Span<const Node> HubsInto(Node local) const { return Slice(hubs_into_, into_first_, local); }
  // The next member of the same process; kNoNode if there is none.
  Node NextOfProcess(Node local) const { return next_of_process_[local]; }
  bool InProcess(Node a, Node b) const { return graph_.InProcess(members_[a], members_[b]); }
  bool InRealtime(Node a, Node b) const { return graph_.InRealtime(members_[a], members_[b]); }
  Node After(Node local) const { return graph_.After(members_[local]); }
  // Whether there is an edge, or one through a hub.
  bool Joined(Node a, Node b) const;

  // Components within this one over edges of `kinds`, in reverse topological order: who reaches another has at least
  // its number. Hubs have entries too. A process' members count as a chain, also those that overlap.
  std::vector<uint32_t> Parts(Kinds kinds) const;

 private:
  template <typename T>
  static absl::Span<const T> Slice(const std::vector<T>& all, const std::vector<uint32_t>& first, Node at) {
    return absl::MakeConstSpan(all).subspan(first[at], first[at + 1] - first[at]);
  }
  void CollectArcs();
  void CollectHubs();
  void ChainProcesses();

  const Graph& graph_;
  const std::vector<Node>& members_;
  Renumbering* renumbering_;
  std::vector<uint32_t> first_, hub_first_, into_first_;
  std::vector<Arc> arcs_;
  std::vector<Node> hubs_;  // the graph's numbers
  std::vector<Node> hub_out_, hubs_into_;
  std::vector<Node> next_of_process_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_COMPONENT_H_
