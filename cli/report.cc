// brokersim report: what the files of sweeps hold, together.
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/options.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string into;
  runner::ReportFormat format = runner::ReportFormat::kText;
};

int Report(const Options& options) {
  const absl::StatusOr<runner::SweepResult> result = runner::ReadSweeps(options.files);
  if (!result.ok()) return Fail(result.status());
  if (!options.into.empty()) {
    if (const absl::Status status = runner::WriteSweep(*result, options.into); !status.ok()) return Fail(status);
  }
  fmt::print("{}", runner::Render(*result, options.format));
  return runner::ReportOf(*result).worst;
}

}  // namespace

Command AddReport(CLI::App* app, const Context&) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("report", "Report on the files of sweeps, of several together as of one");
  command->add_option("FILE", options->files, "what `brokersim sweep --db` left")->required();
  command->add_option("--into", options->into, "put the results of all into this new file");
  AddFormat(command, &options->format);
  return [options] { return Report(*options); };
}

}  // namespace brokersim::cli
