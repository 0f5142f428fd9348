// Faults of the kernel from and to the `Parameters` of a scenario. Each kind describes its own fields
// (sim/fault/), so nothing here knows any kind.
#ifndef BROKERSIM_SCENARIOS_FAULT_FIELDS_H_
#define BROKERSIM_SCENARIOS_FAULT_FIELDS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "scenarios/scenario.pb.h"
#include "sim/fault/fault.h"

namespace brokersim::scenarios {

// What a reader needs to know of the scenario.
struct FieldContext {
  // An error at the parameter of this name; of a repeated one at the element that is `text`.
  std::function<absl::Status(const std::string& field, const std::string& what, const std::string& text)> error;
  // Whether a term selects anything.
  std::function<absl::Status(const std::string& field, const std::string& term)> check_term;
  std::function<absl::Status(const std::string& field, const std::string& type)> check_type;
};

// Fills in what `given` says; the rest keeps its defaults. Errors: kInvalidArgument, for a parameter that the kind
// doesn't take, one that it needs and isn't given, and for every value that makes no sense.
absl::Status ReadParameters(const Parameters& given, const FieldContext& context, sim::FaultAction* action);

// The fault as a scenario would say it. `begins` and selectors are as in `fault`; parameters that have their default
// are left out.
Fault ToScenario(const sim::Fault& fault);

}  // namespace brokersim::scenarios

#endif  // BROKERSIM_SCENARIOS_FAULT_FIELDS_H_
