#include "sim/fault/fault.h"

#include <array>

namespace brokersim::sim {

std::string_view FaultKindName(const FaultAction& action) {
  constexpr std::array<std::string_view, std::variant_size_v<FaultAction>> kNames = {
      "crash",         "power_loss",       "stop",         "start",
      "pause",         "slow_cpu",         "partition",    "one_way",
      "link_delay",    "link_loss",        "link_duplicate", "hold_message",
      "drop_message",  "delay_message",    "duplicate_message", "reset_on_message",
      "clock_offset",  "clock_drift",      "slow_sync"};
  return kNames[action.index()];
}

bool LosesWhatCrosses(const FaultAction& action) {
  if (const auto* partition = std::get_if<Partition>(&action)) return partition->mode == CutMode::kCut;
  return std::get<OneWay>(action).mode == CutMode::kCut;
}

}  // namespace brokersim::sim
