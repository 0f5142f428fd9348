// Stories: how an anomaly came about, told from the trace of its run.
#include "checker/story.h"

#include <string>
#include <utility>
#include <vector>

#include "checker/check.h"
#include "gtest/gtest.h"
#include "tests/checker/history_text.h"

namespace brokersim::checker {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using formats::History;
using formats::RecordNote;
using formats::RecordVerb;
using formats::TraceEvent;
using formats::Verdict;

// Builds a trace, an event a call.
class Tracer {
 public:
  Tracer() {
    for (const char* name : {"b1", "b2", "b3", "p1", "c1"}) {
      formats::TraceNode* node = trace_.header.add_nodes();
      node->set_name(name);
      node->set_role(name[0] == 'b' ? "broker" : "client");
    }
  }

  // `tenths`: the time in tenths of a millisecond. Nodes count from 1, as in a trace.
  TraceEvent& Add(int64_t tenths, EventKind kind, uint32_t node, std::string text = "",
                  std::string type = "") {
    TraceEvent event;
    event.id = trace_.events.size() + 1;
    event.time_ns = tenths * 100'000;
    event.kind = kind;
    event.node = node;
    event.text = std::move(text);
    event.type = std::move(type);
    trace_.events.push_back(event);
    return trace_.events.back();
  }

  TraceEvent& Note(int64_t tenths, uint32_t node, RecordVerb verb, std::string value,
                   int64_t offset = -1) {
    TraceEvent& event = Add(tenths, EventKind::kDeliver, node);
    event.records.push_back({verb, "orders-0", offset, std::move(value)});
    return event;
  }

  const DecodedTrace& trace() const { return trace_; }

 private:
  DecodedTrace trace_;
};

constexpr uint32_t kB1 = 1, kB2 = 2, kB3 = 3, kP1 = 4, kC1 = 5;

// "a" is on two brokers, acknowledged by b1, read, and gone when both have truncated.
Tracer UncleanElection() {
  Tracer t;
  t.Add(5, EventKind::kFaultOn, 0, "b3 is cut off from b1 and b2").fault = "partition-1";
  t.Note(10, kP1, RecordVerb::kProduced, "a");
  t.Note(12, kB1, RecordVerb::kAppended, "a", 0);
  t.Note(14, kB2, RecordVerb::kReplicated, "a", 0);
  TraceEvent& told = t.Note(20, kP1, RecordVerb::kAcknowledged, "a", 0);
  told.peer = kB1;
  t.Note(25, kC1, RecordVerb::kDelivered, "a", 0);
  t.Add(26, EventKind::kNote, kB1, "b1 commits something else", "checkpoint");
  t.Add(30, EventKind::kPowerLoss, kB2);
  t.Add(31, EventKind::kCrash, kB1, "b1 is killed.");
  t.Add(40, EventKind::kNote, kB3, "b3 is elected leader of orders-0 in epoch 5", "election");
  t.Add(41, EventKind::kNote, kB3, "b3 is elected leader of orders-10 in epoch 7", "election");
  t.Add(45, EventKind::kStart, kB1);
  t.Note(46, kB2, RecordVerb::kLost, "a", 0);
  TraceEvent& cut = t.Add(50, EventKind::kNote, kB1, "b1 truncates orders-0 to 0", "truncation");
  cut.records.push_back({RecordVerb::kTruncated, "orders-0", 0, "a"});
  t.Add(60, EventKind::kCrash, kB3, "b3 is killed, too late to matter");
  t.Add(70, EventKind::kComplete, kC1);
  return t;
}

// One acknowledged record, lost; the read-all is the trace's event 16.
History LostHistory() {
  History history = ParseHistory(R"(
    p1 ok send orders-0 a@0
    audit ok read-all orders-0 from=0 next=0 end=0)");
  history.mutable_operations(3)->set_event(16);
  return history;
}

std::string Told(const Tracer& tracer, const History& history) {
  Verdict verdict = Check(history, {});
  AddStories(tracer.trace(), history, &verdict);
  std::string text = PrintVerdict(verdict);
  return text.substr(text.find("\n\n") + 2);  // without result, checks and counts
}

TEST(Story, OfALostWrite) {
  EXPECT_EQ(Told(UncleanElection(), LostHistory()),
            R"(lost-write LW [1 3] orders-0@0=a
  p1 was told at 2.0 ms that "a" is stored in orders-0 at offset 0, but the read-all of )"
            R"(audit (0 to the end at 0, done at 4.0 ms) doesn't find it.)"
            R"( b1 acknowledged it at 2.0 ms; the last copy went when b1 truncates orders-0 to 0)"
            R"( at 5.0 ms, after b3 is elected leader of orders-0 in epoch 5 at 4.0 ms.
         1     0.5 ms      b3 is cut off from b1 and b2
         2     1.0 ms p1   p1 sends "a" to orders-0
         3     1.2 ms b1   b1 writes "a" to orders-0 at offset 0, as leader
         4     1.4 ms b2   b2 copies "a" to its orders-0 at offset 0
         5     2.0 ms b1   b1 acknowledges "a" in orders-0 at offset 0
         6     2.5 ms c1   c1 gets "a" from orders-0 at offset 0
         8     3.0 ms b2   b2 loses its power
         9     3.1 ms b1   b1 is killed
        10     4.0 ms b3   b3 is elected leader of orders-0 in epoch 5
        12     4.5 ms b1   b1 starts
        13     4.6 ms b2   b2 has lost "a" from its orders-0 at offset 0 with the power
        14     5.0 ms b1   b1 truncates orders-0 to 0
        14     5.0 ms b1   b1 removes "a" from its orders-0 at offset 0: the last copy
        16     7.0 ms audit audit has read orders-0 from 0 to 0
)");
}

