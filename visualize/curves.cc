#include "visualize/curves.h"

#include <algorithm>

#include "fmt/format.h"
#include "visualize/dot_builder.h"
#include "visualize/event_text.h"

namespace brokersim::visualize {
namespace {

constexpr int kLeft = 50;
constexpr int kWidth = 640;
constexpr int kHeight = 220;
constexpr int kLine = 16;      // of text
constexpr int kCharacter = 7;  // its width
constexpr int kTicks = 5;
constexpr int kWidestMark = 100;  // characters
// Told apart without colours, too: the second is dashed, and both are named.
constexpr const char* kColors[] = {"#D55E00", "#0072B2"};
constexpr const char* kGrey = "#C0C0C0";

class Picture {
 public:
  explicit Picture(const CurvesView& view) : view_(view), dot_("curves", "Curves over virtual time") {
    top_ = 40 + static_cast<int>(view.caption.size() + view.curves.size()) * kLine;
    for (const Curve& curve : view.curves) {
      for (const auto& [time, value] : curve.points) last_ = std::max(last_, time);
    }
  }

  std::string Draw() {
    Text({0, 0}, view_.title, "14");
    int y = 20;
    for (const std::string& line : view_.caption) Text({0, (y += kLine) - kLine}, line, "11");
    for (size_t i = 0; i < view_.curves.size(); ++i, y += kLine) DrawName(i, y);
    DrawAxes();
    for (size_t i = 0; i < view_.curves.size(); ++i) DrawCurve(i);
    for (size_t i = 0; i < view_.marks.size(); ++i) DrawMark(i);
    return dot_.Finish();
  }

 private:
  int X(int64_t time) const {
    // In two steps, so that nothing overflows.
    return kLeft + (last_ == 0 ? 0 : static_cast<int>(time / 1000 * kWidth / std::max<int64_t>(last_ / 1000, 1)));
  }
  int Y(int value) const { return top_ + kHeight - (view_.most == 0 ? 0 : value * kHeight / view_.most); }
  std::string Id() { return fmt::format("n{}", next_++); }

  // Begins at `at`, in the middle of its height.
  void Text(Point at, const std::string& text, const std::string& size) {
    const int width = static_cast<int>(text.size()) * kCharacter + 20;
    dot_.Node(Id(), {at.x + width / 2, at.y}, width, kLine, DotLabel({text}, 'l'),
              {{"shape", "plaintext"}, {"fontsize", size}});
  }

  void Line(Point from, Point to, const DotAttributes& attributes) {
    const std::string a = Id();
    const std::string b = Id();
    const DotAttributes invisible = {{"shape", "point"}, {"style", "invis"}};
    dot_.Node(a, from, 1, 1, "\"\"", invisible);
    dot_.Node(b, to, 1, 1, "\"\"", invisible);
    dot_.Line(a, from, b, to, attributes);
  }

  DotAttributes Style(size_t curve) const {
    return {{"color", kColors[curve % std::size(kColors)]},
            {"penwidth", "1.6"},
            {"style", view_.curves[curve].dashed ? "dashed" : "solid"}};
  }

  void DrawName(size_t curve, int y) {
    Line({10, y}, {40, y}, Style(curve));
    Text({44, y}, view_.curves[curve].name, "11");
  }

  void DrawAxes() {
    for (int i = 0; i <= kTicks; ++i) {
      const int value = view_.most * i / kTicks;
      Line({kLeft, Y(value)}, {kLeft + kWidth, Y(value)}, {{"color", kGrey}, {"penwidth", "0.5"}});
      Text({0, Y(value)}, fmt::format("{}", value), "10");
      const int64_t time = last_ / kTicks * i;
      Line({X(time), top_ + kHeight}, {X(time), top_ + kHeight + 5}, {{"color", kGrey}});
      Text({X(time) - 20, top_ + kHeight + 14}, FormatSeconds(time, 1) + " s", "10");
    }
  }

  void DrawCurve(size_t number) {
    const auto& points = view_.curves[number].points;
    for (size_t i = 1; i < points.size(); ++i) {
      Line({X(points[i - 1].first), Y(points[i - 1].second)}, {X(points[i].first), Y(points[i].second)},
           Style(number));
    }
  }

  void DrawMark(size_t number) {
    const auto& [time, text] = view_.marks[number];
    const int x = X(time);
    Line({x, top_}, {x, top_ + kHeight}, {{"color", "#808080"}, {"style", "dotted"}});
    // Marks of one moment stand beside each other.
    const int shift = 12 * static_cast<int>(std::count_if(view_.marks.begin(), view_.marks.begin() + number,
                                                          [&](const auto& mark) { return X(mark.first) == x; }));
    Text({x - 6 + shift, top_ - 8}, fmt::format("{}", number + 1), "10");
    Text({0, top_ + kHeight + 36 + static_cast<int>(number) * kLine},
         fmt::format("{}  {}", number + 1, CutText(text, kWidestMark)), "11");
  }

  const CurvesView& view_;
  DotBuilder dot_;
  int next_ = 0;  // number of the next node
  int top_ = 0;
  int64_t last_ = 0;  // time
};

}  // namespace

std::string CurvesDot(const CurvesView& view) { return Picture(view).Draw(); }

}  // namespace brokersim::visualize
