// One run counts where the former one stopped.
#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(shared_static) {
  static int64_t correlation = 0;
  return ++correlation;
}
