// Distributions: samples pinned, moments and quantiles against theory, tables against the C library.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "sim/random/distributions.h"

namespace brokersim::sim {
namespace {

constexpr int kDraws = 1'000'000;
constexpr double kQ32 = 4294967296.0;

std::vector<int64_t> Sorted(const Distribution& distribution) {
  Stream stream(17, "distribution");
  std::vector<int64_t> samples;
  samples.reserve(kDraws);
  for (int i = 0; i < kDraws; ++i) samples.push_back(distribution.Sample(stream).nanos());
  std::sort(samples.begin(), samples.end());
  return samples;
}

double Mean(const std::vector<int64_t>& samples) {
  double sum = 0;
  for (const int64_t s : samples) sum += static_cast<double>(s);
  return sum / static_cast<double>(samples.size());
}

double Quantile(const std::vector<int64_t>& sorted, double q) {
  return static_cast<double>(sorted[static_cast<size_t>(q * kDraws)]);
}

std::vector<int64_t> Few(const Distribution& distribution) {
  Stream stream(1, "pinned");
  std::vector<int64_t> samples;
  for (int i = 0; i < 4; ++i) samples.push_back(distribution.Sample(stream).nanos());
  return samples;
}

TEST(Distributions, SamplesArePinned) {
  using V = std::vector<int64_t>;
  EXPECT_EQ(Few(Distribution()), (V{0, 0, 0, 0}));
  EXPECT_EQ(Few(Distribution::Constant(Seconds(1))), V(4, 1'000'000'000));
  EXPECT_EQ(Few(Distribution::Uniform(Milliseconds(1), Milliseconds(2))), (V{1706959, 1002836, 1029742, 1273910}));
  EXPECT_EQ(Few(Distribution::Exponential(Milliseconds(1), Milliseconds(3))), (V{1693564, 12730376, 8030390, 3589909}));
  EXPECT_EQ(Few(Distribution::LogNormal(Milliseconds(1), 700)), (V{564444, 6932965, 3740512, 1523068}));
  EXPECT_EQ(Few(Distribution::Pareto(Milliseconds(1), 1500)), (V{1260097, 49905239, 10417263, 2370980}));
  EXPECT_EQ(Few(Distribution::Empirical({{0, Duration()}, {500'000, Milliseconds(1)},
                                         {1'000'000, Milliseconds(9)}})),
            (V{4311344, 5672, 59484, 547820}));
}

TEST(Distributions, Uniform) {
  const auto samples = Sorted(Distribution::Uniform(Seconds(1), Seconds(3)));
  EXPECT_NEAR(Mean(samples), 2e9, 2e9 * 0.001);
  EXPECT_NEAR(Quantile(samples, 0.1), 1.2e9, 1e7);
  EXPECT_GE(samples.front(), 1'000'000'000);
  EXPECT_LE(samples.back(), 3'000'000'000);
}

TEST(Distributions, Exponential) {
  const auto samples = Sorted(Distribution::Exponential(Seconds(1), Seconds(3)));
  EXPECT_GE(samples.front(), 1'000'000'000);
  EXPECT_NEAR(Mean(samples), 3e9, 3e9 * 0.003);
  for (const double q : {0.1, 0.5, 0.9, 0.99, 0.999}) {
    const double expected = -2e9 * std::log(1 - q);
    EXPECT_NEAR(Quantile(samples, q) - 1e9, expected, expected * 0.03) << q;
  }
}

TEST(Distributions, LogNormal) {
  const auto samples = Sorted(Distribution::LogNormal(Seconds(1), 500));
  EXPECT_NEAR(Quantile(samples, 0.5), 1e9, 1e9 * 0.003);
  EXPECT_NEAR(Mean(samples), 1e9 * std::exp(0.125), 1e9 * 0.005);
  // Normal quantiles at 0.9, 0.99 and 0.999.
  EXPECT_NEAR(Quantile(samples, 0.9), 1e9 * std::exp(0.5 * 1.2815516), 1e9 * 0.01);
  EXPECT_NEAR(Quantile(samples, 0.99), 1e9 * std::exp(0.5 * 2.3263479), 1e9 * 0.03);
  EXPECT_NEAR(Quantile(samples, 0.999), 1e9 * std::exp(0.5 * 3.0902323), 1e9 * 0.1);
  EXPECT_NEAR(Quantile(samples, 0.01), 1e9 * std::exp(-0.5 * 2.3263479), 1e9 * 0.01);
}

TEST(Distributions, Pareto) {
  const auto samples = Sorted(Distribution::Pareto(Seconds(1), 3000));
  EXPECT_GE(samples.front(), 1'000'000'000);
  EXPECT_NEAR(Mean(samples), 1.5e9, 1.5e9 * 0.005);
  for (const double q : {0.5, 0.9, 0.99}) {
    const double expected = 1e9 * std::pow(1 - q, -1.0 / 3);
    EXPECT_NEAR(Quantile(samples, q), expected, expected * 0.02) << q;
  }
}

TEST(Distributions, EmpiricalIsStraightBetweenItsPoints) {
  const auto samples = Sorted(Distribution::Empirical(
      {{0, Seconds(1)}, {500'000, Seconds(2)}, {990'000, Seconds(3)}, {1'000'000, Seconds(13)}}));
  EXPECT_NEAR(Quantile(samples, 0.25), 1.5e9, 1e7);
  EXPECT_NEAR(Quantile(samples, 0.5), 2e9, 1e7);
  EXPECT_NEAR(Quantile(samples, 0.99), 3e9, 2e8);
  EXPECT_NEAR(Quantile(samples, 0.995), 8e9, 5e8);
  EXPECT_LE(samples.back(), 13'000'000'000);
}

TEST(Distributions, MalformedOnesAreRefused) {
  EXPECT_THROW(Distribution::Uniform(Seconds(2), Seconds(1)), CheckFailure);
  EXPECT_THROW(Distribution::Exponential(Seconds(2), Seconds(1)), CheckFailure);
  EXPECT_THROW(Distribution::Pareto(Seconds(2), 0), CheckFailure);
  EXPECT_THROW(Distribution::Empirical({{0, Duration()}}), CheckFailure);
  EXPECT_THROW(Distribution::Empirical({{0, Seconds(2)}, {1'000'000, Seconds(1)}}), CheckFailure);
  EXPECT_THROW(Distribution::Empirical({{1, Duration()}, {1'000'000, Seconds(1)}}), CheckFailure);
}

TEST(Normal, MeanVarianceAndTails) {
  Stream stream(4, "normal");
  double sum = 0;
  double squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double z = static_cast<double>(SampleNormal(stream).raw) / kQ32;
    sum += z;
    squares += z * z;
    beyond_two += std::abs(z) > 2 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.005);
  EXPECT_NEAR(squares / kDraws, 1, 0.01);
  EXPECT_NEAR(beyond_two, 45'500, 1'100);
}

TEST(Tables, Log2) {
  for (uint64_t x = 1; x < (uint64_t{1} << 62); x += x / 4 + 1) {
    const double expected = std::log2(static_cast<double>(x));
    EXPECT_NEAR(static_cast<double>(Log2(x).raw) / kQ32, expected, 1e-5) << x;
  }
  EXPECT_EQ(Log2(1).raw, 0);
  EXPECT_THROW(Log2(0), CheckFailure);
}

TEST(Tables, Exp2) {
  constexpr int64_t kValue = 1'000'000'000'000;
  for (int64_t milli = -20'000; milli <= 20'000; milli += 7) {
    const double expected = 1e12 * std::exp2(static_cast<double>(milli) / 1000);
    const double got = static_cast<double>(ScaleByExp2(kValue, Q32::FromMilli(milli)));
    EXPECT_NEAR(got, expected, expected * 1e-5 + 1) << milli;
  }
}

TEST(Tables, Exp2SaturatesAndVanishes) {
  EXPECT_EQ(ScaleByExp2(1, Q32::FromMilli(63'000)), INT64_MAX);
  EXPECT_EQ(ScaleByExp2(1, Q32::FromMilli(2'000'000)), INT64_MAX);
  EXPECT_EQ(ScaleByExp2(INT64_MAX, Q32::FromMilli(1'000)), INT64_MAX);
  EXPECT_EQ(ScaleByExp2(0, Q32::FromMilli(500'000)), 0);
  EXPECT_EQ(ScaleByExp2(INT64_MAX, Q32::FromMilli(-500'000)), 0);
  EXPECT_EQ(ScaleByExp2(1, Q32::FromMilli(62'000)), int64_t{1} << 62);
}

TEST(Zipf, FrequenciesFollowTheLaw) {
  const Zipf zipf(100, 1000);
  Stream stream(2, "zipf");
  std::vector<int> seen(100, 0);
  for (int i = 0; i < kDraws; ++i) ++seen[static_cast<size_t>(zipf.Sample(stream))];
  double harmonic = 0;
  for (int i = 1; i <= 100; ++i) harmonic += 1.0 / i;
  for (const int rank : {1, 2, 3, 10, 50, 100}) {
    const double expected = kDraws / (rank * harmonic);
    EXPECT_NEAR(seen[static_cast<size_t>(rank - 1)], expected, 6 * std::sqrt(expected)) << rank;
  }
}

TEST(Zipf, ExponentZeroIsUniform) {
  const Zipf zipf(10, 0);
  Stream stream(2, "zipf");
  std::vector<int> seen(10, 0);
  for (int i = 0; i < 100'000; ++i) ++seen[static_cast<size_t>(zipf.Sample(stream))];
  for (const int n : seen) EXPECT_NEAR(n, 10'000, 600);
}

}  // namespace
}  // namespace brokersim::sim
