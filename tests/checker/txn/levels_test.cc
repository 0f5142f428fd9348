#include "checker/txn/levels.h"

#include <algorithm>

#include "fmt/format.h"
#include "gtest/gtest.h"

namespace brokersim::checker {
namespace {

NameSet Level(std::string_view name) { return NameSet{1} << FindLevel(name).value(); }
NameSet Anomaly(std::string_view name) { return NameSet{1} << FindAnomaly(name).value(); }
std::string Names(NameSet levels) { return fmt::format("{}", fmt::join(LevelNames(levels), " ")); }
std::string Weakest(std::string_view anomaly) { return Names(WeakestOf(LevelsRuledOutBy(Anomaly(anomaly)))); }

TEST(LevelsTest, WeakestLevelThatAnAnomalyRulesOut) {
  EXPECT_EQ(Weakest("G0"), "read-uncommitted");
  EXPECT_EQ(Weakest("G1a"), "read-committed");
  EXPECT_EQ(Weakest("G1b"), "read-committed");
  EXPECT_EQ(Weakest("G1c"), "read-committed");
  EXPECT_EQ(Weakest("G-single-item"), "consistent-view repeatable-read");
  EXPECT_EQ(Weakest("G-single"), "consistent-view");
  EXPECT_EQ(Weakest("G-nonadjacent-item"), "repeatable-read snapshot-isolation");
  EXPECT_EQ(Weakest("G-nonadjacent"), "snapshot-isolation");
  EXPECT_EQ(Weakest("G2-item"), "repeatable-read");
  EXPECT_EQ(Weakest("G2"), "serializable");
  EXPECT_EQ(Weakest("lost-update"), "cursor-stability update-atomic");
  EXPECT_EQ(Weakest("internal"), "read-atomic");
  EXPECT_EQ(Weakest("G0-process"), "strong-session-read-uncommitted");
  EXPECT_EQ(Weakest("G1c-realtime"), "strong-read-committed");
  EXPECT_EQ(Weakest("G-single-item-realtime"), "strong-snapshot-isolation");
  EXPECT_EQ(Weakest("G2-item-realtime"), "strict-serializable");
}

TEST(LevelsTest, WeakestOfSeveral) {
  EXPECT_EQ(Names(WeakestOf(Level("serializable") | Level("strict-serializable"))), "serializable");
  EXPECT_EQ(Names(WeakestOf(Level("repeatable-read") | Level("read-committed") | Level("sequential") |
                            Level("read-your-writes"))),
            "read-committed read-your-writes");
  EXPECT_EQ(Names(WeakestOf(Level("serializable") | Level("read-atomic"))), "read-atomic");
  EXPECT_EQ(WeakestOf(0), 0u);
}

TEST(LevelsTest, AliasesAndUnknownNames) {
  EXPECT_EQ(Level("PL-SS"), Level("strong-serializable"));
  EXPECT_EQ(Level(":strict-serializable"), Level("strict-serializable"));
  EXPECT_EQ(Level("PL-3"), Level("conflict-serializable"));
  EXPECT_EQ(FindLevel("sql").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FindAnomaly("P4").status().code(), absl::StatusCode::kInvalidArgument);
}

// What a stronger level permits, a weaker one permits too.
TEST(LevelsTest, StrongerForbidsMore) {
  const NameSet all = LevelsRuledOutBy(Anomaly("G0"));
  for (int i = 0; i < 64; ++i) {
    if (!(all >> i & 1)) continue;
    EXPECT_TRUE(AnomaliesForbiddenBy(NameSet{1} << i) & Anomaly("G0")) << LevelName(i);
  }
  const NameSet strict = AnomaliesForbiddenBy(Level("strict-serializable"));
  for (const std::string& name : LevelNames(all)) EXPECT_EQ(AnomaliesForbiddenBy(Level(name)) & ~strict, 0u) << name;
}

TEST(LevelsTest, NamesAreSorted) {
  const std::vector<std::string> names = LevelNames(~NameSet{0} >> 28);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

}  // namespace
}  // namespace brokersim::checker
