// brokersim explain, as its users run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Explain, NamesTheSettingThatAllowedIt) {
  Sandbox sandbox;
  for (const auto& [scenario, rule] :
       {std::make_pair("kafka/unclean_leader_election", "unclean.leader.election.enable=true"),
        std::make_pair("kafka/acks_one", "acks=1")}) {
    const Result result = sandbox.Run({"explain", scenario, "--variant=buggy", "--seed=1"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(result.out, HasSubstr(std::string("                  rule        ") + rule + ": "));
    EXPECT_THAT(result.out, HasSubstr(std::string("\n  1. ") + rule + " ("));
    EXPECT_EQ(Lines(result.out).back(),
              std::string("reproduce: ./brokersim run ") + scenario + " --variant=buggy --seed=1");
  }
  EXPECT_TRUE(sandbox.Files().empty());
}

// What shrink wrote can be explained, too.
TEST(Explain, ASmallScenario) {
  Sandbox sandbox;
  ASSERT_EQ(sandbox.Run({"shrink", "kafka/swarm", "--seed=19", "--out=small.textproto"}).exit_code, 1);
  const Result result = sandbox.Run({"explain", "small.textproto", "--seed=19"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\n  1. acks=1 (p1)"));
}

TEST(Explain, DrawsThePointOfNoReturn) {
  Sandbox sandbox;
  const Result result = sandbox.Run(
      {"explain", "kafka/acks_one", "--futures=5", "--checkpoints=16", "--out=why", "--anomaly=lost-write"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\nPoint of no return: of 5 futures from each of 16 moments"));
  EXPECT_THAT(result.out, HasSubstr("crash: b2 (leader-crash)"));
  EXPECT_THAT(result.out, HasSubstr("\nwrote     why/futures.svg\n"));
  EXPECT_THAT(sandbox.Read("why/futures.svg"), HasSubstr("<svg"));
}

TEST(Explain, AsJson) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"explain", "kafka/acks_one", "--json"});
  EXPECT_THAT(result.out, StartsWith("{\"scenario\":\"kafka/acks_one\","));
  EXPECT_EQ(Lines(result.out).size(), 1u);
}

TEST(Explain, SaysThatNothingFails) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"explain", "kafka/acks_one", "--variant=fixed"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "brokersim: kafka/acks_one (fixed) shows no anomaly (verdict valid) under seed 1; "
            "`brokersim run kafka/acks_one --variant=fixed --seeds=1..1000` says which seeds show what\n");
  EXPECT_THAT(sandbox.Run({"explain", "kafka/acks_one", "--anomaly=duplicate"}).err, HasSubstr(", not 'duplicate'; "));
}

// The scenario that is written down for a deciding message is the run without the anomaly.
TEST(Explain, WritesScenariosInWhichAMessageThatDecidesIsUndone) {
  Sandbox sandbox;
  const Result told = sandbox.Run({"explain", "kafka/retry_without_idempotence", "--variant=buggy", "--out=why"});
  EXPECT_EQ(told.exit_code, 1);
  ASSERT_THAT(sandbox.Files(), Contains("why/decision_1.textproto"));
  EXPECT_THAT(sandbox.Read("why/decision_1.textproto"), HasSubstr("pass_if"));
  EXPECT_EQ(sandbox.Run({"run", "why/decision_1.textproto", "--seed=1"}).exit_code, 0);
  EXPECT_EQ(sandbox.Run({"run", "kafka/retry_without_idempotence", "--variant=buggy", "--seed=1"}).exit_code, 1);
}

TEST(Explain, WhatIsMissingOrWrong) {
  Sandbox sandbox;
  EXPECT_EQ(sandbox.Run({"explain"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"explain", "kafka/acks_one", "--seed=x"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"explain", "kafka/acks_one", "--courses=0"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"explain", "kafka/acks_one", "--futures=0"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"explain", "kafka/acks_one", "--variant=none"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"explain", "kafka/acks_one", "--decisions=-1"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"explain", "no/such"}).exit_code, 65);
}

}  // namespace
}  // namespace brokersim::cli
