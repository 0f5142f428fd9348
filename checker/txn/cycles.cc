#include "checker/txn/cycles.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "checker/txn/component.h"

namespace brokersim::checker {
namespace {

constexpr Kinds kWw = Bit(EdgeKind::kWw);
constexpr Kinds kWr = Bit(EdgeKind::kWr);
constexpr Kinds kRw = Bit(EdgeKind::kRw);

// What a kind of cycle is made of. A cycle is looked for from each transaction with an edge of kind `first`; after that
// only edges of `rest` are taken.
struct Shape {
  std::string_view name;
  Kinds first;
  Kinds rest;
  bool nonadjacent;  // no two rw in a row
};

// The most severe first. By the time one of them is looked for, what implies it isn't there: so a G-nonadjacent-item
// that is found has two rw or more, and a G2-item has two in a row.
constexpr Shape kShapes[] = {
    {"G0", kWw, kWw, false},
    {"G1c", kWr, kWw | kWr, false},
    {"G-single-item", kRw, kWw | kWr, false},
    {"G-nonadjacent-item", kRw, kWw | kWr | kRw, true},
    {"G2-item", kRw, kWw | kWr | kRw, false},
};

// Flags of a place in a search: with the transaction, they say all that matters of the way there.
constexpr uint32_t kLastRw = 1;  // the last edge was rw; only kept where it matters
constexpr uint32_t kSeen = 2;    // what the cycle must have was on the way
constexpr uint32_t kFlags = 4;

// A breadth-first search over (transaction, flags), as often as one likes: forgetting costs nothing.
class Search {
 public:
  Search(const Component& component, uint64_t allowance)
      : component_(component),
        allowance_(allowance),
        reached_(size_t{component.size()} * kFlags, 0),
        swept_(reached_.size(), 0),
        swept_hub_(size_t{component.hubs()} * kFlags, 0),
        closing_hub_(component.hubs(), 0),
        from_(reached_.size(), 0),
        by_(reached_.size(), EdgeKind::kWw) {}

  // The shortest cycle of that shape; with `process`, of those that have a session step. Empty if there is none.
  std::vector<Step> Shortest(const Shape& shape, bool process);
  // The shortest cycle of that shape and one realtime step.
  std::vector<Step> ShortestInRealtime(const Shape& shape);

  uint64_t steps() const { return steps_; }
  bool gave_up() const { return gave_up_; }

 private:
  void Begin(const Shape& shape) {
    shape_ = &shape;
    best_.clear();
    gave_up_ = false;
  }
  void Forget() {
    ++epoch_;
    queue_.clear();
  }
  // Whether to look for something shorter.
  bool GoOn() {
    if (best_.empty()) return true;
    if (best_.size() == 2) return false;
    gave_up_ = gave_up_ || steps_ >= allowance_;
    return !gave_up_;
  }
  uint32_t Bound() const { return best_.empty() ? UINT32_MAX : static_cast<uint32_t>(best_.size()); }

  void Reach(Node to, uint32_t flags, uint32_t from, EdgeKind kind) {
    const uint32_t place = to * kFlags + flags;
    if (reached_[place] == epoch_) return;
    reached_[place] = epoch_;
    from_[place] = from;
    by_[place] = kind;
    queue_.push_back(place);
  }
  std::vector<Step> WayTo(uint32_t place) const;
  void Keep(uint32_t place, Node closes_at, EdgeKind by);

  void SearchFrom(Node source, bool process);
  bool Expand(uint32_t place, Node source, Kinds kinds, bool process);
  void Sweep(uint32_t place, uint32_t flags);
  void RealtimeFrom(Node source, const std::vector<Node>& earliest);

