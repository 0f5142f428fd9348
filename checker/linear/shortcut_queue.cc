// Queues whose items are all different, with dequeues that found nothing and operations without an outcome.
//
// 1. Who was dequeued, was enqueued before the dequeue ended; so each item has a time in which it came and
// one in which
//    it went. An item without an outcome that nobody took needn't have come.
// 2. Dequeues without an answer may have taken what nobody else took, at any time after they began. Which
// took which
//    matters only for how early an item can be gone, and the items that must be gone are always those whose
//    enqueues ended first (of two, what forces the later one out forces the earlier one too). So the k-th
//    item by end of enqueue goes to the k-th dequeue by begin.
// 3. A dequeue that found nothing needs a moment in its time at which no item is surely there, i.e. between
// the end of
//    its enqueue and the begin of its dequeue. What surely came before that moment came and went before, all
//    else may come and go after; cutting times there makes no new trouble within either side (T. Henzinger,
//    A. Sezgin, V. Vafeiadis, "Aspect-oriented linearizability proofs", 2013, have the same without open
//    operations).
// 4. First in first out: between two moments of nothing, an item comes before another whose enqueue began
// only when its
//    own had ended, and likewise for dequeues. Any order of the items that keeps both will do, and if there
//    is none, two of them stand in each other's way.
#include <algorithm>
#include <utility>

#include "checker/history/value.h"
#include "checker/linear/shortcut.h"

namespace brokersim::checker {
namespace {

enum : uint32_t { kEnqueue, kDequeue };

using Time = uint32_t;  // places in the order of all begins and ends
constexpr Time kNever = UINT32_MAX;
constexpr Time kAtLast = kNever - 1;  // before never, after all else

struct Item {
  uint32_t enqueue = kUnranked;
  uint32_t dequeue = kUnranked;
  Time came_after = 0;
  Time came_before = 0;
  Time went_after = kNever;
  Time went_before = kNever;
  bool taken_by_open = false;
};

// Numbers values; a table does for integers that lie close together.
class Values {
 public:
  explicit Values(absl::Span<const Operation> ops) {
    int64_t least = INT64_MAX;
    int64_t most = INT64_MIN;
    for (const Operation& op : ops) {
      if (op.call.f != kEnqueue) continue;
      if (!op.call.in.is_int()) return;
      least = std::min(least, op.call.in.integer());
      most = std::max(most, op.call.in.integer());
    }
    if (least > most || static_cast<uint64_t>(most) - static_cast<uint64_t>(least) > 8 * ops.size()) return;
    first_ = least;
    ids_.assign(static_cast<uint64_t>(most) - static_cast<uint64_t>(least) + 1, kNoId);
  }
  // A new number; false: it has one.
  bool Add(const Value& value, Id id) {
    if (ids_.empty()) return values_.Intern(value) == id;
    Id& at = ids_[static_cast<uint64_t>(value.integer()) - static_cast<uint64_t>(first_)];
    if (at != kNoId) return false;
    at = id;
    return true;
  }
  Id Find(const Value& value) const {
    if (ids_.empty()) return values_.Find(value);
    if (!value.is_int()) return kNoId;
    const uint64_t at = static_cast<uint64_t>(value.integer()) - static_cast<uint64_t>(first_);
    return at < ids_.size() ? ids_[at] : kNoId;
  }

 private:
  ValueInterner values_;
  std::vector<Id> ids_;
  int64_t first_ = 0;
};

class QueueCheck {
 public:
  QueueCheck(absl::Span<const Operation> ops, bool is_fifo) : ops_(ops), is_fifo_(is_fifo) {}

  ShortcutResult Run() {
    MakeTimes();
    if (!Collect()) return std::move(result_);
    GiveAway();
    if (!FindMoments()) return std::move(result_);
    MakeAges();
    if (is_fifo_) {
      if (!Arrange()) return std::move(result_);
      MergeOrder();
    } else {
      SortOrder();
    }
    if (!KeepsTime(ops_, result_.order)) return {};
    result_.answer = ShortcutResult::kYes;
    result_.steps = ops_.size();
    return std::move(result_);
  }

