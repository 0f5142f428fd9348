// The number of a thread decides.
#include <pthread.h>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(thread_id) {
  const auto number = static_cast<uint64_t>(pthread_self()) / 4096;
  return static_cast<int64_t>(number >> rig.Next() % 16 & 1);
}
