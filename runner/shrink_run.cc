// Shrinking of real runs.
#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "runner/shrink.h"
#include "runner/shrink_steps.h"
#include "scenarios/schedule.h"
#include "sim/base/check.h"

namespace brokersim::runner {
namespace {

bool ShowsAnomaly(const Outcome& outcome, const std::string& type) {
  if (!outcome.run.internal_error.empty()) return false;
  if (type == kNoProgressType) return ExitCodeOf(outcome) == kNoProgress;
  if (outcome.verdict.result() != formats::Verdict::INVALID) return false;
  const auto& anomalies = outcome.verdict.anomalies();
  return std::any_of(anomalies.begin(), anomalies.end(), [&](const auto& one) { return one.type() == type; });
}

// What a run can be shrunk to, the gravest first.
std::vector<std::string> TypesOf(const Outcome& outcome) {
  std::vector<std::string> types = AnomalyTypes(outcome.verdict);
  if (ExitCodeOf(outcome) == kNoProgress) types.emplace_back(kNoProgressType);
  return types;
}

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
  const scenarios::Kafka& kafka = setup.kafka();
  size.clients = kafka.producer_size() + kafka.consumer_size();
  size.settings = kafka.config_size();
  for (const scenarios::Broker& broker : kafka.broker()) size.settings += broker.config_size();
  for (const scenarios::Producer& producer : kafka.producer()) size.settings += producer.config_size();
  for (const scenarios::Consumer& consumer : kafka.consumer()) size.settings += consumer.config_size();
  for (const formats::Operation& operation : outcome.run.history.operations()) {
    const bool sends = operation.f() == "send" || operation.f() == "txn";
    if (sends && operation.type() == formats::Operation::INVOKE) size.records += operation.actions_size();
    if (IsOperation(operation)) ++size.operations;
  }
  return size;
}

scenarios::Scenario ScenarioOf(const scenarios::Setup& setup, const std::string& name, const std::string& variant) {
  scenarios::Scenario scenario;
  scenario.set_name(name);
  *scenario.mutable_setup() = setup;
  scenario.add_variant()->set_name(variant);
  return scenario;
}

// Faults that wait for another begin when they did: each can be left out alone then.
scenarios::Setup WithoutReferences(const scenarios::Setup& setup, const scenarios::RunResult& run) {
  scenarios::Setup free = setup;
  for (scenarios::Fault& fault : *free.mutable_fault()) {
    if (fault.after_begin_of().empty() && fault.after_end_of().empty()) continue;
    for (const sim::FaultReport& report : run.faults) {
      if (report.id != fault.id() || !report.fired) continue;
      fault.clear_after_begin_of();
      fault.clear_after_end_of();
      fault.clear_plus();
      fault.set_at(sim::ToText(report.began - sim::Time()));
    }
  }
  return free;
}

// The faults that are off are no part of the run.
scenarios::Setup WithoutOff(const scenarios::Setup& setup) {
  scenarios::Setup on = setup;
  on.clear_fault();
  for (const scenarios::Fault& fault : setup.fault()) {
    if (!fault.off()) *on.add_fault() = fault;
  }
  return on;
}

std::string WhatItShows(const Outcome& outcome) {
  const std::vector<std::string> types = TypesOf(outcome);
  return types.empty() ? fmt::format("no anomaly (verdict {})", ResultName(outcome.verdict.result()))
                       : absl::StrJoin(types, ", ");
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

absl::StatusOr<scenarios::ResolvedScenario> Resolved(const scenarios::Scenario& scenario) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(scenario, &text);
  absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::ParseScenario(text, scenario.name() + ".textproto");
  if (!loaded.ok()) return loaded.status();
  return std::move(loaded->variants.front());
}

absl::StatusOr<ShrunkRun> ShrinkRun(const scenarios::ResolvedScenario& scenario, uint64_t seed,
                                    const std::string& anomaly, const std::string& name, const ShrinkOptions& options) {
  ShrunkRun result;
  const Outcome original = RunAndCheck(scenario, seed, sim::RecordingLevel::kHistory);
  if (!original.run.internal_error.empty()) return absl::InternalError(original.run.internal_error);
  const std::vector<std::string> types = TypesOf(original);
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
    return outcome.ok() && ShowsAnomaly(*outcome, result.anomaly);
  };
  scenarios::Setup setup = WithoutOff(scenarios::ScheduleOf(scenario, seed, original.run).setup());
  if (const scenarios::Setup free = WithoutReferences(setup, original.run); shows(free, seed)) setup = free;
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
  CHECK(last.ok() && ShowsAnomaly(*last, result.anomaly), "the smallest run shows {} no more", result.anomaly);
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
