#include "model/kafka/fetch_position.h"

#include "sim/base/probe.h"

namespace brokersim::kafka {

void PartitionPosition::SeekUnvalidated(const FetchPosition& position) {
  position_ = position;
  retry_at_ = sim::Time();
  const bool known = position.offset_epoch >= 0 && position.leader.epoch >= 0;
  state_ = known ? State::kAwaitValidation : State::kFetching;
}

void PartitionPosition::RequestReset() {
  position_ = FetchPosition{};
  retry_at_ = sim::Time();
  state_ = State::kAwaitReset;
}

void PartitionPosition::Advance(int64_t offset, int32_t epoch) {
  position_.offset = offset;
  position_.offset_epoch = epoch;
}

bool PartitionPosition::OnLeader(LeaderIdAndEpoch leader) {
  if (state_ == State::kInitializing || state_ == State::kAwaitReset) return false;
  if (leader.id == kNoLeader || leader == position_.leader) return false;
  const bool was_valid = state_ == State::kFetching;
  SeekUnvalidated({position_.offset, position_.offset_epoch, leader});
  return was_valid && state_ == State::kAwaitValidation;
}

PartitionPosition::Validation PartitionPosition::OnEpochEnd(const FetchPosition& asked, const EpochEndOffset& end) {
  if (state_ != State::kAwaitValidation || asked != position_) return Validation::kStale;
  if (end.epoch < 0 || end.end_offset < 0) {
    BROKERSIM_PROBE("kafka/consumer: the leader knows nothing of the position's epoch");
    RequestReset();
    return Validation::kReset;
  }
  state_ = State::kFetching;
  retry_at_ = sim::Time();
  if (end.end_offset >= position_.offset) return Validation::kValid;
  BROKERSIM_PROBE("kafka/consumer: the log was cut below the position");
  Advance(end.end_offset, end.epoch);
  return Validation::kTruncated;
}

}  // namespace brokersim::kafka
