// The consumer's positions, and what it fetches from there.
// (OffsetFetcher.java, OffsetFetcherUtils.java, AbstractFetch.java, FetchCollector.java; KIP-320, KIP-951)
#include <algorithm>
#include <utility>

#include "model/kafka/consumer.h"
#include "model/kafka/visible_records.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {

using State = PartitionPosition::State;

// ---- Positions

void Consumer::FetchOffsets(sim::Env& env, sim::Effects& out) {
  OffsetFetchRequest request;
  request.group_id = spec_->config.group_id;
  for (const auto& [tp, state] : partitions_) request.partitions.push_back(tp);
  if (request.partitions.empty()) {
    RecordAssignment(out);
    return;
  }
  SendTo(member_.coordinator(), std::move(request), Tag{kOffsetsTag, assignment_}, env, out);
}

// ConsumerUtils.refreshCommittedOffsets: who committed may have known of a later leader than the metadata here does. A
// former leader, which doesn't have all that was read from the later one, must not be asked.
void Consumer::OnOffsets(const OffsetFetchResponse& m, sim::Env& env, sim::Effects& out) {
  if (m.error == ErrorCode::kUnstableOffsetCommit) {
    // An open transaction may change them (ConsumerCoordinator.OffsetFetchResponseHandler, KIP-447).
    out.SetTimer({kOffsetsRetry}, sim::Milliseconds(settings().retry_backoff_ms));
    return;
  }
  if (m.error != ErrorCode::kNone) {
    member_.OnError(m.error, network(), out);
    return;
  }
  awaits_offsets_ = false;
  for (const PartitionOffset& committed : m.offsets) {
    const auto found = partitions_.find(committed.tp);
    if (found == partitions_.end() || committed.offset < 0) continue;
    UpdateLastSeenEpoch(committed.tp, EpochOf(committed.leader_epoch), env, out);
    FetchPosition position{committed.offset, EpochOf(committed.leader_epoch), LeaderOf(committed.tp)};
    const auto old = old_positions_.find(committed.tp);
    if (old != old_positions_.end() && old->second >= 0) position.offset = old->second;
    found->second.at.SeekUnvalidated(position);
    found->second.behind_buffer = {};
    found->second.buffer.clear();
  }
  RecordAssignment(out);
  UpdatePositions(env, out);
  SendFetches(env, out);
}

// Only poll() does it.
void Consumer::UpdatePositions(sim::Env& env, sim::Effects& out) {
  if (activity_ != Activity::kPolling) return;
  CheckLeaders();
  for (auto& [tp, state] : partitions_) {
    // Not before it is known what is committed (SubscriptionState.resetInitializingPositions).
    if (state.at.state() == State::kInitializing && !awaits_offsets_) state.at.RequestReset();
    if (state.at.state() == State::kAwaitReset || state.at.state() == State::kAwaitValidation) {
      Ask(tp, &state.at, env, out);
    }
  }
}

// With new metadata, positions are compared with it (validatePositionsOnMetadataChange). What was fetched from one that
// isn't valid for now is dropped (FetchCollector.fetchRecords).
void Consumer::CheckLeaders() {
  if (!std::exchange(metadata_is_new_, false)) return;
  for (auto& [tp, state] : partitions_) {
    if (state.at.OnLeader(LeaderOf(tp))) {
      BROKERSIM_PROBE("kafka/consumer: another leader, the position is to be validated");
      state.buffer.clear();
      state.behind_buffer = {};
    }
  }
}

