// Fewer and fewer operations that still have no order.
#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <utility>

#include "checker/linear/explain.h"
#include "checker/linear/minimize_few.h"
#include "checker/stable_sort.h"

namespace brokersim::checker {
namespace {

// Of larger histories it is looked at only what costs little.
constexpr size_t kLarge = 1024;

// So many operations are tried before all.
constexpr size_t kFew = 6;

// So many subsets that have an order are remembered.
constexpr size_t kMostRemembered = 64;

using Places = std::vector<uint32_t>;  // in the operations given, rising

struct Pair {
  uint32_t from = 0;
  uint32_t to = 0;
};

// Pairs by what they are from, one behind the other.
class Relation {
 public:
  Relation() = default;
  Relation(size_t size, const std::vector<Pair>& pairs) : first_(size + 2, 0), all_(pairs.size()) {
    for (const Pair& pair : pairs) ++first_[pair.from + 2];
    for (size_t i = 2; i < first_.size(); ++i) first_[i] += first_[i - 1];
    for (const Pair& pair : pairs) all_[first_[pair.from + 1]++] = pair.to;
  }
  absl::Span<const uint32_t> Of(uint32_t from) const {
    return absl::MakeConstSpan(all_).subspan(first_[from], first_[from + 1] - first_[from]);
  }

 private:
  std::vector<uint32_t> first_;  // by from
  std::vector<uint32_t> all_;
};

class Minimizer {
 public:
  Minimizer(const Model& model, absl::Span<const Operation> ops, uint64_t steps, Arena* arena)
      : model_(model), all_(ops), steps_left_(steps), arena_(*arena) {}

  Core Run(const PartCheck& found) {
    if (!StartWithFew(found)) Start(found);
    Shrink(found);
    if (guessed_) {
      CutToPrefix(whole_, earliest_ + 1);
      Take(Until(kNone));
      Shrink(found);
    }
    return {.places = std::move(place_), .ops = std::move(ops_), .complete = complete_};
  }

 private:
  // Who saw whom may change with who is left. Where a guess turns out to be wrong, or can't be proved, it stays one.
  void Shrink(const PartCheck& found) {
    for (bool shrunk = true; complete_ && shrunk && !ShrinkFew();) {
      Link();
      // Whoever saw what can't be placed can't be placed without it either.
      const auto last = std::find(place_.begin(), place_.end(), found.last());
      if (last != place_.end()) TryWithout({static_cast<uint32_t>(last - place_.begin())});
      if (!ShrinkKnown()) {
        // Open ones may be what gives it an order, if it has one.
        if (guessed_ && !HasNoOrder(in_)) return;
        guessed_ = false;
        ShrinkOpen();
      }
      Places core;
      for (uint32_t op = 0; op < ops_.size(); ++op) {
        if (in_[op] != 0) core.push_back(place_[op]);
      }
      shrunk = core.size() < place_.size();
      if (shrunk) Take(core);
    }
  }

  // What began before the operation ended that can't be placed; all, if it isn't known.
  Places Until(uint32_t last) const {
    const OpIndex until = last == kNone ? kNoOp : all_[last].end;
    Places places;
    for (uint32_t op = 0; op < all_.size() && all_[op].begin < until; ++op) places.push_back(op);
    return places;
  }

  // What can't be placed, the last few before it, and what they saw: most often that is enough.
  bool StartWithFew(const PartCheck& found) {
    if (found.last() == kNone) return false;
    Places few = Until(found.last());
    if (few.size() <= SubsetSearch::kMost) return false;
    const size_t all = few.size();
    few.erase(few.begin(), few.end() - kFew);
    if (few.front() > found.last()) few.insert(few.begin(), found.last());
    few = WithSeen(few);
    const bool is_all = few.size() == all && few.back() + 1 == all;
    Take(few);
    return is_all || HasNoOrder(in_);
  }

  // Where to start: what the verdict hints at, with all that it saw; else all up to what can't be placed.
  void Start(const PartCheck& found) {
    if (!found.suspects().empty()) {
      Take(WithSeen(found.suspects()));
      if (HasNoOrder(in_)) return;
    }
    const uint32_t last = found.last();
    if (last == kNone && all_.size() > kLarge) GuessPrefix(found.earliest());
    Take(last == kNone ? Until(last) : WithSeen(Until(last)));
  }

  // The history as it was when the first operation ended by which it had no order: what still ran then is
  // open. That was no earlier than `earliest`, and most often at once: then it is taken unseen, for whatever is found
  // to have no order within it proves it.
  void GuessPrefix(OpIndex earliest) {
    guessed_ = earliest > 0;
    whole_ = all_;
    earliest_ = earliest;
    if (!guessed_) {
      CutToPrefix(all_, earliest);
      return;
    }
    OpIndex end = kNoOp;
    for (const Operation& op : all_) {
      if (!op.open() && op.end >= earliest) end = std::min(end, op.end);
    }
    prefix_ = Prefix(all_, end);
    all_ = prefix_;
  }

