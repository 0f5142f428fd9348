#include "visualize/space_time.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/visualize/golden.h"
#include "tests/visualize/sample_trace.h"
#include "visualize/selection.h"
#include "visualize/svg.h"
#include "visualize/trace_index.h"

// Graphviz 2.42 itself leaks a few hundred bytes a rendering; the address sanitizer is told so.
extern "C" const char* __lsan_default_suppressions() { return "leak:libgvc"; }

namespace brokersim::visualize {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using ::testing::HasSubstr;
using ::testing::Not;

int Count(std::string_view text, std::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// Messages that are drawn: one arrow for each delivery or drop.
int Outcomes(const DecodedTrace& trace, const std::vector<uint64_t>& events) {
  int count = 0;
  for (const uint64_t id : events) {
    if (IsOutcome(trace.events[id - 1].kind)) ++count;
  }
  return count;
}

// True for a send without delivery or drop in the whole trace.
bool IsInFlight(const DecodedTrace& trace, uint64_t id) {
  if (trace.events[id - 1].kind != EventKind::kSend) return false;
  const TraceIndex index(trace);
  for (const uint64_t other : index.MessageEvents(index.Event(id).message)) {
    if (IsOutcome(index.Event(other).kind)) return false;
  }
  return true;
}

// Every element is closed in order: enough of XML to notice text that wasn't escaped.
bool IsWellFormed(std::string_view xml) {
  std::vector<std::string> open;
  for (size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at)) {
    const bool comment = xml.substr(at).starts_with("<!--");
    const size_t end = comment ? xml.find("-->", at) + 2 : xml.find('>', at);
    if (end >= xml.size()) return false;
    const std::string_view tag = xml.substr(at + 1, end - at - 1);
    at = end;
    if (tag.starts_with('!') || tag.starts_with('?') || tag.ends_with('/')) continue;
    const std::string name(tag.substr(0, tag.find_first_of(" \n")));
    if (!name.starts_with('/')) {
      open.push_back(name);
    } else if (open.empty() || "/" + open.back() != name) {
      return false;
    } else {
      open.pop_back();
    }
  }
  return open.empty();
}

class SpaceTimeTest : public ::testing::Test {
 protected:
  const DecodedTrace trace_ = UncleanElection(3).Build();
  const formats::Verdict verdict_ = UncleanElectionVerdict();
  const std::vector<uint64_t> events_ = SelectForAnomaly(trace_, verdict_.anomalies(0));
};

TEST_F(SpaceTimeTest, UncleanElection) {
  const std::string dot = SpaceTimeDot(trace_, events_, &verdict_, {});
  ExpectGolden("unclean_election.dot", dot);
  EXPECT_EQ(dot, SpaceTimeDot(trace_, events_, &verdict_, {}));
}

TEST_F(SpaceTimeTest, CalmRun) {
  const DecodedTrace trace = CalmRun().Build();
  ExpectGolden("calm_run.dot", SpaceTimeDot(trace, SelectOverview(trace), nullptr, {}));
}

TEST_F(SpaceTimeTest, AnArrowForEveryMessage) {
  for (const int cap : {5, 20, 40, 60}) {
    const std::vector<uint64_t> events = SelectForAnomaly(trace_, verdict_.anomalies(0), cap);
    const std::string dot = SpaceTimeDot(trace_, events, &verdict_, {});
    EXPECT_EQ(Count(dot, "class=\"message\""), Outcomes(trace_, events)) << cap;
  }
  const std::vector<uint64_t> around = SelectAround(trace_, 112, 40);
  const std::string svg = RenderSvg(SpaceTimeDot(trace_, around, nullptr, {})).value();
  EXPECT_EQ(Count(svg, "class=\"edge message\""), Outcomes(trace_, around));
}

TEST_F(SpaceTimeTest, AMessageWithoutAnEndIsStillOnItsWay) {
  TraceBuilder t("test", "", 1);
  const uint32_t a = t.Node("a", "broker");
  const uint32_t b = t.Node("b", "broker");
  const uint64_t send = t.Send(1, a, b, 0, "Ping");
  t.Add(2, EventKind::kTimerFire, b, 0);
  const std::string dot = SpaceTimeDot(t.Build(), {send, send + 1}, nullptr, {});
  EXPECT_EQ(Count(dot, "class=\"message\""), 1);
  EXPECT_THAT(dot, HasSubstr("message still on its way"));
}

TEST_F(SpaceTimeTest, MarksThePromise) {
  const std::string dot = SpaceTimeDot(trace_, events_, &verdict_, {});
  EXPECT_EQ(Count(dot, "PROMISE MADE HERE"), 1);
  EXPECT_EQ(Count(dot, "PROMISE BROKEN HERE"), 1);
  EXPECT_EQ(Count(dot, "class=\"down\""), 1);
  const std::string without = SpaceTimeDot(trace_, events_, nullptr, {});
  EXPECT_THAT(without, Not(HasSubstr("PROMISE")));
}

TEST_F(SpaceTimeTest, FaultsThatBeganEarlierAreShown) {
  const uint64_t crash = FindPromise(trace_, verdict_.anomalies(0)).made + 3;
  ASSERT_EQ(trace_.events[crash - 1].kind, EventKind::kCrash);
  const std::string dot = SpaceTimeDot(trace_, {crash}, nullptr, {});
  EXPECT_EQ(Count(dot, "class=\"fault\""), 2);  // the partition, and the crash's own
  EXPECT_EQ(Count(dot, "class=\"faultrule\""), 0);
}

TEST_F(SpaceTimeTest, TitleAndLegendCanBeLeftOut) {
  const std::string dot =
      SpaceTimeDot(trace_, events_, &verdict_, {.title = false, .legend = false});
  EXPECT_THAT(dot, Not(HasSubstr("seed 42")));
  EXPECT_THAT(dot, Not(HasSubstr("node is down")));
}

TEST_F(SpaceTimeTest, NothingToDraw) {
  EXPECT_TRUE(RenderSvg(SpaceTimeDot(trace_, {}, nullptr, {})).ok());
  EXPECT_TRUE(RenderSvg(SpaceTimeDot(trace_, {0, 99'999}, nullptr, {})).ok());
}

TEST_F(SpaceTimeTest, SvgIsWellFormedAndTheSameEachTime) {
  const std::string dot = SpaceTimeDot(trace_, events_, &verdict_, {});
  const std::string svg = RenderSvg(dot).value();
  EXPECT_EQ(svg, RenderSvg(dot).value());
  EXPECT_TRUE(IsWellFormed(svg));
  EXPECT_EQ(Count(svg, "class=\"edge message\""), Outcomes(trace_, events_));
  EXPECT_THAT(svg, HasSubstr("kafka/unclean_leader_election, variant buggy, seed 42"));
  EXPECT_THAT(svg, Not(HasSubstr("graphviz version")));
}

TEST_F(SpaceTimeTest, HostileTextStaysText) {
  TraceBuilder t("a \"quoted\" <scenario> & \\more\\", "", 1);
  const uint32_t a = t.Node("a<b>&\"\\", "broker");
  const uint32_t b = t.Node("\x01", "role");
  const uint64_t got = t.Deliver(2, t.Send(1, a, b, 0, "Ping", "\\N </text><script> &amp;"));
  t.Add(3, EventKind::kNote, b, got, "election", "]]> --> \"]; }");
  DecodedTrace trace = t.Build();
  trace.events[1].text +=
      "\xC3 \xFF";  // protobuf refuses such bytes; a trace made in memory may not
  trace.events[0].text += "\xC3 \xFF";
  const absl::StatusOr<std::string> svg = RenderSvg(SpaceTimeDot(trace, {1, 2, 3}, nullptr, {}));
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_TRUE(IsWellFormed(*svg));
  EXPECT_THAT(*svg, Not(HasSubstr("<script>")));
}

class BusyRunTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(BusyRunTest, WhateverHappensIsDrawn) {
  const DecodedTrace trace = BusyRun(GetParam(), 300).Build();
  formats::Verdict verdict;
  verdict.set_result(formats::Verdict::INVALID);
  for (const char* value : {"v1", "v2"}) {
    formats::Anomaly* anomaly = verdict.add_anomalies();
    anomaly->set_type("lost-write");
    anomaly->add_records()->set_log("orders-0");
    anomaly->mutable_records(0)->set_value(value);
    anomaly->mutable_records(0)->set_offset(3);
  }
  for (int i = 0; i < verdict.anomalies_size(); ++i) {
    const std::vector<uint64_t> events = SelectForAnomaly(trace, verdict.anomalies(i), 80);
    const std::string dot = SpaceTimeDot(trace, events, &verdict, {.anomaly = i});
    const absl::StatusOr<std::string> svg = RenderSvg(dot);
    ASSERT_TRUE(svg.ok()) << svg.status();
    EXPECT_TRUE(IsWellFormed(*svg));
    int in_flight = 0;
    for (const uint64_t id : events) in_flight += IsInFlight(trace, id) ? 1 : 0;
    EXPECT_EQ(Count(*svg, "class=\"edge message\""), Outcomes(trace, events) + in_flight);
    EXPECT_EQ(Count(dot, "class=\"up\"") > 0, true);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, BusyRunTest, ::testing::Range<uint64_t>(1, 21));

TEST(SvgTest, BrokenDotIsRefused) {
  EXPECT_EQ(RenderSvg("digraph {").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RenderSvg("digraph { a -> b }").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(RenderSvg("digraph { a [pos=\"0,0!\"] }").ok());
}

}  // namespace
}  // namespace brokersim::visualize
