// Writes, and what they wait for before they are answered.
#include <algorithm>
#include <utility>

#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

constexpr int64_t kPage = 4096;

}  // namespace

// SendMessageProcessor.asyncSendMessage
void Broker::OnSendMessage(const SendMessage& request, sim::ConnId conn, int32_t opaque, sim::Env& env,
                           sim::Effects& out) {
  SendMessageResult refused;
  refused.code = Refusal(request.message, &refused.remark);
  if (refused.code != ResponseCode::kSuccess) {
    if (opaque != 0) Reply(conn, opaque, std::move(refused), out);
    return;
  }
  Message message = request.message;
  if (message.transaction_prepared) {
    // TransactionalMessageBridge.parseHalfMessageInner
    message.real_topic = std::exchange(message.topic, std::string(kHalfTopic));
    message.real_queue_id = std::exchange(message.queue_id, 0);
  }
  PendingSend send;
  send.conn = conn;
  send.opaque = opaque;
  send.message = Put(Scheduled(std::move(message)), env, out);
  const Message& stored = send.message->value();
  send.end = stored.phy_offset + stored.size;
  if (opaque == 0) return;  // one way
  // CommitLog.handleDiskFlushAndHA
  if (dledger()) {  // DLedgerCommitLog.asyncPutMessage: always for the majority, and never for a flush
    send.flushed = true;
    send.replicated = IsReplicated(send.end);
  } else {
    send.flushed = config_.flush_disk_type == "ASYNC_FLUSH" || !stored.wait_store_ok;
    send.replicated = config_.broker_role != "SYNC_MASTER" || !stored.wait_store_ok || IsReplicated(send.end);
  }
  const int64_t patience = dledger() ? config_.max_wait_ack_time_ms : config_.slave_timeout;
  if (!send.flushed) send.flush_deadline = env.monotonic() + sim::Milliseconds(config_.sync_flush_timeout);
  if (!send.replicated) send.slave_deadline = env.monotonic() + sim::Milliseconds(patience);
  if (send.flushed && send.replicated) {
    AnswerSend(send, out);
    return;
  }
  const int64_t id = next_send_++;
  ArmSendTimer(id, send, env, out);
  sends_.emplace(id, std::move(send));
}

ResponseCode Broker::Refusal(const Message& message, std::string* remark) const {
  // DefaultMessageStore.checkStoreStatus
  if (!is_master() || stopping_) {
    *remark = is_master() ? "the broker is shutting down" : "the broker is a slave";
    return ResponseCode::kServiceNotAvailable;
  }
  // DLedgerServer.handleAppend: LEADER_TRANSFERRING, which DLedgerCommitLog takes for OS_PAGE_CACHE_BUSY
  if (dledger() && raft_->transferring()) {
    *remark = "leadership is being handed over";
    return ResponseCode::kSystemBusy;
  }
  if (message.queue_id < 0 || message.queue_id >= QueuesOf(message.topic)) {
    *remark = "no such queue";
    return ResponseCode::kTopicNotExist;
  }
  // CommitLog.asyncPutMessage in controller mode, and with enableSlaveActingMaster
  if (controlled() && config_.broker_role == "SYNC_MASTER" && message.wait_store_ok &&
      static_cast<int64_t>(sync_state_set_.size()) < config_.min_in_sync_replicas) {
    *remark = "in-sync replicas not enough";
    return ResponseCode::kSystemError;
  }
  const bool counts = acting_group() && config_.broker_role == "SYNC_MASTER";
  if (counts && message.wait_store_ok && NeededAcks() > ReplicasInSync()) {
    *remark = "in-sync replicas not enough";
    return ResponseCode::kSystemError;
  }
  return ResponseCode::kSuccess;
}

// CommitLog.handleHA, GroupTransferService.doWaitTransfer
bool Broker::IsReplicated(int64_t end) const {
  if (dledger()) return end <= CommittedPhy();
  if (controlled() && config_.all_ack_in_sync_state_set) return AllInSyncHave(end);
  const int64_t needed = NeededAcks();
  return needed <= 1 || CopiesOf(end) >= needed;
}

