#include "runner/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "checker/story.h"
#include "formats/trace_codec.h"
#include "runner/shrink_steps.h"
#include "sim/base/check.h"

namespace brokersim::runner {
namespace {

using scenarios::ResolvedScenario;
using scenarios::Setup;

// Runs edited setups, and remembers the last one: it is asked for again in other courses.
class Trials {
 public:
  Trials(const ResolvedScenario& scenario, uint64_t seed, std::string type)
      : scenario_(scenario), seed_(seed), type_(std::move(type)) {}

  std::optional<bool> operator()(const Setup& setup, const Course& course) {
    if (!Resolve(setup)) return std::nullopt;
    scenarios::BegunRun run(*resolved_, seed_, sim::RecordingLevel::kHistory, Version());
    if (course.at > sim::Time()) run.RunTo(course.at);
    if (course.draws.has_value()) run.simulation().Reseed(seed_ + *course.draws);
    const Outcome outcome = Judged(*resolved_, seed_, run.Finish());
    if (!outcome.run.internal_error.empty()) return std::nullopt;
    return ShowsType(outcome, type_);
  }

 private:
  bool Resolve(const Setup& setup) {
    std::string key = setup.SerializeAsString();
    if (key == last_) return resolved_.ok();
    last_ = std::move(key);
    resolved_ = Resolved(ScenarioOf(setup, scenario_.name.substr(scenario_.name.rfind('/') + 1), scenario_.variant));
    return resolved_.ok();
  }

