#include "checker/life.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_join.h"
#include "checker/record_life.h"
#include "checker/stable_sort.h"
#include "checker/story_text.h"
#include "checker/words.h"
#include "fmt/format.h"

namespace brokersim::checker {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using formats::Operation;
using formats::RecordNote;
using formats::RecordVerb;
using formats::TraceEvent;

// Everybody that a trace has a note of, in the order of their first notes.
struct Known {
  std::vector<std::string_view> values;
  // By log and offset: the first value that was there.
  absl::btree_map<std::pair<std::string_view, int64_t>, std::string_view> places;
};

Known KnownIn(const DecodedTrace& trace) {
  Known known;
  absl::btree_set<std::string_view> seen;
  for (const TraceEvent& event : trace.events) {
    for (const RecordNote& note : event.records) {
      if (seen.insert(note.value).second) known.values.push_back(note.value);
      if (HoldsCopy(note.verb)) known.places.try_emplace({note.log, note.offset}, note.value);
    }
  }
  return known;
}

absl::Status NoSuch(std::string_view message, const Known& known) {
  if (known.values.empty()) return absl::NotFoundError("the trace has no messages");
  return absl::NotFoundError(fmt::format(
      "there is no message '{}' in the trace; the nearest is '{}'; there {} {}, from '{}' to '{}'; LOG@OFFSET works, "
      "too",
      message, Nearest(message, known.values), known.values.size() == 1 ? "is" : "are",
      Count(known.values.size(), "message"), known.values.front(), known.values.back()));
}

// The value that is meant; empty: none.
std::string_view ValueMeant(std::string_view message, const Known& known) {
  if (std::find(known.values.begin(), known.values.end(), message) != known.values.end()) return message;
  for (const auto& [place, value] : known.places) {
    if (fmt::format("{}@{}", place.first, place.second) == message) return value;
  }
  return "";
}

class Teller {
 public:
  Teller(const DecodedTrace& trace, const formats::History* history, std::string_view value)
      : trace_(trace), history_(history) {
    result_.value = std::string(value);
  }

  MessageLife Tell() {
    FindNotes();
    for (const auto& [log, notes] : notes_) {
      result_.logs.emplace_back(log);
      AddNotes(LifeOf(trace_, notes));
      AddMessages(notes);
      AddNodes(notes);
    }
    AddOperations();
    WriteSteps();
    for (const auto& [log, notes] : notes_) Conclude(log, LifeOf(trace_, notes));
    AddEffects();
    FindUnprocessed();
    return std::move(result_);
  }

 private:
  struct Step {
    size_t event = 0;
    int within = 0;  // order of the steps of one event
    bool minor = false;
    std::string node;
    std::string text;
  };

  void FindNotes() {
    for (size_t i = 0; i < trace_.events.size(); ++i) {
      for (const RecordNote& note : trace_.events[i].records) {
        if (note.value == result_.value) notes_[note.log].push_back({i, &note});
      }
    }
  }

  std::string NodeOf(size_t event) const { return std::string(trace_.NodeName(trace_.events[event].node)); }

  void AddNotes(const RecordLife& life) {
    for (const NoteAt& at : life.notes) {
      const bool acknowledged = at.note->verb == RecordVerb::kAcknowledged;
      std::string text = RecordSentence(trace_, trace_.events[at.event], *at.note, life.acknowledger);
      if (&at == life.last_copy_end) text += ": the last copy";
      steps_.push_back({at.event, 1, at.note->verb == RecordVerb::kCommitted,
                        acknowledged && !life.acknowledger.empty() ? life.acknowledger : NodeOf(at.event),
                        std::move(text)});
    }
  }

  void AddMessages(const std::vector<NoteAt>& notes) {
    for (const Journey& journey : JourneysOf(trace_, notes)) {
      steps_.push_back({journey.sent, 2, !IsTroubled(trace_, journey), NodeOf(journey.sent),
                        JourneySentence(trace_, journey)});
    }
  }

  // What happened to the nodes that held it, and who led its log meanwhile.
  void AddNodes(const std::vector<NoteAt>& notes) {
    const RecordLife life = LifeOf(trace_, notes);
    absl::btree_set<std::pair<size_t, uint32_t>> copies;  // event at which it came, node
    for (const NoteAt& at : notes) {
      if (HoldsCopy(at.note->verb)) copies.insert({at.event, trace_.events[at.event].node});
    }
    const size_t first = notes.front().event;
    const size_t last = life.last_copy_end != nullptr ? life.last_copy_end->event : trace_.events.size();
    for (size_t i = first; i < last; ++i) {
      const TraceEvent& event = trace_.events[i];
      const bool held = std::any_of(copies.begin(), copies.end(), [&](const auto& copy) {
        return copy.first <= i && copy.second == event.node;
      });
      const bool dies = event.kind == EventKind::kCrash || event.kind == EventKind::kPowerLoss;
      const bool decides = event.kind == EventKind::kNote && (event.type == "election" || event.type == "truncation") &&
                           Concerns(event, notes.front().note->log);
      if (!decides && !(held && (dies || event.kind == EventKind::kStart))) continue;
      steps_.push_back({i, 0, event.kind == EventKind::kStart, NodeOf(i), EventSentence(trace_, event)});
    }
  }

