// Shrinking: what is left out, in which order, and that nothing more can be.
#include "runner/shrink.h"

#include <algorithm>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runner/shrink_steps.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::set<std::string> Faults(const scenarios::Setup& setup) {
  std::set<std::string> ids;
  for (const scenarios::Fault& fault : setup.fault()) ids.insert(fault.id());
  return ids;
}

// Twenty faults, two producers, two consumers, 100 records each.
scenarios::Setup Big() {
  scenarios::Setup setup;
  setup.set_audit_at("60s");
  for (int i = 0; i < 20; ++i) {
    scenarios::Fault* fault = setup.add_fault();
    fault->set_id("f" + std::to_string(i));
    fault->set_at("12.345678s");
    fault->set_lasts("7s");
    for (const char* node : {"b1", "b2", "b3"}) fault->mutable_crash()->add_node(node);
  }
  scenarios::Kafka* kafka = setup.mutable_kafka();
  kafka->set_brokers(3);
  for (const char* line : {"min.insync.replicas=2", "broker.session.timeout.ms=3000"}) kafka->add_config(line);
  kafka->add_topic()->set_name("orders");
  for (const char* name : {"p1", "p2"}) {
    scenarios::Producer* producer = kafka->add_producer();
    producer->set_name(name);
    producer->mutable_interval()->mutable_exponential()->set_mean("200ms");
    producer->set_stop("21800ms");
  }
  for (const char* name : {"c1", "c2"}) kafka->add_consumer()->set_name(name);
  return setup;
}

// Counts what it is asked.
struct Asked {
  Shows shows;
  uint64_t runs = 0;
  Shows Counted() {
    return [this](const scenarios::Setup& setup, uint64_t seed) {
      ++runs;
      return shows(setup, seed);
    };
  }
};

ShrinkResult ShrinkBig(const Shows& shows, const ShrinkOptions& options = {}) {
  return Shrink(Big(), 5, {}, shows, options);
}

TEST(Shrink, LeavesWhatIsNeeded) {
  const ShrinkResult result = ShrinkBig([](const scenarios::Setup& setup, uint64_t) {
    const std::set<std::string> ids = Faults(setup);
    const auto& producers = setup.kafka().producer();
    const bool has_p2 = std::any_of(producers.begin(), producers.end(), [](const auto& p) { return p.name() == "p2"; });
    return has_p2 && ids.contains("f3") && (ids.contains("f11") || ids.contains("f17"));
  });
  EXPECT_EQ(result.end, ShrinkResult::End::kMinimal);
  EXPECT_EQ(result.seed, 5u);
  EXPECT_EQ(result.setup.fault_size(), 2);
  EXPECT_TRUE(Faults(result.setup).contains("f3"));
  ASSERT_EQ(result.setup.kafka().producer_size(), 1);
  EXPECT_EQ(result.setup.kafka().producer(0).name(), "p2");
  EXPECT_EQ(result.setup.kafka().producer(0).records(), 1);
  EXPECT_EQ(result.setup.kafka().consumer_size(), 0);
  EXPECT_EQ(result.setup.fault(0).crash().node_size(), 1);
  EXPECT_EQ(result.setup.fault(0).lasts(), "1ms");
  EXPECT_EQ(result.setup.fault(0).at(), "12s");
  EXPECT_EQ(result.setup.heal_at(), "1s");
  EXPECT_EQ(result.setup.audit_at(), "11s");
  // What says what is promised stays.
  EXPECT_THAT(result.setup.kafka().config(), ElementsAre("min.insync.replicas=2"));
}

// Each fault alone is useless, all together are needed: nothing can be left out.
TEST(Shrink, IsMinimalEvenIfNothingGoes) {
  const scenarios::Setup big = Big();
  const Shows shows = [&](const scenarios::Setup& setup, uint64_t) {
    return setup.SerializeAsString() == big.SerializeAsString();
  };
  const ShrinkResult result = ShrinkBig(shows);
  EXPECT_EQ(result.end, ShrinkResult::End::kMinimal);
  EXPECT_EQ(result.setup.SerializeAsString(), big.SerializeAsString());
  EXPECT_EQ(result.removals, SingleRemovals(big, true).size());
}

TEST(Shrink, TakesAnotherSeedIfDrawsMove) {
  const ShrinkResult result = ShrinkBig([](const scenarios::Setup& setup, uint64_t seed) {
    return setup.fault_size() == 20 || (setup.fault_size() <= 10 && seed == 2);
  });
  EXPECT_EQ(result.seed, 2u);
  EXPECT_EQ(result.setup.fault_size(), 0);
}

