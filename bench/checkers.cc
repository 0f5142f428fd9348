// What judging histories costs:
//
//   BROKERSIM_HISTORIES=/path/to/recorded bazel-bin/bench/checkers [--benchmark_filter=linear]
//
// Each kind of checker adds its cases in a file of its own. Recorded histories are left out where there are
// none.
#include "bench/checkers.h"

#include <benchmark/benchmark.h>

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  brokersim::bench::AddLinearBenchmarks();
  brokersim::bench::AddDeliveryBenchmarks();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
