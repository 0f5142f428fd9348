#include "visualize/terminal.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/visualize/golden.h"
#include "tests/visualize/sample_trace.h"
#include "visualize/node_state.h"
#include "visualize/selection.h"
#include "visualize/terminal_glyphs.h"

namespace brokersim::visualize {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using ::testing::HasSubstr;
using ::testing::Not;

class TerminalTest : public ::testing::Test {
 protected:
  std::string View(const TerminalOptions& options) const {
    const absl::StatusOr<std::string> text = TerminalView(trace_, options);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.ok() ? *text : "";
  }

  const DecodedTrace trace_ = UncleanElection(3).Build();
  const formats::Verdict verdict_ = UncleanElectionVerdict();
};

TEST_F(TerminalTest, FoldedView) {
  TerminalOptions options;
  options.anomaly = &verdict_.anomalies(0);
  ExpectGolden("unclean_election.terminal.txt", View(options));
}

TEST_F(TerminalTest, SelectedEvents) {
  TerminalOptions options;
  options.select = SelectForAnomaly(trace_, verdict_.anomalies(0));
  options.anomaly = &verdict_.anomalies(0);
  ExpectGolden("unclean_election_selected.terminal.txt", View(options));
}

TEST_F(TerminalTest, FoldingCountsEveryEvent) {
  EXPECT_THAT(View({}), HasSubstr("... 24 routine events\n"));
  const std::string all = View({.all = true, .limit = 10'000});
  EXPECT_THAT(all, Not(HasSubstr("routine")));
  EXPECT_THAT(all, HasSubstr("BrokerHeartbeatRequest"));
}

TEST_F(TerminalTest, NodesNarrowColumnsAndRows) {
  TerminalOptions options;
  options.nodes = {"p1"};
  const std::string text = View(options);
  EXPECT_THAT(text, HasSubstr("p1"));
  EXPECT_THAT(text, HasSubstr("(b1) from p1: ProduceRequest"));
  EXPECT_THAT(text, Not(HasSubstr("election:")));
}

TEST_F(TerminalTest, KindsAndTimes) {
  TerminalOptions options;
  options.kinds = {EventKind::kNote};
  options.from_ns = 60'000'000'000;
  options.to_ns = 80'000'000'000;
  const std::string text = View(options);
  EXPECT_THAT(text, HasSubstr("b2 leads orders-0 in epoch 5"));
  EXPECT_THAT(text, Not(HasSubstr("b1 leads")));
  EXPECT_THAT(text, Not(HasSubstr("truncat")));
}

TEST_F(TerminalTest, AroundAndCone) {
  const Promise promise = FindPromise(trace_, verdict_.anomalies(0));
  const std::string around = View({.around = promise.made, .radius = 1});
  EXPECT_THAT(around, HasSubstr("from b1: ProduceResponse"));
  EXPECT_THAT(around, HasSubstr("complete send"));
  const std::string cone = View({.cone = promise.broken});
  EXPECT_THAT(cone, HasSubstr("OffsetsForLeaderEpochResponse"));
  EXPECT_THAT(cone, Not(HasSubstr("ProduceRequest")));
}

TEST_F(TerminalTest, TheLimitSaysWhatIsMissing) {
  const std::string text = View({.all = true, .limit = 10});
  EXPECT_THAT(text, HasSubstr("... 207 more rows are not shown (limit 10)"));
}

TEST_F(TerminalTest, ColourOnlyWhenAskedFor) {
  EXPECT_THAT(View({}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(View({.color = true}), HasSubstr("\x1b[31mX"));
}

TEST_F(TerminalTest, ErrorsSayWhatExists) {
  TerminalOptions unknown_node;
  unknown_node.nodes = {"b9"};
  EXPECT_THAT(std::string(TerminalView(trace_, unknown_node).status().message()),
              HasSubstr("b1, b2, b3, ctl, p1, c1, audit"));
  EXPECT_THAT(std::string(TerminalView(trace_, {.cone = 218}).status().message()),
              HasSubstr("events 1 to 217"));
  TerminalOptions nothing;
  nothing.kinds = {EventKind::kClock};
  EXPECT_EQ(TerminalView(trace_, nothing).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(TerminalTest, LongNamesAndNumbersKeepTheColumns) {
  TraceBuilder t("test", "", 1);
  const uint32_t a = t.Node("a-broker-with-a-long-name", "broker");
  const uint32_t b = t.Node("b", "broker");
  for (int i = 0; i < 2'000; ++i) t.Deliver(i, t.Send(i, a, b, 0, "Ping"));
  const std::string text = TerminalView(t.Build(), {.all = true, .limit = 10'000}).value();
  EXPECT_THAT(text, HasSubstr("3999  1.999000 s  m2000>                    |       to b"));
  EXPECT_THAT(text, HasSubstr("4000  1.999000 s  |                         >m2000  from a"));
}

TEST_F(TerminalTest, StateIsRebuiltFromChanges) {
  const uint64_t crash = 112;
  ASSERT_EQ(trace_.events[crash - 1].kind, EventKind::kCrash);
  ExpectGolden("unclean_election_state.txt", FormatState(StateAt(trace_, "b1", crash).value()));
  const NodeState later = StateAt(trace_, "b2", trace_.events.size()).value();
  ASSERT_FALSE(later.fields.empty());
  EXPECT_EQ(later.fields.front().path, "orders-0.leader_epoch");
  EXPECT_EQ(later.fields.front().value, "5");
  EXPECT_EQ(later.life, LifeState::kUp);
  EXPECT_TRUE(StateAt(trace_, "b3", 1).value().fields.empty());
  EXPECT_FALSE(StateAt(trace_, "b3", 0).ok());
  EXPECT_FALSE(StateAt(trace_, "b4", 1).ok());
}

TEST(BusyRunTest, EveryRowHasItsColumns) {
  const DecodedTrace trace = BusyRun(3, 400).Build();
  const std::string text = TerminalView(trace, {.all = true, .limit = 1'000}).value();
  const size_t head = text.find("what\n");
  ASSERT_NE(head, std::string::npos);
  const size_t column = head - text.rfind('\n', head) - 1;
  size_t at = head + 5;
  for (const formats::TraceEvent& event : trace.events) {
    const size_t end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string row = text.substr(at, end - at);
    ASSERT_GT(row.size(), column) << row;
    EXPECT_EQ(row[column - 1], ' ') << row;
    EXPECT_NE(row[column], ' ') << row;
    EXPECT_THAT(row, HasSubstr(std::to_string(event.id)));
    at = end + 1;
  }
}

TEST(GlyphTest, EveryKindHasASignOfItsOwn) {
  for (int i = 0; i < formats::kEventKindCount; ++i) {
    const Glyph& glyph = Glyphs()[static_cast<size_t>(i)];
    EXPECT_EQ(static_cast<int>(glyph.kind), i);
    EXPECT_NE(glyph.meaning, "");
    for (int j = 0; j < i; ++j) EXPECT_NE(glyph.sign, Glyphs()[static_cast<size_t>(j)].sign);
    for (const char line : {kLineUp, kLineDown, kLinePaused}) {
      EXPECT_NE(glyph.sign, std::string_view(&line, 1));
    }
  }
}

TEST(GlyphTest, TheReadmeShowsTheTable) {
  EXPECT_THAT(ReadSource("visualize/README.md"), HasSubstr(GlyphTableMarkdown()))
      << "the table in visualize/README.md should be\n"
      << GlyphTableMarkdown();
}

}  // namespace
}  // namespace brokersim::visualize
