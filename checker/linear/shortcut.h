// Algorithms for objects of a kind whose histories tell enough that nothing must be searched: near-linear
// time.
//
// Each says "not mine" where the history doesn't fulfil what it requires; its "no" is exact (shown beside
// each, and by tests against all orders), and each "yes" comes with an order whose times were checked.
#ifndef BROKERSIM_CHECKER_LINEAR_SHORTCUT_H_
#define BROKERSIM_CHECKER_LINEAR_SHORTCUT_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "checker/linear/model.h"

namespace brokersim::checker {

struct ShortcutResult {
  enum Answer : uint8_t { kNotMine, kYes, kNo } answer = kNotMine;
  // Of kYes: places in the operations. Open ones that are missing did not happen.
  std::vector<uint32_t> order = {};
  // Of kNo: places of a few operations that show it.
  std::vector<uint32_t> suspects = {};
  uint64_t steps = 0;
};

// `ops` by begin.
ShortcutResult TryShortcut(Shortcut shortcut, absl::Span<const Operation> ops);

// The kinds.
ShortcutResult CheckUniqueRegister(absl::Span<const Operation> ops);
ShortcutResult CheckAppends(absl::Span<const Operation> ops);
ShortcutResult CheckUniqueQueue(absl::Span<const Operation> ops, bool is_fifo);
ShortcutResult CheckGrowingSet(absl::Span<const Operation> ops);
ShortcutResult CheckLog(absl::Span<const Operation> ops);

// ---- What they share.

// An operation's time is from `begin` to `end`, of open ones to kNoOp.
// Operations of a lower rank must come before those of a higher one; those of equal rank may come in any
// order. Yes with an order, or no with two suspects. kUnranked: it didn't happen.
inline constexpr uint32_t kUnranked = UINT32_MAX;
ShortcutResult OrderByRank(absl::Span<const Operation> ops, const std::vector<uint32_t>& ranks);

// Whether in this order each operation can take effect within its time.
bool KeepsTime(absl::Span<const Operation> ops, const std::vector<uint32_t>& order);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_SHORTCUT_H_
