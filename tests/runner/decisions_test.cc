// Single messages and timers: which are tried, by which fault each is undone, and which runs count.
#include "runner/decisions.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/checker/history_text.h"

namespace brokersim::runner {
namespace {

using checker::ParseHistory;
using formats::EventKind;
using formats::RecordVerb;
using formats::TraceEvent;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Undone = Decision::Undone;

constexpr uint32_t kB1 = 1, kB2 = 2, kP1 = 3, kController = 4;

// A trace, an event a call. Times in tenths of a millisecond.
class Tracer {
 public:
  Tracer() {
    for (const char* name : {"b1", "b2", "p1", "controller"}) trace_.header.add_nodes()->set_name(name);
  }

  TraceEvent& Add(int64_t tenths, EventKind kind, uint32_t node, uint64_t cause = 0) {
    TraceEvent event;
    event.id = trace_.events.size() + 1;
    event.time_ns = tenths * 100'000;
    event.kind = kind;
    event.node = node;
    event.cause = cause;
    trace_.events.push_back(event);
    return trace_.events.back();
  }

  // Returns its id.
  uint64_t Send(int64_t tenths, uint32_t from, uint32_t to, std::string type, uint64_t cause = 0) {
    TraceEvent& event = Add(tenths, EventKind::kSend, from, cause);
    event.peer = to;
    event.type = std::move(type);
    event.message = ++messages_;
    return event.id;
  }

  // What became of the message that was sent at this event.
  TraceEvent& End(int64_t tenths, EventKind kind, uint64_t sent, std::string text = "") {
    const TraceEvent send = trace_.events[sent - 1];
    TraceEvent& event = Add(tenths, kind, send.peer, sent);
    event.peer = send.node;
    event.type = send.type;
    event.message = send.message;
    event.text = std::move(text);
    return event;
  }

  static void Note(TraceEvent& event, RecordVerb verb) { event.records.push_back({verb, "orders-0", 0, "a"}); }

  const formats::DecodedTrace& trace() const { return trace_; }

 private:
  formats::DecodedTrace trace_;
  uint64_t messages_ = 0;
};

// b2 has "a" and never hears that it is committed; a timer of the controller makes b2 leader, and "a" is gone.
struct Told {
  Tracer t;
  formats::Anomaly anomaly;
  formats::History history;

  Told() {
    Hello();
    const uint64_t produce = t.Send(10, kP1, kB1, "Produce");
    Tell(t.Add(10, EventKind::kNote, kP1), RecordVerb::kProduced);
    const uint64_t written = Tell(t.End(12, EventKind::kDeliver, produce), RecordVerb::kAppended);
    const uint64_t copy = t.Send(12, kB1, kB2, "Fetched", written);
    Tell(t.End(14, EventKind::kDeliver, copy), RecordVerb::kReplicated);
    Answers(written);
    const uint64_t set = t.Add(20, EventKind::kTimerSet, kController).id;
    TraceEvent& fired = t.Add(90, EventKind::kTimerFire, kController, set);
    fired.type = "session";
    const uint64_t timer = fired.id;
    const uint64_t lead = t.Send(90, kController, kB2, "Lead", timer);
    Tell(t.End(95, EventKind::kDeliver, lead), RecordVerb::kTruncated);
    t.Send(99, kB1, kB2, "Fetched");  // too late to matter
    anomaly.set_type("lost-write");
    formats::RecordId* record = anomaly.add_records();
    record->set_log("orders-0");
    record->set_value("a");
  }

  // Before the record there is nothing to decide.
  void Hello() { t.End(5, EventKind::kDeliver, t.Send(2, kB1, kB2, "Fetched")); }

  // Of three answers of one instant the second is kept back and lost; the third finds nobody.
  void Answers(uint64_t cause) {
    const uint64_t first = t.Send(30, kB1, kB2, "Fetched", cause);
    const uint64_t second = t.Send(30, kB1, kB2, "Fetched", cause);
    const uint64_t third = t.Send(30, kB1, kB2, "Fetched", cause);
    t.End(30, EventKind::kHold, second, "held back").fault = "held";
    t.End(32, EventKind::kDeliver, first);
    t.End(33, EventKind::kDrop, third, "nobody is listening");
    t.End(80, EventKind::kDrop, second, "the connection is gone");
  }

