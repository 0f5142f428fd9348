// What only grows, and is read whole: the reads tell the order of what they saw.
//
// Whatever a read shows came before it, whatever it doesn't came after. So every operation has a rank that
// any order must keep, and where all times agree with the ranks, sorting by them is an order.
#include <algorithm>
#include <string_view>
#include <utility>

#include "checker/history/value.h"
#include "checker/interner.h"
#include "checker/linear/shortcut.h"

namespace brokersim::checker {
namespace {

ShortcutResult No(absl::Span<const Operation> ops, std::vector<uint32_t> suspects) {
  return {.answer = ShortcutResult::kNo, .suspects = std::move(suspects), .steps = ops.size()};
}

// ---- appended strings

enum : uint32_t { kGet, kPut, kAppend };

// Takes the longest string apart into the pieces that were appended, as long as there is only one way to.
class Pieces {
 public:
  // False: pieces aren't unique.
  bool Collect(absl::Span<const Operation> ops) {
    for (uint32_t op = 0; op < ops.size(); ++op) {
      const std::string_view text = ops[op].call.in.text();
      if (ops[op].call.f == kPut) return false;
      if (ops[op].call.f == kGet) continue;
      if (text.empty() || texts_.Intern(text) != op_of_.size()) return false;
      op_of_.push_back(op);
      lengths_.push_back(text.size());
    }
    std::sort(lengths_.begin(), lengths_.end());
    lengths_.erase(std::unique(lengths_.begin(), lengths_.end()), lengths_.end());
    return true;
  }

  enum Answer { kUnclear, kApart, kForeign, kTwice };
  // Fills in order(), and borders(): by length of a prefix, one more than how many pieces it holds; 0: it
  // ends within one.
  Answer TakeApart(std::string_view whole) {
    borders_.assign(whole.size() + 1, 0);
    borders_[0] = 1;
    std::vector<uint8_t> used(op_of_.size(), 0);
    for (size_t at = 0; at < whole.size();) {
      Id found = kNoId;
      for (const size_t length : lengths_) {
        if (length > whole.size() - at) break;
        const Id id = texts_.Find(0, whole.substr(at, length));
        if (id == kNoId) continue;
        if (found != kNoId) return kUnclear;
        found = id;
      }
      if (found == kNoId) return kForeign;
      order_.push_back(op_of_[found]);
      if (used[found]++ != 0) return kTwice;
      at += texts_.Text(found).size();
      borders_[at] = static_cast<uint32_t>(order_.size() + 1);
    }
    return kApart;
  }
  const std::vector<uint32_t>& order() const { return order_; }
  const std::vector<uint32_t>& borders() const { return borders_; }

 private:
  Interner texts_;
  std::vector<uint32_t> op_of_;  // by text
  std::vector<size_t> lengths_;
  std::vector<uint32_t> order_;
  std::vector<uint32_t> borders_;
};

}  // namespace

ShortcutResult CheckAppends(absl::Span<const Operation> ops) {
  Pieces pieces;
  if (!pieces.Collect(ops)) return {};
  uint32_t longest = kUnranked;
  for (uint32_t op = 0; op < ops.size(); ++op) {
    if (ops[op].call.f != kGet) continue;
    if (longest == kUnranked || ops[op].call.out.text().size() > ops[longest].call.out.text().size())
      longest = op;
  }
  const std::string_view whole = longest == kUnranked ? std::string_view() : ops[longest].call.out.text();
  switch (pieces.TakeApart(whole)) {
    case Pieces::kUnclear:
      return {};
    case Pieces::kForeign:
      return No(ops, {longest});
    case Pieces::kTwice:
      return No(ops, {pieces.order().back(), longest});
    case Pieces::kApart:
      break;
  }

  const auto count = static_cast<uint32_t>(pieces.order().size());
  std::vector<uint32_t> ranks(ops.size(), kUnranked);
  for (uint32_t i = 0; i < count; ++i) ranks[pieces.order()[i]] = 2 * i + 2;
  for (uint32_t op = 0; op < ops.size(); ++op) {
    if (ops[op].call.f != kGet) {
      // Nobody saw it: after all that was seen, or never.
      if (ranks[op] == kUnranked && !ops[op].open()) ranks[op] = 2 * count + 2;
      continue;
    }
    const std::string_view text = ops[op].call.out.text();
    if (whole.substr(0, text.size()) != text) return No(ops, {op, longest});
    if (pieces.borders()[text.size()] == 0) return No(ops, {op});
    ranks[op] = 2 * pieces.borders()[text.size()] - 1;
  }
  ShortcutResult result = OrderByRank(ops, ranks);
  if (result.answer != ShortcutResult::kNo) return result;
  // What tells how the two lie to one another: the shortest get with both.
  const uint32_t rank = std::max(ranks[result.suspects[0]], std::min(ranks[result.suspects[1]], 2 * count));
  uint32_t shortest = longest;
  for (uint32_t op = 0; op < ops.size(); ++op) {
    if (ops[op].call.f == kGet && ranks[op] >= rank && ranks[op] < ranks[shortest]) shortest = op;
  }
  if (shortest != kUnranked) result.suspects.push_back(shortest);
  return result;
}

// ---- sets

namespace {

enum : uint32_t { kAdd, kRemove, kContains, kReadSet };

// Reads in groups of equal size, the smallest first.
class Groups {
 public:
  explicit Groups(absl::Span<const Operation> ops) : ops_(ops) {}

