// Half messages: kept apart until their producer has decided, and asked after if it doesn't say.
// (EndTransactionProcessor.java, TransactionalMessageServiceImpl.java, TransactionalMessageBridge.java)
#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

// The group's offset in the half topic is kept as any consumer's.
const std::string kGroup(kTransactionGroup);

}  // namespace

const StoredMessage* Broker::PreparedMessage(const EndTransaction& request) const {
  const StoredMessage* half = store_.AtPhysical(request.commit_log_offset);
  if (half == nullptr) return nullptr;
  const Message& m = (*half)->value();
  const bool same = m.topic == kHalfTopic && m.queue_offset == request.tran_state_table_offset &&
                    m.producer_group == request.producer_group;
  return same ? half : nullptr;
}

// EndTransactionProcessor.processRequest
void Broker::OnEndTransaction(const EndTransaction& request, sim::Env& env, sim::Effects& out) {
  if (!is_master() || stopping_ || request.state == TransactionState::kUnknow) return;
  const StoredMessage* half = PreparedMessage(request);
  if (half == nullptr) {
    out.Note("transaction",
             fmt::format("there is no half message at {}: the decision is refused", request.commit_log_offset));
    return;
  }
  Message message = (*half)->value();
  // rejectCommitOrRollback: with a time of its own only a check may settle it once that is over.
  const sim::Duration immunity = sim::Seconds(std::max<int64_t>(message.check_immunity_s, 0));
  if (message.check_immunity_s >= 0 && !request.from_transaction_check && env.wall() - message.born > immunity) {
    out.Note("transaction",
             fmt::format("the decision on \"{}\" comes after its immunity time: ILLEGAL_OPERATION", message.body));
    return;
  }
  const int64_t queue_offset = message.queue_offset;
  if (request.state == TransactionState::kCommitMessage) {
    // endMessageTransaction
    message.topic = std::exchange(message.real_topic, "");
    message.queue_id = message.real_queue_id;
    message.transaction_prepared = false;
    message.wait_store_ok = false;
    message.check_times = 0;
    message.prepared_queue_offset = -1;
    out.Note("commit",
             fmt::format("\"{}\" is committed{}", message.body, request.from_transaction_check ? " by a check" : ""));
    Put(Scheduled(std::move(message)), env, out);
  } else {
    out.Note("rollback",
             fmt::format("\"{}\" is rolled back{}", message.body, request.from_transaction_check ? " by a check" : ""));
  }
  out.Point("before-op");
  DeleteHalf(queue_offset, env, out);
}

// TransactionalMessageServiceImpl.deletePrepareMessage: collected, and written as one op message.
void Broker::DeleteHalf(int64_t queue_offset, sim::Env& env, sim::Effects& out) {
  ops_.push_back(queue_offset);
  int64_t bytes = 0;
  for (int64_t op : ops_) bytes += static_cast<int64_t>(fmt::format_int(op).size()) + 1;
  if (bytes > config_.transaction_op_msg_max_size) {
    WriteOps(env, out);
  } else if (!std::exchange(op_timer_, true)) {
    out.SetTimer({kOpBatch}, sim::Milliseconds(config_.transaction_op_batch_interval));
  }
}

void Broker::WriteOps(sim::Env& env, sim::Effects& out) {
  if (ops_.empty()) return;
  Message message;
  message.topic = std::string(kOpHalfTopic);
  message.tags = "d";
  message.body = absl::StrJoin(ops_, ",");
  message.wait_store_ok = false;
  message.born = env.wall();
  ops_.clear();
  Put(std::move(message), env, out);
}

// fillOpRemoveMap
void Broker::ReadOps() {
  while (const StoredMessage* op = store_.At(kOpHalfTopic, 0, op_read_)) {
    for (absl::string_view text : absl::StrSplit((*op)->value().body, ',')) {
      int64_t offset = 0;
      CHECK(absl::SimpleAtoi(text, &offset), "an op message of {}", (*op)->value().body);
      decided_.insert(offset);
    }
    ++op_read_;
  }
}

