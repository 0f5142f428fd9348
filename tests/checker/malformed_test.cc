// Malformed histories: the verdict is UNKNOWN and names the operation, whatever is wrong with it.
#include <functional>
#include <string>
#include <vector>

#include "checker/check.h"
#include "gtest/gtest.h"
#include "tests/checker/history_text.h"

namespace brokersim::checker {
namespace {

using formats::History;
using formats::Operation;
using formats::Verdict;

constexpr std::string_view kGood = R"(
  p1 ok send x a@0
  c1 ok poll x from=0 next=1 end=1 0:a
  c1 ok process g x 0:a
  c1 ok commit g x 1
  c1 ok assign g x=1
)";

// The reason for the verdict over the good history after `spoil`.
std::string Reason(const std::function<void(History*)>& spoil) {
  History history = ParseHistory(kGood);
  spoil(&history);
  const Verdict verdict = Check(history, {});
  EXPECT_EQ(verdict.result(), Verdict::UNKNOWN) << PrintVerdict(verdict);
  EXPECT_EQ(verdict.anomalies_size(), 0);
  return verdict.unknown_reasons_size() == 1 ? verdict.unknown_reasons(0) : "none";
}

TEST(Malformed, TheBaseIsNot) {
  EXPECT_EQ(Check(ParseHistory(kGood), {}).result(), Verdict::VALID);
}

TEST(Malformed, NothingAtAll) {
  const Verdict verdict = Check(History(), {});
  EXPECT_EQ(verdict.result(), Verdict::UNKNOWN);
  EXPECT_EQ(verdict.unknown_reasons(0), "the history holds no operations");
}

TEST(Malformed, ANewerSchema) {
  EXPECT_EQ(Reason([](History* h) { h->set_schema_version(2); }),
            "the history has schema version 2, this checker reads up to 1");
}

TEST(Malformed, Index) {
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(3)->set_index(4); }),
            "operation 3 (c1 ok poll at 4.0 ms) has index 4");
}

TEST(Malformed, Time) {
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(3)->set_time_ns(2'900'000); }),
            "operation 3 (c1 ok poll at 2.9 ms) is earlier than the one before it (3.0 ms)");
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(0)->set_time_ns(-100'000); }),
            "operation 0 (p1 invoke send at -0.1 ms) is earlier than the one before it (0.0 ms)");
}

TEST(Malformed, Type) {
  EXPECT_EQ(
      Reason([](History* h) { h->mutable_operations(1)->set_type(Operation::TYPE_UNSPECIFIED); }),
      "operation 1 (p1 ? send at 2.0 ms) has no known type");
  EXPECT_EQ(Reason([](History* h) {
              h->mutable_operations(1)->set_type(static_cast<Operation::Type>(9));
            }),
            "operation 1 (p1 ? send at 2.0 ms) has no known type");
}

TEST(Malformed, ProcessAndWhatWasDone) {
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(1)->clear_process(); }),
            "operation 1 ( ok send at 2.0 ms) has no process");
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(1)->clear_f(); }),
            "operation 1 (p1 ok  at 2.0 ms) doesn't say what was done: its f is empty");
}

TEST(Malformed, Completion) {
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(3)->set_invocation(3); }),
            "operation 3 (c1 ok poll at 4.0 ms) completes operation 3, which isn't before it");
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(3)->set_invocation(UINT64_MAX); }),
            "operation 3 (c1 ok poll at 4.0 ms) completes operation 18446744073709551615, which "
            "isn't before it");
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(3)->set_invocation(0); }),
            "operation 3 (c1 ok poll at 4.0 ms) completes operation 0, which is p1 invoke send");
  EXPECT_EQ(Reason([](History* h) {
              h->mutable_operations(3)->set_f("send");
              h->mutable_operations(3)->set_process("p1");
              h->mutable_operations(3)->set_invocation(0);
            }),
            "operation 3 (p1 ok send at 4.0 ms) completes operation 0 a second time");
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(2)->set_invocation(0); }),
            "operation 2 (c1 invoke poll at 3.0 ms) is an INVOKE, yet names 0 as its invocation");
}

