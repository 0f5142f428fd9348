#include "runner/decisions.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "checker/record_life.h"

namespace brokersim::runner {
namespace {

using formats::DecodedTrace;
using formats::EventKind;
using formats::TraceEvent;
using Undone = Decision::Undone;

constexpr size_t kNone = SIZE_MAX;
// Late is what takes that long, or so many times as long as is usual on its way.
constexpr int64_t kLateNs = 1'000'000'000;
constexpr int64_t kTimesUsual = 10;
// How far back along the causes.
constexpr int kSteps = 16;
// Of each type and way so many messages that were lost or late.
constexpr int kOfAWay = 4;
// A fault that is about one message waits so long for it to be handed over.
constexpr const char* kPatience = "1s";

// What became of a message. Indices into the trace's events.
struct Fate {
  size_t sent = kNone;
  size_t ended = kNone;  // where it arrived or was lost
  bool held = false;
};

std::string Ms(int64_t ns) { return fmt::format("{}.{:03} ms", ns / 1'000'000, ns / 1000 % 1000); }

class Finder {
 public:
  Finder(const DecodedTrace& trace, const formats::History& history, const formats::Anomaly& anomaly)
      : trace_(trace), history_(history), anomaly_(anomaly) {
    FindFates();
    FindWindow();
    for (const formats::StoryLine& line : anomaly.story()) {
      const size_t index = line.event() - 1;
      if (line.event() == 0 || index >= trace.events.size() || index < first_ || index > last_) continue;
      told_.push_back(index);
      for (const uint32_t node : {trace.events[index].node, trace.events[index].peer}) nodes_.insert(node);
    }
    nodes_.erase(0);
    std::reverse(told_.begin(), told_.end());  // the breaking first
  }

  std::vector<Decision> Find() {
    for (const size_t index : told_) FollowCauses(index);
    AddTroubled();
    for (const size_t index : told_) AddLastHeard(index);
    return std::move(found_);
  }

 private:
  const TraceEvent& At(size_t index) const { return trace_.events[index]; }

  void FindFates() {
    absl::btree_map<std::pair<uint32_t, uint32_t>, std::vector<int64_t>> took;
    for (size_t i = 0; i < trace_.events.size(); ++i) {
      const TraceEvent& event = trace_.events[i];
      if (event.kind == EventKind::kInvoke || Produces(event)) begin_.insert({event.id, event.cause});
      if (event.message == 0) continue;
      if (event.message >= fates_.size()) fates_.resize(event.message + 1);
      Fate& fate = fates_[event.message];
      if (event.kind == EventKind::kSend) fate.sent = i;
      if (event.kind == EventKind::kHold) fate.held = true;
      const bool ends = event.kind == EventKind::kDeliver || event.kind == EventKind::kDrop;
      if (!ends || fate.ended != kNone || fate.sent == kNone) continue;
      fate.ended = i;
      if (event.kind == EventKind::kDeliver) took[{event.peer, event.node}].push_back(TookNs(fate));
    }
    for (auto& [way, times] : took) {
      const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
      std::nth_element(times.begin(), middle, times.end());
      usual_ns_[way] = *middle;
    }
  }

  static bool Produces(const TraceEvent& event) {
    return std::any_of(event.records.begin(), event.records.end(), [](const formats::RecordNote& note) {
      return note.verb == formats::RecordVerb::kProduced;
    });
  }

  // What was under way when the first was told of the records counts, too.
  bool OverBefore(const Fate& fate) const { return fate.sent < first_ && (fate.ended == kNone || fate.ended < first_); }

  int64_t TookNs(const Fate& fate) const { return At(fate.ended).time_ns - At(fate.sent).time_ns; }
  bool Lost(const Fate& fate) const { return fate.ended == kNone || At(fate.ended).kind == EventKind::kDrop; }

  bool Late(const Fate& fate) const {
    if (fate.held || TookNs(fate) >= kLateNs) return true;
    const auto usual = usual_ns_.find({At(fate.sent).node, At(fate.sent).peer});
    return usual != usual_ns_.end() && TookNs(fate) > usual->second * kTimesUsual;
  }

  // Nobody was there to get it, or its sender's end of the connection was closed: it can't be helped.
  bool Helpless(const Fate& fate) const {
    if (fate.ended == kNone) return !fate.held;
    const std::string_view why = At(fate.ended).text;
    for (const std::string_view gone : {"nobody is listening", "nobody holds this end of the connection",
                                        "this end of the connection is closed", "the connection is closed",
                                        "the connection was reset before it was read"}) {
      if (why == gone) return !fate.held;
    }
    return false;
  }

