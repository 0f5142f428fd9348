// brokersim check and convert: histories from anywhere, judged and translated.
#include <fmt/format.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "checker/history/format.h"
#include "checker/models.h"
#include "checker/options.h"
#include "checker/report/text.h"
#include "cli/command.h"
#include "cli/spill.h"
#include "runner/files.h"
#include "runner/history_picture.h"
#include "runner/text_file.h"

namespace brokersim::cli {
namespace {

struct Options {
  std::vector<std::string> histories;
  std::string model;
  std::string format;
  checker::CheckOptions check;
  uint64_t memory_mib = 0;
  uint64_t spill_mib = 0;
  std::string svg;
  bool json = false;
  bool all = false;
};

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

// Histories may be larger than memory. `mib`: what may stay in it of large tables; 0: half of what is free.
absl::Status PrepareForMore(uint64_t mib) {
  const uint64_t budget = mib > 0 ? mib << 20 : HalfOfFreeMemory();
  const absl::Status status = SpillBeyond(budget, SpillFolder());
  return mib > 0 ? status : absl::OkStatus();  // nobody asked for it: memory may do
}

void AddSpill(CLI::App* command, uint64_t* mib) {
  command
      ->add_option("--spill", *mib,
                   "keep so many MiB of tables in memory, the rest in a file in $TMPDIR (default: half of the free)")
      ->check(WholeNumber(1, 1 << 24));
}

// A history's file, and what it is written in.
struct Input {
  runner::TextFile file;
  checker::Format format;
};

// `named` is a format, or empty: what the text looks like. Errors name the path.
absl::StatusOr<Input> Open(const std::string& path, const std::string& named) {
  absl::StatusOr<runner::TextFile> file = runner::TextFile::Open(path);
  if (!file.ok()) return file.status();
  const absl::StatusOr<checker::Format> format =
      named.empty() ? checker::Recognise(file->text()) : checker::FormatNamed(named);
  if (!format.ok()) return About(path, format.status());
  return Input{*std::move(file), *format};
}

absl::StatusOr<checker::History> ReadHistory(const std::string& path, const Input& input) {
  absl::StatusOr<checker::History> history = checker::Read(input.file.text(), input.format);
  if (!history.ok()) return About(path, history.status());
  return history;
}

int ExitCodeOf(const formats::Verdict& verdict) {
  if (verdict.result() == formats::Verdict::VALID) return runner::kHeld;
  return verdict.result() == formats::Verdict::INVALID ? runner::kViolation : runner::kUnknown;
}

int CheckOne(const std::string& path, const Options& options) {
  const absl::StatusOr<Input> input = Open(path, options.format);
  if (!input.ok()) return Fail(input.status());
  const absl::StatusOr<std::string> model = ModelOf(options.model, input->format);
  if (!model.ok()) return Fail(runner::kUsage, std::string(model.status().message()));
  const absl::StatusOr<checker::History> history = ReadHistory(path, *input);
  if (!history.ok()) return Fail(history.status());
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
  uint64_t spill_mib = 0;
};

int Convert(const ConvertOptions& options) {
  const absl::StatusOr<checker::Format> to = checker::FormatNamed(options.to);
  if (!to.ok()) return Fail(runner::kUsage, std::string(to.status().message()));
  const absl::StatusOr<Input> input = Open(options.from, options.format);
  if (!input.ok()) return Fail(input.status());
  const absl::StatusOr<checker::History> history = ReadHistory(options.from, *input);
  if (!history.ok()) return Fail(history.status());
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

// What models may be told, as flags and options of the command.
void AddModelOptions(CLI::App* command, checker::CheckOptions* check) {
  for (const checker::OptionInfo& info : checker::Options()) {
    const std::string name =
        (info.letter.empty() ? "" : fmt::format("-{},", info.letter)) + fmt::format("--{}", info.name);
    const auto set = [check, info](const std::string& value) {
      const absl::Status status = checker::SetOption(info.name, value, check);
      if (!status.ok()) throw CLI::ValidationError("--" + std::string(status.message()));
    };
    if (info.takes.empty()) {
      command->add_flag_callback(
          name, [set] { set(""); }, std::string(info.meaning));
    } else {
      command->add_option_function<std::string>(name, set, std::string(info.meaning))
          ->option_text(std::string(info.takes));
    }
  }
}

}  // namespace

Command AddCheck(CLI::App* app, const Context&) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("check", "Judge a history that a run or another tool recorded");
  command->add_option("HISTORY", options->histories, "files, - for standard input; the format is recognised")
      ->required();
  command->add_option("-m,--model", options->model, "what it is a history of; `brokersim list models` shows all");
  command->add_option("-f,--format", options->format,
                      "what it is written in; recognised if not given: " + checker::FormatNames());
  AddModelOptions(command, &options->check);
  command->add_option("--steps", options->check.limits.steps, "end a search as unknown after this many steps")
      ->check(WholeNumber(1));
  command->add_option("--memory", options->memory_mib, "... or beyond this many MiB (default: 2048)")
      ->check(WholeNumber(1, 1 << 20));
  command->add_flag("--json", options->json, "the verdict as JSON");
  command->add_option("--svg", options->svg, "where to draw the first anomaly; nothing is written if there is none");
  command->add_flag("--all", options->all, "tell every anomaly, not one of each type");
  AddSpill(command, &options->spill_mib);
  return [options] {
    if (const absl::Status status = PrepareForMore(options->spill_mib); !status.ok()) return Fail(status);
    if (options->memory_mib > 0) options->check.limits.memory = options->memory_mib << 20;
    return Check(*options);
  };
}

Command AddConvert(CLI::App* app, const Context&) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* command = app->add_subcommand("convert", "Translate a history into another format");
  command->add_option("HISTORY", options->from, "a file, - for standard input")->required();
  command->add_option("--to", options->to, "one of: " + checker::FormatNames(/*writable=*/true))->required();
  command->add_option("-f,--format", options->format, "what it is written in; recognised if not given");
  command->add_option("--out", options->out, "where to write (default: standard output)");
  AddSpill(command, &options->spill_mib);
  return [options] {
    if (const absl::Status status = PrepareForMore(options->spill_mib); !status.ok()) return Fail(status);
    return Convert(*options);
  };
}

}  // namespace brokersim::cli
