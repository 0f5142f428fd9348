// The formats of a sweep's report.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "formats/xml.h"
#include "runner/sweep_report.h"

namespace brokersim::runner {
namespace {

using Json = nlohmann::ordered_json;

// What is known of a rate: "31.2 % (28.3 % to 34.2 %)", "none; more than 0.299 % is ruled out".
std::string RateText(uint64_t k, uint64_t n, const Interval& rate) {
  if (n == 0) return "no runs";
  if (k == 0) return fmt::format("a rate above {} is ruled out", Percent(rate.high));
  return fmt::format("{} ({} to {})", Percent(static_cast<double>(k) / static_cast<double>(n)), Percent(rate.low),
                     Percent(rate.high));
}

// ---- For people

std::string Text(const SweepReport& report) {
  std::string text =
      fmt::format("scenario  {}\nruns      {}, seeds {}\n\n", report.scenario, report.runs, report.seeds);
  size_t width = 0;
  for (const ArmReport& arm : report.arms) width = std::max(width, arm.arm.size());
  for (const ArmReport& arm : report.arms) {
    text += fmt::format("{:<{}}  {} of {} runs fail: {}{}\n", arm.arm, width, arm.failed, arm.runs,
                        RateText(arm.failed, arm.runs, arm.rate),
                        arm.undecided == 0 ? "" : fmt::format("; {} undecided", arm.undecided));
  }
  for (const ArmReport& arm : report.arms) {
    for (const FailureType& type : arm.types) {
      text += fmt::format("\n{}: {} in {} of {} runs, {}\n", arm.arm, type.type, type.runs, arm.runs,
                          RateText(type.runs, arm.runs, type.rate));
      for (const FailureGroup& group : type.groups) {
        text += fmt::format("{:>8}  {}\n          {}\n", group.runs,
                            group.cause.empty() ? "without a story" : group.cause, group.command);
      }
    }
  }
  const std::string coverage = report.coverage.Text();
  return coverage.empty() ? text : text + "\n" + coverage;
}

std::string MarkdownCell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|' || c == '\\') cell += '\\';
    cell += c == '\n' ? ' ' : c;
  }
  return cell;
}

std::string Markdown(const SweepReport& report) {
  std::string text = fmt::format("### {}: {} runs, seeds {}\n\n| | runs | fail | rate, 95 % |\n|---|---|---|---|\n",
                                 report.scenario, report.runs, report.seeds);
  for (const ArmReport& arm : report.arms) {
    text += fmt::format("| {} | {} | {} | {} |\n", MarkdownCell(arm.arm), arm.runs, arm.failed,
                        RateText(arm.failed, arm.runs, arm.rate));
  }
  for (const ArmReport& arm : report.arms) {
    if (arm.types.empty()) continue;
    text += fmt::format("\n**{}**\n\n| finding | runs | how it came about | shown by |\n|---|---|---|---|\n",
                        MarkdownCell(arm.arm));
    for (const FailureType& type : arm.types) {
      for (const FailureGroup& group : type.groups) {
        text += fmt::format("| {} | {} | {} | `{}` |\n", MarkdownCell(type.type), group.runs, MarkdownCell(group.cause),
                            MarkdownCell(group.command));
      }
    }
  }
  return text;
}

// ---- For programs

Json ToJson(const Interval& interval) { return Json::array({interval.low, interval.high}); }

