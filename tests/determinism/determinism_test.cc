// Determinism of whole scenarios: pinned hashes, recording levels, two processes with different surroundings, and a
// planted leak that must be found.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "formats/history.pb.h"
#include "runner/determinism.h"
#include "runner/outcome.h"
#include "scenarios/loader.h"
#include "scenarios/run.h"
#include "tests/determinism/hash_sweep.h"

namespace brokersim {
namespace {

using scenarios::LoadScenario;
using scenarios::ResolvedScenario;
using sim::RecordingLevel;

// Bazel runs tests from the root of the runfiles, which is laid out as the project.
const std::string kHome = ".";

std::map<std::string, std::string> PinnedHashes() {
  std::map<std::string, std::string> pinned;
  std::ifstream in("tests/determinism/pinned_hashes.txt");
  std::string name, variant, seed, hashes;
  while (in >> name >> variant >> seed && std::getline(in, hashes)) {
    pinned[name + " " + variant + " " + seed] = hashes;
  }
  return pinned;
}

// A change of a hash is a change of behaviour: name it in CHANGELOG.md, then write the file anew with
//   BROKERSIM_HOME=$PWD bazel-bin/tests/determinism/print_hashes > tests/determinism/pinned_hashes.txt
TEST(PinnedHashes, AreWhatTheyWere) {
  const std::map<std::string, std::string> pinned = PinnedHashes();
  size_t compared = 0;
  for (const std::string& name : AllScenarios(kHome)) {
    const auto loaded = LoadScenario(name, kHome);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    for (const ResolvedScenario& variant : loaded->variants) {
      for (uint64_t seed = 1; seed <= 5; ++seed) {
        const std::string key = variant.name + " " + variant.variant + " " + std::to_string(seed);
        const auto result = scenarios::RunScenario(variant, seed, RecordingLevel::kHash, "");
        ASSERT_TRUE(pinned.contains(key)) << key << " isn't in pinned_hashes.txt";
        const sim::RunHashes& hashes = result.hashes;
        std::string text;
        for (const uint64_t hash : {hashes.all, hashes.wire, hashes.state}) text += " " + runner::HashText(hash);
        EXPECT_EQ(pinned.at(key), text) << key << ": all, wire, state";
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, pinned.size()) << "pinned_hashes.txt has lines for scenarios that are gone";
}

TEST(RecordingLevel, NeverChangesTheRun) {
  for (const std::string& name : AllScenarios(kHome)) {
    const auto loaded = LoadScenario(name, kHome);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    const ResolvedScenario& variant = loaded->variants.front();
    const auto hash = scenarios::RunScenario(variant, 7, RecordingLevel::kHash, "");
    const auto history = scenarios::RunScenario(variant, 7, RecordingLevel::kHistory, "");
    const auto trace = scenarios::RunScenario(variant, 7, RecordingLevel::kTrace, "");
    EXPECT_EQ(hash.hash, history.hash) << name;
    EXPECT_EQ(hash.hash, trace.hash) << name;
    EXPECT_EQ(history.history.SerializeAsString(), trace.history.SerializeAsString()) << name;
  }
}

TEST(Seeds, DifferFromEachOther) {
  const auto loaded = LoadScenario("kafka/calm", kHome);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto one = scenarios::RunScenario(loaded->variants.front(), 1, RecordingLevel::kHash, "");
  const auto two = scenarios::RunScenario(loaded->variants.front(), 2, RecordingLevel::kHash, "");
  EXPECT_NE(one.hash, two.hash);
}

TEST(RunTwice, FindsTheSameBytes) {
  const auto report =
      runner::RunTwice({"cli/brokersim", "run", "scenarios/kafka/calm.textproto", "--seed=3", "--json"});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->equal) << report->text;
}

// leaky.cc sends what it reads from its environment, which differs between the two processes.
TEST(RunTwice, FindsAPlantedLeakAndItsFirstEvent) {
  const auto report = runner::RunTwice({"tests/determinism/leaky"});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->equal);
  EXPECT_NE(report->text.find("Leak"), std::string::npos) << report->text;
  EXPECT_NE(report->text.find("send"), std::string::npos) << report->text;
  EXPECT_NE(report->text.find("\n  a: 20000000 ns"), std::string::npos) << report->text;
  EXPECT_NE(report->text.find("\n  b: 20000000 ns"), std::string::npos) << report->text;
  EXPECT_NE(report->text.find("{number=7919}"), std::string::npos) << report->text;
}

// Each difference that isn't in an event, planted into what one and the same run left.
TEST(Compare, NamesWhateverElseDiffers) {
  const auto left = runner::RunIn(runner::Surroundings::kPlain,
                                  {"cli/brokersim", "run", "scenarios/kafka/calm.textproto", "--seed=3", "--json"});
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_EQ(left->files.size(), 7);
  const auto text = [&left](const auto& change) {
    runner::Left other = *left;
    change(other);
    const auto report = runner::Compare(*left, other);
    EXPECT_TRUE(report.ok() && !report->equal);
    return report->text;
  };
  using runner::Left;
  EXPECT_EQ(text([](Left& other) { other.exit_code = 1; }), "the events agree, but not the exit codes: 0 and 1\n");
  EXPECT_EQ(text([](Left& other) { other.files.erase("verdict.pb"); }), "only a left verdict.pb\n");
  EXPECT_EQ(text([](Left& other) { other.files["more"] = ""; }), "only b left more\n");
  const std::string printed = std::to_string(left->printed.size());
  EXPECT_EQ(text([](Left& other) { other.printed[5] ^= 1; }),
            "the events agree; what was printed differs from byte 5 on (" + printed + " and " + printed + " bytes)\n");
  const std::string operation = text([](Left& other) {
    formats::History history;
    EXPECT_TRUE(history.ParseFromString(other.files.at("history.pb")));
    history.mutable_operations(4)->set_error("another");
    other.files["history.pb"] = history.SerializeAsString();
  });
  EXPECT_NE(operation.find("at operation 4\n  a: "), std::string::npos) << operation;
  EXPECT_NE(operation.find("error: \"another\""), std::string::npos) << operation;
}

TEST(RunTwice, SaysWhatCantBeRun) {
  const auto report = runner::RunTwice({"tests/determinism/no-such-program"});
  EXPECT_FALSE(report.ok());
}

}  // namespace
}  // namespace brokersim
