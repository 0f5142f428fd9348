// The application, and what happens.
#include "model/kafka/consumer.h"

#include <algorithm>
#include <utility>

#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

// How long the application lets poll() wait.
constexpr sim::Duration kPollWait = sim::Seconds(1);

// Those that exist in this cluster; behind each its mirrors.
std::vector<std::string> TopicsOf(const ConsumerSpec& spec, const ClusterSpec& cluster) {
  std::vector<std::string> topics;
  for (const std::string& wanted : spec.topics) {
    for (const TopicSpec& topic : cluster.topics) {
      const std::string_view name = NameInCluster(topic.name);
      if (name == wanted || (spec.mirrors && name.ends_with("." + wanted))) topics.push_back(topic.name);
    }
  }
  return topics;
}

}  // namespace

Consumer::Consumer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ConsumerSpec> spec,
                   sim::Env& env, sim::Effects& out)
    : Client(std::move(cluster), Settings{spec->config.request_timeout_ms, spec->config.retry_backoff_ms,
                                          spec->config.metadata_max_age_ms}),
      spec_(std::move(spec)), topics_(TopicsOf(*spec_, this->cluster())),
      member_({spec_->config.group_id, spec_->config.session_timeout_ms, spec_->config.max_poll_interval_ms,
               spec_->config.heartbeat_interval_ms},
              kFirstMemberTimer, kFirstMemberTag) {
  RefreshMetadata(env, out);
  last_auto_commit_ = env.monotonic();
  out.SetTimer({kStart}, std::max(spec_->start - env.monotonic(), sim::Nanoseconds(0)));
}

void Consumer::OnStop(sim::Env& env, sim::Effects& out) {
  if (member_.stable()) member_.Leave(network(), env, out);
  out.Exit();
}

// ---- The application: poll, process, commit, and again

void Consumer::Poll(sim::Env& env, sim::Effects& out) {
  activity_ = Activity::kPolling;
  out.SetTimer({kPollInterval}, sim::Milliseconds(spec_->config.max_poll_interval_ms));
  formats::Operation operation;
  operation.set_f("poll");
  poll_op_ = out.Invoke(std::move(operation));
  const bool auto_commit = in_group() && spec_->config.enable_auto_commit;
  if (auto_commit && member_.stable() &&
      (member_.rejoin_needed() ||
       env.monotonic() - last_auto_commit_ >= sim::Milliseconds(spec_->config.auto_commit_interval_ms))) {
    // ConsumerCoordinator.maybeAutoCommitOffsetsAsync: the positions after what former polls returned.
    last_auto_commit_ = env.monotonic();
    // Nothing of a former assignment (SubscriptionState.allConsumed).
    to_commit_.clear();
    for (const auto& [tp, state] : partitions_) {
      if (state.at.state() != PartitionPosition::State::kFetching) continue;
      to_commit_[tp] = {state.at.offset(), state.at.position().offset_epoch};
    }
    if (!to_commit_.empty()) SendCommit(/*waits=*/false, env, out);
  }
  EnsureGroup(env, out);
  out.SetTimer({kPollTimeout}, kPollWait);
  UpdatePositions(env, out);
  SendFetches(env, out);
  ReturnFromPoll(/*time_is_up=*/false, env, out);
}

// Ends the poll if there are records, or its time is up. Returns whether it ended.
bool Consumer::ReturnFromPoll(bool time_is_up, sim::Env& env, sim::Effects& out) {
  if (activity_ != Activity::kPolling) return false;
  int64_t room = spec_->config.max_poll_records;
  formats::Operation operation;
  operation.set_f("poll");
  operation.set_type(formats::Operation::OK);
  bool any = false;
  const bool may_return = !in_group() || member_.stable();
  for (auto& [tp, state] : partitions_) {
    if (!may_return || state.at.offset() < 0) continue;
    formats::Poll* poll = operation.add_actions()->mutable_poll();
    poll->set_log(LogName(tp));
    poll->set_group(spec_->config.group_id);
    poll->set_from(state.at.offset());
    while (room > 0 && !state.buffer.empty()) {
      Fetched record = std::move(state.buffer.front());
      state.buffer.pop_front();
      --room;
      any = true;
      state.at.Advance(record.offset + 1, record.leader_epoch);
      formats::Read* read = poll->add_reads();
      read->set_offset(record.offset);
      read->set_key(record.key);
      read->set_value(record.value);
      out.Record(formats::RecordVerb::kDelivered, poll->log(), record.offset, record.value);
      work_.push_back({tp, std::move(record)});
    }
    if (mutant() == Mutant::kPollDropsRest) state.buffer.clear();
    if (mutant() == Mutant::kReturnsRecordTwice && poll->reads_size() > 1) {
      const formats::Read& last = poll->reads(poll->reads_size() - 1);
      state.buffer.push_front({last.offset(), work_.back().record.leader_epoch, last.key(), last.value()});
    }
    // Behind the last record there may be what is invisible.
    if (state.buffer.empty() && state.behind_buffer.offset > state.at.offset()) {
      state.at.Advance(state.behind_buffer.offset, state.behind_buffer.leader_epoch);
    }
    poll->set_next(state.at.offset());
    if (state.high_watermark.has_value()) poll->set_end(*state.high_watermark);
  }
  if (!any && !time_is_up) return false;
  out.CancelTimer({kPollTimeout});
  out.Complete(*poll_op_, std::move(operation));
  poll_op_.reset();
  SendFetches(env, out);
  if (!any) {
    Poll(env, out);
    return true;
  }
  const bool before = spec_->commit == CommitPolicy::kBeforeProcessing || mutant() == Mutant::kCommitsBeforeProcessing;
  if (before && in_group() && !spec_->config.enable_auto_commit) {
    for (const Work& work : work_) to_commit_[work.tp] = {work.record.offset + 1, work.record.leader_epoch};
    activity_ = Activity::kCommittingBefore;
    SendCommit(/*waits=*/true, env, out);
    return true;
  }
  BeginBatch(env, out);
  return true;
}

