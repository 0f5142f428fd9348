// A set of pointers is walked in the order of addresses.
#include <array>
#include <memory>
#include <set>
#include <vector>

#include "tests/determinism/zoo/rig.h"

namespace {

struct Replica {
  int64_t id;
  std::array<char, 300> log;
};

}  // namespace

BROKERSIM_LEAK(pointer_key) {
  std::vector<std::unique_ptr<Replica>> replicas;
  for (int64_t i = 0; i < 9; ++i) replicas.push_back(std::make_unique<Replica>(Replica{i, {}}));
  // One that goes and one that comes: its place is the allocator's.
  replicas.erase(replicas.begin() + 3);
  replicas.erase(replicas.begin() + 5);
  for (int64_t i = 9; i < 11; ++i) replicas.push_back(std::make_unique<Replica>(Replica{i, {}}));
  std::set<const Replica*> waiting;
  for (const auto& replica : replicas) waiting.insert(replica.get());
  int64_t order = 0;
  for (const Replica* replica : waiting) order = order * 11 + replica->id;
  return order;
}
