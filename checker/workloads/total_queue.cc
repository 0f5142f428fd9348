// Total queue: what went in comes out.
#include <string>
#include <utility>
#include <vector>

#include "checker/judgement.h"
#include "checker/workloads/workloads.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

struct Item {
  uint64_t attempted = 0;
  uint64_t acknowledged = 0;
  uint64_t dequeued = 0;
  OpIndex enqueue = kNoOp;  // the last acknowledgement, else the last attempt
  OpIndex dequeue = kNoOp;  // the last
};

class TotalQueue {
 public:
  explicit TotalQueue(const History& history) : history_(history), judgement_("total-queue", history) {}

  absl::StatusOr<formats::Verdict> Judge() {
    for (OpIndex at = 0; at < history_.size(); ++at) {
      const Op& op = history_.op(at);
      if (!op.client) continue;
      if (absl::Status status = Take(at, op); !status.ok()) return status;
    }
    for (Id id = 0; id < items_.size(); ++id) JudgeItem(id);
    judgement_.Measure("attempted", static_cast<double>(attempted_));
    judgement_.Measure("acknowledged", static_cast<double>(acknowledged_));
    judgement_.Measure("duplicated", static_cast<double>(duplicated_));
    judgement_.Measure("recovered", static_cast<double>(recovered_));
    return std::move(judgement_).Finish();
  }

 private:
  Item& Of(const Value& value) {
    const Id id = values_.Intern(value);
    if (id == items_.size()) items_.emplace_back();
    return items_[id];
  }

  absl::Status Take(OpIndex at, const Op& op) {
    const std::string_view f = history_.FName(op.f);
    if (f == "enqueue") {
      Item& item = Of(op.type == OpType::kInvoke ? op.value : history_.op(op.pair).value);
      if (op.type == OpType::kInvoke && history_.Outcome(op) != OpType::kFail) {
        ++item.attempted;
        ++attempted_;
      }
      if (op.type == OpType::kOk) {
        ++item.acknowledged;
        ++acknowledged_;
      }
      if (op.type == OpType::kOk || item.enqueue == kNoOp) item.enqueue = at;
    } else if (f == "dequeue") {
      if (op.type == OpType::kOk && !op.value.is_nil()) Dequeued(op.value, at);
    } else if (f == "drain") {
      Drain(at, op);
    } else {
      return BadLine(history_, op, "a total queue has :enqueue, :dequeue and :drain");
    }
    return absl::OkStatus();
  }

  void Drain(OpIndex at, const Op& op) {
    for (const Value& value : op.type == OpType::kInvoke ? Value().items() : op.value.items()) Dequeued(value, at);
    // What a drain of unknown outcome took away, nobody knows.
    if (op.type == OpType::kInvoke && history_.Outcome(op) == OpType::kInfo) {
      const bool known = op.pair != kNoOp && op.value.is_sequence();
      if (!known) unknown_drain_ = at;
    }
  }

  void Dequeued(const Value& value, OpIndex at) {
    Item& item = Of(value);
    ++item.dequeued;
    item.dequeue = at;
  }

  void JudgeItem(Id id) {
    const Item& item = items_[id];
    const std::string name = ToText(values_.Get(id));
    if (item.attempted == 0 && item.dequeued > 0) {
      judgement_.Add("unexpected", {item.enqueue, item.dequeue},
                     fmt::format("{} dequeued {}, {}", Who(history_, history_.op(item.dequeue)), name,
                                 item.enqueue == kNoOp ? "which nobody tried to enqueue" : "whose enqueue had failed"));
      return;
    }
    if (item.dequeued > item.attempted) duplicated_ += item.dequeued - item.attempted;
    if (item.dequeued > item.acknowledged) recovered_ += std::min(item.dequeued, item.attempted) - item.acknowledged;
    if (item.dequeued >= item.acknowledged) return;
    if (unknown_drain_ != kNoOp) {
      judgement_.Undecided(
          fmt::format("{} was enqueued and never came out, unless the :drain of index {}, whose outcome "
                      "is unknown, took it",
                      name, history_.op(unknown_drain_).index));
      return;
    }
    judgement_.Add("lost", {item.enqueue},
                   fmt::format("{} enqueued {} and was told so, but it never came out",
                               Who(history_, history_.op(item.enqueue)), name));
  }

  const History& history_;
  Judgement judgement_;
  ValueInterner values_;
  std::vector<Item> items_;
  OpIndex unknown_drain_ = kNoOp;
  uint64_t attempted_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t duplicated_ = 0;
  uint64_t recovered_ = 0;
};

}  // namespace

absl::StatusOr<formats::Verdict> CheckTotalQueue(const History& history) { return TotalQueue(history).Judge(); }

}  // namespace brokersim::checker
