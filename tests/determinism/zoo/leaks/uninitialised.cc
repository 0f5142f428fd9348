// A member that nobody has set decides.
#include <memory>

#include "tests/determinism/zoo/rig.h"

namespace {

struct Fetcher {
  int64_t offset;
  int64_t in_flight;
};

}  // namespace

BROKERSIM_LEAK(uninitialised) {
  const std::unique_ptr<Fetcher> fetcher(new Fetcher);
  fetcher->offset = static_cast<int64_t>(rig.Next() % 100);
  return fetcher->in_flight;
}
