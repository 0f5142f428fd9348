// Against values from tables and from counting by hand.
#include "runner/statistics.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/random/stream.h"

namespace brokersim::runner {
namespace {

TEST(Statistics, IncompleteBeta) {
  EXPECT_NEAR(IncompleteBeta(2, 3, 0.5), 0.6875, 1e-12);
  EXPECT_NEAR(IncompleteBeta(0.5, 0.5, 0.25), 1.0 / 3, 1e-12);
  EXPECT_NEAR(IncompleteBeta(200, 801, 0.2), 0.512613925614, 1e-11);
  EXPECT_EQ(IncompleteBeta(3, 4, 0), 0);
  EXPECT_EQ(IncompleteBeta(3, 4, 1), 1);
}

TEST(Statistics, StudentQuantile) {
  EXPECT_NEAR(StudentQuantile(1), 12.7062, 1e-4);
  EXPECT_NEAR(StudentQuantile(10), 2.22814, 1e-5);
  EXPECT_NEAR(StudentQuantile(30), 2.04227, 1e-5);
  EXPECT_NEAR(StudentQuantile(1'000'000), 1.95997, 1e-4);
}

TEST(Statistics, ExactIntervalOfARate) {
  const Interval five_of_twenty = ExactInterval(5, 20);
  EXPECT_NEAR(five_of_twenty.low, 0.08657, 1e-5);
  EXPECT_NEAR(five_of_twenty.high, 0.49105, 1e-5);
  const Interval ten_of_hundred = ExactInterval(10, 100);
  EXPECT_NEAR(ten_of_hundred.low, 0.04900, 1e-5);
  EXPECT_NEAR(ten_of_hundred.high, 0.17622, 1e-5);
}

TEST(Statistics, NothingSeenRulesOutWhatWouldHaveBeenSeen) {
  EXPECT_EQ(ExactInterval(0, 1000).low, 0);
  EXPECT_NEAR(ExactInterval(0, 1000).high, 1 - std::pow(0.05, 1e-3), 1e-12);
  EXPECT_NEAR(ExactInterval(0, 1000).high, 3.0 / 1000, 1e-5);  // the rule of three
  EXPECT_NEAR(ExactInterval(1000, 1000).low, std::pow(0.05, 1e-3), 1e-12);
  EXPECT_NEAR(ExactInterval(0, 1).high, 0.95, 1e-12);
}

// The sum over all outcomes of their probability, where the interval holds the truth.
TEST(Statistics, TheExactIntervalCoversTheTruthOftenEnough) {
  for (const double truth : {0.02, 0.1, 0.5, 0.93}) {
    double covered = 0;
    for (uint64_t k = 0; k <= 40; ++k) {
      const Interval interval = ExactInterval(k, 40);
      if (truth < interval.low || truth > interval.high) continue;
      const auto hits = static_cast<double>(k);
      covered += std::exp(std::lgamma(41.0) - std::lgamma(hits + 1) - std::lgamma(41 - hits) + hits * std::log(truth) +
                          (40 - hits) * std::log1p(-truth));
    }
    EXPECT_GE(covered, 0.95) << truth;
  }
}

TEST(Statistics, RatesByMcNemarsExactTest) {
  const Difference difference = RateDifference({.both = 30, .only_a = 9, .only_b = 1, .neither = 60});
  EXPECT_NEAR(difference.value, -0.08, 1e-12);
  EXPECT_NEAR(difference.p, 22.0 / 1024, 1e-12);  // 2 (C(10,0) + C(10,1)) / 2^10
  EXPECT_EQ(difference.n, 100u);
  EXPECT_LT(difference.paired.width(), difference.unpaired.width());
  EXPECT_LT(difference.paired.low, -0.08);
  EXPECT_GT(difference.paired.high, -0.08);
  EXPECT_EQ(RateDifference({.both = 5, .neither = 5}).p, 1);
  // Nothing seen is not nothing possible.
  EXPECT_GT(RateDifference({.neither = 50}).paired.high, 0);
}

TEST(Statistics, MeansByWilcoxonsSignedRanks) {
  const std::vector<double> zero(10, 0.0);
  // Ranks 3 and 5 of 10 are negative: P(T <= 8) = 25 / 2^10.
  const std::vector<double> some = {1, 2, -3, 4, -5, 6, 7, 8, 9, 10};
  const Difference difference = MeanDifference(zero, some);
  EXPECT_NEAR(difference.value, 3.9, 1e-12);
  EXPECT_NEAR(difference.p, 50.0 / 1024, 1e-12);
  // The mean and its t interval: s = 5.087, t = 2.262.
  EXPECT_NEAR(difference.paired.low, 3.9 - 2.26216 * 5.08701 / std::sqrt(10), 1e-4);
  EXPECT_EQ(MeanDifference(zero, zero).p, 1);
}

TEST(Statistics, RanksThatTieShareTheirMean) {
  std::vector<double> a(40, 0.0);
  std::vector<double> b(40, 1.0);
  for (size_t i = 0; i < 10; ++i) b[i] = -1;
  // W = 205 of 820, sd = sqrt(40 41 81 / 24 - (40^3 - 40) / 48), z = (410 - 205 - 0.5) / sd.
  const double sd = std::sqrt(40.0 * 41 * 81 / 24 - (64000.0 - 40) / 48);
  EXPECT_NEAR(MeanDifference(a, b).p, std::erfc(204.5 / sd / std::sqrt(2.0)), 1e-12);
}

TEST(Statistics, PairsThatMoveTogetherAreWorthMany) {
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < 100; ++i) {
    a.push_back(i);
    b.push_back(i + 1 + (i % 2) * 0.1);
  }
  const Difference difference = MeanDifference(a, b);
  EXPECT_NEAR(difference.value, 1.05, 1e-9);
  EXPECT_GT(difference.narrower(), 100);
}

TEST(Statistics, Holm) {
  const std::vector<double> adjusted = AdjustedByHolm({0.01, 0.04, 0.03, 0.005});
  const std::vector<double> wanted = {0.03, 0.06, 0.06, 0.02};
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(adjusted[i], wanted[i], 1e-12);
  EXPECT_TRUE(AdjustedByHolm({}).empty());
  EXPECT_EQ(AdjustedByHolm({0.9, 0.8}), (std::vector<double>{1, 1}));
}

// Of the median of n values, the tables of the sign test (Conover, Practical Nonparametric Statistics).
TEST(Statistics, RanksOfQuantiles) {
  const auto is = [](uint64_t n, double q, uint64_t low, uint64_t high) {
    const Ranks ranks = QuantileRanks(n, q);
    EXPECT_EQ(ranks.low, low) << n << " " << q;
    EXPECT_EQ(ranks.high, high) << n << " " << q;
  };
  is(5, 0.5, 0, 6);  // too few for any
  is(6, 0.5, 1, 6);
  is(10, 0.5, 2, 9);
  is(20, 0.5, 6, 15);
  is(100, 0.5, 40, 61);
  // Of 100 values not even the largest is above the 99th percentile for certain.
  EXPECT_EQ(QuantileRanks(100, 0.99).high, 101u);
  EXPECT_LE(QuantileRanks(1000, 0.99).high, 1000u);
}

TEST(Statistics, RanksCoverTheQuantileInMostSamples) {
  sim::Stream random(1, "samples");
  for (const auto& [n, q] : {std::pair<uint64_t, double>{40, 0.5}, {500, 0.99}}) {
    const Ranks ranks = QuantileRanks(n, q);
    int covered = 0;
    constexpr int kSamples = 2000;
    for (int i = 0; i < kSamples; ++i) {
      std::vector<uint64_t> values;
      for (uint64_t k = 0; k < n; ++k) values.push_back(random.Below(1'000'000));
      std::sort(values.begin(), values.end());
      const auto truth = static_cast<uint64_t>(q * 1e6);
      const bool above = ranks.low == 0 || values[ranks.low - 1] <= truth;
      const bool below = ranks.high > n || values[ranks.high - 1] >= truth;
      covered += above && below ? 1 : 0;
    }
    EXPECT_GE(covered, kSamples * 945 / 1000) << n;
  }
}

}  // namespace
}  // namespace brokersim::runner
