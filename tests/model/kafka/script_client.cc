#include "tests/model/kafka/script_client.h"

#include <fmt/format.h>

#include "absl/strings/str_join.h"

namespace brokersim::kafka {
namespace {

std::string AnswerText(const Body& body) {
  if (const auto* produced = std::get_if<ProduceResponse>(&body)) {
    const ProduceResponse::Partition& partition = produced->partitions[0];
    if (partition.error != ErrorCode::kNone) return std::string(Name(partition.error));
    return fmt::format("offset {}", partition.base_offset);
  }
  if (const auto* fetched = std::get_if<FetchResponse>(&body)) {
    const FetchResponse::Partition& partition = fetched->partitions[0];
    if (partition.error != ErrorCode::kNone) return std::string(Name(partition.error));
    std::vector<std::string> batches;
    for (const BatchRef& batch : partition.records) batches.push_back(BatchText(batch->value()));
    std::string text = fmt::format("high watermark {}", partition.high_watermark);
    if (partition.diverging_epoch.has_value()) {
      text += fmt::format(", diverging: epoch {} ends at {}", partition.diverging_epoch->epoch,
                          partition.diverging_epoch->end_offset);
    }
    if (partition.last_stable_offset >= 0 && partition.last_stable_offset != partition.high_watermark) {
      text += fmt::format(", last stable offset {}", partition.last_stable_offset);
    }
    text += batches.empty() ? ", no records" : ", " + absl::StrJoin(batches, " ");
    for (const AbortedTransaction& aborted : partition.aborted) {
      text += fmt::format(", aborted: producer {} from {}", aborted.producer_id, aborted.first_offset);
    }
    return text;
  }
  const auto with_producer = [](ErrorCode error, int64_t producer, int16_t epoch) {
    return error != ErrorCode::kNone ? std::string(Name(error)) : fmt::format("producer {} epoch {}", producer, epoch);
  };
  if (const auto* init = std::get_if<InitProducerIdResponse>(&body)) {
    return with_producer(init->error, init->producer_id, init->producer_epoch);
  }
  if (const auto* ended = std::get_if<EndTxnResponse>(&body)) {
    return with_producer(ended->error, ended->producer_id, ended->producer_epoch);
  }
  if (const auto* added = std::get_if<AddPartitionsToTxnResponse>(&body)) return std::string(Name(added->errors.at(0)));
  if (const auto* added = std::get_if<AddOffsetsToTxnResponse>(&body)) return std::string(Name(added->error));
  if (const auto* committed = std::get_if<OffsetCommitResponse>(&body)) return std::string(Name(committed->error));
  if (const auto* committed = std::get_if<TxnOffsetCommitResponse>(&body)) return std::string(Name(committed->error));
  if (const auto* offsets = std::get_if<OffsetFetchResponse>(&body)) {
    if (offsets->error != ErrorCode::kNone) return std::string(Name(offsets->error));
    return offsets->offsets[0].offset < 0 ? "none" : fmt::format("offset {}", offsets->offsets[0].offset);
  }
  return std::visit([](const auto& other) { return std::string(other.kName); }, body);
}

}  // namespace

std::string BatchText(const RecordBatch& batch) {
  std::vector<std::string> records;
  if (batch.is_control()) {
    return fmt::format("[{}:{} of {} epoch {}]@{}", batch.base_offset, Name(batch.marker), batch.producer_id,
                       batch.producer_epoch, batch.partition_leader_epoch);
  }
  for (size_t i = 0; i < batch.records.size(); ++i) {
    records.push_back(fmt::format("{}:{}", batch.base_offset + static_cast<int64_t>(i), batch.records[i].value));
  }
  return fmt::format("[{}]@{}", absl::StrJoin(records, " "), batch.partition_leader_epoch);
}

ScriptClient::ScriptClient(std::shared_ptr<const Requests> requests, sim::Env& env, sim::Effects& out)
    : requests_(std::move(requests)) {
  // Connects to everybody, so that requests don't have to wait for that.
  for (const ScriptedRequest& request : *requests_) {
    if (manager_.InFlight(request.to) == 0) sent_[manager_.Send(request.to, MetadataRequest{}, {}, env, out)] = kHello;
  }
  for (size_t i = 0; i < requests_->size(); ++i) {
    out.SetTimer({kScript, static_cast<int64_t>(i)}, (*requests_)[i].at - env.monotonic());
  }
}

void ScriptClient::OnTimer(sim::Timer timer, sim::Env& env, sim::Effects& out) {
  if (const auto lost = manager_.OnTimer(timer, env, out); lost.has_value()) {
    Lose(*lost, env);
    return;
  }
  const auto index = static_cast<size_t>(timer.arg);
  const ScriptedRequest& request = requests_->at(index);
  const auto* produce = std::get_if<ProduceRequest>(&request.body);
  if (produce != nullptr && produce->acks == 0) {
    manager_.SendOneWay(request.to, request.body, out);
    return;
  }
  sent_[manager_.Send(request.to, request.body, sim::Seconds(30), env, out)] = index;
}

void ScriptClient::OnMessage(const sim::Received& message, sim::Env& env, sim::Effects&) {
  const auto* frame = message.payload.As<Frame>();
  CHECK(frame != nullptr, "the script's client got a {}", message.payload.name());
  const auto correlation = manager_.OnMessage(message, *frame);
  if (!correlation.has_value()) return;
  const size_t index = sent_.at(*correlation);
  sent_.erase(*correlation);
  if (index == kHello) return;
  answers_.push_back({env.monotonic(), (*requests_)[index].name + ": " + AnswerText(frame->body)});
}

void ScriptClient::OnDisconnected(sim::ConnId conn, sim::Env& env, sim::Effects&) {
  if (const auto lost = manager_.OnDisconnected(conn); lost.has_value()) Lose(*lost, env);
}

void ScriptClient::Lose(const std::vector<int32_t>& lost, sim::Env& env) {
  for (int32_t correlation : lost) {
    const size_t index = sent_.at(correlation);
    sent_.erase(correlation);
    if (index != kHello) answers_.push_back({env.monotonic(), (*requests_)[index].name + ": no answer"});
  }
}

}  // namespace brokersim::kafka