// Asks the leader about a position, or for one (validatePositionsAsync, resetPositionsAsync). A partition each.
void Consumer::Ask(const TopicPartition& tp, PartitionPosition* at, sim::Env& env, sim::Effects& out) {
  if (!at->MayAsk(env.monotonic())) return;
  const bool validates = at->state() == State::kAwaitValidation;
  const Leader leader = validates ? at->position().leader : LeaderOf(tp);
  if (leader.id == kNoLeader) {
    RefreshMetadata(env, out);
    RetryFetches(out);
    return;
  }
  const int64_t number = next_inquiry_++;
  inquiries_[number] = {tp, at->position()};
  at->WaitUntil(env.monotonic() + sim::Milliseconds(spec_->config.request_timeout_ms));
  if (validates) {
    OffsetForLeaderEpochRequest request{tp, leader.epoch, at->position().offset_epoch};
    SendTo(leader.id, std::move(request), Tag{kEpochEndTag, number}, env, out);
    return;
  }
  ListOffsetsRequest request;
  request.tp = tp;
  request.current_leader_epoch = EpochOf(leader.epoch);
  request.isolation = isolation();
  const bool to_start = spec_->config.auto_offset_reset == "earliest" && mutant() != Mutant::kResetsToEndOnError;
  request.timestamp = to_start ? kEarliestTimestamp : kLatestTimestamp;
  SendTo(leader.id, std::move(request), Tag{kListTag, number}, env, out);
}

Consumer::PartitionState* Consumer::TakeInquiry(int64_t number, Inquiry* inquiry) {
  const auto asked = inquiries_.find(number);
  if (asked == inquiries_.end()) return nullptr;
  *inquiry = asked->second;
  inquiries_.erase(asked);
  const auto found = partitions_.find(inquiry->tp);
  return found == partitions_.end() ? nullptr : &found->second;
}

// NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, OFFSET_NOT_AVAILABLE, or no answer at all.
void Consumer::OnInquiryFailed(PartitionState* state, sim::Env& env, sim::Effects& out) {
  state->at.WaitUntil(env.monotonic() + sim::Milliseconds(settings().retry_backoff_ms));
  RefreshMetadata(env, out);
  RetryFetches(out);
}

void Consumer::OnListed(int64_t number, const ListOffsetsResponse& m, sim::Env& env, sim::Effects& out) {
  Inquiry inquiry;
  PartitionState* state = TakeInquiry(number, &inquiry);
  if (state == nullptr) return;
  if (m.error != ErrorCode::kNone) {
    OnInquiryFailed(state, env, out);
    return;
  }
  // Without an epoch, so that it isn't validated (OffsetFetcherUtils.resetPositionIfNeeded).
  const FetchPosition position{m.offset, -1, LeaderOf(m.tp)};
  UpdateLastSeenEpoch(m.tp, EpochOf(m.leader_epoch), env, out);
  if (state->at.state() != State::kAwaitReset && mutant() != Mutant::kResetsBeforeOffsets) return;
  state->at.SeekUnvalidated(position);
  SendFetches(env, out);
}

void Consumer::OnEpochEnd(int64_t number, const OffsetForLeaderEpochResponse& m, sim::Env& env, sim::Effects& out) {
  Inquiry inquiry;
  PartitionState* state = TakeInquiry(number, &inquiry);
  if (state == nullptr) return;
  if (m.error != ErrorCode::kNone) {
    if (state->at.position() == inquiry.position) OnInquiryFailed(state, env, out);
    return;
  }
  switch (state->at.OnEpochEnd(inquiry.position, m.end)) {
    case PartitionPosition::Validation::kStale:
      return;
    case PartitionPosition::Validation::kTruncated:
    case PartitionPosition::Validation::kReset:
      // With auto.offset.reset=none it would be a LogTruncationException.
      out.Note("truncation-detected", fmt::format("{} at {} of epoch {}: the leader's epoch {} ends at {}",
                                                  LogName(m.tp), inquiry.position.offset,
                                                  inquiry.position.offset_epoch, m.end.epoch, m.end.end_offset));
      break;
    case PartitionPosition::Validation::kValid:
      break;
  }
  UpdatePositions(env, out);
  SendFetches(env, out);
}

// ---- Fetching

