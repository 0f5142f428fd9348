#include "tests/docs/checker_page.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "checker/history/edn.h"
#include "checker/history/format.h"
#include "checker/models.h"
#include "fmt/format.h"
#include "tests/checker/examples/examples.h"

namespace brokersim::docs {
namespace {

using checker::Example;

constexpr std::string_view kOpening = R"(# Checking histories

This page is printed from the sources and the tests: `bazel run //tests/docs:pages_test -- --rewrite`.

`brokersim check HISTORY --model=MODEL` judges what clients of any system recorded. A history is a list of lines,
two for each operation: what a process began (`:invoke`), and what it was told: it happened (`:ok`), it did not
(`:fail`), or nobody knows (`:info`, or no second line: it may have happened, or may yet happen at any later time).
A process does one thing at a time; a client whose operation ended as `:info` should go on as a new process.

Exit code 0: valid. 1: invalid; each anomaly has its name, the operations that show it and a sentence. 2: unknown,
with the reason: the budget of a search ended, or the history doesn't decide. Never valid by giving up. Verdict,
report and number of steps are the same on every run and machine.

)";

void AppendFormats(std::string* page) {
  page->append("## Formats\n\nRecognised by content; `--format` overrides. `brokersim convert HISTORY --to=FORMAT` "
               "translates.\n\n| Format | What it is | Written too |\n|---|---|---|\n");
  for (const checker::FormatInfo& format : checker::Formats()) {
    page->append(fmt::format("| `{}` | {} | {} |\n", format.name, format.meaning, format.writable ? "yes" : ""));
  }
  page->append("\n");
}

void AppendModels(std::string* page) {
  page->append("## Models\n\n| Model | Operations | What must hold |\n|---|---|---|\n");
  for (const checker::ModelInfo& model : checker::Models()) {
    page->append(fmt::format("| `{}` | `{}` | {} |\n", model.name, model.operations, model.meaning));
  }
  page->append("\n## Anomalies\n\nEach by a history that shows it, and what `brokersim check` says of that. A line "
               "without a beginning stands for both.\n");
}

void AppendExample(const Example& example, std::string* page) {
  const absl::StatusOr<checker::History> history = checker::ReadEdn(example.history);
  ASSERT_TRUE(history.ok()) << history.status();
  const absl::StatusOr<formats::Verdict> verdict = checker::JudgeExample(example, *history);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  const formats::Anomaly* shown = nullptr;
  for (const formats::Anomaly& anomaly : verdict->anomalies()) {
    if (anomaly.type() == example.anomalies[0] && shown == nullptr) shown = &anomaly;
  }
  ASSERT_NE(shown, nullptr) << example.model << ": " << example.anomalies[0];
  std::string options;
  for (const std::string& option : example.options) options += " " + option;
  page->append(fmt::format("\n#### {}\n\n", example.anomalies[0]));
  if (!options.empty()) page->append(fmt::format("With `{}`.\n\n", options.substr(1)));
  page->append(fmt::format("```clojure\n{}```\n\n{}\n", example.history, shown->explanation()));
  if (verdict->rules_out_size() > 0) {
    std::string levels;
    for (const std::string& level : verdict->rules_out()) levels += (levels.empty() ? "" : ", ") + level;
    page->append(fmt::format("\nRules out: {}.\n", levels));
  }
}

}  // namespace

std::string CheckerPage(const std::vector<std::string>& files) {
  std::map<std::string, std::vector<Example>> by_model;
  for (const std::string& file : files) {
    for (Example& example : checker::ParseExamples(file)) by_model[example.model].push_back(std::move(example));
  }
  std::string page(kOpening);
  AppendFormats(&page);
  AppendModels(&page);
  for (const checker::ModelInfo& model : checker::Models()) {
    const auto found = by_model.find(std::string(model.name));
    if (found == by_model.end()) continue;
    page.append(fmt::format("\n### {}\n", model.name));
    for (const Example& example : found->second) AppendExample(example, &page);
  }
  return page;
}

}  // namespace brokersim::docs
