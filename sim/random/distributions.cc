#include "sim/random/distributions.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace brokersim::sim {
namespace {

#include "sim/random/tables.inc"

__extension__ typedef __int128 Int128;

constexpr int64_t kOne = int64_t{1} << 32;
constexpr int64_t kLn2 = 2977044472;       // ln 2
constexpr int64_t kInverseLn2 = 6196328019;  // 1 / ln 2

int64_t MultiplyQ32(int64_t a, int64_t b) {
  return static_cast<int64_t>((static_cast<Int128>(a) * b) >> 32);
}

// Entry at `position` (Q32, in steps of the table), straight between neighbours.
int64_t Interpolate(const int64_t* table, uint64_t index, uint64_t fraction_q32) {
  const int64_t low = table[index];
  const int64_t step = table[index + 1] - low;
  return low + MultiplyQ32(step, static_cast<int64_t>(fraction_q32));
}

// ln(1 + f / 2^64) for the 64-bit fraction f.
int64_t LnOfMantissa(uint64_t f) {
  return Interpolate(kLn, f >> 56, (f << 8) >> 32);
}

}  // namespace

Q32 SampleExponential(Stream& stream) {
  const uint64_t u = stream.Next() | 1;  // never 0
  const int zeros = std::countl_zero(u);
  // u / 2^64 = 2^-(zeros+1) * (1 + f / 2^64)
  const uint64_t f = zeros == 63 ? 0 : u << (zeros + 1);
  return {(zeros + 1) * kLn2 - LnOfMantissa(f)};
}

Q32 SampleNormal(Stream& stream) {
  const uint64_t draw = stream.Next();
  const bool negative = (draw >> 63) != 0;
  const uint64_t u = (draw << 1) | 1;
  const int octave = std::min(std::countl_zero(u), 39);
  const uint64_t f = u << (octave + 1);
  const int64_t z =
      Interpolate(kNormal + 33 * octave, f >> 59, (f << 5) >> 32);
  return {negative ? -z : z};
}

int64_t ScaleByExp2(int64_t value, Q32 exponent) {
  CHECK(value >= 0, "scaling {}", value);
  const int64_t whole = exponent.raw >> 32;
  const auto fraction = static_cast<uint64_t>(exponent.raw & (kOne - 1));
  const int64_t mantissa =
      Interpolate(kExp2, fraction >> 24, (fraction & 0xffffff) << 8);
  Int128 scaled = static_cast<Int128>(value) * mantissa;  // Q32
  const int64_t shift = 32 - whole;
  if (shift >= 127) return 0;
  if (shift >= 0) {
    scaled >>= shift;
  } else if (value != 0 && -shift >= 62) {
    return std::numeric_limits<int64_t>::max();
  } else if (scaled > (static_cast<Int128>(std::numeric_limits<int64_t>::max()) >> -shift)) {
    return std::numeric_limits<int64_t>::max();
  } else {
    scaled <<= -shift;
  }
  constexpr Int128 kMax = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(std::min(scaled, kMax));
}

Q32 Log2(uint64_t x) {
  CHECK(x > 0, "log2(0)");
  const int zeros = std::countl_zero(x);
  const uint64_t f = zeros == 63 ? 0 : x << (zeros + 1);
  return {(63 - zeros) * kOne + MultiplyQ32(LnOfMantissa(f), kInverseLn2)};
}

Distribution Distribution::Constant(Duration value) {
  Distribution d;
  d.first_ = value;
  return d;
}

Distribution Distribution::Uniform(Duration low, Duration high) {
  CHECK(low <= high, "uniform from {} to {}", ToText(low), ToText(high));
  Distribution d;
  d.kind_ = Kind::kUniform;
  d.first_ = low;
  d.second_ = high;
  return d;
}

Distribution Distribution::Exponential(Duration low, Duration mean) {
  CHECK(low <= mean, "exponential from {} with mean {}", ToText(low), ToText(mean));
  Distribution d;
  d.kind_ = Kind::kExponential;
  d.first_ = low;
  d.second_ = mean;
  return d;
}

