// The small parts: how times are written, names numbered and things sorted.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "checker/interner.h"
#include "checker/stable_sort.h"
#include "checker/words.h"
#include "gtest/gtest.h"

namespace brokersim::checker {
namespace {

TEST(Ms, RoundsToTenths) {
  EXPECT_EQ(Ms(0), "0.0 ms");
  EXPECT_EQ(Ms(49'999), "0.0 ms");
  EXPECT_EQ(Ms(50'000), "0.1 ms");
  EXPECT_EQ(Ms(61'020'149'999), "61020.1 ms");
  EXPECT_EQ(Ms(61'020'950'000), "61021.0 ms");
}

TEST(Ms, Extremes) {
  EXPECT_EQ(Ms(-49'999), "0.0 ms");
  EXPECT_EQ(Ms(-150'000), "-0.2 ms");
  EXPECT_EQ(Ms(INT64_MAX), "9223372036854.8 ms");
  EXPECT_EQ(Ms(INT64_MIN), "-9223372036854.8 ms");
}

TEST(Count, OneAndMore) {
  EXPECT_EQ(Count(1, "record"), "1 record");
  EXPECT_EQ(Count(0, "record"), "0 records");
  EXPECT_EQ(Count(2, "record"), "2 records");
}

TEST(Interner, NumbersInTheOrderOfFirstAppearance) {
  Interner interner;
  EXPECT_EQ(interner.Find(0, "a"), kNoId);
  EXPECT_EQ(interner.Intern("b"), 0u);
  EXPECT_EQ(interner.Intern("a"), 1u);
  EXPECT_EQ(interner.Intern("b"), 0u);
  EXPECT_EQ(interner.Intern(7, "b"), 2u);
  EXPECT_EQ(interner.Find(7, "b"), 2u);
  EXPECT_EQ(interner.Find(8, "b"), kNoId);
  EXPECT_EQ(interner.Text(2), "b");
  EXPECT_EQ(interner.Scope(2), 7u);
}

TEST(Interner, FindsEverythingAfterGrowing) {
  std::vector<std::string> names;
  for (int i = 0; i < 5000; ++i) names.push_back("name-" + std::to_string(i));
  Interner interner;
  for (Id i = 0; i < names.size(); ++i) ASSERT_EQ(interner.Intern(names[i]), i);
  for (Id i = 0; i < names.size(); ++i) ASSERT_EQ(interner.Find(0, names[i]), i);
  EXPECT_EQ(interner.size(), 5000u);
}

// Against the simplest sort that is stable: insertion.
TEST(StableSort, KeepsTheOrderOfEquals) {
  uint64_t state = 1;
  for (size_t size = 0; size < 70; ++size) {
    std::vector<std::pair<int, int>> items;
    for (size_t i = 0; i < size; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      items.emplace_back(static_cast<int>((state >> 33) % 7), static_cast<int>(i));
    }
    std::vector<std::pair<int, int>> expected;
    for (const auto& item : items) {
      auto at = expected.end();
      while (at != expected.begin() && item.first < (at - 1)->first) --at;
      expected.insert(at, item);
    }
    StableSort(&items, [](const auto& a, const auto& b) { return a.first < b.first; });
    ASSERT_EQ(items, expected) << size;
  }
}

}  // namespace
}  // namespace brokersim::checker
