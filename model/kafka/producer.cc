#include "model/kafka/producer.h"

#include <algorithm>
#include <utility>

#include "sim/base/probe.h"

namespace brokersim::kafka {
namespace {

// Errors.java: those with a RetriableException.
bool IsRetriable(ErrorCode error) {
  switch (error) {
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kLeaderNotAvailable:
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kRequestTimedOut:
    case ErrorCode::kNotEnoughReplicas:
    case ErrorCode::kNotEnoughReplicasAfterAppend:
    case ErrorCode::kNetworkException:
    case ErrorCode::kFencedLeaderEpoch:
    case ErrorCode::kUnknownLeaderEpoch:
    case ErrorCode::kConcurrentTransactions:
    case ErrorCode::kOffsetNotAvailable:
      return true;
    case ErrorCode::kNone:
    case ErrorCode::kOffsetOutOfRange:
    case ErrorCode::kCoordinatorNotAvailable:
    case ErrorCode::kCoordinatorLoadInProgress:
    case ErrorCode::kNotCoordinator:
    case ErrorCode::kIllegalGeneration:
    case ErrorCode::kUnknownMemberId:
    case ErrorCode::kRebalanceInProgress:
    case ErrorCode::kMemberIdRequired:
    case ErrorCode::kOutOfOrderSequenceNumber:
    case ErrorCode::kInvalidProducerEpoch:
    case ErrorCode::kStaleBrokerEpoch:
    case ErrorCode::kDuplicateBrokerRegistration:
    case ErrorCode::kInvalidUpdateVersion:
    case ErrorCode::kIneligibleReplica:
    case ErrorCode::kNotController:
    case ErrorCode::kInvalidProducerIdMapping:
    case ErrorCode::kInvalidTxnState:
    case ErrorCode::kTransactionCoordinatorFenced:
    case ErrorCode::kProducerFenced:
    case ErrorCode::kTransactionAbortable:
    case ErrorCode::kInvalidTransactionTimeout:
    case ErrorCode::kUnstableOffsetCommit:
    case ErrorCode::kStaleControllerEpoch:
    case ErrorCode::kBrokerNotAvailable:
      return false;
  }
  return false;
}

// After these the batch may be in the log all the same. A leader that loses its place answers NOT_LEADER_OR_FOLLOWER to
// writes that it has appended and that wait for the ISR (DelayedProduce, Partition.checkEnoughReplicasReachOffset).
bool LeavesUnknown(ErrorCode error, Mutant mutant) {
  if (error == ErrorCode::kNotLeaderOrFollower) return mutant != Mutant::kLostLeadershipIsCertain;
  return error == ErrorCode::kNetworkException || error == ErrorCode::kRequestTimedOut ||
         error == ErrorCode::kNotEnoughReplicasAfterAppend;
}

}  // namespace

int32_t PartitionForKey(std::string_view key, int32_t partitions) {
  // Utils.murmur2: MurmurHash2 with seed 0x9747b28c.
  constexpr uint32_t kM = 0x5bd1e995;
  const auto length = static_cast<uint32_t>(key.size());
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(key[i])); };
  uint32_t h = 0x9747b28c ^ length;
  size_t i = 0;
  for (; i + 4 <= key.size(); i += 4) {
    uint32_t k = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    k *= kM;
    k ^= k >> 24;
    k *= kM;
    h = h * kM ^ k;
  }
  const size_t left = key.size() - i;
  if (left == 3) h ^= byte(i + 2) << 16;
  if (left >= 2) h ^= byte(i + 1) << 8;
  if (left >= 1) h = (h ^ byte(i)) * kM;
  h ^= h >> 13;
  h *= kM;
  h ^= h >> 15;
  return static_cast<int32_t>((h & 0x7fffffff) % static_cast<uint32_t>(partitions));
}

Producer::Producer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ProducerSpec> spec,
                   uint32_t first_timer)
    : Client(std::move(cluster), Settings{spec->config.request_timeout_ms, spec->config.retry_backoff_ms,
                                          spec->config.metadata_max_age_ms,
                                          spec->config.max_in_flight_requests_per_connection}, first_timer),
      first_timer_(first_timer),
      spec_(std::move(spec)),
      source_(spec_),
      topic_(this->cluster().Own(spec_->topic)),
      config_(spec_->config) {}

Producer::Producer(std::shared_ptr<const ClusterSpec> cluster, std::shared_ptr<const ProducerSpec> spec,
                   sim::Env& env, sim::Effects& out)
    : Producer(std::move(cluster), std::move(spec), 0) {
  RefreshMetadata(env, out);
  out.SetTimer(Own(kNextRecord), source_.FirstAfter(env));
}

