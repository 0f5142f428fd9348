// One record in a trace: what was noted of it, where it has copies, and the messages that were about it.
#ifndef BROKERSIM_CHECKER_RECORD_LIFE_H_
#define BROKERSIM_CHECKER_RECORD_LIFE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "formats/trace_codec.h"

namespace brokersim::checker {

struct NoteAt {
  size_t event = 0;  // index into the trace's events
  const formats::RecordNote* note = nullptr;
};

bool HoldsCopy(formats::RecordVerb verb);
bool EndsCopy(formats::RecordVerb verb);

struct RecordLife {
  absl::Span<const NoteAt> notes;         // in order
  const NoteAt* acknowledged = nullptr;   // the first acknowledgement
  std::string acknowledger;               // the node that answers for it
  const NoteAt* last_copy_end = nullptr;  // null while there is a copy somewhere
  absl::btree_set<uint32_t> nodes;        // that ever held a copy
  absl::btree_set<int64_t> offsets;       // at which copies ever were
};

// `notes` are those of one log and value, in order; they must outlive the result.
RecordLife LifeOf(const formats::DecodedTrace& trace, absl::Span<const NoteAt> notes);

// A message and what became of it. Indices into the trace's events.
struct Journey {
  size_t sent = 0;
  size_t ended = 0;         // where it arrived or was lost; `sent`: neither is in the trace
  bool lost = false;
  bool carries = false;     // the record is in it; else it was sent by who had just had to do with the record
  std::string_view held_by = {};  // the fault that kept it back, if one did
  int64_t took_ns(const formats::DecodedTrace& trace) const {
    return trace.events[ended].time_ns - trace.events[sent].time_ns;
  }
};

// Slower than this is worth telling.
inline constexpr int64_t kLateNs = 1'000'000'000;

// In order of their sending: the messages that carry a record (of one of these notes), and of those that were sent at
// an event with such a note the ones that were lost or late, or arrived at an event with such a note.
std::vector<Journey> JourneysOf(const formats::DecodedTrace& trace, absl::Span<const NoteAt> notes);

// In order of their sending: the late messages about one of these logs that arrived up to the event with index `last`.
std::vector<Journey> LateJourneysOf(const formats::DecodedTrace& trace, const absl::btree_set<std::string>& logs,
                                    size_t last);

// Whether it was lost, late, or never arrived.
bool IsTroubled(const formats::DecodedTrace& trace, const Journey& journey);

// "ProduceRequest to b1: arrives 0.4 ms later", "...: is lost: the connection is gone (fault leader-crash)"
std::string JourneySentence(const formats::DecodedTrace& trace, const Journey& journey);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_RECORD_LIFE_H_
