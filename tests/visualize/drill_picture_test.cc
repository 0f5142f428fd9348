// Pictures of drills: that what they are told is in them, where it has to be.
#include "visualize/drill_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/visualize/golden.h"

namespace brokersim::visualize {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kSecond = 1'000'000'000;

DrillView Sample() {
  DrillView view;
  view.title = "a <b> & \"c\", seed 1";
  view.end_ns = 100 * kSecond;
  view.faults = {{"cut", {20 * kSecond, 60 * kSecond}}, {"at once", {70 * kSecond, 70 * kSecond}}};
  view.two_owners = {{30 * kSecond, 61 * kSecond}};
  view.marks = {{20 * kSecond, "strike"}};
  view.lanes = {
      {"b1 in a", "leader(orders-0)", {{0, 61 * kSecond}}, {}, {10 * kSecond}, {40 * kSecond}},
      {"b2 in b", "leader(orders-0)", {{30 * kSecond, 100 * kSecond}}, {}, {50 * kSecond, 50 * kSecond + 1}, {}},
      {"pa in a", "", {}, {{20 * kSecond, 60 * kSecond}}, {5 * kSecond}, {}}};
  return view;
}

TEST(DrillSvg, IsAsDrawn) { ExpectGolden("drill.svg", DrillSvg(Sample())); }

TEST(DrillSvg, NothingIsDrawnToo) {
  EXPECT_THAT(DrillSvg({}), HasSubstr("</svg>"));
  DrillView late = Sample();
  late.lanes[0].owns = {{0, 1'000 * kSecond}};  // beyond the end
  EXPECT_THAT(DrillSvg(late), Not(HasSubstr("width=\"7600\"")));
}

std::string Seconds(int64_t value) { return value == INT64_MAX ? "never" : std::to_string(value / kSecond) + " s"; }

TEST(DistributionSvg, IsAsDrawn) {
  ExpectGolden("distribution.svg", DistributionSvg({"rto",
                                                    {kSecond, 2 * kSecond, 2 * kSecond, 8 * kSecond, INT64_MAX},
                                                    INT64_MAX,
                                                    {{2 * kSecond, "median"}, {INT64_MAX, "p99"}},
                                                    &Seconds}));
}

TEST(DistributionSvg, AllTheSameAllNeverOrNothing) {
  EXPECT_THAT(DistributionSvg({"t", {0, 0}, INT64_MAX, {}, &Seconds}), HasSubstr("</svg>"));
  EXPECT_THAT(DistributionSvg({"t", {INT64_MAX}, INT64_MAX, {}, &Seconds}), HasSubstr("never in 1 of 1 runs"));
  EXPECT_THAT(DistributionSvg({"t", {}, INT64_MAX, {}, &Seconds}), HasSubstr("</svg>"));
  EXPECT_THAT(DistributionSvg({"t", {1, INT64_MAX - 1}, INT64_MAX, {}, &Seconds}), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace brokersim::visualize