// ---- The application

void Producer::SendNextRecord(sim::Env& env, sim::Effects& out) {
  if (!source_.HasMore(env)) return;
  Record record = source_.Next(env);
  const TopicPartition tp = ChoosePartition(record.key, env);
  formats::Operation operation;
  operation.set_f("send");
  formats::Send* send = operation.add_actions()->mutable_send();
  send->set_log(LogName(tp));
  send->set_key(record.key);
  send->set_value(record.value);
  const sim::OpId op = out.Invoke(std::move(operation));
  out.Record(formats::RecordVerb::kProduced, LogName(tp), -1, record.value);
  Enqueue(tp, {std::move(record), op}, env);
  Drain(env, out);
  out.SetTimer(Own(kNextRecord), source_.NextAfter(env));
}

TopicPartition Producer::ChoosePartition(const std::string& key, sim::Env& env) {
  const int32_t partitions = PartitionsOf(topic_);
  CHECK(partitions > 0, "{} sends before it has metadata", env.name());
  if (!key.empty()) return {topic_, PartitionForKey(key, partitions)};
  // KIP-794 in short: stick to a partition while its batch fills.
  if (!sticky_.has_value() || partitions_[*sticky_].queue.empty()) {
    sticky_ = TopicPartition{
        topic_, static_cast<int32_t>(env.Random("sticky").Below(static_cast<uint64_t>(partitions)))};
  }
  return *sticky_;
}

void Producer::Enqueue(const TopicPartition& tp, Pending pending, sim::Env& env) {
  PartitionState& state = partitions_[tp];
  const auto bytes = static_cast<int64_t>(pending.record.key.size() + pending.record.value.size()) + 16;
  const bool fits = !state.queue.empty() && state.queue.back().attempts == 0 &&
                    state.queue.back().bytes + bytes <= config_.batch_size;
  if (!fits) {
    Batch batch;
    batch.number = next_batch_++;
    batch.created = env.monotonic();
    state.queue.push_back(std::move(batch));
  }
  state.queue.back().records.push_back(std::move(pending));
  state.queue.back().bytes += bytes;
}

// ---- The sender

void Producer::Drain(sim::Env& env, sim::Effects& out) {
  if (config_.enable_idempotence && producer_id_ == kNoProducerId) {
    if (init_asked_ || transactional()) return;
    init_asked_ = true;
    SendTo(AnyBroker(env), InitProducerIdRequest{}, Tag{kInitTag, 0}, env, out);
    return;
  }
  std::optional<sim::Time> next;
  bool unknown_leader = false;
  for (const auto& [broker, node] : cluster().brokers) {
    while (InFlight(broker) < config_.max_in_flight_requests_per_connection) {
      std::vector<std::pair<TopicPartition, Batch>> batches;
      for (auto& [tp, state] : partitions_) {
        if (state.queue.empty()) continue;
        const Leader leader = LeaderOf(tp);
        unknown_leader = unknown_leader || leader.id == kNoLeader;
        if (leader.id != broker) continue;
        if (auto batch = TakeReady(tp, &state, env, &next)) {
          batch->leader_epoch = leader.epoch;
          batches.emplace_back(tp, std::move(*batch));
        }
      }
      if (batches.empty()) break;
      SendRequest(broker, std::move(batches), env, out);
    }
  }
  if (unknown_leader) RefreshMetadata(env, out);
  if (next.has_value()) out.SetTimer(Own(kSend), std::max(*next - env.monotonic(), sim::Nanoseconds(0)));
  // RecordAccumulator.expiredBatches, Sender.getExpiredInflightBatches
  std::optional<sim::Time> oldest;
  for (const auto& [tp, state] : partitions_) {
    for (const Batch& batch : state.in_flight) oldest = std::min(oldest.value_or(batch.created), batch.created);
    if (!state.queue.empty())
      oldest = std::min(oldest.value_or(state.queue.front().created), state.queue.front().created);
  }
  if (oldest.has_value()) {
    const sim::Time expires = *oldest + sim::Milliseconds(config_.delivery_timeout_ms);
    out.SetTimer(Own(kExpiry), std::max(expires - env.monotonic(), sim::Nanoseconds(0)));
  }
}

