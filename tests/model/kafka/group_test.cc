// Where groups and keyed records live, and how members share the work.
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "checker/check.h"
#include "gtest/gtest.h"
#include "model/kafka/group_coordinator.h"
#include "model/kafka/producer.h"
#include "scenarios/run.h"

namespace brokersim::kafka {
namespace {

// String.hashCode: s[0] * 31^(n-1) + ... + s[n-1], in 32 bits.
TEST(KafkaOffsetsPartition, JavasHashOfTheGroupModuloPartitions) {
  struct Case {
    const char* group;
    int32_t hash;
    int32_t of_fifty;
  };
  // The hash of the last but one is negative: its absolute value counts. That of the last has none in Java: 0
  // (Utils.abs).
  for (const Case& c : {Case{"", 0, 0}, Case{"a", 97, 47}, Case{"ab", 3105, 5}, Case{"hello", 99162322, 22},
                        Case{"billing", -109829509, 9}, Case{"polygenelubricants", INT32_MIN, 0}}) {
    EXPECT_EQ(OffsetsPartitionFor(c.group, 50), c.of_fifty) << c.group;
    const int64_t magnitude = c.hash == INT32_MIN ? 0 : std::abs(int64_t{c.hash});
    EXPECT_EQ(OffsetsPartitionFor(c.group, 1000003), magnitude % 1000003) << c.group;
    EXPECT_EQ(OffsetsPartitionFor(c.group, 1), 0);
  }
}

// The values of Kafka's UtilsTest.testMurmur2.
TEST(KafkaPartitioner, Murmur2) {
  const std::map<std::string, int32_t> expected = {
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107},
  };
  for (const auto& [key, hash] : expected) {
    const int32_t positive = hash & 0x7fffffff;  // Utils.toPositive
    EXPECT_EQ(PartitionForKey(key, INT32_MAX), positive % INT32_MAX) << key;
    for (const int32_t partitions : {1, 2, 3, 12, 50}) {
      EXPECT_EQ(PartitionForKey(key, partitions), positive % partitions) << key << " of " << partitions;
    }
  }
}

// ---- In a small cluster

class KafkaGroup : public testing::Test {
 protected:
  // Two members of the group "shop", which read five partitions; `more` goes into the setup.
  void Run(std::string_view more, std::string_view second_starts = "2s") {
    const std::string text = fmt::format(R"(
      name: "group" title: "t"
      setup {{
        kafka {{
          brokers: 3
          config: "min.insync.replicas=2"
          config: "offsets.topic.num.partitions=1"
          config: "broker.session.timeout.ms=3000"
          config: "broker.heartbeat.interval.ms=500"
          config: "group.initial.rebalance.delay.ms=1000"
          topic {{ name: "orders" partitions: 5 replication_factor: 3 }}
          producer {{ name: "p1" topic: "orders" interval {{ constant: "50ms" }} stop: "40s" keys: 20 }}
          consumer {{
            name: "c1" topic: "orders" commit: AFTER_PROCESSING effects: true idempotent_effects: true
            config: "group.id=shop" config: "auto.offset.reset=earliest"
            config: "session.timeout.ms=6000" config: "heartbeat.interval.ms=1000"
          }}
          consumer {{
            name: "c2" topic: "orders" commit: AFTER_PROCESSING effects: true idempotent_effects: true
            config: "group.id=shop" config: "auto.offset.reset=earliest"
            config: "session.timeout.ms=6000" config: "heartbeat.interval.ms=1000"
            start: "{}"
          }}
        }}
        heal_at: "60s"
        audit_at: "75s"
        check: "lost-write" check: "duplicate" check: "skipped" check: "rollback"
        {}
      }}
      variant {{ name: "v" summary: "s" expect {{ seeds: 1 }} }})", second_starts, more);
    const auto scenario = scenarios::ParseScenario(text, "scenarios/kafka/group.textproto");
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    const scenarios::RunResult run =
        scenarios::RunScenario(scenario->variants[0], 1, sim::RecordingLevel::kHistory, "test");
    ASSERT_EQ(run.internal_error, "");
    history_ = run.history;
    const formats::Verdict verdict = checker::Check(history_, scenario->variants[0].world->checks());
    EXPECT_EQ(verdict.result(), formats::Verdict::VALID) << verdict.DebugString().substr(0, 2000);
  }

