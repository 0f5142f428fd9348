// Fewer and fewer operations that still have no order.
#include <algorithm>
#include <utility>

#include "checker/linear/explain.h"

namespace brokersim::checker {
namespace {

// Of larger histories it is looked at only what costs little.
constexpr size_t kLarge = 1024;

using Places = std::vector<uint32_t>;  // in the operations given, rising

class Minimizer {
 public:
  Minimizer(const Model& model, absl::Span<const Operation> ops, uint64_t steps, Arena* arena)
      : model_(model), all_(ops), steps_left_(steps), arena_(*arena) {}

  Core Run(const PartCheck& found) {
    Start(found);
    // Who saw whom may change with who is left.
    for (size_t before = 0; complete_ && before != place_.size();) {
      before = place_.size();
      Link();
      ShrinkKnown();
      ShrinkOpen();
      Places core;
      for (uint32_t op = 0; op < ops_.size(); ++op) {
        if (in_[op] != 0) core.push_back(place_[op]);
      }
      Take(core);
    }
    return {.places = std::move(place_), .ops = std::move(ops_), .complete = complete_};
  }

 private:
  // Where to start: what the verdict hints at, with all that it saw; else all up to what can't be placed.
  void Start(const PartCheck& found) {
    if (!found.suspects().empty()) {
      Take(WithSeen(found.suspects()));
      if (HasNoOrder(in_)) return;
    }
    const uint32_t last = found.last();
    if (last == kNone && all_.size() > kLarge) CutToPrefix();
    const OpIndex until = last == kNone ? kNoOp : all_[last].end;
    Places places;
    for (uint32_t op = 0; op < all_.size(); ++op) {
      if (all_[op].begin < until) places.push_back(op);
    }
    Take(last == kNone ? std::move(places) : WithSeen(places));
  }

  // The history as it was when the first operation ended by which it had no order: what still ran then is
  // open.
  void CutToPrefix() {
    std::vector<OpIndex> ends;
    for (const Operation& op : all_) {
      if (!op.open()) ends.push_back(op.end);
    }
    std::sort(ends.begin(), ends.end());
    size_t low = 0;  // the first end by which there is no order is in [low, high]
    size_t high = ends.size() - 1;
    while (low < high && complete_) {
      const size_t middle = (low + high) / 2;
      const std::vector<Operation> prefix = Prefix(ends[middle]);
      PartCheck check(model_, prefix);
      const Outcome outcome = check.Run(steps_left_);
      Spend(check.steps());
      (outcome == Outcome::kNot ? high : low) = outcome == Outcome::kNot ? middle : middle + 1;
    }
    prefix_ = Prefix(ends[high]);
    all_ = prefix_;
  }

  // Operations keep their places.
  std::vector<Operation> Prefix(OpIndex end) const {
    std::vector<Operation> prefix;
    for (const Operation& op : all_) {
      if (op.begin > end) break;
      prefix.push_back(op);
      if (op.open() || op.end <= end) continue;
      prefix.back().end = kNoOp;
      // What an answer tells isn't known yet. Of calls that are told nothing there is nothing to forget.
      if (!op.call.out.is_nil() || op.call.in.is_nil()) prefix.back().call.known = false;
      prefix.back().call.out = Value::Nil();
    }
    return prefix;
  }

  Places WithSeen(const Places& some) const {
    std::vector<uint8_t> taken(all_.size(), 0);
    Places places;
    const auto take = [&](uint32_t op) {
      if (taken[op] == 0) places.push_back(op);
      taken[op] = 1;
    };
    size_t followed = 0;
    const auto follow = [&] {
      for (; followed < places.size(); ++followed) {
        Places seen;
        model_.Saw(all_, places[followed], &seen);
        for (const uint32_t op : seen) take(op);
      }
    };
    for (const uint32_t op : some) take(op);
    follow();
    // Open ones are context, and what they saw may end later than all before.
    for (size_t before = 0; before != places.size() && !model_.SettlesOpen();) {
      before = places.size();
      OpIndex last = 0;
      for (const uint32_t op : places) last = std::max(last, all_[op].open() ? 0 : all_[op].end);
      for (uint32_t op = 0; op < all_.size(); ++op) {
        if (all_[op].open() && all_[op].begin < last) take(op);
      }
      if (all_.size() > kLarge) break;
      follow();
    }
    std::sort(places.begin(), places.end());
    return places;
  }

  void Take(const Places& places) {
    std::vector<uint8_t> in(all_.size(), 0);
    for (const uint32_t place : places) in[place] = 1;
    place_.clear();
    ops_.clear();
    Pick(all_, in, &arena_, &ops_, &place_);
    in_.assign(ops_.size(), 1);
  }

