// Kafka's configuration under its real names, with its real defaults and units.
//
// A setting is given as a line of a properties file: `min.insync.replicas=2`. What Kafka knows and the model
// doesn't use is accepted and listed as ignored; what Kafka doesn't know is refused with a suggestion.
//
// Documented fixes are switches of ours, named after their source, on by default: `KIP-101=off`.
#ifndef BROKERSIM_MODEL_KAFKA_CONFIG_H_
#define BROKERSIM_MODEL_KAFKA_CONFIG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "model/base/settings.h"
#include "model/kafka/mutants.h"

namespace brokersim::kafka {

// Defaults: server-common/.../config/*.java and the documentation of Kafka 3.9.
struct BrokerConfig {
  int64_t broker_heartbeat_interval_ms = 2000;
  int64_t broker_session_timeout_ms = 9000;
  int64_t initial_broker_registration_timeout_ms = 60000;
  int64_t replica_lag_time_max_ms = 30000;
  int64_t replica_fetch_wait_max_ms = 500;
  int64_t replica_fetch_backoff_ms = 1000;
  int64_t replica_socket_timeout_ms = 30000;
  int64_t replica_high_watermark_checkpoint_interval_ms = 5000;
  int64_t min_insync_replicas = 1;
  bool unclean_leader_election_enable = false;
  int64_t default_replication_factor = 1;
  int64_t num_partitions = 1;
  int64_t log_flush_interval_messages = INT64_MAX;
  bool controlled_shutdown_enable = true;
  int64_t offsets_topic_num_partitions = 50;
  int64_t offsets_topic_replication_factor = 3;
  int64_t offsets_commit_timeout_ms = 5000;
  int64_t group_initial_rebalance_delay_ms = 3000;
  int64_t group_min_session_timeout_ms = 6000;
  int64_t group_max_session_timeout_ms = 1800000;
  int64_t transaction_max_timeout_ms = 900000;
  int64_t transaction_state_log_num_partitions = 50;
  int64_t transaction_state_log_replication_factor = 3;
  int64_t transaction_state_log_min_isr = 2;
  int64_t transaction_abort_timed_out_transaction_cleanup_interval_ms = 10000;
  // KIP-890 part 1: a leader asks the coordinator before it opens a transaction in its log.
  bool transaction_partition_verification_enable = true;
  // The feature of that name: 0 and 1: a producer keeps its epoch; 2 (KIP-890 part 2): each transaction has its own,
  // and leaders add partitions.
  int64_t transaction_version = 2;
  // The feature of that name (KIP-966): 1: who left the ISR below min.insync.replicas may still lead, high watermarks
  // stand still there, and a broker that was not shut down cleanly is in neither.
  int64_t eligible_leader_replicas_version = 0;
  // Of a broker's session with ZooKeeper; 6000 before 2.5 (KIP-537).
  int64_t zookeeper_session_timeout_ms = 18000;
  // KIP-101: followers truncate to where their log and the leader's part (by leader epoch), not to their own
  // high watermark.
  bool kip_101 = true;
  // KAFKA-6082 (2.1): a controller writes to ZooKeeper only while its epoch is the one there.
  bool kafka_6082 = true;
  // KIP-570 (2.6): StopReplica names the leader epoch of the replica that it means.
  bool kip_570 = true;
  // KIP-380: the controller tells incarnations of a broker apart. On (KRaft, KIP-631): a broker that restarts
  // within its session waits until its former incarnation is fenced, and so out of the ISR. Off (before 2.2):
  // a fast bounce goes unnoticed; leaderships and the ISR stay as they were. In ZooKeeper mode: control requests name
  // the life of the broker that they are for, and the controller notices when a broker has begun another one.
  bool kip_380 = true;
  // KIP-447: consumers and producers of one application are fenced together. On: offsets in a transaction are taken
  // from the group's present generation only, and nobody is told offsets that an open transaction may change. Off:
  // before 2.5.
  bool kip_447 = true;
  // KIP-279 (2.0): asked where an epoch ends that it never had, a leader names the largest epoch below it, and the
  // follower goes back epoch by epoch. Off: it names the start of its own next epoch only.
  bool kip_279 = true;
  // KIP-320 (2.1): followers' requests name the leader's epoch that is meant. Off: they don't; a follower asks once
  // where its last epoch ends, cuts its log, and then fetches from whoever listens, who counts it.
  bool kip_320 = true;
  // KAFKA-7128 (2.1): a follower joins the ISR once it is in the leader's own epoch, not only at the high watermark.
  bool kafka_7128 = true;
  // KIP-903 (3.5): AlterPartition names which lives of brokers it means.
  bool kip_903 = true;
  // KAFKA-15021 (3.6): the high watermark doesn't wait for a replica that may not join the ISR.
  bool kafka_15021 = true;
  // KAFKA-19522: the last known leader is elected only if it is there.
  bool kafka_19522 = true;
  // KIP-207 (2.2): a new leader tells nobody the end of its log before its high watermark has come to its own epoch.
  bool kip_207 = true;
  // KAFKA-5494 (1.0): of a producer five batches are known, as many as it may have in flight; else the last one.
  bool kafka_5494 = true;
  // How long a producer's sequences are remembered after its last batch, if no transaction of it is open.
  int64_t producer_id_expiration_ms = 86400000;
  // How long a group's offsets are kept once it has no member.
  int64_t offsets_retention_minutes = 10080;
  // Ours, like those of producers and consumers: a planted bug.
  Mutant mutant = Mutant::kNone;
};

// clients/.../producer/ProducerConfig.java
struct ProducerConfig {
  int64_t acks = -1;  // "all"
  bool enable_idempotence = true;
  int64_t retries = INT32_MAX;
  int64_t max_in_flight_requests_per_connection = 5;
  int64_t delivery_timeout_ms = 120000;
  int64_t request_timeout_ms = 30000;
  int64_t linger_ms = 0;
  int64_t batch_size = 16384;
  int64_t retry_backoff_ms = 100;
  int64_t retry_backoff_max_ms = 1000;
  int64_t metadata_max_age_ms = 300000;
  std::string transactional_id;
  int64_t transaction_timeout_ms = 60000;
  Mutant mutant = Mutant::kNone;
};

// clients/.../consumer/ConsumerConfig.java
struct ConsumerConfig {
  std::string group_id;
  bool enable_auto_commit = true;
  int64_t auto_commit_interval_ms = 5000;
  std::string auto_offset_reset = "latest";
  int64_t session_timeout_ms = 45000;
  int64_t heartbeat_interval_ms = 3000;
  int64_t max_poll_interval_ms = 300000;
  int64_t max_poll_records = 500;
  std::string isolation_level = "read_uncommitted";
  int64_t fetch_max_wait_ms = 500;
  int64_t fetch_min_bytes = 1;
  int64_t request_timeout_ms = 30000;
  int64_t retry_backoff_ms = 100;
  int64_t metadata_max_age_ms = 300000;
  // KIP-320 (2.3): positions know their epoch, and a new leader is asked whether its log still has them.
  bool kip_320 = true;
  Mutant mutant = Mutant::kNone;
};

// Applies lines in order, later ones over earlier ones; names of settings without effect on the model
// are appended to `ignored`. Errors: kInvalidArgument, naming the line, what is wrong, and the remedy.
absl::Status ApplyBrokerConfig(std::string_view line, BrokerConfig* config,
                               std::vector<std::string>* ignored);
absl::Status ApplyProducerConfig(std::string_view line, ProducerConfig* config,
                                 std::vector<std::string>* ignored);
absl::Status ApplyConsumerConfig(std::string_view line, ConsumerConfig* config,
                                 std::vector<std::string>* ignored);

// Contradictions that Kafka itself refuses at start (ProducerConfig.postProcessAndValidateIdempotenceConfigs,
// KafkaProducer.configureDeliveryTimeout). An idempotence that was not asked for is switched off instead.
absl::Status ValidateProducerConfig(const std::vector<std::string>& lines, ProducerConfig* config);

// The configuration with settings that an operator changed since. What Kafka would refuse changes nothing.
BrokerConfig ConfiguredAnew(BrokerConfig config, const std::map<std::string, std::string, std::less<>>& settings);

using model::SettingInfo;
std::vector<SettingInfo> BrokerSettings();
std::vector<SettingInfo> ProducerSettings();
std::vector<SettingInfo> ConsumerSettings();
// As model::RiskOf; of a mutant: which rule is broken.
std::string RiskOf(const SettingInfo& setting, std::string_view value);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_CONFIG_H_
