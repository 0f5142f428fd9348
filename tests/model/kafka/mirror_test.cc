// Offset syncs and their translation, and the reading of mm2.properties. What MirrorMaker does in a run: the scenarios
// mirror_*.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/kafka/mirror/config.h"
#include "model/kafka/mirror/offset_syncs.h"

namespace brokersim::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TopicPartition kOrders{"a/orders", 0};

std::vector<int64_t> SyncsOf(SyncDecision decision, const std::vector<OffsetSync>& copied) {
  std::vector<int64_t> at;
  for (const OffsetSync& each : copied) {
    if (decision.Update(each)) at.push_back(each.upstream);
  }
  return at;
}

std::vector<OffsetSync> OneToOne(int64_t count) {
  std::vector<OffsetSync> copied;
  for (int64_t i = 0; i < count; ++i) copied.push_back({i, i});
  return copied;
}

TEST(SyncDecision, FirstRecordAndEveryLagAfterIt) {
  EXPECT_THAT(SyncsOf({100, Translation::kConservative}, OneToOne(250)), ElementsAre(0, 101, 202));
  EXPECT_THAT(SyncsOf({0, Translation::kConservative}, OneToOne(4)), ElementsAre(0, 1, 2, 3));
}

TEST(SyncDecision, GapUpstreamAndTruncationDownstream) {
  EXPECT_THAT(SyncsOf({100, Translation::kConservative}, {{0, 0}, {1, 1}, {3, 2}, {4, 3}, {5, 1}}),
              ElementsAre(0, 3, 5));
}

TEST(SyncDecision, ExtrapolatingWritesNoneWhileOffsetsRunInParallel) {
  EXPECT_THAT(SyncsOf({100, Translation::kExtrapolating}, OneToOne(250)), ElementsAre(0));
}

TEST(OffsetSyncStore, NothingIsKnownOfOtherPartitions) {
  OffsetSyncStore store(Translation::kConservative);
  store.Add(kOrders, {0, 0});
  EXPECT_EQ(store.TranslateDownstream({"a/orders", 1}, 5), std::nullopt);
}

TEST(OffsetSyncStore, AtMostOneBeyondTheNearestSyncBefore) {
  OffsetSyncStore store(Translation::kConservative);
  store.Add(kOrders, {100, 50});
  EXPECT_EQ(store.TranslateDownstream(kOrders, 99), -1);
  EXPECT_EQ(store.TranslateDownstream(kOrders, 100), 50);
  EXPECT_EQ(store.TranslateDownstream(kOrders, 101), 51);
  EXPECT_EQ(store.TranslateDownstream(kOrders, 190), 51);
}

TEST(OffsetSyncStore, ExtrapolatingGoesAsFarAsTheGroup) {
  OffsetSyncStore store(Translation::kExtrapolating);
  store.Add(kOrders, {100, 50});
  EXPECT_EQ(store.TranslateDownstream(kOrders, 190), 140);
  EXPECT_EQ(store.TranslateDownstream(kOrders, 99), -1);
}

// The i-th sync that is kept is the first of the aligned range of 2^i offsets in which the latest lies: old positions
// are translated ever more roughly, and never forward.
TEST(OffsetSyncStore, OldSyncsLieEverFurtherApart) {
  constexpr int64_t kLatest = 1000;
  OffsetSyncStore store(Translation::kConservative);
  for (int64_t i = 0; i <= kLatest; ++i) store.Add(kOrders, {i, i});
  for (int64_t group = 0; group <= kLatest; ++group) {
    int bits = 0;
    while (((kLatest >> bits) << bits) > group) ++bits;
    const int64_t sync = (kLatest >> bits) << bits;
    EXPECT_EQ(store.TranslateDownstream(kOrders, group), group == sync ? sync : sync + 1) << group;
  }
}

TEST(OffsetSyncStore, RewindForgetsWhatWas) {
  OffsetSyncStore store(Translation::kConservative);
  store.Add(kOrders, {100, 100});
  store.Add(kOrders, {10, 200});
  EXPECT_EQ(store.TranslateDownstream(kOrders, 100), 201);
  EXPECT_EQ(store.TranslateDownstream(kOrders, 9), -1);
}

