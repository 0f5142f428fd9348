#include "runner/futures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "checker/story_text.h"
#include "formats/trace_codec.h"
#include "runner/rerun.h"
#include "visualize/event_text.h"

namespace brokersim::runner {
namespace {

using formats::EventKind;
using formats::TraceEvent;

// Every so many checkpoints one is set evenly, the others where it rises.
constexpr int kEvenly = 4;
// A rise of a fifth of the futures is told.
constexpr int kRisePart = 5;
constexpr size_t kWidestText = 110;

// How much an event matters to who asks what happened in a short time; the smallest most.
int RankOf(const TraceEvent& event) {
  switch (event.kind) {
    case EventKind::kFaultOn:
    case EventKind::kCrash:
    case EventKind::kPowerLoss:
      return 0;
    case EventKind::kFaultOff:
    case EventKind::kNote:
    case EventKind::kDiskLost:
    case EventKind::kDiskError:
    case EventKind::kOperate:
      return 1;
    case EventKind::kDrop:
    case EventKind::kHold:
    case EventKind::kRelease:
    case EventKind::kDuplicate:
      return 3;
    case EventKind::kDeliver:
    case EventKind::kTimerFire:
    case EventKind::kDiskSynced:
    case EventKind::kStart:
    case EventKind::kExit:
    case EventKind::kPause:
    case EventKind::kResume:
    case EventKind::kClock:
    case EventKind::kInvoke:
    case EventKind::kComplete:
      return event.records.empty() ? 4 : 2;
    case EventKind::kNone:
    case EventKind::kSend:
    case EventKind::kTimerSet:
    case EventKind::kTimerCancel:
    case EventKind::kDiskAppend:
    case EventKind::kDiskTruncate:
    case EventKind::kDiskReplace:
    case EventKind::kDiskSync:
    case EventKind::kStop:
    case EventKind::kConnect:
    case EventKind::kConnected:
    case EventKind::kDisconnected:
      return 5;
  }
  return 5;
}

class Finder {
 public:
  Finder(const scenarios::ResolvedScenario& scenario, uint64_t seed, sim::Time last, const FuturesOptions& options,
         const formats::DecodedTrace& trace, std::string type)
      : scenario_(scenario), seed_(seed), options_(options), trace_(trace) {
    result_.type = std::move(type);
    result_.futures = options.futures;
    for (const TraceEvent& event : trace.events) {
      if (event.time_ns > last.nanos() && !moments_.empty()) break;
      if (moments_.empty() || event.time_ns > moments_.back()) moments_.push_back(event.time_ns);
    }
    most_ = std::min(static_cast<size_t>(options.checkpoints), moments_.size());
  }

  PointOfNoReturn Find() {
    SetEvenly();
    while (measured_.size() < most_ && result_.complete) {
      const std::optional<size_t> next = Steepest();
      if (!next.has_value()) break;
      Measure(*next);
    }
    for (const auto& [moment, checkpoint] : measured_) result_.checkpoints.push_back(checkpoint);
    FindRises();
    return std::move(result_);
  }

 private:
  void SetEvenly() {
    const size_t evenly = std::min(most_, std::max<size_t>(2, most_ / kEvenly));
    for (size_t i = 0; i < evenly && result_.complete; ++i) {
      Measure(evenly < 2 ? 0 : (moments_.size() - 1) * i / (evenly - 1));
    }
  }

  // As it was up to that moment.
  const scenarios::BegunRun& At(size_t moment) {
    const auto after = snapshots_.upper_bound(moment);
    if (after != snapshots_.begin() && std::prev(after)->first == moment) return std::prev(after)->second;
    scenarios::BegunRun run = after == snapshots_.begin()
                                  ? scenarios::BegunRun(scenario_, seed_, sim::RecordingLevel::kHistory, Version())
                                  : std::prev(after)->second;
    run.RunTo(sim::Time() + sim::Nanoseconds(moments_[moment]));
    return snapshots_.emplace(moment, std::move(run)).first->second;
  }

  bool Shows(const scenarios::BegunRun& snapshot, int future, bool calm) {
    scenarios::BegunRun run = snapshot;
    const uint64_t before = run.simulation().events();
    run.simulation().Reseed(seed_ + static_cast<uint64_t>(future));
    if (calm) run.simulation().LastFaultHasBegun();
    const Outcome outcome = Judged(scenario_, seed_, run.Finish());
    ++result_.run;
    result_.events += outcome.run.events - before;
    return ShowsType(outcome, result_.type);
  }

