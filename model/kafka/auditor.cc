#include "model/kafka/auditor.h"

#include <algorithm>
#include <utility>

#include "model/kafka/visible_records.h"

namespace brokersim::kafka {

namespace {

// Timers of the networks of all clusters but the first, whose kinds begin with 0.
constexpr uint32_t kFurtherTimers = 20;

}  // namespace

Auditor::Auditor(std::shared_ptr<const AuditorSpec> spec, sim::Env& env, sim::Effects& out) : spec_(std::move(spec)) {
  uint32_t first_timer = 0;
  for (const auto& cluster : spec_->clusters) {
    networks_.emplace_back(cluster, NetworkClient::Settings{.request_timeout_ms = 5000}, first_timer);
    first_timer = std::max(first_timer + NetworkClient::kTimers, kFurtherTimers);
  }
  out.SetTimer({kBegin}, std::max(spec_->start - env.monotonic(), sim::Nanoseconds(0)));
}

void Auditor::Begin(sim::Env& env, sim::Effects& out) {
  for (NetworkClient& network : networks_) network.RefreshMetadata(env, out);
  out.SetTimer({kGiveUp}, spec_->patience);
  for (const auto& [cluster, tp] : spec_->logs) {
    formats::Operation operation;
    operation.set_f("read-all");
    operation.add_actions()->mutable_poll()->set_log(LogName(tp));
    Log log;
    log.cluster = cluster;
    log.tp = tp;
    log.op = out.Invoke(std::move(operation));
    logs_.push_back(std::move(log));
  }
  for (size_t i = 0; i < logs_.size(); ++i) Advance(static_cast<int64_t>(i), env, out);
  if (logs_.empty()) out.FinishSimulation();
}

void Auditor::Advance(int64_t index, sim::Env& env, sim::Effects& out) {
  Log& log = logs_[static_cast<size_t>(index)];
  if (log.done) return;
  NetworkClient& network = networks_[log.cluster];
  const NetworkClient::Leader leader = network.LeaderOf(log.tp);
  if (leader.id == kNoLeader) {
    Retry(index, env, out);
    return;
  }
  if (!log.end.has_value() || log.position >= *log.end) {
    ListOffsetsRequest request;
    request.tp = log.tp;
    request.current_leader_epoch = leader.epoch;
    network.SendTo(leader.id, std::move(request), Tag{kListTag, index}, env, out);
    return;
  }
  FetchRequest request;
  request.isolation = spec_->isolation;
  request.partitions.push_back({log.tp, leader.epoch, log.position, -1});
  network.SendTo(leader.id, std::move(request), Tag{kFetchTag, index}, env, out);
}

void Auditor::Retry(int64_t index, sim::Env& env, sim::Effects& out) {
  NetworkClient& network = networks_[logs_[static_cast<size_t>(index)].cluster];
  network.RefreshMetadata(env, out);
  out.SetTimer({kRetry, index}, sim::Milliseconds(network.settings().retry_backoff_ms));
}

void Auditor::OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  Log& log = logs_[static_cast<size_t>(tag.arg)];
  if (log.done) return;
  if (tag.kind == kListTag) {
    const auto& answer = std::get<ListOffsetsResponse>(body);
    if (answer.error != ErrorCode::kNone) {
      Retry(tag.arg, env, out);
      return;
    }
    log.end = answer.offset;
    // Read to the end, and the end is where it was.
    if (log.position >= answer.offset) {
      Conclude(&log, true, out);
      return;
    }
    Advance(tag.arg, env, out);
    return;
  }
  const FetchResponse::Partition& got = std::get<FetchResponse>(body).partitions[0];
  if (got.error != ErrorCode::kNone) {
    Retry(tag.arg, env, out);
    return;
  }
  for (const VisibleRecord& visible : VisibleRecords(got, spec_->isolation, log.position)) {
    formats::Read read;
    read.set_offset(visible.offset);
    read.set_key(visible.record->key);
    read.set_value(visible.record->value);
    log.reads.push_back(std::move(read));
  }
  log.position = NextPosition(got, log.position);
  Advance(tag.arg, env, out);
}

void Auditor::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* frame = message.payload.As<Frame>();
  CHECK(frame != nullptr, "the auditor got a {}", message.payload.name());
  Tag tag;
  for (NetworkClient& network : networks_) {
    if (network.OnMessage(message, *frame, &tag, env, out) != NetworkClient::Heard::kAnswer) continue;
    OnAnswer(tag, frame->body, env, out);
    return;
  }
}

void Auditor::OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  for (NetworkClient& network : networks_) network.OnConnected(conn, env, out);
}

void Auditor::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  const auto lost = [&](Tag tag) { Retry(tag.arg, env, out); };
  for (NetworkClient& network : networks_) {
    if (network.OnDisconnected(conn, lost, env, out)) return;
  }
}

void Auditor::Conclude(Log* log, bool complete, sim::Effects& out) {
  log->done = true;
  formats::Operation operation;
  operation.set_f("read-all");
  operation.set_type(complete ? formats::Operation::OK : formats::Operation::INFO);
  if (!complete) operation.set_error("TIMEOUT");
  formats::Poll* poll = operation.add_actions()->mutable_poll();
  poll->set_log(LogName(log->tp));
  poll->set_next(log->position);
  if (complete) poll->set_end(*log->end);
  for (formats::Read& read : log->reads) *poll->add_reads() = std::move(read);
  out.Complete(log->op, std::move(operation));
  const bool all = std::all_of(logs_.begin(), logs_.end(), [](const Log& each) { return each.done; });
  if (all) out.FinishSimulation();
}

void Auditor::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  const auto lost = [&](Tag tag) { Retry(tag.arg, env, out); };
  for (NetworkClient& network : networks_) {
    if (network.OnTimer(timer, lost, env, out)) return;
  }
  switch (static_cast<TimerKind>(timer.kind)) {
    case kBegin:
      Begin(env, out);
      return;
    case kGiveUp:
      for (Log& log : logs_) {
        if (!log.done) Conclude(&log, false, out);
      }
      return;
    case kRetry:
      Advance(timer.arg, env, out);
      return;
  }
}

std::string_view Auditor::TimerName(sim::Timer timer) const {
  for (const NetworkClient& network : networks_) {
    if (const std::string_view name = network.TimerName(timer.kind); !name.empty()) return name;
  }
  switch (static_cast<TimerKind>(timer.kind)) {
    case kBegin: return "begin-audit";
    case kGiveUp: return "give-up";
    case kRetry: return "retry";
  }
  return "?";
}

}  // namespace brokersim::kafka
