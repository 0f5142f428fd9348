// Streams: pinned output, no bias, and no stream that moves another.
#include <array>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "sim/random/stream.h"

namespace brokersim::sim {
namespace {

std::vector<uint64_t> Draw(Stream stream, int n) {
  std::vector<uint64_t> draws;
  for (int i = 0; i < n; ++i) draws.push_back(stream.Next());
  return draws;
}

TEST(Stream, OutputIsPinned) {
  const std::vector<uint64_t> first = {
      9541868144026650729u, 2449069471896278110u,
      2949447488534033537u, 15692329259601682817u,
      10474618025483628909u, 11464437098376153334u,
      7008615594140000320u, 7888718266609220888u};
  const std::vector<uint64_t> second = {
      14934241676207680861u, 6881489144514851643u,
      2715976552287378124u, 6739938417623878419u,
      3485662020383077415u, 6182015438902279176u,
      12661400478257114180u, 9973562496511075268u};
  EXPECT_EQ(Draw(Stream(1, "net/a/b"), 8), first);
  EXPECT_EQ(Draw(Stream(2, "disk/b1"), 8), second);
}

TEST(Stream, SeedAndNameBothCount) {
  EXPECT_NE(Draw(Stream(1, "a"), 4), Draw(Stream(2, "a"), 4));
  EXPECT_NE(Draw(Stream(1, "a"), 4), Draw(Stream(1, "b"), 4));
  EXPECT_EQ(Draw(Stream(1, "a"), 4), Draw(Stream(1, "a"), 4));
}

TEST(Stream, DrawsOfOneDontMoveAnother) {
  Stream disturbed(7, "b");
  Stream a(7, "a");
  std::vector<uint64_t> seen;
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < i; ++j) a.Next();
    seen.push_back(disturbed.Next());
  }
  EXPECT_EQ(seen, Draw(Stream(7, "b"), 8));
  EXPECT_EQ(disturbed.draws(), 8u);
}

TEST(Stream, NeighbouringStreamsAgreeInHalfTheirBits) {
  for (int pair = 0; pair < 64; ++pair) {
    Stream a(3, fmt::format("node/{}", pair));
    Stream b(3, fmt::format("node/{}", pair + 1));
    int equal = 0;
    for (int i = 0; i < 256; ++i) equal += 64 - __builtin_popcountll(a.Next() ^ b.Next());
    // 16384 bits: expected 8192, standard deviation 64.
    EXPECT_NEAR(equal, 8192, 5 * 64) << pair;
  }
}

// Chi-square in integers: sum of (seen - expected)^2 / expected over the cells.
void ExpectUniform(uint64_t bound, uint64_t seed) {
  constexpr int64_t kEach = 10'000;
  Stream stream(seed, "uniform");
  std::vector<int64_t> seen(bound, 0);
  for (uint64_t i = 0; i < bound * kEach; ++i) ++seen[stream.Below(bound)];
  int64_t sum = 0;
  for (const int64_t n : seen) sum += (n - kEach) * (n - kEach);
  const int64_t chi_square = sum / kEach;
  // Mean bound - 1, variance 2 (bound - 1); six standard deviations for few cells are below 6 * bound.
  EXPECT_LT(chi_square, static_cast<int64_t>(bound) * 3 + 20) << bound;
}

TEST(Stream, BelowIsUniform) {
  for (const uint64_t bound : {2, 3, 5, 7, 10, 64, 100}) ExpectUniform(bound, 11);
}

TEST(Stream, BelowIsUnbiasedWhereMultiplicationAloneWouldNotBe) {
  // With bound = 3/4 * 2^64 plain scaling gives every third value twice the weight.
  const uint64_t bound = uint64_t{3} << 62;
  Stream stream(5, "bias");
  std::array<int64_t, 3> residues = {};
  for (int i = 0; i < 300'000; ++i) ++residues[stream.Below(bound) % 3];
  for (const int64_t n : residues) EXPECT_NEAR(n, 100'000, 1'600);
}

TEST(Stream, BetweenIncludesBothEnds) {
  Stream stream(1, "between");
  std::array<int, 3> seen = {};
  for (int i = 0; i < 300; ++i) ++seen[static_cast<size_t>(stream.Between(-1, 1) + 1)];
  for (const int n : seen) EXPECT_GT(n, 60);
  EXPECT_EQ(stream.Between(4, 4), 4);
  stream.Between(INT64_MIN, INT64_MAX);
  EXPECT_THROW(stream.Between(1, 0), CheckFailure);
  EXPECT_THROW(stream.Below(0), CheckFailure);
}

TEST(Stream, ChanceFollowsTheRatioAndCertaintyDrawsNothing) {
  Stream stream(9, "chance");
  EXPECT_FALSE(stream.Chance(Ratio::Never()));
  EXPECT_TRUE(stream.Chance(Ratio::Always()));
  EXPECT_EQ(stream.draws(), 0u);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) hits += stream.Chance(Ratio{1, 4}) ? 1 : 0;
  EXPECT_NEAR(hits, 25'000, 700);  // five standard deviations of 137
}

TEST(Ratio, EqualsByValue) {
  EXPECT_EQ((Ratio{1, 2}), (Ratio{50, 100}));
  EXPECT_FALSE((Ratio{1, 2} == Ratio{1, 3}));
}

}  // namespace
}  // namespace brokersim::sim
