// brokersim shrink, as its users run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Shrink, WritesASmallScenarioThatFails) {
  Sandbox sandbox;
  const Result result =
      sandbox.Run({"shrink", "kafka/acks_one", "--variant=buggy", "--seed=1", "--out=small.textproto"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\nanomaly   lost-write\n"));
  EXPECT_THAT(result.out, HasSubstr("\nrecords                400 -> 25\n"));
  EXPECT_THAT(result.out, HasSubstr("1-minimal: each of the "));
  EXPECT_EQ(Lines(result.out).back(), "reproduce: ./brokersim run small.textproto --variant=buggy --seed=8");
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(sandbox.Read("small.textproto"),
              StartsWith("# lost-write in kafka/acks_one (buggy), seed 1, made small"));
  const Result run = sandbox.Run({"run", "small.textproto", "--seed=8"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("\nlost-write (LW), "));
  // And what was written can be held against the models by `test`, as any scenario.
  EXPECT_EQ(sandbox.Run({"test", "small.textproto"}).exit_code, 0);
}

TEST(Shrink, HasAFileUnlessToldOtherwise) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"shrink", "kafka/acks_one", "--seed=1", "--runs=3"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.out, HasSubstr("3 runs, as many as --runs allows: the smallest so far"));
  EXPECT_THAT(result.out, testing::Not(HasSubstr("1-minimal")));
  EXPECT_THAT(sandbox.Files(), testing::ElementsAre("brokersim-out/kafka/acks_one-buggy-1-shrunk.textproto"));
}

TEST(Shrink, KeepsSettings) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"shrink", "kafka/swarm", "--seed=3", "--keep-settings", "--out=s.textproto"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(sandbox.Read("s.textproto"), HasSubstr("broker.session.timeout.ms=3000"));
}

TEST(Shrink, SaysThatNothingFails) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"shrink", "kafka/acks_one", "--variant=fixed", "--seed=1"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "brokersim: kafka/acks_one (fixed) shows no anomaly (verdict valid) under seed 1; "
            "`brokersim run kafka/acks_one --variant=fixed --seeds=1..1000` says which seeds show what\n");
  EXPECT_TRUE(sandbox.Files().empty());
  const Result other = sandbox.Run({"shrink", "kafka/acks_one", "--seed=1", "--anomaly=duplicate"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("inconsistent-offsets under seed 1, not 'duplicate'; "));
}

TEST(Shrink, WhatIsMissingOrWrong) {
  Sandbox sandbox;
  EXPECT_EQ(sandbox.Run({"shrink", "kafka/acks_one"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"shrink", "kafka/acks_one", "--seed=x"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"shrink", "kafka/acks_one", "--seed=1", "--variant=none"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"shrink", "kafka/acks_one", "--seed=1", "--out=small.txt"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"shrink", "no/such", "--seed=1"}).exit_code, 65);
}

// Families name what they have in common alike, so each is made small.
TEST(Shrink, ARocketMqRun) {
  Sandbox sandbox;
  const Result result =
      sandbox.Run({"shrink", "rocketmq/swarm", "--variant=buggy", "--seed=6", "--out=small.textproto"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.out, HasSubstr("anomaly   lost-write\n"));
  EXPECT_THAT(result.out, HasSubstr("clients                  5 -> 1\n"));
  EXPECT_THAT(result.out, HasSubstr("faults                   8 -> 1\n"));
  EXPECT_EQ(sandbox.Run({"run", "small.textproto", "--seed=1"}).exit_code, 1);
}

}  // namespace
}  // namespace brokersim::cli
