// Writes Graphviz DOT in which every position is pinned: Graphviz draws, we lay out. Coordinates
// are whole points, x to the right and y downwards; the output is for `neato -n2` (engine "nop2").
#ifndef BROKERSIM_VISUALIZE_DOT_BUILDER_H_
#define BROKERSIM_VISUALIZE_DOT_BUILDER_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace brokersim::visualize {

struct Point {
  int x = 0;
  int y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

// Names and values, written in the order given; values are escaped.
using DotAttributes = std::vector<std::pair<std::string_view, std::string>>;

// `text` between double quotes: quotes, backslashes and '&' are escaped, line breaks become \n,
// other control characters blanks, and bytes that are not UTF-8 question marks.
std::string DotQuote(std::string_view text);

// As DotQuote, but every line ends in `justify`: 'l' (left), 'r' (right) or 'n' (centred).
std::string DotLabel(const std::vector<std::string>& lines, char justify);

class DotBuilder {
 public:
  // `comment` opens the file.
  DotBuilder(std::string_view name, std::string_view comment);

  // A node of exactly width x height around `at`; `label` as DotLabel gives it.
  void Node(std::string_view id, Point at, int width, int height, std::string_view label,
            const DotAttributes& attributes);

  // A straight arrow that stops `gap` points before `to`, from `gap` after `from`.
  void Arrow(std::string_view from_id, Point from, std::string_view to_id, Point to, int gap,
             const DotAttributes& attributes);

  // A straight line without heads.
  void Line(std::string_view from_id, Point from, std::string_view to_id, Point to,
            const DotAttributes& attributes);

  // The whole text. Call once.
  std::string Finish();

 private:
  void Edge(std::string_view from_id, std::string_view to_id, std::string_view position,
            const DotAttributes& attributes);

  std::string text_;
};

// The point `distance` away from `from` towards `to`, in whole points.
Point Towards(Point from, Point to, int distance);

// The point at `percent` of the way.
Point Between(Point from, Point to, int percent);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_DOT_BUILDER_H_
