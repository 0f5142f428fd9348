// A broker's life: recovery, what arrives, shutdown, what becomes of its partitions.
#include "model/kafka/broker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

// Ours: a shutdown that the controller doesn't grant within this time goes on regardless (controlled.shutdown
// retries 3, 5 s apart, of the ZooKeeper days).
constexpr sim::Duration kControlledShutdownLimit = sim::Seconds(15);

}  // namespace

Broker::Broker(std::shared_ptr<const ClusterSpec> cluster, int32_t id, sim::Env& env, sim::Effects& out)
    : cluster_(std::move(cluster)),
      config_(std::make_shared<BrokerConfig>(ConfiguredAnew(cluster_->ConfigOf(id), env.settings()))), id_(id),
      checkpoint_file_(env.Open("replication-offset-checkpoint")),
      coordinator_(id, *config_, kGroupFirst),
      transactions_(*config_) {
  incarnation_id_ = static_cast<int64_t>(env.Random("incarnation").Next() >> 1);
  if (has_elr()) ReadCleanShutdown(env, out);
  Recover(env);
  for (auto& [tp, replica] : replicas_) {
    // What lies behind a torn block goes with it (LogLoader: recovery truncates to the last valid batch).
    if (env.disk().file(replica.log_file).size() > replica.partition.log().batch_count()) {
      BROKERSIM_PROBE("kafka/broker: recovery cuts a torn log");
      out.Truncate(replica.log_file, replica.partition.log().batch_count());
    }
  }
  register_deadline_ = env.monotonic() + sim::Milliseconds(config_->initial_broker_registration_timeout_ms);
  out.SetTimer({kHighWatermarkCheckpoint}, sim::Milliseconds(config_->replica_high_watermark_checkpoint_interval_ms));
  // ReplicaManager schedules the check at half of the allowed lag.
  out.SetTimer({kIsrCheck}, sim::Milliseconds(config_->replica_lag_time_max_ms) / 2);
  if (cluster_->zookeeper) {
    zookeeper_.emplace(cluster_, id_, config_, kZooKeeperFirst);
    zookeeper_->Start(env, out);
    return;
  }
  Register(env, out);
  FetchMetadata(env, out);
}

// The file says that all logs were flushed, once.
void Broker::ReadCleanShutdown(sim::Env& env, sim::Effects& out) {
  clean_shutdown_file_ = env.Open(std::string(CleanShutdown::kName));
  const sim::File& file = env.disk().file(clean_shutdown_file_);
  if (file.blocks.empty() || file.blocks[0].damaged) return;
  previous_broker_epoch_ = file.blocks[0].content->As<CleanShutdown>()->broker_epoch;
  out.Replace(clean_shutdown_file_, sim::MakePayload(CleanShutdown{}));
}

void Broker::Recover(sim::Env& env) {
  absl::btree_map<TopicPartition, int64_t> checkpoint;
  const sim::File& file = env.disk().file(checkpoint_file_);
  if (!file.blocks.empty()) {
    for (const PartitionOffset& entry : file.blocks[0].content->As<HighWatermarkCheckpoint>()->entries) {
      checkpoint[entry.tp] = entry.offset;
    }
  }
  for (const TopicSpec& topic : cluster_->topics) {
    for (size_t i = 0; i < topic.assignment.size(); ++i) {
      const TopicPartition tp{topic.name, static_cast<int32_t>(i)};
      if (env.disk().Find(LogName(tp) + std::string(kLogSuffix)) == nullptr) continue;
      AddReplica(tp, checkpoint.contains(tp) ? checkpoint[tp] : 0, env);
    }
  }
}

Broker::Replica& Broker::AddReplica(const TopicPartition& tp, int64_t high_watermark, sim::Env& env) {
  const std::string folder = LogName(tp);
  const std::string log_name = folder + std::string(kLogSuffix);
  const std::string epoch_name = folder + std::string(kEpochsSuffix);
  const sim::FileId log_file = env.Open(log_name);
  const sim::FileId epoch_file = env.Open(epoch_name);
  int64_t blocks = 0;
  ReplicaLog log =
      ReplicaLog::Recover(env.disk().Find(log_name), env.disk().Find(epoch_name), &blocks, config_->mutant);
  Replica replica{Partition(id_, tp, *config_, std::move(log), high_watermark),
                  log_file, epoch_file, 0, {}, false, -1, {}, false};
  return replicas_.emplace(tp, std::move(replica)).first->second;
}

Broker::Replica* Broker::Find(const TopicPartition& tp) {
  const auto found = replicas_.find(tp);
  return found == replicas_.end() ? nullptr : &found->second;
}

