// The report of drills as a page that needs nothing else: no script, no font, no picture from elsewhere.
#include <fmt/format.h>

#include <algorithm>

#include "formats/xml.h"
#include "runner/dr_report.h"
#include "runner/sweep_report.h"
#include "visualize/drill_picture.h"

namespace brokersim::runner {
namespace {

using formats::EscapeXml;

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Disaster recovery</title><style>
body{font-family:sans-serif;font-size:14px;margin:1.5em;max-width:75em;color:#222}
table{border-collapse:collapse;margin:.7em 0}
td,th{border:1px solid #ccc;padding:.25em .5em;text-align:right;font-size:12px}
th{background:#f4f4f4}td:first-child,th:first-child{text-align:left}
.good{background:#e2f2e9}.slow{background:#fdf6d3}.bad{background:#fbe0d0}.none{color:#999}
code,pre{background:#f6f6f6;font-size:12px}pre{padding:.5em;overflow:auto}
details{border-top:1px solid #ddd;padding:.4em 0}summary{cursor:pointer;font-weight:bold}
.plots{display:flex;flex-wrap:wrap;gap:1em}.wide{overflow:auto}svg{max-width:100%;height:auto}
</style></head><body>
<h1>Disaster recovery</h1>
)";

// More than this is slow, whoever asks.
constexpr int64_t kSlowNs = 60'000'000'000;

const char* ClassOf(const DrSummary& summary) {
  const int64_t worst = summary.worst.value;
  if (worst == kNever) return "bad";
  if (InfoOf(summary.measure).unit == DrUnit::kNanoseconds) return worst < kSlowNs ? "good" : "slow";
  return worst == 0 ? "good" : "bad";
}

std::string Anchor(uint32_t cell) { return fmt::format("c{}", cell); }

std::string MatrixCell(const DrResult& result, const std::vector<DrCellReport>& reports, uint32_t index,
                       DrMeasure measure) {
  const DrCell& cell = result.cells[index];
  if (!cell.laid.has_value()) {
    return fmt::format("<td class=\"none\" title=\"{}\">n/a</td>", EscapeXml(cell.why_not));
  }
  const auto report =
      std::find_if(reports.begin(), reports.end(), [&](const DrCellReport& one) { return one.cell == index; });
  const DrSummary* summary = report == reports.end() ? nullptr : report->Find(measure);
  if (summary == nullptr) return "<td class=\"none\">-</td>";
  const std::string median = DrText(measure, summary->median.value);
  const std::string worst = DrText(measure, summary->worst.value);
  return fmt::format(
      "<td class=\"{}\" title=\"{}\"><a href=\"#{}\">{}</a></td>", ClassOf(*summary),
      EscapeXml(fmt::format("median {}, p99 {}, worst {} (seed {}): {}", median, DrText(measure, summary->p99.value),
                            worst, summary->worst.seed, DrCommand(cell, summary->worst.seed, summary->worst.seed))),
      Anchor(index), median == worst ? median : median + " / " + worst);
}

std::string Matrix(const DrResult& result, const std::vector<DrCellReport>& reports, DrMeasure measure) {
  std::vector<std::string> drills;
  for (const DrCell& cell : result.cells) {
    if (std::find(drills.begin(), drills.end(), cell.drill) == drills.end()) drills.push_back(cell.drill);
  }
  std::string html = fmt::format("<h2>{}</h2>\n<p>{}. Median / worst.</p>\n<div class=\"wide\"><table><tr><th></th>",
                                 InfoOf(measure).name, EscapeXml(std::string(InfoOf(measure).meaning)));
  for (const std::string& drill : drills) html += fmt::format("<th>{}</th>", EscapeXml(drill));
  std::string row;
  for (uint32_t i = 0; i < result.cells.size(); ++i) {
    const DrCell& cell = result.cells[i];
    const std::string name = fmt::format("{} ({})", cell.architecture, cell.variant);
    if (name != row) html += fmt::format("</tr>\n<tr><td>{}</td>", EscapeXml(name));
    row = name;
    html += MatrixCell(result, reports, i, measure);
  }
  return html + "</tr></table></div>\n";
}

std::string Bound(DrMeasure measure, const std::optional<int64_t>& bound) {
  return bound.has_value() ? DrText(measure, *bound) : "?";
}

std::string Number(const DrCell& cell, DrMeasure measure, const DrQuantile& quantile, bool interval) {
  std::string text = DrText(measure, quantile.value);
  if (interval && (quantile.low != quantile.value || quantile.high != quantile.value)) {
    text += fmt::format(" ({} to {})", Bound(measure, quantile.low), Bound(measure, quantile.high));
  }
  return fmt::format("<td title=\"{}\">{}</td><td>{}</td>", EscapeXml(DrCommand(cell, quantile.seed, quantile.seed)),
                     text, quantile.seed);
}

template <DrMeasure kMeasure>
std::string TextOf(int64_t value) {
  return DrText(kMeasure, value);
}

template <DrMeasure kMeasure>
std::string Plot(const DrCellReport& report) {
  const DrSummary* summary = report.Find(kMeasure);
  if (summary == nullptr) return "";
  return visualize::DistributionSvg({std::string(InfoOf(kMeasure).name) + ": share of runs at or below",
                                     summary->sorted,
                                     kNever,
                                     {{summary->median.value, "median"}, {summary->p99.value, "p99"}},
                                     &TextOf<kMeasure>});
}

std::string Story(const DrCell& cell, const DrStory& story, std::string_view which) {
  return fmt::format(
      "<h4>The {} run, seed {}</h4><p><code>{}</code></p>\n<div class=\"wide\">{}</div>\n<pre>{}</pre>\n", which,
      story.seed, EscapeXml(DrCommand(cell, story.seed, story.seed)), DrillSvg(story.view),
      EscapeXml(DrStoryText(story)));
}

std::string Cell(const DrResult& result, const DrCellReport& report, const DrCellDetail* detail) {
  const DrCell& cell = result.cells[report.cell];
  std::string html = fmt::format("<details id=\"{}\"><summary>{}</summary>\n<p>{}. {} runs: <code>{}</code></p>\n",
                                 Anchor(report.cell), EscapeXml(cell.Text()), EscapeXml(cell.drill_title), report.runs,
                                 EscapeXml(DrCommand(cell, result.seeds.first, result.seeds.last)));
  html += fmt::format("<p>Records are lost, or not served again, in {} of {} runs: {} ({} to {}).</p>\n", report.losing,
                      report.runs, Percent(static_cast<double>(report.losing) / static_cast<double>(report.runs)),
                      Percent(report.losing_rate.low), Percent(report.losing_rate.high));
  html +=
      "<table><tr><th>measure</th><th>median</th><th>seed</th><th>p99</th><th>seed</th><th>worst</th><th>seed</th></"
      "tr>\n";
  for (const DrSummary& one : report.summaries) {
    html +=
        fmt::format("<tr><td title=\"{}\">{}</td>{}{}{}</tr>\n", EscapeXml(std::string(InfoOf(one.measure).meaning)),
                    InfoOf(one.measure).name, Number(cell, one.measure, one.median, true),
                    Number(cell, one.measure, one.p99, true), Number(cell, one.measure, one.worst, false));
  }
  html += fmt::format("</table>\n<div class=\"plots\">{}{}{}</div>\n", Plot<DrMeasure::kLostRecords>(report),
                      Plot<DrMeasure::kRtoWrite>(report), Plot<DrMeasure::kRtoClients>(report));
  if (detail == nullptr) return html + "</details>\n";
  if (!report.lossy.empty() && detail->behind.empty()) {
    html += "<p>No single setting, changed alone, spares nine tenths of the losses.</p>\n";
  }
  for (const SettingBehind& behind : detail->behind) html += fmt::format("<p>{}</p>\n", EscapeXml(BehindText(behind)));
  if (detail->typical.has_value()) {
    html += Story(cell, *detail->typical, detail->worst.has_value() ? "median" : "median and worst");
  }
  if (detail->worst.has_value()) html += Story(cell, *detail->worst, "worst");
  return html + "</details>\n";
}

}  // namespace

std::string DrReportHtml(const DrResult& result, const std::vector<DrCellReport>& reports,
                         const std::vector<DrCellDetail>& details) {
  std::string html(kHead);
  html += fmt::format(
      "<p>Seeds {}..{} of each architecture under each drill. A number leads to its runs; the command that "
      "gives it stands where the pointer rests. <i>Not served</i>: at the end nobody can read the logs; "
      "<i>never</i>: not before the end of the run. In brackets: between which values the quantile of all "
      "seeds that there are lies, in 95 % of all cases (order statistics).</p>\n",
      result.seeds.first, result.seeds.last);
  for (const DrMeasure measure : {DrMeasure::kLostRecords, DrMeasure::kRtoWrite, DrMeasure::kRtoClients,
                                  DrMeasure::kSplitBrainWrites, DrMeasure::kReconcile}) {
    html += Matrix(result, reports, measure);
  }
  html += "<h2>Each of them</h2>\n";
  for (size_t i = 0; i < reports.size(); ++i) {
    html += Cell(result, reports[i], i < details.size() ? &details[i] : nullptr);
  }
  return html + "</body></html>\n";
}

}  // namespace brokersim::runner
