#include "scenarios/run.h"

#include <google/protobuf/text_format.h>

#include <set>
#include <utility>

namespace brokersim::scenarios {
namespace {

// The logs that a read-all was to read to their ends, and hasn't.
std::set<std::string> LogsUnread(const formats::History& history) {
  std::set<std::string> logs;
  for (const formats::Operation& operation : history.operations()) {
    if (operation.f() != "read-all") continue;
    for (const formats::Action& action : operation.actions()) {
      if (operation.type() == formats::Operation::OK) logs.erase(action.poll().log());
      if (operation.type() == formats::Operation::INVOKE) logs.insert(action.poll().log());
    }
  }
  return logs;
}

std::optional<Stuck> FindStuck(const World& world, const sim::Simulation& simulation, sim::RunEnd reason,
                               const formats::History& history) {
  if (reason == sim::RunEnd::kStopped || !simulation.healed()) return std::nullopt;
  Stuck stuck;
  stuck.ended = reason == sim::RunEnd::kFinished;
  const std::set<std::string> unread = LogsUnread(history);
  if (stuck.ended && unread.empty()) return std::nullopt;
  if (world.recovery() == nullptr) return stuck;
  for (sim::Recoverable& log : world.recovery()->Ask(simulation)) {
    if (unread.contains(log.log)) stuck.unread.push_back(std::move(log));
  }
  return stuck;
}

}  // namespace

RunResult RunScenario(const ResolvedScenario& scenario, uint64_t seed, sim::RecordingLevel recording,
                      std::string_view build, sim::Recorder::Watch watch) {
  RunResult result;
  sim::Simulation simulation = scenario.world->Simulate(seed, recording);
  if (watch) simulation.recorder().WatchHistory(std::move(watch));
  formats::TraceHeader header;
  header.set_build(std::string(build));
  header.set_scenario(scenario.name);
  header.set_variant(scenario.variant);
  if (recording == sim::RecordingLevel::kTrace) {
    google::protobuf::TextFormat::PrintToString(scenario.setup, header.mutable_scenario_text());
  }
  simulation.Begin(std::move(header));
  try {
    result.reason = simulation.Run(scenario.world->time_limit());
  } catch (const sim::CheckFailure& failure) {
    result.internal_error = failure.what();
  }
  simulation.Finish();
  result.hash = simulation.hash();
  result.hashes = simulation.recorder().hashes();
  result.events = simulation.events();
  result.end = simulation.now();
  result.faults = simulation.fault_reports();
  for (const sim::FaultReport& fault : result.faults) {
    if (fault.effects == 0 && !scenario.world->MayBeInert(fault.id)) result.inert.push_back(fault.id);
  }
  if (result.internal_error.empty()) {
    result.stuck = FindStuck(*scenario.world, simulation, result.reason, simulation.recorder().history());
  }
  result.history = std::move(simulation.recorder().history());
  result.trace = simulation.recorder().TakeTrace();
  return result;
}

}  // namespace brokersim::scenarios