// The head of the queue if it may go now; else `next` learns when to look again.
std::optional<Producer::Batch> Producer::TakeReady(const TopicPartition& tp, PartitionState* state, sim::Env& env,
                                                   std::optional<sim::Time>* next) {
  if (transactional() && !MaySend(tp)) return std::nullopt;
  const ProducerConfig& config = config_;
  Batch& head = state->queue.front();
  // One request at a time keeps the order even without sequences (guaranteeMessageOrder).
  if (config.max_in_flight_requests_per_connection == 1 && !state->in_flight.empty()) return std::nullopt;
  if (config.enable_idempotence && !state->in_flight.empty()) {
    // RecordAccumulator.shouldStopDrainBatchesForPartition: a repeated batch goes when it is the first that is
    // not acknowledged; nothing new goes while it isn't known what became of an old one.
    if (state->unresolved) return std::nullopt;
    const Batch& oldest = state->in_flight.front();
    if (head.sequence >= 0 && oldest.number < head.number) return std::nullopt;
    // A broker knows the last five batches. Answers come in order there, so that Kafka need only count what is in
    // flight; here one may be missing while others come.
    const bool counts = config_.mutant == Mutant::kWindowOfUnanswered;
    if (counts ? state->in_flight.size() >= 5 : head.sequence < 0 && state->sequenced - oldest.order >= 5) {
      return std::nullopt;
    }
  }
  const bool full = state->queue.size() > 1 || head.bytes >= config.batch_size;
  // A new leader is asked at once (KAFKA-15415, ProducerBatch.hasLeaderChangedForTheOngoingRetry).
  const bool new_leader = head.attempts > 0 && LeaderOf(tp).epoch > head.leader_epoch;
  sim::Time at = new_leader ? sim::Time() : head.ready_at;
  if (head.attempts == 0 && !full && transaction_.state != TransactionState::kCommitting)
    at = std::max(at, head.created + sim::Milliseconds(config.linger_ms));
  if (at > env.monotonic()) {
    *next = std::min(next->value_or(at), at);
    return std::nullopt;
  }
  // What has a sequence may be stored under it: it is repeated as it is (maybeResolveSequences waits for it too).
  const bool renumbers = config.mutant == Mutant::kEpochBumpRenumbers;
  if (config.enable_idempotence && state->unresolved && (head.sequence < 0 || renumbers)) BumpEpoch(state);
  Batch batch = std::move(state->queue.front());
  state->queue.pop_front();
  GiveSequence(state, &batch);
  return batch;
}

void Producer::GiveSequence(PartitionState* state, Batch* batch) {
  if (batch->sent) return;
  if (config_.enable_idempotence && batch->sequence < 0) {
    if (state->in_flight.empty() && state->producer_epoch != producer_epoch_) {
      BROKERSIM_PROBE("kafka/producer: epoch bumped for another partition");
      // The epoch was bumped on account of another partition (maybeUpdateProducerIdAndEpoch).
      state->producer_epoch = producer_epoch_;
      state->next_sequence = 0;
    }
    batch->producer_epoch = state->producer_epoch;
    batch->sequence = state->next_sequence;
    batch->order = state->sequenced++;
    const int64_t following = int64_t{state->next_sequence} + static_cast<int64_t>(batch->records.size());
    state->next_sequence = static_cast<int32_t>(following % (int64_t{INT32_MAX} + 1));
  }
  RecordBatch wire;
  wire.transactional = transactional();
  if (config_.enable_idempotence) {
    wire.producer_id = producer_id_;
    wire.producer_epoch = batch->producer_epoch;
    wire.base_sequence = batch->sequence;
  }
  for (const Pending& pending : batch->records) wire.records.push_back(pending.record);
  batch->sent = sim::MakePayload(std::move(wire));
}

void Producer::SendRequest(int32_t broker, std::vector<std::pair<TopicPartition, Batch>> batches, sim::Env& env,
                           sim::Effects& out) {
  ProduceRequest request;
  request.acks = static_cast<int16_t>(config_.acks);
  request.timeout_ms = static_cast<int32_t>(config_.request_timeout_ms);
  request.transactional_id = config_.transactional_id;
  for (const auto& [tp, batch] : batches) request.partitions.push_back({tp, batch.sent});
  if (config_.acks == 0) {
    SendOneWay(broker, std::move(request), out);
    // Sender.sendProduceRequest: without acks the batch is done once it is sent.
    for (const auto& [tp, batch] : batches) Complete(tp, batch, ErrorCode::kNone, -1, out);
    return;
  }
  const int64_t number = next_request_++;
  auto& carried = requests_in_flight_[number];
  for (auto& [tp, batch] : batches) {
    carried.emplace_back(tp, batch.number);
    ++batch.attempts;
    PartitionState& state = partitions_[tp];
    // In order of sequence: a repeated batch goes before those that are still in flight.
    auto place = state.in_flight.end();
    if (batch.sequence >= 0) {
      while (place != state.in_flight.begin() && (place - 1)->number > batch.number) --place;
    }
    state.in_flight.insert(place, std::move(batch));
  }
  SendTo(broker, std::move(request), Tag{kProduceTag, number}, env, out);
  out.Point("after-send");
}

