#include "formats/trace_codec.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace brokersim::formats {
namespace {

constexpr size_t kEventsPerChunk = 1024;
// Of a writer's table of strings at first: enough for most traces.
constexpr size_t kSlots = 1 << 15;

constexpr std::array<std::string_view, kEventKindCount> kEventKindNames = {
    "none",        "send",        "deliver",    "drop",        "duplicate",     "hold",
    "release",     "timer-set",   "timer-fire", "timer-cancel", "disk-append",  "disk-truncate",
    "disk-replace", "disk-sync",  "disk-synced", "disk-lost",  "crash",         "power-loss",
    "start",       "stop",        "exit",       "pause",       "resume",        "fault-on",
    "fault-off",   "connect",     "connected",  "disconnected", "invoke",       "complete",
    "note",        "clock",      "disk-error",  "operate"};

constexpr std::array<std::string_view, kRecordVerbCount> kRecordVerbNames = {
    "none",      "produced",  "appended",  "replicated", "committed", "acknowledged",
    "delivered", "processed", "truncated", "lost",       "rejected"};

// For finding strings again; no file holds it. Two words at a time, so that their products don't wait for each other.
uint64_t DigestOf(std::string_view text) {
  uint64_t even = 0x9e3779b97f4a7c15ull ^ text.size();
  uint64_t odd = 0;
  const auto fold = [](uint64_t digest, std::string_view part) {
    uint64_t word = 0;
    std::memcpy(&word, part.data(), std::min(part.size(), sizeof(word)));
    digest = (digest ^ word) * 0xb7e151628aed2a6bull;
    return digest ^ digest >> 32;
  };
  for (; text.size() > 16; text.remove_prefix(16)) {
    even = fold(even, text);
    odd = fold(odd, text.substr(8));
  }
  even = fold(even, text);
  if (text.size() > 8) odd = fold(odd, text.substr(8));
  const uint64_t digest = (even ^ (odd << 1 | odd >> 63)) * 0x9e3779b97f4a7c15ull;
  return digest ^ digest >> 32;
}

void AppendMessage(const google::protobuf::MessageLite& part, std::string* sink) {
  part.AppendToString(sink);
}

// Protobuf's wire format (its documentation, "Encoding"), for what is written a thousand times.
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2 };

void AppendVarint(uint64_t value, std::string* sink) {
  for (; value >= 0x80; value >>= 7) sink->push_back(static_cast<char>(value | 0x80));
  sink->push_back(static_cast<char>(value));
}
void AppendTag(int field, WireType type, std::string* sink) {
  AppendVarint(static_cast<uint32_t>(field) << 3 | type, sink);
}
void AppendBytes(int field, std::string_view bytes, std::string* sink) {
  AppendTag(field, kLengthDelimited, sink);
  AppendVarint(bytes.size(), sink);
  sink->append(bytes);
}
// proto3 leaves out what is 0.
void AppendField(int field, uint64_t value, std::string* sink) {
  if (value == 0) return;
  AppendTag(field, kVarint, sink);
  AppendVarint(value, sink);
}

absl::Status Broken(uint64_t first_id, std::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the trace is damaged in the chunk of event ", first_id, ": ", std::string(what)));
}

// Copies one chunk's columns into rows.
class ChunkReader {
 public:
  ChunkReader(const TraceChunk& chunk, const std::vector<std::string>& strings, uint32_t nodes)
      : chunk_(chunk), strings_(strings), nodes_(nodes) {}

  absl::Status AppendTo(std::vector<TraceEvent>* events) {
    const int n = chunk_.kind_size();
    if (chunk_.time_delta_ns_size() != n || chunk_.node_size() != n ||
        chunk_.cause_delta_size() != n || chunk_.peer_size() != n || chunk_.message_size() != n ||
        chunk_.operation_size() != n || chunk_.type_size() != n || chunk_.text_size() != n ||
        chunk_.fault_size() != n || chunk_.draws_size() != n) {
      return Broken(chunk_.first_id(), "its columns differ in length");
    }
    if (chunk_.first_id() != events->size() + 1) {
      return Broken(chunk_.first_id(), "event ids are not consecutive");
    }
    const size_t base = events->size();
    int64_t time_ns = events->empty() ? 0 : events->back().time_ns;
    for (int i = 0; i < n; ++i) {
      time_ns += chunk_.time_delta_ns(i);
      TraceEvent event;
      event.id = chunk_.first_id() + i;
      event.time_ns = time_ns;
      if (absl::Status status = ReadRow(i, &event); !status.ok()) return status;
      events->push_back(std::move(event));
    }
    return ReadSparse(n, base, events);
  }

