#include "visualize/terminal.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "visualize/event_text.h"
#include "visualize/lifeline.h"
#include "visualize/node_state.h"
#include "visualize/selection.h"
#include "visualize/terminal_glyphs.h"

namespace brokersim::visualize {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using formats::TraceEvent;

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr size_t kMinColumn = 6;

// Kinds that are never routine, whatever they carry.
bool IsRemarkable(EventKind kind) {
  switch (kind) {
    case EventKind::kDrop:
    case EventKind::kDuplicate:
    case EventKind::kHold:
    case EventKind::kRelease:
    case EventKind::kDiskTruncate:
    case EventKind::kDiskLost:
    case EventKind::kCrash:
    case EventKind::kPowerLoss:
    case EventKind::kStart:
    case EventKind::kStop:
    case EventKind::kExit:
    case EventKind::kPause:
    case EventKind::kResume:
    case EventKind::kFaultOn:
    case EventKind::kFaultOff:
    case EventKind::kInvoke:
    case EventKind::kComplete:
    case EventKind::kNote:
    case EventKind::kClock:
    case EventKind::kDiskError:
    case EventKind::kOperate:
      return true;
    case EventKind::kNone:
    case EventKind::kSend:
    case EventKind::kDeliver:
    case EventKind::kTimerSet:
    case EventKind::kTimerFire:
    case EventKind::kTimerCancel:
    case EventKind::kDiskAppend:
    case EventKind::kDiskReplace:
    case EventKind::kDiskSync:
    case EventKind::kDiskSynced:
    case EventKind::kConnect:
    case EventKind::kConnected:
    case EventKind::kDisconnected:
      return false;
  }
  return false;
}

bool SaysSomething(const TraceEvent& event) {
  return IsRemarkable(event.kind) || !event.changes.empty() || !event.records.empty() ||
         event.operation != 0;
}

// One line of the view: an event, or a run of routine ones.
struct Line {
  uint64_t event = 0;    // the last event of a run
  uint64_t routine = 0;  // how many were folded; 0 for an event of its own
};

class Filter {
 public:
  // REQUIRES: the options' nodes and events exist.
  Filter(const TraceIndex& index, const TerminalOptions& options)
      : options_(options), select_(options.select.begin(), options.select.end()) {
    for (const std::string& name : options.nodes) {
      nodes_.insert(FindNode(index.trace(), name).value());
    }
    if (options.cone.has_value()) {
      const std::vector<uint64_t> ids = Cone(index.trace(), *options.cone);
      cone_.insert(ids.begin(), ids.end());
    }
  }

  bool Passes(const TraceEvent& event) const {
    if (!select_.empty() && !select_.contains(event.id)) return false;
    if (options_.cone.has_value() && !cone_.contains(event.id)) return false;
    if (options_.around.has_value() && !IsNear(event.id)) return false;
    if (!nodes_.empty() && !nodes_.contains(event.node) && !nodes_.contains(event.peer)) {
      return false;
    }
    if (!options_.kinds.empty() && std::find(options_.kinds.begin(), options_.kinds.end(),
                                             event.kind) == options_.kinds.end()) {
      return false;
    }
    if (options_.from_ns.has_value() && event.time_ns < *options_.from_ns) return false;
    return !options_.to_ns.has_value() || event.time_ns < *options_.to_ns;
  }

  bool Folds() const {
    return !options_.all && select_.empty() && !options_.around.has_value() &&
           !options_.cone.has_value() && options_.kinds.empty();
  }

  bool ShowsColumn(uint32_t node) const { return nodes_.empty() || nodes_.contains(node); }

 private:
  bool IsNear(uint64_t id) const {
    const uint64_t centre = *options_.around;
    return (id > centre ? id - centre : centre - id) <= static_cast<uint64_t>(options_.radius);
  }

