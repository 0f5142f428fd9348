// brokersim draws, and the coverage that brokersim test prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Draws, ListsStreams) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"draws", "kafka/calm"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\nnet/b1/b2 "));
  EXPECT_THAT(result.out, HasSubstr("\nnode/p1/1/keys                                100\n"));
  EXPECT_TRUE(sandbox.Files().empty());
}

TEST(Draws, SaysThatNothingMoved) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"draws", "kafka/calm", "--seed=3", "--against=kafka/calm"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(Lines(result.out), ElementsAre("kafka/calm safe and kafka/calm safe, seed 3: no draw moved"));
}

TEST(Draws, SaysWhatAVariantMoved) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"draws", "kafka/calm", "--against-variant=single"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("kafka/calm safe and kafka/calm single, seed 1: "));
  EXPECT_THAT(result.out, HasSubstr(" draws moved, in "));
  EXPECT_THAT(result.out, HasSubstr("\n  net/b1/b2 "));
}

TEST(Draws, WhatIsMissing) {
  Sandbox sandbox;
  EXPECT_EQ(sandbox.Run({"draws"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"draws", "no/such"}).exit_code, 65);
  EXPECT_EQ(sandbox.Run({"draws", "kafka/calm", "--variant=none"}).exit_code, 64);
}

TEST(Coverage, ListsWhatWasNeverReachedFirst) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"test", "kafka/unclean_leader_election", "--seeds=3", "--coverage"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr(" rare branches were reached in 6 runs\n  never "));
  EXPECT_THAT(result.out, HasSubstr("       3 times in      3 runs    kafka/controller: unclean election\n"));
  EXPECT_EQ(Lines(result.out).back(), "2 variants as expected, 0 not");
}

}  // namespace
}  // namespace brokersim::cli
