// The checks of order, reordered and skipped: on histories that pass, on minimal ones that fail, at their borders.
#include "gtest/gtest.h"
#include "tests/checker/history_text.h"

namespace brokersim::checker {
namespace {

TEST(Reordered, TheSecondLiesBeforeTheFirst) {
  EXPECT_EQ(Judge("reordered", R"(
    p1 invoke send x a
    p1 invoke send x b
    p1 ok send x b@0
    p1 ok send x a@1)"),
            "reordered[0 1 2 3]");
}

TEST(Reordered, OneMisplacedRecordIsReportedOnce) {
  EXPECT_EQ(Judge("reordered", R"(
    p1 invoke send x a
    p1 ok send x b@0
    p1 ok send x c@1
    p1 ok send x d@2
    p1 ok send x a@3)"),
            "reordered[0 1 2 7]");
}

TEST(Reordered, WithinOneOperation) {
  EXPECT_EQ(Judge("reordered", "p1 ok send x a@1 b@0"), "reordered[0 1]");
  EXPECT_EQ(Judge("reordered", "p1 ok send x a@1 | y b@0"), "VALID");
}

TEST(Reordered, OnlyOneProcessAndOneLogPromiseAnOrder) {
  EXPECT_EQ(Judge("reordered", R"(
    p1 ok send x a@5
    p2 ok send x b@4
    p1 ok send y c@0)"),
            "VALID");
}

TEST(Reordered, AnUnknownSendIsPlacedByWhoReadsIt) {
  EXPECT_EQ(Judge("reordered", R"(
    p1 info send x a
    p1 ok send x b@0
    c1 ok poll x from=0 next=2 end=2 0:b 1:a)"),
            "reordered[0 2 3 5]");
  EXPECT_EQ(Judge("reordered", R"(
    p1 info send x a
    p1 ok send x b@0)"),
            "VALID");
}

TEST(Reordered, TheFirstOfTwoCopiesCounts) {
  EXPECT_EQ(Judge("reordered", R"(
    p1 ok send x a@0
    p1 ok send x b@1
    c1 ok poll x from=0 next=3 end=3 0:a 1:b 2:a)"),
            "VALID");
}

TEST(Reordered, ALostRecordHasNoPlace) {
  // "a" was acknowledged at 9 by a leader whose log is gone: "b" did not overtake it.
  EXPECT_EQ(Judge("reordered", R"(
    p1 ok send x a@9
    p1 ok send x b@7
    audit ok read-all x from=0 next=8 end=8 7:b)"),
            "VALID");
}

TEST(Reordered, ARecordThatTheApplicationSentAgainHasNoPlaceAmongTheSends) {
  EXPECT_EQ(Judge("reordered", R"(
    p1 info send x a
    p1 ok send x b@0
    p1 ok send x a@1)"),
            "VALID");
  // The first try certainly failed: the second one counts.
  EXPECT_EQ(Judge("reordered", R"(
    p1 fail send x a
    p1 ok send x b@1
    p1 ok send x a@0)"),
            "reordered[2 3 4 5]");
}

TEST(Reordered, ReadsOfOnePoll) {
  EXPECT_EQ(Judge("reordered", "c1 ok poll x from=0 next=2 end=2 1:b 0:a"), "reordered[1]");
  EXPECT_EQ(Judge("reordered", "c1 ok poll x from=0 next=2 end=2 1:b 1:b"), "reordered[1]");
  EXPECT_EQ(Judge("reordered", "c1 ok poll x from=0 next=9 end=9 1:b 8:c"), "VALID");
}

TEST(Skipped, APollBeyondTheLastOne) {
  constexpr std::string_view kBase = R"(
    c1 ok poll x from=0 next=1 end=9 group=g 0:a
    c1 ok poll x from=2 next=3 end=9 group=g 2:c
  )";
  const std::string audit = "audit ok read-all x from=0 next=3 end=3 0:a 1:b 2:c\n";
  EXPECT_EQ(Judge("skipped", std::string(kBase) + audit), "skipped[1 3 5]");
  EXPECT_EQ(
      Judge("skipped", std::string(kBase) + "audit ok read-all x from=0 next=3 end=3 0:a 2:c\n"),
      "VALID")
      << "offset 1 holds nothing that could be read";
  EXPECT_EQ(Judge("skipped", kBase), "UNKNOWN");
}

TEST(Skipped, AnAssignmentStartsAnew) {
  EXPECT_EQ(Judge("skipped", R"(
    c1 ok poll x from=0 next=1 end=9 group=g 0:a
    c1 ok assign g x=2
    c1 ok poll x from=2 next=3 end=9 group=g 2:c
    audit ok read-all x from=0 next=3 end=3 0:a 1:b 2:c)"),
            "VALID");
  EXPECT_EQ(Judge("skipped", R"(
    c1 ok poll x from=0 next=1 end=9 group=g 0:a
    c2 ok assign g x=2
    c1 ok assign h x=2
    c1 ok poll x from=2 next=3 end=9 group=g 2:c
    audit ok read-all x from=0 next=3 end=3 0:a 1:b 2:c)"),
            "skipped[1 7 9]");
}

TEST(Skipped, OtherReadersAndFailedPollsDoNotMoveAPosition) {
  EXPECT_EQ(Judge("skipped", R"(
    c1 ok poll x from=0 next=1 end=9 group=g 0:a
    c2 ok poll x from=2 next=3 end=9 group=g 2:c
    c1 info poll x from=1 next=3 group=g
    c1 ok poll x from=1 next=2 end=9 group=g 1:b
    audit ok read-all x from=0 next=3 end=3 0:a 1:b 2:c)"),
            "VALID");
}

TEST(Skipped, APollWithoutAnAnswerSaysNothingOfThePosition) {
  formats::History history = ParseHistory(R"(
    c1 ok poll x from=0 next=1 end=3 0:a
    c1 ok poll x from=1
    c1 ok poll x from=1 next=2 end=3 1:b
    audit ok read-all x from=0 next=2 end=2 0:a 1:b)");
  history.mutable_operations(2)->mutable_actions(0)->mutable_poll()->clear_from();
  history.mutable_operations(3)->clear_actions();
  EXPECT_EQ(Check(history, {"skipped"}).result(), Verdict::VALID);
}

}  // namespace
}  // namespace brokersim::checker