  const Component& component_;
  const uint64_t allowance_;
  const Shape* shape_ = nullptr;
  std::vector<Step> best_;
  bool gave_up_ = false;
  uint64_t steps_ = 0;
  uint32_t epoch_ = 0;
  std::vector<uint32_t> part_;
  std::vector<uint32_t> reached_, swept_, swept_hub_, closing_hub_;  // the epoch in which they were
  std::vector<uint32_t> from_;
  std::vector<EdgeKind> by_;
  std::vector<uint32_t> queue_;  // places, nearest first
};

std::vector<Step> Search::WayTo(uint32_t place) const {
  std::vector<Step> way;
  while (from_[place] != UINT32_MAX) {
    way.push_back({component_.Global(from_[place] / kFlags), component_.Global(place / kFlags), by_[place]});
    place = from_[place];
  }
  std::reverse(way.begin(), way.end());
  return way;
}

void Search::Keep(uint32_t place, Node closes_at, EdgeKind by) {
  best_ = WayTo(place);
  best_.push_back({component_.Global(place / kFlags), component_.Global(closes_at), by});
}

std::vector<Step> Search::Shortest(const Shape& shape, bool process) {
  Begin(shape);
  // Whoever leads back to where the search began has at least its number here.
  part_ = component_.Parts(shape.rest | (process ? Bit(EdgeKind::kProcess) : 0));
  for (Node source = 0; source < component_.size() && GoOn(); ++source) SearchFrom(source, process);
  return best_;
}

void Search::SearchFrom(Node source, bool process) {
  Forget();
  for (Node hub : component_.HubsInto(source)) closing_hub_[hub] = epoch_;
  const uint32_t start = source * kFlags;
  reached_[start] = epoch_;
  from_[start] = UINT32_MAX;
  if (Expand(start, kNoNode, shape_->first, false)) return;
  uint32_t length = 1;  // of the ways in the queue
  for (size_t at = 0; at < queue_.size() && length + 1 < Bound(); ++length) {
    for (const size_t end = queue_.size(); at < end; ++at) {
      if (Expand(queue_[at], source, shape_->rest, process)) return;
    }
  }
}

// Goes one step on from `place`. True if that closed a cycle: it is kept.
bool Search::Expand(uint32_t place, Node source, Kinds kinds, bool process) {
  const Node node = place / kFlags;
  const uint32_t flags = place % kFlags;
  const uint32_t seen = flags & kSeen;
  const bool first = source == kNoNode;
  const Node home = first ? node : source;
  if (shape_->nonadjacent && (flags & kLastRw)) kinds &= static_cast<Kinds>(~kRw);
  // A cycle that must have a session step is complete with it only.
  const bool complete = !first && (!process || seen != 0);
  for (Arc arc : component_.Out(node)) {
    ++steps_;
    if (!(kinds & Bit(arc.kind()))) continue;
    const bool rw = arc.kind() == EdgeKind::kRw;
    // The first edge of a nonadjacent one is rw, so the last one isn't.
    const bool closes = complete && !(shape_->nonadjacent && rw);
    const uint32_t next = seen | (rw && shape_->nonadjacent ? kLastRw : 0);
    if (arc.to() < component_.size()) {
      if (arc.to() == home) {
        if (!closes) continue;
        Keep(place, home, arc.kind());
        return true;
      }
      if (part_[arc.to()] >= part_[home]) Reach(arc.to(), next, place, arc.kind());
      continue;
    }
    const Node hub = arc.to() - component_.size();
    if (closes && closing_hub_[hub] == epoch_ && node != home) {
      Keep(place, home, EdgeKind::kRw);
      return true;
    }
    if (swept_hub_[hub * kFlags + next] == epoch_) continue;
    swept_hub_[hub * kFlags + next] = epoch_;
    for (Node to : component_.HubOut(hub)) {
      ++steps_;
      if (to != home && to != node && part_[to] >= part_[home]) Reach(to, next, place, EdgeKind::kRw);
    }
  }
  if (process) {
    if (component_.InProcess(node, home)) {
      Keep(place, home, EdgeKind::kProcess);
      return true;
    }
    Sweep(place, kSeen);
  }
  return false;
}

// Reaches all later ones of the process, up to those that somebody else swept.
void Search::Sweep(uint32_t place, uint32_t flags) {
  const Node node = place / kFlags;
  for (Node to = component_.NextOfProcess(node); to != kNoNode; to = component_.NextOfProcess(to)) {
    ++steps_;
    if (!component_.InProcess(node, to)) continue;
    Reach(to, flags, place, EdgeKind::kProcess);
    if (swept_[to * kFlags + flags] == epoch_) return;
    swept_[to * kFlags + flags] = epoch_;
  }
}

std::vector<Step> Search::ShortestInRealtime(const Shape& shape) {
  Begin(shape);
  const Kinds kinds = shape.first | shape.rest;
  part_ = component_.Parts(kinds);
  // Of each part: the earliest After() that is reached from it. Who reaches nobody that was over before the source
  // began leads nowhere.
  std::vector<Node> order(part_.size());
  std::vector<uint32_t> begin(part_.size() + 1, 0);
  for (uint32_t part : part_) ++begin[part + 1];
  for (size_t i = 0; i < part_.size(); ++i) begin[i + 1] += begin[i];
  for (Node node = 0; node < part_.size(); ++node) order[begin[part_[node]]++] = node;
  std::vector<Node> earliest(part_.size(), kNoNode);
  for (Node node : order) {
    Node& least = earliest[part_[node]];
    if (node >= component_.size()) {
      for (Node to : component_.HubOut(node - component_.size())) least = std::min(least, earliest[part_[to]]);
      continue;
    }
    least = std::min(least, component_.After(node));
    for (Arc arc : component_.Out(node)) {
      if (kinds & Bit(arc.kind())) least = std::min(least, earliest[part_[arc.to()]]);
    }
  }
  for (Node source = 0; source < component_.size() && GoOn(); ++source) RealtimeFrom(source, earliest);
  return best_;
}

// The shortest way from `source` to somebody who was over before it began.
void Search::RealtimeFrom(Node source, const std::vector<Node>& earliest) {
  const Node begun = component_.Global(source);
  const auto leads_back = [&](Node node) { return earliest[part_[node]] <= begun; };
  if (!leads_back(source)) return;
  Forget();
  const bool needs_rw = shape_->first == kRw;
  const bool one_rw = needs_rw && !(shape_->rest & kRw);
  const uint32_t start = source * kFlags;
  reached_[start] = epoch_;
  from_[start] = UINT32_MAX;
  queue_.push_back(start);
  uint32_t length = 0;
  for (size_t at = 0; at < queue_.size() && length + 1 < Bound(); ++length) {
    for (const size_t end = queue_.size(); at < end; ++at) {
      const uint32_t place = queue_[at];
      const Node node = place / kFlags;
      const uint32_t flags = place % kFlags;
      if (length > 0 && (!needs_rw || (flags & kSeen)) && component_.After(node) <= begun) {
        Keep(place, source, EdgeKind::kRealtime);
        return;
      }
      if (length + 2 >= Bound()) continue;
      Kinds kinds = shape_->first | shape_->rest;
      if ((one_rw && (flags & kSeen)) || (flags & kLastRw)) kinds &= static_cast<Kinds>(~kRw);
      for (Arc arc : component_.Out(node)) {
        ++steps_;
        if (!(kinds & Bit(arc.kind()))) continue;
        const bool rw = arc.kind() == EdgeKind::kRw;
        const uint32_t next = (flags & kSeen) | (rw ? kSeen : 0) | (rw && shape_->nonadjacent ? kLastRw : 0);
        if (arc.to() < component_.size()) {
          if (leads_back(arc.to())) Reach(arc.to(), next, place, arc.kind());
          continue;
        }
        uint32_t& swept = swept_hub_[(arc.to() - component_.size()) * kFlags + next];
        if (swept == epoch_) continue;
        swept = epoch_;
        for (Node to : component_.HubOut(arc.to() - component_.size())) {
          ++steps_;
          if (to != node && leads_back(to)) Reach(to, next, place, EdgeKind::kRw);
        }
      }
    }
  }
}

// What was found in one component so far, and what is still worth looking for.
class Worth {
 public:
  bool IsImplied(int anomaly) const { return AnomaliesImpliedBy(found_) >> anomaly & 1; }
  bool SaysMore(int anomaly) const { return LevelsRuledOutBy(NameSet{1} << anomaly) & ~LevelsRuledOutBy(found_); }
  void Add(int anomaly) { found_ |= NameSet{1} << anomaly; }

