// CHECK: a condition that holds in every run, whatever the input and the settings.
//
//   CHECK(end >= begin, "end {} before begin {}", end, begin);
//
// A broken one is a fault of brokersim itself: it throws CheckFailure, which ends the run; the
// command line prints it with the run's trace and exits with 70. Checks are on in every build.
#ifndef BROKERSIM_SIM_BASE_CHECK_H_
#define BROKERSIM_SIM_BASE_CHECK_H_

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace brokersim::sim {

class CheckFailure : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void FailCheck(std::string_view condition, std::string_view file, int line,
                            const std::string& details);

}  // namespace brokersim::sim

// Every argument after the condition is evaluated only if the condition is false: in a function of its own, so that
// functions with checks stay small enough to be inlined.
#define CHECK(condition, ...)                                                   \
  do {                                                                          \
    if (!(condition)) [[unlikely]] {                                            \
      [&]() __attribute__((noinline, cold)) {                                   \
        ::brokersim::sim::FailCheck(#condition, __FILE__, __LINE__,             \
                                    ::fmt::format(__VA_ARGS__));                \
      }();                                                                      \
      __builtin_unreachable();                                                  \
    }                                                                           \
  } while (false)

#endif  // BROKERSIM_SIM_BASE_CHECK_H_