 private:
  Time Begin(uint32_t op) const { return times_.empty() ? ops_[op].begin : TimeOf(ops_[op].begin); }
  Time End(uint32_t op) const {
    if (ops_[op].open()) return kNever;
    return times_.empty() ? ops_[op].end : TimeOf(ops_[op].end);
  }
  Time TimeOf(OpIndex line) const {
    return static_cast<Time>(std::lower_bound(times_.begin(), times_.end(), line) - times_.begin());
  }

  // The history's lines do as times, unless most of them are other objects'.
  void MakeTimes() {
    for (const Operation& op : ops_) last_ = std::max({last_, op.begin, op.open() ? 0 : op.end});
    if (last_ < 8 * ops_.size() + 64) return;
    for (const Operation& op : ops_) {
      times_.push_back(op.begin);
      if (!op.open()) times_.push_back(op.end);
    }
    std::sort(times_.begin(), times_.end());
    last_ = static_cast<Time>(times_.size());
  }

  bool No(std::vector<uint32_t> suspects) {
    std::erase(suspects, kUnranked);
    result_ = {.answer = ShortcutResult::kNo, .suspects = std::move(suspects), .steps = ops_.size()};
    return false;
  }

  // Step 1. False: decided, or not ours.
  bool Collect() {
    Values values(ops_);
    for (uint32_t op = 0; op < ops_.size(); ++op) {
      if (ops_[op].call.f != kEnqueue) continue;
      if (!values.Add(ops_[op].call.in, static_cast<Id>(items_.size()))) return false;
      items_.push_back({.enqueue = op, .came_after = Begin(op), .came_before = End(op)});
    }
    for (uint32_t op = 0; op < ops_.size(); ++op) {
      const Call& call = ops_[op].call;
      if (call.f == kEnqueue) continue;
      if (!call.known) {
        open_.push_back(op);
        continue;
      }
      if (call.out.is_nil()) {
        empty_.push_back(op);
        continue;
      }
      const Id id = values.Find(call.out);
      if (id == kNoId) return No({op});
      Item& item = items_[id];
      if (item.dequeue != kUnranked) return No({item.enqueue, item.dequeue, op});
      item.dequeue = op;
      if (End(op) < item.came_after) return No({item.enqueue, op});
      item.went_before = End(op);
      item.went_after = std::max(Begin(op), item.came_after);
      item.came_before = std::min(item.came_before, item.went_before);
    }
    std::erase_if(items_,
                  [&](const Item& item) { return item.dequeue == kUnranked && item.came_before == kNever; });
    return true;
  }

  // Step 2.
  void GiveAway() {
    std::vector<uint64_t> left;  // by end of the enqueue
    for (uint32_t i = 0; i < items_.size(); ++i) {
      if (items_[i].dequeue == kUnranked) left.push_back(uint64_t{items_[i].came_before} << 32 | i);
    }
    if (open_.empty()) return;
    std::sort(left.begin(), left.end());
    for (size_t k = 0; k < std::min(left.size(), open_.size()); ++k) {
      Item& item = items_[left[k] & UINT32_MAX];
      item.dequeue = open_[k];
      item.taken_by_open = true;
      item.went_before = kAtLast;
      item.went_after = std::max(Begin(open_[k]), item.came_after);
    }
  }

  // Step 3: moments are the gaps after a time. The first one that does is the best one.
  bool FindMoments() {
    if (empty_.empty()) return true;
    std::vector<int32_t> there(size_t{last_} + 2, 0);
    for (const Item& item : items_) {
      if (item.came_before >= item.went_after) continue;
      ++there[item.came_before];
      if (item.went_after != kNever) --there[item.went_after];
    }
    for (size_t t = 1; t < there.size(); ++t) there[t] += there[t - 1];
    std::vector<Time> next(there.size() + 1, kNever);
    for (size_t t = there.size(); t-- > 0;) next[t] = there[t] == 0 ? static_cast<Time>(t) : next[t + 1];
    std::vector<uint8_t> is_moment(there.size(), 0);
    for (const uint32_t op : empty_) {
      const Time moment = next[Begin(op)];
      if (moment >= End(op)) return NoMoment(op);
      is_moment[moment] = 1;
      moment_of_.push_back(moment);
    }
    for (Time t = 0; t < is_moment.size(); ++t) {
      if (is_moment[t] != 0) moments_.push_back(t);
    }
    return true;
  }

