#include "runner/rerun.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "scenarios/schedule.h"

namespace brokersim::runner {
namespace {

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
      fault.clear_wait();
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

}  // namespace

std::string WhatItShows(const Outcome& outcome) {
  const std::vector<std::string> types = ShownTypes(outcome);
  return types.empty() ? fmt::format("no anomaly (verdict {})", ResultName(outcome.verdict.result()))
                       : absl::StrJoin(types, ", ");
}

bool ShowsType(const Outcome& outcome, const std::string& type) {
  if (!outcome.run.internal_error.empty()) return false;
  if (type == kNoProgressType) return ExitCodeOf(outcome) == kNoProgress;
  if (outcome.verdict.result() != formats::Verdict::INVALID) return false;
  const auto& anomalies = outcome.verdict.anomalies();
  return std::any_of(anomalies.begin(), anomalies.end(), [&](const auto& one) { return one.type() == type; });
}

scenarios::Scenario ScenarioOf(const scenarios::Setup& setup, const std::string& name, const std::string& variant) {
  scenarios::Scenario scenario;
  scenario.set_name(name);
  *scenario.mutable_setup() = setup;
  scenario.add_variant()->set_name(variant);
  return scenario;
}

absl::StatusOr<scenarios::ResolvedScenario> Resolved(const scenarios::Scenario& scenario) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(scenario, &text);
  absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::ParseScenario(text, scenario.name() + ".textproto");
  if (!loaded.ok()) return loaded.status();
  return std::move(loaded->variants.front());
}

scenarios::Setup WrittenOut(const scenarios::ResolvedScenario& scenario, uint64_t seed, const scenarios::RunResult& run,
                            const Shows& shows) {
  const scenarios::Setup setup = WithoutOff(scenarios::ScheduleOf(scenario, seed, run).setup());
  const scenarios::Setup free = WithoutReferences(setup, run);
  return shows(free, seed) ? free : setup;
}

}  // namespace brokersim::runner
