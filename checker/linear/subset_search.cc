#include "checker/linear/subset_search.h"

#include <algorithm>
#include <bit>

namespace brokersim::checker {
namespace {

// Configurations of a moment are compared one by one, so there had better be few.
constexpr size_t kMostConfigs = 256;

}  // namespace

SubsetSearch::SubsetSearch(const Model& model, absl::Span<const Operation> ops)
    : space_(model, ops), equals_(space_.classes(), 0), begin_of_(ops.size(), 0), events_of_(ops.size()) {
  for (uint32_t op = 0; op < ops.size(); ++op) {
    if (ops[op].open()) open_ |= Bit(op);
    if (ops[op].pure && !ops[op].open()) pure_ |= Bit(op);
    equals_[space_.ClassOf(op)] |= Bit(op);
  }
  running_.reserve(space_.events().size());
  uint64_t running = 0;
  for (size_t event = 0; event < space_.events().size(); ++event) {
    const Event now = space_.events()[event];
    running_.push_back(running);
    running ^= Bit(now.op);
    if (!now.is_end) begin_of_[now.op] = event;
    events_of_[now.op][event / 64] |= uint64_t{1} << (event % 64);
  }
  configs_.push_back({States::kInitial, 0});
}

// Whoever used fewer open operations can do whatever the other can.
inline void SubsetSearch::Insert(Config config, std::vector<Config>* level) const {
  for (const Config& other : *level) {
    if (other.state != config.state || (other.taken & ~config.taken) != 0) continue;
    if (((config.taken & ~other.taken) & ~open_) == 0) return;
  }
  level->push_back(config);
}

std::optional<bool> SubsetSearch::HasNoOrder(uint64_t in) {
  // Up to the first operation that is in now and wasn't, or was and isn't, everything is as it was.
  const uint64_t different = in ^ base_;
  if (different != 0) {
    const size_t begin = begin_of_[static_cast<size_t>(std::countr_zero(different))];
    while (!behind_.empty() && behind_.back().event >= begin) behind_.pop_back();
  }
  for (uint64_t left = different; left != 0; left &= left - 1) {
    const EventSet& of_op = events_of_[static_cast<size_t>(std::countr_zero(left))];
    for (size_t word = 0; word < events_.size(); ++word) events_[word] ^= of_op[word];
  }
  base_ = in;
  configs_.resize(behind_.empty() ? 1 : behind_.back().last);
  for (size_t event = NextOf(behind_.empty() ? 0 : behind_.back().event + 1); event < space_.events().size();
       event = NextOf(event + 1)) {
    const uint32_t op = space_.events()[event].op;
    Moment now = behind_.empty() ? Moment{0, 0, 1} : behind_.back();
    now.event = event;
    if (space_.events()[event].is_end) {
      End(now, Bit(op), running_[event] & in);
      if (work_.size() > kMostConfigs || done_.size() > kMostConfigs) return std::nullopt;
      if (done_.empty()) return true;
      now.first = configs_.size();
      configs_.insert(configs_.end(), done_.begin(), done_.end());
      now.last = configs_.size();
    } else if ((pure_ & Bit(op)) != 0) {
      Begin(Bit(op), &now);
    }
    behind_.push_back(now);
  }
  return false;
}

// The first event from `event` on of an operation that is in; beyond the last one if there is none.
size_t SubsetSearch::NextOf(size_t event) const {
  for (size_t word = event / 64; word < events_.size(); ++word) {
    const uint64_t left = events_[word] & (word == event / 64 ? ~uint64_t{0} << (event % 64) : ~uint64_t{0});
    if (left != 0) return 64 * word + static_cast<size_t>(std::countr_zero(left));
  }
  return 64 * events_.size();
}

void SubsetSearch::Begin(uint64_t pure, Moment* now) {
  const size_t first = configs_.size();
  for (size_t at = now->first; at < now->last; ++at) {
    const Config config = configs_[at];
    configs_.push_back(WithPure(config, pure));
  }
  now->first = first;
  now->last = configs_.size();
}

void SubsetSearch::End(const Moment& now, uint64_t ending, uint64_t running) {
  work_.clear();
  done_.clear();
  for (size_t at = now.first; at < now.last; ++at) {
    ++steps_;
    const Config config = configs_[at];
    const bool is_done = (config.taken & ending) != 0;
    Insert({config.state, config.taken & ~ending}, is_done ? &done_ : &work_);
  }
  for (size_t at = 0; at < work_.size() && work_.size() <= kMostConfigs; ++at) Expand(work_[at], running, ending);
}

void SubsetSearch::Expand(Config from, uint64_t running, uint64_t ending) {
  const uint64_t could = running & ~pure_ & ~from.taken;
  for (uint64_t left = could; left != 0; left &= left - 1) {
    const auto op = static_cast<uint32_t>(std::countr_zero(left));
    if (!IsFirst(op, equals_[space_.ClassOf(op)] & could)) continue;
    ++steps_;
    const uint32_t next = space_.states().Next(from.state, space_.ClassOf(op));
    if (next == kNone || (next == from.state && (open_ & Bit(op)) != 0)) continue;
    const Config to = WithPure({next, from.taken | Bit(op)}, running & pure_);
    const bool is_done = (to.taken & ending) != 0;
    Insert({to.state, to.taken & ~ending}, is_done ? &done_ : &work_);
  }
}

// Of equals the one that ends first is the one to take.
bool SubsetSearch::IsFirst(uint32_t op, uint64_t equals) const {
  for (uint64_t left = equals & ~Bit(op); left != 0; left &= left - 1) {
    const auto other = static_cast<uint32_t>(std::countr_zero(left));
    if (space_.EndOf(other) < space_.EndOf(op) || (space_.EndOf(other) == space_.EndOf(op) && other < op)) return false;
  }
  return true;
}

// With those of `pure` taken that the state allows.
SubsetSearch::Config SubsetSearch::WithPure(Config config, uint64_t pure) {
  for (uint64_t left = pure & ~config.taken; left != 0; left &= left - 1) {
    const auto op = static_cast<uint32_t>(std::countr_zero(left));
    ++steps_;
    if (space_.states().Next(config.state, space_.ClassOf(op)) != kNone) config.taken |= Bit(op);
  }
  return config;
}

}  // namespace brokersim::checker
