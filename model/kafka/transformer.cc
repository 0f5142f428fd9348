#include "model/kafka/transformer.h"

#include <utility>

#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

constexpr uint32_t kFirstPartTimer = 100;

uint32_t FirstTimerOf(int64_t life) {
  return kFirstPartTimer + static_cast<uint32_t>(life) * TransactionalPart::kTimers;
}

}  // namespace

Transformer::Transformer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const TransformerSpec> spec,
                         sim::Env& env, sim::Effects& out)
    : Consumer(cluster, spec->consumer, env, out),
      cluster_(std::move(cluster)),
      transform_(std::move(spec)),
      part_(std::in_place, cluster_, transform_->producer, FirstTimerOf(0)) {
  part_->Begin(env, out);
}

uint32_t Transformer::first_part_timer() const { return FirstTimerOf(life_); }

// ---- The application: poll, begin, process and send, commit with offsets, and again

void Transformer::BeginBatch(sim::Env& env, sim::Effects& out) {
  activity_ = Activity::kAwaitingProducer;
  Settle(env, out);
}

void Transformer::BeginTransaction(sim::Env& env, sim::Effects& out) {
  steps_.clear();
  sent_ = 0;
  for (const Work& work : work_) {
    // Each attempt has outputs of its own, so that it can be told from others.
    const std::string value = fmt::format("{}>{}-{}", work.record.value, env.name(), ++made_);
    Record output{work.record.key, value, env.wall().millis()};
    steps_.push_back({work, part_->PartitionOf(output.key, env), std::move(output)});
  }
  part_->BeginTransaction();
  transaction_op_ = out.Invoke(SendsOf(nullptr));
  effects_op_ = out.Invoke(EffectsOf());
  ProcessNext(env, out);
}

void Transformer::SendEffect(sim::Env& env, sim::Effects& out) {
  if (part_->MustAbort()) return Abort(env, out);
  Consumer::SendEffect(env, out);
}

void Transformer::EffectDone(sim::Env& env, sim::Effects& out) {
  if (part_->MustAbort()) return Abort(env, out);
  const Step& step = steps_[sent_++];
  part_->Send(step.tp, step.output, env, out);
  FinishFirst(env, out);
}

void Transformer::AfterBatch(sim::Env& env, sim::Effects& out) {
  if (part_->MustAbort() || env.Random("abort").Chance(transform_->aborts)) return Abort(env, out);
  activity_ = Activity::kEndingTransaction;
  TransactionalPart::Offsets offsets;
  offsets.group_id = spec_->config.group_id;
  if (transform_->group_metadata) {
    offsets.generation_id = group_metadata_.generation_id;
    offsets.member_id = group_metadata_.member_id;
  }
  for (const auto& [tp, committed] : to_commit_) {
    offsets.offsets.push_back({tp, committed.offset, committed.leader_epoch});
  }
  offsets_ = offsets.offsets;
  offsets_op_ = out.Invoke(CommitOf());
  part_->Commit(std::move(offsets), env, out);
}

void Transformer::Abort(sim::Env& env, sim::Effects& out) {
  activity_ = Activity::kEndingTransaction;
  part_->Abort(env, out);
}

void Transformer::Settle(sim::Env& env, sim::Effects& out) {
  if (auto outcome = part_->TakeOutcome(); outcome.has_value()) OnOutcome(*outcome, env, out);
  if (part_->IsFenced()) return Replace(env, out);
  if (activity_ == Activity::kAwaitingProducer && part_->IsReady()) BeginTransaction(env, out);
}

void Transformer::OnOutcome(const TransactionalPart::Outcome& outcome, sim::Env& env, sim::Effects& out) {
  const auto end = [&](sim::OpId op, formats::Operation operation) {
    operation.set_type(outcome.type);
    operation.set_error(outcome.error);
    out.Complete(op, std::move(operation));
  };
  end(transaction_op_, SendsOf(&outcome));
  end(effects_op_, EffectsOf());
  if (offsets_op_.has_value()) end(*std::exchange(offsets_op_, std::nullopt), CommitOf());
  steps_.clear();
  work_.clear();
  to_commit_.clear();
  if (part_->IsFenced()) return;  // see Replace()
  if (outcome.type != formats::Operation::OK && transform_->seeks_after_abort) SeekToCommitted(env, out);
  Poll(env, out);
}

void Transformer::Replace(sim::Env& env, sim::Effects& out) {
  BROKERSIM_PROBE("kafka/transformer: fenced, begins with another producer");
  part_.emplace(cluster_, transform_->producer, FirstTimerOf(++life_));
  part_->Begin(env, out);
  Rejoin(env, out);
}

// ---- Events

void Transformer::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  Consumer::OnMessage(message, env, out);
  part_->OnMessage(message, env, out);
  Settle(env, out);
}

void Transformer::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (IsPartTimer(timer)) {
    part_->OnTimer(timer, env, out);
  } else if (timer.kind < kFirstPartTimer) {
    Consumer::OnTimer(timer, env, out);
  }
  Settle(env, out);
}

void Transformer::OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  Consumer::OnConnected(conn, env, out);
  part_->OnConnected(conn, env, out);
}

void Transformer::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  Consumer::OnDisconnected(conn, env, out);
  part_->OnDisconnected(conn, env, out);
  Settle(env, out);
}

bool Transformer::OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) {
  const bool meant = Consumer::OnOperation(operation, env, out);
  return part_->OnOperation(operation, env, out) || meant;
}

std::string_view Transformer::TimerName(sim::Timer timer) const {
  if (timer.kind < kFirstPartTimer) return Consumer::TimerName(timer);
  return part_->TimerName({first_part_timer() + (timer.kind - kFirstPartTimer) % TransactionalPart::kTimers});
}

void Transformer::Describe(sim::Describer& d) const {
  Consumer::Describe(d);
  d.Set("outputs", made_);
  if (!steps_.empty()) d.Set("transaction", static_cast<int64_t>(steps_.size()));
}

void Transformer::CheckInvariants() const { part_->CheckInvariants(); }

// ---- What histories say

formats::Operation Transformer::SendsOf(const TransactionalPart::Outcome* outcome) const {
  formats::Operation operation;
  operation.set_f("txn");
  for (size_t i = 0; i < steps_.size(); ++i) {
    formats::Send* send = operation.add_actions()->mutable_send();
    send->set_log(LogName(steps_[i].tp));
    send->set_key(steps_[i].output.key);
    send->set_value(steps_[i].output.value);
    // Without some where it ended before all were sent.
    if (outcome == nullptr || i >= outcome->offsets.size() || !outcome->offsets[i].has_value()) continue;
    send->set_offset(*outcome->offsets[i]);
  }
  return operation;
}

formats::Operation Transformer::EffectsOf() const {
  formats::Operation operation;
  operation.set_f("process");
  for (const Step& step : steps_) {
    formats::Process* process = operation.add_actions()->mutable_process();
    process->set_group(spec_->config.group_id);
    process->set_log(LogName(step.input.tp));
    process->set_offset(step.input.record.offset);
    process->set_value(step.input.record.value);
    process->set_applied(true);
    process->add_outputs(step.output.value);
  }
  return operation;
}

formats::Operation Transformer::CommitOf() const {
  formats::Operation operation;
  operation.set_f("commit");
  for (const PartitionOffset& offset : offsets_) {
    formats::Commit* commit = operation.add_actions()->mutable_commit();
    commit->set_group(spec_->config.group_id);
    commit->set_log(LogName(offset.tp));
    commit->set_offset(offset.offset);
  }
  return operation;
}

}  // namespace brokersim::kafka