TEST(Story, WithoutNotesTheAnomalyStaysAsItIs) {
  const History history = LostHistory();
  Verdict verdict = Check(history, {});
  const std::string before = verdict.SerializeAsString();
  AddStories(DecodedTrace(), history, &verdict);
  EXPECT_EQ(verdict.SerializeAsString(), before);
}

TEST(Story, AFaultThatWasOverBeforeTheRecordIsLeftOut) {
  Tracer t;
  t.Add(1, EventKind::kFaultOn, 0, "the disk of b1 is slow").fault = "disk-1";
  t.Add(2, EventKind::kFaultOff, 0, "the disk of b1 is well").fault = "disk-1";
  t.Add(3, EventKind::kCrash, kB2);
  t.Note(10, kB1, RecordVerb::kAppended, "a", 0);
  t.Note(20, kB1, RecordVerb::kAcknowledged, "a", 0);
  t.Add(25, EventKind::kPowerLoss, kB1);
  t.Note(30, kB1, RecordVerb::kLost, "a", 0);
  const std::string told = Told(t, LostHistory());
  EXPECT_EQ(told.find("disk"), std::string::npos) << told;
  EXPECT_EQ(told.find("b2"), std::string::npos) << told;
  EXPECT_NE(told.find("b1 acknowledged it at 2.0 ms; the last copy went when b1 had lost it with "
                      "the power at 3.0 ms, after b1 loses its power at 2.5 ms."),
            std::string::npos)
      << told;
}

TEST(Story, WhileACopyIsLeftNothingIsSaidOfTheLast) {
  Tracer t;
  t.Note(10, kB1, RecordVerb::kAppended, "a", 0);
  t.Note(11, kB2, RecordVerb::kReplicated, "a", 0);
  t.Note(20, kB1, RecordVerb::kAcknowledged, "a", 0);
  t.Note(30, kB1, RecordVerb::kTruncated, "a", 0);
  const std::string told = Told(t, LostHistory());
  EXPECT_NE(told.find("b1 acknowledged it at 2.0 ms."), std::string::npos) << told;
  EXPECT_EQ(told.find("last copy"), std::string::npos) << told;
}

