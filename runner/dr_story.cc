#include "runner/dr_story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "formats/trace_codec.h"
#include "runner/metrics.h"

namespace brokersim::runner {
namespace {

using formats::EventKind;

// Longer stories are told without what is least.
constexpr size_t kMostLines = 40;

// Decisions of brokers that a story of recovery needs. The rest of the notes are about clients.
constexpr std::string_view kNotes[] = {"election", "fenced", "unfenced", "truncation", "role", "controlled-shutdown"};

std::string Seconds(int64_t ns) { return fmt::format("{:.3f} s", static_cast<double>(ns) / 1e9); }

class Teller {
 public:
  Teller(const DrCell& cell, const DrillRun& run, const formats::DecodedTrace& trace)
      : cell_(cell), run_(run), trace_(trace) {
    for (auto& [log, value] : LostRecords(run.run.history)) lost_.emplace(std::move(log), std::move(value));
  }

  void Tell(DrStory* story) {
    FindAcknowledgements();
    TellFaults(story);
    TellEvents(story);
    TellAnswers(story);
    std::stable_sort(story->lines.begin(), story->lines.end(),
                     [](const DrStoryLine& a, const DrStoryLine& b) { return a.time_ns < b.time_ns; });
    Shorten(story);
    Draw(story);
  }

 private:
  struct Acknowledgement {
    int64_t time_ns = 0;
    std::string log;
    std::string by;
    bool lost = false;
  };

  void FindAcknowledgements() {
    std::map<std::pair<std::string, std::string>, std::string> appended;  // by whom
    for (const formats::TraceEvent& event : trace_.events) {
      for (const formats::RecordNote& record : event.records) {
        if (record.verb == formats::RecordVerb::kAppended) {
          appended[{record.log, record.value}] = std::string(trace_.NodeName(event.node));
        }
        if (record.verb != formats::RecordVerb::kAcknowledged) continue;
        acknowledged_.push_back(
            {event.time_ns, record.log, appended[{record.log, record.value}], IsLost(record.log, record.value)});
      }
    }
  }

  bool IsLost(const std::string& log, const std::string& value) const { return lost_.contains({log, value}); }

  void TellFaults(DrStory* story) const {
    for (const sim::FaultReport& fault : run_.run.faults) {
      if (!fault.fired) continue;
      std::string whom;
      for (const std::vector<std::string>& meant : fault.meant) {
        for (const std::string& node : meant) whom += " " + node;
      }
      story->lines.push_back({(fault.began - sim::Time()).nanos(), "",
                              fmt::format("{} ({}){}{}", fault.id, fault.kind, whom.empty() ? "" : ":", whom)});
      if (fault.ended.has_value() && *fault.ended > fault.began) {
        story->lines.push_back({(*fault.ended - sim::Time()).nanos(), "", fmt::format("{} ends", fault.id)});
      }
    }
  }

  void TellEvents(DrStory* story) {
    const int64_t strike = run_.seen.strike_ns;
    for (const formats::TraceEvent& event : trace_.events) {
      if (event.time_ns < strike) continue;
      const bool note = event.kind == EventKind::kNote &&
                        std::find(std::begin(kNotes), std::end(kNotes), event.type) != std::end(kNotes);
      const bool start = event.kind == EventKind::kStart;
      if (!note && !start) continue;
      // Kafka's own topics would drown the others.
      if (event.text.find("__") != std::string::npos) continue;
      story->lines.push_back({event.time_ns, std::string(trace_.NodeName(event.node)), start ? "starts" : event.text});
    }
  }

  // When writes of each log were acknowledged for the last time before the longest silence, and again after it.
  void TellAnswers(DrStory* story) const {
    std::map<std::string, std::vector<int64_t>> times;
    int64_t load_end = 0;
    for (const formats::Operation& operation : run_.run.history.operations()) {
      if (IsMirrors(operation)) continue;
      for (const formats::Action& action : operation.actions()) {
        if (!action.has_send()) continue;
        load_end = std::max(load_end, operation.time_ns());
        if (operation.type() == formats::Operation::OK) times[action.send().log()].push_back(operation.time_ns());
      }
    }
    for (const auto& [log, at] : times) {
      int64_t from = 0;
      int64_t to = 0;
      for (size_t i = 0; i < at.size(); ++i) {
        const int64_t next = i + 1 < at.size() ? at[i + 1] : load_end;
        if (next <= run_.seen.strike_ns || next - at[i] <= to - from) continue;
        from = at[i];
        to = next;
      }
      if (to - from < kDrOutageNs) continue;
      story->lines.push_back({from, "", fmt::format("the last acknowledged write to {} before the silence", log)});
      const bool again = to != load_end;
      story->lines.push_back({to, "",
                              again ? fmt::format("{} is written again: after {}", log, Seconds(to - from))
                                    : fmt::format("the load ends, and {} was not written again", log)});
    }
    if (!lost_.empty()) {
      story->lines.push_back({trace_.end_ns, "", fmt::format("{} acknowledged records are missing", lost_.size())});
    }
  }

  static void Shorten(DrStory* story) {
    if (story->lines.size() <= kMostLines) return;
    const size_t left_out = story->lines.size() - kMostLines;
    const int64_t at = story->lines[kMostLines / 2].time_ns;
    story->lines.erase(story->lines.begin() + kMostLines / 2, story->lines.begin() + kMostLines / 2 + left_out);
    story->lines.insert(story->lines.begin() + kMostLines / 2, {at, "", fmt::format("... {} lines more", left_out)});
  }