 private:
  absl::Status ReadRow(int i, TraceEvent* event) const {
    if (chunk_.kind(i) >= kEventKindCount) return Broken(event->id, "unknown kind of event");
    event->kind = static_cast<EventKind>(chunk_.kind(i));
    event->node = chunk_.node(i);
    event->peer = chunk_.peer(i);
    if (event->node > nodes_ || event->peer > nodes_) return Broken(event->id, "unknown node");
    const uint64_t delta = chunk_.cause_delta(i);
    if (delta >= event->id) return Broken(event->id, "a cause before the first event");
    event->cause = delta == 0 ? 0 : event->id - delta;
    event->message = chunk_.message(i);
    event->operation = chunk_.operation(i);
    event->draws = chunk_.draws(i);
    if (!Resolve(chunk_.type(i), &event->type) || !Resolve(chunk_.text(i), &event->text) ||
        !Resolve(chunk_.fault(i), &event->fault)) {
      return Broken(event->id, "a string that is not in the table");
    }
    return absl::OkStatus();
  }

  absl::Status ReadSparse(int n, size_t base, std::vector<TraceEvent>* events) const {
    for (const TraceStateChange& stored : chunk_.changes()) {
      StateChange change;
      if (stored.event() >= static_cast<uint32_t>(n) || !Resolve(stored.path(), &change.path) ||
          !Resolve(stored.before(), &change.before) || !Resolve(stored.after(), &change.after)) {
        return Broken(chunk_.first_id(), "a state change out of range");
      }
      (*events)[base + stored.event()].changes.push_back(std::move(change));
    }
    for (const TraceRecordNote& stored : chunk_.records()) {
      RecordNote note;
      if (stored.event() >= static_cast<uint32_t>(n) || stored.verb() >= kRecordVerbCount ||
          !Resolve(stored.log(), &note.log) || !Resolve(stored.value(), &note.value)) {
        return Broken(chunk_.first_id(), "a record note out of range");
      }
      note.verb = static_cast<RecordVerb>(stored.verb());
      note.offset = stored.offset();
      (*events)[base + stored.event()].records.push_back(std::move(note));
    }
    return absl::OkStatus();
  }

  bool Resolve(uint32_t index, std::string* text) const {
    if (index >= strings_.size()) return false;
    *text = strings_[index];
    return true;
  }

  const TraceChunk& chunk_;
  const std::vector<std::string>& strings_;
  const uint32_t nodes_;
};

}  // namespace

std::string_view EventKindName(EventKind kind) {
  const auto index = static_cast<size_t>(kind);
  return index < kEventKindNames.size() ? kEventKindNames[index] : "?";
}

std::string_view RecordVerbName(RecordVerb verb) {
  const auto index = static_cast<size_t>(verb);
  return index < kRecordVerbNames.size() ? kRecordVerbNames[index] : "?";
}

std::string_view DecodedTrace::NodeName(uint32_t node) const {
  if (node == 0 || node > static_cast<uint32_t>(header.nodes_size())) return "";
  return header.nodes(static_cast<int>(node) - 1).name();
}

TraceWriter::TraceWriter(const TraceHeader& header, std::string* sink) : sink_(sink) {
  strings_.emplace_back();
  slots_.resize(kSlots);
  Trace part;
  *part.mutable_header() = header;
  part.mutable_header()->set_schema_version(kTraceSchemaVersion);
  AppendMessage(part, sink_);
}

void TraceWriter::Add(const TraceEvent& event, uint64_t digest) {
  const uint64_t row = chunk_.events++;
  const uint64_t numbers[] = {
      static_cast<uint64_t>(event.time_ns - last_time_ns_),
      event.node,
      static_cast<uint64_t>(event.kind),
      event.cause == 0 ? 0 : event.id - event.cause,
      event.peer,
      event.message,
      event.operation,
      Intern(event.type),
      Intern(event.text),
      Intern(event.fault),
      event.draws,
  };
  static_assert(std::size(numbers) == std::tuple_size_v<decltype(chunk_.columns)>);
  for (size_t i = 0; i < std::size(numbers); ++i) AppendVarint(numbers[i], &chunk_.columns[i]);
  last_time_ns_ = event.time_ns;
  std::string sparse;
  for (const StateChange& change : event.changes) {
    sparse.clear();
    AppendField(TraceStateChange::kEventFieldNumber, row, &sparse);
    AppendField(TraceStateChange::kPathFieldNumber, Intern(change.path), &sparse);
    AppendField(TraceStateChange::kBeforeFieldNumber, Intern(change.before), &sparse);
    AppendField(TraceStateChange::kAfterFieldNumber, Intern(change.after), &sparse);
    AppendBytes(TraceChunk::kChangesFieldNumber, sparse, &chunk_.changes);
  }
  for (const RecordNote& note : event.records) {
    sparse.clear();
    AppendField(TraceRecordNote::kEventFieldNumber, row, &sparse);
    AppendField(TraceRecordNote::kVerbFieldNumber, static_cast<uint64_t>(note.verb), &sparse);
    AppendField(TraceRecordNote::kLogFieldNumber, Intern(note.log), &sparse);
    AppendField(TraceRecordNote::kValueFieldNumber, Intern(note.value), &sparse);
    AppendField(TraceRecordNote::kOffsetFieldNumber, static_cast<uint64_t>(note.offset), &sparse);
    AppendBytes(TraceChunk::kRecordsFieldNumber, sparse, &chunk_.records);
  }
  chunk_.digest = digest;
  next_id_ = event.id + 1;
  if (chunk_.events == kEventsPerChunk) Flush();
}

