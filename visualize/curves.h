// Curves over virtual time, with marks where something happened.
#ifndef BROKERSIM_VISUALIZE_CURVES_H_
#define BROKERSIM_VISUALIZE_CURVES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace brokersim::visualize {

struct Curve {
  std::string name;
  bool dashed = false;
  std::vector<std::pair<int64_t, int>> points;  // nanoseconds and value, in order of time
};

struct CurvesView {
  std::string title;
  std::vector<std::string> caption;  // lines under the title
  int most = 100;                    // values lie between 0 and this
  std::vector<Curve> curves;
  std::vector<std::pair<int64_t, std::string>> marks;  // numbered in the picture, told below it
};

// DOT with every position pinned, for RenderSvg().
std::string CurvesDot(const CurvesView& view);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_VISUALIZE_CURVES_H_
