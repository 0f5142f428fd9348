#include "checker/story.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "checker/record_life.h"
#include "checker/stable_sort.h"
#include "checker/story_text.h"
#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using formats::Anomaly;
using formats::DecodedTrace;
using formats::EventKind;
using formats::RecordNote;
using formats::RecordVerb;
using formats::TraceEvent;

// Log and value.
using RecordKey = std::pair<std::string_view, std::string_view>;

// How much a line matters. Where there are too many, the least important ones are left out.
enum class Weight : uint8_t { kTurningPoint, kCause, kStep, kDetail };

struct Line {
  size_t event = 0;  // index into the trace's events
  int within = 0;    // order of lines of one event
  Weight weight = Weight::kStep;
  std::string text;
  std::string node;  // if it isn't the event's
};

// The events of a trace that stories are made of, found in one pass.
struct Material {
  absl::btree_map<RecordKey, std::vector<NoteAt>> notes;  // of the wanted records
  std::vector<size_t> context;                            // crashes, faults, elections ...
};

bool IsNoteworthy(const TraceEvent& event) {
  return event.type == "election" || event.type == "truncation" || event.type == "fenced" ||
         event.type == "isr";
}

bool IsFault(const TraceEvent& event) {
  return event.kind == EventKind::kCrash || event.kind == EventKind::kPowerLoss ||
         event.kind == EventKind::kFaultOn;
}

bool IsContext(const TraceEvent& event) {
  return IsFault(event) || event.kind == EventKind::kFaultOff || event.kind == EventKind::kStart ||
         (event.kind == EventKind::kNote && IsNoteworthy(event));
}

Weight WeightOf(RecordVerb verb) {
  switch (verb) {
    case RecordVerb::kAcknowledged:
    case RecordVerb::kRejected: return Weight::kTurningPoint;
    case RecordVerb::kProduced:
    case RecordVerb::kAppended:
    case RecordVerb::kTruncated:
    case RecordVerb::kLost: return Weight::kCause;
    case RecordVerb::kReplicated:
    case RecordVerb::kDelivered:
    case RecordVerb::kProcessed: return Weight::kStep;
    case RecordVerb::kNone:
    case RecordVerb::kCommitted: break;
  }
  return Weight::kDetail;
}

// Writes the story of one anomaly.
class Storyteller {
 public:
  Storyteller(const DecodedTrace& trace, const formats::History& history, const Material& material,
              const std::vector<std::string>& logs, const StoryOptions& options, Anomaly* anomaly)
      : trace_(trace), history_(history), material_(material), logs_(logs), options_(options), anomaly_(anomaly) {}

  void Tell() {
    if (anomaly_->story_size() > 0) return;  // it was told before
    FindLives();
    FindLogs();
    if (lives_.empty() && !options_.thorough) return;
    if (options_.thorough) FindWindow();
    if (anomaly_->type() == "lost-write" && !lives_.empty()) ExplainLoss();
    AddNotes();
    if (options_.thorough) AddMessages();
    AddOperations();
    AddContext();
    WriteStory();
  }

 private:
  void FindLives() {
    absl::btree_set<RecordKey> told;
    for (const formats::RecordId& record : anomaly_->records()) {
      const auto it = material_.notes.find({record.log(), record.value()});
      if (it == material_.notes.end() || it->second.empty()) continue;
      if (!told.insert(it->first).second) continue;
      lives_.push_back(LifeOf(trace_, it->second));
      first_ = std::min(first_, it->second.front().event);
    }
    // A loss is over when the last copy is; anything else when nothing more is noted.
    for (const RecordLife& life : lives_) {
      const bool lost = anomaly_->type() == "lost-write" && life.last_copy_end != nullptr;
      const NoteAt& last = lost ? *life.last_copy_end : life.notes.back();
      last_ = std::max(last_, last.event);
    }
  }