  bool Has(const Operation& op) const {
    for (const formats::Action& action : op.actions()) {
      if (action.has_send() && action.send().value() == result_.value) return true;
      for (const formats::Read& read : action.poll().reads()) {
        if (read.value() == result_.value) return true;
      }
    }
    return false;
  }

  // What notes don't say: sends that ended in doubt, commits past it, and what the read-alls at the end found.
  void AddOperations() {
    if (history_ == nullptr) return;
    for (const Operation& op : history_->operations()) {
      if (op.event() == 0 || op.event() > trace_.events.size() || op.type() == Operation::INVOKE) continue;
      if (op.f() == "read-all") AddReadAll(op);
      if (op.type() == Operation::INFO && Has(op)) {
        Say(op, fmt::format("{} doesn't learn whether \"{}\" is stored{}{}", op.process(), result_.value,
                            op.error().empty() ? "" : ": ", op.error()));
      }
      for (const formats::Action& action : op.actions()) {
        if (!action.has_commit() || op.type() != Operation::OK) continue;
        const int64_t offset = OffsetIn(action.commit().log());
        if (offset < 0 || action.commit().offset() <= offset) continue;
        if (!committed_.insert(action.commit().group()).second) continue;
        Say(op, OperationSentence(op, action.commit().log()) + ": past it");
      }
    }
  }

  // Of groups that process what they read: who has committed a position past it, and never processed it.
  void FindUnprocessed() {
    if (history_ == nullptr) return;
    std::map<std::string, bool, std::less<>> processed;  // by group: this message, too
    for (const Operation& op : history_->operations()) {
      for (const formats::Action& action : op.actions()) {
        if (!action.has_process() || op.type() == Operation::FAIL) continue;
        const formats::Process& process = action.process();
        const bool this_one = process.value() == result_.value;
        processed[process.group()] = processed[process.group()] || this_one;
      }
    }
    for (const std::string& group : committed_) {
      const auto found = processed.find(group);
      if (found == processed.end() || found->second) continue;
      result_.lost = true;
      result_.outcome.push_back(
          fmt::format("lost: group {} has committed a position past it, and never processed it", group));
    }
  }

  void AddReadAll(const Operation& op) {
    for (const formats::Action& action : op.actions()) {
      const formats::Poll& poll = action.poll();
      if (!notes_.contains(poll.log())) continue;
      std::vector<int64_t> found;
      for (const formats::Read& read : poll.reads()) {
        if (read.value() == result_.value) found.push_back(read.offset());
      }
      read_[poll.log()] = {op.type() == Operation::OK, found};
      const std::string what = op.type() != Operation::OK ? "can't say: it doesn't reach the end"
                               : found.empty()            ? "doesn't find it"
                                                          : "finds it at offset " + absl::StrJoin(found, " and ");
      Say(op, fmt::format("{}, which reads {} from {} to {}, {}", op.process(), poll.log(), poll.from(), poll.next(),
                          what));
    }
  }

  void Say(const Operation& op, std::string text) {
    steps_.push_back({op.event() - 1, 3, false, op.process(), std::move(text)});
  }

  // The last one at which somebody had it; -1: none.
  int64_t OffsetIn(const std::string& log) const {
    int64_t offset = -1;
    const auto found = notes_.find(log);
    if (found == notes_.end()) return offset;
    for (const NoteAt& at : found->second) {
      if (HoldsCopy(at.note->verb)) offset = at.note->offset;
    }
    return offset;
  }

  void WriteSteps() {
    const auto earlier = [](const Step& a, const Step& b) {
      return a.event != b.event ? a.event < b.event : a.within < b.within;
    };
    // A message that lies in several logs travelled with all of them.
    StableSort(&steps_, earlier);
    const auto same = [](const Step& a, const Step& b) {
      return a.event == b.event && a.within == b.within && a.text == b.text;
    };
    steps_.erase(std::unique(steps_.begin(), steps_.end(), same), steps_.end());
    if (steps_.size() > kLifeLines) {
      StableSort(&steps_, [](const Step& a, const Step& b) { return !a.minor && b.minor; });
      result_.left_out = steps_.size() - kLifeLines;
      steps_.resize(kLifeLines);
    }
    StableSort(&steps_, earlier);
    for (const Step& step : steps_) {
      const TraceEvent& event = trace_.events[step.event];
      formats::StoryLine& line = result_.steps.emplace_back();
      line.set_event(event.id);
      line.set_time_ns(event.time_ns);
      line.set_node(step.node);
      line.set_text(step.text);
    }
  }

