// What benchmarks with drawn histories share.
#ifndef BROKERSIM_BENCH_DRAWN_H_
#define BROKERSIM_BENCH_DRAWN_H_

#include <cstdint>

namespace brokersim::bench {

// A small generator, so that every machine draws the same.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  int Below(int n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<int>((state_ >> 33) % static_cast<uint64_t>(n));
  }

 private:
  uint64_t state_;
};

}  // namespace brokersim::bench

#endif  // BROKERSIM_BENCH_DRAWN_H_
