// Chooses the events worth drawing. A run has thousands of heartbeats and fetches; a picture has
// room for sixty events.
//
// Every function returns ids in ascending order, without repetition, and keeps messages whole: with
// a send come its deliveries and drops, and the other way round.
#ifndef BROKERSIM_VISUALIZE_SELECTION_H_
#define BROKERSIM_VISUALIZE_SELECTION_H_

#include <cstdint>
#include <vector>

#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"

namespace brokersim::visualize {

inline constexpr int kDefaultMaxEvents = 60;

// How an anomaly came about. What counts, the most important first, until `max_events` are chosen:
//   - where the promise was made and where it was broken (see FindPromise), the anomaly's own
//   story;
//   - what happened to its records, the messages that carried them, its operations;
//   - crashes, power losses, starts and faults that were in force meanwhile, elections, truncations
//     and fences of the log;
//   - what led to all that; who read the records; messages lost between the nodes concerned;
//   - other decisions of the same time, and the records that took the place of the lost ones.
// "Meanwhile" is from the first event of a record or operation of the anomaly to the last.
// An anomaly with neither records nor operations known to the trace gives SelectOverview.
std::vector<uint64_t> SelectForAnomaly(const formats::DecodedTrace& trace,
                                       const formats::Anomaly& anomaly,
                                       int max_events = kDefaultMaxEvents);

// For a run in which nothing went wrong: faults, crashes, elections, truncations, the life of the
// first record, and the first few messages.
std::vector<uint64_t> SelectOverview(const formats::DecodedTrace& trace,
                                     int max_events = kDefaultMaxEvents);

// Everything that happened before `event` and led to it: the causes of causes, and the sends of
// delivered messages, `event` included. What merely came earlier on the same node is not included.
// Empty if there is no such event.
std::vector<uint64_t> Cone(const formats::DecodedTrace& trace, uint64_t event);

// The events from `event` - n to `event` + n, and the missing ends of their messages.
std::vector<uint64_t> SelectAround(const formats::DecodedTrace& trace, uint64_t event, int n);

// Where an anomaly's promise was made and broken; 0 where the trace doesn't say.
struct Promise {
  uint64_t made = 0;    // the first kAcknowledged note of one of its records
  uint64_t broken = 0;  // the last kTruncated or kLost note of the same record after that
};
Promise FindPromise(const formats::DecodedTrace& trace, const formats::Anomaly& anomaly);

// True if `note` is about one of the anomaly's records: the same log and value or, for a record
// without a value, the same offset.
bool IsAbout(const formats::RecordNote& note, const formats::Anomaly& anomaly);

// True if `note` is about another record in the place of one of the anomaly's: the same log and
// offset, another value.
bool IsInPlaceOf(const formats::RecordNote& note, const formats::Anomaly& anomaly);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_SELECTION_H_
