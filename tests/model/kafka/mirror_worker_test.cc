// MirrorMaker processes that share a flow: who copies what, when one dies, when configurations differ.
#include <fmt/format.h>

#include <set>
#include <string>

#include "formats/history.pb.h"
#include "gtest/gtest.h"
#include "scenarios/run.h"

namespace brokersim::kafka {
namespace {

constexpr std::string_view kOrders = "b/a.orders-0";
constexpr std::string_view kPayments = "b/a.payments-0";

class MirrorWorkers : public testing::Test {
 protected:
  // mm1 starts at 1 s, mm2 at 15 s; `first` and `second` go into them, `more` into the setup.
  void Run(std::string_view first, std::string_view second, std::string_view more) {
    const std::string text = fmt::format(R"(
      name: "workers" title: "t"
      setup {{
        kafka {{
          name: "a"
          config: "offsets.topic.num.partitions=1"
          topic {{ name: "orders" partitions: 1 replication_factor: 3 }}
          topic {{ name: "payments" partitions: 1 replication_factor: 3 }}
          producer {{ name: "p1" topic: "orders" interval {{ constant: "200ms" }} stop: "80s" }}
          producer {{ name: "p2" topic: "payments" interval {{ constant: "200ms" }} stop: "80s" }}
        }}
        cluster {{ name: "b" config: "offsets.topic.num.partitions=1" }}
        mirror_maker {{ name: "mm1" config: "a->b.enabled=true" config: "b.scheduled.rebalance.max.delay.ms=10000" {} }}
        mirror_maker {{
          name: "mm2" config: "a->b.enabled=true" config: "b.scheduled.rebalance.max.delay.ms=10000" start: "15s" {}
        }}
        audit_at: "100s"
        {}
      }}
      variant {{ name: "v" summary: "s" expect {{ seeds: 1 }} }})",
                                         first, second, more);
    const auto scenario = scenarios::ParseScenario(text, "scenarios/kafka/workers.textproto");
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    const scenarios::RunResult run =
        scenarios::RunScenario(scenario->variants[0], 1, sim::RecordingLevel::kHistory, "test");
    ASSERT_EQ(run.internal_error, "");
    history_ = run.history;
  }

  // How many copies were stored in the log within these seconds, by the process ("": by whichever).
  int64_t Copied(std::string_view log, std::string_view process, int64_t from, int64_t to) const {
    int64_t count = 0;
    for (const formats::Operation& operation : history_.operations()) {
      if (operation.f() != "mirror" || operation.type() != formats::Operation::OK) continue;
      if (!process.empty() && operation.process() != process) continue;
      if (operation.time_ns() < from * 1'000'000'000 || operation.time_ns() >= to * 1'000'000'000) continue;
      for (const formats::Action& action : operation.actions()) count += action.send().log() == log ? 1 : 0;
    }
    return count;
  }
  // How often values were copied that had been copied before.
  int64_t CopiedAgain(std::string_view log) const {
    std::set<std::string> seen;
    int64_t count = 0;
    for (const formats::Operation& operation : history_.operations()) {
      if (operation.f() != "mirror" || operation.type() != formats::Operation::OK) continue;
      for (const formats::Action& action : operation.actions()) {
        if (action.send().log() == log && !seen.insert(action.send().value()).second) ++count;
      }
    }
    return count;
  }

  formats::History history_;
};

constexpr std::string_view kBoth = R"(config: "a->b.topics=orders,payments")";
constexpr std::string_view kOrdersOnly = R"(config: "a->b.topics=orders")";

TEST_F(MirrorWorkers, OneTaskCopiesWhoeverHasIt) {
  Run(kBoth, kBoth, "");
  EXPECT_GT(Copied(kOrders, "", 40, 80), 150);
  EXPECT_GT(Copied(kPayments, "", 40, 80), 150);
  EXPECT_EQ(CopiedAgain(kOrders), 0);
  const std::string one = Copied(kOrders, "mm1", 40, 80) > 0 ? "mm2" : "mm1";
  EXPECT_EQ(Copied(kOrders, one, 40, 80), 0);
}

// The documentation's "one of the two, but not both": a follower's configuration doesn't count.
TEST_F(MirrorWorkers, AFollowersConfigurationDoesNotCount) {
  Run(kOrdersOnly, kBoth, "");
  EXPECT_GT(Copied(kOrders, "", 40, 80), 150);
  EXPECT_EQ(Copied(kPayments, "", 0, 100), 0);
}

// session.timeout.ms=10000, then the survivor leads, and doesn't know what the one that is gone had.
TEST_F(MirrorWorkers, TheSurvivorTakesOverWhatTheLeaderHad) {
  Run(kBoth, kBoth, R"(fault { id: "host" at: "35s" crash { node: "mm1" } })");
  EXPECT_GT(Copied(kOrders, "mm1", 25, 35), 40);
  EXPECT_EQ(Copied(kOrders, "", 36, 42), 0);
  EXPECT_GT(Copied(kOrders, "mm2", 50, 80), 140);
  // From the offsets of the last flush (MirrorMaker is at least once), which there was none of in the first minute.
  EXPECT_GT(CopiedAgain(kOrders), 100);
  EXPECT_EQ(Copied(kOrders, "mm2", 40, 100), Copied(kOrders, "", 0, 100) - Copied(kOrders, "mm1", 0, 100));
}

// scheduled.rebalance.max.delay.ms
TEST_F(MirrorWorkers, AFollowersWorkWaitsForItsReturn) {
  Run(kBoth, kBoth, R"(fault { id: "host" at: "35s" crash { node: "mm2" } })");
  EXPECT_GT(Copied(kOrders, "", 60, 80), 80);
  EXPECT_EQ(Copied(kOrders, "mm2", 36, 100), 0);
}

TEST_F(MirrorWorkers, ANewLeadersConfigurationReplacesTheOldOne) {
  Run(kBoth, kOrdersOnly, R"(fault { id: "host" at: "35s" lasts: "10s" crash { node: "mm1" } })");
  EXPECT_GT(Copied(kPayments, "mm1", 25, 35), 40);
  EXPECT_GT(Copied(kOrders, "", 60, 80), 80);
  EXPECT_EQ(Copied(kPayments, "", 60, 100), 0);
}

// KAFKA-15372: before 3.7 a process wrote its configuration only if it led when it started.
TEST_F(MirrorWorkers, BeforeKafka15372ItStands) {
  const std::string off = R"(config: "KAFKA-15372=off")";
  Run(fmt::format("{} {}", kBoth, off), fmt::format("{} {}", kOrdersOnly, off),
      R"(fault { id: "host" at: "35s" crash { node: "mm1" } })");
  EXPECT_GT(Copied(kPayments, "mm2", 60, 80), 80);
}

// It leaves its group when it has stopped its tasks and written down how far they came: nothing is copied twice.
TEST_F(MirrorWorkers, AnOrderlyStopCopiesNothingTwice) {
  Run(kBoth, kBoth, R"(fault { id: "restart" at: "35s" lasts: "20s" stop { node: "mm1" } })");
  EXPECT_GT(Copied(kOrders, "mm2", 38, 60), 80);
  EXPECT_EQ(CopiedAgain(kOrders), 0);
  EXPECT_EQ(CopiedAgain(kPayments), 0);
}

}  // namespace
}  // namespace brokersim::kafka
