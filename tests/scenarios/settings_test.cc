// What --set changes of a scenario.
#include "scenarios/settings.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace brokersim::scenarios {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kText = R"(
name: "s"
setup {
  network { link { from: "dc1" to: "dc2" } }
  kafka {
    config: "min.insync.replicas=2"
    broker { name: "b2" config: "min.insync.replicas=3" config: "num.partitions=2" }
    topic { name: "orders" partitions: 2 replication_factor: 3 }
    producer { name: "p1" topic: "orders" config: "acks=all" records: 5
               interval { uniform { low: "1ms" high: "2ms" } } }
    producer { name: "p2" topic: "orders" records: 6 }
    consumer { name: "c1" topic: "orders" config: "group.id=g" }
  }
  fault { id: "cut" at: "3s" lasts: "1s" isolate { node: "b1" } }
  heal_at: "20s"
  audit_at: "30s"
}
variant { name: "only" }
)";

absl::StatusOr<ResolvedScenario> With(const std::vector<std::string>& lines) {
  absl::StatusOr<LoadedScenario> loaded = ParseScenario(kText, "s.textproto");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return WithSettings(loaded->variants.front(), lines);
}

scenarios::Setup Good(const std::vector<std::string>& lines) {
  absl::StatusOr<ResolvedScenario> changed = With(lines);
  EXPECT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->settings, lines);
  return changed->setup;
}

std::string Bad(const std::string& line) { return std::string(With({line}).status().message()); }

TEST(Settings, OfBrokersReplaceWhatAnyBrokerHas) {
  const auto setup = Good({"min.insync.replicas=1"});
  EXPECT_THAT(setup.kafka().config(), ElementsAre("min.insync.replicas=1"));
  EXPECT_THAT(setup.kafka().broker(0).config(), ElementsAre("num.partitions=2"));
}

TEST(Settings, GoToWhoKnowsThem) {
  const auto setup = Good({"request.timeout.ms=500", "acks=1", "mutant=dedup-off"});
  EXPECT_THAT(setup.kafka().producer(0).config(), ElementsAre("request.timeout.ms=500", "acks=1"));
  EXPECT_THAT(setup.kafka().producer(1).config(), ElementsAre("request.timeout.ms=500", "acks=1"));
  EXPECT_THAT(setup.kafka().consumer(0).config(), ElementsAre("group.id=g", "request.timeout.ms=500"));
  EXPECT_THAT(setup.kafka().config(), ElementsAre("min.insync.replicas=2", "mutant=dedup-off"));
}

TEST(Settings, OfOneNode) {
  const auto setup = Good({"p2.acks=0", "b2.num.partitions=7", "p1.records=50", "c1.processing=3ms"});
  EXPECT_THAT(setup.kafka().producer(0).config(), ElementsAre("acks=all"));
  EXPECT_THAT(setup.kafka().producer(1).config(), ElementsAre("acks=0"));
  EXPECT_THAT(setup.kafka().broker(0).config(), ElementsAre("min.insync.replicas=3", "num.partitions=7"));
  EXPECT_EQ(setup.kafka().producer(0).records(), 50);
  EXPECT_EQ(setup.kafka().consumer(0).processing().constant(), "3ms");
}

TEST(Settings, Fields) {
  const auto setup = Good({"heal_at=25s", "brokers=5", "orders.partitions=4", "producer.records=9", "cut.at=4s",
                           "network.link.latency=exponential 5ms", "permute_ties=true", "check=lost-write",
                           "cut.isolate.node=b3", "kafka.service_time=1ms", "p1.interval=uniform 1ms 5ms"});
  EXPECT_EQ(setup.heal_at(), "25s");
  EXPECT_EQ(setup.kafka().brokers(), 5);
  EXPECT_EQ(setup.kafka().topic(0).partitions(), 4);
  EXPECT_EQ(setup.kafka().producer(0).records(), 9);
  EXPECT_EQ(setup.kafka().producer(1).records(), 9);
  EXPECT_EQ(setup.fault(0).at(), "4s");
  EXPECT_EQ(setup.network().link(0).latency().exponential().mean(), "5ms");
  EXPECT_TRUE(setup.permute_ties());
  EXPECT_THAT(setup.check(), ElementsAre("lost-write"));
  EXPECT_THAT(setup.fault(0).isolate().node(), ElementsAre("b3"));
  EXPECT_EQ(setup.kafka().service_time(), "1ms");
  EXPECT_EQ(setup.kafka().producer(0).interval().uniform().high(), "5ms");
}

