#include "runner/draws.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/trace_codec.h"
#include "sim/base/check.h"

namespace brokersim::runner {
namespace {

// The simulation knows the streams of the processes that there are; of those that were, the trace knows the sum.
void AddEnded(const formats::DecodedTrace& trace, Draws* draws) {
  std::map<uint64_t, uint64_t> incarnation;  // by node
  std::map<std::string, uint64_t> sums;
  for (const formats::TraceEvent& event : trace.events) {
    if (event.kind == formats::EventKind::kStart) ++incarnation[event.node];
    if (event.draws == 0) continue;
    sums[fmt::format("node/{}/{}/", trace.NodeName(event.node), incarnation[event.node])] += event.draws;
  }
  for (const auto& [prefix, sum] : sums) {
    const auto known = draws->lower_bound(prefix);
    if (known != draws->end() && known->first.starts_with(prefix)) continue;
    draws->emplace(prefix + "*", sum);
  }
}

uint64_t Distance(const MovedDraws& moved) { return std::max(moved.a, moved.b) - std::min(moved.a, moved.b); }

}  // namespace

Draws DrawsOf(const scenarios::ResolvedScenario& scenario, uint64_t seed) {
  sim::Simulation simulation = scenario.world->Simulate(seed, sim::RecordingLevel::kTrace);
  simulation.Begin({});
  try {
    simulation.Run(scenario.world->time_limit());
  } catch (const sim::CheckFailure&) {
    // What was drawn until then is what there is to see.
  }
  simulation.Finish();
  Draws draws;
  for (auto& [stream, count] : simulation.StreamDraws()) draws.emplace(std::move(stream), count);
  const absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(simulation.recorder().TakeTrace());
  if (trace.ok()) AddEnded(*trace, &draws);
  return draws;
}

std::vector<MovedDraws> Moved(const Draws& a, const Draws& b) {
  std::vector<MovedDraws> moved;
  const auto count = [](const Draws& draws, const std::string& stream) {
    const auto found = draws.find(stream);
    return found == draws.end() ? 0 : found->second;
  };
  Draws all = a;
  all.insert(b.begin(), b.end());
  for (const auto& [stream, unused] : all) {
    const MovedDraws each{stream, count(a, stream), count(b, stream)};
    if (each.a != each.b) moved.push_back(each);
  }
  return moved;
}

std::string Describe(const std::vector<MovedDraws>& moved) {
  if (moved.empty()) return "no draw moved\n";
  uint64_t total = 0;
  for (const MovedDraws& each : moved) total += Distance(each);
  const std::string head = fmt::format("{} draw{} moved, ", total, total == 1 ? "" : "s");
  if (moved.size() == 1) {
    return head + fmt::format("all in {}: {} and {}\n", moved[0].stream, moved[0].a, moved[0].b);
  }
  std::string text = head + fmt::format("in {} streams:\n", moved.size());
  for (const MovedDraws& each : moved) {
    text += fmt::format("  {:<40} {:>8} {:>8}  {:+}\n", each.stream, each.a, each.b,
                        static_cast<int64_t>(each.b) - static_cast<int64_t>(each.a));
  }
  return text;
}

}  // namespace brokersim::runner