absl::StatusOr<std::vector<MirrorFlowConfig>> Read(const std::vector<std::string>& lines) {
  std::vector<std::string> ignored;
  std::string wrong_line;
  return ReadMirrorConfig(lines, {"a", "b"}, &ignored, &wrong_line);
}

TEST(MirrorConfig, FlowsAreOffUnlessEnabled) {
  EXPECT_TRUE(Read({})->empty());
  const auto flows = Read({"a->b.enabled = true"});
  ASSERT_EQ(flows->size(), 1u);
  EXPECT_EQ((*flows)[0].source, "a");
  EXPECT_EQ((*flows)[0].target, "b");
}

TEST(MirrorConfig, TheFlowsOwnLineWins) {
  const auto flows = Read({"a->b.offset.lag.max=1", "enabled=true", "offset.lag.max=7"});
  ASSERT_EQ(flows->size(), 2u);
  EXPECT_EQ((*flows)[0].config.offset_lag_max, 1);
  EXPECT_EQ((*flows)[1].config.offset_lag_max, 7);
}

TEST(MirrorConfig, AClustersLineCountsWhereItIsReadOrWritten) {
  const auto flows = Read({"enabled=true", "a.consumer.isolation.level=read_committed"});
  EXPECT_EQ((*flows)[0].config.consumer_isolation_level, "read_committed");
  EXPECT_EQ((*flows)[1].config.consumer_isolation_level, "read_uncommitted");
}

TEST(MirrorConfig, Errors) {
  EXPECT_THAT(std::string(Read({"a->c.enabled=true"}).status().message()), HasSubstr("there is no cluster 'c'"));
  EXPECT_THAT(std::string(Read({"a->b=true"}).status().message()), HasSubstr("a->b.enabled=true"));
  EXPECT_THAT(std::string(Read({"offset.lag.mx=1"}).status().message()), HasSubstr("offset.lag.max"));
  EXPECT_THAT(std::string(Read({"topics=["}).status().message()), HasSubstr("regular expressions"));
}

// What stands in a group's config topic is the connectors': a worker keeps what is its own.
TEST(MirrorConfig, ConnectorsConfigurationAsText) {
  const auto written = Read({"a->b.enabled=true", "a->b.topics=orders,pay.*", "sync.group.offsets.enabled=true",
                             "offset.flush.interval.ms=7", "consumer.isolation.level=read_committed"});
  const MirrorConfig& theirs = written->front().config;
  const auto own = Read({"a->b.enabled=true", "offset.flush.interval.ms=9"});
  const MirrorConfig& mine = own->front().config;
  const MirrorConfig both = FromConnectorConfig(ConnectorConfigText(theirs), mine);
  EXPECT_EQ(both.topics, "orders,pay.*");
  EXPECT_TRUE(both.sync_group_offsets_enabled);
  EXPECT_EQ(both.consumer_isolation_level, "read_committed");
  EXPECT_EQ(both.offset_flush_interval_ms, 9);
  EXPECT_EQ(ConnectorConfigText(both), ConnectorConfigText(theirs));
  EXPECT_NE(ConnectorConfigText(both), ConnectorConfigText(mine));
}

TEST(MirrorConfig, NamesOfMirrorsAndCycles) {
  MirrorConfig config;
  EXPECT_EQ(config.RemoteTopic("a", "orders"), "a.orders");
  EXPECT_TRUE(config.IsCycle("b", "b.orders"));
  EXPECT_TRUE(config.IsCycle("b", "c.b.orders"));
  EXPECT_FALSE(config.IsCycle("b", "a.orders"));
  config.replication_policy_class = "org.apache.kafka.connect.mirror.IdentityReplicationPolicy";
  EXPECT_EQ(config.RemoteTopic("a", "orders"), "orders");
}

TEST(MirrorConfig, WhatIsMirrored) {
  const MirrorConfig config;
  EXPECT_TRUE(config.MirrorsTopic("orders"));
  for (const char* own : {"__consumer_offsets", "mm2-offsets.a.internal", "a.checkpoints.internal", "x.replica"}) {
    EXPECT_FALSE(config.MirrorsTopic(own)) << own;
  }
  EXPECT_TRUE(config.MirrorsGroup("billing"));
  EXPECT_FALSE(config.MirrorsGroup("connect-mirror"));
}

}  // namespace
}  // namespace brokersim::kafka
