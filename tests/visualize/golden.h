// Compares output with a file in testdata/.
//
// To rewrite the files after an intended change, and then read the difference before committing it:
//   BROKERSIM_REWRITE_GOLDENS=$PWD bazel run //tests/visualize:space_time_test
// (the variable holds the root of the source tree; the test fails while it is set, so that nobody
// takes a rewriting run for a passing one).
#ifndef BROKERSIM_TESTS_VISUALIZE_GOLDEN_H_
#define BROKERSIM_TESTS_VISUALIZE_GOLDEN_H_

#include <string>
#include <string_view>

namespace brokersim::visualize {

// Fails the running test if `actual` isn't what tests/visualize/testdata/`name` holds.
void ExpectGolden(std::string_view name, const std::string& actual);

// A file of the source tree, by its path from the root; fails the running test if it isn't there.
std::string ReadSource(const std::string& path);

}  // namespace brokersim::visualize

#endif  // BROKERSIM_TESTS_VISUALIZE_GOLDEN_H_
