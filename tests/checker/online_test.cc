// The online check says so at the very operation with which the offline check first does, and asks that one rarely.
#include "checker/online.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <string>
#include <vector>

#include "checker/check.h"
#include "tests/checker/cases.h"
#include "tests/checker/random_history.h"

namespace brokersim::checker {
namespace {

using formats::History;
using formats::Verdict;

std::vector<std::string> AllChecks() {
  std::vector<std::string> names;
  for (const AnomalyInfo& anomaly : Anomalies()) {
    if (anomaly.implemented && anomaly.name != "unavailable") names.emplace_back(anomaly.name);
  }
  return names;
}

// After how many operations the history is invalid; -1: never.
int FirstInvalid(const History& history, const std::vector<std::string>& checks) {
  History so_far;
  for (const formats::Operation& op : history.operations()) {
    *so_far.add_operations() = op;
    if (Check(so_far, checks).result() == Verdict::INVALID) return so_far.operations_size();
  }
  return -1;
}

// Everything stays in memory, or settles as soon as it can.
const Settling kInMemory = {};
Settling AtOnce() { return {.folder = testing::TempDir(), .at = 4, .last = 1, .fewest = 1}; }

int FirstOnline(const History& history, const std::vector<std::string>& checks, const Settling& settling,
                uint64_t* asked) {
  OnlineCheck online(checks, settling);
  int operations = 0;
  for (const formats::Operation& op : history.operations()) {
    ++operations;
    if (online.Add(formats::Operation(op))) return operations;
  }
  *asked += online.asked();
  return -1;
}

TEST(Online, StopsWhereTheOfflineCheckFirstWould) {
  uint64_t asked = 0;
  int found = 0;
  for (uint64_t seed = 0; seed < Cases(3000); ++seed) {
    const History history = SenselessHistory(seed, 4 + static_cast<int>(seed % 40));
    const int expected = FirstInvalid(history, AllChecks());
    ASSERT_EQ(FirstOnline(history, AllChecks(), kInMemory, &asked), expected) << "seed " << seed << "\n"
                                                                              << history.DebugString();
    ASSERT_EQ(FirstOnline(history, AllChecks(), AtOnce(), &asked), expected) << "seed " << seed << "\n"
                                                                             << history.DebugString();
    found += expected >= 0 ? 1 : 0;
  }
  EXPECT_GT(found, Cases(1000));
}

TEST(Online, EachCheckAlone) {
  uint64_t asked = 0;
  for (const std::string& check : AllChecks()) {
    int found = 0;
    for (uint64_t seed = 0; seed < Cases(2000); ++seed) {
      History history = SenselessHistory(seed, 4 + static_cast<int>(seed % 40));
      const int expected = FirstInvalid(history, {check});
      ASSERT_EQ(FirstOnline(history, {check}, kInMemory, &asked), expected) << check << " seed " << seed << "\n"
                                                                            << history.DebugString();
      ASSERT_EQ(FirstOnline(history, {check}, AtOnce(), &asked), expected) << check << " seed " << seed << "\n"
                                                                           << history.DebugString();
      found += expected >= 0 ? 1 : 0;
    }
    EXPECT_GE(found, kFewer == 1 ? 2 : 0) << check;
  }
}

TEST(Online, PlantedFaultsAreFoundAtOnce) {
  uint64_t asked = 0;
  for (const std::string& check : AllChecks()) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      History history = CorrectHistory(seed, 100 + 20 * static_cast<int>(seed));
      if (!PlantFault(check, seed, &history)) continue;
      const int expected = FirstInvalid(history, {check});
      ASSERT_EQ(FirstOnline(history, {check}, kInMemory, &asked), expected) << check << " seed " << seed;
      ASSERT_EQ(FirstOnline(history, {check}, AtOnce(), &asked), expected) << check << " seed " << seed;
    }
  }
}

// What it costs depends on how often the offline check is asked: of histories that keep every promise, hardly ever.
TEST(Online, WhatIsRightIsRarelySuspicious) {
  uint64_t asked = 0;
  uint64_t operations = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const History history = CorrectHistory(seed, 200);
    operations += static_cast<uint64_t>(history.operations_size());
    ASSERT_EQ(FirstOnline(history, {}, kInMemory, &asked), -1);
  }
  EXPECT_LT(asked * 100, operations);
  asked = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    ASSERT_EQ(FirstOnline(CorrectHistory(seed, 200), {}, AtOnce(), &asked), -1);
  }
  EXPECT_LT(asked * 20, operations);
}

// Clients of four logs that do everything right for ever: a producer for each log, a group that reads, processes and
// commits, and one that begins anew with every lap, so that what has settled is read too.
class Endless {
 public:
  explicit Endless(OnlineCheck* online) : online_(*online) {}

