// Delayed messages: a queue for each level, emptied in its order by the master. (ScheduleMessageService.java)
#include <algorithm>
#include <utility>

#include "model/rocketmq/broker.h"

namespace brokersim::rocketmq {
namespace {

constexpr sim::Duration kFirstDelay = sim::Seconds(1);             // FIRST_DELAY_TIME
constexpr sim::Duration kDelayForAWhile = sim::Milliseconds(100);  // DELAY_FOR_A_WHILE

}  // namespace

// messageTimeUp
Message Broker::TimeUp(Message message) {
  message.topic = std::exchange(message.real_topic, "");
  message.queue_id = message.real_queue_id;
  message.delay_level = 0;
  message.wait_store_ok = false;
  return message;
}

void Broker::LoadDelayOffsets(sim::Env& env) {
  for (const sim::Block& block : env.disk().file(delay_file_).blocks) {
    if (block.damaged) break;
    const auto* content = block.content->As<DelayOffsets>();
    delay_offsets_ = content->offsets;
    if (content->version.has_value()) delay_version_ = *content->version;
  }
  delay_offsets_.resize(std::max(delay_offsets_.size(), delay_levels_.size()), 0);
}

void Broker::StartSchedule(sim::Effects& out) {
  // correctDelayOffset (#1869): what lies beyond the queue's end would never be delivered.
  for (size_t i = 0; i < delay_levels_.size(); ++i) {
    delay_offsets_[i] = std::min(delay_offsets_[i], store_.MaxOffset(kScheduleTopic, static_cast<int32_t>(i)));
    ScheduleLevel(static_cast<int64_t>(i) + 1, kFirstDelay, out);
  }
  out.SetTimer({kPersistDelayOffsets}, sim::Milliseconds(config_.flush_delay_offset_interval));
}

// The real one looks every 100 ms; here only while something waits.
void Broker::ScheduleLevel(int64_t level, sim::Duration after, sim::Effects& out) {
  const auto index = static_cast<size_t>(level) - 1;
  if (index >= delay_levels_.size()) return;
  if (store_.At(kScheduleTopic, static_cast<int32_t>(index), NextDue(index)) == nullptr) return;
  out.SetTimer({kSchedule, level}, after);
}

// The first message of a level that nobody waited for.
void Broker::ScheduleArrived(const std::vector<StoredMessage>& messages, sim::Effects& out) {
  for (const StoredMessage& message : messages) {
    const Message& m = message->value();
    if (m.topic != kScheduleTopic) continue;
    const bool first = m.queue_offset == NextDue(static_cast<size_t>(m.queue_id));
    if (first) ScheduleLevel(m.queue_id + 1, kDelayForAWhile, out);
  }
}

void Broker::MoveLevel(size_t index, int64_t by, sim::Env& env) {
  delay_offsets_[index] += by;
  delay_offsets_changed_ = delay_offsets_changed_ || by > 0;
  if (++level_moves_ % config_.delay_offset_update_version_step > 0) return;
  delay_version_ = {delay_version_.counter + 1, env.wall()};
  delay_offsets_changed_ = acting_group() || delay_offsets_changed_;
}

// DeliverDelayedMessageTimerTask.executeOnTimeUp
void Broker::OnSchedule(int64_t level, sim::Env& env, sim::Effects& out) {
  const auto index = static_cast<size_t>(level) - 1;
  // BrokerController.changeScheduleServiceStatus: who is the master no more delivers nothing.
  if (stopping_ || !serves() || index >= delay_levels_.size()) return;
  while (const StoredMessage* at = store_.At(kScheduleTopic, static_cast<int32_t>(index), NextDue(index))) {
    // The delay is that of the level today, not of the day when the message came (computeDeliverTimestamp when the
    // consume queue is built, correctDeliverTimestamp).
    const sim::Time due = (*at)->value().stored + delay_levels_[index];
    if (due > env.wall()) {
      MoveLevel(index, 0, env);  // the real one counts each look
      break;
    }
    if (acts()) {
      EscapeDue(index, env, out);
      return;
    }
    Message message = TimeUp((*at)->value());
    out.Note("due", fmt::format("\"{}\" is due for {} after {}", message.body,
                                QueueName(message.topic, message.queue_id), sim::ToText(env.wall() - message.born)));
    if (!dledger()) {
      MoveLevel(index, 1, env);
      Put(std::move(message), env, out);
      continue;
    }
    // syncDeliver: the position moves when the put has succeeded.
    due_uncommitted_.emplace_back(index, INT64_MAX);
    const size_t place = due_uncommitted_.size() - 1;
    const StoredMessage stored = Put(std::move(message), env, out);
    due_uncommitted_[place].second = stored->value().phy_offset + stored->value().size;
    SettleDue();
  }
  ScheduleLevel(level, kDelayForAWhile, out);
}

int64_t Broker::NextDue(size_t index) const {
  return delay_offsets_[index] + std::count_if(due_uncommitted_.begin(), due_uncommitted_.end(),
                                               [index](const auto& due) { return due.first == index; });
}

void Broker::SettleDue() {
  const int64_t committed = CommittedPhy();
  std::erase_if(due_uncommitted_, [&](const auto& due) {
    if (due.second > committed) return false;
    ++delay_offsets_[due.first];
    delay_offsets_changed_ = true;
    return true;
  });
}

void Broker::PersistDelayOffsets(sim::Effects& out) {
  if (!std::exchange(delay_offsets_changed_, false)) return;
  out.Replace(delay_file_, sim::MakePayload(DelayOffsets{delay_offsets_, Versioned(delay_version_)}));
}

}  // namespace brokersim::rocketmq
