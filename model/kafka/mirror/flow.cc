#include "model/kafka/mirror/flow.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "model/kafka/visible_records.h"

namespace brokersim::kafka {
namespace {

// OffsetSyncWriter.MAX_OUTSTANDING_OFFSET_SYNCS
constexpr int64_t kMaxOutstandingSyncs = 10;

IsolationLevel IsolationOf(const MirrorConfig& config) {
  return config.consumer_isolation_level == "read_committed" ? IsolationLevel::kReadCommitted
                                                             : IsolationLevel::kReadUncommitted;
}

Translation TranslationOf(const MirrorConfig& config) {
  return config.kafka_12468 ? Translation::kConservative : Translation::kExtrapolating;
}

// "orders-0" and the like, as LogName writes it.
TopicPartition ParseLogName(const std::string& name) {
  const size_t dash = name.rfind('-');
  TopicPartition tp{name.substr(0, dash), 0};
  CHECK(dash != std::string::npos && absl::SimpleAtoi(name.substr(dash + 1), &tp.partition), "no log: {}", name);
  return tp;
}

// Two offsets in one value: "12:13".
OffsetSync ParseOffsets(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  OffsetSync offsets;
  CHECK(parts.size() == 2 && absl::SimpleAtoi(parts[0], &offsets.upstream) &&
            absl::SimpleAtoi(parts[1], &offsets.downstream),
        "no pair of offsets: {}", text);
  return offsets;
}

}  // namespace

MirrorFlow::MirrorFlow(std::shared_ptr<const MirrorFlowSpec> spec, uint32_t first_timer)
    : spec_(std::move(spec)), first_timer_(first_timer + 2 * MirrorClient::kTimers),
      source_(spec_->source, IsolationOf(spec_->config), first_timer),
      target_(spec_->target, IsolationLevel::kReadUncommitted, first_timer + MirrorClient::kTimers),
      offsets_log_{spec_->target->Own(OffsetsTopic(spec_->source->name)), 0},
      checkpoints_log_{spec_->target->Own(CheckpointsTopic(spec_->source->name)), 0},
      syncs_log_{spec_->source->Own(OffsetSyncsTopic(spec_->target->name)), 0},
      syncs_(TranslationOf(spec_->config)) {
  for (const TopicSpec& topic : spec_->source->topics) {
    const std::string_view name = NameInCluster(topic.name);
    if (!spec_->config.Copies(spec_->target->name, name)) continue;
    for (size_t i = 0; i < topic.assignment.size(); ++i) {
      const TopicPartition tp{topic.name, static_cast<int32_t>(i)};
      copied_[tp];
      source_of_[MirrorOf(tp)] = tp;
    }
  }
}

TopicPartition MirrorFlow::MirrorOf(const TopicPartition& source) const {
  return {spec_->target->Own(spec_->config.RemoteTopic(spec_->source->name, NameInCluster(source.topic))),
          source.partition};
}

// First, what a former process wrote down is read: source offsets and checkpoints.
void MirrorFlow::Begin(sim::Env& env, sim::Effects& out) {
  source_.Begin(env, out);
  target_.Begin(env, out);
  if (spec_->copies) target_.Follow(offsets_log_, 0);
  if (spec_->translates) target_.Follow(checkpoints_log_, 0);
}

void MirrorFlow::Restore(const TopicPartition& tp, const Record& record) {
  if (tp == offsets_log_) {
    int64_t next = 0;
    CHECK(absl::SimpleAtoi(record.value, &next), "no offset: {}", record.value);
    const auto found = copied_.find(ParseLogName(record.key));
    if (found != copied_.end()) found->second.next = found->second.flushed = next;
    return;
  }
  const size_t bar = record.key.find('|');
  const OffsetSync offsets = ParseOffsets(record.value);
  GroupNamed(record.key.substr(0, bar)).checkpoints[ParseLogName(record.key.substr(bar + 1))] = {offsets.upstream,
                                                                                               offsets.downstream};
}

void MirrorFlow::BeginMirroring(sim::Env& env, sim::Effects& out) {
  restoring_ = false;
  target_.Forget(offsets_log_);
  target_.Forget(checkpoints_log_);
  if (spec_->copies) {
    for (const auto& [tp, copied] : copied_) {
      source_.Follow(tp, copied.next.value_or(0));  // auto.offset.reset=earliest
      if (copied.next.has_value()) out.Note("resume", fmt::format("{} from offset {}", LogName(tp), *copied.next));
    }
  }
  if (spec_->translates) source_.Follow(syncs_log_, 0);
  source_.Fetch(env, out);
  const MirrorConfig& config = spec_->config;
  if (spec_->copies) out.SetTimer(Own(kFlushOffsets), sim::Milliseconds(config.offset_flush_interval_ms));
  if (!spec_->translates || !config.emit_checkpoints_enabled) return;
  RefreshGroups(env, out);
  out.SetTimer(Own(kCheckpoint), sim::Seconds(config.emit_checkpoints_interval_seconds));
  if (config.sync_group_offsets_enabled) {
    out.SetTimer(Own(kSyncGroups), sim::Seconds(config.sync_group_offsets_interval_seconds));
  }
}

// ---- Records

void MirrorFlow::OnFetched(MirrorClient& client, const FetchResponse::Partition& part, int64_t position,
                           sim::Env& env, sim::Effects& out) {
  if (&client == &target_) {
    if (!restoring_) return;
    for (const VisibleRecord& visible : VisibleRecords(part, IsolationLevel::kReadUncommitted, position)) {
      Restore(part.tp, *visible.record);
    }
    const bool offsets_known = !spec_->copies || target_.AtEnd(offsets_log_);
    if (offsets_known && (!spec_->translates || target_.AtEnd(checkpoints_log_))) BeginMirroring(env, out);
    return;
  }
  if (part.tp != syncs_log_) {
    Copy(part.tp, part, position, env, out);
    return;
  }
  for (const VisibleRecord& visible : VisibleRecords(part, IsolationLevel::kReadUncommitted, position)) {
    syncs_.Add(ParseLogName(visible.record->key), ParseOffsets(visible.record->value));
  }
}

void MirrorFlow::Copy(const TopicPartition& tp, const FetchResponse::Partition& part, int64_t position, sim::Env& env,
                      sim::Effects& out) {
  if (stopping_) return;
  const TopicPartition mirror = MirrorOf(tp);
  for (const VisibleRecord& visible : VisibleRecords(part, IsolationOf(spec_->config), position)) {
    formats::Operation operation;
    operation.set_f("mirror");
    formats::Send* send = operation.add_actions()->mutable_send();
    send->set_log(LogName(mirror));
    send->set_key(visible.record->key);
    send->set_value(visible.record->value);
    target_.Enqueue(mirror, {*visible.record, visible.offset, out.Invoke(std::move(operation))});
  }
  target_.Flush(env, out);
  PauseIfFull(env, out);
}

// The producer's send() blocks while its memory is full, and the task polls no more.
void MirrorFlow::PauseIfFull(sim::Env& env, sim::Effects& out) {
  const bool full = target_.bytes_waiting() >= spec_->config.producer_buffer_memory;
  source_.Pause(full || stopping_);
  if (!full && !stopping_) source_.Fetch(env, out);
}

void MirrorFlow::OnWritten(MirrorClient& client, const TopicPartition& tp, std::vector<MirrorClient::Write> writes,
                           int64_t base_offset, sim::Env& env, sim::Effects& out) {
  if (&client == &source_) {
    syncs_outstanding_ -= static_cast<int64_t>(writes.size());
    FireOffsetSyncs(env, out);
    return;
  }
  const auto found = source_of_.find(tp);
  if (found == source_of_.end()) return;  // a log of our own
  const std::string log = LogName(tp);
  for (size_t i = 0; i < writes.size(); ++i) {
    const MirrorClient::Write& write = writes[i];
    const int64_t offset = base_offset + static_cast<int64_t>(i);
    formats::Operation operation;
    operation.set_f("mirror");
    operation.set_type(formats::Operation::OK);
    formats::Send* send = operation.add_actions()->mutable_send();
    send->set_log(log);
    send->set_key(write.record.key);
    send->set_value(write.record.value);
    send->set_offset(offset);
    out.Record(formats::RecordVerb::kAcknowledged, log, offset, write.record.value);
    out.Complete(*write.op, std::move(operation));
    NoteCopied(found->second, {write.cookie, offset});
  }
  FireOffsetSyncs(env, out);
  PauseIfFull(env, out);
}

void MirrorFlow::NoteCopied(const TopicPartition& source, OffsetSync offsets) {
  Copied& copied = copied_.at(source);
  copied.next = offsets.upstream + 1;
  if (!copied.decision.has_value()) {
    copied.decision.emplace(spec_->config.offset_lag_max, TranslationOf(spec_->config));
  }
  const bool due = copied.decision->Update(offsets);
  // One that isn't due waits for the next flush, so that the end of a quiet log isn't left behind (KAFKA-15906).
  const bool delays = spec_->config.kafka_12468;
  if (due) {
    delayed_syncs_.erase(source);
    pending_syncs_[source] = offsets;
  } else if (delays) {
    delayed_syncs_[source] = offsets;
  }
}

void MirrorFlow::FireOffsetSyncs(sim::Env& env, sim::Effects& out) {
  while (!pending_syncs_.empty() && syncs_outstanding_ < kMaxOutstandingSyncs) {
    const auto [tp, sync] = *pending_syncs_.begin();
    pending_syncs_.erase(pending_syncs_.begin());
    ++syncs_outstanding_;
    Record record{LogName(tp), fmt::format("{}:{}", sync.upstream, sync.downstream), env.wall().millis()};
    source_.Enqueue(syncs_log_, {std::move(record), 0, std::nullopt});
  }
  source_.Flush(env, out);
}

// Connect writes down how far each partition is copied (SourceTaskOffsetCommitter).
void MirrorFlow::FlushOffsets(sim::Env& env, sim::Effects& out) {
  for (auto& [tp, copied] : copied_) {
    if (copied.next == copied.flushed) continue;
    copied.flushed = copied.next;
    Record record{LogName(tp), fmt::format("{}", *copied.next), env.wall().millis()};
    target_.Enqueue(offsets_log_, {std::move(record), 0, std::nullopt});
  }
  target_.Flush(env, out);
  for (const auto& [tp, sync] : delayed_syncs_) pending_syncs_[tp] = sync;
  delayed_syncs_.clear();
  FireOffsetSyncs(env, out);
}

// ---- What happens

bool MirrorFlow::OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out) {
  return source_.OnMessage(message, frame, *this, env, out) || target_.OnMessage(message, frame, *this, env, out);
}

