#include "checker/linear/subset_search.h"

#include <algorithm>
#include <bit>

namespace brokersim::checker {
namespace {

// Configurations of a moment are compared one by one, so there had better be few.
constexpr size_t kMostConfigs = 256;

uint32_t Lowest(uint64_t some) { return static_cast<uint32_t>(std::countr_zero(some)); }

}  // namespace

SubsetSearch::SubsetSearch(const Model& model, absl::Span<const Operation> ops)
    : space_(model, ops), equals_(space_.classes(), 0), begin_of_(ops.size(), 0), end_of_(ops.size(), 0) {
  for (uint32_t op = 0; op < ops.size(); ++op) {
    all_ |= Bit(op);
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
    (now.is_end ? end_of_ : begin_of_)[now.op] = event;
    kept_events_[event / 64] |= uint64_t{1} << (event % 64);
  }
  kept_ = all_;
  configs_.push_back({States::kInitial, 0});
  fates_of_kept_.fill(kNothing);
  fates_of_in_.fill(kNothing);
}

// Whoever used fewer open operations can do whatever the other can.
inline void SubsetSearch::Insert(Config config, std::vector<Config>* level) const {
  for (const Config& other : *level) {
    if (other.state != config.state || (other.taken & ~config.taken) != 0) continue;
    if (((config.taken & ~other.taken) & ~open_) == 0) return;
  }
  level->push_back(config);
}

SubsetSearch::Range SubsetSearch::RangeOf(uint64_t some) const {
  Range range;
  for (uint64_t left = some; left != 0; left &= left - 1) {
    const uint32_t op = Lowest(left);
    range.first = std::min(range.first, begin_of_[op]);
    if ((open_ & Bit(op)) == 0) range.last = std::max(range.last, static_cast<int>(end_of_[op]));
  }
  return range;
}

// Without those of `some`.
SubsetSearch::EventSet SubsetSearch::EventsOf(uint64_t some, EventSet events) const {
  for (uint64_t left = some; left != 0; left &= left - 1) {
    const uint32_t op = Lowest(left);
    events[begin_of_[op] / 64] &= ~(uint64_t{1} << (begin_of_[op] % 64));
    if ((open_ & Bit(op)) == 0) events[end_of_[op] / 64] &= ~(uint64_t{1} << (end_of_[op] % 64));
  }
  return events;
}

// The first event from `event` on; beyond all if there is none.
inline size_t SubsetSearch::NextOf(const EventSet& events, size_t event) {
  for (size_t word = event / 64; word < events.size(); ++word) {
    const uint64_t left = events[word] & (word == event / 64 ? ~uint64_t{0} << (event % 64) : ~uint64_t{0});
    if (left != 0) return 64 * word + static_cast<size_t>(std::countr_zero(left));
  }
  return kMostEvents;
}

std::optional<bool> SubsetSearch::HasNoOrder(uint64_t in) {
  for (int event = 0; event <= range_.last; ++event) fates_of_in_[static_cast<size_t>(event)] = kNothing;
  const uint64_t gone = kept_ & ~in;
  in_ = in;
  in_events_ = EventsOf(gone, kept_events_);
  range_ = RangeOf(gone);
  gave_up_ = false;
  // Open ones that aren't there are taken already.
  const uint64_t not_there = open_ & ~in;
  const size_t from = std::min(range_.first, space_.events().size());
  for (const Config& config : Before(from)) {
    if (Ends(from, {config.state, config.taken | not_there})) return false;
    if (gave_up_) break;
  }
  if (gave_up_) return std::nullopt;
  return true;
}

void SubsetSearch::Keep(uint64_t in) {
  const uint64_t gone = kept_ & ~in;
  const Range range = RangeOf(gone);
  for (size_t event = 0; static_cast<int>(event) <= range.last; ++event) {
    fates_of_kept_[event] = in == in_ ? fates_of_in_[event] : kNothing;
  }
  kept_events_ = EventsOf(gone, kept_events_);
  kept_ = in;
  while (!behind_.empty() && behind_.back().event >= range.first) behind_.pop_back();
  configs_.resize(behind_.empty() ? 1 : behind_.back().last);
  if (stuck_ >= range.first) stuck_ = kMostEvents;
}

absl::Span<const SubsetSearch::Config> SubsetSearch::Before(size_t event) {
  size_t next = NextOf(kept_events_, behind_.empty() ? 0 : behind_.back().event + 1);
  for (; next < event && next < stuck_ && !gave_up_; next = NextOf(kept_events_, next + 1)) {
    const uint32_t op = space_.events()[next].op;
    Moment now = behind_.empty() ? Moment{0, 0, 1} : behind_.back();
    now.event = next;
    if (space_.events()[next].is_end) {
      End(now, Bit(op), running_[next] & kept_);
      gave_up_ = work_.size() > kMostConfigs || done_.size() > kMostConfigs;
      if (done_.empty()) stuck_ = next;
      if (gave_up_ || done_.empty()) break;
      now.first = configs_.size();
      configs_.insert(configs_.end(), done_.begin(), done_.end());
      now.last = configs_.size();
    } else if ((pure_ & Bit(op)) != 0) {
      Begin(Bit(op), &now);
    }
    behind_.push_back(now);
  }
  if (gave_up_ || stuck_ < event) return {};
  // What lies behind begins before it, if at all.
  size_t at = behind_.size();
  while (at > 0 && behind_[at - 1].event >= event) --at;
  const Moment moment = at == 0 ? Moment{0, 0, 1} : behind_[at - 1];
  return absl::MakeConstSpan(configs_).subspan(moment.first, moment.last - moment.first);
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
    const uint32_t op = Lowest(left);
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
inline bool SubsetSearch::IsFirst(uint32_t op, uint64_t equals) const {
  for (uint64_t left = equals & ~Bit(op); left != 0; left &= left - 1) {
    const uint32_t other = Lowest(left);
    if (space_.EndOf(other) < space_.EndOf(op) || (space_.EndOf(other) == space_.EndOf(op) && other < op)) return false;
  }
  return true;
}

// With those of `pure` taken that the state allows.
inline SubsetSearch::Config SubsetSearch::WithPure(Config config, uint64_t pure) {
  for (uint64_t left = pure & ~config.taken; left != 0; left &= left - 1) {
    const uint32_t op = Lowest(left);
    ++steps_;
    if (space_.states().Next(config.state, space_.ClassOf(op)) != kNone) config.taken |= Bit(op);
  }
  return config;
}

// Known of this one, of one that used more and still comes to the end, or of one that used less and doesn't.
const SubsetSearch::Fate* SubsetSearch::Known(uint32_t first, const Config& config) {
  size_t count = 0;
  for (uint32_t at = first; at != kNothing; at = fates_[at].next) {
    const Fate& fate = fates_[at];
    if (++count > kMostConfigs) gave_up_ = true;
    if (fate.config.state != config.state || ((fate.config.taken ^ config.taken) & ~open_) != 0) continue;
    const uint64_t more = fate.ends ? config.taken & ~fate.config.taken : fate.config.taken & ~config.taken;
    if (more == 0) return &fate;
  }
  return nullptr;
}

bool SubsetSearch::Ends(size_t event, Config config) {
  for (event = NextOf(in_events_, event); event < kMostEvents; event = NextOf(in_events_, event + 1)) {
    ++steps_;
    const Event now = space_.events()[event];
    if (!now.is_end) {
      if ((pure_ & Bit(now.op)) != 0) config = WithPure(config, Bit(now.op));
      continue;
    }
    if ((config.taken & Bit(now.op)) != 0) {
      config.taken &= ~Bit(now.op);
      continue;
    }
    uint32_t& first = (static_cast<int>(event) <= range_.last ? fates_of_in_ : fates_of_kept_)[event];
    if (const Fate* const fate = Known(first, config); fate != nullptr) {
      if (fate->ends) used_ = (config.taken | (fate->used & ~fate->config.taken)) & open_ & in_;
      return fate->ends;
    }
    // The one that must end, then others that will, then those that needn't.
    const uint64_t could = running_[event] & in_ & ~pure_ & ~config.taken;
    const uint64_t ending = could & Bit(now.op);
    const bool ends = TryToEnd(event, config, ending) || TryToEnd(event, config, could & ~ending & ~open_) ||
                      TryToEnd(event, config, could & open_);
    if (gave_up_) return false;
    fates_.push_back({config, first, ends, used_ | (open_ & ~in_)});
    first = static_cast<uint32_t>(fates_.size() - 1);
    return ends;
  }
  used_ = config.taken & open_ & in_;
  return true;
}

bool SubsetSearch::TryToEnd(size_t event, Config config, uint64_t candidates) {
  const uint64_t running = running_[event] & in_;
  const uint64_t could = running & ~pure_ & ~config.taken;
  for (uint64_t left = candidates; left != 0 && !gave_up_; left &= left - 1) {
    const uint32_t op = Lowest(left);
    if (!IsFirst(op, equals_[space_.ClassOf(op)] & could)) continue;
    ++steps_;
    const uint32_t next = space_.states().Next(config.state, space_.ClassOf(op));
    if (next == kNone || (next == config.state && (open_ & Bit(op)) != 0)) continue;
    if (Ends(event, WithPure({next, config.taken | Bit(op)}, running & pure_))) return true;
  }
  return false;
}

}  // namespace brokersim::checker
