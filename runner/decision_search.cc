#include "runner/decision_search.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "checker/story.h"
#include "formats/trace_codec.h"
#include "runner/causes.h"
#include "runner/rerun.h"

namespace brokersim::runner {
namespace {

using scenarios::ResolvedScenario;
using scenarios::Setup;
using Undone = Decision::Undone;

// So many of each sort are tried with other draws: of messages that get through, of timers, of messages that are lost.
constexpr int kConfirmed[] = {3, 2, 3};

// From when on courses differ, in 16ths of the time from the decision to the last moment.
constexpr int64_t kMoments[] = {0, 4, 8, 12, 14, 15};

Setup With(const Setup& setup, const Decision& decision) {
  Setup undone = setup;
  *undone.add_fault() = decision.fault;
  return undone;
}

class Search {
 public:
  Search(const Setup& setup, const std::string& name, uint64_t seed, const std::string& type,
         const formats::Anomaly& anomaly, const DecisionOptions& options)
      : setup_(setup), name_(name), seed_(seed), type_(type), anomaly_(anomaly), options_(options) {
    for (const formats::RecordId& record : anomaly.records()) records_.insert(record.value());
  }

  DecisionSearch Find() {
    if (options_.most == 0 || !Observe()) return std::move(result_);
    size_t all = 0;
    std::vector<Decision> decisions = DecisionsOf(trace_, history_, anomaly_, options_.most, &all);
    result_.decisions = static_cast<int>(all);
    for (Decision& decision : decisions) {
      if (!GoOn(decision.name)) break;
      Try(std::move(decision));
    }
    const auto order = [](const Deciding& one) { return std::make_tuple(one.what.undone, one.others > 0); };
    std::stable_sort(result_.found.begin(), result_.found.end(),
                     [&](const Deciding& a, const Deciding& b) { return order(a) < order(b); });
    int confirmed[] = {0, 0, 0};
    for (Deciding& deciding : result_.found) {
      const auto sort = static_cast<size_t>(deciding.what.undone);
      if (confirmed[sort]++ < kConfirmed[sort]) Confirm(&deciding);
    }
    const auto rank = [](const Deciding& one) { return one.confirmed ? 0 : one.courses == 0 ? 1 : 2; };
    std::stable_sort(result_.found.begin(), result_.found.end(),
                     [&](const Deciding& a, const Deciding& b) { return rank(a) < rank(b); });
    return std::move(result_);
  }

 private:
  bool GoOn(std::string_view what) {
    if (result_.complete && options_.go_on) result_.complete = options_.go_on(result_.runs, what);
    return result_.complete;
  }

  absl::StatusOr<ResolvedScenario> Resolve(const Setup& setup) const {
    return Resolved(ScenarioOf(setup, name_, "decision"));
  }

  // Runs it as it is, with a trace, and finds its anomaly there.
  bool Observe() {
    as_it_is_ = Resolve(setup_);
    if (!as_it_is_.ok()) return false;
    scenarios::RunResult run = scenarios::RunScenario(*as_it_is_, seed_, sim::RecordingLevel::kTrace, Version());
    ++result_.runs;
    absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(run.trace);
    if (!trace.ok()) return false;
    trace_ = *std::move(trace);
    history_ = run.history;
    faults_ = run.faults;
    const Outcome outcome = Judged(*as_it_is_, seed_, std::move(run));
    for (const std::string& type : ShownTypes(outcome)) types_.insert(type);
    if (!Recognise(outcome)) return false;
    anomaly_.clear_story();
    checker::StoryOptions story;
    story.thorough = true;
    checker::AddStory(trace_, history_, story, &anomaly_);
    promised_by_ = PromisedBy(trace_, history_, anomaly_);
    return true;
  }

