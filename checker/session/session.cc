// Session guarantees and bounded staleness.
#include "checker/session/session.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checker/session/accesses.h"
#include "checker/strong_components.h"
#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using session::Access;
using session::Accesses;

// kInitial: the initial version is the first; kPast: into a process's past.
enum Guarantee : uint8_t { kMonotonicReads, kMonotonicWrites, kReadYourWrites, kWritesFollowReads, kInitial, kPast };
constexpr std::string_view kNames[] = {"monotonic-reads", "monotonic-writes", "read-your-writes",
                                       "writes-follow-reads"};

// One node must lie before another. Nodes are versions, and pasts: all that a process had written, or read, of a
// register by some moment; with them a process's n accesses need n edges, not n squared.
struct Before {
  Id from = 0;
  Id to = 0;
  Guarantee by = kInitial;
  uint32_t first = UINT32_MAX;  // the accesses that say so
  uint32_t second = UINT32_MAX;
};

// A short way through at least two versions and back, as numbers of edges; empty if there is none. A version that leads
// to itself through a past (it was read again) contradicts nothing.
class Cycles {
 public:
  Cycles(Id nodes, Id versions, const std::vector<Before>& edges)
      : edges_(edges), versions_(versions), first_(size_t{nodes} + 1, 0), order_(edges.size()) {
    for (const Before& edge : edges) ++first_[edge.from + 1];
    for (Id i = 0; i < nodes; ++i) first_[i + 1] += first_[i];
    std::vector<uint32_t> next(first_.begin(), first_.end() - 1);
    for (uint32_t i = 0; i < edges.size(); ++i) order_[next[edges[i].from]++] = i;
    component_ = StrongComponents(nodes, [this](uint32_t node, uint32_t* cursor) {
      const uint32_t at = first_[node] + (*cursor)++;
      return at < first_[node + 1] ? edges_[order_[at]].to : UINT32_MAX;
    });
  }

  std::vector<uint32_t> Find() const {
    std::vector<uint32_t> best;
    // Where there are long ones there are nearly always short ones through their first versions.
    constexpr int kTried = 32;
    int tried = 0;
    for (Id version : Tangled()) {
      if (++tried > kTried) break;
      std::vector<uint32_t> cycle = Through(version);
      if (best.empty() || cycle.size() < best.size()) best = std::move(cycle);
    }
    return best;
  }

 private:
  // The versions of the first component that has several.
  std::vector<Id> Tangled() const {
    std::vector<std::vector<Id>> members(first_.size());
    for (Id version = 0; version < versions_; ++version) {
      members[component_[version]].push_back(version);
    }
    for (std::vector<Id>& some : members) {
      if (some.size() > 1) return std::move(some);
    }
    return {};
  }

  std::vector<uint32_t> Through(Id version) const {
    std::vector<uint32_t> there =
        Shortest(version, [&](Id node) { return node < versions_ && node != version; });
    const std::vector<uint32_t> back =
        Shortest(edges_[there.back()].to, [&](Id node) { return node == version; });
    there.insert(there.end(), back.begin(), back.end());
    return there;
  }

  // To the nearest node that is wanted, within the component. REQUIRES: there is one.
  template <typename Wanted>
  std::vector<uint32_t> Shortest(Id start, Wanted wanted) const {
    std::vector<uint32_t> by(component_.size(), UINT32_MAX);  // the edge by which a node was reached
    std::vector<Id> queue = {start};
    for (size_t i = 0; i < queue.size(); ++i) {
      for (uint32_t at = first_[queue[i]]; at < first_[queue[i] + 1]; ++at) {
        const uint32_t edge = order_[at];
        const Id to = edges_[edge].to;
        if (by[to] != UINT32_MAX || to == start || component_[to] != component_[start]) continue;
        by[to] = edge;
        if (wanted(to)) return Back(by, start, to);
        queue.push_back(to);
      }
    }
    return {};
  }

  std::vector<uint32_t> Back(const std::vector<uint32_t>& by, Id start, Id node) const {
    std::vector<uint32_t> way;
    for (; node != start; node = edges_[by[node]].from) way.push_back(by[node]);
    std::reverse(way.begin(), way.end());
    return way;
  }

  const std::vector<Before>& edges_;
  Id versions_;
  std::vector<uint32_t> first_;  // of each node in order_
  std::vector<uint32_t> order_;  // edges by where they begin
  std::vector<uint32_t> component_;
};

class Sessions {
 public:
  Sessions(const History& history, const Accesses& accesses, Judgement* judgement)
      : history_(history), accesses_(accesses), judgement_(*judgement) {}