  const TerminalOptions& options_;
  std::set<uint64_t> select_;
  std::set<uint64_t> cone_;
  std::set<uint32_t> nodes_;
};

std::vector<Line> ChooseLines(const TraceIndex& index, const Filter& filter) {
  std::vector<Line> lines;
  for (const TraceEvent& event : index.trace().events) {
    if (!filter.Passes(event)) continue;
    const bool fold = filter.Folds() && IsRoutine(index, event);
    if (fold && !lines.empty() && lines.back().routine > 0) {
      lines.back() = {event.id, lines.back().routine + 1};
    } else {
      lines.push_back({event.id, fold ? 1u : 0u});
    }
  }
  return lines;
}

// Lays out the lines; knows the columns' widths.
class Page {
 public:
  Page(const DecodedTrace& trace, const TerminalOptions& options, const Filter& filter,
       std::vector<Line> lines)
      : trace_(trace), options_(options), lifelines_(trace), lines_(std::move(lines)) {
    if (options.anomaly != nullptr) promise_ = FindPromise(trace, *options.anomaly);
    for (uint32_t node = 1; node <= static_cast<uint32_t>(trace.header.nodes_size()); ++node) {
      if (!filter.ShowsColumn(node)) continue;
      columns_.push_back({node, std::max(kMinColumn, trace.NodeName(node).size())});
    }
    for (const Line& line : lines_) {
      const TraceEvent& event = trace_.events[line.event - 1];
      for (Column& column : columns_) {
        if (line.routine == 0 && column.node == event.node) {
          column.width = std::max(column.width, SignOf(event).size());
        }
      }
      id_width_ = std::max(id_width_, fmt::formatted_size("{}", line.event));
      time_width_ = std::max(time_width_, FormatSeconds(event.time_ns, 6).size());
    }
  }

  std::string Text(size_t shown) const {
    std::string text = Heading();
    for (size_t i = 0; i < shown; ++i) text += Row(lines_[i]);
    return text;
  }

  // One line that explains the signs in use.
  std::string Legend(size_t shown) const {
    std::array<bool, formats::kEventKindCount> used = {};
    for (size_t i = 0; i < shown; ++i) {
      const TraceEvent& event = trace_.events[lines_[i].event - 1];
      if (lines_[i].routine == 0) used[static_cast<size_t>(event.kind)] = true;
    }
    std::string text =
        fmt::format("legend: {} up  {} down  {} paused", kLineUp, kLineDown, kLinePaused);
    for (const Glyph& glyph : Glyphs()) {
      if (!used[static_cast<size_t>(glyph.kind)]) continue;
      text += fmt::format("  {} {}", glyph.sign, EventKindName(glyph.kind));
    }
    return text + "\n";
  }

 private:
  struct Column {
    uint32_t node;
    size_t width;
  };

  std::string Heading() const {
    std::string text = fmt::format("{:>{}}  {:>{}}  ", "#", id_width_, "time", time_width_ + 2);
    for (const Column& column : columns_) {
      text += fmt::format("{:<{}} ", trace_.NodeName(column.node), column.width);
    }
    return text + " what\n";
  }

  char Lifeline(uint32_t node, uint64_t event) const {
    switch (lifelines_.At(node, event)) {
      case LifeState::kUp:
        return kLineUp;
      case LifeState::kDown:
        return kLineDown;
      case LifeState::kPaused:
        return kLinePaused;
    }
    return kLineUp;
  }

  std::string Row(const Line& line) const {
    const TraceEvent& event = trace_.events[line.event - 1];
    const bool folded = line.routine > 0;
    std::string text = folded ? std::string(id_width_ + time_width_ + 6, ' ')
                              : fmt::format("{:>{}}  {:>{}} s  ", event.id, id_width_,
                                            FormatSeconds(event.time_ns, 6), time_width_);
    bool placed = event.node == 0;
    for (const Column& column : columns_) {
      const bool here = !folded && column.node == event.node;
      placed = placed || here;
      const std::string cell =
          here ? SignOf(event) : std::string(1, Lifeline(column.node, line.event));
      text += here ? Painted(event, fmt::format("{:<{}} ", cell, column.width))
                   : fmt::format("{:<{}} ", cell, column.width);
    }
    if (folded) {
      text += fmt::format(" ... {} routine event{}", line.routine, line.routine == 1 ? "" : "s");
    } else {
      const std::string prefix = placed ? "" : fmt::format("({}) ", trace_.NodeName(event.node));
      text += " " + Painted(event, prefix + DescribeEvent(trace_, event)) + Mark(event.id);
    }
    return text + "\n";
  }

