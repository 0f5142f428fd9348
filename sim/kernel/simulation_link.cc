// Links: how long a message is under way, what is lost or copied on it, and when it is sent again.
#include <algorithm>
#include <utility>

#include "sim/kernel/simulation.h"

namespace brokersim::sim {

using formats::EventKind;

namespace {

// Retransmission timeouts double up to this (TCP_RTO_MAX).
constexpr Duration kLongestRetransmission = Seconds(120);

}  // namespace

Link& Simulation::LinkBetween(NodeId from, NodeId to) {
  std::vector<std::pair<NodeId, uint32_t>>& known = node(from).links;
  const auto at = std::lower_bound(known.begin(), known.end(), std::make_pair(to, uint32_t{0}));
  if (at != known.end() && at->first == to) return links_[at->second];
  known.emplace(at, to, static_cast<uint32_t>(links_.size()));
  Link& link = links_.emplace_back();
  const NodeSpec& a = node(from).spec;
  const NodeSpec& b = node(to).spec;
  if (const auto own = node_links_.find({from, to}); own != node_links_.end()) {
    link.spec = own->second;
  } else if (const auto pair = datacenter_links_.find({a.datacenter, b.datacenter});
             pair != datacenter_links_.end()) {
    link.spec = pair->second;
  }
  link.random = Stream(settings_.seed, fmt::format("net/{}/{}", a.name, b.name));
  link.retransmissions = Stream(settings_.seed, fmt::format("net/{}/{}/retransmissions", a.name, b.name));
  return link;
}

std::optional<Time> Simulation::Launch(Packet packet, Duration extra, Stream* random, Time not_before) {
  if (packet.conn.valid()) return LaunchOnConnection(std::move(packet), extra, random);
  return LaunchDatagram(std::move(packet), extra, random, not_before);
}

// When the link has taken its last byte.
Time Simulation::Leave(Link& link, const Packet& packet) {
  if (link.spec.bandwidth <= 0) return now_;
  const Duration takes =
      Duration::FromNanos(packet.payload->bytes()) * 1'000'000'000 / link.spec.bandwidth;
  link.free_at = std::max(link.free_at, now_) + takes;
  return link.free_at;
}

std::optional<Time> Simulation::LaunchOnConnection(Packet packet, Duration extra, Stream* random) {
  Link& link = LinkBetween(packet.from, packet.to);
  Stream& draws = random != nullptr ? *random : link.random;
  Duration latency = link.spec.latency.Sample(draws) + extra + FaultDelay(packet.from, packet.to);
  const Duration repeated =
      Repetitions(packet.from, packet.to, kFirstRetransmission, settings_.connection_timeout);
  if (repeated >= settings_.connection_timeout) return std::nullopt;
  latency = latency + repeated;
  Direction& direction = connection(packet.conn).direction(packet.toward_server);
  // Strictly later than the last one, so that no order of ties can swap them.
  const Time arrives = std::max(Leave(link, packet) + latency, direction.last_arrival + Nanoseconds(1));
  direction.last_arrival = arrives;
  Schedule(arrives, Arrival{std::move(packet)});
  return arrives;
}

std::optional<Time> Simulation::LaunchDatagram(Packet packet, Duration extra, Stream* random,
                                               Time not_before) {
  if (FaultState* fault = Blocking(packet.from, packet.to); fault != nullptr) {
    ++fault->report.effects;
    if (LosesWhatCrosses(fault->fault.action)) {
      EmitDrop(packet, "can't pass", fault->fault.id);
    } else {
      EmitHold(packet, "can't pass", fault->fault.id);
      fault->held.push_back({std::move(packet), true});
    }
    return std::nullopt;
  }
  Link& link = LinkBetween(packet.from, packet.to);
  Stream& draws = random != nullptr ? *random : link.random;
  const Time leaves = Leave(link, packet);
  const Duration latency = link.spec.latency.Sample(draws) + extra + FaultDelay(packet.from, packet.to);
  const bool copied = draws.Chance(link.spec.duplicate);
  bool lost = draws.Chance(link.spec.loss);
  std::string_view lost_by;
  if (copied) {
    EmitCopy(packet, "");
    Schedule(leaves + link.spec.latency.Sample(draws), Arrival{packet});
  }
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (const auto* loss = std::get_if<LinkLoss>(&state.fault.action)) {
      if (!Crosses(state, packet.from, packet.to) || !state.random.Chance(loss->probability)) continue;
      ++state.report.effects;
      lost = true;
      lost_by = state.fault.id;
    } else if (const auto* duplicate = std::get_if<LinkDuplicate>(&state.fault.action)) {
      if (!Crosses(state, packet.from, packet.to) || !state.random.Chance(duplicate->probability)) continue;
      ++state.report.effects;
      EmitCopy(packet, state.fault.id);
      Schedule(leaves + link.spec.latency.Sample(state.random), Arrival{packet});
    }
  }
  if (lost) {
    EmitDrop(packet, "lost on the link", lost_by);
    return std::nullopt;
  }
  const Time arrives = std::max(leaves + latency, not_before);
  Schedule(arrives, Arrival{std::move(packet)});
  return arrives;
}

bool Simulation::Crosses(const FaultState& state, NodeId from, NodeId to) {
  const std::vector<NodeId>& a = state.sets[0];
  const std::vector<NodeId>& b = state.sets[1];
  return std::find(a.begin(), a.end(), from) != a.end() && std::find(b.begin(), b.end(), to) != b.end();
}

Duration Simulation::FaultDelay(NodeId from, NodeId to) {
  Duration sum;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    const auto* delay = std::get_if<LinkDelay>(&state.fault.action);
    if (delay == nullptr || !Crosses(state, from, to)) continue;
    ++state.report.effects;
    sum = sum + delay->extra.Sample(state.random);
  }
  return sum;
}

Duration Simulation::Repetitions(NodeId from, NodeId to, Duration timeout, Duration limit) {
  Link& link = LinkBetween(from, to);
  Duration sum;
  const auto lose = [&](Stream& stream, Ratio probability, int64_t* effects) {
    while (sum < limit && stream.Chance(probability)) {
      if (effects != nullptr) ++*effects;
      sum = sum + timeout;
      timeout = std::min(timeout * 2, kLongestRetransmission);
    }
  };
  lose(link.retransmissions, link.spec.loss, nullptr);
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    const auto* loss = std::get_if<LinkLoss>(&state.fault.action);
    if (loss != nullptr && Crosses(state, from, to)) lose(state.random, loss->probability, &state.report.effects);
  }
  return sum;
}

Duration Simulation::RepetitionAfter(NodeId from, NodeId to, Duration obstacle) {
  const Duration longest = std::min(obstacle, kLongestRetransmission);
  return Duration::FromNanos(LinkBetween(from, to).retransmissions.Between(0, longest.nanos()));
}

}  // namespace brokersim::sim
