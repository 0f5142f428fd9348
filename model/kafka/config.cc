#include "model/kafka/config.h"

#include <fmt/format.h>

#include <optional>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sim/base/suggest.h"

namespace brokersim::kafka {
namespace {

// A setting that the model uses.
template <class Config>
struct Setting {
  std::string_view name;
  std::variant<int64_t Config::*, bool Config::*, std::string Config::*> field;
  int64_t least = 0;  // of numbers
  std::string_view meaning;
  // As in SettingInfo.
  std::string_view safe = {};
  std::string_view risk = {};
};

template <class Config>
struct Family {
  std::string_view what;
  MutantHome home;
  std::vector<Setting<Config>> settings;
  // Known to Kafka, without effect here.
  std::vector<std::string> not_modelled;
};

const Family<BrokerConfig>& BrokerFamily() {
  using C = BrokerConfig;
  static const Family<BrokerConfig> family = {
      "broker",
      MutantHome::kServers,
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
           "size of the ISR below which acks=all writes are refused",
           "2", "one replica's word is enough for acks=all"},
          {"unclean.leader.election.enable", &C::unclean_leader_election_enable, 0,
           "whether a replica outside the ISR may be elected, losing what it lacks",
           "false", "a replica that lacks acknowledged records may be elected leader"},
          {"default.replication.factor", &C::default_replication_factor, 1,
           "replicas of a topic that doesn't say",
           "3", "a topic has fewer copies than may be lost"},
          {"num.partitions", &C::num_partitions, 1, "partitions of a topic that doesn't say"},
          {"log.flush.interval.messages", &C::log_flush_interval_messages, 1,
           "records after which a log is synced; the default leaves it to the operating system",
           "1", "what is acknowledged may lie in page caches only, and goes with the power"},
          {"controlled.shutdown.enable", &C::controlled_shutdown_enable, 0,
           "whether a stopping broker hands its leaderships over first"},
          {"offsets.topic.num.partitions", &C::offsets_topic_num_partitions, 1,
           "partitions of __consumer_offsets"},
          {"offsets.topic.replication.factor", &C::offsets_topic_replication_factor, 1,
           "replicas of __consumer_offsets",
           "3", "committed offsets have fewer copies than may be lost"},
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
           "replicas of __transaction_state",
           "3", "the state of transactions has fewer copies than may be lost"},
          {"transaction.state.log.min.isr", &C::transaction_state_log_min_isr, 1,
           "min.insync.replicas of __transaction_state",
           "2", "one replica's word is enough for the state of transactions"},
          {"transaction.abort.timed.out.transaction.cleanup.interval.ms",
           &C::transaction_abort_timed_out_transaction_cleanup_interval_ms, 1,
           "ms between searches for transactions that have been open for too long"},
          {"transaction.partition.verification.enable", &C::transaction_partition_verification_enable, 0,
           "whether a leader asks the coordinator before it opens a transaction in its log (KIP-890 part 1)",
           "true", "a leader opens a transaction in its log without asking whether there is one"},
          {"transaction.version", &C::transaction_version, 0,
           "the feature of that name: below 2 a producer keeps its epoch from one transaction to the next; with 2 each "
           "has its own, and leaders add partitions (KIP-890 part 2)",
           "2", "a late record of one transaction fits into the next one: both have the same epoch"},
          {"eligible.leader.replicas.version", &C::eligible_leader_replicas_version, 0,
           "the feature of that name (KIP-966): with 1 the ISR may be empty, and replicas that left it below "
           "min.insync.replicas may lead unless they were shut down uncleanly",
           "1", "the last replica of the ISR may lead, even if it has lost its page cache"},
          {"KIP-101", &C::kip_101, 0,
           "switch: truncate by leader epoch (on) or to the high watermark (off, before 0.11)",
           "on", "a follower cuts its log to its own high watermark, below what is committed"},
          {"KIP-380", &C::kip_380, 0,
           "switch: a broker that comes back within its session waits until the old one is fenced (on) "
           "or its bounce goes unnoticed and it is still in the ISR (off, before 2.2)",
           "on", "a broker that bounced still counts as in sync, with what it has lost"},
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
       "num.replica.fetchers", "offsets.retention.check.interval.ms", "offsets.retention.minutes",
       "offsets.topic.segment.bytes", "process.roles", "producer.id.expiration.ms",
       "queued.max.requests", "replica.fetch.max.bytes", "replica.fetch.min.bytes",
       "socket.receive.buffer.bytes", "socket.request.max.bytes", "socket.send.buffer.bytes",
       "transactional.id.expiration.ms", "unclean.leader.election.interval.ms",
       "zookeeper.connect", "zookeeper.session.timeout.ms"}};
  return family;
}

