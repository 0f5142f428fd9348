// Where things are in a space-time diagram: columns of nodes, rows of events, lanes of faults.
#ifndef BROKERSIM_VISUALIZE_SPACE_TIME_LAYOUT_H_
#define BROKERSIM_VISUALIZE_SPACE_TIME_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "visualize/label_placer.h"
#include "visualize/space_time_marks.h"
#include "visualize/trace_index.h"

namespace brokersim::visualize {

struct Column {
  uint32_t node = 0;
  int x = 0;
};

struct Row {
  uint64_t event = 0;
  int y = 0;
  Mark mark;
  Size size;            // of the mark itself
  std::string time;     // printed at the left; empty if the row above has the same
  std::string gap;      // how much time was folded above this row; empty if none
  std::string skipped;  // ... and how many events
  int gap_y = 0;
};

// A fault from its beginning to its end, as far as they lie within the picture.
struct FaultBar {
  std::string fault;
  int lane = 0;
  int from_y = 0;
  int to_y = 0;
};

struct Layout {
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::vector<FaultBar> faults;
  int time_x = 0;    // right end of the times
  int lanes_x = 0;   // centre of the first fault lane
  int labels_x = 0;  // left end of the labels beside the first column
  int right_x = 0;   // left end of the margin right of the last column
  int width = 0;
  int header_y = 0;  // centre of the nodes' boxes
  int bottom_y = 0;  // where the lifelines end

  // -1 if the event has no row, the node no column.
  int RowOf(uint64_t event) const;
  int XOf(uint32_t node) const;
  // Height at which something lies that happened at an event with or without a row of its own.
  int YOf(uint64_t event) const;
};

// REQUIRES: `events` ascending and in the trace. `title_height` is kept free above.
Layout MakeLayout(const TraceIndex& index, const std::vector<uint64_t>& events,
                  const formats::Anomaly* anomaly, int title_height);

inline constexpr int kLaneStep = 14;
inline constexpr int kColumnStep = 184;
inline constexpr int kHeaderHeight = 32;

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_SPACE_TIME_LAYOUT_H_
