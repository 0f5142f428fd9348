// The checkers catch bugs: every mutant (model/kafka/mutants.h) is caught as what it is, and without mutants the same
// scenarios, under the same faults, give no alarm in ten thousand runs.
//
// docs/mutants.md is printed from here: bazel run //tests/model/kafka:mutants_test -- --rewrite
// For whoever adds one: `--survey MUTANT|all SCENARIO|all SEEDS` says where it shows as what, and
// `--clean SCENARIO FIRST LAST` what a scenario shows without.
#include "model/kafka/mutants.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scenarios/loader.h"
#include "tests/model/kafka/mutants_hunt.h"

namespace brokersim::kafka {
namespace {

constexpr char kPage[] = "docs/mutants.md";

bool rewrite = false;

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << "can't read " << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

const MutantInfo& InfoOf(const Place& place) {
  for (const MutantInfo& info : AllMutants()) {
    if (info.name == place.mutant) return info;
  }
  ADD_FAILURE() << "no mutant is named " << place.mutant;
  return AllMutants().front();
}

std::string Page() {
  std::string page =
      "# Mutants\n\n<!-- Printed by tests/model/kafka/mutants_test.cc, which says how. -->\n\n"
      "How it is tried that the checkers catch real bugs: each of these is planted in the Kafka model by a line "
      "`mutant=NAME` among the\nsettings of brokers, producers or consumers (none of them is Kafka's), the scenario "
      "of `tests/model/kafka/mutants/` is run with the\nseed, and its history judged: by the checks that the scenario "
      "names, and by models of `brokersim check`.\n*Caught as* is one of the "
      "anomalies that the test demands; the same seed without the mutant shows none, nor do these runs:\n\n";
  uint64_t all = 0;
  for (const auto& [scenario, runs] : CleanRuns()) {
    page += fmt::format("- {}, {} runs: {}.\n", scenario, runs, Title(scenario));
    all += runs;
  }
  page += fmt::format(
      "\n{} mutants, all caught; {} clean runs, no alarm. Six mutants were bugs of the model "
      "itself, which such runs found:\n`follower-waits-for-last-sync`, `window-of-unanswered`, `epoch-bump-renumbers`, "
      "`lost-leadership-is-certain`, `commits-as-nobody`,\n`resets-before-offsets`.\n\n"
      "| Mutant | A bug of | What it does | Kafka's rule | Scenario | Seed | Caught as |\n"
      "|---|---|---|---|---|---|---|\n",
      AllMutants().size(), all);
  for (const Place& place : Places()) {
    const MutantInfo& info = InfoOf(place);
    page += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", info.name, info.group, info.text, info.source,
                        place.scenario, place.seed, place.as);
  }
  return page;
}

class Mutants : public testing::TestWithParam<Place> {};

TEST_P(Mutants, IsCaught) {
  const Place& place = GetParam();
  std::string seen;
  bool caught = false;
  for (const auto& [name, why] : RunOnce(Plant(place.scenario, &InfoOf(place)), place.seed).anomalies) {
    caught |= name == place.as;
    seen += name + ": " + why + "\n";
  }
  EXPECT_TRUE(caught) << place.mutant << " isn't seen as " << place.as << " but as\n" << seen.substr(0, 2000);
  for (const auto& [name, why] : RunOnce(Plant(place.scenario, nullptr), place.seed).anomalies) {
    ADD_FAILURE() << "without it: " << name << ": " << why;
  }
}

// By name, so that a failure says which.
INSTANTIATE_TEST_SUITE_P(All, Mutants, testing::ValuesIn(Places()), [](const auto& param) {
  std::string name(param.param.mutant);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(MutantsTable, EveryMutantHasItsPlace) {
  ASSERT_EQ(Places().size(), AllMutants().size());
  uint64_t clean = 0;
  for (const auto& [scenario, runs] : CleanRuns()) clean += runs;
  EXPECT_GE(clean, 10000u);
  for (size_t i = 0; i < AllMutants().size(); ++i) {
    const MutantInfo& info = AllMutants()[i];
    EXPECT_EQ(Places()[i].mutant, info.name);
    EXPECT_EQ(FindMutant(info.name, info.home), info.mutant);
    EXPECT_EQ(static_cast<size_t>(info.mutant), i + 1) << info.name << ": in the order of the enumeration";
  }
}

TEST(MutantsPage, IsWhatTheTableSays) {
  if (rewrite) {
    const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
    ASSERT_NE(workspace, nullptr) << "--rewrite works under `bazel run` only";
    std::ofstream(std::string(workspace) + "/" + kPage, std::ios::binary) << Page();
    return;
  }
  EXPECT_EQ(ReadAll(kPage), Page()) << kPage << " is old: bazel run //tests/model/kafka:mutants_test -- --rewrite";
}

struct Part {
  std::string scenario;
  uint64_t first = 1;
};

// Ten thousand runs, in parts that shards can share.
constexpr uint64_t kPart = 100;
std::vector<Part> AllParts() {
  std::vector<Part> parts;
  for (const auto& [scenario, runs] : CleanRuns()) {
    for (uint64_t first = 1; first <= runs; first += kPart) parts.push_back({std::string(scenario), first});
  }
  return parts;
}

class Clean : public testing::TestWithParam<Part> {};

TEST_P(Clean, HasNoAnomaly) {
  const Part& part = GetParam();
  const scenarios::ResolvedScenario scenario = Plant(part.scenario, nullptr);
  uint64_t acknowledged = 0;
  uint64_t valid = 0;
  for (uint64_t seed = part.first; seed < part.first + kPart; ++seed) {
    const Seen seen = RunOnce(scenario, seed);
    for (const auto& [name, why] : seen.anomalies) {
      ADD_FAILURE() << part.scenario << " seed " << seed << ": " << name << ": " << why;
    }
    acknowledged += seen.acknowledged;
    valid += seen.valid ? 1 : 0;
  }
  EXPECT_GT(valid, kPart / 2) << part.scenario << ": hardly anything was decided";
  EXPECT_GT(acknowledged, 20 * kPart) << part.scenario << ": hardly anything was written";
}

INSTANTIATE_TEST_SUITE_P(All, Clean, testing::ValuesIn(AllParts()), [](const auto& param) {
  return fmt::format("{}_{}", param.param.scenario, param.param.first);
});

void Survey(const std::string& mutant, const std::string& scenario, uint64_t seeds) {
  for (const MutantInfo& info : AllMutants()) {
    if (mutant != "all" && mutant != info.name) continue;
    for (const auto& [name, runs] : CleanRuns()) {
      if (scenario == "all" || scenario == name) fmt::print("{}\n", SurveyLine(info, name, seeds));
    }
    std::fflush(stdout);
  }
}

void SurveyClean(const std::string& name, uint64_t first, uint64_t last) {
  const scenarios::ResolvedScenario scenario = Plant(name, nullptr);
  uint64_t valid = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    const Seen seen = RunOnce(scenario, seed);
    valid += seen.valid ? 1 : 0;
    std::string before;
    for (const auto& [anomaly, why] : seen.anomalies) {
      if (anomaly != before) fmt::print("{} {} {}: {}\n", name, seed, anomaly, why);
      before = anomaly;
    }
  }
  fmt::print("{}: {} of {} valid\n", name, valid, last - first + 1);
}

}  // namespace
}  // namespace brokersim::kafka

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() == 4 && args[0] == "--survey") {
    brokersim::kafka::Survey(args[1], args[2], std::stoull(args[3]));
    return 0;
  }
  if (args.size() == 4 && args[0] == "--clean") {
    brokersim::kafka::SurveyClean(args[1], std::stoull(args[2]), std::stoull(args[3]));
    return 0;
  }
  if (args == std::vector<std::string>{"--rewrite"}) {
    brokersim::kafka::rewrite = true;
    testing::GTEST_FLAG(filter) = "MutantsPage.*";
  }
  return RUN_ALL_TESTS();
}
