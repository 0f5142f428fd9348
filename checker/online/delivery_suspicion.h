// What could make delivery find something early: a message of nobody's, one that comes again, too early or too late,
// or after one that was sent behind it. What is open: messages that nobody has received.
#ifndef BROKERSIM_CHECKER_ONLINE_DELIVERY_SUSPICION_H_
#define BROKERSIM_CHECKER_ONLINE_DELIVERY_SUSPICION_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/container/btree_map.h"
#include "checker/delivery/delivery.h"
#include "checker/online/model_suspicion.h"
#include "checker/online/names.h"

namespace brokersim::checker {

class DeliverySuspicion : public ModelSuspicion {
 public:
  explicit DeliverySuspicion(const DeliveryOptions& options) : options_(options) {}
  bool Add(const formats::Operation& op) override;

 private:
  static constexpr uint64_t kNever = UINT64_MAX;

  struct Message {
    uint64_t sent = 0;       // operation,
    int64_t sent_at = 0;     // and time
    uint64_t acked = kNever;
    int64_t acked_at = 0;
    int64_t delay = 0;  // nanoseconds
    Id log = 0;
  };

  void Send(const formats::Operation& op);
  void Deliver(const formats::Operation& op, bool all, std::string_view value);
  void DeliverFirst(const formats::Operation& op, const Message& message);

  DeliveryOptions options_;
  Names logs_;
  absl::btree_map<std::string, Message, std::less<>> open_;  // by value
  ValueSet received_;
  absl::btree_map<Id, uint64_t> latest_;  // by log: of what was received, the send that began last
  uint64_t operations_ = 0;
  bool now_ = false;  // with the operation in hand
  bool always_ = false;
  bool refused_ = false;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_DELIVERY_SUSPICION_H_