  void FindWindow() {
    std::set<std::pair<std::string_view, std::string_view>> records;
    for (const formats::RecordId& record : anomaly_.records()) records.emplace(record.log(), record.value());
    std::set<std::pair<uint32_t, std::string_view>> copies;  // nodes and values
    size_t last_end = 0;
    for (size_t i = 0; i < trace_.events.size(); ++i) {
      for (const formats::RecordNote& note : trace_.events[i].records) {
        if (!records.contains({note.log, note.value})) continue;
        first_ = std::min(first_, i);
        last_ = i;
        if (checker::HoldsCopy(note.verb)) copies.emplace(trace_.events[i].node, note.value);
        if (!checker::EndsCopy(note.verb)) continue;
        copies.erase({trace_.events[i].node, note.value});
        last_end = i;
      }
    }
    if (anomaly_.type() == "lost-write" && last_end > 0 && copies.empty()) last_ = last_end;
    if (first_ != kNone && copies.empty()) return;
    const bool told = first_ != kNone;
    if (!told) first_ = 0;
    for (int i = 0; i < anomaly_.operations_size(); ++i) {
      const uint64_t index = anomaly_.operations(i);
      if (index >= static_cast<uint64_t>(history_.operations_size())) continue;
      const uint64_t event = history_.operations(static_cast<int>(index)).event();
      if (event == 0 || event > trace_.events.size()) continue;
      if (!told && i == 0 && anomaly_.operations_size() > 1) first_ = event - 1;
      last_ = std::max<size_t>(last_, event - 1);
    }
  }

  // Back along what led to the event.
  void FollowCauses(size_t index) {
    for (int step = 0; step < kSteps; ++step) {
      const TraceEvent& event = At(index);
      if (index < first_) return;
      if (event.kind == EventKind::kDeliver) AddMessage(event.message);
      if (event.kind == EventKind::kTimerFire) AddTimer(index);
      if (event.cause == 0 || event.cause > index) return;
      index = event.cause - 1;
    }
  }

  void AddTroubled() {
    absl::btree_map<std::tuple<std::string_view, uint32_t, uint32_t>, int> of_a_way;
    for (size_t i = 0; i <= last_ && i < trace_.events.size(); ++i) {
      const TraceEvent& event = At(i);
      if (event.kind != EventKind::kSend || !nodes_.contains(event.node) || !nodes_.contains(event.peer)) continue;
      const Fate& fate = fates_[event.message];
      if (OverBefore(fate)) continue;
      if (Lost(fate) ? Helpless(fate) : !Late(fate)) continue;
      if (++of_a_way[{event.type, event.node, event.peer}] <= kOfAWay) AddMessage(event.message);
    }
  }

  // What the event's node had last heard from each other node, by type.
  void AddLastHeard(size_t index) {
    const uint32_t node = At(index).node;
    std::set<std::pair<std::string_view, uint32_t>> heard;
    for (size_t i = index; node != 0 && i > first_; --i) {
      const TraceEvent& event = At(i - 1);
      if (event.kind != EventKind::kDeliver || event.node != node || !nodes_.contains(event.peer)) continue;
      if (heard.emplace(event.type, event.peer).second) AddMessage(event.message);
    }
  }

  // How many events like this one, at its time, come up to it.
  int64_t Ordinal(size_t index) const {
    const TraceEvent& event = At(index);
    int64_t n = 1;
    for (size_t i = index; i-- > 0 && At(i).time_ns == event.time_ns;) {
      const TraceEvent& other = At(i);
      if (other.kind == event.kind && other.type == event.type && other.node == event.node && other.peer == event.peer)
        ++n;
    }
    return n;
  }

  scenarios::Fault FaultAt(const TraceEvent& event) const {
    scenarios::Fault fault;
    fault.set_id(fmt::format("decision-{}", event.id));
    fault.set_at(sim::ToText(sim::Nanoseconds(event.time_ns)));
    fault.set_lasts(kPatience);
    return fault;
  }

