#include "cli/options.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "cli/command.h"

namespace brokersim::cli {

CLI::Option* AddSet(CLI::App* command, std::vector<std::string>* settings, bool several) {
  return command
      ->add_option("--set", *settings,
                   several
                       ? "change a setting or field: KEY=VALUE, or KEY=V1,V2 for a run of each; several --set combine"
                       : "change a setting or field of the scenario, KEY=VALUE, e.g. min.insync.replicas=1, "
                         "p1.records=50 (docs/sweep.md)")
      ->allow_extra_args(false)
      ->take_all();
}

CLI::Option* AddVariants(CLI::App* command, std::vector<std::string>* variants) {
  return command->add_option("--variant", *variants, "which variant; may be given several times (default: the first)")
      ->allow_extra_args(false)
      ->take_all();
}

CLI::Option* AddFormat(CLI::App* command, runner::ReportFormat* format) {
  using runner::ReportFormat;
  static const std::map<std::string, ReportFormat> formats = {{"text", ReportFormat::kText},
                                                              {"json", ReportFormat::kJson},
                                                              {"csv", ReportFormat::kCsv},
                                                              {"junit", ReportFormat::kJunit},
                                                              {"markdown", ReportFormat::kMarkdown}};
  const auto read = [format](const std::string& text) {
    const auto found = formats.find(text);
    if (found == formats.end()) {
      throw CLI::ValidationError("--format", fmt::format("takes text, json, csv, junit or markdown, not '{}'", text));
    }
    *format = found->second;
  };
  return command->add_option_function<std::string>("--format", read,
                                                   "text (default), json, csv (a row a run), junit, or markdown");
}

CLI::Option* AddJobs(CLI::App* command, uint64_t* jobs) {
  *jobs = runner::Cores();
  return command->add_option("--jobs", *jobs, "how many runs at a time (default: as many as there are cores)")
      ->check(WholeNumber(1, 4096));
}

CLI::Option* AddSeeds(CLI::App* command, std::string* seeds, const std::string& text) {
  return command->add_option("--seeds", *seeds, text);
}

int ReadSeeds(const std::string& text, runner::SeedRange* seeds) {
  const size_t dots = text.find("..");
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto fail = [&] {
    return Fail(runner::kUsage, fmt::format("--seeds takes a range such as 1..100, not '{}'", text));
  };
  if (dots == std::string::npos) return fail();
  const auto first = std::from_chars(begin, begin + dots, seeds->first);
  const auto last = std::from_chars(begin + dots + 2, end, seeds->last);
  const bool whole = first.ec == std::errc() && first.ptr == begin + dots && last.ec == std::errc() && last.ptr == end;
  return whole && seeds->first <= seeds->last ? static_cast<int>(runner::kHeld) : fail();
}

}  // namespace brokersim::cli