  void Run() {
    CollectEdges();
    bool any = false;
    for (Guarantee one : {kMonotonicReads, kMonotonicWrites, kReadYourWrites, kWritesFollowReads}) {
      any = Report(one, kNames[one]) || any;
    }
    if (!any) Report(kInitial, "session-order");
  }

 private:
  // What a process did with a register so far.
  struct Past {
    Id reads = kNoId;   // nodes
    Id writes = kNoId;  // ... of acknowledged ones
    std::vector<uint32_t> open;  // accesses that had not ended when the last one began
  };

  void CollectEdges() {
    nodes_ = static_cast<Id>(accesses_.versions.size());
    std::vector<Past> pasts(accesses_.keys.size());
    std::vector<Id> touched;
    for (const std::vector<uint32_t>& session : accesses_.by_process) {
      for (Id key : touched) pasts[key] = {};
      touched.clear();
      for (uint32_t number : session) {
        const Access& access = accesses_.all[number];
        Past& past = pasts[access.key];
        touched.push_back(access.key);
        Advance(access, &past);
        AddEdges(number, access, past);
        if (access.certain) past.open.push_back(number);
      }
    }
  }

  // What ended before the access began, or is an earlier part of the same operation, is past.
  void Advance(const Access& access, Past* past) {
    std::erase_if(past->open, [&](uint32_t number) {
      const Access& earlier = accesses_.all[number];
      if (earlier.done > access.invoke && earlier.invoke != access.invoke) return false;
      Id& node = earlier.write ? past->writes : past->reads;
      const Id next = nodes_++;
      if (node != kNoId) edges_.push_back({node, next, kPast, UINT32_MAX, UINT32_MAX});
      edges_.push_back({earlier.version, next, kPast, number, UINT32_MAX});
      node = next;
      return true;
    });
  }

  void AddEdges(uint32_t number, const Access& access, const Past& past) {
    const auto add = [&](Id node, Guarantee by) {
      if (node != kNoId) edges_.push_back({node, access.version, by, UINT32_MAX, number});
    };
    add(past.reads, access.write ? kWritesFollowReads : kMonotonicReads);
    add(past.writes, access.write ? kMonotonicWrites : kReadYourWrites);
    const Id initial = accesses_.initial[access.key];
    if (access.write && access.version != initial) {
      edges_.push_back({initial, access.version, kInitial, UINT32_MAX, number});
    }
  }

  // `only`: the edges of one guarantee and what comes first of all; kInitial: all edges.
  bool Report(Guarantee only, std::string_view type) {
    std::vector<Before> edges;
    for (const Before& edge : edges_) {
      if (only == kInitial || edge.by == only || edge.by >= kInitial) edges.push_back(edge);
    }
    bool found = false;
    // One register's cycle hides no other's: each is told, the edges of the told one left out.
    while (true) {
      const std::vector<uint32_t> cycle = Cycles(nodes_, static_cast<Id>(accesses_.versions.size()), edges).Find();
      if (cycle.empty()) return found;
      found = true;
      if (!judgement_.Told(type)) return found;
      const std::vector<Before> steps = WithoutPasts(edges, cycle);
      Tell(type, steps);
      const Id key = accesses_.versions[steps[0].from].key;
      std::erase_if(edges, [&](const Before& edge) {
        return edge.second != UINT32_MAX && accesses_.all[edge.second].key == key;
      });
    }
  }

  // The same cycle from version to version.
  std::vector<Before> WithoutPasts(const std::vector<Before>& edges, std::vector<uint32_t> cycle) const {
    const auto version = std::find_if(cycle.begin(), cycle.end(), [&](uint32_t number) {
      return edges[number].from < accesses_.versions.size();
    });
    std::rotate(cycle.begin(), version, cycle.end());
    std::vector<Before> steps;
    Before step;
    for (uint32_t number : cycle) {
      const Before& edge = edges[number];
      if (edge.from < accesses_.versions.size()) step = edge;
      step.to = edge.to;
      step.by = edge.by;
      step.second = edge.second;
      if (edge.to < accesses_.versions.size()) steps.push_back(step);
    }
    return steps;
  }

  void Tell(std::string_view type, const std::vector<Before>& steps) {
    std::vector<OpIndex> lines;
    std::string how;
    std::vector<formats::Edge> told;
    for (const Before& edge : steps) {
      for (uint32_t access : {edge.first, edge.second}) {
        if (access != UINT32_MAX) lines.push_back(Line(access));
      }
      const std::string why = Why(edge);
      how += (how.empty() ? "" : "; ") + why;
      if (edge.by == kInitial) continue;
      formats::Edge entry;
      entry.set_from(history_.op(Line(edge.first)).index);
      entry.set_to(history_.op(Line(edge.second)).index);
      entry.set_kind(std::string(kNames[edge.by]));
      entry.set_why(why);
      told.push_back(std::move(entry));
    }
    formats::Anomaly* const anomaly =
        judgement_.Add(type, std::move(lines), fmt::format("no order of the versions is possible: {}", how));
    for (formats::Edge& edge : told) *anomaly->add_edges() = std::move(edge);
  }