TEST(Malformed, AcknowledgesWhatWasNotSent) {
  EXPECT_EQ(Reason([](History* h) {
              h->mutable_operations(1)->mutable_actions(0)->mutable_send()->set_value("b");
            }),
            "operation 1 (p1 ok send at 2.0 ms) acknowledges \"b\" in x, but operation 0 sent "
            "\"a\" to x");
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(1)->clear_actions(); }),
            "operation 1 (p1 ok send at 2.0 ms) acknowledges 0 records, but operation 0 sent 1");
}

TEST(Malformed, ActionOfTheWrongKind) {
  EXPECT_EQ(
      Reason([](History* h) { h->mutable_operations(2)->mutable_actions(0)->mutable_commit(); }),
      "operation 2 (c1 invoke poll at 3.0 ms) holds an action that is no poll");
  EXPECT_EQ(Reason([](History* h) { h->mutable_operations(2)->mutable_actions(0)->clear_kind(); }),
            "operation 2 (c1 invoke poll at 3.0 ms) holds an action of no kind");
}

TEST(Malformed, NamesOffsetsAndValues) {
  using Spoil = std::function<void(formats::Action*)>;
  struct Case {
    int operation;
    Spoil spoil;
    std::string problem;
  };
  const std::vector<Case> cases = {
      {0, [](auto* a) { a->mutable_send()->clear_log(); }, "sends to no log"},
      {0, [](auto* a) { a->mutable_send()->clear_value(); }, "sends a record without a value to x"},
      {1, [](auto* a) { a->mutable_send()->set_offset(-2); },
       "has the negative offset -2 for \"a\""},
      {3, [](auto* a) { a->mutable_poll()->clear_log(); }, "reads no log"},
      {3, [](auto* a) { a->mutable_poll()->set_from(-1); }, "reads x from -1 to 1"},
      {3, [](auto* a) { a->mutable_poll()->set_end(-1); }, "says that x ends at -1"},
      {3, [](auto* a) { a->mutable_poll()->mutable_reads(0)->clear_value(); },
       "read no value at offset 0 of x"},
      {3, [](auto* a) { a->mutable_poll()->mutable_reads(0)->set_offset(-1); },
       "read \"a\" at the negative offset -1"},
      {5, [](auto* a) { a->mutable_process()->clear_group(); }, "processes for no group"},
      {5, [](auto* a) { a->mutable_process()->clear_value(); },
       "processes a record without a value"},
      {5, [](auto* a) { a->mutable_process()->set_offset(-2); },
       "processes the negative offset -2"},
      {7, [](auto* a) { a->mutable_commit()->clear_group(); }, "commits for no group"},
      {7, [](auto* a) { a->mutable_commit()->clear_log(); }, "commits a position of no log"},
      {7, [](auto* a) { a->mutable_commit()->set_offset(-1); }, "commits the negative offset -1"},
      {9, [](auto* a) { a->mutable_assign()->mutable_positions(0)->clear_log(); },
       "is assigned a position of no log"},
      {9, [](auto* a) { a->mutable_assign()->mutable_positions(0)->set_offset(-2); },
       "is assigned the negative offset -2"},
  };
  for (const Case& c : cases) {
    const std::string reason = Reason(
        [&c](History* h) { c.spoil(h->mutable_operations(c.operation)->mutable_actions(0)); });
    EXPECT_NE(reason.find(c.problem), std::string::npos) << reason << " lacks " << c.problem;
    EXPECT_EQ(reason.rfind("operation " + std::to_string(c.operation) + " ", 0), 0u) << reason;
  }
}

TEST(Malformed, AnOperationOfAnotherKindIsNoneOfOurBusiness) {
  History history = ParseHistory(kGood);
  for (int i : {4, 5}) {
    history.mutable_operations(i)->set_f("crash");
    history.mutable_operations(i)->clear_actions();
  }
  EXPECT_EQ(Check(history, {}).result(), Verdict::VALID);
}

}  // namespace
}  // namespace brokersim::checker
