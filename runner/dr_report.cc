#include "runner/dr_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "runner/parallel.h"

namespace brokersim::runner {
namespace {

// In the order in which a reader asks.
constexpr DrMeasure kInLine[] = {DrMeasure::kLostRecords, DrMeasure::kRtoWrite, DrMeasure::kTwoOwners,
                                 DrMeasure::kSplitBrainWrites, DrMeasure::kReconcile};

using Values = std::vector<std::pair<int64_t, uint64_t>>;  // by value, then seed

DrQuantile QuantileOf(const Values& values, double q) {
  const auto n = static_cast<uint64_t>(values.size());
  const uint64_t rank = std::clamp<uint64_t>(static_cast<uint64_t>(q * static_cast<double>(n) + 0.999999), 1, n);
  DrQuantile quantile;
  quantile.value = values[rank - 1].first;
  const auto first = std::lower_bound(values.begin(), values.end(), std::make_pair(quantile.value, uint64_t{0}));
  quantile.seed = first->second;
  const Ranks ranks = QuantileRanks(n, q);
  if (ranks.low > 0) quantile.low = values[ranks.low - 1].first;
  if (ranks.high <= n) quantile.high = values[ranks.high - 1].first;
  return quantile;
}

DrSummary SummaryOf(DrMeasure measure, Values values) {
  std::sort(values.begin(), values.end());
  DrSummary summary;
  summary.measure = measure;
  summary.runs = values.size();
  summary.median = QuantileOf(values, 0.5);
  summary.p99 = QuantileOf(values, 0.99);
  const int64_t most = values.back().first;
  const auto worst = std::lower_bound(values.begin(), values.end(), std::make_pair(most, uint64_t{0}));
  summary.worst = {worst->first, worst->second, std::nullopt, std::nullopt};
  for (const auto& [value, seed] : values) summary.sorted.push_back(value);
  return summary;
}

bool Loses(const DrMeasures& measures) { return measures[DrMeasure::kLostRecords].value_or(0) > 0; }

// What is told of as the worst: it loses most, and takes longest.
uint64_t WorstSeed(const std::vector<const DrRow*>& rows) {
  const auto key = [](const DrRow* row) {
    return std::make_pair(row->measures[DrMeasure::kLostRecords].value_or(0),
                          row->measures[DrMeasure::kRtoWrite].value_or(0));
  };
  const auto worst =
      std::max_element(rows.begin(), rows.end(), [&](const DrRow* a, const DrRow* b) { return key(a) < key(b); });
  return (*worst)->seed;
}

DrCellReport ReportOf(uint32_t cell, const std::vector<const DrRow*>& rows) {
  DrCellReport report;
  report.cell = cell;
  report.runs = rows.size();
  for (const DrRow* row : rows) {
    report.losing += Loses(row->measures) ? 1 : 0;
    const int64_t lost = row->measures[DrMeasure::kLostRecords].value_or(0);
    if (lost > 0 && lost != kNever) report.lossy.push_back(row->seed);
  }
  report.losing_rate = ExactInterval(report.losing, report.runs);
  for (int i = 0; i < kDrMeasureCount; ++i) {
    const auto measure = static_cast<DrMeasure>(i);
    Values values;
    for (const DrRow* row : rows) {
      if (row->measures[measure].has_value()) values.emplace_back(*row->measures[measure], row->seed);
    }
    if (!values.empty()) report.summaries.push_back(SummaryOf(measure, std::move(values)));
  }
  const DrSummary* rto = report.Find(DrMeasure::kRtoWrite);
  report.typical = rto == nullptr ? rows.front()->seed : rto->median.seed;
  report.worst = WorstSeed(rows);
  return report;
}

std::string Line(const DrCellReport& report, DrMeasure measure) {
  const DrSummary* summary = report.Find(measure);
  if (summary == nullptr) return "-";
  const std::string median = DrText(measure, summary->median.value);
  const std::string worst = DrText(measure, summary->worst.value);
  return median == worst ? median : fmt::format("{} / {}", median, worst);
}

}  // namespace

const DrSummary* DrCellReport::Find(DrMeasure measure) const {
  const auto found = std::find_if(summaries.begin(), summaries.end(),
                                  [&](const DrSummary& summary) { return summary.measure == measure; });
  return found == summaries.end() ? nullptr : &*found;
}

std::vector<DrCellReport> DrReportsOf(const DrResult& result) {
  std::map<uint32_t, std::vector<const DrRow*>> rows;
  for (const DrRow& row : result.rows) {
    if (row.internal_error.empty()) rows[row.cell].push_back(&row);
  }
  std::vector<DrCellReport> reports;
  for (const auto& [cell, of_cell] : rows) reports.push_back(ReportOf(cell, of_cell));
  return reports;
}

std::vector<DrCellDetail> DrDetailsOf(const DrResult& result, const std::vector<DrCellReport>& reports, uint64_t jobs,
                                      const std::function<bool(uint64_t done, uint64_t of)>& progress) {
  std::vector<DrCellDetail> details;
  const auto work = [&](uint64_t index) {
    const DrCellReport& report = reports[index];
    const DrCell& cell = result.cells[report.cell];
    DrCellDetail detail;
    if (!report.lossy.empty()) detail.behind = SettingsBehind(cell, report.lossy);
    if (auto told = TellDrill(cell, report.typical); told.ok()) detail.typical = *std::move(told);
    if (report.worst == report.typical) return detail;
    if (auto told = TellDrill(cell, report.worst); told.ok()) detail.worst = *std::move(told);
    return detail;
  };
  const auto seen = [&](DrCellDetail detail) {
    details.push_back(std::move(detail));
    return progress(details.size(), reports.size());
  };
  Parallel<DrCellDetail>::Run(reports.size(), jobs, work, seen);
  return details;
}

std::string DrCommand(const DrCell& cell, uint64_t first, uint64_t last) {
  return fmt::format("{} --seeds={}..{}", cell.command, first, last);
}

std::string BehindText(const SettingBehind& behind) {
  std::string text =
      fmt::format("`{}` ({}{}): with {} instead, {} of {} runs that lose records lose none", behind.line, behind.whose,
                  behind.given ? "" : ", the default", behind.instead, behind.spared, behind.tried);
  text += behind.rto == kNever ? "; writes then never come back"
                               : "; writes are then back after " + DrText(DrMeasure::kRtoWrite, behind.rto);
  return behind.risk.empty() ? text : fmt::format("{} (as it is: {})", text, behind.risk);
}

std::string DrReportText(const DrResult& result, const std::vector<DrCellReport>& reports) {
  std::string text;
  const bool single = result.seeds.first == result.seeds.last;
  std::string architecture;
  for (const DrCellReport& report : reports) {
    const DrCell& cell = result.cells[report.cell];
    const std::string here = fmt::format("{} ({})", cell.architecture, cell.variant);
    if (here != architecture) {
      text += fmt::format("{}{}\n", architecture.empty() ? "" : "\n", here);
      if (!single) {
        text += fmt::format("  {:<20} {:>22} {:>20} {:>18} {:>14} {:>12}\n", "drill", "records lost", "writes again",
                            "two owners", "split writes", "by hand");
      }
    }
    architecture = here;
    if (single) {
      text += fmt::format("  {}: {}\n", cell.drill, cell.drill_title);
      for (const DrSummary& summary : report.summaries) {
        text += fmt::format("    {:<20} {:>12}\n", InfoOf(summary.measure).name,
                            DrText(summary.measure, summary.median.value));
      }
      continue;
    }
    text += fmt::format("  {:<20}", cell.drill);
    constexpr int kWidths[] = {22, 20, 18, 14, 12};
    for (size_t i = 0; i < std::size(kInLine); ++i)
      text += fmt::format(" {:>{}}", Line(report, kInLine[i]), kWidths[i]);
    text += "\n";
  }
  if (!single && !reports.empty()) text += "\nmedian / worst of the runs of each; one value: both are the same\n";
  std::string unfit;
  for (const DrCell& cell : result.cells) {
    if (cell.laid.has_value()) continue;
    unfit += fmt::format("  {} ({}), {}: {}\n", cell.architecture, cell.variant, cell.drill, cell.why_not);
  }
  if (!unfit.empty()) text += "\nnot tried:\n" + unfit;
  return text;
}

}  // namespace brokersim::runner
