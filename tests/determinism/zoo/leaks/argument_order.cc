// Two draws are arguments of one call: which comes first is the compiler's choice.
#include "tests/determinism/zoo/rig.h"

namespace {

int64_t Backoff(uint64_t base, uint64_t jitter) { return static_cast<int64_t>(base % 1000 * 1000 + jitter % 1000); }

}  // namespace

BROKERSIM_LEAK(argument_order) {
  return Backoff(rig.Next(), rig.Next());
}
