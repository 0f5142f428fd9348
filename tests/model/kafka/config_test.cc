// Settings under Kafka's names: defaults, what is accepted, and what a user is told about the rest.
#include "model/kafka/config.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace brokersim::kafka {
namespace {

std::map<std::string, std::string> Defaults(const std::vector<SettingInfo>& settings) {
  std::map<std::string, std::string> defaults;
  for (const SettingInfo& setting : settings) defaults[setting.name] = setting.default_value;
  return defaults;
}

std::string BrokerError(std::string_view line) {
  BrokerConfig config;
  std::vector<std::string> ignored;
  return std::string(ApplyBrokerConfig(line, &config, &ignored).message());
}

// Applies the lines; the error, if any, of the whole.
std::string Produce(const std::vector<std::string>& lines, ProducerConfig* config) {
  std::vector<std::string> ignored;
  for (const std::string& line : lines) {
    const absl::Status status = ApplyProducerConfig(line, config, &ignored);
    if (!status.ok()) return std::string(status.message());
  }
  return std::string(ValidateProducerConfig(lines, config).message());
}

TEST(KafkaConfig, BrokerDefaults) {
  const std::map<std::string, std::string> expected = {
      {"broker.heartbeat.interval.ms", "2000"},
      {"broker.session.timeout.ms", "9000"},
      {"initial.broker.registration.timeout.ms", "60000"},
      {"replica.lag.time.max.ms", "30000"},
      {"replica.fetch.wait.max.ms", "500"},
      {"replica.fetch.backoff.ms", "1000"},
      {"replica.socket.timeout.ms", "30000"},
      {"replica.high.watermark.checkpoint.interval.ms", "5000"},
      {"min.insync.replicas", "1"},
      {"unclean.leader.election.enable", "false"},
      {"default.replication.factor", "1"},
      {"num.partitions", "1"},
      {"log.flush.interval.messages", "Long.MAX"},
      {"controlled.shutdown.enable", "true"},
      {"offsets.topic.num.partitions", "50"},
      {"offsets.topic.replication.factor", "3"},
      {"offsets.commit.timeout.ms", "5000"},
      {"group.initial.rebalance.delay.ms", "3000"},
      {"group.min.session.timeout.ms", "6000"},
      {"group.max.session.timeout.ms", "1800000"},
      {"transaction.max.timeout.ms", "900000"},
      {"transaction.state.log.num.partitions", "50"},
      {"transaction.state.log.replication.factor", "3"},
      {"transaction.state.log.min.isr", "2"},
      {"transaction.abort.timed.out.transaction.cleanup.interval.ms", "10000"},
      {"transaction.partition.verification.enable", "true"},
      {"transaction.version", "2"},
      {"eligible.leader.replicas.version", "0"},
      {"zookeeper.session.timeout.ms", "18000"},
      {"KIP-101", "on"},
      {"KIP-380", "on"},
      {"KIP-447", "on"},
      {"KAFKA-6082", "on"},
      {"KIP-570", "on"},
      {"KIP-279", "on"},
      {"KIP-320", "on"},
      {"KAFKA-7128", "on"},
      {"KIP-903", "on"},
      {"KAFKA-15021", "on"},
      {"KAFKA-19522", "on"},
      {"KIP-207", "on"},
      {"KAFKA-5494", "on"},
      {"producer.id.expiration.ms", "86400000"},
      {"offsets.retention.minutes", "10080"},
      {"mutant", "none"},
  };
  EXPECT_EQ(Defaults(BrokerSettings()), expected);
}

TEST(KafkaConfig, ProducerDefaults) {
  const std::map<std::string, std::string> expected = {
      {"acks", "all"},
      {"enable.idempotence", "true"},
      {"retries", "2147483647"},
      {"max.in.flight.requests.per.connection", "5"},
      {"delivery.timeout.ms", "120000"},
      {"request.timeout.ms", "30000"},
      {"linger.ms", "0"},
      {"batch.size", "16384"},
      {"retry.backoff.ms", "100"},
      {"retry.backoff.max.ms", "1000"},
      {"metadata.max.age.ms", "300000"},
      {"transactional.id", ""},
      {"transaction.timeout.ms", "60000"},
      {"mutant", "none"},
  };
  EXPECT_EQ(Defaults(ProducerSettings()), expected);
}

TEST(KafkaConfig, ConsumerDefaults) {
  const std::map<std::string, std::string> expected = {
      {"group.id", ""},
      {"enable.auto.commit", "true"},
      {"auto.commit.interval.ms", "5000"},
      {"auto.offset.reset", "latest"},
      {"session.timeout.ms", "45000"},
      {"heartbeat.interval.ms", "3000"},
      {"max.poll.interval.ms", "300000"},
      {"max.poll.records", "500"},
      {"isolation.level", "read_uncommitted"},
      {"fetch.max.wait.ms", "500"},
      {"fetch.min.bytes", "1"},
      {"request.timeout.ms", "30000"},
      {"retry.backoff.ms", "100"},
      {"metadata.max.age.ms", "300000"},
      {"KIP-320", "on"},
      {"mutant", "none"},
  };
  EXPECT_EQ(Defaults(ConsumerSettings()), expected);
}

TEST(KafkaConfig, TransactionsNeedIdempotence) {
  const auto refusal = [](const std::vector<std::string>& lines) {
    ProducerConfig config;
    std::vector<std::string> ignored;
    for (const std::string& line : lines) EXPECT_TRUE(ApplyProducerConfig(line, &config, &ignored).ok()) << line;
    return std::string(ValidateProducerConfig(lines, &config).message());
  };
  EXPECT_EQ(refusal({"transactional.id=t"}), "");
  EXPECT_EQ(refusal({"transactional.id=t", "enable.idempotence=false"}),
            "a transactional.id needs enable.idempotence=true");
  EXPECT_EQ(refusal({"transactional.id=t", "acks=1"}), "a transactional.id needs acks=all");
}

TEST(KafkaConfig, EverySettingHasAMeaning) {
  for (const auto& settings : {BrokerSettings(), ProducerSettings(), ConsumerSettings()}) {
    std::set<std::string> names;
    for (const SettingInfo& setting : settings) {
      EXPECT_FALSE(setting.meaning.empty()) << setting.name;
      EXPECT_TRUE(names.insert(setting.name).second) << setting.name << " is there twice";
    }
  }
}

TEST(KafkaConfig, LinesAreApplied) {
  BrokerConfig config;
  std::vector<std::string> ignored;
  for (const char* line : {"min.insync.replicas=2", " unclean.leader.election.enable = TRUE ", "KIP-101=off"}) {
    EXPECT_TRUE(ApplyBrokerConfig(line, &config, &ignored).ok()) << line;
  }
  EXPECT_EQ(config.min_insync_replicas, 2);
  EXPECT_TRUE(config.unclean_leader_election_enable);
  EXPECT_FALSE(config.kip_101);
  EXPECT_TRUE(ApplyBrokerConfig("min.insync.replicas=3", &config, &ignored).ok());
  EXPECT_EQ(config.min_insync_replicas, 3) << "the later line counts";
  EXPECT_TRUE(ignored.empty());
}

TEST(KafkaConfig, WhatTheModelDoesntUseIsListed) {
  BrokerConfig config;
  std::vector<std::string> ignored;
  EXPECT_TRUE(ApplyBrokerConfig("log.retention.hours=168", &config, &ignored).ok());
  EXPECT_TRUE(ApplyBrokerConfig("num.io.threads=8", &config, &ignored).ok());
  EXPECT_EQ(ignored, (std::vector<std::string>{"log.retention.hours", "num.io.threads"}));
}

TEST(KafkaConfig, AMisspeltNameIsRefusedWithASuggestion) {
  const std::string error = BrokerError("min.insync.replica=2");
  EXPECT_NE(error.find("no broker setting is named 'min.insync.replica'"), std::string::npos) << error;
  EXPECT_NE(error.find("min.insync.replicas"), std::string::npos) << error;
  ProducerConfig producer;
  EXPECT_NE(Produce({"enable.idempotance=true"}, &producer).find("enable.idempotence"), std::string::npos);
}

TEST(KafkaConfig, AnotherFamilysNameIsUnknown) {
  EXPECT_NE(BrokerError("enable.auto.commit=true"), "");
}

TEST(KafkaConfig, BadValuesAreRefusedByName) {
  for (const char* line : {"min.insync.replicas=two", "min.insync.replicas=", "min.insync.replicas=0",
                           "min.insync.replicas=-1", "min.insync.replicas=1.5", "min.insync.replicas",
                           "unclean.leader.election.enable=yes", "KIP-101=2",
                           "min.insync.replicas=99999999999999999999"}) {
    const std::string error = BrokerError(line);
    EXPECT_NE(error, "") << line;
    const std::string name = std::string(line).substr(0, std::string(line).find('='));
    EXPECT_NE(error.find(name), std::string::npos) << error;
  }
  ConsumerConfig consumer;
  std::vector<std::string> ignored;
  EXPECT_FALSE(ApplyConsumerConfig("auto.offset.reset=newest", &consumer, &ignored).ok());
}

TEST(KafkaConfig, Acks) {
  for (const auto& [value, acks] : std::map<std::string, int64_t>{{"all", -1}, {"-1", -1}, {"0", 0}, {"1", 1}}) {
    ProducerConfig config;
    EXPECT_EQ(Produce({"acks=" + value}, &config), "");
    EXPECT_EQ(config.acks, acks);
  }
  for (const char* line : {"acks=2", "acks=-2", "acks=some"}) {
    ProducerConfig config;
    EXPECT_NE(Produce({line}, &config), "") << line;
  }
}

// ProducerConfig.postProcessAndValidateIdempotenceConfigs: an idempotence that nobody asked for gives way ...
TEST(KafkaConfig, ConflictsSwitchIdempotenceOff) {
  for (const char* line : {"acks=1", "acks=0", "retries=0", "max.in.flight.requests.per.connection=6"}) {
    ProducerConfig config;
    EXPECT_EQ(Produce({line}, &config), "") << line;
    EXPECT_FALSE(config.enable_idempotence) << line;
  }
  for (const char* line : {"acks=all", "retries=1", "max.in.flight.requests.per.connection=5"}) {
    ProducerConfig config;
    EXPECT_EQ(Produce({line}, &config), "") << line;
    EXPECT_TRUE(config.enable_idempotence) << line;
  }
}

// ... and one that was asked for is an error.
TEST(KafkaConfig, ConflictsWithAnIdempotenceThatWasAskedForAreErrors) {
  for (const char* line : {"acks=1", "retries=0", "max.in.flight.requests.per.connection=6"}) {
    ProducerConfig config;
    EXPECT_NE(Produce({"enable.idempotence=true", line}, &config), "") << line;
    ProducerConfig without;
    EXPECT_EQ(Produce({"enable.idempotence=false", line}, &without), "") << line;
  }
}

// KafkaProducer.configureDeliveryTimeout
TEST(KafkaConfig, DeliveryTimeoutCoversARequest) {
  ProducerConfig config;
  EXPECT_NE(Produce({"delivery.timeout.ms=1000"}, &config), "");
  ProducerConfig adapted;
  EXPECT_EQ(Produce({"request.timeout.ms=200000", "linger.ms=5"}, &adapted), "");
  EXPECT_EQ(adapted.delivery_timeout_ms, 200005) << "one that nobody gave is raised";
}

// Sums of times must not overflow.
TEST(KafkaConfig, TimesAreAtMostAYear) {
  ProducerConfig config;
  EXPECT_EQ(Produce({"linger.ms=31536000000"}, &config), "");
  EXPECT_NE(Produce({"linger.ms=31536000001"}, &config), "");
  EXPECT_NE(Produce({"request.timeout.ms=9223372036854775807"}, &config), "");
}

}  // namespace
}  // namespace brokersim::kafka
