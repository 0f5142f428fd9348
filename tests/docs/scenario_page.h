// docs/scenario.md from the comments of scenarios/scenario.proto. Descriptors drop comments, so the text itself is
// read; of the language it knows what that file uses: messages, enumerations and oneofs, one declaration a line.
#ifndef BROKERSIM_TESTS_DOCS_SCENARIO_PAGE_H_
#define BROKERSIM_TESTS_DOCS_SCENARIO_PAGE_H_

#include <string>
#include <string_view>

namespace brokersim::docs {

// The page. `example` is the text of a whole scenario.
std::string ScenarioPage(std::string_view proto, std::string_view example);

}  // namespace brokersim::docs

#endif  // BROKERSIM_TESTS_DOCS_SCENARIO_PAGE_H_