// CommitLog.calcNeedAckNums
int64_t Broker::NeededAcks() const {
  const int64_t wanted = config_.in_sync_replicas;
  if (!acting_group() || !config_.enable_auto_in_sync_replicas) return wanted;
  return std::max(std::min(wanted, ReplicasInSync()), config_.min_in_sync_replicas);
}

StoredMessage Broker::Put(Message message, sim::Env& env, sim::Effects& out) {
  if (dledger()) message.term = raft_->term();
  StoredMessage stored = store_.Put(std::move(message), env.wall(), out);
  const Message& m = stored->value();
  out.Record(formats::RecordVerb::kAppended, QueueName(m.topic, m.queue_id), m.queue_offset, m.body);
  if (dledger()) {
    raft_->Propose(stored, RaftInput(env));
    FlushSoon(out);
    AfterRaft(env, out);
    return stored;
  }
  if (config_.flush_disk_type == "SYNC_FLUSH") StartFlush(out);
  TransferToSlaves(out);
  Dispatch(env, out);
  return stored;
}

// HookUtils.handleScheduleMessage
Message Broker::Scheduled(Message message) const {
  if (message.delay_level <= 0 || message.topic == kHalfTopic) return message;
  message.delay_level = std::min(message.delay_level, static_cast<int32_t>(delay_levels_.size()));
  message.real_topic = std::exchange(message.topic, std::string(kScheduleTopic));
  message.real_queue_id = std::exchange(message.queue_id, message.delay_level - 1);
  return message;
}

// AbstractSendMessageProcessor.consumerSendMsgBack
void Broker::OnSendMsgBack(const ConsumerSendMsgBack& request, sim::ConnId conn, int32_t opaque, sim::Env& env,
                           sim::Effects& out) {
  ConsumerSendMsgBackResult result;
  const StoredMessage* found = store_.AtPhysical(request.commit_log_offset);
  if (!is_master() || stopping_ || found == nullptr) {
    result.code = is_master() ? ResponseCode::kSystemError : ResponseCode::kServiceNotAvailable;
    Reply(conn, opaque, result, out);
    return;
  }
  // With no retry queue the answer is SUCCESS, and nothing is stored.
  if (config_.retry_queue_nums <= 0) {
    out.Note("send-back", fmt::format("\"{}\" is thrown away: retryQueueNums is 0", (*found)->value().body));
    Reply(conn, opaque, result, out);
    return;
  }
  Message message = (*found)->value();
  if (message.retry_topic.empty()) message.retry_topic = message.topic;
  message.wait_store_ok = false;
  message.real_topic.clear();
  if (request.delay_level < 0 || message.reconsume_times >= request.max_reconsume_times) {
    out.Note("dead-letter", fmt::format("\"{}\" failed {} times in group {} and is a dead letter", message.body,
                                        message.reconsume_times + 1, request.consumer_group));
    message.topic = DlqTopic(request.consumer_group);
    message.delay_level = 0;
  } else {
    message.topic = RetryTopic(request.consumer_group);
    message.delay_level = request.delay_level == 0 ? 3 + message.reconsume_times : request.delay_level;
    ++message.reconsume_times;
  }
  message.queue_id = 0;
  Put(Scheduled(std::move(message)), env, out);
  Reply(conn, opaque, result, out);
}

void Broker::StartFlush(sim::Effects& out) {
  flush_again_ = flush_.has_value();
  if (flush_.has_value()) return;  // GroupCommitService: the next one takes all that has come meanwhile
  flush_target_ = store_.max_phy();
  flush_ = out.Sync(store_.file());
}

