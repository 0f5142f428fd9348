// Topologies, roles, runbooks, and drills laid over architectures.
#include "scenarios/drill.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "scenarios/run.h"
#include "scenarios/topology.h"

namespace brokersim::scenarios {
namespace {

using testing::HasSubstr;

std::string Text(const std::string& more) {
  return R"(
name: "mine"
setup {
  datacenter { name: "x" role: "primary" rack: "r1" rack: "r2" }
  datacenter { name: "y" role: "standby" }
  kafka {
    brokers: 2
    broker { name: "b1" datacenter: "x" rack: "r1" }
    broker { name: "b2" datacenter: "y" }
    controller_datacenter: "y"
    topic { name: "orders" partitions: 1 replication_factor: 2 }
    producer { name: "p" topic: "orders" stop: "9s" datacenter: "x" }
  }
  audit_at: "30s"
)" + more +
         "}\nvariant { name: \"only\" }\n";
}

absl::StatusOr<ResolvedScenario> Architecture(const std::string& more = "") {
  const auto loaded = ParseScenario(Text(more), "mine.textproto");
  if (!loaded.ok()) return loaded.status();
  return loaded->variants.front();
}

std::string Refused(const std::string& more) { return std::string(Architecture(more).status().message()); }

Drill ADrill() {
  Drill drill;
  drill.set_name("d");
  drill.set_audit_at("40s");
  drill.set_load_until("20s");
  Fault* fault = drill.add_fault();
  fault->set_id("loss");
  fault->set_at("10s");
  fault->mutable_zone_power()->add_node("dc(primary) - role(producer)");
  return drill;
}

TEST(Drill, RolesBecomeSites) {
  const auto laid = LayOver(*Architecture(), ADrill());
  ASSERT_TRUE(laid.ok()) << laid.status();
  EXPECT_EQ(laid->strike, "loss");
  EXPECT_EQ(laid->scenario.name, "mine-only-d");
  EXPECT_EQ(laid->scenario.setup.fault(0).zone_power().node(0), "dc(x) - role(producer)");
  EXPECT_EQ(laid->scenario.setup.kafka().producer(0).stop(), "20s");
  EXPECT_EQ(laid->scenario.setup.audit_at(), "40s");
}

TEST(Drill, WhereARoleIsMissingItMeansNothing) {
  Drill drill = ADrill();
  drill.mutable_fault(0)->mutable_zone_power()->set_node(0, "dc(third)");
  EXPECT_EQ(LayOver(*Architecture(), drill).status(), absl::FailedPreconditionError("there is no third site"));
  drill.mutable_fault(0)->set_may_be_inert(true);
  *drill.add_fault() = ADrill().fault(0);
  const auto laid = LayOver(*Architecture(), drill);
  ASSERT_TRUE(laid.ok()) << laid.status();
  EXPECT_EQ(laid->scenario.setup.fault_size(), 1);
}

TEST(Drill, NeedsAndExceptionsSayWhyNot) {
  Drill drill = ADrill();
  drill.add_need()->set_node("role(nameserver)");
  drill.mutable_need(0)->set_otherwise("there are no name servers");
  EXPECT_EQ(LayOver(*Architecture(), drill).status(), absl::FailedPreconditionError("there are no name servers"));
  EXPECT_EQ(LayOver(*Architecture("unfit { drill: \"d\" why: \"because\" }"), ADrill()).status(),
            absl::FailedPreconditionError("because"));
}

TEST(Drill, OperatorsTakeTheArchitecturesSteps) {
  Drill drill = ADrill();
  Operators* operators = drill.add_operators();
  operators->set_runbook("failover");
  operators->set_after_begin_of("loss");
  operators->mutable_wait()->mutable_uniform()->set_low("5s");
  operators->mutable_wait()->mutable_uniform()->set_high("9s");
  EXPECT_EQ(LayOver(*Architecture(), drill).status(), absl::FailedPreconditionError("there is no runbook 'failover'"));
  const std::string runbook = R"end(
    runbook {
      name: "failover"
      step { stop { node: "dc(standby)" } lasts: "1s" }
      step { id: "second" plus: "2s" restart { node: "b2" } }
    })end";
  const auto laid = LayOver(*Architecture(runbook), drill);
  ASSERT_TRUE(laid.ok()) << laid.status();
  const auto& setup = laid->scenario.setup;
  ASSERT_EQ(setup.fault_size(), 3);
  EXPECT_EQ(setup.fault(1).id(), "failover-1");
  EXPECT_EQ(setup.fault(1).after_begin_of(), "loss");
  EXPECT_EQ(setup.fault(1).stop().node(0), "dc(y)");
  EXPECT_EQ(setup.fault(2).after_begin_of(), "failover-1");
  EXPECT_EQ(laid->faults, std::vector<std::string>{"loss"});
  // Each seed draws how long people take.
  std::set<int64_t> waits;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const RunResult run = RunScenario(laid->scenario, seed, sim::RecordingLevel::kHash, "");
    const sim::Duration wait = run.faults[1].began - run.faults[0].began;
    EXPECT_GE(wait, sim::Seconds(5));
    EXPECT_LE(wait, sim::Seconds(9));
    waits.insert(wait.nanos());
    EXPECT_EQ(run.faults[2].began - run.faults[1].began, sim::Seconds(2));
  }
  EXPECT_EQ(waits.size(), 5u);
}

