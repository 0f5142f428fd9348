// Properties of the checks over thousands of random histories: what is right is valid, what was
// planted is found, and the fast checks agree with naive ones that follow the definitions.
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checker/check.h"
#include "gtest/gtest.h"
#include "tests/checker/cases.h"
#include "tests/checker/history_text.h"
#include "tests/checker/naive.h"
#include "tests/checker/random_history.h"

namespace brokersim::checker {
namespace {

using formats::History;
using formats::Verdict;

std::vector<std::string> AllChecks() {
  std::vector<std::string> names;
  for (const AnomalyInfo& anomaly : Anomalies()) {
    if (anomaly.implemented) names.emplace_back(anomaly.name);
  }
  return names;
}

TEST(Property, CorrectHistoriesAreValid) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const Verdict verdict = Check(CorrectHistory(seed, 200), AllChecks());
    ASSERT_EQ(verdict.result(), Verdict::VALID) << "seed " << seed << "\n" << PrintVerdict(verdict);
  }
}

TEST(Property, PlantedFaultsAreFound) {
  for (const std::string& check : AllChecks()) {
    int planted = 0;
    for (uint64_t seed = 0; seed < 200; ++seed) {
      History history = CorrectHistory(seed, 200);
      if (!PlantFault(check, seed, &history)) continue;
      ++planted;
      const Verdict verdict = Check(history, {check});
      ASSERT_EQ(verdict.result(), Verdict::INVALID) << check << " seed " << seed << "\n"
                                                    << PrintVerdict(verdict);
    }
    EXPECT_GT(planted, 100) << check;
  }
}

TEST(Property, AgreesWithNaiveChecksOnSmallHistories) {
  constexpr int kHistories = Cases(100'000);
  int invalid = 0;
  std::map<std::string, int> shown;
  for (int seed = 0; seed < kHistories; ++seed) {
    const int size = 4 + seed % 40;
    const History history = SenselessHistory(static_cast<uint64_t>(seed), size);
    const Verdict verdict = Check(history, AllChecks());
    ASSERT_EQ(FindingsOf(verdict, history), NaiveFindings(history))
        << "seed " << seed << "\n"
        << history.DebugString() << PrintVerdict(verdict);
    std::set<std::string> types;
    for (const formats::Anomaly& anomaly : verdict.anomalies()) types.insert(anomaly.type());
    for (const std::string& type : types) ++shown[type];
    invalid += types.empty() ? 0 : 1;
  }
  EXPECT_GT(invalid, kHistories / 10);
  EXPECT_LT(invalid, kHistories * 9 / 10);
  for (const std::string& check : AllChecks()) {
    printf("%s in %d of %d\n", check.c_str(), shown[check], kHistories);
    EXPECT_GE(shown[check], kHistories / 1000) << check;
  }
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const History history = CorrectHistory(seed, 100);
    ASSERT_EQ(NaiveFindings(history), std::set<std::string>()) << "seed " << seed;
  }
}

TEST(Property, EveryAnomalyIsShownByOperationsInOrder) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const Verdict verdict = Check(SenselessHistory(seed, 60), AllChecks());
    uint64_t last_first = 0;
    for (const formats::Anomaly& anomaly : verdict.anomalies()) {
      ASSERT_GT(anomaly.operations_size(), 0);
      ASSERT_FALSE(anomaly.explanation().empty());
      ASSERT_GE(anomaly.operations(0), last_first);
      last_first = anomaly.operations(0);
      for (int i = 1; i < anomaly.operations_size(); ++i) {
        ASSERT_GT(anomaly.operations(i), anomaly.operations(i - 1));
      }
    }
  }
}

TEST(Property, RunningTwiceGivesEqualBytes) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const History history = SenselessHistory(seed, 100);
    EXPECT_EQ(Check(history, AllChecks()).SerializeAsString(),
              Check(history, AllChecks()).SerializeAsString());
  }
}

// Not a benchmark: only that nothing grows with the square of the history. Printed for people.
TEST(Property, LargeHistoriesTakeNoTime) {
  for (int operations : {10'000, 100'000}) {
    History history = CorrectHistory(1, operations);
    for (const std::vector<std::string>& checks : {std::vector<std::string>(), AllChecks()}) {
      const auto begin = std::chrono::steady_clock::now();
      const Verdict verdict = Check(history, checks);
      const auto time = std::chrono::steady_clock::now() - begin;
      EXPECT_EQ(verdict.result(), Verdict::VALID);
      printf("%d operations, %d checks: %lld us\n", operations, verdict.checks_size(),
             static_cast<long long>(
                 std::chrono::duration_cast<std::chrono::microseconds>(time).count()));
      EXPECT_LT(time, std::chrono::seconds(5));
    }
  }
}

}  // namespace
}  // namespace brokersim::checker
