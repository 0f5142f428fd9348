// How scenarios are read: names, variants laid over the setup, defaults.
#include "scenarios/loader.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "formats/trace_codec.h"
#include "gtest/gtest.h"

namespace brokersim::scenarios {
namespace {

Setup ParseSetup(const std::string& text) {
  Setup setup;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &setup)) << text;
  return setup;
}

void ExpectOverlay(const std::string& base, const std::string& over, const std::string& wanted) {
  Setup setup = ParseSetup(base);
  Overlay(ParseSetup(over), &setup);
  EXPECT_EQ(setup.DebugString(), ParseSetup(wanted).DebugString());
}

LoadedScenario Parse(const std::string& setup, const std::string& variants) {
  auto loaded = ParseScenario("name: \"x\" setup { kafka { topic { name: \"t\" } } " + setup + " } " + variants,
                              "family/x.textproto");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return *std::move(loaded);
}

TEST(Overlay, SingleValuesReplace) {
  ExpectOverlay("audit_at: '60s' heal_at: '50s'", "audit_at: '70s'", "audit_at: '70s' heal_at: '50s'");
  ExpectOverlay("kafka { brokers: 3 service_time: '1ms' }", "kafka { brokers: 5 }",
                "kafka { brokers: 5 service_time: '1ms' }");
}

TEST(Overlay, NothingChangesNothing) {
  const std::string all = "audit_at: '60s' check: 'a' fault { id: 'f' at: '1s' }";
  ExpectOverlay(all, "", all);
  ExpectOverlay("", all, all);
}

TEST(Overlay, ElementsOfTheSameNameAreLaidOver) {
  ExpectOverlay("kafka { producer { name: 'p1' topic: 't' records: 5 } producer { name: 'p2' topic: 't' } }",
                "kafka { producer { name: 'p1' records: 9 } }",
                "kafka { producer { name: 'p1' topic: 't' records: 9 } producer { name: 'p2' topic: 't' } }");
  ExpectOverlay("fault { id: 'f' at: '1s' crash { node: 'b1' } }", "fault { id: 'f' at: '2s' }",
                "fault { id: 'f' at: '2s' crash { node: 'b1' } }");
}

TEST(Overlay, OtherElementsAreAdded) {
  ExpectOverlay("fault { id: 'f' }", "fault { id: 'g' }", "fault { id: 'f' } fault { id: 'g' }");
  ExpectOverlay("check: 'a' kafka { config: 'x=1' }", "check: 'b' kafka { config: 'x=2' }",
                "check: 'a' check: 'b' kafka { config: 'x=1' config: 'x=2' }");
}

TEST(Overlay, AnotherActionTakesTheFormersPlace) {
  ExpectOverlay("fault { id: 'f' crash { node: 'b1' } }", "fault { id: 'f' stop { node: 'b2' } }",
                "fault { id: 'f' stop { node: 'b2' } }");
  ExpectOverlay("kafka { sync_latency { constant: '1ms' } }",
                "kafka { sync_latency { uniform { low: '0s' high: '1s' } } }",
                "kafka { sync_latency { uniform { low: '0s' high: '1s' } } }");
}

TEST(Loader, AVariantSwitchesAFaultOff) {
  const LoadedScenario loaded = Parse(
      "audit_at: '40s' fault { id: 'f' at: '1s' crash { node: 'b1' } }",
      "variant { name: 'on' } variant { name: 'off' setup { fault { id: 'f' off: true } } }");
  const auto reports = [&](const char* name) {
    return loaded.Variant(name)->world->Simulate(1, sim::RecordingLevel::kHistory).fault_reports().size();
  };
  EXPECT_EQ(reports("on"), 1u);
  EXPECT_EQ(reports("off"), 0u);
}

TEST(Loader, NamesAndVariants) {
  const LoadedScenario loaded = Parse("audit_at: '40s'", "variant { name: 'b' } variant { name: 'a' }");
  EXPECT_EQ(loaded.name, "family/x");
  EXPECT_EQ(loaded.family, "family");
  ASSERT_EQ(loaded.variants.size(), 2u);
  EXPECT_EQ(loaded.variants[0].variant, "b") << "in the file's order";
  EXPECT_EQ(loaded.Variant("a")->variant, "a");
  EXPECT_EQ(loaded.Variant("c").status().message(), "family/x has no variant 'c'; it has: b, a");
}

