#include "model/kafka/mirror/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/base/check.h"
#include "sim/base/suggest.h"

namespace brokersim::kafka {
namespace {

constexpr std::string_view kDefaultPolicy = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
constexpr std::string_view kIdentityPolicy = "org.apache.kafka.connect.mirror.IdentityReplicationPolicy";

const model::SettingsTable<MirrorConfig>& Table() {
  using C = MirrorConfig;
  static const std::string policies = fmt::format("{} {}", kDefaultPolicy, kIdentityPolicy);
  static const model::SettingsTable<MirrorConfig> table = {
      "MirrorMaker",
      {
          {"enabled", &C::enabled, 0, "whether the flow mirrors at all: `a->b.enabled=true`"},
          {"topics", &C::topics, 0, "regular expressions, separated by commas: the topics that are mirrored"},
          {"topics.exclude", &C::topics_exclude, 0, "... but for these"},
          {"groups", &C::groups, 0, "regular expressions: the groups whose positions are translated"},
          {"groups.exclude", &C::groups_exclude, 0, "... but for these"},
          {"replication.policy.class", &C::replication_policy_class, 0,
           "whether a mirror is named with its source (Default) or as its original (Identity)", INT64_MAX, policies},
          {"replication.policy.separator", &C::replication_policy_separator, 0, "between source and topic"},
          {"replication.factor", &C::replication_factor, 1, "replicas of mirrors"},
          {"offset-syncs.topic.replication.factor", &C::offset_syncs_topic_replication_factor, 1,
           "replicas of mm2-offset-syncs.TARGET.internal, in the source"},
          {"checkpoints.topic.replication.factor", &C::checkpoints_topic_replication_factor, 1,
           "replicas of SOURCE.checkpoints.internal, in the target"},
          {"offset.storage.replication.factor", &C::offset_storage_replication_factor, 1,
           "replicas of mm2-offsets.SOURCE.internal, in the target"},
          {"offset.lag.max", &C::offset_lag_max, 0, "records after which a new offset sync is written"},
          {"emit.checkpoints.enabled", &C::emit_checkpoints_enabled, 0, "whether groups' positions are translated"},
          {"emit.checkpoints.interval.seconds", &C::emit_checkpoints_interval_seconds, 1, "how often"},
          {"sync.group.offsets.enabled", &C::sync_group_offsets_enabled, 0,
           "whether the target's groups are given the translated positions"},
          {"sync.group.offsets.interval.seconds", &C::sync_group_offsets_interval_seconds, 1, "how often"},
          {"refresh.groups.interval.seconds", &C::refresh_groups_interval_seconds, 1,
           "how often new groups are looked for"},
          {"offset.flush.interval.ms", &C::offset_flush_interval_ms, 1,
           "ms between records of how far the source is copied: what a restart begins from"},
          {"config.storage.replication.factor", &C::config_storage_replication_factor, 1,
           "replicas of mm2-configs.SOURCE.internal, in the target"},
          {"scheduled.rebalance.max.delay.ms", &C::scheduled_rebalance_max_delay_ms, 0,
           "of processes that share a flow: ms that the work of one that is gone waits for its return"},
          {"session.timeout.ms", &C::session_timeout_ms, 1, "... without a heartbeat after which one is gone"},
          {"heartbeat.interval.ms", &C::heartbeat_interval_ms, 1, "... between heartbeats"},
          {"rebalance.timeout.ms", &C::rebalance_timeout_ms, 1, "... that a rebalance waits for all to join"},
          {"producer.buffer.memory", &C::producer_buffer_memory, 1,
           "bytes read from the source and not stored in the target, at which reading waits"},
          {"consumer.isolation.level", &C::consumer_isolation_level, 0,
           "read_uncommitted copies what transactions abort, too", INT64_MAX, "read_committed read_uncommitted"},
          {"KAFKA-12468", &C::kafka_12468, 0,
           "on (3.5): positions are translated by the nearest sync before them; off: as if all records since the "
           "latest sync had been copied"},
          {"KAFKA-15372", &C::kafka_15372, 0,
           "on (3.7): of processes that share a flow, each that becomes their leader writes its configuration for all; "
           "off: only if it leads when it starts"},
      },
      {"clusters", "tasks.max", "exactly.once.source.support", "refresh.topics.enabled",
       "refresh.topics.interval.seconds", "refresh.groups.enabled", "sync.topic.configs.enabled",
       "sync.topic.configs.interval.seconds", "sync.topic.acls.enabled", "sync.topic.acls.interval.seconds",
       "emit.heartbeats.enabled", "emit.heartbeats.interval.seconds", "heartbeats.topic.replication.factor",
       "offset-syncs.topic.location", "bootstrap.servers", "status.storage.replication.factor",
       "offset.storage.topic", "dedicated.mode.enable.internal.rest",
       "consumer.auto.offset.reset", "producer.compression.type", "admin.timeout.ms"},
      {
          {"sync.group.offsets.enabled", "true", "after a failover a group begins where auto.offset.reset says"},
          {"consumer.isolation.level", "read_committed", "records of aborted transactions are mirrored"},
          {"KAFKA-12468", "on", "a translated position may lie beyond records that the group has not read"},
      }};
  return table;
}

// Of the worker, and not of its connectors (MirrorMakerConfig.workerConfig).
bool IsWorkers(std::string_view name) {
  constexpr std::string_view kNames[] = {"offset.flush.interval.ms",         "offset.storage.replication.factor",
                                         "config.storage.replication.factor", "scheduled.rebalance.max.delay.ms",
                                         "session.timeout.ms",                "heartbeat.interval.ms",
                                         "rebalance.timeout.ms",              "KAFKA-12468",
                                         "KAFKA-15372"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool MatchesAny(std::string_view text, const std::string& patterns) {
  const std::vector<std::string> all = absl::StrSplit(patterns, ',', absl::SkipEmpty());
  for (const std::string& pattern : all) {
    const std::string trimmed(absl::StripAsciiWhitespace(pattern));
    if (std::regex_match(text.begin(), text.end(), std::regex(trimmed))) return true;
  }
  return false;
}

absl::Status CheckPatterns(std::string_view name, const std::string& patterns) {
  try {
    MatchesAny("", patterns);
  } catch (const std::regex_error&) {
    return absl::InvalidArgumentError(fmt::format("{} takes regular expressions, not '{}'", name, patterns));
  }
  return absl::OkStatus();
}

// A line, with the flow or the cluster that it is about split off.
struct Line {
  std::string source;  // empty: every flow
  std::string target;
  std::string rest;
};

absl::StatusOr<Line> Split(const std::string& text, const std::vector<std::string>& clusters) {
  Line line;
  line.rest = text;
  const auto known = [&](const std::string& name) {
    if (std::find(clusters.begin(), clusters.end(), name) != clusters.end()) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format("there is no cluster '{}'{}; there are: {}", name,
                                                  sim::DidYouMean(name, clusters), absl::StrJoin(clusters, ", ")));
  };
  const std::string name = text.substr(0, text.find('='));
  if (const size_t arrow = name.find("->"); arrow != std::string::npos) {
    const size_t dot = name.find('.', arrow);
    if (dot == std::string::npos) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' must say which setting of the flow, e.g. {}.enabled=true", text, name));
    }
    line.source = std::string(absl::StripAsciiWhitespace(name.substr(0, arrow)));
    line.target = std::string(absl::StripAsciiWhitespace(name.substr(arrow + 2, dot - arrow - 2)));
    for (const std::string& each : {line.source, line.target}) {
      if (absl::Status status = known(each); !status.ok()) return status;
    }
    line.rest = text.substr(dot + 1);
    return line;
  }
  // "a.consumer.isolation.level": flows that read from a; "b.producer...": flows that write to b.
  for (const std::string& cluster : clusters) {
    if (name.compare(0, cluster.size() + 1, cluster + ".") != 0) continue;
    line.rest = text.substr(cluster.size() + 1);
    (line.rest.compare(0, 9, "consumer.") == 0 ? line.source : line.target) = cluster;
  }
  return line;
}

}  // namespace

bool MirrorConfig::keeps_names() const { return replication_policy_class == kIdentityPolicy; }

std::string MirrorConfig::RemoteTopic(std::string_view source_cluster, std::string_view topic) const {
  if (keeps_names()) return std::string(topic);
  return fmt::format("{}{}{}", source_cluster, replication_policy_separator, topic);
}

bool MirrorConfig::IsCycle(std::string_view target_cluster, std::string_view topic) const {
  if (keeps_names()) return false;
  // "b.a.orders" came from b, and before from a.
  std::string_view rest = topic;
  while (true) {
    const size_t at = rest.find(replication_policy_separator);
    if (at == std::string_view::npos) return false;
    if (rest.substr(0, at) == target_cluster) return true;
    rest.remove_prefix(at + replication_policy_separator.size());
  }
}

bool MirrorConfig::MirrorsTopic(std::string_view topic) const {
  if (topic.ends_with(".internal") || topic.starts_with("__")) return false;
  return MatchesAny(topic, topics) && !MatchesAny(topic, topics_exclude);
}

bool MirrorConfig::MirrorsGroup(std::string_view group) const {
  return MatchesAny(group, groups) && !MatchesAny(group, groups_exclude);
}

absl::Status ApplyMirrorConfig(std::string_view line, MirrorConfig* config, std::vector<std::string>* ignored) {
  if (absl::Status status = model::ApplyLine(Table(), line, config, ignored); !status.ok()) return status;
  for (const auto& [name, patterns] : {std::pair("topics", &config->topics),
                                       {"topics.exclude", &config->topics_exclude},
                                       {"groups", &config->groups},
                                       {"groups.exclude", &config->groups_exclude}}) {
    if (absl::Status status = CheckPatterns(name, *patterns); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<MirrorFlowConfig>> ReadMirrorConfig(const std::vector<std::string>& lines,
                                                               const std::vector<std::string>& clusters,
                                                               std::vector<std::string>* ignored,
                                                               std::string* wrong_line) {
  std::vector<Line> split;
  for (const std::string& text : lines) {
    absl::StatusOr<Line> line = Split(text, clusters);
    *wrong_line = text;
    if (!line.ok()) return line.status();
    MirrorConfig any;
    if (absl::Status status = ApplyMirrorConfig(line->rest, &any, ignored); !status.ok()) return status;
    split.push_back(*std::move(line));
  }
  std::vector<MirrorFlowConfig> flows;
  for (const std::string& source : clusters) {
    for (const std::string& target : clusters) {
      if (source == target) continue;
      MirrorFlowConfig flow{source, target, {}};
      // What is said of the flow wins over what is said of one cluster, and that over what is said of all.
      for (const int about : {0, 1, 2}) {
        for (const Line& line : split) {
          if (static_cast<int>(!line.source.empty()) + static_cast<int>(!line.target.empty()) != about) continue;
          if (!line.source.empty() && line.source != source) continue;
          if (!line.target.empty() && line.target != target) continue;
          if (absl::Status status = ApplyMirrorConfig(line.rest, &flow.config, ignored); !status.ok()) return status;
        }
      }
      if (flow.config.enabled) flows.push_back(std::move(flow));
    }
  }
  wrong_line->clear();
  return flows;
}

std::vector<model::SettingInfo> MirrorSettings() { return model::DescribeSettings(Table()); }

std::string ConnectorConfigText(const MirrorConfig& config) {
  std::vector<std::string> lines;
  for (const auto& setting : Table().settings) {
    if (IsWorkers(setting.name)) continue;
    lines.push_back(fmt::format("{}={}", setting.name, model::ValueText(setting, config)));
  }
  return absl::StrJoin(lines, "\n");
}

MirrorConfig FromConnectorConfig(const std::string& text, const MirrorConfig& worker) {
  MirrorConfig config = worker;
  std::vector<std::string> ignored;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const std::string& line : lines) {
    const absl::Status status = model::ApplyLine(Table(), line, &config, &ignored);
    CHECK(status.ok(), "'{}' in a config topic: {}", line, std::string(status.message()));
  }
  return config;
}

std::string OffsetSyncsTopic(std::string_view target) { return fmt::format("mm2-offset-syncs.{}.internal", target); }
std::string CheckpointsTopic(std::string_view source) { return fmt::format("{}.checkpoints.internal", source); }
std::string OffsetsTopic(std::string_view source) { return fmt::format("mm2-offsets.{}.internal", source); }
std::string ConfigsTopic(std::string_view source) { return fmt::format("mm2-configs.{}.internal", source); }

}  // namespace brokersim::kafka
