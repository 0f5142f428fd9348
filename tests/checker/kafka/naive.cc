#include "tests/checker/kafka/naive.h"

#include <algorithm>
#include <set>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

constexpr int kNowhere = -1;

class Naive {
 public:
  explicit Naive(const NaiveLogs& all) : all_(all) {}

  std::map<std::string, int> Count() {
    std::map<std::string, int> count;
    for (int key = 0; key < 2; ++key) CountKey(key, &count);
    for (const NaiveLogOp& op : all_) CountOp(op, &count);
    for (int process = 0; process < 4; ++process) CountProcess(process, &count);
    std::erase_if(count, [](const auto& entry) { return entry.second == 0; });
    return count;
  }

 private:
  bool Ok(const NaiveLogOp& op) const { return op.outcome == OpType::kOk; }
  bool Fail(const NaiveLogOp& op) const { return op.outcome == OpType::kFail; }

  bool WasRead(int key, int value, bool by_anyone = false) const {
    for (const NaiveLogOp& op : all_) {
      for (const NaiveItem& i : op.items) {
        if (i.poll && i.key == key && i.value == value && (Ok(op) || by_anyone)) return true;
      }
    }
    return false;
  }
  // The surest, and of equally sure ones the first.
  const NaiveLogOp* Writer(int key, int value) const {
    for (OpType type : {OpType::kOk, OpType::kInfo, OpType::kFail}) {
      const NaiveLogOp* first = nullptr;
      for (const NaiveLogOp& op : all_) {
        if (op.outcome != type || (first != nullptr && first->begin < op.begin)) continue;
        for (const NaiveItem& i : op.items) {
          if (!i.poll && i.key == key && i.value == value) first = &op;
        }
      }
      if (first != nullptr) return first;
    }
    return nullptr;
  }
  bool Committed(const NaiveLogOp& op) const {
    if (op.outcome != OpType::kInfo) return Ok(op);
    return std::any_of(op.items.begin(), op.items.end(),
                       [&](const NaiveItem& i) { return !i.poll && WasRead(i.key, i.value); });
  }
  std::set<std::pair<int64_t, int>> Places(int key) const {
    std::set<std::pair<int64_t, int>> places;
    for (const NaiveLogOp& op : all_) {
      for (const NaiveItem& i : op.items) {
        if (i.key == key && i.offset >= 0 && (i.poll || Committed(op))) places.insert({i.offset, i.value});
      }
    }
    return places;
  }
  int Rank(int key, int64_t offset) const {
    std::set<int64_t> below;
    for (const auto& [o, value] : Places(key)) {
      if (o < offset) below.insert(o);
    }
    return static_cast<int>(below.size());
  }
  int FirstRank(int key, int value) const {
    for (const auto& [offset, v] : Places(key)) {
      if (v == value) return Rank(key, offset);
    }
    return kNowhere;
  }
  int LastRank(int key, int value) const {
    int rank = kNowhere;
    for (const auto& [offset, v] : Places(key)) {
      if (v == value) rank = Rank(key, offset);
    }
    return rank;
  }
  int RankOf(const NaiveLogOp& op, const NaiveItem& i) const {
    if (i.offset >= 0 && (i.poll || Committed(op))) return Rank(i.key, i.offset);
    return LastRank(i.key, i.value);
  }
  std::set<int> Values(int key) const {
    std::set<int> values;
    for (const NaiveLogOp& op : all_) {
      for (const NaiveItem& i : op.items) {
        if (i.key == key) values.insert(i.value);
      }
    }
    return values;
  }
  int Bound(int key) const {
    int bound = kNowhere;
    for (int value : Values(key)) {
      if (WasRead(key, value)) bound = std::max(bound, FirstRank(key, value));
    }
    return bound;
  }
  bool Lost(int key, int value) const {
    const NaiveLogOp* writer = Writer(key, value);
    const int rank = LastRank(key, value);
    return !WasRead(key, value) && writer != nullptr && Committed(*writer) && rank != kNowhere && rank <= Bound(key);
  }

  void CountKey(int key, std::map<std::string, int>* count) const {
    std::map<int64_t, int> at_offset;
    std::map<int, int> of_value;
    for (const auto& [offset, value] : Places(key)) {
      (*count)["inconsistent-offsets"] += ++at_offset[offset] == 2;
      (*count)["duplicate"] += ++of_value[value] == 2;
    }
    bool unseen = false;
    for (int value : Values(key)) {
      const NaiveLogOp* writer = Writer(key, value);
      (*count)["phantom-read"] += writer == nullptr && WasRead(key, value, /*by_anyone=*/true);
      (*count)["G1a"] += writer != nullptr && Fail(*writer) && WasRead(key, value);
      (*count)["lost-write"] += Lost(key, value);
      unseen |= writer != nullptr && Ok(*writer) && !WasRead(key, value);
    }
    (*count)["unseen"] += unseen;
  }

