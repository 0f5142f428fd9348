// What drills cost, as distributions: a function of the rows, and of some runs that are looked at again.
#ifndef BROKERSIM_RUNNER_DR_REPORT_H_
#define BROKERSIM_RUNNER_DR_REPORT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runner/dr.h"
#include "runner/dr_story.h"
#include "runner/statistics.h"

namespace brokersim::runner {

// A quantile of the runs: the value of one of them, and between which values the quantile of all seeds that there are
// lies, in at least 95 % of all cases (QuantileRanks). Absent: nothing bounds it.
struct DrQuantile {
  int64_t value = 0;
  uint64_t seed = 0;  // the smallest with that value
  std::optional<int64_t> low;
  std::optional<int64_t> high;
};

struct DrSummary {
  DrMeasure measure = DrMeasure::kLostRecords;
  uint64_t runs = 0;  // that say it
  DrQuantile median;
  DrQuantile p99;
  DrQuantile worst;
  std::vector<int64_t> sorted;
};

// A cell, and what its runs came to.
struct DrCellReport {
  uint32_t cell = 0;  // index
  uint64_t runs = 0;
  uint64_t losing = 0;  // runs that lose records, or whose logs nobody serves any more
  Interval losing_rate;
  std::vector<DrSummary> summaries;  // of the measures that any run says
  std::vector<uint64_t> lossy;       // seeds that lose records
  uint64_t typical = 0;              // the seed of the median time until writes are acknowledged
  uint64_t worst = 0;                // the seed that loses most, of these that takes longest

  const DrSummary* Find(DrMeasure measure) const;
};

// One for each cell that has runs, in their order.
std::vector<DrCellReport> DrReportsOf(const DrResult& result);

// What the rows don't say: found by running some of them again.
struct DrCellDetail {
  std::vector<SettingBehind> behind;
  std::optional<DrStory> typical;
  std::optional<DrStory> worst;  // if it is another run
};
// In the order of `reports`. `progress` hears how many are done; returns whether to go on.
std::vector<DrCellDetail> DrDetailsOf(const DrResult& result, const std::vector<DrCellReport>& reports, uint64_t jobs,
                                      const std::function<bool(uint64_t done, uint64_t of)>& progress);

// The command that gives these runs.
std::string DrCommand(const DrCell& cell, uint64_t first, uint64_t last);

// For people, a line a cell; of a single seed all measures of each.
std::string DrReportText(const DrResult& result, const std::vector<DrCellReport>& reports);

// The matrices alone, in Markdown.
std::string DrMatrixMarkdown(const DrResult& result, const std::vector<DrCellReport>& reports);

// The whole report, in Markdown and as a page that needs nothing else.
std::string DrReportMarkdown(const DrResult& result, const std::vector<DrCellReport>& reports,
                             const std::vector<DrCellDetail>& details);
std::string DrReportHtml(const DrResult& result, const std::vector<DrCellReport>& reports,
                         const std::vector<DrCellDetail>& details);

// A setting behind a loss, in a sentence.
std::string BehindText(const SettingBehind& behind);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_DR_REPORT_H_
