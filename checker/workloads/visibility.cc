// Long fork, comments and sequential: in which order writes become visible.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "checker/judgement.h"
#include "checker/stable_sort.h"
#include "checker/workloads/workloads.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// What one read saw of its group of keys: for each key, in the group's order, a value's number or kNoId.
struct GroupRead {
  OpIndex line = kNoOp;
  uint32_t seen = 0;
  std::vector<Id> values;
};

class LongFork {
 public:
  explicit LongFork(const History& history) : history_(history), judgement_("long-fork", history) {}

  absl::StatusOr<formats::Verdict> Judge() {
    for (OpIndex at = 0; at < history_.size(); ++at) {
      const Op& op = history_.op(at);
      if (!op.client) continue;
      const std::string_view f = history_.FName(op.f);
      if (f != "read" && f != "write" && f != "txn") {
        return BadLine(history_, op, "long-fork has :read, :write and :txn");
      }
      if (op.type == OpType::kOk || op.type == OpType::kInvoke) {
        if (absl::Status status = Take(at, op); !status.ok()) return status;
      }
    }
    for (std::vector<GroupRead>& reads : groups_) FindForks(&reads);
    judgement_.Measure("reads", static_cast<double>(reads_));
    return std::move(judgement_).Finish();
  }

 private:
  absl::Status Take(OpIndex at, const Op& op) {
    std::vector<std::pair<Id, Id>> read;  // key, value
    for (const Value& part : op.value.items()) {
      const absl::Span<const Value> mop = part.items();
      const bool write = mop.size() == 3 && mop[0].IsWord("w");
      if (!write && !(mop.size() == 3 && mop[0].IsWord("r"))) {
        return BadLine(history_, op, "long-fork's values are [[:r key value] ...] or [[:w key value]]");
      }
      const Id key = keys_.Intern(mop[1]);
      if (write && op.type == OpType::kInvoke) {
        if (writer_.size() <= key) writer_.resize(key + 1, kNoOp);
        if (writer_[key] != kNoOp) {
          judgement_.Undecided(
              fmt::format("key {} is written twice (index {} and {}), so the order of reads tells nothing",
                          ToText(mop[1]), history_.op(writer_[key]).index, op.index));
        }
        writer_[key] = at;
      } else if (!write && op.type == OpType::kOk) {
        read.emplace_back(key, mop[2].is_nil() ? kNoId : values_.Intern(mop[2]));
      }
    }
    if (read.size() > 1) AddRead(at, std::move(read));
    return absl::OkStatus();
  }

  void AddRead(OpIndex at, std::vector<std::pair<Id, Id>> read) {
    std::sort(read.begin(), read.end());
    // A group is known by its keys.
    std::vector<Value> keys;
    GroupRead entry;
    entry.line = at;
    for (const auto& [key, value] : read) {
      keys.push_back(Value::Int(key));
      entry.values.push_back(value);
      entry.seen += value != kNoId ? 1 : 0;
    }
    const Id group = names_.Intern(arena_.Vector(keys));
    if (group == groups_.size()) groups_.emplace_back();
    groups_[group].push_back(std::move(entry));
    ++reads_;
  }

  // Reads that all see writes in one order form a chain: each sees what a smaller one saw. So it is enough to compare
  // neighbours by size.
  void FindForks(std::vector<GroupRead>* reads) {
    StableSort(reads, [](const GroupRead& a, const GroupRead& b) { return a.seen < b.seen; });
    for (size_t i = 1; i < reads->size(); ++i) {
      const GroupRead& fewer = (*reads)[i - 1];
      const GroupRead& more = (*reads)[i];
      bool fewer_ahead = false;
      bool more_ahead = false;
      for (size_t k = 0; k < more.values.size(); ++k) {
        const Id a = fewer.values[k];
        const Id b = more.values[k];
        if (a == b) continue;
        if (a != kNoId && b != kNoId) {
          judgement_.Undecided(fmt::format("index {} and {} read two values of one key, which long-fork writes once",
                                           history_.op(fewer.line).index, history_.op(more.line).index));
          return;
        }
        (a != kNoId ? fewer_ahead : more_ahead) = true;
      }
      if (!fewer_ahead || !more_ahead) continue;
      judgement_.Add("long-fork", {fewer.line, more.line},
                     fmt::format("{} and {} each saw a write that the other didn't: they saw two writes in two orders",
                                 Who(history_, history_.op(fewer.line)), Who(history_, history_.op(more.line))));
    }
  }

