// The online check says so at the very operation with which the offline check first does, and asks that one rarely.
#include "checker/online.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "checker/check.h"
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

int FirstOnline(const History& history, const std::vector<std::string>& checks, uint64_t* asked) {
  History so_far;
  OnlineCheck online(&so_far, checks);
  for (const formats::Operation& op : history.operations()) {
    *so_far.add_operations() = op;
    if (online.Advance()) return so_far.operations_size();
  }
  *asked += online.asked();
  return -1;
}

TEST(Online, StopsWhereTheOfflineCheckFirstWould) {
  uint64_t asked = 0;
  int found = 0;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    const History history = SenselessHistory(seed, 4 + static_cast<int>(seed % 40));
    const int expected = FirstInvalid(history, AllChecks());
    ASSERT_EQ(FirstOnline(history, AllChecks(), &asked), expected) << "seed " << seed << "\n" << history.DebugString();
    found += expected >= 0 ? 1 : 0;
  }
  EXPECT_GT(found, 1000);
}

TEST(Online, EachCheckAlone) {
  uint64_t asked = 0;
  for (const std::string& check : AllChecks()) {
    int found = 0;
    for (uint64_t seed = 0; seed < 2000; ++seed) {
      History history = SenselessHistory(seed, 4 + static_cast<int>(seed % 40));
      const int expected = FirstInvalid(history, {check});
      ASSERT_EQ(FirstOnline(history, {check}, &asked), expected) << check << " seed " << seed << "\n"
                                                                 << history.DebugString();
      found += expected >= 0 ? 1 : 0;
    }
    EXPECT_GT(found, 1) << check;
  }
}

TEST(Online, PlantedFaultsAreFoundAtOnce) {
  uint64_t asked = 0;
  for (const std::string& check : AllChecks()) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      History history = CorrectHistory(seed, 100);
      if (!PlantFault(check, seed, &history)) continue;
      ASSERT_EQ(FirstOnline(history, {check}, &asked), FirstInvalid(history, {check})) << check << " seed " << seed;
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
    ASSERT_EQ(FirstOnline(history, {}, &asked), -1);
  }
  EXPECT_LT(asked * 100, operations);
}

}  // namespace
}  // namespace brokersim::checker
