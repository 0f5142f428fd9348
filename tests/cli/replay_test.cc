// brokersim replay, as its users run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kUnclean = "kafka/unclean_leader_election";

TEST(Replay, GivesTheSameRunByteForByte) {
  Sandbox sandbox;
  const Result run = sandbox.Run({"run", kUnclean, "--bundle=lost.bundle", "--out=a"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\nwrote     lost.bundle\n"));
  const Result replay = sandbox.Run({"replay", "lost.bundle", "--out=b"});
  EXPECT_EQ(replay.exit_code, 1) << replay.err;
  EXPECT_THAT(replay.out, EndsWith("replayed  the same run, byte for byte (bb56c190ce7aed9c)\n"));
  EXPECT_THAT(replay.out, HasSubstr("\nlost-write (LW), 77 times; the first:\n"));
  for (const char* file : {"trace.pb", "history.pb", "verdict.pb", "diagram.svg"}) {
    EXPECT_EQ(sandbox.Read(std::string("a/") + file), sandbox.Read(std::string("b/") + file)) << file;
  }
}

TEST(Replay, ShowsAnyNodeAtAnyEvent) {
  Sandbox sandbox;
  sandbox.Run({"run", kUnclean, "--bundle=lost.bundle", "--out=a"});
  const Result state = sandbox.Run({"show", "a", "--state=b2@2000"});
  const Result inspect = sandbox.Run({"replay", "lost.bundle", "--inspect=b2@2000"});
  EXPECT_EQ(inspect.exit_code, 1);
  EXPECT_THAT(inspect.out, AllOf(StartsWith("replayed  the same run"), EndsWith(state.out)));
  const Result until = sandbox.Run({"replay", "lost.bundle", "--until=2000"});
  EXPECT_EQ(until.exit_code, 1);
  EXPECT_THAT(until.out, AllOf(HasSubstr(state.out), HasSubstr("\n2000 ")));
  EXPECT_EQ(sandbox.Run({"replay", "lost.bundle", "--inspect=b9@2000"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"replay", "lost.bundle", "--inspect=b2"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"replay", "lost.bundle", "--until=99999999"}).exit_code, 64);
}

TEST(Replay, SweepsLeaveABundleForEachFailure) {
  Sandbox sandbox;
  EXPECT_EQ(
      sandbox.Run({"sweep", "kafka/acks_one", "--variant=fixed", "--set=acks=1,all", "--seeds=1..3", "--bundles=found"})
          .exit_code,
      1);
  EXPECT_THAT(sandbox.Files(),
              ElementsAre("found/acks_one-fixed-acks=1-1.bundle", "found/acks_one-fixed-acks=1-2.bundle",
                          "found/acks_one-fixed-acks=1-3.bundle"));
  const Result replay = sandbox.Run({"replay", "found/acks_one-fixed-acks=1-2.bundle"});
  EXPECT_EQ(replay.exit_code, 1);
  EXPECT_THAT(replay.out, AllOf(StartsWith("scenario  kafka/acks_one (fixed, acks=1)\nseed      2\n"),
                                HasSubstr("replayed  the same run, byte for byte")));
}

TEST(Replay, AValidRunLeavesNone) {
  Sandbox sandbox;
  const Result run = sandbox.Run({"run", "kafka/calm", "--bundle=calm.bundle", "--json"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "brokersim: no bundle: the run shows no failure\n");
  EXPECT_TRUE(sandbox.Files().empty());
}

TEST(Replay, BadFiles) {
  Sandbox sandbox;
  sandbox.Run({"run", kUnclean, "--bundle=lost.bundle", "--json"});
  sandbox.Write("short.bundle", sandbox.Read("lost.bundle").substr(0, 900));
  sandbox.Write("text", "not one of ours");
  const auto fails = [&](const std::string& file, const std::string& says) {
    const Result result = sandbox.Run({"replay", file});
    EXPECT_EQ(result.exit_code, 65);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(Lines(result.err).size(), 1u);
    EXPECT_THAT(result.err, HasSubstr(says));
  };
  fails("none", "there is no file none");
  fails("short.bundle", "short.bundle: the bundle is cut off or damaged");
  fails("text", "text: this is no bundle; `brokersim run --bundle=FILE`");
}

}  // namespace
}  // namespace brokersim::cli