// ---- Messages in

void Broker::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  Receive(message, env, out);
  RunTransactions(env, out);
}

void Broker::Receive(const sim::Received& message, sim::Env& env, sim::Effects& out) {
  const auto* frame = message.payload.As<Frame>();
  CHECK(frame != nullptr, "broker {} got a {}", id_, message.payload.name());
  if (zookeeper_.has_value() && zookeeper_->OnMessage(message, *frame, env, out)) {
    HearZooKeeper(env, out);
    return;
  }
  // A coordinator sends requests to its own broker too, so that the connection alone doesn't tell what is an answer.
  const auto correlation = frame->is_request() ? std::nullopt : requests_.OnMessage(message, *frame);
  if (correlation.has_value()) {
    const auto found = sent_.find(*correlation);
    CHECK(found != sent_.end(), "broker {} forgot request {}", id_, *correlation);
    const Sent sent = std::move(found->second);
    sent_.erase(found);
    OnAnswer(sent, frame->body, env, out);
    return;
  }
  std::visit([&](const auto& body) {
    if constexpr (requires { On(body, message.conn, frame->correlation_id, env, out); }) {
      On(body, message.conn, frame->correlation_id, env, out);
    }
    // Anything else is an answer to a request that was given up.
  }, frame->body);
}

void Broker::OnAnswer(const Sent& sent, const Body& body, sim::Env& env, sim::Effects& out) {
  if (const auto* registered = std::get_if<BrokerRegistrationResponse>(&body)) {
    OnRegistered(*registered, env, out);
  } else if (const auto* heartbeat = std::get_if<BrokerHeartbeatResponse>(&body)) {
    OnHeartbeatAnswer(*heartbeat, env, out);
  } else if (const auto* metadata = std::get_if<MetadataFetchResponse>(&body)) {
    ApplyMetadata(*metadata, env, out);
    FetchMetadata(env, out);
  } else if (const auto* altered = std::get_if<AlterPartitionResponse>(&body)) {
    OnAltered(*altered, env, out);
  } else if (const auto* fetched = std::get_if<FetchResponse>(&body)) {
    OnFetched(std::get<ReplicaFetchSent>(sent), *fetched, env, out);
  } else if (const auto* offsets = std::get_if<ListOffsetsResponse>(&body)) {
    OnLeaderEnd(std::get<ListOffsetsSent>(sent), *offsets, env, out);
  } else if (const auto* epoch = std::get_if<OffsetForLeaderEpochResponse>(&body)) {
    OnEpochEnd(std::get<EpochEndSent>(sent), *epoch, env, out);
  } else if (const auto* verified = std::get_if<AddPartitionsToTxnResponse>(&body)) {
    OnVerified(std::get<VerificationSent>(sent).number, ErrorCode::kNone, verified, env, out);
  } else if (const auto* written = std::get_if<WriteTxnMarkersResponse>(&body)) {
    OnMarkersWritten(std::get<MarkersSent>(sent), written, out);
  } else {
    const auto& ids = std::get<AllocateProducerIdsResponse>(body);
    producer_ids_asked_ = false;
    next_producer_id_ = ids.producer_id_start;
    producer_ids_left_ = ids.producer_id_len;
    AnswerProducerIds(out);
  }
}

void Broker::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects& out) {
  if (zookeeper_.has_value() && zookeeper_->OnDisconnected(conn, env, out)) return;
  if (const auto lost = requests_.OnDisconnected(conn); lost.has_value()) {
    LoseAll(*lost, env, out);
    RunTransactions(env, out);
    return;
  }
  // A client went away: what it was waiting for is of no use to anybody.
  erase_if(delayed_fetches_, [&](const auto& entry) {
    if (entry.second.conn != conn) return false;
    out.CancelTimer({kDelayedFetch, entry.first});
    return true;
  });
}

void Broker::LoseAll(const std::vector<int32_t>& lost, sim::Env& env, sim::Effects& out) {
  for (int32_t correlation : lost) {
    const auto found = sent_.find(correlation);
    CHECK(found != sent_.end(), "broker {} forgot request {}", id_, correlation);
    const Sent sent = std::move(found->second);
    sent_.erase(found);
    OnLost(sent, env, out);
  }
}

