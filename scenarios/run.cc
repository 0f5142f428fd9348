#include "scenarios/run.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
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

BegunRun::BegunRun(const ResolvedScenario& scenario, uint64_t seed, sim::RecordingLevel recording,
                   std::string_view build)
    : scenario_(&scenario), simulation_(scenario.world->Simulate(seed, recording)) {
  formats::TraceHeader header;
  header.set_build(std::string(build));
  header.set_scenario(scenario.name);
  header.set_variant(scenario.variant);
  if (recording == sim::RecordingLevel::kTrace) {
    google::protobuf::TextFormat::PrintToString(scenario.setup, header.mutable_scenario_text());
  }
  simulation_.Begin(std::move(header));
}

void BegunRun::RunTo(sim::Time until) {
  if (!internal_error_.empty()) return;
  try {
    reason_ = simulation_.Run(std::min(until, scenario_->world->time_limit()));
  } catch (const sim::CheckFailure& failure) {
    internal_error_ = failure.what();
  }
}

RunResult BegunRun::Finish() {
  const World& world = *scenario_->world;
  RunTo(world.time_limit());
  simulation_.Finish();
  RunResult result;
  result.internal_error = internal_error_;
  result.reason = reason_;
  result.hash = simulation_.hash();
  result.hashes = simulation_.recorder().hashes();
  result.events = simulation_.events();
  result.end = simulation_.now();
  result.faults = simulation_.fault_reports();
  for (const sim::FaultReport& fault : result.faults) {
    if (fault.effects == 0 && !world.MayBeInert(fault.id)) result.inert.push_back(fault.id);
  }
  result.history = simulation_.recorder().TakeHistory();
  if (internal_error_.empty()) result.stuck = FindStuck(world, simulation_, reason_, result.history);
  result.trace = simulation_.recorder().TakeTrace();
  return result;
}

RunResult RunScenario(const ResolvedScenario& scenario, uint64_t seed, sim::RecordingLevel recording,
                      std::string_view build, sim::Recorder::Watch watch) {
  BegunRun run(scenario, seed, recording, build);
  if (watch.add) run.simulation().recorder().WatchHistory(std::move(watch));
  return run.Finish();
}

}  // namespace brokersim::scenarios
