#include "visualize/selection.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "visualize/event_text.h"
#include "visualize/trace_index.h"

namespace brokersim::visualize {
namespace {

using formats::Anomaly;
using formats::DecodedTrace;
using formats::EventKind;
using formats::RecordNote;
using formats::RecordVerb;
using formats::TraceEvent;

// Importance of an event, from the most to the least; see the header.
enum Tier { kPromiseTier, kRecordTier, kTurnTier, kCauseTier, kOtherTier, kTierCount };

// More records than this are followed only where there is room: they mostly share the fate.
constexpr int kRecordsInFull = 3;
// How far back the causes of an event are followed.
constexpr int kCauseDepth = 12;
// Routine messages shown in the picture of a run in which nothing went wrong.
constexpr int kFirstSends = 4;

// The ends of a message that belong into a picture together: its send, its deliveries and drops.
std::vector<uint64_t> WholeMessage(const TraceIndex& index, uint64_t id) {
  std::vector<uint64_t> ids;
  for (const uint64_t other : index.MessageEvents(index.Event(id).message)) {
    const EventKind kind = index.Event(other).kind;
    if (other == id || kind == EventKind::kSend || IsOutcome(kind)) ids.push_back(other);
  }
  if (ids.empty()) ids.push_back(id);
  return ids;
}

// Collects wishes and grants as many as there is room for.
class Picker {
 public:
  explicit Picker(const TraceIndex& index) : index_(index) {}

  // Wishes for `id` in `tier`, unless it is wished for more strongly already.
  void Want(uint64_t id, Tier tier) {
    if (!index_.Has(id)) return;
    const auto [found, inserted] = wanted_.emplace(id, tier);
    if (!inserted) found->second = std::min(found->second, tier);
  }

  // Wishes for what led to `id`, back to event `from`.
  void WantCauses(uint64_t id, uint64_t from, Tier tier) {
    for (int depth = 0; depth < kCauseDepth; ++depth) {
      id = index_.Event(id).cause;
      if (id == 0 || id < from) return;
      Want(id, tier);
    }
  }

  // Ids that are wished for in `tier` or a more important one, ascending.
  std::vector<uint64_t> Wanted(Tier tier) const {
    std::vector<uint64_t> ids;
    for (const auto& [id, its_tier] : wanted_) {
      if (its_tier <= tier) ids.push_back(id);
    }
    return ids;
  }

  // Within a tier, what is nearest to one of `focus` comes first.
  std::vector<uint64_t> Take(int max_events, const std::vector<uint64_t>& focus) const {
    std::vector<std::tuple<Tier, uint64_t, uint64_t>> order;
    for (const auto& [id, tier] : wanted_) order.emplace_back(tier, Distance(id, focus), id);
    std::sort(order.begin(), order.end());
    std::set<uint64_t> taken;
    for (const auto& [tier, distance, id] : order) {
      std::vector<uint64_t> missing;
      for (const uint64_t part : WholeMessage(index_, id)) {
        if (!taken.contains(part)) missing.push_back(part);
      }
      if (static_cast<int>(taken.size() + missing.size()) > max_events) continue;
      taken.insert(missing.begin(), missing.end());
    }
    return {taken.begin(), taken.end()};
  }

 private:
  static uint64_t Distance(uint64_t id, const std::vector<uint64_t>& focus) {
    uint64_t nearest = focus.empty() ? 0 : UINT64_MAX;
    for (const uint64_t point : focus) {
      nearest = std::min(nearest, id > point ? id - point : point - id);
    }
    return nearest;
  }

  const TraceIndex& index_;
  std::map<uint64_t, Tier> wanted_;
};

bool IsReading(RecordVerb verb) {
  return verb == RecordVerb::kCommitted || verb == RecordVerb::kDelivered ||
         verb == RecordVerb::kProcessed;
}

bool IsDown(EventKind kind) {
  return kind == EventKind::kCrash || kind == EventKind::kPowerLoss || kind == EventKind::kStop ||
         kind == EventKind::kExit;
}

// True if the event is about one of `logs`: by its text, its records or the state it changed.
bool Concerns(const TraceEvent& event, const std::set<std::string>& logs) {
  for (const std::string& log : logs) {
    if (Mentions(event.text, log) || Mentions(event.type, log)) return true;
    for (const formats::StateChange& change : event.changes) {
      if (change.path.starts_with(log + ".")) return true;
    }
    for (const RecordNote& note : event.records) {
      if (note.log == log) return true;
    }
  }
  return false;
}

// True if the event made its node the leader of a log.
bool TakesOver(const TraceEvent& event) {
  return std::any_of(event.changes.begin(), event.changes.end(),
                     [](const formats::StateChange& change) {
                       return change.path.ends_with(".role") && change.after == "leader";
                     });
}

// The selection for one anomaly, in steps that build on each other.
class AnomalySelection {
 public:
  AnomalySelection(const TraceIndex& index, const Anomaly& anomaly)
      : index_(index), events_(index.trace().events), anomaly_(anomaly), picker_(index) {}

