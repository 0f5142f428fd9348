#include "tests/checker/txn/naive.h"

#include <algorithm>
#include <set>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

std::string OpText(const NaiveOp& op, bool registers, bool hidden) {
  const char key = static_cast<char>('x' + op.key);
  if (op.write) return fmt::format("[:{} :{} {}]", registers ? "w" : "append", key, op.value);
  if (hidden || op.read.empty()) return fmt::format("[:r :{} nil]", key);
  if (registers) return fmt::format("[:r :{} {}]", key, op.read.back());
  return fmt::format("[:r :{} [{}]]", key, fmt::join(op.read, " "));
}

bool Runs(const NaiveTxn& txn, bool registers, std::map<int, std::vector<int>>* state) {
  for (const NaiveOp& op : txn.ops) {
    std::vector<int>& value = (*state)[op.key];
    if (op.write) {
      if (registers) value.clear();
      value.push_back(op.value);
    } else if (txn.outcome == OpType::kOk) {
      if (registers ? (op.read.empty() != value.empty() || (!value.empty() && value.back() != op.read.back()))
                    : value != op.read) {
        return false;
      }
    }
  }
  return true;
}

bool Search(const NaiveHistory& history, bool realtime, bool registers, uint32_t done,
            const std::map<int, std::vector<int>>& state) {
  bool all = true;
  for (size_t i = 0; i < history.size(); ++i) {
    const NaiveTxn& txn = history[i];
    if (txn.outcome == OpType::kFail || (done >> i & 1)) continue;
    if (txn.outcome == OpType::kOk) all = false;
    bool blocked = false;
    for (size_t j = 0; realtime && j < history.size(); ++j) {
      blocked |= !(done >> j & 1) && history[j].outcome == OpType::kOk && history[j].end < txn.begin;
    }
    if (blocked) continue;
    std::map<int, std::vector<int>> next = state;
    if (!Runs(txn, registers, &next)) continue;
    if (Search(history, realtime, registers, done | 1u << i, next)) return true;
  }
  return all;
}

enum Kind { kWw, kWr, kRw, kProcess, kRealtime };

class CycleFinder {
 public:
  explicit CycleFinder(const NaiveHistory& history) : history_(history), n_(history.size()) {
    edges_.assign(n_ * n_, {});
    for (int key = 0; key < 2; ++key) AddKey(key);
    for (size_t a = 0; a < n_; ++a) {
      for (size_t b = 0; b < n_; ++b) {
        if (a == b || !Possible(a) || !Possible(b)) continue;
        std::set<Kind>& kinds = edges_[a * n_ + b];
        if (kinds.size() > 1) kinds = {*kinds.begin()};  // the strongest
        if (history[a].outcome != OpType::kOk || history[a].end > history[b].begin) continue;
        kinds.insert(kRealtime);
        if (history[a].process == history[b].process) kinds.insert(kProcess);
      }
    }
  }

  std::map<std::string, int> Find() {
    for (size_t start = 0; start < n_; ++start) Walk(start, start, 1u << start);
    return found_;
  }

 private:
  bool Possible(size_t i) const { return history_[i].outcome != OpType::kFail; }
  void Add(size_t a, size_t b, Kind kind) {
    if (a != b) edges_[a * n_ + b].insert(kind);
  }

  void AddKey(int key) {
    std::vector<int> order;
    for (size_t i = 0; i < n_; ++i) {
      if (history_[i].outcome != OpType::kOk) continue;
      for (const NaiveOp& op : history_[i].ops) {
        if (!op.write && op.key == key && op.read.size() > order.size()) order = op.read;
      }
    }
    std::map<int, size_t> writer;
    for (size_t i = 0; i < n_; ++i) {
      for (const NaiveOp& op : history_[i].ops) {
        if (op.write && op.key == key && Possible(i)) writer[op.value] = i;
      }
    }
    // Of each version, which one it came after: the one before in the order, or its last if nobody read it.
    for (const auto& [value, later] : writer) {
      const auto at = std::find(order.begin(), order.end(), value);
      const int before = at == order.begin() ? 0 : *(at - 1);
      if (before != 0 && writer.count(before)) Add(writer[before], later, kWw);
      for (size_t i = 0; i < n_; ++i) {
        if (history_[i].outcome != OpType::kOk) continue;
        for (const NaiveOp& op : history_[i].ops) {
          if (op.write || op.key != key) continue;
          if ((op.read.empty() ? 0 : op.read.back()) == before) Add(i, later, kRw);
          if (!op.read.empty() && op.read.back() == value) Add(later, i, kWr);
        }
      }
    }
  }

  void Walk(size_t start, size_t at, uint32_t visited) {
    for (size_t to = start; to < n_; ++to) {
      if (to != start && (visited >> to & 1)) continue;
      for (Kind kind : edges_[at * n_ + to]) {
        path_.push_back(kind);
        if (to == start) {
          Classify();
        } else {
          Walk(start, to, visited | 1u << to);
        }
        path_.pop_back();
      }
    }
  }

  void Classify() {
    const auto count = [&](Kind kind) { return std::count(path_.begin(), path_.end(), kind); };
    bool adjacent = false;
    for (size_t i = 0; i < path_.size(); ++i) {
      adjacent |= path_[i] == kRw && path_[(i + 1) % path_.size()] == kRw;
    }
    if (count(kWw) + count(kWr) + count(kRw) == 0) return;
    std::string name = count(kRw) == 1  ? "G-single-item"
                       : count(kRw) > 1 ? (adjacent ? "G2-item" : "G-nonadjacent-item")
                       : count(kWr) > 0 ? "G1c"
                                        : "G0";
    name += count(kRealtime) > 0 ? "-realtime" : count(kProcess) > 0 ? "-process" : "";
    const int length = static_cast<int>(path_.size());
    const auto [at, added] = found_.emplace(name, length);
    if (!added) at->second = std::min(at->second, length);
  }

  const NaiveHistory& history_;
  const size_t n_;
  std::vector<std::set<Kind>> edges_;
  std::vector<Kind> path_;
  std::map<std::string, int> found_;
};

}  // namespace

std::string ToEdn(const NaiveHistory& history, bool registers) {
  std::map<int, std::string> lines;
  for (const NaiveTxn& txn : history) {
    for (bool invocation : {true, false}) {
      std::string ops;
      for (const NaiveOp& op : txn.ops) ops += OpText(op, registers, invocation || txn.outcome != OpType::kOk);
      lines[invocation ? txn.begin : txn.end] =
          fmt::format("{{:process {} :type :{} :f :txn :value [{}]}}\n", txn.process,
                      invocation ? "invoke" : std::string(ToText(txn.outcome)), ops);
    }
  }
  std::string edn;
  for (const auto& [moment, line] : lines) edn += line;
  return edn;
}

bool IsSerializable(const NaiveHistory& history, bool realtime, bool registers) {
  return Search(history, realtime, registers, 0, {});
}

std::map<std::string, int> Cycles(const NaiveHistory& history) { return CycleFinder(history).Find(); }

}  // namespace brokersim::checker
