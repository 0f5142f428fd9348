#include "runner/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "absl/strings/str_join.h"

namespace brokersim::runner {
namespace {

using Json = nlohmann::ordered_json;
using Pair = std::pair<const RunRow*, const RunRow*>;  // of one seed

std::vector<Pair> PairsOf(const SweepResult& result, uint32_t other) {
  std::map<uint64_t, Pair> by_seed;
  for (const RunRow& row : result.rows) {
    if (row.arm == 0) by_seed[row.seed].first = &row;
    if (row.arm == other) by_seed[row.seed].second = &row;
  }
  std::vector<Pair> pairs;
  for (const auto& [seed, pair] : by_seed) {
    if (pair.first != nullptr && pair.second != nullptr) pairs.push_back(pair);
  }
  return pairs;
}

// What the runs of any arm have shown, in the order of rows.
std::vector<std::string> TypesIn(const SweepResult& result) {
  std::vector<std::string> types;
  for (const RunRow& row : result.rows) {
    for (const Finding& finding : row.findings) {
      if (std::find(types.begin(), types.end(), finding.type) == types.end()) types.push_back(finding.type);
    }
  }
  return types;
}

bool Shows(const RunRow& row, const std::string& type) {
  return std::any_of(row.findings.begin(), row.findings.end(), [&](const Finding& one) { return one.type == type; });
}

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

class Comparer {
 public:
  Comparer(std::string arm, std::vector<Pair> pairs) : pairs_(std::move(pairs)) {
    compared_.arm = std::move(arm);
    compared_.pairs = pairs_.size();
  }

  void AddRate(const std::string& name, const std::function<bool(const RunRow&)>& holds) {
    PairedCounts counts;
    for (const auto& [a, b] : pairs_) {
      ++(holds(*a) ? (holds(*b) ? counts.both : counts.only_a) : (holds(*b) ? counts.only_b : counts.neither));
    }
    if (counts.n() == 0) return;
    if (counts.only_a + counts.only_b == 0) return compared_.same.push_back(name);
    ComparedLine line;
    line.name = name;
    line.base = static_cast<double>(counts.both + counts.only_a) / static_cast<double>(counts.n());
    line.other = static_cast<double>(counts.both + counts.only_b) / static_cast<double>(counts.n());
    line.difference = RateDifference(counts);
    compared_.lines.push_back(std::move(line));
  }

  void AddMetric(Metric metric) {
    std::vector<double> base;
    std::vector<double> other;
    for (const auto& [a, b] : pairs_) {
      if (!a->metrics[metric].has_value() || !b->metrics[metric].has_value()) continue;
      base.push_back(static_cast<double>(*a->metrics[metric]));
      other.push_back(static_cast<double>(*b->metrics[metric]));
    }
    if (base.empty()) return;
    const std::string name(InfoOf(metric).name);
    if (base == other) return compared_.same.push_back(name);
    ComparedLine line;
    line.name = name;
    line.metric = metric;
    line.difference = MeanDifference(base, other);
    line.base = MeanOf(base);
    line.other = MeanOf(other);
    compared_.lines.push_back(std::move(line));
  }

  ComparedArm Take() { return std::move(compared_); }

