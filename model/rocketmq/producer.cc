#include "model/rocketmq/producer.h"

#include <algorithm>
#include <utility>

namespace brokersim::rocketmq {
namespace {

// String.hashCode of Java, as SelectMessageQueueByHash uses it.
uint32_t JavaHash(std::string_view text) {
  uint32_t hash = 0;
  for (char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  const auto value = static_cast<int32_t>(hash);
  return value < 0 ? 0 - hash : hash;
}

// DefaultMQProducer.retryResponseCodes: another broker may do better.
bool IsRetryable(ResponseCode code) {
  for (ResponseCode each : {ResponseCode::kTopicNotExist, ResponseCode::kServiceNotAvailable,
                            ResponseCode::kSystemError, ResponseCode::kSystemBusy, ResponseCode::kNoPermission}) {
    if (code == each) return true;
  }
  return false;
}

// The message is stored; that it was flushed or copied is what isn't known.
bool IsStored(ResponseCode code) {
  for (ResponseCode each : {ResponseCode::kSuccess, ResponseCode::kFlushDiskTimeout, ResponseCode::kFlushSlaveTimeout,
                            ResponseCode::kSlaveNotAvailable}) {
    if (code == each) return true;
  }
  return false;
}

}  // namespace

Producer::Producer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ProducerSpec> spec, sim::Env& env,
                   sim::Effects& out)
    : Client(std::move(cluster), Settings{spec->config.poll_name_server_interval,
                                          spec->config.heartbeat_broker_interval, spec->config.producer_group, ""}),
      spec_(std::move(spec)),
      prefix_(env.incarnation() == 1 ? std::string(env.name()) : fmt::format("{}.{}", env.name(), env.incarnation())) {
  out.SetTimer({kStart}, std::max(spec_->start - env.monotonic(), sim::Nanoseconds(0)));
}

void Producer::ScheduleNext(sim::Env& env, sim::Effects& out) {
  if (spec_->messages > 0 && made_ >= spec_->messages) return;
  const sim::Duration after = spec_->interval.Sample(env.Random("interval"));
  if (spec_->stop.has_value() && env.monotonic() + after > *spec_->stop) return;
  out.SetTimer({kNext}, after);
}

Message Producer::Make(int64_t number, sim::Env& env) const {
  Message message;
  message.topic = spec_->topic;
  message.body = fmt::format("{}-{}", prefix_, number);
  message.unique_key = message.body;
  message.delay_level = spec_->delay_level;
  message.producer_group = spec_->config.producer_group;
  message.born = env.wall();
  if (spec_->keys > 0) message.keys = fmt::format("k{}", number % spec_->keys);
  if (!spec_->tags.empty()) message.tags = spec_->tags[static_cast<size_t>(number) % spec_->tags.size()];
  if (spec_->transaction.has_value()) {
    message.transaction_prepared = true;
    message.check_immunity_s = spec_->transaction->check_immunity_s;
  }
  return message;
}

void Producer::Begin(sim::Env& env, sim::Effects& out) {
  const int64_t number = ++made_;
  Sending sending;
  sending.message = Make(number, env);
  sending.begun = env.monotonic();
  if (spec_->transaction.has_value()) {
    formats::Operation operation;
    operation.set_f("transaction");
    operation.mutable_value()->set_text(sending.message.body);
    sending.transaction_op = out.Invoke(std::move(operation));
  }
  sending_.emplace(number, std::move(sending));
  ScheduleNext(env, out);
  Attempt(number, env, out);
}

// DefaultMQProducerImpl.sendDefaultImpl; with a MessageQueueSelector (sendSelectImpl) there is one attempt.
int64_t Producer::AttemptsAllowed() const {
  if (spec_->keys > 0 || spec_->mode == SendMode::kOneWay) return 1;
  return 1 + (spec_->mode == SendMode::kSync ? spec_->config.retry_times_when_send_failed
                                             : spec_->config.retry_times_when_send_async_failed);
}

// TopicPublishInfo.selectOneMessageQueue: in turn, after a failure at another broker if there is one.
bool Producer::ChooseQueue(Sending* sending, sim::Env& env) {
  std::vector<MessageQueue> queues = WritableQueuesOf(spec_->topic);
  if (queues.empty()) queues = QueuesOf(spec_->topic);  // nobody will take it
  if (queues.empty()) return false;
  // An asynchronous send is repeated on its broker.
  if (spec_->mode == SendMode::kAsync && sending->attempts > 0) return true;
  if (spec_->keys > 0) {
    sending->queue = queues[JavaHash(sending->message.keys) % queues.size()];
    return true;
  }
  if (next_queue_ < 0) next_queue_ = static_cast<int64_t>(env.Random("queue").Below(queues.size()));
  for (size_t tried = 0; tried < queues.size(); ++tried) {
    sending->queue = queues[static_cast<size_t>(next_queue_++) % queues.size()];
    if (sending->queue.broker_name != sending->last_broker) return true;
  }
  sending->queue = queues[static_cast<size_t>(next_queue_++) % queues.size()];
  return true;
}

void Producer::Attempt(int64_t number, sim::Env& env, sim::Effects& out) {
  Sending& sending = sending_.at(number);
  const sim::Duration left = sim::Milliseconds(spec_->config.send_msg_timeout) - (env.monotonic() - sending.begun);
  if (sending.attempts >= AttemptsAllowed() || left <= sim::Duration()) {
    if (spec_->transaction.has_value()) {
      FinishTransaction(number, TransactionState::kUnknow, env, out);
    } else {
      Done(number, env, out);
    }
    return;
  }
  if (!ChooseQueue(&sending, env)) {
    waits_for_route_ = true;
    AskForRoute(spec_->topic, env, out);
    return;
  }
  ++sending.attempts;
  sending.last_broker = sending.queue.broker_name;
  sending.message.queue_id = sending.queue.queue_id;
  const std::string log = LogName(sending.queue);
  if (!spec_->transaction.has_value()) {
    formats::Operation operation;
    operation.set_f("send");
    formats::Send* send = operation.add_actions()->mutable_send();
    send->set_log(log);
    send->set_key(sending.message.keys);
    send->set_value(sending.message.body);
    send->set_delay_ns(spec_->delay.nanos());
    sending.op = out.Invoke(std::move(operation));
  }
  out.Record(formats::RecordVerb::kProduced, log, -1, sending.message.body);
  const bool writable = !WritableQueuesOf(spec_->topic).empty();
  const sim::NodeId broker = writable ? BrokerOf(sending.queue.broker_name, false) : sim::NodeId{};
  if (!broker.valid()) {
    if (!writable) {  // tryToFindTopicPublishInfo: the send fails, but not without having asked for a route
      AskForRoute(spec_->topic, env, out);
      sending.attempts = AttemptsAllowed();
    }
    CompleteAttempt(sending, formats::Operation::FAIL, "NO_BROKER", -1, out);
    Attempt(number, env, out);
    return;
  }
  if (spec_->mode == SendMode::kOneWay) {
    SendOneWay(broker, SendMessage{sending.message}, out);
    CompleteAttempt(sending, formats::Operation::INFO, "ONEWAY", -1, out);
    Done(number, env, out);
    return;
  }
  Send(broker, SendMessage{sending.message}, Tag{kSendTag, number}, left, out);
}

void Producer::CompleteAttempt(const Sending& sending, formats::Operation::Type type, std::string_view error,
                               int64_t offset, sim::Effects& out) {
  if (spec_->transaction.has_value()) return;
  formats::Operation operation;
  operation.set_f("send");
  operation.set_type(type);
  operation.set_error(std::string(error));
  formats::Send* send = operation.add_actions()->mutable_send();
  send->set_log(LogName(sending.queue));
  send->set_key(sending.message.keys);
  send->set_value(sending.message.body);
  send->set_delay_ns(spec_->delay.nanos());
  // The offset of a delayed message is that of its level's queue, which nobody reads.
  if (offset >= 0 && spec_->delay_level == 0) send->set_offset(offset);
  out.Complete(sending.op, std::move(operation));
  if (type == formats::Operation::OK) {
    out.Record(formats::RecordVerb::kAcknowledged, LogName(sending.queue), send->has_offset() ? offset : -1,
               sending.message.body);
  } else if (type == formats::Operation::FAIL) {
    out.Record(formats::RecordVerb::kRejected, LogName(sending.queue), -1, sending.message.body);
  }
}

void Producer::OnSendResult(int64_t number, const SendMessageResult& result, sim::Env& env, sim::Effects& out) {
  const auto found = sending_.find(number);
  if (found == sending_.end()) return;
  const Sending& sending = found->second;
  const std::string error(Name(result.code));
  if (!IsStored(result.code)) {
    // The answer doesn't say so, but the history has to: what lies in a log may yet be committed (DLedger).
    const bool stored = result.commit_log_offset >= 0;
    CompleteAttempt(sending, stored ? formats::Operation::INFO : formats::Operation::FAIL, error, -1, out);
    if (IsRetryable(result.code)) {
      Attempt(number, env, out);
    } else {
      Done(number, env, out);
    }
    return;
  }
  const bool ok = result.code == ResponseCode::kSuccess || spec_->any_status_is_success;
  CompleteAttempt(sending, ok ? formats::Operation::OK : formats::Operation::INFO,
                  result.code == ResponseCode::kSuccess ? "" : error, result.queue_offset, out);
  if (spec_->transaction.has_value()) {
    BeginLocalTransaction(number, result, env, out);
    return;
  }
  const bool again = !ok && spec_->config.retry_another_broker_when_not_store_ok && spec_->mode == SendMode::kSync;
  if (again) {
    Attempt(number, env, out);
  } else {
    Done(number, env, out);
  }
}

void Producer::Done(int64_t number, sim::Env& env, sim::Effects& out) {
  sending_.erase(number);
  if (std::exchange(due_, false)) Begin(env, out);
}

void Producer::OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  OnSendResult(tag.arg, std::get<SendMessageResult>(body), env, out);
}