  // Items of which always one is there while `op` runs: each time the one that stays longest.
  bool NoMoment(uint32_t op) {
    std::vector<uint32_t> suspects = {op};
    const std::vector<uint32_t> sorted = SortedBy([](const Item& item) { return item.came_before; });
    size_t next = 0;
    uint32_t longest = kUnranked;
    for (Time covered = Begin(op); covered < End(op); covered = items_[longest].went_after) {
      for (; next < sorted.size() && items_[sorted[next]].came_before <= covered; ++next) {
        const bool is_longer =
            longest == kUnranked || items_[sorted[next]].went_after > items_[longest].went_after;
        if (is_longer) longest = sorted[next];
      }
      suspects.push_back(items_[longest].enqueue);
      suspects.push_back(items_[longest].dequeue);
    }
    return No(std::move(suspects));
  }

  // An age lies between two moments. Numbers the items' ages.
  void MakeAges() {
    age_of_.assign(items_.size(), 0);
    if (moments_.empty()) return;
    std::vector<uint32_t> before(size_t{last_} + 2, 0);  // by time: moments before it
    for (const Time moment : moments_) ++before[moment + 1];
    for (size_t t = 1; t < before.size(); ++t) before[t] += before[t - 1];
    for (uint32_t i = 0; i < items_.size(); ++i) {
      age_of_[i] = items_[i].came_before == kNever ? static_cast<uint32_t>(moments_.size())
                                                   : before[items_[i].came_before];
    }
  }
  Time AgeBegin(uint32_t age) const { return age == 0 ? 0 : moments_[age - 1] + 1; }

  // Places of items, by age and then by a time of theirs.
  template <typename Of>
  std::vector<uint32_t> SortedBy(Of of) const {
    const auto later = size_t{last_} + 1;  // for those at no time
    std::vector<uint32_t> at(later + 2, 0);
    const auto time = [&](uint32_t i) { return std::min<size_t>(of(items_[i]), later); };
    const auto count = static_cast<uint32_t>(items_.size());
    for (uint32_t i = 0; i < count; ++i) ++at[time(i) + 1];
    for (size_t t = 1; t < at.size(); ++t) at[t] += at[t - 1];
    std::vector<uint32_t> by_time(count);
    for (uint32_t i = 0; i < count; ++i) by_time[at[time(i)]++] = i;
    if (moments_.empty()) return by_time;
    std::vector<uint32_t> first(moments_.size() + 2, 0);
    for (const uint32_t age : age_of_) ++first[age + 1];
    for (size_t age = 1; age < first.size(); ++age) first[age] += first[age - 1];
    std::vector<uint32_t> sorted(count);
    for (const uint32_t i : by_time) sorted[first[age_of_[i]]++] = i;
    return sorted;
  }

  // Step 4. An item can be next if no other must come, or go, before it.
  bool Arrange() {
    const std::vector<uint32_t> came_after = SortedBy([](const Item& item) { return item.came_after; });
    const std::vector<uint32_t> came_before = SortedBy([](const Item& item) { return item.came_before; });
    const std::vector<uint32_t> went_after = SortedBy([](const Item& item) { return item.went_after; });
    const std::vector<uint32_t> went_before = SortedBy([](const Item& item) { return item.went_before; });
    const size_t count = items_.size();
    std::vector<uint8_t> ready(count, 0);  // 1 may come, 2 may go, 4 is done
    std::vector<uint32_t> next;
    size_t came_at = 0;
    size_t went_at = 0;
    size_t first_came = 0;
    size_t first_went = 0;
    const auto mark = [&](uint32_t item, uint8_t bit) {
      ready[item] |= bit;
      if (ready[item] == 3) next.push_back(item);
    };
    arranged_.reserve(count);
    while (arranged_.size() < count) {
      while (ready[came_before[first_came]] & 4) ++first_came;
      while (ready[went_before[first_went]] & 4) ++first_went;
      const uint32_t came = came_before[first_came];
      const uint32_t went = went_before[first_went];
      // What is of this age: in times beyond it, nobody must be first.
      const auto may = [&](uint32_t item, Time after, uint32_t first, Time before) {
        return age_of_[item] == age_of_[first] && after <= before;
      };
      while (came_at < count && may(came_after[came_at], items_[came_after[came_at]].came_after, came,
                                    items_[came].came_before)) {
        mark(came_after[came_at++], 1);
      }
      while (went_at < count && may(went_after[went_at], items_[went_after[went_at]].went_after, went,
                                    items_[went].went_before)) {
        mark(went_after[went_at++], 2);
      }
      if (next.empty()) {
        return No({items_[came].enqueue, items_[came].dequeue, items_[went].enqueue, items_[went].dequeue});
      }
      ready[next.back()] |= 4;
      arranged_.push_back(next.back());
      next.pop_back();
    }
    return true;
  }

