#include "model/rocketmq/consumer.h"

#include <algorithm>
#include <utility>

namespace brokersim::rocketmq {
namespace {

constexpr sim::Duration kFlowControl = sim::Milliseconds(50);  // PULL_TIME_DELAY_MILLS_WHEN_CACHE_FLOW_CONTROL
constexpr sim::Duration kMovedAfter = sim::Seconds(10);        // DefaultMQPushConsumerImpl, OFFSET_ILLEGAL

}  // namespace

Consumer::Consumer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ConsumerSpec> spec, sim::Env& env,
                   sim::Effects& out)
    : Client(std::move(cluster), Settings{spec->config.poll_name_server_interval,
                                          spec->config.heartbeat_broker_interval, "", spec->config.consumer_group}),
      spec_(std::move(spec)),
      topics_(spec_->topics) {
  topics_.push_back(RetryTopic(spec_->config.consumer_group));
  out.SetTimer({kStart}, std::max(spec_->start - env.monotonic(), sim::Nanoseconds(0)));
}

bool Consumer::IsOwn(const std::string& topic) const { return topic != topics_.back(); }

Consumer::ProcessQueue* Consumer::Find(int64_t id) {
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : &found->second;
}

// DefaultMQPushConsumerImpl.pullMessage
void Consumer::Pull(int64_t id, sim::Effects& out) {
  ProcessQueue* queue = Find(id);
  if (queue == nullptr || !queue->ready || queue->pulling || queue->moved_to >= 0) return;
  const ConsumerConfig& config = spec_->config;
  const auto cached = static_cast<int64_t>(queue->messages.size());
  const int64_t span = cached == 0 ? 0 : queue->messages.rbegin()->first - queue->messages.begin()->first;
  if (cached > config.pull_threshold_for_queue || (!spec_->orderly && span > config.consume_concurrently_max_span)) {
    PullLater(id, kFlowControl, out);
    return;
  }
  const sim::NodeId broker = BrokerOf(queue->queue.broker_name, true);
  if (!broker.valid()) {
    PullLater(id, sim::Milliseconds(config.pull_time_delay_mills_when_exception), out);
    return;
  }
  PullMessage request;
  request.consumer_group = config.consumer_group;
  request.topic = queue->queue.topic;
  request.queue_id = queue->queue.queue_id;
  request.queue_offset = queue->next_offset;
  request.max_msg_nums = static_cast<int32_t>(config.pull_batch_size);
  request.suspend_timeout = sim::Milliseconds(config.broker_suspend_max_time_millis);
  if (IsOwn(request.topic)) request.expression = spec_->expression;
  if (const auto at = offset_table_.find(queue->queue); at != offset_table_.end()) request.commit_offset = at->second;
  queue->pulling = true;
  BeginPoll(queue, out);
  Send(broker, std::move(request), Tag{kPullTag, id}, sim::Milliseconds(config.consumer_timeout_millis_when_suspend),
       out);
}

// A pull is a read of the log, as long as the broker holds it. The retry topic is the group's own affair.
void Consumer::BeginPoll(ProcessQueue* queue, sim::Effects& out) const {
  if (!IsOwn(queue->queue.topic)) return;
  formats::Operation operation;
  operation.set_f("poll");
  formats::Poll* poll = operation.add_actions()->mutable_poll();
  poll->set_group(spec_->config.consumer_group);
  poll->set_log(LogName(queue->queue));
  poll->set_from(queue->next_offset);
  queue->poll = out.Invoke(std::move(operation));
}

// Without a result: what came of it is unknown.
void Consumer::EndPoll(ProcessQueue* queue, const PullMessageResult* result, sim::Effects& out) const {
  if (!IsOwn(queue->queue.topic)) return;
  formats::Operation operation;
  operation.set_f("poll");
  operation.set_type(result != nullptr ? formats::Operation::OK : formats::Operation::INFO);
  formats::Poll* poll = operation.add_actions()->mutable_poll();
  poll->set_group(spec_->config.consumer_group);
  poll->set_log(LogName(queue->queue));
  poll->set_from(queue->next_offset);
  if (result == nullptr) {
    operation.set_error("UNKNOWN");
    out.Complete(queue->poll, std::move(operation));
    return;
  }
  poll->set_next(result->next_begin_offset);
  for (const StoredMessage& message : result->messages) {
    formats::Read* read = poll->add_reads();
    read->set_offset(message->value().queue_offset);
    read->set_key(message->value().keys);
    read->set_value(message->value().body);
    out.Record(formats::RecordVerb::kDelivered, LogName(queue->queue), read->offset(), read->value());
  }
  out.Complete(queue->poll, std::move(operation));
}

