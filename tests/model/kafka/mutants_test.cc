// The checkers catch bugs: every mutant (model/kafka/mutants.h) is caught as what it is, and without mutants the same
// scenarios, under the same faults, give no anomaly.
//
// docs/mutants.md tells how each was caught. To print it anew:
//   BROKERSIM_REWRITE_GOLDENS=$PWD bazel run //tests/model/kafka:mutants_test
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "model/kafka/mutants.h"
#include "scenarios/loader.h"
#include "tests/model/kafka/mutants_hunt.h"

namespace brokersim::kafka {
namespace {

constexpr char kPage[] = "docs/mutants.md";

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << "can't read " << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string Row(const Hunt& hunt, const Catch& caught) {
  const MutantInfo& info = hunt.info;
  return fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", info.name, info.group, info.rule, hunt.scenario,
                     caught.as, caught.seed);
}

// By name, so that a failure says which.
std::string NameOf(const testing::TestParamInfo<Hunt>& param) {
  std::string name(param.param.info.name);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

class Mutants : public testing::TestWithParam<Hunt> {};

TEST_P(Mutants, IsCaught) {
  const Hunt& hunt = GetParam();
  const Catch caught = Catch1(hunt);
  ASSERT_NE(caught.seed, 0u) << hunt.info.name << " isn't seen as " << hunt.anomaly << " in " << kMostSeeds << " seeds";
  EXPECT_NE(ReadAll(kPage).find(Row(hunt, caught)), std::string::npos)
      << kPage << " is old: it lacks\n" << Row(hunt, caught);
}

INSTANTIATE_TEST_SUITE_P(All, Mutants, testing::ValuesIn(Hunts()), NameOf);

TEST(MutantsTable, EveryMutantIsHunted) {
  ASSERT_EQ(Hunts().size(), AllMutants().size());
  for (size_t i = 0; i < AllMutants().size(); ++i) {
    EXPECT_EQ(Hunts()[i].info.mutant, AllMutants()[i].mutant);
    EXPECT_EQ(FindMutant(AllMutants()[i].name), AllMutants()[i].mutant);
  }
}

// Nothing but what IsCaught has looked for.
TEST(MutantsPage, HasNoOtherRows) {
  const std::string page = ReadAll(kPage);
  size_t rows = 0;
  for (size_t at = 0; (at = page.find("\n| `", at)) != std::string::npos; ++at) ++rows;
  EXPECT_EQ(rows, AllMutants().size());
}

struct CleanRuns {
  std::string scenario;
  uint64_t first = 1;
};

// Ten thousand runs, in parts that shards can share.
constexpr uint64_t kPart = 100;
std::vector<CleanRuns> AllCleanRuns() {
  std::vector<CleanRuns> parts;
  for (const auto& [scenario, runs] : kCleanRuns) {
    for (uint64_t first = 1; first <= runs; first += kPart) parts.push_back({std::string(scenario), first});
  }
  return parts;
}

class Clean : public testing::TestWithParam<CleanRuns> {};

TEST_P(Clean, HasNoAnomaly) {
  const CleanRuns& part = GetParam();
  const scenarios::ResolvedScenario scenario = Plant(part.scenario, nullptr);
  uint64_t acknowledged = 0;
  for (uint64_t seed = part.first; seed < part.first + kPart; ++seed) {
    const Seen seen = RunOnce(scenario, seed);
    EXPECT_EQ(seen.internal_error, "") << part.scenario << " seed " << seed;
    for (const auto& [name, why] : seen.anomalies) {
      ADD_FAILURE() << part.scenario << " seed " << seed << ": " << name << ": " << why;
    }
    acknowledged += seen.acknowledged;
  }
  EXPECT_GT(acknowledged, 20 * kPart) << part.scenario << ": hardly anything was written";
}

INSTANTIATE_TEST_SUITE_P(All, Clean, testing::ValuesIn(AllCleanRuns()), [](const auto& param) {
  return fmt::format("{}_{}", param.param.scenario, param.param.first);
});

void RewritePage(const std::string& path) {
  std::string page =
      "# Mutants\n\n<!-- Printed by tests/model/kafka/mutants_test.cc, which says how. -->\n\n"
      "How it is tried that the checkers catch real bugs: each of these was planted in the Kafka model "
      "(`mutant=NAME` among the settings of\nbrokers, producers or consumers; none of them is Kafka's), the scenario "
      "of `tests/model/kafka/mutants/` was run from seed 1 on, and its\nhistory judged. *Caught as* names the "
      "anomaly and the checker; *seed* is the first that showed it. The same scenarios without a mutant,\n"
      "judged by the same checkers, gave no anomaly:\n\n";
  uint64_t all = 0;
  for (const auto& [scenario, runs] : kCleanRuns) {
    page += fmt::format("- {}: {} runs. {}\n", scenario, runs, Title(scenario));
    all += runs;
  }
  page += fmt::format("\n{} mutants, {} clean runs.\n\n| Mutant | A bug of | What it does | Scenario | Caught as | Seed |\n"
                      "|---|---|---|---|---|---|\n",
                      AllMutants().size(), all);
  for (const Hunt& hunt : Hunts()) page += Row(hunt, Catch1(hunt));
  std::ofstream(path, std::ios::binary) << page;
}

// For whoever adds a mutant: where and as what it shows.
void Survey(const std::string& only) {
  for (const MutantInfo& info : AllMutants()) {
    if (only != "all" && only != info.name) continue;
    for (const auto& [scenario, runs] : kCleanRuns) fmt::print("{}\n", SurveyLine(info, scenario));
    std::fflush(stdout);
  }
}

void SurveyClean(const std::string& name, uint64_t seeds) {
  const scenarios::ResolvedScenario scenario = Plant(name, nullptr);
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const Seen seen = RunOnce(scenario, seed);
    for (const auto& [anomaly, why] : seen.anomalies) fmt::print("{} {} {}: {}\n", name, seed, anomaly, why);
    if (!seen.internal_error.empty()) fmt::print("{} {} {}\n", name, seed, seen.internal_error);
  }
}

}  // namespace
}  // namespace brokersim::kafka

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc > 2 && std::string(argv[1]) == "--survey") {
    brokersim::kafka::Survey(argv[2]);
    return 0;
  }
  if (argc > 3 && std::string(argv[1]) == "--clean") {
    brokersim::kafka::SurveyClean(argv[2], std::stoull(argv[3]));
    return 0;
  }
  if (const char* root = std::getenv("BROKERSIM_REWRITE_GOLDENS"); root != nullptr) {
    brokersim::kafka::RewritePage(std::string(root) + "/" + brokersim::kafka::kPage);
    return 0;
  }
  return RUN_ALL_TESTS();
}
