// A RocketMQ cluster and its clients.
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "model/app/database.h"
#include "model/app/ledger.h"
#include "model/rocketmq/auditor.h"
#include "model/rocketmq/broker.h"
#include "model/rocketmq/consumer.h"
#include "model/rocketmq/controller.h"
#include "model/rocketmq/name_server.h"
#include "model/rocketmq/producer.h"
#include "model/rocketmq/recovery.h"
#include "scenarios/quantity.h"
#include "scenarios/world_builder.h"
#include "sim/base/suggest.h"

namespace brokersim::scenarios {
namespace {

const Steps kRocketMq = {{"rocketmq", "", ""}};

// Masters are started first.
constexpr sim::Duration kSlavesStart = sim::Seconds(1);

Steps At(const std::string& field, const std::string& name) { return {{"rocketmq", "", ""}, {field, "name", name}}; }

}  // namespace

absl::Status WorldBuilder::BuildRocketMq() {
  const RocketMq& rocketmq = setup_.rocketmq();
  rocketmq_ = std::make_shared<rocketmq::ClusterSpec>();
  sim::NodeSpec machine;
  if (auto status =
          Read(kRocketMq, "service_time", rocketmq.service_time(), sim::Microseconds(20), &machine.service_time);
      !status.ok())
    return status;
  if (auto status =
          ReadAbsent(kRocketMq, "sync_latency", rocketmq.has_sync_latency() ? &rocketmq.sync_latency() : nullptr,
                     machine.sync_latency, &machine.sync_latency);
      !status.ok())
    return status;
  if (auto status = BuildNameServers(); !status.ok()) return status;
  if (auto status = BuildRocketMqController(machine); !status.ok()) return status;
  if (rocketmq.group().empty()) {
    RocketMq::Group group;
    group.set_name("a");
    if (auto status = BuildBrokerGroup(group, machine); !status.ok()) return status;
  }
  for (const RocketMq::Group& group : rocketmq.group()) {
    if (auto status = BuildBrokerGroup(group, machine); !status.ok()) return status;
  }
  if (auto status = BuildRocketMqTopics(); !status.ok()) return status;
  for (const RocketMq::Producer& producer : rocketmq.producer()) {
    if (!producer.has_transaction() || rocketmq_->database.valid()) continue;
    rocketmq_->database =
        AddAppNode("database", setup_.database_datacenter(), std::make_shared<app::DatabaseFactory>());
  }
  sim::NodeId ledger;
  for (const RocketMq::Consumer& consumer : rocketmq.consumer()) {
    if (!consumer.effects() || ledger.valid()) continue;
    ledger = AddAppNode("ledger", setup_.ledger_datacenter(), std::make_shared<app::LedgerFactory>());
  }
  for (const RocketMq::Producer& producer : rocketmq.producer()) {
    if (auto status = BuildRocketMqProducer(producer); !status.ok()) return status;
  }
  for (const RocketMq::Consumer& consumer : rocketmq.consumer()) {
    const sim::NodeId own = consumer.effects() ? ledger : sim::NodeId{};
    if (auto status = BuildRocketMqConsumer(consumer, own); !status.ok()) return status;
  }
  FillRocketMqVocabulary();
  return BuildRocketMqAudit();
}

absl::Status WorldBuilder::BuildNameServers() {
  const RocketMq& rocketmq = setup_.rocketmq();
  if (rocketmq.name_servers() < 0 || rocketmq.name_servers() > 20) {
    return locator_.Error(kRocketMq, "name_servers",
                          fmt::format("name_servers must lie between 1 and 20, not {}", rocketmq.name_servers()));
  }
  for (const std::string& line : rocketmq.namesrv_config()) {
    const absl::Status status =
        rocketmq::ApplyNamesrvConfig(line, &rocketmq_->namesrv_config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(kRocketMq, "namesrv_config", std::string(status.message()), line);
  }
  const int32_t count = rocketmq.name_servers() == 0 ? 2 : rocketmq.name_servers();
  for (int32_t i = 0; i < count; ++i) {
    const bool placed = i < rocketmq.name_server_datacenter_size();
    World::NodePlan plan =
        PlanNode(fmt::format("n{}", i + 1), "nameserver", placed ? rocketmq.name_server_datacenter(i) : "");
    plan.factory = std::make_shared<rocketmq::NameServerFactory>(rocketmq_);
    rocketmq_->name_servers.push_back(next_node());
    world_->nodes_.push_back(std::move(plan));
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildRocketMqController(const sim::NodeSpec& machine) {
  const RocketMq& rocketmq = setup_.rocketmq();
  for (const std::string& line : rocketmq.controller_config()) {
    const absl::Status status =
        rocketmq::ApplyControllerConfig(line, &rocketmq_->controller_config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(kRocketMq, "controller_config", std::string(status.message()), line);
  }
  if (!rocketmq.controller()) return absl::OkStatus();
  World::NodePlan plan = PlanNode("controller", "controller", rocketmq.controller_datacenter());
  plan.spec.service_time = machine.service_time;
  plan.spec.sync_latency = machine.sync_latency;
  plan.factory = std::make_shared<rocketmq::ControllerFactory>(rocketmq_);
  rocketmq_->controller = next_node();
  world_->nodes_.push_back(std::move(plan));
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildBrokerGroup(const RocketMq::Group& group, const sim::NodeSpec& machine) {
  const Steps steps = At("group", group.name());
  if (group.name().empty()) return locator_.Error(steps, "name", "a group of brokers needs a name, e.g. \"a\"");
  if (group.slaves() < 0 || group.slaves() > 20) {
    return locator_.Error(steps, "slaves", fmt::format("slaves must lie between 0 and 20, not {}", group.slaves()));
  }
  rocketmq::BrokerConfig config;
  for (const std::string& line : setup_.rocketmq().config()) {
    const absl::Status status = rocketmq::ApplyBrokerConfig(line, &config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(kRocketMq, "config", std::string(status.message()), line);
  }
  for (const std::string& line : group.config()) {
    const absl::Status status = rocketmq::ApplyBrokerConfig(line, &config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(steps, "config", std::string(status.message()), line);
  }
  if (config.enable_controller_mode && !rocketmq_->controller.valid()) {
    return locator_.Error(steps, "name", "brokers with enableControllerMode=true need a controller: controller: true");
  }
  if (config.enable_controller_mode && config.enable_dledger_commit_log) {
    return locator_.Error(steps, "name", "enableControllerMode and enableDLegerCommitLog can't both be true");
  }
  for (int32_t id = 0; id <= group.slaves(); ++id) {
    const bool placed = id > 0 && id <= group.slave_datacenter_size();
    World::NodePlan plan = PlanNode(fmt::format("{}{}", group.name(), id), "broker",
                                    placed ? group.slave_datacenter(id - 1) : group.datacenter());
    plan.spec.service_time = machine.service_time;
    plan.spec.sync_latency = machine.sync_latency;
    // As operators do: a slave learns of its master when it registers.
    if (id > 0) plan.spec.start_at = sim::Time() + kSlavesStart;
    plan.factory = std::make_shared<rocketmq::BrokerFactory>(rocketmq_, group.name(), id);
    rocketmq_->brokers.push_back({group.name(), id, next_node(), config});
    if (auto status = AddNode(steps, std::move(plan)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildRocketMqTopics() {
  const auto queues = static_cast<int32_t>(rocketmq_->brokers.front().config.default_topic_queue_nums);
  const auto add = [&](const std::string& name, int32_t count) {
    for (const rocketmq::TopicSpec& other : rocketmq_->topics) {
      if (other.name == name) return false;
    }
    rocketmq_->topics.push_back({name, count});
    return true;
  };
  for (const RocketMq::Topic& topic : setup_.rocketmq().topic()) {
    const Steps steps = At("topic", topic.name());
    if (topic.name().empty()) return locator_.Error(steps, "name", "a topic needs a name");
    if (topic.queues() < 0 || topic.queues() > 1000) {
      return locator_.Error(steps, "queues", fmt::format("queues must lie between 1 and 1000, not {}", topic.queues()));
    }
    if (!add(topic.name(), topic.queues() == 0 ? queues : topic.queues())) {
      return locator_.Error(steps, "name", fmt::format("there are two topics named '{}'", topic.name()));
    }
  }
  if (rocketmq_->topics.empty()) {
    return locator_.Error(kRocketMq, "topic", "the cluster needs a topic: topic { name: \"orders\" }");
  }
  // As a consumer's first heartbeat creates it (ClientManageProcessor).
  for (const RocketMq::Consumer& consumer : setup_.rocketmq().consumer()) {
    rocketmq::ConsumerConfig config;
    std::vector<std::string> ignored;
    for (const std::string& line : consumer.config()) {
      // What is wrong is said where the consumer is built.
      if (!rocketmq::ApplyConsumerConfig(line, &config, &ignored).ok()) continue;
    }
    if (!config.consumer_group.empty()) add(rocketmq::RetryTopic(config.consumer_group), 1);
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::CheckRocketMqTopic(const Steps& steps, const std::string& name) const {
  std::vector<std::string> names;
  for (const rocketmq::TopicSpec& topic : rocketmq_->topics) {
    if (topic.name == name) return absl::OkStatus();
    if (!topic.name.starts_with(rocketmq::kRetryPrefix)) names.push_back(topic.name);
  }
  return locator_.Error(steps, "topic",
                        fmt::format("there is no topic '{}'{}; there are: {}", name, sim::DidYouMean(name, names),
                                    absl::StrJoin(names, ", ")),
                        name);
}

absl::Status WorldBuilder::ReadTransaction(const Steps& producer, const RocketMq::Transaction& transaction,
                                           rocketmq::TransactionSpec* spec) const {
  Steps steps = producer;
  steps.push_back({"transaction", "", ""});
  if (auto status = ReadAbsent(steps, "local", transaction.has_local() ? &transaction.local() : nullptr,
                               sim::Distribution::Constant(sim::Milliseconds(10)), &spec->local);
      !status.ok())
    return status;
  if (auto status = ReadProbability(steps, "rollback", transaction.rollback(), &spec->rollback); !status.ok()) {
    return status;
  }
  if (transaction.absent_row() == RocketMq::Transaction::ROLLBACK) spec->absent_row = rocketmq::AbsentRow::kRollback;
  if (transaction.absent_row() == RocketMq::Transaction::UNKNOW) spec->absent_row = rocketmq::AbsentRow::kUnknow;
  if (transaction.has_check_immunity_seconds()) {
    if (transaction.check_immunity_seconds() < 0) {
      return locator_.Error(steps, "check_immunity_seconds", "check_immunity_seconds must not be negative");
    }
    spec->check_immunity_s = transaction.check_immunity_seconds();
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::ReadDelay(const Steps& steps, const RocketMq::Producer& producer,
                                     rocketmq::ProducerSpec* spec) const {
  spec->delay_level = producer.delay_level();
  if (spec->delay_level < 0) return locator_.Error(steps, "delay_level", "delay_level must not be negative");
  if (spec->delay_level == 0) {
    if (producer.delay().empty()) return absl::OkStatus();
    return locator_.Error(steps, "delay", "delay says what a delay_level is meant to be; give one");
  }
  std::vector<sim::Duration> levels;
  CHECK(rocketmq::ReadDelayLevels(rocketmq_->brokers.front().config.message_delay_level, &levels).ok(), "checked");
  const size_t level = std::min(static_cast<size_t>(spec->delay_level), levels.size());
  return Read(steps, "delay", producer.delay(), levels[level - 1], &spec->delay);
}

absl::Status WorldBuilder::BuildRocketMqProducer(const RocketMq::Producer& producer) {
  const Steps steps = At("producer", producer.name());
  auto spec = std::make_shared<rocketmq::ProducerSpec>();
  for (const std::string& line : producer.config()) {
    const absl::Status status = rocketmq::ApplyProducerConfig(line, &spec->config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(steps, "config", std::string(status.message()), line);
  }
  if (auto status = CheckRocketMqTopic(steps, producer.topic()); !status.ok()) return status;
  spec->topic = producer.topic();
  spec->messages = producer.messages();
  spec->keys = producer.keys();
  spec->any_status_is_success = producer.any_status_is_success();
  spec->tags.assign(producer.tag().begin(), producer.tag().end());
  if (producer.mode() == RocketMq::Producer::ASYNC) spec->mode = rocketmq::SendMode::kAsync;
  if (producer.mode() == RocketMq::Producer::ONEWAY) spec->mode = rocketmq::SendMode::kOneWay;
  if (producer.messages() < 0) return locator_.Error(steps, "messages", "messages must not be negative");
  if (producer.keys() < 0) return locator_.Error(steps, "keys", "keys must not be negative");
  if (producer.messages() == 0 && producer.stop().empty()) {
    return locator_.Error(steps, "messages", "a producer needs messages (how many) or stop (when)");
  }
  if (producer.has_transaction()) {
    if (spec->mode != rocketmq::SendMode::kSync || producer.delay_level() != 0) {
      return locator_.Error(steps, "transaction",
                            "a transactional message is sent in mode SYNC, without a delay_level");
    }
    spec->transaction.emplace();
    if (auto status = ReadTransaction(steps, producer.transaction(), &*spec->transaction); !status.ok()) return status;
  }
  if (auto status = ReadDelay(steps, producer, spec.get()); !status.ok()) return status;
  sim::Duration start;
  if (auto status = Read(steps, "start", producer.start(), sim::Seconds(2), &start); !status.ok()) return status;
  spec->start = sim::Time() + start;
  if (!producer.stop().empty()) {
    sim::Duration stop;
    if (auto status = Read(steps, "stop", producer.stop(), {}, &stop); !status.ok()) return status;
    spec->stop = sim::Time() + stop;
  }
  if (auto status = ReadAbsent(steps, "interval", producer.has_interval() ? &producer.interval() : nullptr,
                               sim::Distribution::Constant(sim::Milliseconds(100)), &spec->interval);
      !status.ok())
    return status;
  World::NodePlan plan = PlanNode(producer.name(), "producer", producer.datacenter());
  plan.factory = std::make_shared<rocketmq::ProducerFactory>(rocketmq_, std::move(spec));
  return AddNode(steps, std::move(plan));
}

absl::Status WorldBuilder::BuildRocketMqConsumer(const RocketMq::Consumer& consumer, sim::NodeId ledger) {
  const Steps steps = At("consumer", consumer.name());
  auto spec = std::make_shared<rocketmq::ConsumerSpec>();
  for (const std::string& line : consumer.config()) {
    const absl::Status status = rocketmq::ApplyConsumerConfig(line, &spec->config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(steps, "config", std::string(status.message()), line);
  }
  if (spec->config.consumer_group.empty()) {
    return locator_.Error(steps, "config", "a consumer needs a group; add config: \"consumerGroup=...\"");
  }
  if (consumer.topic().empty()) return locator_.Error(steps, "topic", "a consumer needs a topic");
  for (const std::string& topic : consumer.topic()) {
    if (auto status = CheckRocketMqTopic(steps, topic); !status.ok()) return status;
    spec->topics.push_back(topic);
  }
  spec->expression = consumer.expression();
  spec->orderly = consumer.orderly();
  if (auto status = ReadAbsent(steps, "processing", consumer.has_processing() ? &consumer.processing() : nullptr,
                               sim::Distribution::Constant(sim::Milliseconds(10)), &spec->processing);
      !status.ok())
    return status;
  if (auto status = ReadProbability(steps, "failure", consumer.failure(), &spec->failure); !status.ok()) return status;
  if (consumer.idempotent_effects() && !consumer.effects()) {
    return locator_.Error(steps, "idempotent_effects", "idempotent_effects needs effects: true");
  }
  spec->ledger = ledger;
  spec->idempotent_effects = consumer.idempotent_effects();
  sim::Duration start;
  if (auto status = Read(steps, "start", consumer.start(), sim::Seconds(2), &start); !status.ok()) return status;
  spec->start = sim::Time() + start;
  World::NodePlan plan = PlanNode(consumer.name(), "consumer", consumer.datacenter());
  plan.factory = std::make_shared<rocketmq::ConsumerFactory>(rocketmq_, std::move(spec));
  return AddNode(steps, std::move(plan));
}

absl::Status WorldBuilder::BuildRocketMqAudit() {
  auto audit = std::make_shared<rocketmq::AuditorSpec>();
  audit->start = audit_at_;
  audit->patience = audit_patience_;
  for (const rocketmq::TopicSpec& topic : rocketmq_->topics) {
    if (topic.name.starts_with(rocketmq::kRetryPrefix)) continue;
    for (const rocketmq::BrokerSpec& broker : rocketmq_->brokers) {
      if (broker.broker_id != 0) continue;
      Owned owned{fmt::format("master({})", broker.broker_name), {}};
      for (int32_t q = 0; q < topic.queues; ++q) {
        audit->queues.push_back({topic.name, broker.broker_name, q});
        owned.logs.push_back(rocketmq::LogName(audit->queues.back()));
      }
      world_->owned_.push_back(std::move(owned));
    }
  }
  for (const RocketMq::Producer& producer : setup_.rocketmq().producer()) {
    if (producer.has_transaction()) audit->reconciled.push_back(producer.topic());
  }
  world_->recovery_ = std::make_shared<rocketmq::Recovery>(rocketmq_, audit->queues);
  World::NodePlan plan = PlanNode("audit", "audit", "");
  plan.factory = std::make_shared<rocketmq::AuditorFactory>(rocketmq_, std::move(audit));
  return AddNode(kRocketMq, std::move(plan));
}

void WorldBuilder::FillRocketMqVocabulary() {
  [&]<class... T>(std::variant<T...>*) {
    (vocabulary_.types.emplace_back(T::kName), ...);
  }(static_cast<rocketmq::Body*>(nullptr));
  for (const char* type : {"InsertRow", "RowInserted", "SelectRow", "RowSelected"})
    vocabulary_.types.emplace_back(type);
  for (const rocketmq::BrokerSpec& broker : rocketmq_->brokers) {
    const std::string role = fmt::format("{}({})", broker.broker_id == 0 ? "master" : "slave", broker.broker_name);
    if (broker.broker_id > 1) continue;
    vocabulary_.roles.push_back(role);
    if (broker.broker_id == 0) vocabulary_.swarm_roles.push_back(role);
  }
  vocabulary_.swarm_types = {"SEND_MESSAGE", "SEND_MESSAGE_RESPONSE", "PULL_MESSAGE",
                             "HA_TRANSFER",  "HA_REPORT_OFFSET",      "END_TRANSACTION"};
}

}  // namespace brokersim::scenarios
