// Numbers for values within a key: one table for the elements of all lists, the versions of all registers, the records
// of all logs. It can be asked, never iterated.
#ifndef BROKERSIM_CHECKER_TXN_KEYED_VALUES_H_
#define BROKERSIM_CHECKER_TXN_KEYED_VALUES_H_

#include <cstdint>
#include <vector>

#include "checker/history/value.h"
#include "checker/interner.h"

namespace brokersim::checker {

// As operator==, and quick for what nearly all histories have.
inline bool SameValue(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return a.integer() == b.integer();
  return a == b;
}

class KeyedValues {
 public:
  // The number of `value` within `key`, given in the order of first appearance. The value's contents must outlive this.
  Id Intern(Id key, const Value& value);
  Id Find(Id key, const Value& value) const;  // kNoId if it was never interned
  Id Key(Id id) const { return entries_[id].key; }
  const Value& Get(Id id) const { return entries_[id].value; }
  Id size() const { return static_cast<Id>(entries_.size()); }

 private:
  struct Entry {
    Value value;
    Id key = 0;
  };
  size_t Slot(Id key, const Value& value) const;
  void Grow();

  std::vector<Entry> entries_;
  std::vector<Id> slots_;  // kNoId: free; its size is a power of two
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_KEYED_VALUES_H_
