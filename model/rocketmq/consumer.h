// Consumer: a push consumer and its listener. It pulls each of its queues ahead of the listener, and commits behind it.
// (DefaultMQPushConsumerImpl.java, RebalanceImpl.java, ProcessQueue.java, ConsumeMessageConcurrentlyService.java,
// ConsumeMessageOrderlyService.java, RemoteBrokerOffsetStore.java)
//
// Code by subject: consumer.cc (life, pulls), consumer_rebalance.cc (queues, where they begin, locks),
// consumer_listener.cc (processing, effects, failures, offsets).
#ifndef BROKERSIM_MODEL_ROCKETMQ_CONSUMER_H_
#define BROKERSIM_MODEL_ROCKETMQ_CONSUMER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/app/ledger.h"
#include "model/rocketmq/client.h"
#include "sim/random/distributions.h"

namespace brokersim::rocketmq {

struct ConsumerSpec {
  ConsumerConfig config;
  std::vector<std::string> topics;
  // Tags "a || b"; empty: all.
  std::string expression;
  // MessageListenerOrderly: a queue's messages one after the other, by the holder of its lock.
  bool orderly = false;
  // Time to process a message, before its effect.
  sim::Distribution processing;
  // How likely processing fails.
  sim::Ratio failure;
  // Where effects take place; invalid: processing has none.
  sim::NodeId ledger;
  bool idempotent_effects = false;
  sim::Time start;
};

class Consumer final : public Client {
 public:
  Consumer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ConsumerSpec> spec, sim::Env& env,
           sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Consumer>(*this); }
  void OnStop(sim::Env& env, sim::Effects& out) override;
  bool OnOperation(const sim::Operation& operation, sim::Env& env, sim::Effects& out) override;
  void Describe(sim::Describer& d) const override;

 protected:
  void OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) override;
  void OnLost(Tag tag, bool timed_out, sim::Env& env, sim::Effects& out) override;
  void OnRoute(const std::string& topic, sim::Env& env, sim::Effects& out) override;
  void OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) override;
  std::string_view ClientTimerName(uint32_t kind) const override;
  void OnCommand(const Command& command, const sim::Received& from, sim::Env& env, sim::Effects& out) override;
  void OnOtherMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnOtherDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) override;

 private:
  enum TimerKind : uint32_t {
    kStart = kFirstTimer,
    kRebalance,
    kPersist,
    kPull,       // arg: id of the process queue
    kProcessed,  // arg: number of the task
    kRetryLocally,
    kConsumeTimeout,
    kLockAll,
    kMoved,      // an offset was illegal: arg: id of the process queue
    kResume,     // an orderly queue goes on: arg: its id
  };
  enum TagKind : int {
    kListTag = kFirstTag,  // arg: index of the topic
    kQueryTag,             // arg: id of the process queue, as of the following
    kMaxTag,
    kPullTag,
    kLockTag,
    kSendBackTag,          // arg: number of the task
  };

  struct Cached {
    StoredMessage message;
    bool taken = false;    // by the listener
    sim::Time begun;
    int32_t failures = 0;  // of an orderly listener, which tries again in place
  };
  struct ProcessQueue {
    MessageQueue queue;
    bool ready = false;    // it is known where to begin
    bool pulling = false;
    bool locked = false;   // orderly: by this client, as far as it knows ...
    sim::Time last_lock;   // ... since
    bool suspended = false;
    int64_t next_offset = 0;
    int64_t max_offset = -1;  // queueOffsetMax: the highest that was ever cached
    sim::OpId poll;           // while it pulls
    int64_t moved_to = -1;    // an illegal offset is to be corrected to this
    absl::btree_map<int64_t, Cached> messages;
  };
  // A thread at work. It has the message whatever becomes of its queue.
  struct Task {
    int64_t queue = 0;  // id of the process queue
    MessageQueue from;
    StoredMessage message;
    int64_t offset() const { return message->value().queue_offset; }
  };

  // ---- consumer.cc
  ProcessQueue* Find(int64_t id);
  void Pull(int64_t id, sim::Effects& out);
  void PullLater(int64_t id, sim::Duration after, sim::Effects& out) { out.SetTimer({kPull, id}, after); }
  void OnPulled(int64_t id, const PullMessageResult& result, sim::Env& env, sim::Effects& out);
  void BeginPoll(ProcessQueue* queue, sim::Effects& out) const;
  void EndPoll(ProcessQueue* queue, const PullMessageResult* result, sim::Effects& out) const;
  bool IsOwn(const std::string& topic) const;  // a topic that was subscribed to, not the retry topic

  // ---- consumer_rebalance.cc
  void Rebalance(sim::Env& env, sim::Effects& out);
  void OnConsumerList(int64_t topic, const GetConsumerListResult& result, sim::Env& env, sim::Effects& out);
  void Drop(int64_t id, sim::Env& env, sim::Effects& out);
  void AddQueue(const MessageQueue& queue, sim::Env& env, sim::Effects& out);
  void QueryOffset(int64_t id, sim::Env& env, sim::Effects& out);
  void OnQueried(int64_t id, const OffsetResult& result, sim::Env& env, sim::Effects& out);
  void Begin(int64_t id, int64_t offset, sim::Env& env, sim::Effects& out);
  void Lock(int64_t id, sim::Env& env, sim::Effects& out);
  void OnLocked(int64_t id, const LockBatchMqResult& result, sim::Env& env, sim::Effects& out);
  void LockAll(sim::Env& env, sim::Effects& out);
  void RecordAssignment(sim::Effects& out);
  std::vector<MessageQueue> Share(std::vector<MessageQueue> queues, const std::vector<std::string>& clients,
                                  std::string_view self) const;

  // ---- consumer_listener.cc
  // Hands messages to free threads.
  void Feed(sim::Env& env, sim::Effects& out);
  void Take(int64_t id, int64_t offset, sim::Env& env, sim::Effects& out);
  void OnProcessed(int64_t number, sim::Env& env, sim::Effects& out);
  void SendEffect(int64_t number, sim::Effects& out);
  void Fail(int64_t number, sim::Env& env, sim::Effects& out);
  void SendBack(int64_t number, sim::Env& env, sim::Effects& out);
  // The message is dealt with: its place is free, and the offset to commit follows.
  void Remove(int64_t number, sim::Env& env, sim::Effects& out);
  void CleanExpired(sim::Env& env, sim::Effects& out);
  void Persist(const ProcessQueue& queue, sim::Effects& out);
  int64_t CommittedOffset(const ProcessQueue& queue) const;
  int64_t MaxReconsumeTimes() const;

  std::shared_ptr<const ConsumerSpec> spec_;
  std::vector<std::string> topics_;  // subscribed, then the retry topic
  int64_t next_queue_ = 1;
  absl::btree_map<int64_t, ProcessQueue> queues_;      // by id
  absl::btree_map<MessageQueue, int64_t> ids_;
  absl::btree_map<MessageQueue, int64_t> offset_table_; // to commit
  int64_t next_task_ = 1;
  absl::btree_map<int64_t, Task> tasks_;                // threads at work
  std::deque<std::pair<int64_t, int64_t>> ready_;       // queue id and offset, waiting for a thread
  absl::btree_set<int64_t> applying_;                   // tasks that wait for the ledger
  sim::ConnId ledger_;
  std::optional<sim::Distribution> slow_;
};

using ConsumerFactory = ClientFactory<Consumer, ConsumerSpec>;

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_CONSUMER_H_
