// Where two traces part: the first event in which they differ.
//
// For runs that should have been equal: the same seed on another compiler, or twice on this one.
#ifndef BROKERSIM_FORMATS_TRACE_DIFF_H_
#define BROKERSIM_FORMATS_TRACE_DIFF_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/trace_codec.h"

namespace brokersim::formats {

struct TraceDifference {
  uint64_t id = 0;
  // Absent where that trace has ended before.
  std::optional<TraceEvent> a;
  std::optional<TraceEvent> b;
  // Names of the nodes and peers, for people.
  std::string a_node, b_node, a_peer, b_peer;
  // The columns that differ, in the order of TraceEvent's fields; empty if one is absent.
  std::vector<std::string> columns;
};

// The first event that isn't the same, or nothing if all are. The run hash after each 1,024 events covers
// what happened before: events up to the last equal one are taken as equal without a look.
std::optional<TraceDifference> FirstDifference(const DecodedTrace& a, const DecodedTrace& b);

// A few lines: which event, what it is on either side, which columns differ.
std::string Describe(const TraceDifference& difference);

}  // namespace brokersim::formats

#endif  // BROKERSIM_FORMATS_TRACE_DIFF_H_