const Family<ProducerConfig>& ProducerFamily() {
  using C = ProducerConfig;
  static const Family<ProducerConfig> family = {
      "producer",
      MutantHome::kProducers,
      {
          {"acks", &C::acks, -1, "0: don't wait; 1: the leader has it; all: the whole ISR has it",
           "all", "a send counts as done before the whole ISR has the record"},
          {"enable.idempotence", &C::enable_idempotence, 0,
           "whether the broker recognises repeated batches",
           "true", "a batch that is sent again is stored again, and may be overtaken"},
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
       "security.protocol", "send.buffer.bytes", "value.serializer"}};
  return family;
}

const Family<ConsumerConfig>& ConsumerFamily() {
  using C = ConsumerConfig;
  static const Family<ConsumerConfig> family = {
      "consumer",
      MutantHome::kConsumers,
      {
          {"group.id", &C::group_id, 0, "the group; empty: it reads on its own"},
          {"enable.auto.commit", &C::enable_auto_commit, 0,
           "whether poll() commits the positions of what it returned before",
           "false", "positions are committed on a timer, whatever was processed"},
          {"auto.commit.interval.ms", &C::auto_commit_interval_ms, 0, "ms between auto-commits"},
          {"auto.offset.reset", &C::auto_offset_reset, 0,
           "where to start without a committed offset: earliest or latest",
           "earliest", "a group without a committed offset begins behind what is there"},
          {"session.timeout.ms", &C::session_timeout_ms, 1,
           "ms without a heartbeat after which the group drops a member"},
          {"heartbeat.interval.ms", &C::heartbeat_interval_ms, 1, "ms between heartbeats"},
          {"max.poll.interval.ms", &C::max_poll_interval_ms, 1,
           "ms between polls after which a member leaves its group"},
          {"max.poll.records", &C::max_poll_records, 1, "records that one poll() returns at most"},
          {"isolation.level", &C::isolation_level, 0,
           "read_committed: nothing of transactions that are open or were aborted; or read_uncommitted",
           "read_committed", "records of transactions that are open or were aborted are read"},
          {"fetch.max.wait.ms", &C::fetch_max_wait_ms, 0,
           "ms that a broker may keep a fetch waiting for data"},
          {"fetch.min.bytes", &C::fetch_min_bytes, 0, "bytes for which a fetch waits"},
          {"request.timeout.ms", &C::request_timeout_ms, 1,
           "ms after which a request that isn't answered counts as lost"},
          {"retry.backoff.ms", &C::retry_backoff_ms, 0, "ms before a retry"},
          {"metadata.max.age.ms", &C::metadata_max_age_ms, 1,
           "ms after which the metadata is asked for anew"},
      },
      {"allow.auto.create.topics", "bootstrap.servers", "check.crcs", "client.id", "client.rack",
       "connections.max.idle.ms", "default.api.timeout.ms", "exclude.internal.topics",
       "fetch.max.bytes", "group.instance.id", "key.deserializer",
       "max.partition.fetch.bytes", "partition.assignment.strategy", "receive.buffer.bytes",
       "reconnect.backoff.max.ms", "reconnect.backoff.ms", "security.protocol",
       "send.buffer.bytes", "value.deserializer"}};
  return family;
}

// Sums of times stay far from overflow.
constexpr int64_t kLongestMs = 365LL * 24 * 60 * 60 * 1000;

