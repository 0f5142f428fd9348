// A message as producers make it, brokers store it and consumers get it, with the properties that RocketMQ keeps in it.
// (Message.java, MessageExt.java, MessageConst.java)
#ifndef BROKERSIM_MODEL_ROCKETMQ_MESSAGE_H_
#define BROKERSIM_MODEL_ROCKETMQ_MESSAGE_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sim/base/fields.h"
#include "sim/base/payload.h"

namespace brokersim::rocketmq {

// TopicValidator.java, MixAll.java
inline constexpr std::string_view kHalfTopic = "RMQ_SYS_TRANS_HALF_TOPIC";
inline constexpr std::string_view kOpHalfTopic = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
inline constexpr std::string_view kCheckMaxTimeTopic = "TRANS_CHECK_MAX_TIME_TOPIC";
inline constexpr std::string_view kScheduleTopic = "SCHEDULE_TOPIC_XXXX";
// What a leader of DLedger begins its term with (DLedgerEntryType.NOOP).
inline constexpr std::string_view kNoopTopic = "DLEDGER_NOOP";
inline constexpr std::string_view kRetryPrefix = "%RETRY%";
inline constexpr std::string_view kDlqPrefix = "%DLQ%";
// The group whose offsets tell how far the check of half messages has come (TransactionalMessageUtil.java).
inline constexpr std::string_view kTransactionGroup = "CID_RMQ_SYS_TRANS";

inline std::string RetryTopic(std::string_view group) { return std::string(kRetryPrefix) + std::string(group); }
inline std::string DlqTopic(std::string_view group) { return std::string(kDlqPrefix) + std::string(group); }
// Topics of the brokers' own, which no producer writes to.
inline bool IsSystemTopic(std::string_view topic) {
  return topic == kHalfTopic || topic == kOpHalfTopic || topic == kCheckMaxTimeTopic || topic == kScheduleTopic ||
         topic == kNoopTopic;
}

// A queue of a topic at a group of brokers (a master and its slaves).
struct MessageQueue {
  std::string topic;
  std::string broker_name;
  int32_t queue_id = 0;
  friend auto operator<=>(const MessageQueue&, const MessageQueue&) = default;
  friend bool operator==(const MessageQueue&, const MessageQueue&) = default;
  void AppendText(std::string* text) const {
    *text += topic;
    *text += '-';
    *text += broker_name;
    *text += '-';
    *text += fmt::format_int(queue_id).c_str();
  }
  template <class V> void Fields(V& v) const {
    v("topic", topic);
    v("brokerName", broker_name);
    v("queueId", queue_id);
  }
};

// Its name in histories, e.g. "orders-a-0".
inline std::string LogName(const MessageQueue& queue) {
  std::string text;
  queue.AppendText(&text);
  return text;
}

struct Message {
  static constexpr std::string_view kName = "Message";
  std::string topic;
  int32_t queue_id = 0;
  std::string tags;
  std::string keys;
  std::string body;  // the value: unique within a run
  std::string unique_key;     // UNIQ_KEY
  std::string producer_group; // PGROUP
  std::string real_topic;     // REAL_TOPIC, REAL_QID: where it goes when it is due or committed
  int32_t real_queue_id = 0;
  std::string retry_topic;    // RETRY_TOPIC: the topic that it was consumed from at first
  int32_t delay_level = 0;    // DELAY
  int32_t reconsume_times = 0;
  bool transaction_prepared = false;  // TRAN_MSG
  int32_t check_times = 0;            // TRANSACTION_CHECK_TIMES
  int64_t prepared_queue_offset = -1; // TRAN_PREPARED_QUEUE_OFFSET: the half message that this is put back for
  int64_t check_immunity_s = -1;      // CHECK_IMMUNITY_TIME_IN_SECONDS; -1: not set
  bool wait_store_ok = true;          // WAIT: whether its sender waits for flush and replication
  sim::Time born;                     // by the producer's clock
  // By the broker that stores it:
  sim::Time stored;
  int64_t queue_offset = -1;
  int64_t phy_offset = -1;            // bytes, in the commit log
  int64_t size = 0;                   // bytes
  int64_t term = -1;                  // of DLedger's entry; -1: not on DLedger

  template <class V> void Fields(V& v) const {
    v("topic", topic);
    v("queueId", queue_id);
    v("body", body);
    if (!tags.empty()) v("tags", tags);
    if (!keys.empty()) v("keys", keys);
    v("uniqKey", unique_key);
    if (!producer_group.empty()) v("producerGroup", producer_group);
    if (!real_topic.empty()) v("realTopic", real_topic);
    if (!real_topic.empty()) v("realQueueId", real_queue_id);
    if (!retry_topic.empty()) v("retryTopic", retry_topic);
    if (delay_level != 0) v("delayTimeLevel", delay_level);
    if (reconsume_times != 0) v("reconsumeTimes", reconsume_times);
    if (transaction_prepared) v("transactionPrepared", transaction_prepared);
    if (check_times != 0) v("checkTimes", check_times);
    if (prepared_queue_offset >= 0) v("preparedQueueOffset", prepared_queue_offset);
    if (check_immunity_s >= 0) v("checkImmunityTimeInSeconds", check_immunity_s);
    if (!wait_store_ok) v("waitStoreMsgOK", wait_store_ok);
    v("bornTimestamp", born);
    if (phy_offset >= 0) v("storeTimestamp", stored);
    if (phy_offset >= 0) v("queueOffset", queue_offset);
    if (phy_offset >= 0) v("commitLogOffset", phy_offset);
    if (term >= 0) v("term", term);
  }
};

using StoredMessage = sim::Ref<const sim::Boxed<Message>>;

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_MESSAGE_H_
