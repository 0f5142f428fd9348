#include "model/kafka/zookeeper/control_channels.h"

#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

constexpr sim::Duration kSocketTimeout = sim::Seconds(30);  // controller.socket.timeout.ms
constexpr sim::Duration kBackoff = sim::Milliseconds(100);  // RequestSendThread.doWork

}  // namespace

void ControlChannels::Remove(int32_t broker, sim::Effects& out) {
  queues_.erase(broker);
  requests_.Disconnect(NodeOf(broker), out);
}

void ControlChannels::RemoveAll(sim::Effects& out) {
  for (const auto& [broker, queue] : queues_) requests_.Disconnect(NodeOf(broker), out);
  queues_.clear();
}

void ControlChannels::Send(int32_t broker, Body request, sim::Env& env, sim::Effects& out) {
  const auto found = queues_.find(broker);
  if (found == queues_.end()) return;
  found->second.push_back(std::move(request));
  if (found->second.size() == 1) SendNext(broker, env, out);
}

void ControlChannels::SendNext(int32_t broker, sim::Env& env, sim::Effects& out) {
  if (requests_.InFlight(NodeOf(broker)) > 0 || queues_.at(broker).empty()) return;
  requests_.Send(NodeOf(broker), queues_.at(broker).front(), kSocketTimeout, env, out);
}

bool ControlChannels::OnMessage(const sim::Received& message, const Frame& frame, sim::Env& env, sim::Effects& out) {
  if (frame.is_request() || !requests_.OnMessage(message, frame).has_value()) return false;
  for (auto& [broker, queue] : queues_) {
    if (NodeOf(broker) != message.from) continue;
    queue.pop_front();
    SendNext(broker, env, out);
  }
  return true;
}

bool ControlChannels::OnDisconnected(sim::ConnId conn, sim::Effects& out) {
  if (!requests_.OnDisconnected(conn).has_value()) return false;
  BackOff(out);
  return true;
}

void ControlChannels::BackOff(sim::Effects& out) { out.SetTimer({first_timer_ + 1}, kBackoff); }

bool ControlChannels::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (const auto lost = requests_.OnTimer(timer, env, out); lost.has_value()) {
    if (!lost->empty()) BackOff(out);
    return true;
  }
  if (timer.kind != first_timer_ + 1) return false;
  for (const auto& [broker, queue] : queues_) {
    if (queue.empty() || requests_.InFlight(NodeOf(broker)) > 0) continue;
    BROKERSIM_PROBE("kafka/zookeeper: a control request is sent again");
    SendNext(broker, env, out);
  }
  return true;
}

}  // namespace brokersim::kafka
