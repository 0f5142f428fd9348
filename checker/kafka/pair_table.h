// Dense numbers for pairs of numbers. It can be asked, never iterated.
#ifndef BROKERSIM_CHECKER_KAFKA_PAIR_TABLE_H_
#define BROKERSIM_CHECKER_KAFKA_PAIR_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim::checker {

class PairTable {
 public:
  // For pairs of a number below `as` and one below `bs`.
  PairTable(uint32_t as, uint32_t bs) : bs_(bs) {
    if (uint64_t{as} * bs <= kFew) few_.assign(size_t{as} * bs, UINT32_MAX);
  }
  // The pair's number, given in the order of first appearance.
  uint32_t Intern(uint32_t a, uint32_t b) {
    if (few_.empty() && pairs_.size() * 2 >= slots_.size()) Grow();
    const uint64_t pair = uint64_t{a} << 32 | b;
    uint32_t& number = few_.empty() ? slots_[Slot(pair)] : few_[size_t{a} * bs_ + b];
    if (number == UINT32_MAX) {
      number = size();
      pairs_.push_back(pair);
    }
    return number;
  }
  uint32_t size() const { return static_cast<uint32_t>(pairs_.size()); }
  uint32_t Second(uint32_t number) const { return static_cast<uint32_t>(pairs_[number]); }

 private:
  static constexpr uint64_t kFew = 1 << 16;

  size_t Slot(uint64_t pair) const {
    uint64_t hash = pair * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
    size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != UINT32_MAX && pairs_[slots_[slot]] != pair) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
  }
  void Grow() {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, UINT32_MAX);
    for (uint32_t i = 0; i < size(); ++i) slots_[Slot(pairs_[i])] = i;
  }

  uint32_t bs_;
  std::vector<uint64_t> pairs_;
  std::vector<uint32_t> few_;    // by pair, if there are few; UINT32_MAX: free
  std::vector<uint32_t> slots_;  // else by hash; its size is a power of two
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_KAFKA_PAIR_TABLE_H_
