#include "runner/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace brokersim::runner {
namespace {

constexpr double kDoubt = 0.05;
constexpr double kNormalQuantile = 1.959963984540054;  // at 97.5 %
// Below it, sums of all 2^n ways to sign n ranks are counted.
constexpr size_t kMostExactPairs = 25;

// The continued fraction of the incomplete beta function, by Lentz' method (DLMF 8.17.22).
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto away = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= 10'000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return fraction;
}

// The x at which an increasing function of [0, 1] reaches `wanted`.
template <class Function>
double Solve(double wanted, const Function& function) {
  double low = 0;
  double high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (function(middle) < wanted ? low : high) = middle;
  }
  return (low + high) / 2;
}

double NormalTail(double z) { return std::erfc(std::abs(z) / std::sqrt(2.0)); }

// Of n throws of a coin, that one side comes up k times or more rarely, or the other does.
double CoinTest(uint64_t k, uint64_t n) {
  if (n == 0 || 2 * k >= n) return 1;
  // P(X <= k) = I_{1/2}(n - k, k + 1).
  return std::min(1.0, 2 * IncompleteBeta(static_cast<double>(n - k), static_cast<double>(k + 1), 0.5));
}

struct Moments {
  double mean = 0;
  double variance = 0;
};
Moments MomentsOf(std::span<const double> values) {
  Moments moments;
  const auto n = static_cast<double>(values.size());
  moments.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() < 2) return moments;
  for (const double value : values) moments.variance += (value - moments.mean) * (value - moments.mean);
  moments.variance /= n - 1;
  return moments;
}

Interval Around(double value, double half) { return {value - half, value + half}; }

// That the sum of the ranks 1..n whose signs are drawn is at most `sum`, or lies as far on the other side.
double ExactSignedRanks(size_t n, size_t sum) {
  std::vector<double> ways(n * (n + 1) / 2 + 1, 0);
  ways[0] = 1;
  for (size_t rank = 1; rank <= n; ++rank) {
    for (size_t total = ways.size(); total-- > rank;) ways[total] += ways[total - rank];
  }
  const double tail = std::accumulate(ways.begin(), ways.begin() + static_cast<int64_t>(sum) + 1, 0.0);
  return std::min(1.0, 2 * tail * std::pow(0.5, static_cast<double>(n)));
}

double SignedRankTest(std::vector<double> differences) {
  differences.erase(std::remove(differences.begin(), differences.end(), 0.0), differences.end());
  const size_t n = differences.size();
  if (n == 0) return 1;
  std::stable_sort(differences.begin(), differences.end(),
                   [](double a, double b) { return std::abs(a) < std::abs(b); });
  double positive = 0;
  double ties = 0;
  for (size_t i = 0; i < n;) {
    size_t end = i;
    while (end < n && std::abs(differences[end]) == std::abs(differences[i])) ++end;
    const auto equal = static_cast<double>(end - i);
    ties += equal * equal * equal - equal;
    const double rank = static_cast<double>(i + 1 + end) / 2;
    for (; i < end; ++i) positive += differences[i] > 0 ? rank : 0;
  }
  const auto count = static_cast<double>(n);
  const double all = count * (count + 1) / 2;
  const double smaller = std::min(positive, all - positive);
  if (ties == 0 && n <= kMostExactPairs) return ExactSignedRanks(n, static_cast<size_t>(smaller));
  const double variance = count * (count + 1) * (2 * count + 1) / 24 - ties / 48;
  if (variance <= 0) return 1;
  return NormalTail(std::max(0.0, all / 2 - smaller - 0.5) / std::sqrt(variance));
}

}  // namespace

double IncompleteBeta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean.
  if (x > (a + 1) / (a + b + 2)) return 1 - IncompleteBeta(b, a, 1 - x);
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  return front * BetaFraction(a, b, x) / a;
}

double StudentQuantile(uint64_t degrees) {
  const auto n = static_cast<double>(degrees);
  // P(|T| > t) = I_x(n/2, 1/2) with x = n / (n + t^2).
  const double x = Solve(kDoubt, [n](double at) { return IncompleteBeta(n / 2, 0.5, at); });
  return std::sqrt(n * (1 - x) / x);
}