void Consumer::BeginBatch(sim::Env& env, sim::Effects& out) {
  if (!spec_->hands_over) return ProcessNext(env, out);
  if (worker_ == Activity::kIdle) ProcessNext(env, out);
  Poll(env, out);
}

void Consumer::ProcessNext(sim::Env& env, sim::Effects& out) {
  if (work_.empty()) {
    if (!spec_->hands_over) return AfterBatch(env, out);
    worker_ = Activity::kIdle;
    return;
  }
  processing() = Activity::kProcessing;
  out.SetTimer({kProcessed}, slow_.value_or(spec_->processing).Sample(env.Random("processing")));
}

// A slow consumer takes another time for each record, from the next one on.
bool Consumer::OnOperation(const sim::Operation& operation, sim::Env&, sim::Effects&) {
  if (ChangesCluster(operation)) return true;
  if (operation.name != "slow_consumer") return false;
  slow_.reset();
  if (operation.begins) slow_ = operation.distribution;
  return true;
}

void Consumer::OnProcessed(sim::Env& env, sim::Effects& out) {
  const bool may_fail = spec_->failure != sim::Ratio::Never();
  if (!may_fail || !env.Random("failure").Chance(spec_->failure)) return SendEffect(env, out);
  const Work& work = work_.front();
  out.Note("processing-failed", fmt::format("{} at {} of {}: {}", work.record.value, work.record.offset,
                                            LogName(work.tp), spec_->skips_failures ? "left" : "tried again"));
  if (spec_->skips_failures) return FinishFirst(env, out);
  ProcessNext(env, out);
}

// The record is processed: its effect goes to the ledger, which answers when it has taken place.
void Consumer::SendEffect(sim::Env& env, sim::Effects& out) {
  if (!spec_->ledger.valid()) {
    EffectDone(env, out);
    return;
  }
  processing() = Activity::kAwaitingLedger;
  if (!ledger_conn_.valid()) ledger_conn_ = out.Connect(spec_->ledger);
  const Work& work = work_.front();
  out.Send(ledger_conn_,
           sim::MakePayload(app::ApplyEffect{
               ++effect_number_, spec_->effects_of.empty() ? spec_->config.group_id : spec_->effects_of,
               LogName(work.tp), work.record.offset, work.record.value, spec_->idempotent_effects}));
}

void Consumer::OnOtherMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* applied = message.payload.As<app::EffectApplied>();
  CHECK(applied != nullptr, "{} got a {}", env.name(), message.payload.name());
  if (processing() != Activity::kAwaitingLedger || applied->number != effect_number_) return;
  out.Point("after-process");
  EffectDone(env, out);
}

// The first record of the batch is processed.
void Consumer::FinishFirst(sim::Env& env, sim::Effects& out) {
  const Fetched& record = work_.front().record;
  to_commit_[work_.front().tp] = {record.offset + 1, record.leader_epoch};
  work_.pop_front();
  ProcessNext(env, out);
}

void Consumer::OnOtherDisconnected(sim::ConnId conn, sim::Env&, sim::Effects& out) {
  if (conn != ledger_conn_) return;
  ledger_conn_ = sim::ConnId{};
  // The effect may have taken place: an application that retries does it again.
  if (processing() == Activity::kAwaitingLedger)
    out.SetTimer({kLedgerRetry}, sim::Milliseconds(settings().retry_backoff_ms));
}

void Consumer::AfterBatch(sim::Env& env, sim::Effects& out) {
  if (spec_->commit == CommitPolicy::kAfterProcessing && in_group() && !spec_->config.enable_auto_commit &&
      !to_commit_.empty()) {
    activity_ = Activity::kCommittingAfter;
    SendCommit(/*waits=*/true, env, out);
    return;
  }
  Poll(env, out);
}

