// Settings set back one by one: which are, and to what.
#include "scenarios/setting_changes.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace brokersim::scenarios {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Setup Cluster() {
  Setup setup;
  Kafka* kafka = setup.mutable_kafka();
  kafka->add_topic()->set_name("orders");
  for (const char* name : {"p1", "p2"}) kafka->add_producer()->set_name(name);
  return setup;
}

// All changes of one setting.
std::vector<SettingChange> Of(const Setup& setup, const std::string& setting) {
  std::vector<SettingChange> changes = SettingChanges(setup);
  std::erase_if(changes, [&](const SettingChange& change) { return !change.line.starts_with(setting); });
  return changes;
}

TEST(SettingChanges, ADefaultThatIsNotSafe) {
  const std::vector<SettingChange> changes = Of(Cluster(), "min.insync.replicas");
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].line, "min.insync.replicas=1");
  EXPECT_EQ(changes[0].whose, "brokers");
  EXPECT_EQ(changes[0].instead, "2");
  EXPECT_FALSE(changes[0].given);
  EXPECT_THAT(changes[0].risk, HasSubstr("one replica's word"));
  EXPECT_THAT(changes[0].setup.kafka().config(), ElementsAre("min.insync.replicas=2"));
}

TEST(SettingChanges, WhatIsSafeOrTheDefaultStays) {
  scenarios::Setup setup = Cluster();
  setup.mutable_kafka()->add_config("min.insync.replicas=2");
  setup.mutable_kafka()->mutable_producer(0)->add_config("acks=all");
  // Safe, but not the default: it is set back, and allows nothing.
  const std::vector<SettingChange> changes = Of(setup, "min.insync.replicas");
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].instead, "1");
  EXPECT_TRUE(changes[0].given);
  EXPECT_EQ(changes[0].risk, "");
  EXPECT_THAT(changes[0].setup.kafka().config(), IsEmpty());
  EXPECT_THAT(Of(setup, "acks"), IsEmpty());
}

// A line of several clients is one setting; the last line of each counts.
TEST(SettingChanges, OfSeveralClients) {
  scenarios::Setup setup = Cluster();
  for (Producer& producer : *setup.mutable_kafka()->mutable_producer()) {
    producer.add_config("acks=all");
    producer.add_config(" acks = 1 ");
    producer.add_config("linger.ms=5");
  }
  const std::vector<SettingChange> changes = Of(setup, "acks");
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].line, "acks=1");
  EXPECT_EQ(changes[0].whose, "p1 p2");
  EXPECT_EQ(changes[0].instead, "all");
  for (const Producer& producer : changes[0].setup.kafka().producer()) {
    EXPECT_THAT(producer.config(), ElementsAre("linger.ms=5"));
  }
  EXPECT_EQ(Of(setup, "linger.ms").front().risk, "");
}

TEST(SettingChanges, ABrokersOwnLine) {
  scenarios::Setup setup = Cluster();
  setup.mutable_kafka()->add_config("unclean.leader.election.enable=false");
  Broker* b2 = setup.mutable_kafka()->add_broker();
  b2->set_name("b2");
  b2->add_config("unclean.leader.election.enable=true");
  const std::vector<SettingChange> changes = Of(setup, "unclean.leader.election.enable");
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].whose, "b2");
  EXPECT_THAT(changes[0].setup.kafka().config(), IsEmpty());
  EXPECT_THAT(changes[0].setup.kafka().broker(0).config(), IsEmpty());
}

// A setting like any other, with the default "none".
TEST(SettingChanges, AMutant) {
  scenarios::Setup setup = Cluster();
  setup.mutable_kafka()->add_config("mutant=ack-before-replication");
  const std::vector<SettingChange> changes = Of(setup, "mutant");
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].instead, "none");
  EXPECT_THAT(changes[0].risk, HasSubstr("as soon as the leader has it"));
}

TEST(SettingChanges, NamesAreNoSettings) {
  scenarios::Setup setup = Cluster();
  Consumer* consumer = setup.mutable_kafka()->add_consumer();
  consumer->set_name("c1");
  consumer->add_config("group.id=shop");
  std::vector<std::string> lines;
  for (const SettingChange& change : SettingChanges(setup)) lines.push_back(change.line);
  EXPECT_THAT(lines, Not(Contains("group.id=shop")));
  EXPECT_THAT(lines, Contains("enable.auto.commit=true"));
}

TEST(SettingChanges, WhatIsAFieldOfItsOwn) {
  scenarios::Setup setup = Cluster();
  setup.mutable_kafka()->mutable_topic(0)->set_replication_factor(1);
  Consumer* consumer = setup.mutable_kafka()->add_consumer();
  consumer->set_name("c1");
  consumer->set_commit(Consumer::BEFORE_PROCESSING);
  consumer->set_effects(true);
  EXPECT_EQ(Of(setup, "commit").front().setup.kafka().consumer(0).commit(), Consumer::AFTER_PROCESSING);
  EXPECT_TRUE(Of(setup, "idempotent_effects").front().setup.kafka().consumer(0).idempotent_effects());
  EXPECT_EQ(Of(setup, "replication_factor<3").front().setup.kafka().topic(0).replication_factor(), 3);
}

}  // namespace
}  // namespace brokersim::scenarios
