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

Link& Simulation::FindLink(NodeId from, NodeId to) {
  Node& n = node(from);
  std::vector<std::pair<NodeId, uint32_t>>& known = n.links;
  const auto at = std::lower_bound(known.begin(), known.end(), std::make_pair(to, uint32_t{0}));
  n.last_link_to = to;
  if (at != known.end() && at->first == to) {
    n.last_link = at->second;
    return links_[at->second];
  }
  n.last_link = static_cast<uint32_t>(links_.size());
  known.emplace(at, to, n.last_link);
  Link& link = links_.emplace_back();
  const NodeSpec& a = node(from).spec;
  const NodeSpec& b = node(to).spec;
  if (const auto own = node_links_.find({from, to}); own != node_links_.end()) {
    link.spec = own->second;
  } else if (const auto pair = datacenter_links_.find({a.datacenter, b.datacenter});
             pair != datacenter_links_.end()) {
    link.spec = pair->second;
  }
  link.plain = link.spec.loss.zero() && link.spec.duplicate.zero() && link.spec.bandwidth == 0;
  SeedLink(a.name, b.name, &link);
  return link;
}

std::optional<Time> Simulation::Launch(Packet packet, Duration extra, Stream* random, Time not_before) {
  if (packet.conn.valid()) return LaunchOnConnection(std::move(packet), extra, random);
  return LaunchDatagram(std::move(packet), extra, random, not_before);
}

// When the link has taken its last byte; empty: its queue is full.
std::optional<Time> Simulation::Leave(Link& link, const Packet& packet) {
  Time leaves = now_;
  const int64_t bytes = packet.payload->bytes();
  if (link.spec.bandwidth > 0) {
    const Duration takes = Duration::FromNanos(bytes) * 1'000'000'000 / link.spec.bandwidth;
    link.free_at = std::max(link.free_at, now_) + takes;
    leaves = link.free_at;
  }
  if (!rules_.links) return leaves;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.link.has_value() || state.link->rate <= 0 || !Crosses(*state.link, packet.from, packet.to)) continue;
    ++state.report.effects;
    const Duration takes = Duration::FromNanos(bytes) * 1'000'000'000 / state.link->rate;
    const Duration fits = Duration::FromNanos(state.link->queue) * 1'000'000'000 / state.link->rate;
    Time& free_at = state.link->free_at[{packet.from, packet.to}];
    if (!packet.conn.valid() && state.link->queue > 0 && free_at > now_ && free_at - now_ + takes > fits) {
      EmitDrop(packet, "the link's queue is full", state.fault.id);
      return std::nullopt;
    }
    free_at = std::max(free_at, leaves) + takes;
    leaves = free_at;
  }
  return leaves;
}

std::optional<Time> Simulation::LaunchOnConnection(Packet packet, Duration extra, Stream* random) {
  Link& link = LinkBetween(packet.from, packet.to);
  Stream& draws = random != nullptr ? *random : link.random;
  const Duration latency = FaultLatency(packet.from, packet.to, link.spec.latency.Sample(draws)) + extra;
  const Duration repeated =
      Repetitions(packet.from, packet.to, kFirstRetransmission, settings_.connection_timeout);
  if (repeated >= settings_.connection_timeout) return std::nullopt;
  Direction& direction = connection(packet.conn).direction(packet.toward_server);
  // Strictly later than the last one, so that no order of ties can swap them.
  const Time arrives =
      std::max(*Leave(link, packet) + latency + repeated, direction.last_arrival + Nanoseconds(1));
  direction.last_arrival = arrives;
  Schedule(arrives, Arrival{std::move(packet)});
  return arrives;
}

std::optional<Time> Simulation::LaunchDatagram(Packet packet, Duration extra, Stream* random,
                                               Time not_before) {
  if (FaultState* fault = Blocking(packet.from, packet.to); fault != nullptr) {
    ++fault->report.effects;
    if (fault->barrier.mode == CutMode::kCut) {
      EmitDrop(packet, "can't pass", fault->fault.id);
    } else {
      EmitHold(packet, "can't pass", fault->fault.id);
      fault->held.push_back({std::move(packet), true});
    }
    return std::nullopt;
  }
  Link& link = LinkBetween(packet.from, packet.to);
  Stream& draws = random != nullptr ? *random : link.random;
  const std::optional<Time> leaves = Leave(link, packet);
  if (!leaves.has_value()) return std::nullopt;
  const Duration latency = FaultLatency(packet.from, packet.to, link.spec.latency.Sample(draws)) + extra;
  const bool copied = draws.Chance(link.spec.duplicate);
  const bool lost = draws.Chance(link.spec.loss);
  if (copied) {
    EmitCopy(packet, "");
    Schedule(*leaves + link.spec.latency.Sample(draws), Arrival{packet});
  }
  Time arrives = std::max(*leaves + latency, not_before);
  const bool taken = rules_.links && !CrossDatagram(packet, *leaves, &arrives);
  if (lost && !taken) EmitDrop(packet, "lost on the link", "");
  if (lost || taken) return std::nullopt;
  Schedule(arrives, Arrival{std::move(packet)});
  return arrives;
}

