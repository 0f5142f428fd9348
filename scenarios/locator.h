// Finds where a part of a variant's setup stands in its file: in the variant's own setup, or in the scenario's.
#ifndef BROKERSIM_SCENARIOS_LOCATOR_H_
#define BROKERSIM_SCENARIOS_LOCATOR_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "scenarios/places.h"

namespace brokersim::scenarios {

// One step down from a setup: a field, and of repeated ones the element whose `key` is `value`.
struct Step {
  std::string field;
  std::string key;
  std::string value;
};
using Steps = std::vector<Step>;

class Locator {
 public:
  Locator(Place variant_setup, Place scenario_setup)
      : over_(std::move(variant_setup)), base_(std::move(scenario_setup)) {}

  // An error at `field` of the part that the steps lead to. Of a repeated field of texts: at the one that is `text`.
  absl::Status Error(const Steps& steps, const std::string& field, std::string_view what,
                     std::string_view text = "") const;

 private:
  Place over_;
  Place base_;
};

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_LOCATOR_H_
