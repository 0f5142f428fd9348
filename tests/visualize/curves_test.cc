// Curves over time: that Graphviz takes them, and what is in the picture.
#include "visualize/curves.h"

#include <gtest/gtest.h>

#include "visualize/svg.h"

namespace brokersim::visualize {
namespace {

CurvesView Sample() {
  CurvesView view;
  view.title = "acks_one";
  view.caption = {"of 100 futures so many show lost-write"};
  view.curves = {{"as the faults go on", false, {{0, 80}, {2'000'000'000, 90}, {4'000'000'000, 100}}},
                 {"if no further fault begins", true, {{0, 0}, {3'999'000'000, 0}, {4'000'000'000, 100}}}};
  view.marks = {{2'000'000'000, "a record is sent"},
                {4'000'000'000, "crash: b2 & \"more\""},
                {4'000'000'000, "fenced"}};
  return view;
}

TEST(Curves, AreDrawnWithTheirMarks) {
  const absl::StatusOr<std::string> svg = RenderSvg(CurvesDot(Sample()));
  ASSERT_TRUE(svg.ok()) << svg.status();
  for (const char* text : {"acks_one", "of 100 futures", "as the faults go on", "if no further fault begins",
                           "a record is sent", "fenced", "crash: b2 &amp;", "4.0 s", "stroke-dasharray"}) {
    EXPECT_NE(svg->find(text), std::string::npos) << text;
  }
  EXPECT_EQ(*svg, *RenderSvg(CurvesDot(Sample())));
}

TEST(Curves, NothingToDrawIsDrawnToo) {
  EXPECT_TRUE(RenderSvg(CurvesDot({})).ok());
  CurvesView empty = Sample();
  empty.most = 0;
  for (Curve& curve : empty.curves) curve.points.clear();
  EXPECT_TRUE(RenderSvg(CurvesDot(empty)).ok());
}

}  // namespace
}  // namespace brokersim::visualize
