// Of models, whoever looks out asks at the very operation with which the model first finds something that doesn't wait
// for the end, and of what is right asks rarely.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checker/history/format.h"
#include "checker/history/proto.h"
#include "checker/models.h"
#include "checker/online/model_suspicion.h"
#include "fmt/format.h"
#include "tests/checker/cases.h"
#include "tests/checker/endless.h"
#include "tests/checker/random_history.h"

namespace brokersim::checker {
namespace {

using formats::History;
using formats::Operation;

struct Case {
  std::string name;
  std::string model;
  CheckOptions options = {};
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

std::vector<Case> AllCases() {
  std::vector<Case> all = {{"Kafka", "kafka"},
                           {"KafkaSubscribed", "kafka"},
                           {"ExactlyOnce", "exactly-once"},
                           {"Delivery", "delivery"},
                           {"DeliveryInTime", "delivery"},
                           {"DeliveryAtMostOnce", "delivery"},
                           {"DeliveryLimited", "delivery"},
                           {"DeliveryInOrder", "delivery"}};
  all[1].options.kafka.subscribe = true;
  all[4].options.delivery.lateness = 1'000'000;
  all[5].options.delivery.guarantee = DeliveryOptions::Guarantee::kAtMostOnce;
  all[6].options.delivery.max_receives = 2;
  all[7].options.delivery.order = DeliveryOptions::Order::kQueue;
  return all;
}

// Everything stays in memory, or settles as soon as it can.
const Settling kInMemory = {};
Settling AtOnce() { return {.folder = testing::TempDir(), .at = 4, .last = 1, .fewest = 1}; }

bool Finds(const Case& one, const History& history) {
  const auto lines = FromProto(history);
  const auto verdict = lines.ok() ? Judge(*lines, one.model, one.options) : lines.status();
  return verdict.ok() && std::any_of(verdict->anomalies().begin(), verdict->anomalies().end(), [&](const auto& found) {
           return !WaitsForTheEnd(one.model, found.type());
         });
}

// After how many operations the model first finds something; -1: never.
int FirstFound(const Case& one, const History& history) {
  History so_far;
  for (const Operation& op : history.operations()) {
    *so_far.add_operations() = op;
    if (Finds(one, so_far)) return so_far.operations_size();
  }
  return -1;
}

// What it finds after so many operations, to read.
std::string Shown(const Case& one, History history, int operations) {
  if (operations > 0) history.mutable_operations()->DeleteSubrange(operations, history.operations_size() - operations);
  const checker::History lines = FromProto(history).value();
  std::string text;
  EXPECT_TRUE(Write(lines, Format::kEdn, [&](std::string_view some) { text += some; }).ok());
  const auto verdict = Judge(lines, one.model, one.options);
  for (const auto& found : verdict->anomalies()) text += fmt::format("{}: {}\n", found.type(), found.explanation());
  return text;
}

int FirstNoticed(const Case& one, const History& history, const Settling& settling, uint64_t* asked) {
  const std::unique_ptr<ModelSuspicion> suspicion = SuspicionOf(one.model, one.options, settling);
  History so_far;
  for (const Operation& op : history.operations()) {
    *so_far.add_operations() = op;
    if (!suspicion->Add(op)) continue;
    ++*asked;
    if (Finds(one, so_far)) return so_far.operations_size();
  }
  return -1;
}

// ---- wrong histories

using Wrong = std::function<bool(Random*, Operation*)>;

// Of an operation's actions of a kind one.
template <typename Has>
formats::Action* Some(Random* random, Operation* op, Has has) {
  std::vector<formats::Action*> all;
  for (formats::Action& action : *op->mutable_actions()) {
    if (has(action)) all.push_back(&action);
  }
  return all.empty() ? nullptr : all[random->Below(static_cast<int64_t>(all.size()))];
}

bool MoveSend(Random* random, Operation* op) {
  formats::Action* action = Some(random, op, [](const auto& a) { return a.has_send() && a.send().has_offset(); });
  if (action == nullptr) return false;
  action->mutable_send()->set_offset(std::max<int64_t>(0, action->send().offset() + random->Below(7) - 3));
  return true;
}

bool HideOffset(Random* random, Operation* op) {
  formats::Action* action = Some(random, op, [](const auto& a) { return a.has_send() && a.send().has_offset(); });
  if (action != nullptr) action->mutable_send()->clear_offset();
  return action != nullptr;
}

formats::Poll* SomePoll(Random* random, Operation* op) {
  formats::Action* action =
      Some(random, op, [](const auto& a) { return a.has_poll() && a.poll().reads_size() > 0; });
  return action == nullptr ? nullptr : action->mutable_poll();
}

bool MoveRead(Random* random, Operation* op) {
  formats::Poll* poll = SomePoll(random, op);
  if (poll == nullptr) return false;
  formats::Read* read = poll->mutable_reads(static_cast<int>(random->Below(poll->reads_size())));
  read->set_offset(std::max<int64_t>(0, read->offset() + random->Below(5) - 2));
  return true;
}

bool DropRead(Random* random, Operation* op) {
  formats::Poll* poll = SomePoll(random, op);
  if (poll == nullptr) return false;
  poll->mutable_reads()->DeleteSubrange(static_cast<int>(random->Below(poll->reads_size())), 1);
  return true;
}

bool SwapReads(Random* random, Operation* op) {
  formats::Poll* poll = SomePoll(random, op);
  if (poll == nullptr || poll->reads_size() < 2) return false;
  poll->mutable_reads()->SwapElements(0, static_cast<int>(random->Below(poll->reads_size())));
  return true;
}

bool InventRead(Random* random, Operation* op) {
  formats::Poll* poll = SomePoll(random, op);
  if (poll != nullptr) poll->mutable_reads(0)->set_value(fmt::format("v{}", random->Below(40)));
  return poll != nullptr;
}

bool OtherEnd(Random* random, Operation* op) {
  if (op->type() != Operation::OK) return false;
  op->set_type(random->Percent(50) ? Operation::FAIL : Operation::INFO);
  if (random->Percent(50)) op->set_error("PRODUCER_FENCED");
  for (formats::Action& action : *op->mutable_actions()) {
    if (action.has_send()) action.mutable_send()->clear_offset();
  }
  return true;
}

bool MoveCommit(Random* random, Operation* op) {
  formats::Action* action = Some(random, op, [](const auto& a) { return a.has_commit(); });
  if (action == nullptr) return false;
  action->mutable_commit()->set_offset(std::max<int64_t>(0, action->commit().offset() - 1 - random->Below(3)));
  return true;
}

bool ProcessAnother(Random* random, Operation* op) {
  formats::Action* action = Some(random, op, [](const auto& a) { return a.has_process(); });
  if (action == nullptr) return false;
  action->mutable_process()->set_value(fmt::format("v{}", 1 + random->Below(30)));
  return true;
}

bool Delay(Random* random, Operation* op) {
  formats::Action* action = Some(random, op, [](const auto& a) { return a.has_send(); });
  if (action != nullptr) action->mutable_send()->set_delay_ns(random->Below(8) * 1'000'000);
  return action != nullptr;
}

bool OtherProcess(Random* random, Operation* op) {
  op->set_process(random->Percent(50) ? "p0" : "c0");
  return true;
}

// A correct history in which a few operations were changed.
History WrongHistory(uint64_t seed) {
  static const std::vector<Wrong>& all =
      *new std::vector<Wrong>{MoveSend, HideOffset, MoveRead,       DropRead, SwapReads,   InventRead,
                              OtherEnd, MoveCommit, ProcessAnother, Delay,    OtherProcess};
  Random random(seed);
  History history = CorrectHistory(seed, 12 + static_cast<int>(seed % 50));
  const int64_t changes = random.Below(4);
  for (int64_t i = 0; i < changes;) {
    Operation* op = history.mutable_operations(static_cast<int>(random.Below(history.operations_size())));
    // Once in a while a consumer is told where to go on.
    if (random.Percent(5) && op->f() == "commit") {
      formats::Action assign;
      assign.mutable_assign()->add_positions()->set_log("orders-0");
      op->set_f("assign");
      *op->mutable_actions(0) = assign;
    }
    if (all[static_cast<size_t>(random.Below(static_cast<int64_t>(all.size())))](&random, op)) ++i;
  }
  // Who begins an operation ends it.
  for (Operation& op : *history.mutable_operations()) {
    if (op.type() == Operation::INVOKE) continue;
    op.set_process(history.operations(static_cast<int>(op.invocation())).process());
  }
  return history;
}

class OnlineModels : public testing::TestWithParam<Case> {};

TEST_P(OnlineModels, AskedWhereTheModelFirstFindsSomething) {
  uint64_t asked = 0;
  int found = 0;
  for (uint64_t seed = 0; seed < Cases(10'000); ++seed) {
    const History history = WrongHistory(seed);
    const int expected = FirstFound(GetParam(), history);
    ASSERT_EQ(FirstNoticed(GetParam(), history, kInMemory, &asked), expected)
        << "seed " << seed << "\n" << Shown(GetParam(), history, expected);
    ASSERT_EQ(FirstNoticed(GetParam(), history, AtOnce(), &asked), expected)
        << "seed " << seed << "\n" << Shown(GetParam(), history, expected);
    found += expected >= 0 ? 1 : 0;
  }
  EXPECT_GT(found, Cases(200));
}

TEST_P(OnlineModels, EvenWithoutAnySense) {
  uint64_t asked = 0;
  for (uint64_t seed = 0; seed < Cases(4000); ++seed) {
    const History history = SenselessHistory(seed, 4 + static_cast<int>(seed % 40));
    const int expected = FirstFound(GetParam(), history);
    ASSERT_EQ(FirstNoticed(GetParam(), history, kInMemory, &asked), expected)
        << "seed " << seed << "\n" << Shown(GetParam(), history, expected);
    ASSERT_EQ(FirstNoticed(GetParam(), history, AtOnce(), &asked), expected)
        << "seed " << seed << "\n" << Shown(GetParam(), history, expected);
  }
}

// A broker that gives a record to two readers breaks these promises, or nearly does.
bool MindsTwoReaders(const Case& one) { return one.name == "DeliveryAtMostOnce" || one.name == "DeliveryLimited"; }

TEST_P(OnlineModels, WhatIsRightIsRarelySuspicious) {
  if (MindsTwoReaders(GetParam())) GTEST_SKIP() << "two readers";
  uint64_t asked = 0;
  uint64_t operations = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const History history = CorrectHistory(seed, 200);
    operations += static_cast<uint64_t>(history.operations_size());
    ASSERT_EQ(FirstNoticed(GetParam(), history, kInMemory, &asked), -1);
  }
  EXPECT_LT(asked * 100, operations);
}

TEST_P(OnlineModels, MemoryIsThatOfWhatIsOpen) {
  if (kFewer > 1) GTEST_SKIP() << "a sanitizer's memory is not the library's";
  const std::unique_ptr<ModelSuspicion> suspicion =
      SuspicionOf(GetParam().model, GetParam().options, {.folder = testing::TempDir()});
  Endless endless([&](Operation&& op) { return suspicion->Add(op) && !MindsTwoReaders(GetParam()); });
  constexpr int kSends = 20'000;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(endless.Lap(kSends));
  const size_t once = endless.most();
  for (int i = 0; i < 18; ++i) ASSERT_TRUE(endless.Lap(kSends));
  RecordProperty("bytes_after_a_tenth", static_cast<int>(once));
  RecordProperty("bytes_at_the_end", static_cast<int>(endless.most()));
  EXPECT_LT(endless.most(), once + once / 8 + 4096) << "after a tenth: " << once;
}

INSTANTIATE_TEST_SUITE_P(All, OnlineModels, testing::ValuesIn(AllCases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace brokersim::checker
