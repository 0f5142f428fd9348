// Producer: an application thread that sends one message after the other, and, with a local transaction, what it does
// in its database. (DefaultMQProducerImpl.java, TransactionMQProducer.java)
//
// Each attempt to send is an operation of the history: a retry goes to another queue, and may leave two copies.
#ifndef BROKERSIM_MODEL_ROCKETMQ_PRODUCER_H_
#define BROKERSIM_MODEL_ROCKETMQ_PRODUCER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/app/database.h"
#include "model/rocketmq/client.h"
#include "sim/random/distributions.h"

namespace brokersim::rocketmq {

enum class SendMode { kSync, kAsync, kOneWay };

// What checkLocalTransaction says of a message whose row isn't there.
enum class AbsentRow { kRollback, kUnknowWhileRunning, kUnknow };

struct TransactionSpec {
  // Time that the local transaction takes, from the half message's acknowledgement to the insert.
  sim::Distribution local;
  // How likely the application decides against it: nothing is inserted.
  sim::Ratio rollback;
  AbsentRow absent_row = AbsentRow::kUnknowWhileRunning;
  // CHECK_IMMUNITY_TIME_IN_SECONDS of the messages; -1: not set.
  int64_t check_immunity_s = -1;
};

struct ProducerSpec {
  ProducerConfig config;
  std::string topic;
  SendMode mode = SendMode::kSync;
  int64_t messages = 0;  // 0: until `stop`
  sim::Distribution interval;
  sim::Time start;
  std::optional<sim::Time> stop;
  int64_t keys = 0;         // different keys, which choose queues; 0: queues take turns
  int32_t delay_level = 0;
  sim::Duration delay;  // that the application means by it
  std::vector<std::string> tags;  // taken in turn
  // The application takes every status for success (FLUSH_SLAVE_TIMEOUT and the like).
  bool any_status_is_success = false;
  std::optional<TransactionSpec> transaction;
};

class Producer final : public Client {
 public:
  Producer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ProducerSpec> spec, sim::Env& env,
           sim::Effects& out);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Producer>(*this); }
  void OnStop(sim::Env& env, sim::Effects& out) override;
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
  enum TimerKind : uint32_t { kStart = kFirstTimer, kNext, kLocalWork, kDatabaseTimeout };
  enum TagKind : int { kSendTag = kFirstTag };  // arg: number of the message

  // A message on its way.
  struct Sending {
    Message message;
    MessageQueue queue;
    sim::OpId op;
    sim::OpId transaction_op;
    int64_t attempts = 0;
    sim::Time begun;
    std::string last_broker;
  };
  // What waits for an answer of the database.
  struct Asked {
    bool insert = false;
    EndTransaction decision;    // what is sent, its state filled in
    sim::NodeId broker;
    int64_t number = 0;         // of the message, if this producer runs its local transaction
  };

  // ---- producer.cc
  void ScheduleNext(sim::Env& env, sim::Effects& out);
  void Begin(sim::Env& env, sim::Effects& out);
  Message Make(int64_t number, sim::Env& env) const;
  // Another attempt, if there may be one; else the message fails.
  void Attempt(int64_t number, sim::Env& env, sim::Effects& out);
  bool ChooseQueue(Sending* sending, sim::Env& env);
  void CompleteAttempt(const Sending& sending, formats::Operation::Type type, std::string_view error, int64_t offset,
                       sim::Effects& out);
  void OnSendResult(int64_t number, const SendMessageResult& result, sim::Env& env, sim::Effects& out);
  // The application goes on with its next message.
  void Done(int64_t number, sim::Env& env, sim::Effects& out);
  int64_t AttemptsAllowed() const;

  // ---- producer_transactions.cc
  void BeginLocalTransaction(int64_t number, const SendMessageResult& half, sim::Env& env, sim::Effects& out);
  void Insert(int64_t number, sim::Env& env, sim::Effects& out);
  void End(const EndTransaction& decision, sim::NodeId broker, sim::Effects& out);
  void FinishTransaction(int64_t number, TransactionState state, sim::Env& env, sim::Effects& out);
  void Check(const CheckTransactionState& check, sim::NodeId broker, sim::Effects& out);
  void Ask(sim::MessageRef question, int64_t id, Asked asked, sim::Effects& out);
  void OnDatabaseLost(int64_t id, sim::Env& env, sim::Effects& out);

  std::shared_ptr<const ProducerSpec> spec_;
  std::string prefix_;
  int64_t made_ = 0;
  int64_t next_queue_ = -1;  // ThreadLocalIndex; -1: not drawn yet
  bool waits_for_route_ = false;
  bool due_ = false;  // the next message's time came while one was on its way
  absl::btree_map<int64_t, Sending> sending_;
  absl::btree_map<int64_t, std::pair<EndTransaction, sim::NodeId>> local_;  // local transactions that run, by message
  sim::ConnId database_;
  int64_t next_question_ = 1;
  absl::btree_map<int64_t, Asked> asked_;
};

using ProducerFactory = ClientFactory<Producer, ProducerSpec>;

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_PRODUCER_H_
