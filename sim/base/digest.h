// A 64-bit rolling digest, the same on every compiler and machine. Not cryptographic.
//
// Each word is multiplied and folded (the 128-bit product's halves are xored), so that order and
// position matter and one flipped bit changes about half of the result.
#ifndef BROKERSIM_SIM_BASE_DIGEST_H_
#define BROKERSIM_SIM_BASE_DIGEST_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace brokersim::sim {

__extension__ typedef unsigned __int128 Uint128;

// Two odd constants with well-spread bits (fractions of the golden ratio and of e).
inline constexpr uint64_t kMixA = 0x9e3779b97f4a7c15ull;
inline constexpr uint64_t kMixB = 0xb7e151628aed2a6bull;

constexpr uint64_t FoldMultiply(uint64_t a, uint64_t b) {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

class Digest {
 public:
  constexpr Digest() = default;
  explicit constexpr Digest(uint64_t start) : value_(start) {}

  constexpr void Add(uint64_t word) {
    value_ = FoldMultiply(value_ ^ word ^ kMixA, kMixB) + (word << 1 | 1);
  }
  constexpr void Add(std::string_view text) {
    Add(static_cast<uint64_t>(text.size()));
    size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) Add(EightBytes(text.data() + i));
    if (i == text.size()) return;
    uint64_t word = 0;
    for (int shift = 0; i < text.size(); ++i, shift += 8) {
      word |= static_cast<uint64_t>(static_cast<unsigned char>(text[i])) << shift;
    }
    Add(word);
  }

  constexpr uint64_t value() const { return value_; }

 private:
  // The first byte is the lowest, on every machine.
  static constexpr uint64_t EightBytes(const char* bytes) {
    uint64_t word = 0;
    if (std::endian::native == std::endian::little && !std::is_constant_evaluated()) {
      std::memcpy(&word, bytes, 8);
      return word;
    }
    for (int i = 0; i < 8; ++i) word |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return word;
  }

  uint64_t value_ = kMixA;
};

constexpr uint64_t DigestOf(std::string_view text) {
  Digest digest;
  digest.Add(text);
  return digest.value();
}

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_BASE_DIGEST_H_
