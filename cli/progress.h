// How far a sweep is: a bar on a terminal, a line every ten seconds elsewhere, on stderr.
#ifndef BROKERSIM_CLI_PROGRESS_H_
#define BROKERSIM_CLI_PROGRESS_H_

#include <chrono>
#include <string>

#include "runner/sweep.h"

namespace brokersim::cli {

class ProgressBar {
 public:
  ProgressBar();
  // Call as often as you like.
  void Show(const runner::SweepProgress& now);

 private:
  using Clock = std::chrono::steady_clock;

  const bool terminal_;
  const Clock::time_point begin_;
  Clock::time_point next_;  // when to show something again
};

// "312 of 1000 runs  83/s  12 failures  8 s left", after so many seconds.
std::string ProgressText(const runner::SweepProgress& now, double seconds);

}  // namespace brokersim::cli

#endif  // BROKERSIM_CLI_PROGRESS_H_
