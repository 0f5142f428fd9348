// The search that follows one order as far as it goes, then the next. It finds an order soon where there are
// many.
#ifndef BROKERSIM_CHECKER_LINEAR_DEPTH_H_
#define BROKERSIM_CHECKER_LINEAR_DEPTH_H_

#include <cstdint>
#include <vector>

#include "checker/linear/breadth.h"
#include "checker/linear/config_set.h"
#include "checker/linear/space.h"

namespace brokersim::checker {

class Depth {
 public:
  explicit Depth(Space* space);

  // Goes on until `steps()` is more than `until`.
  Outcome Run(uint64_t until);
  uint64_t steps() const { return steps_; }
  uint64_t bytes() const;
  // The most events that an order explained.
  uint32_t event() const { return furthest_; }
  // Of kLinearizable: operations in an order that explains all.
  const std::vector<uint32_t>& Order() const { return order_; }

 private:
  // An operation must end in a configuration in which it has not yet taken effect: what comes first?
  struct Choice {
    uint32_t event = 0;
    uint32_t tried = 0;  // candidates: those that run, then the open classes
    uint32_t order = 0;  // how many had taken effect
  };

  bool Has(const uint64_t* config, uint32_t op) const {
    return (config[1 + space_.SlotOf(op) / 64] >> (space_.SlotOf(op) % 64) & 1) != 0;
  }
  void Flip(uint64_t* config, uint32_t op) const {
    config[1 + space_.SlotOf(op) / 64] ^= uint64_t{1} << (space_.SlotOf(op) % 64);
  }
  // From config_, at the moment, through all that needs no choice. True: to the end.
  bool Advance();
  void Look(uint32_t op);
  // Makes config_ the next candidate's; false: there is none.
  bool Try(Choice* choice);
  bool TryRunning(const uint64_t* from, uint32_t candidate);
  bool TryOpen(const uint64_t* from, uint32_t candidate);

  Space& space_;
  Moment moment_;
  ConfigSet met_;
  std::vector<Choice> choices_;
  std::vector<uint64_t> configs_;  // one each choice
  std::vector<uint64_t> config_;
  std::vector<uint32_t> order_;
  uint64_t steps_ = 0;
  uint32_t furthest_ = 0;
  bool started_ = false;
  bool found_ = false;
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_DEPTH_H_
