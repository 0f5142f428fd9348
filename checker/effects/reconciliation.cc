#include <string>
#include <utility>
#include <vector>

#include "checker/effects/effects.h"
#include "checker/judgement.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// What one store says of a value.
struct Side {
  OpIndex acked = kNoOp;
  OpIndex open = kNoOp;  // an operation of unknown outcome: it may yet happen
  OpIndex tried = kNoOp;
  uint64_t there = 0;  // how often the last read shows it
};

struct Entry {
  Side topic;
  Side database;
};

// What clients of logs do beside: positions, effects, and sends with a log and an offset, which no database knows of.
bool IsOfALog(std::string_view f, const Op& op) {
  for (std::string_view other : {"poll", "commit", "process", "assign", "transaction"}) {
    if (f == other) return true;
  }
  return f == "send" && op.value.is_sequence();
}

class Reconciliation {
 public:
  Reconciliation(const History& history, bool allow_duplicates)
      : history_(history), allow_duplicates_(allow_duplicates), judgement_("reconciliation", history) {}

  absl::StatusOr<formats::Verdict> Run() {
    for (OpIndex at = 0; at < history_.size(); ++at) {
      const Op& op = history_.op(at);
      if (!op.client) continue;
      const std::string_view f = history_.FName(op.f);
      if (IsOfALog(f, op)) continue;
      if (f == "send") {
        Write(at, op, &Entry::topic);
      } else if (f == "insert" || f == "write") {
        Write(at, op, &Entry::database);
      } else if (f == "read-topic" || f == "read-db") {
        if (op.type != OpType::kOk) continue;
        if (!op.value.is_sequence()) return BadLine(history_, op, "it gives all values, as a vector or set");
        Read(op, f == "read-topic" ? &Entry::topic : &Entry::database);
        (f == "read-topic" ? topic_read_ : database_read_) = at;
      } else {
        return BadLine(history_, op, "reconciliation has :send, :insert, :read-topic and :read-db");
      }
    }
    if (topic_read_ == kNoOp || database_read_ == kNoOp) {
      judgement_.Undecided("it takes an answered :read-topic and an answered :read-db to compare them");
    } else {
      for (Id id = 0; id < entries_.size(); ++id) Judge(id);
    }
    return std::move(judgement_).Finish();
  }

 private:
  Entry& Of(const Value& value) {
    const Id id = values_.Intern(value);
    if (id == entries_.size()) entries_.emplace_back();
    return entries_[id];
  }

  void Write(OpIndex at, const Op& op, Side Entry::*side) {
    Side& entry = Of(op.type == OpType::kInvoke ? op.value : history_.op(op.pair).value).*side;
    if (op.type == OpType::kInvoke) {
      const OpType outcome = history_.Outcome(op);
      if (outcome != OpType::kFail) entry.tried = at;
      if (outcome == OpType::kInfo) entry.open = at;
    }
    if (op.type == OpType::kOk && entry.acked == kNoOp) entry.acked = at;
  }

  void Read(const Op& op, Side Entry::*side) {
    for (Entry& entry : entries_) (entry.*side).there = 0;
    for (const Value& value : op.value.items()) ++(Of(value).*side).there;
  }

  // Whether an operation may have come, or may yet come, after the store was read.
  bool MayCome(const Side& side, OpIndex read) const {
    return side.open != kNoOp || (side.acked != kNoOp && side.acked > history_.op(read).pair);
  }

  void Judge(Id id) {
    const Entry& entry = entries_[id];
    const std::string name = ToText(values_.Get(id));
    if (!allow_duplicates_) Repeated(entry.topic, topic_read_, name, "in the topic");
    Repeated(entry.database, database_read_, name, "in the database");
    const bool message = entry.topic.there > 0;
    const bool row = entry.database.there > 0;
    if (message && !row) {
      Orphan("orphan-message", entry, entry.database, database_read_,
             fmt::format("{} is in the topic, but its row is not in "
                         "the database",
                         name));
    } else if (row && !message) {
      Orphan("orphan-row", entry, entry.topic, topic_read_,
             fmt::format("{} is in the database, but its message is not in "
                         "the topic",
                         name));
    } else if (!row) {
      Missing(entry, name);
    }
  }

  void Repeated(const Side& side, OpIndex read, const std::string& name, std::string_view where) {
    if (side.there > 1) {
      judgement_.Add("duplicate", {side.tried, read}, fmt::format("{} is {} {} times", name, where, side.there));
    }
  }

  void Orphan(std::string_view type, const Entry& entry, const Side& missing, OpIndex read, std::string what) {
    if (MayCome(missing, read)) {
      judgement_.Undecided(fmt::format("{}, where an operation that was not answered in time may yet put it", what));
      return;
    }
    judgement_.Add(type, {entry.topic.tried, entry.database.tried, topic_read_, database_read_}, std::move(what));
  }

  void Missing(const Entry& entry, const std::string& name) {
    const bool sent = entry.topic.acked < history_.op(topic_read_).pair;
    const bool inserted = entry.database.acked < history_.op(database_read_).pair;
    if (!sent && !inserted) return;
    judgement_.Add("lost", {entry.topic.acked, entry.database.acked, topic_read_, database_read_},
                   fmt::format("{} was acknowledged by the {}, but is in neither store", name,
                               sent ? "broker" : "database"));
  }

  const History& history_;
  const bool allow_duplicates_;
  Judgement judgement_;
  ValueInterner values_;
  std::vector<Entry> entries_;
  OpIndex topic_read_ = kNoOp;
  OpIndex database_read_ = kNoOp;
};

}  // namespace

absl::StatusOr<formats::Verdict> CheckReconciliation(const History& history, bool allow_duplicates) {
  return Reconciliation(history, allow_duplicates).Run();
}

}  // namespace brokersim::checker