// Another retry policy: request.timeout.ms, retries and retry.backoff.ms.
bool Producer::OnOperation(const sim::Operation& operation, sim::Env&, sim::Effects&) {
  if (ChangesCluster(operation)) return true;
  if (operation.name != "retry_policy") return false;
  config_ = spec_->config;
  if (operation.begins) {
    config_.request_timeout_ms = std::max<int64_t>(1, operation.duration.nanos() / 1'000'000);
    config_.retries = operation.number;
    if (operation.value == "none") config_.retry_backoff_ms = config_.retry_backoff_max_ms = 0;
  }
  Reconfigure(config_.request_timeout_ms, config_.retry_backoff_ms);
  return true;
}

void Producer::OnAnswer(Tag tag, const Body& body, sim::Env& env, sim::Effects& out) {
  if (tag.kind == kProduceTag) {
    OnProduced(tag.arg, std::get<ProduceResponse>(body), env, out);
    return;
  }
  if (tag.kind != kInitTag) {
    OnCoordinatorAnswer(tag, body, env, out);
    return;
  }
  init_asked_ = false;
  const auto& init = std::get<InitProducerIdResponse>(body);
  if (init.error != ErrorCode::kNone) {
    init_asked_ = true;
    out.SetTimer(Own(kInitBackoff), sim::Milliseconds(settings().retry_backoff_ms));
    return;
  }
  producer_id_ = init.producer_id;
  producer_epoch_ = init.producer_epoch;
  for (auto& [tp, state] : partitions_) state.producer_epoch = producer_epoch_;
  Drain(env, out);
}

void Producer::OnLost(Tag tag, sim::Env& env, sim::Effects& out) {
  if (tag.kind == kInitTag) {
    BROKERSIM_PROBE("kafka/producer: request for a producer id lost");
    out.SetTimer(Own(kInitBackoff), sim::Milliseconds(settings().retry_backoff_ms));
    return;
  }
  if (tag.kind == kFindGroupTag || tag.kind == kCommitOffsetsTag) {
    transaction_.asked = false;
    group_coordinator_ = -1;
    BackOff(out);
    return;
  }
  if (tag.kind != kProduceTag) {
    OnCoordinatorError(ErrorCode::kNetworkException, env, out);
    return;
  }
  const auto carried = std::move(requests_in_flight_.at(tag.arg));
  requests_in_flight_.erase(tag.arg);
  RefreshMetadata(env, out);
  // Backwards, so that repeated batches are back in the queue in their order.
  for (size_t i = carried.size(); i-- > 0;) {
    Conclude(carried[i].first, carried[i].second, ErrorCode::kNetworkException, -1, env, out);
  }
  Drain(env, out);
  if (transactional()) AskCoordinator(env, out);
}

void Producer::OnProduced(int64_t request, const ProduceResponse& m, sim::Env& env, sim::Effects& out) {
  const auto carried = std::move(requests_in_flight_.at(request));
  requests_in_flight_.erase(request);
  CHECK(carried.size() == m.partitions.size(), "{} answers for {} batches", m.partitions.size(), carried.size());
  for (size_t i = 0; i < carried.size(); ++i) {
    UpdateLeader(carried[i].first, m.partitions[i].current_leader);
    Conclude(carried[i].first, carried[i].second, m.partitions[i].error, m.partitions[i].base_offset, env, out);
  }
  Drain(env, out);
  if (transactional()) AskCoordinator(env, out);
}

