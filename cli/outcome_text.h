// What is printed of one run.
#ifndef BROKERSIM_CLI_OUTCOME_TEXT_H_
#define BROKERSIM_CLI_OUTCOME_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "formats/trace_codec.h"
#include "runner/outcome.h"

namespace brokersim::cli {

// The run, its faults, verdict and stories. `ignored`: settings without effect; `written`: files.
void PrintOutcome(const runner::Outcome& outcome, const std::vector<std::string>& ignored,
                  const std::vector<std::string>& written);

// A node's state, `text` being NODE@EVENT as given to `option`. Returns kHeld, or the exit code of what it printed.
int PrintStateAt(const formats::DecodedTrace& trace, std::string_view option, const std::string& text);

}  // namespace brokersim::cli

#endif  // BROKERSIM_CLI_OUTCOME_TEXT_H_
