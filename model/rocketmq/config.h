// RocketMQ's configuration under its real names, with its real defaults and units: broker.conf, namesrv.conf, and the
// properties of producers and consumers.
//
// Documented fixes are switches of ours, named after their issue, on by default: `ISSUE-8239=off`.
#ifndef BROKERSIM_MODEL_ROCKETMQ_CONFIG_H_
#define BROKERSIM_MODEL_ROCKETMQ_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "model/base/settings.h"
#include "sim/base/sim_time.h"

namespace brokersim::rocketmq {

// BrokerConfig.java, MessageStoreConfig.java, SubscriptionGroupConfig.java of 5.3. Durations without a unit in the name
// are milliseconds.
struct BrokerConfig {
  int64_t broker_id = -1;  // -1: by its place in the scenario
  std::string broker_role = "ASYNC_MASTER";
  std::string flush_disk_type = "ASYNC_FLUSH";
  int64_t flush_interval_commit_log = 500;
  int64_t flush_commit_log_least_pages = 4;
  int64_t flush_commit_log_thorough_interval = 10000;
  int64_t sync_flush_timeout = 5000;
  int64_t slave_timeout = 3000;
  int64_t total_replicas = 1;
  int64_t in_sync_replicas = 1;
  int64_t min_in_sync_replicas = 1;
  bool enable_auto_in_sync_replicas = false;
  // The lowest slave stands in for a master that is gone, and a master that returns asks its slaves first.
  bool enable_slave_acting_master = false;
  bool enable_remote_escape = false;
  bool skip_pre_online = false;
  int64_t broker_not_active_timeout = 10000;
  int64_t sync_broker_member_group_period = 1000;
  int64_t consumer_offset_update_version_step = 500;
  int64_t delay_offset_update_version_step = 200;
  bool lock_in_strict_mode = false;
  bool read_uncommitted = false;
  int64_t ha_send_heartbeat_interval = 5000;
  int64_t ha_housekeeping_interval = 20000;
  int64_t ha_transfer_batch_size = 32768;
  int64_t ha_max_gap_not_in_sync = 268435456;
  int64_t register_name_server_period = 30000;
  int64_t register_broker_timeout_mills = 24000;
  int64_t flush_consumer_offset_interval = 5000;
  int64_t flush_delay_offset_interval = 10000;
  std::string message_delay_level = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";
  int64_t transaction_time_out = 6000;
  int64_t transaction_check_max = 15;
  int64_t transaction_check_interval = 30000;
  int64_t transaction_op_batch_interval = 3000;
  int64_t transaction_op_msg_max_size = 4096;
  int64_t file_reserved_time = 72;  // hours
  int64_t default_topic_queue_nums = 8;
  int64_t retry_queue_nums = 1;
  bool long_polling_enable = true;
  bool slave_read_enable = false;
  // Controller mode: who is the master of a group is decided by a controller.
  bool enable_controller_mode = false;
  bool all_ack_in_sync_state_set = false;
  int64_t ha_max_time_slave_not_catchup = 15000;
  int64_t check_sync_state_set_period = 5000;
  int64_t sync_broker_metadata_period = 5000;
  int64_t broker_heartbeat_interval = 1000;
  // #5663: while a change of the SyncStateSet is under way, acknowledgements are counted over the old and the new one.
  bool issue_5663 = true;
  // #6662: the confirm offset stands still while a member of the SyncStateSet has no connection.
  bool issue_6662 = true;
  // #3015: a slave can't report more than its master has.
  bool issue_3015 = true;
  // DLedger mode: the commit log is agreed on by Raft. MessageStoreConfig.java, and DLedgerConfig.java of DLedger
  // 0.3.1, whose values a real broker can't change.
  bool enable_dledger_commit_log = false;
  std::string preferred_leader_id;
  int64_t heartbeat_time_interval_ms = 2000;
  int64_t max_heartbeat_leak = 3;
  int64_t min_vote_interval_ms = 300;
  int64_t max_vote_interval_ms = 1000;
  int64_t max_wait_ack_time_ms = 2500;
  int64_t max_push_timeout_ms = 1000;
  int64_t flush_file_interval = 10;
  // dledger #247, #305 with #275, #316; model/raft/raft.h says what they are.
  bool dledger_247 = true;
  bool dledger_305 = true;
  bool dledger_316 = true;
};

// NamesrvConfig.java
struct NamesrvConfig {
  int64_t scan_not_active_broker_interval = 5000;
  // Ours: BROKER_CHANNEL_EXPIRED_TIME of RouteInfoManager.java.
  int64_t broker_channel_expired_time = 120000;
  bool support_acting_master = false;
  bool notify_min_broker_id_changed = false;
  // #6316: of two brokers that say they are the master the one with the larger masterEpoch is believed.
  bool issue_6316 = true;
};

// ControllerConfig.java
struct ControllerConfig {
  int64_t scan_not_active_broker_interval = 5000;
  int64_t broker_not_active_timeout = 10000;  // controllerHeartBeatTimeoutMills of the brokers' side
  bool enable_elect_unclean_master = false;
};

// DefaultMQProducer.java, ClientConfig.java
struct ProducerConfig {
  std::string producer_group = "DEFAULT_PRODUCER";
  int64_t send_msg_timeout = 3000;
  int64_t retry_times_when_send_failed = 2;
  int64_t retry_times_when_send_async_failed = 2;
  bool retry_another_broker_when_not_store_ok = false;
  int64_t poll_name_server_interval = 30000;
  int64_t heartbeat_broker_interval = 30000;
};

// DefaultMQPushConsumer.java, ClientConfig.java, RebalanceService.java, RebalanceLockManager.java
struct ConsumerConfig {
  std::string consumer_group;
  std::string consume_from_where = "CONSUME_FROM_LAST_OFFSET";
  std::string message_model = "CLUSTERING";
  int64_t consume_thread_max = 20;
  int64_t pull_batch_size = 32;
  int64_t pull_threshold_for_queue = 1000;
  int64_t consume_concurrently_max_span = 2000;
  int64_t consume_timeout = 15;  // minutes
  int64_t max_reconsume_times = -1;
  int64_t suspend_current_queue_time_millis = 1000;
  int64_t broker_suspend_max_time_millis = 15000;
  int64_t consumer_timeout_millis_when_suspend = 30000;
  int64_t pull_time_delay_mills_when_exception = 3000;
  int64_t persist_consumer_offset_interval = 5000;
  int64_t poll_name_server_interval = 30000;
  int64_t heartbeat_broker_interval = 30000;
  int64_t rebalance_wait_interval = 20000;
  int64_t rebalance_lock_interval = 20000;
  // #2708: a committed offset that can't be read is asked for again, instead of taken for none.
  bool issue_2708 = true;
};

// Applies one line; names of settings without effect on the model are appended to `ignored`. Errors:
// kInvalidArgument, naming the line, what is wrong, and the remedy.
absl::Status ApplyBrokerConfig(std::string_view line, BrokerConfig* config, std::vector<std::string>* ignored);
absl::Status ApplyNamesrvConfig(std::string_view line, NamesrvConfig* config, std::vector<std::string>* ignored);
absl::Status ApplyControllerConfig(std::string_view line, ControllerConfig* config, std::vector<std::string>* ignored);
absl::Status ApplyProducerConfig(std::string_view line, ProducerConfig* config, std::vector<std::string>* ignored);
absl::Status ApplyConsumerConfig(std::string_view line, ConsumerConfig* config, std::vector<std::string>* ignored);

// messageDelayLevel as durations, from level 1: "1s 5s 1m 2h" (also d). kInvalidArgument names the word that is wrong.
absl::Status ReadDelayLevels(std::string_view text, std::vector<sim::Duration>* levels);

// Members of a DLedger group: "n0;n1". kInvalidArgument names the word that is wrong.
absl::Status ReadMembers(std::string_view text, std::vector<int64_t>* members);

// The configuration with settings that an operator changed since. What the broker would refuse changes nothing.
BrokerConfig ConfiguredAnew(BrokerConfig config, const std::map<std::string, std::string, std::less<>>& settings);

std::vector<model::SettingInfo> BrokerSettings();
std::vector<model::SettingInfo> NamesrvSettings();
std::vector<model::SettingInfo> ControllerSettings();
std::vector<model::SettingInfo> ProducerSettings();
std::vector<model::SettingInfo> ConsumerSettings();

}  // namespace brokersim::rocketmq

#endif  // BROKERSIM_MODEL_ROCKETMQ_CONFIG_H_
