#include "visualize/space_time.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fmt/format.h"
#include "visualize/dot_builder.h"
#include "visualize/event_text.h"
#include "visualize/label_placer.h"
#include "visualize/lifeline.h"
#include "visualize/selection.h"
#include "visualize/space_time_layout.h"
#include "visualize/space_time_marks.h"
#include "visualize/space_time_shapes.h"
#include "visualize/trace_index.h"

namespace brokersim::visualize {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using formats::RecordNote;
using formats::TraceEvent;

constexpr int kTitleLine = 18;
constexpr int kTextLine = 12;
constexpr int kTitleCharacters = 110;
constexpr int kTallRows = 18;  // from here on the nodes' names are repeated at the bottom

class Drawing {
 public:
  Drawing(const TraceIndex& index, std::vector<uint64_t> events, const formats::Verdict* verdict,
          const DiagramOptions& options)
      : index_(index),
        trace_(index.trace()),
        verdict_(verdict),
        options_(options),
        lifelines_(trace_),
        dot_("space_time", "A space-time diagram. To SVG: neato -n2 -Tsvg") {
    if (verdict != nullptr && options.anomaly >= 0 && options.anomaly < verdict->anomalies_size()) {
      anomaly_ = &verdict->anomalies(options.anomaly);
      promise_ = FindPromise(trace_, *anomaly_);
    }
    title_ = TitleLines(events.size());
    const int title_height =
        options.title ? kTitleLine + kTextLine * static_cast<int>(title_.size()) + 14 : 0;
    layout_ = MakeLayout(index, events, anomaly_, title_height);
  }

  std::string Draw() {
    if (options_.title) DrawTitle();
    DrawNodes();
    BlockMarks();
    DrawFaults();
    DrawTimes();
    for (const Row& row : layout_.rows) DrawMark(row);
    DrawPromise();
    for (const Row& row : layout_.rows) DrawMarkLabel(row);
    for (const Row& row : layout_.rows) DrawMessage(row);
    if (options_.legend) DrawLegend();
    return dot_.Finish();
  }

 private:
  // ---- the frame: title, nodes, times, faults

  std::string Verdict() const {
    if (verdict_ == nullptr) return "";
    std::string word(formats::Verdict::Result_Name(verdict_->result()));
    if (anomaly_ == nullptr) return word;
    word += fmt::format(": {}", anomaly_->type());
    if (!anomaly_->code().empty()) word += fmt::format(" ({})", anomaly_->code());
    if (verdict_->anomalies_size() > 1) {
      word += fmt::format(", anomaly {} of {}", options_.anomaly + 1, verdict_->anomalies_size());
    }
    return word;
  }

  // The lines under the headline.
  std::vector<std::string> TitleLines(size_t drawn) const {
    std::vector<std::string> lines;
    if (anomaly_ != nullptr) lines = WrapText(anomaly_->explanation(), kTitleCharacters, 4);
    lines.push_back(fmt::format("{} of the run's {} events; {} s of virtual time", drawn,
                                trace_.events.size(), FormatSeconds(trace_.end_ns, 3)));
    return lines;
  }

  void DrawTitle() {
    const auto& header = trace_.header;
    std::string headline = header.scenario().empty() ? "(no scenario)" : header.scenario();
    if (!header.variant().empty()) headline += fmt::format(", variant {}", header.variant());
    headline += fmt::format(", seed {}", header.seed());
    if (const std::string word = Verdict(); !word.empty()) headline += fmt::format(" - {}", word);
    const int width = kTitleCharacters * 7;
    DrawText("title", {headline}, {width / 2, kTitleLine / 2}, {width, kTitleLine}, 'l',
             TextStyle::kTitle, &dot_);
    const int height = kTextLine * static_cast<int>(title_.size());
    DrawText("subtitle", title_, {width / 2, kTitleLine + 2 + height / 2}, {width, height}, 'l',
             TextStyle::kPlain, &dot_);
  }

