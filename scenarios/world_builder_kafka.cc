// Kafka clusters: controllers, brokers, topics.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "model/kafka/broker.h"
#include "model/kafka/controller.h"
#include "model/kafka/zookeeper/server.h"
#include "scenarios/quantity.h"
#include "scenarios/world_builder.h"
#include "sim/base/suggest.h"

namespace brokersim::scenarios {
namespace {

bool HasLine(const google::protobuf::RepeatedPtrField<std::string>& lines, std::string_view name) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.starts_with(name); });
}

}  // namespace

absl::Status WorldBuilder::BuildKafka() {
  if (!setup_.has_kafka()) {
    return locator_.Error({}, "kafka", "the setup needs a cluster: kafka { ... } or rocketmq { ... }");
  }
  const Steps first = {{"kafka", "", ""}};
  clusters_.push_back({&setup_.kafka(), first, std::make_shared<kafka::ClusterSpec>()});
  for (const Kafka& further : setup_.cluster()) {
    clusters_.push_back({&further, {{"cluster", "name", further.name()}}, std::make_shared<kafka::ClusterSpec>()});
  }
  if (auto status = NameClusters(); !status.ok()) return status;
  for (const KafkaPlan& plan : clusters_) {
    if (auto status = BuildCluster(plan); !status.ok()) return status;
  }
  if (auto status = BuildTopics(); !status.ok()) return status;
  if (auto status = BuildKafkaClients(); !status.ok()) return status;
  FillKafkaVocabulary();
  return BuildKafkaAudit();
}