void Consumer::OnPulled(int64_t id, const PullMessageResult& result, sim::Env& env, sim::Effects& out) {
  ProcessQueue* queue = Find(id);
  if (queue == nullptr) return;  // dropped meanwhile
  if (result.code == ResponseCode::kSystemBusy) {
    OnLost(Tag{kPullTag, id}, false, env, out);
    return;
  }
  queue->pulling = false;
  EndPoll(queue, result.code == ResponseCode::kPullOffsetMoved ? nullptr : &result, out);
  if (result.code == ResponseCode::kPullOffsetMoved) {
    // OFFSET_ILLEGAL: the queue is given up for a while and taken up at the corrected offset.
    out.Note("offset-illegal", fmt::format("{}: offset {} of {} is illegal, it is corrected to {}", env.name(),
                                           queue->next_offset, LogName(queue->queue), result.next_begin_offset));
    queue->moved_to = result.next_begin_offset;
    out.SetTimer({kMoved, id}, kMovedAfter);
    return;
  }
  queue->next_offset = result.next_begin_offset;
  for (const StoredMessage& message : result.messages) {
    const int64_t offset = message->value().queue_offset;
    queue->messages.emplace(offset, Cached{message, false, {}, 0});
    queue->max_offset = std::max(queue->max_offset, offset);
    if (!spec_->orderly) ready_.emplace_back(id, offset);
  }
  // NO_MATCHED_MSG with nothing in process: what was filtered out is done with (correctTagsOffset).
  if (queue->messages.empty() && result.messages.empty()) offset_table_[queue->queue] = queue->next_offset;
  Feed(env, out);
  Pull(id, out);
}

void Consumer::OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  switch (static_cast<TagKind>(tag.kind)) {
    case kListTag:
      OnConsumerList(tag.arg, std::get<GetConsumerListResult>(body), env, out);
      return;
    case kQueryTag:
      OnQueried(tag.arg, std::get<OffsetResult>(body), env, out);
      return;
    case kMaxTag:
      Begin(tag.arg, std::get<OffsetResult>(body).offset, env, out);
      return;
    case kPullTag:
      OnPulled(tag.arg, std::get<PullMessageResult>(body), env, out);
      return;
    case kLockTag:
      OnLocked(tag.arg, std::get<LockBatchMqResult>(body), env, out);
      return;
    case kSendBackTag: {
      const bool stored = std::get<ConsumerSendMsgBackResult>(body).code == ResponseCode::kSuccess;
      if (stored) {
        Remove(tag.arg, env, out);
      } else {
        OnLost(tag, false, env, out);
      }
      return;
    }
  }
}

void Consumer::OnLost(Tag tag, bool, sim::Env& env, sim::Effects& out) {
  const ConsumerConfig& config = spec_->config;
  switch (static_cast<TagKind>(tag.kind)) {
    case kListTag:
    case kLockTag:
      out.SetTimer({kRebalance}, sim::Seconds(1));  // RebalanceService.minInterval
      return;
    case kQueryTag:
    case kMaxTag: {
      ProcessQueue* queue = Find(tag.arg);
      if (queue == nullptr) return;
      // #2708: before it, no answer was taken for no offset, which the broker corrects.
      if (!config.issue_2708) {
        out.Note("offset-unknown",
                 fmt::format("{} can't read the offset of {} and begins at 0", env.name(), LogName(queue->queue)));
        Begin(tag.arg, 0, env, out);
        return;
      }
      Drop(tag.arg, env, out);
      out.SetTimer({kRebalance}, sim::Seconds(1));
      return;
    }
    case kPullTag:
      if (ProcessQueue* queue = Find(tag.arg); queue != nullptr) {
        queue->pulling = false;
        EndPoll(queue, nullptr, out);
        PullLater(tag.arg, sim::Milliseconds(config.pull_time_delay_mills_when_exception), out);
      }
      return;
    case kSendBackTag:
      // It is tried again here, with the message still in its place: ConsumeMessageConcurrentlyService.
      // submitConsumeRequestLater.
      out.SetTimer({kRetryLocally, tag.arg}, sim::Seconds(5));
      return;
  }
}

