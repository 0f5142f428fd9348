// Pictures of drills: who believed to own what when, with the writes that each acknowledged; and distributions.
//
// SVG written directly: bars, ticks and curves whose places are known need no layout.
#ifndef BROKERSIM_VISUALIZE_DRILL_PICTURE_H_
#define BROKERSIM_VISUALIZE_DRILL_PICTURE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace brokersim::visualize {

struct Span {
  int64_t from_ns = 0;
  int64_t to_ns = 0;
};

struct DrillLane {
  std::string name;           // "b1 in a"
  std::string what;           // what it may own: "leader(orders-0)"; empty: a client
  std::vector<Span> owns;     // when it believed to own it
  std::vector<Span> down;     // when it didn't run
  std::vector<int64_t> kept;  // acknowledgements of what is there at the end; of a client: its successes
  std::vector<int64_t> lost;  // ... of what isn't
};

struct DrillView {
  std::string title;
  int64_t end_ns = 0;
  std::vector<std::pair<std::string, Span>> faults;
  std::vector<Span> two_owners;
  std::vector<std::pair<int64_t, std::string>> marks;  // "strike", "writes again"
  std::vector<DrillLane> lanes;                        // those with the same `what` follow each other
};

// The lanes as SVG.
std::string DrillSvg(const DrillView& view);

// How many of the runs stay at or below a value, as SVG. `values` are sorted; those that are `never` or more have no
// place on the axis and are told as a share. `text` names a value.
struct DistributionView {
  std::string title;
  std::vector<int64_t> values;
  int64_t never = 0;
  std::vector<std::pair<int64_t, std::string>> marks;  // "median", "p99"
  std::string (*text)(int64_t value) = nullptr;
};
std::string DistributionSvg(const DistributionView& view);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_DRILL_PICTURE_H_