std::string JsonText(const SweepReport& report) {
  Json json;
  json["scenario"] = report.scenario;
  json["runs"] = report.runs;
  json["seeds"] = report.seeds;
  json["exit_code"] = static_cast<int>(report.worst);
  json["arms"] = Json::array();
  for (const ArmReport& arm : report.arms) {
    Json entry;
    entry["variant"] = arm.variant;
    entry["settings"] = arm.settings;
    entry["runs"] = arm.runs;
    entry["failed"] = arm.failed;
    entry["undecided"] = arm.undecided;
    entry["rate_95"] = ToJson(arm.rate);
    entry["findings"] = Json::array();
    for (const FailureType& type : arm.types) {
      Json finding;
      finding["type"] = type.type;
      finding["runs"] = type.runs;
      finding["rate_95"] = ToJson(type.rate);
      for (const FailureGroup& group : type.groups) {
        finding["groups"].push_back({{"cause", group.cause},
                                     {"runs", group.runs},
                                     {"seed", group.seed},
                                     {"events", group.events},
                                     {"reproduce", group.command}});
      }
      entry["findings"].push_back(std::move(finding));
    }
    json["arms"].push_back(std::move(entry));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Csv(const SweepResult& result) {
  std::vector<std::string> columns = {"seed",     "variant", "settings", "verdict", "exit_code",
                                      "findings", "cause",   "hash",     "events",  "end_ns"};
  for (int i = 0; i < kMetricCount; ++i) columns.emplace_back(InfoOf(static_cast<Metric>(i)).column);
  std::string text = absl::StrJoin(columns, ",") + "\n";
  for (const RunRow& row : result.rows) {
    const Arm& arm = result.arms[row.arm];
    std::string types;
    for (const Finding& finding : row.findings) types += (types.empty() ? "" : " ") + finding.type;
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}", row.seed, CsvField(arm.variant),
                        CsvField(absl::StrJoin(arm.settings, " ")), ResultName(row.verdict), static_cast<int>(row.code),
                        CsvField(types), CsvField(row.findings.empty() ? "" : row.findings.front().cause),
                        HashText(row.hash), row.events, row.end_ns);
    for (int i = 0; i < kMetricCount; ++i) {
      const std::optional<int64_t>& value = row.metrics[static_cast<Metric>(i)];
      text += value.has_value() ? fmt::format(",{}", *value) : ",";
    }
    text += "\n";
  }
  return text;
}

// Of an attribute: white space would be lost there, and XML has no other control characters.
std::string Xml(std::string_view text) {
  std::string escaped;
  for (const char c : formats::EscapeXml(text)) {
    if (c == '\n') {
      escaped += "&#10;";
    } else if (c == '\t') {
      escaped += "&#9;";
    } else {
      escaped += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return escaped;
}

std::string JunitCase(const SweepHead& head, const Arm& arm, const RunRow& row) {
  const std::string begin = fmt::format("    <testcase name=\"seed {}\" classname=\"{}\"", row.seed,
                                        Xml(fmt::format("{} ({})", head.scenario, arm.Text())));
  if (row.code == kHeld) return begin + "/>\n";
  std::string what;
  for (const Finding& finding : row.findings) {
    what += fmt::format("{}{}: {}", what.empty() ? "" : "\n", finding.type, finding.cause);
  }
  const std::string command = ReproduceCommand(head.reference, arm.variant, arm.settings, row.seed);
  const std::string type = row.findings.empty() ? std::string(ResultName(row.verdict)) : row.findings.front().type;
  const std::string_view tag = row.code == kUnknown ? "skipped" : row.code == kInternal ? "error" : "failure";
  const std::string kind = row.code == kUnknown ? "" : fmt::format(" type=\"{}\"", Xml(type));
  return fmt::format("{}>\n      <{} message=\"{}\"{}>{}</{}>\n    </testcase>\n", begin, tag, Xml(what), kind,
                     Xml(command), tag);
}

std::string Junit(const SweepResult& result) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (uint32_t index = 0; index < result.arms.size(); ++index) {
    const Arm& arm = result.arms[index];
    std::string cases;
    uint64_t tests = 0;
    uint64_t failures = 0;
    uint64_t errors = 0;
    uint64_t skipped = 0;
    for (const RunRow& row : result.rows) {
      if (row.arm != index) continue;
      ++tests;
      if (row.code == kUnknown) {
        ++skipped;
      } else if (row.code == kInternal) {
        ++errors;
      } else if (row.code != kHeld) {
        ++failures;
      }
      cases += JunitCase(result.head, arm, row);
    }
    text += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n{}",
                        Xml(fmt::format("{} ({})", result.head.scenario, arm.Text())), tests, failures, errors, skipped,
                        cases);
    text += "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string Render(const SweepResult& result, ReportFormat format) {
  switch (format) {
    case ReportFormat::kText:
      return Text(ReportOf(result));
    case ReportFormat::kMarkdown:
      return Markdown(ReportOf(result));
    case ReportFormat::kJson:
      return JsonText(ReportOf(result));
    case ReportFormat::kCsv:
      return Csv(result);
    case ReportFormat::kJunit:
      return Junit(result);
  }
  return "";
}

}  // namespace brokersim::runner
