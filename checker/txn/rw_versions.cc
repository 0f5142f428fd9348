// The order of registers' versions.
#include <algorithm>
#include <tuple>
#include <utility>

#include "checker/stable_sort.h"
#include "checker/txn/rw_register.h"
#include "checker/strong_components.h"
#include "fmt/format.h"

namespace brokersim::checker {

std::string_view RwRegister::Name(Source source) {
  constexpr std::string_view kNames[] = {"initial-state", "wfr-keys", "sequential-keys", "linearizable-keys"};
  return kNames[static_cast<size_t>(source)];
}

void RwRegister::AddInitial() {
  for (Node node = 0; node < txns_.possible(); ++node) {
    for (const Touch& touch : TouchesOf(node)) {
      const Id nil = values_.Intern(touch.key, Value::Nil());
      if (nil == versions_.size()) versions_.emplace_back();
      for (Id version : {touch.read, touch.write}) {
        if (version != kNoId && version != nil) later_.push_back({nil, version, kNoNode, node, Source::kInitial});
      }
    }
  }
}

void RwRegister::AddWfr() {
  for (Node node = 0; node < txns_.possible(); ++node) {
    for (const Touch& touch : TouchesOf(node)) {
      if (touch.read == kNoId || touch.write == kNoId || IsNil(touch.read) || touch.read == touch.write) continue;
      later_.push_back({touch.read, touch.write, node, node, Source::kWfr});
    }
  }
}

// What `a` left behind came before what `b` found, or made.
void RwRegister::LinkTouches(Node a, const Touch& before, Node b, const Touch& after, Source source) {
  const Id from = before.write != kNoId ? before.write : before.read;
  const Id to = after.read != kNoId ? after.read : after.write;
  if (from != kNoId && to != kNoId && from != to) later_.push_back({from, to, a, b, source});
}

void RwRegister::AddSequential(const Graph& order) {
  // Touches of one process and key follow one another.
  struct At {
    uint32_t process = 0;
    Id key = 0;
    Node node = 0;
    const Touch* touch = nullptr;
  };
  std::vector<At> all;
  for (Node node = 0; node < txns_.possible(); ++node) {
    if (order.Process(node) == kNoNode) continue;
    for (const Touch& touch : TouchesOf(node)) all.push_back({order.Process(node), touch.key, node, &touch});
  }
  StableSort(&all, [](const At& a, const At& b) { return std::tie(a.process, a.key) < std::tie(b.process, b.key); });
  for (size_t i = 1; i < all.size(); ++i) {
    const At& a = all[i - 1];
    const At& b = all[i];
    if (a.process != b.process || a.key != b.key || !order.InProcess(a.node, b.node)) continue;
    LinkTouches(a.node, *a.touch, b.node, *b.touch, Source::kSequential);
  }
}

void RwRegister::AddLinearizable(const Graph& order) {
  // Of each register, those that touched it last and were over: with a new one, those that another one of them came
  // after say nothing more. There are never more than began at the same time.
  struct Last {
    Node node = 0;
    const Touch* touch = nullptr;
  };
  std::vector<std::vector<Last>> open(txns_.keys().size());  // OK ones, in the order in which they began
  for (Node node = 0; node < txns_.possible(); ++node) {
    for (const Touch& touch : TouchesOf(node)) {
      std::vector<Last>& before = open[touch.key];
      // Those that were over before another one began that was over before this one began.
      Node begun = 0;
      for (const Last& last : before) {
        if (order.InRealtime(last.node, node)) begun = std::max(begun, last.node);
      }
      std::erase_if(before, [&](const Last& last) { return order.InRealtime(last.node, begun); });
      for (const Last& last : before) {
        if (!order.InRealtime(last.node, node)) continue;
        LinkTouches(last.node, *last.touch, node, touch, Source::kLinearizable);
      }
      if (txns_.IsOk(node)) before.push_back({node, &touch});
    }
  }
}

void RwRegister::OrderVersions(const Graph& order, uint64_t steps, Report* report) {
  const auto add = [&](Source source, auto&& adder) {
    const std::vector<Later> before = later_;
    adder();
    StableSort(&later_, [](const Later& a, const Later& b) { return std::tie(a.from, a.to) < std::tie(b.from, b.to); });
    const auto same = [](const Later& a, const Later& b) { return a.from == b.from && a.to == b.to; };
    later_.erase(std::unique(later_.begin(), later_.end(), same), later_.end());
    if (source != Source::kInitial && !CheckAcyclic(steps, report)) later_ = before;
  };
  add(Source::kInitial, [&] { AddInitial(); });
  if (options_.wfr_keys) add(Source::kWfr, [&] { AddWfr(); });
  if (options_.sequential_keys) add(Source::kSequential, [&] { AddSequential(order); });
  if (options_.linearizable_keys) add(Source::kLinearizable, [&] { AddLinearizable(order); });
}

bool RwRegister::CheckAcyclic(uint64_t steps, Report* report) const {
  const auto count = static_cast<uint32_t>(versions_.size());
  std::vector<uint32_t> first(size_t{count} + 1, 0);
  for (const Later& later : later_) ++first[later.from + 1];
  for (uint32_t i = 0; i < count; ++i) first[i + 1] += first[i];
  const std::vector<uint32_t> part = StrongComponents(count, [&](uint32_t version, uint32_t* cursor) {
    const uint32_t at = first[version] + (*cursor)++;
    return at < first[version + 1] ? later_[at].to : UINT32_MAX;
  });
  std::vector<uint32_t> size(size_t{count} + 1, 0);
  for (uint32_t p : part) ++size[p];
  // Of each part the shortest cycle, by a breadth-first search from each of its versions.
  std::vector<std::vector<Later>> best(size_t{count} + 1);
  std::vector<uint32_t> reached(count, UINT32_MAX);  // from which version
  std::vector<uint32_t> by(count, 0);                // over which of later_
  std::vector<uint32_t> queue;
  uint64_t taken = 0;
  bool acyclic = true;
  for (Id source = 0; source < count; ++source) {
    if (size[part[source]] < 2) continue;
    acyclic = false;
    std::vector<Later>& shortest = best[part[source]];
    if (!shortest.empty() && (shortest.size() == 2 || taken > steps)) continue;
    queue.assign(1, source);
    reached[source] = source;
    size_t length = 1;
    bool closed = false;
    for (size_t at = 0; at < queue.size() && !closed && (shortest.empty() || length < shortest.size()); ++length) {
      for (const size_t end = queue.size(); at < end && !closed; ++at) {
        for (uint32_t i = first[queue[at]]; i < first[queue[at] + 1] && !closed; ++i) {
          ++taken;
          const Id to = later_[i].to;
          if (part[to] != part[source]) continue;
          if (to == source) {
            std::vector<Later> cycle = {later_[i]};
            while (cycle.back().from != source) cycle.push_back(later_[by[cycle.back().from]]);
            std::reverse(cycle.begin(), cycle.end());
            shortest = std::move(cycle);
            closed = true;
          } else if (reached[to] != source) {
            reached[to] = source;
            by[to] = i;
            queue.push_back(to);
          }
        }
      }
    }
  }
  for (Id source = 0; source < count; ++source) {
    if (best[part[source]].empty()) continue;
    ReportCycle(best[part[source]], report);
    best[part[source]].clear();
  }
  return acyclic;
}

void RwRegister::ReportCycle(const std::vector<Later>& cycle, Report* report) const {
  const int row = FindAnomaly("cyclic-versions").value();
  if (!report->Found(row)) return;
  const Id key = values_.Key(cycle.front().from);
  std::vector<Node> ops;
  std::string text;
  for (const Later& later : cycle) {
    if (later.a != kNoNode) ops.push_back(later.a);
    ops.push_back(later.b);
    text += fmt::format("{}{} then {} ({})", text.empty() ? "" : ", ", VersionText(later.from), VersionText(later.to),
                        Name(later.source));
  }
  formats::Anomaly& anomaly = report->Add(
      row, ops, fmt::format("{} must have gone through its values in a circle: {}.", txns_.KeyText(key), text));
  for (const Later& later : cycle) report->AddRecord(key, values_.Get(later.from), &anomaly);
}

const RwRegister::Later* RwRegister::Find(Id from, Id to) const {
  const auto at = std::lower_bound(later_.begin(), later_.end(), std::tie(from, to),
                                   [](const Later& a, auto b) { return std::tie(a.from, a.to) < b; });
  return at != later_.end() && at->from == from && at->to == to ? &*at : nullptr;
}

}  // namespace brokersim::checker
