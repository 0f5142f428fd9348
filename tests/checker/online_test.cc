// The online check says so at the very operation with which the offline check first does, and asks that one rarely.
#include "checker/online/online.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "checker/check.h"
#include "tests/checker/cases.h"
#include "tests/checker/endless.h"
#include "tests/checker/random_history.h"

namespace brokersim::checker {
namespace {

using formats::History;
using formats::Verdict;

std::vector<std::string> AllChecks() {
  std::vector<std::string> names;
  for (const AnomalyInfo& anomaly : Anomalies()) {
    if (anomaly.implemented && anomaly.name != "unavailable") names.emplace_back(anomaly.name);
  }
  return names;
}

// After how many operations the history is invalid; -1: never.
int FirstInvalid(const History& history, const std::vector<std::string>& checks) {
  History so_far;
  for (const formats::Operation& op : history.operations()) {
    *so_far.add_operations() = op;
    if (Check(so_far, checks).result() == Verdict::INVALID) return so_far.operations_size();
  }
  return -1;
}

// Everything stays in memory, or settles as soon as it can.
const Settling kInMemory = {};
Settling AtOnce() { return {.folder = testing::TempDir(), .at = 4, .last = 1, .fewest = 1}; }

int FirstOnline(const History& history, const std::vector<std::string>& checks, const Settling& settling,
                uint64_t* asked) {
  OnlineCheck online(checks, settling);
  int operations = 0;
  for (const formats::Operation& op : history.operations()) {
    ++operations;
    if (online.Add(formats::Operation(op))) return operations;
  }
  *asked += online.asked();
  return -1;
}

TEST(Online, StopsWhereTheOfflineCheckFirstWould) {
  uint64_t asked = 0;
  int found = 0;
  for (uint64_t seed = 0; seed < Cases(3000); ++seed) {
    const History history = SenselessHistory(seed, 4 + static_cast<int>(seed % 40));
    const int expected = FirstInvalid(history, AllChecks());
    ASSERT_EQ(FirstOnline(history, AllChecks(), kInMemory, &asked), expected) << "seed " << seed << "\n"
                                                                              << history.DebugString();
    ASSERT_EQ(FirstOnline(history, AllChecks(), AtOnce(), &asked), expected) << "seed " << seed << "\n"
                                                                             << history.DebugString();
    found += expected >= 0 ? 1 : 0;
  }
  EXPECT_GT(found, Cases(1000));
}

TEST(Online, EachCheckAlone) {
  uint64_t asked = 0;
  for (const std::string& check : AllChecks()) {
    int found = 0;
    for (uint64_t seed = 0; seed < Cases(2000); ++seed) {
      History history = SenselessHistory(seed, 4 + static_cast<int>(seed % 40));
      const int expected = FirstInvalid(history, {check});
      ASSERT_EQ(FirstOnline(history, {check}, kInMemory, &asked), expected) << check << " seed " << seed << "\n"
                                                                            << history.DebugString();
      ASSERT_EQ(FirstOnline(history, {check}, AtOnce(), &asked), expected) << check << " seed " << seed << "\n"
                                                                           << history.DebugString();
      found += expected >= 0 ? 1 : 0;
    }
    EXPECT_GE(found, kFewer == 1 ? 2 : 0) << check;
  }
}

TEST(Online, PlantedFaultsAreFoundAtOnce) {
  uint64_t asked = 0;
  for (const std::string& check : AllChecks()) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      History history = CorrectHistory(seed, 100 + 20 * static_cast<int>(seed));
      if (!PlantFault(check, seed, &history)) continue;
      const int expected = FirstInvalid(history, {check});
      ASSERT_EQ(FirstOnline(history, {check}, kInMemory, &asked), expected) << check << " seed " << seed;
      ASSERT_EQ(FirstOnline(history, {check}, AtOnce(), &asked), expected) << check << " seed " << seed;
    }
  }
}

// What it costs depends on how often the offline check is asked: of histories that keep every promise, hardly ever.
TEST(Online, WhatIsRightIsRarelySuspicious) {
  uint64_t asked = 0;
  uint64_t operations = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const History history = CorrectHistory(seed, 200);
    operations += static_cast<uint64_t>(history.operations_size());
    ASSERT_EQ(FirstOnline(history, {}, kInMemory, &asked), -1);
  }
  EXPECT_LT(asked * 100, operations);
  asked = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    ASSERT_EQ(FirstOnline(CorrectHistory(seed, 200), {}, AtOnce(), &asked), -1);
  }
  EXPECT_LT(asked * 20, operations);
}

TEST(Online, MemoryIsThatOfWhatIsOpen) {
  if (kFewer > 1) GTEST_SKIP() << "a sanitizer's memory is not the library's";
  std::vector<std::string> checks = AllChecks();
  // Who reads a log again from its start is delivered it again, and skips nothing.
  checks.erase(std::find(checks.begin(), checks.end(), "redelivery"));
  OnlineCheck online(checks, testing::TempDir());
  Endless endless([&](formats::Operation&& op) { return online.Add(std::move(op)); });
  constexpr int kSends = 20'000;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(endless.Lap(kSends));
  const size_t once = endless.most();
  for (int i = 0; i < 18; ++i) ASSERT_TRUE(endless.Lap(kSends));
  EXPECT_EQ(online.asked(), 0);
  RecordProperty("bytes_after_a_tenth", static_cast<int>(once));
  RecordProperty("bytes_at_the_end", static_cast<int>(endless.most()));
  EXPECT_LT(endless.most(), once + once / 8) << "after a tenth: " << once;
  formats::History history = online.journal().Take().value();
  EXPECT_GT(history.operations_size(), 40 * kSends);
  EXPECT_EQ(history.operations(kSends).index(), kSends);
}

}  // namespace
}  // namespace brokersim::checker
