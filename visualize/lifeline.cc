#include "visualize/lifeline.h"

#include <optional>

namespace brokersim::visualize {
namespace {

using formats::EventKind;
using formats::TraceEvent;

std::optional<LifeState> StateAfter(EventKind kind) {
  if (kind == EventKind::kCrash || kind == EventKind::kPowerLoss || kind == EventKind::kStop ||
      kind == EventKind::kExit) {
    return LifeState::kDown;
  }
  if (kind == EventKind::kStart || kind == EventKind::kResume) return LifeState::kUp;
  if (kind == EventKind::kPause) return LifeState::kPaused;
  return std::nullopt;
}

}  // namespace

Lifelines::Lifelines(const formats::DecodedTrace& trace)
    : changes_(static_cast<size_t>(trace.header.nodes_size()), {LifeChange{}}) {
  std::vector<bool> seen(changes_.size(), false);
  for (const TraceEvent& event : trace.events) {
    const std::optional<LifeState> after = StateAfter(event.kind);
    if (!after.has_value() || event.node == 0) continue;
    std::vector<LifeChange>& changes = changes_[event.node - 1];
    if (!seen[event.node - 1] && event.kind == EventKind::kStart && event.time_ns > 0) {
      changes.front().state = LifeState::kDown;
    }
    seen[event.node - 1] = true;
    if (changes.back().state != *after) changes.push_back({event.id, *after});
  }
}

LifeState Lifelines::At(uint32_t node, uint64_t event) const {
  LifeState state = LifeState::kUp;
  for (const LifeChange& change : Changes(node)) {
    if (change.event > event) break;
    state = change.state;
  }
  return state;
}

}  // namespace brokersim::visualize
