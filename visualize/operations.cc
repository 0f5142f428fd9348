#include "visualize/operations.h"

#include <algorithm>

#include "fmt/format.h"
#include "visualize/dot_builder.h"
#include "visualize/svg.h"
#include "visualize/svg_writer.h"

namespace brokersim::visualize {
namespace {

constexpr int kLeft = 110;       // where bars begin; lanes' names are before it
constexpr int kLaneHeight = 64;  // room for arrows between
constexpr int kBarHeight = 24;
constexpr int kStep = 18;  // between two moments, at least
constexpr int kCharacter = 7;
constexpr int kCaptionLine = 16;

// Where everything is.
class Layout {
 public:
  explicit Layout(const OperationsView& view)
      : view_(view), top_(40 + static_cast<int>(view.caption.size()) * kCaptionLine) {
    PlaceMoments();
  }

  int X(int moment) const { return x_[static_cast<size_t>(moment)]; }
  int Y(int lane) const { return top_ + lane * kLaneHeight; }
  int End(const OperationBar& bar) const { return bar.end < 0 ? right_ : X(bar.end); }
  Point Middle(const OperationBar& bar) const { return {(X(bar.begin) + End(bar)) / 2, Y(bar.lane)}; }
  int right() const { return right_; }

 private:
  // A bar is as long as its text at least, and as far as its end is from its beginning.
  void PlaceMoments() {
    int moments = 0;
    for (const OperationBar& bar : view_.bars) moments = std::max({moments, bar.begin + 1, bar.end + 1});
    std::vector<const OperationBar*> ends(static_cast<size_t>(moments), nullptr);
    for (const OperationBar& bar : view_.bars) {
      if (bar.end >= 0) ends[static_cast<size_t>(bar.end)] = &bar;
    }
    x_.assign(static_cast<size_t>(moments), kLeft);
    for (size_t i = 0; i < x_.size(); ++i) {
      int x = i == 0 ? kLeft : x_[i - 1] + kStep;
      if (ends[i] != nullptr) x = std::max(x, x_[static_cast<size_t>(ends[i]->begin)] + WidthOf(*ends[i]));
      x_[i] = x;
    }
    right_ = x_.empty() ? kLeft : x_.back() + kStep;
    for (const OperationBar& bar : view_.bars) {
      if (bar.end < 0) right_ = std::max(right_, X(bar.begin) + WidthOf(bar) + kStep);
    }
  }

  static int WidthOf(const OperationBar& bar) { return static_cast<int>(bar.text.size()) * kCharacter + 12; }

  const OperationsView& view_;
  std::vector<int> x_;  // by moment
  int right_ = 0;
  int top_ = 0;
};

std::string_view FillOf(const OperationBar& bar) {
  return bar.blamed ? "#F9DCCB" : bar.end < 0 ? "#F2F2F2" : "#D6E6F4";
}

std::string_view ColorOf(const OperationBar& bar) {
  return bar.blamed ? "#D55E00" : bar.end < 0 ? "#808080" : "#0072B2";
}

std::string Id(std::string_view kind, size_t number) { return fmt::format("{}{}", kind, number); }

// What depends on what.
class Graph {
 public:
  explicit Graph(const OperationsView& view)
      : view_(view), layout_(view), dot_("operations", "Operations of clients") {}

  std::string Draw() {
    DrawTitle();
    DrawLanes();
    for (size_t i = 0; i < view_.bars.size(); ++i) DrawBar(i);
    for (const OperationArrow& arrow : view_.arrows) DrawArrow(arrow);
    return dot_.Finish();
  }

 private:
  void DrawTitle() {
    const auto text = [this](std::string_view id, const std::string& line, int y, const std::string& size) {
      const int width = static_cast<int>(line.size()) * kCharacter + 20;
      dot_.Node(id, {width / 2, y}, width, kCaptionLine, DotLabel({line}, 'l'),
                {{"shape", "plaintext"}, {"fontsize", size}});
    };
    text("title", view_.title, 0, "14");
    for (size_t i = 0; i < view_.caption.size(); ++i) {
      text(Id("caption", i), view_.caption[i], 20 + static_cast<int>(i) * kCaptionLine, "11");
    }
  }

