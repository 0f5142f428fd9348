#include "runner/causes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "runner/shrink_steps.h"
#include "scenarios/setting_changes.h"

namespace brokersim::runner {
namespace {

using scenarios::Setup;

// Moments from which courses may differ, in 256ths of the run's last: eighths, then ever nearer to it.
constexpr int64_t kMoments[] = {0, 32, 64, 96, 128, 160, 192, 224, 240, 248, 252, 254, 255};
// Where few courses show it, up to so many times as many are run.
constexpr int kMostTimes = 4;

// REQUIRES: the part is one.
const scenarios::Fault& FaultOf(const Setup& setup, const Part& part) {
  return setup.fault(part.fields[0][0].second);
}

Candidate FaultCandidate(const Setup& setup, std::string name, const std::vector<Part>& parts) {
  Candidate candidate;
  candidate.kind = Candidate::Kind::kFault;
  candidate.name = std::move(name);
  for (const Part& part : parts) candidate.faults.push_back(FaultOf(setup, part).id());
  candidate.without = Without(setup, parts);
  return candidate;
}

Candidate SettingCandidate(scenarios::SettingChange change) {
  Candidate candidate;
  candidate.kind = change.risk.empty() ? Candidate::Kind::kSetting : Candidate::Kind::kRule;
  candidate.name = fmt::format("{} ({}{})", change.line, change.whose, change.given ? "" : ", the default");
  candidate.line = std::move(change.line);
  candidate.instead = std::move(change.instead);
  candidate.risk = std::move(change.risk);
  candidate.given = change.given;
  candidate.without = std::move(change.setup);
  return candidate;
}

class Search {
 public:
  Search(const Setup& setup, const std::vector<std::string>& idle, const Tried& tried, const CauseOptions& options)
      : setup_(setup), idle_(idle), tried_(tried), options_(options) {}

  CauseSearch Find() {
    std::vector<Cause> suspects = GoneAlone(CandidatesOf(setup_, idle_));
    AddTogether(&suspects);
    if (!suspects.empty()) ChooseCourses();
    for (Cause& suspect : suspects) Confirm(std::move(suspect));
    Rank(&result_.causes);
    Rank(&result_.unconfirmed);
    return std::move(result_);
  }

 private:
  // Empty: it makes no sense, or the search is to end.
  std::optional<bool> Run(const Setup& setup, const Course& course, std::string_view what) {
    if (!result_.complete) return std::nullopt;
    if (options_.go_on && !options_.go_on(result_.runs, what)) {
      result_.complete = false;
      return std::nullopt;
    }
    ++result_.runs;
    return tried_(setup, course);
  }

  bool GoesAway(const Candidate& candidate) {
    const std::optional<bool> shown = Run(candidate.without, {}, candidate.name);
    return shown.has_value() && !*shown;
  }

  // Of a setting with two other values the first that makes it go away.
  std::vector<Cause> GoneAlone(std::vector<Candidate> candidates) {
    std::vector<Cause> suspects;
    result_.candidates = static_cast<int>(candidates.size());
    for (Candidate& candidate : candidates) {
      const bool again = !candidate.line.empty() && !suspects.empty() && suspects.back().what.line == candidate.line;
      if (!again && GoesAway(candidate)) suspects.push_back({std::move(candidate)});
    }
    return suspects;
  }

  // Where no fault is needed, several may be: each of them would do.
  void AddTogether(std::vector<Cause>* suspects) {
    const auto is_fault = [](const Cause& cause) { return cause.what.kind == Candidate::Kind::kFault; };
    if (std::any_of(suspects->begin(), suspects->end(), is_fault)) return;
    const std::vector<Part> all = PartsOf(setup_, PartKind::kFault);
    if (all.empty()) {
      result_.without_faults = true;
      return;
    }
    Candidate none = FaultCandidate(setup_, fmt::format("all {} faults together", all.size()), all);
    if (!GoesAway(none)) {
      result_.without_faults = result_.complete;
      return;
    }
    const size_t before = suspects->size();
    std::map<std::string, std::vector<Part>> kinds;
    for (const Part& part : all) kinds[KindOf(FaultOf(setup_, part))].push_back(part);
    for (const auto& [kind, parts] : kinds) {
      if (parts.size() < 2) continue;
      Candidate together = FaultCandidate(setup_, fmt::format("all {} faults of kind {}", parts.size(), kind), parts);
      if (GoesAway(together)) suspects->push_back({std::move(together)});
    }
    if (suspects->size() == before && all.size() > 1) suspects->push_back({std::move(none)});
  }