// An attempt to send a batch has ended.
void Producer::Conclude(const TopicPartition& tp, int64_t number, ErrorCode error, int64_t base_offset,
                        sim::Env& env, sim::Effects& out) {
  PartitionState& state = partitions_[tp];
  const auto found = std::find_if(state.in_flight.begin(), state.in_flight.end(),
                                  [&](const Batch& batch) { return batch.number == number; });
  if (found == state.in_flight.end()) return;  // expired meanwhile
  // Whether everything before it is acknowledged: what is to be sent again waits in the queue.
  const bool first = found == state.in_flight.begin() && (state.queue.empty() || state.queue.front().number > number);
  Batch batch = std::move(*found);
  state.in_flight.erase(found);
  if (config_.mutant == Mutant::kAckOnLostConnection && error == ErrorCode::kNetworkException) {
    error = ErrorCode::kNone;
  }
  if (error == ErrorCode::kNone) {
    Complete(tp, batch, error, base_offset, out);
    return;
  }
  if (error != ErrorCode::kNotEnoughReplicas && error != ErrorCode::kOutOfOrderSequenceNumber)
    RefreshMetadata(env, out);
  batch.maybe_stored = batch.maybe_stored || LeavesUnknown(error, config_.mutant);
  if (error == ErrorCode::kOutOfOrderSequenceNumber && config_.enable_idempotence && first && !transactional()) {
    BROKERSIM_PROBE("kafka/producer: sequence lost, new epoch");
    // The lowest batch can't be out of order unless the broker lost its state: start a new epoch
    // (TransactionManager.canRetry, KIP-360).
    state.unresolved = true;
    batch.sequence = -1;
    batch.sent = BatchRef();
    Requeue(&state, std::move(batch), env);
    return;
  }
  const bool hopeless = transactional() && first && error == ErrorCode::kOutOfOrderSequenceNumber;
  if (!hopeless && CanRetry(state, batch, error, env)) {
    Requeue(&state, std::move(batch), env);
    return;
  }
  BROKERSIM_PROBE("kafka/producer: a batch fails for good");
  if (batch.sequence >= 0 && !transactional()) state.unresolved = true;
  Complete(tp, batch, error, base_offset, out);
}

bool Producer::CanRetry(const PartitionState&, const Batch& batch, ErrorCode error, sim::Env& env) const {
  if (env.monotonic() - batch.created >= sim::Milliseconds(config_.delivery_timeout_ms)) return false;
  if (batch.attempts > config_.retries) return false;
  return IsRetriable(error) || (error == ErrorCode::kOutOfOrderSequenceNumber && config_.enable_idempotence);
}

void Producer::Requeue(PartitionState* state, Batch batch, sim::Env& env) {
  // ExponentialBackoff: doubles up to retry.backoff.max.ms, with a fifth of jitter either way.
  int64_t backoff_ms = config_.retry_backoff_ms;
  for (int64_t i = 1; i < batch.attempts && backoff_ms < config_.retry_backoff_max_ms; ++i) backoff_ms *= 2;
  backoff_ms = std::min(backoff_ms, config_.retry_backoff_max_ms);
  const int64_t backoff_us = backoff_ms * env.Random("retry-backoff").Between(800, 1200);
  batch.ready_at = env.monotonic() + sim::Microseconds(backoff_us);
  if (config_.mutant == Mutant::kRetryAsNew) {
    batch.sequence = -1;
    batch.sent = BatchRef();
  }
  if (config_.mutant == Mutant::kRetryAtBack) {
    batch.sequence = -1;
    batch.sent = BatchRef();
    batch.number = next_batch_++;
    state->queue.push_back(std::move(batch));
    return;
  }
  if (!config_.enable_idempotence) {
    // RecordAccumulator.reenqueue: simply to the front.
    state->queue.push_front(std::move(batch));
    return;
  }
  auto place = state->queue.begin();
  while (place != state->queue.end() && place->number < batch.number) ++place;
  state->queue.insert(place, std::move(batch));
}

// All in flight is answered, but the broker may or may not have a batch that we gave up: a new epoch makes
// sequences begin at 0 (KIP-360).
void Producer::BumpEpoch(PartitionState* state) {
  ++producer_epoch_;
  state->producer_epoch = producer_epoch_;
  state->next_sequence = 0;
  state->unresolved = false;
  for (Batch& batch : state->queue) {
    batch.sequence = -1;
    batch.sent = BatchRef();
  }
}

