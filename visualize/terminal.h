// The text of `brokersim show`: a space-time view for the terminal, one row an event.
//
//    #      time    p1     b1     b2   what
//  104  0.012004 s  m41>   |      |    to b1: ProduceRequest acks=1
//  109  0.012611 s  |      >m41   |    from p1: ProduceRequest acks=1; appended orders-0@9 v17
//  113  0.012900 s  |      X      |    crash b1 [fault F1]
//
// Plain ASCII unless the trace's own names and texts are not.
#ifndef BROKERSIM_VISUALIZE_TERMINAL_H_
#define BROKERSIM_VISUALIZE_TERMINAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"
#include "visualize/trace_index.h"

namespace brokersim::visualize {

// Which events. Choices narrow each other down: an event is shown if every one that is set lets it
// pass; one that is empty is not set. If neither `select`, `around`, `cone`, `kinds` nor `all` is
// given, routine traffic is folded into lines such as "... 212 routine events".
struct TerminalOptions {
  std::vector<uint64_t> select = {};    // these events only, e.g. from SelectForAnomaly
  std::optional<uint64_t> around = {};  // the events within `radius` of this one
  int radius = 20;
  std::optional<uint64_t> cone = {};  // what led to this event
  // Events on these nodes, and messages to or from them; only these nodes have columns.
  std::vector<std::string> nodes = {};
  std::vector<formats::EventKind> kinds = {};
  std::optional<int64_t> from_ns = {};        // included
  std::optional<int64_t> to_ns = {};          // not included
  bool all = false;                           // no folding
  int limit = 200;                            // rows; a last line says how many more there are
  bool color = false;                         // ANSI colours for what went wrong and for decisions
  const formats::Anomaly* anomaly = nullptr;  // marks where its promise was made and broken
};

// Errors: kNotFound for a node or event that isn't there, or if nothing passes; says what exists.
absl::StatusOr<std::string> TerminalView(const formats::DecodedTrace& trace,
                                         const TerminalOptions& options);

// True for what a reader can do without: the event changes no described state, says nothing about
// records, and is neither a decision, fault, crash, start, drop nor operation, nor the sending of a
// message whose handling does any of that.
bool IsRoutine(const TraceIndex& index, const formats::TraceEvent& event);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_TERMINAL_H_
