// docs/faults.md: every kind of fault, printed from what the kinds say of themselves (sim/fault/).
#ifndef BROKERSIM_TESTS_DOCS_FAULTS_PAGE_H_
#define BROKERSIM_TESTS_DOCS_FAULTS_PAGE_H_

#include <string>

namespace brokersim::docs {

std::string FaultsPage();

}  // namespace brokersim::docs

#endif  // BROKERSIM_TESTS_DOCS_FAULTS_PAGE_H_
