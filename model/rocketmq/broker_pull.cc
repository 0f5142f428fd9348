// Pulls, held until there are messages, and the offsets of consumer groups.
#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

// "a || b", or everything.
bool Matches(const std::string& expression, const std::string& tags) {
  if (expression.empty() || expression == "*") return true;
  for (absl::string_view tag : absl::StrSplit(expression, "||")) {
    if (absl::StripAsciiWhitespace(tag) == tags) return true;
  }
  return false;
}

}  // namespace

// PullMessageProcessor.processRequest, DefaultMessageStore.getMessage
void Broker::OnPull(const PullMessage& request, sim::ConnId conn, int32_t opaque, bool may_hold, sim::Env& env,
                    sim::Effects& out) {
  // To a slave, as the route says, clients send none; to one that acts as the master they do.
  if (may_hold && request.commit_offset >= 0 && (is_master() || acts())) {
    CommitOffset(request.consumer_group, request.topic, request.queue_id, request.commit_offset, env, out);
  }
  PullMessageResult result;
  if (!is_master() && !config_.slave_read_enable) {  // PullMessageProcessor.rejectRequest
    result.code = ResponseCode::kSystemBusy;
    Reply(conn, opaque, std::move(result), out);
    return;
  }
  result.max_offset = store_.MaxOffset(request.topic, request.queue_id);
  result.next_begin_offset = request.queue_offset;
  if (request.queue_offset > result.max_offset) {  // OFFSET_OVERFLOW_BADLY
    result.code = ResponseCode::kPullOffsetMoved;
    result.next_begin_offset = result.max_offset;
    Reply(conn, opaque, std::move(result), out);
    return;
  }
  while (result.next_begin_offset < result.max_offset &&
         static_cast<int32_t>(result.messages.size()) < request.max_msg_nums) {
    const StoredMessage* at = store_.At(request.topic, request.queue_id, result.next_begin_offset++);
    if (Matches(request.expression, (*at)->value().tags)) result.messages.push_back(*at);
  }
  if (!result.messages.empty()) {
    Reply(conn, opaque, std::move(result), out);
    return;
  }
  const bool passed_some = result.next_begin_offset > request.queue_offset;
  if (!passed_some && may_hold && config_.long_polling_enable && request.suspend_timeout > sim::Duration()) {
    held_.push_back({conn, opaque, request, env.monotonic() + request.suspend_timeout});
    return;
  }
  result.code = passed_some ? ResponseCode::kPullRetryImmediately : ResponseCode::kPullNotFound;
  Reply(conn, opaque, std::move(result), out);
}

// PullRequestHoldService.notifyMessageArriving
void Broker::WakePulls(sim::Env& env, sim::Effects& out) {
  std::vector<HeldPull> ready;
  std::vector<HeldPull> waiting;
  for (HeldPull& held : held_) {
    const bool there = store_.MaxOffset(held.request.topic, held.request.queue_id) > held.request.queue_offset;
    (there ? ready : waiting).push_back(std::move(held));
  }
  held_ = std::move(waiting);
  for (const HeldPull& held : ready) OnPull(held.request, held.conn, held.opaque, false, env, out);
}

void Broker::OnHoldTimer(sim::Env& env, sim::Effects& out) {
  std::vector<HeldPull> late;
  std::vector<HeldPull> waiting;
  for (HeldPull& held : held_) (held.until <= env.monotonic() ? late : waiting).push_back(std::move(held));
  held_ = std::move(waiting);
  for (const HeldPull& held : late) OnPull(held.request, held.conn, held.opaque, false, env, out);
}

// ConsumerOffsetManager.commitOffset: a lower offset is logged, and stored. The history has it from here: a client's
// UPDATE_CONSUMER_OFFSET is one way.
void Broker::CommitOffset(const std::string& group, const std::string& topic, int32_t queue, int64_t offset,
                          sim::Env& env, sim::Effects& out) {
  if (++offset_commits_ % config_.consumer_offset_update_version_step == 0) {
    offsets_version_ = {offsets_version_.counter + 1, env.wall()};
    offsets_changed_ = acting_group() || offsets_changed_;
  }
  const auto [at, is_new] = offsets_.try_emplace(OffsetKey(group, topic, queue), offset);
  if (!is_new && at->second == offset) return;
  at->second = offset;
  offsets_changed_ = true;
  if (IsSystemTopic(topic) || topic.starts_with(kRetryPrefix)) return;
  formats::Operation operation;
  operation.set_f("commit");
  formats::Commit* commit = operation.add_actions()->mutable_commit();
  commit->set_group(group);
  commit->set_log(QueueName(topic, queue));
  commit->set_offset(offset);
  const sim::OpId op = out.Invoke(operation);
  operation.set_type(formats::Operation::OK);
  out.Complete(op, std::move(operation));
}

// ConsumerManageProcessor.queryConsumerOffset: a group without an offset begins at 0 where the queue's first message is
// still in memory, whatever consumeFromWhere says.
void Broker::OnQueryOffset(const QueryConsumerOffset& request, sim::ConnId conn, int32_t opaque, sim::Effects& out) {
  OffsetResult result;
  const auto found = offsets_.find(OffsetKey(request.consumer_group, request.topic, request.queue_id));
  if (found != offsets_.end()) {
    result.offset = found->second;
  } else if (store_.MaxOffset(request.topic, request.queue_id) > 0) {
    result.offset = 0;
  } else {
    result.code = ResponseCode::kQueryNotFound;
  }
  Reply(conn, opaque, result, out);
}

void Broker::LoadOffsets(sim::Env& env) {
  for (const sim::Block& block : env.disk().file(offset_file_).blocks) {
    if (block.damaged) break;
    const auto* content = block.content->As<ConsumerOffsets>();
    for (const OffsetEntry& entry : content->entries) {
      offsets_.insert_or_assign(OffsetKey(entry.group, entry.topic, entry.queue_id), entry.offset);
    }
    if (content->version.has_value()) offsets_version_ = *content->version;
  }
}

void Broker::PersistOffsets(sim::Effects& out) {
  if (!std::exchange(offsets_changed_, false)) return;
  ConsumerOffsets content;
  for (const auto& [key, offset] : offsets_) {
    content.entries.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), offset});
  }
  content.version = Versioned(offsets_version_);
  out.Replace(offset_file_, sim::MakePayload(std::move(content)));
}

}  // namespace brokersim::rocketmq
