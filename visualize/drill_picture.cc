#include "visualize/drill_picture.h"

#include <algorithm>

#include "fmt/format.h"
#include "visualize/svg_writer.h"

namespace brokersim::visualize {
namespace {

constexpr int kLeft = 190;  // of the axis of time: names stand before it
constexpr int kWidth = 760;
constexpr int kLane = 18;
constexpr int kGap = 10;  // between groups of lanes
constexpr int kTicks = 10;
// Ticks nearer to each other than this are one: a run has more writes than a picture has room.
constexpr int kTickApart = 3;
constexpr const char* kOwns = "#0072B2";
constexpr const char* kKept = "#009E73";
constexpr const char* kLost = "#D55E00";
constexpr const char* kFault = "#F0E442";
constexpr const char* kGrey = "#C0C0C0";

class Lanes {
 public:
  explicit Lanes(const DrillView& view) : view_(view) {}

  std::string Draw() {
    svg_.Text(2, 12, view_.title);
    int y = 24;
    for (const auto& [name, span] : view_.faults) {
      svg_.Text(kLeft - 6, y + 12, name, "end");
      Bar(y, span, kFault, name);
      y += kLane;
    }
    top_ = y;
    std::string what;
    for (const DrillLane& lane : view_.lanes) {
      if (lane.what != what || y == top_) {
        y += kGap;
        if (!lane.what.empty()) svg_.Text(2, y + 12, lane.what);
      }
      what = lane.what;
      DrawLane(lane, y);
      y += kLane;
    }
    DrawMarks(y);
    DrawAxis(y + kGap);
    DrawLegend(y + kGap + 34);
    return svg_.Finish(kLeft + kWidth + 30, y + kGap + 48, view_.title);
  }

 private:
  int X(int64_t time) const {
    const int64_t end = std::max<int64_t>(view_.end_ns / 1000, 1);
    return kLeft + static_cast<int>(std::min(time / 1000, end) * kWidth / end);
  }

  void Bar(int y, const Span& span, const char* color, const std::string& title) {
    svg_.Rect(X(span.from_ns), y + 3, X(span.to_ns) - X(span.from_ns), kLane - 6, color,
              fmt::format("{}: {:.1f} s to {:.1f} s", title, static_cast<double>(span.from_ns) / 1e9,
                          static_cast<double>(span.to_ns) / 1e9));
  }

  void DrawTicks(const std::vector<int64_t>& times, int y, int length, const char* color) {
    std::string path;
    int last = -kTickApart;
    for (const int64_t time : times) {
      const int x = X(time);
      if (x < last + kTickApart) continue;
      last = x;
      path += fmt::format("M{} {}v{}", x, y, length);
    }
    svg_.Path(path, color, "1.5");
  }

  void DrawLane(const DrillLane& lane, int y) {
    svg_.Text(kLeft - 6, y + 13, lane.name, "end");
    svg_.Line(kLeft, y + kLane / 2, kLeft + kWidth, y + kLane / 2, kGrey, " stroke-width=\"0.5\"");
    for (const Span& span : lane.down) Bar(y, span, "#E0E0E0", lane.name + " doesn't run");
    for (const Span& span : lane.owns) Bar(y, span, kOwns, fmt::format("{} believes: {}", lane.name, lane.what));
    // In the lane's upper half what stays, in the lower one what doesn't: told apart without colours, too.
    DrawTicks(lane.kept, y + 1, kLane / 2 - 1, lane.what.empty() ? kKept : "#56B4E9");
    DrawTicks(lane.lost, y + kLane / 2, kLane / 2 - 1, kLost);
  }

  void DrawMarks(int bottom) {
    for (const Span& two : view_.two_owners) {
      svg_.Rect(X(two.from_ns), top_ + 2, X(two.to_ns) - X(two.from_ns), 5, "#CC79A7",
                fmt::format("two owners: {:.1f} s to {:.1f} s", static_cast<double>(two.from_ns) / 1e9,
                            static_cast<double>(two.to_ns) / 1e9));
    }
    for (const auto& [time, text] : view_.marks) {
      svg_.Line(X(time), 18, X(time), bottom, "#404040", " stroke-dasharray=\"2 2\"");
      svg_.Text(X(time) + 2, 22, text);
    }
  }

