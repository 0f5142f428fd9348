// Each workload: a history that holds, the smallest ones that don't, and the borders between.
#include "checker/workloads/workloads.h"

#include <gtest/gtest.h>

#include <string>

#include "checker/history/edn.h"

namespace brokersim::checker {
namespace {

// "valid", "unknown", or the types of the anomalies with their operations: "lost 0 1; lost 4".
std::string Summary(const absl::StatusOr<formats::Verdict>& verdict) {
  if (!verdict.ok()) return std::string(verdict.status().message());
  if (verdict->result() == formats::Verdict::VALID) return "valid";
  std::string text;
  for (const formats::Anomaly& anomaly : verdict->anomalies()) {
    text += (text.empty() ? "" : "; ") + anomaly.type();
    for (uint64_t op : anomaly.operations()) text += " " + std::to_string(op);
    EXPECT_FALSE(anomaly.explanation().empty());
  }
  return text.empty() ? "unknown" : text;
}

double Metric(const formats::Verdict& verdict, std::string_view name) {
  for (const formats::Metric& metric : verdict.metrics()) {
    if (metric.name() == name) return metric.value();
  }
  ADD_FAILURE() << "no metric " << name;
  return -1;
}

// Lines like "0 invoke add 1", one each; the value is EDN.
History Lines(const std::string& text) {
  std::string edn;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const size_t type = line.find(' ') + 1;
    const size_t f = line.find(' ', type) + 1;
    const size_t value = std::min(line.find(' ', f), line.size());
    edn += "{:process " + line.substr(0, type) + ":type :" + line.substr(type, f - type) + ":f :" +
           line.substr(f, value - f) + " :value " + (value < line.size() ? line.substr(value) : "nil") +
           " :time " + std::to_string(at * 1'000'000) + "}\n";
  }
  absl::StatusOr<History> history = ReadEdn(edn);
  EXPECT_TRUE(history.ok()) << history.status() << "\n" << edn;
  return *std::move(history);
}

TEST(Set, TheLastReadCounts) {
  const auto judge = [](const std::string& text) { return Summary(CheckSet(Lines(text))); };
  const std::string adds = "0 invoke add 1\n0 ok add 1\n0 invoke add 2\n0 info add 2\n1 invoke add 3\n1 fail add 3\n";
  EXPECT_EQ(judge(adds + "1 invoke read\n1 ok read [1]"), "valid");
  EXPECT_EQ(judge(adds + "1 invoke read\n1 ok read #{1 2}"), "valid");
  EXPECT_EQ(judge(adds + "1 invoke read\n1 ok read [2]"), "lost 0 1 7");
  EXPECT_EQ(judge(adds + "1 invoke read\n1 ok read [1 3]"), "unexpected 4 7");
  EXPECT_EQ(judge(adds + "1 invoke read\n1 ok read [1 9]"), "unexpected 7");
  EXPECT_EQ(judge(adds + "1 invoke read\n1 info read"), "unknown");
  EXPECT_EQ(judge(adds + "1 invoke read\n1 ok read []\n1 invoke read\n1 ok read [1]"), "valid");
  // Acknowledged while the read was under way.
  EXPECT_EQ(judge("1 invoke read\n0 invoke add 1\n0 ok add 1\n1 ok read []"), "valid");
  EXPECT_EQ(judge("0 invoke push 1"), "index 0 (process 0, :invoke :push): a set has :add and :read");
  EXPECT_EQ(judge("0 invoke read\n0 ok read 5"),
            "index 1 (process 0, :ok :read): a set's :read gives a set or a vector of elements");
}

TEST(SetFull, ElementsStay) {
  const auto judge = [](const std::string& text, bool linearizable = false) {
    return Summary(CheckSetFull(Lines(text), {.linearizable = linearizable}));
  };
  const std::string add = "0 invoke add 1\n0 ok add 1\n";
  const std::string seen = "1 invoke read\n1 ok read [1]\n";
  const std::string missed = "1 invoke read\n1 ok read []\n";
  EXPECT_EQ(judge(add + seen), "valid");
  EXPECT_EQ(judge(add + seen + missed), "lost 0 1 5");
  EXPECT_EQ(judge(add + missed), "lost 0 1 3");
  EXPECT_EQ(judge(add + missed + seen), "valid");
  EXPECT_EQ(judge(add + missed + seen, true), "stale 0 1 3");
  EXPECT_EQ(judge(add), "unknown");
  // An add without answer that was seen once is in the set.
  EXPECT_EQ(judge("0 invoke add 1\n0 info add 1\n" + seen + missed), "lost 0 3 5");
  EXPECT_EQ(judge("0 invoke add 1\n0 info add 1\n" + missed), "unknown");
  EXPECT_EQ(judge(add + "1 invoke read\n1 ok read [1 1]\n"), "duplicated 3");
  EXPECT_EQ(judge(add + "1 invoke read\n1 ok read [1 2]\n"), "unexpected 3");
  // A read that began before the acknowledgement may miss it.
  EXPECT_EQ(judge("1 invoke read\n0 invoke add 1\n0 ok add 1\n1 ok read []\n" + seen), "valid");
}

TEST(SetFull, MeasuresHowLongElementsTook) {
  const absl::StatusOr<formats::Verdict> verdict =
      CheckSetFull(Lines("0 invoke add 1\n0 ok add 1\n1 invoke read\n1 ok read []\n1 invoke read\n1 ok read [1]"), {});
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(Metric(*verdict, "stable"), 1);
  EXPECT_EQ(Metric(*verdict, "stale"), 1);
  EXPECT_GT(Metric(*verdict, "stable-latency-max"), 0);
}

TEST(Counter, ReadsLieBetweenTheBounds) {
  const auto judge = [](const std::string& text) { return Summary(CheckCounter(Lines(text))); };
  EXPECT_EQ(judge("0 invoke add 2\n0 ok add 2\n0 invoke read\n0 ok read 2"), "valid");
  EXPECT_EQ(judge("0 invoke add 2\n0 ok add 2\n0 invoke read\n0 ok read 1"), "impossible-count 3");
  EXPECT_EQ(judge("0 invoke add 2\n0 ok add 2\n0 invoke read\n0 ok read 3"), "impossible-count 3");
  EXPECT_EQ(judge("1 invoke add 5\n0 invoke read\n0 ok read 5\n0 invoke read\n0 ok read 0"), "valid");
  EXPECT_EQ(judge("0 invoke read\n1 invoke add 5\n1 ok add 5\n0 ok read 0"), "valid");
  EXPECT_EQ(judge("1 invoke add 5\n1 fail add 5\n0 invoke read\n0 ok read 5"), "impossible-count 3");
  EXPECT_EQ(judge("1 invoke add -5\n0 invoke read\n0 ok read -5"), "valid");
  EXPECT_EQ(judge("1 invoke add -5\n1 ok add -5\n0 invoke read\n0 ok read 0"), "impossible-count 3");
  EXPECT_EQ(judge("0 invoke add x"), "index 0 (process 0, :invoke :add): a counter's :add takes a whole number");
}

TEST(TotalQueue, WhatGoesInComesOut) {
  const auto judge = [](const std::string& text) { return Summary(CheckTotalQueue(Lines(text))); };
  const std::string in = "0 invoke enqueue 1\n0 ok enqueue 1\n";
  EXPECT_EQ(judge(in + "1 invoke dequeue\n1 ok dequeue 1"), "valid");
  EXPECT_EQ(judge(in + "1 invoke drain\n1 ok drain [1]"), "valid");
  EXPECT_EQ(judge(in), "lost 1");
  EXPECT_EQ(judge(in + "1 invoke dequeue\n1 fail dequeue"), "lost 1");
  EXPECT_EQ(judge(in + "1 invoke dequeue\n1 ok dequeue 2\n1 invoke dequeue\n1 ok dequeue 1"), "unexpected 3");
  EXPECT_EQ(judge("0 invoke enqueue 1\n0 fail enqueue 1\n1 invoke dequeue\n1 ok dequeue 1"), "unexpected 0 3");
  EXPECT_EQ(judge("0 invoke enqueue 1\n0 info enqueue 1\n"), "valid");
  EXPECT_EQ(judge(in + "1 invoke drain\n1 info drain"), "unknown");
  const absl::StatusOr<formats::Verdict> twice =
      CheckTotalQueue(Lines(in + "1 invoke drain\n1 ok drain [1 1]\n0 invoke enqueue 2\n0 info enqueue 2\n"
                                 "1 invoke dequeue\n1 ok dequeue 2"));
  EXPECT_EQ(Summary(twice), "valid");
  EXPECT_EQ(Metric(*twice, "duplicated"), 1);
  EXPECT_EQ(Metric(*twice, "recovered"), 1);
}

TEST(UniqueIds, NoTwoAreEqual) {
  EXPECT_EQ(Summary(CheckUniqueIds(Lines("0 invoke generate\n0 ok generate 7\n0 invoke generate\n0 ok generate 8"))),
            "valid");
  EXPECT_EQ(Summary(CheckUniqueIds(Lines("0 invoke generate\n0 ok generate 7\n1 invoke generate\n1 ok generate 7"))),
            "duplicate-id 1 3");
}

TEST(Bank, TransfersAreSeenWhole) {
  const auto judge = [](const std::string& text, BankOptions options = {}) {
    return Summary(CheckBank(Lines(text), options));
  };
  const std::string first = "0 invoke read\n0 ok read {0 5 1 5}\n";
  EXPECT_EQ(judge(first + "0 invoke read\n0 ok read {0 2 1 8}"), "valid");
  EXPECT_EQ(judge(first + "0 invoke read\n0 ok read {0 2 1 5}"), "wrong-total 3");
  EXPECT_EQ(judge(first + "0 invoke read\n0 ok read {0 12 1 -2}"), "negative-value 3");
  EXPECT_EQ(judge(first + "0 invoke read\n0 ok read {0 12 1 -2}", {.negative_balances = true}), "valid");
  EXPECT_EQ(judge(first + "0 invoke read\n0 ok read {0 10 2 0}"), "unexpected-key 3");
  EXPECT_EQ(judge(first + "0 invoke read\n0 ok read {0 10 1 nil}"), "nil-balance 3");
  EXPECT_EQ(judge(first, {.total = 100}), "wrong-total 1");
  EXPECT_EQ(judge("0 invoke transfer {:from 0 :to 1 :amount 1}"), "unknown");
}

TEST(LongFork, NobodySeesTwoWritesInTwoOrders) {
  const auto judge = [](const std::string& text) { return Summary(CheckLongFork(Lines(text))); };
  const std::string writes = "0 invoke write [[:w 1 1]]\n0 ok write [[:w 1 1]]\n";
  EXPECT_EQ(judge(writes + "1 invoke read\n1 ok read [[:r 1 nil] [:r 2 nil]]\n2 invoke read\n2 ok read [[:r 2 nil] "
                           "[:r 1 1]]"),
            "valid");
  EXPECT_EQ(judge(writes + "1 invoke read\n1 ok read [[:r 1 1] [:r 2 nil]]\n2 invoke read\n2 ok read [[:r 2 1] [:r 1 "
                           "nil]]"),
            "long-fork 3 5");
  EXPECT_EQ(judge(writes + writes), "unknown");
}

TEST(Comments, WhatWasAcknowledgedBeforeIsSeenToo) {
  const auto judge = [](const std::string& text) { return Summary(CheckComments(Lines(text))); };
  const std::string one = "0 invoke write 1\n0 ok write 1\n";
  const std::string two = "1 invoke write 2\n1 ok write 2\n";
  EXPECT_EQ(judge(one + two + "2 invoke read\n2 ok read [1 2]"), "valid");
  EXPECT_EQ(judge(one + two + "2 invoke read\n2 ok read [1]"), "valid");
  EXPECT_EQ(judge(one + two + "2 invoke read\n2 ok read [2]"), "causal-reverse 1 2 5");
  EXPECT_EQ(judge("0 invoke write 1\n" + two + "0 ok write 1\n2 invoke read\n2 ok read [2]"), "valid");
}

TEST(Sequential, NothingFoundFollowsSomethingMissing) {
  const auto judge = [](const std::string& text) { return Summary(CheckSequential(Lines(text))); };
  EXPECT_EQ(judge("0 invoke read\n0 ok read [7 [nil nil]]"), "valid");
  EXPECT_EQ(judge("0 invoke read\n0 ok read [7 [nil \"a\"]]"), "valid");
  EXPECT_EQ(judge("0 invoke read\n0 ok read [7 [\"b\" nil]]"), "out-of-order-visibility 1");
}

}  // namespace
}  // namespace brokersim::checker