TEST(Drill, AllOfThemFitSomeArchitectureAndSayWhereNot) {
  std::vector<ResolvedScenario> architectures;
  for (const std::string& name : ListScenarios(".")) {
    if (!name.starts_with("dr/")) continue;
    const auto loaded = LoadScenario(name, ".");
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    architectures.insert(architectures.end(), loaded->variants.begin(), loaded->variants.end());
  }
  EXPECT_GE(architectures.size(), 12u);
  EXPECT_GE(ListDrills(".").size(), 15u);
  for (const std::string& name : ListDrills(".")) {
    const auto drill = LoadDrill(name, ".");
    ASSERT_TRUE(drill.ok()) << drill.status();
    int fits = 0;
    for (const ResolvedScenario& architecture : architectures) {
      const auto laid = LayOver(architecture, *drill);
      fits += laid.ok() ? 1 : 0;
      if (laid.ok()) continue;
      EXPECT_EQ(laid.status().code(), absl::StatusCode::kFailedPrecondition) << laid.status();
    }
    EXPECT_GT(fits, 0) << name;
  }
}

TEST(Drill, FilesAreCheckedAndNamesAreSuggested) {
  EXPECT_THAT(std::string(LoadDrill("dc_los", ".").status().message()), HasSubstr("did you mean 'dc_loss'?"));
  const std::string path = (std::filesystem::path(testing::TempDir()) / "my_drill.textproto").string();
  const auto says = [&](const std::string& text) {
    std::ofstream(path) << text;
    return std::string(LoadDrill(path, ".").status().message());
  };
  EXPECT_THAT(says("name: \"other\""), HasSubstr("the name is 'other', but the file is called my_drill.textproto"));
  EXPECT_THAT(says("name: \"my_drill\""), HasSubstr("a drill needs a fault"));
  EXPECT_THAT(says("name: \"my_drill\" fault { id: \"a\" }"), HasSubstr("a drill needs audit_at"));
  EXPECT_THAT(says("name: \"my_drill\"\nfalt { }"), HasSubstr(path + ":2:"));
}

TEST(Sites, WhatIsPlacedIsInOneOfThem) {
  EXPECT_TRUE(Architecture().ok()) << Architecture().status();
  EXPECT_THAT(Refused("datacenter { name: \"z\" role: \"primary\" }"),
              HasSubstr("two datacenters have the role 'primary'"));
  const auto placed = [](const std::string& where) {
    std::string text = Text("");
    text.replace(text.find("datacenter: \"x\" }\n  }"), 15, where);
    return std::string(ParseScenario(text, "mine.textproto").status().message());
  };
  EXPECT_EQ(placed("datacenter: \"y\""), "");
  EXPECT_THAT(placed("datacenter: \"yy\""), HasSubstr("p is in datacenter 'yy'; there are: x, y"));
  EXPECT_THAT(placed(""), HasSubstr("p is in datacenter 'dc1'; there are: x, y"));
}

