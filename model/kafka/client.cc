#include "model/kafka/client.h"

namespace brokersim::kafka {

void Client::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* frame = message.payload.As<Frame>();
  if (frame == nullptr) {
    OnOtherMessage(message, env, out);
    return;
  }
  Tag tag;
  switch (network_.OnMessage(message, *frame, &tag, env, out)) {
    case NetworkClient::Heard::kNothing: return;
    case NetworkClient::Heard::kMetadata: OnMetadata(env, out); return;
    case NetworkClient::Heard::kAnswer: OnAnswer(tag, frame->body, env, out); return;
  }
}

void Client::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  const auto lost = [&](Tag tag) { OnLost(tag, env, out); };
  if (!network_.OnTimer(timer, lost, env, out)) OnClientTimer(timer, env, out);
}

void Client::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  const auto lost = [&](Tag tag) { OnLost(tag, env, out); };
  if (!network_.OnDisconnected(conn, lost, env, out)) OnOtherDisconnected(conn, env, out);
}

std::string_view Client::TimerName(sim::Timer timer) const {
  const std::string_view name = network_.TimerName(timer.kind);
  return name.empty() ? ClientTimerName(timer.kind) : name;
}

std::shared_ptr<const ClusterSpec> ClusterToUse(std::shared_ptr<const ClusterSpec> own, const Clusters& all,
                                                const sim::Settings& changed) {
  const auto setting = changed.find(kBootstrapServers);
  if (setting == changed.end()) return own;
  for (const auto& cluster : all) {
    if (cluster->name == setting->second) return cluster;
  }
  return own;
}

}  // namespace brokersim::kafka
