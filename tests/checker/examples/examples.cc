#include "tests/checker/examples/examples.h"

#include <sstream>

#include "checker/models.h"
#include "checker/options.h"

namespace brokersim::checker {
namespace {

void ParseHeading(const std::string& line, Example* example) {
  const size_t colon = line.find(": ");
  std::istringstream words(line.substr(2, colon - 2));
  words >> example->model;
  for (std::string option; words >> option;) example->options.push_back(option);
  std::istringstream types(line.substr(colon + 2));
  for (std::string type; types >> type;) {
    if (type != "and") example->anomalies.push_back(type);
  }
}

}  // namespace

std::vector<Example> ParseExamples(std::string_view text) {
  std::vector<Example> examples;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) {
      ParseHeading(line, &examples.emplace_back());
    } else if (!line.empty()) {
      examples.back().history += line + "\n";
    }
  }
  return examples;
}

absl::StatusOr<formats::Verdict> JudgeExample(const Example& example, const History& history) {
  CheckOptions options;
  for (const std::string& option : example.options) {
    if (absl::Status status = SetOption(std::string_view(option).substr(2), &options); !status.ok()) return status;
  }
  return Judge(history, example.model, options);
}

}  // namespace brokersim::checker
