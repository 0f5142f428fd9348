// Options that several subcommands take.
#ifndef BROKERSIM_CLI_OPTIONS_H_
#define BROKERSIM_CLI_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "runner/sweep_report.h"

namespace brokersim::cli {

// --set, once for each key. `several`: a key may have several values.
CLI::Option* AddSet(CLI::App* command, std::vector<std::string>* settings, bool several);
// --variant, once for each.
CLI::Option* AddVariants(CLI::App* command, std::vector<std::string>* variants);
// --format=text|json|...
CLI::Option* AddFormat(CLI::App* command, runner::ReportFormat* format);
// --jobs; default: all cores.
CLI::Option* AddJobs(CLI::App* command, uint64_t* jobs);
// --seeds=A..B
CLI::Option* AddSeeds(CLI::App* command, std::string* seeds, const std::string& text);

// "A..B". Returns kHeld, or the exit code of what it printed.
int ReadSeeds(const std::string& text, runner::SeedRange* seeds);

}  // namespace brokersim::cli

#endif  // BROKERSIM_CLI_OPTIONS_H_
