// brokersim dr: what architectures lose, and how long they are away, under drills.
#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "runner/dr_report.h"
#include "runner/files.h"
#include "runner/rerun.h"
#include "scenarios/drill.h"

namespace brokersim::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> architectures;
  std::vector<std::string> drills;
  std::vector<std::string> settings;
  std::string seeds = "100";
  std::string out;
  uint64_t jobs = 1;
};

// "N" is the first N, "A..B" a range.
int ReadSeedsOrCount(const std::string& text, runner::SeedRange* seeds) {
  if (text.find("..") != std::string::npos) return ReadSeeds(text, seeds);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seeds->last);
  if (error == std::errc() && end == text.data() + text.size() && seeds->last > 0) return runner::kHeld;
  return Fail(runner::kUsage,
              fmt::format("--seeds takes a number such as 1000, or a range such as 1..100, not '{}'", text));
}

// NAME, NAME:VARIANT or a path; without a variant all of them.
int LoadArchitecture(const std::string& given, const std::vector<std::string>& settings, const Context& context,
                     std::vector<scenarios::ResolvedScenario>* all) {
  const size_t colon = given.rfind(':');
  std::string name = given.substr(0, colon);
  if (name.find('/') == std::string::npos && !name.ends_with(".textproto")) name = "dr/" + name;
  std::vector<std::string> variants;
  if (colon != std::string::npos) {
    variants.push_back(given.substr(colon + 1));
  } else {
    const absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario(name, context.home);
    if (!loaded.ok()) return Fail(loaded.status());
    for (const scenarios::ResolvedScenario& variant : loaded->variants) variants.push_back(variant.variant);
  }
  std::vector<scenarios::ResolvedScenario> arms;
  if (const int code = LoadArms(name, variants, settings, context, &arms); code != runner::kHeld) return code;
  for (scenarios::ResolvedScenario& arm : arms) {
    if (arm.setup.datacenter().empty()) {
      return Fail(runner::kBadInput, fmt::format("{} has no datacenters with roles, of which drills speak; give it a "
                                                 "`topology`, or `datacenter {{ name: ... role: \"primary\" }}` "
                                                 "(docs/dr.md)",
                                                 arm.name));
    }
    all->push_back(std::move(arm));
  }
  return runner::kHeld;
}

int LoadPlan(const Options& options, const Context& context, runner::DrPlan* plan) {
  if (const int code = ReadSeedsOrCount(options.seeds, &plan->seeds); code != runner::kHeld) return code;
  plan->jobs = options.jobs;
  std::vector<std::string> names = options.files;
  names.insert(names.end(), options.architectures.begin(), options.architectures.end());
  if (names.empty()) {
    for (const std::string& name : scenarios::ListScenarios(context.home)) {
      if (name.starts_with("dr/")) names.push_back(name);
    }
  }
  std::vector<scenarios::ResolvedScenario> architectures;
  for (const std::string& name : names) {
    const int code = LoadArchitecture(name, options.settings, context, &architectures);
    if (code != runner::kHeld) return code;
  }
  std::vector<runner::DrillChoice> drills;
  for (const std::string& name : options.drills.empty() ? scenarios::ListDrills(context.home) : options.drills) {
    absl::StatusOr<scenarios::Drill> drill = scenarios::LoadDrill(name, context.home);
    if (!drill.ok()) return Fail(drill.status());
    drills.push_back({*std::move(drill), name});
  }
  absl::StatusOr<std::vector<runner::DrCell>> cells = runner::CellsOf(architectures, drills);
  if (!cells.ok()) return Fail(cells.status());
  std::set<std::string> seen;
  for (const runner::DrCell& cell : *cells) {
    if (!seen.insert(cell.Text()).second) return Fail(runner::kUsage, fmt::format("{} is named twice", cell.Text()));
  }
  plan->cells = *std::move(cells);
  return runner::kHeld;
}