// The application's callback.
void Producer::Complete(const TopicPartition& tp, const Batch& batch, ErrorCode error, int64_t base_offset,
                        sim::Effects& out) {
  if (transactional()) {
    OnTransactionalAck(tp, batch, error, base_offset, out);
    return;
  }
  const std::string log = LogName(tp);
  if (config_.mutant == Mutant::kAckOnExpiry && error == ErrorCode::kRequestTimedOut) error = ErrorCode::kNone;
  const int64_t step = config_.mutant == Mutant::kOneOffsetForAll ? 0 : 1;
  for (size_t i = 0; i < batch.records.size(); ++i) {
    formats::Operation operation;
    operation.set_f("send");
    formats::Send* send = operation.add_actions()->mutable_send();
    send->set_log(log);
    send->set_key(batch.records[i].record.key);
    send->set_value(batch.records[i].record.value);
    if (error == ErrorCode::kNone) {
      operation.set_type(formats::Operation::OK);
      if (base_offset >= 0) send->set_offset(base_offset + step * static_cast<int64_t>(i));
    } else {
      const bool unknown = batch.maybe_stored && config_.mutant != Mutant::kFailThoughAppended;
      operation.set_type(unknown ? formats::Operation::INFO : formats::Operation::FAIL);
      operation.set_error(std::string(Name(error)));
    }
    out.Record(error == ErrorCode::kNone ? formats::RecordVerb::kAcknowledged : formats::RecordVerb::kRejected, log,
               send->has_offset() ? send->offset() : -1, send->value());
    out.Complete(batch.records[i].op, std::move(operation));
  }
}

void Producer::ExpireBatches(sim::Env& env, sim::Effects& out) {
  const sim::Duration limit = sim::Milliseconds(config_.delivery_timeout_ms);
  const auto expired = [&](const Batch& batch) { return env.monotonic() - batch.created >= limit; };
  for (auto& [tp, state] : partitions_) {
    for (size_t i = 0; i < state.in_flight.size();) {
      if (!expired(state.in_flight[i])) {
        ++i;
        continue;
      }
      Batch batch = std::move(state.in_flight[i]);
      state.in_flight.erase(state.in_flight.begin() + static_cast<int64_t>(i));
      batch.maybe_stored = true;
      if (batch.sequence >= 0 && !transactional()) state.unresolved = true;
      Complete(tp, batch, ErrorCode::kRequestTimedOut, -1, out);
    }
    while (!state.queue.empty() && expired(state.queue.front())) {
      Batch batch = std::move(state.queue.front());
      state.queue.pop_front();
      if (batch.sequence >= 0 && !transactional()) state.unresolved = true;
      Complete(tp, batch, ErrorCode::kRequestTimedOut, -1, out);
    }
  }
}

void Producer::OnMetadata(sim::Env& env, sim::Effects& out) { Drain(env, out); }

void Producer::OnNextRecord(sim::Env& env, sim::Effects& out) {
  if (PartitionsOf(topic_) == 0) {
    // send() blocks until there is metadata.
    RefreshMetadata(env, out);
    out.SetTimer(Own(kNextRecord), sim::Milliseconds(settings().retry_backoff_ms));
  } else if (transactional()) {
    RunApplication(env, out);
  } else {
    SendNextRecord(env, out);
  }
}

void Producer::OnClientTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  switch (timer.kind - first_timer_) {
    case kNextRecord:
      OnNextRecord(env, out);
      return;
    case kTransactionBackoff:
      transaction_.asked = false;
      AskCoordinator(env, out);
      return;
    case kInitBackoff:
      init_asked_ = false;
      Drain(env, out);
      return;
    case kExpiry:
      ExpireBatches(env, out);
      Drain(env, out);
      if (transactional()) AskCoordinator(env, out);
      return;
    default:
      Drain(env, out);
  }
}

std::string_view Producer::ClientTimerName(uint32_t kind) const {
  switch (kind - first_timer_) {
    case kNextRecord: return "next-record";
    case kSend: return "send-batches";
    case kInitBackoff: return "init-producer-id-backoff";
    case kTransactionBackoff: return "transaction-backoff";
    default: return "delivery-timeout";
  }
}

void Producer::Describe(sim::Describer& d) const {
  d.Set("records", source_.made());
  if (producer_id_ != kNoProducerId) d.Set("producer_id", producer_id_);
  for (const auto& [tp, state] : partitions_) {
    const std::string name = LogName(tp);
    d.Set(name, ".queued", static_cast<int64_t>(state.queue.size()));
    d.Set(name, ".in_flight", static_cast<int64_t>(state.in_flight.size()));
  }
}

void Producer::CheckInvariants() const {
  if (!config_.enable_idempotence) return;
  for (const auto& [tp, state] : partitions_) {
    for (size_t i = 1; i < state.in_flight.size(); ++i) {
      CHECK(state.in_flight[i - 1].number < state.in_flight[i].number, "batches in flight out of order on {}",
            LogName(tp));
    }
  }
}

}  // namespace brokersim::kafka
