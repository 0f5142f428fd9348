// The table of all anomalies: their names, and the checks that look for them.
#ifndef BROKERSIM_CHECKER_REGISTRY_H_
#define BROKERSIM_CHECKER_REGISTRY_H_

#include <string_view>

#include "absl/types/span.h"
#include "checker/check.h"
#include "checker/facts.h"
#include "checker/findings.h"

namespace brokersim::checker {

struct CheckEntry {
  AnomalyInfo info;
  bool by_default = false;                         // one of DefaultChecks()
  void (*run)(const Facts&, Findings*) = nullptr;  // null: nobody has written it yet
};

absl::Span<const CheckEntry> Registry();

// Null if there is no such name.
const CheckEntry* FindCheck(std::string_view name);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_REGISTRY_H_