  void DrawHeader(std::string_view prefix, const Column& column, int y) {
    const auto& node = trace_.header.nodes(static_cast<int>(column.node) - 1);
    std::string role = node.role();
    if (!node.datacenter().empty() && SeveralDatacenters()) role += ", " + node.datacenter();
    dot_.Node(fmt::format("{}{}", prefix, column.node), {column.x, y}, 104, kHeaderHeight,
              DotLabel({CutText(node.name(), 18), CutText(role, 18)}, 'n'),
              {{"shape", "box"},
               {"style", "filled,rounded"},
               {"fillcolor", "#E8EEF4"},
               {"color", std::string(kGrey)},
               {"fontsize", "11"}});
  }

  bool SeveralDatacenters() const {
    for (const auto& node : trace_.header.nodes()) {
      if (node.datacenter() != trace_.header.nodes(0).datacenter()) return true;
    }
    return false;
  }

  void DrawNodes() {
    const bool repeat = layout_.rows.size() >= kTallRows;
    for (const Column& column : layout_.columns) {
      DrawHeader("head", column, layout_.header_y);
      if (repeat) DrawHeader("foot", column, layout_.bottom_y + kHeaderHeight / 2);
      DrawLifeline(column);
    }
  }

  void DrawLifeline(const Column& column) {
    Point from = {column.x, layout_.header_y + kHeaderHeight / 2};
    std::string from_id = fmt::format("line{}_0", column.node);
    DrawAnchor(from_id, from, &dot_);
    const std::vector<LifeChange>& changes = lifelines_.Changes(column.node);
    int parts = 0;
    for (size_t i = 0; i < changes.size(); ++i) {
      const bool last = i + 1 == changes.size();
      const int y = last ? layout_.bottom_y : layout_.YOf(changes[i + 1].event);
      if (y <= from.y) continue;
      const Point to = {column.x, y};
      const std::string to_id = fmt::format("line{}_{}", column.node, ++parts);
      DrawAnchor(to_id, to, &dot_);
      const bool up = changes[i].state == LifeState::kUp;
      const bool paused = changes[i].state == LifeState::kPaused;
      if (!up && !paused) any_down_ = true;
      dot_.Line(from_id, from, to_id, to,
                {{"class", up ? "up" : (paused ? "paused" : "down")},
                 {"color", std::string(up ? "#888888" : kLightGrey)},
                 {"style", up ? "solid" : (paused ? "dotted" : "dashed")},
                 {"penwidth", up ? "1.5" : "1"}});
      from = to;
      from_id = to_id;
    }
  }

  void DrawTimes() {
    for (const Row& row : layout_.rows) {
      if (!row.time.empty()) {
        DrawText(fmt::format("t{}", row.event), {row.time}, {layout_.time_x / 2, row.y},
                 {layout_.time_x, 12}, 'r', TextStyle::kQuiet, &dot_);
      }
      if (row.gap.empty()) continue;
      const Point left = {0, row.gap_y};
      const Point right = {layout_.width, row.gap_y};
      DrawAnchor(fmt::format("gl{}", row.event), left, &dot_);
      DrawAnchor(fmt::format("gr{}", row.event), right, &dot_);
      dot_.Line(fmt::format("gl{}", row.event), left, fmt::format("gr{}", row.event), right,
                {{"class", "gap"}, {"color", std::string(kLightGrey)}, {"style", "dotted"}});
      DrawText(fmt::format("g{}", row.event), {fmt::format("~ {} ~", row.gap)},
               {layout_.time_x / 2, row.gap_y}, {layout_.time_x, 12}, 'r', TextStyle::kQuiet,
               &dot_);
      if (row.skipped.empty()) continue;
      const std::vector<std::string> text = {row.skipped};
      const Size size = TextSize(text);
      DrawText(fmt::format("s{}", row.event), text, {layout_.right_x + size.width / 2, row.gap_y},
               size, 'l', TextStyle::kQuiet, &dot_);
    }
  }

