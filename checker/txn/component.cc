#include "checker/txn/component.h"

#include <algorithm>

#include "checker/strong_components.h"

namespace brokersim::checker {

Component::Component(const Graph& graph, const std::vector<Node>& members, Renumbering* renumbering)
    : graph_(graph), members_(members), renumbering_(renumbering) {
  for (Node local = 0; local < size(); ++local) renumbering_->Set(members_[local], local);
  CollectArcs();
  CollectHubs();
  ChainProcesses();
}

Component::~Component() {
  for (Node node : members_) renumbering_->Set(node, kNoNode);
  for (Node hub : hubs_) renumbering_->Set(hub, kNoNode);
}

void Component::CollectArcs() {
  first_.push_back(0);
  std::vector<Arc> out;
  for (Node local = 0; local < size(); ++local) {
    out.clear();
    for (Arc arc : graph_.Out(members_[local])) {
      const bool to_hub = arc.to() >= graph_.transactions();
      if (to_hub && renumbering_->Local(arc.to()) == kNoNode) {
        renumbering_->Set(arc.to(), size() + hubs());
        hubs_.push_back(arc.to());
      }
      const Node to = renumbering_->Local(arc.to());
      if (to != kNoNode) out.emplace_back(to, arc.kind());
    }
    // By end, and for one end the strongest kind first: Arc's order.
    std::sort(out.begin(), out.end());
    for (size_t i = 0; i < out.size(); ++i) {
      if (i == 0 || out[i].to() != out[i - 1].to()) arcs_.push_back(out[i]);
    }
    first_.push_back(static_cast<uint32_t>(arcs_.size()));
  }
}

void Component::CollectHubs() {
  hub_first_.push_back(0);
  into_first_.assign(size_t{size()} + 1, 0);
  for (Node hub : hubs_) {
    for (Arc arc : graph_.Out(hub)) {
      const Node to = renumbering_->Local(arc.to());
      if (to == kNoNode) continue;
      hub_out_.push_back(to);
      ++into_first_[to + 1];
    }
    hub_first_.push_back(static_cast<uint32_t>(hub_out_.size()));
  }
  for (Node local = 0; local < size(); ++local) into_first_[local + 1] += into_first_[local];
  hubs_into_.resize(hub_out_.size());
  std::vector<uint32_t> next(into_first_.begin(), into_first_.end() - 1);
  for (Node hub = 0; hub < hubs(); ++hub) {
    for (Node to : HubOut(hub)) hubs_into_[next[to]++] = hub;
  }
}

void Component::ChainProcesses() {
  next_of_process_.assign(size(), kNoNode);
  // Members of a process, in order: sort by (process, number).
  std::vector<uint64_t> by_process;
  for (Node local = 0; local < size(); ++local) {
    const uint32_t process = graph_.Process(members_[local]);
    if (process != kNoNode) by_process.push_back(uint64_t{process} << 32 | local);
  }
  std::sort(by_process.begin(), by_process.end());
  for (size_t i = 1; i < by_process.size(); ++i) {
    if (by_process[i] >> 32 != by_process[i - 1] >> 32) continue;
    next_of_process_[static_cast<Node>(by_process[i - 1])] = static_cast<Node>(by_process[i]);
  }
}

bool Component::Joined(Node a, Node b) const {
  for (Arc arc : Out(a)) {
    if (arc.to() == b) return true;
    if (arc.to() < size()) continue;
    for (Node to : HubOut(arc.to() - size())) {
      if (to == b) return true;
    }
  }
  return false;
}

std::vector<uint32_t> Component::Parts(Kinds kinds) const {
  const auto next = [&](Node node, uint32_t* cursor) -> Node {
    if (node >= size()) {
      const absl::Span<const Node> out = HubOut(node - size());
      return *cursor < out.size() ? out[(*cursor)++] : kNoNode;
    }
    const absl::Span<const Arc> out = Out(node);
    while (*cursor < out.size()) {
      const Arc arc = out[(*cursor)++];
      if (kinds & Bit(arc.kind())) return arc.to();
    }
    if ((*cursor)++ > out.size() || !(kinds & Bit(EdgeKind::kProcess))) return kNoNode;
    return next_of_process_[node];
  };
  return StrongComponents(size() + hubs(), next);
}

}  // namespace brokersim::checker