TEST(Shrink, EndsAfterSoManyRuns) {
  ShrinkOptions options;
  options.runs = 7;
  Asked asked{[](const scenarios::Setup& setup, uint64_t) { return setup.fault_size() >= 3; }};
  const ShrinkResult result = ShrinkBig(asked.Counted(), options);
  EXPECT_EQ(result.end, ShrinkResult::End::kRuns);
  EXPECT_EQ(result.runs, 7u);
  EXPECT_EQ(asked.runs, 7u);
  EXPECT_LT(result.setup.fault_size(), 20);
  EXPECT_TRUE(asked.shows(result.setup, result.seed));
}

TEST(Shrink, KeepsTheBestWhenStopped) {
  ShrinkOptions options;
  uint64_t calls = 0;
  options.go_on = [&](const ShrinkProgress& now) {
    EXPECT_FALSE(now.phase.empty());
    EXPECT_LE(now.faults, 20);
    return ++calls < 9;
  };
  const Shows shows = [](const scenarios::Setup& setup, uint64_t) { return setup.fault_size() >= 3; };
  const ShrinkResult result = ShrinkBig(shows, options);
  EXPECT_EQ(result.end, ShrinkResult::End::kStopped);
  EXPECT_TRUE(shows(result.setup, result.seed));
}

// ---- Steps

TEST(Steps, RecordsKeepTheirTimes) {
  scenarios::Setup setup = WithNumberOfRecords(Big(), 0, true);
  const auto producer = [&]() -> const scenarios::Producer& { return setup.kafka().producer(0); };
  EXPECT_EQ(producer().records(), 100);
  EXPECT_EQ(producer().stop(), "");
  EXPECT_EQ(producer().interval().constant(), "200ms");
  setup = WithoutFirstRecords(setup, 0, 10);
  EXPECT_EQ(producer().records(), 90);
  EXPECT_EQ(producer().start(), "4s");
  setup = WithoutLastRecords(setup, 0, 9);
  EXPECT_EQ(producer().records(), 81);
  setup = EveryNthRecord(setup, 0, 80);
  EXPECT_EQ(producer().records(), 2);
  EXPECT_EQ(producer().interval().constant(), "16s");
}

TEST(Steps, PromisesAreNoParts) {
  EXPECT_TRUE(IsPromise("acks=all"));
  EXPECT_FALSE(IsPromise("linger.ms=20"));
  scenarios::Setup setup = Big();
  for (const Part& part : PartsOf(setup, PartKind::kSetting)) EXPECT_THAT(part.name, testing::Not(HasSubstr("insync")));
  // Unless a later line says otherwise.
  setup.mutable_kafka()->add_config("min.insync.replicas=1");
  EXPECT_EQ(PartsOf(setup, PartKind::kSetting).front().name, "min.insync.replicas=2");
  EXPECT_EQ(PartsOf(setup, PartKind::kSetting).size(), 2u);
}

TEST(Steps, SeveralPartsAtOnce) {
  const scenarios::Setup big = Big();
  std::vector<Part> parts = PartsOf(big, PartKind::kFault);
  parts.erase(parts.begin() + 4, parts.begin() + 18);
  EXPECT_EQ(Without(big, parts).fault_size(), 14);
  EXPECT_EQ(Without(big, parts).fault(0).id(), "f4");
  EXPECT_THAT(Without(big, PartsOf(big, PartKind::kFault)).fault(), IsEmpty());
}

// ---- Real runs

struct Case {
  std::string scenario;
  std::string variant;
  uint64_t seed;
  std::string anomaly;
  int faults;          // left
  int64_t operations;  // at most so many are left
};

class RealRun : public testing::TestWithParam<Case> {};

bool ShowsIt(const scenarios::Scenario& scenario, uint64_t seed, const std::string& anomaly) {
  const auto resolved = Resolved(scenario);
  if (!resolved.ok()) return false;
  const std::vector<std::string> types =
      AnomalyTypes(RunAndCheck(*resolved, seed, sim::RecordingLevel::kHistory).verdict);
  return std::find(types.begin(), types.end(), anomaly) != types.end();
}

