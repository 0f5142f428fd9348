// brokersim check and convert: histories from anywhere, judged and translated.
#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "checker/history/format.h"
#include "checker/models.h"
#include "checker/report/text.h"
#include "cli/command.h"
#include "runner/files.h"
#include "runner/history_picture.h"
#include "runner/text_file.h"
#include "scenarios/quantity.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::vector<std::string> histories;
  std::string model;
  std::string format;
  checker::CheckOptions check;
  int64_t total_amount = 0;
  bool total_given = false;
  uint64_t memory_mib = 0;
  std::string svg;
  bool json = false;
  bool all = false;
};

// The format named, else what the text looks like.
absl::StatusOr<checker::Format> FormatOf(std::string_view text, const std::string& named) {
  return named.empty() ? checker::Recognise(text) : checker::FormatNamed(named);
}

// The model named, else the one that the format leaves no doubt about.
absl::StatusOr<std::string> ModelOf(const std::string& named, checker::Format format) {
  if (!named.empty()) return named;
  if (format == checker::Format::kPorcupineLog) return "cas-register-strict";
  if (format == checker::Format::kProto || format == checker::Format::kProtoJson) return "broker";
  return absl::InvalidArgumentError(
      "say what it is a history of with --model=MODEL; `brokersim list models` shows all");
}

absl::Status About(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", path, std::string(status.message())));
}

int ExitCodeOf(const formats::Verdict& verdict) {
  if (verdict.result() == formats::Verdict::VALID) return runner::kHeld;
  return verdict.result() == formats::Verdict::INVALID ? runner::kViolation : runner::kUnknown;
}

int CheckOne(const std::string& path, const Options& options) {
  const absl::StatusOr<runner::TextFile> file = runner::TextFile::Open(path);
  if (!file.ok()) return Fail(file.status());
  const absl::StatusOr<checker::Format> format = FormatOf(file->text(), options.format);
  if (!format.ok()) return Fail(About(path, format.status()));
  const absl::StatusOr<std::string> model = ModelOf(options.model, *format);
  if (!model.ok()) return Fail(runner::kUsage, std::string(model.status().message()));
  const absl::StatusOr<checker::History> history = checker::Read(file->text(), *format);
  if (!history.ok()) return Fail(About(path, history.status()));
  const absl::StatusOr<formats::Verdict> verdict = checker::Judge(*history, *model, options.check);
  if (!verdict.ok()) {
    if (absl::IsNotFound(verdict.status())) return Fail(runner::kUsage, std::string(verdict.status().message()));
    return Fail(About(path, verdict.status()));
  }
  if (!options.svg.empty() && verdict->anomalies_size() > 0) {
    const absl::StatusOr<std::string> svg = runner::AnomalySvg(*history, verdict->anomalies(0));
    if (!svg.ok()) return Fail(svg.status());
    if (const absl::Status written = runner::WriteFile(options.svg, *svg); !written.ok()) return Fail(written);
  }
  if (options.json) {
    fmt::print("{}\n", runner::VerdictJson(*verdict));
  } else {
    if (options.histories.size() > 1) fmt::print("file       {}\n", path);
    fmt::print("{}", checker::ReportText(*verdict, *history, {.per_type = options.all ? SIZE_MAX : 1}));
    if (options.histories.size() > 1) fmt::print("\n");
  }
  return ExitCodeOf(*verdict);
}

int Check(const Options& options) {
  int worst = runner::kHeld;
  for (const std::string& path : options.histories) {
    const int code = CheckOne(path, options);
    if (code >= runner::kUsage) return code;
    worst = runner::Worse(static_cast<runner::ExitCode>(worst), static_cast<runner::ExitCode>(code));
    if (Interrupted()) break;
  }
  return worst;
}

struct ConvertOptions {
  std::string from;
  std::string to;
  std::string format;
  std::string out = "-";
};

int Convert(const ConvertOptions& options) {
  const absl::StatusOr<checker::Format> to = checker::FormatNamed(options.to);
  if (!to.ok()) return Fail(runner::kUsage, std::string(to.status().message()));
  const absl::StatusOr<runner::TextFile> file = runner::TextFile::Open(options.from);
  if (!file.ok()) return Fail(file.status());
  const absl::StatusOr<checker::Format> format = FormatOf(file->text(), options.format);
  if (!format.ok()) return Fail(About(options.from, format.status()));
  const absl::StatusOr<checker::History> history = checker::Read(file->text(), *format);
  if (!history.ok()) return Fail(About(options.from, history.status()));
  std::string bytes;
  const absl::Status status =
      checker::Write(*history, *to, [&bytes](std::string_view piece) { bytes.append(piece); });
  if (!status.ok()) return Fail(About(options.from, status));
  if (options.out == "-") {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    return runner::kHeld;
  }
  if (const absl::Status written = runner::WriteFile(options.out, bytes); !written.ok()) return Fail(written);
  return runner::kHeld;
}

}  // namespace

