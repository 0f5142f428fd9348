// A space-time diagram: a column a node, a row an event, time downwards, messages as slanted
// arrows; in Graphviz's language, with every position pinned.
//
//   const std::vector<uint64_t> events = SelectForAnomaly(trace, verdict.anomalies(0));
//   const std::string dot = SpaceTimeDot(trace, events, &verdict, {});
//   absl::StatusOr<std::string> svg = RenderSvg(dot);   // visualize/svg.h
//
// Rows keep the order of events, not the distance in time: long pauses are folded and marked. Every
// message arrow is an edge of class "message", so that they can be counted.
#ifndef BROKERSIM_VISUALIZE_SPACE_TIME_H_
#define BROKERSIM_VISUALIZE_SPACE_TIME_H_

#include <cstdint>
#include <string>
#include <vector>

#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"

namespace brokersim::visualize {

struct DiagramOptions {
  int anomaly = 0;  // which of the verdict's anomalies the title and the marks are about
  bool title = true;
  bool legend = true;
};

// `events` as the functions of visualize/selection.h give them; ids that the trace doesn't have are
// left out. `verdict` may be null.
std::string SpaceTimeDot(const formats::DecodedTrace& trace, const std::vector<uint64_t>& events,
                         const formats::Verdict* verdict, const DiagramOptions& options);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_SPACE_TIME_H_