  // The logs that it is about: those of its records, or else those that its operations read.
  void FindLogs() {
    for (const formats::RecordId& record : anomaly_->records()) concerned_.insert(record.log());
    if (!concerned_.empty()) return;
    for (uint64_t index : anomaly_->operations()) {
      if (index >= static_cast<uint64_t>(history_.operations_size())) continue;
      for (const formats::Action& action : history_.operations(static_cast<int>(index)).actions()) {
        if (action.has_send()) concerned_.insert(action.send().log());
        if (action.has_poll()) concerned_.insert(action.poll().log());
        if (action.has_commit()) concerned_.insert(action.commit().log());
      }
    }
  }

  // Those of the anomaly's operations that the trace has, with the indices of their events; in order.
  std::vector<std::pair<size_t, const formats::Operation*>> Operations() const {
    std::vector<std::pair<size_t, const formats::Operation*>> found;
    for (uint64_t index : anomaly_->operations()) {
      if (index >= static_cast<uint64_t>(history_.operations_size())) continue;
      const formats::Operation& op = history_.operations(static_cast<int>(index));
      if (op.event() >= 1 && op.event() <= trace_.events.size()) found.emplace_back(op.event() - 1, &op);
    }
    return found;
  }

  // From its first operation to its last. One alone says nothing of when it began.
  void FindWindow() {
    const auto operations = Operations();
    if (operations.empty()) return;
    last_ = std::max(last_, operations.back().first);
    if (lives_.empty()) first_ = operations.size() > 1 ? operations.front().first : 0;
  }

  // Whether an event is about the anomaly's logs. An election that names no log at all is about
  // every log of its node.
  bool Concerned(const TraceEvent& event) const {
    for (const std::string& log : concerned_) {
      if (Concerns(event, log)) return true;
    }
    if (event.type != "election") return false;
    for (const std::string& log : logs_) {
      if (Concerns(event, log)) return false;
    }
    return std::any_of(lives_.begin(), lives_.end(),
                       [&event](const RecordLife& life) { return life.nodes.contains(event.node); });
  }

  void AddNotes() {
    for (const RecordLife& life : lives_) {
      int delivered = 0;
      for (const NoteAt& at : life.notes) {
        const RecordNote& note = *at.note;
        Line line;
        line.event = at.event;
        line.within = 1;
        line.weight = WeightOf(note.verb);
        if (note.verb == RecordVerb::kDelivered && ++delivered > 2) line.weight = Weight::kDetail;
        if (&at == life.last_copy_end) line.weight = Weight::kTurningPoint;
        line.text = RecordSentence(trace_, trace_.events[at.event], note, life.acknowledger);
        if (&at == life.last_copy_end) line.text += ": the last copy";
        if (note.verb == RecordVerb::kAcknowledged) line.node = life.acknowledger;
        lines_.push_back(std::move(line));
      }
    }
  }

  // Messages that were lost, kept back or late: of its records or, where it has none, of its logs.
  void AddMessages() {
    std::vector<Journey> journeys;
    for (const RecordLife& life : lives_) {
      for (const Journey& journey : JourneysOf(trace_, life.notes)) journeys.push_back(journey);
    }
    if (lives_.empty()) journeys = LateJourneysOf(trace_, concerned_, last_);
    absl::btree_set<size_t> told;
    for (const Journey& journey : journeys) {
      if (!IsTroubled(trace_, journey) || journey.ended > last_ || !told.insert(journey.sent).second) continue;
      Line line;
      line.event = journey.ended;
      line.weight = Weight::kStep;
      line.text = JourneySentence(trace_, journey);
      if (lives_.empty()) AddWhatCameOfIt(journey, &line);
      line.node = std::string(trace_.NodeName(trace_.events[journey.sent].node));
      lines_.push_back(std::move(line));
    }
  }

  // What a late message still did to a record is the point of it.
  void AddWhatCameOfIt(const Journey& journey, Line* line) const {
    const TraceEvent& end = trace_.events[journey.ended];
    line->weight = Weight::kDetail;
    if (end.records.empty() || !HoldsCopy(end.records.front().verb)) return;
    line->weight = Weight::kTurningPoint;
    line->text += ", and " + RecordSentence(trace_, end, end.records.front(), "");
  }

