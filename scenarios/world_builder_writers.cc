// Applications that store records in more than one place: in two clusters, or in a database from where a relay
// publishes them.
#include <algorithm>
#include <utility>

#include "model/kafka/transformer.h"
#include "scenarios/world_builder.h"

namespace brokersim::scenarios {

absl::Status WorldBuilder::BuildOtherWriter(const KafkaPlan& plan, const Producer& producer,
                                            std::shared_ptr<const kafka::ProducerSpec> spec, World::NodePlan node) {
  const Steps steps = plan.Below("producer", producer.name());
  const std::string field = producer.has_dual_write() ? "dual_write" : "outbox";
  if (producer.has_dual_write() && !producer.outbox().empty()) {
    return locator_.Error(steps, "outbox", "a producer has a dual_write or an outbox, not both");
  }
  if (producer.keys() == 0) {
    return locator_.Error(steps, field, "without keys it isn't known which partition a record belongs to; add keys: 8");
  }
  if (!spec->config.transactional_id.empty()) {
    return locator_.Error(steps, field,
                          "a Kafka transaction doesn't reach beyond one cluster; remove transactional.id");
  }
  if (producer.has_dual_write()) {
    auto dual = std::make_shared<kafka::DualWriterSpec>();
    dual->producer = std::move(spec);
    if (auto status = ReadDualWrite(plan, producer, dual.get()); !status.ok()) return status;
    node.factory = std::make_shared<kafka::DualWriterFactory>(std::move(dual));
    return AddNode(steps, std::move(node));
  }
  if (!FindOutboxDatabase(producer.outbox()).valid()) {
    return locator_.Error(steps, "outbox", fmt::format("there is no outbox_database '{}'", producer.outbox()));
  }
  auto writer = std::make_shared<kafka::OutboxWriterSpec>();
  writer->producer = std::move(spec);
  writer->databases = outbox_databases_;
  writer->database = producer.outbox();
  writer->cluster = plan.spec;
  node.factory = std::make_shared<kafka::OutboxWriterFactory>(std::move(writer));
  return AddNode(steps, std::move(node));
}

absl::Status WorldBuilder::ReadDualWrite(const KafkaPlan& plan, const Producer& producer,
                                         kafka::DualWriterSpec* spec) {
  const Steps steps = plan.Below("producer", producer.name());
  const DualWrite& text = producer.dual_write();
  const auto other = std::find_if(clusters_.begin(), clusters_.end(), [&](const KafkaPlan& one) {
    return !one.spec->name.empty() && one.spec->name == text.cluster();
  });
  if (other == clusters_.end() || other->spec == plan.spec) {
    return locator_.Error(steps, "dual_write", fmt::format("there is no other cluster '{}'", text.cluster()));
  }
  if (other->spec->FindTopic(other->spec->Own(producer.topic())) == nullptr) {
    return locator_.Error(steps, "dual_write",
                          fmt::format("cluster {} has no topic '{}'; add topic {{ name: \"{}\" }} to it",
                                      text.cluster(), producer.topic(), producer.topic()));
  }
  spec->clusters[0] = plan.spec;
  spec->clusters[1] = other->spec;
  spec->confirm = text.confirm() == DualWrite::BOTH     ? kafka::Confirm::kBoth
                  : text.confirm() == DualWrite::EITHER ? kafka::Confirm::kEither
                                                        : kafka::Confirm::kFirst;
  return absl::OkStatus();
}

sim::NodeId WorldBuilder::FindOutboxDatabase(const std::string& name) const {
  for (const auto& [known, node] : *outbox_databases_) {
    if (known == name) return node;
  }
  return sim::NodeId{};
}

// Primaries first: a standby knows its primary, and that knows whether it waits for it.
absl::Status WorldBuilder::BuildOutboxDatabases() {
  auto databases = std::make_shared<kafka::Databases>();
  outbox_databases_ = databases;
  for (const bool standby : {false, true}) {
    for (const OutboxDatabase& text : setup_.outbox_database()) {
      if (text.standby_of().empty() == standby) continue;
      const Steps steps = {{"outbox_database", "name", text.name()}};
      auto spec = std::make_shared<app::OutboxDatabaseSpec>();
      if (standby) {
        spec->primary = FindOutboxDatabase(text.standby_of());
        if (!spec->primary.valid()) {
          return locator_.Error(steps, "standby_of",
                                fmt::format("there is no outbox_database '{}' that is a primary", text.standby_of()));
        }
      }
      const auto follower = std::find_if(
          setup_.outbox_database().begin(), setup_.outbox_database().end(),
          [&](const OutboxDatabase& other) { return &other != &text && other.standby_of() == text.name(); });
      spec->synchronous = follower != setup_.outbox_database().end() && follower->synchronous();
      World::NodePlan node = PlanNode(text.name(), "database", text.datacenter());
      node.factory = std::make_shared<app::OutboxDatabaseFactory>(std::move(spec));
      const sim::NodeId id = next_node();
      if (auto status = AddNode(steps, std::move(node)); !status.ok()) return status;
      databases->emplace_back(text.name(), id);
    }
  }
  return absl::OkStatus();
}

absl::Status WorldBuilder::BuildOutboxRelay(const KafkaPlan& plan, const OutboxRelay& relay) {
  const Steps steps = plan.Below("outbox_relay", relay.name());
  auto producer = std::make_shared<kafka::ProducerSpec>();
  if (auto status = ReadProducerConfig(steps, "config", relay.config(), &producer->config); !status.ok()) return status;
  if (!producer->config.transactional_id.empty()) {
    return locator_.Error(steps, "config", "a relay has no transactions; remove transactional.id");
  }
  if (auto status = CheckTopicName(plan, steps, relay.topic()); !status.ok()) return status;
  producer->topic = relay.topic();
  auto spec = std::make_shared<kafka::OutboxRelaySpec>();
  spec->producer = std::move(producer);
  spec->cluster = plan.spec;
  spec->removes = relay.removes();
  spec->database = FindOutboxDatabase(relay.database());
  if (!spec->database.valid()) {
    return locator_.Error(steps, "database", fmt::format("there is no outbox_database '{}'", relay.database()));
  }
  if (auto status = Read(steps, "interval", relay.interval(), sim::Milliseconds(100), &spec->interval); !status.ok()) {
    return status;
  }
  World::NodePlan node =
      PlanNode(relay.name(), "relay", relay.datacenter().empty() ? plan.text->datacenter() : relay.datacenter());
  node.factory = std::make_shared<kafka::OutboxRelayFactory>(std::move(spec));
  return AddNode(steps, std::move(node));
}

absl::Status WorldBuilder::BuildTransformer(const KafkaPlan& plan, const Transformer& text, sim::NodeId ledger) {
  const Steps steps = plan.Below("transformer", text.name());
  auto consumer = std::make_shared<kafka::ConsumerSpec>();
  for (const std::string& line : text.config()) {
    const absl::Status status = kafka::ApplyConsumerConfig(line, &consumer->config, &world_->ignored_settings_);
    if (!status.ok()) return locator_.Error(steps, "config", std::string(status.message()), line);
  }
  if (consumer->config.group_id.empty()) {
    return locator_.Error(steps, "config", "a transformer commits its group's offsets; add config: \"group.id=...\"");
  }
  consumer->config.enable_auto_commit = false;
  if (auto status = CheckSession(plan, steps, consumer->config); !status.ok()) return status;
  if (text.topic().empty()) return locator_.Error(steps, "topic", "a transformer needs a topic to read");
  for (const std::string& topic : text.topic()) {
    if (auto status = CheckTopicName(plan, steps, topic); !status.ok()) return status;
    consumer->topics.push_back(topic);
  }
  auto producer = std::make_shared<kafka::ProducerSpec>();
  if (auto status = ReadProducerConfig(steps, "producer_config", text.producer_config(), &producer->config);
      !status.ok()) {
    return status;
  }
  if (producer->config.transactional_id.empty()) {
    return locator_.Error(steps, "producer_config",
                          "a transformer works in transactions; add producer_config: \"transactional.id=...\"");
  }
  if (text.output().empty()) return locator_.Error(steps, "output", "a transformer needs a topic to write to");
  if (auto status = CheckTopicName(plan, steps, text.output()); !status.ok()) return status;
  producer->topic = text.output();
  auto spec = std::make_shared<kafka::TransformerSpec>();
  const Distribution* processing = text.has_processing() ? &text.processing() : nullptr;
  if (auto status = ReadAbsent(steps, "processing", processing, sim::Distribution::Constant(sim::Milliseconds(10)),
                               &consumer->processing);
      !status.ok()) {
    return status;
  }
  if (auto status = ReadProbability(steps, "abort", text.abort(), &spec->aborts); !status.ok()) return status;
  sim::Duration start;
  if (auto status = Read(steps, "start", text.start(), sim::Seconds(2), &start); !status.ok()) return status;
  consumer->start = sim::Time() + start;
  if (text.idempotent_effects() && !text.effects()) {
    return locator_.Error(steps, "idempotent_effects", "idempotent_effects needs effects: true");
  }
  consumer->ledger = ledger;
  consumer->idempotent_effects = text.idempotent_effects();
  // What its transactions did is told of the group itself.
  consumer->effects_of = consumer->config.group_id + "'s effects";
  spec->group_metadata = !text.without_group_metadata();
  spec->seeks_after_abort = !text.polls_on_after_abort();
  spec->consumer = std::move(consumer);
  spec->producer = std::move(producer);
  World::NodePlan node =
      PlanNode(text.name(), "transformer", text.datacenter().empty() ? plan.text->datacenter() : text.datacenter());
  node.factory = std::make_shared<kafka::TransformerFactory>(plan.spec, std::move(spec));
  return AddNode(steps, std::move(node));
}

}  // namespace brokersim::scenarios