Distribution Distribution::LogNormal(Duration median, int64_t sigma_milli) {
  CHECK(median >= Duration(), "median {}", ToText(median));
  CHECK(sigma_milli >= 0, "sigma {}", sigma_milli);
  Distribution d;
  d.kind_ = Kind::kLogNormal;
  d.first_ = median;
  d.shape_milli_ = sigma_milli;
  return d;
}

Distribution Distribution::Pareto(Duration low, int64_t alpha_milli) {
  CHECK(low >= Duration(), "lowest value {}", ToText(low));
  CHECK(alpha_milli > 0, "alpha {}", alpha_milli);
  Distribution d;
  d.kind_ = Kind::kPareto;
  d.first_ = low;
  d.shape_milli_ = alpha_milli;
  return d;
}

Distribution Distribution::Empirical(std::vector<Point> points) {
  CHECK(points.size() >= 2, "{} points", points.size());
  CHECK(points.front().share_per_million == 0, "the first point isn't at 0");
  CHECK(points.back().share_per_million == 1'000'000, "the last point isn't at 1,000,000");
  for (size_t i = 1; i < points.size(); ++i) {
    CHECK(points[i - 1].share_per_million < points[i].share_per_million, "shares don't rise");
    CHECK(points[i - 1].value <= points[i].value, "values fall");
  }
  Distribution d;
  d.kind_ = Kind::kEmpirical;
  d.points_ = std::move(points);
  return d;
}

Duration Distribution::SampleOther(Stream& stream) const {
  switch (kind_) {
    case Kind::kConstant:
      return first_;
    case Kind::kUniform:
      break;
    case Kind::kExponential: {
      const int64_t mean = (second_ - first_).nanos();
      const Int128 sample = static_cast<Int128>(mean) * SampleExponential(stream).raw;
      return first_ + Duration::FromNanos(static_cast<int64_t>(sample >> 32));
    }
    case Kind::kLogNormal: {
      const int64_t exponent =
          MultiplyQ32(MultiplyQ32(SampleNormal(stream).raw, Q32::FromMilli(shape_milli_).raw),
                      kInverseLn2);
      return Duration::FromNanos(ScaleByExp2(first_.nanos(), {exponent}));
    }
    case Kind::kPareto: {
      const Int128 e = static_cast<Int128>(SampleExponential(stream).raw) * 1000 / shape_milli_;
      const int64_t exponent = MultiplyQ32(static_cast<int64_t>(e), kInverseLn2);
      return Duration::FromNanos(ScaleByExp2(first_.nanos(), {exponent}));
    }
    case Kind::kEmpirical: {
      const auto u = static_cast<int64_t>(stream.Below(1'000'000));
      size_t i = 1;
      while (points_[i].share_per_million <= u) ++i;
      const Point& a = points_[i - 1];
      const Point& b = points_[i];
      const Int128 rise = static_cast<Int128>((b.value - a.value).nanos()) *
                          (u - a.share_per_million) / (b.share_per_million - a.share_per_million);
      return a.value + Duration::FromNanos(static_cast<int64_t>(rise));
    }
  }
  CHECK(false, "unknown distribution");
}

Zipf::Zipf(int64_t n, int64_t s_milli) {
  CHECK(n > 0, "zipf over {} things", n);
  CHECK(s_milli >= 0, "zipf exponent {}", s_milli);
  cumulative_.reserve(static_cast<size_t>(n));
  const int64_t s = Q32::FromMilli(s_milli).raw;
  uint64_t sum = 0;
  for (int64_t i = 1; i <= n; ++i) {
    const int64_t exponent = -MultiplyQ32(s, Log2(static_cast<uint64_t>(i)).raw);
    sum += static_cast<uint64_t>(ScaleByExp2(kOne, {exponent})) | 1;
    cumulative_.push_back(sum);
  }
}

int64_t Zipf::Sample(Stream& stream) const {
  const uint64_t u = stream.Below(cumulative_.back());
  return std::upper_bound(cumulative_.begin(), cumulative_.end(), u) - cumulative_.begin();
}

}  // namespace brokersim::sim
