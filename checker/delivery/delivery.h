// What a queue promises about each message: delivered how often, in which order, to whom, when.
//
// Operations; a VALUE identifies a message, and a map may say more about it:
//   :send     VALUE or {:value :queue :group :key :delay :dedup}     also :enqueue
//   :receive  nil or {:queue}; gives nil (the queue was empty), a delivery or a vector of them; also :dequeue, :drain
//             a delivery is VALUE or {:value :queue :receipt :until :count}
//   :ack      a receipt or VALUE        :nack  the same: the message may come again at once
//   :extend   {:receipt :until}         the lease lasts longer
//   :dead-letter  like :receive, from the dead-letter queue
// Histories of logs are taken too: sends that name a log ([[:send LOG V]], extra :delays), and polls; each log is a
// queue, and a read-all an answer that leaves nothing out. :commit, :process and :assign are passed over. Times
// (:until, absolute; :delay) are nanoseconds, as the lines' :time. The first delivery of a message without a
// :receipt has its value for one.
#ifndef BROKERSIM_CHECKER_DELIVERY_DELIVERY_H_
#define BROKERSIM_CHECKER_DELIVERY_DELIVERY_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

struct DeliveryOptions {
  enum class Guarantee { kAtMostOnce, kAtLeastOnce, kExactlyOnce };
  enum class Order { kNone, kQueue, kGroup, kKey };

  Guarantee guarantee = Guarantee::kAtLeastOnce;
  Order order = Order::kNone;
  // How often a message may be received before it is a dead letter (SQS: maxReceiveCount).
  std::optional<uint32_t> max_receives = {};
  // How long a :dedup id is remembered, nanoseconds (SQS FIFO: 5 minutes).
  int64_t dedup_window = int64_t{300} * 1'000'000'000;
  // How long after it is due a delayed message may come, nanoseconds.
  std::optional<int64_t> lateness = {};
};

// Anomalies:
//   lost               acknowledged, then an empty answer although nobody had it: never for at-most-once
//   unexpected         received, but nobody sent it, or its send had failed
//   duplicate          received again: at-most-once: at all; exactly-once: after an acknowledged receipt
//   reordered          of two sends, one after the other, the later one's message was first received before
//   double-ownership   two deliveries whose leases both ran at one moment
//   redelivery-count   a delivery reports fewer or more deliveries than there were
//   over-limit         received more often than max_receives
//   early-dead-letter  a dead letter before it was received max_receives times
//   dead-after-ack     a dead letter although it had been acknowledged
//   early-delivered, late-delivered, never-delivered   of delayed messages
//   dedup-missed       two sends with one :dedup id within the window were both delivered
// What no empty answer decides is UNKNOWN. O(n log n). kInvalidArgument names a line that isn't of these shapes.
absl::StatusOr<formats::Verdict> CheckDelivery(const History& history, const DeliveryOptions& options);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_DELIVERY_DELIVERY_H_
