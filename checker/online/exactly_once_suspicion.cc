#include "checker/online/exactly_once_suspicion.h"

namespace brokersim::checker {

using formats::Operation;

bool ExactlyOnceSuspicion::Add(const Operation& op) {
  now_ = false;
  if (op.f() == "send" || op.f() == "transaction") {
    Send(op);
  } else if (op.f() == "process") {
    Process(op);
  } else if (op.f() == "read-outputs") {
    always_ = true;
  } else if (op.f() == "read-all" && has_outputs_) {
    now_ = true;  // what is visible
  }
  return now_ || always_;
}

void ExactlyOnceSuspicion::Send(const Operation& op) {
  for (const formats::Action& action : op.actions()) Sent(op, action.send().value());
  if (op.value().has_text()) Sent(op, op.value().text());
}

void ExactlyOnceSuspicion::Sent(const Operation& op, std::string_view value) {
  if (op.type() == Operation::INVOKE) {
    sent_.Add(0, value);
  } else if (op.type() == Operation::FAIL) {
    failed_.Add(0, value);
    now_ = now_ || processed_.Contains(0, value);
  }
}

void ExactlyOnceSuspicion::Process(const Operation& op) {
  if (op.actions_size() == 0 && op.has_value()) always_ = true;  // of a form that no run has
  for (const formats::Action& action : op.actions()) {
    const formats::Process& process = action.process();
    processed_.Add(0, process.value());
    has_outputs_ = has_outputs_ || process.outputs_size() > 0;
    if (!sent_.Contains(0, process.value()) || failed_.Contains(0, process.value())) now_ = true;
    if (op.type() != Operation::OK || !process.applied()) continue;
    const Id group = groups_.Number(process.group());
    if (applied_.Contains(group, process.value())) now_ = true;
    applied_.Add(group, process.value());
  }
}

}  // namespace brokersim::checker