TEST_P(RealRun, BecomesSmallAndStaysWhatItWas) {
  const Case& given = GetParam();
  const auto loaded = scenarios::LoadScenario(given.scenario, ".");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const scenarios::ResolvedScenario scenario = *loaded->Variant(given.variant);
  const auto shrunk = ShrinkRun(scenario, given.seed, "", "small", {});
  ASSERT_TRUE(shrunk.ok()) << shrunk.status();
  const std::string text = ShrunkText(*shrunk);
  EXPECT_EQ(shrunk->anomaly, given.anomaly);
  EXPECT_EQ(shrunk->search.end, ShrinkResult::End::kMinimal) << text;
  EXPECT_EQ(shrunk->after.faults, given.faults) << text;
  EXPECT_LE(shrunk->after.operations, given.operations) << text;
  EXPECT_LT(shrunk->after.events, shrunk->before.events);
  // The file is a scenario, and gives that very run.
  const auto again = scenarios::ParseScenario(text, "anywhere/small.textproto");
  ASSERT_TRUE(again.ok()) << again.status() << text;
  const Outcome outcome = RunAndCheck(again->variants.front(), shrunk->search.seed, sim::RecordingLevel::kHistory);
  EXPECT_EQ(outcome.run.hash, shrunk->outcome.run.hash);
  EXPECT_EQ(ExitCodeOf(outcome), kViolation);
  EXPECT_THAT(outcome.run.inert, IsEmpty());
  // Nothing more can go.
  const std::vector<Removal> removals = SingleRemovals(shrunk->scenario.setup(), true);
  EXPECT_EQ(removals.size(), shrunk->search.removals);
  for (const Removal& removal : removals) {
    scenarios::Scenario without = shrunk->scenario;
    *without.mutable_setup() = removal.setup;
    for (const uint64_t seed : {shrunk->search.seed, uint64_t{1}, uint64_t{2}}) {
      EXPECT_FALSE(ShowsIt(without, seed, given.anomaly)) << removal.what << " can go: " << text;
    }
  }
  // The same again.
  EXPECT_EQ(ShrunkText(*ShrinkRun(scenario, given.seed, "", "small", {})), text);
}

INSTANTIATE_TEST_SUITE_P(All, RealRun,
                         testing::Values(Case{"kafka/acks_one", "buggy", 1, "lost-write", 2, 25},
                                         Case{"kafka/swarm", "buggy", 3, "lost-write", 1, 1},
                                         Case{"kafka/transactions_swarm", "version_1", 6173, "aborted-read", 1, 12},
                                         Case{"kafka/transactions_swarm", "version_0", 64, "unavailable", 2, 1}));

// Of a run in which nothing else is wrong than that it gets stuck.
TEST(ShrinkRun, NoProgress) {
  const auto loaded = scenarios::LoadScenario("kafka/transactions_swarm", ".");
  ASSERT_TRUE(loaded.ok());
  scenarios::Scenario stuck = ScenarioOf(loaded->Variant("version_0")->setup, "stuck", "version_0");
  stuck.mutable_setup()->clear_model();
  stuck.mutable_setup()->clear_check();
  stuck.mutable_setup()->add_check("lost-write");
  const auto scenario = Resolved(stuck);
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const auto shrunk = ShrinkRun(*scenario, 64, "no-progress", "small", {});
  ASSERT_TRUE(shrunk.ok()) << shrunk.status();
  EXPECT_EQ(shrunk->anomaly, "no-progress");
  EXPECT_EQ(shrunk->search.end, ShrinkResult::End::kMinimal);
  EXPECT_EQ(ExitCodeOf(shrunk->outcome), kNoProgress);
  EXPECT_LE(shrunk->after.faults, 2);
  EXPECT_LE(shrunk->after.records, 3);
  for (const Removal& removal : SingleRemovals(shrunk->scenario.setup(), true)) {
    const auto without = Resolved(ScenarioOf(removal.setup, "small", "version_0"));
    if (!without.ok()) continue;
    EXPECT_NE(ExitCodeOf(RunAndCheck(*without, shrunk->search.seed, sim::RecordingLevel::kHistory)), kNoProgress)
        << removal.what;
  }
}

TEST(ShrinkRun, SaysWhatARunShowsInstead) {
  const auto loaded = scenarios::LoadScenario("kafka/acks_one", ".");
  ASSERT_TRUE(loaded.ok());
  const auto fixed = ShrinkRun(*loaded->Variant("fixed"), 1, "", "small", {});
  EXPECT_EQ(fixed.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(fixed.status().message(), "no anomaly (verdict valid)");
  const auto other = ShrinkRun(*loaded->Variant("buggy"), 1, "duplicate", "small", {});
  EXPECT_EQ(other.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(other.status().message()).rfind("lost-write", 0), 0u);
}

}  // namespace
}  // namespace brokersim::runner
