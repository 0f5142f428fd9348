#include "visualize/space_time_layout.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "visualize/event_text.h"

namespace brokersim::visualize {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using formats::TraceEvent;

constexpr int kTimeWidth = 66;
constexpr int kLabelGap = 10;  // between a mark and the label beside it
constexpr int kMinLeftLabels = 70;
constexpr int kRightMargin = 190;
constexpr int kRowPadding = 11;
constexpr int kHandlingPadding = 3;  // between the rows of one handling: they belong together
constexpr int kGapHeight = 26;
// A pause is folded and marked if it is longer than this, and a twentieth of the time shown.
constexpr int64_t kLongPauseNs = 100'000'000;
constexpr int kPauseParts = 20;

// Clients at the sides, brokers in the middle: fewer arrows cross.
int Rank(const std::string& role) {
  if (role == "producer") return 0;
  if (role == "consumer") return 2;
  if (role == "reader" || role == "audit") return 3;
  return 1;
}

std::vector<Column> ChooseColumns(const TraceIndex& index, const std::vector<uint64_t>& events) {
  std::set<uint32_t> nodes;
  for (const uint64_t id : events) {
    nodes.insert(index.Event(id).node);
    nodes.insert(index.Event(id).peer);
  }
  nodes.erase(0);
  std::vector<Column> columns;
  for (const uint32_t node : nodes) columns.push_back({node, 0});
  const auto& header = index.trace().header;
  const auto place = [&header](const Column& column) {
    const std::string& role = header.nodes(static_cast<int>(column.node) - 1).role();
    return std::pair(Rank(role), column.node);
  };
  // Nodes differ: no two are equal.
  std::sort(columns.begin(), columns.end(),
            [&place](const Column& a, const Column& b) { return place(a) < place(b); });
  return columns;
}

Size MarkSize(const Mark& mark) {
  if (!mark.box.empty()) {
    const Size text = TextSize(mark.box);
    return {text.width + 8, text.height + 6};
  }
  switch (mark.shape) {
    case Shape::kCrash:
    case Shape::kPowerLoss:
    case Shape::kPause:
    case Shape::kResume:
      return {16, 16};
    case Shape::kStart:
    case Shape::kStop:
      return {14, 12};
    case Shape::kBegin:
    case Shape::kEnd:
      return {8, 8};
    case Shape::kFaultOn:
    case Shape::kFaultOff:
    case Shape::kNothing:
      return {12, 12};
    case Shape::kDot:
    case Shape::kElection:
    case Shape::kTruncation:
    case Shape::kDecision:
      return {5, 5};
  }
  return {5, 5};
}

// True if the two events are steps of one handling: a message arrives, answers leave.
bool SameHandling(const TraceEvent& above, const TraceEvent& below) {
  return above.node == below.node && above.time_ns == below.time_ns && below.cause != 0 &&
         (below.cause == above.id || below.cause == above.cause);
}

std::string SkippedText(const TraceEvent& above, const TraceEvent& below) {
  const uint64_t skipped = below.id - above.id - 1;
  if (skipped == 0) return "";
  return fmt::format("{} event{} not drawn", skipped, skipped == 1 ? "" : "s");
}

class RowMaker {
 public:
  RowMaker(const TraceIndex& index, const formats::Anomaly* anomaly, int top)
      : index_(index), anomaly_(anomaly), y_(top) {}

  void Make(const std::vector<uint64_t>& events, std::vector<Row>* rows) {
    if (events.empty()) return;
    const int64_t span = index_.Event(events.back()).time_ns - index_.Event(events.front()).time_ns;
    pause_ns_ = std::max(kLongPauseNs, span / kPauseParts);
    for (const uint64_t id : events) rows->push_back(Next(index_.Event(id)));
  }

 private:
  Row Next(const TraceEvent& event) {
    Row row;
    row.event = event.id;
    row.mark = MarkOf(index_, event, anomaly_);
    row.size = MarkSize(row.mark);
    const int lines = static_cast<int>(row.mark.label.size());
    const int half = std::max({row.size.height, 11 * lines, 11}) / 2;
    const TraceEvent* above = last_ == 0 ? nullptr : &index_.Event(last_);
    if (above != nullptr && event.time_ns - above->time_ns >= pause_ns_) {
      row.gap = FormatDuration(event.time_ns - above->time_ns);
      row.skipped = SkippedText(*above, event);
      y_ += kRowPadding;
      row.gap_y = y_ + kGapHeight / 2;
      y_ += kGapHeight;
    }
    y_ += half + (above != nullptr && SameHandling(*above, event) ? kHandlingPadding : kRowPadding);
    row.y = y_;
    y_ += half;
    const std::string time = FormatSeconds(event.time_ns, 3);
    if (time != time_) row.time = time + " s";
    time_ = time;
    last_ = event.id;
    return row;
  }

