// Shrinking of real runs.
#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <utility>

#include "runner/shrink.h"
#include "runner/shrink_steps.h"
#include "sim/base/check.h"

namespace brokersim::runner {
namespace {

bool IsOperation(const formats::Operation& operation) {
  if (operation.f() == "poll") {
    const auto& actions = operation.actions();
    return operation.type() == formats::Operation::OK &&
           std::any_of(actions.begin(), actions.end(), [](const auto& a) { return a.poll().reads_size() > 0; });
  }
  if (operation.type() != formats::Operation::INVOKE) return false;
  return operation.f() == "send" || operation.f() == "commit" || operation.f() == "process" || operation.f() == "txn";
}

RunSize SizeOf(const Outcome& outcome, const scenarios::Setup& setup) {
  RunSize size;
  size.events = outcome.run.events;
  size.end = outcome.run.end;
  size.faults = static_cast<int>(outcome.run.faults.size());
  size.clients = ClientsOf(setup);
  size.settings = SettingsOf(setup);
  for (const formats::Operation& operation : outcome.run.history.operations()) {
    const bool sends = operation.f() == "send" || operation.f() == "txn";
    if (sends && operation.type() == formats::Operation::INVOKE) size.records += operation.actions_size();
    if (IsOperation(operation)) ++size.operations;
  }
  return size;
}

// What the file says of itself.
void Describe(const scenarios::ResolvedScenario& origin, uint64_t seed, ShrunkRun* run) {
  scenarios::Scenario& scenario = run->scenario;
  scenario.set_title(
      fmt::format("{} in {} ({}), seed {}, made small", run->anomaly, origin.name, origin.variant, seed));
  scenario.set_text(fmt::format(
      "Shows {} under seed {}. Made from a run with {} faults, {} clients, {} records, by {} "
      "runs; {}.",
      run->anomaly, run->search.seed, run->before.faults, run->before.clients, run->before.records, run->search.runs,
      run->search.end == ShrinkResult::End::kMinimal ? "each single removal that is left makes it go away"
                                                     : "the search ended early, so more may be left out"));
  scenarios::Variant& variant = *scenario.mutable_variant(0);
  variant.set_summary("what is left");
  for (const std::string& type : AnomalyTypes(run->outcome.verdict)) variant.mutable_expect()->add_anomaly(type);
  if (run->search.seed > 200) variant.mutable_expect()->set_seeds(static_cast<int64_t>(run->search.seed));
}

}  // namespace

absl::StatusOr<ShrunkRun> ShrinkRun(const scenarios::ResolvedScenario& scenario, uint64_t seed,
                                    const std::string& anomaly, const std::string& name, const ShrinkOptions& options) {
  ShrunkRun result;
  const Outcome original = RunAndCheck(scenario, seed, sim::RecordingLevel::kHistory);
  if (!original.run.internal_error.empty()) return absl::InternalError(original.run.internal_error);
  const std::vector<std::string> types = ShownTypes(original);
  result.anomaly = anomaly.empty() && !types.empty() ? types.front() : anomaly;
  if (std::find(types.begin(), types.end(), result.anomaly) == types.end()) {
    return absl::NotFoundError(WhatItShows(original));
  }
  const auto run = [&](const scenarios::Setup& setup, uint64_t with) -> absl::StatusOr<Outcome> {
    const absl::StatusOr<scenarios::ResolvedScenario> candidate = Resolved(ScenarioOf(setup, name, scenario.variant));
    if (!candidate.ok()) return candidate.status();
    return RunAndCheck(*candidate, with, sim::RecordingLevel::kHistory);
  };
  const Shows shows = [&](const scenarios::Setup& setup, uint64_t with) {
    const absl::StatusOr<Outcome> outcome = run(setup, with);
    return outcome.ok() && ShowsType(*outcome, result.anomaly);
  };
  const scenarios::Setup setup = WrittenOut(scenario, seed, original.run, shows);
  std::vector<std::string> useless;
  for (const sim::FaultReport& fault : original.run.faults) {
    if (fault.effects == 0) useless.push_back(fault.id);
  }
  result.before = SizeOf(original, scenario.setup);
  result.search = Shrink(setup, seed, useless, shows, options);
  // Each that is left has an effect: without it there would be no anomaly.
  if (result.search.end == ShrinkResult::End::kMinimal) {
    for (scenarios::Fault& fault : *result.search.setup.mutable_fault()) fault.clear_may_be_inert();
  }
  result.scenario = ScenarioOf(result.search.setup, name, scenario.variant);
  absl::StatusOr<Outcome> last = run(result.search.setup, result.search.seed);
  CHECK(last.ok() && ShowsType(*last, result.anomaly), "the smallest run shows {} no more", result.anomaly);
  result.outcome = *std::move(last);
  result.after = SizeOf(result.outcome, result.search.setup);
  Describe(scenario, seed, &result);
  return result;
}

std::string ShrunkText(const ShrunkRun& run) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(run.scenario, &text);
  return fmt::format("# {}. Run hash {:016x}:\n#   ./brokersim run {}.textproto --seed={}\n{}", run.scenario.title(),
                     run.outcome.run.hash, run.scenario.name(), run.search.seed, text);
}

}  // namespace brokersim::runner
