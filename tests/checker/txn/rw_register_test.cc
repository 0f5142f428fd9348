// rw-register: each anomaly in a history that shows it, beside one that nearly does.
#include "gtest/gtest.h"
#include "tests/checker/txn/txn_text.h"

namespace brokersim::checker {
namespace {

TxnOptions At(std::string level) {
  TxnOptions options;
  options.levels = {std::move(level)};
  return options;
}
TxnOptions Wfr(TxnOptions options) {
  options.wfr_keys = true;
  return options;
}
TxnOptions Sequential(TxnOptions options) {
  options.sequential_keys = true;
  return options;
}
TxnOptions Linearizable(TxnOptions options) {
  options.linearizable_keys = true;
  return options;
}

std::string Not(std::string_view lines, TxnOptions options = {}) {
  const History history = RegisterHistory(lines);
  return NotOf(CheckRwRegister(history, options, {}).value());
}

TEST(RwRegisterTest, OneAfterTheOther) {
  EXPECT_EQ(Registers("0 ok wx1; 1 ok rx1 wx2; 0 ok rx2"), "VALID");
  EXPECT_EQ(Registers("0 ok rx_; 0 ok wx1; 0 ok rx1", Linearizable({})), "VALID");
}

TEST(RwRegisterTest, G0NeedsAnOrderOfVersions) {
  constexpr std::string_view kBoth = "0 invoke wx1 wy2; 1 invoke wx2 wy1; 0 ok wx1 wy2; 1 ok wx2 wy1";
  EXPECT_EQ(Registers(kBoth, At("read-uncommitted")), "UNKNOWN: empty-transaction-graph");
  constexpr std::string_view kSeen = "0 ok wx1 wy2; 1 ok wx2 wy1; 0 ok rx2; 1 ok ry2";
  EXPECT_EQ(Registers(kSeen, Sequential(At("read-uncommitted"))), "G0");
  EXPECT_EQ(Not(kSeen, Sequential(At("read-uncommitted"))), "read-uncommitted");
}

TEST(RwRegisterTest, G1a) {
  EXPECT_EQ(Registers("0 fail wx1; 0 ok rx1", At("read-committed")), "G1a");
  EXPECT_EQ(Registers("0 info wx1; 0 ok rx1", At("read-committed")), "VALID");
}

TEST(RwRegisterTest, G1b) {
  EXPECT_EQ(Registers("0 ok wx2 wx1; 0 ok rx2", At("repeatable-read")), "G1b");
  EXPECT_EQ(Registers("0 ok wx2 wx1; 0 ok rx1", At("repeatable-read")), "VALID");
}

TEST(RwRegisterTest, G1c) {
  EXPECT_EQ(Registers("0 ok wx1 ry1; 0 ok wy1 rx1", At("serializable")), "G1c");
  EXPECT_EQ(Not("0 ok wx1 ry1; 0 ok wy1 rx1", At("serializable")), "read-committed");
  EXPECT_EQ(Registers("0 ok wx1 ry1; 0 ok wy1 rx1", At("read-uncommitted")), "VALID");
  // A crashed transaction that was seen counts.
  EXPECT_EQ(Registers("0 ok wx1 ry1; 1 info wz3 wy1; 2 ok rz3 wq4; 3 ok rq4 wr5", At("serializable")), "VALID");
}

TEST(RwRegisterTest, TheInitialStateIsNil) {
  EXPECT_EQ(Registers("0 invoke rx_; 1 ok wy1 wx2; 0 ok rx_ ry1", At("serializable")), "G-single-item");
  EXPECT_EQ(Registers("0 invoke rx_; 1 ok wy1 wx2; 0 ok rx2 ry1", At("serializable")), "VALID");
}

TEST(RwRegisterTest, WritesFollowReads) {
  constexpr std::string_view kLines = "0 ok ry1 wx1 wy2; 0 ok rx1 ry1";
  EXPECT_EQ(Registers(kLines, At("serializable")), "VALID");
  EXPECT_EQ(Registers(kLines, Wfr(At("serializable"))), "G-single-item");
}

TEST(RwRegisterTest, G2Item) {
  constexpr std::string_view kLines = "0 ok rx1 ry1; 1 invoke rx wy2; 2 ok ry1 wx2; 1 ok rx1 wy2";
  EXPECT_EQ(Registers(kLines, Linearizable(At("read-committed"))), "VALID");
  EXPECT_EQ(Registers(kLines, Linearizable(At("repeatable-read"))), "G2-item");
}

TEST(RwRegisterTest, Internal) {
  EXPECT_EQ(Registers("0 ok rx1 rx2", At("read-atomic")), "internal");
  EXPECT_EQ(Not("0 ok rx1 rx2", At("read-atomic")), "read-atomic");
  EXPECT_EQ(Registers("0 ok rx1 wx2 rx1", At("read-atomic")), "internal");
  EXPECT_EQ(Registers("0 ok ry2 wx2 rx2 wx1 rx1; 1 ok rx1", At("read-atomic")), "VALID");
}

TEST(RwRegisterTest, CyclicVersions) {
  constexpr std::string_view kBack = "0 ok wx1; 0 ok wx2; 0 ok rx1";
  EXPECT_EQ(Registers(kBack, Sequential({})), "cyclic-versions");
  EXPECT_EQ(Not(kBack, Sequential({})), "read-uncommitted");
  EXPECT_EQ(Registers(kBack, Linearizable({})), "cyclic-versions");
  EXPECT_EQ(Registers(kBack), "VALID");
  // Real time says 3 then 4, and isn't used. That 3 replaced 4 is a ww as well as a wr, so it is a G0.
  EXPECT_EQ(Registers("0 ok rx1; 0 ok rx_; 0 ok rx4 wx3; 0 ok wx4", Linearizable(Wfr({}))),
            "G0-process cyclic-versions");
}

TEST(RwRegisterTest, LostUpdate) {
  EXPECT_EQ(Registers("0 ok rx0 wx1; 1 ok rx0 wx2"), "lost-update");
  EXPECT_EQ(Not("0 ok rx0 wx1; 1 ok rx0 wx2"), "cursor-stability update-atomic");
  EXPECT_EQ(Registers("0 ok rx0 wx1; 1 ok rx1 wx2"), "VALID");
}

TEST(RwRegisterTest, FutureRead) { EXPECT_EQ(Registers("0 ok rx1 wx1; 1 ok wy1; 1 ok ry1"), "future-read"); }

TEST(RwRegisterTest, WrittenTwice) {
  EXPECT_EQ(Registers("0 ok wx1; 1 ok wx1; 2 ok rx1"), "UNKNOWN: duplicate-writes");
  EXPECT_EQ(Registers("0 ok wx1; 1 ok wx1; 2 ok rx_", At("serializable")), "VALID");
}

// Elle's own regression: transactions that do nothing must not order versions.
TEST(RwRegisterTest, SeesThroughEmptyTransactions) {
  EXPECT_EQ(Registers("0 ok; 0 invoke rx_; 1 invoke wx4; 2 invoke; 0 ok rx_; 1 ok wx4; 2 ok; 0 ok; 0 ok rx4",
                      Linearizable(At("serializable"))),
            "VALID");
}

}  // namespace
}  // namespace brokersim::checker