// A request got no answer.
void Broker::OnLost(const Sent& sent, sim::Env& env, sim::Effects& out) {
  if (std::holds_alternative<RegistrationSent>(sent)) {
    out.SetTimer({kRegister}, kRegistrationRetry);
  } else if (std::holds_alternative<HeartbeatSent>(sent)) {
    out.SetTimer({kHeartbeat}, sim::Milliseconds(config_->broker_heartbeat_interval_ms));
  } else if (std::holds_alternative<MetadataFetchSent>(sent)) {
    out.SetTimer({kMetadataRetry}, kMetadataRetryAfter);
  } else if (std::holds_alternative<ProducerIdsSent>(sent)) {
    BROKERSIM_PROBE("kafka/broker: request for producer ids lost");
    producer_ids_asked_ = false;
    for (const WaitingInit& waiting : waiting_inits_) {
      Reply(waiting.conn, waiting.id, InitProducerIdResponse{ErrorCode::kCoordinatorNotAvailable, -1, -1}, out);
    }
    waiting_inits_.clear();
  } else if (const auto* alter = std::get_if<AlterSent>(&sent)) {
    BROKERSIM_PROBE("kafka/broker: ISR change of unknown outcome");
    // It may have been carried out: the proposal stands until the controller says what is true.
    if (Replica* replica = Find(alter->tp); replica != nullptr) replica->alter_in_flight = false;
    out.SetTimer({kAlterRetry}, kMetadataRetryAfter);
  } else if (const auto* fetch = std::get_if<ReplicaFetchSent>(&sent)) {
    fetchers_[fetch->leader].in_flight = false;
    for (const FetchRequest::Partition& partition : fetch->partitions) BackOff(fetch->leader, partition.tp, out);
  } else if (const auto* verification = std::get_if<VerificationSent>(&sent)) {
    OnVerified(verification->number, ErrorCode::kNetworkException, nullptr, env, out);
  } else if (const auto* markers = std::get_if<MarkersSent>(&sent)) {
    OnMarkersWritten(*markers, nullptr, out);
  } else if (const auto* epoch = std::get_if<EpochEndSent>(&sent)) {
    BackOff(epoch->leader, epoch->tp, out);
  } else {
    const auto& list = std::get<ListOffsetsSent>(sent);
    BackOff(list.leader, list.tp, out);
  }
}

void Broker::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  OnOwnTimer(timer, env, out);
  RunTransactions(env, out);
}

void Broker::OnOwnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (const auto lost = requests_.OnTimer(timer, env, out); lost.has_value()) {
    LoseAll(*lost, env, out);
    return;
  }
  if (coordinator_.OnTimer(timer, env, out)) return;
  if (zookeeper_.has_value() && zookeeper_->OnTimer(timer, env, out)) return;
  switch (static_cast<TimerKind>(timer.kind)) {
    case kRegister:
      if (env.monotonic() < register_deadline_) {
        Register(env, out);
      } else {
        BROKERSIM_PROBE("kafka/broker: gives up registering");
        out.Note("registration", fmt::format("broker {} gives up registering", id_));
        out.Exit();
      }
      break;
    case kHeartbeat:
      SendHeartbeat(env, out);
      break;
    case kMetadataRetry:
      FetchMetadata(env, out);
      break;
    case kHighWatermarkCheckpoint:
      WriteCheckpoint(out);
      out.SetTimer(timer, sim::Milliseconds(config_->replica_high_watermark_checkpoint_interval_ms));
      break;
    case kIsrCheck:
      CheckIsr(env, out);
      out.SetTimer(timer, sim::Milliseconds(config_->replica_lag_time_max_ms) / 2);
      break;
    case kAlterRetry:
      for (auto& [tp, replica] : replicas_) {
        if (replica.alter.has_value() && !replica.alter_in_flight) SendAlter(&replica, env, out);
      }
      break;
    case kDelayedFetch:
      if (const auto found = delayed_fetches_.find(timer.arg); found != delayed_fetches_.end()) {
        bool now = false;
        Reply(found->second.conn, found->second.id, ReadAll(found->second.request, &now), out);
        delayed_fetches_.erase(found);
      }
      break;
    case kDelayedWrite:
      if (const auto found = delayed_writes_.find(timer.arg); found != delayed_writes_.end()) {
        BROKERSIM_PROBE("kafka/broker: write not replicated in time");
        DelayedWrite write = std::move(found->second);
        delayed_writes_.erase(found);
        for (DelayedWrite::Part& part : write.parts) {
          if (config_->mutant == Mutant::kAckAtTimeout) part.done = true;
          if (!part.done) part.error = ErrorCode::kRequestTimedOut;
        }
        FinishWrite(write, out);
      }
      break;
    case kFetchBackoff: {
      const auto leader = static_cast<int32_t>(timer.arg);
      for (auto& [tp, ready] : fetchers_[leader].ready) ready = true;
      SendFetch(leader, env, out);
      break;
    }
    case kShutdownLimit:
      BROKERSIM_PROBE("kafka/broker: controlled shutdown takes too long");
      FlushAndExit(out);
      break;
    case kTransactionScan:
      transactions_.AbortTimedOut(env, out);
      scans_transactions_ = false;
      break;
    case kMarkerRetry:
      markers_wait_ = false;
      transactions_.RetryCompletions();
      break;
    case kRequestTimeout:
    case kGroupFirst:
    case kGroupLast:
    case kZooKeeperFirst:
    case kZooKeeperLast:
      CHECK(false, "timer {}", timer.kind);
  }
}