  void AddOperations() {
    for (const auto& [event, op] : Operations()) {
      std::string text = lives_.empty() ? AnyOperationSentence(*op) : "";
      for (auto log = concerned_.begin(); log != concerned_.end() && text.empty(); ++log) {
        text = OperationSentence(*op, *log);
      }
      if (!text.empty()) lines_.push_back({event, 2, Weight::kCause, std::move(text), op->process()});
    }
  }

  void AddContext() {
    absl::btree_map<std::string_view, size_t> active;  // faults by id, with their beginning
    for (size_t index : material_.context) {
      const TraceEvent& event = trace_.events[index];
      if (index > last_) break;
      if (IsUnrelated(event) || (event.kind == EventKind::kStart && event.time_ns == 0)) continue;
      if (index < first_) {
        if (event.kind == EventKind::kFaultOn) active[event.fault] = index;
        if (event.kind == EventKind::kFaultOff) active.erase(event.fault);
        continue;
      }
      // Between two operations every decision may matter.
      const bool narrow = lives_.empty() && first_ > 0;
      if (event.kind == EventKind::kNote && !narrow && !Concerned(event)) continue;
      AddContextLine(index);
    }
    for (const auto& [fault, index] : active) AddContextLine(index);
  }

  // Begun or ended by a fault that is not to be told.
  bool IsUnrelated(const TraceEvent& event) const {
    if (options_.unrelated.empty()) return false;
    if (options_.unrelated.contains(event.fault)) return true;
    if (event.cause == 0 || event.cause > trace_.events.size() || event.kind == EventKind::kNote) return false;
    return options_.unrelated.contains(trace_.events[event.cause - 1].fault);
  }

  void AddContextLine(size_t index) {
    const TraceEvent& event = trace_.events[index];
    Line line;
    line.event = index;
    line.weight = Weight::kCause;
    const bool minor = event.kind == EventKind::kNote && (!IsNoteworthy(event) || !Concerned(event));
    if (event.kind == EventKind::kStart || event.kind == EventKind::kFaultOff || minor) {
      line.weight = Weight::kDetail;
    } else if (event.kind == EventKind::kNote && event.type != "election") {
      line.weight = Weight::kStep;
    }
    line.text = EventSentence(trace_, event);
    lines_.push_back(std::move(line));
  }

  void WriteStory() {
    const auto earlier = [](const Line& a, const Line& b) {
      return a.event != b.event ? a.event < b.event : a.within < b.within;
    };
    StableSort(&lines_, earlier);
    if (lines_.size() > static_cast<size_t>(options_.lines)) {
      StableSort(&lines_, [](const Line& a, const Line& b) { return a.weight < b.weight; });
      lines_.resize(static_cast<size_t>(options_.lines));
      StableSort(&lines_, earlier);
    }
    for (const Line& line : lines_) {
      const TraceEvent& event = trace_.events[line.event];
      formats::StoryLine* told = anomaly_->add_story();
      told->set_event(event.id);
      told->set_time_ns(event.time_ns);
      told->set_node(line.node.empty() ? std::string(trace_.NodeName(event.node)) : line.node);
      told->set_text(line.text);
    }
  }

  // The second sentence of a lost write.
  void ExplainLoss() {
    const RecordLife& life = lives_[0];
    std::string text;
    if (life.acknowledged != nullptr) {
      text = fmt::format("{} acknowledged it at {}",
                         life.acknowledger.empty() ? "Nobody known" : life.acknowledger,
                         Ms(trace_.events[life.acknowledged->event].time_ns));
    }
    if (life.last_copy_end != nullptr) {
      text += text.empty() ? "The last copy went " : "; the last copy went ";
      text += fmt::format("when {}{}", HowItWent(*life.last_copy_end), AfterWhat(life));
    }
    if (!text.empty()) anomaly_->set_explanation(anomaly_->explanation() + " " + text + ".");
  }

