// brokersim life: what became of one message.
#include "checker/life.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_join.h"
#include "cli/command.h"
#include "cli/options.h"
#include "runner/judge.h"
#include "runner/trace_file.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::string message;
  std::string where;
  std::string variant;
  std::vector<std::string> settings;
  std::optional<uint64_t> seed;
  bool json = false;
};

struct Recorded {
  formats::DecodedTrace trace;
  std::optional<formats::History> history;
  std::optional<formats::Verdict> verdict;
};

bool IsTrace(const std::string& where) {
  std::error_code ignored;
  const std::string ending = std::filesystem::path(where).extension().string();
  return ending == ".pb" || ending == ".jsonl" || std::filesystem::is_directory(where, ignored);
}

absl::Status Read(const std::string& where, Recorded* recorded) {
  absl::StatusOr<formats::DecodedTrace> trace = runner::ReadTrace(where);
  if (!trace.ok()) return trace.status();
  recorded->trace = *std::move(trace);
  recorded->history = runner::HistoryBeside(where);
  recorded->verdict = runner::VerdictBeside(where);
  return absl::OkStatus();
}

absl::Status Simulate(const scenarios::ResolvedScenario& scenario, uint64_t seed, Recorded* recorded) {
  runner::Outcome outcome = runner::RunAndCheck(scenario, seed, sim::RecordingLevel::kTrace);
  absl::StatusOr<formats::DecodedTrace> trace = formats::DecodeTrace(outcome.run.trace);
  if (!trace.ok()) return trace.status();
  recorded->trace = *std::move(trace);
  recorded->history = std::move(outcome.run.history);
  recorded->verdict = std::move(outcome.verdict);
  return absl::OkStatus();
}

// The anomalies that name it, each type once.
std::vector<std::string> Named(const std::optional<formats::Verdict>& verdict, const std::string& value) {
  std::vector<std::string> types;
  if (!verdict.has_value()) return types;
  for (const formats::Anomaly& anomaly : verdict->anomalies()) {
    const auto is = [&](const formats::RecordId& record) { return record.value() == value; };
    if (std::none_of(anomaly.records().begin(), anomaly.records().end(), is)) continue;
    if (std::find(types.begin(), types.end(), anomaly.type()) == types.end()) types.push_back(anomaly.type());
  }
  return types;
}

void Print(const checker::MessageLife& life, const std::vector<std::string>& named) {
  fmt::print("message   {}\nlogs      {}\n\n", life.value, absl::StrJoin(life.logs, ", "));
  for (const formats::StoryLine& step : life.steps) {
    fmt::print("{:>10}.{:03} ms  {:<10}  {}\n", step.time_ns() / 1'000'000, step.time_ns() / 1000 % 1000, step.node(),
               step.text());
  }
  if (life.left_out > 0) fmt::print("  {} lesser steps are left out\n", life.left_out);
  fmt::print("\n");
  for (const std::string& outcome : life.outcome) fmt::print("{}\n", outcome);
  if (!named.empty()) fmt::print("verdict   {}\n", absl::StrJoin(named, ", "));
}

void PrintJson(const checker::MessageLife& life, const std::vector<std::string>& named) {
  nlohmann::ordered_json json;
  json["message"] = life.value;
  json["logs"] = life.logs;
  json["steps"] = nlohmann::ordered_json::array();
  for (const formats::StoryLine& step : life.steps) {
    json["steps"].push_back(
        {{"event", step.event()}, {"time_ns", step.time_ns()}, {"node", step.node()}, {"text", step.text()}});
  }
  json["left_out"] = life.left_out;
  json["outcome"] = life.outcome;
  json["lost"] = life.lost;
  json["doubled"] = life.doubled;
  json["anomalies"] = named;
  fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

int Life(const Options& options, const Context& context) {
  Recorded recorded;
  absl::Status status;
  if (IsTrace(options.where)) {
    if (options.seed.has_value() || !options.variant.empty()) {
      return Fail(runner::kUsage, fmt::format("--seed and --variant are for a scenario; {} is a trace", options.where));
    }
    status = Read(options.where, &recorded);
  } else {
    scenarios::ResolvedScenario scenario;
    const int code = LoadVariant(options.where, options.variant, options.settings, context, &scenario);
    if (code != runner::kHeld) return code;
    status = runner::ValidateNames(scenario);
    if (status.ok()) status = Simulate(scenario, options.seed.value_or(1), &recorded);
  }
  if (!status.ok()) return Fail(status);
  const absl::StatusOr<checker::MessageLife> life = checker::LifeOfMessage(
      recorded.trace, recorded.history.has_value() ? &*recorded.history : nullptr, options.message);
  if (!life.ok()) return Fail(life.status());
  const std::vector<std::string> named = Named(recorded.verdict, life->value);
  options.json ? PrintJson(*life, named) : Print(*life, named);
  return runner::kHeld;
}

}  // namespace

Command AddLife(CLI::App* app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("life", "Tell what became of one message, from its producer to who got it");
  command->add_option("MESSAGE", options->message, "its value, e.g. p1-19, or where it was stored, e.g. orders-0@18")
      ->required();
  command
      ->add_option("TRACE", options->where,
                   "a trace.pb or trace.jsonl, the folder that holds one, or a scenario that is run")
      ->required();
  command->add_option("--variant", options->variant, "of a scenario: which variant (default: the first)");
  AddSet(command, &options->settings, /*several=*/false);
  command->add_option("--seed", options->seed, "of a scenario: seed of the run (default: 1)")->check(WholeNumber());
  command->add_flag("--json", options->json, "one JSON object on stdout");
  return [options, context] { return Life(*options, context); };
}

}  // namespace brokersim::cli
