// Numbers for the records of all logs, in the order of their first appearance. It can be asked, never iterated.
//
// Producers count: nearly every value is an integer above all that its log had before. Such a one is new without asking
// a table, and found again by bisection. All others are in a table.
#ifndef BROKERSIM_CHECKER_KAFKA_RECORD_TABLE_H_
#define BROKERSIM_CHECKER_KAFKA_RECORD_TABLE_H_

#include <cstdint>
#include <vector>

#include "checker/history/value.h"
#include "checker/interner.h"
#include "checker/txn/keyed_values.h"

namespace brokersim::checker {

class RecordTable {
 public:
  // The number of `value` within `key`. The value's contents must outlive this.
  Id Intern(Id key, const Value& value);
  Id Key(Id id) const { return entries_[id].key; }
  const Value& Get(Id id) const { return entries_[id].value; }
  Id size() const { return static_cast<Id>(entries_.size()); }

 private:
  struct Entry {
    Value value;
    Id key = 0;
  };
  Id Add(Id key, const Value& value);
  // Of `rising`, the one with that integer; kNoId if there is none.
  Id Find(const std::vector<Id>& rising, int64_t integer) const;

  std::vector<Entry> entries_;
  std::vector<std::vector<Id>> rising_;  // by key: integers, each above those before it
  KeyedValues others_;
  std::vector<Id> other_ids_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_KAFKA_RECORD_TABLE_H_
