// The table of timers against a map.
#include "sim/kernel/timer_table.h"

#include <algorithm>
#include <map>

#include "gtest/gtest.h"
#include "sim/random/stream.h"

namespace brokersim::sim {
namespace {

TEST(TimerTable, BehavesAsAMap) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Stream stream(seed, "steps");
    TimerTable table;
    std::map<Timer, uint64_t> naive;  // generations
    uint64_t generation = 0;
    for (int step = 0; step < 5'000; ++step) {
      const Timer timer{static_cast<uint32_t>(stream.Below(3)), stream.Between(-20, 20)};
      const uint32_t found = table.Find(timer);
      ASSERT_EQ(found != TimerTable::kNone, naive.contains(timer));
      if (found != TimerTable::kNone) {
        ASSERT_TRUE(table.Holds(found, naive[timer]));
        ASSERT_FALSE(table.Holds(found, naive[timer] + 1));
      }
      if (stream.Below(5) < 3) {
        table[table.FindOrAdd(timer)].generation = ++generation;
        naive[timer] = generation;
      } else if (found != TimerTable::kNone) {
        table.Erase(found);
        ASSERT_FALSE(table.Holds(found, naive[timer]));
        naive.erase(timer);
      }
      if (step == 4'000) {
        table.clear();
        naive.clear();
      }
      auto next = naive.begin();
      table.ForEach([&](uint32_t slot, const SetTimerState& state) {
        ASSERT_NE(next, naive.end());
        EXPECT_EQ(state.timer, next->first);
        EXPECT_TRUE(table.Holds(slot, next->second));
        ++next;
      });
      ASSERT_EQ(next, naive.end());
    }
  }
}

// Names that come once only take no more room in the long run than what is set at once.
TEST(TimerTable, ForgetsNames) {
  TimerTable table;
  uint32_t highest = 0;
  for (int64_t i = 0; i < 100'000; ++i) {
    const uint32_t slot = table.FindOrAdd({1, i});
    table[slot].generation = static_cast<uint64_t>(i) + 1;
    highest = std::max(highest, slot);
    if (i < 100) continue;
    const uint32_t old = table.Find({1, i - 100});
    ASSERT_NE(old, TimerTable::kNone);
    table.Erase(old);
    ASSERT_EQ(table.Find({1, i - 100}), TimerTable::kNone);
  }
  EXPECT_LT(highest, 1'000u);
}

TEST(TimerTable, ACopyGoesItsOwnWay) {
  TimerTable table;
  table[table.FindOrAdd({1, 1})].generation = 1;
  TimerTable copy = table;
  copy.Erase(copy.Find({1, 1}));
  EXPECT_NE(table.Find({1, 1}), TimerTable::kNone);
  EXPECT_EQ(copy.Find({1, 1}), TimerTable::kNone);
}

}  // namespace
}  // namespace brokersim::sim