  const TraceIndex& index_;
  const formats::Anomaly* anomaly_;
  int y_;
  int64_t pause_ns_ = 0;
  uint64_t last_ = 0;
  std::string time_;
};

// Faults that were in force at one of the rows at least, whether or not their beginning has a row.
std::vector<FaultBar> MakeFaultBars(const TraceIndex& index, const Layout& layout) {
  struct Interval {
    std::string fault;
    uint64_t on = 0;
    uint64_t off = UINT64_MAX;
  };
  std::map<std::string, size_t> open;
  std::vector<Interval> intervals;
  for (const TraceEvent& event : index.trace().events) {
    if (event.kind == EventKind::kFaultOn && !open.contains(event.fault)) {
      open[event.fault] = intervals.size();
      intervals.push_back({event.fault, event.id});
    } else if (event.kind == EventKind::kFaultOff && open.contains(event.fault)) {
      intervals[open[event.fault]].off = event.id;
      open.erase(event.fault);
    }
  }
  std::vector<FaultBar> bars;
  std::vector<uint64_t> lane_free_after;  // by lane: the event at which its last fault ends
  for (const Interval& interval : intervals) {
    const auto row = std::lower_bound(layout.rows.begin(), layout.rows.end(), interval.on,
                                      [](const Row& r, uint64_t id) { return r.event < id; });
    if (row == layout.rows.end() || row->event > interval.off) continue;
    size_t lane = 0;
    while (lane < lane_free_after.size() && lane_free_after[lane] >= interval.on) ++lane;
    if (lane == lane_free_after.size()) lane_free_after.push_back(0);
    lane_free_after[lane] = interval.off;
    bars.push_back({interval.fault, static_cast<int>(lane), layout.YOf(interval.on),
                    layout.YOf(interval.off)});
  }
  return bars;
}

void PlaceColumns(const TraceIndex& index, Layout* layout) {
  int lanes = 0;
  for (const FaultBar& bar : layout->faults) lanes = std::max(lanes, bar.lane + 1);
  int left = kMinLeftLabels;
  for (const Row& row : layout->rows) {
    const bool first =
        !layout->columns.empty() && index.Event(row.event).node == layout->columns.front().node;
    if (first) left = std::max(left, TextSize(row.mark.label).width + kLabelGap);
    if (first) left = std::max(left, row.size.width / 2);
  }
  layout->time_x = kTimeWidth;
  layout->lanes_x = kTimeWidth + 14;
  layout->labels_x = layout->lanes_x + lanes * kLaneStep;
  int x = layout->labels_x + left + kLabelGap;
  for (Column& column : layout->columns) {
    column.x = x;
    x += kColumnStep;
  }
  layout->right_x = (layout->columns.empty() ? x : layout->columns.back().x) + 20;
  layout->width = layout->right_x + kRightMargin;
}

}  // namespace

int Layout::RowOf(uint64_t event) const {
  const auto found = std::lower_bound(rows.begin(), rows.end(), event,
                                      [](const Row& row, uint64_t id) { return row.event < id; });
  if (found == rows.end() || found->event != event) return -1;
  return static_cast<int>(found - rows.begin());
}

int Layout::XOf(uint32_t node) const {
  for (const Column& column : columns) {
    if (column.node == node) return column.x;
  }
  return -1;
}

int Layout::YOf(uint64_t event) const {
  int above = header_y + kHeaderHeight / 2;
  for (const Row& row : rows) {
    if (row.event == event) return row.y;
    if (row.event > event) return row.gap.empty() ? (above + row.y) / 2 : row.gap_y;
    above = row.y;
  }
  return bottom_y;
}

Layout MakeLayout(const TraceIndex& index, const std::vector<uint64_t>& events,
                  const formats::Anomaly* anomaly, int title_height) {
  Layout layout;
  layout.columns = ChooseColumns(index, events);
  layout.header_y = title_height + kHeaderHeight / 2;
  const int top = layout.header_y + kHeaderHeight / 2;
  RowMaker(index, anomaly, top).Make(events, &layout.rows);
  const Row* last = layout.rows.empty() ? nullptr : &layout.rows.back();
  layout.bottom_y = last == nullptr ? top + 20 : last->y + last->size.height / 2 + 20;
  layout.faults = MakeFaultBars(index, layout);
  PlaceColumns(index, &layout);
  return layout;
}

}  // namespace brokersim::visualize
