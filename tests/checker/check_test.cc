// Each check on a history that passes, on a minimal one that fails, and at its borders.
#include "checker/check.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/checker/history_text.h"

namespace brokersim::checker {
namespace {

using formats::Verdict;

std::vector<std::string> AllChecks() {
  std::vector<std::string> names;
  for (const AnomalyInfo& anomaly : Anomalies()) {
    if (anomaly.implemented) names.emplace_back(anomaly.name);
  }
  return names;
}

constexpr std::string_view kGood = R"(
  p1 ok send orders-0 a@0
  p1 ok send orders-0 b@1
  c1 ok assign g orders-0=0
  c1 ok poll orders-0 from=0 next=2 end=2 group=g 0:a 1:b
  c1 ok process g orders-0 0:a
  c1 ok process g orders-0 1:b
  c1 ok commit g orders-0 2
  audit ok read-all orders-0 from=0 next=2 end=2 0:a 1:b
)";

TEST(Check, AGoodRunPassesEveryCheck) {
  const Verdict verdict = Check(ParseHistory(kGood), AllChecks());
  EXPECT_EQ(verdict.result(), Verdict::VALID) << PrintVerdict(verdict);
  EXPECT_EQ(verdict.counts().operations(), 16);
  EXPECT_EQ(verdict.counts().sends_acknowledged(), 2);
  EXPECT_EQ(verdict.counts().records_read(), 4);
  EXPECT_EQ(verdict.counts().commits(), 1);
  EXPECT_EQ(verdict.counts().records_processed(), 2);
}

TEST(Check, TheOrderOfTheNamesDoesNotMatter) {
  const formats::History history = ParseHistory(R"(
    p1 ok send x a@0
    p1 ok send x b@0
    c1 ok poll x from=0 next=3 end=3 0:b 2:b)");
  std::vector<std::string> names = AllChecks();
  const std::string forwards = Check(history, names).SerializeAsString();
  std::reverse(names.begin(), names.end());
  names.push_back(names[0]);
  EXPECT_EQ(Check(history, names).SerializeAsString(), forwards);
}

TEST(Check, CopiesWhatIdentifiesTheRun) {
  formats::History history = ParseHistory(kGood);
  history.set_scenario("kafka/calm");
  history.set_variant("fixed");
  history.set_seed(7);
  const Verdict verdict = Check(history, {});
  EXPECT_EQ(verdict.scenario(), "kafka/calm");
  EXPECT_EQ(verdict.variant(), "fixed");
  EXPECT_EQ(verdict.seed(), 7);
  EXPECT_EQ(verdict.checks_size(), static_cast<int>(DefaultChecks().size()));
}

TEST(ValidateChecks, SuggestsTheNearestName) {
  EXPECT_TRUE(ValidateChecks(AllChecks()).ok());
  EXPECT_TRUE(ValidateChecks({}).ok());
  const absl::Status typo = ValidateChecks({"lost-write", "duplicates"});
  EXPECT_EQ(typo.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(typo.message().find("\"duplicate\""), std::string::npos) << typo;
  EXPECT_NE(ValidateChecks({"LW"}).message().find("\"lost-write\""), std::string::npos);
}

TEST(ValidateChecks, SaysWhatIsNotWrittenYet) {
  const absl::Status status = ValidateChecks({"torn-transaction"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("not implemented yet"), std::string::npos) << status;
  const Verdict verdict = Check(ParseHistory(kGood), {"torn-transaction"});
  EXPECT_EQ(verdict.result(), Verdict::UNKNOWN);
}

TEST(LostWrite, MissingFromTheReadAll) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@0
    audit ok read-all x from=0 next=0 end=0)"),
            "lost-write[1 3]");
}

TEST(LostWrite, AReadAllFromBeforeTheAcknowledgementProvesNothing) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 invoke send x a
    audit invoke read-all x
    p1 ok send x a@0
    audit ok read-all x from=0 next=0 end=0)"),
            "UNKNOWN");
}

TEST(LostWrite, FoundByALaterReader) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@0
    audit ok read-all x from=0 next=0 end=0
    c1 ok poll x from=0 next=1 end=1 0:a)"),
            "VALID");
}

