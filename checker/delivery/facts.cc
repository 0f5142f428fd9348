#include "checker/delivery/facts.h"

#include <string_view>

#include "checker/judgement.h"

namespace brokersim::checker::delivery {
namespace {

constexpr std::string_view kOperations =
    "a queue has :send (:enqueue), :receive (:dequeue, :drain), :ack, :nack, :extend and :dead-letter";

class Reader {
 public:
  Reader(const History& history, Facts* facts) : history_(history), facts_(*facts) {
    nowhere_ = facts_.scopes.Intern(Value::Nil());
  }

  absl::Status Read() {
    for (OpIndex at = 0; at < history_.size(); ++at) {
      const Op& op = history_.op(at);
      if (!op.client) continue;
      if (absl::Status status = ReadLine(at, op); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadLine(OpIndex at, const Op& op) {
    const std::string_view f = history_.FName(op.f);
    if (f == "poll") return Poll(at, op);
    if (f == "commit" || f == "process" || f == "assign") return absl::OkStatus();
    if (f == "send" && op.value.is_sequence()) return SendToLogs(at, op);
    if (f == "send" || f == "enqueue") {
      Send(at, op);
      return absl::OkStatus();
    }
    const bool dead = f == "dead-letter";
    if (dead || f == "receive" || f == "dequeue" || f == "drain") return Receive(at, op, dead);
    if (f == "ack" || f == "nack") return Release(at, op, f == "ack");
    if (f == "extend") return Extend(at, op);
    return BadLine(history_, op, kOperations);
  }

  Id Scope(const Value& value) { return value.is_nil() ? kNoId : facts_.scopes.Intern(value); }

  Message& MessageOf(const Value& value) {
    const Id id = facts_.values.Intern(value);
    if (id == facts_.messages.size()) {
      facts_.messages.emplace_back();
      facts_.messages.back().value = id;
      facts_.messages.back().queue = nowhere_;
    }
    return facts_.messages[id];
  }

  void Send(OpIndex at, const Op& op) {
    const Value& what = op.type == OpType::kInvoke ? op.value : history_.op(op.pair).value;
    Message& message = MessageOf(what.is_map() ? what.Get("value") : what);
    if (Sent(at, op, &message)) Describe(what, &message);
  }

  // [[:send LOG V] ...], whatever its completion repeats.
  absl::Status SendToLogs(OpIndex at, const Op& op) {
    const Op& asked = op.type == OpType::kInvoke ? op : history_.op(op.pair);
    const Value delays = history_.ExtraOf(asked, "delays");
    for (size_t i = 0; i < asked.value.items().size(); ++i) {
      const Value& part = asked.value.items()[i];
      if (!part.is_sequence() || part.items().size() != 3) return BadLine(history_, op, "a send is [:send LOG VALUE]");
      Message& message = MessageOf(part.items()[2]);
      if (!Sent(at, op, &message)) continue;
      message.queue = facts_.scopes.Intern(part.items()[1]);
      if (i < delays.items().size() && delays.items()[i].is_int()) message.delay = delays.items()[i].integer();
    }
    return absl::OkStatus();
  }

  // Notes a line of a send; true for the first that may have happened.
  bool Sent(OpIndex at, const Op& op, Message* sent) {
    Message& message = *sent;
    const bool failed =
        op.type == OpType::kFail || (op.type == OpType::kInvoke && history_.Outcome(op) == OpType::kFail);
    if (failed) {
      message.failed = at;
      return false;
    }
    if (op.type == OpType::kOk && message.acked == kNoOp) message.acked = at;
    if (op.type != OpType::kInvoke) return false;
    ++message.sends;
    if (message.sent != kNoOp) return false;
    message.sent = at;
    return true;
  }

  // [[:poll {LOG [[OFFSET V] ...]}] ...]. What a read-all shows is there for whoever asks; what it doesn't show isn't.
  absl::Status Poll(OpIndex at, const Op& op) {
    if (op.type != OpType::kOk) return absl::OkStatus();
    const bool all = !history_.ExtraOf(op, "read-all").is_nil();
    for (const Value& part : op.value.items()) {
      if (!part.is_sequence() || part.items().size() != 2 || !part.items()[1].is_map()) {
        return BadLine(history_, op, "a poll gives [:poll {LOG [[OFFSET VALUE] ...]}]");
      }
      const Value& logs = part.items()[1];
      for (uint32_t i = 0; i < logs.entries(); ++i) {
        for (const Value& record : logs.value(i).items()) {
          if (!record.is_sequence() || record.items().size() != 2)
            return BadLine(history_, op, "a record is [OFFSET VALUE]");
          if (all && !MessageOf(record.items()[1]).deliveries.empty()) continue;
          if (absl::Status status = Deliver(at, op, record.items()[1], false); !status.ok()) return status;
        }
        if (all) facts_.empties.push_back({facts_.scopes.Intern(logs.key(i)), op.pair, at});
      }
    }
    return absl::OkStatus();
  }

  void Describe(const Value& what, Message* message) {
    if (!what.is_map()) return;
    if (const Value queue = what.Get("queue"); !queue.is_nil()) message->queue = facts_.scopes.Intern(queue);
    message->group = Scope(what.Get("group"));
    message->key = Scope(what.Get("key"));
    message->dedup = Scope(what.Get("dedup"));
    const Value delay = what.Get("delay");
    if (delay.is_int()) message->delay = delay.integer();
  }

  absl::Status Receive(OpIndex at, const Op& op, bool dead) {
    if (op.type == OpType::kInvoke) {
      if (history_.Outcome(op) == OpType::kInfo && !dead) facts_.unknown_receives.push_back(at);
      return absl::OkStatus();
    }
    if (op.type == OpType::kFail || (op.type == OpType::kInfo && op.value.is_nil())) return absl::OkStatus();
    if (op.value.is_nil() || (op.value.is_sequence() && op.value.items().empty())) {
      if (op.type == OpType::kOk && !dead) facts_.empties.push_back({QueueOf(op), op.pair, at});
      return absl::OkStatus();
    }
    if (!op.value.is_sequence()) return Deliver(at, op, op.value, dead);
    for (const Value& item : op.value.items()) {
      if (absl::Status status = Deliver(at, op, item, dead); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // The queue that was asked.
  Id QueueOf(const Op& op) {
    const Value& asked = history_.op(op.pair).value;
    return asked.is_map() ? facts_.scopes.Intern(asked.Get("queue")) : nowhere_;
  }

  absl::Status Deliver(OpIndex at, const Op& op, const Value& what, bool dead) {
    Delivery delivery;
    const Value value = what.is_map() ? what.Get("value") : what;
    if (value.is_nil()) return BadLine(history_, op, "a delivery without a :value");
    Message& message = MessageOf(value);
    delivery.message = message.value;
    delivery.invoke = op.pair;
    delivery.done = at;
    delivery.dead_letter = dead;
    const Value receipt = what.is_map() ? what.Get("receipt") : Value::Nil();
    if (what.is_map()) {
      if (what.Get("until").is_int()) delivery.until = what.Get("until").integer();
      if (what.Get("count").is_int()) delivery.count = what.Get("count").integer();
    }
    const auto number = static_cast<uint32_t>(facts_.deliveries.size());
    SetReceipt(receipt.is_nil() ? value : receipt, number);
    message.deliveries.push_back(number);
    facts_.deliveries.push_back(delivery);
    return absl::OkStatus();
  }

  // The last delivery with a receipt is the one meant.
  void SetReceipt(const Value& receipt, uint32_t delivery) {
    const Id id = receipts_.Intern(receipt);
    if (id == by_receipt_.size()) by_receipt_.push_back(delivery);
    by_receipt_[id] = delivery;
  }

  Delivery* OfReceipt(const Value& given) {
    const Value receipt = !given.is_map()                  ? given
                          : !given.Get("receipt").is_nil() ? given.Get("receipt")
                                                           : given.Get("value");
    const Id id = receipts_.Find(receipt);
    return id == kNoId ? nullptr : &facts_.deliveries[by_receipt_[id]];
  }

  absl::Status Release(OpIndex at, const Op& op, bool ack) {
    const Op& asked = op.type == OpType::kInvoke ? op : history_.op(op.pair);
    Delivery* const delivery = OfReceipt(asked.value);
    if (delivery == nullptr) {
      return BadLine(history_, op, "it gives back a receipt that no delivery had");
    }
    if (op.type == OpType::kInvoke) {
      const OpType outcome = history_.Outcome(op);
      if (outcome != OpType::kFail && delivery->released == kNoOp) delivery->released = at;
      if (ack && outcome == OpType::kInfo) delivery->ack_unknown = true;
    } else if (ack && op.type == OpType::kOk && delivery->acked == kNoOp) {
      delivery->acked = at;
    }
    return absl::OkStatus();
  }

  absl::Status Extend(OpIndex at, const Op& op) {
    const Value& what = op.type == OpType::kInvoke ? op.value : history_.op(op.pair).value;
    Delivery* const delivery = OfReceipt(what);
    if (delivery == nullptr || !what.is_map() || !what.Get("until").is_int()) {
      return BadLine(history_, op, ":extend takes {:receipt R :until T} of a delivery");
    }
    if (op.type == OpType::kOk) delivery->extensions.emplace_back(at, what.Get("until").integer());
    return absl::OkStatus();
  }

  const History& history_;
  Facts& facts_;
  Id nowhere_ = 0;
  ValueInterner receipts_;
  std::vector<uint32_t> by_receipt_;
};

}  // namespace

absl::Status TakeApart(const History& history, Facts* facts) { return Reader(history, facts).Read(); }

}  // namespace brokersim::checker::delivery
