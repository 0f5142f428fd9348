// The style rules that a machine can check by reading the sources: form, determinism, who may know
// whom.
//
//   for (const Finding& finding : CheckAll(ReadTree(root))) ...
//
// Each finding names its remedy. A new rule is a function in rules.cc, a line in CheckAll and a
// pair of samples in rules_test.cc. What a rule can't know is excused in exceptions.cc, with the
// reason.
#ifndef BROKERSIM_TESTS_TIDY_RULES_H_
#define BROKERSIM_TESTS_TIDY_RULES_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_file.h"

namespace brokersim::tidy {

struct Finding {
  std::string path;
  int line = 1;
  std::string rule;     // its short name, as exceptions use it
  std::string message;  // what is wrong, then the remedy
  friend bool operator==(const Finding&, const Finding&) = default;
};

// All rules over all files, in the order of the files. Exceptions are not applied.
std::vector<Finding> CheckAll(std::span<const SourceFile> files);

// Excuses the findings of `rule` in the file `path`, or below it if it ends with a slash.
struct Exception {
  std::string_view path;
  std::string_view rule;
  std::string_view reason;
};

std::span<const Exception> Exceptions();

bool Excuses(const Exception& exception, const Finding& finding);

}  // namespace brokersim::tidy

#endif  // BROKERSIM_TESTS_TIDY_RULES_H_
