#include "checker/interner.h"

#include <cstring>

namespace brokersim::checker {
namespace {

constexpr size_t kFirstSlots = 64;

uint64_t Mix(uint64_t hash) {
  hash *= 0xd6e8feb86659fd93u;
  return hash ^ (hash >> 32);
}

// Eight bytes at a time: names are short, and asked for often.
uint64_t Hash(Id scope, std::string_view text) {
  uint64_t hash = (uint64_t{scope} + 1) * 0x9e3779b97f4a7c15u ^ text.size();
  for (; text.size() > sizeof(uint64_t); text.remove_prefix(sizeof(uint64_t))) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    hash = Mix(hash ^ word);
  }
  uint64_t rest = 0;
  if (!text.empty()) std::memcpy(&rest, text.data(), text.size());
  return Mix(Mix(hash ^ rest));
}

}  // namespace

Id Interner::Intern(Id scope, std::string_view text) {
  if (entries_.size() * 2 >= slots_.size()) Grow();
  const uint64_t hash = Hash(scope, text);
  const size_t slot = Slot(hash, scope, text);
  if (slots_[slot] == kNoId) {
    slots_[slot] = size();
    entries_.push_back({hash, scope, text});
  }
  return slots_[slot];
}

Id Interner::Find(Id scope, std::string_view text) const {
  if (slots_.empty()) return kNoId;
  return slots_[Slot(Hash(scope, text), scope, text)];
}

size_t Interner::Slot(uint64_t hash, Id scope, std::string_view text) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] != kNoId) {
    const Entry& entry = entries_[slots_[slot]];
    if (entry.hash == hash && entry.scope == scope && entry.text == text) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

void Interner::Grow() {
  const size_t count = slots_.empty() ? kFirstSlots : slots_.size() * 2;
  slots_.assign(count, kNoId);
  for (Id id = 0; id < size(); ++id) {
    size_t slot = entries_[id].hash & (count - 1);
    while (slots_[slot] != kNoId) slot = (slot + 1) & (count - 1);
    slots_[slot] = id;
  }
}

}  // namespace brokersim::checker
