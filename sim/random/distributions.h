// Distributions in integers: the same sample for the same draws on every compiler and machine.
//
// Logarithms, powers and normal quantiles come from checked-in tables with linear interpolation
// (relative error below 1e-5; tests/sim/random measures it).
#ifndef BROKERSIM_SIM_RANDOM_DISTRIBUTIONS_H_
#define BROKERSIM_SIM_RANDOM_DISTRIBUTIONS_H_

#include <cstdint>
#include <vector>

#include "sim/base/sim_time.h"
#include "sim/random/stream.h"

namespace brokersim::sim {

// A signed number with 32 binary places.
struct Q32 {
  int64_t raw = 0;
  static constexpr Q32 FromMilli(int64_t thousandths) {
    return {(thousandths / 1000) * (int64_t{1} << 32) +
            (thousandths % 1000) * (int64_t{1} << 32) / 1000};
  }
};

// Exponential with mean 1: -ln(u).
Q32 SampleExponential(Stream& stream);
// Normal with mean 0 and variance 1.
Q32 SampleNormal(Stream& stream);
// value * 2^exponent, saturating at the largest int64. REQUIRES: value >= 0.
int64_t ScaleByExp2(int64_t value, Q32 exponent);
// log2(x). REQUIRES: x > 0.
Q32 Log2(uint64_t x);

// How long something takes. A value: copy it freely.
class Distribution {
 public:
  enum class Kind { kConstant, kUniform, kExponential, kLogNormal, kPareto, kEmpirical };

  // A point of an empirical distribution: `share` parts per million of the samples are at most `value`.
  struct Point {
    int64_t share_per_million = 0;
    Duration value;
  };

  Distribution() = default;  // always 0
  static Distribution Constant(Duration value);
  // Uniform in [low, high].
  static Distribution Uniform(Duration low, Duration high);
  // `low` plus an exponential one, so that the whole has this mean. REQUIRES: low <= mean.
  static Distribution Exponential(Duration low, Duration mean);
  // median * exp(sigma * normal); sigma in thousandths.
  static Distribution LogNormal(Duration median, int64_t sigma_milli);
  // low * u^(-1/alpha); alpha in thousandths. REQUIRES: alpha_milli > 0.
  static Distribution Pareto(Duration low, int64_t alpha_milli);
  // Straight lines between the points. REQUIRES: shares rise from 0 to 1,000,000, values don't fall.
  static Distribution Empirical(std::vector<Point> points);

  [[gnu::always_inline]] Duration Sample(Stream& stream) const {
    if (kind_ == Kind::kUniform) return Duration::FromNanos(stream.Between(first_.nanos(), second_.nanos()));
    return SampleOther(stream);
  }
  Kind kind() const { return kind_; }
  // What it was made of: the first and second duration, and sigma or alpha in thousandths.
  Duration first() const { return first_; }
  Duration second() const { return second_; }
  int64_t shape_milli() const { return shape_milli_; }

 private:
  Duration SampleOther(Stream& stream) const;

  Kind kind_ = Kind::kConstant;
  Duration first_;
  Duration second_;
  int64_t shape_milli_ = 0;
  std::vector<Point> points_;
};

// Chooses among n things, the i-th (from 0) with weight 1 / (i+1)^s.
class Zipf {
 public:
  // s in thousandths, e.g. 1000 for the classic law; 0 is uniform. REQUIRES: n > 0, s_milli >= 0.
  Zipf(int64_t n, int64_t s_milli);
  int64_t Sample(Stream& stream) const;

 private:
  std::vector<uint64_t> cumulative_;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_RANDOM_DISTRIBUTIONS_H_
