#include "tests/checker/examples/examples.h"

#include <charconv>
#include <sstream>

#include "checker/models.h"

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

int64_t Nanoseconds(std::string_view text) {
  int64_t number = 0;
  const char* const end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  return number * (unit == "us" ? 1000 : unit == "ms" ? 1'000'000 : 1);
}

bool Apply(const std::string& option, CheckOptions* options) {
  const size_t equals = option.find('=');
  const std::string name = option.substr(0, equals);
  const std::string value = equals == option.npos ? "" : option.substr(equals + 1);
  if (name == "--linearizable") {
    options->linearizable = true;
  } else if (name == "--guarantee" && value == "at-most-once") {
    options->delivery.guarantee = DeliveryOptions::Guarantee::kAtMostOnce;
  } else if (name == "--order" && value == "queue") {
    options->delivery.order = DeliveryOptions::Order::kQueue;
  } else if (name == "--max-receives") {
    options->delivery.max_receives = static_cast<uint32_t>(Nanoseconds(value));
  } else if (name == "--lateness") {
    options->delivery.lateness = Nanoseconds(value);
  } else if (name == "--max-staleness") {
    options->session.max_staleness = Nanoseconds(value);
  } else if (name == "--consistency-models") {
    options->txn.levels = {value};
  } else if (name == "--wfr-keys") {
    options->txn.wfr_keys = true;
  } else if (name == "--ww-deps") {
    options->kafka.ww_deps = true;
  } else if (name == "--rw-deps") {
    options->kafka.rw_deps = true;
  } else {
    return false;
  }
  return true;
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
    if (!Apply(option, &options)) return absl::InvalidArgumentError("examples.cc doesn't know " + option);
  }
  return Judge(history, example.model, options);
}

}  // namespace brokersim::checker
