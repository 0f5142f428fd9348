// How sure counts and differences are. All intervals are of 95 %, all tests two-sided unless they say otherwise.
#ifndef BROKERSIM_RUNNER_STATISTICS_H_
#define BROKERSIM_RUNNER_STATISTICS_H_

#include <cstdint>
#include <span>
#include <vector>

namespace brokersim::runner {

struct Interval {
  double low = 0;
  double high = 0;
  double width() const { return high - low; }
};

// Of a probability, from k of n independent runs: exact (Clopper and Pearson, Biometrika 1934), so it covers the truth
// in at least 95 % of all cases. For 0 of n and n of n one-sided: all of the 5 % are on the side that is in doubt, and
// 0 of n has the upper bound 1 - 0.05^(1/n), which is about 3/n. REQUIRES: 0 <= k <= n, n > 0.
Interval ExactInterval(uint64_t k, uint64_t n);

// The ranks (1-based, of n sorted values) between which the q-quantile of what they were drawn from lies, in at least
// 95 % of all cases and whatever that is. low 0: below, nothing bounds it; high n + 1: above, nothing does.
// REQUIRES: n > 0, 0 < q < 1.
struct Ranks {
  uint64_t low = 0;
  uint64_t high = 0;
};
Ranks QuantileRanks(uint64_t n, double q);

// ---- Two arms over the same seeds

// Each of the n seeds by whether it shows something in arm a, and in arm b.
struct PairedCounts {
  uint64_t both = 0;
  uint64_t only_a = 0;
  uint64_t only_b = 0;
  uint64_t neither = 0;
  uint64_t n() const { return both + only_a + only_b + neither; }
};

// A difference b - a, with its interval from pairs, and the one that as many runs with independent seeds would give.
struct Difference {
  double value = 0;
  Interval paired;
  Interval unpaired;
  double p = 1;  // that chance alone makes such a difference or a greater one
  uint64_t n = 0;

  // How many times narrower the paired interval is; infinite if all pairs differ by the same, 1 if nothing varies.
  double narrower() const;
};

// Of rates; intervals after Agresti and Min (Biometrics 2005) and Agresti and Caffo (The American Statistician 2000),
// `p` by McNemar's exact test (Psychometrika 1947) on the seeds that differ. REQUIRES: n > 0.
Difference RateDifference(const PairedCounts& counts);

// Of means; intervals by Student's t, `p` by Wilcoxon's signed ranks (Biometrics 1945), exact up to 25 pairs that
// differ without ties, else by the normal distribution with correction for ties. REQUIRES: as many of both, not none.
Difference MeanDifference(std::span<const double> a, std::span<const double> b);

// The p of several tests, adjusted so that the chance of any false alarm among them stays below what each is held
// against (Holm, Scandinavian Journal of Statistics 1979). In the order given.
std::vector<double> AdjustedByHolm(const std::vector<double>& p);

// ---- What they are made of

// The regularized incomplete beta function I_x(a, b). REQUIRES: a > 0, b > 0, 0 <= x <= 1.
double IncompleteBeta(double a, double b, double x);
// The quantile of Student's t with `degrees` of freedom at 97.5 %. REQUIRES: degrees >= 1.
double StudentQuantile(uint64_t degrees);

}  // namespace brokersim::runner

#endif  // BROKERSIM_RUNNER_STATISTICS_H_
