// What bounds a check.
#ifndef BROKERSIM_CHECKER_LIMITS_H_
#define BROKERSIM_CHECKER_LIMITS_H_

#include <cstdint>

namespace brokersim::checker {

struct Limits {
  // Steps of a search before it ends as UNKNOWN; steps are counted, not timed, so that every machine says the same.
  uint64_t steps = 100'000'000;
  // Memory of a search, bytes.
  uint64_t memory = uint64_t{2} << 30;
  // Whether anomalies get their smallest set of operations, edges and attempts; without them only the verdict counts.
  bool explain = true;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LIMITS_H_