  void DrawFaults() {
    int bars = 0;
    for (const FaultBar& bar : layout_.faults) {
      const Point from = {layout_.lanes_x + bar.lane * kLaneStep, bar.from_y};
      const Point to = {from.x, bar.to_y};
      const std::string id = fmt::format("fault{}", ++bars);
      // A rule names the fault where it begins; only one that began before the picture needs its name here.
      if (BeginsInPicture(bar.fault)) {
        DrawAnchor(id, from, &dot_);
      } else {
        const std::vector<std::string> name = {bar.fault};
        const Size size = TextSize(name);
        DrawText(id, name, {from.x + 6 + size.width / 2, from.y}, size, 'l', TextStyle::kAlert, &dot_);
      }
      DrawAnchor(id + "end", to, &dot_);
      dot_.Line(id, {from.x, from.y + 6}, id + "end", to,
                {{"class", "fault"}, {"color", std::string(kVermillion)}, {"penwidth", "3"}});
    }
    for (const Row& row : layout_.rows) {
      const TraceEvent& event = index_.Event(row.event);
      const bool on_no_node = event.node == 0 && event.message == 0;
      if (IsFaultSwitch(event.kind) || on_no_node) DrawRule(row, event);
    }
  }

  bool BeginsInPicture(std::string_view fault) const {
    return std::any_of(layout_.rows.begin(), layout_.rows.end(), [&](const Row& row) {
      const TraceEvent& event = index_.Event(row.event);
      return event.kind == EventKind::kFaultOn && event.fault == fault;
    });
  }

  std::string RuleText(const TraceEvent& event) const {
    const std::string what = TypeAndText(event);
    if (event.kind == EventKind::kFaultOn) return fmt::format("{} begins: {}", event.fault, what);
    if (event.kind == EventKind::kFaultOff) return fmt::format("{} ends: {}", event.fault, what);
    return DescribeEvent(trace_, event);
  }

  // What happens to no node in particular concerns the whole picture: a rule across it, with the
  // words at its left end.
  void DrawRule(const Row& row, const TraceEvent& event) {
    const bool on = event.kind == EventKind::kFaultOn;
    const std::vector<std::string> text = {CutText(RuleText(event), 60)};
    const Size size = TextSize(text);
    const Point left = {layout_.labels_x, row.y};
    const Point right = {layout_.right_x, row.y};
    const std::string id = fmt::format("e{}", row.event);
    DrawAnchor(id + "l", left, &dot_);
    DrawAnchor(id + "r", right, &dot_);
    dot_.Line(id + "l", left, id + "r", right,
              {{"class", "faultrule"},
               {"color", std::string(kVermillion)},
               {"style", on ? "solid" : "dashed"},
               {"penwidth", "0.6"}});
    const Point centre = {left.x + size.width / 2, row.y};
    DrawText(id, text, centre, size, 'l', TextStyle::kAlert, &dot_);
    placer_.Block(centre, size);
  }

  // ---- marks on the lifelines

  Point PointOf(const Row& row) const { return {layout_.XOf(index_.Event(row.event).node), row.y}; }

  bool IsOnLifeline(const Row& row) const {
    return row.mark.shape != Shape::kNothing && !IsFaultSwitch(index_.Event(row.event).kind) &&
           index_.Event(row.event).node != 0;
  }

  void BlockMarks() {
    for (const Row& row : layout_.rows) {
      if (IsOnLifeline(row)) placer_.Block(PointOf(row), row.size);
    }
  }

  void DrawMark(const Row& row) {
    used_[static_cast<size_t>(row.mark.shape)] = true;
    if (!IsOnLifeline(row)) return;
    const TraceEvent& event = index_.Event(row.event);
    DrawShape(fmt::format("e{}", row.event), row.mark.shape, row.mark.box, PointOf(row), row.size,
              fmt::format("#{} {} s {}", event.id, FormatSeconds(event.time_ns, 6),
                          DescribeEvent(trace_, event)),
              &dot_);
  }