std::string_view Broker::TimerName(sim::Timer timer) const {
  switch (static_cast<TimerKind>(timer.kind)) {
    case kRequestTimeout: return "request-timeout";
    case kRegister: return "register";
    case kHeartbeat: return "heartbeat";
    case kMetadataRetry: return "metadata-retry";
    case kHighWatermarkCheckpoint: return "high-watermark-checkpoint";
    case kIsrCheck: return "isr-check";
    case kAlterRetry: return "alter-partition-retry";
    case kDelayedFetch: return "delayed-fetch";
    case kDelayedWrite: return "delayed-produce";
    case kFetchBackoff: return "fetch-backoff";
    case kShutdownLimit: return "shutdown-limit";
    case kGroupFirst: return "member-session";
    case kGroupLast: return "group-rebalance";
    case kTransactionScan: return "transaction-scan";
    case kMarkerRetry: return "marker-retry";
    case kZooKeeperFirst:
    case kZooKeeperLast: break;
  }
  return zookeeper_.has_value() ? zookeeper_->TimerName(timer) : "?";
}

// ---- Shutdown

void Broker::OnStop(sim::Env& env, sim::Effects& out) {
  stopping_ = true;
  if (!config_->controlled_shutdown_enable || !registered_) {
    FlushAndExit(out);
    return;
  }
  out.SetTimer({kShutdownLimit}, kControlledShutdownLimit);
  if (zookeeper_.has_value()) {
    zookeeper_->HandOver(env, out);
  } else {
    SendHeartbeat(env, out);
  }
}

// LogManager.shutdown: flushes every log, then checkpoints.
void Broker::FlushAndExit(sim::Effects& out) {
  if (!exit_syncs_.empty()) return;
  WriteCheckpoint(out);
  for (const auto& [tp, replica] : replicas_) exit_syncs_.push_back(out.Sync(replica.log_file));
  if (exit_syncs_.empty()) Exit(out);
}

void Broker::Exit(sim::Effects& out) {
  if (has_elr()) out.Replace(clean_shutdown_file_, sim::MakePayload(CleanShutdown{broker_epoch_}));
  if (zookeeper_.has_value()) zookeeper_->Close(out);
  out.Exit();
}

void Broker::OnSynced(sim::SyncTicket ticket, sim::Env& env, sim::Effects& out) {
  if (std::erase(exit_syncs_, ticket) > 0 && exit_syncs_.empty()) {
    Exit(out);
    return;
  }
  for (auto& [number, write] : delayed_writes_) std::erase(write.syncs, ticket);
  TryCompleteWrites(out);
  for (auto& [leader, fetcher] : fetchers_) {
    if (std::erase(fetcher.waits_for, ticket) == 0 || !fetcher.waits_for.empty()) continue;
    SendFetch(leader, env, out);
  }
  RunTransactions(env, out);
}

void Broker::WriteCheckpoint(sim::Effects& out) {
  HighWatermarkCheckpoint checkpoint;
  for (const auto& [tp, replica] : replicas_) {
    checkpoint.entries.push_back({tp, replica.partition.high_watermark()});
  }
  out.Replace(checkpoint_file_, sim::MakePayload(std::move(checkpoint)));
}

// ---- What the controller has decided

