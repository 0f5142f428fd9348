// The listener: messages in process, what becomes of those that fail, and the offsets that follow.
#include <algorithm>
#include <utility>

#include "model/rocketmq/consumer.h"

namespace brokersim::rocketmq {

int64_t Consumer::MaxReconsumeTimes() const {
  if (spec_->config.max_reconsume_times >= 0) return spec_->config.max_reconsume_times;
  return spec_->orderly ? INT32_MAX : 16;
}

void Consumer::Feed(sim::Env& env, sim::Effects& out) {
  const int64_t threads = spec_->config.consume_thread_max;
  if (!spec_->orderly) {
    while (!ready_.empty() && static_cast<int64_t>(tasks_.size()) < threads) {
      const auto [id, offset] = ready_.front();
      ready_.pop_front();
      Take(id, offset, env, out);
    }
    return;
  }
  // ConsumeMessageOrderlyService: of each queue its first message, by the holder of its lock.
  for (const auto& [id, queue] : queues_) {
    if (static_cast<int64_t>(tasks_.size()) >= threads) return;
    if (queue.messages.empty() || queue.suspended || queue.messages.begin()->second.taken) continue;
    const bool may = queue.locked && env.monotonic() - queue.last_lock <= sim::Seconds(30);
    if (may || !IsOwn(queue.queue.topic)) Take(id, queue.messages.begin()->first, env, out);
  }
}

void Consumer::Take(int64_t id, int64_t offset, sim::Env& env, sim::Effects& out) {
  ProcessQueue* queue = Find(id);
  if (queue == nullptr) return;
  const auto cached = queue->messages.find(offset);
  if (cached == queue->messages.end()) return;
  cached->second.taken = true;
  cached->second.begun = env.monotonic();
  const int64_t number = next_task_++;
  tasks_.emplace(number, Task{id, queue->queue, cached->second.message});
  sim::Duration takes = spec_->processing.Sample(env.Random("processing"));
  if (slow_.has_value()) takes = takes + slow_->Sample(env.Random("slow"));
  out.SetTimer({kProcessed, number}, takes);
}

void Consumer::OnProcessed(int64_t number, sim::Env& env, sim::Effects& out) {
  if (!tasks_.contains(number)) return;
  if (env.Random("failure").Chance(spec_->failure)) {
    Fail(number, env, out);
  } else if (spec_->ledger.valid()) {
    SendEffect(number, out);
  } else {
    Remove(number, env, out);
  }
}

// The message's effect goes to the ledger, which answers when it has taken place. That its queue was dropped meanwhile
// doesn't stop a thread.
void Consumer::SendEffect(int64_t number, sim::Effects& out) {
  const Task& task = tasks_.at(number);
  const Message& m = task.message->value();
  if (!ledger_.valid()) ledger_ = out.Connect(spec_->ledger);
  applying_.insert(number);
  out.Send(ledger_, sim::MakePayload(app::ApplyEffect{number, spec_->config.consumer_group, LogName(task.from),
                                                      m.queue_offset, m.body, spec_->idempotent_effects}));
}

void Consumer::OnOtherMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* applied = message.payload.As<app::EffectApplied>();
  CHECK(applied != nullptr, "{} got a {}", env.name(), message.payload.name());
  if (applying_.erase(applied->number) > 0) Remove(applied->number, env, out);
}

// Whether the effect took place isn't known: the listener throws.
void Consumer::OnOtherDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (conn != ledger_) return;
  ledger_ = sim::ConnId{};
  for (int64_t number : std::exchange(applying_, {})) Fail(number, env, out);
}

// RECONSUME_LATER, SUSPEND_CURRENT_QUEUE_A_MOMENT
void Consumer::Fail(int64_t number, sim::Env& env, sim::Effects& out) {
  const auto task = tasks_.find(number);
  if (task == tasks_.end()) return;
  ProcessQueue* queue = Find(task->second.queue);
  if (queue == nullptr || !queue->messages.contains(task->second.offset())) {
    tasks_.erase(task);  // "dropped without process consume result"
    return;
  }
  Cached& cached = queue->messages.at(task->second.offset());
  if (!spec_->orderly || cached.failures >= MaxReconsumeTimes()) {
    SendBack(number, env, out);
    return;
  }
  ++cached.failures;
  cached.taken = false;
  queue->suspended = true;
  const int64_t id = task->second.queue;
  tasks_.erase(task);
  out.SetTimer({kResume, id}, sim::Milliseconds(spec_->config.suspend_current_queue_time_millis));
}

void Consumer::SendBack(int64_t number, sim::Env& env, sim::Effects& out) {
  const Task& task = tasks_.at(number);
  const sim::NodeId broker = BrokerOf(task.from.broker_name, false);
  if (!broker.valid()) {
    OnLost(Tag{kSendBackTag, number}, false, env, out);
    return;
  }
  ConsumerSendMsgBack back;
  back.consumer_group = spec_->config.consumer_group;
  back.commit_log_offset = task.message->value().phy_offset;
  back.max_reconsume_times = static_cast<int32_t>(MaxReconsumeTimes());
  if (spec_->orderly) back.delay_level = -1;  // it has been tried often enough
  Send(broker, back, Tag{kSendBackTag, number}, sim::Seconds(5), out);
}

// ProcessQueue.removeMessage: the offset to commit is that of the first message still in process.
void Consumer::Remove(int64_t number, sim::Env& env, sim::Effects& out) {
  const auto task = tasks_.find(number);
  if (task == tasks_.end()) return;
  ProcessQueue* queue = Find(task->second.queue);
  if (queue != nullptr) {
    queue->messages.erase(task->second.offset());
    int64_t& offset = offset_table_.try_emplace(queue->queue, -1).first->second;
    offset = std::max(offset, CommittedOffset(*queue));
  }
  tasks_.erase(task);
  Feed(env, out);
}

int64_t Consumer::CommittedOffset(const ProcessQueue& queue) const {
  return queue.messages.empty() ? queue.max_offset + 1 : queue.messages.begin()->first;
}

// ProcessQueue.cleanExpiredMsg: what has been in process for too long is sent back and forgotten; its thread goes on.
void Consumer::CleanExpired(sim::Env& env, sim::Effects& out) {
  const sim::Duration limit = sim::Seconds(spec_->config.consume_timeout * 60);
  out.SetTimer({kConsumeTimeout}, limit);
  for (const auto& [id, queue] : queues_) {
    if (queue.messages.empty()) continue;
    const auto first = queue.messages.begin();
    if (!first->second.taken || env.monotonic() - first->second.begun <= limit) continue;
    out.Note("expired", fmt::format("{} has processed \"{}\" for more than consumeTimeout: it is sent back", env.name(),
                                    first->second.message->value().body));
    const int64_t number = next_task_++;
    tasks_.emplace(number, Task{id, queue.queue, first->second.message});
    SendBack(number, env, out);
  }
}

// RemoteBrokerOffsetStore.persist
void Consumer::Persist(const ProcessQueue& queue, sim::Effects& out) {
  const auto at = offset_table_.find(queue.queue);
  const sim::NodeId broker = BrokerOf(queue.queue.broker_name, true);
  if (at == offset_table_.end() || at->second < 0 || !broker.valid()) return;
  SendOneWay(broker,
             UpdateConsumerOffset{spec_->config.consumer_group, queue.queue.topic, queue.queue.queue_id, at->second},
             out);
}

}  // namespace brokersim::rocketmq
