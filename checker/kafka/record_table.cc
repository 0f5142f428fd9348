#include "checker/kafka/record_table.h"

#include <algorithm>

namespace brokersim::checker {

Id RecordTable::Intern(Id key, const Value& value) {
  if (key >= rising_.size()) rising_.resize(size_t{key} + 1);
  if (value.is_int()) {
    std::vector<Id>& rising = rising_[key];
    if (rising.empty() || value.integer() > Get(rising.back()).integer()) {
      rising.push_back(size());
      return Add(key, value);
    }
    const Id id = Find(rising, value.integer());
    if (id != kNoId) return id;
  }
  const Id other = others_.Intern(key, value);
  if (other == other_ids_.size()) other_ids_.push_back(Add(key, value));
  return other_ids_[other];
}

Id RecordTable::Add(Id key, const Value& value) {
  entries_.push_back({value, key});
  return size() - 1;
}

Id RecordTable::Find(const std::vector<Id>& rising, int64_t integer) const {
  // What is asked for is most often new: in ever longer steps from the end.
  size_t step = 1;
  while (step < rising.size() && Get(rising[rising.size() - step]).integer() > integer) step *= 2;
  const auto from = step < rising.size() ? rising.end() - static_cast<ptrdiff_t>(step) : rising.begin();
  const auto at = std::lower_bound(from, rising.end(), integer,
                                   [this](Id id, int64_t wanted) { return Get(id).integer() < wanted; });
  return at == rising.end() || Get(*at).integer() != integer ? kNoId : *at;
}

}  // namespace brokersim::checker
