// Which kinds of faults a sweep really tried: what fired, what had an effect, which mechanisms overlapped.
#ifndef BROKERSIM_RUNNER_FAULT_COVERAGE_H_
#define BROKERSIM_RUNNER_FAULT_COVERAGE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/fault/fault.h"

namespace brokersim::runner {

class FaultCoverage {
 public:
  void Add(const std::vector<sim::FaultReport>& faults);

  struct Kind {
    int64_t scheduled = 0;
    int64_t fired = 0;
    int64_t with_effect = 0;
  };
  // By name of the kind, those that were scheduled at least once.
  const std::map<std::string, Kind, std::less<>>& kinds() const { return kinds_; }
  // Bits of sim::Mechanism, the smaller one first: two faults with effects, one on each, were active at one time.
  const std::set<std::pair<uint32_t, uint32_t>>& pairs() const { return pairs_; }
  // Pairs that the mechanisms of the scheduled kinds could have made.
  int64_t possible_pairs() const;

  // A few lines for people; empty if no fault was scheduled.
  std::string Text() const;

 private:
  std::map<std::string, Kind, std::less<>> kinds_;
  std::set<std::pair<uint32_t, uint32_t>> pairs_;
};

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_FAULT_COVERAGE_H_
