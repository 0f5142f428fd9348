// Kafka's clients: producers, consumers, MirrorMaker, and the audit.
#include <algorithm>
#include <utility>

#include "model/app/ledger.h"
#include "model/kafka/auditor.h"
#include "model/kafka/consumer.h"
#include "model/kafka/mirror/mirror_maker.h"
#include "model/kafka/producer.h"
#include "model/kafka/recovery.h"
#include "scenarios/world_builder.h"

namespace brokersim::scenarios {

std::shared_ptr<const kafka::Clusters> WorldBuilder::AllClusters() const {
  auto all = std::make_shared<kafka::Clusters>();
  if (clusters_.size() == 1) return all;
  for (const KafkaPlan& plan : clusters_) all->push_back(plan.spec);
  return all;
}

absl::Status WorldBuilder::BuildKafkaClients() {
  sim::NodeId ledger;
  for (const KafkaPlan& plan : clusters_) {
    const auto needs_ledger = [](const auto& client) { return client.effects(); };
    const auto& consumers = plan.text->consumer();
    const auto& transformers = plan.text->transformer();
    if (ledger.valid() || (std::none_of(consumers.begin(), consumers.end(), needs_ledger) &&
                           std::none_of(transformers.begin(), transformers.end(), needs_ledger))) {
      continue;
    }
    ledger = AddAppNode("ledger", setup_.ledger_datacenter(), std::make_shared<app::LedgerFactory>());
  }
  if (auto status = BuildOutboxDatabases(); !status.ok()) return status;
  for (const KafkaPlan& plan : clusters_) {
    for (const Producer& producer : plan.text->producer()) {
      if (auto status = BuildProducer(plan, producer); !status.ok()) return status;
    }
    for (const Consumer& consumer : plan.text->consumer()) {
      const sim::NodeId effects = consumer.effects() ? ledger : sim::NodeId{};
      if (auto status = BuildConsumer(plan, consumer, effects); !status.ok()) return status;
    }
    for (const Transformer& transformer : plan.text->transformer()) {
      const sim::NodeId effects = transformer.effects() ? ledger : sim::NodeId{};
      if (auto status = BuildTransformer(plan, transformer, effects); !status.ok()) return status;
    }
    for (const OutboxRelay& relay : plan.text->outbox_relay()) {
      if (auto status = BuildOutboxRelay(plan, relay); !status.ok()) return status;
    }
  }
  for (size_t i = 0; i < mirror_makers_.size(); ++i) {
    const MirrorMaker& text = setup_.mirror_maker(static_cast<int>(i));
    World::NodePlan node = PlanNode(text.name(), "mirror-maker", text.datacenter());
    node.factory = std::make_shared<kafka::MirrorMakerFactory>(mirror_makers_[i]);
    if (auto status = AddNode({{"mirror_maker", "name", text.name()}}, std::move(node)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildKafkaAudit() {
  kafka::Clusters specs;
  for (const KafkaPlan& plan : clusters_) specs.push_back(plan.spec);
  world_->recovery_ = std::make_shared<kafka::Recovery>(std::move(specs));
  auto audit = std::make_shared<kafka::AuditorSpec>();
  audit->start = audit_at_;
  audit->patience = audit_patience_;
  if (has_transactions_) audit->isolation = kafka::IsolationLevel::kReadCommitted;
  for (const KafkaPlan& plan : clusters_) {
    for (const kafka::TopicSpec& topic : plan.spec->topics) {
      if (kafka::IsInternal(topic.name)) continue;
      for (size_t i = 0; i < topic.assignment.size(); ++i) {
        audit->logs.push_back({audit->clusters.size(), {topic.name, static_cast<int32_t>(i)}});
      }
    }
    audit->clusters.push_back(plan.spec);
  }
  World::NodePlan node = PlanNode("audit", "audit", "");
  node.factory = std::make_shared<kafka::AuditorFactory>(std::move(audit));
  return AddNode(clusters_.front().at, std::move(node));
}

// What MirrorMaker processes mirror, and the topics that this takes. A mirror may be mirrored on, so that this goes on
// until there is nothing new.
absl::Status WorldBuilder::BuildMirrors() {
  for (const MirrorMaker& text : setup_.mirror_maker()) {
    if (auto status = ReadMirrorMaker(text); !status.ok()) return status;
  }
  NoteSharedFlows();
  for (bool more = true; more;) {
    more = false;
    for (const auto& maker : mirror_makers_) {
      for (const auto& flow : maker->flows) {
        const std::vector<kafka::TopicSpec> topics = flow->source->topics;
        for (const kafka::TopicSpec& topic : topics) {
          const std::string_view name = kafka::NameInCluster(topic.name);
          if (!flow->config.Copies(flow->target->name, name)) continue;
          const std::string remote = flow->config.RemoteTopic(flow->source->name, name);
          if (flow->target->FindTopic(flow->target->Own(remote)) != nullptr) continue;
          more = true;
          if (auto status = AddTopic(PlanOf(flow->target->name), remote, static_cast<int64_t>(topic.assignment.size()),
                                     flow->config.replication_factor, nullptr);
              !status.ok()) {
            return status;
          }
        }
      }
    }
  }
  return BuildMirrorTopics();
}

// MirrorMaker's own, of one partition each.
absl::Status WorldBuilder::BuildMirrorTopics() {
  for (const auto& maker : mirror_makers_) {
    for (const auto& flow : maker->flows) {
      const kafka::MirrorConfig& config = flow->config;
      const KafkaPlan& source = PlanOf(flow->source->name);
      const KafkaPlan& target = PlanOf(flow->target->name);
      const struct {
        const KafkaPlan* plan;
        std::string name;
        int64_t factor;
      } topics[] = {
          {&source, kafka::OffsetSyncsTopic(flow->target->name), config.offset_syncs_topic_replication_factor},
          {&target, kafka::CheckpointsTopic(flow->source->name), config.checkpoints_topic_replication_factor},
          {&target, kafka::OffsetsTopic(flow->source->name), config.offset_storage_replication_factor},
          {&target, kafka::ConfigsTopic(flow->source->name), config.config_storage_replication_factor},
      };
      for (const auto& [plan, name, factor] : topics) {
        if (name == kafka::ConfigsTopic(flow->source->name) && !flow->shared) continue;
        if (plan->spec->FindTopic(plan->spec->Own(name)) != nullptr) continue;  // two processes share it
        if (auto status = AddTopic(*plan, name, 1, factor, nullptr); !status.ok()) return status;
      }
    }
  }
  return absl::OkStatus();
}

// Processes with the same flow share it, whatever else their configurations say of it.
void WorldBuilder::NoteSharedFlows() {
  for (size_t i = 0; i < mirror_flows_.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (mirror_flows_[i]->source != mirror_flows_[j]->source) continue;
      if (mirror_flows_[i]->target != mirror_flows_[j]->target) continue;
      mirror_flows_[i]->shared = mirror_flows_[j]->shared = true;
    }
  }
}

const WorldBuilder::KafkaPlan& WorldBuilder::PlanOf(const std::string& cluster) const {
  return *std::find_if(clusters_.begin(), clusters_.end(),
                       [&](const KafkaPlan& plan) { return plan.spec->name == cluster; });
}

absl::Status WorldBuilder::ReadMirrorMaker(const MirrorMaker& text) {
  const Steps steps = {{"mirror_maker", "name", text.name()}};
  if (clusters_.size() < 2) {
    return locator_.Error(steps, "name", "MirrorMaker needs a second cluster: cluster { name: \"b\" ... }");
  }
  auto spec = std::make_shared<kafka::MirrorMakerSpec>();
  std::vector<std::string> names;
  for (const KafkaPlan& plan : clusters_) names.push_back(plan.spec->name);
  const std::vector<std::string> lines(text.config().begin(), text.config().end());
  std::string wrong_line;
  const auto flows = kafka::ReadMirrorConfig(lines, names, &world_->ignored_settings_, &wrong_line);
  if (!flows.ok()) return locator_.Error(steps, "config", std::string(flows.status().message()), wrong_line);
  if (flows->empty()) {
    return locator_.Error(steps, "config",
                          fmt::format("no flow is enabled; add config: \"{}->{}.enabled=true\"", names[0], names[1]));
  }
  for (const kafka::MirrorFlowConfig& flow : *flows) {
    auto built = std::make_shared<kafka::MirrorFlowSpec>();
    built->source = PlanOf(flow.source).spec;
    built->target = PlanOf(flow.target).spec;
    built->config = flow.config;
    mirror_flows_.push_back(built);
    spec->flows.push_back(std::move(built));
  }
  sim::Duration start;
  if (auto status = Read(steps, "start", text.start(), sim::Seconds(1), &start); !status.ok()) return status;
  spec->start = sim::Time() + start;
  mirror_makers_.push_back(std::move(spec));
  return absl::OkStatus();
}

absl::Status WorldBuilder::ReadProducerConfig(const Steps& steps, const std::string& field,
                                              const google::protobuf::RepeatedPtrField<std::string>& text,
                                              kafka::ProducerConfig* config) {
  const std::vector<std::string> lines(text.begin(), text.end());
  for (const std::string& line : lines) {
    const absl::Status status = kafka::ApplyProducerConfig(line, config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(steps, field, std::string(status.message()), line);
  }
  const absl::Status status = kafka::ValidateProducerConfig(lines, config);
  if (status.ok()) return status;
  return locator_.Error(steps, field, std::string(status.message()), lines.empty() ? "" : lines.back());
}

absl::Status WorldBuilder::BuildProducer(const KafkaPlan& plan, const Producer& producer) {
  const Steps steps = plan.Below("producer", producer.name());
  auto spec = std::make_shared<kafka::ProducerSpec>();
  if (auto status = ReadProducerConfig(steps, "config", producer.config(), &spec->config); !status.ok()) return status;
  if (auto status = CheckTopicName(plan, steps, producer.topic()); !status.ok()) return status;
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
  World::NodePlan node = PlanNode(producer.name(), "producer",
                                  producer.datacenter().empty() ? plan.text->datacenter() : producer.datacenter());
  if (producer.has_dual_write() || !producer.outbox().empty()) {
    return BuildOtherWriter(plan, producer, std::move(spec), std::move(node));
  }
  node.factory = std::make_shared<kafka::ProducerFactory>(plan.spec, std::move(spec), AllClusters());
  return AddNode(steps, std::move(node));
}

absl::Status WorldBuilder::CheckSession(const KafkaPlan& plan, const Steps& steps,
                                        const kafka::ConsumerConfig& config) const {
  const kafka::BrokerConfig& broker = plan.spec->config;
  if (config.group_id.empty()) return absl::OkStatus();
  if (config.session_timeout_ms >= broker.group_min_session_timeout_ms &&
      config.session_timeout_ms <= broker.group_max_session_timeout_ms) {
    return absl::OkStatus();
  }
  return locator_.Error(steps, "config",
                        fmt::format("session.timeout.ms={} isn't allowed by the brokers: {} to {} "
                                    "(group.min.session.timeout.ms, group.max.session.timeout.ms)",
                                    config.session_timeout_ms, broker.group_min_session_timeout_ms,
                                    broker.group_max_session_timeout_ms),
                        fmt::format("session.timeout.ms={}", config.session_timeout_ms));
}

absl::Status WorldBuilder::BuildConsumer(const KafkaPlan& plan, const Consumer& consumer, sim::NodeId ledger) {
  const Steps steps = plan.Below("consumer", consumer.name());
  auto spec = std::make_shared<kafka::ConsumerSpec>();
  for (const std::string& line : consumer.config()) {
    const absl::Status status = kafka::ApplyConsumerConfig(line, &spec->config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(steps, "config", std::string(status.message()), line);
  }
  if (consumer.topic().empty()) return locator_.Error(steps, "topic", "a consumer needs a topic");
  for (const std::string& topic : consumer.topic()) {
    if (auto status = CheckTopicName(plan, steps, topic); !status.ok()) return status;
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
  if (auto status = CheckSession(plan, steps, spec->config); !status.ok()) return status;
  const Distribution* processing = consumer.has_processing() ? &consumer.processing() : nullptr;
  if (auto status = ReadAbsent(steps, "processing", processing,
                               sim::Distribution::Constant(sim::Milliseconds(10)), &spec->processing);
      !status.ok())
    return status;
  if (consumer.idempotent_effects() && !consumer.effects()) {
    return locator_.Error(steps, "idempotent_effects", "idempotent_effects needs effects: true");
  }
  if (consumer.hands_over() && consumer.commit() != Consumer::AUTO) {
    return locator_.Error(steps, "hands_over", "hands_over is for commit: AUTO");
  }
  if (consumer.skips_failures() && consumer.failure().empty()) {
    return locator_.Error(steps, "skips_failures", "skips_failures needs a failure, e.g. failure: \"1%\"");
  }
  if (auto status = ReadProbability(steps, "failure", consumer.failure(), &spec->failure); !status.ok()) return status;
  spec->hands_over = consumer.hands_over();
  spec->skips_failures = consumer.skips_failures();
  spec->mirrors = consumer.mirrors();
  spec->ledger = ledger;
  spec->idempotent_effects = consumer.idempotent_effects();
  sim::Duration start;
  if (auto status = Read(steps, "start", consumer.start(), sim::Seconds(2), &start); !status.ok()) return status;
  spec->start = sim::Time() + start;
  World::NodePlan node = PlanNode(consumer.name(), "consumer",
                                  consumer.datacenter().empty() ? plan.text->datacenter() : consumer.datacenter());
  node.factory = std::make_shared<kafka::ConsumerFactory>(plan.spec, std::move(spec), AllClusters());
  return AddNode(steps, std::move(node));
}

}  // namespace brokersim::scenarios
