#include "checker/linear/shortcut.h"

#include <algorithm>

namespace brokersim::checker {

ShortcutResult TryShortcut(Shortcut shortcut, absl::Span<const Operation> ops) {
  switch (shortcut) {
    case Shortcut::kNone:
      return {};
    case Shortcut::kRegister:
      return CheckUniqueRegister(ops);
    case Shortcut::kAppends:
      return CheckAppends(ops);
    case Shortcut::kBag:
      return CheckUniqueQueue(ops, false);
    case Shortcut::kFifo:
      return CheckUniqueQueue(ops, true);
    case Shortcut::kSet:
      return CheckGrowingSet(ops);
    case Shortcut::kLog:
      return CheckLog(ops);
  }
  return {};
}

ShortcutResult OrderByRank(absl::Span<const Operation> ops, const std::vector<uint32_t>& ranks) {
  // Counting sort; within a rank they stay by begin, so that none of them can be too late for another.
  uint32_t most = 0;
  for (const uint32_t rank : ranks) most = rank == kUnranked ? most : std::max(most, rank);
  std::vector<uint32_t> first(most + 2, 0);
  for (const uint32_t rank : ranks) {
    if (rank != kUnranked) ++first[rank + 1];
  }
  for (uint32_t rank = 0; rank <= most; ++rank) first[rank + 1] += first[rank];
  ShortcutResult result = {.order = std::vector<uint32_t>(first[most + 1]), .steps = ops.size()};
  for (uint32_t op = 0; op < ops.size(); ++op) {
    if (ranks[op] != kUnranked) result.order[first[ranks[op]]++] = op;
  }
  result.answer = ShortcutResult::kYes;
  uint32_t latest = kUnranked;
  for (const uint32_t op : result.order) {
    if (latest != kUnranked && ops[op].end < ops[latest].begin) {
      return {.answer = ShortcutResult::kNo, .suspects = {latest, op}, .steps = ops.size()};
    }
    if (latest == kUnranked || ops[op].begin > ops[latest].begin) latest = op;
  }
  return result;
}

bool KeepsTime(absl::Span<const Operation> ops, const std::vector<uint32_t>& order) {
  OpIndex latest = 0;
  for (const uint32_t op : order) {
    latest = std::max(latest, ops[op].begin);
    if (ops[op].end < latest) return false;
  }
  return true;
}

}  // namespace brokersim::checker