  // Takes the anomaly as this run's verdict has it; false: it isn't there.
  bool Recognise(const Outcome& outcome) {
    if (type_ == kNoProgressType) return IsThere(outcome);
    for (const formats::Anomaly& other : outcome.verdict.anomalies()) {
      const auto& now = other.records();
      const auto& before = anomaly_.records();
      const bool same = IsOfType(other) && now.size() == before.size() &&
                        std::equal(now.begin(), now.end(), before.begin(), [](const auto& a, const auto& b) {
                          return a.log() == b.log() && a.value() == b.value();
                        });
      if (!same || (now.empty() && other.explanation() != anomaly_.explanation())) continue;
      anomaly_ = other;
      return true;
    }
    return false;
  }

  bool IsOfType(const formats::Anomaly& other) const { return other.type() == type_; }

  bool IsAboutItsRecords(const formats::Anomaly& other) const {
    const auto& records = other.records();
    return records_.empty() || std::any_of(records.begin(), records.end(), [&](const formats::RecordId& record) {
             return records_.contains(record.value());
           });
  }

  // The anomaly, or one of the same type of one of its records.
  bool IsThere(const Outcome& outcome) const {
    if (records_.empty()) return ShowsType(outcome, type_);
    const auto& anomalies = outcome.verdict.anomalies();
    return std::any_of(anomalies.begin(), anomalies.end(), [this](const formats::Anomaly& other) {
      return IsOfType(other) && IsAboutItsRecords(other);
    });
  }

  static bool HadEffect(const Outcome& outcome, const std::string& fault) {
    const auto& faults = outcome.run.faults;
    return std::any_of(faults.begin(), faults.end(),
                       [&](const sim::FaultReport& report) { return report.id == fault && report.effects > 0; });
  }

  // The promise is made and put to the test, and a fault that waits for a message or another fault has begun if it had.
  bool Counts(const Outcome& outcome) const {
    for (const sim::FaultReport& before : faults_) {
      const auto& faults = outcome.run.faults;
      const auto now = std::find_if(faults.begin(), faults.end(),
                                    [&](const sim::FaultReport& report) { return report.id == before.id; });
      if (before.fired && (now == faults.end() || !now->fired)) return false;
    }
    return SamePromise(anomaly_, history_, outcome.run.history, promised_by_);
  }

  void Try(Decision decision) {
    ++result_.tried;
    ++result_.runs;
    const absl::StatusOr<ResolvedScenario> undone = Resolve(With(setup_, decision));
    if (!undone.ok()) {
      ++result_.without_effect;
      return;
    }
    const Outcome outcome =
        Judged(*undone, seed_, scenarios::RunScenario(*undone, seed_, sim::RecordingLevel::kHistory, Version()));
    if (!outcome.run.internal_error.empty() || !HadEffect(outcome, decision.fault.id())) {
      ++result_.without_effect;
      return;
    }
    if (IsThere(outcome)) return;
    if (!Counts(outcome)) {
      ++result_.no_promise;
      return;
    }
    if (!Verified(*undone, decision)) {
      ++result_.without_effect;
      return;
    }
    Deciding deciding;
    deciding.what = std::move(decision);
    const auto& anomalies = outcome.verdict.anomalies();
    deciding.others = static_cast<int>(std::count_if(
        anomalies.begin(), anomalies.end(), [this](const formats::Anomaly& other) { return IsOfType(other); }));
    for (const std::string& type : ShownTypes(outcome)) {
      if (!types_.contains(type)) deciding.instead.push_back(type);
    }
    result_.found.push_back(std::move(deciding));
  }

  bool Verified(const ResolvedScenario& undone, const Decision& decision) {
    ++result_.runs;
    const scenarios::RunResult run =
        scenarios::RunScenario(undone, seed_, sim::RecordingLevel::kTrace, Version());
    const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(run.trace);
    return trace.ok() && WasUndone(decision, *trace);
  }

  // Whether that course shows the anomaly; empty: it doesn't make the promise.
  std::optional<bool> ShownIn(const ResolvedScenario& scenario, const scenarios::BegunRun& until, int course) {
    scenarios::BegunRun copy = until;
    copy.simulation().Reseed(seed_ + static_cast<uint64_t>(course));
    ++result_.runs;
    const Outcome outcome = Judged(scenario, seed_, copy.Finish());
    if (!outcome.run.internal_error.empty()) return std::nullopt;
    if (IsThere(outcome)) return true;
    if (!Counts(outcome)) return std::nullopt;
    return false;
  }

