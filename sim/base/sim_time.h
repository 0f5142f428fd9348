// Virtual time: int64 nanoseconds in types of their own. Time is a point, Duration a distance.
// Range: 292 years. Overflow is a CHECK failure, never a wrap.
#ifndef BROKERSIM_SIM_BASE_SIM_TIME_H_
#define BROKERSIM_SIM_BASE_SIM_TIME_H_

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

#include "sim/base/check.h"

namespace brokersim::sim {

namespace time_internal {
constexpr int64_t Add(int64_t a, int64_t b) {
  int64_t sum = 0;
  CHECK(!__builtin_add_overflow(a, b, &sum), "time overflow: {} + {}", a, b);
  return sum;
}
constexpr int64_t Subtract(int64_t a, int64_t b) {
  int64_t difference = 0;
  CHECK(!__builtin_sub_overflow(a, b, &difference), "time overflow: {} - {}", a, b);
  return difference;
}
constexpr int64_t Multiply(int64_t a, int64_t b) {
  int64_t product = 0;
  CHECK(!__builtin_mul_overflow(a, b, &product), "time overflow: {} * {}", a, b);
  return product;
}
}  // namespace time_internal

class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration FromNanos(int64_t ns) { return Duration(ns); }
  static constexpr Duration Max() { return Duration(std::numeric_limits<int64_t>::max()); }

  constexpr int64_t nanos() const { return ns_; }
  // Towards zero.
  constexpr int64_t millis() const { return ns_ / 1'000'000; }

  friend Duration operator+(Duration a, Duration b) {
    return Duration(time_internal::Add(a.ns_, b.ns_));
  }
  friend Duration operator-(Duration a, Duration b) {
    return Duration(time_internal::Subtract(a.ns_, b.ns_));
  }
  friend Duration operator*(Duration a, int64_t n) {
    return Duration(time_internal::Multiply(a.ns_, n));
  }
  friend constexpr Duration operator/(Duration a, int64_t n) { return Duration(a.ns_ / n); }
  constexpr Duration operator-() const { return Duration(time_internal::Subtract(0, ns_)); }
  friend constexpr auto operator<=>(Duration, Duration) = default;

 private:
  explicit constexpr Duration(int64_t ns) : ns_(ns) {}
  int64_t ns_ = 0;
};

constexpr Duration Nanoseconds(int64_t n) { return Duration::FromNanos(n); }
constexpr Duration Microseconds(int64_t n) {
  return Duration::FromNanos(time_internal::Multiply(n, 1'000));
}
constexpr Duration Milliseconds(int64_t n) {
  return Duration::FromNanos(time_internal::Multiply(n, 1'000'000));
}
constexpr Duration Seconds(int64_t n) {
  return Duration::FromNanos(time_internal::Multiply(n, 1'000'000'000));
}

class Time {
 public:
  constexpr Time() = default;
  static constexpr Time FromNanos(int64_t ns) { return Time(ns); }
  static constexpr Time Max() { return Time(std::numeric_limits<int64_t>::max()); }

  constexpr int64_t nanos() const { return ns_; }
  constexpr int64_t millis() const { return ns_ / 1'000'000; }

  friend Time operator+(Time t, Duration d) { return Time(time_internal::Add(t.ns_, d.nanos())); }
  friend Time operator-(Time t, Duration d) { return Time(time_internal::Subtract(t.ns_, d.nanos())); }
  friend Duration operator-(Time a, Time b) {
    return Duration::FromNanos(time_internal::Subtract(a.ns_, b.ns_));
  }
  friend constexpr auto operator<=>(Time, Time) = default;

 private:
  explicit constexpr Time(int64_t ns) : ns_(ns) {}
  int64_t ns_ = 0;
};

// "12.004ms", "61.02s", "0ns": the shortest exact form in the largest fitting unit.
std::string ToText(Duration d);
std::string ToText(Time t);

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_BASE_SIM_TIME_H_
