// Of a few operations: which subsets have no order? Asked again and again about subsets that differ little, it goes on
// from where two of them begin to differ.
//
// The search is Breadth's (just in time, what only looks takes effect at once), over sets of at most 64 operations in
// words of the machine, and over states that are found once for all subsets.
#ifndef BROKERSIM_CHECKER_LINEAR_SUBSET_SEARCH_H_
#define BROKERSIM_CHECKER_LINEAR_SUBSET_SEARCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "checker/linear/space.h"

namespace brokersim::checker {

class SubsetSearch {
 public:
  static constexpr size_t kMost = 64;

  // At most kMost operations, by begin; they and the model must outlive it. REQUIRES: no answer tells of many.
  SubsetSearch(const Model& model, absl::Span<const Operation> ops);

  // Whether those of `in` (a bit each operation) have no order. Without a value: that would take too many
  // configurations; ask a search with a budget.
  std::optional<bool> HasNoOrder(uint64_t in);
  // So far.
  uint64_t steps() const { return steps_; }

 private:
  struct Config {
    uint32_t state = 0;
    uint64_t taken = 0;  // running and open operations that have taken effect
  };
  // After an event.
  struct Moment {
    size_t event = 0;
    size_t first = 0;  // the configurations possible, in configs_
    size_t last = 0;
  };

  using EventSet = std::array<uint64_t, 2 * kMost / 64>;

  static uint64_t Bit(uint32_t op) { return uint64_t{1} << op; }
  size_t NextOf(size_t event) const;
  void Begin(uint64_t pure, Moment* now);
  void End(const Moment& now, uint64_t ending, uint64_t running);
  void Expand(Config from, uint64_t running, uint64_t ending);
  bool IsFirst(uint32_t op, uint64_t equals) const;
  Config WithPure(Config config, uint64_t pure);
  void Insert(Config config, std::vector<Config>* level) const;

  Space space_;
  uint64_t open_ = 0;
  uint64_t pure_ = 0;                // of those with an end
  std::vector<uint64_t> equals_;     // by class: its operations
  std::vector<size_t> begin_of_;     // by operation: its event
  std::vector<EventSet> events_of_;  // by operation
  std::vector<uint64_t> running_;    // before each event
  std::vector<Config> configs_;
  // Of the subset that was asked about last: the events that its search has behind it.
  uint64_t base_ = 0;
  EventSet events_ = {};
  std::vector<Moment> behind_;
  std::vector<Config> work_;  // those in which the ending operation has not yet taken effect
  std::vector<Config> done_;
  uint64_t steps_ = 0;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_SUBSET_SEARCH_H_
