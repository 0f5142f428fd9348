// Every variant of every scenario shows what it is expected to show, over a few seeds. `brokersim test --all` runs all
// the seeds that the scenarios name.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "runner/expectation.h"
#include "runner/judge.h"
#include "runner/outcome.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

constexpr uint64_t kSeedsValid = 60;
constexpr uint64_t kSeedsAnomalous = 200;  // at most: until each anomaly was seen
constexpr uint64_t kSeedsStep = 10;

class Catalogue : public testing::Test {
 public:
  explicit Catalogue(scenarios::ResolvedScenario scenario) : scenario_(std::move(scenario)) {}

  void TestBody() override {
    ASSERT_TRUE(ValidateNames(scenario_).ok()) << ValidateNames(scenario_);
    const auto go_on = [](uint64_t, uint64_t) { return true; };
    if (scenario_.expect.anomaly().empty()) {
      Report(CheckExpectation(scenario_, kSeedsValid, go_on));
      return;
    }
    // More seeds only while something is missing; anomalies that nobody named fail at once.
    ExpectationReport report;
    const uint64_t most = std::max<uint64_t>(kSeedsAnomalous, scenario_.expect.seeds());
    for (uint64_t seeds = kSeedsStep; seeds <= most; seeds *= 2) {
      report = CheckExpectation(scenario_, seeds, go_on);
      if (report.met) break;
    }
    if (!report.met) report = CheckExpectation(scenario_, most, go_on);
    Report(report);
  }

 private:
  void Report(const ExpectationReport& report) const {
    EXPECT_TRUE(report.met);
    for (const std::string& problem : report.problems) ADD_FAILURE() << problem;
  }

  scenarios::ResolvedScenario scenario_;
};

struct OnceFailed {
  const char* scenario;
  const char* variant;
  uint64_t seed;
  const char* why;
};

// Seeds beyond those that are run always, each of which has shown a bug of the model.
TEST(SeedsThatOnceFailed, Hold) {
  for (const OnceFailed& run : {
           OnceFailed{"kafka/transactions_swarm", "eligible", 8090,
                      "auto-commit repeated a position of an assignment that the consumer had lost"},
       }) {
    const auto loaded = scenarios::LoadScenario(run.scenario, ".");
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    const auto variant = loaded->Variant(run.variant);
    ASSERT_TRUE(variant.ok()) << variant.status();
    const Outcome outcome = RunAndCheck(*variant, run.seed, sim::RecordingLevel::kHistory);
    EXPECT_EQ(ExitCodeOf(outcome), kHeld) << run.scenario << " " << run.seed << ": " << run.why;
  }
}

void Register() {
  for (const std::string& name : scenarios::ListScenarios(".")) {
    const auto loaded = scenarios::LoadScenario(name, ".");
    if (!loaded.ok()) {
      std::fprintf(stderr, "%s\n", loaded.status().ToString().c_str());
      std::exit(1);
    }
    for (const scenarios::ResolvedScenario& variant : loaded->variants) {
      testing::RegisterTest(name.c_str(), variant.variant.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [variant]() -> testing::Test* { return new Catalogue(variant); });
    }
  }
}

}  // namespace
}  // namespace brokersim::runner

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  brokersim::runner::Register();
  return RUN_ALL_TESTS();
}