  const History& history_;
  Judgement judgement_;
  Arena arena_;
  ValueInterner keys_;
  ValueInterner values_;
  ValueInterner names_;
  std::vector<OpIndex> writer_;  // by key
  std::vector<std::vector<GroupRead>> groups_;
  uint64_t reads_ = 0;
};

struct Write {
  OpIndex invoke = kNoOp;
  OpIndex acked = kNoOp;
  Id id = 0;
};

}  // namespace

absl::StatusOr<formats::Verdict> CheckLongFork(const History& history) { return LongFork(history).Judge(); }

absl::StatusOr<formats::Verdict> CheckComments(const History& history) {
  Judgement judgement("comments", history);
  ValueInterner ids;
  std::vector<Write> writes;  // by number of the id
  const auto of = [&](const Value& value) -> Write& {
    const Id id = ids.Intern(value);
    if (id == writes.size()) writes.push_back({kNoOp, kNoOp, id});
    return writes[id];
  };
  for (OpIndex at = 0; at < history.size(); ++at) {
    const Op& op = history.op(at);
    if (!op.client || history.FName(op.f) != "write") continue;
    Write& write = of(op.type == OpType::kInvoke ? op.value : history.op(op.pair).value);
    if (op.type == OpType::kInvoke && write.invoke == kNoOp) write.invoke = at;
    if (op.type == OpType::kOk && write.acked == kNoOp) write.acked = at;
  }
  std::vector<Write> by_ack;
  for (const Write& write : writes) {
    if (write.acked != kNoOp) by_ack.push_back(write);
  }
  StableSort(&by_ack, [](const Write& a, const Write& b) { return a.acked < b.acked; });
  std::vector<OpIndex> seen_by(writes.size(), kNoOp);
  for (OpIndex at = 0; at < history.size(); ++at) {
    const Op& op = history.op(at);
    if (!op.client || op.type != OpType::kOk || history.FName(op.f) != "read") continue;
    if (!op.value.is_sequence()) return BadLine(history, op, "a :read gives the ids that it sees");
    Id last = kNoId;  // of the writes seen, the one that began last: it demands the most
    for (const Value& value : op.value.items()) {
      const Id id = ids.Find(value);
      if (id == kNoId || writes[id].invoke == kNoOp) continue;
      seen_by[id] = at;
      if (last == kNoId || writes[id].invoke > writes[last].invoke) last = id;
    }
    for (const Write& write : by_ack) {
      if (last == kNoId || write.acked > writes[last].invoke) break;
      if (seen_by[write.id] == at) continue;
      judgement.Add("causal-reverse", {write.acked, writes[last].invoke, at},
                    fmt::format("{} saw {} but not {}, which was acknowledged before {} began", Who(history, op),
                                ToText(ids.Get(last)), ToText(ids.Get(write.id)), ToText(ids.Get(last))));
      break;  // one such write a read shows it
    }
  }
  return std::move(judgement).Finish();
}

absl::StatusOr<formats::Verdict> CheckSequential(const History& history) {
  Judgement judgement("sequential", history);
  for (OpIndex at = 0; at < history.size(); ++at) {
    const Op& op = history.op(at);
    if (!op.client || op.type != OpType::kOk || history.FName(op.f) != "read") continue;
    const absl::Span<const Value> parts = op.value.items();
    if (parts.size() != 2 || !parts[1].is_sequence()) {
      return BadLine(history, op, "a :read gives [key [subkey ...]], nil for what it didn't find");
    }
    const absl::Span<const Value> found = parts[1].items();
    const auto first = std::find_if(found.begin(), found.end(), [](const Value& value) { return !value.is_nil(); });
    const auto gap = std::find_if(first, found.end(), [](const Value& value) { return value.is_nil(); });
    if (gap == found.end()) continue;
    judgement.Add("out-of-order-visibility", {at},
                  fmt::format("{} found {} of key {}, then missed a subkey that was written before it",
                              Who(history, op), ToText(*first), ToText(parts[0])));
  }
  return std::move(judgement).Finish();
}

}  // namespace brokersim::checker
