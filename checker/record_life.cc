#include "checker/record_life.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "checker/story_text.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using formats::RecordVerb;
using formats::TraceEvent;

// Who acknowledged: a broker's own note names itself; a client's note was made when the answer of
// the leader arrived, which is the sender of what the client handles or the last that appended.
std::string Acknowledger(const DecodedTrace& trace, const RecordLife& life, uint32_t last_appender) {
  const TraceEvent& event = trace.events[life.acknowledged->event];
  for (uint32_t node : {event.node, event.peer}) {
    if (life.nodes.contains(node)) return std::string(trace.NodeName(node));
  }
  return std::string(trace.NodeName(last_appender));
}

// The messages that may be about the records, by number.
absl::btree_map<uint64_t, Journey> SentAbout(const DecodedTrace& trace, const absl::btree_set<std::string_view>& values,
                                             const absl::btree_set<uint64_t>& noted) {
  absl::btree_map<uint64_t, Journey> journeys;
  for (size_t i = 0; i < trace.events.size(); ++i) {
    const TraceEvent& event = trace.events[i];
    if (event.kind != EventKind::kSend) continue;
    const bool carries = std::any_of(values.begin(), values.end(),
                                     [&](std::string_view value) { return Mentions(event.text, value); });
    if (carries || noted.contains(event.cause)) journeys[event.message] = {.sent = i, .ended = i, .carries = carries};
  }
  return journeys;
}

void FindEnds(const DecodedTrace& trace, absl::btree_map<uint64_t, Journey>* journeys) {
  for (size_t i = 0; i < trace.events.size(); ++i) {
    const TraceEvent& event = trace.events[i];
    if (event.message == 0 || event.kind == EventKind::kSend) continue;
    const auto found = journeys->find(event.message);
    if (found == journeys->end()) continue;
    Journey& journey = found->second;
    if (event.kind == EventKind::kHold && journey.held_by.empty()) journey.held_by = event.fault;
    const bool ends = event.kind == EventKind::kDeliver || event.kind == EventKind::kDrop;
    // Of a copied message the first arrival counts.
    if (!ends || journey.ended != journey.sent) continue;
    journey.ended = i;
    journey.lost = event.kind == EventKind::kDrop;
  }
}

}  // namespace

bool HoldsCopy(RecordVerb verb) { return verb == RecordVerb::kAppended || verb == RecordVerb::kReplicated; }

bool EndsCopy(RecordVerb verb) { return verb == RecordVerb::kTruncated || verb == RecordVerb::kLost; }

RecordLife LifeOf(const DecodedTrace& trace, absl::Span<const NoteAt> notes) {
  RecordLife life;
  life.notes = notes;
  absl::btree_set<std::pair<uint32_t, int64_t>> copies;  // node and offset
  uint32_t last_appender = 0;
  for (const NoteAt& at : life.notes) {
    const uint32_t node = trace.events[at.event].node;
    if (HoldsCopy(at.note->verb)) {
      copies.insert({node, at.note->offset});
      life.nodes.insert(node);
      life.offsets.insert(at.note->offset);
      life.last_copy_end = nullptr;
      if (at.note->verb == RecordVerb::kAppended) last_appender = node;
    } else if (EndsCopy(at.note->verb)) {
      const bool held = copies.erase({node, at.note->offset}) > 0;
      if (held && copies.empty()) life.last_copy_end = &at;
    } else if (at.note->verb == RecordVerb::kAcknowledged && life.acknowledged == nullptr) {
      life.acknowledged = &at;
      life.acknowledger = Acknowledger(trace, life, last_appender);
    }
  }
  return life;
}

std::vector<Journey> JourneysOf(const DecodedTrace& trace, absl::Span<const NoteAt> notes) {
  absl::btree_set<std::string_view> values;
  absl::btree_set<uint64_t> noted;  // ids of events
  for (const NoteAt& at : notes) {
    values.insert(at.note->value);
    noted.insert(trace.events[at.event].id);
  }
  absl::btree_map<uint64_t, Journey> journeys = SentAbout(trace, values, noted);
  FindEnds(trace, &journeys);
  std::vector<Journey> found;
  for (const auto& [message, journey] : journeys) {
    const bool noticed = noted.contains(trace.events[journey.ended].id);
    if (journey.carries || noticed || IsTroubled(trace, journey)) found.push_back(journey);
  }
  return found;
}

std::vector<Journey> LateJourneysOf(const DecodedTrace& trace, const absl::btree_set<std::string>& logs, size_t last) {
  const absl::btree_set<std::string_view> names(logs.begin(), logs.end());
  absl::btree_map<uint64_t, Journey> journeys = SentAbout(trace, names, {});
  FindEnds(trace, &journeys);
  std::vector<Journey> late;
  for (const auto& [message, journey] : journeys) {
    const bool arrived = journey.ended != journey.sent && journey.ended <= last && !journey.lost;
    if (arrived && journey.took_ns(trace) >= kLateNs) late.push_back(journey);
  }
  return late;
}

bool IsTroubled(const DecodedTrace& trace, const Journey& journey) {
  return journey.lost || journey.ended == journey.sent || journey.took_ns(trace) >= kLateNs;
}

std::string JourneySentence(const DecodedTrace& trace, const Journey& journey) {
  const TraceEvent& sent = trace.events[journey.sent];
  const std::string what = fmt::format("{} to {}", sent.type, trace.NodeName(sent.peer));
  const std::string held = journey.held_by.empty() ? "" : fmt::format(", kept back by {}", journey.held_by);
  if (journey.ended == journey.sent) return fmt::format("{} never arrives{}", what, held);
  const TraceEvent& end = trace.events[journey.ended];
  if (!journey.lost) {
    const int64_t us = journey.took_ns(trace) / 1000;
    return fmt::format("{} arrives {}.{:03} ms later{}", what, us / 1000, us % 1000, held);
  }
  const std::string fault = end.fault.empty() ? held : fmt::format(" ({})", end.fault);
  return fmt::format("{} is lost{}{}{}", what, end.text.empty() ? "" : ": ", end.text, fault);
}

}  // namespace brokersim::checker