  uint64_t Tell(TraceEvent& event, RecordVerb verb) {
    if (event.records.empty()) Tracer::Note(event, verb);
    formats::StoryLine* line = anomaly.add_story();
    line->set_event(event.id);
    line->set_time_ns(event.time_ns);
    return event.id;
  }
};

std::vector<std::string> Names(const std::vector<Decision>& decisions) {
  std::vector<std::string> names;
  for (const Decision& decision : decisions) names.push_back(decision.name);
  return names;
}

TEST(Decisions, BackFromTheBreakingThenWhatWasLostThenWhatWasHeardLast) {
  const Told told;
  size_t all = 0;
  const std::vector<Decision> found = DecisionsOf(told.t.trace(), told.history, told.anomaly, 100, &all);
  EXPECT_THAT(Names(found), ElementsAre("Lead of controller to b2, sent at 9.000 ms",
                                        "timer session of controller, fired at 9.000 ms",
                                        "Fetched of b1 to b2, sent at 1.200 ms",
                                        "Produce of p1 to b1, sent at 1.000 ms",
                                        "Fetched of b1 to b2, sent at 3.000 ms",    // the second, lost
                                        "Fetched of b1 to b2, sent at 3.000 ms"));  // the first, heard last
  EXPECT_EQ(all, 6u);
  EXPECT_EQ(found[4].undone, Undone::kArrives);
  EXPECT_EQ(found[4].was, "was lost: the connection is gone");
  EXPECT_EQ(found[5].undone, Undone::kIsLost);
  EXPECT_EQ(found[5].was, "arrived after 0.200 ms");
  EXPECT_EQ(DecisionsOf(told.t.trace(), told.history, told.anomaly, 2, &all).size(), 2u);
  EXPECT_EQ(all, 6u);
}

TEST(Decisions, EachIsUndoneByAFaultThatNamesIt) {
  const Told told;
  const std::vector<Decision> found = DecisionsOf(told.t.trace(), told.history, told.anomaly, 100, nullptr);
  EXPECT_THAT(FaultText(found[0].fault), HasSubstr(R"(at: "9ms")"));
  EXPECT_THAT(FaultText(found[0].fault), HasSubstr(R"(drop_if { from: "controller" to: "b2" type: "Lead" })"));
  // A second and a bit after the breaking.
  EXPECT_THAT(FaultText(found[1].fault),
              HasSubstr(R"(late_timer { node: "controller" extra { constant: "2s" } timer: "session" })"));
  // It is the second of its kind at that time.
  EXPECT_THAT(FaultText(found[4].fault), HasSubstr(R"(pass_if { from: "b1" to: "b2" type: "Fetched" nth: 2 })"));
  EXPECT_THAT(FaultText(found[5].fault), Not(HasSubstr("nth")));
}

TEST(Decisions, WhetherItWasReallyThisMessage) {
  const Told told;
  const std::vector<Decision> found = DecisionsOf(told.t.trace(), told.history, told.anomaly, 100, nullptr);
  // In the run as it is nothing was undone.
  EXPECT_FALSE(WasUndone(found[0], told.t.trace()));
  EXPECT_FALSE(WasUndone(found[4], told.t.trace()));
  Tracer dropped;
  Decision first = found[2];
  first.message = 1;
  const uint64_t sent = dropped.Send(12, kB1, kB2, "Fetched");
  dropped.End(12, EventKind::kDrop, sent, "dropped").fault = first.fault.id();
  EXPECT_TRUE(WasUndone(first, dropped.trace()));
  first.message = 2;
  EXPECT_FALSE(WasUndone(first, dropped.trace()));
  Tracer arrived;
  Decision second = found[4];
  second.message = 1;
  arrived.End(31, EventKind::kDeliver, arrived.Send(30, kB1, kB2, "Fetched"));
  EXPECT_TRUE(WasUndone(second, arrived.trace()));
}

// ---- which runs count

constexpr const char* kLost = R"(
  p1 ok send orders-0 a@0
  audit ok read-all orders-0 from=0 next=0 end=0)";

formats::Anomaly LostWrite() {
  formats::Anomaly anomaly;
  anomaly.set_type("lost-write");
  anomaly.add_operations(1);
  anomaly.add_operations(3);
  formats::RecordId* record = anomaly.add_records();
  record->set_log("orders-0");
  record->set_value("a");
  return anomaly;
}

bool Same(const formats::Anomaly& anomaly, const char* before, const char* after) {
  return SamePromise(anomaly, ParseHistory(before), ParseHistory(after));
}

TEST(SamePromise, TheRecordMustBeAcknowledgedAndItsLogReadToTheEnd) {
  EXPECT_TRUE(Same(LostWrite(), kLost, R"(
    p1 ok send orders-0 a@5
    audit ok read-all orders-0 from=0 next=9 end=9 5:a)"));
  // Never acknowledged: nothing was promised.
  EXPECT_FALSE(Same(LostWrite(), kLost, R"(
    p1 fail send orders-0 a !TIMEOUT
    audit ok read-all orders-0 from=0 next=0 end=0)"));
  EXPECT_FALSE(Same(LostWrite(), kLost, R"(
    p1 info send orders-0 a
    audit ok read-all orders-0 from=0 next=0 end=0)"));
  EXPECT_FALSE(Same(LostWrite(), kLost, "audit ok read-all orders-0 from=0 next=0 end=0"));
  // Nobody looked.
  EXPECT_FALSE(Same(LostWrite(), kLost, "p1 ok send orders-0 a@0"));
  EXPECT_FALSE(Same(LostWrite(), kLost, R"(
    p1 ok send orders-0 a@0
    audit info read-all orders-0 from=0 next=0)"));
}

TEST(SamePromise, WhatTheConsumerGotItGetsAgain) {
  formats::Anomaly twice;
  twice.set_type("duplicate");
  twice.add_operations(1);
  twice.add_operations(3);
  twice.add_records()->set_value("a");
  const char* before = R"(
    p1 ok send orders-0 a@0
    c1 ok poll orders-0 from=0 next=2 end=2 group=g 0:a 1:a)";
  EXPECT_TRUE(Same(twice, before, R"(
    p1 ok send orders-0 a@0
    c2 ok poll orders-0 from=0 next=1 end=1 group=g 0:a)"));
  EXPECT_FALSE(Same(twice, before, R"(
    p1 ok send orders-0 a@0
    c1 ok poll orders-0 from=0 next=0 end=1 group=g)"));
}

// Without records: as far as before.
TEST(SamePromise, PositionsAndCommitsGetAsFar) {
  formats::Anomaly back;
  back.set_type("rollback");
  back.add_operations(1);
  back.add_operations(3);
  const char* before = R"(
    c1 ok commit g orders-0 7
    c1 ok poll orders-0 from=3 next=4 end=9 group=g 3:x)";
  EXPECT_TRUE(Same(back, before, R"(
    c2 ok commit g orders-0 8
    c2 ok poll orders-0 from=8 next=9 end=9 group=g 8:y)"));
  EXPECT_FALSE(Same(back, before, R"(
    c1 ok commit g orders-0 6
    c1 ok poll orders-0 from=6 next=7 end=9 group=g 6:y)"));
}

TEST(SamePromise, WhatIsPromisedLaterIsAnotherPromise) {
  const formats::History history = ParseHistory(kLost);
  const formats::History late = ParseHistory(R"(
    @90
    p1 ok send orders-0 a@0
    audit ok read-all orders-0 from=0 next=1 end=1 0:a)");
  const auto ms = [](int64_t n) { return sim::Time() + sim::Milliseconds(n); };
  EXPECT_TRUE(SamePromise(LostWrite(), history, late, ms(200)));
  EXPECT_FALSE(SamePromise(LostWrite(), history, late, ms(50)));
}

TEST(SamePromise, WhatCouldNotBeReadIsRead) {
  formats::Anomaly hang;
  hang.set_type("unavailable");
  hang.add_operations(1);
  const char* before = "audit info read-all orders-0 from=0 next=3";
  EXPECT_TRUE(Same(hang, before, "audit ok read-all orders-0 from=0 next=4 end=4"));
  EXPECT_FALSE(Same(hang, before, before));
  EXPECT_FALSE(Same(hang, before, "audit ok read-all orders-1 from=0 next=4 end=4"));
  // Nobody hangs who doesn't send.
  const char* sent = "p1 info send orders-0 a\n audit info read-all orders-0 from=0 next=3";
  hang.set_operations(0, 3);
  EXPECT_FALSE(Same(hang, sent, "audit ok read-all orders-0 from=0 next=4 end=4"));
}

}  // namespace
}  // namespace brokersim::runner
