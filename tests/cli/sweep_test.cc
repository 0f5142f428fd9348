// brokersim sweep and report, as their users run them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::vector<std::string> kBoth = {"sweep", "kafka/acks_one", "--variant=buggy", "--variant=fixed",
                                        "--seeds=1..20"};

std::vector<std::string> And(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Sets a variable for a while.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST(Sweep, SaysHowOftenWhatFailsAndWhy) {
  Sandbox sandbox;
  const Result result = sandbox.Run(kBoth);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, StartsWith("scenario  kafka/acks_one\nruns      40, seeds 1..20\n\nbuggy  "));
  EXPECT_THAT(result.out, AllOf(HasSubstr("\nfixed  0 of 20 runs fail: a rate above 13.9 % is ruled out\n"),
                                HasSubstr("\nbuggy: lost-write in "),
                                HasSubstr("removed from a log, after broker # elected leader of # in epoch #\n"),
                                HasSubstr("./brokersim run kafka/acks_one --variant=buggy --seed=")));
  EXPECT_TRUE(sandbox.Files().empty());
}

TEST(Sweep, SettingsCombine) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"sweep", "kafka/acks_one", "--variant=fixed", "--seeds=1..4",
                                     "--set=p1.acks=1,all", "--set=min.insync.replicas=1,2", "--jobs=1"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  for (const char* arm : {"fixed, p1.acks=1, min.insync.replicas=1 ", "fixed, p1.acks=1, min.insync.replicas=2 ",
                          "fixed, p1.acks=all, min.insync.replicas=1 ", "fixed, p1.acks=all, min.insync.replicas=2 "}) {
    EXPECT_THAT(result.out, HasSubstr("\n" + std::string(arm)));
  }
  // The command that it names shows just that.
  EXPECT_THAT(result.out, HasSubstr("--variant=fixed --set=p1.acks=1 --set=min.insync.replicas=1 --seed="));
  const Result run = sandbox.Run({"run", "kafka/acks_one", "--variant=fixed", "--set=p1.acks=1",
                                  "--set=min.insync.replicas=1", "--seed=1", "--out=o"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, StartsWith("scenario  kafka/acks_one (fixed, p1.acks=1, min.insync.replicas=1)\n"));
  EXPECT_EQ(
      Lines(run.out).back(),
      "reproduce: ./brokersim run kafka/acks_one --variant=fixed --set=p1.acks=1 --set=min.insync.replicas=1 --seed=1");
}

// Killed in whatever it is doing, any number of times.
TEST(Sweep, GoesOnAfterAKill) {
  Sandbox sandbox;
  const std::vector<std::string> sweep = {"sweep",           "kafka/acks_one", "--variant=buggy",
                                          "--variant=fixed", "--seeds=1..100", "--format=csv"};
  const std::string whole = sandbox.Run(sweep).out;
  const std::string db = sandbox.Path("results.db");
  const auto written = [&]() -> uint64_t {
    std::error_code ignored;
    return std::filesystem::exists(db + "-wal", ignored) ? std::filesystem::file_size(db + "-wal", ignored) : 0;
  };
  for (int i = 0; i < 4; ++i) {
    // The one before may have written on until the kill reached it.
    uint64_t size = written();
    const auto grown = [&] {
      const uint64_t now = written();
      return std::exchange(size, now) < now && now > 40'000;
    };
    EXPECT_EQ(sandbox.RunUntil(And(sweep, {"--db=results.db"}), SIGKILL, grown).exit_code, 128 + SIGKILL);
  }
  const Result rest = sandbox.Run(And(sweep, {"--db=results.db"}));
  EXPECT_EQ(rest.exit_code, 1) << rest.err;
  EXPECT_EQ(rest.out, whole);
  EXPECT_EQ(sandbox.Run({"report", "results.db", "--format=csv"}).out, whole);
}

TEST(Sweep, CtrlCEndsItWithWhatItHas) {
  Sandbox sandbox;
  const auto begun = [&] { return std::filesystem::exists(sandbox.Path("results.db-wal")); };
  const Result result =
      sandbox.RunUntil({"sweep", "kafka/swarm", "--seeds=1..100000", "--db=results.db"}, SIGINT, begun);
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_THAT(result.out, HasSubstr(" runs fail: "));
  EXPECT_THAT(result.err,
              AllOf(StartsWith("brokersim: interrupted after "), HasSubstr("; the same command goes on\n")));
}

