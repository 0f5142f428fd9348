// Random numbers: counter-based streams.
//
// A stream is a pure function of (seed, name, number of draws so far). A draw in one stream never
// moves another, so adding a node, a fault or a log line leaves every other draw as it was.
//
// The n-th draw is the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) applied twice,
// with the stream's key mixed in between, to the counter. tests/sim/random pins its output.
#ifndef BROKERSIM_SIM_RANDOM_STREAM_H_
#define BROKERSIM_SIM_RANDOM_STREAM_H_

#include <cstdint>
#include <string_view>

#include "sim/base/check.h"
#include "sim/base/digest.h"

namespace brokersim::sim {

// A probability or share as a ratio of integers: no floating point takes part in a decision.
struct Ratio {
  uint64_t numerator = 0;
  uint64_t denominator = 1;  // never 0

  static constexpr Ratio Never() { return {0, 1}; }
  static constexpr Ratio Always() { return {1, 1}; }
  static constexpr Ratio Percent(uint64_t n) { return {n, 100}; }
  constexpr bool zero() const { return numerator == 0; }
  friend constexpr bool operator==(Ratio a, Ratio b) {
    return static_cast<Uint128>(a.numerator) * b.denominator ==
           static_cast<Uint128>(b.numerator) * a.denominator;
  }
};

class Stream {
 public:
  Stream() = default;
  Stream(uint64_t seed, std::string_view name) : key_(FoldMultiply(seed ^ kMixB, kMixA) ^ DigestOf(name)) {}

  // 64 uniform bits.
#ifndef BROKERSIM_ONE_STREAM
  [[gnu::always_inline]] uint64_t Next() {
    return Finalize(Finalize(draws_++ * kMixA + key_) ^ key_);
  }
#else
  // The control of bench/shrink.cc: as if all draws of a run came from one stream, each moves all that follow.
  uint64_t Next() {
    ++draws_;
    return Finalize(Finalize(DrawsOfRun()++ * kMixA + key_) ^ key_);
  }
  static uint64_t& DrawsOfRun() {
    static thread_local uint64_t draws = 0;
    return draws;
  }
#endif

  // Uniform in [0, bound), without bias: the rare draws that would favour small numbers are
  // repeated (Lemire, ACM TOMACS 2019). REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) {
    CHECK(bound > 0, "a draw below 0");
    Uint128 product = static_cast<Uint128>(Next()) * bound;
    auto low = static_cast<uint64_t>(product);
    if (low < bound) {
      const uint64_t threshold = (0 - bound) % bound;
      while (low < threshold) {
        product = static_cast<Uint128>(Next()) * bound;
        low = static_cast<uint64_t>(product);
      }
    }
    return static_cast<uint64_t>(product >> 64);
  }

  // Uniform in [low, high], both included. REQUIRES: low <= high.
  [[gnu::always_inline]] int64_t Between(int64_t low, int64_t high) {
    CHECK(low <= high, "a draw between {} and {}", low, high);
    const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    const uint64_t step = span == ~uint64_t{0} ? Next() : Below(span + 1);
    return static_cast<int64_t>(static_cast<uint64_t>(low) + step);
  }

  // True with probability `p`; certain outcomes draw nothing.
  bool Chance(Ratio p) {
    if (p.numerator == 0) return false;
    if (p.numerator >= p.denominator) return true;
    return Below(p.denominator) < p.numerator;
  }

  uint64_t draws() const { return draws_; }

 private:
  [[gnu::always_inline]] static uint64_t Finalize(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
  }

  uint64_t key_ = 0;
  uint64_t draws_ = 0;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_RANDOM_STREAM_H_