  void CutToPrefix(absl::Span<const Operation> whole, OpIndex earliest) {
    guessed_ = false;
    std::vector<OpIndex> ends;
    for (const Operation& op : whole) {
      if (!op.open()) ends.push_back(op.end);
    }
    std::sort(ends.begin(), ends.end());
    // The first end by which there is no order is in [low, high].
    auto low = static_cast<size_t>(std::lower_bound(ends.begin(), ends.end(), earliest) - ends.begin());
    size_t high = ends.size() - 1;
    for (size_t ahead = 0; low < high && complete_; ahead = 2 * ahead + 1) {
      const size_t middle = earliest == 0 ? (low + high) / 2 : std::min(low + ahead, (low + high) / 2);
      const std::vector<Operation> prefix = Prefix(whole, ends[middle]);
      PartCheck check(model_, prefix);
      const Outcome outcome = check.Run(steps_left_);
      Spend(check.steps());
      (outcome == Outcome::kNot ? high : low) = outcome == Outcome::kNot ? middle : middle + 1;
    }
    prefix_ = Prefix(whole, ends[high]);
    all_ = prefix_;
  }

  // Operations keep their places.
  static std::vector<Operation> Prefix(absl::Span<const Operation> whole, OpIndex end) {
    std::vector<Operation> prefix;
    for (const Operation& op : whole) {
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

  // Where few are left: all the rest. False: there are more, or too many configurations.
  bool ShrinkFew() {
    const auto tells_of_many = [&](const Operation& op) { return model_.TellsOfMany(op.call); };
    if (ops_.size() > SubsetSearch::kMost || std::any_of(ops_.begin(), ops_.end(), tells_of_many)) return false;
    FewMinimizer few(model_, ops_, steps_left_);
    const std::optional<uint64_t> left = few.Run();
    Spend(few.steps());
    if (!left.has_value()) return false;
    Places core;
    for (uint64_t some = *left; some != 0; some &= some - 1)
      core.push_back(place_[static_cast<size_t>(std::countr_zero(some))]);
    if (core.size() < place_.size()) Take(core);
    return true;
  }

  // Those that are in, as they look without the others.
  void Pick(absl::Span<const Operation> ops, const std::vector<uint8_t>& in, Arena* arena,
            std::vector<Operation>* picked, Places* places) {
    std::vector<Operation> gone;
    const auto tells_of_many = [&](const Operation& op) { return model_.TellsOfMany(op.call); };
    if (std::any_of(ops.begin(), ops.end(), tells_of_many)) {
      for (uint32_t op = 0; op < ops.size(); ++op) {
        if (in[op] == 0) gone.push_back(ops[op]);
      }
    }
    picked->reserve(static_cast<size_t>(std::count(in.begin(), in.end(), 1)));
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
    std::vector<Pair> needs;
    group_.assign(ops_.size(), 0);
    if (model_.seeing() == Model::Seeing::kEqualValues) {
      LinkEquals(&needs);
    } else {
      LinkAll(&needs);
    }
    needed_ = Relation(ops_.size(), needs);
    for (Pair& pair : needs) std::swap(pair.from, pair.to);
    seen_by_ = Relation(ops_.size(), needs);
    is_needed_.assign(ops_.size(), 0);
    had_order_.clear();
    by_group_.resize(ops_.size());
    std::iota(by_group_.begin(), by_group_.end(), 0);
    StableSort(&by_group_, [&](uint32_t a, uint32_t b) { return group_[a] < group_[b]; });
  }

  void LinkAll(std::vector<Pair>* needs) {
    Places seen;
    for (uint32_t op = 0; op < ops_.size() && complete_; ++op) {
      if (ops_[op].open() && ops_.size() > kLarge) continue;
      seen.clear();
      model_.Saw(ops_, op, &seen);
      Spend(seen.size() + ops_.size() / 8);
      for (const uint32_t other : seen) needs->push_back({op, other});
    }
  }

  // All with one of them, which has ended if any has: that makes the same go together.
  void LinkEquals(std::vector<Pair>* needs) {
    ValueInterner values;
    Places one_of;
    for (const bool open : {false, true}) {
      for (uint32_t op = 0; op < ops_.size(); ++op) {
        const Value& value = Model::ValueOf(ops_[op].call);
        if (ops_[op].open() != open || value.is_nil()) continue;
        const Id id = values.Intern(value);
        group_[op] = id + 1;
        if (id == one_of.size()) {
          one_of.push_back(op);
        } else {
          needs->push_back({op, one_of[id]});
          needs->push_back({one_of[id], op});
        }
      }
    }
    Spend(ops_.size());
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

  // Leaves these out, and all that saw them, if what is left has no order.
  bool TryWithout(const Places& some) {
    if (std::any_of(some.begin(), some.end(), [&](uint32_t op) { return is_needed_[op] != 0; })) return false;
    Without(some);
    if (with_needed_) return false;
    // Of many the same ones are left again and again where they all saw each other.
    if (std::find(had_order_.begin(), had_order_.end(), less_) != had_order_.end()) return false;
    if (HasNoOrder(less_)) {
      in_ = less_;
      guessed_ = false;
      return true;
    }
    if (had_order_.size() < kMostRemembered) had_order_.push_back(less_);
    const auto goes_with_first = [&](uint32_t op) { return group_[op] != 0 && group_[op] == group_[some[0]]; };
    if (some.size() == 1 || std::all_of(some.begin(), some.end(), goes_with_first)) NoteNeeded(some[0]);
    return false;
  }

  // What is left without it has an order. Where who saw whom stays as it is, so has what is left without it and more.
  void NoteNeeded(uint32_t op) {
    if (model_.seeing() == Model::Seeing::kAnyhow) return;
    is_needed_[op] = 1;
    for (uint32_t other = 0; other < ops_.size() && group_[op] != 0; ++other) {
      if (group_[other] == group_[op]) is_needed_[other] = 1;
    }
  }

  // Without these and all that saw them.
  const std::vector<uint8_t>& Without(absl::Span<const uint32_t> some) {
    less_ = in_;
    with_needed_ = false;
    gone_.assign(some.begin(), some.end());
    while (!gone_.empty()) {
      const uint32_t op = gone_.back();
      gone_.pop_back();
      if (less_[op] == 0) continue;
      less_[op] = 0;
      with_needed_ = with_needed_ || is_needed_[op] != 0;
      gone_.insert(gone_.end(), seen_by_.Of(op).begin(), seen_by_.Of(op).end());
    }
    return less_;
  }

  // Those side by side that go together.
  Places Known() const {
    Places known;
    for (const uint32_t op : by_group_) {
      if (in_[op] != 0 && !ops_[op].open()) known.push_back(op);
    }
    return known;
  }

  // By halves, quarters and so on to single ones; false: none could go.
  bool ShrinkKnown() {
    bool any = false;
    for (size_t chunk = std::max<size_t>(1, Known().size() / 2); complete_; chunk /= 2) {
      const Places known = Known();
      for (size_t done = 0; done < known.size() && complete_; done += chunk) {
        const size_t count = std::min(chunk, known.size() - done);
        const Places some(known.begin() + done, known.begin() + done + count);
        if (std::none_of(some.begin(), some.end(), [&](uint32_t op) { return in_[op] != 0; })) continue;
        any = TryWithout(some) || any;
      }
      if (chunk == 1) break;
    }
    return any;
  }

  // Whether each known operation is needed.
  bool IsMinimal() {
    is_needed_.assign(ops_.size(), 0);
    const Places known = Known();
    for (size_t i = known.size(); i-- > 0;) {
      if (is_needed_[known[i]] != 0) continue;
      Without({known[i]});
      if (with_needed_) continue;
      if (HasNoOrder(less_)) return false;
      NoteNeeded(known[i]);
    }
    return complete_;
  }

  // Open operations that nobody saw can go if then still no known one can.
  void ShrinkOpen() {
    if (!complete_) return;
    std::vector<uint8_t> was_seen(ops_.size(), 0);
    for (const uint32_t op : Known()) {
      for (const uint32_t other : needed_.Of(op)) was_seen[other] = 1;
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
  absl::Span<const Operation> whole_;  // those given, if all_ is a part of them
  std::vector<Operation> prefix_;      // of those given; then all_ is that
  bool guessed_ = false;               // ... and nobody has proved yet that it has no order
  OpIndex earliest_ = 0;
  uint64_t steps_left_;
  Arena& arena_;
  bool complete_ = true;
  Places place_;  // of those below
  std::vector<Operation> ops_;
  std::vector<uint8_t> in_;
  Relation seen_by_;
  Relation needed_;
  std::vector<uint32_t> group_;     // LinkEquals: who goes together; 0: with nobody
  Places by_group_;                 // all, as they stand side by side
  std::vector<uint8_t> is_needed_;  // NoteNeeded
  std::vector<std::vector<uint8_t>> had_order_;  // of in_
  bool with_needed_ = false;                     // of Without: one of those is gone
  std::vector<uint8_t> less_;  // of Without
  Places gone_;
};

}  // namespace

Core MinimalCore(const Model& model, absl::Span<const Operation> ops, const PartCheck& found, uint64_t steps,
                 Arena* arena) {
  return Minimizer(model, ops, steps, arena).Run(found);
}

}  // namespace brokersim::checker
