// Traces as lines: what is written can be read again.
#include "runner/trace_file.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runner/outcome.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(TraceLines, AreReadAgain) {
  const auto loaded = scenarios::LoadScenario("kafka/acks_one", ".");
  ASSERT_TRUE(loaded.ok());
  const Outcome outcome = RunAndCheck(loaded->variants.front(), 1, sim::RecordingLevel::kTrace);
  const auto trace = formats::DecodeTrace(outcome.run.trace);
  ASSERT_TRUE(trace.ok());
  const std::string lines = TraceLines(*trace);
  const auto again = ParseTraceLines(lines);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->events.size(), trace->events.size());
  EXPECT_EQ(TraceLines(*again), lines);
}

TEST(TraceLines, WhatIsNone) {
  const std::string good = R"({"id":1,"time_ns":0,"node":"b1","kind":"start"})";
  EXPECT_TRUE(ParseTraceLines(good).ok());
  const auto error = [](const std::string& text) { return std::string(ParseTraceLines(text).status().message()); };
  EXPECT_EQ(error(""), "line 1: no event of a trace");
  EXPECT_THAT(error(good + "\nnonsense"), StartsWith("line 2: no event of a trace: "));
  EXPECT_THAT(error(good + "\n" + good), HasSubstr("line 2: event 1 stands where 2 should"));
  EXPECT_THAT(error(R"({"id":1,"time_ns":0,"node":"b1","kind":"begin"})"), HasSubstr("'begin' is no name"));
  EXPECT_THAT(error(R"({"id":1,"node":"b1","kind":"start"})"), HasSubstr("time_ns"));
}

TEST(ReadTrace, SaysWhatIsMissing) {
  EXPECT_EQ(ReadTrace("no/such").status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(HistoryBeside("no/such/trace.pb").has_value());
}

}  // namespace
}  // namespace brokersim::runner
