// Probes are listed and counted, and change nothing.
#include "runner/coverage.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runner/outcome.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

scenarios::ResolvedScenario Buggy(const std::string& name) {
  const auto loaded = scenarios::LoadScenario(name, ".");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return *loaded->Variant("buggy");
}

Outcome Judge(const scenarios::ResolvedScenario& scenario, uint64_t seed) {
  return RunAndCheck(scenario, seed, sim::RecordingLevel::kHistory);
}

TEST(Probes, AreListedReachedOrNot) {
  const Coverage nothing;
  std::set<std::string_view> names;
  for (const Coverage::Reached& probe : nothing.All()) {
    EXPECT_EQ(probe.runs, 0) << probe.name;
    names.insert(probe.name);
  }
  EXPECT_GE(names.size(), 40);
  EXPECT_TRUE(names.contains("kafka/controller: unclean election"));
  EXPECT_TRUE(nothing.Describe().find("  never                          kafka/controller: unclean election\n") !=
              std::string::npos);
}

TEST(Probes, AreCountedARun) {
  const auto scenario = Buggy("kafka/unclean_leader_election");
  Coverage coverage;
  for (uint64_t seed = 1; seed <= 3; ++seed) coverage.Add(Judge(scenario, seed).probes);
  for (const Coverage::Reached& probe : coverage.All()) {
    if (probe.name != "kafka/controller: unclean election") continue;
    EXPECT_EQ(probe.runs, 3);
    EXPECT_EQ(probe.times, 3);
  }
}

TEST(Probes, CountApartInThreadsAndChangeNothing) {
  const auto scenario = Buggy("kafka/unclean_leader_election");
  const Outcome alone = Judge(scenario, 1);
  EXPECT_EQ(scenarios::RunScenario(scenario, 1, sim::RecordingLevel::kHash, "").hash, alone.run.hash);
  std::vector<Outcome> outcomes(4);
  std::vector<std::thread> threads;
  for (Outcome& outcome : outcomes) threads.emplace_back([&] { outcome = Judge(scenario, 1); });
  for (std::thread& thread : threads) thread.join();
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.probes, alone.probes);
    EXPECT_EQ(outcome.run.hash, alone.run.hash);
  }
}

}  // namespace
}  // namespace brokersim::runner
