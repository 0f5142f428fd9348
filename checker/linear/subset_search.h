// Of a few operations: which subsets have no order? Asked again and again about what is left without some of them, it
// looks only at the time that those took: what may come before is kept, and so is which configurations lead to the end
// from there.
//
// Configurations are Breadth's (just in time, what only looks takes effect at once), over sets of at most 64 operations
// in words of the machine, and over states that are found once for all subsets.
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

  // At most kMost operations, by begin, all of them kept at first; they and the model must outlive it.
  // REQUIRES: no answer tells of many.
  SubsetSearch(const Model& model, absl::Span<const Operation> ops);

  // Whether those of `in` (a bit each operation) have no order. REQUIRES: they are kept. Without a value: that would
  // take too many configurations; ask a search with a budget.
  std::optional<bool> HasNoOrder(uint64_t in);
  // Of the order that was found last: the open operations in it.
  uint64_t used() const { return used_; }
  // The others won't be asked about any more. REQUIRES: those of `in` are kept.
  void Keep(uint64_t in);
  // So far.
  uint64_t steps() const { return steps_; }

 private:
  static constexpr size_t kMostEvents = 2 * kMost;
  static constexpr uint32_t kNothing = UINT32_MAX;
  using EventSet = std::array<uint64_t, kMostEvents / 64>;

  struct Config {
    uint32_t state = 0;
    uint64_t taken = 0;  // running operations that have taken effect, and open ones that have or aren't there
  };
  // After an event, of those that are kept.
  struct Moment {
    size_t event = 0;
    size_t first = 0;  // the configurations possible, in configs_
    size_t last = 0;
  };
  // What may become of a configuration before an operation's end.
  struct Fate {
    Config config = {};
    uint32_t next = kNothing;  // of the same event
    bool ends = false;         // an order leads from here to the end,
    uint64_t used = 0;         // and these have been taken there
  };
  // Events from the first on at which it matters that some aren't there, and the last of them that is an end.
  struct Range {
    size_t first = kMostEvents;
    int last = -1;
  };

  static uint64_t Bit(uint32_t op) { return uint64_t{1} << op; }
  Range RangeOf(uint64_t some) const;
  EventSet EventsOf(uint64_t some, EventSet events) const;
  static size_t NextOf(const EventSet& events, size_t event);
  // Before `event`, of those that are kept; nothing if none can be.
  absl::Span<const Config> Before(size_t event);
  void Begin(uint64_t pure, Moment* now);
  void End(const Moment& now, uint64_t ending, uint64_t running);
  void Expand(Config from, uint64_t running, uint64_t ending);
  bool IsFirst(uint32_t op, uint64_t equals) const;
  Config WithPure(Config config, uint64_t pure);
  void Insert(Config config, std::vector<Config>* level) const;
  // Whether an order of those asked about leads from there to the end; gave_up_: it isn't known.
  bool Ends(size_t event, Config config);
  bool TryToEnd(size_t event, Config config, uint64_t candidates);
  const Fate* Known(uint32_t first, const Config& config);

  Space space_;
  uint64_t all_ = 0;
  uint64_t open_ = 0;
  uint64_t pure_ = 0;              // of those with an end
  std::vector<uint64_t> equals_;   // by class: its operations
  std::vector<size_t> begin_of_;   // by operation: its event
  std::vector<size_t> end_of_;     // of those with an end
  std::vector<uint64_t> running_;  // before each event

  // Those that are kept.
  uint64_t kept_ = 0;
  EventSet kept_events_ = {};
  std::vector<Moment> behind_;
  size_t stuck_ = kMostEvents;  // the event before which none can be
  std::vector<Config> configs_;
  std::vector<Config> work_;  // those in which the ending operation has not yet taken effect
  std::vector<Config> done_;

  // Those asked about.
  uint64_t in_ = 0;
  EventSet in_events_ = {};
  Range range_;
  std::vector<Fate> fates_;
  std::array<uint32_t, kMostEvents> fates_of_kept_;  // by event: behind the range what is true of both
  std::array<uint32_t, kMostEvents> fates_of_in_;    // ... within the range
  uint64_t used_ = 0;
  bool gave_up_ = false;
  uint64_t steps_ = 0;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_SUBSET_SEARCH_H_