namespace {

// An option that takes a duration, e.g. 30s.
void AddDuration(CLI::App* command, const std::string& name, const std::string& meaning,
                 std::function<void(int64_t)> set) {
  command->add_option_function<std::string>(
      name,
      [name, set = std::move(set)](const std::string& text) {
        const absl::StatusOr<sim::Duration> duration = scenarios::ParseDuration(text);
        if (!duration.ok()) throw CLI::ValidationError(name, std::string(duration.status().message()));
        set(duration->nanos());
      },
      meaning);
}

void AddDeliveryOptions(CLI::App* command, Options* options) {
  using Guarantee = checker::DeliveryOptions::Guarantee;
  using Order = checker::DeliveryOptions::Order;
  static const auto& guarantees = *new std::map<std::string, Guarantee>{{"at-most-once", Guarantee::kAtMostOnce},
                                                                        {"at-least-once", Guarantee::kAtLeastOnce},
                                                                        {"exactly-once", Guarantee::kExactlyOnce}};
  static const auto& orders = *new std::map<std::string, Order>{
      {"none", Order::kNone}, {"queue", Order::kQueue}, {"group", Order::kGroup}, {"key", Order::kKey}};
  checker::DeliveryOptions* const delivery = &options->check.delivery;
  command
      ->add_option("--guarantee", delivery->guarantee, "delivery: at-most-once, at-least-once (default), exactly-once")
      ->transform(CLI::CheckedTransformer(guarantees))
      ->option_text("WORD");
  command->add_option("--order", delivery->order, "delivery: none (default), or in each queue, group or key")
      ->transform(CLI::CheckedTransformer(orders))
      ->option_text("WORD");
  command->add_option_function<uint32_t>(
      "--max-receives", [delivery](uint32_t n) { delivery->max_receives = n; },
      "delivery: after this many a message is a dead letter");
  AddDuration(command, "--dedup-window", "delivery: how long deduplication ids are remembered (default: 5min)",
              [delivery](int64_t ns) { delivery->dedup_window = ns; });
  AddDuration(command, "--lateness", "delivery: how long after it is due a delayed message may come",
              [delivery](int64_t ns) { delivery->lateness = ns; });
  AddDuration(command, "--max-staleness", "session: how long ago what a read misses may have been acknowledged",
              [options](int64_t ns) { options->check.session.max_staleness = ns; });
}

void AddTransactionOptions(CLI::App* command, Options* options) {
  checker::TxnOptions* const txn = &options->check.txn;
  checker::KafkaOptions* const kafka = &options->check.kafka;
  command
      ->add_option("-c,--consistency-models", txn->levels,
                   "list-append, rw-register: levels that must hold (default: strict-serializable)")
      ->delimiter(',');
  command->add_option("-a,--anomalies", txn->anomalies, "list-append, rw-register: what else must not be seen")
      ->delimiter(',');
  command->add_flag("--wfr-keys", txn->wfr_keys,
                    "rw-register: who reads and then writes a register replaces what it read");
  command->add_flag("--sequential-keys", txn->sequential_keys, "rw-register: each register is sequentially consistent");
  command->add_flag("--linearizable-keys", txn->linearizable_keys, "rw-register: each register is linearizable");
  command->add_flag("--ww-deps", kafka->ww_deps, "kafka: sends to a log depend on one another by their offsets");
  command->add_flag("--rw-deps", kafka->rw_deps, "kafka: a poll comes before what lies behind its end");
  command->add_option("--allow", kafka->allow, "kafka: anomalies that don't make the verdict invalid")->delimiter(',');
}

}  // namespace

Command AddCheck(CLI::App* app, const Context&) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("check", "Judge a history that a run or another tool recorded");
  command->add_option("HISTORY", options->histories, "files, - for standard input; the format is recognised")
      ->required();
  command->add_option("-m,--model", options->model, "what it is a history of; `brokersim list models` shows all");
  command->add_option("-f,--format", options->format,
                      "edn, json, jsonl, porcupine-log, pb, pb-json, openchaos, fptlin");
  AddTransactionOptions(command, options.get());
  command->add_option("-o,--total-amount", options->total_amount, "bank: what all accounts hold together")
      ->each([options](const std::string&) { options->total_given = true; });
  command->add_flag("-n,--allow-negative-balances", options->check.negative_balances,
                    "bank: balances may be below zero");
  command->add_flag("--linearizable", options->check.linearizable, "set-full: stale reads are violations");
  AddDeliveryOptions(command, options.get());
  command->add_option("--steps", options->check.limits.steps, "end a search as unknown after this many steps")
      ->check(WholeNumber(1));
  command->add_option("--memory", options->memory_mib, "... or beyond this many MiB (default: 2048)")
      ->check(WholeNumber(1, 1 << 20));
  command->add_flag("--json", options->json, "the verdict as JSON");
  command->add_option("--svg", options->svg, "where to draw the first anomaly; nothing is written if there is none");
  command->add_flag("--all", options->all, "tell every anomaly, not one of each type");
  return [options] {
    if (options->total_given) options->check.total_amount = options->total_amount;
    if (options->memory_mib > 0) options->check.limits.memory = options->memory_mib << 20;
    return Check(*options);
  };
}

Command AddConvert(CLI::App* app, const Context&) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* command = app->add_subcommand("convert", "Translate a history into another format");
  command->add_option("HISTORY", options->from, "a file, - for standard input")->required();
  command->add_option("--to", options->to, "edn, json, jsonl, porcupine-log, pb, pb-json")->required();
  command->add_option("-f,--format", options->format, "what it is written in; recognised if not given");
  command->add_option("--out", options->out, "where to write (default: standard output)");
  return [options] { return Convert(*options); };
}

}  // namespace brokersim::cli