  // What the member was assigned last, by this time.
  std::vector<std::string> Assigned(std::string_view member, int64_t by_seconds) const {
    std::vector<std::string> logs;
    for (const formats::Operation& operation : history_.operations()) {
      if (operation.process() != member || operation.f() != "assign") continue;
      if (operation.time_ns() > by_seconds * 1'000'000'000) continue;
      logs.clear();
      for (const formats::Action& action : operation.actions()) {
        for (const formats::Position& position : action.assign().positions()) logs.push_back(position.log());
      }
    }
    return logs;
  }
  int64_t Processed(std::string_view member, int64_t from_seconds) const {
    int64_t count = 0;
    for (const formats::Operation& operation : history_.operations()) {
      if (operation.process() != member || operation.time_ns() < from_seconds * 1'000'000'000) continue;
      for (const formats::Action& action : operation.actions()) {
        if (action.has_poll()) count += action.poll().reads_size();
      }
    }
    return count;
  }

  formats::History history_;
};

// RangeAssignor: runs of partitions, the first members one more where it doesn't divide.
TEST_F(KafkaGroup, FivePartitionsForTwoMembersAreThreeAndTwo) {
  Run("");
  const std::vector<std::string> first = Assigned("c1", 30);
  const std::vector<std::string> second = Assigned("c2", 30);
  const std::vector<std::string> three = {"orders-0", "orders-1", "orders-2"};
  const std::vector<std::string> two = {"orders-3", "orders-4"};
  EXPECT_TRUE((first == three && second == two) || (first == two && second == three))
      << first.size() << " and " << second.size();
}

TEST_F(KafkaGroup, ALateMemberGetsItsShare) {
  Run("", "15s");
  EXPECT_EQ(Assigned("c1", 14).size(), 5u);
  EXPECT_TRUE(Assigned("c2", 14).empty());
  EXPECT_EQ(Assigned("c1", 30).size() + Assigned("c2", 30).size(), 5u);
  EXPECT_GE(Assigned("c2", 30).size(), 2u);
}

// A member that leaves says so: the other takes over at its next heartbeat.
TEST_F(KafkaGroup, TheOtherTakesOverFromAMemberThatLeaves) {
  Run(R"(fault { id: "leave" at: "20s" stop { node: "c2" } })");
  EXPECT_EQ(Assigned("c1", 19).size() + Assigned("c2", 19).size(), 5u);
  EXPECT_EQ(Assigned("c1", 24).size(), 5u);
  EXPECT_GT(Processed("c1", 24), 0);
}

// A member that crashes is missed when its session ends.
TEST_F(KafkaGroup, TheOtherTakesOverFromAMemberThatCrashes) {
  Run(R"(fault { id: "crash" at: "20s" crash { node: "c2" } })");
  EXPECT_EQ(Assigned("c1", 23).size(), Assigned("c1", 19).size()) << "its session isn't over yet";
  EXPECT_EQ(Assigned("c1", 35).size(), 5u);
}

// Committed offsets are records of __consumer_offsets: another coordinator reads them, and the group goes on from there
// (the checks say that nothing is skipped, and no commit taken back).
TEST_F(KafkaGroup, CommittedOffsetsSurviveTheCoordinator) {
  Run(R"-(fault { id: "crash" at: "20s" lasts: "15s" crash { node: "coordinator(shop)" } })-");
  EXPECT_EQ(Assigned("c1", 40).size() + Assigned("c2", 40).size(), 5u);
  EXPECT_GT(Processed("c1", 30) + Processed("c2", 30), 0);
}

}  // namespace
}  // namespace brokersim::kafka
