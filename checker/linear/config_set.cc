#include "checker/linear/config_set.h"

#include <algorithm>

namespace brokersim::checker {

uint64_t ConfigSet::Hash(const uint64_t* config, uint32_t stage) const {
  uint64_t hash = stage;
  for (uint32_t w = 0; w < space_->first_count_word(); ++w) {
    hash = (hash ^ config[w]) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  }
  return hash ^ (hash >> 32);
}

size_t ConfigSet::Find(uint64_t hash, const uint64_t* config, uint32_t stage) const {
  size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot].stamp == stamp_; slot = (slot + 1) & (slots_.size() - 1)) {
    const Entry& entry = entries_[slots_[slot].head];
    if (entry.hash != hash || entry.stage != stage) continue;
    if (std::equal(config, config + space_->first_count_word(), Get(slots_[slot].head))) break;
  }
  return slot;
}

bool ConfigSet::Insert(const uint64_t* config, uint32_t stage, uint32_t node, uint64_t* steps) {
  if (used_ * 2 >= slots_.size()) Grow();
  const uint64_t hash = Hash(config, stage);
  const size_t slot = Find(hash, config, stage);
  const bool is_new = slots_[slot].stamp != stamp_;
  uint32_t head = is_new ? kNone : slots_[slot].head;
  for (uint32_t at = head; at != kNone; at = entries_[at].next) {
    ++*steps;
    if (space_->UsesAtMost(Get(at), config)) return false;
  }
  // Those that are worse go.
  uint32_t* link = &head;
  while (*link != kNone) {
    Entry& entry = entries_[*link];
    if (space_->UsesAtMost(config, Get(*link))) {
      entry.dead = true;
      --alive_;
      *link = entry.next;
    } else {
      link = &entry.next;
    }
  }
  const uint32_t added = size();
  words_.insert(words_.end(), config, config + space_->words());
  entries_.push_back({.hash = hash, .stage = stage, .node = node, .next = head});
  slots_[slot] = {stamp_, added};
  used_ += is_new ? 1 : 0;
  ++alive_;
  return true;
}

void ConfigSet::Clear() {
  words_.clear();
  entries_.clear();
  used_ = alive_ = 0;
  if (++stamp_ == 0) {
    std::fill(slots_.begin(), slots_.end(), Slot());
    stamp_ = 1;
  }
}

void ConfigSet::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& one : old) {
    if (one.stamp != stamp_) continue;
    size_t slot = entries_[one.head].hash & (slots_.size() - 1);
    while (slots_[slot].stamp == stamp_) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = one;
  }
}

}  // namespace brokersim::checker