  std::string Mark(uint64_t event) const {
    if (event == promise_.made && event != 0) return "   <- promise made here";
    if (event == promise_.broken && event != 0) return "   <- promise broken here";
    return "";
  }

  std::string Painted(const TraceEvent& event, std::string text) const {
    if (!options_.color || !IsRemarkable(event.kind)) return text;
    std::string_view color = kRed;
    if (event.kind == EventKind::kNote || event.kind == EventKind::kClock) color = kYellow;
    if (event.kind == EventKind::kInvoke || event.kind == EventKind::kComplete ||
        event.kind == EventKind::kStart || event.kind == EventKind::kResume ||
        event.kind == EventKind::kRelease || event.kind == EventKind::kFaultOff) {
      color = kGreen;
    }
    return fmt::format("{}{}{}", color, text, kPlain);
  }

  const DecodedTrace& trace_;
  const TerminalOptions& options_;
  Lifelines lifelines_;
  std::vector<Line> lines_;
  std::vector<Column> columns_;
  Promise promise_;
  size_t id_width_ = 3;
  size_t time_width_ = 4;
};

std::string Header(const DecodedTrace& trace) {
  std::string text = fmt::format(
      "{}{}  seed {}  hash {:016x}  {} events  {} s simulated\n",
      trace.header.scenario().empty() ? "(no scenario)" : trace.header.scenario(),
      trace.header.variant().empty() ? "" : fmt::format(" ({})", trace.header.variant()),
      trace.header.seed(), trace.hash, trace.events.size(), FormatSeconds(trace.end_ns, 6));
  if (!trace.complete) text += "this trace was cut short: its end is missing\n";
  return text + "\n";
}

absl::Status CheckOptions(const DecodedTrace& trace, const TerminalOptions& options) {
  for (const std::string& name : options.nodes) {
    const absl::StatusOr<uint32_t> node = FindNode(trace, name);
    if (!node.ok()) return node.status();
  }
  for (const std::optional<uint64_t>& event : {options.around, options.cone}) {
    if (event.has_value() && (*event < 1 || *event > trace.events.size())) {
      return absl::NotFoundError(
          fmt::format("there is no event {} in this trace; it has events 1 to {}", *event,
                      trace.events.size()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool IsRoutine(const TraceIndex& index, const TraceEvent& event) {
  if (SaysSomething(event)) return false;
  for (const uint64_t other : index.MessageEvents(event.message)) {
    if (SaysSomething(index.Event(other))) return false;
  }
  return true;
}

absl::StatusOr<std::string> TerminalView(const DecodedTrace& trace,
                                         const TerminalOptions& options) {
  if (absl::Status status = CheckOptions(trace, options); !status.ok()) return status;
  const TraceIndex index(trace);
  const Filter filter(index, options);
  std::vector<Line> lines = ChooseLines(index, filter);
  if (lines.empty()) {
    return absl::NotFoundError(
        fmt::format("none of the trace's {} events passes these filters (0 to {} s were simulated)",
                    trace.events.size(), FormatSeconds(trace.end_ns, 6)));
  }
  const size_t rows = lines.size();
  const size_t shown = std::min(rows, static_cast<size_t>(std::max(options.limit, 0)));
  lines.resize(shown);
  const Page page(trace, options, filter, std::move(lines));
  std::string text = Header(trace) + page.Text(shown);
  if (shown < rows) {
    text += fmt::format(
        "... {} more rows are not shown (limit {}): narrow them down or raise the limit\n",
        rows - shown, options.limit);
  }
  return text + "\n" + page.Legend(shown);
}

}  // namespace brokersim::visualize
