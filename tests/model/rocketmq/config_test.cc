#include "model/rocketmq/config.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace brokersim::rocketmq {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Error(const absl::Status& status) { return std::string(status.message()); }

TEST(Config, TakesRealNamesAndUnits) {
  BrokerConfig config;
  std::vector<std::string> ignored;
  EXPECT_TRUE(ApplyBrokerConfig("flushDiskType = SYNC_FLUSH", &config, &ignored).ok());
  EXPECT_TRUE(ApplyBrokerConfig("transactionCheckInterval=60000", &config, &ignored).ok());
  EXPECT_TRUE(ApplyBrokerConfig("enableAutoInSyncReplicas=true", &config, &ignored).ok());
  EXPECT_EQ(config.flush_disk_type, "SYNC_FLUSH");
  EXPECT_EQ(config.transaction_check_interval, 60000);
  EXPECT_TRUE(config.enable_auto_in_sync_replicas);
  EXPECT_THAT(ignored, IsEmpty());
}

TEST(Config, ListsWhatIsKnownAndNotModelled) {
  BrokerConfig config;
  std::vector<std::string> ignored;
  EXPECT_TRUE(ApplyBrokerConfig("listenPort=10911", &config, &ignored).ok());
  EXPECT_THAT(ignored, ElementsAre("listenPort"));
}

TEST(Config, RefusesWithARemedy) {
  BrokerConfig broker;
  ConsumerConfig consumer;
  std::vector<std::string> ignored;
  EXPECT_THAT(Error(ApplyBrokerConfig("flushDiskTyp=SYNC_FLUSH", &broker, &ignored)),
              HasSubstr("no broker setting is named 'flushDiskTyp' (did you mean 'flushDiskType'?)"));
  EXPECT_THAT(Error(ApplyBrokerConfig("flushDiskType=SYNC", &broker, &ignored)),
              HasSubstr("flushDiskType takes ASYNC_FLUSH or SYNC_FLUSH, not 'SYNC'"));
  EXPECT_THAT(Error(ApplyBrokerConfig("slaveTimeout=soon", &broker, &ignored)),
              HasSubstr("slaveTimeout takes a whole number, not 'soon'"));
  EXPECT_THAT(Error(ApplyBrokerConfig("messageDelayLevel=1s 5x", &broker, &ignored)), HasSubstr("not '5x'"));
  EXPECT_THAT(Error(ApplyConsumerConfig("consumeThreadMax=0", &consumer, &ignored)),
              HasSubstr("consumeThreadMax must be at least 1, not 0"));
  EXPECT_THAT(Error(ApplyConsumerConfig("consumerGroup", &consumer, &ignored)), HasSubstr("isn't of the form"));
}

TEST(Config, ReadsDelayLevels) {
  std::vector<sim::Duration> levels;
  ASSERT_TRUE(ReadDelayLevels("1s 5m 2h 1d", &levels).ok());
  EXPECT_THAT(levels, ElementsAre(sim::Seconds(1), sim::Seconds(300), sim::Seconds(7200), sim::Seconds(86400)));
  ASSERT_TRUE(ReadDelayLevels(BrokerConfig().message_delay_level, &levels).ok());
  EXPECT_EQ(levels.size(), 18u);
}

TEST(Config, AnOperatorsChangeIsLaidOver) {
  const BrokerConfig changed = ConfiguredAnew({}, {{"flushDiskType", "SYNC_FLUSH"}, {"slaveTimeout", "never"}});
  EXPECT_EQ(changed.flush_disk_type, "SYNC_FLUSH");
  EXPECT_EQ(changed.slave_timeout, 3000);  // what the broker would refuse changes nothing
}

// Defaults as the source of 5.3 has them (MessageStoreConfig, BrokerConfig, DefaultMQProducer, DefaultMQPushConsumer).
TEST(Config, HasTheRealDefaults) {
  const BrokerConfig broker;
  EXPECT_EQ(broker.transaction_time_out, 6000);
  EXPECT_EQ(broker.transaction_check_interval, 30000);
  EXPECT_EQ(broker.transaction_check_max, 15);
  EXPECT_EQ(broker.flush_interval_commit_log, 500);
  EXPECT_EQ(broker.in_sync_replicas, 1);
  const ProducerConfig producer;
  EXPECT_EQ(producer.send_msg_timeout, 3000);
  EXPECT_EQ(producer.retry_times_when_send_failed, 2);
  const ConsumerConfig consumer;
  EXPECT_EQ(consumer.consume_thread_max, 20);
  EXPECT_EQ(consumer.persist_consumer_offset_interval, 5000);
}

}  // namespace
}  // namespace brokersim::rocketmq
