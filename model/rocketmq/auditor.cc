#include "model/rocketmq/auditor.h"

#include <algorithm>
#include <utility>

namespace brokersim::rocketmq {
namespace {

constexpr sim::Duration kPullTimeout = sim::Seconds(5);
constexpr sim::Duration kRetryAfter = sim::Milliseconds(500);
// Routes are as they were before the run's faults: asked for often.
constexpr int64_t kPollMs = 1000;

}  // namespace

Auditor::Auditor(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const AuditorSpec> spec, sim::Env& env,
                 sim::Effects& out)
    : Client(std::move(cluster), Settings{kPollMs, kPollMs, "", ""}), spec_(std::move(spec)) {
  out.SetTimer({kBegin}, std::max(spec_->start - env.monotonic(), sim::Nanoseconds(0)));
}

void Auditor::Begin(sim::Env& env, sim::Effects& out) {
  out.SetTimer({kGiveUp}, spec_->patience);
  std::vector<std::string> topics;
  for (const MessageQueue& queue : spec_->queues) {
    formats::Operation operation;
    operation.set_f("read-all");
    operation.add_actions()->mutable_poll()->set_log(LogName(queue));
    Log log;
    log.queue = queue;
    log.op = out.Invoke(std::move(operation));
    logs_.push_back(std::move(log));
    if (topics.empty() || topics.back() != queue.topic) topics.push_back(queue.topic);
  }
  StartClient(topics, env, out);
  for (size_t i = 0; i < logs_.size(); ++i) Pull(static_cast<int64_t>(i), env, out);
}

void Auditor::Pull(int64_t index, sim::Env&, sim::Effects& out) {
  Log& log = logs_[static_cast<size_t>(index)];
  if (log.done) return;
  // As a consumer reads: of a group without a master whoever there is, if it serves reads (slaveReadEnable).
  const sim::NodeId broker = BrokerOf(log.queue.broker_name, true);
  if (!broker.valid()) {
    out.SetTimer({kRetry, index}, kRetryAfter);
    return;
  }
  PullMessage request;
  request.consumer_group = "CID_audit";
  request.topic = log.queue.topic;
  request.queue_id = log.queue.queue_id;
  request.queue_offset = log.position;
  request.max_msg_nums = 1024;
  Send(broker, std::move(request), Tag{kPullTag, index}, kPullTimeout, out);
}

void Auditor::OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  Log& log = logs_[static_cast<size_t>(tag.arg)];
  if (log.done) return;
  const auto& answer = std::get<PullMessageResult>(body);
  if (answer.code == ResponseCode::kSystemBusy) {
    out.SetTimer({kRetry, tag.arg}, kRetryAfter);
    return;
  }
  for (const StoredMessage& message : answer.messages) {
    formats::Read read;
    read.set_offset(message->value().queue_offset);
    read.set_key(message->value().keys);
    read.set_value(message->value().body);
    log.reads.push_back(std::move(read));
  }
  // A queue that became shorter while it was read is read anew.
  if (answer.code == ResponseCode::kPullOffsetMoved) {
    log.reads.clear();
    log.position = 0;
  } else {
    log.position = answer.next_begin_offset;
  }
  if (answer.code == ResponseCode::kPullNotFound) {
    Conclude(&log, true, out);
  } else {
    Pull(tag.arg, env, out);
  }
}

void Auditor::OnLost(Tag tag, bool, sim::Env&, sim::Effects& out) { out.SetTimer({kRetry, tag.arg}, kRetryAfter); }

void Auditor::Conclude(Log* log, bool complete, sim::Effects& out) {
  log->done = true;
  log->complete = complete;
  formats::Operation operation;
  operation.set_f("read-all");
  operation.set_type(complete ? formats::Operation::OK : formats::Operation::INFO);
  if (!complete) operation.set_error("TIMEOUT");
  formats::Poll* poll = operation.add_actions()->mutable_poll();
  poll->set_log(LogName(log->queue));
  poll->set_next(log->position);
  if (complete) poll->set_end(log->position);
  for (const formats::Read& read : log->reads) *poll->add_reads() = read;
  out.Complete(log->op, std::move(operation));
  const bool all = std::all_of(logs_.begin(), logs_.end(), [](const Log& each) { return each.done; });
  if (!all) return;
  if (cluster().database.valid()) {
    RecordTopic(out);
    formats::Operation asked;
    asked.set_f("read-db");
    rows_op_ = out.Invoke(std::move(asked));
    AskDatabase(out);
  } else {
    out.FinishSimulation();
  }
}

void Auditor::RecordTopic(sim::Effects& out) {
  if (!std::all_of(logs_.begin(), logs_.end(), [](const Log& log) { return log.complete; })) return;
  formats::Operation operation;
  operation.set_f("read-topic");
  const sim::OpId op = out.Invoke(operation);
  operation.set_type(formats::Operation::OK);
  formats::Datum::Items* items = operation.mutable_value()->mutable_vector();
  for (const Log& log : logs_) {
    const std::vector<std::string>& topics = spec_->reconciled;
    if (std::find(topics.begin(), topics.end(), log.queue.topic) == topics.end()) continue;
    for (const formats::Read& read : log.reads) items->add_items()->set_text(read.value());
  }
  out.Complete(op, std::move(operation));
}

void Auditor::AskDatabase(sim::Effects& out) {
  if (!database_.valid()) database_ = out.Connect(cluster().database);
  out.Send(database_, sim::MakePayload(app::SelectAll{}));
}

void Auditor::OnOtherMessage(const sim::Received& message, sim::Env&, sim::Effects& out) {
  const auto* rows = message.payload.As<app::AllRows>();
  if (rows == nullptr || rows_done_) return;
  rows_done_ = true;
  formats::Operation operation;
  operation.set_f("read-db");
  operation.set_type(formats::Operation::OK);
  formats::Datum::Items* items = operation.mutable_value()->mutable_vector();
  for (const std::string& value : rows->values) items->add_items()->set_text(value);
  out.Complete(rows_op_, std::move(operation));
  out.FinishSimulation();
}

void Auditor::OnOtherDisconnected(sim::ConnId conn, sim::Env&, sim::Effects& out) {
  if (conn != database_) return;
  database_ = sim::ConnId{};
  out.SetTimer({kDatabaseRetry}, kRetryAfter);
}

void Auditor::OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  switch (static_cast<TimerKind>(timer.kind)) {
    case kBegin:
      Begin(env, out);
      return;
    case kGiveUp:
      for (Log& log : logs_) {
        if (!log.done) Conclude(&log, false, out);
      }
      return;
    case kRetry:
      Pull(timer.arg, env, out);
      return;
    case kDatabaseRetry:
      AskDatabase(out);
      return;
  }
}

std::string_view Auditor::ClientTimerName(uint32_t kind) const {
  switch (static_cast<TimerKind>(kind)) {
    case kBegin:
      return "begin-audit";
    case kGiveUp:
      return "give-up";
    case kRetry:
      return "retry";
    case kDatabaseRetry:
      return "database-retry";
  }
  return "?";
}

}  // namespace brokersim::rocketmq
