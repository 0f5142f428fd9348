#include "checker/linear/space.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace brokersim::checker {
namespace {

constexpr uint64_t kMix = 0x9e3779b97f4a7c15u;
// Beyond so many entries what a call does is asked again instead of remembered.
constexpr uint64_t kMaxRemembered = uint64_t{1} << 25;
// What an object costs besides its row, roughly.
constexpr uint64_t kObjectBytes = 96;

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * kMix;
  return hash ^ (hash >> 29);
}

// Numbers calls by content.
class CallInterner {
 public:
  explicit CallInterner(size_t most) : slots_(std::bit_ceil(2 * most + 2), kNone) {}

  uint32_t Intern(const Call& call) {
    uint64_t hash = Mix(Mix(call.in.Hash(), call.out.Hash()), 2 * uint64_t{call.f} + (call.known ? 1 : 0));
    hash ^= hash >> 32;
    size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != kNone && !(calls[slots_[slot]] == call)) slot = (slot + 1) & (slots_.size() - 1);
    if (slots_[slot] == kNone) {
      slots_[slot] = static_cast<uint32_t>(calls.size());
      calls.push_back(call);
    }
    return slots_[slot];
  }

  std::vector<Call> calls;

 private:
  std::vector<uint32_t> slots_;
};

}  // namespace

// ---- States

States::States(std::unique_ptr<Object> initial, std::vector<Call> classes)
    : classes_(std::move(classes)), slots_(64, kNone), scratch_(std::move(initial)) {
  Intern(HashOfScratch());
}

uint64_t States::HashOfScratch() {
  row_.clear();
  scratch_->Write(&row_);
  uint64_t hash = row_.size();
  for (const Value& value : row_) hash = Mix(hash, value.Hash());
  return hash ^ (hash >> 32);
}

uint32_t States::Ask(uint32_t state, uint32_t call_class) {
  const uint64_t place = uint64_t{state} * classes_.size() + call_class;
  scratch_->Assign(*states_[state]);
  const uint32_t next = scratch_->Step(classes_[call_class]) ? Intern(HashOfScratch()) : kNone;
  if (place < kMaxRemembered) {
    if (place >= next_.size()) next_.resize(std::max<size_t>(place + 1, states_.size() * classes_.size()), 0);
    next_[place] = next + 2;  // kNone is 1
  }
  return next;
}

uint32_t States::Intern(uint64_t hash) {
  if (states_.size() * 2 >= slots_.size()) Grow();
  size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != kNone; slot = (slot + 1) & (slots_.size() - 1)) {
    if (hashes_[slots_[slot]] != hash) continue;
    other_row_.clear();
    states_[slots_[slot]]->Write(&other_row_);
    if (other_row_ == row_) return slots_[slot];
  }
  slots_[slot] = size();
  states_.push_back(scratch_->Clone());
  hashes_.push_back(hash);
  bytes_ += kObjectBytes + row_.size() * sizeof(Value);
  return slots_[slot];
}

void States::Grow() {
  slots_.assign(slots_.size() * 2, kNone);
  for (uint32_t state = 0; state < size(); ++state) {
    size_t slot = hashes_[state] & (slots_.size() - 1);
    while (slots_[slot] != kNone) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = state;
  }
}

// ---- Space

Space::Space(const Model& model, absl::Span<const Operation> ops) : ops_(ops) {
  MakeClasses(model);
  MakeEvents();
  MakeOpenClasses();
}

void Space::MakeClasses(const Model& model) {
  std::vector<Call> calls;
  calls.reserve(ops_.size());
  for (const Operation& op : ops_) calls.push_back(op.call);
  std::unique_ptr<Object> initial = model.ForSearch(&calls);
  CallInterner interner(calls.size());
  class_of_.reserve(calls.size());
  for (const Call& call : calls) class_of_.push_back(interner.Intern(call));
  classes_ = static_cast<uint32_t>(interner.calls.size());
  states_ = std::make_unique<States>(std::move(initial), std::move(interner.calls));
}

void Space::MakeEvents() {
  // Lines of the history are all different, so the numbers are.
  std::vector<uint64_t> order;
  order.reserve(2 * ops_.size());
  for (uint64_t op = 0; op < ops_.size(); ++op) {
    order.push_back(uint64_t{ops_[op].begin} << 32 | op << 1);
    if (!ops_[op].open()) order.push_back(uint64_t{ops_[op].end} << 32 | op << 1 | 1);
  }
  std::sort(order.begin(), order.end());
  slot_of_.assign(ops_.size(), kNone);
  std::vector<uint32_t> free;
  for (const uint64_t one : order) {
    const Event event = {static_cast<uint32_t>(one & UINT32_MAX) >> 1, (one & 1) != 0};
    events_.push_back(event);
    if (ops_[event.op].open()) continue;
    if (event.is_end) {
      free.push_back(slot_of_[event.op]);
    } else if (free.empty()) {
      slot_of_[event.op] = slots_++;
    } else {
      slot_of_[event.op] = free.back();
      free.pop_back();
    }
  }
}

void Space::MakeOpenClasses() {
  std::vector<uint32_t> of(classes_, kNone);
  for (uint32_t op = 0; op < ops_.size(); ++op) {
    if (!ops_[op].open()) continue;
    uint32_t& open = of[class_of_[op]];
    if (open == kNone) {
      open = static_cast<uint32_t>(open_classes_.size());
      open_classes_.push_back({.call_class = class_of_[op]});
    }
    open_classes_[open].ops.push_back(op);
    slot_of_[op] = open;
  }
  first_count_word_ = 1 + (slots_ + 63) / 64;
  words_ = first_count_word_;
  uint32_t used = 64;
  for (OpenClass& open : open_classes_) {
    const auto bits = static_cast<uint32_t>(std::bit_width(open.ops.size()));
    if (used + bits + 1 > 64) {
      ++words_;
      guards_.push_back(0);
      used = 0;
    }
    open.word = words_ - 1;
    open.shift = used;
    open.mask = (uint64_t{1} << bits) - 1;
    guards_.back() |= uint64_t{1} << (used + bits);
    used += bits + 1;
  }
}

// ---- Moment

Moment::Moment(const Space& space) : space_(space), begun_(space.open_classes().size(), 0) {}

void Moment::Forward() {
  const Event event = space_.events()[at_++];
  if (space_.IsOpen(event.op)) {
    ++begun_[space_.OpenClassOf(event.op)];
    return;
  }
  if (event.is_end) {
    running_.erase(running_.begin());
    if (space_.IsPure(event.op)) pure_.erase(std::find(pure_.begin(), pure_.end(), event.op));
    return;
  }
  const auto after = std::find_if(running_.begin(), running_.end(),
                                  [&](uint32_t op) { return space_.EndOf(op) > space_.EndOf(event.op); });
  running_.insert(after, event.op);
  if (space_.IsPure(event.op)) pure_.push_back(event.op);
}

void Moment::Back() {
  const Event event = space_.events()[--at_];
  if (space_.IsOpen(event.op)) {
    --begun_[space_.OpenClassOf(event.op)];
    return;
  }
  if (event.is_end) {
    running_.insert(running_.begin(), event.op);
    if (space_.IsPure(event.op)) pure_.push_back(event.op);
    return;
  }
  running_.erase(std::find(running_.begin(), running_.end(), event.op));
  if (space_.IsPure(event.op)) pure_.erase(std::find(pure_.begin(), pure_.end(), event.op));
}

}  // namespace brokersim::checker
