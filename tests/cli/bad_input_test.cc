// Misuse and bad files: one line on stderr that says where, what and what to do, the exit code, and nothing
// half-written.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kUsage = 64;
constexpr int kBadInput = 65;

// One line with our name in front, on stderr alone.
void ExpectOneLine(const Result& result) {
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, StartsWith("brokersim: "));
  EXPECT_THAT(result.err, EndsWith("\n"));
  EXPECT_EQ(Lines(result.err).size(), 1u) << result.err;
}

struct Misuse {
  std::vector<std::string> words;
  std::string says;  // part of the message
};

TEST(Usage, IsExplainedInOneLine) {
  Sandbox sandbox;
  const std::string calm = "kafka/calm";
  const std::vector<Misuse> misuses = {
      {{}, "subcommand is required"},
      {{"lits"}, "there is no command 'lits' (did you mean 'list'?); there are: run, sweep, "},
      {{"run"}, "SCENARIO is required"},
      {{"run", calm, "twice"}, "twice"},
      {{"run", calm, "--sede=1"}, "--sede=1"},
      {{"run", calm, "--seed=1", "--seeds=1..2"}, "--seed excludes --seeds"},
      {{"run", calm, "--out=o", "--seeds=1..2"}, "--seeds excludes --out"},
      {{"run", calm, "--seed=x"}, "takes a whole number from 0 to 18446744073709551615, not 'x'"},
      {{"run", calm, "--seed=-1"}, "not '-1'"},
      {{"run", calm, "--seed=18446744073709551616"}, "not '18446744073709551616'"},
      {{"run", calm, "--seeds=1"}, "--seeds takes a range such as 1..100, not '1'"},
      {{"run", calm, "--seeds=5..1"}, "not '5..1'"},
      {{"run", calm, "--seeds=1..x"}, "not '1..x'"},
      {{"run", calm, "--seeds=..2"}, "not '..2'"},
      {{"run", calm, "--seeds=1..2..3"}, "not '1..2..3'"},
      {{"run", calm, "--variant=sfe"},
       "kafka/calm has no variant 'sfe' (did you mean 'safe'?); it has: safe, single"},
      {{"test"}, "name scenarios to test, or --all"},
      {{"test", calm, "--seeds=0"}, "from 1 to"},
      {{"list", "all"}, "all"},
      {{"describe"}, "NAME is required"},
      {{"show"}, "TRACE is required"},
      {{"verify-determinism"}, "name scenarios, or --all"},
  };
  for (const Misuse& misuse : misuses) {
    SCOPED_TRACE(testing::PrintToString(misuse.words));
    const Result result = sandbox.Run(misuse.words);
    EXPECT_EQ(result.exit_code, kUsage);
    ExpectOneLine(result);
    EXPECT_THAT(result.err, HasSubstr(misuse.says));
  }
  EXPECT_TRUE(sandbox.Files().empty());
}

struct BadScenario {
  std::string from;  // of the scenario's text
  std::string to;    // what is written instead
  std::string says;  // the whole message behind the path
};

TEST(BadScenario, IsToldWithItsPlaceAndTheRemedy) {
  Sandbox sandbox;
  const std::string good = ReadSource("scenarios/kafka/unclean_leader_election.textproto");
  const std::vector<BadScenario> cases = {
      {"records: 150", "recods: 150",
       "20:13: there is no field 'recods' here (did you mean 'records'?); the fields of Producer are: name, topic, "
       "config, records, interval, start, stop, keys, datacenter, records_per_transaction, abort, config_file, "
       "dual_write, outbox"},
      {"records: 150", "records: \"150\"",
       "20:16: Expected integer, got: \"150\"; write a whole number without quotes"},
      {"heal_at: \"50s\"", "heal_at: 50",
       "41:12: Expected string, got: 50; put the text in double quotes"},
      {"heal_at: \"50s\"", "heal_at: \"50\"",
       "41:3: '50' is no duration; write a number and a unit (ns, us, ms, s, m, h), e.g. \"1.5s\""},
      {"crash { node: \"leader(orders-0)\" }", "crash { node: \"leader(ordres-0)\" }",
       "39:13: 'leader(ordres-0)' selects no node (did you mean 'leader(orders-0)'?); there are: leader(orders-0)"},
      {"crash { node: \"leader(orders-0)\" }", "crash { node: \"laeder(orders-0)\" }",
       "39:13: 'laeder(orders-0)' selects no node (did you mean 'leader(orders-0)'?); there are: *, audit, b1, b2, "
       "b3, c1, controller, p1"},
      {"after_end_of: \"followers-cut-off\"", "after_end_of: \"follower-cut-off\"",
       "37:5: there is no fault 'follower-cut-off' (did you mean 'followers-cut-off'?)"},
      {"heal_at: \"50s\"", "heal_at: \"50s\" check: \"lost-writ\"",
       "41:18: there is no check \"lost-writ\"; did you mean \"lost-write\"? (docs/anomalies.md lists them)"},
      {"anomaly: \"lost-write\"", "anomaly: \"lost-writes\"",
       "48:12: there is no check \"lost-writes\"; did you mean \"lost-write\"? (docs/anomalies.md lists them)"},
  };
  for (const BadScenario& bad : cases) {
    SCOPED_TRACE(bad.to);
    const std::string file = "unclean_leader_election.textproto";
    sandbox.Write(file, Replaced(good, bad.from, bad.to));
    for (const std::vector<std::string>& words : {std::vector<std::string>{"run", file, "--out=o"},
                                                  std::vector<std::string>{"run", file, "--seeds=1..2", "--json"},
                                                  std::vector<std::string>{"test", file}}) {
      const Result result = sandbox.Run(words);
      EXPECT_EQ(result.exit_code, kBadInput);
      ExpectOneLine(result);
      EXPECT_EQ(result.err, "brokersim: " + file + ":" + bad.says + "\n");
    }
    EXPECT_THAT(sandbox.Files(), testing::ElementsAre(file));
  }
}

