// Of each kind of anomaly whether it can be known before a history's end: those that WaitsForTheEnd names go away again
// as the history goes on, and no other does, so that a run can stop at the first operation that shows it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "checker/history/edn.h"
#include "checker/models.h"
#include "tests/checker/examples/examples.h"

namespace brokersim::checker {
namespace {

std::vector<Example> AllExamples() {
  std::vector<Example> all;
  for (const char* name : {"delivery", "effects", "kafka", "linear", "session", "txn", "workloads"}) {
    std::ifstream in(std::string("tests/checker/examples/") + name + ".txt");
    std::ostringstream text;
    text << in.rdbuf();
    for (Example& example : ParseExamples(text.str())) all.push_back(std::move(example));
  }
  return all;
}

// Nothing, if the history isn't one of the model's.
std::set<std::string> Types(const Example& example, const std::string& edn) {
  const absl::StatusOr<History> history = ReadEdn(edn);
  if (!history.ok()) return {};
  const absl::StatusOr<formats::Verdict> verdict = JudgeExample(example, *history);
  if (!verdict.ok()) return {};
  std::set<std::string> types;
  for (const formats::Anomaly& anomaly : verdict->anomalies()) types.insert(anomaly.type());
  return types;
}

struct Waiting {
  std::string model;
  std::string anomaly;
  std::string beginning;  // shows it,
  std::string rest;       // and with this it doesn't
};

const std::vector<Waiting>& AllWaiting() {
  static const auto& all = *new std::vector<Waiting>{
      {"kafka", "lost-write",
       "{:process 0, :type :ok, :f :send, :value [[:send :x [0 1]]]}\n"
       "{:process 0, :type :ok, :f :send, :value [[:send :x [1 2]]]}\n"
       "{:process 1, :type :ok, :f :poll, :value [[:poll {:x [[1 2]]}]]}\n",
       "{:process 2, :type :ok, :f :poll, :value [[:poll {:x [[0 1]]}]]}\n"},
      {"kafka", "torn-transaction",
       "{:process 0, :type :ok, :f :txn, :value [[:send :x [0 1]] [:send :y [0 2]]]}\n"
       "{:process 0, :type :ok, :f :send, :value [[:send :y [1 3]]]}\n"
       "{:process 1, :type :ok, :f :poll, :value [[:poll {:x [[0 1]] :y [[1 3]]}]]}\n",
       "{:process 2, :type :ok, :f :poll, :value [[:poll {:y [[0 2]]}]]}\n"},
      {"kafka", "unseen", "{:process 0, :type :ok, :f :send, :value [[:send :x [0 1]]]}\n",
       "{:process 1, :type :ok, :f :poll, :value [[:poll {:x [[0 1]]}]]}\n"},
      {"set", "lost",
       "{:process 0, :type :ok, :f :add, :value 1}\n"
       "{:process 1, :type :ok, :f :read, :value []}\n",
       "{:process 1, :type :ok, :f :read, :value [1]}\n"},
      {"set", "unexpected", "{:process 1, :type :ok, :f :read, :value [7]}\n",
       "{:process 1, :type :ok, :f :read, :value []}\n"},
      {"set-full", "lost",
       "{:process 0, :type :invoke, :f :add, :value 1}\n"
       "{:process 0, :type :ok, :f :add, :value 1}\n"
       "{:process 1, :type :invoke, :f :read}\n"
       "{:process 1, :type :ok, :f :read, :value []}\n",
       "{:process 1, :type :invoke, :f :read}\n"
       "{:process 1, :type :ok, :f :read, :value [1]}\n"},
      {"set-full", "stale",
       "{:process 0, :type :invoke, :f :add, :value 1}\n"
       "{:process 0, :type :ok, :f :add, :value 1}\n"
       "{:process 1, :type :ok, :f :read, :value []}\n"
       "{:process 1, :type :ok, :f :read, :value [1]}\n",
       "{:process 1, :type :ok, :f :read, :value []}\n"},
      {"total-queue", "lost", "{:process 0, :type :ok, :f :enqueue, :value 1}\n",
       "{:process 1, :type :ok, :f :dequeue, :value 1}\n"},
      {"delivery", "lost",
       "{:process 0, :type :ok, :f :send, :value 1}\n"
       "{:process 1, :type :invoke, :f :receive}\n"
       "{:process 1, :type :ok, :f :receive, :value nil}\n",
       "{:process 1, :type :ok, :f :receive, :value 1}\n"},
      {"delivery", "never-delivered",
       "{:process 0, :time 0, :type :invoke, :f :send, :value {:value 1 :delay 5}}\n"
       "{:process 0, :time 1, :type :ok, :f :send, :value {:value 1 :delay 5}}\n"
       "{:process 1, :time 20, :type :invoke, :f :receive}\n"
       "{:process 1, :time 21, :type :ok, :f :receive, :value nil}\n",
       "{:process 1, :time 30, :type :ok, :f :receive, :value 1}\n"},
      {"exactly-once", "lost",
       "{:process 0, :type :ok, :f :send, :value 1}\n"
       "{:process 1, :type :invoke, :f :drained, :value {:group :g}}\n"
       "{:process 1, :type :ok, :f :drained, :value {:group :g}}\n",
       "{:process 1, :type :ok, :f :process, :value {:group :g, :input 1}}\n"},
      {"exactly-once", "torn",
       "{:process 0, :type :ok, :f :send, :value 1}\n"
       "{:process 1, :type :invoke, :f :process, :value {:group :g, :input 1, :outputs [10 11]}}\n"
       "{:process 1, :type :ok, :f :process, :value {:group :g, :input 1, :outputs [10 11]}}\n"
       "{:process 2, :type :invoke, :f :read-outputs}\n"
       "{:process 2, :type :ok, :f :read-outputs, :value [10]}\n",
       "{:process 2, :type :invoke, :f :read-outputs}\n"
       "{:process 2, :type :ok, :f :read-outputs, :value [10 11]}\n"},
      {"exactly-once", "aborted-output",
       "{:process 0, :type :ok, :f :send, :value 1}\n"
       "{:process 1, :type :invoke, :f :process, :value {:group :g, :input 1, :outputs [10]}}\n"
       "{:process 1, :type :fail, :f :process, :value {:group :g, :input 1, :outputs [10]}}\n"
       "{:process 2, :type :ok, :f :read-outputs, :value [10]}\n",
       "{:process 2, :type :ok, :f :read-outputs, :value []}\n"},
      {"reconciliation", "orphan-message",
       "{:process 0, :type :ok, :f :send, :value 1}\n"
       "{:process 2, :type :ok, :f :read-topic, :value [1]}\n"
       "{:process 2, :type :ok, :f :read-db, :value []}\n",
       "{:process 2, :type :ok, :f :read-db, :value [1]}\n"},
      {"reconciliation", "orphan-row",
       "{:process 0, :type :ok, :f :insert, :value 1}\n"
       "{:process 2, :type :ok, :f :read-topic, :value []}\n"
       "{:process 2, :type :ok, :f :read-db, :value [1]}\n",
       "{:process 2, :type :ok, :f :read-topic, :value [1]}\n"},
      {"reconciliation", "lost",
       "{:process 0, :type :ok, :f :send, :value 1}\n"
       "{:process 2, :type :invoke, :f :read-topic}\n"
       "{:process 2, :type :ok, :f :read-topic, :value []}\n"
       "{:process 2, :type :ok, :f :read-db, :value []}\n",
       "{:process 2, :type :ok, :f :read-topic, :value [1]}\n"},
      {"reconciliation", "duplicate",
       "{:process 0, :type :ok, :f :send, :value 1}\n"
       "{:process 2, :type :ok, :f :read-topic, :value [1 1]}\n"
       "{:process 2, :type :ok, :f :read-db, :value [1]}\n",
       "{:process 2, :type :ok, :f :read-topic, :value [1]}\n"},
  };
  return all;
}

TEST(WaitsForTheEnd, WhatItNamesGoesAwayAgain) {
  for (const Waiting& one : AllWaiting()) {
    const bool is_option = one.anomaly == "stale";
    const Example example = {
        .model = one.model,
        .options = is_option ? std::vector<std::string>{"--linearizable"} : std::vector<std::string>(),
        .anomalies = {one.anomaly},
        .history = one.beginning};
    SCOPED_TRACE(one.model + ": " + one.anomaly);
    EXPECT_TRUE(Types(example, one.beginning).contains(one.anomaly));
    EXPECT_FALSE(Types(example, one.beginning + one.rest).contains(one.anomaly));
    EXPECT_TRUE(WaitsForTheEnd(one.model, one.anomaly));
  }
}

TEST(WaitsForTheEnd, EachKindIsShownAbove) {
  for (const ModelInfo& model : Models()) {
    for (const std::string& anomaly : AnomaliesOf(model.name)) {
      const auto is = [&](const Waiting& one) { return one.model == model.name && one.anomaly == anomaly; };
      const bool shown = std::any_of(AllWaiting().begin(), AllWaiting().end(), is);
      EXPECT_EQ(WaitsForTheEnd(model.name, anomaly), shown) << model.name << ": " << anomaly;
    }
  }
}

std::vector<std::string> Lines(const std::string& edn) {
  std::vector<std::string> lines;
  std::istringstream in(edn);
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  return lines;
}

// :f, and :r and :w of transactions.
bool IsOfTheFormat(char letter) { return letter == 'f' || letter == 'r' || letter == 'w'; }

// The same lines by other processes, later, about other things: each number begins with another 7, and each name of one
// letter with a 7.
std::string Later(const std::string& edn) {
  const auto is_word = [&](size_t at) {
    return at < edn.size() && std::isalnum(static_cast<unsigned char>(edn[at])) != 0;
  };
  std::string later;
  for (size_t at = 0; at < edn.size(); ++at) {
    const bool is_first = is_word(at) && (at == 0 || !is_word(at - 1));
    const bool is_number = edn[at] >= '0' && edn[at] <= '9';
    const bool is_letter = at > 0 && edn[at - 1] == ':' && !is_word(at + 1) && !IsOfTheFormat(edn[at]);
    if (is_first && is_letter) later += "k";
    if (is_first && (is_number || is_letter)) later += "7";
    later += edn[at];
  }
  return later;
}

// Whatever comes after, what doesn't wait stays, or is told as another kind that doesn't wait: a history that is
// INVALID by it stays so, and the first operation that makes it so is the one to stop at.
TEST(WaitsForTheEnd, WhateverElseIsShownStays) {
  const std::vector<Example> examples = AllExamples();
  std::map<std::string, std::set<std::string>> stayed;
  for (const Example& first : examples) {
    for (const Example& second : examples) {
      if (second.model != first.model) continue;
      std::set<std::string> before;
      std::string so_far;
      for (const std::string& line : Lines(first.history + Later(second.history))) {
        so_far += line;
        std::set<std::string> now = Types(first, so_far);
        std::erase_if(now, [&](const std::string& type) { return WaitsForTheEnd(first.model, type); });
        for (const std::string& type : before) {
          EXPECT_FALSE(now.empty()) << first.model << ": " << type << " went away\n" << so_far;
        }
        stayed[first.model].insert(now.begin(), now.end());
        before = std::move(now);
      }
    }
  }
  for (const Example& example : examples) {
    for (const std::string& anomaly : example.anomalies) {
      EXPECT_NE(stayed[example.model].contains(anomaly), WaitsForTheEnd(example.model, anomaly))
          << example.model << ": " << anomaly;
    }
  }
}

}  // namespace
}  // namespace brokersim::checker