  // False: there is more than adding each element once, and reading.
  bool Collect() {
    for (uint32_t op = 0; op < ops_.size(); ++op) {
      if (ops_[op].call.f == kReadSet) {
        reads_.push_back(uint64_t{ops_[op].call.out.items().size()} << 32 | op);
        continue;
      }
      if (ops_[op].call.f != kAdd || elements_.Intern(ops_[op].call.in) != add_of_.size()) return false;
      add_of_.push_back(op);
    }
    std::sort(reads_.begin(), reads_.end());
    group_of_.assign(add_of_.size(), kUnranked);
    met_.assign(add_of_.size(), kUnranked);
    return true;
  }

  // Fills in ranks; else who shows that no order can be.
  bool Rank(std::vector<uint32_t>* ranks, std::vector<uint32_t>* suspects) {
    uint64_t known = 0;  // elements in this group or below
    ranks->assign(ops_.size(), kUnranked);
    for (size_t i = 0; i < reads_.size(); ++i) {
      const auto read = static_cast<uint32_t>(reads_[i] & UINT32_MAX);
      const uint64_t size = reads_[i] >> 32;
      const bool is_first = first_read_.empty() || size != reads_[i - 1] >> 32;
      if (is_first) first_read_.push_back(read);
      const auto group = static_cast<uint32_t>(first_read_.size() - 1);
      for (const Value& item : ops_[read].call.out.items()) {
        const Id id = elements_.Find(item);
        *suspects = {read};
        if (id == kNoId || met_[id] == read) return false;
        met_[id] = read;
        *suspects = {first_read_.back(), read};
        if (group_of_[id] == kUnranked && !is_first) return false;
        if (group_of_[id] != kUnranked) continue;
        group_of_[id] = group;
        ++known;
      }
      if (known != size) {
        suspects->push_back(first_read_[group - 1]);
        return false;
      }
      (*ranks)[read] = 2 * group + 1;
    }
    for (Id id = 0; id < add_of_.size(); ++id) {
      const uint32_t add = add_of_[id];
      if (group_of_[id] != kUnranked) {
        (*ranks)[add] = 2 * group_of_[id];
      } else if (!ops_[add].open()) {
        (*ranks)[add] = static_cast<uint32_t>(2 * first_read_.size());
      }
    }
    return true;
  }
  // The first read of a rank's group; the last group's for those that nobody saw.
  uint32_t ReadOf(uint32_t rank) const {
    return first_read_.empty() ? kUnranked : first_read_[std::min<size_t>(rank / 2, first_read_.size() - 1)];
  }

 private:
  absl::Span<const Operation> ops_;
  ValueInterner elements_;
  std::vector<uint32_t> add_of_;      // by element
  std::vector<uint32_t> group_of_;    // by element: the first that has it
  std::vector<uint32_t> met_;         // by element: the last read that has it
  std::vector<uint64_t> reads_;       // size, then operation
  std::vector<uint32_t> first_read_;  // by group
};

}  // namespace

ShortcutResult CheckGrowingSet(absl::Span<const Operation> ops) {
  Groups groups(ops);
  if (!groups.Collect()) return {};
  std::vector<uint32_t> ranks;
  std::vector<uint32_t> suspects;
  if (!groups.Rank(&ranks, &suspects)) return No(ops, std::move(suspects));
  ShortcutResult result = OrderByRank(ops, ranks);
  if (result.answer != ShortcutResult::kNo) return result;
  for (const uint32_t op : {result.suspects[0], result.suspects[1]}) {
    if (groups.ReadOf(ranks[op]) != kUnranked) result.suspects.push_back(groups.ReadOf(ranks[op]));
  }
  return result;
}

}  // namespace brokersim::checker
