#include "visualize/operations.h"

#include <algorithm>

#include "fmt/format.h"
#include "visualize/dot_builder.h"

namespace brokersim::visualize {
namespace {

constexpr int kLeft = 110;       // where bars begin; lanes' names are before it
constexpr int kLaneHeight = 64;  // room for arrows between
constexpr int kBarHeight = 24;
constexpr int kStep = 18;  // between two moments, at least
constexpr int kCharacter = 7;
constexpr int kCaptionLine = 16;

std::string Id(std::string_view kind, size_t number) { return fmt::format("{}{}", kind, number); }

class Picture {
 public:
  explicit Picture(const OperationsView& view) : view_(view), dot_("operations", "Operations of clients") {}

  std::string Draw() {
    PlaceMoments();
    top_ = 40 + static_cast<int>(view_.caption.size()) * kCaptionLine;
    DrawTitle();
    DrawLanes();
    for (size_t i = 0; i < view_.bars.size(); ++i) DrawBar(i);
    for (const OperationArrow& arrow : view_.arrows) DrawArrow(arrow);
    return dot_.Finish();
  }

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
  int X(int moment) const { return x_[static_cast<size_t>(moment)]; }
  int Y(int lane) const { return top_ + lane * kLaneHeight; }
  int End(const OperationBar& bar) const { return bar.end < 0 ? right_ : X(bar.end); }
  Point Middle(const OperationBar& bar) const { return {(X(bar.begin) + End(bar)) / 2, Y(bar.lane)}; }

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
      const int y = Y(static_cast<int>(i));
      dot_.Node(Id("lane", i), {kLeft / 2, y}, kLeft - 10, kBarHeight, DotLabel({view_.lanes[i]}, 'r'),
                {{"shape", "plaintext"}, {"fontsize", "11"}});
      dot_.Node(Id("laneend", i), {right_, y}, 1, 1, "\"\"", {{"shape", "point"}, {"color", "#D0D0D0"}});
      dot_.Line(Id("lane", i), {kLeft, y}, Id("laneend", i), {right_, y}, {{"color", "#D0D0D0"}});
    }
  }

  void DrawBar(size_t number) {
    const OperationBar& bar = view_.bars[number];
    const bool open = bar.end < 0;
    dot_.Node(Id("bar", number), Middle(bar), End(bar) - X(bar.begin), kBarHeight, DotLabel({bar.text}, 'n'),
              {{"shape", "box"},
               {"style", open ? "filled,dashed" : "filled"},
               {"fillcolor", bar.blamed ? "#F9DCCB" : open ? "#F2F2F2" : "#D6E6F4"},
               {"color", bar.blamed ? "#D55E00" : open ? "#808080" : "#0072B2"},
               {"fontsize", "11"}});
  }

  void DrawArrow(const OperationArrow& arrow) {
    const OperationBar& from = view_.bars[static_cast<size_t>(arrow.from)];
    const OperationBar& to = view_.bars[static_cast<size_t>(arrow.to)];
    const bool down = to.lane > from.lane;
    const bool same = to.lane == from.lane;
    // Within a lane above the bars, else between the edges that face each other.
    const int from_y = Y(from.lane) + (same || !down ? -kBarHeight / 2 : kBarHeight / 2);
    const int to_y = Y(to.lane) + (same || down ? -kBarHeight / 2 : kBarHeight / 2);
    const Point begin = {Middle(from).x + (same && to.begin > from.begin ? 10 : -10), from_y};
    const Point end = {Middle(to).x + 10, to_y};
    const Point middle = Between(begin, end, 50);
    dot_.Arrow(Id("bar", static_cast<size_t>(arrow.from)), begin, Id("bar", static_cast<size_t>(arrow.to)), end, 0,
               {{"color", "#000000"},
                {"label", arrow.text},
                {"lp", fmt::format("{},{}", middle.x + 8, -(middle.y - (same ? 8 : 0)))},
                {"fontsize", "11"}});
  }

  const OperationsView& view_;
  DotBuilder dot_;
  std::vector<int> x_;  // by moment
  int right_ = 0;
  int top_ = 0;
};

}  // namespace

std::string OperationsDot(const OperationsView& view) { return Picture(view).Draw(); }

}  // namespace brokersim::visualize
