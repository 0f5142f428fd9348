// The order of a hash container decides the order of messages.
#include "absl/container/flat_hash_set.h"
#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(hash_order) {
  absl::flat_hash_set<uint64_t> peers;
  for (uint64_t id = 0; id < 12; ++id) peers.insert(id);
  int64_t order = 0;
  for (const uint64_t id : peers) order = order * 12 + static_cast<int64_t>(id);
  return order;
}
