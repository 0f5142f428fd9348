#include "checker/txn/keyed_values.h"

namespace brokersim::checker {
namespace {

constexpr size_t kFirstSlots = 64;

uint64_t Hash(Id key, const Value& value) {
  uint64_t hash = value.is_int() ? static_cast<uint64_t>(value.integer()) : value.Hash() ^ 0x2545f4914f6cdd1du;
  hash = (hash ^ (uint64_t{key} << 40) ^ key) * 0x9e3779b97f4a7c15u;
  hash ^= hash >> 32;
  hash *= 0xd6e8feb86659fd93u;
  return hash ^ (hash >> 29);
}

}  // namespace

Id KeyedValues::Intern(Id key, const Value& value) {
  if (entries_.size() * 2 >= slots_.size()) Grow();
  const size_t slot = Slot(key, value);
  if (slots_[slot] == kNoId) {
    slots_[slot] = size();
    entries_.push_back({value, key});
  }
  return slots_[slot];
}

Id KeyedValues::Find(Id key, const Value& value) const { return slots_.empty() ? kNoId : slots_[Slot(key, value)]; }

size_t KeyedValues::Slot(Id key, const Value& value) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = Hash(key, value) & mask;
  while (slots_[slot] != kNoId) {
    const Id id = slots_[slot];
    if (entries_[id].key == key && SameValue(entries_[id].value, value)) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

void KeyedValues::Grow() {
  const size_t count = slots_.empty() ? kFirstSlots : slots_.size() * 2;
  slots_.assign(count, kNoId);
  for (Id id = 0; id < size(); ++id) {
    size_t slot = Hash(entries_[id].key, entries_[id].value) & (count - 1);
    while (slots_[slot] != kNoId) slot = (slot + 1) & (count - 1);
    slots_[slot] = id;
  }
}

}  // namespace brokersim::checker
