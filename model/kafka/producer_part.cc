#include "model/kafka/producer_part.h"

#include <utility>

namespace brokersim::kafka {
namespace {

// max.block.ms of ProducerConfig.java: so long send() waits for metadata (KafkaProducer.waitOnMetadata).
constexpr sim::Duration kMaxBlock = sim::Seconds(60);

}  // namespace

void ProducerPart::Send(Record record, int64_t cookie, sim::Env& env, sim::Effects& out) {
  if (PartitionsOf(topic()) == 0) {
    waiting_.push_back({std::move(record), cookie, env.monotonic()});
    OnNextRecord(env, out);
    return;
  }
  Pending pending;
  pending.record = std::move(record);
  pending.cookie = cookie;
  const TopicPartition tp = ChoosePartition(pending.record.key, env);
  Enqueue(tp, std::move(pending), env);
  Drain(env, out);
}

// It asks for metadata until there is some; what has waited for too long has failed.
void ProducerPart::OnNextRecord(sim::Env& env, sim::Effects& out) {
  while (!waiting_.empty() && env.monotonic() - waiting_.front().since >= kMaxBlock) {
    done_.push_back({{}, std::move(waiting_.front().record), waiting_.front().cookie, ErrorCode::kRequestTimedOut,
                     false, std::nullopt});
    waiting_.pop_front();
  }
  if (waiting_.empty()) return;
  RefreshMetadata(env, out);
  out.SetTimer(Own(kNextRecord), sim::Milliseconds(settings().retry_backoff_ms));
}

void ProducerPart::OnMetadata(sim::Env& env, sim::Effects& out) {
  while (!waiting_.empty() && PartitionsOf(topic()) > 0) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    Send(std::move(next.record), next.cookie, env, out);
  }
  Producer::OnMetadata(env, out);
}

void ProducerPart::Complete(const TopicPartition& tp, const Batch& batch, ErrorCode error, int64_t base_offset,
                            sim::Effects&) {
  for (size_t i = 0; i < batch.records.size(); ++i) {
    Done done{tp, batch.records[i].record, batch.records[i].cookie, error, batch.maybe_stored, std::nullopt};
    if (error == ErrorCode::kNone && base_offset >= 0) done.offset = base_offset + static_cast<int64_t>(i);
    done_.push_back(std::move(done));
  }
}

std::string LogOfKey(const ClusterSpec& cluster, std::string_view topic, std::string_view key) {
  const TopicSpec* spec = cluster.FindTopic(cluster.Own(topic));
  return LogName({spec->name, PartitionForKey(key, static_cast<int32_t>(spec->assignment.size()))});
}

formats::Operation SendOperation(std::string_view f, const std::string& log, const Record& record) {
  formats::Operation operation;
  operation.set_f(std::string(f));
  formats::Send* send = operation.add_actions()->mutable_send();
  send->set_log(log);
  send->set_key(record.key);
  send->set_value(record.value);
  return operation;
}

formats::Operation SendAnswer(std::string_view f, const std::string& log, const ProducerPart::Done& done,
                              bool maybe_stored) {
  formats::Operation operation = SendOperation(f, log, done.record);
  if (done.error == ErrorCode::kNone) {
    operation.set_type(formats::Operation::OK);
    if (done.offset.has_value()) operation.mutable_actions(0)->mutable_send()->set_offset(*done.offset);
  } else {
    operation.set_type(maybe_stored ? formats::Operation::INFO : formats::Operation::FAIL);
    operation.set_error(std::string(Name(done.error)));
  }
  return operation;
}

}  // namespace brokersim::kafka