// One request a broker (AbstractFetch.prepareFetchRequests), for partitions of which all that came was returned.
void Consumer::SendFetches(sim::Env& env, sim::Effects& out) {
  if (activity_ != Activity::kPolling) return;
  CheckLeaders();
  absl::btree_map<int32_t, FetchRequest> requests;
  bool unknown_leader = false;
  for (const auto& [tp, state] : partitions_) {
    if (state.at.state() != State::kFetching || !state.buffer.empty()) continue;
    const Leader leader = state.at.position().leader;
    unknown_leader = unknown_leader || leader.id == kNoLeader;
    if (leader.id == kNoLeader || fetching_.contains(leader.id)) continue;
    requests[leader.id].partitions.push_back({tp, EpochOf(leader.epoch), state.at.offset(), -1});
  }
  if (unknown_leader) RefreshMetadata(env, out);
  for (auto& [broker, request] : requests) {
    request.max_wait_ms = static_cast<int32_t>(spec_->config.fetch_max_wait_ms);
    request.min_bytes = static_cast<int32_t>(spec_->config.fetch_min_bytes);
    request.isolation = isolation();
    for (const FetchRequest::Partition& wanted : request.partitions) fetching_[broker][wanted.tp] = wanted.fetch_offset;
    SendTo(broker, std::move(request), Tag{kFetchTag, broker}, env, out);
  }
}

void Consumer::OnFetchedFrom(int32_t broker, const FetchResponse& m, sim::Env& env, sim::Effects& out) {
  const auto asked = std::move(fetching_.at(broker));
  fetching_.erase(broker);
  bool retry = false;
  bool fails = false;
  for (const FetchResponse::Partition& got : m.partitions) {
    metadata_is_new_ |= UpdateLeader(got.tp, got.current_leader);
    const auto found = partitions_.find(got.tp);
    if (found == partitions_.end()) continue;
    if (!OnFetchedPartition(asked.at(got.tp), got, &found->second)) {
      retry = true;
      // The broker may not have heard yet what we know (FetchCollector.handleInitializeErrors).
      fails = fails || got.error != ErrorCode::kUnknownLeaderEpoch;
    }
  }
  if (fails) RefreshMetadata(env, out);
  // Our choice: Java's poll() repeats at once what failed; here a leader that isn't known yet is waited for.
  if (retry) RetryFetches(out);
  UpdatePositions(env, out);
  if (!ReturnFromPoll(/*time_is_up=*/false, env, out) && !retry) SendFetches(env, out);
}

bool Consumer::OnFetchedPartition(int64_t asked, const FetchResponse::Partition& got, PartitionState* state) {
  if (state->at.state() != State::kFetching || state->at.offset() != asked || !state->buffer.empty()) {
    BROKERSIM_PROBE("kafka/consumer: the position isn't where it was fetched from");
    return true;
  }
  if (got.error == ErrorCode::kOffsetOutOfRange) {
    BROKERSIM_PROBE("kafka/consumer: offset out of range");
    state->at.RequestReset();
    return true;
  }
  if (got.error != ErrorCode::kNone) {
    if (mutant() == Mutant::kResetsToEndOnError || mutant() == Mutant::kResetsToStartOnError) state->at.RequestReset();
    return false;
  }
  state->high_watermark = isolation() == IsolationLevel::kReadCommitted ? got.last_stable_offset : got.high_watermark;
  // A batch may begin before what was asked for.
  for (const VisibleRecord& visible : VisibleRecords(got, isolation(), asked)) {
    const Record& record = *visible.record;
    state->buffer.push_back({visible.offset, EpochOf(visible.leader_epoch), record.key, record.value});
  }
  state->behind_buffer = {NextPosition(got, asked), EpochOf(LastEpoch(got, state->at.position().offset_epoch))};
  // What is invisible is passed over without a word (CompletedFetch.nextFetchedRecord).
  if (state->buffer.empty()) state->at.Advance(state->behind_buffer.offset, state->behind_buffer.leader_epoch);
  return true;
}

void Consumer::RetryFetches(sim::Effects& out) {
  out.SetTimer({kFetchRetry}, sim::Milliseconds(settings().retry_backoff_ms));
}

}  // namespace brokersim::kafka
