#include "visualize/trace_index.h"

#include <algorithm>
#include <utility>

namespace brokersim::visualize {
namespace {

using formats::EventKind;
using formats::TraceEvent;

}  // namespace

bool IsOutcome(EventKind kind) { return kind == EventKind::kDeliver || kind == EventKind::kDrop; }

bool IsFaultSwitch(EventKind kind) {
  return kind == EventKind::kFaultOn || kind == EventKind::kFaultOff;
}

TraceIndex::TraceIndex(const formats::DecodedTrace& trace) : trace_(trace) {
  std::vector<std::pair<uint64_t, uint64_t>> by_cause;
  std::vector<std::pair<uint64_t, uint64_t>> by_message;
  for (const TraceEvent& event : trace.events) {
    if (event.cause != 0) by_cause.emplace_back(event.cause, event.id);
    if (event.message != 0) by_message.emplace_back(event.message, event.id);
  }
  // Event ids differ, so both orders are total.
  std::sort(by_cause.begin(), by_cause.end());
  std::sort(by_message.begin(), by_message.end());
  for (const auto& [key, event] : by_cause) {
    effects_.keys.push_back(key);
    effects_.events.push_back(event);
  }
  for (const auto& [key, event] : by_message) {
    messages_.keys.push_back(key);
    messages_.events.push_back(event);
  }
}

std::span<const uint64_t> TraceIndex::Table::Find(uint64_t key) const {
  const auto [first, last] = std::equal_range(keys.begin(), keys.end(), key);
  return std::span(events).subspan(static_cast<size_t>(first - keys.begin()),
                                   static_cast<size_t>(last - first));
}

std::span<const uint64_t> TraceIndex::Effects(uint64_t id) const { return effects_.Find(id); }

std::span<const uint64_t> TraceIndex::MessageEvents(uint64_t message) const {
  return message == 0 ? std::span<const uint64_t>() : messages_.Find(message);
}

uint64_t TraceIndex::SendOf(uint64_t id) const {
  if (!Has(id)) return 0;
  for (const uint64_t other : MessageEvents(Event(id).message)) {
    if (Event(other).kind == EventKind::kSend) return other;
  }
  return 0;
}

}  // namespace brokersim::visualize
