// Bundles: small, the same run again, and no file that breaks anything.
#include "runner/bundle.h"

#include <algorithm>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/random/stream.h"

namespace brokersim::runner {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

scenarios::ResolvedScenario Load(const std::string& name, const std::string& variant) {
  absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario(name, ".");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return *loaded->Variant(variant);
}

// The bytes of the bundle of a run.
std::string Bytes(const scenarios::ResolvedScenario& scenario, uint64_t seed) {
  absl::StatusOr<std::string> bytes = BundleBytes(scenario, RunAndCheck(scenario, seed, sim::RecordingLevel::kTrace));
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return *bytes;
}

formats::Bundle Parsed(const std::string& bytes) {
  absl::StatusOr<formats::Bundle> bundle = ParseBundle(bytes);
  EXPECT_TRUE(bundle.ok()) << bundle.status();
  return *bundle;
}

Replayed Again(const formats::Bundle& bundle) {
  absl::StatusOr<Replayed> replayed = ReplayBundle(bundle);
  EXPECT_TRUE(replayed.ok()) << replayed.status();
  return *replayed;
}

// Every variant that fails, of every scenario.
TEST(Bundle, IsSmallAndGivesTheSameRun) {
  int bundles = 0;
  size_t largest = 0;
  for (const std::string& name : scenarios::ListScenarios(".")) {
    const absl::StatusOr<scenarios::LoadedScenario> loaded = scenarios::LoadScenario(name, ".");
    for (const scenarios::ResolvedScenario& scenario : loaded->variants) {
      uint64_t seed = 1;
      Outcome outcome;
      do outcome = RunAndCheck(scenario, seed, sim::RecordingLevel::kTrace);
      while (!IsFailure(ExitCodeOf(outcome)) && !scenario.expect.anomaly().empty() && ++seed < 200);
      if (!IsFailure(ExitCodeOf(outcome))) continue;
      SCOPED_TRACE(name + " " + scenario.variant);
      const absl::StatusOr<std::string> bytes = BundleBytes(scenario, outcome);
      ASSERT_TRUE(bytes.ok()) << bytes.status();
      EXPECT_LE(bytes->size(), kMostBundleBytes);
      largest = std::max(largest, bytes->size());
      const formats::Bundle bundle = Parsed(*bytes);
      const Replayed replayed = Again(bundle);
      EXPECT_TRUE(replayed.same);
      EXPECT_EQ(replayed.outcome.run.trace, outcome.run.trace);
      EXPECT_EQ(replayed.outcome.verdict.SerializeAsString(), outcome.verdict.SerializeAsString());
      EXPECT_EQ(ExitCodeOf(bundle, replayed), ExitCodeOf(outcome));
      EXPECT_GT(bundle.cone_size() + (outcome.verdict.anomalies().empty() ? 1 : 0), 0);
      ++bundles;
    }
  }
  EXPECT_GT(bundles, 15);
  RecordProperty("largest", static_cast<int>(largest));
}

TEST(Bundle, HasTheStoryAndTheCounts) {
  const formats::Bundle bundle = Parsed(Bytes(Load("kafka/unclean_leader_election", "buggy"), 1));
  EXPECT_EQ(bundle.scenario(), "kafka/unclean_leader_election");
  EXPECT_EQ(bundle.hash(), 0xbb56c190ce7aed9c);
  const auto lost = std::find_if(bundle.counts().begin(), bundle.counts().end(),
                                 [](const auto& count) { return count.type() == "lost-write"; });
  ASSERT_NE(lost, bundle.counts().end());
  EXPECT_EQ(lost->count(), 77u);
  EXPECT_FALSE(bundle.verdict().anomalies(0).story().empty());
}

TEST(Bundle, OfTheSameCodeThatDiffersIsNondeterminism) {
  formats::Bundle bundle = Parsed(Bytes(Load("kafka/acks_one", "buggy"), 2));
  EXPECT_THAT(bundle.build(), testing::MatchesRegex("[0-9.]+[+][0-9a-f]{12}"));
  bundle.set_hash(bundle.hash() + 1);
  const Replayed replayed = Again(bundle);
  EXPECT_FALSE(replayed.same);
  EXPECT_EQ(ExitCodeOf(bundle, replayed), kNondeterminism);
  EXPECT_THAT(replayed.differences, ElementsAre(HasSubstr("; the same on the wire; the same effects")));
  bundle.set_build("0.0.9");
  EXPECT_EQ(ExitCodeOf(bundle, replayed), kViolation);
}

// As if the code had changed since: what it knows not is left out and listed, the rest is done again by name.
TEST(Bundle, OnOtherCodeIsReplayedAsFarAsItFits) {
  formats::Bundle bundle = Parsed(Bytes(Load("kafka/acks_one", "buggy"), 2));
  bundle.set_build("0.0.9");
  for (std::string* text : {bundle.mutable_scenario_text(), bundle.mutable_schedule_text()}) {
    const size_t kafka = text->find("kafka {");
    ASSERT_NE(kafka, std::string::npos);
    text->insert(kafka + 7, "\n config: \"min.insync.replica=1\"\n config: \"acks.per.rack=2\"\n racks: 3\n");
    text->insert(text->find("setup {") + 7, "\n fault { id: 'later' at: '5s' vanish { node: 'b1' } }\n");
  }
  const Replayed replayed = Again(bundle);
  EXPECT_FALSE(replayed.same);
  EXPECT_THAT(replayed.unfit, Contains(HasSubstr("has no field named \"racks\"")));
  EXPECT_THAT(replayed.unfit, Contains(HasSubstr("has no field named \"vanish\"")));
  EXPECT_THAT(replayed.unfit,
              Contains(StartsWith("setting min.insync.replica=1 of the brokers: no broker setting is ")));
  EXPECT_THAT(replayed.unfit, Contains(StartsWith("setting acks.per.rack=2 of the brokers: ")));
  EXPECT_THAT(replayed.unfit, Contains(StartsWith("fault later: ")));
  EXPECT_EQ(replayed.unfit.size(), 5u);
  EXPECT_EQ(ExitCodeOf(bundle, replayed), kViolation);
}

TEST(Bundle, TellsWhatChoicesMeanNow) {
  formats::Bundle bundle = Parsed(Bytes(Load("kafka/acks_one", "buggy"), 2));
  bundle.set_build("0.0.9");
  bundle.set_hash(0);
  for (formats::BundledFault& fault : *bundle.mutable_faults()) {
    if (fault.kind() == "crash") fault.mutable_meant(0)->set_node(0, "b9");
  }
  *bundle.add_faults() = bundle.faults(0);
  bundle.mutable_faults(2)->set_id("gone");
  bundle.mutable_cone(0)->set_text("something else");
  bundle.mutable_counts(0)->set_type("duplicate");
  const Replayed replayed = Again(bundle);
  EXPECT_THAT(replayed.unfit, Contains("fault leader-crash (crash) meant b9, and means b3 now"));
  EXPECT_THAT(replayed.unfit, Contains("fault gone (delay) isn't there any more"));
  EXPECT_THAT(replayed.differences, Contains(HasSubstr("the first event of what led there that is gone: event ")));
  EXPECT_THAT(replayed.differences, Contains("duplicate is not shown any more"));
}

// A swarm that draws otherwise than it did: the schedule says what was drawn then.
TEST(Bundle, DoesNotNeedTheDrawsOfASwarm) {
  const scenarios::ResolvedScenario swarm = Load("kafka/swarm", "buggy");
  formats::Bundle bundle = Parsed(Bytes(swarm, 34));
  std::string* text = bundle.mutable_scenario_text();
  const size_t at = text->find("swarm {");
  ASSERT_NE(at, std::string::npos);
  text->insert(at + 7, " without: \"crash\" without: \"restart\" without: \"data_cut\"");
  const Replayed replayed = Again(bundle);
  EXPECT_TRUE(replayed.same);
  EXPECT_THAT(replayed.unfit, IsEmpty());
}

// ---- Bad input

class Damage : public testing::Test {
 protected:
  Damage() : bytes_(Bytes(Load("kafka/acks_one", "buggy"), 2)) {}

