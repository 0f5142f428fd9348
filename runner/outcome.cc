#include "runner/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "checker/check.h"
#include "checker/story.h"
#include "formats/trace_codec.h"
#include "runner/cause.h"
#include "runner/judge.h"
#include "runner/violation_watch.h"

namespace brokersim::runner {
namespace {

// From bad to good.
int Rank(ExitCode code) {
  switch (code) {
    case kInternal: return 0;
    case kNondeterminism: return 1;
    case kViolation: return 2;
    case kNoProgress: return 3;
    case kUnknown: return 4;
    case kHeld: return 5;
    case kUsage:
    case kBadInput:
    case kInterrupted:
      return -1;
  }
  return -1;
}

// A word as a shell reads it back.
std::string ShellWord(const std::string& word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+,:@%=";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

// A run in which a fault that was to happen has not says nothing, unless it shows a violation all the same.
void NoteInert(const std::vector<std::string>& inert, formats::Verdict* verdict) {
  for (const std::string& fault : inert) {
    verdict->add_unknown_reasons(
        fmt::format("inert: fault {} had no effect; if that may be, say may_be_inert: true", fault));
  }
  if (!inert.empty() && verdict->result() == formats::Verdict::VALID) verdict->set_result(formats::Verdict::UNKNOWN);
}

// A run that is stuck leaves the verdict open, unless it shows a violation all the same.
void NoteProgress(const Progress& progress, formats::Verdict* verdict) {
  for (const std::string& reason : progress.reasons) verdict->add_unknown_reasons(reason);
  if (progress.kind == Progress::Kind::kMade) return;
  if (verdict->result() == formats::Verdict::VALID) verdict->set_result(formats::Verdict::UNKNOWN);
}

}  // namespace

std::string_view Version() { return "0.1.0"; }

std::vector<std::string> ShownTypes(const Outcome& outcome) {
  std::vector<std::string> types = AnomalyTypes(outcome.verdict);
  if (ExitCodeOf(outcome) == kNoProgress) types.emplace_back(kNoProgressType);
  return types;
}

std::vector<std::string> FindingsOf(const Outcome& outcome) {
  if (!outcome.run.internal_error.empty()) return {std::string(kInternalType)};
  std::vector<std::string> types = ShownTypes(outcome);
  if (ExitCodeOf(outcome) == kUnknown) types.emplace_back(kUndecidedType);
  return types;
}

ExitCode Worse(ExitCode a, ExitCode b) { return Rank(a) <= Rank(b) ? a : b; }

bool IsFailure(ExitCode code) { return code != kHeld && code != kUnknown; }

namespace {

void AddStoriesAndCauses(const formats::DecodedTrace& trace, Outcome* outcome) {
  checker::AddStories(trace, outcome->run.history, &outcome->verdict);
  for (const formats::Anomaly& anomaly : outcome->verdict.anomalies()) {
    std::map<std::string, std::string>& causes = outcome->causes;
    if (!causes.contains(anomaly.type())) causes[anomaly.type()] = CauseOf(trace, anomaly);
  }
}

}  // namespace

namespace {

scenarios::RunResult RunToViolation(const scenarios::ResolvedScenario& scenario, uint64_t seed,
                                    sim::RecordingLevel recording, const std::string& folder,
                                    sim::ProbeCounts* probes) {
  ViolationWatch watch(*scenario.world, folder);
  scenarios::RunResult run = scenarios::RunScenario(scenario, seed, recording, Version(), watch.Watch());
  if (!watch.first().has_value()) return run;
  std::fill(probes->begin(), probes->end(), 0);
  ViolationWatch again(*scenario.world, folder);
  again.StopAfter(*watch.first());
  return scenarios::RunScenario(scenario, seed, recording, Version(), again.Watch());
}

}  // namespace

Outcome RunAndCheck(const scenarios::ResolvedScenario& scenario, uint64_t seed, sim::RecordingLevel recording,
                    const std::optional<std::string>& stop_at_violation) {
  sim::ProbeCounts probes;
  const sim::ProbeScope scope(&probes);
  Outcome outcome =
      Judged(scenario, seed,
             stop_at_violation.has_value() ? RunToViolation(scenario, seed, recording, *stop_at_violation, &probes)
                                           : scenarios::RunScenario(scenario, seed, recording, Version()));
  if (!outcome.run.trace.empty() && outcome.verdict.anomalies_size() > 0) {
    const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(outcome.run.trace);
    if (trace.ok()) AddStoriesAndCauses(*trace, &outcome);
  }
  outcome.probes = std::move(probes);
  return outcome;
}

Outcome Judged(const scenarios::ResolvedScenario& scenario, uint64_t seed, scenarios::RunResult run) {
  Outcome outcome;
  outcome.scenario = scenario.name;
  outcome.variant = scenario.variant;
  outcome.settings = scenario.settings;
  outcome.reference = scenario.reference;
  outcome.seed = seed;
  outcome.run = std::move(run);
  outcome.verdict = JudgeHistory(outcome.run.history, *scenario.world);
  // A fault that the run did not live to see is not inert.
  if (outcome.run.reason == sim::RunEnd::kStopped) outcome.run.inert.clear();
  NoteInert(outcome.run.inert, &outcome.verdict);
  outcome.progress = JudgeProgress(outcome.run);
  NoteProgress(outcome.progress, &outcome.verdict);
  return outcome;
}

ExitCode ExitCodeOf(const Outcome& outcome) {
  if (!outcome.run.internal_error.empty()) return kInternal;
  if (outcome.verdict.result() == formats::Verdict::INVALID) return kViolation;
  if (outcome.progress.kind == Progress::Kind::kMissing) return kNoProgress;
  // It never came to the point where progress could be judged.
  if (!outcome.run.stuck.has_value() && outcome.run.reason != sim::RunEnd::kFinished) return kNoProgress;
  return outcome.verdict.result() == formats::Verdict::VALID ? kHeld : kUnknown;
}

std::vector<std::string> AnomalyTypes(const formats::Verdict& verdict) {
  std::vector<std::string> types;
  const auto seen = [&](const std::string& type) { return std::find(types.begin(), types.end(), type) != types.end(); };
  for (const checker::AnomalyInfo& info : checker::Anomalies()) {
    const auto is = [&](const formats::Anomaly& anomaly) { return anomaly.type() == info.name; };
    if (std::any_of(verdict.anomalies().begin(), verdict.anomalies().end(), is)) types.emplace_back(info.name);
  }
  for (const formats::Anomaly& anomaly : verdict.anomalies()) {
    if (!seen(anomaly.type())) types.push_back(anomaly.type());
  }
  return types;
}

int GravestAnomaly(const formats::Verdict& verdict) {
  const std::vector<std::string> types = AnomalyTypes(verdict);
  for (int i = 0; i < verdict.anomalies_size(); ++i) {
    if (verdict.anomalies(i).type() == types.front()) return i;
  }
  return -1;
}

std::string_view ResultName(formats::Verdict::Result result) {
  if (result == formats::Verdict::VALID) return "valid";
  return result == formats::Verdict::INVALID ? "invalid" : "unknown";
}

std::string HashText(uint64_t hash) { return fmt::format("{:016x}", hash); }

std::string ReproduceCommand(const std::string& reference, const std::string& variant,
                             const std::vector<std::string>& settings, uint64_t seed) {
  std::string sets;
  for (const std::string& line : settings) sets += " --set=" + ShellWord(line);
  return fmt::format("./brokersim run {} --variant={}{} --seed={}", ShellWord(reference), ShellWord(variant), sets,
                     seed);
}

std::string ReproduceCommand(const Outcome& outcome) {
  const std::string& name = outcome.reference.empty() ? outcome.scenario : outcome.reference;
  return ReproduceCommand(name, outcome.variant, outcome.settings, outcome.seed);
}

std::string ToJson(const Outcome& outcome) {
  nlohmann::ordered_json json;
  json["scenario"] = outcome.scenario;
  json["variant"] = outcome.variant;
  if (!outcome.settings.empty()) json["settings"] = outcome.settings;
  json["seed"] = outcome.seed;
  json["hash"] = HashText(outcome.run.hash);
  json["verdict"] = ResultName(outcome.verdict.result());
  json["anomalies"] = nlohmann::ordered_json::array();
  for (const formats::Anomaly& anomaly : outcome.verdict.anomalies()) {
    nlohmann::ordered_json entry;
    entry["type"] = anomaly.type();
    entry["explanation"] = anomaly.explanation();
    entry["operations"] = std::vector<uint64_t>(anomaly.operations().begin(), anomaly.operations().end());
    json["anomalies"].push_back(std::move(entry));
  }
  if (outcome.verdict.unknown_reasons_size() > 0) {
    json["unknown"] = std::vector<std::string>(outcome.verdict.unknown_reasons().begin(),
                                               outcome.verdict.unknown_reasons().end());
  }
  if (!outcome.run.internal_error.empty()) json["internal_error"] = outcome.run.internal_error;
  json["inert"] = outcome.run.inert;
  const FaultBudget budget = BudgetOf(outcome.run.faults);
  json["budget"] = {{"class", budget.name()}, {"beyond", budget.beyond}, {"tolerable", budget.tolerable}};
  json["progress"] = ProgressName(outcome.progress.kind);
  if (outcome.run.stuck.has_value()) {
    json["recoverable"] = outcome.progress.recoverable;
    json["recovery"] = outcome.progress.reasons;
  }
  json["faults"] = nlohmann::ordered_json::array();
  for (const sim::FaultReport& fault : outcome.run.faults) {
    nlohmann::ordered_json entry;
    entry["id"] = fault.id;
    entry["kind"] = fault.kind;
    entry["fired"] = fault.fired;
    entry["effects"] = fault.effects;
    if (fault.fired) entry["began_ns"] = fault.began.nanos();
    if (fault.ended.has_value()) entry["ended_ns"] = fault.ended->nanos();
    if (!fault.meant.empty()) entry["meant"] = fault.meant;
    json["faults"].push_back(std::move(entry));
  }
  json["events"] = outcome.run.events;
  json["simulated_ns"] = outcome.run.end.nanos();
  json["reproduce"] = ReproduceCommand(outcome);
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace brokersim::runner
