// What the EDN reader takes, what it makes of it, and where it says an error is.
#include "checker/history/edn.h"

#include <gtest/gtest.h>

#include <string>

namespace brokersim::checker {
namespace {

std::string Datum(const std::string& text) {
  const absl::StatusOr<History> history = ReadEdn("{:type :invoke, :process 0, :f :x, :value " + text + "}");
  return history.ok() ? ToText(history->op(0).value) : std::string(history.status().message());
}

std::string Problem(const std::string& text) {
  const absl::StatusOr<History> history = ReadEdn(text);
  return history.ok() ? "" : std::string(history.status().message());
}

TEST(Edn, ReadsEveryKindOfDatum) {
  EXPECT_EQ(Datum("nil"), "nil");
  EXPECT_EQ(Datum("true"), "true");
  EXPECT_EQ(Datum("-12"), "-12");
  EXPECT_EQ(Datum("+12"), "12");
  EXPECT_EQ(Datum("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Datum("92233720368547758070"), "92233720368547758070");
  EXPECT_EQ(Datum("1.5"), "1.5");
  EXPECT_EQ(Datum("1/3"), "1/3");
  EXPECT_EQ(Datum("##NaN"), "NaN");
  EXPECT_EQ(Datum(R"("a\"b\\c\nd\u00e9")"), "\"a\\\"b\\\\c\\nd\u00e9\"");
  EXPECT_EQ(Datum(":a/b"), ":a/b");
  EXPECT_EQ(Datum("sym"), "sym");
  EXPECT_EQ(Datum(R"([\a \newline])"), R"(["a" "\n"])");
  EXPECT_EQ(Datum("[1 (2 #{3}) {:a 4, :b [5]}]"), "[1 (2 #{3}) {:a 4, :b [5]}]");
  EXPECT_EQ(Datum("[]"), "[]");
}

TEST(Edn, DropsTagsMetadataAndComments) {
  EXPECT_EQ(Datum(R"(#inst "2020")"), "\"2020\"");
  EXPECT_EQ(Datum("^{:a 1} [2]"), "[2]");
  EXPECT_EQ(Datum("[1 #_ [2 3] 4 ; five\n 6 #_7]"), "[1 4 6]");
}

TEST(Edn, TakesLinesAVectorAndAList) {
  const std::string lines = "{:type :invoke, :process 0, :f :read} {:type :ok, :process 0, :f :read, :value 3}";
  for (const std::string& text : {lines, "[" + lines + "]", "(" + lines + ")", "; comment\n" + lines + "\n\n"}) {
    const absl::StatusOr<History> history = ReadEdn(text);
    ASSERT_TRUE(history.ok()) << history.status();
    ASSERT_EQ(history->size(), 2u);
    EXPECT_EQ(history->op(0).pair, 1u);
    EXPECT_EQ(history->op(1).pair, 0u);
    EXPECT_EQ(history->op(1).value, Value::Int(3));
    EXPECT_EQ(history->FName(history->op(0).f), "read");
  }
  const absl::StatusOr<History> tagged = ReadEdn("#jepsen.history.Op" + lines.substr(0, lines.find('}') + 1));
  EXPECT_TRUE(tagged.ok()) << tagged.status();
}

TEST(Edn, KeepsFieldsAndExtras) {
  const absl::StatusOr<History> history = ReadEdn(
      R"({:index 7, :time 12, :process :nemesis, :type :info, :f :kill, :value nil, :error [:x "y"], :clock 3})");
  ASSERT_TRUE(history.ok()) << history.status();
  const Op& op = history->op(0);
  EXPECT_EQ(op.index, 7u);
  EXPECT_EQ(op.time, 12);
  EXPECT_FALSE(op.client);
  EXPECT_EQ(op.pair, kNoOp);
  EXPECT_EQ(ToText(history->ExtraOf(op, "error")), R"([:x "y"])");
  EXPECT_TRUE(history->ExtraOf(op, "nothing").is_nil());
  EXPECT_EQ(history->ProcessName(op.process), ":nemesis");
  EXPECT_EQ(history->At(7), 0u);
  EXPECT_EQ(history->At(6), kNoOp);
}

TEST(Edn, SaysWhereAndWhat) {
  EXPECT_EQ(Problem("{:type :invoke\n :value [1 2}"), "line 2, column 13: a '}' that closes nothing");
  EXPECT_EQ(Problem("{:type :ok :value [1"), "line 1, column 19: nothing closes this; a ']' is missing");
  EXPECT_EQ(Problem("{:type :ok :value \"a"), "line 1, column 19: a string that doesn't end; a '\"' is missing");
  EXPECT_EQ(Problem("\n\n[1]"),
            "line 3, column 2: a history's line is a map: {:type :invoke, :process 0, :f :read, :value nil}");
  EXPECT_EQ(Problem("{:f :read}"),
            "line 1, column 1: a line without :type; a history's line is a map such as {:type :invoke, :process 0, "
            ":f :read, :value nil}");
  EXPECT_EQ(Problem("{:type :okay}"), "line 1, column 1: :type is :okay, which is none of :invoke, :ok, :fail, :info");
  EXPECT_EQ(Problem("{:type :ok :f}"), "line 1, column 1: a map with a key that has no value");
  EXPECT_EQ(Problem("[{:type :ok}"), "line 1, column 13: the history begins with a bracket, but nothing closes it");
  EXPECT_EQ(Problem("[{:type :ok}] 5"), "line 1, column 15: something follows the end of the history");
  EXPECT_EQ(Problem(std::string(1000, '[')).find("line 1, column "), 0u);
}

TEST(History, AProcessDoesOneThingAtATime) {
  EXPECT_EQ(Problem("{:type :invoke :process 3 :f :read}{:type :invoke :process 3 :f :write :value 1}"),
            "line 1, column 36: process 3 begins :write while its :read (index 0) is open; a process does one thing at "
            "a time, and a client that gave up must first have an :info");
  EXPECT_EQ(Problem("{:type :invoke :process 3 :f :read}{:type :ok :process 3 :f :write :value 1}"),
            "line 1, column 36: process 3 completes :write, but what it began (index 0) is :read");
  EXPECT_EQ(Problem("{:type :invoke :process 3 :f :read}{:type :info :process 3 :f :read}{:type :invoke :process 3 :f "
                    ":read}"),
            "");
}

TEST(History, MakesUpWhatBeganACompletion) {
  const absl::StatusOr<History> history =
      ReadEdn("{:type :ok :process 1 :f :read :value 5 :index 10}{:type :ok :process 1 :f :read :value 6 :index 11}");
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->size(), 4u);
  EXPECT_TRUE(history->MadeUp(history->op(0)));
  EXPECT_FALSE(history->MadeUp(history->op(1)));
  EXPECT_EQ(history->op(0).pair, 1u);
  EXPECT_EQ(history->At(10), 1u);
  EXPECT_EQ(history->At(11), 3u);
}

TEST(History, WithoutProcessesWhatIsAlikeBelongsTogether) {
  const absl::StatusOr<History> history = ReadEdn(
      "{:type :invoke :f :read}{:type :invoke :f :write :value 1}{:type :invoke :f :write :value 2}"
      "{:type :ok :f :write :value 1}{:type :ok :f :read :value 5}");
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->op(0).pair, 4u);
  EXPECT_EQ(history->op(1).pair, 3u);
  EXPECT_EQ(history->op(2).pair, kNoOp);
}

TEST(History, NumbersThatDontRiseGiveWayToPositions) {
  const absl::StatusOr<History> history =
      ReadEdn("{:type :invoke :process 1 :f :a :index 5}{:type :ok :process 1 :f :a :index 5}"
              "{:type :invoke :process 1 :f :a :index 9}");
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->op(0).index, 5u);
  EXPECT_EQ(history->op(1).index, 6u);
  EXPECT_EQ(history->op(2).index, 7u);
}

TEST(Value, EqualsByContent) {
  Arena arena;
  const Value a = arena.Vector({Value::Int(1), arena.String("x")});
  const Value b = arena.Items(Value::Kind::kList, {Value::Int(1), arena.String("x")});
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.Hash(), b.Hash());
  EXPECT_FALSE(arena.String("x") == arena.Keyword("x"));
  EXPECT_FALSE(Value::Int(0) == Value::Nil());
  EXPECT_FALSE(Value::Int(1) == Value::Bool(true));
  ValueInterner values;
  EXPECT_EQ(values.Intern(a), values.Intern(b));
  EXPECT_EQ(values.Find(Value::Int(1)), kNoId);
  const std::string large(100, 'y');
  EXPECT_EQ(arena.String(large), arena.String(large));
}

}  // namespace
}  // namespace brokersim::checker
