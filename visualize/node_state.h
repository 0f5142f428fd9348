// The described state of a node at any event, rebuilt from the trace's state changes.
#ifndef BROKERSIM_VISUALIZE_NODE_STATE_H_
#define BROKERSIM_VISUALIZE_NODE_STATE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "formats/trace_codec.h"
#include "visualize/lifeline.h"

namespace brokersim::visualize {

struct StateField {
  std::string path;
  std::string value;
  uint64_t since = 0;  // the event that set it
  friend bool operator==(const StateField&, const StateField&) = default;
};

struct NodeState {
  std::string node;
  uint64_t event = 0;
  int64_t time_ns = 0;
  LifeState life = LifeState::kUp;
  std::vector<StateField> fields;  // by path
};

// State right after `event` (of whatever node) was handled. Fields without a value are left out.
// Errors: kNotFound if there is no such node or event; says which there are.
absl::StatusOr<NodeState> StateAt(const formats::DecodedTrace& trace, std::string_view node,
                                  uint64_t event);

// A line that says whose and when, and a `path = value` table with the event of the last change.
std::string FormatState(const NodeState& state);

// 1 + the index of the node called `name`; kNotFound lists the names that exist.
absl::StatusOr<uint32_t> FindNode(const formats::DecodedTrace& trace, std::string_view name);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_NODE_STATE_H_
