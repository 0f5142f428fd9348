#include "visualize/selection.h"

#include <algorithm>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/visualize/sample_trace.h"
#include "visualize/trace_index.h"

namespace brokersim::visualize {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using formats::RecordVerb;
using formats::TraceEvent;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Ascending, without repetition, and every message whole.
void ExpectWellFormed(const DecodedTrace& trace, const std::vector<uint64_t>& ids) {
  const TraceIndex index(trace);
  const std::set<uint64_t> chosen(ids.begin(), ids.end());
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(chosen.size(), ids.size());
  for (const uint64_t id : ids) {
    ASSERT_TRUE(index.Has(id));
    const TraceEvent& event = index.Event(id);
    if (event.kind != EventKind::kSend && !IsOutcome(event.kind)) continue;
    for (const uint64_t other : index.MessageEvents(event.message)) {
      EXPECT_TRUE(chosen.contains(other)) << "event " << id << " without " << other;
    }
  }
}

class SelectionTest : public ::testing::Test {
 protected:
  bool Holds(const std::vector<uint64_t>& ids, EventKind kind, std::string_view type) const {
    return std::any_of(ids.begin(), ids.end(), [&](uint64_t id) {
      const TraceEvent& event = trace_.events[id - 1];
      return event.kind == kind && event.type == type;
    });
  }

  const DecodedTrace trace_ = UncleanElection(20).Build();
  const formats::Verdict verdict_ = UncleanElectionVerdict();
  const formats::Anomaly& anomaly_ = verdict_.anomalies(0);
};

TEST_F(SelectionTest, TellsTheWholeStory) {
  const std::vector<uint64_t> ids = SelectForAnomaly(trace_, anomaly_);
  ExpectWellFormed(trace_, ids);
  EXPECT_LE(ids.size(), 60u);
  EXPECT_TRUE(Holds(ids, EventKind::kDeliver, "ProduceRequest"));
  EXPECT_TRUE(Holds(ids, EventKind::kDeliver, "ProduceResponse"));
  EXPECT_TRUE(Holds(ids, EventKind::kFaultOn, "partition"));
  EXPECT_TRUE(Holds(ids, EventKind::kNote, "isr"));
  EXPECT_TRUE(Holds(ids, EventKind::kCrash, ""));
  EXPECT_TRUE(Holds(ids, EventKind::kStart, ""));
  EXPECT_TRUE(Holds(ids, EventKind::kNote, "election"));
  EXPECT_TRUE(Holds(ids, EventKind::kNote, "truncation"));
  EXPECT_TRUE(Holds(ids, EventKind::kDrop, "FetchRequest"));
  EXPECT_TRUE(Holds(ids, EventKind::kComplete, "read-all"));
  EXPECT_FALSE(Holds(ids, EventKind::kSend, "BrokerHeartbeatRequest"));
}

TEST_F(SelectionTest, FindsWhereThePromiseWasMadeAndBroken) {
  const Promise promise = FindPromise(trace_, anomaly_);
  ASSERT_NE(promise.made, 0u);
  ASSERT_NE(promise.broken, 0u);
  EXPECT_EQ(trace_.events[promise.made - 1].records.front().verb, RecordVerb::kAcknowledged);
  EXPECT_EQ(trace_.NodeName(trace_.events[promise.made - 1].node), "p1");
  EXPECT_EQ(trace_.events[promise.broken - 1].records.front().verb, RecordVerb::kTruncated);
  EXPECT_LT(promise.made, promise.broken);
}

TEST_F(SelectionTest, KeepsWhatMattersMostUnderAnyCap) {
  const Promise promise = FindPromise(trace_, anomaly_);
  for (int cap = 0; cap <= 60; ++cap) {
    const std::vector<uint64_t> ids = SelectForAnomaly(trace_, anomaly_, cap);
    ExpectWellFormed(trace_, ids);
    EXPECT_LE(static_cast<int>(ids.size()), cap);
    if (cap < 3) continue;
    EXPECT_TRUE(std::binary_search(ids.begin(), ids.end(), promise.made)) << cap;
    EXPECT_TRUE(std::binary_search(ids.begin(), ids.end(), promise.broken)) << cap;
  }
}

TEST_F(SelectionTest, AnUnknownAnomalyGivesTheOverview) {
  formats::Anomaly unknown;
  unknown.add_records()->set_value("nobody's");
  EXPECT_EQ(SelectForAnomaly(trace_, unknown), SelectOverview(trace_));
}

TEST_F(SelectionTest, OverviewShowsFaultsAndTurns) {
  const std::vector<uint64_t> ids = SelectOverview(trace_, 40);
  ExpectWellFormed(trace_, ids);
  EXPECT_LE(ids.size(), 40u);
  EXPECT_TRUE(Holds(ids, EventKind::kCrash, ""));
  EXPECT_TRUE(Holds(ids, EventKind::kNote, "election"));
}

TEST_F(SelectionTest, AnyWindowKeepsMessagesWhole) {
  for (uint64_t id = 1; id <= trace_.events.size(); id += 37) {
    ExpectWellFormed(trace_, SelectAround(trace_, id, 5));
  }
  EXPECT_THAT(SelectAround(trace_, 0, 5), IsEmpty());
  EXPECT_THAT(SelectAround(trace_, trace_.events.size() + 1, 5), IsEmpty());
}

TEST(BusyRunTest, EverySelectionIsWellFormed) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const DecodedTrace trace = BusyRun(seed, 300).Build();
    formats::Anomaly anomaly;
    anomaly.add_records()->set_log("orders-0");
    anomaly.mutable_records(0)->set_value("v3");
    for (const int cap : {1, 7, 60, 1'000}) {
      const std::vector<uint64_t> ids = SelectForAnomaly(trace, anomaly, cap);
      ExpectWellFormed(trace, ids);
      EXPECT_LE(static_cast<int>(ids.size()), cap);
      EXPECT_LE(static_cast<int>(SelectOverview(trace, cap).size()), cap);
    }
    ExpectWellFormed(trace, SelectOverview(trace));
  }
}

TEST(ConeTest, FollowsCausesAndMessages) {
  TraceBuilder t("test", "", 1);
  const uint32_t a = t.Node("a", "broker");
  const uint32_t b = t.Node("b", "broker");
  const uint64_t timer = t.Add(1, EventKind::kTimerFire, a, 0);
  const uint64_t send = t.Send(2, a, b, timer, "Ping");
  const uint64_t unrelated = t.Add(3, EventKind::kTimerFire, b, 0);
  const uint64_t got = t.Deliver(4, send);
  const uint64_t answer = t.Send(4, b, a, got, "Pong");
  const DecodedTrace trace = t.Build();
  EXPECT_THAT(Cone(trace, answer), ElementsAre(timer, send, got, answer));
  EXPECT_THAT(Cone(trace, unrelated), ElementsAre(unrelated));
  EXPECT_THAT(Cone(trace, 99), IsEmpty());
}

TEST(ConeTest, FindsTheSendOfADeliveryThatAReleaseCaused) {
  TraceBuilder t("test", "", 1);
  const uint32_t a = t.Node("a", "broker");
  const uint32_t b = t.Node("b", "broker");
  const uint64_t send = t.Send(1, a, b, 0, "Ping");
  const uint64_t got = t.Deliver(2, send);
  DecodedTrace trace = t.Build();
  trace.events[got - 1].cause = 0;
  EXPECT_THAT(Cone(trace, got), ElementsAre(send, got));
}

}  // namespace
}  // namespace brokersim::visualize
