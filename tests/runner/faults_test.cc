// What a run's faults mean for its verdict, and what a sweep says of those it tried.
#include <string>

#include "gtest/gtest.h"
#include "runner/fault_coverage.h"
#include "runner/outcome.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

// Nobody sends the message that the fault waits for.
Outcome RunWith(const std::string& more) {
  const auto loaded = scenarios::ParseScenario(
      "name: 'w' title: 't' setup { kafka { brokers: 1 topic { name: 'orders' } } audit_at: '20s' "
      "fault { id: 'f' at: '5s' lasts: '1s' " + more + " hold_if { type: 'LeaveGroupRequest' } } } "
      "variant { name: 'v' }", "kafka/w.textproto");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return RunAndCheck(loaded->variants.front(), 1, sim::RecordingLevel::kHistory);
}

TEST(Inert, AFaultWithoutEffectLeavesTheVerdictOpen) {
  const Outcome outcome = RunWith("");
  EXPECT_EQ(outcome.run.inert, std::vector<std::string>({"f"}));
  EXPECT_EQ(outcome.verdict.result(), formats::Verdict::UNKNOWN);
  EXPECT_EQ(ExitCodeOf(outcome), kUnknown);
  ASSERT_EQ(outcome.verdict.unknown_reasons_size(), 1);
  EXPECT_NE(outcome.verdict.unknown_reasons(0).find("may_be_inert"), std::string::npos);
}

TEST(Inert, TheScenarioMayAllowIt) {
  const Outcome outcome = RunWith("may_be_inert: true");
  EXPECT_TRUE(outcome.run.inert.empty());
  EXPECT_EQ(ExitCodeOf(outcome), kHeld);
}

sim::FaultReport Report(std::string_view kind, int64_t effects, int64_t began, int64_t ended) {
  sim::FaultReport report;
  report.kind = kind;
  report.fired = true;
  report.effects = effects;
  report.began = sim::Time() + sim::Seconds(began);
  report.ended = sim::Time() + sim::Seconds(ended);
  return report;
}

TEST(FaultCoverage, CountsWhatHadAnEffectAndWhatOverlapped) {
  FaultCoverage coverage;
  EXPECT_EQ(coverage.Text(), "");
  coverage.Add(
      {Report("delay", 3, 1, 4), Report("crash", 1, 3, 6), Report("offset", 1, 7, 9), Report("drift", 0, 1, 9)});
  EXPECT_EQ(coverage.kinds().at("drift").with_effect, 0);
  EXPECT_EQ(coverage.kinds().at("delay").with_effect, 1);
  // Only delay and crash were active together; drift was, without effect.
  EXPECT_EQ(coverage.pairs().size(), 1u);
  EXPECT_TRUE(coverage.pairs().contains({sim::kOnMessages, sim::kOnProcesses}));
  EXPECT_EQ(coverage.possible_pairs(), 6);
  EXPECT_NE(coverage.Text().find("3 of 4 kinds"), std::string::npos);
  EXPECT_NE(coverage.Text().find("never: drift"), std::string::npos);
}

}  // namespace
}  // namespace brokersim::runner
