// Runs that end within the event that first breaks a promise.
#include "runner/violation_watch.h"

#include <gtest/gtest.h>

#include <string>

#include "checker/check.h"
#include "runner/judge.h"
#include "runner/outcome.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

// A consumer that processes before it commits, and dies: what it did since its last commit is done again.
scenarios::ResolvedScenario Resolved(const std::string& judges) {
  const auto loaded = scenarios::ParseScenario(R"(
    name: "own" title: "t" text: "t"
    setup {
      kafka {
        brokers: 1
        topic { name: "orders" partitions: 1 replication_factor: 1 }
        config: "offsets.topic.replication.factor=1"
        config: "offsets.topic.num.partitions=1"
        producer { name: "p1" topic: "orders" records: 300 interval { constant: "50ms" } }
        consumer {
          name: "c1" topic: "orders" config: "group.id=shop" config: "auto.offset.reset=earliest"
          config: "session.timeout.ms=6000" config: "heartbeat.interval.ms=2000"
          processing { constant: "40ms" } effects: true commit: AFTER_PROCESSING
        }
      }
      fault { id: "crash" at: "9s" lasts: "1s" crash { node: "c1" } }
      audit_at: "60s"
      )" + judges + R"(
    }
    variant { name: "only" summary: "s" expect { anomaly: "duplicate" } }
  )",
                                               "own.textproto");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded->variants[0];
}

formats::History Beginning(const formats::History& history, int operations) {
  formats::History beginning = history;
  beginning.mutable_operations()->DeleteSubrange(operations, history.operations_size() - operations);
  return beginning;
}

void ExpectEndsAtTheFirst(const scenarios::ResolvedScenario& scenario) {
  const Outcome whole = RunAndCheck(scenario, 1, sim::RecordingLevel::kHistory);
  const Outcome early = RunAndCheck(scenario, 1, sim::RecordingLevel::kHistory, testing::TempDir());
  ASSERT_EQ(whole.verdict.result(), formats::Verdict::INVALID);
  EXPECT_EQ(early.run.reason, sim::RunEnd::kStopped);
  const int size = early.run.history.operations_size();
  ASSERT_LT(size, whole.run.history.operations_size());
  EXPECT_EQ(early.run.history.SerializeAsString(), Beginning(whole.run.history, size).SerializeAsString());
  const auto found = [&](int operations) {
    const formats::History beginning = Beginning(whole.run.history, operations);
    return ModelsFind(beginning, *scenario.world) ||
           checker::Check(beginning, scenario.world->checks()).result() == formats::Verdict::INVALID;
  };
  EXPECT_TRUE(found(size));
  EXPECT_FALSE(found(size - 1));
  EXPECT_EQ(early.verdict.SerializeAsString(), JudgeHistory(early.run.history, *scenario.world).SerializeAsString());
}

TEST(ViolationWatch, EndsWhereAModelFirstFindsSomething) {
  ExpectEndsAtTheFirst(Resolved("check: \"aborted-read\" model { name: \"exactly-once\" }"));
}

TEST(ViolationWatch, EndsWhereACheckDoes) { ExpectEndsAtTheFirst(Resolved("check: \"duplicate\"")); }

TEST(ViolationWatch, WhatKeepsItsPromisesRunsToItsEnd) {
  const auto scenario = Resolved("check: \"aborted-read\" model { name: \"kafka\" option: \"subscribe\" }");
  const Outcome whole = RunAndCheck(scenario, 1, sim::RecordingLevel::kHistory);
  const Outcome watched = RunAndCheck(scenario, 1, sim::RecordingLevel::kHistory, testing::TempDir());
  EXPECT_EQ(watched.run.history.SerializeAsString(), whole.run.history.SerializeAsString());
  EXPECT_EQ(watched.run.hash, whole.run.hash);
  EXPECT_EQ(watched.verdict.SerializeAsString(), whole.verdict.SerializeAsString());
}

}  // namespace
}  // namespace brokersim::runner
