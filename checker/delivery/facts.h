// A queue's history taken apart: messages, and what became of each of their deliveries.
#ifndef BROKERSIM_CHECKER_DELIVERY_FACTS_H_
#define BROKERSIM_CHECKER_DELIVERY_FACTS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "checker/history/history.h"

namespace brokersim::checker::delivery {

struct Message {
  Id value = 0;
  // The first send that may have happened; kNoOp: nobody sent it. `acked` is its acknowledgement.
  OpIndex sent = kNoOp;
  OpIndex acked = kNoOp;
  OpIndex failed = kNoOp;  // a send that certainly did not happen
  uint32_t sends = 0;      // that may have happened
  Id queue = 0;
  Id group = kNoId;
  Id key = kNoId;
  Id dedup = kNoId;
  int64_t delay = 0;  // nanoseconds
  std::vector<uint32_t> deliveries;  // numbers, in the order of their completions
};

struct Delivery {
  Id message = 0;
  OpIndex invoke = kNoOp;
  OpIndex done = kNoOp;
  int64_t until = kNoTime;  // when the lease ends as it was given; kNoTime: no lease is told
  std::vector<std::pair<OpIndex, int64_t>> extensions;  // acknowledged ones, and until when

  int64_t count = -1;       // how many deliveries the broker says this makes
  bool dead_letter = false;
  OpIndex released = kNoOp;  // the first invocation of an :ack or :nack
  OpIndex acked = kNoOp;     // an acknowledged :ack
  bool ack_unknown = false;  // an :ack of unknown outcome
};

// A receive that found nothing.
struct Empty {
  Id queue = 0;
  OpIndex invoke = kNoOp;
  OpIndex done = kNoOp;
};

struct Facts {
  ValueInterner values;  // of messages
  ValueInterner scopes;  // queues, groups, keys, dedup ids
  std::vector<Message> messages;
  std::vector<Delivery> deliveries;  // in the order of their completions
  std::vector<Empty> empties;
  // Receives that may have taken something nobody knows of, as they began.
  std::vector<OpIndex> unknown_receives;
};

absl::Status TakeApart(const History& history, Facts* facts);

}  // namespace brokersim::checker::delivery

#endif  // BROKERSIM_CHECKER_DELIVERY_FACTS_H_
