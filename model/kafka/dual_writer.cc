#include "model/kafka/dual_writer.h"

#include <utility>

#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

constexpr std::string_view kDualWrite = "dual.write";

}  // namespace

DualWriter::DualWriter(std::shared_ptr<const DualWriterSpec> spec, sim::Env& env, sim::Effects& out)
    : spec_(std::move(spec)), source_(spec_->producer) {
  const auto bootstrap = env.settings().find(kBootstrapServers);
  const size_t first = bootstrap != env.settings().end() && bootstrap->second == spec_->clusters[1]->name ? 1 : 0;
  const auto dual = env.settings().find(kDualWrite);
  const size_t count = dual != env.settings().end() && dual->second == "false" ? 1 : 2;
  for (size_t i = 0; i < count; ++i) {
    parts_.emplace_back(spec_->clusters[(first + i) % 2], spec_->producer,
                        kFirstPartsTimer + static_cast<uint32_t>(i) * ProducerPart::kTimers);
    parts_.back().Begin(env, out);
  }
  out.SetTimer({kNextRecord}, source_.FirstAfter(env));
}

std::string DualWriter::LogOf(const ClusterSpec& cluster, const Record& record) const {
  return LogOfKey(cluster, spec_->producer->topic, record.key);
}

void DualWriter::SendNext(sim::Env& env, sim::Effects& out) {
  if (!source_.HasMore(env)) return;
  const Record record = source_.Next(env);
  const int64_t cookie = source_.made();
  const std::string log = LogOf(parts_[0].cluster(), record);
  Sent& sent = sent_[cookie];
  sent.op = out.Invoke(SendOperation("send", log, record));
  out.Record(formats::RecordVerb::kProduced, log, -1, record.value);
  if (parts_.size() == 2) sent.copy = out.Invoke(SendOperation("mirror", LogOf(parts_[1].cluster(), record), record));
  for (ProducerPart& part : parts_) part.Send(record, cookie, env, out);
  out.SetTimer({kNextRecord}, source_.NextAfter(env));
}

void DualWriter::Settle(sim::Effects& out) {
  for (size_t part = 0; part < parts_.size(); ++part) {
    for (const ProducerPart::Done& done : parts_[part].TakeDone()) OnDone(part, done, out);
  }
}

void DualWriter::OnDone(size_t part, const ProducerPart::Done& done, sim::Effects& out) {
  const auto found = sent_.find(done.cookie);
  CHECK(found != sent_.end(), "an answer for record {}, which nobody sent", done.cookie);
  Sent& sent = found->second;
  ++sent.answers;
  sent.maybe_stored = sent.maybe_stored || done.maybe_stored || done.error == ErrorCode::kNone;
  if (part == 0) sent.first = done;
  const std::string log = LogOf(parts_[part].cluster(), done.record);
  if (part == 1) out.Complete(*sent.copy, SendAnswer("mirror", log, done, done.maybe_stored));
  if (sent.op.has_value()) {
    if (auto verdict = Verdict(part, done, sent); verdict.has_value()) {
      const bool ok = verdict->type() == formats::Operation::OK;
      const formats::Send& send = verdict->actions(0).send();
      out.Record(ok ? formats::RecordVerb::kAcknowledged : formats::RecordVerb::kRejected, send.log(),
                 send.has_offset() ? send.offset() : -1, send.value());
      out.Complete(*sent.op, std::move(*verdict));
      sent.op.reset();
    }
  }
  if (sent.answers == parts_.size()) sent_.erase(found);
}

std::optional<formats::Operation> DualWriter::Verdict(size_t part, const ProducerPart::Done& done,
                                                      const Sent& sent) const {
  const bool ok = done.error == ErrorCode::kNone;
  const bool last = sent.answers == parts_.size();
  const std::string log = LogOf(parts_[part].cluster(), done.record);
  const std::string first_log = LogOf(parts_[0].cluster(), done.record);
  if (parts_.size() == 1) return SendAnswer("send", log, done, done.maybe_stored);
  switch (spec_->confirm) {
    case Confirm::kFirst:
      if (part != 0) return std::nullopt;
      return SendAnswer("send", log, done, sent.maybe_stored);
    case Confirm::kEither:
      if (!ok && !last) return std::nullopt;
      if (ok && part != 0) {
        // The record was sent to the first one's log: that is where it is to be, too.
        ProducerPart::Done stored = done;
        stored.offset.reset();
        return SendAnswer("send", first_log, stored, false);
      }
      return SendAnswer("send", first_log, done, sent.maybe_stored);
    case Confirm::kBoth:
      // One error is enough for the user to be told; the other cluster may have it, or get it yet.
      if (!ok) {
        BROKERSIM_PROBE("kafka/dual writer: one of two clusters refuses");
        return SendAnswer("send", first_log, done, sent.maybe_stored || !last);
      }
      if (!last) return std::nullopt;
      return SendAnswer("send", first_log, *sent.first, false);
  }
  return std::nullopt;
}

void DualWriter::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  for (ProducerPart& part : parts_) part.OnMessage(message, env, out);
  Settle(out);
}

void DualWriter::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind == kNextRecord) {
    SendNext(env, out);
  } else {
    parts_[(timer.kind - kFirstPartsTimer) / ProducerPart::kTimers].OnTimer(timer, env, out);
  }
  Settle(out);
}

void DualWriter::OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  for (ProducerPart& part : parts_) part.OnConnected(conn, env, out);
}

void DualWriter::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  for (ProducerPart& part : parts_) part.OnDisconnected(conn, env, out);
  Settle(out);
}

bool DualWriter::OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) {
  if (ChangesCluster(operation) || (operation.name == "config" && operation.key == kDualWrite)) return true;
  bool meant = false;
  for (ProducerPart& part : parts_) meant = part.OnOperation(operation, env, out) || meant;
  return meant;
}

std::string_view DualWriter::TimerName(sim::Timer timer) const {
  if (timer.kind == kNextRecord) return "next-record";
  return parts_[(timer.kind - kFirstPartsTimer) / ProducerPart::kTimers].TimerName(timer);
}

void DualWriter::Describe(sim::Describer& d) const {
  d.Set("records", source_.made());
  d.Set("unanswered", static_cast<int64_t>(sent_.size()));
}

void DualWriter::CheckInvariants() const {
  for (const ProducerPart& part : parts_) part.CheckInvariants();
}

}  // namespace brokersim::kafka
