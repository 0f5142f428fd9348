#include "model/kafka/outbox.h"

#include <algorithm>
#include <utility>

#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

constexpr std::string_view kDatabase = "database";
// The database's client gives up after this time: ours.
constexpr sim::Duration kPatience = sim::Seconds(10);

}  // namespace

// ---- The application

OutboxWriter::OutboxWriter(std::shared_ptr<const OutboxWriterSpec> spec, sim::Env& env, sim::Effects& out)
    : spec_(std::move(spec)), source_(spec_->producer) {
  const auto changed = env.settings().find(kDatabase);
  const std::string_view name = changed == env.settings().end() ? spec_->database : changed->second;
  for (const auto& [known, node] : *spec_->databases) {
    if (known == name) database_ = node;
  }
  out.SetTimer({kNextRecord}, source_.FirstAfter(env));
}

void OutboxWriter::InsertNext(sim::Env& env, sim::Effects& out) {
  if (!source_.HasMore(env)) return;
  const Record record = source_.Next(env);
  const int64_t number = source_.made();
  formats::Operation operation =
      SendOperation("send", LogOfKey(*spec_->cluster, spec_->producer->topic, record.key), record);
  out.Record(formats::RecordVerb::kProduced, operation.actions(0).send().log(), -1, record.value);
  const sim::OpId op = out.Invoke(operation);
  open_.emplace(number, Open{op, std::move(operation)});
  if (!conn_.valid()) conn_ = out.Connect(database_);
  out.Send(conn_, sim::MakePayload(app::InsertIntoOutbox{number, record.key, record.value}));
  out.SetTimer({kTimeout, number}, kPatience);
  out.SetTimer({kNextRecord}, source_.NextAfter(env));
}

void OutboxWriter::Finish(int64_t number, formats::Operation::Type type, std::string_view error, sim::Effects& out) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;  // given up meanwhile
  out.CancelTimer({kTimeout, number});
  formats::Operation& answer = found->second.answer;
  answer.set_type(type);
  answer.set_error(std::string(error));
  const formats::Send& send = answer.actions(0).send();
  const bool ok = type == formats::Operation::OK;
  out.Record(ok ? formats::RecordVerb::kAcknowledged : formats::RecordVerb::kRejected, send.log(), -1, send.value());
  out.Complete(found->second.op, std::move(answer));
  open_.erase(found);
}

void OutboxWriter::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* committed = message.payload.As<app::Committed>();
  CHECK(committed != nullptr, "{} got a {}", env.name(), message.payload.name());
  Finish(committed->number, committed->done ? formats::Operation::OK : formats::Operation::FAIL,
         committed->done ? "" : "the database is a standby", out);
}

void OutboxWriter::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind == kNextRecord) {
    InsertNext(env, out);
  } else {
    // It may commit yet.
    Finish(timer.arg, formats::Operation::INFO, "the database doesn't answer", out);
  }
}

void OutboxWriter::OnDisconnected(sim::ConnId conn, sim::Env&, sim::Effects& out) {
  if (conn != conn_) return;
  conn_ = sim::ConnId{};
  while (!open_.empty()) Finish(open_.begin()->first, formats::Operation::INFO, "connection to the database lost", out);
}

bool OutboxWriter::OnOperation(const sim::Operation& operation, sim::Env&, sim::Effects&) {
  return operation.name == "config" && operation.key == kDatabase;
}

std::string_view OutboxWriter::TimerName(sim::Timer timer) const {
  return timer.kind == kNextRecord ? "next-record" : "database-timeout";
}

void OutboxWriter::Describe(sim::Describer& d) const {
  d.Set("records", source_.made());
  d.Set("unanswered", static_cast<int64_t>(open_.size()));
}

// ---- The relay

OutboxRelay::OutboxRelay(std::shared_ptr<const OutboxRelaySpec> spec, sim::Env& env, sim::Effects& out)
    : spec_(std::move(spec)), part_(spec_->cluster, spec_->producer, kPartTimers), name_(env.name()) {
  part_.Begin(env, out);
  LookAgain(out);
}

