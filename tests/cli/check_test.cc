// brokersim check and convert, as people use them: files in, a verdict, an exit code and pictures out.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kStale[] =
    "{:process 0, :type :ok, :f :write, :value 1}\n"
    "{:process 1, :type :ok, :f :read, :value nil}\n";
constexpr char kFresh[] =
    "{:process 0, :type :ok, :f :write, :value 1}\n"
    "{:process 1, :type :ok, :f :read, :value 1}\n";

TEST(Check, SaysValidInvalidAndUnknownByItsExitCode) {
  Sandbox sandbox;
  sandbox.Write("fresh.edn", kFresh);
  sandbox.Write("stale.edn", kStale);
  sandbox.Write("unread.edn", "{:process 0, :type :ok, :f :add, :value 1}\n");
  EXPECT_EQ(sandbox.Run({"check", "fresh.edn", "--model=register"}).exit_code, 0);
  const Result stale = sandbox.Run({"check", "stale.edn", "--model=register"});
  EXPECT_EQ(stale.exit_code, 1);
  EXPECT_THAT(stale.out, StartsWith("verdict    invalid\nmodel      register\nhistory    4 lines by 2 processes\n"));
  EXPECT_THAT(stale.out, HasSubstr("non-linearizable (NLIN): "));
  EXPECT_EQ(stale.err, "");
  const Result unread = sandbox.Run({"check", "unread.edn", "-m", "set"});
  EXPECT_EQ(unread.exit_code, 2);
  EXPECT_THAT(unread.out, HasSubstr("undecided  the set was never read"));
}

TEST(Check, SeveralFilesGiveTheWorst) {
  Sandbox sandbox;
  sandbox.Write("fresh.edn", kFresh);
  sandbox.Write("stale.edn", kStale);
  const Result both = sandbox.Run({"check", "stale.edn", "fresh.edn", "--model=register"});
  EXPECT_EQ(both.exit_code, 1);
  EXPECT_THAT(both.out, HasSubstr("file       stale.edn\nverdict    invalid"));
  EXPECT_THAT(both.out, HasSubstr("file       fresh.edn\nverdict    valid"));
}

TEST(Check, JsonAndPicture) {
  Sandbox sandbox;
  sandbox.Write("stale.edn", kStale);
  const Result json = sandbox.Run({"check", "stale.edn", "--model=register", "--json", "--svg=out.svg"});
  EXPECT_EQ(json.exit_code, 1);
  EXPECT_THAT(json.out, StartsWith("{"));
  EXPECT_THAT(json.out, HasSubstr("\"result\": \"INVALID\""));
  EXPECT_THAT(sandbox.Read("out.svg"), HasSubstr("write 1"));
}

TEST(Check, JudgesWhatARunRecorded) {
  Sandbox sandbox;
  const Result run = sandbox.Run({"run", "kafka/acks_one", "--seed=1", "--out=o"});
  EXPECT_EQ(sandbox.Run({"check", "o/history.pb"}).exit_code, run.exit_code);
  EXPECT_EQ(sandbox.Run({"convert", "o/history.pb", "--to=edn", "--out=o/history.edn"}).exit_code, 0);
  EXPECT_EQ(sandbox.Run({"check", "o/history.pb"}).out, sandbox.Run({"check", "o/history.edn", "-m", "broker"}).out);
  EXPECT_NE(sandbox.Run({"check", "o/history.edn", "-m", "kafka"}).exit_code, 65);
  // With a group that polls in vain, and a producer with five requests on the way, whose sends are in order.
  sandbox.Run({"run", "kafka/calm", "--seed=1", "--out=calm"});
  const Result calm = sandbox.Run({"check", "calm/history.pb", "-m", "kafka"});
  EXPECT_NE(calm.exit_code, 65) << calm.err;
  EXPECT_EQ(calm.out.find("nonmonotonic-send"), std::string::npos) << calm.out;
}

TEST(Convert, GoesThereAndBack) {
  Sandbox sandbox;
  sandbox.Write("stale.edn", kStale);
  const Result edn = sandbox.Run({"convert", "stale.edn", "--to=edn"});
  EXPECT_EQ(edn.exit_code, 0);
  EXPECT_EQ(edn.out,
            "{:index 0, :process 0, :type :ok, :f :write, :value 1}\n"
            "{:index 1, :process 1, :type :ok, :f :read, :value nil}\n");
  for (const std::string format : {"json", "jsonl", "pb", "pb-json", "porcupine-log"}) {
    EXPECT_EQ(sandbox.Run({"convert", "stale.edn", "--to=" + format, "--out=there"}).exit_code, 0) << format;
    EXPECT_EQ(sandbox.Run({"convert", "there", "--to=edn"}).out, edn.out) << format;
  }
}

TEST(Check, MisuseIsExplained) {
  Sandbox sandbox;
  sandbox.Write("stale.edn", kStale);
  sandbox.Write("bad.edn", "{:type :ok\n :f [}\n");
  const std::vector<std::tuple<std::vector<std::string>, int, std::string>> cases = {
      {{"check", "stale.edn"}, 64, "say what it is a history of with --model=MODEL"},
      {{"check", "stale.edn", "-m", "regster"}, 64, "there is no model 'regster'; did you mean 'register'?"},
      {{"check", "none.edn", "-m", "set"}, 65, "none.edn"},
      {{"check", "bad.edn", "-m", "set"}, 65, "bad.edn: line 2, column 6: a '}' that closes nothing"},
      {{"check", "stale.edn", "-m", "set"}, 65, "stale.edn: index 0 (process 0, :invoke :write): a set has :add and"},
      {{"check", "stale.edn", "-m", "set", "--format=xml"}, 65, "there is no format 'xml'"},
      {{"check", "stale.edn", "-m", "delivery", "--order=rank"}, 64, "rank"},
      {{"check", "stale.edn", "-m", "delivery", "--lateness=soon"}, 64, "soon"},
      {{"convert", "stale.edn", "--to=openchaos"}, 65, "this format can be read, not written"},
  };
  for (const auto& [words, code, says] : cases) {
    const Result result = sandbox.Run(words);
    EXPECT_EQ(result.exit_code, code) << words[1];
    EXPECT_EQ(result.out, "") << words[1];
    EXPECT_THAT(result.err, HasSubstr(says));
    EXPECT_EQ(Lines(result.err).size(), 1u) << result.err;
  }
}

TEST(Run, StopsAtTheFirstViolation) {
  Sandbox sandbox;
  const Result whole = sandbox.Run({"run", "kafka/unclean_leader_election", "--variant=buggy", "--out=whole"});
  const Result early =
      sandbox.Run({"run", "kafka/unclean_leader_election", "--variant=buggy", "--stop-at-violation", "--out=early"});
  EXPECT_EQ(whole.exit_code, 1);
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_THAT(early.out, HasSubstr("stopped   at the first violation, as asked"));
  // The report is that of the offline check of the same operations.
  const Result offline = sandbox.Run({"check", "early/history.pb"});
  EXPECT_EQ(offline.exit_code, 1);
  EXPECT_LT(sandbox.Read("early/history.pb").size(), sandbox.Read("whole/history.pb").size());
}

}  // namespace
}  // namespace brokersim::cli