// Whether it was stored isn't known. A RemotingException leads to another attempt while there is time.
void Producer::OnLost(Tag tag, bool timed_out, sim::Env& env, sim::Effects& out) {
  const auto found = sending_.find(tag.arg);
  if (found == sending_.end()) return;
  CompleteAttempt(found->second, formats::Operation::INFO, timed_out ? "TIMEOUT" : "DISCONNECTED", -1, out);
  Attempt(tag.arg, env, out);
}

void Producer::OnRoute(const std::string&, sim::Env& env, sim::Effects& out) {
  if (!waits_for_route_) return;
  if (QueuesOf(spec_->topic).empty()) return;  // the poll asks again
  waits_for_route_ = false;
  std::vector<int64_t> waiting;
  for (const auto& [number, sending] : sending_) {
    if (sending.attempts == 0) waiting.push_back(number);
  }
  for (int64_t number : waiting) Attempt(number, env, out);
}

void Producer::OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  switch (static_cast<TimerKind>(timer.kind)) {
    case kStart:
      StartClient({spec_->topic}, env, out);
      ScheduleNext(env, out);
      return;
    case kNext:
      // One thread: a synchronous send, or a transaction, is over before the next begins.
      if (spec_->mode == SendMode::kSync && !sending_.empty()) {
        due_ = true;
      } else {
        Begin(env, out);
      }
      return;
    case kLocalWork:
      Insert(timer.arg, env, out);
      return;
    case kDatabaseTimeout:
      OnDatabaseLost(timer.arg, env, out);
      return;
  }
}

std::string_view Producer::ClientTimerName(uint32_t kind) const {
  switch (static_cast<TimerKind>(kind)) {
    case kStart:
      return "start";
    case kNext:
      return "next-message";
    case kLocalWork:
      return "local-transaction";
    case kDatabaseTimeout:
      return "database-timeout";
  }
  return "?";
}

void Producer::OnCommand(const Command& command, const sim::Received& from, sim::Env&, sim::Effects& out) {
  if (const auto* check = std::get_if<CheckTransactionState>(&command.body)) Check(*check, from.from, out);
}

// DefaultMQProducerImpl.shutdown: what is on its way is abandoned.
void Producer::OnStop(sim::Env& env, sim::Effects& out) {
  for (sim::NodeId broker : AllBrokers(true)) SendOneWay(broker, UnregisterClient{std::string(env.name())}, out);
  out.Exit();
}

void Producer::Describe(sim::Describer& d) const {
  d.Set("messages", made_);
  if (!sending_.empty()) d.Set("sending", static_cast<int64_t>(sending_.size()));
  if (!local_.empty()) d.Set("local transactions", static_cast<int64_t>(local_.size()));
}

}  // namespace brokersim::rocketmq
