// What this process has on its heap. Linking :heap replaces operator new and delete by ones that count.
#ifndef BROKERSIM_BENCH_HEAP_H_
#define BROKERSIM_BENCH_HEAP_H_

#include <cstdint>

namespace brokersim::bench {

// Bytes now.
int64_t HeapBytes();
// The most since the last call, which begins anew.
int64_t HeapPeak();

}  // namespace brokersim::bench

#endif  // BROKERSIM_BENCH_HEAP_H_
