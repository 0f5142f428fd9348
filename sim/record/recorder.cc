#include "sim/record/recorder.h"

#include "sim/base/check.h"

namespace brokersim::sim {

Recorder::Recorder(const Recorder& other)
    : level_(other.level_ == RecordingLevel::kTrace ? RecordingLevel::kHistory : other.level_),
      hash_(other.hash_),
      events_(other.events_),
      node_digests_(other.node_digests_),
      header_(other.header_),
      operations_(other.operations_),
      history_(other.history_) {}

Recorder& Recorder::operator=(const Recorder& other) {
  *this = Recorder(other);
  return *this;
}

void Recorder::AddNode(std::string_view name, std::string_view role, std::string_view datacenter,
                       std::string_view rack) {
  node_digests_.push_back(sim::DigestOf(name));
  formats::TraceNode* node = header_.add_nodes();
  node->set_name(std::string(name));
  node->set_role(std::string(role));
  node->set_datacenter(std::string(datacenter));
  node->set_rack(std::string(rack));
}

void Recorder::Begin(formats::TraceHeader header) {
  *header.mutable_nodes() = header_.nodes();
  header_ = std::move(header);
  history_.set_schema_version(1);
  history_.set_scenario(header_.scenario());
  history_.set_variant(header_.variant());
  history_.set_seed(header_.seed());
  if (level_ == RecordingLevel::kTrace) {
    trace_ = std::make_unique<OpenTrace>();
    trace_->writer.emplace(header_, &trace_->bytes);
  }
  header_.Clear();  // copies need none
}

void Recorder::OpenEvent(Time now, const Mark& mark) {
  CloseEvent();
  formats::TraceEvent& event = trace_->open;
  event.id = events_;
  event.time_ns = now.nanos();
  event.kind = mark.kind;
  event.node = mark.node.valid() ? mark.node.value + 1 : 0;
  event.peer = mark.peer.valid() ? mark.peer.value + 1 : 0;
  event.cause = mark.cause;
  event.message = mark.message;
  trace_->open_digest = hash_.value();
}

void Recorder::DetailMessage(uint64_t message, const Payload& payload) {
  auto& [number, text] = trace_->texts[message % trace_->texts.size()];
  if (number != message) {
    number = message;
    text.clear();
    payload.AppendText(&text);
  }
  trace_->open.type = payload.name();
  trace_->open.text = text;
}

uint64_t Recorder::AddOperation(Time now, std::string_view process, EventId event,
                                std::optional<uint64_t> invocation, formats::Operation operation) {
  if (level_ == RecordingLevel::kHash) return 0;
  const uint64_t index = operations_++;
  operation.set_index(index);
  operation.set_time_ns(now.nanos());
  operation.set_process(std::string(process));
  operation.set_invocation(invocation.value_or(index));
  operation.set_event(event);
  if (formats::TraceEvent* shown = detail()) shown->operation = index + 1;
  if (!watch_.add) {
    *history_.add_operations() = std::move(operation);
  } else if (watch_.add(std::move(operation))) {
    stopped_ = true;
  }
  return index;
}

formats::History Recorder::TakeHistory() {
  if (watch_.take) history_.mutable_operations()->Swap(watch_.take().mutable_operations());
  return std::move(history_);
}

void Recorder::Finish(Time now) {
  if (!trace_) return;
  CloseEvent();
  trace_->writer->Finish(hash(), now.nanos());
  DrainTrace();
}

std::string Recorder::TakeTrace() {
  if (!trace_) return {};
  std::string bytes = std::move(trace_->bytes);
  trace_.reset();
  return bytes;
}

void Recorder::CloseEvent() {
  formats::TraceEvent& event = trace_->open;
  if (event.id == 0) return;
  trace_->writer->Add(event, trace_->open_digest);
  // What is left out keeps its memory, or is set anew by OpenEvent.
  event.id = 0;
  event.operation = 0;
  event.draws = 0;
  event.type.clear();
  event.text.clear();
  event.fault.clear();
  event.changes.clear();
  event.records.clear();
  DrainTrace();
}

void Recorder::DrainTrace() {
  if (!sink_ || trace_->bytes.empty()) return;
  sink_(trace_->bytes);
  trace_->bytes.clear();
}

namespace {

void Fold(const formats::Action& action, Digest* digest) {
  digest->Add(static_cast<uint64_t>(action.kind_case()));
  const auto signed_word = [&](int64_t value) { digest->Add(static_cast<uint64_t>(value)); };
  switch (action.kind_case()) {
    case formats::Action::kSend:
      digest->Add(action.send().log());
      digest->Add(action.send().key());
      digest->Add(action.send().value());
      signed_word(action.send().has_offset() ? action.send().offset() : -1);
      if (action.send().delay_ns() != 0) signed_word(action.send().delay_ns());
      break;
    case formats::Action::kPoll:
      digest->Add(action.poll().log());
      digest->Add(action.poll().group());
      signed_word(action.poll().from());
      signed_word(action.poll().next());
      signed_word(action.poll().has_end() ? action.poll().end() : -1);
      for (const formats::Read& read : action.poll().reads()) {
        signed_word(read.offset());
        digest->Add(read.key());
        digest->Add(read.value());
      }
      break;
    case formats::Action::kCommit:
      digest->Add(action.commit().group());
      digest->Add(action.commit().log());
      signed_word(action.commit().offset());
      break;
    case formats::Action::kProcess:
      digest->Add(action.process().group());
      digest->Add(action.process().log());
      signed_word(action.process().offset());
      digest->Add(action.process().value());
      digest->Add(action.process().applied() ? 1 : 0);
      break;
    case formats::Action::kAssign:
      digest->Add(action.assign().group());
      for (const formats::Position& position : action.assign().positions()) {
        digest->Add(position.log());
        signed_word(position.offset());
      }
      break;
    case formats::Action::KIND_NOT_SET:
      break;
  }
}

// What processes of ours record without actions: a text, or texts in a vector.
void Fold(const formats::Datum& datum, Digest* digest) {
  digest->Add(static_cast<uint64_t>(datum.kind_case()));
  if (datum.has_text()) digest->Add(datum.text());
  for (const formats::Datum& item : datum.vector().items()) Fold(item, digest);
}

}  // namespace

uint64_t DigestOf(const formats::Operation& operation) {
  Digest digest;
  digest.Add(static_cast<uint64_t>(operation.type()));
  digest.Add(operation.f());
  digest.Add(operation.error());
  for (const formats::Action& action : operation.actions()) Fold(action, &digest);
  if (operation.has_value()) Fold(operation.value(), &digest);
  return digest.value();
}

}  // namespace brokersim::sim
