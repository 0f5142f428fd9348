// Registers whose writes all have different values (P. Gibbons, E. Korach, "Testing shared memories", 1997).
//
// A value's zone reaches from the first end to the last begin of its write and reads. If it does so forward,
// the value must be there all that time: two such zones must not overlap. If it doesn't, all of them run at
// once for a while, and any moment of that will do that isn't in another value's zone. What is violated here
// is violated in every order; and where nothing is, the values' zones, or moments, give the order.
#include <algorithm>
#include <utility>

#include "checker/history/value.h"
#include "checker/linear/shortcut.h"

namespace brokersim::checker {
namespace {

enum : uint32_t { kRead, kWrite };

// All that was done with one value. Times are lines of the history, -1 before all of them.
struct Cluster {
  uint32_t write = kUnranked;  // the initial value has none
  uint32_t reads = 0;
  uint32_t first_to_end = kUnranked;  // operations; kUnranked: the initial value's begin
  uint32_t last_to_begin = kUnranked;
  int64_t first_end = INT64_MAX;
  int64_t last_begin = -1;

  bool is_forward() const { return first_end < last_begin; }
};

void Add(absl::Span<const Operation> ops, uint32_t op, Cluster* cluster) {
  if (!ops[op].open() && ops[op].end < cluster->first_end) {
    cluster->first_end = ops[op].end;
    cluster->first_to_end = op;
  }
  if (int64_t{ops[op].begin} > cluster->last_begin) {
    cluster->last_begin = ops[op].begin;
    cluster->last_to_begin = op;
  }
}

void Suspect(const Cluster& cluster, std::vector<uint32_t>* suspects) {
  for (const uint32_t op : {cluster.write, cluster.first_to_end, cluster.last_to_begin}) {
    if (op != kUnranked) suspects->push_back(op);
  }
}

ShortcutResult No(absl::Span<const Operation> ops, std::vector<uint32_t> suspects) {
  return {.answer = ShortcutResult::kNo, .suspects = std::move(suspects), .steps = ops.size()};
}

// A cluster's place in the order.
struct Place {
  int64_t time = 0;  // twice the line, so that there is room between lines
  uint32_t cluster = 0;
  friend bool operator<(const Place& a, const Place& b) {
    return a.time != b.time ? a.time < b.time : a.cluster < b.cluster;
  }
};

}  // namespace

ShortcutResult CheckUniqueRegister(absl::Span<const Operation> ops) {
  ValueInterner values;
  values.Intern(Value::Nil());
  std::vector<Cluster> clusters(1);
  clusters[0].first_end = -1;
  for (uint32_t op = 0; op < ops.size(); ++op) {
    if (ops[op].call.f > kWrite) return {};
    if (ops[op].call.f != kWrite) continue;
    if (values.Intern(ops[op].call.in) != clusters.size()) return {};
    clusters.push_back({.write = op});
    Add(ops, op, &clusters.back());
  }
  std::vector<uint32_t> cluster_of(ops.size());
  for (uint32_t op = 0; op < ops.size(); ++op) {
    const bool is_read = ops[op].call.f == kRead;
    const Id id = values.Find(is_read ? ops[op].call.out : ops[op].call.in);
    if (id == kNoId) return No(ops, {op});
    cluster_of[op] = id;
    if (!is_read) continue;
    Cluster& cluster = clusters[id];
    if (cluster.write != kUnranked && ops[op].end < ops[cluster.write].begin)
      return No(ops, {cluster.write, op});
    ++cluster.reads;
    Add(ops, op, &cluster);
  }

  std::vector<Place> forward;
  for (uint32_t c = 0; c < clusters.size(); ++c) {
    if (clusters[c].is_forward()) forward.push_back({2 * clusters[c].first_end, c});
  }
  std::sort(forward.begin(), forward.end());
  for (size_t i = 0; i + 1 < forward.size(); ++i) {
    const Cluster& a = clusters[forward[i].cluster];
    const Cluster& b = clusters[forward[i + 1].cluster];
    if (b.first_end > a.last_begin) continue;
    ShortcutResult no = No(ops, {});
    Suspect(a, &no.suspects);
    Suspect(b, &no.suspects);
    return no;
  }

  std::vector<Place> places = forward;
  for (uint32_t c = 0; c < clusters.size(); ++c) {
    const Cluster& cluster = clusters[c];
    if (cluster.is_forward() || (c == 0 && cluster.reads == 0)) continue;
    if (cluster.reads == 0 && ops[cluster.write].open()) continue;  // it needn't have happened
    int64_t time = 2 * cluster.last_begin;
    const auto after = std::upper_bound(forward.begin(), forward.end(), Place{time, UINT32_MAX});
    if (after != forward.begin()) {
      const Cluster& other = clusters[std::prev(after)->cluster];
      if (other.last_begin > cluster.last_begin) {
        if (cluster.first_end < other.last_begin) {
          ShortcutResult no = No(ops, {});
          Suspect(cluster, &no.suspects);
          Suspect(other, &no.suspects);
          return no;
        }
        time = 2 * other.last_begin + 1;
      }
    }
    places.push_back({time, c});
  }
  std::sort(places.begin(), places.end());

  std::vector<uint32_t> rank_of(clusters.size(), kUnranked);
  for (uint32_t i = 0; i < places.size(); ++i) rank_of[places[i].cluster] = 2 * i;
  std::vector<uint32_t> ranks(ops.size(), kUnranked);
  for (uint32_t op = 0; op < ops.size(); ++op) {
    const uint32_t rank = rank_of[cluster_of[op]];
    if (rank != kUnranked) ranks[op] = rank + (ops[op].call.f == kRead ? 1 : 0);
  }
  ShortcutResult result = OrderByRank(ops, ranks);
  if (result.answer != ShortcutResult::kYes) return {};
  return result;
}

}  // namespace brokersim::checker
