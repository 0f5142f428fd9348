// MirrorMaker 2's configuration: the lines of an mm2.properties, read for each flow from one cluster to another.
// (MirrorMakerConfig.java, MirrorConnectorConfig.java, MirrorSourceConfig.java, MirrorCheckpointConfig.java)
#ifndef BROKERSIM_MODEL_KAFKA_MIRROR_CONFIG_H_
#define BROKERSIM_MODEL_KAFKA_MIRROR_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/base/settings.h"

namespace brokersim::kafka {

struct MirrorConfig {
  bool enabled = false;
  std::string topics = ".*";
  std::string topics_exclude = ".*[\\-\\.]internal,.*\\.replica,__.*";
  std::string groups = ".*";
  std::string groups_exclude = "console-consumer-.*,connect-.*,__.*";
  std::string replication_policy_class = "org.apache.kafka.connect.mirror.DefaultReplicationPolicy";
  std::string replication_policy_separator = ".";
  int64_t replication_factor = 2;
  int64_t offset_syncs_topic_replication_factor = 3;
  int64_t checkpoints_topic_replication_factor = 3;
  int64_t offset_storage_replication_factor = 3;
  int64_t offset_lag_max = 100;
  bool emit_checkpoints_enabled = true;
  int64_t emit_checkpoints_interval_seconds = 60;
  bool sync_group_offsets_enabled = false;
  int64_t sync_group_offsets_interval_seconds = 60;
  int64_t refresh_groups_interval_seconds = 600;
  int64_t offset_flush_interval_ms = 60000;
  int64_t config_storage_replication_factor = 3;
  int64_t scheduled_rebalance_max_delay_ms = 300000;
  int64_t session_timeout_ms = 10000;
  int64_t heartbeat_interval_ms = 3000;
  int64_t rebalance_timeout_ms = 60000;
  int64_t producer_buffer_memory = 33554432;
  std::string consumer_isolation_level = "read_uncommitted";
  // Ours: the fix of that name, by which translated positions err on the safe side.
  bool kafka_12468 = true;
  // The same: a process that becomes the leader of its group writes its configuration down.
  bool kafka_15372 = true;

  // IdentityReplicationPolicy: a mirror has the name of what it mirrors.
  bool keeps_names() const;
  // The mirror's name (ReplicationPolicy.formatRemoteTopic).
  std::string RemoteTopic(std::string_view source_cluster, std::string_view topic) const;
  // Whether the topic is one that this flow would send back to where it came from (MirrorSourceConnector.isCycle).
  bool IsCycle(std::string_view target_cluster, std::string_view topic) const;
  bool MirrorsTopic(std::string_view topic) const;
  // Whether the flow to `target_cluster` copies the topic: both of these.
  bool Copies(std::string_view target_cluster, std::string_view topic) const {
    return MirrorsTopic(topic) && !IsCycle(target_cluster, topic);
  }
  bool MirrorsGroup(std::string_view group) const;
};

// The enabled flows' source, target and configuration.
struct MirrorFlowConfig {
  std::string source;
  std::string target;
  MirrorConfig config;
};

// "a->b.topics=x" counts for the flow from a to b, and before "topics=x", which counts for all. What is known and not
// modelled is appended to `ignored`. kInvalidArgument says what is wrong with which line.
absl::StatusOr<std::vector<MirrorFlowConfig>> ReadMirrorConfig(const std::vector<std::string>& lines,
                                                               const std::vector<std::string>& clusters,
                                                               std::vector<std::string>* ignored,
                                                               std::string* wrong_line);

std::vector<model::SettingInfo> MirrorSettings();
// One line, without a flow's prefix.
absl::Status ApplyMirrorConfig(std::string_view line, MirrorConfig* config, std::vector<std::string>* ignored);

// What of it a connector has, and the group's config topic hands to other processes: lines of an mm2.properties, for
// one flow. The rest is each worker's own.
std::string ConnectorConfigText(const MirrorConfig& config);
// `worker`: whose own the rest is. REQUIRES: `text` is from ConnectorConfigText.
MirrorConfig FromConnectorConfig(const std::string& text, const MirrorConfig& worker);

// Topics of MirrorMaker's own: offset syncs in the source cluster; checkpoints, source offsets and, where several
// processes share the flow, connectors' configurations in the target.
std::string OffsetSyncsTopic(std::string_view target);
std::string CheckpointsTopic(std::string_view source);
std::string OffsetsTopic(std::string_view source);
std::string ConfigsTopic(std::string_view source);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_MIRROR_CONFIG_H_
