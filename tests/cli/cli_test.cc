// What the commands print, write and return when they are used as meant.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/history.pb.h"
#include "formats/trace_codec.h"
#include "formats/verdict.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kUnclean = "kafka/unclean_leader_election";
constexpr const char* kOutputs[] = {"diagram.svg", "history.json", "history.pb",  "trace.jsonl",
                                    "trace.pb",    "verdict.json", "verdict.pb"};

std::vector<std::string> Keys(const json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

bool HasLineBeginning(const std::string& text, const std::string& beginning) {
  const std::vector<std::string> lines = Lines(text);
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.starts_with(beginning); });
}

TEST(Run, BuggyTellsTheStoryAndExitsWithOne) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"run", kUnclean, "--variant=buggy", "--seed=3", "--out=o"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(HasLineBeginning(result.out, "scenario  kafka/unclean_leader_election (buggy)"));
  EXPECT_TRUE(HasLineBeginning(result.out, "seed      3"));
  EXPECT_TRUE(HasLineBeginning(result.out, "run hash  "));
  EXPECT_TRUE(HasLineBeginning(result.out, "verdict   invalid"));
  EXPECT_TRUE(HasLineBeginning(result.out, "lost-write (LW), "));
  for (const char* name : kOutputs) {
    EXPECT_TRUE(HasLineBeginning(result.out, std::string("wrote     o/") + name)) << name;
  }
  EXPECT_EQ(Lines(result.out).back(),
            "reproduce: ./brokersim run kafka/unclean_leader_election --variant=buggy --seed=3");
}

TEST(Run, FixedExitsWithZero) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"run", kUnclean, "--variant=fixed"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(HasLineBeginning(result.out, "verdict   valid"));
  EXPECT_TRUE(HasLineBeginning(result.out, "seed      1"));
  EXPECT_EQ(sandbox.Files().size(), std::size(kOutputs));
}

TEST(Run, TheFirstVariantIsTheDefault) {
  Sandbox sandbox;
  const Result named = sandbox.Run({"run", kUnclean, "--variant=buggy", "--seed=1", "--json"});
  EXPECT_EQ(sandbox.Run({"run", kUnclean, "--json"}).out, named.out);
}

TEST(Run, WritesEveryFileInItsFormat) {
  Sandbox sandbox;
  ASSERT_EQ(sandbox.Run({"run", kUnclean, "--out=a/b"}).exit_code, 1);
  std::vector<std::string> wanted;
  for (const char* name : kOutputs) wanted.push_back(std::string("a/b/") + name);
  EXPECT_EQ(sandbox.Files(), wanted);

  formats::History history;
  ASSERT_TRUE(history.ParseFromString(sandbox.Read("a/b/history.pb")));
  EXPECT_FALSE(json::parse(sandbox.Read("a/b/history.json")).empty());

  formats::Verdict verdict;
  ASSERT_TRUE(verdict.ParseFromString(sandbox.Read("a/b/verdict.pb")));
  EXPECT_EQ(verdict.result(), formats::Verdict::INVALID);
  const json verdict_json = json::parse(sandbox.Read("a/b/verdict.json"));
  EXPECT_EQ(verdict_json["result"], "INVALID");
  EXPECT_EQ(verdict_json["anomalies"].size(), static_cast<size_t>(verdict.anomalies_size()));

  const auto trace = formats::DecodeTrace(sandbox.Read("a/b/trace.pb"));
  ASSERT_TRUE(trace.ok()) << trace.status();
  const std::vector<std::string> lines = Lines(sandbox.Read("a/b/trace.jsonl"));
  ASSERT_EQ(lines.size(), trace->events.size());
  for (const std::string& line : lines) {
    const json event = json::parse(line);
    for (const char* key : {"id", "time_ns", "node", "kind"}) ASSERT_TRUE(event.contains(key)) << line;
  }
  const std::string svg = sandbox.Read("a/b/diagram.svg");
  const size_t first_element = svg.find_first_of("abcdefghijklmnopqrstuvwxyz", svg.find("-->"));
  ASSERT_NE(first_element, std::string::npos);
  EXPECT_EQ(svg.substr(first_element - 1, 5), "<svg ") << "behind Graphviz's prologue";
  EXPECT_THAT(svg, HasSubstr("</svg>"));
}

TEST(Run, JsonIsOneObject) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"run", kUnclean, "--variant=buggy", "--seed=2", "--json"});
  EXPECT_EQ(result.exit_code, 1);
  ASSERT_EQ(Lines(result.out).size(), 1u);
  const json run = json::parse(result.out);
  EXPECT_EQ(run["scenario"], kUnclean);
  EXPECT_EQ(run["variant"], "buggy");
  EXPECT_EQ(run["seed"], 2);
  EXPECT_EQ(run["hash"].get<std::string>().size(), 16u);
  EXPECT_EQ(run["verdict"], "invalid");
  EXPECT_GT(run["events"].get<int64_t>(), 1000);
  EXPECT_GT(run["simulated_ns"].get<int64_t>(), 60'000'000'000);
  EXPECT_EQ(run["reproduce"],
            "./brokersim run kafka/unclean_leader_election --variant=buggy --seed=2");
  ASSERT_FALSE(run["anomalies"].empty());
  for (const json& anomaly : run["anomalies"]) {
    EXPECT_THAT(Keys(anomaly), ElementsAre("explanation", "operations", "type"));
    EXPECT_FALSE(anomaly["explanation"].get<std::string>().empty());
    EXPECT_FALSE(anomaly["operations"].empty());
  }
  EXPECT_TRUE(sandbox.Files().empty()) << "files only with --out";
}