TEST(Sweep, ShardsTogetherAreOne) {
  Sandbox sandbox;
  const std::string whole = sandbox.Run(kBoth).out;
  sandbox.Run(And(kBoth, {"--shard=1/3", "--db=a.db"}));
  {
    const Variable index("JOB_COMPLETION_INDEX", "1");
    const Result half = sandbox.Run(kBoth);
    EXPECT_EQ(half.exit_code, 64);
    EXPECT_THAT(half.err, HasSubstr("set BROKERSIM_SHARD_COUNT"));
    const Variable count("BROKERSIM_SHARD_COUNT", "3");
    const Result second = sandbox.Run(And(kBoth, {"--db=b.db"}));
    EXPECT_EQ(second.err, "brokersim: shard 2/3, as JOB_COMPLETION_INDEX says\n");
  }
  {
    const Variable index("TEST_SHARD_INDEX", "2");
    const Variable count("TEST_TOTAL_SHARDS", "3");
    const Variable status("TEST_SHARD_STATUS_FILE", sandbox.Path("status"));
    sandbox.Run(And(kBoth, {"--db=c.db"}));
    EXPECT_TRUE(std::filesystem::exists(sandbox.Path("status")));
  }
  const Result merged = sandbox.Run({"report", "c.db", "a.db", "b.db", "--into=all.db"});
  EXPECT_EQ(merged.exit_code, 1);
  EXPECT_EQ(merged.out, whole);
  EXPECT_EQ(sandbox.Run({"report", "all.db"}).out, whole);
  EXPECT_EQ(sandbox.Run(And(kBoth, {"--db=all.db"})).out, whole);
}

TEST(Sweep, JunitIsXml) {
  Sandbox sandbox;
  const Result result = sandbox.Run(And(kBoth, {"--format=junit"}));
  // Every tag that is opened is closed, in order.
  std::vector<std::string> open;
  for (size_t at = result.out.find('<'); at != std::string::npos; at = result.out.find('<', at + 1)) {
    const size_t end = result.out.find('>', at);
    const std::string tag = result.out.substr(at + 1, end - at - 1);
    if (tag.front() == '?' || tag.back() == '/') continue;
    if (tag.front() == '/') {
      ASSERT_FALSE(open.empty());
      EXPECT_EQ(open.back(), tag.substr(1));
      open.pop_back();
    } else {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
  }
  EXPECT_TRUE(open.empty());
  EXPECT_THAT(result.out, HasSubstr("<testsuite name=\"kafka/acks_one (fixed)\" tests=\"20\" failures=\"0\""));
}

TEST(Sweep, WhatIsMissingOrWrong) {
  Sandbox sandbox;
  const auto fails = [&](const std::vector<std::string>& words, int code, const std::string& says) {
    const Result result = sandbox.Run(words);
    EXPECT_EQ(result.exit_code, code);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(Lines(result.err).size(), 1u);
    EXPECT_THAT(result.err, HasSubstr(says));
  };
  fails({"sweep", "kafka/acks_one"}, 64, "--seeds is required");
  fails({"sweep", "kafka/acks_one", "--seeds=1"}, 64, "--seeds takes a range such as 1..100, not '1'");
  fails({"sweep", "kafka/acks_one", "--seeds=1..2", "--shard=0/2"}, 64, "--shard takes a part such as 1/4");
  fails({"sweep", "kafka/acks_one", "--seeds=1..2", "--format=xml"}, 64,
        "takes text, json, csv, junit or markdown, not 'xml'");
  fails({"sweep", "kafka/acks_one", "--seeds=1..2", "--set=min.insync.replica=1"}, 64,
        "(did you mean 'min.insync.replicas'?)");
  fails({"sweep", "kafka/acks_one", "--seeds=1..2", "--variant=fixed", "--variant=fixed"}, 64, "fixed is named twice");
  fails({"sweep", "kafka/acks_one", "--seeds=1..2", "--variant=fxed"}, 64, "(did you mean 'fixed'?)");
  fails({"run", "kafka/acks_one", "--set=acks=0,1"}, 64, "--set takes one value here");
  fails({"report", "none.db"}, 65, "there is no file none.db");
  sandbox.Write("text.db", "no database at all, but longer than a header would be: " + std::string(200, '.'));
  fails({"report", "text.db"}, 65, "text.db is no file of a sweep, or damaged");
  fails({"sweep", "kafka/acks_one", "--seeds=1..2", "--db=text.db"}, 65, "text.db is no file of a sweep, or damaged");
  EXPECT_EQ(sandbox.Run({"sweep", "kafka/calm", "--seeds=1..2", "--db=calm.db"}).exit_code, 0);
  fails({"sweep", "kafka/acks_one", "--seeds=1..2", "--db=calm.db"}, 65,
        "calm.db holds runs of kafka/calm, not of kafka/acks_one");
}

}  // namespace
}  // namespace brokersim::cli