  std::vector<uint64_t> Select(int max_events) {
    const Promise promise = FindPromise(index_.trace(), anomaly_);
    picker_.Want(promise.made, kPromiseTier);
    picker_.Want(promise.broken, kPromiseTier);
    for (const formats::StoryLine& line : anomaly_.story()) {
      picker_.Want(line.event(), kPromiseTier);
    }
    WantRecordsAndOperations();
    const std::vector<uint64_t> core = picker_.Wanted(kRecordTier);
    if (core.empty()) return {};
    first_ = core.front();
    last_ = core.back();
    for (const uint64_t id : core) {
      nodes_.insert(index_.Event(id).node);
      picker_.WantCauses(id, first_, id == promise.made ? kRecordTier : kCauseTier);
    }
    for (const formats::RecordId& record : anomaly_.records()) logs_.insert(record.log());
    WantInForce();
    WantTurns();
    WantSuccessors();
    std::vector<uint64_t> focus;
    if (promise.made != 0) focus.push_back(promise.made);
    if (promise.broken != 0) focus.push_back(promise.broken);
    if (focus.empty()) focus.push_back(last_);
    return picker_.Take(max_events, focus);
  }

 private:
  void WantRecordsAndOperations() {
    Anomaly first_records;
    for (int i = 0; i < std::min(kRecordsInFull, anomaly_.records_size()); ++i) {
      *first_records.add_records() = anomaly_.records(i);
    }
    const std::set<uint64_t> operations(anomaly_.operations().begin(), anomaly_.operations().end());
    for (const TraceEvent& event : events_) {
      if (event.operation != 0 && operations.contains(event.operation - 1)) {
        picker_.Want(event.id, kRecordTier);
      }
      for (const RecordNote& note : event.records) {
        if (!IsAbout(note, anomaly_)) continue;
        const bool in_full = !IsReading(note.verb) && IsAbout(note, first_records);
        picker_.Want(event.id, in_full ? kRecordTier : kCauseTier);
      }
    }
  }

  // What changed the course of things between the first and the last event of the records.
  void WantTurns() {
    for (uint64_t id = first_; id <= last_; ++id) {
      const TraceEvent& event = index_.Event(id);
      const EventKind kind = event.kind;
      if (IsDown(kind) || kind == EventKind::kStart || IsFaultSwitch(kind)) {
        picker_.Want(id, kTurnTier);
      } else if (kind == EventKind::kNote) {
        WantDecision(event, kTurnTier);
      } else if (kind == EventKind::kDiskTruncate || kind == EventKind::kDiskLost) {
        picker_.Want(id, Concerns(event, logs_) ? kTurnTier : kOtherTier);
      } else if (ChangesRole(event)) {
        picker_.Want(id, kTurnTier);
      } else if (kind == EventKind::kDrop || kind == EventKind::kHold ||
                 kind == EventKind::kPause || kind == EventKind::kResume) {
        const bool near = nodes_.contains(event.node) || nodes_.contains(event.peer);
        picker_.Want(id, near ? kCauseTier : kOtherTier);
      }
    }
  }

  // A decision, and the messages that made it known.
  void WantDecision(const TraceEvent& event, Tier tier) {
    const bool concerned = Concerns(event, logs_);
    picker_.Want(event.id, concerned ? tier : kOtherTier);
    if (!concerned) return;
    for (const uint64_t effect : index_.Effects(event.id)) picker_.Want(effect, kOtherTier);
  }

  // Other records that took the place of the anomaly's: same log, same offset.
  void WantSuccessors() {
    for (uint64_t id = first_; id <= last_; ++id) {
      for (const RecordNote& note : index_.Event(id).records) {
        if (!IsReading(note.verb) && IsInPlaceOf(note, anomaly_)) picker_.Want(id, kOtherTier);
      }
    }
  }

  bool ChangesRole(const TraceEvent& event) const {
    for (const formats::StateChange& change : event.changes) {
      if (change.path.ends_with(".role") &&
          logs_.contains(change.path.substr(0, change.path.size() - std::string(".role").size()))) {
        return true;
      }
    }
    return false;
  }

  // Faults that began before the first event of the records and were still there, nodes that were
  // down by then, and what was decided about the log since the first of those.
  void WantInForce() {
    std::map<std::string, uint64_t> faults;
    std::map<uint32_t, uint64_t> down;
    for (uint64_t id = 1; id < first_; ++id) {
      const TraceEvent& event = index_.Event(id);
      if (event.kind == EventKind::kFaultOn) faults[event.fault] = id;
      if (event.kind == EventKind::kFaultOff) faults.erase(event.fault);
      if (IsDown(event.kind)) down[event.node] = id;
      if (event.kind == EventKind::kStart) down.erase(event.node);
    }
    for (const auto& [fault, id] : faults) picker_.Want(id, kTurnTier);
    for (const auto& [node, id] : down) picker_.Want(id, kTurnTier);
    uint64_t since = first_;
    for (const auto& [fault, id] : faults) since = std::min(since, id);
    for (const auto& [node, id] : down) since = std::min(since, id);
    for (uint64_t id = since; id < first_; ++id) {
      const TraceEvent& event = index_.Event(id);
      if (event.kind == EventKind::kNote && Concerns(event, logs_)) WantDecision(event, kCauseTier);
    }
  }