// Several clusters need names; a single one has none in the run, whatever it is called.
absl::Status WorldBuilder::NameClusters() {
  if (clusters_.size() == 1) return absl::OkStatus();
  for (size_t i = 0; i < clusters_.size(); ++i) {
    const std::string& name = clusters_[i].text->name();
    if (name.empty()) {
      return locator_.Error(clusters_[i].at, "name", "each of several clusters needs a name, e.g. name: \"east\"");
    }
    if (name.find_first_of("/.() ") != std::string::npos || name.find("->") != std::string::npos) {
      return locator_.Error(clusters_[i].at, "name",
                            fmt::format("'{}' must not contain any of / . ( ) -> or a space", name), name);
    }
    for (size_t k = 0; k < i; ++k) {
      if (clusters_[k].text->name() != name) continue;
      return locator_.Error(clusters_[i].at, "name", fmt::format("there are two clusters named '{}'", name), name);
    }
    clusters_[i].spec->name = name;
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildCluster(const KafkaPlan& plan) {
  const Kafka& kafka = *plan.text;
  if (kafka.brokers() < 0 || kafka.brokers() > 100) {
    return locator_.Error(plan.at, "brokers",
                          fmt::format("brokers must lie between 1 and 100, not {}", kafka.brokers()));
  }
  sim::NodeSpec machine;
  if (auto status =
          Read(plan.at, "service_time", kafka.service_time(), sim::Microseconds(20), &machine.service_time);
      !status.ok())
    return status;
  if (auto status =
          ReadAbsent(plan.at, "sync_latency", kafka.has_sync_latency() ? &kafka.sync_latency() : nullptr,
                     machine.sync_latency, &machine.sync_latency);
      !status.ok())
    return status;
  const std::string& home = kafka.datacenter();
  plan.spec->zookeeper = kafka.zookeeper();
  const std::string keeper = kafka.zookeeper() ? "zookeeper" : "controller";
  World::NodePlan controller =
      PlanNode(plan.spec->Own(keeper), keeper,
               kafka.controller_datacenter().empty() ? home : kafka.controller_datacenter());
  controller.spec.service_time = machine.service_time;
  controller.spec.sync_latency = machine.sync_latency;
  if (kafka.zookeeper()) {
    controller.factory = std::make_shared<kafka::ZooKeeperFactory>(plan.spec);
  } else {
    controller.factory = std::make_shared<kafka::ControllerFactory>(plan.spec);
  }
  plan.spec->controller = next_node();
  world_->nodes_.push_back(std::move(controller));
  const int32_t brokers = kafka.brokers() == 0 ? 3 : kafka.brokers();
  for (int32_t id = 1; id <= brokers; ++id) {
    const std::string name = fmt::format("b{}", id);
    World::NodePlan broker = PlanNode(plan.spec->Own(name), "broker", home);
    broker.spec.service_time = machine.service_time;
    broker.spec.sync_latency = machine.sync_latency;
    for (const Broker& own : kafka.broker()) {
      if (own.name() != name) continue;
      if (!own.datacenter().empty()) broker.spec.datacenter = own.datacenter();
      broker.spec.rack = own.rack();
      sim::Duration start;
      if (auto status = Read(plan.Below("broker", name), "start", own.start(), {}, &start); !status.ok()) {
        return status;
      }
      broker.spec.start_at = sim::Time() + start;
    }
    broker.factory = std::make_shared<kafka::BrokerFactory>(plan.spec, id);
    plan.spec->brokers[id] = next_node();
    world_->nodes_.push_back(std::move(broker));
  }
  return BuildBrokerConfigs(plan);
}

void WorldBuilder::FillKafkaVocabulary() {
  [&]<class... T>(std::variant<T...>*) {
    (vocabulary_.types.emplace_back(T::kName), ...);
  }(static_cast<kafka::Body*>(nullptr));
  vocabulary_.log_roles = {"leader", "follower", "isr"};
  const auto add_log = [&](const std::string& log, bool internal) {
    vocabulary_.logs.push_back(log);
    if (internal) return;
    const std::string leader = fmt::format("leader({})", log);
    world_->owned_.push_back({leader, {log}});
    vocabulary_.swarm_logs.push_back(log);
    vocabulary_.swarm_roles.push_back(leader);
  };
  for (const KafkaPlan& plan : clusters_) {
    for (const kafka::TopicSpec& topic : plan.spec->topics) {
      for (size_t p = 0; p < topic.assignment.size(); ++p) {
        add_log(fmt::format("{}-{}", topic.name, p), kafka::IsInternal(topic.name));
      }
    }
  }
  vocabulary_.swarm_types = {"ProduceRequest", "ProduceResponse",       "FetchRequest",
                             "FetchResponse",  "AlterPartitionRequest", "BrokerHeartbeatRequest"};
  if (!clusters_[0].spec->zookeeper) return;
  vocabulary_.swarm_types = {"ProduceRequest",   "ProduceResponse",   "FetchRequest",        "FetchResponse",
                             "ZooKeeperRequest", "ZooKeeperResponse", "LeaderAndIsrRequest", "WatcherEvent"};
  vocabulary_.swarm_roles.push_back("controller");
}

absl::Status WorldBuilder::BuildBrokerConfigs(const KafkaPlan& plan) {
  std::vector<std::string>& ignored = world_->ignored_settings_;
  for (const std::string& line : plan.text->config()) {
    const absl::Status status = kafka::ApplyBrokerConfig(line, &plan.spec->config, &ignored);
    if (!status.ok()) return locator_.Error(plan.at, "config", std::string(status.message()), line);
  }
  if (plan.spec->zookeeper && plan.spec->config.eligible_leader_replicas_version > 0) {
    return locator_.Error(plan.at, "zookeeper", "ZooKeeper knows no eligible.leader.replicas.version (KIP-966)");
  }
  for (const Broker& own : plan.text->broker()) {
    const Steps steps = plan.Below("broker", own.name());
    int32_t id = -1;
    std::vector<std::string> names;
    for (const auto& [broker, node] : plan.spec->brokers) {
      names.push_back(fmt::format("b{}", broker));
      if (names.back() == own.name()) id = broker;
    }
    if (id < 0) {
      return locator_.Error(
          steps, "name",
          fmt::format("there is no broker '{}'; there are {}", own.name(), absl::StrJoin(names, ", ")));
    }
    kafka::BrokerConfig& config = plan.spec->own_configs.emplace(id, plan.spec->config).first->second;
    for (const std::string& line : own.config()) {
      const absl::Status status = kafka::ApplyBrokerConfig(line, &config, &ignored);
      if (!status.ok()) return locator_.Error(steps, "config", std::string(status.message()), line);
    }
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildTopics() {
  bool groups = false;
  for (const KafkaPlan& plan : clusters_) {
    const kafka::BrokerConfig& config = plan.spec->config;
    for (const Topic& topic : plan.text->topic()) {
      if (auto status = AddTopic(
              plan, topic.name(), topic.partitions() == 0 ? config.num_partitions : topic.partitions(),
              topic.replication_factor() == 0 ? config.default_replication_factor : topic.replication_factor(),
              &topic);
          !status.ok()) {
        return status;
      }
    }
    for (const Producer& producer : plan.text->producer()) {
      has_transactions_ = has_transactions_ || HasLine(producer.config(), "transactional.id");
    }
    if (plan.text->transformer_size() > 0) has_transactions_ = groups = true;
    for (const Consumer& consumer : plan.text->consumer()) groups = groups || HasLine(consumer.config(), "group.id");
  }
  if (auto status = BuildMirrors(); !status.ok()) return status;
  for (const KafkaPlan& plan : clusters_) {
    const kafka::BrokerConfig& config = plan.spec->config;
    if (plan.spec->topics.empty())
      return locator_.Error(plan.at, "topic", "the cluster needs a topic: topic { name: \"orders\" }");
    // As the first FindCoordinator would create them.
    if (has_transactions_) {
      const absl::Status status =
          AddTopic(plan, std::string(kafka::kTransactionsTopic), config.transaction_state_log_num_partitions,
                   config.transaction_state_log_replication_factor, nullptr);
      if (!status.ok()) return status;
    }
    const bool has_workers = std::any_of(mirror_flows_.begin(), mirror_flows_.end(), [&](const auto& flow) {
      return flow->shared && flow->target == plan.spec;
    });
    if (!groups && !has_workers) continue;
    const absl::Status status = AddTopic(plan, std::string(kafka::kOffsetsTopic), config.offsets_topic_num_partitions,
                                         config.offsets_topic_replication_factor, nullptr);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::AddTopic(const KafkaPlan& plan, const std::string& name, int64_t partitions, int64_t factor,
                                    const Topic* topic) {
  const Steps steps = topic == nullptr ? plan.at : plan.Below("topic", name);
  const std::string full_name = plan.spec->Own(name);
  const auto brokers = static_cast<int64_t>(plan.spec->brokers.size());
  if (name.empty()) return locator_.Error(steps, "name", "a topic needs a name");
  if (plan.spec->FindTopic(full_name) != nullptr) {
    return locator_.Error(steps, "name", fmt::format("there are two topics named '{}'", name));
  }
  if (partitions < 1 || partitions > 10000)
    return locator_.Error(steps, "partitions", "partitions must lie between 1 and 10000");
  if (factor < 1 || factor > brokers) {
    const std::string remedy = topic != nullptr                  ? ""
                               : name == kafka::kTransactionsTopic ? "; set transaction.state.log.replication.factor"
                               : name == kafka::kOffsetsTopic      ? "; set offsets.topic.replication.factor"
                                                                   : "; set the replication factors of MirrorMaker";
    return locator_.Error(steps, "replication_factor",
                          fmt::format("topic '{}' can't have {} replicas: there {} {} broker{}{}", name, factor,
                                      brokers == 1 ? "is" : "are", brokers, brokers == 1 ? "" : "s", remedy));
  }
  kafka::TopicSpec spec;
  spec.name = full_name;
  if (topic != nullptr && topic->assignment_size() > 0) {
    if (auto status = ReadAssignment(plan, *topic, &spec.assignment); !status.ok()) return status;
  } else {
    for (int64_t p = 0; p < partitions; ++p) spec.assignment.push_back(Place(plan, p, factor));
  }
  plan.spec->topics.push_back(std::move(spec));
  return absl::OkStatus();
}

// Partition p's leader is the p-th broker, and those after it follow. Where every broker has a rack they are taken from
// the racks in turn, as StripedReplicaPlacer does.
std::vector<int32_t> WorldBuilder::Place(const KafkaPlan& plan, int64_t partition, int64_t factor) const {
  std::map<std::string, std::vector<int32_t>> racks;
  for (const auto& [id, node] : plan.spec->brokers) racks[world_->nodes_[node.value].spec.rack].push_back(id);
  std::vector<std::vector<int32_t>> stripes;
  for (const auto& [rack, ids] : racks) stripes.push_back(ids);
  const auto count = static_cast<int64_t>(racks.contains("") ? 1 : stripes.size());
  std::vector<int32_t> replicas;
  for (int64_t i = partition; static_cast<int64_t>(replicas.size()) < factor; ++i) {
    if (count == 1) {
      replicas.push_back(static_cast<int32_t>(i % static_cast<int64_t>(plan.spec->brokers.size())) + 1);
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

absl::Status WorldBuilder::ReadAssignment(const KafkaPlan& plan, const Topic& topic,
                                          std::vector<std::vector<int32_t>>* assignment) const {
  const Steps steps = plan.Below("topic", topic.name());
  for (const std::string& text : topic.assignment()) {
    std::vector<int32_t>& replicas = assignment->emplace_back();
    const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
    for (const std::string& word : words) {
      int32_t id = 0;
      if (!absl::SimpleAtoi(word, &id) || !plan.spec->brokers.contains(id) ||
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

absl::Status WorldBuilder::CheckTopicName(const KafkaPlan& plan, const Steps& steps, const std::string& name) const {
  std::vector<std::string> names;
  for (const kafka::TopicSpec& topic : plan.spec->topics) {
    names.emplace_back(kafka::NameInCluster(topic.name));
    if (names.back() == name) return absl::OkStatus();
  }
  return locator_.Error(steps, "topic", fmt::format("there is no topic '{}'{}; there are: {}", name,
                                                    sim::DidYouMean(name, names), absl::StrJoin(names, ", ")), name);
}

}  // namespace brokersim::scenarios