 private:
  NameSet found_ = 0;
};

constexpr size_t kShapeCount = std::size(kShapes);

// The rows of the shapes' anomalies.
struct Rows {
  int pure[kShapeCount], process[kShapeCount], realtime[kShapeCount];
};

Rows FindRows() {
  Rows rows;
  for (size_t i = 0; i < kShapeCount; ++i) {
    const std::string name(kShapes[i].name);
    rows.pure[i] = FindAnomaly(name).value();
    rows.process[i] = FindAnomaly(name + "-process").value();
    rows.realtime[i] = FindAnomaly(name + "-realtime").value();
  }
  return rows;
}

// A way that visits a transaction twice is two circles. That one of them is no cycle of this kind can only be where rw
// must not be next to each other; the other one is a G0 or G1c then (or one with fewer rw), was found, and says more.
bool VisitsEachOnce(const std::vector<Step>& steps) {
  std::vector<Node> visited;
  for (const Step& step : steps) visited.push_back(step.from);
  std::sort(visited.begin(), visited.end());
  return std::adjacent_find(visited.begin(), visited.end()) == visited.end();
}

void SearchComponent(const Component& component, const Rows& rows, const CycleOptions& options, CycleSearch* result) {
  Search search(component, options.steps);
  Worth worth;
  const auto keep = [&](int row, std::vector<Step> steps) {
    if (steps.empty() || !VisitsEachOnce(steps)) return;
    worth.Add(row);
    result->cycles.push_back({row, std::move(steps), !search.gave_up(), false});
  };
  for (size_t i = 0; i < kShapeCount; ++i) {
    if (!worth.IsImplied(rows.pure[i])) keep(rows.pure[i], search.Shortest(kShapes[i], false));
  }
  for (size_t i = 0; i < kShapeCount && (options.kinds & Bit(EdgeKind::kProcess)); ++i) {
    if (worth.IsImplied(rows.process[i]) || !(options.all_variants || worth.SaysMore(rows.process[i]))) continue;
    keep(rows.process[i], search.Shortest(kShapes[i], true));
  }
  for (size_t i = 0; i < kShapeCount && (options.kinds & Bit(EdgeKind::kRealtime)); ++i) {
    if (worth.IsImplied(rows.realtime[i]) || !(options.all_variants || worth.SaysMore(rows.realtime[i]))) continue;
    keep(rows.realtime[i], search.ShortestInRealtime(kShapes[i]));
  }
  result->steps += search.steps();
}

}  // namespace

CycleSearch FindCycles(const Graph& graph, const CycleOptions& options) {
  CycleSearch result;
  const Rows rows = FindRows();
  Renumbering renumbering(graph);
  for (const std::vector<Node>& members : graph.Components(options.kinds)) {
    ++result.components;
    result.largest = std::max<uint64_t>(result.largest, members.size());
    const size_t before = result.cycles.size();
    const Component component(graph, members, &renumbering);
    SearchComponent(component, rows, options, &result);
    for (size_t i = before; i < result.cycles.size(); ++i) {
      for (const Step& step : result.cycles[i].steps) {
        if (step.kind < EdgeKind::kProcess) continue;
        result.cycles[i].joined_by_data |= component.Joined(renumbering.Local(step.from), renumbering.Local(step.to));
      }
    }
  }
  return result;
}

}  // namespace brokersim::checker
