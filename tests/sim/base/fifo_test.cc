// The queue in one block against a deque, and payloads that are used again.
#include "sim/base/fifo.h"

#include <algorithm>
#include <deque>
#include <string>

#include "gtest/gtest.h"
#include "sim/base/recycler.h"
#include "sim/random/stream.h"

namespace brokersim::sim {
namespace {

TEST(Fifo, BehavesAsADeque) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Stream stream(seed, "steps");
    Fifo<std::string> fifo;
    std::deque<std::string> naive;
    for (int step = 0; step < 3'000; ++step) {
      const std::string text(stream.Below(40), static_cast<char>('a' + stream.Below(26)));
      const uint64_t choice = stream.Below(step / 500 % 2 == 0 ? 9 : 14);  // it grows, then it shrinks
      if (choice < 4) {
        fifo.push_back(text);
        naive.push_back(text);
      } else if (choice < 6) {
        fifo.push_front(text);
        naive.push_front(text);
      } else if (!naive.empty()) {
        ASSERT_EQ(fifo.front(), naive.front());
        fifo.pop_front();
        naive.pop_front();
      }
      ASSERT_EQ(fifo.size(), naive.size());
      ASSERT_EQ(fifo.empty(), naive.empty());
      ASSERT_TRUE(std::equal(fifo.begin(), fifo.end(), naive.begin(), naive.end()));
    }
  }
}

struct Number {
  static constexpr std::string_view kName = "Number";
  int64_t value = 0;
  template <class V>
  void Fields(V& v) const {
    v("value", value);
  }
};

TEST(Recycler, UsesWhatNobodyHolds) {
  Recycler<Number> recycler;
  const Payload* first = recycler.Make({1}).get();
  const Payload* second = recycler.Make({2}).get();
  EXPECT_NE(first, second);
  const PayloadRef held = recycler.Make({3});
  EXPECT_EQ(held.get(), first);
  EXPECT_EQ(held->As<Number>()->value, 3);
  EXPECT_EQ(held->digest(), MakePayload(Number{3})->digest());
  EXPECT_EQ(recycler.Make({4}).get(), second);
  EXPECT_NE(recycler.Make({5}).get(), first);
  EXPECT_EQ(held->As<Number>()->value, 3);
}

TEST(Recycler, ACopyLeavesSharedPayloadsAlone) {
  Recycler<Number> recycler;
  const Payload* first = recycler.Make({1}).get();
  recycler.Make({2});
  Recycler<Number> copy = recycler;
  EXPECT_NE(recycler.Make({3}).get(), first);
  EXPECT_EQ(copy.Make({4}).get(), first);  // the original has let go of it
}

}  // namespace
}  // namespace brokersim::sim