// CommitLog.FlushRealTimeService
void Broker::OnFlushTimer(sim::Env& env, sim::Effects& out) {
  if (dledger()) {
    flush_timer_ = false;
    StartFlush(out);
    return;
  }
  out.SetTimer({kFlush}, sim::Milliseconds(config_.flush_interval_commit_log));
  const int64_t waiting = store_.max_phy() - store_.flushed();
  const bool thorough = env.monotonic() - last_flush_ >= sim::Milliseconds(config_.flush_commit_log_thorough_interval);
  if (waiting == 0 || flush_.has_value()) return;
  if (thorough || waiting >= config_.flush_commit_log_least_pages * kPage) StartFlush(out);
}

void Broker::ArmSendTimer(int64_t id, const PendingSend& send, sim::Env& env, sim::Effects& out) {
  std::optional<sim::Time> first;
  if (!send.flushed) first = send.flush_deadline;
  if (!send.replicated && (!first.has_value() || *send.slave_deadline < *first)) first = send.slave_deadline;
  if (!first.has_value()) return;
  out.SetTimer({kSendTimeout, id}, std::max(*first - env.monotonic(), sim::Nanoseconds(0)));
}

// A message whose wait ends is stored all the same, and will be delivered.
void Broker::OnSendTimeout(int64_t id, sim::Env& env, sim::Effects& out) {
  const auto found = sends_.find(id);
  if (found == sends_.end()) return;
  PendingSend& send = found->second;
  const sim::Time now = env.monotonic();
  if (!send.flushed && *send.flush_deadline <= now) {
    send.flushed = true;
    if (send.code == ResponseCode::kSuccess) send.code = ResponseCode::kFlushDiskTimeout;
  }
  if (!send.replicated && *send.slave_deadline <= now) {
    send.replicated = true;
    // Of two failures replication's is told. DLedger: WAIT_QUORUM_ACK_TIMEOUT, which becomes
    // IN_SYNC_REPLICAS_NOT_ENOUGH.
    send.code = dledger() ? ResponseCode::kSystemError : ResponseCode::kFlushSlaveTimeout;
  }
  if (send.flushed && send.replicated) {
    AnswerSend(send, out);
    sends_.erase(found);
  } else {
    ArmSendTimer(id, send, env, out);
  }
}

// GroupCommitService, GroupTransferService
void Broker::SettleSends(sim::Effects& out) {
  for (auto it = sends_.begin(); it != sends_.end();) {
    PendingSend& send = it->second;
    if (!send.replicated) send.replicated = IsReplicated(send.end);
    if (!send.flushed || !send.replicated) {
      ++it;
      continue;
    }
    out.CancelTimer({kSendTimeout, it->first});
    AnswerSend(send, out);
    it = sends_.erase(it);
  }
}

void Broker::AnswerSend(const PendingSend& send, sim::Effects& out) {
  const Message& m = send.message->value();
  SendMessageResult result;
  result.code = send.code;
  if (send.code == ResponseCode::kSystemError) result.remark = "in-sync replicas not enough";
  result.queue_offset = m.queue_offset;
  result.commit_log_offset = m.phy_offset;
  if (send.code == ResponseCode::kSuccess) {
    out.Record(formats::RecordVerb::kCommitted, QueueName(m.topic, m.queue_id), m.queue_offset, m.body);
  }
  Reply(send.conn, send.opaque, std::move(result), out);
}

// DefaultMessageStore.ReputMessageService: #8239 stops at what is flushed under SYNC_FLUSH.
void Broker::Dispatch(sim::Env& env, sim::Effects& out) {
  const bool flushed_only = config_.flush_disk_type == "SYNC_FLUSH" && !config_.read_uncommitted && !dledger();
  int64_t limit = flushed_only ? store_.flushed() : store_.max_phy();
  if (controlled()) {
    if (is_master()) UpdateConfirmOffset();
    limit = std::min(limit, confirm_offset_);
  }
  if (dledger()) limit = CommittedPhy();  // DLedgerCommitLog.getConfirmOffset
  const std::vector<StoredMessage> visible = store_.Reput(limit);
  if (serves()) ScheduleArrived(visible, out);
  if (!visible.empty() && !held_.empty()) WakePulls(env, out);
}

}  // namespace brokersim::rocketmq
