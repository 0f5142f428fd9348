// WorldBuilder: turns a setup into a world, part by part; the first error ends it.
//
// Code by subject: world_builder.cc (network, times, nodes, checks), world_builder_kafka.cc and _kafka_clients.cc,
// world_builder_rocketmq.cc, world_builder_faults.cc, world_builder_swarm.cc. What faults may speak of, a family says
// in its Vocabulary.
#ifndef BROKERSIM_SCENARIOS_WORLD_BUILDER_H_
#define BROKERSIM_SCENARIOS_WORLD_BUILDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/kafka/client.h"
#include "model/kafka/dual_writer.h"
#include "model/kafka/mirror/mirror_maker.h"
#include "model/kafka/outbox.h"
#include "model/rocketmq/cluster.h"
#include "model/rocketmq/producer.h"
#include "scenarios/world.h"

namespace brokersim::scenarios {

// What a family of models has that faults may speak of.
struct Vocabulary {
  std::vector<std::string> types;      // of messages
  std::vector<std::string> log_roles;  // roles that take a log, e.g. "leader"
  std::vector<std::string> logs;       // e.g. "orders-0"
  std::vector<std::string> roles;      // whole terms, e.g. "master(a)"
  // For drawn faults: roles worth hitting, and the types that are drawn where none are named.
  std::vector<std::string> swarm_roles;
  std::vector<std::string> swarm_types;
  std::vector<std::string> swarm_logs;
};

class WorldBuilder {
 public:
  WorldBuilder(const Setup& setup, const Locator& locator) : setup_(setup), locator_(locator) {}
  absl::StatusOr<std::shared_ptr<const World>> Build();

 private:
  // world_builder.cc
  absl::Status BuildTimes();
  absl::Status BuildNetwork();
  absl::Status BuildChecks();
  // `text` or, where it is empty, `otherwise`; `field` is where it stands.
  absl::Status Read(const Steps& steps, const std::string& field, const std::string& text,
                    sim::Duration otherwise, sim::Duration* value) const;
  absl::Status ReadAbsent(const Steps& steps, const std::string& field, const Distribution* text,
                          sim::Distribution otherwise, sim::Distribution* value) const;
  absl::Status ReadProbability(const Steps& steps, const std::string& field, const std::string& text,
                               sim::Ratio* value) const;
  absl::Status BuildFamily();
  // Adds a node; its name must be new.
  absl::Status AddNode(const Steps& steps, World::NodePlan plan);
  sim::NodeId next_node() const { return sim::NodeId{static_cast<uint32_t>(world_->nodes_.size())}; }
  static World::NodePlan PlanNode(std::string name, std::string role, const std::string& datacenter);
  // The ledger, or a database: one of the application's own machines.
  sim::NodeId AddAppNode(std::string name, const std::string& datacenter,
                         std::shared_ptr<const sim::ProcessFactory> factory);
  absl::Status CheckSites();

  // A Kafka cluster, as it is written, where that stands, and what becomes of it.
  struct KafkaPlan {
    const Kafka* text;
    Steps at;
    std::shared_ptr<kafka::ClusterSpec> spec;
    // The element of this name.
    Steps Below(const std::string& field, const std::string& name) const {
      Steps steps = at;
      steps.push_back({field, "name", name});
      return steps;
    }
  };

  // world_builder_kafka.cc
  absl::Status BuildKafka();
  absl::Status NameClusters();
  absl::Status BuildCluster(const KafkaPlan& plan);
  absl::Status BuildBrokerConfigs(const KafkaPlan& plan);
  absl::Status BuildTopics();
  absl::Status AddTopic(const KafkaPlan& plan, const std::string& name, int64_t partitions, int64_t factor,
                        const Topic* topic);
  std::vector<int32_t> Place(const KafkaPlan& plan, int64_t partition, int64_t factor) const;
  absl::Status ReadAssignment(const KafkaPlan& plan, const Topic& topic,
                              std::vector<std::vector<int32_t>>* assignment) const;
  absl::Status CheckTopicName(const KafkaPlan& plan, const Steps& steps, const std::string& name) const;
  void FillKafkaVocabulary();