TEST(BadScenario, NoScenarioAtAll) {
  Sandbox sandbox;
  sandbox.Write("empty.textproto", "");
  sandbox.Write("blank.textproto", " \n\t\n");
  sandbox.Write("junk.textproto", std::string("\x7f" "ELF\x02\x01\0\0\xff\xfe", 10));
  sandbox.Write("folder/calm.textproto", ReadSource("scenarios/kafka/calm.textproto"));
  const std::vector<Misuse> cases = {
      {{"empty.textproto"}, "empty.textproto:1:1: the file is empty; a scenario needs at least a setup and a variant"},
      {{"blank.textproto"}, "blank.textproto:1:1: the file is empty"},
      {{"junk.textproto"}, "junk.textproto:1:1: this is no text; a scenario is a protobuf text file"},
      {{"folder"}, "folder is a folder, not a file; name one of the files in it"},
      {{"folder/clam.textproto"}, "there is no scenario 'folder/clam.textproto'"},
      {{"kafka/clam"}, "(did you mean 'kafka/calm'?); `brokersim list` names all"},
      {{"calm"}, "(did you mean 'kafka/calm'?)"},
      {{"scenarios/calm.textproto"}, "(did you mean 'kafka/calm'?)"},
      {{"unclean_leader_elections"}, "(did you mean 'kafka/unclean_leader_election'?)"},
      {{"what-is-this"}, "there is no scenario 'what-is-this': neither such a file nor such a name; "},
  };
  const std::vector<std::string> files = sandbox.Files();
  for (const Misuse& bad : cases) {
    SCOPED_TRACE(bad.words[0]);
    for (const char* command : {"run", "describe", "test", "verify-determinism"}) {
      const Result result = sandbox.Run({command, bad.words[0]});
      EXPECT_EQ(result.exit_code, kBadInput);
      ExpectOneLine(result);
      EXPECT_THAT(result.err, HasSubstr(bad.says));
    }
  }
  EXPECT_EQ(sandbox.Files(), files);
}

TEST(BadScenario, ARunThatCanNotBeWrittenLeavesNothing) {
  Sandbox sandbox;
  sandbox.Write("taken", "a file");
  sandbox.Write("o/diagram.svg/in the way", "");
  for (const char* out : {"--out=taken", "--out=taken/below", "--out=o"}) {
    const Result result = sandbox.Run({"run", "kafka/calm", out});
    EXPECT_EQ(result.exit_code, kBadInput);
    ExpectOneLine(result);
    EXPECT_THAT(result.err, HasSubstr("can't "));
  }
  EXPECT_THAT(sandbox.Files(), testing::ElementsAre("o/diagram.svg/in the way", "taken"));
}

TEST(BadTrace, IsNamed) {
  Sandbox sandbox;
  ASSERT_EQ(sandbox.Run({"run", "kafka/calm", "--out=o"}).exit_code, 0);
  const std::string trace = sandbox.Read("o/trace.pb");
  sandbox.Write("empty.pb", "");
  sandbox.Write("junk.pb", std::string("\x0a\xff\xff\xff\xff\x0f junk \0\0", 14));
  sandbox.Write("text.pb", "no trace at all\n");
  sandbox.Write("half.pb", trace.substr(0, trace.size() / 2));
  sandbox.Write("short.pb", trace.substr(0, trace.size() - 1));
  sandbox.Write("folder/other", "");
  for (const char* name : {"empty.pb", "junk.pb", "text.pb", "half.pb", "short.pb", "folder", "nothing.pb"}) {
    SCOPED_TRACE(name);
    const Result result = sandbox.Run({"show", name});
    EXPECT_EQ(result.exit_code, kBadInput);
    ExpectOneLine(result);
    EXPECT_THAT(result.err, HasSubstr(name));
  }
  EXPECT_THAT(sandbox.Run({"show", "nothing.pb"}).err, HasSubstr("give a trace.pb, or the folder"));
}

// Damage anywhere in a trace is told or harmless, never a crash.
TEST(BadTrace, FlippedBytes) {
  Sandbox sandbox;
  ASSERT_EQ(sandbox.Run({"run", "kafka/calm", "--out=o"}).exit_code, 0);
  const std::string trace = sandbox.Read("o/trace.pb");
  constexpr size_t kTries = 60;
  for (size_t i = 0; i < kTries; ++i) {
    const size_t at = i * (trace.size() - 1) / (kTries - 1);
    SCOPED_TRACE(at);
    std::string damaged = trace;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (i % 8)));
    sandbox.Write("damaged.pb", damaged);
    const Result result = sandbox.Run({"show", "damaged.pb"});
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == kBadInput) << result.exit_code << " " << result.err;
    if (result.exit_code != 0) ExpectOneLine(result);
  }
}

}  // namespace
}  // namespace brokersim::cli
