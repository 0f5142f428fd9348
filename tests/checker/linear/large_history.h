// Large histories of objects that behave, for benchmarks and for planting faults.
#ifndef BROKERSIM_TESTS_CHECKER_LINEAR_LARGE_HISTORY_H_
#define BROKERSIM_TESTS_CHECKER_LINEAR_LARGE_HISTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "checker/history/history.h"

namespace brokersim::checker {

struct LargeShape {
  std::string name = {};
  std::string model = {};
  int ops = 1000;
  int clients = 16;
  int crashed = 10;    // per mille: their clients never hear of them, and go on as new ones
  int keys = 1;        // more: values are pairs
  bool unique = true;  // values are never written twice
  uint64_t seed = 1;
  // One fault in about the middle: what the first answer after it that could show it says is wrong, of this
  // kind.
  enum Fault { kCalm, kStale, kLost, kTwice, kEarly } fault = kCalm;
};

// What benchmarks judge. The first: 1,000,000 operations on a queue, with dequeues that find nothing and 1 %
// crashed.
const std::vector<LargeShape>& LargeShapes();
// With a fault each, for explanations.
const std::vector<LargeShape>& FaultyShapes();

// Operations take effect at a random time between begin and end, and are told the truth. With a fault the
// history has no order; without, it has one.
History LargeHistory(const LargeShape& shape);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_LINEAR_LARGE_HISTORY_H_
