// Small histories that show one anomaly each: a test judges them, docs/checker.md prints them.
//
// A file holds them one after the other: a heading `# MODEL [--OPTION[=VALUE]]: ANOMALY [and ANOMALY ...]`, lines of
// EDN, and a blank line.
#ifndef BROKERSIM_TESTS_CHECKER_EXAMPLES_EXAMPLES_H_
#define BROKERSIM_TESTS_CHECKER_EXAMPLES_EXAMPLES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "checker/history/history.h"
#include "formats/verdict.pb.h"

namespace brokersim::checker {

struct Example {
  std::string model;
  std::vector<std::string> options;    // as on the command line, "--order=queue"
  std::vector<std::string> anomalies;  // all that its verdict names; the first is what it is for
  std::string history;                 // EDN
};

std::vector<Example> ParseExamples(std::string_view text);

// The verdict of `brokersim check` with its model and options.
absl::StatusOr<formats::Verdict> JudgeExample(const Example& example, const History& history);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_EXAMPLES_EXAMPLES_H_