  std::string HowItWent(const NoteAt& end) const {
    const TraceEvent& event = trace_.events[end.event];
    const std::string_view node = trace_.NodeName(event.node);
    const std::string at = Ms(event.time_ns);
    if (event.kind == EventKind::kNote && !event.text.empty()) {
      const std::string own = EventSentence(trace_, event);
      return fmt::format("{}{} at {}", Mentions(own, node) ? "" : fmt::format("on {} ", node), own,
                         at);
    }
    const std::string_view how = end.note->verb == RecordVerb::kLost ? "had lost it with the power"
                                                                     : "removed it from its log";
    return fmt::format("{} {} at {}", node, how, at);
  }

  // The last election, or else the last fault, between the acknowledgement and the end.
  std::string AfterWhat(const RecordLife& life) const {
    const size_t end = life.last_copy_end->event;
    const size_t begin = life.acknowledged != nullptr ? life.acknowledged->event : first_;
    const TraceEvent* election = nullptr;
    const TraceEvent* fault = nullptr;
    for (size_t index : material_.context) {
      if (index < begin || index >= end) continue;
      const TraceEvent& event = trace_.events[index];
      if (event.kind == EventKind::kNote && event.type == "election" && Concerned(event)) {
        election = &event;
      }
      if (IsFault(event)) fault = &event;
    }
    const TraceEvent* cause = election != nullptr ? election : fault;
    if (cause == nullptr) return "";
    return fmt::format(", after {} at {}", EventSentence(trace_, *cause), Ms(cause->time_ns));
  }

  const DecodedTrace& trace_;
  const formats::History& history_;
  const Material& material_;
  const std::vector<std::string>& logs_;
  const StoryOptions& options_;
  Anomaly* anomaly_;
  absl::btree_set<std::string> concerned_;  // logs
  std::vector<RecordLife> lives_;
  std::vector<Line> lines_;
  size_t first_ = SIZE_MAX;  // event of the first note on a record
  size_t last_ = 0;          // ... and of the end
};

// The names of all logs in a history, sorted.
std::vector<std::string> LogNames(const formats::History& history) {
  std::set<std::string> names;
  for (const formats::Operation& op : history.operations()) {
    for (const formats::Action& action : op.actions()) {
      if (action.has_send()) names.insert(action.send().log());
      if (action.has_poll()) names.insert(action.poll().log());
    }
  }
  return {names.begin(), names.end()};
}

void Tell(const DecodedTrace& trace, const formats::History& history, const StoryOptions& options,
          const std::vector<Anomaly*>& anomalies) {
  if (anomalies.empty()) return;
  Material material;
  for (const Anomaly* anomaly : anomalies) {
    for (const formats::RecordId& record : anomaly->records()) {
      material.notes[{record.log(), record.value()}];
    }
  }
  for (size_t i = 0; i < trace.events.size(); ++i) {
    const TraceEvent& event = trace.events[i];
    if (IsContext(event) || (options.thorough && event.kind == EventKind::kNote)) material.context.push_back(i);
    for (const RecordNote& note : event.records) {
      const auto it = material.notes.find({note.log, note.value});
      if (it != material.notes.end()) it->second.push_back({i, &note});
    }
  }
  const std::vector<std::string> logs = LogNames(history);
  for (Anomaly* anomaly : anomalies) {
    Storyteller(trace, history, material, logs, options, anomaly).Tell();
  }
}

}  // namespace

void AddStories(const DecodedTrace& trace, const formats::History& history,
                formats::Verdict* verdict) {
  std::vector<Anomaly*> told;
  absl::btree_map<std::string, int> per_type;
  for (Anomaly& anomaly : *verdict->mutable_anomalies()) {
    if (++per_type[anomaly.type()] <= kStoriesPerType) told.push_back(&anomaly);
  }
  Tell(trace, history, {}, told);
}

void AddStory(const DecodedTrace& trace, const formats::History& history, const StoryOptions& options,
              Anomaly* anomaly) {
  Tell(trace, history, options, {anomaly});
}

}  // namespace brokersim::checker