  void AddMessage(uint64_t message) {
    const Fate& fate = fates_[message];
    if (fate.sent == kNone || OverBefore(fate) || !added_.insert(fate.sent).second) return;
    const TraceEvent& sent = At(fate.sent);
    Decision decision;
    const bool lost = Lost(fate);
    if (lost && Helpless(fate)) return;
    decision.undone = lost || Late(fate) ? Undone::kArrives : Undone::kIsLost;
    decision.event = sent.id;
    decision.message = message;
    decision.at = sim::Time::FromNanos(sent.time_ns);
    decision.name = fmt::format("{} of {} to {}, sent at {}", sent.type, trace_.NodeName(sent.node),
                                trace_.NodeName(sent.peer), Ms(sent.time_ns));
    if (lost) decision.was = fate.ended == kNone ? "never arrived" : LossText(At(fate.ended));
    if (!lost) decision.was = fmt::format("arrived after {}", Ms(TookNs(fate)));
    decision.content = sent.text;
    decision.fault = FaultAt(sent);
    scenarios::Parameters* parameters =
        decision.undone == Undone::kArrives ? decision.fault.mutable_pass_if() : decision.fault.mutable_drop_if();
    parameters->set_type(sent.type);
    parameters->add_from(std::string(trace_.NodeName(sent.node)));
    parameters->add_to(std::string(trace_.NodeName(sent.peer)));
    if (const int64_t nth = Ordinal(fate.sent); nth > 1) parameters->set_nth(nth);
    found_.push_back(std::move(decision));
  }

  static std::string LossText(const TraceEvent& lost) {
    return fmt::format("was lost{}{}", lost.text.empty() ? "" : ": ", lost.text);
  }

  void AddTimer(size_t index) {
    const TraceEvent& fired = At(index);
    if (begin_.contains(fired.id) || !added_.insert(index).second) return;
    Decision decision;
    decision.undone = Undone::kLater;
    decision.event = fired.id;
    decision.at = sim::Time::FromNanos(fired.time_ns);
    decision.name = fmt::format("timer {} of {}, fired at {}", fired.type, trace_.NodeName(fired.node),
                                Ms(fired.time_ns));
    decision.fault = FaultAt(fired);
    scenarios::Parameters* parameters = decision.fault.mutable_late_timer();
    parameters->add_node(std::string(trace_.NodeName(fired.node)));
    parameters->set_timer(fired.type);
    if (const int64_t nth = Ordinal(index); nth > 1) parameters->set_nth(nth);
    // A second after the breaking, in whole seconds.
    const int64_t seconds = (At(last_).time_ns - fired.time_ns) / 1'000'000'000 + 2;
    parameters->mutable_extra()->set_constant(sim::ToText(sim::Seconds(seconds)));
    found_.push_back(std::move(decision));
  }

  const DecodedTrace& trace_;
  const formats::History& history_;
  const formats::Anomaly& anomaly_;
  std::vector<Fate> fates_;  // by message
  absl::btree_map<std::pair<uint32_t, uint32_t>, int64_t> usual_ns_;
  absl::btree_set<uint64_t> begin_;  // ids of events at which clients began operations
  size_t first_ = kNone;
  size_t last_ = 0;
  std::vector<size_t> told_;  // events of the story, the last first
  absl::btree_set<uint32_t> nodes_;
  absl::btree_set<size_t> added_;  // events
  std::vector<Decision> found_;
};

}  // namespace

std::vector<Decision> DecisionsOf(const DecodedTrace& trace, const formats::History& history,
                                  const formats::Anomaly& anomaly, size_t most, size_t* all) {
  if (trace.events.empty()) return {};
  std::vector<Decision> found = Finder(trace, history, anomaly).Find();
  if (all != nullptr) *all = found.size();
  if (found.size() > most) found.erase(found.begin() + static_cast<std::ptrdiff_t>(most), found.end());
  return found;
}

bool WasUndone(const Decision& decision, const DecodedTrace& trace) {
  if (decision.message == 0) return true;
  for (const TraceEvent& event : trace.events) {
    if (event.message != decision.message) continue;
    const bool drops = event.kind == EventKind::kDrop;
    if (decision.undone == Undone::kIsLost && drops && event.fault == decision.fault.id()) return true;
    if (decision.undone == Undone::kArrives && (drops || event.kind == EventKind::kHold)) return false;
    if (event.kind == EventKind::kDeliver) return decision.undone == Undone::kArrives;
  }
  return false;
}

std::string FaultText(const scenarios::Fault& fault) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(fault, &text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return fmt::format("fault {{ {} }}", text);
}

}  // namespace brokersim::runner
