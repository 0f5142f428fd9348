// The shapes of a space-time diagram as Graphviz nodes, used on the lifelines and in the legend.
#ifndef BROKERSIM_VISUALIZE_SPACE_TIME_SHAPES_H_
#define BROKERSIM_VISUALIZE_SPACE_TIME_SHAPES_H_

#include <string>
#include <string_view>
#include <vector>

#include "visualize/dot_builder.h"
#include "visualize/label_placer.h"
#include "visualize/space_time_marks.h"

namespace brokersim::visualize {

// Draws `shape` with `box` in it (for the boxed shapes; others have their own letter).
void DrawShape(std::string_view id, Shape shape, const std::vector<std::string>& box, Point at,
               Size size, std::string_view tooltip, DotBuilder* dot);

enum class TextStyle { kPlain, kBold, kTitle, kQuiet, kAlert };

// Text without a border; `justify` as in DotLabel. White behind it, so that lines don't cross it.
void DrawText(std::string_view id, const std::vector<std::string>& lines, Point centre, Size size,
              char justify, TextStyle style, DotBuilder* dot);

// A point that isn't seen, for lines to begin and end at.
void DrawAnchor(std::string_view id, Point at, DotBuilder* dot);

// The cross at which a lost message ends.
void DrawCross(std::string_view id, Point at, std::string_view tooltip, DotBuilder* dot);

// Lines of messages: delivered, carrying the anomaly's record, lost, on the way at the end.
enum class ArrowStyle { kMessage, kCarrier, kLost, kInFlight };
DotAttributes ArrowAttributes(ArrowStyle style, std::string_view tooltip);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_SPACE_TIME_SHAPES_H_
