#include "model/kafka/mirror/mirror_client.h"

#include <algorithm>

#include "model/kafka/visible_records.h"

namespace brokersim::kafka {
namespace {

// batch.size
constexpr int64_t kBatchBytes = 16384;
// fetch.max.wait.ms
constexpr int32_t kFetchWaitMs = 500;

int64_t BytesOf(const Record& record) { return static_cast<int64_t>(record.key.size() + record.value.size()) + 8; }

}  // namespace

bool MirrorClient::AtEnd(const TopicPartition& tp) const {
  const Followed& log = followed_.at(tp);
  return log.end.has_value() && log.at.offset() >= *log.end;
}

// ---- Reading

void MirrorClient::Follow(const TopicPartition& tp, int64_t position) {
  Followed& log = followed_[tp];
  log = Followed{};
  log.at.SeekUnvalidated({position, -1, network_.LeaderOf(tp)});
}

// A consumer's part of it is in consumer_fetch.cc.
void MirrorClient::Fetch(sim::Env& env, sim::Effects& out) {
  if (paused_) return;
  const bool new_metadata = std::exchange(metadata_is_new_, false);
  absl::btree_map<int32_t, FetchRequest> requests;
  bool unknown = false;
  for (auto& [tp, log] : followed_) {
    if (new_metadata) log.at.OnLeader(network_.LeaderOf(tp));
    if (log.at.state() == PartitionPosition::State::kAwaitValidation) {
      Validate(tp, &log.at, env, out);
      continue;
    }
    const NetworkClient::Leader leader = log.at.position().leader;
    unknown = unknown || leader.id == kNoLeader;
    if (leader.id == kNoLeader || fetching_.contains(leader.id)) continue;
    FetchRequest& request = requests[leader.id];
    request.max_wait_ms = kFetchWaitMs;
    request.isolation = isolation_;
    request.partitions.push_back({tp, leader.epoch, log.at.offset(), -1});
  }
  for (auto& [broker, request] : requests) {
    for (const FetchRequest::Partition& wanted : request.partitions) fetching_[broker][wanted.tp] = wanted.fetch_offset;
    network_.SendTo(broker, std::move(request), {kFetchTag, broker}, env, out);
  }
  if (unknown) RetryLater(kFetchRetry, env, out);
}

// Whether the leader's log is the one that was read (KIP-320).
void MirrorClient::Validate(const TopicPartition& tp, PartitionPosition* at, sim::Env& env, sim::Effects& out) {
  if (!at->MayAsk(env.monotonic())) return;
  const FetchPosition& position = at->position();
  inquiries_[next_inquiry_] = {tp, position};
  at->WaitUntil(env.monotonic() + sim::Milliseconds(*network_.settings().request_timeout_ms));
  OffsetForLeaderEpochRequest request{tp, position.leader.epoch, position.offset_epoch};
  network_.SendTo(position.leader.id, std::move(request), {kEpochEndTag, next_inquiry_++}, env, out);
}

void MirrorClient::OnEpochEnd(int64_t number, const OffsetForLeaderEpochResponse* m, sim::Env& env,
                              sim::Effects& out) {
  const auto asked = inquiries_.find(number);
  const Inquiry inquiry = asked->second;
  inquiries_.erase(asked);
  const auto found = followed_.find(inquiry.tp);
  if (found == followed_.end()) return;
  PartitionPosition& at = found->second.at;
  if (m == nullptr || m->error != ErrorCode::kNone) {
    if (at.position() != inquiry.position) return;
    at.WaitUntil(env.monotonic() + sim::Milliseconds(network_.settings().retry_backoff_ms));
    RetryLater(kFetchRetry, env, out);
    return;
  }
  switch (at.OnEpochEnd(inquiry.position, m->end)) {
    case PartitionPosition::Validation::kStale: return;
    case PartitionPosition::Validation::kValid: break;
    case PartitionPosition::Validation::kReset: Follow(inquiry.tp, 0); [[fallthrough]];
    case PartitionPosition::Validation::kTruncated:
      out.Note("offset-reset", fmt::format("{} from {} to {}: its log was cut", LogName(inquiry.tp),
                                           inquiry.position.offset, at.offset()));
  }
  Fetch(env, out);
}

void MirrorClient::OnFetchAnswer(int32_t broker, const FetchResponse& m, Owner& owner, sim::Env& env,
                                 sim::Effects& out) {
  const auto asked = std::move(fetching_.at(broker));
  fetching_.erase(broker);
  bool failed = false;
  for (const FetchResponse::Partition& part : m.partitions) {
    metadata_is_new_ |= network_.UpdateLeader(part.tp, part.current_leader);
    const auto found = followed_.find(part.tp);
    if (found == followed_.end()) continue;
    Followed& log = found->second;
    const int64_t position = asked.at(part.tp);
    // Not where it was fetched from.
    if (log.at.state() != PartitionPosition::State::kFetching || log.at.offset() != position) continue;
    if (part.error == ErrorCode::kOffsetOutOfRange) {
      // auto.offset.reset=earliest (MirrorConnectorConfig.sourceConsumerConfig): all that is there is copied again.
      out.Note("offset-reset", fmt::format("{} from {} to the start", LogName(part.tp), position));
      Follow(part.tp, 0);
    } else if (part.error != ErrorCode::kNone) {
      failed = true;
    } else {
      log.at.Advance(NextPosition(part, position), LastEpoch(part, log.at.position().offset_epoch));
      log.end = isolation_ == IsolationLevel::kReadCommitted ? part.last_stable_offset : part.high_watermark;
      owner.OnFetched(*this, part, position, env, out);
    }
  }
  if (failed) {
    RetryLater(kFetchRetry, env, out);
  } else {
    Fetch(env, out);
  }
}

// ---- Writing

void MirrorClient::Enqueue(const TopicPartition& tp, Write write) {
  bytes_waiting_ += BytesOf(write.record);
  queues_[tp].writes.push_back(std::move(write));
}

std::vector<MirrorClient::Write> MirrorClient::TakeBatch(Queue* queue) const {
  std::vector<Write> batch;
  int64_t bytes = 0;
  while (!queue->writes.empty()) {
    bytes += BytesOf(queue->writes.front().record);
    if (!batch.empty() && bytes > kBatchBytes) break;
    batch.push_back(std::move(queue->writes.front()));
    queue->writes.pop_front();
  }
  return batch;
}

void MirrorClient::Flush(sim::Env& env, sim::Effects& out) {
  absl::btree_map<int32_t, Carried> requests;
  bool later = false;
  for (auto& [tp, queue] : queues_) {
    if (queue.writes.empty()) continue;
    const int32_t leader = network_.LeaderOf(tp).id;
    if (leader == kNoLeader || queue.ready_at > env.monotonic()) {
      later = true;
    } else if (!in_flight_.contains(leader)) {
      requests[leader].emplace_back(tp, TakeBatch(&queue));
    }
  }
  for (auto& [broker, carried] : requests) {
    ProduceRequest request;
    request.timeout_ms = static_cast<int32_t>(*network_.settings().request_timeout_ms);
    for (const auto& [tp, writes] : carried) {
      RecordBatch batch;
      for (const Write& write : writes) batch.records.push_back(write.record);
      request.partitions.push_back({tp, sim::MakePayload(std::move(batch))});
    }
    in_flight_[broker] = std::move(carried);
    network_.SendTo(broker, std::move(request), {kWriteTag, broker}, env, out);
  }
  if (later) RetryLater(kWriteRetry, env, out);
}

void MirrorClient::OnWriteAnswer(int32_t broker, const ProduceResponse& m, Owner& owner, sim::Env& env,
                                 sim::Effects& out) {
  Carried carried = std::move(in_flight_.at(broker));
  in_flight_.erase(broker);
  for (size_t i = 0; i < carried.size(); ++i) {
    auto& [tp, writes] = carried[i];
    const ProduceResponse::Partition& part = m.partitions[i];
    metadata_is_new_ |= network_.UpdateLeader(tp, part.current_leader);
    if (part.error != ErrorCode::kNone) {
      PutBack(tp, std::move(writes), env);
      continue;
    }
    for (const Write& write : writes) bytes_waiting_ -= BytesOf(write.record);
    owner.OnWritten(*this, tp, std::move(writes), part.base_offset, env, out);
  }
  Flush(env, out);
}

void MirrorClient::PutBack(const TopicPartition& tp, std::vector<Write> writes, sim::Env& env) {
  Queue& queue = queues_[tp];
  while (!writes.empty()) {
    queue.writes.push_front(std::move(writes.back()));
    writes.pop_back();
  }
  queue.ready_at = env.monotonic() + sim::Milliseconds(network_.settings().retry_backoff_ms);
}

// ---- What happens

bool MirrorClient::OnMessage(const sim::Received& message, const Frame& frame, Owner& owner, sim::Env& env,
                             sim::Effects& out) {
  NetworkClient::Tag tag;
  switch (network_.OnMessage(message, frame, &tag, env, out)) {
    case NetworkClient::Heard::kNothing:
      return false;
    case NetworkClient::Heard::kMetadata:
      metadata_is_new_ = true;
      Fetch(env, out);
      Flush(env, out);
      return true;
    case NetworkClient::Heard::kAnswer:
      break;
  }
  if (tag.kind == kFetchTag) {
    OnFetchAnswer(static_cast<int32_t>(tag.arg), std::get<FetchResponse>(frame.body), owner, env, out);
  } else if (tag.kind == kEpochEndTag) {
    OnEpochEnd(tag.arg, &std::get<OffsetForLeaderEpochResponse>(frame.body), env, out);
  } else if (tag.kind == kWriteTag) {
    OnWriteAnswer(static_cast<int32_t>(tag.arg), std::get<ProduceResponse>(frame.body), owner, env, out);
  } else {
    owner.OnAnswer(*this, tag, &frame.body, env, out);
  }
  return true;
}

void MirrorClient::OnLost(NetworkClient::Tag tag, Owner& owner, sim::Env& env, sim::Effects& out) {
  const auto broker = static_cast<int32_t>(tag.arg);
  if (tag.kind == kFetchTag) {
    fetching_.erase(broker);
    RetryLater(kFetchRetry, env, out);
  } else if (tag.kind == kEpochEndTag) {
    OnEpochEnd(tag.arg, nullptr, env, out);
  } else if (tag.kind == kWriteTag) {
    Carried carried = std::move(in_flight_.at(broker));
    in_flight_.erase(broker);
    for (auto& [tp, writes] : carried) PutBack(tp, std::move(writes), env);
    RetryLater(kWriteRetry, env, out);
  } else {
    owner.OnAnswer(*this, tag, nullptr, env, out);
  }
}

void MirrorClient::RetryLater(TimerKind kind, sim::Env& env, sim::Effects& out) {
  network_.RefreshMetadata(env, out);
  out.SetTimer({first_timer_ + kind}, sim::Milliseconds(network_.settings().retry_backoff_ms));
}

bool MirrorClient::OnTimer(sim::Timer timer, Owner& owner, sim::Env& env, sim::Effects& out) {
  const auto lost = [&](NetworkClient::Tag tag) { OnLost(tag, owner, env, out); };
  if (network_.OnTimer(timer, lost, env, out)) return true;
  if (timer.kind == first_timer_ + kFetchRetry) {
    Fetch(env, out);
  } else if (timer.kind == first_timer_ + kWriteRetry) {
    Flush(env, out);
  } else {
    return false;
  }
  return true;
}

bool MirrorClient::OnDisconnected(sim::ConnId conn, Owner& owner, sim::Env& env, sim::Effects& out) {
  const auto lost = [&](NetworkClient::Tag tag) { OnLost(tag, owner, env, out); };
  return network_.OnDisconnected(conn, lost, env, out);
}

std::string_view MirrorClient::TimerName(uint32_t kind) const {
  if (kind == first_timer_ + kFetchRetry) return "fetch-retry";
  if (kind == first_timer_ + kWriteRetry) return "write-retry";
  return network_.TimerName(kind);
}

}  // namespace brokersim::kafka