TEST(LostWrite, ReadOnceAndThenLostNamesTheReader) {
  const Verdict verdict = Check(ParseHistory(R"(
    p1 ok send x a@0
    c1 ok poll x from=0 next=1 end=1 0:a
    audit ok read-all x from=0 next=1 end=1 0:z)"),
                                {"lost-write"});
  EXPECT_EQ(Summary(verdict), "lost-write[1 5]");
  EXPECT_NE(verdict.anomalies(0).explanation().find("c1 had read it at 4.0 ms"), std::string::npos)
      << PrintVerdict(verdict);
}

TEST(LostWrite, UnknownAndFailedSendsAreNotPromises) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 info send x a
    p1 fail send x b
    p2 invoke send x c
    audit ok read-all x from=0 next=0 end=0)"),
            "VALID");
}

TEST(LostWrite, AnUnknownSendThatIsReadLaterIsFine) {
  EXPECT_EQ(Judge("", R"(
    p1 info send x a
    p1 ok send x b@1
    audit ok read-all x from=0 next=2 end=2 0:a 1:b)"),
            "VALID");
}

TEST(LostWrite, AReadAllThatFailedDecidesNothing) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@0
    audit info read-all x from=0 next=0 !TIMED_OUT)"),
            "UNKNOWN");
  // Somebody read it: that is all there is to know, and it speaks for the log.
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@0
    c1 ok poll x from=0 next=1 end=1 0:a
    audit info read-all x from=0 next=0)"),
            "VALID");
}

TEST(LostWrite, AReadAllThatStopsShortIsNotComplete) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@5
    audit ok read-all x from=0 next=3 end=6)"),
            "UNKNOWN");
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@5
    audit ok read-all x from=0 next=3)"),
            "UNKNOWN");
}

TEST(LostWrite, AReadAllMayComeInSteps) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@0 b@1
    audit ok read-all x from=0 next=1 end=2 0:a | y from=0 next=0 end=0 | x from=1 next=2 end=2)"),
            "lost-write[1 3]");
  // A step is missing between 1 and 2.
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@0 b@1
    audit ok read-all x from=0 next=1 end=3 0:a | x from=2 next=3 end=3)"),
            "UNKNOWN");
}

TEST(LostWrite, ALogThatTheReadAllIsSilentAboutIsUndecided) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send y a@0
    audit invoke read-all x | y
    audit ok read-all x from=0 next=0 end=0)"),
            "UNKNOWN");
}

TEST(LostWrite, RecordsBelowTheBeginningOfTheLogAreUndecided) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@0
    audit ok read-all x from=3 next=3 end=3)"),
            "UNKNOWN");
}

TEST(LostWrite, WithoutReadAllAPollThatPassesTellsIt) {
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@0
    c1 ok poll x from=0 next=1 end=1)"),
            "lost-write[1 3]");
  // It began above the record.
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@0
    c1 ok poll x from=1 next=4 end=4)"),
            "UNKNOWN");
  // It was asked before the acknowledgement.
  EXPECT_EQ(Judge("lost-write", R"(
    p1 invoke send x a
    c1 invoke poll x from=0
    p1 ok send x a@0
    c1 ok poll x from=0 next=1 end=1)"),
            "UNKNOWN");
  // It ended before the record.
  EXPECT_EQ(Judge("lost-write", R"(
    p1 ok send x a@2
    c1 ok poll x from=0 next=2 end=2)"),
            "UNKNOWN");
}

TEST(LostWrite, JepsenK6TwoOfThreeAcknowledgedRecordsWerePassed) {
  EXPECT_EQ(Judge("lost-write", R"(
    p0 ok send x a@0
    p0 ok send x b@1 d@3
    p1 info send x c
    p1 ok poll x from=0 next=3 2:c)"),
            "lost-write[1 7] lost-write[3 7]");
}