TEST(Loader, SeedsDependOnWhatIsExpected) {
  const LoadedScenario loaded = Parse("audit_at: '40s'",
                                      "variant { name: 'v' } variant { name: 'i' expect { anomaly: 'duplicate' } } "
                                      "variant { name: 's' expect { seeds: 7 } }");
  EXPECT_EQ(loaded.Variant("v")->expect.seeds(), 1000);
  EXPECT_EQ(loaded.Variant("i")->expect.seeds(), 200);
  EXPECT_EQ(loaded.Variant("s")->expect.seeds(), 7);
}

// audit_at, the patience of 60 s by default, and 30 s for what is under way then.
TEST(Loader, TheTimeLimitLeavesTheAuditItsPatience) {
  const auto limit = [](const std::string& setup) {
    return Parse(setup, "variant { name: 'v' }").variants[0].world->time_limit();
  };
  EXPECT_EQ(limit("audit_at: '40s'"), sim::Time() + sim::Seconds(130));
  EXPECT_EQ(limit("audit_at: '40s' audit_patience: '5s'"), sim::Time() + sim::Seconds(75));
}

// A fault without an end lasts until then: a crashed broker is back 10 s before the audit.
TEST(Loader, HealsTenSecondsBeforeTheAudit) {
  const auto heals = [](const std::string& more) {
    const LoadedScenario loaded =
        Parse("audit_at: '40s' fault { id: 'f' at: '1s' crash { node: 'b1' } } " + more, "variant { name: 'v' }");
    sim::Simulation simulation = loaded.variants[0].world->Simulate(1, sim::RecordingLevel::kTrace);
    simulation.Begin({});
    simulation.Run(loaded.variants[0].world->time_limit());
    simulation.Finish();
    const auto trace = formats::DecodeTrace(simulation.recorder().TakeTrace());
    for (const formats::TraceEvent& event : trace->events) {
      if (event.kind == formats::EventKind::kFaultOff) return event.time_ns;
    }
    return int64_t{-1};
  };
  EXPECT_EQ(heals(""), 30'000'000'000);
  EXPECT_EQ(heals("heal_at: '12s'"), 12'000'000'000);
}

TEST(Loader, IgnoredSettingsAreListedOnceAndSorted) {
  const LoadedScenario loaded = Parse(
      "audit_at: '40s'",
      "variant { name: 'v' setup { kafka { config: 'log.dirs=/a' config: 'broker.rack=r' config: 'log.dirs=/b' } } }");
  EXPECT_EQ(loaded.variants[0].world->ignored_settings(), (std::vector<std::string>{"broker.rack", "log.dirs"}));
}

TEST(Loader, EveryScenarioOfTheProjectLoads) {
  const std::vector<std::string> names = ListScenarios(".");
  EXPECT_GE(names.size(), 9u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const std::string& name : names) {
    const auto loaded = LoadScenario(name, ".");
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(loaded->name, name);
    EXPECT_EQ(loaded->variants[0].reference, name);
    EXPECT_FALSE(loaded->scenario.title().empty()) << name;
    EXPECT_FALSE(loaded->scenario.text().empty()) << name;
    const auto by_path = LoadScenario("scenarios/" + name + ".textproto", ".");
    ASSERT_TRUE(by_path.ok()) << by_path.status();
    EXPECT_EQ(by_path->variants[0].reference, name);
  }
}

TEST(Text, MustBeUtf8) {
  const auto loaded = ParseScenario("name: \"x\" title: \"caf\xe9\"", "x.textproto");
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(std::string(loaded.status().message()).find("UTF-8"), std::string::npos) << loaded.status();
  // The same letter as it should be written gets past this, to what else is missing.
  const auto good = ParseScenario("name: \"x\" title: \"caf\xc3\xa9\"", "x.textproto");
  ASSERT_FALSE(good.ok());
  EXPECT_EQ(std::string(good.status().message()).find("UTF-8"), std::string::npos) << good.status();
}

}  // namespace
}  // namespace brokersim::scenarios
