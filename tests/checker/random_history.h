// Histories from a seed, for property tests: of a broker that does everything right, with one fault
// planted into such a one, and of no broker at all.
#ifndef BROKERSIM_TESTS_CHECKER_RANDOM_HISTORY_H_
#define BROKERSIM_TESTS_CHECKER_RANDOM_HISTORY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/history.pb.h"

namespace brokersim::checker {

// SplitMix64: a few lines, and equal everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  // From 0 to `bound` - 1. The bias is of no matter here.
  int64_t Below(int64_t bound) { return static_cast<int64_t>(Next() % bound); }
  bool Percent(int64_t chance) { return Below(100) < chance; }

 private:
  uint64_t state_;
};

// About `operations` operations of producers, of a group that processes and commits, and of readers
// of their own over logs that keep every promise; then a read-all of each log. Some sends fail or
// stay unknown, some polls too, and some offsets hold nothing that can be read.
formats::History CorrectHistory(uint64_t seed, int operations);

// Well-formed, but otherwise without any sense: every check finds much. Small ranges of values and
// offsets make them collide.
formats::History SenselessHistory(uint64_t seed, int operations);

// Changes a correct history so that the check of this name must fail. False if the history holds
// nothing that the fault could be planted into.
bool PlantFault(std::string_view check, uint64_t seed, formats::History* history);

// Appends an INVOKE and its completion. `op` names process, f, type and actions.
void AppendPair(formats::Operation op, formats::History* history);

}  // namespace brokersim::checker

#endif  // BROKERSIM_TESTS_CHECKER_RANDOM_HISTORY_H_
