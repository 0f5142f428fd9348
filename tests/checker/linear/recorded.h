// Histories that others recorded, with the verdicts that they expect. They are not ours to keep in the
// project: the environment variable BROKERSIM_HISTORIES names the folder
// (--test_env=BROKERSIM_HISTORIES=/path/to/shared/data).
#ifndef BROKERSIM_TESTS_CHECKER_LINEAR_RECORDED_H_
#define BROKERSIM_TESTS_CHECKER_LINEAR_RECORDED_H_

#include <string>
#include <vector>

namespace brokersim::checker {

struct Recorded {
  std::string path;
  std::string name;  // within the folder
  std::string model;
  bool linearizable = false;
  // Porcupine's median for it, microseconds (its own machine: CHECKERS.md); 0 where it wasn't measured.
  double porcupine_us = 0;
};

// Empty, after a printed note, if the folder isn't there.
std::vector<Recorded> RecordedHistories();

std::string ReadAll(const std::string& path);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_LINEAR_RECORDED_H_
