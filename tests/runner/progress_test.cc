// Runs that are stuck after the heal: held against the system, or not.
#include "runner/progress.h"

#include <nlohmann/json.hpp>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runner/outcome.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

Outcome RunWith(const std::string& kafka, const std::string& rest) {
  const auto loaded = scenarios::ParseScenario(
      "name: 'w' title: 't' setup { kafka { " + kafka + " } audit_at: '30s' " + rest +
          " } variant { name: 'v' }", "kafka/w.textproto");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return RunAndCheck(loaded->variants.front(), 1, sim::RecordingLevel::kHistory);
}

std::string Reasons(const Outcome& outcome) {
  std::string all;
  for (const std::string& reason : outcome.verdict.unknown_reasons()) all += reason + "\n";
  return all;
}

// The only replica of a partition is on b3, which doesn't start before the run ends.
constexpr const char* kNeverStarts =
    "brokers: 3 broker { name: 'b3' start: '10m' } topic { name: 'orders' assignment: '3' }";
constexpr const char* kCrash = "fault { id: 'c' at: '5s' lasts: '5s' crash { node: 'b1' } }";

TEST(Progress, StuckAfterTolerableFaultsIsHeldAgainstTheSystem) {
  const Outcome outcome = RunWith(kNeverStarts, kCrash);
  EXPECT_EQ(outcome.progress.kind, Progress::Kind::kMissing);
  EXPECT_EQ(outcome.verdict.result(), formats::Verdict::UNKNOWN);
  EXPECT_EQ(ExitCodeOf(outcome), kNoProgress);
  EXPECT_THAT(Reasons(outcome), HasSubstr("no progress: orders-0 wasn't read to its end after the heal; b3 may lead it "
                                          "(ISR [3]) and has it up to offset 0, but isn't running"));
  const auto json = nlohmann::json::parse(ToJson(outcome));
  EXPECT_EQ(json["progress"], "missing");
  EXPECT_EQ(json["recoverable"], true);
  EXPECT_EQ(json["budget"]["class"], "tolerable");
  EXPECT_EQ(json["budget"]["tolerable"][0], "crash");
}

TEST(Progress, StuckWithoutAnyFaultToo) {
  const Outcome outcome = RunWith(kNeverStarts, "");
  EXPECT_EQ(ExitCodeOf(outcome), kNoProgress);
  EXPECT_EQ(BudgetOf(outcome.run.faults).name(), "none");
}

TEST(Progress, NobodyDemandsItAfterAFaultBeyondTheBudget) {
  const Outcome outcome =
      RunWith(kNeverStarts, "fault { id: 'd' at: '5s' lasts: '5s' disk_dead { node: 'b2' } } " + std::string(kCrash));
  EXPECT_EQ(outcome.progress.kind, Progress::Kind::kNotDemanded);
  EXPECT_TRUE(outcome.progress.recoverable) << "b3's disk is whole";
  EXPECT_EQ(ExitCodeOf(outcome), kUnknown);
  EXPECT_THAT(Reasons(outcome), HasSubstr("disk_dead is beyond what systems promise to survive"));
  EXPECT_EQ(BudgetOf(outcome.run.faults).Text(), "beyond (disk_dead); tolerable (crash)");
}

TEST(Progress, AFaultWithoutEffectIsNotInTheBudget) {
  const Outcome outcome = RunWith(kNeverStarts, "fault { id: 'd' at: '5s' lasts: '5s' may_be_inert: true "
                                            "lying_sync { node: 'b3' } }");
  EXPECT_EQ(ExitCodeOf(outcome), kNoProgress);
}

// They come back with empty disks within the audit, which is too impatient to see it.
TEST(Progress, WithAllReplicasDestroyedNothingCanBeRecovered) {
  const Outcome outcome =
      RunWith("brokers: 3 topic { name: 'orders' replication_factor: 3 } "
          "producer { name: 'p' topic: 'orders' records: 20 start: '3s' }",
          "heal_at: '30s' audit_patience: '1ms' fault { id: 'd' at: '10s' disk_dead { node: 'role(broker)' } }");
  EXPECT_FALSE(outcome.progress.recoverable);
  EXPECT_EQ(ExitCodeOf(outcome), kUnknown);
  EXPECT_THAT(Reasons(outcome), HasSubstr("can't recover: orders-0: all that may lead it"));
  // Whoever was the last in the ISR.
  EXPECT_THAT(Reasons(outcome), ContainsRegex("\\(ISR \\[([123])\\]\\) have lost what they had: b[123] \\(fault d\\)"));
  const auto json = nlohmann::json::parse(ToJson(outcome));
  EXPECT_EQ(json["progress"], "not demanded");
  EXPECT_EQ(json["recoverable"], false);
}

TEST(Progress, NorIfTheControllerHasForgotten) {
  const Outcome outcome =
      RunWith("brokers: 3 topic { name: 'orders' replication_factor: 3 }",
          "heal_at: '30s' audit_patience: '1ms' fault { id: 'd' at: '10s' disk_dead { node: 'controller' } }");
  EXPECT_FALSE(outcome.progress.recoverable);
  EXPECT_EQ(ExitCodeOf(outcome), kUnknown);
  EXPECT_THAT(Reasons(outcome), HasSubstr("the controller has lost what it knew of its replicas (fault d)"));
}

TEST(Progress, ARunThatFinishesIsJudgedByItsHistoryAlone) {
  const Outcome outcome = RunWith("brokers: 3 topic { name: 'orders' replication_factor: 3 }",
                              "fault { id: 'd' at: '5s' lasts: '5s' disk_dead { node: 'b1' } }");
  EXPECT_FALSE(outcome.run.stuck.has_value());
  EXPECT_EQ(outcome.progress.kind, Progress::Kind::kMade);
  EXPECT_EQ(ExitCodeOf(outcome), kHeld);
  EXPECT_FALSE(nlohmann::json::parse(ToJson(outcome)).contains("recoverable"));
}

}  // namespace
}  // namespace brokersim::runner
