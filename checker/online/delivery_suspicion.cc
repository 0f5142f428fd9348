#include "checker/online/delivery_suspicion.h"

#include <algorithm>
#include <initializer_list>

namespace brokersim::checker {

using formats::Operation;

namespace {

bool IsOneOf(std::string_view f, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), f) != names.end();
}

}  // namespace

bool DeliverySuspicion::Add(const Operation& op) {
  now_ = false;
  const bool polls = op.f() == "poll" || op.f() == "read-all";
  if (polls || IsOneOf(op.f(), {"send", "commit", "process", "assign"})) {
    if (op.actions_size() == 0 && op.has_value()) always_ = true;  // of a form that no run has
  } else if (IsOneOf(op.f(), {"enqueue", "receive", "dequeue", "drain", "ack", "nack", "extend", "dead-letter"})) {
    always_ = true;  // no run has receipts and leases
  } else {
    refused_ = true;  // the model doesn't take such a history, now and ever after
  }
  if (refused_) return false;
  if (op.f() == "send") Send(op);
  if (polls && op.type() == Operation::OK) {
    for (const formats::Action& action : op.actions()) {
      for (const formats::Read& read : action.poll().reads()) Deliver(op, op.f() == "read-all", read.value());
    }
  }
  ++operations_;
  return now_ || always_;
}

void DeliverySuspicion::Send(const Operation& op) {
  for (const formats::Action& action : op.actions()) {
    const formats::Send& send = action.send();
    const bool received = received_.Contains(0, send.value());
    if (op.type() == Operation::FAIL) {
      if (received) now_ = true;
      if (const auto open = open_.find(send.value()); open != open_.end()) open_.erase(open);
    } else if (op.type() == Operation::INVOKE) {
      if (received) now_ = true;  // perhaps it was nobody's until now
      const Message message = {.sent = operations_,
                               .sent_at = op.time_ns(),
                               .delay = send.delay_ns(),
                               .log = logs_.Number(send.log())};
      if (!received) open_.try_emplace(send.value(), message);
    } else if (const auto open = open_.find(send.value()); op.type() == Operation::OK && open != open_.end()) {
      open->second.acked = std::min(open->second.acked, operations_);
      open->second.acked_at = op.time_ns();
    }
  }
}

void DeliverySuspicion::Deliver(const Operation& op, bool all, std::string_view value) {
  if (received_.Contains(0, value)) {
    // To look at all is not to be given it again.
    const bool limited = options_.guarantee != DeliveryOptions::Guarantee::kAtLeastOnce || options_.max_receives;
    if (!all && limited) now_ = true;
    return;
  }
  const auto open = open_.find(value);
  if (open == open_.end()) {
    now_ = true;
  } else {
    DeliverFirst(op, open->second);
    open_.erase(open);
  }
  received_.Add(0, value);
}

void DeliverySuspicion::DeliverFirst(const Operation& op, const Message& message) {
  if (options_.max_receives == 0u) now_ = true;
  const int64_t due = message.delay > 0 ? message.delay : 0;
  if (due > 0 && op.time_ns() < message.sent_at + due) now_ = true;
  const bool late = options_.lateness && message.acked != kNever &&
                    op.time_ns() > message.acked_at + due + *options_.lateness;
  if (due > 0 && late) now_ = true;
  if (options_.order == DeliveryOptions::Order::kNone) return;
  uint64_t& latest = latest_.try_emplace(message.log, message.sent).first->second;
  if (message.acked < latest) now_ = true;
  latest = std::max(latest, message.sent);
}

}  // namespace brokersim::checker
