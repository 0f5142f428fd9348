// Histories lie scattered in memory: asking for a line early is half of having read it.
#ifndef BROKERSIM_CHECKER_TXN_PREFETCH_H_
#define BROKERSIM_CHECKER_TXN_PREFETCH_H_

#include "checker/history/history.h"

namespace brokersim::checker {

// Asks for what the lines a little behind `at` hold. For loops over all lines.
inline void PrefetchBehind(const History& history, OpIndex at) {
  constexpr OpIndex kItems = 256;   // lines ahead whose items are asked for
  constexpr OpIndex kWithin = 128;  // lines ahead whose items' items are
  if (history.size() - at <= kItems) return;
  __builtin_prefetch(history.op(at + kItems).value.items().data());
  for (const Value& item : history.op(at + kWithin).value.items()) __builtin_prefetch(item.items().data());
}

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_TXN_PREFETCH_H_