bool MirrorFlow::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  return source_.OnDisconnected(conn, *this, env, out) || target_.OnDisconnected(conn, *this, env, out);
}

bool MirrorFlow::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (source_.OnTimer(timer, *this, env, out) || target_.OnTimer(timer, *this, env, out)) return true;
  if (timer.kind < first_timer_ || timer.kind > first_timer_ + kRefreshGroups) return false;
  const MirrorConfig& config = spec_->config;
  switch (static_cast<TimerKind>(timer.kind - first_timer_)) {
    case kFlushOffsets:
      FlushOffsets(env, out);
      out.SetTimer(timer, sim::Milliseconds(config.offset_flush_interval_ms));
      return true;
    case kCheckpoint:
      FindGroups(source_, kFindTag, env, out);
      out.SetTimer(timer, sim::Seconds(config.emit_checkpoints_interval_seconds));
      return true;
    case kSyncGroups:
      FindGroups(target_, kFindAtTargetTag, env, out);
      out.SetTimer(timer, sim::Seconds(config.sync_group_offsets_interval_seconds));
      return true;
    case kRefreshGroups:
      RefreshGroups(env, out);
      return true;
  }
  return true;
}

// SubmittedRecords.awaitAllMessages, then WorkerSourceTask.finalOffsetCommit.
bool MirrorFlow::ProceedToStop(sim::Env& env, sim::Effects& out) {
  source_.Pause(true);
  if (target_.bytes_waiting() > 0) return false;
  if (std::exchange(offsets_final_, true) || restoring_) return true;
  FlushOffsets(env, out);
  return target_.bytes_waiting() == 0;
}

void MirrorFlow::Close(sim::Effects& out) {
  source_.network().Close(out);
  target_.network().Close(out);
}

std::string_view MirrorFlow::TimerName(uint32_t kind) const {
  for (const MirrorClient* client : {&source_, &target_}) {
    if (const std::string_view name = client->TimerName(kind); !name.empty()) return name;
  }
  if (kind < first_timer_) return "";
  switch (static_cast<TimerKind>(kind - first_timer_)) {
    case kFlushOffsets: return "offset-flush";
    case kCheckpoint: return "emit-checkpoints";
    case kSyncGroups: return "sync-group-offsets";
    case kRefreshGroups: return "refresh-groups";
  }
  return "";
}

void MirrorFlow::Describe(sim::Describer& d) const {
  for (const auto& [tp, copied] : copied_) d.Set(LogName(MirrorOf(tp)), ".copied", copied.next.value_or(0));
  for (const Group& group : groups_) {
    for (const auto& [tp, checkpoint] : group.checkpoints) {
      d.Set(fmt::format("checkpoint-{}.", group.id), LogName(tp), checkpoint.downstream);
    }
  }
}

}  // namespace brokersim::kafka