  void DrawAxis(int y) {
    svg_.Line(kLeft, y, kLeft + kWidth, y, "#404040");
    for (int i = 0; i <= kTicks; ++i) {
      const int64_t time = view_.end_ns / kTicks * i;
      svg_.Line(X(time), y, X(time), y + 4, "#404040");
      svg_.Text(X(time), y + 16, fmt::format("{} s", time / 1'000'000'000), "middle");
    }
  }

  void DrawLegend(int y) {
    struct Entry {
      const char* color;
      const char* text;
    };
    int x = kLeft;
    for (const Entry& entry : {Entry{kOwns, "believes to own it"}, Entry{"#56B4E9", "acknowledged, kept (above)"},
                               Entry{kLost, "acknowledged, lost (below)"}, Entry{"#CC79A7", "two owners"},
                               Entry{"#E0E0E0", "doesn't run"}}) {
      svg_.Rect(x, y - 8, 10, 10, entry.color);
      svg_.Text(x + 14, y + 1, entry.text);
      x += 165;
    }
  }

  const DrillView& view_;
  SvgWriter svg_;
  int top_ = 0;
};

}  // namespace

std::string DrillSvg(const DrillView& view) { return Lanes(view).Draw(); }

std::string DistributionSvg(const DistributionView& view) {
  constexpr int kPlotWidth = 330;
  constexpr int kPlotHeight = 90;
  constexpr int kX = 44;
  constexpr int kY = 22;
  SvgWriter svg;
  svg.Text(2, 12, view.title);
  const auto never = std::lower_bound(view.values.begin(), view.values.end(), view.never);
  const auto finite = static_cast<int64_t>(never - view.values.begin());
  const auto all = std::max<int64_t>(static_cast<int64_t>(view.values.size()), 1);
  const int64_t most = finite == 0 ? 1 : std::max<int64_t>(view.values[static_cast<size_t>(finite) - 1], 1);
  // The largest values would overflow otherwise.
  const int64_t scale = std::max<int64_t>(most / 1'000'000, 1);
  const auto x = [&](int64_t value) {
    return kX + static_cast<int>(value / scale * kPlotWidth / std::max<int64_t>(most / scale, 1));
  };
  const auto y = [&](int64_t count) { return kY + kPlotHeight - static_cast<int>(count * kPlotHeight / all); };
  for (const int share : {0, 50, 100}) {
    const int at = kY + kPlotHeight - share * kPlotHeight / 100;
    svg.Line(kX, at, kX + kPlotWidth, at, kGrey, " stroke-width=\"0.5\"");
    svg.Text(kX - 4, at + 4, fmt::format("{} %", share), "end");
  }
  // A step for each pixel is enough.
  std::string path = fmt::format("M{} {}", kX, y(0));
  int last = -1;
  for (int64_t i = 0; i < finite; ++i) {
    const int at = x(view.values[static_cast<size_t>(i)]);
    const bool ends = i + 1 == finite || x(view.values[static_cast<size_t>(i) + 1]) != at;
    if (!ends) continue;
    path += fmt::format("H{}V{}", at, y(i + 1));
    last = at;
  }
  if (last >= 0) path += fmt::format("H{}", kX + kPlotWidth);
  svg.Path(path, kOwns, "1.6");
  for (const auto& [value, name] : view.marks) {
    if (value >= view.never) continue;
    svg.Line(x(value), kY, x(value), kY + kPlotHeight, kLost, " stroke-dasharray=\"2 2\"");
  }
  svg.Text(kX, kY + kPlotHeight + 14, view.text(0));
  svg.Text(kX + kPlotWidth, kY + kPlotHeight + 14, finite == 0 ? "" : view.text(most), "end");
  if (finite < all) {
    svg.Text(kX + kPlotWidth / 2, kY + kPlotHeight + 14,
             fmt::format("{} in {} of {} runs", view.text(view.never), all - finite, all), "middle");
  }
  return svg.Finish(kX + kPlotWidth + 10, kY + kPlotHeight + 20, view.title);
}

}  // namespace brokersim::visualize
