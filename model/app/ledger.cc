#include "model/app/ledger.h"

namespace brokersim::app {

Ledger::Ledger(sim::Env& env) : file_(env.Open("effects")) {
  for (const sim::Block& block : env.disk().file(file_).blocks) {
    if (block.damaged) break;
    const auto* effect = block.content->As<ApplyEffect>();
    applied_.insert(effect->group + "/" + effect->value);
    ++effects_;
  }
}

void Ledger::OnMessage(const sim::Received& message, sim::Env&, sim::Effects& out) {
  const auto* effect = message.payload.As<ApplyEffect>();
  CHECK(effect != nullptr, "the ledger got a {}", message.payload.name());
  const std::string id = effect->group + "/" + effect->value;
  const bool applied = !effect->unique || !applied_.contains(id);
  if (applied) {
    applied_.insert(id);
    ++effects_;
    out.Append(file_, sim::MakePayload(*effect));
    out.Record(formats::RecordVerb::kProcessed, effect->log, effect->offset, effect->value);
  }
  formats::Operation operation;
  operation.set_f("process");
  formats::Process* action = operation.add_actions()->mutable_process();
  action->set_group(effect->group);
  action->set_log(effect->log);
  action->set_offset(effect->offset);
  action->set_value(effect->value);
  const sim::OpId op = out.Invoke(operation);
  operation.set_type(formats::Operation::OK);
  operation.mutable_actions(0)->mutable_process()->set_applied(applied);
  out.Complete(op, std::move(operation));
  sim::MessageRef answer = sim::MakePayload(EffectApplied{effect->number, applied});
  if (!applied) {
    out.Send(message.conn, std::move(answer));
    return;
  }
  // A database answers a commit when it is durable.
  out.SendAfter(out.Sync(file_), message.conn, std::move(answer));
}

void Ledger::Describe(sim::Describer& d) const { d.Set("effects", effects_); }

}  // namespace brokersim::app
