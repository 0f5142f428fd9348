// brokersim life, as its users run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command.h"

namespace brokersim::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(Life, OfALostMessage) {
  Sandbox sandbox;
  ASSERT_EQ(sandbox.Run({"run", "kafka/acks_one", "--out=out"}).exit_code, 1);
  const Result result = sandbox.Run({"life", "p1-196", "out"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("p1 sends \"p1-196\" to orders-0\n"));
  EXPECT_THAT(result.out, HasSubstr("ProduceRequest to b2 arrives 0."));
  EXPECT_THAT(result.out, HasSubstr("b2          b2 acknowledges \"p1-196\" in orders-0 at offset 195\n"));
  EXPECT_THAT(result.out, HasSubstr("b2          crashed\n"));
  EXPECT_THAT(result.out, HasSubstr("audit, which reads orders-0 from 0 to 399, doesn't find it\n"));
  EXPECT_THAT(result.out, HasSubstr("\nlost: b2 acknowledged it in orders-0 at 3905.2 ms, and it isn't there; the last "
                                    "copy went at 23909.3 ms, on b2\n"));
  EXPECT_THAT(result.out, EndsWith("verdict   inconsistent-offsets, lost-write\n"));
  // From wherever it is read, and by where it was stored.
  for (const char* where : {"out/trace.pb", "out/trace.jsonl", "kafka/acks_one"}) {
    EXPECT_EQ(sandbox.Run({"life", "p1-196", where}).out, result.out) << where;
  }
  EXPECT_EQ(sandbox.Run({"life", "orders-0@195", "out"}).out, result.out);
}

TEST(Life, OfADoubledMessage) {
  Sandbox sandbox;
  const Result stored = sandbox.Run({"life", "p1-27", "kafka/retry_without_idempotence"});
  EXPECT_EQ(stored.exit_code, 0) << stored.err;
  EXPECT_THAT(stored.out, HasSubstr("\ndoubled: orders-0 holds it at offsets 26 and 27\n"));
  const Result processed = sandbox.Run({"life", "p1-1", "kafka/slow_processing"});
  EXPECT_THAT(processed.out, HasSubstr("\ndoubled: it took effect 3 times\n"));
}

// The log has it; the application has lost it.
TEST(Life, OfAMessageThatNobodyProcessed) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"life", "p1-120", "kafka/commit_before_processing"});
  EXPECT_THAT(result.out, HasSubstr("\nlost: group shop has committed a position past it, and never processed it\n"));
}

TEST(Life, OfACalmMessage) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"life", "p1-1", "kafka/calm"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("stored once in orders-0, at offset 0\nc2 got it once\nit took effect once\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("lost")));
  EXPECT_THAT(result.out, Not(HasSubstr("verdict")));
}

// A half message lies in the half topic and, once committed, in its own queue: what carried it is told once.
TEST(Life, OfAMessageInTwoLogs) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"life", "t1-3", "rocketmq/calm"});
  EXPECT_THAT(result.out, HasSubstr("logs      RMQ_SYS_TRANS_HALF_TOPIC-b-0, payments-b-0\n"));
  const std::vector<std::string> lines = Lines(result.out);
  for (size_t i = 1; i < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].empty() || lines[i] != lines[i - 1]) << lines[i];
  }
}

TEST(Life, AsJson) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"life", "p1-196", "kafka/acks_one", "--json"});
  EXPECT_EQ(Lines(result.out).size(), 1u);
  EXPECT_THAT(result.out, HasSubstr("\"lost\":true,\"doubled\":false,"));
}

TEST(Life, NoSuchMessage) {
  Sandbox sandbox;
  const Result result = sandbox.Run({"life", "p1-1994", "kafka/acks_one"});
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_EQ(result.err,
            "brokersim: there is no message 'p1-1994' in the trace; the nearest is 'p1-194'; there are 400 messages, "
            "from 'p1-1' to 'p1-400'; LOG@OFFSET works, too\n");
}

TEST(Life, WhatIsMissingOrWrong) {
  Sandbox sandbox;
  EXPECT_EQ(sandbox.Run({"life", "p1-1"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"life", "p1-1", "no/such"}).exit_code, 65);
  EXPECT_EQ(sandbox.Run({"life", "p1-1", "trace.pb"}).exit_code, 65);
  sandbox.Write("trace.jsonl", "{}\n");
  EXPECT_THAT(sandbox.Run({"life", "p1-1", "trace.jsonl"}).err, HasSubstr("trace.jsonl: line 1: no event of a trace"));
  EXPECT_EQ(sandbox.Run({"life", "p1-1", "trace.jsonl", "--seed=1"}).exit_code, 64);
  EXPECT_EQ(sandbox.Run({"life", "p1-1", "kafka/calm", "--variant=none"}).exit_code, 64);
}

}  // namespace
}  // namespace brokersim::cli
