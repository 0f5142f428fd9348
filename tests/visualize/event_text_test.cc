#include "visualize/event_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "visualize/dot_builder.h"
#include "visualize/label_placer.h"

namespace brokersim::visualize {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EventTextTest, TimesAreCutNotRounded) {
  EXPECT_EQ(FormatSeconds(61'020'999'999, 3), "61.020");
  EXPECT_EQ(FormatSeconds(61'020'431'000, 6), "61.020431");
  EXPECT_EQ(FormatSeconds(5, 9), "0.000000005");
  EXPECT_EQ(FormatSeconds(1'999'999'999, 0), "1");
  EXPECT_EQ(FormatDuration(12'567'000'000), "12.5 s");
  EXPECT_EQ(FormatDuration(340'900'000), "340 ms");
  EXPECT_EQ(FormatDuration(17'000), "17 us");
}

TEST(EventTextTest, LogsAreMentionedByTheirWholeName) {
  EXPECT_TRUE(Mentions("truncate orders-1 to 9", "orders-1"));
  EXPECT_TRUE(Mentions("orders-10, orders-1", "orders-1"));
  EXPECT_FALSE(Mentions("truncate orders-10 to 9", "orders-1"));
  EXPECT_FALSE(Mentions("truncate my-orders-1 to 9", "orders-1"));
  EXPECT_FALSE(Mentions("anything", ""));
}

TEST(EventTextTest, WrapsAtBlanksAndCutsTheRest) {
  EXPECT_THAT(WrapText("one two three", 8, 3), ElementsAre("one two", "three"));
  EXPECT_THAT(WrapText("one two three four", 8, 2), ElementsAre("one two", "three..."));
  EXPECT_THAT(WrapText("abcdefghij", 4, 3), ElementsAre("abcd", "efgh", "ij"));
  EXPECT_THAT(WrapText("", 4, 3), IsEmpty());
  // Never within a character: an a umlaut has two bytes.
  EXPECT_EQ(CutText("abc\xC3\xA4xyz", 7), "abc...");
}

TEST(DotTest, TextIsEscaped) {
  EXPECT_EQ(DotQuote("say \"hi\" \\N & <b>"), "\"say \\\"hi\\\" \\\\N &amp; <b>\"");
  EXPECT_EQ(DotQuote("a\nb\tc"), "\"a\\nb c\"");
  EXPECT_EQ(DotQuote("\xC3\xA4 \xFF \xC3"), "\"\xC3\xA4 ? ?\"");
  EXPECT_EQ(DotLabel({"a", "b"}, 'l'), "\"a\\lb\\l\"");
  EXPECT_EQ(DotLabel({"a", "b"}, 'n'), "\"a\\nb\"");
}

TEST(LabelPlacerTest, TakesTheFirstFreePlace) {
  LabelPlacer placer;
  placer.Block({0, 0}, {20, 10});
  EXPECT_EQ(placer.Place({{5, 0}, {30, 0}, {60, 0}}, {20, 10}), (Point{30, 0}));
  EXPECT_EQ(placer.Place({{5, 0}, {30, 0}, {60, 0}}, {20, 10}), (Point{60, 0}));
  // None is free: the one that covers least.
  EXPECT_EQ(placer.Place({{5, 0}, {78, 0}}, {20, 10}), (Point{78, 0}));
}

}  // namespace
}  // namespace brokersim::visualize
