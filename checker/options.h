// What a model may be told, by name: the same words on the command line, in scenarios and in tests.
#ifndef BROKERSIM_CHECKER_OPTIONS_H_
#define BROKERSIM_CHECKER_OPTIONS_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "checker/models.h"

namespace brokersim::checker {

struct OptionInfo {
  std::string_view name;     // "order"
  std::string_view letter;   // a short name, as elle-cli has it; empty if there is none
  std::string_view takes;    // "DURATION"; empty: a flag
  std::string_view meaning;  // "MODELS: half a sentence"
};
// All, by model.
const std::vector<OptionInfo>& Options();

// A flag takes "" or "true". Errors: kNotFound for an option that there isn't (with the nearest name), kInvalidArgument
// for a value that it doesn't take.
absl::Status SetOption(std::string_view name, std::string_view value, CheckOptions* options);

// "order=queue" or "linearizable".
absl::Status SetOption(std::string_view assignment, CheckOptions* options);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_OPTIONS_H_
