// The cases of bench/checkers.
#ifndef BROKERSIM_BENCH_CHECKERS_H_
#define BROKERSIM_BENCH_CHECKERS_H_

namespace brokersim::bench {

void AddLinearBenchmarks();
void AddDeliveryBenchmarks();

}  // namespace brokersim::bench

#endif  // BROKERSIM_BENCH_CHECKERS_H_
