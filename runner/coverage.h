// Coverage: which probes (sim/base/probe.h) the runs have reached.
#ifndef BROKERSIM_RUNNER_COVERAGE_H_
#define BROKERSIM_RUNNER_COVERAGE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/probe.h"

namespace brokersim::runner {

class Coverage {
 public:
  // One run's counts.
  void Add(const sim::ProbeCounts& counts);

  struct Reached {
    std::string_view name;
    uint64_t runs = 0;   // that reached it
    uint64_t times = 0;  // in all of them
  };
  // What others have counted.
  void Add(const Coverage& other);

  // Every probe of the program, by name; probes of one name count together.
  std::vector<Reached> All() const;
  // A report: first those that no run has reached.
  std::string Describe() const;

 private:
  uint64_t runs_ = 0;
  std::vector<Reached> probes_;  // in the order of the program's list
};

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_COVERAGE_H_
