#include "model/kafka/mirror/mirror_maker.h"

#include <algorithm>

namespace brokersim::kafka {
namespace {

// offset.flush.timeout.ms: a worker that stops waits so long for what it has sent.
constexpr sim::Duration kLongestStop = sim::Seconds(5);

}  // namespace

MirrorMaker::MirrorMaker(std::shared_ptr<const MirrorMakerSpec> spec, sim::Env& env, sim::Effects& out) {
  uint32_t first_timer = kFirstFlowTimer;
  uint32_t first_worker_timer = kFirstWorkerTimer;
  for (const auto& flow : spec->flows) {
    if (flow->shared) {
      workers_.emplace_back(flow, first_worker_timer);
      first_worker_timer += MirrorWorker::kTimers;
      continue;
    }
    flows_.emplace_back(flow, first_timer);
    first_timer += MirrorFlow::kTimers;
  }
  out.SetTimer({kStart}, std::max(spec->start - env.monotonic(), sim::Nanoseconds(0)));
}

void MirrorMaker::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* frame = message.payload.As<Frame>();
  CHECK(frame != nullptr, "{} got a {}", env.name(), message.payload.name());
  AnyOf([&](auto& part) { return part.OnMessage(message, *frame, env, out); });
  ExitIfDone(env, out);
}

void MirrorMaker::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind == kStopTimeout) {
    out.Exit();
    return;
  }
  AnyOf([&](auto& part) {
    if (timer.kind != kStart) return part.OnTimer(timer, env, out);
    part.Begin(env, out);
    return false;
  });
  ExitIfDone(env, out);
}

void MirrorMaker::OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  for (MirrorFlow& flow : flows_) flow.OnConnected(conn, env, out);
  for (MirrorWorker& worker : workers_) worker.OnConnected(conn, env, out);
}

void MirrorMaker::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  AnyOf([&](auto& part) { return part.OnDisconnected(conn, env, out); });
}

void MirrorMaker::OnStop(sim::Env& env, sim::Effects& out) {
  stopping_ = true;
  for (MirrorFlow& flow : flows_) flow.Stop();
  for (MirrorWorker& worker : workers_) worker.Stop(out);
  out.SetTimer({kStopTimeout}, kLongestStop);
  ExitIfDone(env, out);
}

void MirrorMaker::ExitIfDone(sim::Env& env, sim::Effects& out) {
  if (!stopping_) return;
  bool done = true;
  for (MirrorFlow& flow : flows_) done = flow.ProceedToStop(env, out) && done;
  for (MirrorWorker& worker : workers_) done = worker.ProceedToStop(env, out) && done;
  if (done) out.Exit();
}

std::string_view MirrorMaker::TimerName(sim::Timer timer) const {
  if (timer.kind == kStart) return "start";
  if (timer.kind == kStopTimeout) return "stop-timeout";
  for (const MirrorFlow& flow : flows_) {
    if (const std::string_view name = flow.TimerName(timer.kind); !name.empty()) return name;
  }
  for (const MirrorWorker& worker : workers_) {
    if (const std::string_view name = worker.TimerName(timer.kind); !name.empty()) return name;
  }
  return "?";
}

void MirrorMaker::Describe(sim::Describer& d) const {
  for (const MirrorFlow& flow : flows_) flow.Describe(d);
  for (const MirrorWorker& worker : workers_) worker.Describe(d);
}

}  // namespace brokersim::kafka
