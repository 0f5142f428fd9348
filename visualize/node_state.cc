#include "visualize/node_state.h"

#include <algorithm>
#include <map>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "visualize/event_text.h"

namespace brokersim::visualize {
namespace {

using formats::DecodedTrace;
using formats::StateChange;
using formats::TraceEvent;

std::string_view LifeWord(LifeState life) {
  switch (life) {
    case LifeState::kUp:
      return "up";
    case LifeState::kDown:
      return "down";
    case LifeState::kPaused:
      return "paused";
  }
  return "?";
}

}  // namespace

absl::StatusOr<uint32_t> FindNode(const DecodedTrace& trace, std::string_view name) {
  std::string names;
  for (int i = 0; i < trace.header.nodes_size(); ++i) {
    if (trace.header.nodes(i).name() == name) return static_cast<uint32_t>(i + 1);
    names += fmt::format("{}{}", i == 0 ? "" : ", ", trace.header.nodes(i).name());
  }
  return absl::NotFoundError(
      fmt::format("there is no node \"{}\" in this trace; its nodes are {}", name, names));
}

absl::StatusOr<NodeState> StateAt(const DecodedTrace& trace, std::string_view node,
                                  uint64_t event) {
  const absl::StatusOr<uint32_t> found = FindNode(trace, node);
  if (!found.ok()) return found.status();
  if (event < 1 || event > trace.events.size()) {
    return absl::NotFoundError(fmt::format(
        "there is no event {} in this trace; it has events 1 to {}", event, trace.events.size()));
  }
  NodeState state;
  state.node = std::string(node);
  state.event = event;
  state.time_ns = trace.events[event - 1].time_ns;
  state.life = Lifelines(trace).At(*found, event);
  std::map<std::string, StateField> fields;
  for (uint64_t id = 1; id <= event; ++id) {
    const TraceEvent& row = trace.events[id - 1];
    if (row.node != *found) continue;
    for (const StateChange& change : row.changes) {
      if (change.after.empty()) {
        fields.erase(change.path);
      } else {
        fields[change.path] = {change.path, change.after, id};
      }
    }
  }
  for (auto& [path, field] : fields) state.fields.push_back(std::move(field));
  return state;
}

std::string FormatState(const NodeState& state) {
  std::string text = fmt::format("{} at event {} ({} s), {}\n", state.node, state.event,
                                 FormatSeconds(state.time_ns, 6), LifeWord(state.life));
  if (state.fields.empty()) return text + "  (no state was described up to here)\n";
  size_t path_width = 0;
  size_t value_width = 0;
  for (const StateField& field : state.fields) {
    path_width = std::max(path_width, field.path.size());
    value_width = std::max(value_width, field.value.size());
  }
  for (const StateField& field : state.fields) {
    text += fmt::format("  {:<{}} = {:<{}}  since #{}\n", field.path, path_width, field.value,
                        value_width, field.since);
  }
  return text;
}

}  // namespace brokersim::visualize