Interval ExactInterval(uint64_t k, uint64_t n) {
  const auto hits = static_cast<double>(k);
  const auto misses = static_cast<double>(n - k);
  const double side = k == 0 || k == n ? kDoubt : kDoubt / 2;
  Interval interval{0, 1};
  if (k > 0) interval.low = Solve(side, [&](double p) { return IncompleteBeta(hits, misses + 1, p); });
  if (k < n) interval.high = Solve(1 - side, [&](double p) { return IncompleteBeta(hits + 1, misses, p); });
  return interval;
}

Ranks QuantileRanks(uint64_t n, double q) {
  // How many of the values lie below the quantile is binomial: P(X >= k) = I_q(k, n - k + 1).
  const auto at_least = [n, q](uint64_t k) {
    if (k == 0) return 1.0;
    return k > n ? 0.0 : IncompleteBeta(static_cast<double>(k), static_cast<double>(n - k + 1), q);
  };
  const auto first = [n](const auto& holds) {  // the smallest k that it holds for
    uint64_t low = 0;
    uint64_t high = n + 1;
    while (low < high) {
      const uint64_t middle = low + (high - low) / 2;
      if (holds(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  };
  Ranks ranks;
  const uint64_t too_many = first([&](uint64_t k) { return at_least(k) < 1 - kDoubt / 2; });
  ranks.low = too_many - 1;
  ranks.high = std::max<uint64_t>(first([&](uint64_t k) { return at_least(k) <= kDoubt / 2; }), 1);
  return ranks;
}

double Difference::narrower() const {
  if (paired.width() > 0) return unpaired.width() / paired.width();
  return unpaired.width() > 0 ? std::numeric_limits<double>::infinity() : 1;
}

Difference RateDifference(const PairedCounts& counts) {
  Difference difference;
  difference.n = counts.n();
  const auto n = static_cast<double>(difference.n);
  const auto a = static_cast<double>(counts.both + counts.only_a);
  const auto b = static_cast<double>(counts.both + counts.only_b);
  const auto only_a = static_cast<double>(counts.only_a);
  const auto only_b = static_cast<double>(counts.only_b);
  difference.value = (b - a) / n;
  // Half a seed more in each of the four cells, and a run more of each outcome: else a rare event that was not seen
  // would count as impossible.
  const double paired = (only_b - only_a) / (n + 2);
  const double variance = (only_a + only_b + 1 - paired * paired * (n + 2)) / ((n + 2) * (n + 2));
  difference.paired = Around(paired, kNormalQuantile * std::sqrt(variance));
  const auto of_rate = [n](double k) { return (k + 1) / (n + 2) * (1 - (k + 1) / (n + 2)) / (n + 2); };
  difference.unpaired = Around((b - a) / (n + 2), kNormalQuantile * std::sqrt(of_rate(a) + of_rate(b)));
  difference.p = CoinTest(std::min(counts.only_a, counts.only_b), counts.only_a + counts.only_b);
  return difference;
}

Difference MeanDifference(std::span<const double> a, std::span<const double> b) {
  std::vector<double> differences(a.size());
  for (size_t i = 0; i < a.size(); ++i) differences[i] = b[i] - a[i];
  const Moments of_a = MomentsOf(a);
  const Moments of_b = MomentsOf(b);
  const Moments of_both = MomentsOf(differences);
  Difference difference;
  difference.n = a.size();
  difference.value = of_both.mean;
  const auto n = static_cast<double>(a.size());
  const double quantile = a.size() < 2 ? 0 : StudentQuantile(a.size() - 1);
  const double quantile_of_two = a.size() < 2 ? 0 : StudentQuantile(2 * a.size() - 2);
  difference.paired = Around(difference.value, quantile * std::sqrt(of_both.variance / n));
  difference.unpaired = Around(difference.value, quantile_of_two * std::sqrt((of_a.variance + of_b.variance) / n));
  difference.p = SignedRankTest(std::move(differences));
  return difference;
}

std::vector<double> AdjustedByHolm(const std::vector<double>& p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, p[order[i]] * static_cast<double>(order.size() - i)));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

}  // namespace brokersim::runner
