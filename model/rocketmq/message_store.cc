#include "model/rocketmq/message_store.h"

#include <algorithm>

namespace brokersim::rocketmq {

MessageStore::MessageStore(sim::FileId file, const sim::File& recovered, sim::Effects& out) : file_(file) {
  int64_t kept = 0;
  for (const sim::Block& block : recovered.blocks) {
    if (block.damaged) break;
    const auto* boxed = static_cast<const sim::Boxed<Message>*>(block.content.get());
    CHECK(block.content->As<Message>() != nullptr, "the commit log holds a {}", block.content->name());
    Append(StoredMessage(boxed));
    ++kept;
  }
  // CommitLog.recoverAbnormally: what can't be read is cut off.
  if (kept < recovered.size()) out.Truncate(file, kept);
  flushed_ = max_phy_;
}

void MessageStore::Append(StoredMessage message) {
  const Message& m = message->value();
  CHECK(m.phy_offset == max_phy_, "a message of offset {} at {}", m.phy_offset, max_phy_);
  Queue& queue = queues_[{m.topic, m.queue_id}];
  queue.next = std::max(queue.next, m.queue_offset + 1);
  max_phy_ += m.size;
  log_.push_back(std::move(message));
}

StoredMessage MessageStore::Put(Message message, sim::Time now, sim::Effects& out) {
  message.stored = now;
  message.phy_offset = max_phy_;
  message.queue_offset = queues_[{message.topic, message.queue_id}].next;
  sim::SizeVisitor size;
  message.Fields(size);
  message.size = size.bytes();
  StoredMessage stored = sim::MakePayload(std::move(message));
  Append(stored);
  out.Append(file_, stored);
  return stored;
}

void MessageStore::PutReplica(StoredMessage message, sim::Effects& out) {
  out.Append(file_, message);
  Append(std::move(message));
}

std::vector<StoredMessage> MessageStore::Reput(int64_t limit) {
  std::vector<StoredMessage> dispatched;
  for (; reput_ < log_.size(); ++reput_) {
    const StoredMessage& message = log_[reput_];
    const Message& m = message->value();
    if (m.phy_offset + m.size > limit) break;
    std::vector<uint32_t>& entries = queues_[{m.topic, m.queue_id}].entries;
    // ConsumeQueue.putMessagePositionInfo: "Build consume queue repeatedly". So it goes at a slave whose log holds what
    // its master has lost and then gave the same places to other messages.
    if (m.queue_offset < static_cast<int64_t>(entries.size())) continue;
    entries.push_back(static_cast<uint32_t>(reput_));
    dispatched.push_back(message);
  }
  return dispatched;
}

const StoredMessage* MessageStore::AtPhysical(int64_t offset) const {
  const auto found = std::lower_bound(log_.begin(), log_.end(), offset, [](const StoredMessage& m, int64_t wanted) {
    return m->value().phy_offset < wanted;
  });
  return found == log_.end() || (*found)->value().phy_offset != offset ? nullptr : &*found;
}

std::vector<StoredMessage> MessageStore::From(int64_t offset, int64_t bytes) const {
  std::vector<StoredMessage> messages;
  const StoredMessage* first = AtPhysical(offset);
  if (first == nullptr) return messages;
  for (const StoredMessage* at = first; at != log_.data() + log_.size(); ++at) {
    bytes -= (*at)->value().size;
    if (bytes < 0 && !messages.empty()) break;
    messages.push_back(*at);
  }
  return messages;
}

const MessageStore::Queue* MessageStore::Find(std::string_view topic, int32_t queue) const {
  const auto found = queues_.find(QueueKey(topic, queue));
  return found == queues_.end() ? nullptr : &found->second;
}

int64_t MessageStore::MaxOffset(std::string_view topic, int32_t queue) const {
  const Queue* found = Find(topic, queue);
  return found == nullptr ? 0 : static_cast<int64_t>(found->entries.size());
}

const StoredMessage* MessageStore::At(std::string_view topic, int32_t queue, int64_t offset) const {
  const Queue* found = Find(topic, queue);
  if (found == nullptr || offset < 0 || offset >= static_cast<int64_t>(found->entries.size())) return nullptr;
  return &log_[found->entries[static_cast<size_t>(offset)]];
}

}  // namespace brokersim::rocketmq