  // False once the check says that it is invalid.
  bool Lap(int sends) {
    for (int log = 0; log < kLogs; ++log) at_[log] = 0;
    ++lap_;
    for (int i = 0; i < sends; ++i) {
      const int log = i % kLogs;
      Send(log);
      if (i % (8 * kLogs) < 7 * kLogs) continue;
      Consume(log);
      Poll(log, "from-the-start-" + std::to_string(lap_ % 2), &at_[log], nullptr);
    }
    return valid_;
  }
  // The most bytes that were in use, beyond those at the beginning.
  size_t most() const { return most_; }

 private:
  static constexpr int kLogs = 4;

  void Pair(const std::string& process, const std::string& f, const formats::Action& begun,
            const formats::Action& done) {
    formats::Operation op;
    op.set_process(process);
    op.set_f(f);
    op.set_index(operations_);
    op.set_invocation(operations_);
    op.set_type(formats::Operation::INVOKE);
    *op.add_actions() = begun;
    valid_ = !online_.Add(formats::Operation(op)) && valid_;
    op.set_index(operations_ + 1);
    op.set_type(formats::Operation::OK);
    *op.mutable_actions(0) = done;
    valid_ = !online_.Add(formats::Operation(op)) && valid_;
    operations_ += 2;
    if (operations_ % 1000 == 0) most_ = std::max(most_, mallinfo2().uordblks - std::min(mallinfo2().uordblks, first_));
  }

  void Send(int log) {
    formats::Action action;
    action.mutable_send()->set_log("orders-" + std::to_string(log));
    action.mutable_send()->set_value("p" + std::to_string(log) + "-" + std::to_string(ends_[log] + 1));
    const formats::Action begun = action;
    action.mutable_send()->set_offset(OffsetOf(ends_[log]++));
    Pair("p" + std::to_string(log), "send", begun, action);
  }

  // Every tenth offset holds nothing.
  static int64_t OffsetOf(int64_t record) { return record + record / 9; }

  void Poll(int log, const std::string& group, int64_t* at, std::vector<formats::Read>* reads) {
    constexpr int64_t kMost = 20;
    formats::Action action;
    formats::Poll& poll = *action.mutable_poll();
    poll.set_log("orders-" + std::to_string(log));
    poll.set_group(group);
    poll.set_from(*at == 0 ? 0 : OffsetOf(*at - 1) + 1);
    const formats::Action begun = action;
    for (int64_t n = 0; n < kMost && *at < ends_[log]; ++n, ++*at) {
      formats::Read& read = *poll.add_reads();
      read.set_offset(OffsetOf(*at));
      read.set_value("p" + std::to_string(log) + "-" + std::to_string(*at + 1));
      if (reads != nullptr) reads->push_back(read);
    }
    poll.set_next(*at == 0 ? 0 : OffsetOf(*at - 1) + 1);
    poll.set_end(OffsetOf(ends_[log] - 1) + 1);
    Pair(group, "poll", begun, action);
  }

  void Consume(int log) {
    std::vector<formats::Read> reads;
    Poll(log, "workers", &consumed_[log], &reads);
    formats::Action action;
    for (const formats::Read& read : reads) {
      formats::Process& process = *action.mutable_process();
      process.set_group("workers");
      process.set_log("orders-" + std::to_string(log));
      process.set_offset(read.offset());
      process.set_value(read.value());
      process.set_applied(false);
      const formats::Action begun = action;
      process.set_applied(true);
      Pair("workers", "process", begun, action);
    }
    if (reads.empty()) return;
    action.mutable_commit()->set_group("workers");
    action.mutable_commit()->set_log("orders-" + std::to_string(log));
    action.mutable_commit()->set_offset(reads.back().offset() + 1);
    Pair("workers", "commit", action, action);
  }

  OnlineCheck& online_;
  const size_t first_ = mallinfo2().uordblks;
  size_t most_ = 0;
  uint64_t operations_ = 0;
  bool valid_ = true;
  int lap_ = 0;
  int64_t ends_[kLogs] = {};
  int64_t consumed_[kLogs] = {};
  int64_t at_[kLogs] = {};
};

TEST(Online, MemoryIsThatOfWhatIsOpen) {
  if (kFewer > 1) GTEST_SKIP() << "a sanitizer's memory is not the library's";
  std::vector<std::string> checks = AllChecks();
  // Who reads a log again from its start is delivered it again, and skips nothing.
  checks.erase(std::find(checks.begin(), checks.end(), "redelivery"));
  OnlineCheck online(checks, testing::TempDir());
  Endless endless(&online);
  constexpr int kSends = 20'000;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(endless.Lap(kSends));
  const size_t once = endless.most();
  for (int i = 0; i < 18; ++i) ASSERT_TRUE(endless.Lap(kSends));
  EXPECT_EQ(online.asked(), 0);
  RecordProperty("bytes_after_a_tenth", static_cast<int>(once));
  RecordProperty("bytes_at_the_end", static_cast<int>(endless.most()));
  EXPECT_LT(endless.most(), once + once / 8) << "after a tenth: " << once;
  formats::History history = online.journal().Take().value();
  EXPECT_GT(history.operations_size(), 40 * kSends);
  EXPECT_EQ(history.operations(kSends).index(), kSends);
}

}  // namespace
}  // namespace brokersim::checker
