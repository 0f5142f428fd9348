// A Kafka cluster and its clients.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "model/app/ledger.h"
#include "model/kafka/broker.h"
#include "model/kafka/consumer.h"
#include "model/kafka/controller.h"
#include "model/kafka/producer.h"
#include "model/kafka/recovery.h"
#include "scenarios/quantity.h"
#include "scenarios/world_builder.h"
#include "sim/base/suggest.h"

namespace brokersim::scenarios {
namespace {

const Steps kKafka = {{"kafka", "", ""}};
}  // namespace

absl::Status WorldBuilder::BuildKafka() {
  const Kafka& kafka = setup_.kafka();
  if (!setup_.has_kafka()) {
    return locator_.Error({}, "kafka", "the setup needs a cluster: kafka { ... } or rocketmq { ... }");
  }
  if (kafka.brokers() < 0 || kafka.brokers() > 100) {
    return locator_.Error(kKafka, "brokers",
                          fmt::format("brokers must lie between 1 and 100, not {}", kafka.brokers()));
  }
  cluster_ = std::make_shared<kafka::ClusterSpec>();
  sim::Duration service;
  sim::Distribution sync;
  if (auto status = Read(kKafka, "service_time", kafka.service_time(), sim::Microseconds(20), &service);
      !status.ok())
    return status;
  if (auto status =
          ReadAbsent(kKafka, "sync_latency", kafka.has_sync_latency() ? &kafka.sync_latency() : nullptr,
                     sim::NodeSpec().sync_latency, &sync);
      !status.ok())
    return status;
  World::NodePlan controller = PlanNode("controller", "controller", kafka.controller_datacenter());
  controller.spec.service_time = service;
  controller.spec.sync_latency = sync;
  controller.factory = std::make_shared<kafka::ControllerFactory>(cluster_);
  cluster_->controller = sim::NodeId{0};
  world_->nodes_.push_back(std::move(controller));
  const int32_t brokers = kafka.brokers() == 0 ? 3 : kafka.brokers();
  for (int32_t id = 1; id <= brokers; ++id) {
    World::NodePlan broker = PlanNode(fmt::format("b{}", id), "broker", "");
    broker.spec.service_time = service;
    broker.spec.sync_latency = sync;
    for (const Broker& own : kafka.broker()) {
      if (own.name() != broker.spec.name) continue;
      if (!own.datacenter().empty()) broker.spec.datacenter = own.datacenter();
      broker.spec.rack = own.rack();
      sim::Duration start;
      if (auto status =
              Read({{"kafka", "", ""}, {"broker", "name", own.name()}}, "start", own.start(), {}, &start);
          !status.ok())
        return status;
      broker.spec.start_at = sim::Time() + start;
    }
    broker.factory = std::make_shared<kafka::BrokerFactory>(cluster_, id);
    cluster_->brokers[id] = next_node();
    world_->nodes_.push_back(std::move(broker));
  }
  if (auto status = BuildBrokerConfigs(); !status.ok()) return status;
  if (auto status = BuildTopics(); !status.ok()) return status;
  sim::NodeId ledger;
  for (const Consumer& consumer : kafka.consumer()) {
    if (!consumer.effects() || ledger.valid()) continue;
    ledger = AddAppNode("ledger", setup_.ledger_datacenter(), std::make_shared<app::LedgerFactory>());
  }
  for (const Producer& producer : kafka.producer()) {
    if (auto status = BuildProducer(producer); !status.ok()) return status;
  }
  for (const Consumer& consumer : kafka.consumer()) {
    if (auto status = BuildConsumer(consumer, consumer.effects() ? ledger : sim::NodeId{}); !status.ok()) return status;
  }
  world_->recovery_ = std::make_shared<kafka::Recovery>(cluster_);
  auto audit = std::make_shared<kafka::AuditorSpec>();
  audit->start = audit_at_;
  audit->patience = audit_patience_;
  if (has_transactions_) audit->isolation = kafka::IsolationLevel::kReadCommitted;
  for (const kafka::TopicSpec& topic : cluster_->topics) {
    if (kafka::IsInternal(topic.name)) continue;
    for (size_t i = 0; i < topic.assignment.size(); ++i) audit->logs.push_back({topic.name, static_cast<int32_t>(i)});
  }
  FillKafkaVocabulary();
  World::NodePlan plan = PlanNode("audit", "audit", "");
  plan.factory = std::make_shared<kafka::AuditorFactory>(cluster_, std::move(audit));
  return AddNode(kKafka, std::move(plan));
}

void WorldBuilder::FillKafkaVocabulary() {
  [&]<class... T>(std::variant<T...>*) {
    (vocabulary_.types.emplace_back(T::kName), ...);
  }(static_cast<kafka::Body*>(nullptr));
  vocabulary_.log_roles = {"leader", "follower", "isr"};
  for (const kafka::TopicSpec& topic : cluster_->topics) {
    for (size_t p = 0; p < topic.assignment.size(); ++p) {
      vocabulary_.logs.push_back(fmt::format("{}-{}", topic.name, p));
      if (kafka::IsInternal(topic.name)) continue;
      world_->owned_.push_back({fmt::format("leader({})", vocabulary_.logs.back()), {vocabulary_.logs.back()}});
      vocabulary_.swarm_logs.push_back(vocabulary_.logs.back());
      vocabulary_.swarm_roles.push_back(fmt::format("leader({})", vocabulary_.logs.back()));
    }
  }
  vocabulary_.swarm_types = {"ProduceRequest", "ProduceResponse",       "FetchRequest",
                             "FetchResponse",  "AlterPartitionRequest", "BrokerHeartbeatRequest"};
}

absl::Status WorldBuilder::BuildBrokerConfigs() {
  std::vector<std::string>& ignored = world_->ignored_settings_;
  for (const std::string& line : setup_.kafka().config()) {
    const absl::Status status = kafka::ApplyBrokerConfig(line, &cluster_->config, &ignored);
    if (!status.ok()) return locator_.Error(kKafka, "config", std::string(status.message()), line);
  }
  for (const Broker& own : setup_.kafka().broker()) {
    const Steps steps = {{"kafka", "", ""}, {"broker", "name", own.name()}};
    int32_t id = -1;
    std::vector<std::string> names;
    for (const auto& [broker, node] : cluster_->brokers) {
      names.push_back(fmt::format("b{}", broker));
      if (names.back() == own.name()) id = broker;
    }
    if (id < 0) {
      return locator_.Error(
          steps, "name",
          fmt::format("there is no broker '{}'; there are {}", own.name(), absl::StrJoin(names, ", ")));
    }
    kafka::BrokerConfig& config = cluster_->own_configs.emplace(id, cluster_->config).first->second;
    for (const std::string& line : own.config()) {
      const absl::Status status = kafka::ApplyBrokerConfig(line, &config, &ignored);
      if (!status.ok()) return locator_.Error(steps, "config", std::string(status.message()), line);
    }
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildTopics() {
  const kafka::BrokerConfig& config = cluster_->config;
  for (const Topic& topic : setup_.kafka().topic()) {
    if (auto status = AddTopic(
            topic.name(), topic.partitions() == 0 ? config.num_partitions : topic.partitions(),
            topic.replication_factor() == 0 ? config.default_replication_factor : topic.replication_factor(),
            &topic);
        !status.ok()) {
      return status;
    }
  }
  if (cluster_->topics.empty())
    return locator_.Error(kKafka, "topic", "the cluster needs a topic: topic { name: \"orders\" }");
  for (const Producer& producer : setup_.kafka().producer()) {
    for (const std::string& line : producer.config()) {
      has_transactions_ = has_transactions_ || line.rfind("transactional.id", 0) == 0;
    }
  }
  // As the first FindCoordinator would create them.
  if (has_transactions_) {
    const absl::Status status =
        AddTopic(std::string(kafka::kTransactionsTopic), config.transaction_state_log_num_partitions,
                 config.transaction_state_log_replication_factor, nullptr);
    if (!status.ok()) return status;
  }
  for (const Consumer& consumer : setup_.kafka().consumer()) {
    for (const std::string& line : consumer.config()) {
      if (line.rfind("group.id", 0) != 0) continue;
      return AddTopic(std::string(kafka::kOffsetsTopic), config.offsets_topic_num_partitions,
                      config.offsets_topic_replication_factor, nullptr);
    }
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::AddTopic(const std::string& name, int64_t partitions, int64_t factor, const Topic* topic) {
  const Steps steps = topic == nullptr ? kKafka : Steps{{"kafka", "", ""}, {"topic", "name", name}};
  const auto brokers = static_cast<int64_t>(cluster_->brokers.size());
  if (name.empty()) return locator_.Error(steps, "name", "a topic needs a name");
  for (const kafka::TopicSpec& other : cluster_->topics) {
    if (other.name == name) return locator_.Error(steps, "name", fmt::format("there are two topics named '{}'", name));
  }
  if (partitions < 1 || partitions > 10000)
    return locator_.Error(steps, "partitions", "partitions must lie between 1 and 10000");
  if (factor < 1 || factor > brokers) {
    const std::string remedy = topic != nullptr                  ? ""
                               : name == kafka::kTransactionsTopic ? "; set transaction.state.log.replication.factor"
                                                                   : "; set offsets.topic.replication.factor";
    return locator_.Error(steps, "replication_factor",
                          fmt::format("topic '{}' can't have {} replicas: there {} {} broker{}{}", name, factor,
                                      brokers == 1 ? "is" : "are", brokers, brokers == 1 ? "" : "s", remedy));
  }
  kafka::TopicSpec spec;
  spec.name = name;
  if (topic != nullptr && topic->assignment_size() > 0) {
    if (auto status = ReadAssignment(*topic, &spec.assignment); !status.ok()) return status;
  } else {
    for (int64_t p = 0; p < partitions; ++p) spec.assignment.push_back(Place(p, factor));
  }
  cluster_->topics.push_back(std::move(spec));
  return absl::OkStatus();
}

// Partition p's leader is the p-th broker, and those after it follow. Where every broker has a rack they are taken from
// the racks in turn, as StripedReplicaPlacer does.
std::vector<int32_t> WorldBuilder::Place(int64_t partition, int64_t factor) const {
  std::map<std::string, std::vector<int32_t>> racks;
  for (const auto& [id, node] : cluster_->brokers) racks[world_->nodes_[node.value].spec.rack].push_back(id);
  std::vector<std::vector<int32_t>> stripes;
  for (const auto& [rack, ids] : racks) stripes.push_back(ids);
  const auto count = static_cast<int64_t>(racks.contains("") ? 1 : stripes.size());
  std::vector<int32_t> replicas;
  for (int64_t i = partition; static_cast<int64_t>(replicas.size()) < factor; ++i) {
    if (count == 1) {
      replicas.push_back(static_cast<int32_t>(i % static_cast<int64_t>(cluster_->brokers.size())) + 1);
      continue;
    }
    // The next of that rack that isn't taken; a rack that is used up is passed over.
    const std::vector<int32_t>& rack = stripes[static_cast<size_t>(i % count)];
    for (size_t k = 0; k < rack.size(); ++k) {
      const int32_t id = rack[(static_cast<size_t>(i / count) + k) % rack.size()];
      if (std::find(replicas.begin(), replicas.end(), id) != replicas.end()) continue;
      replicas.push_back(id);
      break;
    }
  }
  return replicas;
}

absl::Status WorldBuilder::ReadAssignment(const Topic& topic, std::vector<std::vector<int32_t>>* assignment) const {
  const Steps steps = {{"kafka", "", ""}, {"topic", "name", topic.name()}};
  for (const std::string& text : topic.assignment()) {
    std::vector<int32_t>& replicas = assignment->emplace_back();
    const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
    for (const std::string& word : words) {
      int32_t id = 0;
      if (!absl::SimpleAtoi(word, &id) || !cluster_->brokers.contains(id) ||
          std::find(replicas.begin(), replicas.end(), id) != replicas.end()) {
        return locator_.Error(steps, "assignment",
                              fmt::format("'{}' must be different broker ids, e.g. \"1 2 3\"", text), text);
      }
      replicas.push_back(id);
    }
    if (replicas.empty()) return locator_.Error(steps, "assignment", "a partition needs a replica", text);
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::CheckTopicName(const Steps& steps, const std::string& name) const {
  std::vector<std::string> names;
  for (const kafka::TopicSpec& topic : cluster_->topics) {
    if (topic.name == name) return absl::OkStatus();
    names.push_back(topic.name);
  }
  return locator_.Error(steps, "topic", fmt::format("there is no topic '{}'{}; there are: {}", name,
                                                    sim::DidYouMean(name, names), absl::StrJoin(names, ", ")), name);
}

absl::Status WorldBuilder::BuildProducer(const Producer& producer) {
  const Steps steps = {{"kafka", "", ""}, {"producer", "name", producer.name()}};
  auto spec = std::make_shared<kafka::ProducerSpec>();
  std::vector<std::string> lines;
  for (const std::string& line : producer.config()) {
    const absl::Status status = kafka::ApplyProducerConfig(line, &spec->config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(steps, "config", std::string(status.message()), line);
    lines.push_back(line);
  }
  if (const absl::Status status = kafka::ValidateProducerConfig(lines, &spec->config); !status.ok()) {
    return locator_.Error(steps, "config", std::string(status.message()), lines.empty() ? "" : lines.back());
  }
  if (auto status = CheckTopicName(steps, producer.topic()); !status.ok()) return status;
  spec->topic = producer.topic();
  spec->records = producer.records();
  spec->keys = producer.keys();
  spec->records_per_transaction = std::max<int64_t>(producer.records_per_transaction(), 1);
  const bool transactional = !spec->config.transactional_id.empty();
  if (producer.records_per_transaction() < 0 || producer.records_per_transaction() > 10000) {
    return locator_.Error(steps, "records_per_transaction", "records_per_transaction must lie between 1 and 10000");
  }
  if (!transactional && producer.records_per_transaction() != 0) {
    return locator_.Error(
        steps, "records_per_transaction",
        "only a producer with a transactional.id has transactions; add config: \"transactional.id=...\"");
  }
  if (!transactional && !producer.abort().empty()) {
    return locator_.Error(
        steps, "abort",
        "only a producer with a transactional.id has transactions; add config: \"transactional.id=...\"");
  }
  if (auto status = ReadProbability(steps, "abort", producer.abort(), &spec->aborts); !status.ok()) return status;
  if (producer.records() < 0) return locator_.Error(steps, "records", "records must not be negative");
  if (producer.records() == 0 && producer.stop().empty()) {
    return locator_.Error(steps, "records", "a producer needs records (how many) or stop (when)");
  }
  sim::Duration start;
  if (auto status = Read(steps, "start", producer.start(), sim::Seconds(2), &start); !status.ok()) return status;
  spec->start = sim::Time() + start;
  if (!producer.stop().empty()) {
    sim::Duration stop;
    if (auto status = Read(steps, "stop", producer.stop(), {}, &stop); !status.ok()) return status;
    spec->stop = sim::Time() + stop;
  }
  const Distribution* interval = producer.has_interval() ? &producer.interval() : nullptr;
  if (auto status = ReadAbsent(steps, "interval", interval,
                               sim::Distribution::Constant(sim::Milliseconds(100)), &spec->interval);
      !status.ok())
    return status;
  World::NodePlan plan = PlanNode(producer.name(), "producer", producer.datacenter());
  plan.factory = std::make_shared<kafka::ProducerFactory>(cluster_, std::move(spec));
  return AddNode(steps, std::move(plan));
}

absl::Status WorldBuilder::BuildConsumer(const Consumer& consumer, sim::NodeId ledger) {
  const Steps steps = {{"kafka", "", ""}, {"consumer", "name", consumer.name()}};
  auto spec = std::make_shared<kafka::ConsumerSpec>();
  for (const std::string& line : consumer.config()) {
    const absl::Status status = kafka::ApplyConsumerConfig(line, &spec->config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(steps, "config", std::string(status.message()), line);
  }
  if (consumer.topic().empty()) return locator_.Error(steps, "topic", "a consumer needs a topic");
  for (const std::string& topic : consumer.topic()) {
    if (auto status = CheckTopicName(steps, topic); !status.ok()) return status;
    spec->topics.push_back(topic);
  }
  const bool grouped = !spec->config.group_id.empty();
  if (consumer.commit() != Consumer::AUTO && !grouped) {
    return locator_.Error(steps, "commit", "only a member of a group commits; add config: \"group.id=...\"");
  }
  if (consumer.commit() == Consumer::BEFORE_PROCESSING) spec->commit = kafka::CommitPolicy::kBeforeProcessing;
  if (consumer.commit() == Consumer::AFTER_PROCESSING) spec->commit = kafka::CommitPolicy::kAfterProcessing;
  if (consumer.commit() == Consumer::AUTO) spec->commit = kafka::CommitPolicy::kNever;
  if (consumer.commit() != Consumer::AUTO) spec->config.enable_auto_commit = false;
  const kafka::BrokerConfig& broker = cluster_->config;
  if (grouped && (spec->config.session_timeout_ms < broker.group_min_session_timeout_ms ||
                  spec->config.session_timeout_ms > broker.group_max_session_timeout_ms)) {
    return locator_.Error(steps, "config",
                          fmt::format("session.timeout.ms={} isn't allowed by the brokers: {} to {} "
                                      "(group.min.session.timeout.ms, group.max.session.timeout.ms)",
                                      spec->config.session_timeout_ms, broker.group_min_session_timeout_ms,
                                      broker.group_max_session_timeout_ms),
                          fmt::format("session.timeout.ms={}", spec->config.session_timeout_ms));
  }
  const Distribution* processing = consumer.has_processing() ? &consumer.processing() : nullptr;
  if (auto status = ReadAbsent(steps, "processing", processing,
                               sim::Distribution::Constant(sim::Milliseconds(10)), &spec->processing);
      !status.ok())
    return status;
  if (consumer.idempotent_effects() && !consumer.effects()) {
    return locator_.Error(steps, "idempotent_effects", "idempotent_effects needs effects: true");
  }
  spec->ledger = ledger;
  spec->idempotent_effects = consumer.idempotent_effects();
  sim::Duration start;
  if (auto status = Read(steps, "start", consumer.start(), sim::Seconds(2), &start); !status.ok()) return status;
  spec->start = sim::Time() + start;
  World::NodePlan plan = PlanNode(consumer.name(), "consumer", consumer.datacenter());
  plan.factory = std::make_shared<kafka::ConsumerFactory>(cluster_, std::move(spec));
  return AddNode(steps, std::move(plan));
}

}  // namespace brokersim::scenarios
