// Counter, bank and unique ids: what numbers may be seen.
#include <string>
#include <utility>
#include <vector>

#include "checker/judgement.h"
#include "checker/workloads/workloads.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

// The adds so far, apart by sign: what surely happened counts from its acknowledgement on, what perhaps happened from
// its beginning on.
struct Sums {
  int64_t up_begun = 0;
  int64_t up_acknowledged = 0;
  int64_t down_begun = 0;
  int64_t down_acknowledged = 0;

  void Begin(int64_t amount) { (amount >= 0 ? up_begun : down_begun) += amount; }
  void Acknowledge(int64_t amount) { (amount >= 0 ? up_acknowledged : down_acknowledged) += amount; }
};

// A failed add never counted; its invocation must not either, which a single pass learns only at its completion.
bool Failed(const History& history, const Op& op) {
  return op.type == OpType::kFail || (op.type == OpType::kInvoke && history.Outcome(op) == OpType::kFail);
}

}  // namespace

absl::StatusOr<formats::Verdict> CheckCounter(const History& history) {
  Judgement judgement("counter", history);
  Sums sums;
  std::vector<Sums> began(history.size());  // by invocation of a read
  uint64_t reads = 0;
  for (OpIndex at = 0; at < history.size(); ++at) {
    const Op& op = history.op(at);
    if (!op.client || Failed(history, op)) continue;
    const std::string_view f = history.FName(op.f);
    if (f == "add") {
      const Value& value = op.type == OpType::kInvoke ? op.value : history.op(op.pair).value;
      if (!value.is_int()) return BadLine(history, op, "a counter's :add takes a whole number");
      if (op.type == OpType::kInvoke) sums.Begin(value.integer());
      if (op.type == OpType::kOk) sums.Acknowledge(value.integer());
    } else if (f == "read") {
      if (op.type == OpType::kInvoke) began[at] = sums;
      if (op.type != OpType::kOk) continue;
      if (!op.value.is_int()) return BadLine(history, op, "a counter's :read gives a whole number");
      ++reads;
      const int64_t least = began[op.pair].up_acknowledged + sums.down_begun;
      const int64_t most = sums.up_begun + began[op.pair].down_acknowledged;
      if (op.value.integer() >= least && op.value.integer() <= most) continue;
      judgement.Add("impossible-count", {at},
                    fmt::format("{} read {}, but what was added by then makes at least {} and at most {}",
                                Who(history, op), op.value.integer(), least, most));
    } else {
      return BadLine(history, op, "a counter has :add and :read");
    }
  }
  judgement.Measure("reads", static_cast<double>(reads));
  return std::move(judgement).Finish();
}

absl::StatusOr<formats::Verdict> CheckUniqueIds(const History& history) {
  Judgement judgement("unique-ids", history);
  ValueInterner ids;
  std::vector<OpIndex> first;
  uint64_t attempted = 0;
  uint64_t acknowledged = 0;
  for (OpIndex at = 0; at < history.size(); ++at) {
    const Op& op = history.op(at);
    if (!op.client) continue;
    if (history.FName(op.f) != "generate") return BadLine(history, op, "unique-ids has :generate only");
    if (op.type == OpType::kInvoke) ++attempted;
    if (op.type != OpType::kOk) continue;
    ++acknowledged;
    const Id id = ids.Intern(op.value);
    if (id == first.size()) {
      first.push_back(at);
      continue;
    }
    judgement.Add("duplicate-id", {first[id], at},
                  fmt::format("{} and {} were both given the id {}", Who(history, history.op(first[id])),
                              Who(history, op), ToText(op.value)));
  }
  judgement.Measure("attempted", static_cast<double>(attempted));
  judgement.Measure("acknowledged", static_cast<double>(acknowledged));
  return std::move(judgement).Finish();
}

namespace {

class Bank {
 public:
  Bank(const History& history, const BankOptions& options)
      : history_(history), options_(options), judgement_("bank", history) {}

  absl::StatusOr<formats::Verdict> Judge() {
    uint64_t reads = 0;
    for (OpIndex at = 0; at < history_.size(); ++at) {
      const Op& op = history_.op(at);
      if (!op.client) continue;
      const std::string_view f = history_.FName(op.f);
      if (f != "read" && f != "transfer") return BadLine(history_, op, "a bank has :transfer and :read");
      if (f != "read" || op.type != OpType::kOk) continue;
      if (!op.value.is_map()) return BadLine(history_, op, "a bank's :read gives a map from account to balance");
      if (reads++ == 0) FirstRead(op);
      JudgeRead(at, op);
    }
    judgement_.Measure("reads", static_cast<double>(reads));
    judgement_.Measure("total", static_cast<double>(total_));
    if (reads == 0) judgement_.Undecided("the accounts were never read");
    return std::move(judgement_).Finish();
  }

 private:
  void FirstRead(const Op& op) {
    for (uint32_t i = 0; i < op.value.entries(); ++i) {
      accounts_.Intern(op.value.key(i));
      total_ += op.value.value(i).is_int() ? op.value.value(i).integer() : 0;
    }
    if (options_.total.has_value()) total_ = *options_.total;
  }

  void JudgeRead(OpIndex at, const Op& op) {
    int64_t sum = 0;
    const std::string who = Who(history_, op);
    for (uint32_t i = 0; i < op.value.entries(); ++i) {
      const std::string account = ToText(op.value.key(i));
      const Value& balance = op.value.value(i);
      if (accounts_.Find(op.value.key(i)) == kNoId) {
        judgement_.Add("unexpected-key", {at}, fmt::format("{} read an account {} that the first read didn't have",
                                                           who, account));
        return;
      }
      if (!balance.is_int()) {
        judgement_.Add("nil-balance", {at}, fmt::format("{} read {} in account {}, which is no number", who,
                                                        ToText(balance), account));
        return;
      }
      sum += balance.integer();
    }
    if (sum != total_) {
      judgement_.Add("wrong-total", {at}, fmt::format("{} read balances that make {}, but all accounts hold {}: a "
                                                      "transfer was seen in part", who, sum, total_));
      return;
    }
    if (options_.negative_balances) return;
    for (uint32_t i = 0; i < op.value.entries(); ++i) {
      const Value& balance = op.value.value(i);
      if (balance.integer() >= 0) continue;
      judgement_.Add("negative-value", {at}, fmt::format("{} read a balance of {} in account {}", who,
                                                         balance.integer(), ToText(op.value.key(i))));
      return;
    }
  }

  const History& history_;
  const BankOptions& options_;
  Judgement judgement_;
  ValueInterner accounts_;
  int64_t total_ = 0;
};

}  // namespace

absl::StatusOr<formats::Verdict> CheckBank(const History& history, const BankOptions& options) {
  return Bank(history, options).Judge();
}

}  // namespace brokersim::checker