TEST(Run, SeedsGiveALineEach) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"run", kUnclean, "--variant=fixed", "--seeds=1..5", "--json"});
  EXPECT_EQ(result.exit_code, 0);
  const std::vector<std::string> lines = Lines(result.out);
  ASSERT_EQ(lines.size(), 5u);
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(json::parse(lines[i])["seed"], i + 1);
    const std::string seed = "--seed=" + std::to_string(i + 1);
    const Result alone = sandbox.Run({"run", kUnclean, "--variant=fixed", seed, "--json"});
    EXPECT_EQ(Lines(alone.out).at(0), lines[i]) << "alone or among others, a seed is one run";
  }
  EXPECT_TRUE(sandbox.Files().empty());
}

TEST(Run, SeedsForPeopleEndWithTheFirstBadOne) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"run", kUnclean, "--variant=buggy", "--seeds=4..6"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("of 3 runs not valid"));
  EXPECT_THAT(Lines(result.out).back(), StartsWith("reproduce: ./brokersim run kafka/unclean"));
}

TEST(Run, TheLastSeedsThereAre) {
  Sandbox sandbox;
  const Result result = sandbox.Run(
      {"run", "kafka/calm", "--seeds=18446744073709551614..18446744073709551615", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(Lines(result.out).size(), 2u);
}

TEST(Run, ASeedGivesTheSameBytesAgain) {
  Sandbox sandbox;
  for (const char* scenario : {"kafka/calm", kUnclean, "kafka/commit_after_processing"}) {
    const Result first = sandbox.Run({"run", scenario, "--seed=9", "--out=x"});
    const std::string trace = sandbox.Read("x/trace.pb");
    const std::string svg = sandbox.Read("x/diagram.svg");
    const Result second = sandbox.Run({"run", scenario, "--seed=9", "--out=x"});
    EXPECT_EQ(first.out, second.out);
    EXPECT_EQ(first.exit_code, second.exit_code);
    EXPECT_EQ(trace, sandbox.Read("x/trace.pb"));
    EXPECT_EQ(svg, sandbox.Read("x/diagram.svg"));
    EXPECT_NE(sandbox.Run({"run", scenario, "--seed=10", "--out=x"}).out, first.out);
  }
}

// The command that is printed gives the same run, also for a file that lies elsewhere.
TEST(Run, TheReproduceLineReproduces) {
  Sandbox sandbox;
  sandbox.Write("my files/calm.textproto", ReadSource("scenarios/kafka/calm.textproto"));
  const Result given = sandbox.Run({"run", "my files/calm.textproto", "--seed=5", "--json"});
  ASSERT_EQ(given.exit_code, 0) << given.err;
  EXPECT_EQ(json::parse(given.out)["reproduce"],
            "./brokersim run 'my files/calm.textproto' --variant=safe --seed=5");
  const Result again = sandbox.Run(
      {"run", "my files/calm.textproto", "--variant=safe", "--seed=5", "--json"});
  EXPECT_EQ(given.out, again.out);
}

TEST(List, JsonGivesAnObjectAScenario) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"list", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  std::vector<std::string> names;
  for (const std::string& line : Lines(result.out)) {
    const json entry = json::parse(line);
    names.push_back(entry["name"]);
    EXPECT_EQ(names.back().substr(0, names.back().find('/')), entry["family"]);
    EXPECT_TRUE(entry["catalogue"].is_array());
    ASSERT_FALSE(entry["variants"].empty());
    for (const json& variant : entry["variants"]) {
      EXPECT_FALSE(variant["name"].get<std::string>().empty());
      EXPECT_FALSE(variant["expect"].empty());
    }
  }
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_THAT(names, testing::IsSupersetOf({"kafka/calm", kUnclean}));
}

TEST(List, TextNamesScenariosAndVariants) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"list"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(HasLineBeginning(result.out, kUnclean));
  EXPECT_TRUE(HasLineBeginning(result.out, "    buggy      lost-write"));
}

TEST(Describe, TellsTheTextTheVariantsAndHowToRunIt) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"describe", kUnclean});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("shrunk the ISR to itself"));
  EXPECT_TRUE(HasLineBeginning(result.out, "catalogue: K08"));
  EXPECT_TRUE(HasLineBeginning(result.out, "source: "));
  EXPECT_TRUE(HasLineBeginning(result.out, "  buggy      unclean.leader.election.enable=true"));
  EXPECT_EQ(Lines(result.out).back(),
            "run it: ./brokersim run kafka/unclean_leader_election --variant=buggy");
}

