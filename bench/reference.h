// The plain reference: what W1 and W2 (bench/actors.h) cost without a simulator. A bare 4-ary heap of 16-byte
// keys over arrays of structs, and nothing that could crash, be cut off, be traced or be copied. It makes the
// same draws and folds the same events into the same run hash, so that the two hashes must be equal.
#ifndef BROKERSIM_BENCH_REFERENCE_H_
#define BROKERSIM_BENCH_REFERENCE_H_

#include <cstdint>

namespace brokersim::bench {

struct ReferenceRun {
  uint64_t hash = 0;
  double seconds = 0;  // of the loop, without building the world
};

ReferenceRun ReferenceTimers(int actors, uint64_t max_events, uint64_t seed);
ReferenceRun ReferenceBalls(int pairs, uint64_t max_events, uint64_t seed);

}  // namespace brokersim::bench

#endif  // BROKERSIM_BENCH_REFERENCE_H_
