// Compare: arms of a sweep side by side, seed by seed. Under the same seed both draw from the same random streams, so
// what they share cancels out of the difference, and few runs tell as much as many independent ones.
#ifndef BROKERSIM_RUNNER_COMPARE_H_
#define BROKERSIM_RUNNER_COMPARE_H_

#include <optional>
#include <string>
#include <vector>

#include "runner/statistics.h"
#include "runner/sweep_report.h"

namespace brokersim::runner {

// One thing that was measured in the first arm and another.
struct ComparedLine {
  std::string name;              // "fails", "shows lost-write", "latency-p50"
  std::optional<Metric> metric;  // none: a rate
  double base = 0;               // rate or mean of the first arm, over the seeds that both have
  double other = 0;
  Difference difference;  // other - base
  double adjusted_p = 1;  // by Holm, over all lines of the comparison
  // Whether it is more than chance: adjusted_p below 5 %.
  bool differs() const { return adjusted_p < 0.05; }
};

struct ComparedArm {
  std::string arm;
  uint64_t pairs = 0;  // seeds that both have
  std::vector<ComparedLine> lines;
  std::vector<std::string> same;  // what was the same in every pair
};

struct Comparison {
  std::string scenario;
  std::string base;  // the first arm
  std::vector<ComparedArm> others;
};

// REQUIRES: at least two arms.
Comparison Compare(const SweepResult& result);

// kText, kJson, kCsv or kMarkdown.
std::string Render(const Comparison& comparison, ReportFormat format);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_COMPARE_H_
