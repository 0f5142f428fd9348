// Gives texts dense numbers, in the order of their first appearance.
//
// A table of our own rather than a library's, because it must not depend on the library's hash:
// it can only be asked, never iterated, so no order of buckets can reach a verdict.
#ifndef BROKERSIM_CHECKER_INTERNER_H_
#define BROKERSIM_CHECKER_INTERNER_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace brokersim::checker {

// The number of something that was interned.
using Id = uint32_t;
inline constexpr Id kNoId = UINT32_MAX;

// The texts must outlive the interner.
class Interner {
 public:
  // The number of `text` within `scope`. Equal texts of different scopes are different things: a
  // value is a record only together with its log.
  Id Intern(Id scope, std::string_view text);
  Id Intern(std::string_view text) { return Intern(0, text); }

  // kNoId if it was never interned.
  Id Find(Id scope, std::string_view text) const;

  // Its text, wherever it lives from now on.
  void Keep(Id id, std::string_view text) { entries_[id].text = text; }

  std::string_view Text(Id id) const { return entries_[id].text; }
  Id Scope(Id id) const { return entries_[id].scope; }
  Id size() const { return static_cast<Id>(entries_.size()); }

 private:
  struct Entry {
    uint64_t hash = 0;
    Id scope = 0;
    std::string_view text;
  };

  // The slot that holds the text, or the free one where it belongs. REQUIRES: slots_ isn't empty.
  size_t Slot(uint64_t hash, Id scope, std::string_view text) const;
  void Grow();

  std::vector<Entry> entries_;
  std::vector<Id> slots_;  // kNoId: free; its size is a power of two
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_INTERNER_H_
