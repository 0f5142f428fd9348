#include "model/rocketmq/config.h"

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace brokersim::rocketmq {
namespace {

using model::SettingsTable;

const SettingsTable<BrokerConfig>& BrokerTable() {
  using C = BrokerConfig;
  static const SettingsTable<BrokerConfig> table = {
      "broker",
      {
          {"brokerId", &C::broker_id, -1,
           "0: the master of its group; above: a slave; -1: by the node's name (a0 is a master); read at a start"},
          {"brokerRole", &C::broker_role, 0,
           "of masters: whether a write waits for slaves; slaves are SLAVE by their id", INT64_MAX,
           "ASYNC_MASTER SYNC_MASTER"},
          {"flushDiskType", &C::flush_disk_type, 0, "whether a write waits until it is flushed", INT64_MAX,
           "ASYNC_FLUSH SYNC_FLUSH"},
          {"flushIntervalCommitLog", &C::flush_interval_commit_log, 1, "ms between flushes under ASYNC_FLUSH"},
          {"flushCommitLogLeastPages", &C::flush_commit_log_least_pages, 0,
           "pages of 4 KiB that such a flush waits for"},
          {"flushCommitLogThoroughInterval", &C::flush_commit_log_thorough_interval, 1,
           "ms after which fewer pages are flushed too"},
          {"syncFlushTimeout", &C::sync_flush_timeout, 1, "ms that a write waits for its flush under SYNC_FLUSH"},
          {"slaveTimeout", &C::slave_timeout, 1, "ms that a write waits for slaves under SYNC_MASTER"},
          {"totalReplicas", &C::total_replicas, 1, "replicas of a group of brokers"},
          {"inSyncReplicas", &C::in_sync_replicas, 1,
           "copies, the master's included, that a write waits for under SYNC_MASTER"},
          {"minInSyncReplicas", &C::min_in_sync_replicas, 1,
           "with enableAutoInSyncReplicas: the fewest copies that a write may wait for"},
          {"enableAutoInSyncReplicas", &C::enable_auto_in_sync_replicas, 0,
           "whether writes wait for fewer copies while slaves are behind (with enableSlaveActingMaster)"},
          {"enableSlaveActingMaster", &C::enable_slave_acting_master, 0,
           "whether the slave with the lowest id stands in for a master that is gone (with supportActingMaster), "
           "brokers send heartbeats to name servers, and writes are refused up front when too few copies are in sync"},
          {"enableRemoteEscape", &C::enable_remote_escape, 0,
           "acting master: whether what becomes due goes to masters of other groups; else it waits, and half messages "
           "are passed over"},
          {"skipPreOnline", &C::skip_pre_online, 0,
           "acting master: whether a broker starts without asking its group for newer offsets, as it always does with "
           "totalReplicas=1"},
          {"brokerNotActiveTimeoutMillis", &C::broker_not_active_timeout, 1,
           "acting master: ms without a heartbeat after which a name server forgets a broker"},
          {"syncBrokerMemberGroupPeriod", &C::sync_broker_member_group_period, 1,
           "acting master: ms between questions to a name server about who is in one's own group"},
          {"consumerOffsetUpdateVersionStep", &C::consumer_offset_update_version_step, 1,
           "acting master: commits of consumer offsets after which their version is raised"},
          {"delayOffsetUpdateVersionStep", &C::delay_offset_update_version_step, 1,
           "acting master: looks at delay levels after which the version of their positions is raised"},
          {"lockInStrictMode", &C::lock_in_strict_mode, 0,
           "acting master: whether an orderly consumer's lock needs most of a group's totalReplicas, three or more"},
          {"readUnCommitted", &C::read_uncommitted, 0,
           "whether consumers get what isn't flushed yet under SYNC_FLUSH (always so before #8239)"},
          {"haSendHeartbeatInterval", &C::ha_send_heartbeat_interval, 1, "ms between reports of an idle HA connection"},
          {"haHousekeepingInterval", &C::ha_housekeeping_interval, 1,
           "ms without a word after which an HA connection is closed"},
          {"haTransferBatchSize", &C::ha_transfer_batch_size, 1, "bytes that are sent to a slave at once"},
          {"haMaxGapNotInSync", &C::ha_max_gap_not_in_sync, 0, "bytes by which a slave in sync may be behind"},
          {"registerNameServerPeriod", &C::register_name_server_period, 1000,
           "ms between registrations with the name servers"},
          {"registerBrokerTimeoutMills", &C::register_broker_timeout_mills, 1, "ms that such a registration may take"},
          {"flushConsumerOffsetInterval", &C::flush_consumer_offset_interval, 1,
           "ms between writes of consumerOffset.json"},
          {"flushDelayOffsetInterval", &C::flush_delay_offset_interval, 1, "ms between writes of delayOffset.json"},
          {"messageDelayLevel", &C::message_delay_level, 0, "the delays that levels 1, 2, ... stand for"},
          {"transactionTimeOut", &C::transaction_time_out, 1, "ms before a half message is checked"},
          {"transactionCheckMax", &C::transaction_check_max, 0,
           "checks after which a half message is given up: moved to TRANS_CHECK_MAX_TIME_TOPIC"},
          {"transactionCheckInterval", &C::transaction_check_interval, 1, "ms between passes over half messages"},
          {"transactionOpBatchInterval", &C::transaction_op_batch_interval, 1,
           "ms for which decisions are collected before they are written"},
          {"transactionOpMsgMaxSize", &C::transaction_op_msg_max_size, 1, "bytes of them that are written at once"},
          {"fileReservedTime", &C::file_reserved_time, 1, "hours after which an undecided half message is given up"},
          {"defaultTopicQueueNums", &C::default_topic_queue_nums, 1, "queues of a topic that doesn't say"},
          {"retryQueueNums", &C::retry_queue_nums, 0, "queues of a group's retry topic; 0: what fails is thrown away"},
          {"longPollingEnable", &C::long_polling_enable, 0, "whether a pull without messages waits for some"},
          {"slaveReadEnable", &C::slave_read_enable, 0,
           "whether consumers may pull from a slave while its group has no master"},
          {"enableControllerMode", &C::enable_controller_mode, 0,
           "whether a controller decides who is the master; needs `controllers` in the scenario"},
          {"allAckInSyncStateSet", &C::all_ack_in_sync_state_set, 0,
           "controller mode: whether a write waits for all of the SyncStateSet instead of inSyncReplicas copies"},
          {"haMaxTimeSlaveNotCatchup", &C::ha_max_time_slave_not_catchup, 1,
           "controller mode: ms without having caught up after which a slave leaves the SyncStateSet"},
          {"checkSyncStateSetPeriod", &C::check_sync_state_set_period, 1, "controller mode: ms between such searches"},
          {"syncBrokerMetadataPeriod", &C::sync_broker_metadata_period, 1,
           "controller mode: ms between questions to the controller about one's own group"},
          {"brokerHeartbeatInterval", &C::broker_heartbeat_interval, 1,
           "ms between heartbeats to the controller, or with enableSlaveActingMaster to name servers"},
          {"ISSUE-5663", &C::issue_5663, 0,
           "switch: while the SyncStateSet is being changed, both sets have to acknowledge (off: before 5.1.1)"},
          {"ISSUE-6662", &C::issue_6662, 0,
           "switch: the confirm offset stands still while a member of the SyncStateSet is gone (off: before 5.1.1)"},
          {"ISSUE-3015", &C::issue_3015, 0,
           "switch: a slave that reports more than its master has is not believed (off: before 4.9.2)"},
          {"enableDLegerCommitLog", &C::enable_dledger_commit_log, 0,
           "DLedger mode: whether the members of the group agree on their commit log by Raft, and elect their master"},
          {"preferredLeaderId", &C::preferred_leader_id, 0,
           "DLedger mode: members that leadership is handed over to when they are there, e.g. \"n0\" or \"n0;n1\""},
          {"heartBeatTimeIntervalMs", &C::heartbeat_time_interval_ms, 1,
           "DLedger mode: ms between a leader's heartbeats (like the next six a constant of the real one)"},
          {"maxHeartBeatLeak", &C::max_heartbeat_leak, 1,
           "DLedger mode: heartbeats that may be missing before a leader counts as lost, or loses its followers"},
          {"minVoteIntervalMs", &C::min_vote_interval_ms, 1, "DLedger mode: least ms between two rounds of voting"},
          {"maxVoteIntervalMs", &C::max_vote_interval_ms, 1, "DLedger mode: most ms between two rounds of voting"},
          {"maxWaitAckTimeMs", &C::max_wait_ack_time_ms, 1, "DLedger mode: ms that a write waits for the majority"},
          {"maxPushTimeOutMs", &C::max_push_timeout_ms, 1,
           "DLedger mode: ms without an answer after which entries are pushed again"},
          {"flushFileInterval", &C::flush_file_interval, 1,
           "DLedger mode: ms before what was written is flushed, whatever flushDiskType says"},
          {"DLEDGER-247", &C::dledger_247, 0,
           "switch: a leader that hears of a larger term steps down at once (off: before DLedger 0.3.2, also 5.3)"},
          {"DLEDGER-305", &C::dledger_305, 0,
           "switch: a leader counts copies of entries of its own term only, and begins its term with one (off: before "
           "DLedger 0.4.0, also 5.3)"},
          {"DLEDGER-316", &C::dledger_316, 0,
           "switch: a log that is cut below its commit index takes it along (off: all releases of DLedger)"},
      },
      {"accessMessageInMemoryMaxRatio",
       "autoCreateSubscriptionGroup",
       "autoCreateTopicEnable",
       "brokerClusterName",
       "brokerId",
       "brokerIP1",
       "brokerIP2",
       "brokerName",
       "brokerPermission",
       "cleanFileForciblyEnable",
       "cleanResourceInterval",
       "clusterTopicEnable",
       "commitIntervalCommitLog",
       "compressedRegister",
       "consumerManageThreadPoolNums",
       "dLegerGroup",
       "dLegerPeers",
       "dLegerSelfId",
       "deleteWhen",
       "diskMaxUsedSpaceRatio",
       "enableBatchPush",
       "enablePropertyFilter",
       "flushIntervalConsumeQueue",
       "flushLeastPagesWhenWarmMapedFile",
       "haListenPort",
       "haMasterAddress",
       "haSlaveFallbehindMax",
       "listenPort",
       "mapedFileSizeCommitLog",
       "mapedFileSizeConsumeQueue",
       "maxIndexNum",
       "maxMessageSize",
       "messageIndexEnable",
       "namesrvAddr",
       "notifyConsumerIdsChangedEnable",
       "pullMessageThreadPoolNums",
       "rejectTransactionMessage",
       "sendMessageThreadPoolNums",

       "storePathCommitLog",
       "storePathRootDir",
       "timerWheelEnable",
       "traceTopicEnable",
       "transientStorePoolEnable",
       "useReentrantLockWhenPutMessage",
       "waitTimeMillsInSendQueue",
       "warmMapedFileEnable"},
      {
          {"brokerRole", "SYNC_MASTER", "a master answers before its slaves have the message"},
          {"flushDiskType", "SYNC_FLUSH", "what is acknowledged may lie in page caches only, and goes with the power"},
          {"inSyncReplicas", "2", "the master's word is enough for SEND_OK"},
          {"minInSyncReplicas", "2", "replicas are given up silently, down to the master alone"},
          {"readUnCommitted", "false", "consumers get what may yet be lost"},
          {"retryQueueNums", "1", "a message whose processing fails is thrown away"},
          {"skipPreOnline", "false", "a master that returns goes back to its own offsets, and its slaves with it"},
          {"ISSUE-3015", "on", "a slave that reports more than its master has is believed"},
          {"DLEDGER-305", "on", "an entry of an earlier term counts as committed, and may yet be replaced"},
      }};
  return table;
}

const SettingsTable<NamesrvConfig>& NamesrvTable() {
  using C = NamesrvConfig;
  static const SettingsTable<NamesrvConfig> table = {
      "name server",
      {
          {"scanNotActiveBrokerInterval", &C::scan_not_active_broker_interval, 1,
           "ms between searches for brokers that have fallen silent"},
          {"brokerChannelExpiredTime", &C::broker_channel_expired_time, 1,
           "ms without a registration after which a broker is forgotten (a constant of the real one)"},
          {"supportActingMaster", &C::support_acting_master, 0,
           "whether routes show the lowest slave of a group without a master as its master, for reading only"},
          {"notifyMinBrokerIdChanged", &C::notify_min_broker_id_changed, 0,
           "whether the others of a group are told at once when its lowest id changes"},
          {"ISSUE-6316", &C::issue_6316, 0,
           "switch: of two masters the one with the larger masterEpoch counts, not the last to register (off: before "
           "5.1.1)"},
      },
      {"clusterTest", "configStorePath", "deleteTopicWithBrokerRegistration", "kvConfigPath", "listenPort",
       "orderMessageEnable", "rocketmqHome"}};
  return table;
}

const SettingsTable<ControllerConfig>& ControllerTable() {
  using C = ControllerConfig;
  static const SettingsTable<ControllerConfig> table = {
      "controller",
      {
          {"scanNotActiveBrokerInterval", &C::scan_not_active_broker_interval, 1,
           "ms between searches for masters that have fallen silent"},
          {"brokerNotActiveTimeoutMillis", &C::broker_not_active_timeout, 1,
           "ms without a heartbeat after which a broker counts as dead"},
          {"enableElectUncleanMaster", &C::enable_elect_unclean_master, 0,
           "whether a replica outside the SyncStateSet may be elected, losing what it lacks"},
      },
      {"controllerDLegerGroup", "controllerDLegerPeers", "controllerDLegerSelfId", "controllerStorePath",
       "controllerType", "electMasterMaxRetryCount", "isProcessReadEvent", "mappedFileSize",
       "notifyBrokerRoleChanged"}};
  return table;
}

const SettingsTable<ProducerConfig>& ProducerTable() {
  using C = ProducerConfig;
  static const SettingsTable<ProducerConfig> table = {
      "producer",
      {
          {"producerGroup", &C::producer_group, 0, "producers of one group answer for each other's transactions"},
          {"sendMsgTimeout", &C::send_msg_timeout, 1, "ms that a send may take, all attempts together"},
          {"retryTimesWhenSendFailed", &C::retry_times_when_send_failed, 0, "further attempts of a synchronous send"},
          {"retryTimesWhenSendAsyncFailed", &C::retry_times_when_send_async_failed, 0,
           "further attempts of an asynchronous send, on the same broker"},
          {"retryAnotherBrokerWhenNotStoreOK", &C::retry_another_broker_when_not_store_ok, 0,
           "whether a status other than SEND_OK leads to another attempt"},
          {"pollNameServerInterval", &C::poll_name_server_interval, 1, "ms between requests for routes"},
          {"heartbeatBrokerInterval", &C::heartbeat_broker_interval, 1, "ms between heartbeats to brokers"},
      },
      {"clientIP", "compressMsgBodyOverHowmuch", "defaultTopicQueueNums", "enableMsgTrace", "instanceName",
       "maxMessageSize", "namesrvAddr", "sendLatencyFaultEnable", "unitName", "vipChannelEnabled"}};
  return table;
}

const SettingsTable<ConsumerConfig>& ConsumerTable() {
  using C = ConsumerConfig;
  static const SettingsTable<ConsumerConfig> table = {
      "consumer",
      {
          {"consumerGroup", &C::consumer_group, 0, "the group; its members share the queues"},
          {"consumeFromWhere", &C::consume_from_where, 0, "where a group without offsets begins", INT64_MAX,
           "CONSUME_FROM_LAST_OFFSET CONSUME_FROM_FIRST_OFFSET"},
          {"messageModel", &C::message_model, 0, "whether members share the queues", INT64_MAX, "CLUSTERING"},
          {"consumeThreadMax", &C::consume_thread_max, 1, "messages that are processed at once"},
          {"pullBatchSize", &C::pull_batch_size, 1, "messages that a pull returns at most"},
          {"pullThresholdForQueue", &C::pull_threshold_for_queue, 1, "messages of a queue that may wait"},
          {"consumeConcurrentlyMaxSpan", &C::consume_concurrently_max_span, 1,
           "how far the first and the last of them may lie apart"},
          {"consumeTimeout", &C::consume_timeout, 1, "minutes after which a message in process is sent back"},
          {"maxReconsumeTimes", &C::max_reconsume_times, -1, "failures after which a message is a dead letter; -1: 16"},
          {"suspendCurrentQueueTimeMillis", &C::suspend_current_queue_time_millis, 10,
           "ms before an orderly consumer tries again"},
          {"brokerSuspendMaxTimeMillis", &C::broker_suspend_max_time_millis, 0,
           "ms that a pull may wait at the broker"},
          {"consumerTimeoutMillisWhenSuspend", &C::consumer_timeout_millis_when_suspend, 1, "ms that a pull may take"},
          {"pullTimeDelayMillsWhenException", &C::pull_time_delay_mills_when_exception, 1,
           "ms before a failed pull is repeated"},
          {"persistConsumerOffsetInterval", &C::persist_consumer_offset_interval, 1, "ms between commits"},
          {"pollNameServerInterval", &C::poll_name_server_interval, 1, "ms between requests for routes"},
          {"heartbeatBrokerInterval", &C::heartbeat_broker_interval, 1, "ms between heartbeats to brokers"},
          {"rocketmq.client.rebalance.waitInterval", &C::rebalance_wait_interval, 1, "ms between rebalances"},
          {"rocketmq.client.rebalance.lockInterval", &C::rebalance_lock_interval, 1,
           "ms between renewals of an orderly consumer's locks"},
          {"ISSUE-2708", &C::issue_2708, 0,
           "switch: a committed offset that can't be read is asked for again; off (before 4.9): it counts as none"},
      },
      {"adjustThreadPoolNumsThreshold", "allocateMessageQueueStrategy", "awaitTerminationMillisWhenShutdown",
       "clientIP", "consumeMessageBatchMaxSize", "consumeThreadMin", "consumeTimestamp", "instanceName", "namesrvAddr",
       "popBatchNums", "popInvisibleTime", "postSubscriptionWhenPull", "pullInterval", "pullThresholdForTopic",
       "pullThresholdSizeForQueue", "unitMode"},
      {
          {"consumeFromWhere", "CONSUME_FROM_FIRST_OFFSET", "a group without offsets begins behind what is there"},
          {"ISSUE-2708", "on", "a committed offset that can't be read counts as none"},
      }};
  return table;
}

}  // namespace

absl::Status ApplyBrokerConfig(std::string_view line, BrokerConfig* config, std::vector<std::string>* ignored) {
  if (auto status = model::ApplyLine(BrokerTable(), line, config, ignored); !status.ok()) return status;
  std::vector<sim::Duration> levels;
  if (auto status = ReadDelayLevels(config->message_delay_level, &levels); !status.ok()) return status;
  std::vector<int64_t> members;
  return ReadMembers(config->preferred_leader_id, &members);
}
absl::Status ApplyNamesrvConfig(std::string_view line, NamesrvConfig* config, std::vector<std::string>* ignored) {
  return model::ApplyLine(NamesrvTable(), line, config, ignored);
}
absl::Status ApplyControllerConfig(std::string_view line, ControllerConfig* config, std::vector<std::string>* ignored) {
  return model::ApplyLine(ControllerTable(), line, config, ignored);
}
absl::Status ApplyProducerConfig(std::string_view line, ProducerConfig* config, std::vector<std::string>* ignored) {
  return model::ApplyLine(ProducerTable(), line, config, ignored);
}
absl::Status ApplyConsumerConfig(std::string_view line, ConsumerConfig* config, std::vector<std::string>* ignored) {
  return model::ApplyLine(ConsumerTable(), line, config, ignored);
}

absl::Status ReadDelayLevels(std::string_view text, std::vector<sim::Duration>* levels) {
  levels->clear();
  const std::vector<std::string> words = absl::StrSplit(std::string(text), ' ', absl::SkipEmpty());
  for (const std::string& word : words) {
    int64_t number = 0;
    const char unit = word.back();
    const int64_t seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86400 : 0;
    const bool digits = absl::SimpleAtoi(word.substr(0, word.size() - 1), &number);
    if (seconds == 0 || !digits || number < 0 || number > 100000) {
      return absl::InvalidArgumentError(
          fmt::format("messageDelayLevel takes delays such as \"1s 5s 1m 2h\", not '{}'", word));
    }
    levels->push_back(sim::Seconds(number * seconds));
  }
  if (levels->empty()) return absl::InvalidArgumentError("messageDelayLevel needs a delay, e.g. \"1s 5s 10s\"");
  return absl::OkStatus();
}

absl::Status ReadMembers(std::string_view text, std::vector<int64_t>* members) {
  members->clear();
  const std::vector<std::string> words = absl::StrSplit(std::string(text), ';', absl::SkipEmpty());
  for (const std::string& word : words) {
    int64_t number = 0;
    if (word[0] != 'n' || !absl::SimpleAtoi(word.substr(1), &number) || number < 0) {
      return absl::InvalidArgumentError(
          fmt::format("preferredLeaderId takes members such as \"n0\" or \"n0;n1\", not '{}'", word));
    }
    members->push_back(number);
  }
  return absl::OkStatus();
}

BrokerConfig ConfiguredAnew(BrokerConfig config, const std::map<std::string, std::string, std::less<>>& settings) {
  for (const auto& [key, value] : settings) {
    std::vector<std::string> ignored;
    BrokerConfig changed = config;
    if (ApplyBrokerConfig(key + "=" + value, &changed, &ignored).ok()) config = changed;
  }
  return config;
}

std::vector<model::SettingInfo> BrokerSettings() { return model::DescribeSettings(BrokerTable()); }
std::vector<model::SettingInfo> NamesrvSettings() { return model::DescribeSettings(NamesrvTable()); }
std::vector<model::SettingInfo> ControllerSettings() { return model::DescribeSettings(ControllerTable()); }
std::vector<model::SettingInfo> ProducerSettings() { return model::DescribeSettings(ProducerTable()); }
std::vector<model::SettingInfo> ConsumerSettings() { return model::DescribeSettings(ConsumerTable()); }

}  // namespace brokersim::rocketmq