// Each cell as a scenario of its own, for run, explain, shrink and show.
absl::Status WriteScenarios(const runner::DrResult& result, const std::string& folder) {
  for (const runner::DrCell& cell : result.cells) {
    if (!cell.laid.has_value()) continue;
    const scenarios::ResolvedScenario& laid = cell.laid->scenario;
    std::string text;
    google::protobuf::TextFormat::PrintToString(runner::ScenarioOf(laid.setup, laid.name, laid.variant), &text);
    text = fmt::format("# {}\n#   ./brokersim run THIS_FILE --seed=1\n{}", cell.Text(), text);
    const absl::Status status = runner::WriteFile((fs::path(folder) / (laid.name + ".textproto")).string(), text);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status WriteReports(const runner::DrResult& result, const std::vector<runner::DrCellReport>& reports,
                          const std::vector<runner::DrCellDetail>& details, const std::string& out) {
  const auto write = [&](const char* name, const std::string& text) {
    const std::string path = (fs::path(out) / name).string();
    const absl::Status status = runner::WriteFile(path, text);
    if (status.ok()) fmt::print("wrote     {}\n", path);
    return status;
  };
  if (auto status = write("report.md", runner::DrReportMarkdown(result, reports, details)); !status.ok()) return status;
  if (auto status = write("report.html", runner::DrReportHtml(result, reports, details)); !status.ok()) return status;
  return WriteScenarios(result, (fs::path(out) / "scenarios").string());
}

int Report(const runner::DrResult& result, const Options& options) {
  const std::vector<runner::DrCellReport> reports = runner::DrReportsOf(result);
  fmt::print("{}", runner::DrReportText(result, reports));
  std::vector<runner::DrCellDetail> details;
  const bool single = result.seeds.first == result.seeds.last && reports.size() == 1;
  if (result.complete && (single || !options.out.empty())) {
    details = runner::DrDetailsOf(result, reports, options.jobs, [](uint64_t done, uint64_t of) {
      ShowProgress(fmt::format("{} of {} looked at again", done, of));
      return !Interrupted();
    });
    ClearProgress();
  }
  if (single && !details.empty() && details.front().typical.has_value()) {
    fmt::print("\n{}", runner::DrStoryText(*details.front().typical));
    for (const runner::SettingBehind& behind : details.front().behind)
      fmt::print("behind it: {}\n", runner::BehindText(behind));
  }
  int code = runner::kHeld;
  for (const runner::DrRow& row : result.rows) {
    if (row.internal_error.empty()) continue;
    code = Fail(runner::kInternal, fmt::format("{}, seed {}: a fault of brokersim itself: {}",
                                               result.cells[row.cell].Text(), row.seed, row.internal_error));
  }
  if (options.out.empty()) return code;
  fmt::print("\n");
  if (const absl::Status status = WriteReports(result, reports, details, options.out); !status.ok())
    return Fail(status);
  return code;
}

int Dr(const Options& options, const Context& context) {
  runner::DrPlan plan;
  if (const int code = LoadPlan(options, context, &plan); code != runner::kHeld) return code;
  std::unique_ptr<runner::DrFile> file;
  if (!options.out.empty()) {
    std::error_code error;
    fs::create_directories(fs::path(options.out) / "scenarios", error);
    if (error) return Fail(runner::kBadInput, fmt::format("can't create {}: {}", options.out, error.message()));
    absl::StatusOr<std::unique_ptr<runner::DrFile>> opened =
        runner::DrFile::Open((fs::path(options.out) / "runs.db").string());
    if (!opened.ok()) return Fail(opened.status());
    file = *std::move(opened);
  }
  ProgressBar bar;
  const absl::StatusOr<runner::DrResult> result =
      runner::RunDr(std::move(plan), file.get(), [&](const runner::SweepProgress& now) {
        bar.Show(now);
        return !Interrupted();
      });
  ClearProgress();
  if (!result.ok()) return Fail(result.status());
  const int code = Report(*result, options);
  if (!result->complete) {
    fmt::print(stderr, "brokersim: interrupted after {} runs; {}\n", result->rows.size(),
               file == nullptr ? "with --out=DIR it can go on where it was" : "the same command goes on");
  }
  return code;
}

}  // namespace

Command AddDr(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app->add_subcommand("dr", "Disaster recovery: RPO, RTO and split-brain of architectures under drills");
  command->add_option("FILE", options->files, "architectures of your own: scenarios with datacenters (docs/dr.md)");
  const auto add_several = [&](const char* name, std::vector<std::string>* values, const char* text) {
    command->add_option(name, *values, text)->allow_extra_args(false)->take_all();
  };
  add_several("--architecture", &options->architectures,
              "NAME or NAME:VARIANT, e.g. kafka_3dc:near; may be given several times (default: all of scenarios/dr)");
  add_several("--drill", &options->drills,
              "e.g. dc_loss, or a file; may be given several times (default: all of scenarios/drills)");
  AddSet(command, &options->settings, /*several=*/false);
  AddSeeds(command, &options->seeds, "how many seeds, e.g. 1000, or which, e.g. 1..100 (default: 100)");
  AddJobs(command, &options->jobs);
  command->add_option("--out", options->out,
                      "folder for report.md, report.html, a scenario of each, and what was run, so that it can go on");
  return [options, context] { return Dr(*options, context); };
}

}  // namespace brokersim::cli