void OutboxRelay::LookAgain(sim::Effects& out) {
  out.CancelTimer({kTimeout});
  out.SetTimer({kPoll}, spec_->interval);
}

void OutboxRelay::Poll(sim::Effects& out) {
  if (!conn_.valid()) conn_ = out.Connect(spec_->database);
  out.Send(conn_, sim::MakePayload(app::ReadOutbox{name_}));
  out.SetTimer({kTimeout}, kPatience);
}

void OutboxRelay::Publish(const app::OutboxRows& rows, sim::Env& env, sim::Effects& out) {
  if (rows.rows.empty()) return LookAgain(out);
  out.CancelTimer({kTimeout});
  std::vector<Record> records;
  for (const app::OutboxRow& row : rows.rows) {
    Record& record = records.emplace_back();
    record.key = row.key;
    record.value = row.value;
    record.timestamp_ms = env.wall().millis();
    const std::string log = LogOfKey(*spec_->cluster, spec_->producer->topic, row.key);
    batch_[row.id].op = out.Invoke(SendOperation("mirror", log, record));
  }
  for (size_t i = 0; i < records.size(); ++i) part_.Send(std::move(records[i]), rows.rows[i].id, env, out);
}

void OutboxRelay::Settle(sim::Effects& out) {
  const std::vector<ProducerPart::Done> all = part_.TakeDone();
  if (all.empty()) return;
  for (const ProducerPart::Done& done : all) {
    Published& published = batch_.at(done.cookie);
    published.done = true;
    published.stored = done.error == ErrorCode::kNone;
    const std::string log = LogOfKey(*spec_->cluster, spec_->producer->topic, done.record.key);
    out.Complete(published.op, SendAnswer("mirror", log, done, done.maybe_stored));
  }
  if (std::all_of(batch_.begin(), batch_.end(), [](const auto& one) { return one.second.done; })) Save(out);
}

// Up to the first that isn't stored: from there on all are published again, also what went well behind it.
void OutboxRelay::Save(sim::Effects& out) {
  int64_t upto = 0;
  for (const auto& [id, published] : batch_) {
    if (!published.stored) {
      BROKERSIM_PROBE("kafka/outbox: a publication fails");
      break;
    }
    upto = id;
  }
  batch_.clear();
  if (upto == 0 || !conn_.valid()) return LookAgain(out);
  published_ = upto;
  out.Point("after-publish");
  out.Send(conn_, sim::MakePayload(app::SavePublished{upto, name_, upto, spec_->removes}));
  out.SetTimer({kTimeout}, kPatience);
}

void OutboxRelay::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  if (const auto* rows = message.payload.As<app::OutboxRows>()) {
    // An answer that was given up is followed by another.
    if (batch_.empty()) Publish(*rows, env, out);
  } else if (message.payload.As<app::Committed>() != nullptr) {
    Poll(out);
  } else {
    part_.OnMessage(message, env, out);
    Settle(out);
  }
}

void OutboxRelay::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind == kPoll) {
    Poll(out);
  } else if (timer.kind == kTimeout) {
    if (conn_.valid()) out.Close(conn_);
    conn_ = sim::ConnId{};
    LookAgain(out);
  } else {
    part_.OnTimer(timer, env, out);
    Settle(out);
  }
}

void OutboxRelay::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (conn == conn_) {
    conn_ = sim::ConnId{};
    // What is being published goes on; there is nobody to save it then, and it will be published again.
    if (batch_.empty()) LookAgain(out);
    return;
  }
  part_.OnDisconnected(conn, env, out);
  Settle(out);
}

std::string_view OutboxRelay::TimerName(sim::Timer timer) const {
  if (timer.kind == kPoll) return "poll-outbox";
  return timer.kind == kTimeout ? "database-timeout" : part_.TimerName(timer);
}

void OutboxRelay::Describe(sim::Describer& d) const {
  d.Set("published", published_);
  d.Set("in flight", static_cast<int64_t>(batch_.size()));
}

}  // namespace brokersim::kafka
