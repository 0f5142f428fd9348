// Whether a node was up, down or paused at any event: what the lines under its name show.
#ifndef BROKERSIM_VISUALIZE_LIFELINE_H_
#define BROKERSIM_VISUALIZE_LIFELINE_H_

#include <cstdint>
#include <vector>

#include "formats/trace_codec.h"

namespace brokersim::visualize {

enum class LifeState { kUp, kDown, kPaused };

// From event `event` on the node is in `state`.
struct LifeChange {
  uint64_t event = 0;
  LifeState state = LifeState::kUp;
};

// Built in one pass over the trace. A node counts as up until its first crash, stop or exit; but
// as down before its first start, if that comes after time 0.
class Lifelines {
 public:
  explicit Lifelines(const formats::DecodedTrace& trace);

  // State right after the event was handled. REQUIRES: node as in TraceEvent::node, not 0.
  LifeState At(uint32_t node, uint64_t event) const;

  // The changes of a node in order of events; the first one is at event 0.
  const std::vector<LifeChange>& Changes(uint32_t node) const { return changes_[node - 1]; }

 private:
  std::vector<std::vector<LifeChange>> changes_;  // by node - 1
};

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_LIFELINE_H_
