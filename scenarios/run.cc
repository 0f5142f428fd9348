#include "scenarios/run.h"

#include <google/protobuf/text_format.h>

#include <utility>

namespace brokersim::scenarios {

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
  result.history = std::move(simulation.recorder().history());
  result.trace = simulation.recorder().TakeTrace();
  return result;
}

}  // namespace brokersim::scenarios
