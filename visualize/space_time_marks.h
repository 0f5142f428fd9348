// What a space-time diagram puts at an event: a shape on the lifeline, and words.
#ifndef BROKERSIM_VISUALIZE_SPACE_TIME_MARKS_H_
#define BROKERSIM_VISUALIZE_SPACE_TIME_MARKS_H_

#include <string>
#include <string_view>
#include <vector>

#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"
#include "visualize/trace_index.h"

namespace brokersim::visualize {

// Okabe and Ito's colours, which people with any colour vision can tell apart. No meaning rests on
// a colour alone: every mark differs by its shape or letter too.
inline constexpr std::string_view kBlack = "#000000";
inline constexpr std::string_view kGrey = "#666666";
inline constexpr std::string_view kLightGrey = "#BBBBBB";
inline constexpr std::string_view kOrange = "#E69F00";
inline constexpr std::string_view kGreen = "#007A5A";  // bluish green, darker to be read as text
inline constexpr std::string_view kBlue = "#0072B2";
inline constexpr std::string_view kVermillion = "#C04A00";  // darker for the same reason

enum class Shape {
  kDot,         // something was sent, received or done
  kBegin,       // a client's operation: open circle
  kEnd,         // ... its outcome: filled circle
  kCrash,       // octagon with X
  kPowerLoss,   // octagon with Z
  kStart,       // triangle
  kStop,        // triangle upside down
  kPause,       // square with P
  kResume,      // square with p
  kElection,    // gold box with a double border
  kTruncation,  // red box with a folded corner
  kDecision,    // box: any other decision
  kFaultOn,     // no mark on a lifeline: a rule over the whole width
  kFaultOff,
  kNothing,  // drawn as part of something else: a drop is the end of its arrow
};
inline constexpr int kShapeCount = 15;

struct Mark {
  Shape shape = Shape::kDot;
  std::vector<std::string> box;    // lines inside of the boxed shapes
  std::vector<std::string> label;  // lines beside the mark
};

// `anomaly` may be null; with one, of the records only its own and those in their place
// are named.
Mark MarkOf(const TraceIndex& index, const formats::TraceEvent& event,
            const formats::Anomaly* anomaly);

// What the legend says about a shape; empty for those that explain themselves.
std::string_view ShapeMeaning(Shape shape);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_SPACE_TIME_MARKS_H_
