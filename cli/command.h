// A subcommand: declares its options, and runs. One file each.
#ifndef BROKERSIM_CLI_COMMAND_H_
#define BROKERSIM_CLI_COMMAND_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "runner/outcome.h"
#include "scenarios/loader.h"

namespace brokersim::cli {

// What all commands know of the world.
struct Context {
  std::string home;  // the project's folder: where scenarios are
};

// Adds a subcommand to `app`; the returned function runs it if it was chosen and gives the exit code.
using Command = std::function<int()>;

Command AddRun(CLI::App* app, const Context& context);
Command AddTest(CLI::App* app, const Context& context);
Command AddList(CLI::App* app, const Context& context);
Command AddDescribe(CLI::App* app, const Context& context);
Command AddSweep(CLI::App* app, const Context& context);
Command AddCompare(CLI::App* app, const Context& context);
Command AddReplay(CLI::App* app, const Context& context);
Command AddReport(CLI::App* app, const Context& context);
Command AddShow(CLI::App* app, const Context& context);
Command AddShrink(CLI::App* app, const Context& context);
Command AddExplain(CLI::App* app, const Context& context);
Command AddLife(CLI::App* app, const Context& context);
Command AddDr(CLI::App* app, const Context& context);
Command AddDraws(CLI::App* app, const Context& context);
Command AddVerifyDeterminism(CLI::App* app, const Context& context);
Command AddCheck(CLI::App* app, const Context& context);
Command AddConvert(CLI::App* app, const Context& context);
Command AddVersion(CLI::App* app, const Context& context);

// Prints "brokersim: MESSAGE" to stderr; returns `code`.
int Fail(int code, std::string_view message);
// The same for a status: what isn't there or can't be read is bad input (65).
int Fail(const absl::Status& status);

// The scenario's variant of that name, the first if it is empty, with the settings (--set) laid over it. Names of
// checks and models are known. Returns kHeld, or the exit code of what it printed.
int LoadVariant(const std::string& scenario, const std::string& variant, const std::vector<std::string>& settings,
                const Context& context, scenarios::ResolvedScenario* resolved);
// Each of the variants (the first if none is named) with each combination of the settings' values.
int LoadArms(const std::string& scenario, const std::vector<std::string>& variants,
             const std::vector<std::string>& settings, const Context& context,
             std::vector<scenarios::ResolvedScenario>* arms);

// For options that take a number: digits only, at least `least`, and no more than fits.
CLI::Validator WholeNumber(uint64_t least = 0, uint64_t most = UINT64_MAX);

// Ctrl-C was pressed: commands end at the next seed.
bool Interrupted();

// Prints one line to stderr that replaces the former one; only on a terminal.
void ShowProgress(std::string_view line);
void ClearProgress();

}  // namespace brokersim::cli

#endif  // BROKERSIM_CLI_COMMAND_H_
