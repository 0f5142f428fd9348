// The brokersim command.
#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "cli/command.h"
#include "runner/judge.h"
#include "runner/sweep.h"
#include "sim/base/suggest.h"

namespace brokersim::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void OnInterrupt(int) {
  // The second time: at once.
  if (interrupted != 0) _exit(runner::kInterrupted);
  interrupted = 1;
}

// Where scenarios are: named by the environment, or the current folder.
std::string Home() {
  if (const char* home = std::getenv("BROKERSIM_HOME"); home != nullptr && *home != '\0') return home;
  return std::filesystem::current_path().string();
}

constexpr std::string_view kFooter = R"(
Examples:
  brokersim run kafka/unclean_leader_election --variant=buggy --out=out
  brokersim run kafka/unclean_leader_election --seeds=1..100 --json
  brokersim sweep kafka/swarm --variant=fixed --seeds=1..10000 --db=results.db
  brokersim test --all
  brokersim check history.edn --model=list-append

Exit codes: 0 all held; 1 a violation; 2 unknown; 3 no progress; 4 nondeterminism; 64 usage;
65 bad scenario or file; 70 a fault of brokersim itself; 130 interrupted.)";

int Main(int argc, char** argv) {
  std::signal(SIGINT, OnInterrupt);
  // What it would say of a damaged file we say ourselves, in one line.
  google::protobuf::SetLogHandler(nullptr);
  const Context context{Home()};
  CLI::App app{"brokersim: a deterministic simulator of message brokers", "brokersim"};
  app.footer(std::string(kFooter));
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default(false);
  std::vector<std::pair<CLI::App*, Command>> commands;
  for (auto* add : {&AddRun, &AddSweep, &AddReport, &AddCompare, &AddDr, &AddReplay, &AddExplain, &AddLife,
                    &AddTest, &AddList, &AddDescribe, &AddShow, &AddShrink, &AddDraws, &AddVerifyDeterminism,
                    &AddCheck, &AddConvert, &AddVersion}) {
    Command command = (*add)(&app, context);
    commands.emplace_back(app.get_subcommands({}).back(), std::move(command));
  }
  // The parser would only miss a subcommand.
  std::vector<std::string> names;
  for (const auto& [subcommand, command] : commands) names.push_back(subcommand->get_name());
  if (argc > 1 && argv[1][0] != '-' && std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    return Fail(runner::kUsage, fmt::format("there is no command '{}'{}; there are: {}", argv[1],
                                            sim::DidYouMean(argv[1], names), absl::StrJoin(names, ", ")));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return Fail(runner::kUsage, fmt::format("{}; see `brokersim --help`", error.what()));
  }
  for (const auto& [subcommand, command] : commands) {
    if (!subcommand->parsed()) continue;
    const int code = command();
    ClearProgress();
    return Interrupted() ? static_cast<int>(runner::kInterrupted) : code;
  }
  return runner::kUsage;
}

}  // namespace

CLI::Validator WholeNumber(uint64_t least, uint64_t most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool good = error == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
    return good ? "" : fmt::format("takes a whole number from {} to {}, not '{}'", least, most, text);
  };
  return CLI::Validator(check, "");
}

bool Interrupted() { return interrupted != 0; }

int Fail(int code, std::string_view message) {
  ClearProgress();
  fmt::print(stderr, "brokersim: {}\n", message);
  return code;
}

int Fail(const absl::Status& status) {
  const int code = status.code() == absl::StatusCode::kInternal ? runner::kInternal : runner::kBadInput;
  return Fail(code, std::string(status.message()));
}

int LoadArms(const std::string& scenario, const std::vector<std::string>& variants,
             const std::vector<std::string>& settings, const Context& context,
             std::vector<scenarios::ResolvedScenario>* arms) {
  const absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario(scenario, context.home);
  if (!loaded.ok()) return Fail(loaded.status());
  std::vector<scenarios::ResolvedScenario> chosen;
  if (variants.empty()) chosen.push_back(loaded->variants.front());
  for (const std::string& variant : variants) {
    absl::StatusOr<scenarios::ResolvedScenario> found = loaded->Variant(variant);
    if (!found.ok()) return Fail(runner::kUsage, std::string(found.status().message()));
    chosen.push_back(*std::move(found));
  }
  absl::StatusOr<std::vector<scenarios::ResolvedScenario>> all = runner::ArmsOf(chosen, settings);
  if (!all.ok()) return Fail(runner::kUsage, "--set=" + std::string(all.status().message()));
  for (const scenarios::ResolvedScenario& arm : *all) {
    if (const absl::Status status = runner::ValidateNames(arm); !status.ok()) return Fail(status);
  }
  *arms = *std::move(all);
  return runner::kHeld;
}

int LoadVariant(const std::string& scenario, const std::string& variant, const std::vector<std::string>& settings,
                const Context& context, scenarios::ResolvedScenario* resolved) {
  const std::vector<std::string> variants = variant.empty() ? std::vector<std::string>() : std::vector{variant};
  std::vector<scenarios::ResolvedScenario> arms;
  if (const int code = LoadArms(scenario, variants, settings, context, &arms); code != runner::kHeld) return code;
  if (arms.size() > 1) return Fail(runner::kUsage, "--set takes one value here; `brokersim sweep` takes several");
  *resolved = std::move(arms.front());
  return runner::kHeld;
}

void ShowProgress(std::string_view line) {
  if (isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r\033[K{}", line);
  std::fflush(stderr);
}

void ClearProgress() {
  if (isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

}  // namespace brokersim::cli

int main(int argc, char** argv) {
  try {
    return brokersim::cli::Main(argc, argv);
  } catch (const std::bad_alloc&) {
    return brokersim::cli::Fail(brokersim::runner::kInternal,
                                "out of memory; $TMPDIR may name a folder with more room for what doesn't fit");
  } catch (const std::exception& error) {
    return brokersim::cli::Fail(brokersim::runner::kInternal,
                                fmt::format("a fault of brokersim itself: {}", error.what()));
  }
}