TEST(LostWrite, AGroupThatCommitsPastARecordLosesIt) {
  constexpr std::string_view kBase = R"(
    p1 ok send x a@0 b@1
    c1 ok poll x from=0 next=2 end=2 group=g 0:a 1:b
    c1 ok process g x 0:a
    c1 ok commit g x 2
  )";
  const std::string audit = "audit ok read-all x from=0 next=2 end=2 0:a 1:b\n";
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + audit), "lost-write[1 7 9]");
  // An effect of unknown outcome may have happened.
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 info process g x 1:b\n" + audit), "VALID");
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 invoke process g x 1:b\n" + audit),
            "VALID");
  // One that failed, one that was taken for done, and one of another group did not happen.
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 fail process g x 1:b\n" + audit),
            "lost-write[1 7 11]");
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 ok process g x 1:b again\n" + audit),
            "lost-write[1 7 11]");
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 ok process h x 1:b\n" + audit),
            "lost-write[1 7 11]");
  // Without a read-all nothing shows that the log has it.
  EXPECT_EQ(Judge("lost-write", kBase), "UNKNOWN");
}

TEST(LostWrite, AGroupIsJudgedBelowItsFinalPositionOnly) {
  constexpr std::string_view kBase = R"(
    p1 ok send x a@0 b@1
    c1 ok process g x 0:a
    audit ok read-all x from=0 next=2 end=2 0:a 1:b
  )";
  EXPECT_EQ(Judge("lost-write", kBase), "VALID");
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 ok commit g x 1\n"), "VALID");
  // It went back: the record will be read again.
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 ok commit g x 2\nc1 ok commit g x 1\n"),
            "VALID");
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 ok commit g x 2\nc1 info commit g x 1\n"),
            "VALID");
  // An unknown commit that a later one overruled excuses nothing.
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 info commit g x 1\nc1 ok commit g x 2\n"),
            "lost-write[1 5 9]");
  // A group that never processes anything may do its work elsewhere.
  EXPECT_EQ(Judge("lost-write", std::string(kBase) + "c1 ok commit mirror x 2\n"), "VALID");
}

TEST(Duplicate, TwoOffsetsOfOneRecord) {
  EXPECT_EQ(Judge("duplicate", R"(
    p1 ok send x a@0
    c1 ok poll x from=0 next=3 end=3 0:a 2:a)"),
            "duplicate[1 3]");
  EXPECT_EQ(Judge("duplicate", "c1 ok poll x from=0 next=2 end=2 0:a 1:a"), "duplicate[1]");
}

TEST(Duplicate, ReadTwiceAtOneOffsetIsNone) {
  EXPECT_EQ(Judge("duplicate", R"(
    p1 ok send x a@0
    c1 ok poll x from=0 next=1 end=1 0:a
    c2 ok poll x from=0 next=1 end=1 0:a)"),
            "VALID");
}

TEST(Duplicate, OneValueInTwoLogsIsNone) {
  EXPECT_EQ(Judge("duplicate", "p1 ok send x a@0\np1 ok send y a@1"), "VALID");
}

TEST(Duplicate, JepsenK24AnUnknownWriterDoesNotExcuseTheCopy) {
  EXPECT_EQ(Judge("duplicate", R"(
    p0 ok send x a@1
    p1 info send x b
    p2 ok poll x from=0 next=4 2:b 3:a)"),
            "duplicate[1 5]");
}

TEST(Duplicate, AnEffectAppliedTwice) {
  EXPECT_EQ(Judge("duplicate", R"(
    c1 ok process g x 0:a
    c2 ok process g x 0:a)"),
            "duplicate[1 3]");
  EXPECT_EQ(Judge("duplicate", R"(
    c1 ok process g x 0:a
    c2 ok process g mirror-x 7:a)"),
            "duplicate[1 3]");
}

TEST(Duplicate, EffectsThatAreNotCertainOrNotTheSame) {
  EXPECT_EQ(Judge("duplicate", R"(
    c1 ok process g x 0:a
    c1 ok process h x 0:a
    c2 ok process g x 0:a again
    c2 info process g x 0:a
    c2 fail process g x 0:a)"),
            "VALID");
}

TEST(Redelivery, TheSameGroupTwice) {
  EXPECT_EQ(Judge("redelivery", R"(
    c1 ok poll x from=0 next=1 end=1 group=g 0:a
    c2 ok poll x from=0 next=1 end=1 group=g 0:a)"),
            "redelivery[1 3]");
  EXPECT_EQ(Judge("redelivery", R"(
    c1 ok poll x from=0 next=1 end=1 group=g 0:a
    c2 ok poll x from=0 next=1 end=1 group=h 0:a
    c3 ok poll x from=0 next=1 end=1 0:a
    c3 ok poll x from=0 next=1 end=1 0:a
    audit ok read-all x from=0 next=1 end=1 0:a)"),
            "VALID");
}

