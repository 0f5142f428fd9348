// A set of configurations that keeps only the best: of equal state and set, those that used the fewest open
// operations, for whoever used fewer can still do whatever the other can.
#ifndef BROKERSIM_CHECKER_LINEAR_CONFIG_SET_H_
#define BROKERSIM_CHECKER_LINEAR_CONFIG_SET_H_

#include <cstdint>
#include <vector>

#include "checker/linear/space.h"

namespace brokersim::checker {

class ConfigSet {
 public:
  explicit ConfigSet(const Space& space) : space_(&space), slots_(16) {}

  // False: one that is as good was there. `stage`: those of different stages have nothing to do with one
  // another. Adds to `steps` for each comparison.
  bool Insert(const uint64_t* config, uint32_t stage, uint32_t node, uint64_t* steps);
  void Clear();

  // Places of those once inserted.
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  uint32_t alive() const { return alive_; }
  bool IsAlive(uint32_t at) const { return !entries_[at].dead; }
  const uint64_t* Get(uint32_t at) const { return words_.data() + size_t{at} * space_->words(); }
  // What changes the set or the state must not make two equal.
  uint64_t* Mutable(uint32_t at) { return words_.data() + size_t{at} * space_->words(); }
  // What the caller said, e.g. how it came about.
  uint32_t node(uint32_t at) const { return entries_[at].node; }
  void set_node(uint32_t at, uint32_t node) { entries_[at].node = node; }
  uint64_t bytes() const {
    return words_.capacity() * 8 + entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(Slot);
  }

 private:
  struct Entry {
    uint64_t hash = 0;
    uint32_t stage = 0;
    uint32_t node = 0;
    uint32_t next = kNone;  // of the same state, set and stage
    bool dead = false;
  };
  struct Slot {
    uint32_t stamp = 0;
    uint32_t head = kNone;
  };

  uint64_t Hash(const uint64_t* config, uint32_t stage) const;
  size_t Find(uint64_t hash, const uint64_t* config, uint32_t stage) const;
  void Grow();

  const Space* space_;
  std::vector<uint64_t> words_;
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;
  uint32_t stamp_ = 1;  // slots of another stamp are free
  uint32_t used_ = 0;
  uint32_t alive_ = 0;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_CONFIG_SET_H_