  // The earliest moment from the decision on that leaves the anomaly in half of the courses, else the last.
  sim::Time ChooseMoment(const Decision& decision) {
    sim::Time moment = decision.at;
    scenarios::BegunRun run(*as_it_is_, seed_, sim::RecordingLevel::kHistory, Version());
    for (const int64_t part : kMoments) {
      moment = decision.at;
      if (options_.last > decision.at) moment = decision.at + (options_.last - decision.at) / 16 * part;
      run.RunTo(moment);
      int shown = 0;
      for (int course = 1; course <= options_.courses; ++course) {
        if (!GoOn(decision.name)) return moment;
        shown += ShownIn(*as_it_is_, run, options_.courses + course).value_or(false) ? 1 : 0;
      }
      if (shown * 2 >= options_.courses || options_.last <= decision.at) break;
    }
    return moment;
  }

  void Confirm(Deciding* deciding) {
    const absl::StatusOr<ResolvedScenario> undone = Resolve(With(setup_, deciding->what));
    const sim::Time from = ChooseMoment(deciding->what);
    scenarios::BegunRun as_it_was(*as_it_is_, seed_, sim::RecordingLevel::kHistory, Version());
    scenarios::BegunRun without(*undone, seed_, sim::RecordingLevel::kHistory, Version());
    as_it_was.RunTo(from);
    without.RunTo(from);
    int spared = 0;
    int struck = 0;
    Deciding tried = *deciding;
    tried.from = from;
    // Other courses than those by which the moment was chosen, which flatter it.
    for (int course = 1; course <= options_.courses; ++course) {
      if (!GoOn(deciding->what.name)) return;  // what wasn't tried to the end is not said
      const bool shown = ShownIn(*as_it_is_, as_it_was, course).value_or(false);
      const std::optional<bool> shown_without = ShownIn(*undone, without, course);
      ++tried.courses;
      tried.shown += shown ? 1 : 0;
      tried.shown_without += shown_without.value_or(false) ? 1 : 0;
      tried.void_without += shown_without.has_value() ? 0 : 1;
      spared += shown && shown_without.has_value() && !*shown_without ? 1 : 0;
      struck += !shown && shown_without.value_or(false) ? 1 : 0;
    }
    tried.confirmed = spared > 0 && tried.shown_without * 2 <= tried.shown && IsMoreThanChance(spared, struck);
    *deciding = std::move(tried);
  }

  const Setup& setup_;
  const std::string& name_;
  uint64_t seed_;
  const std::string& type_;
  formats::Anomaly anomaly_;
  const DecisionOptions& options_;
  std::set<std::string> records_;  // values
  std::set<std::string> types_;    // that the run shows as it is
  absl::StatusOr<ResolvedScenario> as_it_is_ = absl::UnknownError("");
  formats::DecodedTrace trace_;
  formats::History history_;
  std::vector<sim::FaultReport> faults_;
  sim::Time promised_by_;
  DecisionSearch result_;
};

}  // namespace

DecisionSearch FindDecisions(const Setup& setup, const std::string& name, uint64_t seed, const std::string& type,
                             const formats::Anomaly& anomaly, const DecisionOptions& options) {
  return Search(setup, name, seed, type, anomaly, options).Find();
}

std::string UndoneText(const Setup& setup, const std::string& name, const std::string& variant,
                       const Decision& decision) {
  Setup undone = With(setup, decision);
  // What the message gets past may have nothing else to do.
  for (scenarios::Fault& fault : *undone.mutable_fault()) {
    if (fault.id() != decision.fault.id()) fault.set_may_be_inert(true);
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(ScenarioOf(undone, name, variant), &text);
  return text;
}

}  // namespace brokersim::runner