TEST(ConfigFiles, StandBeforeTheScenariosOwnLines) {
  const std::filesystem::path folder = testing::TempDir();
  std::ofstream(folder / "server.properties") << "# ours\n\nmin.insync.replicas = 2\nlisteners=PLAINTEXT://:9092\n";
  std::string text = Text("");
  text.replace(text.find("controller_datacenter"), 0,
               "config_file: \"server.properties\" config: \"num.partitions=3\"\n");
  const std::string path = (folder / "mine.textproto").string();
  const auto loaded = ParseScenario(text, path);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto& kafka = loaded->variants.front().setup.kafka();
  EXPECT_EQ(kafka.config_file_size(), 0);
  EXPECT_THAT(kafka.config(),
              testing::ElementsAre("min.insync.replicas=2", "listeners=PLAINTEXT://:9092", "num.partitions=3"));
  EXPECT_THAT(loaded->variants.front().world->ignored_settings(), testing::Contains(HasSubstr("listeners")));
  std::filesystem::remove(folder / "server.properties");
  EXPECT_THAT(std::string(ParseScenario(text, path).status().message()),
              testing::AllOf(HasSubstr("mine.textproto:10:"), HasSubstr("server.properties")));
}

TEST(Topologies, AreLaidUnderAScenario) {
  for (const std::string& name : ListTopologies(".")) {
    const auto topology = LoadTopology(name, ".", "");
    ASSERT_TRUE(topology.ok()) << topology.status();
    EXPECT_EQ(topology->name(), name);
    EXPECT_GE(topology->datacenter_size(), 2) << name;
  }
  const auto loaded = LoadScenario("dr/kafka_3dc", ".");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto& near = loaded->variants[0].setup;
  const auto& far = loaded->variants[1].setup;
  EXPECT_TRUE(near.topology().empty());
  EXPECT_EQ(near.datacenter_size(), 4);
  EXPECT_EQ(near.network().link(0).latency().log_normal().median(), "900us");
  EXPECT_EQ(far.network().link(0).latency().log_normal().median(), "35ms");
}

TEST(Topologies, AnUnknownOneIsNamedWithItsPlace) {
  const auto loaded = ParseScenario(
      "name: \"mine\"\nsetup {\n  topology: \"3dc_nea\"\n  audit_at: \"1s\"\n}\n"
      "variant { name: \"only\" }\n",
      "mine.textproto");
  EXPECT_THAT(std::string(loaded.status().message()),
              HasSubstr("mine.textproto:3:3: there is no topology '3dc_nea' (did you mean '3dc_near'?)"));
}

TEST(Racks, ReplicasAreTakenFromThemInTurn) {
  const auto loaded = LoadScenario("dr/kafka_2dc", ".");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  Scenario scenario;
  scenario.set_name("two");
  *scenario.mutable_setup() = loaded->variants.front().setup;
  scenario.mutable_setup()->mutable_kafka()->mutable_topic(0)->set_replication_factor(2);
  scenario.add_variant()->set_name("only");
  std::string text;
  google::protobuf::TextFormat::PrintToString(scenario, &text);
  const auto two = ParseScenario(text, "two.textproto");
  ASSERT_TRUE(two.ok()) << two.status();
  BegunRun run(two->variants.front(), 1, sim::RecordingLevel::kHash, "");
  run.RunTo(sim::Time() + sim::Seconds(5));
  // Whichever the partition, it is at both sites.
  for (const char* log : {"isr(orders-0)", "isr(orders-1)"}) {
    std::set<std::string> sites;
    for (size_t i = 0; i < two->variants.front().world->nodes(); ++i) {
      const sim::Process* process = run.simulation().process(sim::NodeId{static_cast<uint32_t>(i)});
      if (process != nullptr && process->HoldsRole(log)) sites.insert(two->variants.front().world->node(i).datacenter);
    }
    EXPECT_EQ(sites, (std::set<std::string>{"a", "b"})) << log;
  }
}

}  // namespace
}  // namespace brokersim::scenarios