  // Whatever it is, it is told in one line, or it is a bundle.
  static void Try(const std::string& bytes) {
    const absl::StatusOr<formats::Bundle> bundle = ParseBundle(bytes);
    if (bundle.ok()) return;
    EXPECT_EQ(bundle.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_FALSE(bundle.status().message().empty());
  }

  std::string bytes_;
};

TEST_F(Damage, CutOffAnywhere) {
  EXPECT_THAT(std::string(ParseBundle("").status().message()), StartsWith("this is no bundle; "));
  for (size_t size = 1; size < bytes_.size(); ++size) {
    const absl::Status status = ParseBundle(bytes_.substr(0, size)).status();
    ASSERT_THAT(std::string(status.message()), StartsWith("the bundle is cut off")) << size;
  }
}

TEST_F(Damage, AnyBitFlipped) {
  for (size_t bit = 0; bit < bytes_.size() * 8; bit += bit < 2000 ? 1 : 61) {
    std::string damaged = bytes_;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    Try(damaged);
  }
}

TEST_F(Damage, ForeignFilesAndNewerOnes) {
  EXPECT_THAT(std::string(ParseBundle("name: \"swarm\"").status().message()), StartsWith("this is no bundle; "));
  EXPECT_THAT(std::string(ParseBundle("brokersim bundle x\n").status().message()), StartsWith("this is no bundle; "));
  std::string newer = bytes_;
  newer.replace(newer.find('1'), 1, "7");
  EXPECT_EQ(ParseBundle(newer).status().message(),
            "the bundle has format 7, newer than this brokersim's 1; use a newer brokersim");
}

// What a valid file may hold: the texts in it are whatever somebody wrote.
TEST_F(Damage, TextsThatAreWrong) {
  sim::Stream draws(1, "bundle-fuzz");
  const formats::Bundle good = Parsed(bytes_);
  int ran = 0;
  for (int i = 0; i < 300; ++i) {
    formats::Bundle bundle = good;
    bundle.clear_scenario_text();
    std::string* text = bundle.mutable_schedule_text();
    for (uint64_t edits = 1 + draws.Below(4); edits > 0; --edits) {
      const uint64_t at = draws.Below(text->size());
      const uint64_t length = std::min<uint64_t>(draws.Below(12), text->size() - at);
      const uint64_t from = draws.Below(text->size() - length);
      const uint64_t what = draws.Below(3);
      if (what == 0) text->erase(at, length);
      if (what == 1) text->insert(at, text->substr(from, length));
      if (what == 2) (*text)[at] = static_cast<char>(draws.Below(256));
    }
    const absl::StatusOr<Replayed> replayed = ReplayBundle(bundle);
    ran += replayed.ok() ? 1 : 0;
    if (!replayed.ok()) {
      EXPECT_EQ(replayed.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(replayed.status().message()), StartsWith("the scenario in the bundle can't be "));
    }
  }
  EXPECT_GT(ran, 0);
}

TEST_F(Damage, FieldsThatMakeNoSense) {
  formats::Bundle bundle = Parsed(bytes_);
  bundle.set_hash(1);
  for (formats::BundledEvent& event : *bundle.mutable_cone()) {
    event.set_node(4'000'000'000);
    event.set_kind(4'000'000'000);
  }
  bundle.mutable_faults(0)->clear_meant();
  bundle.clear_nodes();
  bundle.set_scenario("../../etc/passwd");
  EXPECT_FALSE(ReplayBundle(bundle).ok() && ReplayBundle(bundle)->same);
}

}  // namespace
}  // namespace brokersim::runner
