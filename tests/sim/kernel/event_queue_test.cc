// The queue against a naive sorted list: order, extraction, and copies that share nothing.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/kernel/event_queue.h"
#include "sim/random/stream.h"

namespace brokersim::sim {
namespace {

Time At(int64_t ns) { return Time::FromNanos(ns); }

// The next event, whenever it is. REQUIRES: there is one.
template <class Event>
Event Pop(EventQueue<Event>& queue) {
  const Time expected = queue.next_time();
  Time at;
  Event* const popped = queue.PopUntil(Time::Max(), &at);
  EXPECT_EQ(at, expected);
  return *popped;
}

TEST(EventQueue, OrdersByTimeThenSequence) {
  EventQueue<int> queue;
  queue.Push(At(2), 1);
  queue.Push(At(1), 2);
  queue.Push(At(1), 3);
  queue.Push(At(1), 4);
  std::vector<int> popped;
  while (!queue.empty()) popped.push_back(Pop(queue));
  EXPECT_EQ(popped, (std::vector<int>{2, 3, 4, 1}));
}

TEST(EventQueue, PopsNothingLaterThanAsked) {
  EventQueue<int> queue;
  Time at = At(-1);
  EXPECT_EQ(queue.PopUntil(Time::Max(), &at), nullptr);
  queue.Push(At(5), 1);
  EXPECT_EQ(queue.PopUntil(At(4), &at), nullptr);
  EXPECT_EQ(at, At(-1));
  EXPECT_EQ(queue.size(), 1);
  ASSERT_NE(queue.PopUntil(At(5), &at), nullptr);
  EXPECT_EQ(at, At(5));
  EXPECT_TRUE(queue.empty());
}

// Each event of an instant comes once, in an order that depends on the seed; instants stay in order.
TEST(EventQueue, PermutesTies) {
  constexpr int kTies = 1'000;
  std::set<std::vector<int>> orders;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EventQueue<int> queue;
    queue.PermuteTies(seed);
    for (int i = 0; i < kTies; ++i) queue.Push(At(7), int{i});
    queue.Push(At(6), -1);
    queue.Push(At(8), kTies);
    EXPECT_EQ(Pop(queue), -1);
    std::vector<int> popped;
    for (int i = 0; i < kTies; ++i) popped.push_back(Pop(queue));
    EXPECT_EQ(Pop(queue), kTies);
    EXPECT_FALSE(std::is_sorted(popped.begin(), popped.end()));
    EXPECT_EQ(std::set<int>(popped.begin(), popped.end()).size(), size_t{kTies});
    orders.insert(popped);
  }
  EXPECT_EQ(orders.size(), 20u);
}

// Pushed in ascending sequence, so that a stable search for the least is the naive order.
struct NaiveQueue {
  struct Entry {
    int64_t time;
    int value;
  };
  std::vector<Entry> entries;

  size_t First() const {
    size_t first = 0;
    for (size_t i = 1; i < entries.size(); ++i) {
      if (entries[i].time < entries[first].time) first = i;
    }
    return first;
  }
  int Pop() {
    const size_t first = First();
    const int value = entries[first].value;
    entries.erase(entries.begin() + static_cast<int64_t>(first));
    return value;
  }
};

TEST(EventQueue, BehavesAsANaiveOne) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Stream stream(seed, "steps");
    EventQueue<int> queue;
    NaiveQueue naive;
    int next = 1;
    for (int step = 0; step < 5'000; ++step) {
      const uint64_t choice = stream.Below(100);
      if (choice < 55) {
        const int64_t time = stream.Between(0, 50);
        queue.Push(At(time), int{next});
        naive.entries.push_back({time, next++});
      } else if (choice < 97) {
        if (naive.entries.empty()) continue;
        ASSERT_EQ(queue.next_time(), At(naive.entries[naive.First()].time));
        ASSERT_EQ(Pop(queue), naive.Pop());
      } else {
        const int modulus = static_cast<int>(stream.Between(2, 9));
        const auto wanted = [modulus](int value) { return value % modulus == 0; };
        const std::vector<int> taken = queue.Extract(wanted);
        std::vector<NaiveQueue::Entry> all = std::move(naive.entries);
        naive.entries.clear();
        NaiveQueue gone;
        for (const auto& entry : all) (wanted(entry.value) ? gone : naive).entries.push_back(entry);
        ASSERT_EQ(taken.size(), gone.entries.size());
        for (const int value : taken) ASSERT_EQ(value, gone.Pop());
      }
      ASSERT_EQ(queue.size(), static_cast<int64_t>(naive.entries.size()));
    }
    while (!queue.empty()) ASSERT_EQ(Pop(queue), naive.Pop());
  }
}

// So many that there is a calendar, and again so few that there is none: delays of all sizes, bursts of one instant,
// the end of time, and copies and extractions on the way.
TEST(EventQueue, KeepsTheOrderOfMany) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Stream stream(seed, "steps");
    EventQueue<int> queue;
    std::set<std::pair<int64_t, int>> naive;
    int next = 0;
    int64_t now = 0;
    const auto push = [&](int64_t time) {
      queue.Push(At(time), int{next});
      naive.emplace(time, next++);
    };
    const auto pop = [&] {
      ASSERT_EQ(queue.next_time().nanos(), naive.begin()->first);
      ASSERT_EQ(Pop(queue), naive.begin()->second);
      now = naive.begin()->first;
      naive.erase(naive.begin());
    };
    for (const size_t target : {6'000, 300, 9'000, 10}) {
      while (naive.size() != target) {
        const bool grows = naive.size() < target;
        if (stream.Below(10) < (grows ? 7 : 3)) {
          const int64_t most = std::numeric_limits<int64_t>::max();
          const int64_t delay = stream.Between(0, int64_t{1} << stream.Below(40));
          push(stream.Below(1'000) == 0 || delay > most - now ? most : now + delay);
          for (uint64_t burst = stream.Below(50) == 0 ? stream.Below(40) : 0; burst > 0; --burst) push(now + delay);
        } else if (!naive.empty() && naive.begin()->first < std::numeric_limits<int64_t>::max()) {
          ASSERT_NO_FATAL_FAILURE(pop());
        } else {
          break;
        }
        if (stream.Below(4'000) == 0) queue = EventQueue<int>(queue);
        if (stream.Below(4'000) == 0) {
          const std::vector<int> taken = queue.Extract([](int value) { return value % 7 == 0; });
          size_t i = 0;
          std::erase_if(naive, [&](const auto& entry) {
            return entry.second % 7 == 0 && i < taken.size() && taken[i++] == entry.second;
          });
          ASSERT_EQ(i, taken.size());
        }
        ASSERT_EQ(queue.size(), static_cast<int64_t>(naive.size()));
      }
    }
    while (!naive.empty()) ASSERT_NO_FATAL_FAILURE(pop());
    EXPECT_TRUE(queue.empty());
  }
}

TEST(EventQueue, ACopyGoesItsOwnWay) {
  EventQueue<int> queue;
  for (int i = 0; i < 10; ++i) queue.Push(At(i), int{i});
  EventQueue<int> copy = queue;
  for (int i = 0; i < 5; ++i) Pop(copy);
  copy.Push(At(0), 99);
  EXPECT_EQ(Pop(copy), 99);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Pop(queue), i);
  EXPECT_EQ(copy.size(), 5);
}

}  // namespace
}  // namespace brokersim::sim