class Show : public testing::Test {
 protected:
  Show() { EXPECT_EQ(sandbox_.Run({"run", kUnclean, "--variant=buggy", "--out=o"}).exit_code, 1); }
  Result Run(std::vector<std::string> words) {
    words.insert(words.begin(), "show");
    return sandbox_.Run(words);
  }
  Sandbox sandbox_;
};

TEST_F(Show, FolderAndFileAreTheSame) {
  const Result folder = Run({"o"});
  EXPECT_EQ(folder.exit_code, 0) << folder.err;
  EXPECT_THAT(folder.out, StartsWith("kafka/unclean_leader_election (buggy)  seed 1"));
  EXPECT_EQ(Run({"o/trace.pb"}).out, folder.out);
  EXPECT_THAT(folder.out, Not(HasSubstr("\033["))) << "no colours into a file";
}

TEST_F(Show, StateOfANode) {
  const Result result = Run({"o", "--state=b1@500"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("b1 at event 500 "));
  EXPECT_THAT(result.out, HasSubstr("orders-0.log_end"));
  EXPECT_EQ(Run({"o", "--state=b1"}).exit_code, 64);
  EXPECT_EQ(Run({"o", "--state=b1@-1"}).exit_code, 64);
  EXPECT_EQ(Run({"o", "--state=b1@1x"}).exit_code, 64);
  EXPECT_THAT(Run({"o", "--state=b7@5"}).err, HasSubstr("its nodes are controller, b1, b2, b3"));
  EXPECT_THAT(Run({"o", "--state=b1@9999999"}).err, HasSubstr("it has events 1 to "));
}

TEST_F(Show, AroundAnEvent) {
  const Result result = Run({"o", "--around=500", "--radius=2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(HasLineBeginning(result.out, "500 "));
  EXPECT_FALSE(HasLineBeginning(result.out, "490 "));
  EXPECT_EQ(Run({"o", "--around=9999999"}).exit_code, 64);
  EXPECT_EQ(Run({"o", "--around=-3"}).exit_code, 64);
  EXPECT_EQ(Run({"o", "--radius=-3"}).exit_code, 64);
}

TEST_F(Show, TheConeLeadsToItsEvent) {
  const Result result = Run({"o", "--cone=500"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(HasLineBeginning(result.out, "500 "));
  EXPECT_FALSE(HasLineBeginning(result.out, "501 "));
}

TEST_F(Show, TheAnomalyBesideTheTrace) {
  const Result result = Run({"o", "--anomaly=1"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("promise made here"));
  EXPECT_EQ(Run({"o", "--anomaly=100000"}).exit_code, 64);
  EXPECT_EQ(Run({"o", "--anomaly=0"}).exit_code, 64);
}

TEST_F(Show, OnlySomeNodesAndTimes) {
  EXPECT_EQ(Run({"o", "--node=b1,b2", "--from=22s", "--to=23s"}).exit_code, 0);
  EXPECT_EQ(Run({"o", "--node=b9"}).exit_code, 64);
  EXPECT_EQ(Run({"o", "--from=later"}).exit_code, 64);
}

TEST(Version, IsOneLine) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, testing::MatchesRegex("brokersim [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Help, ExitsWithZero) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* word : {"run", "test", "list", "describe", "show", "draws", "verify-determinism", "130"}) {
    EXPECT_THAT(result.out, HasSubstr(word));
  }
}

TEST(Test, HoldsVariantsToTheirExpectation) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"test", "kafka/calm", "--seeds=3"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(Lines(result.out),
              ElementsAre("ok      kafka/calm safe                              valid in 3 of 3 seeds",
                          "ok      kafka/calm single                            valid in 3 of 3 seeds",
                          "2 variants as expected, 0 not"));
}

TEST(Test, AnExpectationThatIsNotMet) {
  Sandbox sandbox;
  sandbox.Write("calm.textproto",
                Replaced(ReadSource("scenarios/kafka/calm.textproto"),
                         "idempotence\"\n  expect { seeds: 1000 }",
                         "idempotence\"\n  expect { anomaly: \"lost-write\" seeds: 2 }"));
  const Result result = sandbox.Run({"test", "calm.textproto", "--seeds=2"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_TRUE(HasLineBeginning(result.out, "FAILED"));
  EXPECT_THAT(result.out, HasSubstr("lost-write was not seen in 2 seeds"));
  EXPECT_EQ(Lines(result.out).back(), "1 variants as expected, 1 not");
}

TEST(VerifyDeterminism, SaysSame) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"verify-determinism", "kafka/calm"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::vector<std::string> lines = Lines(result.out);
  ASSERT_EQ(lines.size(), 2u);
  for (const std::string& line : lines) EXPECT_THAT(line, StartsWith("same "));
  EXPECT_THAT(lines[0], HasSubstr("equal to the byte"));
  EXPECT_TRUE(sandbox.Files().empty()) << "it cleans up";
}

}  // namespace
}  // namespace brokersim::cli