  void DrawMarkLabel(const Row& row) {
    if (row.mark.label.empty() || !IsOnLifeline(row)) return;
    const TraceEvent& event = index_.Event(row.event);
    const Size size = TextSize(row.mark.label);
    const Point at = PointOf(row);
    const int away = row.size.width / 2 + size.width / 2 + 3;
    const Point left = {at.x - away, at.y};
    const Point right = {at.x + away, at.y};
    std::vector<Point> places = {right, left};
    // On the side from which no arrow comes.
    if (event.peer != 0 && layout_.XOf(event.peer) > at.x) places = {left, right};
    if (event.node == layout_.columns.front().node) places = {left};
    if (event.node == layout_.columns.back().node && event.id != promise_.made &&
        event.id != promise_.broken) {
      places = {right};
    }
    const Point centre = placer_.Place(places, size);
    DrawText(fmt::format("l{}", row.event), row.mark.label, centre, size,
             centre.x < at.x ? 'r' : 'l', TextStyle::kPlain, &dot_);
  }

  // ---- messages

  // A message is drawn from the row in which it ends; one that doesn't end, from its send.
  void DrawMessage(const Row& row) {
    const TraceEvent& event = index_.Event(row.event);
    if (event.kind == EventKind::kSend) {
      bool ends = false;
      for (const uint64_t other : index_.MessageEvents(event.message)) {
        ends = ends || (IsOutcome(index_.Event(other).kind) && layout_.RowOf(other) >= 0);
      }
      if (!ends) DrawInFlight(row, event);
    }
    if (!IsOutcome(event.kind)) return;
    const int sent = layout_.RowOf(index_.SendOf(event.id));
    if (sent < 0) return;
    const Row& send_row = layout_.rows[static_cast<size_t>(sent)];
    const TraceEvent& send = index_.Event(send_row.event);
    const int target = layout_.XOf(send.peer);
    const Point from = Edge(send_row, target);
    if (event.kind == EventKind::kDeliver) {
      const Point to = Edge(row, from.x);
      Arrow(send, event, send_row.event, from, to);
    } else {
      LostArrow(send, row, from, target);
    }
  }

  // Where arrows from or to `x` touch the mark of a row.
  Point Edge(const Row& row, int x) const {
    Point at = PointOf(row);
    if (row.mark.box.empty()) return at;
    const int border = row.mark.shape == Shape::kElection ? 1 : -3;  // its second border is outside
    at.x += (x > at.x ? 1 : -1) * (row.size.width / 2 + border);
    return at;
  }

  bool Carries(const TraceEvent& event) const {
    if (anomaly_ == nullptr) return false;
    return std::any_of(event.records.begin(), event.records.end(),
                       [this](const RecordNote& note) { return IsAbout(note, *anomaly_); });
  }

  void Arrow(const TraceEvent& send, const TraceEvent& deliver, uint64_t send_id, Point from,
             Point to) {
    const bool carries = Carries(send) || Carries(deliver);
    const ArrowStyle style = carries ? ArrowStyle::kCarrier : ArrowStyle::kMessage;
    arrows_[static_cast<size_t>(style)] = true;
    dot_.Arrow(fmt::format("e{}", send_id), from, fmt::format("e{}", deliver.id), to, 4,
               ArrowAttributes(style, Tooltip(send)));
    ArrowLabel(fmt::format("m{}", deliver.id), send, from, to);
  }

  void LostArrow(const TraceEvent& send, const Row& row, Point from, int target) {
    const TraceEvent& drop = index_.Event(row.event);
    arrows_[static_cast<size_t>(ArrowStyle::kLost)] = true;
    const Point cross = {from.x + (target - from.x) * 6 / 10, row.y};
    const std::string id = fmt::format("e{}", row.event);
    DrawCross(id, cross, DescribeEvent(trace_, drop), &dot_);
    dot_.Line(fmt::format("e{}", send.id), from, id, cross,
              ArrowAttributes(ArrowStyle::kLost, Tooltip(send)));
    placer_.Block(cross, {14, 14});
    const std::vector<std::string> text = {drop.fault.empty() ? "lost" : "lost: " + drop.fault};
    const Size size = TextSize(text);
    const int away = (target > from.x ? 1 : -1) * (size.width / 2 + 9);
    const Point centre = placer_.Place({{cross.x + away, cross.y}, {cross.x, cross.y + 12}}, size);
    DrawText(fmt::format("x{}", row.event), text, centre, size, 'n', TextStyle::kAlert, &dot_);
    ArrowLabel(fmt::format("m{}", row.event), send, from, cross);
  }

