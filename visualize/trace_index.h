// Look-ups over a decoded trace that its rows don't offer: what an event led to, and which events
// belong to one message.
//
//   TraceIndex index(trace);
//   for (uint64_t id : index.MessageEvents(event.message)) ...   // send, copies, delivery, drop
#ifndef BROKERSIM_VISUALIZE_TRACE_INDEX_H_
#define BROKERSIM_VISUALIZE_TRACE_INDEX_H_

#include <cstdint>
#include <span>
#include <vector>

#include "formats/trace_codec.h"

namespace brokersim::visualize {

// Immutable once built; costs a few words an event. `trace` must outlive it and stay unchanged.
class TraceIndex {
 public:
  explicit TraceIndex(const formats::DecodedTrace& trace);

  const formats::DecodedTrace& trace() const { return trace_; }

  bool Has(uint64_t id) const { return id >= 1 && id <= trace_.events.size(); }

  // REQUIRES: Has(id).
  const formats::TraceEvent& Event(uint64_t id) const { return trace_.events[id - 1]; }

  // Events whose cause is `id`, ascending.
  std::span<const uint64_t> Effects(uint64_t id) const;

  // All events that carry the message's id, ascending; empty for 0.
  std::span<const uint64_t> MessageEvents(uint64_t message) const;

  // The send of the message that `id` concerns (`id` itself if it is a send); 0 if there is none.
  uint64_t SendOf(uint64_t id) const;

 private:
  const formats::DecodedTrace& trace_;
  // Two tables in one shape: rows sorted by (key, event), keys apart so that a look-up is a search.
  struct Table {
    std::vector<uint64_t> keys;
    std::vector<uint64_t> events;
    std::span<const uint64_t> Find(uint64_t key) const;
  };
  Table effects_;
  Table messages_;
};

// True for the events in which a message's journey ends: delivered or dropped.
bool IsOutcome(formats::EventKind kind);

// True for the switching on or off of a fault.
bool IsFaultSwitch(formats::EventKind kind);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_TRACE_INDEX_H_