  // world_builder_kafka_clients.cc
  absl::Status BuildKafkaClients();
  // Lines of producer.properties in that field; what they don't say stays as it is.
  absl::Status ReadProducerConfig(const Steps& steps, const std::string& field,
                                  const google::protobuf::RepeatedPtrField<std::string>& text,
                                  kafka::ProducerConfig* config);
  absl::Status BuildProducer(const KafkaPlan& plan, const Producer& producer);
  absl::Status BuildConsumer(const KafkaPlan& plan, const Consumer& consumer, sim::NodeId ledger);
  absl::Status CheckSession(const KafkaPlan& plan, const Steps& steps, const kafka::ConsumerConfig& config) const;
  absl::Status BuildMirrors();
  void NoteSharedFlows();
  absl::Status BuildMirrorTopics();
  absl::Status ReadMirrorMaker(const MirrorMaker& text);
  absl::Status BuildKafkaAudit();
  const KafkaPlan& PlanOf(const std::string& cluster) const;
  // Those that a client may be told to use; none if there is one only.
  std::shared_ptr<const kafka::Clusters> AllClusters() const;

  // world_builder_writers.cc
  absl::Status BuildOtherWriter(const KafkaPlan& plan, const Producer& producer,
                                std::shared_ptr<const kafka::ProducerSpec> spec, World::NodePlan node);
  absl::Status ReadDualWrite(const KafkaPlan& plan, const Producer& producer, kafka::DualWriterSpec* spec);
  absl::Status BuildOutboxDatabases();
  absl::Status BuildTransformer(const KafkaPlan& plan, const Transformer& transformer, sim::NodeId ledger);
  absl::Status BuildOutboxRelay(const KafkaPlan& plan, const OutboxRelay& relay);
  // Invalid: there is none.
  sim::NodeId FindOutboxDatabase(const std::string& name) const;

  // world_builder_rocketmq.cc
  absl::Status BuildRocketMq();
  absl::Status BuildNameServers();
  absl::Status BuildRocketMqController(const sim::NodeSpec& machine);
  absl::Status BuildBrokerGroup(const RocketMq::Group& group, const sim::NodeSpec& machine);
  absl::Status BuildRocketMqTopics();
  absl::Status ReadDelay(const Steps& steps, const RocketMq::Producer& producer, rocketmq::ProducerSpec* spec) const;
  absl::Status BuildRocketMqProducer(const RocketMq::Producer& producer);
  absl::Status BuildRocketMqConsumer(const RocketMq::Consumer& consumer, sim::NodeId ledger);
  absl::Status ReadTransaction(const Steps& producer, const RocketMq::Transaction& transaction,
                               rocketmq::TransactionSpec* spec) const;
  absl::Status CheckRocketMqTopic(const Steps& steps, const std::string& name) const;
  absl::Status BuildRocketMqAudit();
  void FillRocketMqVocabulary();

  // world_builder_swarm.cc
  absl::Status BuildSwarm();
  void FillSwarm(sim::SwarmPlan* plan) const;

  // world_builder_faults.cc
  absl::Status BuildFaults();
  absl::Status BuildFault(const Fault& fault);
  absl::Status CheckClusterChange(const Steps& steps, const sim::FaultAction& action) const;
  absl::Status BuildTrigger(const Fault& fault, const Steps& steps, sim::Trigger* trigger) const;
  absl::Status BuildAction(const Fault& fault, const Steps& steps, sim::FaultAction* action) const;
  absl::Status ReadSelector(const Steps& steps, const std::string& field,
                            const google::protobuf::RepeatedPtrField<std::string>& terms, bool may_be_empty,
                            sim::Selector* selector) const;
  absl::Status ReadMatch(const Steps& steps, const MessageMatch& match, sim::MessageMatch* result) const;
  absl::Status CheckType(const Steps& steps, const std::string& field, const std::string& type) const;
  bool HasLogRole(const std::string& kind) const;
  absl::Status CheckTerm(const Steps& steps, const std::string& field, const std::string& term) const;

  const Setup& setup_;
  const Locator& locator_;
  std::shared_ptr<World> world_;
  bool has_transactions_ = false;
  std::vector<KafkaPlan> clusters_;  // if it is Kafka
  std::shared_ptr<const kafka::Databases> outbox_databases_;
  std::vector<std::shared_ptr<const kafka::MirrorMakerSpec>> mirror_makers_;
  std::vector<std::shared_ptr<kafka::MirrorFlowSpec>> mirror_flows_;  // theirs
  std::shared_ptr<rocketmq::ClusterSpec> rocketmq_;  // if it is RocketMQ
  Vocabulary vocabulary_;
  sim::Time audit_at_;
  sim::Duration audit_patience_;
};

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_WORLD_BUILDER_H_
