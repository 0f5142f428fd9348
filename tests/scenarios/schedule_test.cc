// Swarms: what is drawn, and that a run gives itself again from its own schedule.
#include "scenarios/schedule.h"

#include <algorithm>
#include <set>

#include "gtest/gtest.h"
#include "scenarios/fault_fields.h"
#include "scenarios/loader.h"
#include "sim/fault/catalogue.h"
#include "sim/fault/swarm.h"

namespace brokersim::scenarios {
namespace {

ResolvedScenario Load(const std::string& variant) {
  const auto loaded = LoadScenario("kafka/swarm", ".");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return *loaded->Variant(variant);
}

TEST(Schedule, GivesTheSameRun) {
  const ResolvedScenario swarm = Load("fixed");
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const RunResult run = RunScenario(swarm, seed, sim::RecordingLevel::kHistory, "");
    const std::string text = ScheduleText(swarm, seed, run, "written");
    const auto again = ParseScenario(text, "kafka/written.textproto");
    ASSERT_TRUE(again.ok()) << again.status() << text;
    ASSERT_TRUE(again->variants.front().world->DrawnFaults(seed).empty());
    const RunResult replayed = RunScenario(again->variants.front(), seed, sim::RecordingLevel::kHistory, "");
    ASSERT_EQ(replayed.hash, run.hash) << text;
    ASSERT_EQ(replayed.history.operations_size(), run.history.operations_size());
    for (size_t i = 0; i < run.faults.size(); ++i) {
      EXPECT_EQ(replayed.faults[i].id, run.faults[i].id);
      EXPECT_EQ(replayed.faults[i].effects, run.faults[i].effects) << run.faults[i].id;
    }
  }
}

// Roles are replaced by whom they meant, so that the file says what happened.
TEST(Schedule, NamesTheNodesThatWereMeant) {
  const auto loaded = LoadScenario("kafka/unclean_leader_election", ".");
  ASSERT_TRUE(loaded.ok());
  const ResolvedScenario& variant = loaded->variants.front();
  const RunResult run = RunScenario(variant, 1, sim::RecordingLevel::kHistory, "");
  const Scenario schedule = ScheduleOf(variant, 1, run);
  ASSERT_EQ(schedule.setup().fault_size(), 2);
  EXPECT_EQ(schedule.setup().fault(0).partition().group(0).node_size(), 2);
  ASSERT_EQ(schedule.setup().fault(1).crash().node_size(), 1);
  EXPECT_EQ(schedule.setup().fault(1).crash().node(0), "b2");
}

// An edit: without one fault the others are drawn as they were.
TEST(Swarm, LeavingAKindOutMovesNoOther) {
  sim::SwarmPlan plan;
  for (const sim::KindText& kind : sim::AllFaultKinds()) plan.kinds.emplace_back(kind.info->name);
  plan.nodes = {"a", "b", "c"};
  plan.zones = {"dc(x)"};
  plan.roles = plan.voters = plan.control = plan.clients = {"a"};
  plan.types = plan.points = plan.partitions = {"p"};
  plan.settings = {{"k", "v"}};
  plan.begin = sim::Time() + sim::Seconds(1);
  plan.end = sim::Time() + sim::Seconds(9);
  plan.faults = 1000;
  const auto text = [](const sim::Fault& fault) { return ToScenario(fault).ShortDebugString(); };
  std::set<std::string> kinds;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    std::vector<std::string> all;
    for (const sim::Fault& fault : sim::DrawSwarm(plan, seed)) {
      kinds.emplace(sim::FaultKindName(fault.action));
      EXPECT_GE(fault.trigger.at, plan.begin);
      EXPECT_LE(fault.trigger.at + fault.lasts.value_or(sim::Duration()), plan.end);
      if (sim::FaultKindName(fault.action) != "crash") all.push_back(text(fault));
    }
    sim::SwarmPlan fewer = plan;
    std::erase(fewer.kinds, "crash");
    std::vector<std::string> rest;
    for (const sim::Fault& fault : sim::DrawSwarm(fewer, seed)) rest.push_back(text(fault));
    EXPECT_EQ(all, rest);
    // Whole kinds are off.
    EXPECT_LT(all.size(), plan.kinds.size() * 3);
  }
  EXPECT_EQ(kinds.size(), plan.kinds.size()) << "some kind is never drawn";
}

}  // namespace
}  // namespace brokersim::scenarios