  void CountOp(const NaiveLogOp& op, std::map<std::string, int>* count) const {
    bool own = false;
    bool some_read = false;
    bool some_lost = false;
    bool zombie = false;
    for (const NaiveItem& a : op.items) {
      if (a.poll) continue;
      for (const NaiveItem& b : op.items) own |= b.poll && b.key == a.key && b.value == a.value;
      if (Writer(a.key, a.value) == &op) {
        some_read |= WasRead(a.key, a.value);
        some_lost |= Lost(a.key, a.value);
        zombie |= op.fenced && WasRead(a.key, a.value);
      }
      // Another one was acknowledged above it before it was sent.
      int highest = kNowhere;
      int highest_value = 0;
      std::vector<const NaiveLogOp*> by_end;
      for (const NaiveLogOp& other : all_) {
        if (Ok(other) && other.end < op.begin) by_end.push_back(&other);
      }
      std::sort(by_end.begin(), by_end.end(), [](const auto* x, const auto* y) { return x->end < y->end; });
      for (const NaiveLogOp* other : by_end) {
        for (const NaiveItem& b : other->items) {
          if (b.poll || b.key != a.key || (b.offset < 0 && Writer(b.key, b.value) != other)) continue;
          if (RankOf(*other, b) > highest) {
            highest = RankOf(*other, b);
            highest_value = b.value;
          }
        }
      }
      const int rank = RankOf(op, a);
      const bool mine = a.offset >= 0 || Writer(a.key, a.value) == &op;
      (*count)["offset-inversion"] +=
          Committed(op) && mine && rank != kNowhere && rank < highest && highest_value != a.value;
    }
    (*count)["precommitted-read"] += own;
    (*count)["torn-transaction"] += Committed(op) && some_read && some_lost;
    (*count)["zombie-write"] += zombie && !Ok(op);
    for (bool poll : {false, true}) {
      for (int key = 0; key < 2; ++key) {
        const NaiveItem* last = nullptr;
        for (const NaiveItem& i : op.items) {
          if (i.poll != poll || i.key != key) continue;
          if (last != nullptr)
            Compare(op, *last, op, i, poll ? "int-poll-skip" : "int-send-skip",
                    poll ? "int-nonmonotonic-poll" : "int-nonmonotonic-send", count);
          last = &i;
        }
      }
    }
  }

  void Compare(const NaiveLogOp& a_op, const NaiveItem& a, const NaiveLogOp& b_op, const NaiveItem& b,
               const std::string& skip, const std::string& back, std::map<std::string, int>* count) const {
    const int from = RankOf(a_op, a);
    const int to = RankOf(b_op, b);
    if (from == kNowhere || to == kNowhere) return;
    if (!skip.empty()) (*count)[skip] += to - from > 1;
    (*count)[back] += to - from < 1;
  }

  void CountProcess(int process, std::map<std::string, int>* count) const {
    std::vector<const NaiveLogOp*> ops;
    for (const NaiveLogOp& op : all_) {
      if (op.process == process) ops.push_back(&op);
    }
    std::sort(ops.begin(), ops.end(), [](const auto* a, const auto* b) { return a->end < b->end; });
    for (bool poll : {false, true}) {
      std::map<int, std::pair<const NaiveLogOp*, const NaiveItem*>> last;
      for (const NaiveLogOp* op : ops) {
        if (op->f == "assign") {
          if (!Fail(*op)) {
            std::erase_if(last, [&](const auto& entry) {
              return std::find(op->keys.begin(), op->keys.end(), entry.first) == op->keys.end();
            });
          }
          continue;
        }
        if (!poll && Fail(*op)) continue;
        std::map<int, std::pair<const NaiveLogOp*, const NaiveItem*>> next = last;
        std::set<int> seen;
        for (const NaiveItem& i : op->items) {
          if (i.poll != poll) continue;
          const auto before = last.find(i.key);
          if (seen.insert(i.key).second && before != last.end()) {
            Compare(*before->second.first, *before->second.second, *op, i, poll ? "poll-skip" : "",
                    poll ? "nonmonotonic-poll" : "nonmonotonic-send", count);
          }
          if (!poll || Ok(*op)) next[i.key] = {op, &i};
        }
        last = next;
      }
    }
  }

  const NaiveLogs& all_;
};

std::string ItemText(const NaiveItem& item, bool invocation) {
  const std::string offset = item.offset < 0 ? "nil" : std::to_string(item.offset);
  if (item.poll) {
    return invocation ? "[:poll]" : fmt::format("[:poll {{:k{} [[{} {}]]}}]", item.key, offset, item.value);
  }
  return invocation ? fmt::format("[:send :k{} {}]", item.key, item.value)
                    : fmt::format("[:send :k{} [{} {}]]", item.key, offset, item.value);
}

}  // namespace

std::map<std::string, int> CountAnomalies(const NaiveLogs& history) { return Naive(history).Count(); }

std::string ToEdn(const NaiveLogs& history) {
  std::map<int, std::string> lines;
  for (const NaiveLogOp& op : history) {
    for (bool invocation : {true, false}) {
      std::string value;
      for (const NaiveItem& item : op.items) value += ItemText(item, invocation);
      for (int key : op.keys) value += fmt::format(":k{} ", key);
      lines[invocation ? op.begin : op.end] =
          fmt::format("{{:process {} :type :{} :f :{} :value [{}]{}}}\n", op.process,
                      invocation ? "invoke" : std::string(ToText(op.outcome)), op.f, value,
                      op.fenced && !invocation ? " :error [:fenced]" : "");
    }
  }
  std::string edn;
  for (const auto& [moment, line] : lines) edn += line;
  return edn;
}

}  // namespace brokersim::checker
