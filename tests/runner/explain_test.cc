// Explanations of real runs.
#include "runner/explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "checker/story.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

scenarios::ResolvedScenario Load(const std::string& name, const std::string& variant) {
  const auto loaded = scenarios::LoadScenario(name, ".");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return *loaded->Variant(variant);
}

// As a cause, or in brackets behind what it did.
bool Names(const std::string& text, const std::string& fault) {
  for (const char* end : {"  ", ", ", ")", "\n"}) {
    if (text.find(" " + fault + end) != std::string::npos) return true;
  }
  return text.find("(" + fault + ")") != std::string::npos;
}

struct Case {
  std::string scenario;
  std::string variant;
  uint64_t seed;
  std::string type;
  std::string rule;                // begins so
  std::set<std::string> faults;    // that are causes
};

class Explained : public testing::TestWithParam<Case> {};

TEST_P(Explained, NamesWhatAllowedIt) {
  const Case& given = GetParam();
  const scenarios::ResolvedScenario scenario = Load(given.scenario, given.variant);
  const auto explanation = Explain(scenario, given.seed, {});
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  const std::string text = ExplanationText(*explanation);
  EXPECT_EQ(explanation->type, given.type);
  EXPECT_THAT(explanation->rule, StartsWith(given.rule)) << text;
  ASSERT_THAT(explanation->search.causes, Not(IsEmpty()));
  EXPECT_EQ(explanation->search.causes[0].what.kind, Candidate::Kind::kRule) << text;
  EXPECT_TRUE(explanation->search.complete);
  // The story and the rule.
  EXPECT_LE(explanation->anomaly.story_size() + 1, checker::kStoryLines) << text;
  EXPECT_GE(explanation->anomaly.story_size(), 5) << text;
  // Faults that are no causes are named neither among them nor in the story.
  std::set<std::string> faults;
  for (const Cause& cause : explanation->search.causes) {
    for (const std::string& id : cause.what.faults) faults.insert(id);
  }
  EXPECT_EQ(faults, given.faults) << text;
  for (const sim::FaultReport& fault : explanation->outcome.run.faults) {
    EXPECT_EQ(faults.contains(fault.id), Names(text, fault.id)) << fault.id << text;
  }
  // Each was undone alone, and the anomaly was gone.
  for (const Cause& cause : explanation->search.causes) {
    const auto without = Resolved(ScenarioOf(cause.what.without, "without", "v"));
    ASSERT_TRUE(without.ok()) << without.status();
    EXPECT_FALSE(ShowsType(RunAndCheck(*without, given.seed, sim::RecordingLevel::kHistory), given.type))
        << cause.what.name;
  }
  // The same again.
  EXPECT_EQ(ExplanationText(*Explain(scenario, given.seed, {})), text);
}

INSTANTIATE_TEST_SUITE_P(
    All, Explained,
    testing::Values(
        Case{"kafka/unclean_leader_election", "buggy", 1, "lost-write", "unclean.leader.election.enable=true: ",
             {"followers-cut-off", "leader-crash"}},
        Case{"kafka/acks_one", "buggy", 1, "lost-write", "acks=1: ", {"replication-slow", "leader-crash"}},
        Case{"kafka/commit_before_processing", "buggy", 1, "lost-write", "commit=BEFORE_PROCESSING: ",
             {"consumer-crash"}},
        Case{"kafka/one_in_sync_replica", "buggy", 1, "lost-write", "min.insync.replicas=1: ",
             {"followers-cut-off", "disk-dies"}},
        // Eight drawn faults, of which one did it.
        Case{"kafka/swarm", "buggy", 3, "lost-write", "acks=1: ", {"swarm-partition-1"}},
        Case{"kafka/hanging_transaction", "buggy", 1, "unavailable",
             "transaction.partition.verification.enable=false: ", {"stuck"}}));

// The answer that got lost made the producer send again: had it arrived, there were no duplicate.
TEST(Explain, OneMessageDecides) {
  const auto explanation = Explain(Load("kafka/retry_without_idempotence", "buggy"), 1, {});
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  const std::string text = ExplanationText(*explanation);
  ASSERT_GE(DecidingShown(*explanation), 1u) << text;
  const Deciding& first = explanation->decisions.found[0];
  EXPECT_EQ(first.what.undone, Decision::Undone::kArrives);
  EXPECT_THAT(first.what.name, StartsWith("ProduceResponse of b2 to p1, sent at ")) << text;
  EXPECT_EQ(first.others, 0);
  EXPECT_TRUE(first.confirmed);
  EXPECT_EQ(first.shown_without, 0);
  EXPECT_THAT(text, HasSubstr("had it arrived at once: no duplicate\n"));
  EXPECT_THAT(text, HasSubstr(FaultText(first.what.fault)));
  // Whoever puts the fault into the scenario gets that run.
  const auto undone = scenarios::ParseScenario(UndoneText(*explanation, first, "undone"), "undone.textproto");
  ASSERT_TRUE(undone.ok()) << undone.status();
  EXPECT_FALSE(ShowsType(RunAndCheck(undone->variants.front(), 1, sim::RecordingLevel::kHistory), "duplicate"));
  // As JSON.
  const auto json = nlohmann::json::parse(ExplanationJson(*explanation));
  EXPECT_EQ(json["decisions"]["deciding"][0]["undone"], "arrives");
  EXPECT_EQ(json["decisions"]["deciding"][0]["confirmed"], true);
}

