// Decisions: single messages and timers on the way to an anomaly, and the fault that undoes each of them alone.
//
// A message exists in one run only. So it is undone in this run, by a fault that names it: everything up to its sending
// stays as it was.
#ifndef BROKERSIM_RUNNER_DECISIONS_H_
#define BROKERSIM_RUNNER_DECISIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "formats/history.pb.h"
#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"
#include "scenarios/scenario.pb.h"
#include "sim/base/sim_time.h"

namespace brokersim::runner {

struct Decision {
  enum class Undone {
    kArrives,  // a message that was lost or late gets through
    kLater,    // a timer runs out only after the anomaly was there
    kIsLost,   // a message that arrived doesn't
  };
  Undone undone = Undone::kIsLost;
  uint64_t event = 0;    // of the trace: its sending, or the timer's firing
  uint64_t message = 0;  // 0: a timer
  sim::Time at;          // of the event
  std::string name;      // "FetchResponse of b1 to b2, sent at 3012.345 ms"
  std::string was;       // "lost: the connection is gone", "arrived after 0.412 ms"; of a timer empty
  std::string content;   // of a message, as the trace prints it
  scenarios::Fault fault;
};

// The decisions between the first that is told of the anomaly's records (without records: its first operation, or of
// one alone the run's beginning) and its breaking: the last copy's end, or else its last operation. In this order, each
// once, at most `most`:
//   1. what led to what its story tells of: messages that arrived and timers that fired, back along the trace's causes;
//      what lies nearest to the breaking comes first
//   2. messages between the story's nodes that were lost, kept back or late: the earliest of each type and way, those
//     included that were under way when it began
//   3. what its nodes had last heard of each other, by type, when what the story tells of happened
// `anomaly` has a story, told from `trace`, which was recorded with `history`. Messages that nothing can help (nobody
// was there to get them) are no decisions, nor are timers at which a client began an operation: that is the work.
// `all`, if not null: how many there would be.
std::vector<Decision> DecisionsOf(const formats::DecodedTrace& trace, const formats::History& history,
                                  const formats::Anomaly& anomaly, size_t most, size_t* all);

// Whether another run makes the promise that the anomaly breaks, too, and puts it to the test: only then does it say
// anything that the anomaly is gone. That is
//   - the clients were told the same of each of its records: acknowledged, refused or nothing; what is acknowledged is
//     acknowledged up to `by`
//   - where it has none, whatever clients began to send they begin to send
//   - each operation that shows it has its like: a read-all of the same log that reaches the end; a poll for the same
//     reader that returns one of its records or, where it has none, gets as far; a commit for the same group that gets
//     as far; anything else that the same client did, with the same outcome
// An operation that failed is itself the anomaly (a log that can't be read): its like succeeds.
bool SamePromise(const formats::Anomaly& anomaly, const formats::History& history, const formats::History& other,
                 sim::Time by = sim::Time::FromNanos(INT64_MAX));

// When a fault, an election or the like next comes in the anomaly's story after its first record was acknowledged: what
// is promised only later is another promise. INT64_MAX nanoseconds: never.
sim::Time PromisedBy(const formats::DecodedTrace& trace, const formats::History& history,
                     const formats::Anomaly& anomaly);

// Whether the decision really was undone in the run that has its fault, and in which that had an effect: that it was
// this message.
bool WasUndone(const Decision& decision, const formats::DecodedTrace& trace);

// "fault { id: ... }" in one line, as a scenario takes it.
std::string FaultText(const scenarios::Fault& fault);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_DECISIONS_H_