void Consumer::OnRoute(const std::string& topic, sim::Env& env, sim::Effects& out) {
  if (!IsOwn(topic) || QueuesOf(topic).empty()) return;
  if (queues_.empty()) Rebalance(env, out);
}

void Consumer::OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  switch (static_cast<TimerKind>(timer.kind)) {
    case kStart:
      StartClient(topics_, env, out);
      out.SetTimer({kRebalance}, sim::Milliseconds(spec_->config.rebalance_wait_interval));
      out.SetTimer({kPersist}, sim::Milliseconds(spec_->config.persist_consumer_offset_interval));
      if (spec_->orderly) {
        out.SetTimer({kLockAll}, sim::Milliseconds(spec_->config.rebalance_lock_interval));
      } else {
        out.SetTimer({kConsumeTimeout}, sim::Seconds(spec_->config.consume_timeout * 60));
      }
      return;
    case kRebalance:
      out.SetTimer({kRebalance}, sim::Milliseconds(spec_->config.rebalance_wait_interval));
      Rebalance(env, out);
      return;
    case kPersist:
      for (const auto& [id, queue] : queues_) Persist(queue, out);
      out.SetTimer({kPersist}, sim::Milliseconds(spec_->config.persist_consumer_offset_interval));
      return;
    case kPull:
      Pull(timer.arg, out);
      return;
    case kProcessed:
      OnProcessed(timer.arg, env, out);
      return;
    case kRetryLocally:
      OnProcessed(timer.arg, env, out);
      return;
    case kConsumeTimeout:
      CleanExpired(env, out);
      return;
    case kLockAll:
      LockAll(env, out);
      out.SetTimer({kLockAll}, sim::Milliseconds(spec_->config.rebalance_lock_interval));
      return;
    case kMoved:
      if (const ProcessQueue* queue = Find(timer.arg); queue != nullptr) {
        offset_table_[queue->queue] = queue->moved_to;
        Drop(timer.arg, env, out);
        Rebalance(env, out);
      }
      return;
    case kResume:
      if (ProcessQueue* queue = Find(timer.arg); queue != nullptr) queue->suspended = false;
      Feed(env, out);
      return;
  }
}

std::string_view Consumer::ClientTimerName(uint32_t kind) const {
  switch (static_cast<TimerKind>(kind)) {
    case kStart:
      return "start";
    case kRebalance:
      return "rebalance";
    case kPersist:
      return "persist-consumer-offset";
    case kPull:
      return "pull-later";
    case kProcessed:
      return "processed";
    case kRetryLocally:
      return "consume-later";
    case kConsumeTimeout:
      return "clean-expired";
    case kLockAll:
      return "lock-all";
    case kMoved:
      return "offset-moved";
    case kResume:
      return "resume-queue";
  }
  return "?";
}

void Consumer::OnCommand(const Command& command, const sim::Received&, sim::Env& env, sim::Effects& out) {
  if (std::holds_alternative<NotifyConsumerIdsChanged>(command.body)) Rebalance(env, out);
}

// DefaultMQPushConsumerImpl.shutdown
void Consumer::OnStop(sim::Env& env, sim::Effects& out) {
  std::vector<int64_t> all;
  for (const auto& [id, queue] : queues_) all.push_back(id);
  for (int64_t id : all) Drop(id, env, out);
  for (sim::NodeId broker : AllBrokers(false)) SendOneWay(broker, UnregisterClient{std::string(env.name())}, out);
  out.Exit();
}

bool Consumer::OnOperation(const sim::Operation& operation, sim::Env&, sim::Effects&) {
  if (operation.name != "slow_consumer") return false;
  slow_.reset();
  if (operation.begins) slow_ = operation.distribution;
  return true;
}

void Consumer::Describe(sim::Describer& d) const {
  for (const auto& [queue, id] : ids_) {
    const ProcessQueue& process = queues_.at(id);
    d.Set(LogName(queue), ".next", process.next_offset);
    d.Set(LogName(queue), ".cached", static_cast<int64_t>(process.messages.size()));
    if (spec_->orderly) d.Set(LogName(queue), ".locked", process.locked ? "true" : "false");
  }
}

}  // namespace brokersim::rocketmq
