// The local transaction of a half message: a row in the database, and what the broker is told of it.
#include <utility>

#include "model/rocketmq/producer.h"

namespace brokersim::rocketmq {
namespace {

// The database's client gives up after this time: ours.
constexpr sim::Duration kDatabasePatience = sim::Seconds(5);

}  // namespace

// DefaultMQProducerImpl.sendMessageInTransaction: what isn't SEND_OK is rolled back.
void Producer::BeginLocalTransaction(int64_t number, const SendMessageResult& half, sim::Env& env, sim::Effects& out) {
  const Sending& sending = sending_.at(number);
  EndTransaction decision;
  decision.producer_group = spec_->config.producer_group;
  decision.tran_state_table_offset = half.queue_offset;
  decision.commit_log_offset = half.commit_log_offset;
  decision.unique_key = sending.message.unique_key;
  local_.insert_or_assign(number, std::make_pair(decision, BrokerOf(sending.queue.broker_name, false)));
  const bool decides_against = env.Random("rollback").Chance(spec_->transaction->rollback);
  if (half.code != ResponseCode::kSuccess || decides_against) {
    FinishTransaction(number, TransactionState::kRollbackMessage, env, out);
    return;
  }
  out.SetTimer({kLocalWork, number}, spec_->transaction->local.Sample(env.Random("local-transaction")));
}

void Producer::Insert(int64_t number, sim::Env&, sim::Effects& out) {
  const auto found = sending_.find(number);
  if (found == sending_.end()) return;
  Asked asked;
  asked.insert = true;
  asked.number = number;
  const int64_t id = next_question_++;
  Ask(sim::MakePayload(app::InsertRow{id, found->second.message.body}), id, std::move(asked), out);
}

void Producer::Ask(sim::MessageRef question, int64_t id, Asked asked, sim::Effects& out) {
  if (!database_.valid()) database_ = out.Connect(cluster().database);
  out.Send(database_, std::move(question));
  out.SetTimer({kDatabaseTimeout, id}, kDatabasePatience);
  asked_.emplace(id, std::move(asked));
}

void Producer::End(const EndTransaction& decision, sim::NodeId broker, sim::Effects& out) {
  if (broker.valid()) SendOneWay(broker, decision, out);
}

// The application's thread is free: endTransaction is one way, and nothing tells whether it arrives.
void Producer::FinishTransaction(int64_t number, TransactionState state, sim::Env& env, sim::Effects& out) {
  const Sending& sending = sending_.at(number);
  formats::Operation operation;
  operation.set_f("transaction");
  operation.mutable_value()->set_text(sending.message.body);
  operation.set_type(state == TransactionState::kCommitMessage     ? formats::Operation::OK
                     : state == TransactionState::kRollbackMessage ? formats::Operation::FAIL
                                                                   : formats::Operation::INFO);
  out.Complete(sending.transaction_op, std::move(operation));
  if (const auto found = local_.find(number); found != local_.end()) {
    EndTransaction decision = found->second.first;
    decision.state = state;
    End(decision, found->second.second, out);
    local_.erase(found);
  }
  Done(number, env, out);
}

// ClientRemotingProcessor.checkTransactionState: the listener looks into its database.
void Producer::Check(const CheckTransactionState& check, sim::NodeId broker, sim::Effects& out) {
  if (!spec_->transaction.has_value()) return;
  Asked asked;
  asked.broker = broker;
  asked.decision.producer_group = spec_->config.producer_group;
  asked.decision.tran_state_table_offset = check.message.queue_offset;
  asked.decision.commit_log_offset = check.message.phy_offset;
  asked.decision.unique_key = check.message.unique_key;
  asked.decision.from_transaction_check = true;
  for (const auto& [number, running] : local_) {
    if (running.first.unique_key == check.message.unique_key) asked.number = number;
  }
  const int64_t id = next_question_++;
  Ask(sim::MakePayload(app::SelectRow{id, check.message.body}), id, std::move(asked), out);
}

void Producer::OnOtherMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* inserted = message.payload.As<app::RowInserted>();
  const auto* selected = message.payload.As<app::RowSelected>();
  CHECK(inserted != nullptr || selected != nullptr, "{} got a {}", env.name(), message.payload.name());
  const auto found = asked_.find(inserted != nullptr ? inserted->number : selected->number);
  if (found == asked_.end()) return;  // given up meanwhile
  Asked asked = std::move(found->second);
  out.CancelTimer({kDatabaseTimeout, found->first});
  asked_.erase(found);
  if (inserted != nullptr) {
    FinishTransaction(asked.number, TransactionState::kCommitMessage, env, out);
    return;
  }
  const AbsentRow policy = spec_->transaction->absent_row;
  const bool running = asked.number != 0 && policy == AbsentRow::kUnknowWhileRunning;
  if (selected->found) {
    asked.decision.state = TransactionState::kCommitMessage;
  } else if (!running && policy != AbsentRow::kUnknow) {
    asked.decision.state = TransactionState::kRollbackMessage;
  }
  out.Note("check-answer",
           fmt::format("{} answers the check of \"{}\" with {}: its row is {}", env.name(), asked.decision.unique_key,
                       Name(asked.decision.state), selected->found ? "there" : "not there"));
  End(asked.decision, asked.broker, out);
}

// Whether the row is there isn't known: UNKNOW, and the broker will ask.
void Producer::OnDatabaseLost(int64_t id, sim::Env& env, sim::Effects& out) {
  const auto found = asked_.find(id);
  if (found == asked_.end()) return;
  Asked asked = std::move(found->second);
  asked_.erase(found);
  if (asked.insert) {
    FinishTransaction(asked.number, TransactionState::kUnknow, env, out);
  } else {
    End(asked.decision, asked.broker, out);
  }
}

void Producer::OnOtherDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (conn != database_) return;
  database_ = sim::ConnId{};
  std::vector<int64_t> lost;
  for (const auto& [id, asked] : asked_) lost.push_back(id);
  for (int64_t id : lost) {
    out.CancelTimer({kDatabaseTimeout, id});
    OnDatabaseLost(id, env, out);
  }
}

}  // namespace brokersim::rocketmq