  void DrawInFlight(const Row& row, const TraceEvent& send) {
    const int target = layout_.XOf(send.peer);
    if (target < 0) return;
    arrows_[static_cast<size_t>(ArrowStyle::kInFlight)] = true;
    const Point from = Edge(row, target);
    const Point to = {from.x + (target - from.x) / 3, from.y + 10};
    DrawAnchor(fmt::format("i{}", send.id), to, &dot_);
    dot_.Arrow(fmt::format("e{}", send.id), from, fmt::format("i{}", send.id), to, 4,
               ArrowAttributes(ArrowStyle::kInFlight, Tooltip(send)));
    ArrowLabel(fmt::format("m{}", send.id), send, from, to);
  }

  static std::string Tooltip(const TraceEvent& send) {
    return fmt::format("m{} {}", send.message, TypeAndText(send));
  }

  void ArrowLabel(std::string_view id, const TraceEvent& send, Point from, Point to) {
    const int across = std::abs(to.x - from.x);
    const int characters = std::clamp((across - 24) / 5, 14, 44);
    const std::vector<std::string> lines = WrapText(TypeAndText(send), characters, 2);
    if (lines.empty()) return;
    const Size size = TextSize(lines);
    std::vector<Point> places;
    for (const int percent : {50, 44, 56, 38, 62, 32, 68, 26, 74, 20, 80}) {
      places.push_back(Between(from, to, percent));
    }
    const Point centre = placer_.Place(places, size);
    DrawText(id, lines, centre, size, 'n', TextStyle::kPlain, &dot_);
  }

  // ---- promise and legend

  void DrawPromise() {
    DrawCallout(promise_.made, "PROMISE MADE HERE", "#D5EFE6", kGreen, "1");
    DrawCallout(promise_.broken, "PROMISE BROKEN HERE", "#F9DCCB", kVermillion, "2");
  }

  void DrawCallout(uint64_t event, std::string_view headline, std::string_view fill,
                   std::string_view line, std::string_view borders) {
    const int at = layout_.RowOf(event);
    if (event == 0 || at < 0) return;
    const Row& row = layout_.rows[static_cast<size_t>(at)];
    std::vector<std::string> text = {std::string(headline)};
    for (const RecordNote& note : index_.Event(event).records) {
      if (!IsAbout(note, *anomaly_) || text.size() > 2) continue;
      text.push_back(CutText(
          fmt::format("{}: {}", trace_.NodeName(index_.Event(event).node), DescribeRecord(note)),
          34));
    }
    const Size estimate = TextSize(text);
    const Size size = {estimate.width + 14, estimate.height + 8};
    const int x = layout_.right_x + size.width / 2;
    const Point centre =
        placer_.Place({{x, row.y}, {x, row.y + 20}, {x, row.y - 20}, {x, row.y + 40}}, size);
    const std::string id = fmt::format("p{}", event);
    dot_.Node(id, centre, size.width, size.height, DotLabel(text, 'n'),
              {{"shape", "box"},
               {"style", "filled,bold"},
               {"fillcolor", std::string(fill)},
               {"color", std::string(line)},
               {"peripheries", std::string(borders)}});
    Point from = Edge(row, centre.x);
    if (from.x < 0) from.x = layout_.right_x - 20;  // an event on no node
    const std::string from_id = fmt::format("pa{}", event);
    DrawAnchor(from_id, from, &dot_);
    dot_.Line(from_id, from, id, {layout_.right_x, centre.y},
              {{"class", "promise"},
               {"color", std::string(line)},
               {"style", "dashed"},
               {"penwidth", "1.2"}});
  }

