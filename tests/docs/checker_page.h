// docs/checker.md: every model of `brokersim check`, and each anomaly by a history of a few lines.
#ifndef BROKERSIM_TESTS_DOCS_CHECKER_PAGE_H_
#define BROKERSIM_TESTS_DOCS_CHECKER_PAGE_H_

#include <string>
#include <vector>

namespace brokersim::docs {

// `files`: the texts of tests/checker/examples/*.txt. What isn't as its heading says fails the running test.
std::string CheckerPage(const std::vector<std::string>& files);

}  // namespace brokersim::docs

#endif  // BROKERSIM_TESTS_DOCS_CHECKER_PAGE_H_
