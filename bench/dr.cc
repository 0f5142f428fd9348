// What a report of disaster recovery costs: twelve architectures, a lost site, 1,000 seeds each, with intervals.
//
//   bazel-4 run -c opt //bench:dr [SEEDS] [JOBS]
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "runner/dr_report.h"
#include "runner/parallel.h"
#include "sim/base/check.h"

namespace brokersim::bench {
namespace {

constexpr const char* kArchitectures[] = {"dr/kafka_2dc", "dr/kafka_2_5dc", "dr/kafka_3dc", "dr/rocketmq_controller",
                                          "dr/rocketmq_master_slave"};
constexpr size_t kCells = 12;

int Main(uint64_t seeds, uint64_t jobs) {
  std::vector<scenarios::ResolvedScenario> architectures;
  for (const char* name : kArchitectures) {
    const auto loaded = scenarios::LoadScenario(name, ".");
    CHECK(loaded.ok(), "{}", std::string(loaded.status().message()));
    for (const auto& variant : loaded->variants) {
      if (architectures.size() < kCells) architectures.push_back(variant);
    }
  }
  const auto drill = scenarios::LoadDrill("dc_loss", ".");
  CHECK(drill.ok(), "{}", std::string(drill.status().message()));
  const auto start = std::chrono::steady_clock::now();
  runner::DrPlan plan;
  plan.cells = *runner::CellsOf(architectures, {{*drill, "dc_loss"}});
  plan.seeds = {1, seeds};
  plan.jobs = jobs;
  const auto result = runner::RunDr(std::move(plan), nullptr, [](const runner::SweepProgress&) { return true; });
  CHECK(result.ok(), "{}", std::string(result.status().message()));
  const std::vector<runner::DrCellReport> reports = runner::DrReportsOf(*result);
  const std::string text = runner::DrReportMarkdown(*result, reports, {});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  uint64_t events = 0;
  for (const runner::DrRow& row : result->rows) events += row.events;
  fmt::print("{} architectures x {} seeds, {} jobs: {:.1f} s, {:.0f} runs/s, {:.2f} M events/s; {} bytes of report\n",
             reports.size(), seeds, jobs, seconds, static_cast<double>(result->rows.size()) / seconds,
             static_cast<double>(events) / seconds / 1e6, text.size());
  return 0;
}

}  // namespace
}  // namespace brokersim::bench

int main(int argc, char** argv) {
  const uint64_t seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1000;
  return brokersim::bench::Main(seeds, argc > 2 ? std::strtoull(argv[2], nullptr, 10) : brokersim::runner::Cores());
}