  const ResolvedScenario& scenario_;
  uint64_t seed_;
  std::string type_;
  std::string last_ = "none";
  absl::StatusOr<ResolvedScenario> resolved_ = absl::UnknownError("");
};

// Chooses the anomaly; kNotFound if there is none like it.
absl::Status Choose(const std::string& wanted, Explanation* result) {
  const formats::Verdict& verdict = result->outcome.verdict;
  const std::vector<std::string> types = ShownTypes(result->outcome);
  const absl::Status other = absl::NotFoundError(WhatItShows(result->outcome));
  if (types.empty()) return other;
  int index = -1;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
  if (error == std::errc() && end == wanted.data() + wanted.size()) {
    if (index < 1 || index > verdict.anomalies_size()) return other;
    result->type = verdict.anomalies(index - 1).type();
    --index;
  } else {
    result->type = wanted.empty() ? types.front() : wanted;
    if (std::find(types.begin(), types.end(), result->type) == types.end()) return other;
    index = -1;
  }
  for (int i = 0; i < verdict.anomalies_size(); ++i) {
    if (verdict.anomalies(i).type() != result->type) continue;
    ++result->of_type;
    if (index < 0) index = i;
  }
  if (index < 0) {
    result->anomaly.set_type(result->type);
    result->anomaly.set_explanation(absl::StrJoin(result->outcome.progress.reasons, " "));
    for (const formats::Operation& op : result->outcome.run.history.operations()) {
      const bool failed = op.type() == formats::Operation::INFO || op.type() == formats::Operation::FAIL;
      if (op.f() == "read-all" && failed) result->anomaly.add_operations(op.index());
    }
    return absl::OkStatus();
  }
  result->number = index + 1;
  result->anomaly = verdict.anomalies(index);
  return absl::OkStatus();
}

std::string NodesOf(const sim::FaultReport& fault) {
  std::string nodes;
  for (const std::vector<std::string>& meant : fault.meant) {
    if (meant.empty()) continue;
    nodes += fmt::format("{}{}", nodes.empty() ? ": " : " | ", absl::StrJoin(meant, " "));
  }
  return nodes;
}

// To the millisecond.
std::string TextOf(sim::Time time) { return sim::ToText(sim::Milliseconds(time.nanos() / 1'000'000)); }

std::string TextOf(const sim::FaultReport& fault) {
  const std::string when = fault.ended.has_value() && *fault.ended > fault.began
                               ? fmt::format("from {} to {}", TextOf(fault.began), TextOf(*fault.ended))
                               : fmt::format("at {}", TextOf(fault.began));
  return fmt::format("{}{}, {}", fault.kind, NodesOf(fault), when);
}

// When the anomaly is there at the latest: with its last operation. After the heal nothing is decided any more.
sim::Time LastMoment(const Explanation& result, const Setup& setup) {
  sim::Time last = sim::Time() + HealOf(setup);
  const formats::History& history = result.outcome.run.history;
  if (result.anomaly.operations().empty()) return last;
  const uint64_t index = result.anomaly.operations(result.anomaly.operations_size() - 1);
  if (index >= static_cast<uint64_t>(history.operations_size())) return last;
  return std::min(last, sim::Time() + sim::Nanoseconds(history.operations(static_cast<int>(index)).time_ns()));
}

// All faults that are no cause, alone or with others.
std::set<std::string> Unrelated(const Explanation& result) {
  std::set<std::string> ids(result.fault_ids.begin(), result.fault_ids.end());
  for (const Cause& cause : result.search.causes) {
    for (const std::string& id : cause.what.faults) ids.erase(id);
  }
  return ids;
}

void AddStory(const ResolvedScenario& scenario, uint64_t seed, Explanation* result) {
  if (result->anomaly.operations().empty()) return;
  const scenarios::RunResult run =
      scenarios::RunScenario(scenario, seed, sim::RecordingLevel::kTrace, Version());
  const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(run.trace);
  if (!trace.ok()) return;
  checker::StoryOptions options;
  options.lines = checker::kStoryLines - 1;  // the last one is the rule
  options.thorough = true;
  options.unrelated = Unrelated(*result);
  checker::AddStory(*trace, run.history, options, &result->anomaly);
}

void FindDeciding(const ResolvedScenario& scenario, uint64_t seed, const ExplainOptions& options, Explanation* result) {
  DecisionOptions decisions;
  decisions.most = options.decisions;
  decisions.courses = options.courses;
  decisions.last = LastMoment(*result, result->setup);
  if (options.go_on) {
    decisions.go_on = [&, before = result->search.runs](uint64_t runs, std::string_view what) {
      return options.go_on(before + runs, what);
    };
  }
  formats::Anomaly anomaly = result->number > 0 ? result->outcome.verdict.anomalies(result->number - 1)
                                                : result->anomaly;
  result->decisions = FindDecisions(result->setup, scenario.name.substr(scenario.name.rfind('/') + 1), seed,
                                    result->type, anomaly, decisions);
}

// The rule that allowed it, or who else did.
std::string RuleOf(const Explanation& result) {
  const std::vector<Cause>& causes = result.search.causes;
  for (const Cause& cause : causes) {
    if (cause.what.kind == Candidate::Kind::kRule) return fmt::format("{}: {}", cause.what.line, cause.what.risk);
  }
  for (const Cause& cause : causes) {
    for (const sim::FaultReport& fault : result.outcome.run.faults) {
      const auto& ids = cause.what.faults;
      if (fault.budget != sim::Budget::kBeyond || std::find(ids.begin(), ids.end(), fault.id) == ids.end()) continue;
      return fmt::format("{}: {} is more than a system promises to survive", fault.id, fault.kind);
    }
  }
  for (const Cause& cause : causes) {
    if (cause.what.kind == Candidate::Kind::kSetting) {
      return fmt::format("{}: with {} it doesn't happen", cause.what.line, cause.what.instead);
    }
  }
  return "";
}

}  // namespace

std::string Explanation::FaultText(const std::string& id) const {
  const auto found = std::find(fault_ids.begin(), fault_ids.end(), id);
  return found == fault_ids.end() ? id : fault_texts[static_cast<size_t>(found - fault_ids.begin())];
}

std::string UndoneText(const Explanation& explanation, const Deciding& deciding, const std::string& name) {
  return UndoneText(explanation.setup, name, explanation.outcome.variant, deciding.what);
}

absl::StatusOr<Explanation> Explain(const ResolvedScenario& scenario, uint64_t seed, const ExplainOptions& options) {
  Explanation result;
  result.outcome = RunAndCheck(scenario, seed, sim::RecordingLevel::kHistory);
  const scenarios::RunResult& run = result.outcome.run;
  if (!run.internal_error.empty()) return absl::InternalError(run.internal_error);
  if (const absl::Status status = Choose(options.anomaly, &result); !status.ok()) return status;
  std::vector<std::string> idle;
  for (const sim::FaultReport& fault : run.faults) {
    result.fault_ids.push_back(fault.id);
    result.fault_texts.push_back(TextOf(fault));
    if (fault.effects == 0) idle.push_back(fault.id);
  }
  Trials trials(scenario, seed, result.type);
  const Tried tried = std::ref(trials);
  const Shows shows = [&](const Setup& setup, uint64_t) { return tried(setup, {}).value_or(false); };
  const Setup& setup = result.setup = WrittenOut(scenario, seed, run, shows);
  CHECK(shows(setup, seed), "written out, the run shows {} no more", result.type);
  CauseOptions search;
  search.courses = options.courses;
  search.last = LastMoment(result, setup);
  search.go_on = options.go_on;
  result.search = FindCauses(setup, idle, tried, search);
  AddStory(scenario, seed, &result);
  result.rule = RuleOf(result);
  if (result.search.complete) FindDeciding(scenario, seed, options, &result);
  if (!options.futures.has_value() || !result.search.complete || !result.decisions.complete) return result;
  absl::StatusOr<PointOfNoReturn> point =
      FindPointOfNoReturn(scenario, seed, result.type, search.last, *options.futures);
  if (!point.ok()) return point.status();
  result.point = *std::move(point);
  return result;
}

}  // namespace brokersim::runner