  // Those that are in, as they look without the others.
  void Pick(absl::Span<const Operation> ops, const std::vector<uint8_t>& in, Arena* arena,
            std::vector<Operation>* picked, Places* places) {
    std::vector<Operation> gone;
    for (uint32_t op = 0; op < ops.size(); ++op) {
      if (in[op] == 0) gone.push_back(ops[op]);
    }
    for (uint32_t op = 0; op < ops.size(); ++op) {
      if (in[op] == 0) continue;
      picked->push_back(ops[op]);
      if (!gone.empty() && model_.TellsOfMany(ops[op].call)) {
        Spend(gone.size() / 16 + ops[op].call.out.items().size());
        if (!model_.Unsee(gone, &picked->back(), arena)) {
          picked->pop_back();
          continue;
        }
      }
      if (places != nullptr) places->push_back(op);
    }
  }

  void Spend(uint64_t steps) {
    steps_left_ -= std::min(steps_left_, steps);
    if (steps_left_ == 0) complete_ = false;
  }

  // Who must go with whom. Of many open ones only what others saw: they may happen or not, with or without
  // what they saw themselves.
  void Link() {
    seen_by_.assign(ops_.size(), {});
    needed_.assign(ops_.size(), {});
    for (uint32_t op = 0; op < ops_.size() && complete_; ++op) {
      if (ops_[op].open() && ops_.size() > kLarge) continue;
      Places seen;
      model_.Saw(ops_, op, &seen);
      Spend(seen.size() + ops_.size() / 8);
      for (const uint32_t other : seen) seen_by_[other].push_back(op);
      needed_[op] = std::move(seen);
    }
  }

  bool HasNoOrder(const std::vector<uint8_t>& in) {
    Arena arena;
    std::vector<Operation> some;
    Pick(ops_, in, &arena, &some, nullptr);
    PartCheck check(model_, some);
    const Outcome outcome = check.Run(steps_left_);
    Spend(check.steps() + some.size());
    return outcome == Outcome::kNot;
  }

  // Without these and all that saw them.
  std::vector<uint8_t> Without(Places gone) const {
    std::vector<uint8_t> in = in_;
    for (size_t i = 0; i < gone.size(); ++i) {
      if (in[gone[i]] == 0) continue;
      in[gone[i]] = 0;
      for (const uint32_t op : seen_by_[gone[i]]) gone.push_back(op);
    }
    return in;
  }

  Places Known() const {
    Places known;
    for (uint32_t op = 0; op < ops_.size(); ++op) {
      if (in_[op] != 0 && !ops_[op].open()) known.push_back(op);
    }
    return known;
  }

  // By halves, quarters and so on, and by single ones until none can go.
  void ShrinkKnown() {
    for (size_t chunk = std::max<size_t>(1, Known().size() / 2); complete_;) {
      const Places known = Known();
      bool any = false;
      for (size_t at = 0; at < known.size() && complete_; at += chunk) {
        Places gone;
        for (size_t i = at; i < std::min(known.size(), at + chunk); ++i) {
          if (in_[known[i]] != 0) gone.push_back(known[i]);
        }
        if (gone.empty()) continue;
        std::vector<uint8_t> less = Without(std::move(gone));
        if (!HasNoOrder(less)) continue;
        in_ = std::move(less);
        any = true;
      }
      if (chunk == 1 && !any) return;
      chunk = std::max<size_t>(1, chunk / 2);
    }
  }

  // Whether each known operation is needed.
  bool IsMinimal() {
    for (const uint32_t op : Known()) {
      if (HasNoOrder(Without({op}))) return false;
    }
    return complete_;
  }

  // Open operations that nobody saw can go if then still no known one can.
  void ShrinkOpen() {
    if (!complete_) return;
    std::vector<uint8_t> was_seen(ops_.size(), 0);
    for (const uint32_t op : Known()) {
      for (const uint32_t other : needed_[op]) was_seen[other] = 1;
    }
    Places open;
    for (uint32_t op = 0; op < ops_.size(); ++op) {
      if (in_[op] != 0 && ops_[op].open() && was_seen[op] == 0) open.push_back(op);
    }
    for (size_t chunk = open.size(); chunk > 0 && complete_; chunk /= 2) {
      for (size_t at = 0; at < open.size() && complete_; at += chunk) {
        const std::vector<uint8_t> before = in_;
        for (size_t i = at; i < std::min(open.size(), at + chunk); ++i) in_[open[i]] = 0;
        if (!HasNoOrder(in_) || !IsMinimal()) in_ = before;
      }
      std::erase_if(open, [&](uint32_t op) { return in_[op] == 0; });
    }
  }

  const Model& model_;
  absl::Span<const Operation> all_;
  std::vector<Operation> prefix_;  // of those given; then all_ is that
  uint64_t steps_left_;
  Arena& arena_;
  bool complete_ = true;
  Places place_;  // of those below
  std::vector<Operation> ops_;
  std::vector<uint8_t> in_;
  std::vector<Places> seen_by_;
  std::vector<Places> needed_;
};

}  // namespace

Core MinimalCore(const Model& model, absl::Span<const Operation> ops, const PartCheck& found, uint64_t steps,
                 Arena* arena) {
  return Minimizer(model, ops, steps, arena).Run(found);
}

}  // namespace brokersim::checker
