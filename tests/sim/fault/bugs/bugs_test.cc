// Leave one out: each planted bug is found with its kind, by those that are declared alike, and by nothing else.
//
// docs/fault_bugs.md is printed from here, and each bug's test compares its row:
//   bazel run --test_sharding_strategy=disabled //tests/sim:fault_bugs_test -- --rewrite
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "sim/fault/catalogue.h"
#include "tests/sim/fault/bugs/bugs.h"

namespace brokersim::sim::bugs {
namespace {

constexpr uint64_t kSeedsWithout = 10'000;
constexpr uint64_t kSeedsWith = 1'000;
constexpr uint64_t kSeedsAlone = 10'000;

std::vector<std::string> FirstWave() {
  std::vector<std::string> kinds;
  for (const KindText& kind : AllFaultKinds()) {
    if (kind.info->first_wave) kinds.emplace_back(kind.info->name);
  }
  return kinds;
}

std::vector<std::string> Without(const Bug& bug) {
  std::vector<std::string> kinds = FirstWave();
  std::erase_if(kinds, [&](const std::string& kind) {
    return kind == bug.kind || std::find(bug.alike.begin(), bug.alike.end(), kind) != bug.alike.end();
  });
  return kinds;
}

// All but those that are alike: what is found among these, the kind itself has revealed.
std::vector<std::string> With(const Bug& bug) {
  std::vector<std::string> kinds = Without(bug);
  kinds.emplace_back(bug.kind);
  return kinds;
}

std::vector<std::string> WithHelpers(std::string_view kind, const Bug& bug) {
  std::vector<std::string> kinds(bug.helpers.begin(), bug.helpers.end());
  kinds.emplace_back(kind);
  return kinds;
}

// The first seed that shows it, or -1.
int64_t FirstSeed(const Bug& bug, const std::vector<std::string>& kinds, uint64_t seeds) {
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    if (Shows(bug, kinds, seed)) return static_cast<int64_t>(seed);
  }
  return -1;
}

// ---- the page

std::string Opening() {
  return fmt::format(
      "# Planted bugs, one a kind of fault\n\n"
      "<!-- Printed by tests/sim/fault/bugs/bugs_test.cc, which says how. -->\n\n"
      "For each kind of the first wave a small program with a bug that this kind reveals and the others don't: of {} "
      "swarms\nof all other kinds none shows it. Kinds that are *alike* reveal it too, and are left out with it. The "
      "seed is the first\nthat shows the bug when the kind may be drawn among all that are not alike.\n\n"
      "| Kind | Planted bug | Alike | First seed with it | Runs without it, none a hit |\n|---|---|---|---|---|\n",
      kSeedsWithout);
}

std::string Row(const Bug& bug, int64_t first_seed) {
  std::string alike;
  for (const std::string_view kind : bug.alike) alike += (alike.empty() ? "" : ", ") + std::string(kind);
  if (!alike.empty()) alike += fmt::format(" ({})", bug.why);
  return fmt::format("| {} | {} | {} | {} | {} |\n", bug.kind, bug.text, alike, first_seed, kSeedsWithout);
}

std::string Table() {
  std::string table = Opening();
  for (const Bug& bug : AllBugs()) table += Row(bug, FirstSeed(bug, With(bug), kSeedsWith));
  return table;
}

std::string Page() {
  std::ifstream in("docs/fault_bugs.md", std::ios::binary);
  EXPECT_TRUE(in.good()) << "can't read docs/fault_bugs.md";
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

constexpr std::string_view kRemedy =
    "docs/fault_bugs.md is old: bazel run --test_sharding_strategy=disabled //tests/sim:fault_bugs_test -- --rewrite";

class LeaveOneOut : public testing::TestWithParam<size_t> {
 protected:
  const Bug& bug() const { return AllBugs()[GetParam()]; }
};

TEST_P(LeaveOneOut, NothingElseRevealsIt) {
  const int64_t seed = FirstSeed(bug(), Without(bug()), kSeedsWithout);
  if (seed < 0) return;
  std::string drawn;
  SwarmPlan plan = bug().plan;
  plan.kinds = Without(bug());
  for (const Fault& fault : DrawSwarm(plan, static_cast<uint64_t>(seed))) drawn += " " + fault.id;
  ADD_FAILURE() << bug().kind << ": seed " << seed << " shows it without the kind:" << drawn;
}

TEST_P(LeaveOneOut, AmongTheOthersItIsFound) {
  const int64_t seed = FirstSeed(bug(), With(bug()), kSeedsWith);
  EXPECT_GE(seed, 0) << bug().kind;
  EXPECT_NE(Page().find("|\n" + Row(bug(), seed)), std::string::npos) << Row(bug(), seed) << kRemedy;
}

TEST_P(LeaveOneOut, EachAlikeKindRevealsItToo) {
  for (const std::string_view alike : bug().alike) {
    EXPECT_GE(FirstSeed(bug(), WithHelpers(alike, bug()), kSeedsAlone), 0) << bug().kind << " by " << alike;
  }
  EXPECT_EQ(bug().alike.empty(), bug().why.empty());
}

INSTANTIATE_TEST_SUITE_P(Bugs, LeaveOneOut, testing::Range<size_t>(0, AllBugs().size()),
                         [](const auto& info) { return std::string(AllBugs()[info.param].kind); });

// With the rows that the bugs' own tests look for: the page is what would be printed.
TEST(Bugs, ThePageHasARowForEachAndNothingElse) {
  const std::string page = Page();
  EXPECT_TRUE(page.starts_with(Opening())) << kRemedy;
  const std::string rows = page.substr(std::min(page.size(), Opening().size()));
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), static_cast<int64_t>(AllBugs().size())) << kRemedy;
  size_t at = 0;
  for (const Bug& bug : AllBugs()) {
    at = rows.find(fmt::format("| {} |", bug.kind), at);
    EXPECT_NE(at, std::string::npos) << bug.kind << ": " << kRemedy;
  }
}

TEST(Bugs, EveryFirstWaveKindHasOne) {
  std::vector<std::string> missing = FirstWave();
  for (const Bug& bug : AllBugs()) std::erase(missing, bug.kind);
  EXPECT_TRUE(missing.empty()) << testing::PrintToString(missing);
}

}  // namespace

}  // namespace brokersim::sim::bugs

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "--rewrite") {
    const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
    if (workspace == nullptr) {
      std::fputs("--rewrite works under `bazel run` only\n", stderr);
      return 1;
    }
    std::ofstream(std::string(workspace) + "/docs/fault_bugs.md", std::ios::binary) << brokersim::sim::bugs::Table();
    return 0;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
