// The search that goes through time once, with all configurations that are possible at the moment.
//
// Just in time (G. Lowe, "Testing for linearizability", 2017): an operation takes effect only when it, or
// another one that needs it, must end. What only looks takes effect at once wherever it can, which never
// takes anything away.
#ifndef BROKERSIM_CHECKER_LINEAR_BREADTH_H_
#define BROKERSIM_CHECKER_LINEAR_BREADTH_H_

#include <cstdint>
#include <vector>

#include "checker/linear/config_set.h"
#include "checker/linear/space.h"

namespace brokersim::checker {

enum class Outcome : uint8_t { kPaused, kLinearizable, kNot };

class Breadth {
 public:
  explicit Breadth(Space* space);

  // Goes on until `steps()` is more than `until`.
  Outcome Run(uint64_t until);
  uint64_t steps() const { return steps_; }
  uint64_t bytes() const;
  // Events that are behind.
  uint32_t event() const { return moment_.at(); }
  // Of kLinearizable: operations in an order that explains all.
  std::vector<uint32_t> Order() const;

  // Of kNot: the operation that can't be placed before its end, and what was tried: orders that explain all
  // that ended before, the longest ones first, at most `most`.
  uint32_t stuck() const { return stuck_; }
  struct DeadEnd {
    std::vector<uint32_t> order;
    uint32_t state = 0;
  };
  std::vector<DeadEnd> DeadEnds(size_t most) const;

 private:
  // How a configuration came about: what took effect last.
  struct Node {
    uint32_t before = kNone;
    uint32_t op = 0;
  };

  bool Has(const uint64_t* config, uint32_t op) const {
    return (config[1 + space_.SlotOf(op) / 64] >> (space_.SlotOf(op) % 64) & 1) != 0;
  }
  void Flip(uint64_t* config, uint32_t op) const {
    config[1 + space_.SlotOf(op) / 64] ^= uint64_t{1} << (space_.SlotOf(op) % 64);
  }
  void Begin(uint32_t op);
  void StartEnd(uint32_t op);
  void Expand(uint32_t at, uint32_t ending);
  // next_ is a configuration in a new state, after `op`.
  void Arrive(uint32_t op, uint32_t before, uint32_t ending);
  void FinishEnd();
  void Forget();
  std::vector<uint32_t> OrderTo(uint32_t node) const;

  Space& space_;
  Moment moment_;
  ConfigSet now_;
  ConfigSet work_;  // those in which the ending operation has not yet taken effect
  ConfigSet done_;
  bool expanding_ = false;
  uint32_t cursor_ = 0;  // into work_
  uint64_t steps_ = 0;
  uint32_t stuck_ = kNone;
  std::vector<Node> nodes_;
  size_t forget_at_;  // how many nodes make it worth while to forget those of dead ends
  std::vector<uint64_t> config_;
  std::vector<uint64_t> next_;
  std::vector<uint32_t> seen_;  // by class: the expansion that met it
  uint32_t expansion_ = 0;
  std::vector<uint32_t> effects_;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_BREADTH_H_
