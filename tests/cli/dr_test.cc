// brokersim dr, as its users run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Dr, PrintsALineACellAndWritesTheReport) {
  Sandbox sandbox;
  const std::vector<std::string> words = {
      "dr", "--architecture=kafka_3dc:near", "--drill=dc_loss", "--drill=failover_by_hand", "--seeds=3", "--out=out"};
  const Result result = sandbox.Run(words);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out,
              AllOf(StartsWith("dr/kafka_3dc (near)\n"), HasSubstr("\n  dc_loss  "),
                    HasSubstr("not tried:\n  dr/kafka_3dc (near), failover_by_hand: it fails over by itself"),
                    HasSubstr("wrote     out/report.md\nwrote     out/report.html\n")));
  EXPECT_THAT(sandbox.Read("out/report.md"), HasSubstr("| kafka_3dc (near) |"));
  EXPECT_THAT(sandbox.Read("out/report.html"), HasSubstr("<svg"));
  // Again: nothing is run, and the same is written.
  const std::string html = sandbox.Read("out/report.html");
  std::vector<std::string> again = words;
  again.push_back("--jobs=1");
  EXPECT_EQ(sandbox.Run(again).out, result.out);
  EXPECT_EQ(sandbox.Read("out/report.html"), html);
}

TEST(Dr, EachCellIsAScenarioForTheOtherCommands) {
  Sandbox sandbox;
  sandbox.Run({"dr", "--architecture=kafka_3dc:near", "--drill=wan_cut", "--seeds=1", "--out=out"});
  const Result result = sandbox.Run({"run", "out/scenarios/kafka_3dc-near-wan_cut.textproto", "--seed=1"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("fault     cut (zone_cut): "));
}

TEST(Dr, OneSeedIsTold) {
  Sandbox sandbox;
  const Result result =
      sandbox.Run({"dr", "--architecture=rocketmq_controller:defaults", "--drill=wan_cut", "--seeds=2..2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("    rpo-records  "), HasSubstr("cut (zone_cut): n1 a0 pa ca"),
                                HasSubstr("elected master of a in epoch 2")));
}

TEST(Dr, GoesOnAfterAnInterrupt) {
  Sandbox sandbox;
  const std::vector<std::string> words = {
      "dr", "--architecture=kafka_2dc", "--drill=dc_outage", "--seeds=40", "--out=out", "--jobs=1"};
  const auto begun = [&] {
    std::error_code none;
    return std::filesystem::file_size(sandbox.Path("out/runs.db-wal"), none) > 40'000 && !none;
  };
  const Result cut = sandbox.RunUntil(words, SIGINT, begun);
  EXPECT_EQ(cut.exit_code, 130);
  EXPECT_THAT(cut.err, HasSubstr("the same command goes on"));
  const Result rest = sandbox.Run(words);
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  Sandbox other;
  EXPECT_EQ(other.Run(words).out, rest.out);
}

TEST(Dr, WhatIsMissingOrWrong) {
  Sandbox sandbox;
  const auto fails = [&](const std::vector<std::string>& words, int code, const std::string& says) {
    const Result result = sandbox.Run(words);
    EXPECT_EQ(result.exit_code, code) << says;
    EXPECT_THAT(result.err, HasSubstr(says));
    EXPECT_EQ(Lines(result.err).size(), 1u) << result.err;
  };
  fails({"dr", "--seeds=0"}, 64, "--seeds takes a number such as 1000");
  fails({"dr", "--seeds=9..1"}, 64, "--seeds takes a range");
  fails({"dr", "--drill=dc_los"}, 65, "there is no drill 'dc_los' (did you mean 'dc_loss'?)");
  fails({"dr", "--architecture=kafka_4dc"}, 65, "there is no scenario 'dr/kafka_4dc'");
  fails({"dr", "--architecture=kafka_3dc:neer"}, 64, "has no variant 'neer' (did you mean 'near'?)");
  fails({"dr", "--architecture=kafka_3dc:near", "--architecture=dr/kafka_3dc:near", "--drill=dc_loss"}, 64,
        "is named twice");
  fails({"dr", "kafka/calm"}, 65, "has no datacenters with roles");
  fails({"dr", "--architecture=kafka_3dc", "--set=min.insync.replica=1"}, 64, "did you mean 'min.insync.replicas'?");
  fails({"dr", "--architecture=kafka_3dc:near", "--drill=dc_loss", "--jobs=0"}, 64, "takes a whole number");
  sandbox.Write("file", "");
  fails({"dr", "--architecture=kafka_3dc:near", "--drill=dc_loss", "--seeds=1", "--out=file"}, 65, "can't create file");
}

}  // namespace
}  // namespace brokersim::cli