void TraceWriter::Finish(uint64_t hash, int64_t end_ns) {
  if (chunk_.events > 0) Flush();
  Trace part;
  part.mutable_footer()->set_events(next_id_ - 1);
  part.mutable_footer()->set_hash(hash);
  part.mutable_footer()->set_end_ns(end_ns);
  AppendMessage(part, sink_);
}

uint32_t TraceWriter::Intern(std::string_view text) {
  if (text.empty()) return 0;
  Slot& slot = SlotOf(text);
  if (slot.number_and_one != 0) return slot.number_and_one - 1;
  const auto index = static_cast<uint32_t>(strings_.size());
  slot.number_and_one = index + 1;
  strings_.emplace_back(text);
  AppendBytes(TraceChunk::kStringsFieldNumber, text, &chunk_.strings);
  if (strings_.size() * 2 > slots_.size()) {
    slots_.assign(slots_.size() * 2, Slot());
    for (uint32_t i = 1; i < strings_.size(); ++i) SlotOf(strings_[i]).number_and_one = i + 1;
  }
  return index;
}

TraceWriter::Slot& TraceWriter::SlotOf(std::string_view text) {
  const size_t mask = slots_.size() - 1;
  const uint64_t digest = DigestOf(text);
  const auto upper = static_cast<uint32_t>(digest >> 32);
  size_t at = digest & mask;
  while (slots_[at].number_and_one != 0 &&
         (slots_[at].digest != upper || strings_[slots_[at].number_and_one - 1] != text)) {
    at = (at + 1) & mask;
  }
  slots_[at].digest = upper;
  return slots_[at];
}

void TraceWriter::Flush() {
  std::string fields;
  AppendField(TraceChunk::kFirstIdFieldNumber, chunk_.first_id, &fields);
  fields += chunk_.strings;
  int field = TraceChunk::kTimeDeltaNsFieldNumber;
  for (std::string& column : chunk_.columns) {
    AppendBytes(field++, column, &fields);
    column.clear();  // it keeps its memory
  }
  fields += chunk_.changes;
  fields += chunk_.records;
  AppendTag(TraceChunk::kDigestFieldNumber, kFixed64, &fields);
  for (int byte = 0; byte < 8; ++byte) fields.push_back(static_cast<char>(chunk_.digest >> 8 * byte));
  AppendBytes(Trace::kChunksFieldNumber, fields, sink_);
  chunk_.strings.clear();
  chunk_.changes.clear();
  chunk_.records.clear();
  chunk_.events = 0;
  chunk_.first_id = next_id_;
}

absl::StatusOr<DecodedTrace> DecodeTrace(std::string_view bytes) {
  Trace stored;
  if (bytes.empty()) return absl::DataLossError("the file is empty; expected a brokersim trace");
  if (!stored.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      !stored.has_header()) {
    return absl::DataLossError("this is not a brokersim trace (see formats/trace.proto)");
  }
  if (stored.header().schema_version() > kTraceSchemaVersion) {
    return absl::DataLossError(absl::StrCat("the trace has schema version ",
                                            stored.header().schema_version(),
                                            "; this brokersim reads up to ", kTraceSchemaVersion));
  }
  DecodedTrace trace;
  trace.header = stored.header();
  std::vector<std::string> strings = {""};
  const auto nodes = static_cast<uint32_t>(trace.header.nodes_size());
  for (const TraceChunk& chunk : stored.chunks()) {
    strings.insert(strings.end(), chunk.strings().begin(), chunk.strings().end());
    absl::Status status = ChunkReader(chunk, strings, nodes).AppendTo(&trace.events);
    if (!status.ok()) return status;
    trace.chunk_digests.push_back(chunk.digest());
  }
  trace.complete = stored.has_footer();
  trace.hash = stored.footer().hash();
  trace.end_ns = trace.complete ? stored.footer().end_ns()
                                : (trace.events.empty() ? 0 : trace.events.back().time_ns);
  return trace;
}

}  // namespace brokersim::formats