  bool ShownIn(const Course& course, const Setup& setup, std::string_view what) {
    return Run(setup, course, what).value_or(false);
  }

  // The earliest moment that leaves the anomaly in half of the courses, else the one that leaves it in most.
  sim::Time ChooseMoment() {
    sim::Time best;
    int most = -1;
    for (const int64_t moment : kMoments) {
      if (most * 2 >= options_.courses) break;
      const int64_t ns = (options_.last - sim::Time()).nanos() / 256 * moment;
      const sim::Time at = sim::Time() + sim::Milliseconds(ns / 1'000'000);
      int shown = 0;
      for (int i = 0; i < options_.courses; ++i) shown += ShownIn({at, ++draws_}, setup_, "other courses") ? 1 : 0;
      if (shown <= most) continue;
      most = shown;
      best = at;
    }
    return best;
  }

  // Other courses than those by which the moment was chosen, which flatter it.
  void ChooseCourses() {
    result_.at = ChooseMoment();
    const int enough = (options_.courses * 2 + 2) / 3;
    while (result_.complete && static_cast<int>(courses_.size()) < options_.courses * kMostTimes) {
      if (static_cast<int>(courses_.size()) >= options_.courses && result_.shown >= enough) break;
      const Course course{result_.at, ++draws_};
      courses_.emplace_back(course, ShownIn(course, setup_, "other courses"));
      result_.shown += courses_.back().second ? 1 : 0;
    }
    result_.courses = static_cast<int>(courses_.size());
  }

  void Confirm(Cause suspect) {
    int spared = 0;
    int struck = 0;
    for (const auto& [course, shown_as_it_is] : courses_) {
      const bool shown = ShownIn(course, suspect.what.without, suspect.what.name);
      suspect.shown += shown ? 1 : 0;
      spared += shown_as_it_is && !shown ? 1 : 0;
      struck += !shown_as_it_is && shown ? 1 : 0;
    }
    if (!result_.complete) return;  // what wasn't tried to the end is not said
    const bool cause = suspect.shown * 2 <= result_.shown && IsMoreThanChance(spared, struck);
    (cause ? result_.causes : result_.unconfirmed).push_back(std::move(suspect));
  }

  // 0: never without it, 1: at most a quarter as often, 2: less often.
  int Level(const Cause& cause) const {
    if (cause.shown == 0) return 0;
    return cause.shown * 4 <= result_.shown ? 1 : 2;
  }

  void Rank(std::vector<Cause>* causes) const {
    const auto key = [this](const Cause& cause) {
      return std::make_tuple(Level(cause), cause.what.kind, !cause.what.given, cause.shown);
    };
    std::stable_sort(causes->begin(), causes->end(), [&](const Cause& a, const Cause& b) { return key(a) < key(b); });
  }

  const Setup& setup_;
  const std::vector<std::string>& idle_;
  const Tried& tried_;
  const CauseOptions& options_;
  std::vector<std::pair<Course, bool>> courses_;  // and whether they show it as it is
  uint64_t draws_ = 0;                            // of the last course that was tried
  CauseSearch result_;
};

}  // namespace

bool IsMoreThanChance(int spared, int struck) {
  const int n = spared + struck;
  uint64_t ways = 0;
  uint64_t choose = 1;  // n over k
  for (int k = 0; k <= struck; ++k) {
    ways += choose;
    choose = choose * static_cast<uint64_t>(n - k) / static_cast<uint64_t>(k + 1);
  }
  // ways / 2^n <= 1/50. With 57 and more, and at most half of them struck, nothing overflows in between.
  return n > 56 ? spared >= 2 * struck : ways * 50 <= uint64_t{1} << n;
}

std::vector<Candidate> CandidatesOf(const Setup& setup, const std::vector<std::string>& idle) {
  std::vector<Candidate> candidates;
  for (scenarios::SettingChange& change : scenarios::SettingChanges(setup)) {
    candidates.push_back(SettingCandidate(std::move(change)));
  }
  for (const Part& part : PartsOf(setup, PartKind::kFault)) {
    const std::string& id = FaultOf(setup, part).id();
    if (std::find(idle.begin(), idle.end(), id) == idle.end()) {
      candidates.push_back(FaultCandidate(setup, id, {part}));
    }
  }
  return candidates;
}

CauseSearch FindCauses(const Setup& setup, const std::vector<std::string>& idle, const Tried& tried,
                       const CauseOptions& options) {
  return Search(setup, idle, tried, options).Find();
}

}  // namespace brokersim::runner