void Consumer::SeekToCommitted(sim::Env& env, sim::Effects& out) {
  std::vector<TopicPartition> partitions;
  for (const auto& [tp, state] : partitions_) partitions.push_back(tp);
  if (member_.stable() && !partitions.empty()) Assign(partitions, env, out);
}

void Consumer::Rejoin(sim::Env& env, sim::Effects& out) {
  work_.clear();
  to_commit_.clear();
  out.CancelTimer({kProcessed});
  member_.RequestRejoin();
  Poll(env, out);
}

// ---- Events

void Consumer::OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  if (member_.OnAnswer(tag, &body, network(), *this, env, out)) return;
  switch (static_cast<TagKind>(tag.kind)) {
    case kOffsetsTag:
      if (tag.arg == assignment_) OnOffsets(std::get<OffsetFetchResponse>(body), env, out);
      return;
    case kListTag:
      OnListed(tag.arg, std::get<ListOffsetsResponse>(body), env, out);
      return;
    case kEpochEndTag:
      OnEpochEnd(tag.arg, std::get<OffsetForLeaderEpochResponse>(body), env, out);
      return;
    case kFetchTag:
      OnFetchedFrom(static_cast<int32_t>(tag.arg), std::get<FetchResponse>(body), env, out);
      return;
    case kCommitTag:
      ConcludeCommit(tag.arg == 1, std::get<OffsetCommitResponse>(body).error, env, out);
      return;
  }
}

void Consumer::OnLost(Tag tag, sim::Env& env, sim::Effects& out) {
  if (member_.OnAnswer(tag, nullptr, network(), *this, env, out)) return;
  switch (static_cast<TagKind>(tag.kind)) {
    case kOffsetsTag:
      if (tag.arg == assignment_) member_.OnError(ErrorCode::kCoordinatorNotAvailable, network(), out);
      return;
    case kListTag:
    case kEpochEndTag: {
      Inquiry inquiry;
      if (PartitionState* state = TakeInquiry(tag.arg, &inquiry)) OnInquiryFailed(state, env, out);
      return;
    }
    case kFetchTag:
      fetching_.erase(static_cast<int32_t>(tag.arg));
      RefreshMetadata(env, out);
      RetryFetches(out);
      return;
    case kCommitTag:
      ConcludeCommit(tag.arg == 1, ErrorCode::kCoordinatorNotAvailable, env, out);
      return;
  }
}

void Consumer::OnMetadata(sim::Env& env, sim::Effects& out) {
  metadata_is_new_ = true;
  if (!in_group() && partitions_.empty() && activity_ != Activity::kIdle) EnsureGroup(env, out);
  UpdatePositions(env, out);
  SendFetches(env, out);
}

void Consumer::OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (member_.OnTimer(timer, network(), *this, env, out)) return;
  switch (static_cast<TimerKind>(timer.kind)) {
    case kStart:
      if (activity_ == Activity::kIdle) Poll(env, out);
      return;
    case kPollTimeout:
      ReturnFromPoll(/*time_is_up=*/true, env, out);
      return;
    case kProcessed:
      OnProcessed(env, out);
      return;
    case kFetchRetry:
      UpdatePositions(env, out);
      SendFetches(env, out);
      return;
    case kCommitRetry:
      SendCommit(/*waits=*/true, env, out);
      return;
    case kPollInterval:
      // The heartbeat thread leaves the group on behalf of an application that is stuck (KIP-62).
      if (!member_.stable()) return;
      BROKERSIM_PROBE("kafka/consumer: leaves the group, its application is stuck");
      out.Note("poll-interval", "max.poll.interval.ms has passed without a poll: leaves the group");
      member_.Leave(network(), env, out);
      member_.Forget();
      return;
    case kOffsetsRetry:
      if (awaits_offsets_ && member_.stable()) FetchOffsets(env, out);
      return;
    case kLedgerRetry:
      if (mutant() == Mutant::kLedgerFailureIgnored) {
        FinishFirst(env, out);
        return;
      }
      if (processing() == Activity::kAwaitingLedger) SendEffect(env, out);
      return;
  }
}

std::string_view Consumer::ClientTimerName(uint32_t kind) const {
  if (const std::string_view name = member_.TimerName(kind); !name.empty()) return name;
  switch (static_cast<TimerKind>(kind)) {
    case kStart: return "start";
    case kPollTimeout: return "poll-timeout";
    case kProcessed: return "processed";
    case kFetchRetry: return "fetch-retry";
    case kCommitRetry: return "commit-retry";
    case kPollInterval: return "max-poll-interval";
    case kLedgerRetry: return "ledger-retry";
    case kOffsetsRetry: return "offsets-retry";
  }
  return "?";
}

void Consumer::Describe(sim::Describer& d) const {
  if (in_group()) {
    d.Set("member", member_.id());
    d.Set("generation", member_.generation());
  }
  for (const auto& [tp, state] : partitions_) d.Set(LogName(tp), ".position", state.at.offset());
}

}  // namespace brokersim::kafka