// TransactionalMessageServiceImpl.check. The pass is one step here: the real one reads on while it goes.
void Broker::CheckHalfMessages(sim::Env& env, sim::Effects& out) {
  if (stopping_) return;
  ReadOps();
  const auto committed = offsets_.find(OffsetKey(kGroup, std::string(kHalfTopic), 0));
  int64_t offset = committed == offsets_.end() ? 0 : committed->second;
  if (acts()) {
    if (half_pass_) return;
    half_pass_ = true;
    half_pass_began_ = env.monotonic();
    half_offset_ = offset;
    half_failures_ = 0;
    EscapeHalfMessages(env, out);
    return;
  }
  const int64_t end = store_.MaxOffset(kHalfTopic, 0);
  while (offset < end) {
    if (decided_.erase(offset) == 0) {
      // A copy: what is put back moves the log.
      const StoredMessage half = *store_.At(kHalfTopic, 0, offset);
      if (!CheckOne(half, offset, env, out)) break;
    }
    ++offset;
  }
  decided_.erase(decided_.begin(), decided_.lower_bound(offset));
  CommitOffset(kGroup, std::string(kHalfTopic), 0, offset, env, out);
}

bool Broker::CheckOne(const StoredMessage& half, int64_t offset, sim::Env& env, sim::Effects& out) {
  const Message& m = half->value();
  const sim::Duration age = env.wall() - m.born;
  // needDiscard, needSkip
  if (m.check_times >= config_.transaction_check_max) {
    GiveUp(half, fmt::format("it was checked {} times", m.check_times), env, out);
    return true;
  }
  if (age > sim::Seconds(config_.file_reserved_time * 3600)) {
    GiveUp(half, "it is older than fileReservedTime", env, out);
    return true;
  }
  const bool own_time = m.check_immunity_s >= 0;
  const sim::Duration immunity =
      own_time ? sim::Seconds(m.check_immunity_s) : sim::Milliseconds(config_.transaction_time_out);
  const bool young = age >= sim::Duration() && age < immunity;
  if (young && !own_time) return false;  // those behind it are younger still
  if (young) {
    // checkPrepareQueueOffset: it is put back, so that those behind it are not held up, unless it is decided meanwhile.
    if (m.prepared_queue_offset >= 0 && decided_.erase(m.prepared_queue_offset) > 0) return true;
    Message again = m;
    if (again.prepared_queue_offset < 0) again.prepared_queue_offset = offset;
    again.wait_store_ok = false;
    Put(std::move(again), env, out);
    return true;
  }
  PutBackAndAsk(half, env, out);
  return true;
}

// putBackHalfMsgQueue, resolveHalfMsg. A decision on the former half message doesn't settle the new one: who committed
// the former is asked all the same, and the message is there twice. ProducerManager.getAvailableChannel takes one
// producer after the other.
void Broker::PutBackAndAsk(const StoredMessage& half, sim::Env& env, sim::Effects& out) {
  Message again = half->value();
  ++again.check_times;
  again.wait_store_ok = false;
  const std::string group = again.producer_group;
  const StoredMessage stored = Put(std::move(again), env, out);
  const auto found = producers_.find(group);
  if (found == producers_.end() || found->second.empty()) {
    out.Note("check", fmt::format("\"{}\" is undecided, and nobody of group {} is there to ask (check {})",
                                  half->value().body, group, stored->value().check_times));
    return;
  }
  const auto count = static_cast<int64_t>(found->second.size());
  const Client& client = found->second[static_cast<size_t>(next_channel_++ % count)];
  out.Note("check", fmt::format("\"{}\" is undecided: {} is asked (check {})", half->value().body, client.id,
                                stored->value().check_times));
  Tell(client.conn, CheckTransactionState{stored->value()}, out);
}

// DefaultTransactionalMessageCheckListener.resolveDiscardMsg
void Broker::GiveUp(const StoredMessage& half, std::string_view why, sim::Env& env, sim::Effects& out) {
  Message message = half->value();
  out.Note("given-up",
           fmt::format("\"{}\" is given up, because {}: it goes to {}", message.body, why, kCheckMaxTimeTopic));
  message.topic = std::string(kCheckMaxTimeTopic);
  message.queue_id = 0;
  message.wait_store_ok = false;
  Put(std::move(message), env, out);
}

}  // namespace brokersim::rocketmq
