// Leave one out: each planted bug is found with its kind, by those that are declared alike, and by nothing else.
//
//   bazel-4 run //tests/sim:fault_bugs_test -- --table > docs/fault_bugs.md
#include <algorithm>
#include <cstdio>
#include <string>
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
  EXPECT_GE(FirstSeed(bug(), With(bug()), kSeedsWith), 0) << bug().kind;
}

TEST_P(LeaveOneOut, EachAlikeKindRevealsItToo) {
  for (const std::string_view alike : bug().alike) {
    EXPECT_GE(FirstSeed(bug(), WithHelpers(alike, bug()), kSeedsAlone), 0) << bug().kind << " by " << alike;
  }
  EXPECT_EQ(bug().alike.empty(), bug().why.empty());
}

INSTANTIATE_TEST_SUITE_P(Bugs, LeaveOneOut, testing::Range<size_t>(0, AllBugs().size()),
                         [](const auto& info) { return std::string(AllBugs()[info.param].kind); });

TEST(Bugs, EveryFirstWaveKindHasOneOrIsListed) {
  std::vector<std::string> missing = FirstWave();
  for (const Bug& bug : AllBugs()) std::erase(missing, bug.kind);
  EXPECT_EQ(missing, std::vector<std::string>(NotYet().begin(), NotYet().end()));
}

}  // namespace

// One line a bug: kind, bug, alike, first seed with the kind and all that are not alike, runs without a hit when the
// kind is left out.
std::string Table() {
  std::string table =
      "# Planted bugs, one a kind\n\n"
      "<!-- Printed by //tests/sim:fault_bugs_test -- --table -->\n\n"
      "| kind | planted bug | alike | first seed with the kind and all that are not alike "
      "| runs without a hit when the kind is left out too |\n|---|---|---|---|---|\n";
  for (const Bug& bug : AllBugs()) {
    std::string alike;
    for (const std::string_view kind : bug.alike) alike += (alike.empty() ? "" : ", ") + std::string(kind);
    if (!alike.empty()) alike += fmt::format(" ({})", bug.why);
    table += fmt::format("| {} | {} | {} | {} | {} |\n", bug.kind, bug.text, alike,
                         FirstSeed(bug, With(bug), kSeedsWith), kSeedsWithout);
  }
  table += "\nNot yet:";
  for (const std::string_view kind : NotYet()) table += fmt::format(" {}", kind);
  return table + "\n";
}

}  // namespace brokersim::sim::bugs

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "--table") {
    std::fputs(brokersim::sim::bugs::Table().c_str(), stdout);
    return 0;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
