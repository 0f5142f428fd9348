#include "checker/txn/graph.h"

#include <algorithm>

#include "checker/strong_components.h"

namespace brokersim::checker {
namespace {

// Up to so many edges, every pair is its own edge: the search for cycles knows more of those.
constexpr size_t kFewPairs = 64;

}  // namespace

std::string_view ToText(EdgeKind kind) {
  constexpr std::string_view kNames[] = {"ww", "wr", "rw", "process", "realtime", "pass"};
  return kNames[static_cast<size_t>(kind)];
}

void Graph::Add(Node from, Node to, EdgeKind kind) {
  if (from == to) return;
  uint32_t arc = to << 3 | static_cast<uint32_t>(kind);
  added_.push_back(uint64_t{from} << 32 | arc);
}

void Graph::AddReplaced(absl::Span<const Node> readers, absl::Span<const Node> writers) {
  if (readers.empty() || writers.empty()) return;
  const size_t pairs = readers.size() * writers.size();
  if (pairs <= kFewPairs || pairs <= readers.size() + writers.size()) {
    for (Node reader : readers) {
      for (Node writer : writers) Add(reader, writer, EdgeKind::kRw);
    }
    return;
  }
  const Node hub = nodes_++;
  for (Node reader : readers) Add(reader, hub, EdgeKind::kRw);
  for (Node writer : writers) Add(hub, writer, EdgeKind::kPass);
}

void Graph::SetProcesses(const std::vector<uint32_t>& process, uint32_t processes) {
  process_ = process;
  process_end_.assign(size_t{processes} + 1, 0);
  for (uint32_t p : process_) {
    if (p != kNoNode) ++process_end_[p + 1];
  }
  for (uint32_t p = 0; p < processes; ++p) process_end_[p + 1] += process_end_[p];
  std::vector<uint32_t> next(process_end_.begin(), process_end_.end() - 1);
  by_process_.resize(process_end_.back());
  for (Node node = 0; node < transactions_; ++node) {
    if (process_[node] != kNoNode) by_process_[next[process_[node]]++] = node;
  }
  process_end_.erase(process_end_.begin());
  process_slot_.assign(transactions_, kNoNode);
  for (uint32_t p = 0; p < processes; ++p) {
    const auto end = by_process_.begin() + process_end_[p];
    for (auto at = by_process_.begin() + (p == 0 ? 0 : process_end_[p - 1]); at != end; ++at) {
      // Nearly always the next one, for a client does one thing at a time.
      auto later = at + 1;
      if (later != end && *later < after_[*at]) later = std::lower_bound(later, end, after_[*at]);
      if (later != end) process_slot_[*at] = static_cast<uint32_t>(later - by_process_.begin());
    }
  }
}

void Graph::Finish() {
  first_.assign(size_t{nodes_} + 1, 0);
  for (uint64_t edge : added_) ++first_[(edge >> 32) + 1];
  for (Node node = 0; node < nodes_; ++node) first_[node + 1] += first_[node];
  arcs_.resize(added_.size());
  std::vector<uint32_t> next(first_.begin(), first_.end() - 1);
  for (uint64_t edge : added_) {
    const auto arc = static_cast<uint32_t>(edge);
    arcs_[next[edge >> 32]++] = Arc(arc >> 3, static_cast<EdgeKind>(arc & 7));
  }
  added_.clear();
  added_.shrink_to_fit();
}

bool Graph::HasEdges(Kinds kinds) const {
  if ((kinds & kDataKinds) && !arcs_.empty()) return true;
  const auto leads = [](uint32_t slot) { return slot != kNoNode; };
  if ((kinds & Bit(EdgeKind::kProcess)) && std::any_of(process_slot_.begin(), process_slot_.end(), leads)) return true;
  const auto was_over = [&](Node after) { return after < transactions_; };
  return (kinds & Bit(EdgeKind::kRealtime)) && std::any_of(after_.begin(), after_.end(), was_over);
}

std::vector<std::vector<Node>> Graph::Components(Kinds kinds) const {
  // Order is walked along lines of helper nodes: from a transaction to the first one that it precedes, and from there
  // to all later ones. nodes_ + i stands for "transaction i of the line, and those behind it".
  const bool realtime = (kinds & Bit(EdgeKind::kRealtime)) != 0 && !after_.empty();
  const bool process = !realtime && (kinds & Bit(EdgeKind::kProcess)) != 0 && !process_.empty();
  if (kinds & Bit(EdgeKind::kRw)) kinds |= Bit(EdgeKind::kPass);
  const Node line = realtime ? transactions_ : process ? static_cast<Node>(by_process_.size()) : 0;
  const auto next = [&](Node node, uint32_t* cursor) -> Node {
    if (node >= nodes_) {
      const Node slot = node - nodes_;
      const uint32_t step = (*cursor)++;
      if (step == 0) return realtime ? slot : by_process_[slot];
      if (step > 1) return kNoNode;
      const Node end = realtime ? transactions_ : process_end_[process_[by_process_[slot]]];
      return slot + 1 < end ? node + 1 : kNoNode;
    }
    const absl::Span<const Arc> out = Out(node);
    while (*cursor < out.size()) {
      const Arc arc = out[(*cursor)++];
      if (kinds & Bit(arc.kind())) return arc.to();
    }
    if ((*cursor)++ > out.size() || node >= transactions_) return kNoNode;
    if (realtime) return after_[node] < transactions_ ? nodes_ + after_[node] : kNoNode;
    if (process && process_slot_[node] != kNoNode) return nodes_ + process_slot_[node];
    return kNoNode;
  };
  const std::vector<uint32_t> component = StrongComponents(nodes_ + line, next);
  std::vector<uint32_t> size(size_t{nodes_} + line, 0);
  for (Node node = 0; node < transactions_; ++node) ++size[component[node]];
  std::vector<std::vector<Node>> components;
  std::vector<uint32_t> place(size.size(), kNoNode);
  for (Node node = 0; node < transactions_; ++node) {
    const uint32_t c = component[node];
    if (size[c] < 2) continue;
    if (place[c] == kNoNode) {
      place[c] = static_cast<uint32_t>(components.size());
      components.emplace_back().reserve(size[c]);
    }
    components[place[c]].push_back(node);
  }
  return components;
}

}  // namespace brokersim::checker