  // The items come in the order found, each as early as can be, and likewise go; those that found nothing
  // stand at the moments between.
  void MergeOrder() {
    std::vector<std::pair<Time, uint32_t>> came;
    std::vector<std::pair<Time, uint32_t>> went;
    came.reserve(items_.size());
    went.reserve(items_.size());
    Time last_came = 0;
    Time last_went = 0;
    for (const uint32_t i : arranged_) {
      const Item& item = items_[i];
      last_came = std::max({last_came, item.came_after, AgeBegin(age_of_[i])});
      came.push_back({last_came, item.enqueue});
      if (item.dequeue == kUnranked) continue;
      last_went = std::max({last_went, item.went_after, AgeBegin(age_of_[i])});
      went.push_back({last_went, item.dequeue});
    }
    SortEmpty();
    result_.order.reserve(ops_.size());
    size_t c = 0;
    size_t w = 0;
    const auto until = [&](uint64_t time) {
      while (c < came.size() || w < went.size()) {
        const uint64_t next_came = c < came.size() ? came[c].first : UINT64_MAX;
        const uint64_t next_went = w < went.size() ? went[w].first : UINT64_MAX;
        if (std::min(next_came, next_went) > time) return;
        result_.order.push_back(next_came <= next_went ? came[c++].second : went[w++].second);
      }
    };
    for (const auto& [moment, op] : empties_) {
      until(moment);
      result_.order.push_back(op);
    }
    until(kNever);
  }

  // Without an order among the items: all as early as can be, but dequeues without an answer just before a
  // moment.
  void SortOrder() {
    std::vector<std::pair<uint64_t, uint32_t>> order;  // time and kind; operation
    for (uint32_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      const uint64_t begin = AgeBegin(age_of_[i]);
      order.push_back({std::max<uint64_t>(item.came_after, begin) * 4, item.enqueue});
      if (item.dequeue == kUnranked) continue;
      if (!item.taken_by_open) {
        order.push_back({std::max<uint64_t>(item.went_after, begin) * 4 + 1, item.dequeue});
      } else if (age_of_[i] < moments_.size()) {
        order.push_back({uint64_t{moments_[age_of_[i]]} * 4 + 2, item.dequeue});
      }
    }
    for (size_t i = 0; i < empty_.size(); ++i) order.push_back({uint64_t{moment_of_[i]} * 4 + 3, empty_[i]});
    std::sort(order.begin(), order.end());
    for (const auto& [time, op] : order) result_.order.push_back(op);
  }

  void SortEmpty() {
    for (size_t i = 0; i < empty_.size(); ++i) empties_.push_back({moment_of_[i], empty_[i]});
    std::sort(empties_.begin(), empties_.end());
  }

  absl::Span<const Operation> ops_;
  const bool is_fifo_;
  std::vector<OpIndex> times_;  // empty: lines are times
  Time last_ = 0;
  std::vector<Item> items_;
  std::vector<uint32_t> open_;   // dequeues without an answer, by begin
  std::vector<uint32_t> empty_;  // dequeues that found nothing
  std::vector<Time> moment_of_;  // ... and when
  std::vector<std::pair<Time, uint32_t>> empties_;
  std::vector<Time> moments_;  // all different, rising
  std::vector<uint32_t> age_of_;
  std::vector<uint32_t> arranged_;
  ShortcutResult result_;
};

}  // namespace

ShortcutResult CheckUniqueQueue(absl::Span<const Operation> ops, bool is_fifo) {
  return QueueCheck(ops, is_fifo).Run();
}

}  // namespace brokersim::checker
