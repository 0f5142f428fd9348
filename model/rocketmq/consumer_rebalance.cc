// Which queues a consumer has, where it begins in them, and the locks of an orderly one.
#include <algorithm>
#include <utility>

#include "model/rocketmq/consumer.h"

namespace brokersim::rocketmq {
namespace {

constexpr sim::Duration kApiTimeout = sim::Seconds(5);   // RemoteBrokerOffsetStore, MQAdminImpl
constexpr sim::Duration kLockTimeout = sim::Seconds(1);  // MQClientAPIImpl.lockBatchMQ
// RebalanceImpl: rocketmq.client.rebalance.lockMaxLiveTime
constexpr sim::Duration kLockMaxLive = sim::Seconds(30);

}  // namespace

// RebalanceImpl.doRebalance: each topic for itself, by what a broker that has it says of the group.
void Consumer::Rebalance(sim::Env& env, sim::Effects& out) {
  for (size_t i = 0; i < topics_.size(); ++i) {
    const std::vector<MessageQueue> queues = QueuesOf(topics_[i]);
    if (queues.empty()) continue;
    // findBrokerAddrByTopic draws one of the brokers.
    const auto at = env.Random("rebalance").Below(queues.size());
    const sim::NodeId broker = BrokerOf(queues[at].broker_name, true);
    if (!broker.valid()) continue;
    Send(broker, GetConsumerList{spec_->config.consumer_group}, Tag{kListTag, static_cast<int64_t>(i)}, kApiTimeout,
         out);
  }
}

// AllocateMessageQueueAveragely
std::vector<MessageQueue> Consumer::Share(std::vector<MessageQueue> queues, const std::vector<std::string>& clients,
                                          std::string_view self) const {
  const auto found = std::find(clients.begin(), clients.end(), self);
  if (found == clients.end()) return {};
  const auto index = static_cast<size_t>(found - clients.begin());
  const size_t mod = queues.size() % clients.size();
  const size_t average = queues.size() <= clients.size() ? 1
                         : mod > 0 && index < mod        ? queues.size() / clients.size() + 1
                                                         : queues.size() / clients.size();
  const size_t start = mod > 0 && index < mod ? index * average : index * average + mod;
  if (start >= queues.size()) return {};
  const size_t end = std::min(start + average, queues.size());
  return {queues.begin() + static_cast<int64_t>(start), queues.begin() + static_cast<int64_t>(end)};
}

// RebalanceImpl.rebalanceByTopic, updateProcessQueueTableInRebalance
void Consumer::OnConsumerList(int64_t topic, const GetConsumerListResult& result, sim::Env& env, sim::Effects& out) {
  const std::string& name = topics_[static_cast<size_t>(topic)];
  const std::vector<MessageQueue> mine = Share(QueuesOf(name), result.client_ids, env.name());
  std::vector<int64_t> lost;
  for (const auto& [queue, id] : ids_) {
    if (queue.topic != name || std::find(mine.begin(), mine.end(), queue) != mine.end()) continue;
    // An orderly queue whose message is in process is kept until that is over (removeUnnecessaryMessageQueue).
    const bool busy = spec_->orderly && std::any_of(tasks_.begin(), tasks_.end(),
                                                    [id = id](const auto& task) { return task.second.queue == id; });
    if (!busy) lost.push_back(id);
  }
  bool changed = !lost.empty();
  for (int64_t id : lost) Drop(id, env, out);
  for (const MessageQueue& queue : mine) {
    if (ids_.contains(queue)) continue;
    AddQueue(queue, env, out);
    changed = true;
  }
  if (changed && IsOwn(name)) RecordAssignment(out);
}

void Consumer::RecordAssignment(sim::Effects& out) {
  formats::Operation operation;
  operation.set_f("assign");
  formats::Assign* assign = operation.add_actions()->mutable_assign();
  assign->set_group(spec_->config.consumer_group);
  for (const auto& [queue, id] : ids_) {
    if (!IsOwn(queue.topic)) continue;
    formats::Position* position = assign->add_positions();
    position->set_log(LogName(queue));
    position->set_offset(queues_.at(id).ready ? queues_.at(id).next_offset : -1);
  }
  const sim::OpId op = out.Invoke(operation);
  operation.set_type(formats::Operation::OK);
  out.Complete(op, std::move(operation));
}

// removeUnnecessaryMessageQueue: what was committed so far is persisted, what is in process goes on and counts no more.
void Consumer::Drop(int64_t id, sim::Env& env, sim::Effects& out) {
  const auto found = queues_.find(id);
  ProcessQueue queue = std::move(found->second);
  if (queue.pulling) EndPoll(&queue, nullptr, out);
  Persist(queue, out);
  offset_table_.erase(queue.queue);
  // Also if the answer to its request for the lock is still on its way.
  if (spec_->orderly && IsOwn(queue.queue.topic)) {
    const sim::NodeId broker = BrokerOf(queue.queue.broker_name, false);
    UnlockBatchMq unlock{spec_->config.consumer_group, std::string(env.name()), {queue.queue}};
    if (broker.valid()) SendOneWay(broker, std::move(unlock), out);
  }
  ids_.erase(queue.queue);
  queues_.erase(found);
  std::erase_if(ready_, [id](const auto& each) { return each.first == id; });
  out.Note("rebalance", fmt::format("{} gives up {}", env.name(), LogName(queue.queue)));
}

void Consumer::AddQueue(const MessageQueue& queue, sim::Env& env, sim::Effects& out) {
  const int64_t id = next_queue_++;
  ProcessQueue process;
  process.queue = queue;
  queues_.emplace(id, std::move(process));
  ids_.emplace(queue, id);
  out.Note("rebalance", fmt::format("{} takes {}", env.name(), LogName(queue)));
  if (spec_->orderly && IsOwn(queue.topic)) {
    Lock(id, env, out);
  } else {
    QueryOffset(id, env, out);
  }
}

// RebalancePushImpl.computePullFromWhereWithException
void Consumer::QueryOffset(int64_t id, sim::Env& env, sim::Effects& out) {
  const MessageQueue& queue = queues_.at(id).queue;
  const sim::NodeId broker = BrokerOf(queue.broker_name, true);
  if (!broker.valid()) {
    OnLost(Tag{kQueryTag, id}, false, env, out);
    return;
  }
  Send(broker, QueryConsumerOffset{spec_->config.consumer_group, queue.topic, queue.queue_id}, Tag{kQueryTag, id},
       kApiTimeout, out);
}

void Consumer::OnQueried(int64_t id, const OffsetResult& result, sim::Env& env, sim::Effects& out) {
  const ProcessQueue* process = Find(id);
  if (process == nullptr) return;
  if (result.code == ResponseCode::kSuccess) {
    Begin(id, result.offset, env, out);
    return;
  }
  const MessageQueue& queue = process->queue;
  const bool from_last = spec_->config.consume_from_where == "CONSUME_FROM_LAST_OFFSET" && IsOwn(queue.topic);
  const sim::NodeId broker = BrokerOf(queue.broker_name, true);
  if (!from_last) {
    Begin(id, 0, env, out);
  } else if (!broker.valid()) {
    OnLost(Tag{kMaxTag, id}, false, env, out);
  } else {
    Send(broker, GetMaxOffset{queue.topic, queue.queue_id}, Tag{kMaxTag, id}, kApiTimeout, out);
  }
}

void Consumer::Begin(int64_t id, int64_t offset, sim::Env&, sim::Effects& out) {
  ProcessQueue* queue = Find(id);
  if (queue == nullptr) return;
  queue->ready = true;
  queue->next_offset = offset;
  queue->max_offset = offset - 1;
  Pull(id, out);
}

// RebalanceImpl.lock
void Consumer::Lock(int64_t id, sim::Env& env, sim::Effects& out) {
  const MessageQueue& queue = queues_.at(id).queue;
  const sim::NodeId broker = BrokerOf(queue.broker_name, false);
  if (!broker.valid()) return;  // LockAll tries again
  Send(broker, LockBatchMq{spec_->config.consumer_group, std::string(env.name()), {queue}}, Tag{kLockTag, id},
       kLockTimeout, out);
}

void Consumer::OnLocked(int64_t id, const LockBatchMqResult& result, sim::Env& env, sim::Effects& out) {
  ProcessQueue* queue = Find(id);
  if (queue == nullptr) return;
  const bool locked = !result.locked.empty();
  if (!locked && !queue->ready) {
    // Nobody pulls what isn't locked: the next rebalance tries again.
    Drop(id, env, out);
    out.SetTimer({kRebalance}, sim::Seconds(1));
    return;
  }
  queue->locked = locked;
  if (locked) queue->last_lock = env.monotonic();
  if (!queue->ready) {
    QueryOffset(id, env, out);
  } else {
    Feed(env, out);
  }
}

// RebalanceImpl.lockAll: a lock that is older than 30 s isn't believed any more.
void Consumer::LockAll(sim::Env& env, sim::Effects& out) {
  for (auto& [id, queue] : queues_) {
    if (!IsOwn(queue.queue.topic)) continue;
    if (env.monotonic() - queue.last_lock > kLockMaxLive) queue.locked = false;
    Lock(id, env, out);
  }
}

}  // namespace brokersim::rocketmq