template <class Config>
absl::Status SetNumber(const Setting<Config>& setting, int64_t Config::*field,
                       const std::string& value, Config* config) {
  int64_t number = 0;
  if (setting.name == "eligible.leader.replicas.version" && value != "0" && value != "1") {
    return absl::InvalidArgumentError(fmt::format("{} takes 0 or 1, not '{}'", setting.name, value));
  }
  if (setting.name == "transaction.version" && (value.size() != 1 || value[0] < '0' || value[0] > '2')) {
    return absl::InvalidArgumentError(fmt::format("transaction.version takes 0, 1 or 2, not '{}'", value));
  }
  if (setting.name == "acks" && value == "all") {
    number = -1;
  } else if (!absl::SimpleAtoi(value, &number)) {
    return absl::InvalidArgumentError(fmt::format("{} takes a whole number, not '{}'", setting.name, value));
  }
  if (number < setting.least || (setting.name == "acks" && number > 1)) {
    return absl::InvalidArgumentError(
        setting.name == "acks" ? fmt::format("acks takes 0, 1 or all, not '{}'", value)
                               : fmt::format("{} must be at least {}, not {}", setting.name, setting.least, value));
  }
  const bool is_time = setting.name.size() > 3 && setting.name.substr(setting.name.size() - 3) == ".ms";
  if (is_time && number > kLongestMs) {
    return absl::InvalidArgumentError(
        fmt::format("{} must be at most {} (a year), not {}", setting.name, kLongestMs, value));
  }
  config->*field = number;
  return absl::OkStatus();
}

template <class Config>
absl::Status SetField(const Setting<Config>& setting, const std::string& value, Config* config) {
  if (auto* number = std::get_if<int64_t Config::*>(&setting.field)) {
    return SetNumber(setting, *number, value, config);
  }
  if (auto* flag = std::get_if<bool Config::*>(&setting.field)) {
    const std::string lower = absl::AsciiStrToLower(value);
    if (lower != "true" && lower != "false" && lower != "on" && lower != "off") {
      return absl::InvalidArgumentError(fmt::format("{} takes true or false, not '{}'", setting.name, value));
    }
    config->**flag = lower == "true" || lower == "on";
    return absl::OkStatus();
  }
  if (setting.name == "auto.offset.reset" && value != "earliest" && value != "latest") {
    return absl::InvalidArgumentError(fmt::format("auto.offset.reset takes earliest or latest, not '{}'", value));
  }
  if (setting.name == "isolation.level" && value != "read_committed" && value != "read_uncommitted") {
    return absl::InvalidArgumentError(
        fmt::format("isolation.level takes read_committed or read_uncommitted, not '{}'", value));
  }
  config->*std::get<std::string Config::*>(setting.field) = value;
  return absl::OkStatus();
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
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    return absl::InvalidArgumentError(fmt::format("'{}' isn't of the form name=value", line));
  }
  const auto trim = [](std::string_view text) {
    while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
    while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
    return std::string(text);
  };
  const std::string name = trim(line.substr(0, equals));
  const std::string value = trim(line.substr(equals + 1));
  if (name == "mutant") return SetMutant(family.what, family.home, value, &config->mutant);
  for (const Setting<Config>& setting : family.settings) {
    if (setting.name == name) return SetField(setting, value, config);
  }
  for (const std::string& known : family.not_modelled) {
    if (known != name) continue;
    ignored->push_back(name);
    return absl::OkStatus();
  }
  std::vector<std::string> all = family.not_modelled;
  for (const Setting<Config>& setting : family.settings) all.emplace_back(setting.name);
  return absl::InvalidArgumentError(
      fmt::format("no {} setting is named '{}'{}", family.what, name, sim::DidYouMean(name, all)));
}

template <class Config>
std::vector<SettingInfo> Describe(const Family<Config>& family) {
  static const Config defaults;
  std::vector<SettingInfo> rows;
  for (const Setting<Config>& setting : family.settings) {
    std::string value;
    if (auto* number = std::get_if<int64_t Config::*>(&setting.field)) {
      const int64_t n = defaults.**number;
      value = setting.name == "acks" ? "all" : n == INT64_MAX ? "Long.MAX" : fmt::format("{}", n);
    } else if (auto* flag = std::get_if<bool Config::*>(&setting.field)) {
      value = setting.name.substr(0, 4) == "KIP-" ? (defaults.**flag ? "on" : "off")
                                                  : (defaults.**flag ? "true" : "false");
    } else {
      value = defaults.*std::get<std::string Config::*>(setting.field);
    }
    rows.push_back({std::string(setting.name), value, std::string(setting.meaning), std::string(setting.safe),
                    std::string(setting.risk)});
  }
  rows.push_back({"mutant", "none", "ours, to try the checkers: the rule that is broken on purpose (docs/mutants.md)",
                  "none", ""});
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
  if (setting.safe_value.empty() || value == setting.safe_value) return "";
  if (!setting.risk.empty()) return setting.risk;
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