  std::string LaneName(const std::string& node) const {
    const scenarios::World& world = *cell_.laid->scenario.world;
    for (size_t i = 0; i < world.nodes(); ++i) {
      if (world.node(i).name == node) return fmt::format("{} in {}", node, world.node(i).datacenter);
    }
    return node;
  }

  std::vector<visualize::Span> DownTimes(const std::string& node) const {
    std::vector<visualize::Span> down;
    int64_t since = -1;
    for (const formats::TraceEvent& event : trace_.events) {
      if (trace_.NodeName(event.node) != node) continue;
      const bool ends =
          event.kind == EventKind::kCrash || event.kind == EventKind::kPowerLoss || event.kind == EventKind::kExit;
      if (ends && since < 0) since = event.time_ns;
      if (event.kind == EventKind::kStart && since >= 0) {
        down.push_back({since, event.time_ns});
        since = -1;
      }
    }
    if (since >= 0) down.push_back({since, trace_.end_ns});
    return down;
  }

  void DrawOwners(DrStory* story) {
    const scenarios::World& world = *cell_.laid->scenario.world;
    for (size_t owned = 0; owned < run_.seen.owned.size(); ++owned) {
      for (size_t i = 0; i < world.nodes(); ++i) {
        const std::string& node = world.node(i).name;
        if (world.node(i).role != "broker") continue;
        visualize::DrillLane lane;
        lane.name = LaneName(node);
        lane.what = run_.seen.owned[owned].role;
        for (const Belief& belief : run_.seen.beliefs) {
          if (belief.owned == owned && belief.node == node) lane.owns.push_back({belief.from_ns, belief.to_ns});
        }
        lane.down = DownTimes(node);
        DrawAcknowledged(owned, node, &lane);
        if (!lane.owns.empty() || !lane.kept.empty()) story->view.lanes.push_back(std::move(lane));
      }
    }
  }

  // Producers hear of acknowledgements; whose they are says who wrote the record to its log last, as leader.
  void DrawAcknowledged(size_t owned, const std::string& node, visualize::DrillLane* lane) const {
    const std::vector<std::string>& logs = run_.seen.owned[owned].logs;
    for (const Acknowledgement& one : acknowledged_) {
      if (one.by != node || std::find(logs.begin(), logs.end(), one.log) == logs.end()) continue;
      (one.lost ? lane->lost : lane->kept).push_back(one.time_ns);
    }
  }

  void DrawClients(DrStory* story) const {
    std::map<std::string, visualize::DrillLane> clients;
    for (const formats::Operation& operation : run_.run.history.operations()) {
      if (operation.type() != formats::Operation::OK || operation.f() == "read-all") continue;
      bool served = false;
      for (const formats::Action& action : operation.actions()) {
        served = served || action.has_send() || action.poll().reads_size() > 0;
      }
      if (served) clients[operation.process()].kept.push_back(operation.time_ns());
    }
    for (auto& [client, lane] : clients) {
      lane.name = LaneName(client);
      lane.down = DownTimes(client);
      story->view.lanes.push_back(std::move(lane));
    }
  }

  void Draw(DrStory* story) {
    visualize::DrillView& view = story->view;
    view.title = fmt::format("{}, seed {}", cell_.Text(), story->seed);
    view.end_ns = trace_.end_ns;
    for (const sim::FaultReport& fault : run_.run.faults) {
      if (!fault.fired) continue;
      const int64_t began = (fault.began - sim::Time()).nanos();
      const bool instant = fault.ended.has_value() && *fault.ended <= fault.began;
      const int64_t ended = fault.ended.has_value() ? (*fault.ended - sim::Time()).nanos() : trace_.end_ns;
      view.faults.emplace_back(fault.id, visualize::Span{began, instant ? began : ended});
    }
    for (const TwoOwners& two : TwoOwnersOf(run_.seen)) view.two_owners.push_back({two.from_ns, two.to_ns});
    view.marks.emplace_back(run_.seen.strike_ns, "strike");
    DrawOwners(story);
    DrawClients(story);
  }

  const DrCell& cell_;
  const DrillRun& run_;
  const formats::DecodedTrace& trace_;
  std::set<std::pair<std::string, std::string>> lost_;
  std::vector<Acknowledgement> acknowledged_;  // in order of time
};

}  // namespace

absl::StatusOr<DrStory> TellDrill(const DrCell& cell, uint64_t seed) {
  const DrillRun run = RunDrill(*cell.laid, seed, sim::RecordingLevel::kTrace);
  if (!run.run.internal_error.empty()) return absl::InternalError(run.run.internal_error);
  const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(run.run.trace);
  if (!trace.ok()) return trace.status();
  DrStory story;
  story.seed = seed;
  story.hash = run.run.hash;
  story.measures = run.measures;
  Teller(cell, run, *trace).Tell(&story);
  return story;
}

std::string DrStoryText(const DrStory& story) {
  std::string text;
  for (const DrStoryLine& line : story.lines) {
    text += fmt::format("  {:>10.3f} s  {:<10}  {}\n", static_cast<double>(line.time_ns) / 1e9, line.node, line.text);
  }
  return text;
}

}  // namespace brokersim::runner
