// list-append: each anomaly in a history that shows it, beside one that nearly does.
#include "checker/history/edn.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/checker/txn/txn_text.h"

namespace brokersim::checker {
namespace {

using Levels = std::vector<std::string>;
const Levels kSerializable = {"serializable"};

std::string Not(std::string_view lines, Levels levels = {"strict-serializable"}) {
  TxnOptions options;
  options.levels = std::move(levels);
  const History history = ListHistory(lines);
  return NotOf(CheckListAppend(history, options, {}).value());
}

TEST(ListAppendTest, OneAfterTheOther) {
  EXPECT_EQ(Lists("0 ok ax1; 1 ok rx1 ax2; 0 ok rx12"), "VALID");
  EXPECT_EQ(Lists("0 ok rx; 0 ok ax1; 0 info ax2; 1 ok rx1; 1 ok rx12"), "VALID");
}

TEST(ListAppendTest, NothingToJudge) {
  EXPECT_EQ(Lists("0 ok ax1"), "UNKNOWN: empty-transaction-graph");
  EXPECT_EQ(Lists("0 fail ax1", kSerializable), "UNKNOWN: empty-transaction-graph");
  EXPECT_EQ(Lists("0 ok ax1; 1 ok ax1"), "UNKNOWN: duplicate-appends");
}

TEST(ListAppendTest, G0) {
  EXPECT_EQ(Lists("0 ok ax1 ay1; 0 ok ax2 ay2; 0 ok rx12 ry21", kSerializable), "G0");
  EXPECT_EQ(Not("0 ok ax1 ay1; 0 ok ax2 ay2; 0 ok rx12 ry21", kSerializable), "read-uncommitted");
  EXPECT_EQ(Lists("0 ok ax1 ay1; 0 ok ax2 ay2; 0 ok rx12 ry12", kSerializable), "VALID");
}

TEST(ListAppendTest, G1a) {
  EXPECT_EQ(Lists("0 fail ax1; 0 ok rx1", {"read-committed"}), "G1a");
  EXPECT_EQ(Not("0 fail ax1; 0 ok rx1", {"read-committed"}), "read-committed");
  EXPECT_EQ(Lists("0 info ax1; 0 ok rx1", {"read-committed"}), "VALID");
  // What an aborted or crashed transaction read proves nothing.
  EXPECT_EQ(Lists("0 fail ax1; 0 fail rx1; 1 ok ay1; 1 ok ry1", {"read-committed"}), "VALID");
}

TEST(ListAppendTest, G1b) {
  EXPECT_EQ(Lists("0 ok ax1 ax2; 0 ok rx1"), "G-single-item G1b");
  EXPECT_EQ(Lists("0 ok ax1 ax2; 0 ok rx12"), "VALID");
  EXPECT_EQ(Lists("0 ok ax1 rx1 ax2; 0 ok rx12"), "VALID");  // its own
}

TEST(ListAppendTest, G1c) {
  EXPECT_EQ(Lists("0 ok ax1 ry1; 0 ok ax2 ay1; 0 ok rx12 ry1", kSerializable), "G1c");
  EXPECT_EQ(Lists("0 ok ax1 ry1; 0 ok ax2 ay1; 0 ok rx12 ry1", {"read-uncommitted"}), "VALID");
  EXPECT_EQ(Lists("0 ok ax1 ry1; 0 ok ax2 ay1; 0 ok rx21 ry1", kSerializable), "VALID");
}

TEST(ListAppendTest, GSingle) {
  constexpr std::string_view kSkewed = "0 ok ax1 ay1; 0 ok ax2 ry; 0 ok rx12";
  EXPECT_EQ(Lists(kSkewed, kSerializable), "G-single-item");
  EXPECT_EQ(Not(kSkewed, kSerializable), "consistent-view repeatable-read");
  EXPECT_EQ(Lists(kSkewed, {"read-committed"}), "VALID");
  EXPECT_EQ(Lists("0 ok ax1 ay1; 0 ok rx1 ry", {"repeatable-read"}), "G-single-item");
}

TEST(ListAppendTest, GNonadjacent) {
  EXPECT_EQ(Lists("0 ok ax1; 0 ok rx1 ry; 0 ok ay1; 0 ok ry1 rx"), "G-nonadjacent-item");
  EXPECT_EQ(Not("0 ok ax1; 0 ok rx1 ry; 0 ok ay1; 0 ok ry1 rx"), "repeatable-read snapshot-isolation");
  // Of five edges, two rw are side by side.
  EXPECT_EQ(Lists("0 ok rx5 ay1; 0 ok ry az2; 0 ok rz at3; 0 ok rt3 au4; 0 ok ru ax5", {"snapshot-isolation"}),
            "VALID");
}

TEST(ListAppendTest, G2Item) {
  EXPECT_EQ(Lists("0 ok ax1 ry; 0 ok ay1 rx", kSerializable), "G2-item");
  EXPECT_EQ(Not("0 ok ax1 ry; 0 ok ay1 rx", kSerializable), "repeatable-read");
  EXPECT_EQ(Lists("0 ok ax1 ry; 0 ok ay1 rx", {"snapshot-isolation"}), "VALID");
}

TEST(ListAppendTest, SessionsAndRealTime) {
  constexpr std::string_view kStale = "0 ok ax1; 1 ok ax2; 2 ok rx1; 3 ok rx12";
  EXPECT_EQ(Lists(kStale), "G-single-item-realtime");
  EXPECT_EQ(Not(kStale), "strong-snapshot-isolation");
  EXPECT_EQ(Lists(kStale, {"strong-session-serializable"}), "VALID");
  constexpr std::string_view kOwn = "0 ok ax1; 1 ok ax2; 1 ok rx1; 3 ok rx12";
  EXPECT_EQ(Lists(kOwn, kSerializable), "VALID");
  EXPECT_EQ(Lists(kOwn, {"strong-session-snapshot-isolation"}), "G-single-item-process");
  EXPECT_EQ(Not(kOwn), "strong-session-snapshot-isolation");
  // Only in the order of one process does anything contradict here.
  constexpr std::string_view kFuture = "1 ok rx1 ay1; 2 ok ry1; 2 ok ax1";
  EXPECT_EQ(Lists(kFuture, {"strong-session-snapshot-isolation"}), "G1c-process");
  EXPECT_EQ(Not(kFuture, {"strong-session-snapshot-isolation"}), "strong-session-read-committed");
  EXPECT_EQ(Lists("0 ok rx rz1; 1 ok ax1; 1 ok rz; 2 ok az1", {"strong-session-snapshot-isolation"}),
            "G-nonadjacent-item-process");
  // At the same time nothing is late.
  EXPECT_EQ(Lists("0 ok ax1; 1 invoke ax2; 2 ok rx1; 1 ok ax2; 3 ok rx12"), "VALID");
}

// A process that crashed may have its effect at any later time.
TEST(ListAppendTest, CrashedOnesEndNever) {
  EXPECT_EQ(Lists("0 info ax1; 1 ok rx; 1 ok rx1"), "VALID");
  EXPECT_EQ(Lists("0 ok ax1; 1 ok rx; 1 ok rx1"), "G-single-item-realtime");
}

TEST(ListAppendTest, Internal) {
  EXPECT_EQ(Lists("0 ok ax1 ax2 ax4; 0 ok ax3 rx1234", {"read-atomic"}), "G0 internal");
  EXPECT_EQ(Lists("0 ok ax6 rx; 0 ok ay1", {"read-atomic"}), "internal");
  EXPECT_EQ(Lists("0 ok rx rx2; 0 invoke ax2; 1 ok ay1", {"read-atomic"}), "internal");
  EXPECT_EQ(Lists("1 ok ax1 ax2; 0 ok rx12 ax3 rx123 ax4 rx1234", {"read-atomic"}), "VALID");
  for (std::string_view second : {"12", "1", "1234", "023"}) {
    const std::string lines = "1 info ax0; 1 info ax4; 1 ok ax1 ax2; 0 ok rx12 ax3 rx" + std::string(second);
    EXPECT_NE(Lists(lines, {"read-atomic"}).find("internal"), std::string::npos) << second;
  }
}

TEST(ListAppendTest, FutureRead) {
  EXPECT_EQ(Lists("0 ok rx1 ax1", {"read-committed"}), "future-read");
  EXPECT_EQ(Not("0 ok rx1 ax1", {"read-committed"}), "read-committed");
  EXPECT_EQ(Lists("0 ok ax1 rx1; 0 ok rx1", {"read-committed"}), "VALID");
}

TEST(ListAppendTest, DirtyUpdate) {
  EXPECT_EQ(Lists("0 fail ax1; 1 ok ax2; 2 ok rx12"), "G1a dirty-update");
  EXPECT_EQ(Lists("0 fail ax1; 1 info ax2; 2 ok ax3; 2 ok rx123"), "G1a dirty-update");
  EXPECT_EQ(Lists("0 fail ax1; 1 info ax2; 2 ok rx12"), "G1a");
  EXPECT_EQ(Lists("0 fail ax1; 1 ok ax2; 2 ok rx2"), "VALID");
}

TEST(ListAppendTest, LostUpdate) {
  EXPECT_EQ(Lists("0 ok ax0; 0 ok rx0 ax1; 0 ok rx0 ax2"), "G2-item lost-update");
  EXPECT_EQ(Not("0 ok ax0; 0 ok rx0 ax1; 0 ok rx0 ax2"), "cursor-stability update-atomic");
  EXPECT_EQ(Lists("0 ok rx ax1 ax2; 0 ok rx12"), "VALID");
  EXPECT_EQ(Lists("0 ok ax0; 0 ok rx0 ax1; 0 ok rx01 ax2"), "VALID");
}

TEST(ListAppendTest, DuplicateElements) {
  EXPECT_EQ(Lists("0 ok ax1 ry1; 0 ok ax2 ay1; 0 ok rx121", {"read-committed"}), "G1c duplicate-elements");
  EXPECT_EQ(Lists("0 ok ax1; 0 ok rx11", {"read-uncommitted"}), "duplicate-elements");
}

TEST(ListAppendTest, IncompatibleOrder) {
  EXPECT_EQ(Lists("0 ok ax1 ry1; 0 ok ax2; 0 ok ax3 ay1; 0 ok rx13; 0 ok rx123", {"read-committed"}),
            "G1c incompatible-order");
  EXPECT_EQ(Lists("0 ok ax1; 0 ok ax2; 0 ok rx12; 0 ok rx21", {"read-committed"}), "incompatible-order");
  EXPECT_EQ(Lists("0 ok ax1; 0 ok ax2; 0 ok rx1; 0 ok rx12", {"read-committed"}), "VALID");
}

// Elle has no name for it: its graph has no edges from a transaction to itself.
TEST(ListAppendTest, OwnAppendsOutOfOrder) {
  EXPECT_EQ(Lists("0 ok ax1 ax2; 0 ok rx21", {"serializable"}), "G1b incompatible-order");
  EXPECT_EQ(Lists("0 ok ax1 ax2; 0 ok rx2", {"serializable"}), "G-single-item incompatible-order");
  EXPECT_EQ(Lists("0 ok ax1 ax2; 0 ok rx12", {"serializable"}), "VALID");
}

TEST(ListAppendTest, PhantomRead) {
  EXPECT_EQ(Lists("0 ok ax1; 0 ok rx17", {"read-committed"}), "phantom-read");
  EXPECT_EQ(Lists("0 ok ax1; 0 ok rx1; 0 ok rx7", {"read-committed"}), "incompatible-order phantom-read");
}

TEST(ListAppendTest, WhatWasNeverReadComesLast) {
  // x: 1 then 2; y: 2 and then 1, because only 2 was read.
  constexpr std::string_view kLines =
      "0 invoke ax1 ay1; 1 invoke ax2 ay2; 2 invoke ax3 ay3; 3 invoke rx; 4 invoke ry;"
      "0 ok ax1 ay1; 1 ok ax2 ay2; 2 ok ax3 ay3; 3 ok rx12; 4 ok ry2";
  EXPECT_EQ(Lists(kLines, kSerializable), "G-single-item G0");
  EXPECT_EQ(Not(kLines, kSerializable), "read-uncommitted");
  // A single append needs no read at all.
  EXPECT_EQ(Lists("0 ok ax1 ry; 1 ok ay1 rx", kSerializable), "G2-item");
  // What a crashed transaction read, nobody knows.
  EXPECT_EQ(Lists("0 info ax2 ry; 0 ok ax1 ay1; 0 ok rx12 ry1", kSerializable), "VALID");
}

// One G-single of a thousand transactions, amid cycles with two rw in a row that lead away from it: Elle's search for it
// runs out of time.
TEST(ListAppendTest, FindsOneLongCycleAmongMany) {
  constexpr int kRing = 1000;
  constexpr int kNoise = 28;
  std::string edn;
  const auto add = [&](int process, const std::string& ops) {
    edn += fmt::format("{{:process {} :type :ok :f :txn :value [{}]}}\n", process, ops);
  };
  for (int i = 0; i < kRing; ++i) {
    add(0, fmt::format("[:append :ring {}] {}", i,
                       i == 0           ? "[:append :anti :first]"
                       : i == kRing - 1 ? "[:r :anti nil]"
                                        : fmt::format("[:append {} 0]", i)));
  }
  std::string all;
  for (int i = 0; i < kRing; ++i) all += fmt::format("{} ", i);
  add(1, fmt::format("[:r :ring [{}]]", all));
  for (int i = 1; i < kRing - 1; ++i) {
    std::string seen = "0";
    for (int j = 1; j < kNoise; ++j) {
      add(2, fmt::format("[:append {} {}]", i, j));
      seen += fmt::format(" {}", j);
    }
    add(2, fmt::format("[:r {} [{}]] [:r [:anti {}] nil]", i, seen, i));
    add(2, fmt::format("[:append [:anti {}] 0] [:r :ring nil]", i));
  }
  const History history = ReadEdn(edn).value();
  TxnOptions options;
  options.levels = {"snapshot-isolation"};
  const formats::Verdict verdict = CheckListAppend(history, options, {}).value();
  EXPECT_EQ(Summary(verdict), "G-single-item");
  ASSERT_EQ(verdict.anomalies_size(), 1);
  EXPECT_EQ(verdict.anomalies(0).edges_size(), kRing);
  EXPECT_LT(verdict.steps(), 100'000'000u);
}

TEST(ListAppendTest, TellsWhy) {
  const History history = ListHistory("0 ok ax1 ay1; 0 ok ax2 ry; 0 ok rx12");
  TxnOptions options;
  options.levels = {"serializable"};
  const formats::Verdict verdict = CheckListAppend(history, options, {}).value();
  ASSERT_EQ(verdict.anomalies_size(), 1);
  const formats::Anomaly& anomaly = verdict.anomalies(0);
  EXPECT_EQ(anomaly.explanation(), "T3, T1: one of them missed a write of another one that must have come before it.");
  ASSERT_EQ(anomaly.edges_size(), 2);
  EXPECT_EQ(anomaly.edges(0).kind(), "rw");
  EXPECT_EQ(anomaly.edges(0).why(), "T3 read :y as empty and so without 1, which T1 appended.");
  EXPECT_EQ(anomaly.edges(1).kind(), "ww");
  EXPECT_EQ(anomaly.edges(1).why(), "T3 appended 2 to :x after T1 appended 1.");
  EXPECT_EQ(anomaly.operations_size(), 2);
}

TEST(ListAppendTest, OddHistories) {
  const auto check = [](std::string_view value) {
    const std::string edn = "{:process 0 :type :ok :f :txn :value " + std::string(value) + "}";
    return CheckListAppend(ReadEdn(edn).value(), {}, {}).status().ToString();
  };
  EXPECT_EQ(check("7"),
            "INVALID_ARGUMENT: index 0: 7 is no transaction; a transaction is a vector of [:r key list] and "
            "[:append key value]");
  for (std::string_view value :
       {"[7]", "[[:r]]", "[[:append :x]]", "[[:w :x 1]]", "[[:r :x 7]]", "[[:r :x 1 2]]", "[[]]"}) {
    EXPECT_NE(check(value).find("INVALID_ARGUMENT: index 0: "), std::string::npos) << value;
  }
  EXPECT_EQ(check("[]").find("INVALID"), std::string::npos);
  const History empty;
  EXPECT_EQ(Summary(CheckListAppend(empty, {}, {})), "UNKNOWN: empty-transaction-graph");
  EXPECT_NE(Lists("0 ok ax1", {"snapshot"}).find("there is no consistency level"), std::string::npos);
}

}  // namespace
}  // namespace brokersim::checker