 private:
  std::vector<Pair> pairs_;
  ComparedArm compared_;
};

// Every line is a chance of a false alarm.
void Adjust(Comparison* comparison) {
  std::vector<double> p;
  for (const ComparedArm& arm : comparison->others) {
    for (const ComparedLine& line : arm.lines) p.push_back(line.difference.p);
  }
  p = AdjustedByHolm(p);
  size_t next = 0;
  for (ComparedArm& arm : comparison->others) {
    for (ComparedLine& line : arm.lines) line.adjusted_p = p[next++];
  }
}

// ---- Texts

std::string ValueText(const ComparedLine& line, double value) {
  if (line.metric.has_value()) return MetricText(*line.metric, value);
  return value < 0 ? "-" + Percent(-value) : Percent(value);
}

std::string PText(double p) { return p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", p); }

std::string TimesText(double times) { return std::isinf(times) ? "any" : fmt::format("{:.1f}x", times); }

std::string IntervalText(const ComparedLine& line, const Interval& interval) {
  return fmt::format("{} to {}", ValueText(line, interval.low), ValueText(line, interval.high));
}

using Table = std::vector<std::vector<std::string>>;

Table TableOf(const ComparedArm& arm) {
  Table table = {{"", "A", "B", "B - A", "95 %, from pairs", "95 %, independent", "narrower", "p", ""}};
  for (const ComparedLine& line : arm.lines) {
    const Difference& difference = line.difference;
    table.push_back({line.name, ValueText(line, line.base), ValueText(line, line.other),
                     ValueText(line, difference.value), IntervalText(line, difference.paired),
                     IntervalText(line, difference.unpaired), TimesText(difference.narrower()), PText(line.adjusted_p),
                     line.differs() ? "*" : ""});
  }
  return table;
}

// The first column to the left, the others to the right.
std::string Aligned(const Table& table) {
  std::vector<size_t> widths(table.front().size());
  for (const auto& row : table) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : table) {
    std::string line = fmt::format("{:<{}}", row[0], widths[0]);
    for (size_t i = 1; i < row.size(); ++i) line += fmt::format("  {:>{}}", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string Text(const Comparison& comparison) {
  std::string text = fmt::format("scenario  {}\n", comparison.scenario);
  for (const ComparedArm& arm : comparison.others) {
    text += fmt::format("\nA  {}\nB  {}\n{} seeds, the same for both\n\n", comparison.base, arm.arm, arm.pairs);
    text += Aligned(TableOf(arm));
    if (!arm.same.empty()) text += fmt::format("\nthe same in every pair: {}\n", absl::StrJoin(arm.same, ", "));
  }
  return text +
         "\n* more than chance: p below 0.05, adjusted for the number of lines (McNemar for rates, Wilcoxon for "
         "metrics; "
         "Holm)\n";
}

std::string Markdown(const Comparison& comparison) {
  std::string text = fmt::format("### {}\n", comparison.scenario);
  for (const ComparedArm& arm : comparison.others) {
    text += fmt::format("\nA: `{}`, B: `{}`, {} seeds\n\n", comparison.base, arm.arm, arm.pairs);
    const Table table = TableOf(arm);
    for (size_t row = 0; row < table.size(); ++row) {
      text += fmt::format("| {} |\n", absl::StrJoin(table[row], " | "));
      if (row == 0) text += "|---|---|---|---|---|---|---|---|---|\n";
    }
  }
  return text;
}

Json ToJson(const Interval& interval) { return Json::array({interval.low, interval.high}); }

std::string JsonText(const Comparison& comparison) {
  Json json;
  json["scenario"] = comparison.scenario;
  json["base"] = comparison.base;
  json["comparisons"] = Json::array();
  for (const ComparedArm& arm : comparison.others) {
    Json entry;
    entry["arm"] = arm.arm;
    entry["pairs"] = arm.pairs;
    entry["lines"] = Json::array();
    for (const ComparedLine& line : arm.lines) {
      entry["lines"].push_back({{"name", line.metric.has_value() ? InfoOf(*line.metric).column : line.name},
                                {"base", line.base},
                                {"other", line.other},
                                {"difference", line.difference.value},
                                {"pairs", line.difference.n},
                                {"paired_95", ToJson(line.difference.paired)},
                                {"independent_95", ToJson(line.difference.unpaired)},
                                {"p", line.difference.p},
                                {"adjusted_p", line.adjusted_p},
                                {"differs", line.differs()}});
    }
    entry["same"] = arm.same;
    json["comparisons"].push_back(std::move(entry));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Csv(const Comparison& comparison) {
  std::string text =
      "arm,name,pairs,base,other,difference,paired_low,paired_high,independent_low,independent_high,p,adjusted_p\n";
  for (const ComparedArm& arm : comparison.others) {
    for (const ComparedLine& line : arm.lines) {
      const Difference& difference = line.difference;
      const std::string name(line.metric.has_value() ? InfoOf(*line.metric).column : std::string_view(line.name));
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", CsvField(arm.arm), CsvField(name), difference.n,
                          line.base, line.other, difference.value, difference.paired.low, difference.paired.high,
                          difference.unpaired.low, difference.unpaired.high, difference.p, line.adjusted_p);
    }
  }
  return text;
}

}  // namespace

Comparison Compare(const SweepResult& result) {
  Comparison comparison;
  comparison.scenario = result.head.scenario;
  comparison.base = result.arms.front().Text();
  for (uint32_t other = 1; other < result.arms.size(); ++other) {
    Comparer comparer(result.arms[other].Text(), PairsOf(result, other));
    comparer.AddRate("fails", [](const RunRow& row) { return IsFailure(row.code); });
    for (const std::string& type : TypesIn(result)) {
      comparer.AddRate("shows " + type, [&](const RunRow& row) { return Shows(row, type); });
    }
    for (int i = 0; i < kMetricCount; ++i) comparer.AddMetric(static_cast<Metric>(i));
    comparison.others.push_back(comparer.Take());
  }
  Adjust(&comparison);
  return comparison;
}

std::string Render(const Comparison& comparison, ReportFormat format) {
  switch (format) {
    case ReportFormat::kJson:
      return JsonText(comparison);
    case ReportFormat::kCsv:
      return Csv(comparison);
    case ReportFormat::kMarkdown:
      return Markdown(comparison);
    case ReportFormat::kText:
    case ReportFormat::kJunit:
      break;
  }
  return Text(comparison);
}

}  // namespace brokersim::runner
