// FetchPosition: where a client reads on in a partition, and PartitionPosition: whether it may. A position that came
// from elsewhere, or that a new leader is to be asked about, is first compared with that leader's log, which may have
// been cut below it. (SubscriptionState.java, TopicPartitionState; KIP-320)
#ifndef BROKERSIM_MODEL_KAFKA_FETCH_POSITION_H_
#define BROKERSIM_MODEL_KAFKA_FETCH_POSITION_H_

#include <cstdint>

#include "model/kafka/messages.h"
#include "sim/base/sim_time.h"

namespace brokersim::kafka {

struct FetchPosition {
  int64_t offset = -1;
  int32_t offset_epoch = -1;  // of the record before it; -1: not known
  LeaderIdAndEpoch leader;    // whom it goes for
  friend bool operator==(const FetchPosition&, const FetchPosition&) = default;
};

class PartitionPosition {
 public:
  enum class State {
    kInitializing,     // without a position: what the group has committed decides
    kAwaitReset,       // without a position: auto.offset.reset decides
    kAwaitValidation,  // its leader is to say whether its log is the one that was read
    kFetching,
  };
  enum class Validation {
    kStale,      // not about what is asked now
    kValid,
    kTruncated,  // it is where the log was cut now
    kReset,      // the leader knows nothing of the epoch: auto.offset.reset decides
  };

  State state() const { return state_; }
  const FetchPosition& position() const { return position_; }
  int64_t offset() const { return position_.offset; }
  // What is asked may be asked again from then on (nextRetryTimeMs).
  bool MayAsk(sim::Time now) const { return now >= retry_at_; }
  void WaitUntil(sim::Time retry_at) { retry_at_ = retry_at; }

  // To be validated if its epoch is known, and its leader's.
  void SeekUnvalidated(const FetchPosition& position);
  // The position is forgotten.
  void RequestReset();
  // What was read without a gap goes so far.
  void Advance(int64_t offset, int32_t epoch);
  // The metadata is new. True: a position that was valid is to be validated; what was fetched from it doesn't count.
  bool OnLeader(LeaderIdAndEpoch leader);
  // A leader's answer about `asked`.
  Validation OnEpochEnd(const FetchPosition& asked, const EpochEndOffset& end);

 private:
  State state_ = State::kInitializing;
  FetchPosition position_;
  sim::Time retry_at_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_FETCH_POSITION_H_