// ReplicaManager.applyDelta
void Broker::ApplyPartition(const PartitionRecord& record, sim::Env& env, sim::Effects& out) {
  if (std::find(record.replicas.begin(), record.replicas.end(), id_) == record.replicas.end()) return;
  Replica* replica = Find(record.tp);
  if (replica == nullptr) replica = &AddReplica(record.tp, 0, env);
  Partition& partition = replica->partition;
  if (partition.partition_epoch() >= record.partition_epoch) return;
  const bool was_leader = partition.role() == Role::kLeader;
  if (record.leader == id_) {
    replica->alter.reset();
    Unfollow(record.tp);
    if (partition.BecomeLeader(record, env.monotonic())) BeginLeading(replica, out);
    const int64_t before = partition.high_watermark();
    if (partition.MaybeIncrementHighWatermark(env.monotonic())) OnHighWatermark(replica, before, out);
    TryCompleteWrites(out);
    return;
  }
  if (was_leader) StopLeading(record.tp, out);
  replica->alter.reset();
  if (record.leader == kNoLeader) {
    partition.BecomeLeaderless(record);
    Unfollow(record.tp);
  } else if (partition.BecomeFollower(record)) {
    Unfollow(record.tp);
    if (config_->mutant == Mutant::kTruncatesOneBatchMore) {
      Truncate(replica, partition.log().log_end_offset() - 1, "a mutant", out);
    }
    if (!config_->kip_101 || config_->mutant == Mutant::kTruncatesToHighWatermark) {
      BROKERSIM_PROBE("kafka/broker: truncates to the high watermark");
      // Before KIP-101: down to what is known to be committed, whatever the leader has.
      Truncate(replica, partition.high_watermark(), "becomes a follower: to its high watermark", out);
    }
    Follow(record.tp, record.leader, env, out);
  }
  if (was_leader) {
    TryCompleteWrites(out);
    TryCompleteFetches(record.tp, /*force=*/true, out);
  }
}

void Broker::BeginLeading(Replica* replica, sim::Effects& out) {
  Partition& partition = replica->partition;
  if (partition.log().BeginEpoch(partition.leader_epoch())) WriteEpochs(replica, out);
  out.Note("leader", fmt::format("leads {} in epoch {}: log end {}, high watermark {}, ISR [{}]", partition.name(),
                                 partition.leader_epoch(), partition.log().log_end_offset(),
                                 partition.high_watermark(), absl::StrJoin(partition.isr(), " ")));
  if (NameInCluster(partition.tp().topic) == kOffsetsTopic) {
    coordinator_.Load(partition.tp().partition, partition.log().batches(), out);
  } else if (NameInCluster(partition.tp().topic) == kTransactionsTopic) {
    transactions_.Unload(partition.tp().partition, out);
    transactions_.Load(partition.tp().partition, partition.leader_epoch(), partition.log().batches());
  }
}

void Broker::StopLeading(const TopicPartition& tp, sim::Effects& out) {
  if (NameInCluster(tp.topic) == kOffsetsTopic) coordinator_.Unload(tp.partition, out);
  if (NameInCluster(tp.topic) == kTransactionsTopic) transactions_.Unload(tp.partition, out);
}

void Broker::Truncate(Replica* replica, int64_t offset, std::string_view why, sim::Effects& out) {
  Partition& partition = replica->partition;
  const std::vector<BatchRef> removed = partition.TruncateTo(offset);
  if (removed.empty()) return;
  BROKERSIM_PROBE("kafka/broker: truncation removes records");
  out.Truncate(replica->log_file, partition.log().batch_count());
  WriteEpochs(replica, out);
  int64_t records = 0;
  for (const BatchRef& batch : removed) {
    const RecordBatch& value = batch->value();
    records += value.count();
    if (!out.tracing() || value.is_control()) continue;
    for (size_t i = 0; i < value.records.size(); ++i) {
      out.Record(formats::RecordVerb::kTruncated, partition.name(), value.base_offset + static_cast<int64_t>(i),
                 value.records[i].value);
    }
  }
  out.Note("truncation", fmt::format("truncates {} to {} ({} record{} go): {}", partition.name(),
                                     partition.log().log_end_offset(), records, records == 1 ? "" : "s", why));
}

void Broker::WriteEpochs(Replica* replica, sim::Effects& out) {
  // KAFKA-16541: always synced.
  out.Replace(replica->epoch_file, sim::MakePayload(LeaderEpochCheckpoint{replica->partition.log().epoch_starts()}));
}

// ---- Metadata for clients

void Broker::On(const MetadataRequest&, sim::ConnId conn, int32_t id, sim::Env&, sim::Effects& out) {
  MetadataResponse answer;
  // KRaftMetadataCache.getAliveBrokerNodes: all but the fenced ones, those that shut down too.
  for (const auto& [broker, alive] : alive_brokers_) {
    if (alive) answer.brokers.push_back(broker);
  }
  for (const auto& [tp, record] : metadata_) {
    answer.partitions.push_back({tp, record.leader, record.leader_epoch});
  }
  Reply(conn, id, std::move(answer), out);
}

}  // namespace brokersim::kafka
