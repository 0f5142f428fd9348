#include "runner/coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace brokersim::runner {

void Coverage::Add(const sim::ProbeCounts& counts) {
  ++runs_;
  probes_.resize(sim::ProbeTotal());
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) ++probes_[i].runs;
    probes_[i].times += counts[i];
  }
}

void Coverage::Add(const Coverage& other) {
  runs_ += other.runs_;
  probes_.resize(sim::ProbeTotal());
  for (size_t i = 0; i < other.probes_.size(); ++i) {
    probes_[i].runs += other.probes_[i].runs;
    probes_[i].times += other.probes_[i].times;
  }
}

std::vector<Coverage::Reached> Coverage::All() const {
  std::vector<Reached> all = probes_;
  all.resize(sim::ProbeTotal());
  for (size_t i = 0; i < all.size(); ++i) all[i].name = sim::ProbeName(i);
  std::stable_sort(all.begin(), all.end(), [](const Reached& a, const Reached& b) { return a.name < b.name; });
  std::vector<Reached> merged;
  for (const Reached& probe : all) {
    if (!merged.empty() && merged.back().name == probe.name) {
      merged.back().runs = std::max(merged.back().runs, probe.runs);
      merged.back().times += probe.times;
    } else {
      merged.push_back(probe);
    }
  }
  return merged;
}

std::string Coverage::Describe() const {
  const std::vector<Reached> all = All();
  const auto reached = std::count_if(all.begin(), all.end(), [](const Reached& probe) { return probe.runs > 0; });
  std::string text = fmt::format("\n{} of {} rare branches were reached in {} runs\n", reached, all.size(), runs_);
  for (const Reached& probe : all) {
    if (probe.runs == 0) text += fmt::format("  never                          {}\n", probe.name);
  }
  for (const Reached& probe : all) {
    if (probe.runs == 0) continue;
    text += fmt::format("  {:>8} times in {:>6} runs    {}\n", probe.times, probe.runs, probe.name);
  }
  return text;
}

}  // namespace brokersim::runner
