// Producers and consumers that a broker knows by their heartbeats, and the locks of orderly consumers.
#include <algorithm>

#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

// ProducerManager, ConsumerManager: CHANNEL_EXPIRED_TIMEOUT.
constexpr sim::Duration kChannelExpired = sim::Seconds(120);
// RebalanceLockManager: rocketmq.broker.rebalance.lockMaxLiveTime.
constexpr sim::Duration kLockMaxLive = sim::Seconds(60);
constexpr sim::Duration kLockPatience = sim::Seconds(1);  // of a broker with the others of its group

}  // namespace

// ClientManageProcessor.heartBeat
void Broker::OnHeartbeat(const Heartbeat& heartbeat, sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  const auto keep = [&](std::vector<Client>* clients) {
    for (Client& client : *clients) {
      if (client.id != heartbeat.client_id) continue;
      client.conn = conn;
      client.last_update = env.monotonic();
      return false;
    }
    clients->push_back({heartbeat.client_id, conn, env.monotonic()});
    // Each id once: no two are equal.
    std::sort(clients->begin(), clients->end(), [](const Client& a, const Client& b) { return a.id < b.id; });
    return true;
  };
  if (!heartbeat.producer_group.empty()) keep(&producers_[heartbeat.producer_group]);
  if (heartbeat.consumer_group.empty()) return;
  if (keep(&consumers_[heartbeat.consumer_group])) NotifyConsumers(heartbeat.consumer_group, out);
}

void Broker::OnUnregister(const UnregisterClient& request, sim::Effects& out) {
  const auto is_he = [&](const Client& client) { return client.id == request.client_id; };
  for (auto& [group, clients] : producers_) std::erase_if(clients, is_he);
  for (auto& [group, clients] : consumers_) {
    if (std::erase_if(clients, is_he) > 0) NotifyConsumers(group, out);
  }
}

// ClientHousekeepingService.onChannelClose
void Broker::ForgetClients(sim::ConnId conn, sim::Effects& out) {
  const auto uses = [conn](const Client& client) { return client.conn == conn; };
  for (auto& [group, clients] : producers_) std::erase_if(clients, uses);
  for (auto& [group, clients] : consumers_) {
    if (std::erase_if(clients, uses) > 0) NotifyConsumers(group, out);
  }
}

void Broker::OnScanClients(sim::Env& env, sim::Effects& out) {
  const auto expired = [&](const Client& client) { return env.monotonic() - client.last_update > kChannelExpired; };
  for (auto& [group, clients] : producers_) std::erase_if(clients, expired);
  for (auto& [group, clients] : consumers_) {
    if (std::erase_if(clients, expired) > 0) NotifyConsumers(group, out);
  }
}

void Broker::NotifyConsumers(const std::string& group, sim::Effects& out) {
  for (const Client& client : consumers_[group]) Tell(client.conn, NotifyConsumerIdsChanged{group}, out);
}

void Broker::OnGetConsumerList(const GetConsumerList& request, sim::ConnId conn, int32_t opaque,
                               sim::Effects& out) const {
  GetConsumerListResult result;
  result.consumer_group = request.consumer_group;
  const auto found = consumers_.find(request.consumer_group);
  if (found != consumers_.end()) {
    for (const Client& client : found->second) result.client_ids.push_back(client.id);
  }
  Reply(conn, opaque, std::move(result), out);
}

// RebalanceLockManager.tryLockBatch
std::vector<MessageQueue> Broker::TryLock(const LockBatchMq& request, sim::Env& env, sim::Effects& out) {
  std::vector<MessageQueue> locked;
  for (const MessageQueue& queue : request.queues) {
    QueueLock& lock = locks_[{request.consumer_group, queue}];
    const bool expired = env.monotonic() - lock.last_update > kLockMaxLive;
    if (!lock.client_id.empty() && lock.client_id != request.client_id && !expired) continue;
    if (lock.client_id != request.client_id) {
      out.Note("queue-lock",
               fmt::format("{} holds {} for group {}", request.client_id, LogName(queue), request.consumer_group));
    }
    lock = {request.client_id, env.monotonic()};
    locked.push_back(queue);
  }
  return locked;
}

// AdminBrokerProcessor.lockBatchMQ
void Broker::OnLock(const LockBatchMq& request, sim::ConnId conn, int32_t opaque, sim::Env& env, sim::Effects& out) {
  LockBatchMqResult result{TryLock(request, env, out)};
  if (request.only_this_broker || !config_.lock_in_strict_mode || LockQuorum() <= 1) {
    Reply(conn, opaque, std::move(result), out);
    return;
  }
  const int64_t number = next_strict_lock_++;
  StrictLock& lock = strict_locks_[number];
  lock.conn = conn;
  lock.opaque = opaque;
  for (const MessageQueue& queue : result.locked) lock.votes[queue] = 1;
  LockBatchMq question = request;
  question.queues = std::move(result.locked);
  question.only_this_broker = true;
  for (const BrokerAddress& member : members_) {
    if (member.broker_id == broker_id_) continue;
    ++lock.open;
    remoting_.Send(sim::NodeId{member.node}, question, Tag{kStrictLockTag, number}, kLockPatience, out);
  }
  if (lock.open == 0) OnStrictLock(number, nullptr, out);
}

// A member's answer; null: there is none. The last one settles it.
void Broker::OnStrictLock(int64_t number, const LockBatchMqResult* answer, sim::Effects& out) {
  const auto found = strict_locks_.find(number);
  if (found == strict_locks_.end()) return;
  StrictLock& lock = found->second;
  if (answer != nullptr) {
    for (const MessageQueue& queue : answer->locked) ++lock.votes[queue];
  }
  if (--lock.open > 0) return;
  LockBatchMqResult result;
  for (const auto& [queue, votes] : lock.votes) {
    if (votes >= LockQuorum()) result.locked.push_back(queue);
  }
  Reply(lock.conn, lock.opaque, std::move(result), out);
  strict_locks_.erase(found);
}

void Broker::OnUnlock(const UnlockBatchMq& request, sim::Effects& out) {
  for (const MessageQueue& queue : request.queues) {
    const auto found = locks_.find({request.consumer_group, queue});
    if (found != locks_.end() && found->second.client_id == request.client_id) locks_.erase(found);
  }
  if (request.only_this_broker || !config_.lock_in_strict_mode) return;
  UnlockBatchMq order = request;
  order.only_this_broker = true;
  for (const BrokerAddress& member : members_) {
    if (member.broker_id != broker_id_) remoting_.SendOneWay(sim::NodeId{member.node}, order, out);
  }
}

}  // namespace brokersim::rocketmq
