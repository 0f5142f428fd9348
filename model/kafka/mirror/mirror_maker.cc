#include "model/kafka/mirror/mirror_maker.h"

#include <algorithm>

namespace brokersim::kafka {
namespace {

// offset.flush.timeout.ms: a worker that stops waits so long for what it has sent.
constexpr sim::Duration kLongestStop = sim::Seconds(5);

}  // namespace

MirrorMaker::MirrorMaker(std::shared_ptr<const MirrorMakerSpec> spec, sim::Env& env, sim::Effects& out) {
  uint32_t first_timer = kFirstFlowTimer;
  for (const auto& flow : spec->flows) {
    flows_.emplace_back(flow, first_timer);
    first_timer += MirrorFlow::kTimers;
  }
  out.SetTimer({kStart}, std::max(spec->start - env.monotonic(), sim::Nanoseconds(0)));
}

void MirrorMaker::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* frame = message.payload.As<Frame>();
  CHECK(frame != nullptr, "{} got a {}", env.name(), message.payload.name());
  for (MirrorFlow& flow : flows_) {
    if (flow.OnMessage(message, *frame, env, out)) break;
  }
  ExitIfDone(env, out);
}

void MirrorMaker::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (timer.kind == kStopTimeout) {
    out.Exit();
    return;
  }
  for (MirrorFlow& flow : flows_) {
    if (timer.kind == kStart) {
      flow.Begin(env, out);
    } else if (flow.OnTimer(timer, env, out)) {
      break;
    }
  }
  ExitIfDone(env, out);
}

void MirrorMaker::OnConnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  for (MirrorFlow& flow : flows_) flow.OnConnected(conn, env, out);
}

void MirrorMaker::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  for (MirrorFlow& flow : flows_) {
    if (flow.OnDisconnected(conn, env, out)) break;
  }
}

void MirrorMaker::OnStop(sim::Env& env, sim::Effects& out) {
  stopping_ = true;
  for (MirrorFlow& flow : flows_) flow.Stop();
  out.SetTimer({kStopTimeout}, kLongestStop);
  ExitIfDone(env, out);
}

void MirrorMaker::ExitIfDone(sim::Env& env, sim::Effects& out) {
  if (!stopping_) return;
  bool done = true;
  for (MirrorFlow& flow : flows_) done = flow.ProceedToStop(env, out) && done;
  if (done) out.Exit();
}

std::string_view MirrorMaker::TimerName(sim::Timer timer) const {
  if (timer.kind == kStart) return "start";
  if (timer.kind == kStopTimeout) return "stop-timeout";
  for (const MirrorFlow& flow : flows_) {
    if (const std::string_view name = flow.TimerName(timer.kind); !name.empty()) return name;
  }
  return "?";
}

void MirrorMaker::Describe(sim::Describer& d) const {
  for (const MirrorFlow& flow : flows_) flow.Describe(d);
}

}  // namespace brokersim::kafka