// What faults do to a datagram on its way: copies are sent, `arrives` may grow. False: it is lost.
bool Simulation::CrossDatagram(const Packet& packet, Time leaves, Time* arrives) {
  FaultState* loser = nullptr;
  std::string_view why = "lost on the link";
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.link.has_value() || !Crosses(*state.link, packet.from, packet.to)) continue;
    LinkRule& rule = *state.link;
    if (rule.largest > 0 && packet.payload->bytes() > rule.largest) {
      ++state.report.effects;
      loser = &state;
      why = "too large for the link";
    }
    if (IsLost(state, packet.from, packet.to)) {
      ++state.report.effects;
      loser = &state;
    }
    if (rule.copies > 0 && state.random.Chance(rule.copy)) {
      for (int64_t i = 0; i < rule.copies; ++i) {
        ++state.report.effects;
        EmitCopy(packet, state.fault.id);
        const Duration own = LinkBetween(packet.from, packet.to).spec.latency.Sample(state.random);
        Schedule(leaves + own + rule.copy_extra.Sample(state.random), Arrival{packet});
      }
    }
    if (state.random.Chance(rule.reorder)) {
      ++state.report.effects;
      *arrives = *arrives + Duration::FromNanos(state.random.Between(0, rule.reorder_bound.nanos()));
    }
  }
  if (loser != nullptr) EmitDrop(packet, why, loser->fault.id);
  return loser == nullptr;
}

bool Simulation::BetweenDatacenters(NodeId from, NodeId to) const {
  return node(from).spec.datacenter != node(to).spec.datacenter;
}

bool Simulation::Crosses(const LinkRule& rule, NodeId from, NodeId to) const {
  if (from == to) return false;
  if (rule.between_datacenters) return BetweenDatacenters(from, to);
  return rule.from.Has(from) && rule.to.Has(to);
}

// Whether the fault's link loses one transmission.
bool Simulation::IsLost(FaultState& state, NodeId from, NodeId to) {
  LinkRule& rule = *state.link;
  bool lost = state.random.Chance(rule.loss);
  if (rule.bursts.has_value()) {
    bool& bad = rule.bad[{from, to}];
    bad = bad ? !state.random.Chance(rule.bursts->second) : state.random.Chance(rule.bursts->first);
    lost |= bad;
  }
  return lost;
}

// What faults make of the latency of one crossing; counts them.
Duration Simulation::FaultLatency(NodeId from, NodeId to, Duration latency) {
  if (!rules_.links) return latency;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.link.has_value() || !Crosses(*state.link, from, to)) continue;
    const LinkRule& rule = *state.link;
    if (rule.factor != 1) {
      latency = latency * rule.factor;
      ++state.report.effects;
    }
    if (!rule.extra.has_value() || !state.random.Chance(rule.extra_probability)) continue;
    const Duration extra = rule.extra->Sample(state.random);
    latency = rule.replaces ? extra : latency + extra;
    ++state.report.effects;
  }
  return latency;
}

Duration Simulation::Repetitions(NodeId from, NodeId to, Duration timeout, Duration limit) {
  Link& link = LinkBetween(from, to);
  Duration sum;
  const auto repeat = [&] {
    sum = sum + timeout;
    timeout = std::min(timeout * 2, kLongestRetransmission);
  };
  while (sum < limit && link.retransmissions.Chance(link.spec.loss)) repeat();
  if (!rules_.links) return sum;
  for (uint32_t index : active_faults_) {
    FaultState& state = faults_[index];
    if (!state.link.has_value() || !Crosses(*state.link, from, to)) continue;
    while (sum < limit && IsLost(state, from, to)) {
      ++state.report.effects;
      repeat();
    }
  }
  return sum;
}

Duration Simulation::RepetitionAfter(NodeId from, NodeId to, Duration obstacle) {
  const Duration longest = std::min(obstacle, kLongestRetransmission);
  return Duration::FromNanos(LinkBetween(from, to).retransmissions.Between(0, longest.nanos()));
}

}  // namespace brokersim::sim