TEST(StaleRead, TheEndLiesBelowAnAcknowledgedRecord) {
  EXPECT_EQ(Judge("stale-read", R"(
    p1 ok send x a@4
    c1 ok poll x from=2 next=4 end=4)"),
            "stale-read[1 2 3]");
  EXPECT_EQ(Judge("stale-read", R"(
    p1 ok send x a@4
    c1 ok poll x from=2 next=5 end=5 4:a)"),
            "VALID");
}

TEST(StaleRead, ConcurrentBeyondOrWithoutEnd) {
  EXPECT_EQ(Judge("stale-read", R"(
    c1 invoke poll x from=2
    p1 ok send x a@4
    c1 ok poll x from=2 next=4 end=4)"),
            "VALID");
  EXPECT_EQ(Judge("stale-read", R"(
    p1 ok send x a@4
    c1 ok poll x from=5 next=5 end=3
    c1 ok poll x from=2 next=4
    c1 ok poll y from=0 next=0 end=0
    c1 info poll x from=2 next=4 end=4)"),
            "VALID");
}

TEST(AbortedRead, AFailedSendIsRead) {
  EXPECT_EQ(Judge("aborted-read", R"(
    p1 fail send x a !NOT_ENOUGH_REPLICAS
    c1 ok poll x from=0 next=1 end=1 0:a)"),
            "aborted-read[1 3]");
}

TEST(AbortedRead, NotReadUnknownOrSentAgain) {
  EXPECT_EQ(Judge("aborted-read", R"(
    p1 fail send x a
    p1 info send x b
    c1 ok poll x from=0 next=1 end=1 0:b)"),
            "VALID");
  EXPECT_EQ(Judge("aborted-read", R"(
    p1 fail send x a
    p1 info send x a
    c1 ok poll x from=0 next=1 end=1 0:a)"),
            "VALID");
}

TEST(AbortedRead, JepsenK5OneOfTheRecordsOfAFailedOperation) {
  EXPECT_EQ(Judge("aborted-read", R"(
    p0 fail send x 2 | y 3
    p1 ok poll x from=0 next=1 0:2)"),
            "aborted-read[1 3]");
}

TEST(Hang, AMirrorHasCopiedNoMore) {
  EXPECT_EQ(Judge("hang", R"(
    p1 ok send x a@0
    mm ok mirror b.x a@0
    p1 ok send x b@1
    audit ok read-all x from=0 next=2 end=2 0:a 1:b
    audit ok read-all b.x from=0 next=1 end=1 0:a)"),
            "hang[5 9]");
}

TEST(Hang, NoMirrorOrNotToBeCopied) {
  // Nothing of it was ever copied there.
  EXPECT_EQ(Judge("hang", R"(
    p1 ok send x a@0
    p2 ok send y b@0
    mm ok mirror b.y b@0
    audit ok read-all b.y from=0 next=1 end=1 0:b)"),
            "VALID");
  // Unknown, failed, lost where it was, acknowledged when the read-all had begun, and all there.
  EXPECT_EQ(Judge("hang", R"(
    p1 ok send x a@0
    mm ok mirror b.x a@0
    p1 info send x b
    p1 fail send x c
    p1 ok send x d@1
    audit ok read-all x from=0 next=1 end=1 0:a
    audit ok read-all b.x from=0 next=1 end=1 0:a
    p1 ok send x e@2)"),
            "VALID");
  // The mirror could not be read.
  EXPECT_EQ(Judge("hang", R"(
    p1 ok send x a@0
    mm ok mirror b.x a@0
    p1 ok send x b@1
    audit info read-all b.x from=0 next=0 end=1)"),
            "VALID");
}