  void Measure(size_t moment) {
    if (measured_.contains(moment)) return;
    const scenarios::BegunRun& snapshot = At(moment);
    Checkpoint checkpoint;
    checkpoint.at = sim::Time() + sim::Nanoseconds(moments_[moment]);
    for (int future = 1; future <= options_.futures; ++future) {
      for (const bool calm : {false, true}) {
        if (options_.go_on && !options_.go_on(result_.run, static_cast<int64_t>(most_) * options_.futures * 2)) {
          result_.complete = false;
          return;
        }
        int& shown = calm ? checkpoint.calm : checkpoint.shown;
        shown += Shows(snapshot, future, calm) ? 1 : 0;
      }
    }
    measured_.emplace(moment, checkpoint);
  }

  static int Steps(const Checkpoint& from, const Checkpoint& to) {
    return std::max(std::abs(to.shown - from.shown), std::abs(to.calm - from.calm));
  }

  // The middle of the steepest stretch that has one; of the longest where none is steep.
  std::optional<size_t> Steepest() const {
    std::optional<size_t> best;
    std::pair<int, size_t> most = {-1, 0};
    for (auto to = std::next(measured_.begin()); to != measured_.end(); ++to) {
      const auto from = std::prev(to);
      const size_t length = to->first - from->first;
      if (length < 2) continue;
      const int steps = Steps(from->second, to->second);
      const std::pair<int, size_t> key = {steps * kRisePart >= options_.futures ? steps : 0, length};
      if (key <= most) continue;
      most = key;
      best = from->first + length / 2;
    }
    return best;
  }

  void FindRises() {
    for (const bool calm : {false, true}) {
      for (size_t i = 1; i < result_.checkpoints.size(); ++i) {
        const Checkpoint& from = result_.checkpoints[i - 1];
        const Checkpoint& to = result_.checkpoints[i];
        const int by = calm ? to.calm - from.calm : to.shown - from.shown;
        if (by * kRisePart >= options_.futures && by > 0) result_.rises.push_back(RiseOf(calm, from, to));
      }
    }
  }

  Rise RiseOf(bool calm, const Checkpoint& from, const Checkpoint& to) const {
    Rise rise{calm, from, to};
    std::vector<const TraceEvent*> events;
    for (const TraceEvent& event : trace_.events) {
      if (event.time_ns > from.at.nanos() && event.time_ns <= to.at.nanos()) events.push_back(&event);
    }
    rise.events = static_cast<int64_t>(events.size());
    std::stable_sort(events.begin(), events.end(),
                     [](const TraceEvent* a, const TraceEvent* b) { return RankOf(*a) < RankOf(*b); });
    // Beside what matters most the rest is noise.
    std::erase_if(events, [least = events.empty() ? 0 : RankOf(*events.front())](const TraceEvent* event) {
      return RankOf(*event) > least + 1;
    });
    events.resize(std::min(events.size(), kEventsTold));
    std::sort(events.begin(), events.end(), [](const TraceEvent* a, const TraceEvent* b) { return a->id < b->id; });
    for (const TraceEvent* event : events) {
      formats::StoryLine& line = rise.told.emplace_back();
      line.set_event(event->id);
      line.set_time_ns(event->time_ns);
      line.set_node(std::string(trace_.NodeName(event->node)));
      line.set_text(TextOf(*event));
    }
    return rise;
  }

  std::string TextOf(const TraceEvent& event) const {
    if (!event.records.empty()) return checker::RecordSentence(trace_, event, event.records.front(), "");
    if (RankOf(event) > 1) return visualize::CutText(visualize::DescribeEvent(trace_, event), kWidestText);
    const std::string fault = event.fault.empty() ? "" : fmt::format(" ({})", event.fault);
    return checker::EventSentence(trace_, event) + fault;
  }

  const scenarios::ResolvedScenario& scenario_;
  uint64_t seed_;
  const FuturesOptions& options_;
  const formats::DecodedTrace& trace_;
  size_t most_ = 0;               // checkpoints
  std::vector<int64_t> moments_;  // at which something happened, each once
  std::map<size_t, scenarios::BegunRun> snapshots_;  // by moment
  std::map<size_t, Checkpoint> measured_;
  PointOfNoReturn result_;
};

}  // namespace

absl::StatusOr<PointOfNoReturn> FindPointOfNoReturn(const scenarios::ResolvedScenario& scenario, uint64_t seed,
                                                    const std::string& type, sim::Time last,
                                                    const FuturesOptions& options) {
  const scenarios::RunResult run = scenarios::RunScenario(scenario, seed, sim::RecordingLevel::kTrace, Version());
  if (!run.internal_error.empty()) return absl::InternalError(run.internal_error);
  const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(run.trace);
  if (!trace.ok()) return absl::InternalError(std::string(trace.status().message()));
  return Finder(scenario, seed, last, options, *trace, type).Find();
}

}  // namespace brokersim::runner
