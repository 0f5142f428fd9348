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

}  // namespace brokersim::kafka
