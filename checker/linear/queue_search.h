// Searches for the order of a first-in-first-out queue whose items may be equal.
//
// Enqueues and dequeues happen in the same order of items. So it goes item by item: which enqueue, with which dequeue,
// is next? Only those that no other must come before can be, at most one for each client, and so the number of
// situations grows linearly with the history (and exponentially only with how much runs at a time), where a search
// through the contents of the queue would have to guess the order of enqueues long before a dequeue tells it.
#ifndef BROKERSIM_CHECKER_LINEAR_QUEUE_SEARCH_H_
#define BROKERSIM_CHECKER_LINEAR_QUEUE_SEARCH_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "checker/linear/breadth.h"
#include "checker/linear/model.h"

namespace brokersim::checker {

class QueueSearch {
 public:
  // Operations of the model fifo-queue, by begin.
  explicit QueueSearch(absl::Span<const Operation> ops);

  // Goes on until `steps()` is more than `until`.
  Outcome Run(uint64_t until);
  uint64_t steps() const { return steps_; }
  uint64_t bytes() const;
  // Most operations that took a place in an order, of those that ended.
  uint32_t placed() const { return placed_; }
  // The end by which no order has a place for all dequeues that ended, if it is kNot: those that ended before have one.
  OpIndex furthest() const { return furthest_; }
  // Of kLinearizable: operations in an order that explains all.
  std::vector<uint32_t> Order() const;

 private:
  // Operations of a kind, by begin.
  struct Lane {
    std::vector<uint32_t> ops = {};
    std::vector<uint8_t> picked = {};
    uint32_t first = 0;  // all before are picked
  };
  // The next item, or a dequeue that finds nothing. Places in lanes; kNone: none.
  struct Pick {
    uint32_t enqueue = kNone;
    uint32_t open_enqueue = kNone;  // by value
    uint32_t dequeue = kNone;
    bool open_dequeue = false;
    uint32_t empty = kNone;
  };
  struct Choice {
    uint32_t first = 0;  // of its candidates, in candidates_
    uint32_t next = 0;   // the one to try next
    OpIndex latest = 0;  // begin of those picked before
  };

  OpIndex FirstEnd(const Lane& lane, std::vector<uint32_t>* candidates);
  void Expand();
  void AddPairs(uint32_t enqueue, uint32_t open_enqueue, Id value, const std::vector<uint32_t>& dequeues);
  void Do(const Pick& pick);
  void Undo(const Pick& pick);
  static void Mark(Lane* lane, uint32_t at);
  static void Unmark(Lane* lane, uint32_t at);
  bool IsDone() const;
  bool IsNew();  // Remembers the situation.
  void Grow();
  OpIndex Begin(const Lane& lane, uint32_t at) const { return ops_[lane.ops[at]].begin; }
  uint32_t EnqueueOf(const Pick& pick) const;

  absl::Span<const Operation> ops_;
  std::vector<Id> value_of_;  // by operation
  Lane enqueues_;
  Lane dequeues_;
  Lane empties_;
  std::vector<uint32_t> open_dequeues_;               // operations, by begin; the first used_ are used
  std::vector<std::vector<uint32_t>> open_enqueues_;  // by value; operations
  std::vector<uint32_t> open_values_;                 // that have any
  std::vector<uint32_t> open_used_;                   // by value
  uint32_t used_ = 0;
  OpIndex latest_ = 0;  // begin of those picked

  std::vector<Choice> choices_;
  std::vector<Pick> candidates_;
  std::vector<Pick> picks_;
  // Situations met, one after the other: length, then words. A table of our own, never iterated.
  std::vector<uint32_t> met_;
  std::vector<uint64_t> slots_;  // one more than the place; 0: free
  uint64_t met_count_ = 0;
  std::vector<uint32_t> key_;
  uint64_t steps_ = 0;
  uint32_t placed_ = 0;
  uint32_t now_placed_ = 0;
  OpIndex furthest_ = 0;  // the latest end before which a dequeue had to be placed
  bool started_ = false;
  bool found_ = false;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_QUEUE_SEARCH_H_