  OpIndex Line(uint32_t access) const {
    const Access& entry = accesses_.all[access];
    return entry.done == kNoOp ? entry.invoke : entry.done;
  }

  std::string Why(const Before& edge) const {
    const std::string from = Name(accesses_, edge.from);
    const std::string to = Name(accesses_, edge.to);
    if (edge.by == kInitial) return fmt::format("{} comes before {}", from, to);
    const std::string who = Who(history_, history_.op(accesses_.all[edge.first].invoke));
    const bool wrote = accesses_.all[edge.first].write;
    return fmt::format("{} {} {} and then {} {}", who, wrote ? "wrote" : "read", from,
                       accesses_.all[edge.second].write ? "wrote" : "read", to);
  }

  const History& history_;
  const Accesses& accesses_;
  Judgement& judgement_;
  std::vector<Before> edges_;
  Id nodes_ = 0;  // versions first
};

// Of each register's writes the earliest acknowledgement among those that began after a line.
class Staleness {
 public:
  Staleness(const History& history, const Accesses& accesses, const SessionOptions& options, Judgement* judgement)
      : history_(history), accesses_(accesses), options_(options), judgement_(*judgement) {}

  void Run() {
    std::vector<std::vector<uint32_t>> writes(accesses_.keys.size());  // acknowledged ones, as they began
    for (uint32_t i = 0; i < accesses_.all.size(); ++i) {
      const Access& access = accesses_.all[i];
      if (access.write && access.certain) writes[access.key].push_back(i);
    }
    std::vector<std::vector<uint32_t>> earliest(writes.size());  // of this and all later ones
    for (size_t key = 0; key < writes.size(); ++key) {
      earliest[key] = writes[key];
      for (size_t i = writes[key].size(); i-- > 1;) {
        const uint32_t later = earliest[key][i];
        uint32_t& entry = earliest[key][i - 1];
        if (accesses_.all[later].done < accesses_.all[entry].done) entry = later;
      }
    }
    int64_t worst = 0;
    for (const Access& read : accesses_.all) {
      if (!read.write) worst = std::max(worst, Judge(read, writes[read.key], earliest[read.key]));
    }
    judgement_.Measure("max-staleness", static_cast<double>(worst) / 1e6, "ms");
  }

 private:
  int64_t Judge(const Access& read, const std::vector<uint32_t>& writes, const std::vector<uint32_t>& earliest) {
    const uint32_t write = accesses_.versions[read.version].write;
    const bool initial = write == UINT32_MAX;
    if (!initial && accesses_.all[write].done == kNoOp) return 0;  // it may have taken effect at any time
    const OpIndex since = initial ? 0 : accesses_.all[write].done;
    if (!initial && !accesses_.all[write].certain) return 0;
    const auto next = std::lower_bound(writes.begin(), writes.end(), since, [&](uint32_t number, OpIndex line) {
      return accesses_.all[number].invoke < line;
    });
    if (next == writes.end()) return 0;
    const Access& newer = accesses_.all[earliest[static_cast<size_t>(next - writes.begin())]];
    const int64_t asked = history_.op(read.invoke).time;
    const int64_t known = history_.op(newer.done).time;
    if (newer.done > read.invoke || asked == kNoTime || known == kNoTime) return 0;
    const int64_t staleness = asked - known;
    if (options_.max_staleness.has_value() && staleness > *options_.max_staleness) {
      judgement_.Add("stale-read", {initial ? kNoOp : accesses_.all[write].done, newer.done, read.done},
                     fmt::format("{} read {}, which {} had replaced {} before", Who(history_, history_.op(read.invoke)),
                                 Name(accesses_, read.version), Name(accesses_, newer.version), Ms(staleness)));
    }
    return staleness;
  }

  const History& history_;
  const Accesses& accesses_;
  const SessionOptions& options_;
  Judgement& judgement_;
};

}  // namespace

absl::StatusOr<formats::Verdict> CheckSession(const History& history, const SessionOptions& options) {
  Judgement judgement("session", history);
  Accesses accesses;
  if (absl::Status status = TakeApart(history, &accesses, &judgement); !status.ok()) return status;
  if (!accesses.ambiguous) {
    Sessions(history, accesses, &judgement).Run();
    Staleness(history, accesses, options, &judgement).Run();
  }
  return std::move(judgement).Finish();
}

}  // namespace brokersim::checker
