// Producers and consumers that a broker knows by their heartbeats, and the locks of orderly consumers.
#include <algorithm>

#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

// ProducerManager, ConsumerManager: CHANNEL_EXPIRED_TIMEOUT.
constexpr sim::Duration kChannelExpired = sim::Seconds(120);
// RebalanceLockManager: rocketmq.broker.rebalance.lockMaxLiveTime.
constexpr sim::Duration kLockMaxLive = sim::Seconds(60);

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
void Broker::OnLock(const LockBatchMq& request, sim::ConnId conn, int32_t opaque, sim::Env& env, sim::Effects& out) {
  LockBatchMqResult result;
  for (const MessageQueue& queue : request.queues) {
    QueueLock& lock = locks_[{request.consumer_group, queue}];
    const bool expired = env.monotonic() - lock.last_update > kLockMaxLive;
    if (!lock.client_id.empty() && lock.client_id != request.client_id && !expired) continue;
    if (lock.client_id != request.client_id) {
      out.Note("queue-lock",
               fmt::format("{} holds {} for group {}", request.client_id, LogName(queue), request.consumer_group));
    }
    lock = {request.client_id, env.monotonic()};
    result.locked.push_back(queue);
  }
  Reply(conn, opaque, std::move(result), out);
}

void Broker::OnUnlock(const UnlockBatchMq& request) {
  for (const MessageQueue& queue : request.queues) {
    const auto found = locks_.find({request.consumer_group, queue});
    if (found != locks_.end() && found->second.client_id == request.client_id) locks_.erase(found);
  }
}

}  // namespace brokersim::rocketmq
