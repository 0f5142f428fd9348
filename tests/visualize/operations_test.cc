// Operations as bars: golden DOT, and that Graphviz takes it.
#include "visualize/operations.h"

#include <gtest/gtest.h>

#include "tests/visualize/golden.h"
#include "visualize/svg.h"

namespace brokersim::visualize {
namespace {

// Two clients write in two orders; a third's write has no outcome.
OperationsView Sample() {
  OperationsView view;
  view.title = "G0";
  view.caption = {"two writes, each before the other"};
  view.lanes = {"process 0", "process 1", "process 2"};
  view.bars = {{0, 0, 2, "append x 1", false},
               {1, 1, 3, "append x 2 & \"more\"", true},
               {2, 4, -1, "append y 3 ?", false},
               {0, 5, 6, "read x [2 1]", false}};
  view.arrows = {{0, 1, "ww"}, {1, 0, "ww"}, {0, 3, "process"}};
  return view;
}

TEST(Operations, DrawsBarsAndArrows) { ExpectGolden("operations.dot", OperationsDot(Sample())); }

TEST(Operations, GraphvizTakesIt) {
  const absl::StatusOr<std::string> svg = RenderSvg(OperationsDot(Sample()));
  ASSERT_TRUE(svg.ok()) << svg.status();
  for (const char* text : {"append x 1", "read x [2 1]", "process 2", "two writes, each before the other"}) {
    EXPECT_NE(svg->find(text), std::string::npos) << text;
  }
  EXPECT_EQ(*svg, *RenderSvg(OperationsDot(Sample())));
}

TEST(Operations, BarsAloneNeedNoGraph) {
  OperationsView view = Sample();
  view.arrows.clear();
  ExpectGolden("operations_bars.svg", OperationsSvg(view).value());
}

TEST(Operations, WithArrowsGraphvizDraws) {
  EXPECT_EQ(OperationsSvg(Sample()).value(), RenderSvg(OperationsDot(Sample())).value());
}

TEST(Operations, WhatXmlCannotHoldIsReplaced) {
  OperationsView view;
  view.lanes = {"process <0>"};
  view.bars = {{0, 0, 1, "append \"\x01\xff\" & more", false}};
  const std::string svg = OperationsSvg(view).value();
  EXPECT_NE(svg.find("process &lt;0&gt;"), std::string::npos) << svg;
  EXPECT_NE(svg.find("append &quot; ?&quot; &amp; more"), std::string::npos) << svg;
}

TEST(Operations, NothingToDrawIsDrawnToo) {
  EXPECT_TRUE(RenderSvg(OperationsDot({})).ok());
  EXPECT_TRUE(OperationsSvg({}).ok());
}

}  // namespace
}  // namespace brokersim::visualize
