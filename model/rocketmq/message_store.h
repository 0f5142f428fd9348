// MessageStore: the commit log of a broker, one sequence of messages of all topics, and the consume queues that are
// built from it. (CommitLog.java, ConsumeQueue.java, DefaultMessageStore.java)
//
// A physical offset counts bytes of the commit log, a queue offset messages of a queue. Consume queues are never
// written: they are built anew from the commit log when a broker starts, as the real ones are after an unclean
// shutdown.
#ifndef BROKERSIM_MODEL_ROCKETMQ_MESSAGE_STORE_H_
#define BROKERSIM_MODEL_ROCKETMQ_MESSAGE_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/rocketmq/message.h"
#include "sim/disk/disk.h"
#include "sim/kernel/effects.h"

namespace brokersim::rocketmq {

class MessageStore {
 public:
  // Recovers what the file holds, up to the first damaged block; what follows is cut off.
  MessageStore(sim::FileId file, const sim::File& recovered, sim::Effects& out);

  // Appends a message at the end of the log and its queue; it is given its places and the time.
  StoredMessage Put(Message message, sim::Time now, sim::Effects& out);
  // Appends what the master sent. REQUIRES: its physical offset is max_phy().
  void PutReplica(StoredMessage message, sim::Effects& out);
  // Cuts off what lies at this physical offset or above, in the log and in the queues. REQUIRES: a message ends there.
  void Truncate(int64_t offset, sim::Effects& out);
  // Builds consume queues up to this physical offset; returns what became visible, in order.
  std::vector<StoredMessage> Reput(int64_t limit);

  int64_t max_phy() const { return max_phy_; }
  // All below was flushed. A broker that starts counts what it found as flushed (it syncs it).
  int64_t flushed() const { return flushed_; }
  void MarkFlushed(int64_t offset) { flushed_ = std::max(flushed_, offset); }
  int64_t reput_from() const { return reput_ == log_.size() ? max_phy_ : log_[reput_]->value().phy_offset; }
  sim::FileId file() const { return file_; }

  // All messages, in their order.
  const std::vector<StoredMessage>& log() const { return log_; }
  // The message at this physical offset; null if none begins there.
  const StoredMessage* AtPhysical(int64_t offset) const;
  // Messages from this physical offset on, up to so many bytes, at least one. Empty if none begins there.
  std::vector<StoredMessage> From(int64_t offset, int64_t bytes) const;

  // Of a queue as consumers see it. Queue offsets begin at 0 (nothing is deleted).
  int64_t MaxOffset(std::string_view topic, int32_t queue) const;
  // The message at this queue offset; null beyond the end.
  const StoredMessage* At(std::string_view topic, int32_t queue, int64_t offset) const;

 private:
  using QueueKey = std::pair<std::string, int32_t>;
  struct Queue {
    std::vector<uint32_t> entries;  // indices into the log: the consume queue
    int64_t next = 0;               // topicQueueTable: the offset that the next message gets
  };
  const Queue* Find(std::string_view topic, int32_t queue) const;
  void Append(StoredMessage message);

  sim::FileId file_;
  std::vector<StoredMessage> log_;
  absl::btree_map<QueueKey, Queue> queues_;
  int64_t max_phy_ = 0;
  int64_t flushed_ = 0;
  size_t reput_ = 0;  // index of the first message that no consume queue has
};

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_MESSAGE_STORE_H_