  void DrawLanes() {
    for (size_t i = 0; i < view_.lanes.size(); ++i) {
      const int y = layout_.Y(static_cast<int>(i));
      dot_.Node(Id("lane", i), {kLeft / 2, y}, kLeft - 10, kBarHeight, DotLabel({view_.lanes[i]}, 'r'),
                {{"shape", "plaintext"}, {"fontsize", "11"}});
      dot_.Node(Id("laneend", i), {layout_.right(), y}, 1, 1, "\"\"", {{"shape", "point"}, {"color", "#D0D0D0"}});
      dot_.Line(Id("lane", i), {kLeft, y}, Id("laneend", i), {layout_.right(), y}, {{"color", "#D0D0D0"}});
    }
  }

  void DrawBar(size_t number) {
    const OperationBar& bar = view_.bars[number];
    dot_.Node(Id("bar", number), layout_.Middle(bar), layout_.End(bar) - layout_.X(bar.begin), kBarHeight,
              DotLabel({bar.text}, 'n'),
              {{"shape", "box"},
               {"style", bar.end < 0 ? "filled,dashed" : "filled"},
               {"fillcolor", std::string(FillOf(bar))},
               {"color", std::string(ColorOf(bar))},
               {"fontsize", "11"}});
  }

  void DrawArrow(const OperationArrow& arrow) {
    const OperationBar& from = view_.bars[static_cast<size_t>(arrow.from)];
    const OperationBar& to = view_.bars[static_cast<size_t>(arrow.to)];
    const bool down = to.lane > from.lane;
    const bool same = to.lane == from.lane;
    // Within a lane above the bars, else between the edges that face each other.
    const int from_y = layout_.Y(from.lane) + (same || !down ? -kBarHeight / 2 : kBarHeight / 2);
    const int to_y = layout_.Y(to.lane) + (same || down ? -kBarHeight / 2 : kBarHeight / 2);
    const Point begin = {layout_.Middle(from).x + (same && to.begin > from.begin ? 10 : -10), from_y};
    const Point end = {layout_.Middle(to).x + 10, to_y};
    const Point middle = Between(begin, end, 50);
    dot_.Arrow(Id("bar", static_cast<size_t>(arrow.from)), begin, Id("bar", static_cast<size_t>(arrow.to)), end, 0,
               {{"color", "#000000"},
                {"label", arrow.text},
                {"lp", fmt::format("{},{}", middle.x + 8, -(middle.y - (same ? 8 : 0)))},
                {"fontsize", "11"}});
  }

  const OperationsView& view_;
  const Layout layout_;
  DotBuilder dot_;
};

// Where nothing depends on anything there is no graph, and nothing to wait for Graphviz for.
std::string Bars(const OperationsView& view) {
  constexpr int kMargin = 14;
  constexpr int kBaseline = 4;  // from a line's middle
  const Layout layout(view);
  SvgWriter svg;
  svg.Text(kMargin, kMargin + kBaseline, view.title, "start", " font-size=\"14\"");
  for (size_t i = 0; i < view.caption.size(); ++i) {
    svg.Text(kMargin, kMargin + 20 + static_cast<int>(i) * kCaptionLine + kBaseline, view.caption[i]);
  }
  for (size_t i = 0; i < view.lanes.size(); ++i) {
    const int y = kMargin + layout.Y(static_cast<int>(i));
    svg.Text(kMargin + kLeft - 10, y + kBaseline, view.lanes[i], "end");
    svg.Line(kMargin + kLeft, y, kMargin + layout.right(), y, "#D0D0D0");
  }
  for (const OperationBar& bar : view.bars) {
    const int x = kMargin + layout.X(bar.begin);
    const int y = kMargin + layout.Y(bar.lane);
    std::string border = " stroke=\"" + std::string(ColorOf(bar)) + '"';
    if (bar.end < 0) border += " stroke-dasharray=\"4 3\"";
    svg.Rect(x, y - kBarHeight / 2, layout.End(bar) - layout.X(bar.begin), kBarHeight, FillOf(bar), "", border);
    svg.Text(kMargin + layout.Middle(bar).x, y + kBaseline, bar.text, "middle");
  }
  size_t longest = view.title.size() + 4;  // it is larger
  for (const std::string& line : view.caption) longest = std::max(longest, line.size());
  const int width = std::max(layout.right(), static_cast<int>(longest) * kCharacter);
  return svg.Finish(width + 2 * kMargin, layout.Y(static_cast<int>(view.lanes.size())), view.title);
}

}  // namespace

std::string OperationsDot(const OperationsView& view) { return Graph(view).Draw(); }

absl::StatusOr<std::string> OperationsSvg(const OperationsView& view) {
  return view.arrows.empty() ? Bars(view) : RenderSvg(OperationsDot(view));
}

}  // namespace brokersim::visualize
