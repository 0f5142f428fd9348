// The report of drills in Markdown.
#include <fmt/format.h>

#include <algorithm>

#include "runner/dr_report.h"
#include "runner/sweep_report.h"

namespace brokersim::runner {
namespace {

std::string Bound(DrMeasure measure, const std::optional<int64_t>& bound) {
  return bound.has_value() ? DrText(measure, *bound) : "?";
}

std::string WithInterval(DrMeasure measure, const DrQuantile& quantile) {
  std::string text = DrText(measure, quantile.value);
  if (quantile.low != quantile.value || quantile.high != quantile.value) {
    text += fmt::format(" ({} to {})", Bound(measure, quantile.low), Bound(measure, quantile.high));
  }
  return text;
}

// What a matrix shows of a cell.
std::string Short(const DrCellReport& report, DrMeasure measure) {
  const DrSummary* summary = report.Find(measure);
  if (summary == nullptr) return "-";
  const std::string median = DrText(measure, summary->median.value);
  const std::string p99 = DrText(measure, summary->p99.value);
  const std::string worst = DrText(measure, summary->worst.value);
  if (median == worst) return median;
  return p99 == worst ? fmt::format("{} / {}", median, worst) : fmt::format("{} / {} / {}", median, p99, worst);
}

struct Matrix {
  DrMeasure measure;
  const char* title;
};
constexpr Matrix kMatrices[] = {
    {DrMeasure::kLostRecords, "RPO: acknowledged records that are missing"},
    {DrMeasure::kRtoWrite, "RTO: until writes are acknowledged again"},
    {DrMeasure::kRtoClients, "Until the last client that survives works again"},
    {DrMeasure::kSplitBrainWrites, "Split-brain: writes acknowledged on both sides"},
    {DrMeasure::kReconcile, "Records to be put right by hand"},
};

std::vector<std::string> Drills(const DrResult& result) {
  std::vector<std::string> drills;
  for (const DrCell& cell : result.cells) {
    if (std::find(drills.begin(), drills.end(), cell.drill) == drills.end()) drills.push_back(cell.drill);
  }
  return drills;
}

// Architectures down, drills across.
std::string MatrixOf(const DrResult& result, const std::vector<DrCellReport>& reports, DrMeasure measure) {
  std::string text = "| |";
  std::string rule = "|---|";
  for (const std::string& drill : Drills(result)) {
    text += fmt::format(" {} |", drill);
    rule += "---|";
  }
  text += "\n" + rule + "\n";
  std::string row;
  for (uint32_t i = 0; i < result.cells.size(); ++i) {
    const DrCell& cell = result.cells[i];
    const std::string name =
        fmt::format("{} ({})", cell.architecture.substr(cell.architecture.rfind('/') + 1), cell.variant);
    if (name != row) text += fmt::format("{}| {} |", row.empty() ? "" : "\n", name);
    row = name;
    const auto report =
        std::find_if(reports.begin(), reports.end(), [i](const DrCellReport& one) { return one.cell == i; });
    text += fmt::format(" {} |", report == reports.end() ? "" : Short(*report, measure));
  }
  return text + "\n";
}

std::string Story(const DrCell& cell, const DrStory& story, std::string_view which) {
  return fmt::format("The {} run, seed {} (`{}`):\n\n```\n{}```\n\n", which, story.seed,
                     DrCommand(cell, story.seed, story.seed), DrStoryText(story));
}

std::string Cell(const DrResult& result, const DrCellReport& report, const DrCellDetail* detail) {
  const DrCell& cell = result.cells[report.cell];
  std::string text = fmt::format("### {}\n\n{}. {} runs: `{}`\n\n", cell.Text(), cell.drill_title, report.runs,
                                 DrCommand(cell, result.seeds.first, result.seeds.last));
  text += fmt::format("Records are lost, or not served again, in {} of {} runs: {} ({} to {}).\n\n", report.losing,
                      report.runs, Percent(static_cast<double>(report.losing) / static_cast<double>(report.runs)),
                      Percent(report.losing_rate.low), Percent(report.losing_rate.high));
  text += "| measure | median | seed | p99 | seed | worst | seed |\n|---|---|---|---|---|---|---|\n";
  for (const DrSummary& one : report.summaries) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", InfoOf(one.measure).name,
                        WithInterval(one.measure, one.median), one.median.seed, WithInterval(one.measure, one.p99),
                        one.p99.seed, DrText(one.measure, one.worst.value), one.worst.seed);
  }
  text += "\n";
  if (detail == nullptr) return text;
  if (!report.lossy.empty()) {
    text += detail->behind.empty() ? "No single setting, changed alone, spares nine tenths of the losses.\n\n" : "";
    for (const SettingBehind& behind : detail->behind) text += fmt::format("- {}\n", BehindText(behind));
    if (!detail->behind.empty()) text += "\n";
  }
  if (detail->typical.has_value()) {
    text += Story(cell, *detail->typical, detail->worst.has_value() ? "median" : "median and worst");
  }
  if (detail->worst.has_value()) text += Story(cell, *detail->worst, "worst");
  return text;
}

}  // namespace

std::string DrMatrixMarkdown(const DrResult& result, const std::vector<DrCellReport>& reports) {
  std::string text = fmt::format(
      "Seeds {}..{} of each. A cell shows median / p99 / worst; fewer where they are the same; nothing where the drill "
      "means "
      "nothing. *Not served*: at the end nobody can read the logs; *never*: not before the end of the run.\n",
      result.seeds.first, result.seeds.last);
  for (const Matrix& matrix : kMatrices) {
    text += fmt::format("\n## {}\n\n{}", matrix.title, MatrixOf(result, reports, matrix.measure));
  }
  return text;
}

std::string DrReportMarkdown(const DrResult& result, const std::vector<DrCellReport>& reports,
                             const std::vector<DrCellDetail>& details) {
  std::string text = "# Disaster recovery\n\n" + DrMatrixMarkdown(result, reports);
  text += "\n## What is measured\n\n";
  for (int i = 0; i < kDrMeasureCount; ++i) {
    const DrMeasureInfo& info = InfoOf(static_cast<DrMeasure>(i));
    text += fmt::format("- **{}**: {}\n", info.name, info.meaning);
  }
  text +=
      "\nIn brackets: between which values the quantile of all seeds that there are lies, in 95 % of all cases (order "
      "statistics, no distribution assumed); ?: these runs don't bound it.\n\n## Each of them\n\n";
  for (size_t i = 0; i < reports.size(); ++i) {
    text += Cell(result, reports[i], i < details.size() ? &details[i] : nullptr);
  }
  std::string unfit;
  for (const DrCell& cell : result.cells) {
    if (!cell.laid.has_value()) unfit += fmt::format("- {}: {}\n", cell.Text(), cell.why_not);
  }
  if (!unfit.empty()) text += "## Not tried\n\n" + unfit;
  return text;
}

}  // namespace brokersim::runner