  // Offsets at which there are copies at the end.
  static absl::btree_set<int64_t> Left(const DecodedTrace& trace, const RecordLife& life) {
    absl::btree_set<std::pair<uint32_t, int64_t>> copies;
    for (const NoteAt& at : life.notes) {
      const std::pair<uint32_t, int64_t> copy{trace.events[at.event].node, at.note->offset};
      if (HoldsCopy(at.note->verb)) copies.insert(copy);
      if (EndsCopy(at.note->verb)) copies.erase(copy);
    }
    absl::btree_set<int64_t> offsets;
    for (const auto& [node, offset] : copies) offsets.insert(offset);
    return offsets;
  }

  // What its producer was told of a record that is stored.
  std::string Told(const RecordLife& life) const {
    for (const NoteAt& at : life.notes) {
      if (at.note->verb != RecordVerb::kRejected) continue;
      return fmt::format(", though {} was told that it is not", trace_.NodeName(trace_.events[at.event].node));
    }
    return life.acknowledged == nullptr ? "; nobody was told so" : "";
  }

  void Conclude(std::string_view log, const RecordLife& life) {
    absl::btree_set<int64_t> offsets = Left(trace_, life);
    const auto read = read_.find(std::string(log));
    // Who read all at the end knows better than the copies that are left somewhere.
    const bool known = read != read_.end() && read->second.first;
    if (known) offsets = {read->second.second.begin(), read->second.second.end()};
    if (known && read->second.second.size() > offsets.size()) result_.doubled = true;
    if (offsets.size() > 1) {
      result_.doubled = true;
      result_.outcome.push_back(
          fmt::format("doubled: {} holds it at offsets {}", log, absl::StrJoin(offsets, " and ")));
    } else if (offsets.size() == 1) {
      result_.outcome.push_back(fmt::format("stored once in {}, at offset {}{}", log, *offsets.begin(), Told(life)));
    } else {
      ConcludeGone(log, life);
    }
  }

  void ConcludeGone(std::string_view log, const RecordLife& life) {
    if (life.nodes.empty()) {
      result_.outcome.push_back(fmt::format("no broker ever had it in {}", log));
      return;
    }
    std::string end;
    if (life.last_copy_end != nullptr) {
      const TraceEvent& event = trace_.events[life.last_copy_end->event];
      end = fmt::format("; the last copy went at {}, on {}", Ms(event.time_ns), trace_.NodeName(event.node));
    }
    result_.lost = life.acknowledged != nullptr;
    result_.outcome.push_back(
        result_.lost ? fmt::format("lost: {} acknowledged it in {} at {}, and it isn't there{}", life.acknowledger, log,
                                   Ms(trace_.events[life.acknowledged->event].time_ns), end)
                     : fmt::format("gone from {}, which was never acknowledged{}", log, end));
  }

  // How often it was delivered and took effect, wherever it was stored.
  void AddEffects() {
    absl::btree_map<std::string_view, int> got;
    int processed = 0;
    for (const auto& [log, notes] : notes_) {
      for (const NoteAt& at : notes) {
        if (at.note->verb == RecordVerb::kDelivered) ++got[trace_.NodeName(trace_.events[at.event].node)];
        if (at.note->verb == RecordVerb::kProcessed) ++processed;
      }
    }
    for (const auto& [who, times] : got) {
      result_.outcome.push_back(fmt::format("{} got it {}", who, times == 1 ? "once" : fmt::format("{} times", times)));
    }
    if (processed > 1) {
      result_.doubled = true;
      result_.outcome.push_back(fmt::format("doubled: it took effect {} times", processed));
    } else if (processed == 1) {
      result_.outcome.emplace_back("it took effect once");
    }
  }

  const DecodedTrace& trace_;
  const formats::History* history_;
  std::map<std::string, std::vector<NoteAt>, std::less<>> notes_;  // by log
  std::map<std::string, std::pair<bool, std::vector<int64_t>>> read_;  // what the last read-all of a log found
  absl::btree_set<std::string> committed_;  // groups that have committed a position past it
  std::vector<Step> steps_;
  MessageLife result_;
};

}  // namespace

absl::StatusOr<MessageLife> LifeOfMessage(const DecodedTrace& trace, const formats::History* history,
                                          std::string_view message) {
  const Known known = KnownIn(trace);
  const std::string_view value = ValueMeant(message, known);
  if (value.empty()) return NoSuch(message, known);
  return Teller(trace, history, value).Tell();
}

}  // namespace brokersim::checker