TEST(Story, TheMostImportantLinesAreKept) {
  Tracer t;
  t.Note(10, kB1, RecordVerb::kAppended, "a", 0);
  t.Note(20, kB1, RecordVerb::kAcknowledged, "a", 0);
  for (int i = 0; i < 40; ++i) t.Note(21 + i, kC1, RecordVerb::kDelivered, "a", 0);
  t.Add(80, EventKind::kNote, kB2, "b2 is elected leader in epoch 2", "election");
  t.Note(90, kB1, RecordVerb::kTruncated, "a", 0);
  const History history = LostHistory();
  Verdict verdict = Check(history, {});
  AddStories(t.trace(), history, &verdict);
  const auto& story = verdict.anomalies(0).story();
  ASSERT_EQ(story.size(), kStoryLines);
  EXPECT_EQ(story[0].text(), "b1 writes \"a\" to orders-0 at offset 0, as leader");
  EXPECT_EQ(story[1].text(), "b1 acknowledges \"a\" in orders-0 at offset 0");
  EXPECT_EQ(story[kStoryLines - 1].text(),
            "b1 removes \"a\" from its orders-0 at offset 0: the last copy");
  for (int i = 1; i < story.size(); ++i) EXPECT_LE(story[i - 1].time_ns(), story[i].time_ns());
}

TEST(Story, AnElectionThatNamesNoLogCountsForItsNodesLogs) {
  Tracer t;
  t.Note(10, kB1, RecordVerb::kAppended, "a", 0);
  t.Note(11, kB2, RecordVerb::kReplicated, "a", 0);
  t.Note(20, kB1, RecordVerb::kAcknowledged, "a", 0);
  t.Add(30, EventKind::kNote, kB2, "b2 becomes master in term 3", "election");
  t.Add(31, EventKind::kNote, kB3, "b3 becomes master in term 4", "election");
  t.Note(40, kB2, RecordVerb::kTruncated, "a", 0);
  t.Note(50, kB1, RecordVerb::kTruncated, "a", 0);
  const std::string told = Told(t, LostHistory());
  EXPECT_NE(told.find("after b2 becomes master in term 3 at 3.0 ms"), std::string::npos) << told;
  EXPECT_EQ(told.find("b3 becomes"), std::string::npos) << told;
}

TEST(Story, OnlyTheFirstOfAType) {
  std::string text;
  Tracer t;
  for (int i = 0; i < 8; ++i) {
    const std::string value = "v" + std::to_string(i);
    text += "p1 ok send orders-0 " + value + "@" + std::to_string(i) + "\n";
    t.Note(10 + i, kB1, RecordVerb::kAppended, value, i);
  }
  const History history = ParseHistory(text + "audit ok read-all orders-0 from=0 next=8 end=8\n");
  Verdict verdict = Check(history, {});
  AddStories(t.trace(), history, &verdict);
  ASSERT_EQ(verdict.anomalies_size(), 8);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(verdict.anomalies(i).story_size() > 0, i < kStoriesPerType) << i;
  }
}

TEST(Story, OfADuplicateTellsBothAppends) {
  Tracer t;
  t.Note(10, kP1, RecordVerb::kProduced, "a");
  t.Note(11, kB1, RecordVerb::kAppended, "a", 0);
  t.Add(12, EventKind::kFaultOn, 0, "", "loss").fault = "loss-1";
  t.Note(13, kB1, RecordVerb::kAppended, "a", 1);
  t.Note(14, kB1, RecordVerb::kAcknowledged, "a", 1);
  EXPECT_EQ(Told(t, ParseHistory(R"(
              p1 ok send orders-0 a@1
              audit ok read-all orders-0 from=0 next=2 end=2 0:a 1:a)")),
            R"(duplicate DUP [1 3] orders-0@0=a orders-0@1=a
  "a" was seen at 2 offsets of orders-0: at 0 (the read-all of audit found it at 4.0 ms),)"
            R"( at 1 (p1 was told so at 2.0 ms).
         1     1.0 ms p1   p1 sends "a" to orders-0
         2     1.1 ms b1   b1 writes "a" to orders-0 at offset 0, as leader
         3     1.2 ms      the fault loss, loss-1 begins
         4     1.3 ms b1   b1 writes "a" to orders-0 at offset 1, as leader
         5     1.4 ms b1   b1 acknowledges "a" in orders-0 at offset 1
)");
}

TEST(Story, TellingTwiceGivesEqualBytes) {
  const Tracer t = UncleanElection();
  const History history = LostHistory();
  Verdict once = Check(history, {});
  Verdict again = once;
  AddStories(t.trace(), history, &once);
  AddStories(t.trace(), history, &again);
  EXPECT_EQ(once.SerializeAsString(), again.SerializeAsString());
  AddStories(t.trace(), history, &again);
  EXPECT_EQ(once.SerializeAsString(), again.SerializeAsString());
}

}  // namespace
}  // namespace brokersim::checker
