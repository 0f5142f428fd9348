#include "model/kafka/config.h"

#include <fmt/format.h>

#include <optional>

#include "sim/base/suggest.h"

namespace brokersim::kafka {
namespace {

using model::Setting;

template <class Config>
struct Family {
  MutantHome home;
  model::SettingsTable<Config> table;
};

const Family<BrokerConfig>& BrokerFamily() {
  using C = BrokerConfig;
  static const Family<BrokerConfig> family = {
      MutantHome::kServers,
      {"broker",
      {
          {"broker.heartbeat.interval.ms", &C::broker_heartbeat_interval_ms, 1,
           "ms between a broker's heartbeats to the controller"},
          {"broker.session.timeout.ms", &C::broker_session_timeout_ms, 1,
           "ms without a heartbeat after which the controller fences a broker"},
          {"initial.broker.registration.timeout.ms", &C::initial_broker_registration_timeout_ms, 1,
           "ms after which a broker that can't register gives up"},
          {"replica.lag.time.max.ms", &C::replica_lag_time_max_ms, 1,
           "ms without having caught up after which a follower leaves the ISR"},
          {"replica.fetch.wait.max.ms", &C::replica_fetch_wait_max_ms, 0,
           "ms that a leader may keep a follower's fetch waiting for data"},
          {"replica.fetch.backoff.ms", &C::replica_fetch_backoff_ms, 0,
           "ms that a follower waits after an error before it fetches again"},
          {"replica.socket.timeout.ms", &C::replica_socket_timeout_ms, 1,
           "ms after which a follower gives up a fetch"},
          {"replica.high.watermark.checkpoint.interval.ms",
           &C::replica_high_watermark_checkpoint_interval_ms, 1,
           "ms between writes of the high watermarks to disk"},
          {"min.insync.replicas", &C::min_insync_replicas, 1,
           "size of the ISR below which acks=all writes are refused"},
          {"unclean.leader.election.enable", &C::unclean_leader_election_enable, 0,
           "whether a replica outside the ISR may be elected, losing what it lacks"},
          {"default.replication.factor", &C::default_replication_factor, 1,
           "replicas of a topic that doesn't say"},
          {"num.partitions", &C::num_partitions, 1, "partitions of a topic that doesn't say"},
          {"log.flush.interval.messages", &C::log_flush_interval_messages, 1,
           "records after which a log is synced; the default leaves it to the operating system"},
          {"controlled.shutdown.enable", &C::controlled_shutdown_enable, 0,
           "whether a stopping broker hands its leaderships over first"},
          {"offsets.topic.num.partitions", &C::offsets_topic_num_partitions, 1,
           "partitions of __consumer_offsets"},
          {"offsets.topic.replication.factor", &C::offsets_topic_replication_factor, 1,
           "replicas of __consumer_offsets"},
          {"offsets.commit.timeout.ms", &C::offsets_commit_timeout_ms, 1,
           "ms after which an offset commit that isn't replicated fails"},
          {"group.initial.rebalance.delay.ms", &C::group_initial_rebalance_delay_ms, 0,
           "ms that a new group waits for more members before its first rebalance"},
          {"group.min.session.timeout.ms", &C::group_min_session_timeout_ms, 0,
           "least session timeout that a member may ask for, ms"},
          {"group.max.session.timeout.ms", &C::group_max_session_timeout_ms, 0,
           "greatest session timeout that a member may ask for, ms"},
          {"transaction.max.timeout.ms", &C::transaction_max_timeout_ms, 1,
           "greatest transaction.timeout.ms that a producer may ask for"},
          {"transaction.state.log.num.partitions", &C::transaction_state_log_num_partitions, 1,
           "partitions of __transaction_state"},
          {"transaction.state.log.replication.factor", &C::transaction_state_log_replication_factor, 1,
           "replicas of __transaction_state"},
          {"transaction.state.log.min.isr", &C::transaction_state_log_min_isr, 1,
           "min.insync.replicas of __transaction_state"},
          {"transaction.abort.timed.out.transaction.cleanup.interval.ms",
           &C::transaction_abort_timed_out_transaction_cleanup_interval_ms, 1,
           "ms between searches for transactions that have been open for too long"},
          {"transaction.partition.verification.enable", &C::transaction_partition_verification_enable, 0,
           "whether a leader asks the coordinator before it opens a transaction in its log (KIP-890 part 1)"},
          {"transaction.version", &C::transaction_version, 0,
           "the feature of that name: below 2 a producer keeps its epoch from one transaction to the next; with 2 each "
           "has its own, and leaders add partitions (KIP-890 part 2)", 2},
          {"eligible.leader.replicas.version", &C::eligible_leader_replicas_version, 0,
           "the feature of that name (KIP-966): with 1 the ISR may be empty, and replicas that left it below "
           "min.insync.replicas may lead unless they were shut down uncleanly", 1},
          {"zookeeper.session.timeout.ms", &C::zookeeper_session_timeout_ms, 1,
           "ms of silence after which ZooKeeper ends a broker's session, and with it its registration; 6000 before "
           "2.5"},
          {"KIP-101", &C::kip_101, 0,
           "switch: truncate by leader epoch (on) or to the high watermark (off, before 0.11)"},
          {"KIP-447", &C::kip_447, 0,
           "switch: offsets in a transaction need the group's generation and member, and who asks for offsets waits "
           "for transactions that may change them (on), or neither (off, before 2.5)"},
          {"KIP-380", &C::kip_380, 0,
           "switch: a broker that comes back within its session waits until the old one is fenced (on) "
           "or its bounce goes unnoticed and it is still in the ISR (off, before 2.2)"},
          {"KAFKA-6082", &C::kafka_6082, 0,
           "switch, ZooKeeper mode: a controller writes only while its epoch is the one in ZooKeeper (on) or whatever "
           "it has begun, though another was elected meanwhile (off, before 2.1)"},
          {"KIP-570", &C::kip_570, 0,
           "switch, ZooKeeper mode: StopReplica stops a replica of a former leader epoch than its own (on) or whatever "
           "is there when it arrives (off, before 2.6)"},
          {"KIP-279", &C::kip_279, 0,
           "switch: of an epoch that it never had a leader names the largest one below, and its end (on), or where its "
           "own next one begins (off, before 2.0)"},
          {"KIP-320", &C::kip_320, 0,
           "switch: followers name the leader epoch that they mean (on), or a leader takes any follower's fetch for "
           "one of its own epoch (off, before 2.1)"},
          {"KAFKA-7128", &C::kafka_7128, 0,
           "switch: a follower joins the ISR once it has what its leader began with (on), or at the leader's high "
           "watermark, which may lag behind (off, before 2.1)"},
          {"KIP-903", &C::kip_903, 0,
           "switch: changes of the ISR name the broker epochs of its members (on), or a broker joins that was started "
           "anew since, with whatever it has (off, before 3.5)"},
          {"KAFKA-15021", &C::kafka_15021, 0,
           "switch: the high watermark waits for the ISR (on), or also for a replica that shuts down, until it has "
           "lagged for replica.lag.time.max.ms (off, before 3.6)"},
          {"KAFKA-19522", &C::kafka_19522, 0,
           "switch, with KIP-966: the last known leader is elected if it is there (on), or in any case (off, 3.7 to "
           "4.0)"},
          {"KIP-207", &C::kip_207, 0,
           "switch: a new leader doesn't know the end of its log before its high watermark is in its epoch (on), or "
           "names one that lies below what was the end before (off, before 2.2)"},
          {"KAFKA-5494", &C::kafka_5494, 0,
           "switch: a producer's last five batches are recognised (on), or the last one only (off, before 1.0)"},
          {"producer.id.expiration.ms", &C::producer_id_expiration_ms, 1,
           "ms after its last batch for which a producer's sequences are remembered"},
          {"offsets.retention.minutes", &C::offsets_retention_minutes, 1,
           "minutes for which a group's offsets are kept once it has no member", 525600},
      },
      {"advertised.listeners", "auto.create.topics.enable", "auto.leader.rebalance.enable",
       "background.threads", "broker.id", "broker.rack", "compression.type",
       "controlled.shutdown.max.retries", "controlled.shutdown.retry.backoff.ms",
       "controller.listener.names", "controller.quorum.voters", "delete.topic.enable",
       "group.max.size", "inter.broker.listener.name", "leader.imbalance.check.interval.seconds",
       "leader.imbalance.per.broker.percentage", "listener.security.protocol.map", "listeners",
       "log.cleaner.enable", "log.cleanup.policy", "log.dir", "log.dirs",
       "log.flush.interval.ms", "log.flush.scheduler.interval.ms", "log.index.interval.bytes",
       "log.message.timestamp.type", "log.retention.bytes", "log.retention.check.interval.ms",
       "log.retention.hours", "log.retention.minutes", "log.retention.ms", "log.roll.hours",
       "log.roll.ms", "log.segment.bytes", "message.max.bytes", "metadata.log.dir", "node.id",
       "num.io.threads", "num.network.threads", "num.recovery.threads.per.data.dir",
       "num.replica.fetchers", "offsets.retention.check.interval.ms",
       "offsets.topic.segment.bytes", "process.roles", "producer.id.expiration.check.interval.ms",
       "queued.max.requests", "replica.fetch.max.bytes", "replica.fetch.min.bytes",
       "socket.receive.buffer.bytes", "socket.request.max.bytes", "socket.send.buffer.bytes",
       "transactional.id.expiration.ms", "unclean.leader.election.interval.ms",
       "zookeeper.connect", "zookeeper.connection.timeout.ms"},
       {
           {"min.insync.replicas", "2", "one replica's word is enough for acks=all"},
           {"unclean.leader.election.enable", "false",
            "a replica that lacks acknowledged records may be elected leader"},
           {"default.replication.factor", "3", "a topic has fewer copies than may be lost"},
           {"log.flush.interval.messages", "1",
            "what is acknowledged may lie in page caches only, and goes with the power"},
           {"offsets.topic.replication.factor", "3", "committed offsets have fewer copies than may be lost"},
           {"transaction.state.log.replication.factor", "3",
            "the state of transactions has fewer copies than may be lost"},
           {"transaction.state.log.min.isr", "2", "one replica's word is enough for the state of transactions"},
           {"transaction.partition.verification.enable", "true",
            "a leader opens a transaction in its log without asking whether there is one"},
           {"transaction.version", "2",
            "a late record of one transaction fits into the next one: both have the same epoch"},
           {"eligible.leader.replicas.version", "1",
            "the last replica of the ISR may lead, even if it has lost its page cache"},
           {"KIP-101", "on", "a follower cuts its log to its own high watermark, below what is committed"},
           {"KIP-447", "on", "a consumer that lost its partitions may still commit their offsets in a transaction"},
           {"KIP-380", "on", "a broker that bounced still counts as in sync, with what it has lost"},
           {"KAFKA-6082", "on", "a former controller changes what its successor has decided"},
           {"KIP-570", "on", "a late StopReplica stops, or deletes, a replica that has come back"},
           {"KIP-279", "on", "a follower keeps records of an epoch that the leader never had"},
           {"KIP-320", "on", "a leader counts records that a follower has of another epoch"},
           {"KAFKA-7128", "on", "a replica that lacks committed records may join the ISR, and be elected"},
           {"KIP-903", "on", "a broker that has lost its log may join the ISR, and be elected"},
           {"KAFKA-15021", "on", "writes wait for a replica that shuts down"},
           {"KAFKA-19522", "on", "a leader is elected that isn't there"},
           {"KIP-207", "on", "a new leader names an end of its log that lies below what consumers have read"},
           {"KAFKA-5494", "on", "a repetition of an earlier batch in flight isn't recognised"},
       }}};
  return family;
}

const Family<ProducerConfig>& ProducerFamily() {
  using C = ProducerConfig;
  static const Family<ProducerConfig> family = {
      MutantHome::kProducers,
      {"producer",
      {
          {"acks", &C::acks, -1, "0: don't wait; 1: the leader has it; all: the whole ISR has it", 1, "all"},
          {"enable.idempotence", &C::enable_idempotence, 0,
           "whether the broker recognises repeated batches"},
          {"retries", &C::retries, 0, "how often a batch is sent again"},
          {"max.in.flight.requests.per.connection", &C::max_in_flight_requests_per_connection, 1,
           "requests on a connection that wait for their answers"},
          {"delivery.timeout.ms", &C::delivery_timeout_ms, 0,
           "ms from send() after which a record fails"},
          {"request.timeout.ms", &C::request_timeout_ms, 1,
           "ms after which a request that isn't answered counts as lost"},
          {"linger.ms", &C::linger_ms, 0, "ms that a batch waits for more records"},
          {"batch.size", &C::batch_size, 0, "bytes at which a batch is full"},
          {"retry.backoff.ms", &C::retry_backoff_ms, 0, "ms before the first retry; doubles"},
          {"retry.backoff.max.ms", &C::retry_backoff_max_ms, 0, "greatest ms between retries"},
          {"metadata.max.age.ms", &C::metadata_max_age_ms, 1,
           "ms after which the metadata is asked for anew"},
          {"transactional.id", &C::transactional_id, 0,
           "who the producer is, over its restarts; with it, it sends in transactions"},
          {"transaction.timeout.ms", &C::transaction_timeout_ms, 1,
           "ms after which the coordinator aborts a transaction that is still open"},
      },
      {"bootstrap.servers", "buffer.memory", "client.id", "compression.type",
       "connections.max.idle.ms", "interceptor.classes", "key.serializer", "max.block.ms",
       "max.request.size", "metric.reporters", "metrics.num.samples", "partitioner.class",
       "receive.buffer.bytes", "reconnect.backoff.max.ms", "reconnect.backoff.ms",
       "security.protocol", "send.buffer.bytes", "value.serializer"},
       {
           {"acks", "all", "a send counts as done before the whole ISR has the record"},
           {"enable.idempotence", "true", "a batch that is sent again is stored again, and may be overtaken"},
       }}};
  return family;
}

const Family<ConsumerConfig>& ConsumerFamily() {
  using C = ConsumerConfig;
  static const Family<ConsumerConfig> family = {
      MutantHome::kConsumers,
      {"consumer",
      {
          {"group.id", &C::group_id, 0, "the group; empty: it reads on its own"},
          {"enable.auto.commit", &C::enable_auto_commit, 0,
           "whether poll() commits the positions of what it returned before"},
          {"auto.commit.interval.ms", &C::auto_commit_interval_ms, 0, "ms between auto-commits"},
          {"auto.offset.reset", &C::auto_offset_reset, 0,
           "where to start without a committed offset: earliest or latest", INT64_MAX,
           "earliest latest"},
          {"session.timeout.ms", &C::session_timeout_ms, 1,
           "ms without a heartbeat after which the group drops a member"},
          {"heartbeat.interval.ms", &C::heartbeat_interval_ms, 1, "ms between heartbeats"},
          {"max.poll.interval.ms", &C::max_poll_interval_ms, 1,
           "ms between polls after which a member leaves its group"},
          {"max.poll.records", &C::max_poll_records, 1, "records that one poll() returns at most"},
          {"isolation.level", &C::isolation_level, 0,
           "read_committed: nothing of transactions that are open or were aborted; or read_uncommitted", INT64_MAX,
           "read_committed read_uncommitted"},
          {"fetch.max.wait.ms", &C::fetch_max_wait_ms, 0,
           "ms that a broker may keep a fetch waiting for data"},
          {"fetch.min.bytes", &C::fetch_min_bytes, 0, "bytes for which a fetch waits"},
          {"request.timeout.ms", &C::request_timeout_ms, 1,
           "ms after which a request that isn't answered counts as lost"},
          {"retry.backoff.ms", &C::retry_backoff_ms, 0, "ms before a retry"},
          {"metadata.max.age.ms", &C::metadata_max_age_ms, 1,
           "ms after which the metadata is asked for anew"},
          {"KIP-320", &C::kip_320, 0,
           "switch: a position is validated by a new leader (on), or read on from though the log was cut below it "
           "(off, before 2.3)"},
      },
      {"allow.auto.create.topics", "bootstrap.servers", "check.crcs", "client.id", "client.rack",
       "connections.max.idle.ms", "default.api.timeout.ms", "exclude.internal.topics",
       "fetch.max.bytes", "group.instance.id", "key.deserializer",
       "max.partition.fetch.bytes", "partition.assignment.strategy", "receive.buffer.bytes",
       "reconnect.backoff.max.ms", "reconnect.backoff.ms", "security.protocol",
       "send.buffer.bytes", "value.deserializer"},
       {
           {"enable.auto.commit", "false", "positions are committed on a timer, whatever was processed"},
           {"auto.offset.reset", "earliest", "a group without a committed offset begins behind what is there"},
           {"isolation.level", "read_committed", "records of transactions that are open or were aborted are read"},
           {"KIP-320", "on", "a position is read on from though the log was cut below it"},
       }}};
  return family;
}

absl::Status SetMutant(std::string_view what, MutantHome home, const std::string& value, Mutant* mutant) {
  const std::optional<Mutant> found = FindMutant(value, home);
  if (!found.has_value()) {
    std::vector<std::string> all;
    for (const MutantInfo& info : AllMutants()) {
      if (info.home == home) all.emplace_back(info.name);
    }
    return absl::InvalidArgumentError(
        fmt::format("no {} mutant is named '{}'{}", what, value, sim::DidYouMean(value, all)));
  }
  *mutant = *found;
  return absl::OkStatus();
}

template <class Config>
absl::Status Apply(const Family<Config>& family, std::string_view line, Config* config,
                   std::vector<std::string>* ignored) {
  std::string name;
  std::string value;
  if (absl::Status status = model::SplitLine(line, &name, &value); !status.ok()) return status;
  if (name == "mutant") return SetMutant(family.table.what, family.home, value, &config->mutant);
  return model::ApplyLine(family.table, line, config, ignored);
}

template <class Config>
std::vector<SettingInfo> Describe(const Family<Config>& family) {
  std::vector<SettingInfo> rows = model::DescribeSettings(family.table);
  rows.push_back({"mutant", "none", "ours, to try the checkers: the rule that is broken on purpose (docs/mutants.md)",
                  "none"});
  return rows;
}

bool IsGiven(const std::vector<std::string>& lines, std::string_view name) {
  for (const std::string& line : lines) {
    if (line.compare(0, line.find('='), name) == 0) return true;
  }
  return false;
}

}  // namespace

absl::Status ApplyBrokerConfig(std::string_view line, BrokerConfig* config,
                               std::vector<std::string>* ignored) {
  return Apply(BrokerFamily(), line, config, ignored);
}
absl::Status ApplyProducerConfig(std::string_view line, ProducerConfig* config,
                                 std::vector<std::string>* ignored) {
  return Apply(ProducerFamily(), line, config, ignored);
}
absl::Status ApplyConsumerConfig(std::string_view line, ConsumerConfig* config,
                                 std::vector<std::string>* ignored) {
  return Apply(ConsumerFamily(), line, config, ignored);
}

absl::Status ValidateProducerConfig(const std::vector<std::string>& lines, ProducerConfig* config) {
  if (config->delivery_timeout_ms < config->linger_ms + config->request_timeout_ms) {
    if (IsGiven(lines, "delivery.timeout.ms")) {
      return absl::InvalidArgumentError(
          fmt::format("delivery.timeout.ms ({}) must be at least linger.ms + request.timeout.ms ({})",
                      config->delivery_timeout_ms, config->linger_ms + config->request_timeout_ms));
    }
    config->delivery_timeout_ms = config->linger_ms + config->request_timeout_ms;
  }
  if (!config->enable_idempotence) {
    if (config->transactional_id.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("a transactional.id needs enable.idempotence=true");
  }
  std::string conflict;
  if (config->acks != -1) conflict = "acks=all";
  if (config->retries == 0) conflict = "retries above 0";
  if (config->max_in_flight_requests_per_connection > 5) {
    conflict = "max.in.flight.requests.per.connection of at most 5";
  }
  if (conflict.empty()) return absl::OkStatus();
  for (const std::string_view name : {"enable.idempotence", "transactional.id"}) {
    if (!IsGiven(lines, name)) continue;
    return absl::InvalidArgumentError(fmt::format(
        "{} needs {}", name == "transactional.id" ? "a transactional.id" : "enable.idempotence=true", conflict));
  }
  config->enable_idempotence = false;
  return absl::OkStatus();
}

std::vector<SettingInfo> BrokerSettings() { return Describe(BrokerFamily()); }
std::vector<SettingInfo> ProducerSettings() { return Describe(ProducerFamily()); }
std::vector<SettingInfo> ConsumerSettings() { return Describe(ConsumerFamily()); }

std::string RiskOf(const SettingInfo& setting, std::string_view value) {
  if (setting.name != "mutant") return model::RiskOf(setting, value);
  for (const MutantInfo& mutant : AllMutants()) {
    if (mutant.name == value) return std::string(mutant.text.substr(0, mutant.text.rfind('.')));
  }
  return "";
}

BrokerConfig ConfiguredAnew(BrokerConfig config, const std::map<std::string, std::string, std::less<>>& settings) {
  for (const auto& [key, value] : settings) {
    std::vector<std::string> ignored;
    BrokerConfig changed = config;
    if (ApplyBrokerConfig(key + "=" + value, &changed, &ignored).ok()) config = changed;
  }
  return config;
}

}  // namespace brokersim::kafka