TEST(AbortedRead, AMirrorHasCopiedWhatFailed) {
  EXPECT_EQ(Judge("aborted-read", R"(
    p1 fail send x a !ABORTED
    mm ok mirror b.x a@0
    c1 ok poll b.x from=0 next=1 end=1 0:a)"),
            "aborted-read[1 5]");
  // Nobody has read the copy; its original may have happened; it was sent there, too.
  EXPECT_EQ(Judge("aborted-read", R"(
    p1 fail send x a
    mm ok mirror b.x a@0
    p1 info send x b
    mm ok mirror b.x b@1
    c1 ok poll b.x from=1 next=2 end=2 1:b
    p1 fail send x c
    p1 info send b.x c
    mm ok mirror b.x c@2
    c1 ok poll b.x from=2 next=3 end=3 2:c)"),
            "VALID");
}

TEST(DirtyRead, ReadAndThenGone) {
  EXPECT_EQ(Judge("dirty-read", R"(
    c1 ok poll x from=0 next=1 end=1 0:a
    audit ok read-all x from=0 next=1 end=1 0:b)"),
            "dirty-read[1 3]");
  EXPECT_EQ(Judge("dirty-read", R"(
    c1 ok poll x from=0 next=1 end=1 0:a
    audit ok read-all x from=0 next=0 end=0)"),
            "dirty-read[1 3]");
}

TEST(DirtyRead, MovedConcurrentOrUndecided) {
  EXPECT_EQ(Judge("dirty-read", R"(
    c1 ok poll x from=0 next=1 end=1 0:a
    audit ok read-all x from=0 next=2 end=2 1:a)"),
            "VALID");
  EXPECT_EQ(Judge("dirty-read", R"(
    audit invoke read-all x
    c1 ok poll x from=0 next=1 end=1 0:a
    audit ok read-all x from=0 next=0 end=0)"),
            "VALID");
  EXPECT_EQ(Judge("dirty-read", R"(
    c1 info poll x from=0 next=1 end=1 0:a
    audit ok read-all x from=0 next=0 end=0)"),
            "VALID");
}

TEST(InconsistentOffsets, TwoRecordsAtOneOffset) {
  EXPECT_EQ(Judge("inconsistent-offsets", R"(
    p1 ok send x a@0
    c1 ok poll x from=0 next=1 end=1 0:b)"),
            "inconsistent-offsets[1 3]");
  EXPECT_EQ(Judge("inconsistent-offsets", R"(
    p1 ok send x a@0
    p1 info send x b
    c1 ok poll y from=0 next=1 end=1 0:b
    c1 fail poll x from=0 next=1 0:b)"),
            "VALID");
}

TEST(InconsistentOffsets, JepsenK2TwoAcknowledgements) {
  EXPECT_EQ(Judge("inconsistent-offsets", R"(
    p379 ok send 11 641@537
    p363 ok send 11 645@537)"),
            "inconsistent-offsets[1 3]");
}

TEST(Unavailable, TheLastReadAllDidNotReachTheEnd) {
  EXPECT_EQ(Judge("unavailable", "audit info read-all x from=0 next=3"), "unavailable[1]");
  EXPECT_EQ(Judge("unavailable", "audit invoke read-all x"), "unavailable[0]");
  EXPECT_EQ(Judge("unavailable", R"(
    audit info read-all x from=0 next=3
    audit ok read-all x from=0 next=3 end=3)"),
            "VALID");
}

TEST(Rollback, APositionGoesBack) {
  EXPECT_EQ(Judge("rollback", R"(
    c1 ok commit g x 9
    c2 ok commit g x 5
    c2 ok commit g x 6)"),
            "rollback[1 3]");
}

TEST(Rollback, ConcurrentUnknownOrOther) {
  EXPECT_EQ(Judge("rollback", R"(
    c1 invoke commit g x 9
    c2 ok commit g x 5
    c1 ok commit g x 9
    c1 info commit g x 3
    c1 ok commit h x 1
    c1 ok commit g y 1
    c1 ok commit g x 9)"),
            "VALID");
}

TEST(Anomalies, AreSortedByTheirFirstOperationThenType) {
  const Verdict verdict = Check(ParseHistory(R"(
    p1 ok send x a@0
    p1 ok send x b@0
    audit ok read-all x from=0 next=3 end=3 0:b 2:b)"),
                                {});
  EXPECT_EQ(Summary(verdict), "inconsistent-offsets[1 3] lost-write[1 5] duplicate[3 5]");
}

}  // namespace
}  // namespace brokersim::checker