  const TraceIndex& index_;
  const std::vector<TraceEvent>& events_;
  const Anomaly& anomaly_;
  Picker picker_;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
  std::set<uint32_t> nodes_;
  std::set<std::string> logs_;
};

}  // namespace

bool IsAbout(const RecordNote& note, const Anomaly& anomaly) {
  for (const formats::RecordId& record : anomaly.records()) {
    if (record.log() != note.log) continue;
    if (record.value().empty() ? record.offset() == note.offset : record.value() == note.value) {
      return true;
    }
  }
  return false;
}

bool IsInPlaceOf(const RecordNote& note, const Anomaly& anomaly) {
  if (note.offset < 0 || IsAbout(note, anomaly)) return false;
  return std::any_of(anomaly.records().begin(), anomaly.records().end(),
                     [&note](const formats::RecordId& record) {
                       return record.log() == note.log && record.offset() == note.offset;
                     });
}

Promise FindPromise(const DecodedTrace& trace, const Anomaly& anomaly) {
  Promise promise;
  Anomaly kept;  // the record whose acknowledgement was the first
  for (const TraceEvent& event : trace.events) {
    for (const RecordNote& note : event.records) {
      if (promise.made == 0 && note.verb == RecordVerb::kAcknowledged && IsAbout(note, anomaly)) {
        promise.made = event.id;
        formats::RecordId* record = kept.add_records();
        record->set_log(note.log);
        record->set_value(note.value);
        record->set_offset(note.offset);
      } else if (promise.made != 0 && IsAbout(note, kept) &&
                 (note.verb == RecordVerb::kTruncated || note.verb == RecordVerb::kLost)) {
        promise.broken = event.id;
      }
    }
  }
  return promise;
}

std::vector<uint64_t> SelectForAnomaly(const DecodedTrace& trace, const Anomaly& anomaly,
                                       int max_events) {
  const TraceIndex index(trace);
  std::vector<uint64_t> ids = AnomalySelection(index, anomaly).Select(max_events);
  return ids.empty() ? SelectOverview(trace, max_events) : ids;
}

std::vector<uint64_t> SelectOverview(const DecodedTrace& trace, int max_events) {
  const TraceIndex index(trace);
  Picker picker(index);
  Anomaly first_record;
  std::set<uint64_t> about;  // the events that are about the first record
  int sends = 0;
  for (const TraceEvent& event : trace.events) {
    const EventKind kind = event.kind;
    const bool restart = kind == EventKind::kStart && event.time_ns > 0;
    if (IsDown(kind) || IsFaultSwitch(kind) || restart) picker.Want(event.id, kRecordTier);
    if (TakesOver(event)) picker.Want(event.id, kTurnTier);
    if (kind == EventKind::kComplete && event.cause != 0 && about.contains(event.cause)) {
      picker.Want(event.id, kTurnTier);
    }
    if (kind == EventKind::kNote || kind == EventKind::kDiskTruncate) {
      picker.Want(event.id, kTurnTier);
    }
    if (kind == EventKind::kSend && sends < kFirstSends) {
      picker.Want(event.id, kOtherTier);
      ++sends;
    }
    for (const RecordNote& note : event.records) {
      if (first_record.records().empty()) {
        formats::RecordId* record = first_record.add_records();
        record->set_log(note.log);
        record->set_value(note.value);
        record->set_offset(note.offset);
      }
      if (IsAbout(note, first_record)) {
        about.insert(event.id);
        picker.Want(event.id, kTurnTier);
        picker.WantCauses(event.id, 1, kOtherTier);
      }
    }
  }
  return picker.Take(max_events, {});
}

std::vector<uint64_t> Cone(const DecodedTrace& trace, uint64_t event) {
  const TraceIndex index(trace);
  std::set<uint64_t> seen;
  std::vector<uint64_t> open;
  if (index.Has(event)) open.push_back(event);
  while (!open.empty()) {
    const uint64_t id = open.back();
    open.pop_back();
    if (!seen.insert(id).second) continue;
    if (index.Event(id).cause != 0) open.push_back(index.Event(id).cause);
    const uint64_t send = index.SendOf(id);
    if (send != 0 && send < id) open.push_back(send);
  }
  return {seen.begin(), seen.end()};
}

std::vector<uint64_t> SelectAround(const DecodedTrace& trace, uint64_t event, int n) {
  const TraceIndex index(trace);
  if (!index.Has(event)) return {};
  const auto radius = static_cast<uint64_t>(std::max(n, 0));
  std::set<uint64_t> ids;
  const uint64_t first = event > radius ? event - radius : 1;
  const uint64_t last = std::min<uint64_t>(event + radius, trace.events.size());
  for (uint64_t id = first; id <= last; ++id) {
    const std::vector<uint64_t> whole = WholeMessage(index, id);
    ids.insert(whole.begin(), whole.end());
  }
  return {ids.begin(), ids.end()};
}

}  // namespace brokersim::visualize