  void DrawLegend();

  const TraceIndex& index_;
  const DecodedTrace& trace_;
  const formats::Verdict* verdict_;
  const DiagramOptions& options_;
  const formats::Anomaly* anomaly_ = nullptr;
  Promise promise_;
  Lifelines lifelines_;
  DotBuilder dot_;
  std::vector<std::string> title_;
  Layout layout_;
  LabelPlacer placer_;
  std::array<bool, kShapeCount> used_ = {};
  std::array<bool, 4> arrows_ = {};
  bool any_down_ = false;
};

// Only what occurs in this picture.
void Drawing::DrawLegend() {
  constexpr int kItemWidth = 215;
  constexpr int kItemHeight = 20;
  const int top = layout_.bottom_y + kHeaderHeight + 26;
  const int columns = std::max(1, (layout_.width - 30) / kItemWidth);
  int items = 0;
  const auto next = [&](std::string_view meaning) {
    const Point at = {30 + items % columns * kItemWidth, top + items / columns * kItemHeight};
    const std::vector<std::string> text = {std::string(meaning)};
    const Size size = TextSize(text);
    DrawText(fmt::format("k{}", items), text, {at.x + 22 + size.width / 2, at.y}, size, 'l',
             TextStyle::kPlain, &dot_);
    ++items;
    return at;
  };
  constexpr std::array<std::string_view, 4> kArrowMeanings = {
      "message", "message that concerns the record", "message that is lost",
      "message still on its way"};
  const auto line = [&](std::string_view meaning, const DotAttributes& looks, bool head) {
    const int item = items;
    const Point at = next(meaning);
    const Point from = {at.x - 18, at.y};
    const Point to = {at.x + 16, at.y};
    DrawAnchor(fmt::format("ka{}", item), from, &dot_);
    DrawAnchor(fmt::format("kb{}", item), to, &dot_);
    DotAttributes sample = looks;
    if (!sample.empty() && sample.front().first == "class") sample.front().second = "legend";
    if (head) {
      dot_.Arrow(fmt::format("ka{}", item), from, fmt::format("kb{}", item), to, 0, sample);
    } else {
      dot_.Line(fmt::format("ka{}", item), from, fmt::format("kb{}", item), to, sample);
    }
  };
  for (size_t i = 0; i < arrows_.size(); ++i) {
    if (!arrows_[i]) continue;
    const auto style = static_cast<ArrowStyle>(i);
    line(kArrowMeanings[i], ArrowAttributes(style, ""), style != ArrowStyle::kLost);
  }
  for (int i = 0; i < kShapeCount; ++i) {
    const auto shape = static_cast<Shape>(i);
    if (!used_[static_cast<size_t>(i)] || ShapeMeaning(shape).empty()) continue;
    const std::string id = fmt::format("ks{}", items);
    const Point at = next(ShapeMeaning(shape));
    const bool boxed = shape == Shape::kElection || shape == Shape::kTruncation ||
                       shape == Shape::kDecision || shape == Shape::kFaultOn;
    const Size size =
        shape == Shape::kFaultOn ? Size{4, 16} : (boxed ? Size{24, 12} : Size{12, 12});
    DrawShape(id, shape, {}, at, size, "", &dot_);
  }
  if (any_down_) {
    line("node is down", {{"color", std::string(kLightGrey)}, {"style", "dashed"}}, false);
  }
}

}  // namespace

std::string SpaceTimeDot(const DecodedTrace& trace, const std::vector<uint64_t>& events,
                         const formats::Verdict* verdict, const DiagramOptions& options) {
  const TraceIndex index(trace);
  std::vector<uint64_t> known;
  for (const uint64_t id : events) {
    if (index.Has(id)) known.push_back(id);
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  return Drawing(index, std::move(known), verdict, options).Draw();
}

}  // namespace brokersim::visualize
