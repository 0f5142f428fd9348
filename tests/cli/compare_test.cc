// brokersim compare, as its users run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Compare, ShowsArmsSideBySide) {
  Sandbox sandbox;
  const std::vector<std::string> words = {"compare", "kafka/acks_one", "--variant=buggy", "--variant=fixed",
                                          "--seeds=1..20"};
  const Result result = sandbox.Run(words);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out,
              AllOf(StartsWith("scenario  kafka/acks_one\n\nA  buggy\nB  fixed\n20 seeds, the same for both\n"),
                    HasSubstr("\nshows lost-write "), HasSubstr("\nlatency-p50 "),
                    HasSubstr("\nthe same in every pair: acknowledged, ")));
  std::vector<std::string> one = words;
  one.push_back("--jobs=1");
  EXPECT_EQ(sandbox.Run(one).out, result.out);
}

TEST(Compare, WhatSharesItsStreamsIsToldApartByFewSeeds) {
  Sandbox sandbox;
  const Result result =
      sandbox.Run({"compare", "kafka/calm", "--set=p1.linger.ms=0,5", "--seeds=1..20", "--format=csv"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\n\"safe, p1.linger.ms=5\",latency_p50_ns,20,"));
}

// What one has run the other needn't: in one file lie the rows of both.
TEST(Compare, SharesAFileWithSweeps) {
  Sandbox sandbox;
  const auto command = [](const std::string& name, const std::string& seeds, bool db) {
    std::vector<std::string> words = {name, "kafka/acks_one", "--variant=buggy", "--variant=fixed", seeds};
    if (db) words.push_back("--db=results.db");
    return words;
  };
  const std::string compared = sandbox.Run(command("compare", "--seeds=1..12", false)).out;
  const std::string swept = sandbox.Run(command("sweep", "--seeds=1..12", false)).out;
  // As one that is interrupted, and goes on.
  EXPECT_EQ(sandbox.Run(command("compare", "--seeds=1..5", true)).exit_code, 0);
  EXPECT_EQ(sandbox.Run(command("compare", "--seeds=1..12", true)).out, compared);
  // All is there: a sweep finds it, with what brought its failures about.
  EXPECT_EQ(sandbox.Run(command("sweep", "--seeds=1..12", true)).out, swept);
  EXPECT_EQ(sandbox.Run(command("compare", "--seeds=1..12", true)).out, compared);
  const Result other =
      sandbox.Run({"compare", "kafka/calm", "--set=p1.linger.ms=0,5", "--seeds=1..2", "--db=results.db"});
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_THAT(other.err, HasSubstr("results.db holds runs of kafka/acks_one, not of kafka/calm"));
}

TEST(Compare, WhatIsMissingOrWrong) {
  Sandbox sandbox;
  const auto fails = [&](const std::vector<std::string>& words, const std::string& says) {
    const Result result = sandbox.Run(words);
    EXPECT_EQ(result.exit_code, 64);
    EXPECT_THAT(result.err, HasSubstr(says));
    EXPECT_EQ(Lines(result.err).size(), 1u);
  };
  fails({"compare", "kafka/acks_one", "--seeds=1..2"}, "compare takes two things at least");
  fails({"compare", "kafka/acks_one", "--seeds=1..2", "--set=acks=1"}, "compare takes two things at least");
  fails({"compare", "kafka/acks_one", "--seeds=1..2", "--set=acks=1,all", "--format=junit"},
        "no tests that junit could");
}

}  // namespace
}  // namespace brokersim::cli