TEST(Settings, ErrorsNameTheLineAndTheRemedy) {
  EXPECT_THAT(Bad("min.insync.replica=1"), HasSubstr("min.insync.replica=1: there is neither such a setting nor such a "
                                                     "field (did you mean 'min.insync.replicas'?); keys are "));
  EXPECT_THAT(Bad("p1.recods=1"), HasSubstr("(did you mean 'p1.records'?)"));
  EXPECT_THAT(Bad("heal_ad=1s"), HasSubstr("(did you mean 'heal_at'?)"));
  EXPECT_THAT(Bad("whatever=1"), HasSubstr("both behind a name: cut, b2, orders, p1, p2, c1"));
  EXPECT_EQ(Bad("acks=7"), "acks=7: acks takes 0, 1 or all, not '7'");
  EXPECT_EQ(Bad("p1.records=x"), "p1.records=x: takes a whole number, not 'x'");
  EXPECT_EQ(Bad("c1.commit=x"), "c1.commit=x: takes AUTO, BEFORE_PROCESSING, AFTER_PROCESSING, not 'x'");
  EXPECT_EQ(Bad("acks"), "acks: isn't of the form KEY=VALUE");
  EXPECT_EQ(Bad("=1"), "=1: isn't of the form KEY=VALUE");
  EXPECT_EQ(Bad("log.segment.bytes=1"), "log.segment.bytes=1: a known setting that has no effect on the model");
  EXPECT_EQ(Bad("cut.partition.group=b1"), "cut.partition.group=b1: the scenario has no partition there");
  EXPECT_EQ(Bad("network=1"), "network=1: has fields of its own; name one of them behind a dot");
  EXPECT_EQ(Bad("producer=1"), "producer=1: is a list; name a field of its elements behind a dot");
  // What only the whole scenario can tell.
  EXPECT_EQ(Bad("heal_at=40s"), "heal_at=40s: heal_at must not be later than audit_at");
}

TEST(Settings, OfRocketMq) {
  absl::StatusOr<LoadedScenario> loaded = ParseScenario(R"(
name: "s"
setup {
  rocketmq {
    config: "flushDiskType=SYNC_FLUSH"
    group { name: "a" slaves: 1 config: "flushDiskType=SYNC_FLUSH" }
    topic { name: "orders" queues: 2 }
    producer { name: "p1" topic: "orders" messages: 5 }
    consumer { name: "c1" topic: "orders" config: "consumerGroup=g" }
  }
  audit_at: "30s"
}
variant { name: "only" }
)",
                                                        "s.textproto");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const ResolvedScenario& variant = loaded->variants.front();
  const auto changed =
      WithSettings(variant, {"flushDiskType=ASYNC_FLUSH", "p1.messages=7", "a.slaves=0", "name_servers=3"});
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_FALSE(changed->setup.has_kafka());
  EXPECT_THAT(changed->setup.rocketmq().config(), ElementsAre("flushDiskType=ASYNC_FLUSH"));
  EXPECT_TRUE(changed->setup.rocketmq().group(0).config().empty());
  EXPECT_EQ(changed->setup.rocketmq().producer(0).messages(), 7);
  EXPECT_EQ(changed->setup.rocketmq().group(0).slaves(), 0);
  EXPECT_EQ(changed->setup.rocketmq().name_servers(), 3);
  EXPECT_THAT(std::string(WithSettings(variant, {"flushDiskTyp=1"}).status().message()),
              HasSubstr("(did you mean 'flushDiskType'?)"));
}

TEST(Settings, AreTold) {
  EXPECT_EQ(VariantText(*With({})), "only");
  EXPECT_EQ(VariantText(*With({"acks=1", "brokers=4"})), "only, acks=1, brokers=4");
}

}  // namespace
}  // namespace brokersim::scenarios