// One record of many is saved; and nothing is tried if nobody asks for it.
TEST(Explain, OneMessageSavesOneRecord) {
  const scenarios::ResolvedScenario scenario = Load("kafka/unclean_leader_election", "buggy");
  const auto explanation = Explain(scenario, 1, {});
  ASSERT_TRUE(explanation.ok());
  ASSERT_GE(DecidingShown(*explanation), 1u);
  EXPECT_THAT(explanation->decisions.found[0].what.name, StartsWith("FetchResponse of b2 to b1, sent at "));
  EXPECT_GT(explanation->decisions.found[0].others, 0);
  ExplainOptions options;
  options.decisions = 0;
  const auto without = Explain(scenario, 1, options);
  EXPECT_EQ(without->decisions.tried, 0);
  EXPECT_EQ(without->search.runs, explanation->search.runs);
  EXPECT_THAT(ExplanationText(*without), Not(HasSubstr("single messages")));
}

TEST(Explain, OneOfSeveral) {
  const scenarios::ResolvedScenario scenario = Load("kafka/unclean_leader_election", "buggy");
  ExplainOptions options;
  options.anomaly = "7";
  const auto seventh = Explain(scenario, 1, options);
  ASSERT_TRUE(seventh.ok());
  EXPECT_EQ(seventh->number, 7);
  EXPECT_EQ(seventh->anomaly.explanation().substr(0, 60),
            seventh->outcome.verdict.anomalies(6).explanation().substr(0, 60));
  options.anomaly = "inconsistent-offsets";
  EXPECT_EQ(Explain(scenario, 1, options)->type, "inconsistent-offsets");
}

// A hang has no record of its own: it is told by what happened to the log that can't be read.
TEST(Explain, NoProgress) {
  scenarios::Scenario stuck = ScenarioOf(Load("kafka/hanging_transaction", "buggy").setup, "stuck", "buggy");
  stuck.mutable_setup()->clear_model();
  stuck.mutable_setup()->clear_check();
  stuck.mutable_setup()->add_check("lost-write");
  const auto scenario = Resolved(stuck);
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const auto explanation = Explain(*scenario, 1, {});
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  const std::string text = ExplanationText(*explanation);
  EXPECT_EQ(explanation->type, "no-progress");
  EXPECT_THAT(explanation->rule, StartsWith("transaction.partition.verification.enable=false: ")) << text;
  EXPECT_THAT(text, HasSubstr("kept back by stuck, and b2 writes \"p1-")) << text;
}

TEST(Explain, SaysWhatARunShowsInstead) {
  EXPECT_EQ(Explain(Load("kafka/acks_one", "fixed"), 1, {}).status().message(), "no anomaly (verdict valid)");
  const scenarios::ResolvedScenario buggy = Load("kafka/acks_one", "buggy");
  for (const char* wanted : {"duplicate", "0", "99", "-1", "no-progress"}) {
    ExplainOptions options;
    options.anomaly = wanted;
    EXPECT_EQ(Explain(buggy, 1, options).status().code(), absl::StatusCode::kNotFound) << wanted;
  }
}

TEST(Explain, Interrupted) {
  ExplainOptions options;
  options.go_on = [](uint64_t runs, std::string_view) { return runs < 10; };
  options.futures.emplace();
  const auto explanation = Explain(Load("kafka/acks_one", "buggy"), 1, options);
  ASSERT_TRUE(explanation.ok());
  EXPECT_FALSE(explanation->search.complete);
  EXPECT_FALSE(explanation->point.has_value());
  EXPECT_THAT(ExplanationText(*explanation), HasSubstr("10 runs, interrupted"));
}

TEST(Explain, AsJson) {
  ExplainOptions options;
  options.futures = FuturesOptions{.futures = 4, .checkpoints = 8, .go_on = {}};
  const auto explanation = Explain(Load("kafka/acks_one", "buggy"), 1, options);
  ASSERT_TRUE(explanation.ok());
  const auto json = nlohmann::json::parse(ExplanationJson(*explanation));
  EXPECT_EQ(json["type"], "lost-write");
  EXPECT_EQ(json["causes"][0]["setting"], "acks=1");
  EXPECT_EQ(json["causes"][0]["instead"], "all");
  EXPECT_EQ(json["causes"][1]["kind"], "fault");
  EXPECT_EQ(json["futures"]["checkpoints"].size(), 8u);
  EXPECT_GT(json["story"].size(), 5u);
}

}  // namespace
}  // namespace brokersim::runner
