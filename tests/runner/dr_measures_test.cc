// What drills cost, on histories of a few lines. Times in ms; the strike is at 10 s.
#include "runner/dr_measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace brokersim::runner {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kStrike = 10'000;
using formats::Operation;

// Clients a and b, of which a is in the site that dies; one log, "orders-0".
class Drill {
 public:
  Drill() {
    seen_.strike_ns = kStrike * kMs;
    seen_.owned = {{"leader(orders-0)", {"orders-0"}}};
    seen_.survivors = {"b", "reader"};
  }

  // A send that took from `begun` to `done`.
  void Send(const std::string& client, const std::string& value, int64_t begun, int64_t done,
            Operation::Type outcome = Operation::OK, const std::string& key = "k") {
    lines_.push_back({begun, client, "send", value, key, done, outcome});
  }
  void Deliver(const std::string& value, int64_t begun, int64_t done) {
    lines_.push_back({begun, "reader", "poll", value, "k", done, Operation::OK});
  }
  // What the audit finds, in order; not called: it finds nobody to ask.
  void Audit(const std::vector<std::string>& values) {
    audited_ = true;
    found_ = values;
  }
  void Owns(const std::string& node, int64_t from, int64_t to) {
    seen_.beliefs.push_back({0, node, from * kMs, to * kMs});
  }
  DrillSeen& seen() { return seen_; }

  DrMeasures Measure() const { return MeasureDrill(History(), seen_); }
  formats::History History() const {
    struct Event {
      int64_t at;
      size_t line;
      bool begins;
    };
    std::vector<Event> events;
    for (size_t i = 0; i < lines_.size(); ++i) {
      events.push_back({lines_[i].begun, i, true});
      if (lines_[i].done >= 0) events.push_back({lines_[i].done, i, false});
    }
    std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
    formats::History history;
    std::map<size_t, uint64_t> begun;
    for (const Event& event : events) {
      const Line& line = lines_[event.line];
      Operation* operation = Add(&history, event.at, line.client, line.f);
      if (event.begins) begun[event.line] = operation->index();
      operation->set_invocation(begun[event.line]);
      operation->set_type(event.begins ? Operation::INVOKE : line.outcome);
      FillAction(line, event.begins, operation);
    }
    if (audited_) AddAudit(&history);
    return history;
  }

 private:
  struct Line {
    int64_t begun;
    std::string client;
    std::string f;
    std::string value;
    std::string key;
    int64_t done;  // -1: it never heard
    Operation::Type outcome;
  };

  static Operation* Add(formats::History* history, int64_t at, const std::string& client, const std::string& f) {
    Operation* operation = history->add_operations();
    operation->set_index(static_cast<uint64_t>(history->operations_size() - 1));
    operation->set_invocation(operation->index());
    operation->set_time_ns(at * kMs);
    operation->set_process(client);
    operation->set_f(f);
    return operation;
  }

  static void FillAction(const Line& line, bool begins, Operation* operation) {
    formats::Action* action = operation->add_actions();
    if (line.f == "send") {
      action->mutable_send()->set_log("orders-0");
      action->mutable_send()->set_key(line.key);
      action->mutable_send()->set_value(line.value);
      return;
    }
    action->mutable_poll()->set_log("orders-0");
    if (!begins) action->mutable_poll()->add_reads()->set_value(line.value);
  }

  void AddAudit(formats::History* history) const {
    Operation* begin = Add(history, 90'000, "audit", "read-all");
    begin->set_type(Operation::INVOKE);
    begin->add_actions()->mutable_poll()->set_log("orders-0");
    Operation* end = Add(history, 90'001, "audit", "read-all");
    end->set_invocation(begin->index());
    end->set_type(Operation::OK);
    formats::Poll* poll = end->add_actions()->mutable_poll();
    poll->set_log("orders-0");
    for (const std::string& value : found_) {
      poll->add_reads()->set_value(value);
      poll->mutable_reads()->rbegin()->set_key("k");
    }
  }

  std::vector<Line> lines_;
  std::vector<std::string> found_;
  bool audited_ = false;
  DrillSeen seen_;
};

int64_t Ms(const DrMeasures& measures, DrMeasure measure) {
  EXPECT_TRUE(measures[measure].has_value()) << InfoOf(measure).name;
  const int64_t value = measures[measure].value_or(-kMs);
  return value == kNever ? kNever : value / kMs;
}

TEST(Drill, WhatIsMissingAtTheEndIsTheRecoveryPoint) {
  Drill drill;
  drill.Send("a", "1", 8'000, 8'010);
  drill.Send("a", "22", 9'000, 9'010);
  drill.Send("a", "333", 9'990, 9'999);
  drill.Send("a", "4", 10'100, -1);  // it never heard: nothing was promised
  drill.Audit({"1"});
  const DrMeasures measures = drill.Measure();
  EXPECT_EQ(measures[DrMeasure::kLostRecords], 2);
  EXPECT_EQ(measures[DrMeasure::kLostBytes], 2 + 1 + 3 + 1);
  EXPECT_EQ(Ms(measures, DrMeasure::kLostSpan), 989);
  EXPECT_EQ(Ms(measures, DrMeasure::kLostAge), 990);
  EXPECT_EQ(measures[DrMeasure::kReconcile], 2);
  EXPECT_EQ(LostRecords(drill.History()).size(), 2u);
}

TEST(Drill, WhatNobodyServesIsNeitherThereNorLost) {
  Drill drill;
  drill.Send("a", "1", 8'000, 8'010);
  const DrMeasures measures = drill.Measure();
  EXPECT_EQ(measures[DrMeasure::kLostRecords], kNever);
  EXPECT_FALSE(measures[DrMeasure::kReconcile].has_value());
  EXPECT_EQ(DrText(DrMeasure::kLostRecords, kNever), "not served");
  EXPECT_EQ(DrText(DrMeasure::kRtoWrite, kNever), "never");
}

TEST(Drill, WritesAreBackWhenTheLongestOutageEnds) {
  Drill drill;
  drill.Send("b", "1", 9'900, 9'910);
  drill.Send("b", "2", 10'005, 10'015);  // a moment of grace
  drill.Send("b", "3", 10'100, 17'000);  // waits for the election
  drill.Send("b", "4", 17'100, 17'110);
  drill.Audit({"1", "2", "3", "4"});
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kRtoWrite), 7'000);
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kRtoClients), 7'000);
  EXPECT_EQ(drill.Measure()[DrMeasure::kLostRecords], 0);
}

TEST(Drill, AnOutageThatBeginsLaterCountsFromItsBeginning) {
  Drill drill;
  for (int64_t at = 9'000; at < 30'000; at += 500) drill.Send("b", fmt::format("v{}", at), at, at + 10);
  drill.Send("b", "late", 30'000, 34'000);
  drill.Audit({});
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kRtoWrite), 4'000);
}

TEST(Drill, WithoutAnOutageTheFirstWriteCounts) {
  Drill drill;
  drill.Send("b", "under way", 9'995, 10'004);
  drill.Send("b", "1", 10'020, 10'090);
  drill.Send("b", "2", 10'030, 10'080);
  drill.Audit({});
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kRtoWrite), 80);
}

TEST(Drill, WhoGetsNoAnswerAnyMoreNeverRecovers) {
  Drill drill;
  drill.Send("b", "1", 9'000, 9'010);
  drill.Send("b", "2", 10'100, 15'000, Operation::FAIL);
  drill.Send("b", "3", 15'100, 20'000, Operation::FAIL);
  drill.Audit({"1"});
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kRtoWrite), kNever);
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kRtoClients), kNever);
}

TEST(Drill, ADeadClientWaitsNoMore) {
  Drill drill;
  drill.Send("a", "1", 9'990, -1);
  drill.Send("b", "2", 10'020, 10'030);
  drill.Send("b", "3", 20'000, 20'010);
  drill.Audit({"2", "3"});
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kRtoWrite), 30);
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kRtoClients), 30);
}

TEST(Drill, ReadsAreBackWhenANewRecordIsDelivered) {
  Drill drill;
  drill.Send("b", "1", 9'900, 9'910);
  drill.Deliver("1", 9'800, 9'920);
  drill.Send("b", "2", 10'100, 16'000);
  drill.Deliver("1", 11'000, 11'010);  // an old one again
  drill.Send("b", "3", 16'100, 16'110);
  drill.Deliver("3", 16'000, 18'500);
  drill.Audit({"1", "2", "3"});
  const DrMeasures measures = drill.Measure();
  EXPECT_EQ(Ms(measures, DrMeasure::kRtoWrite), 6'000);
  EXPECT_EQ(Ms(measures, DrMeasure::kRtoRead), 8'500);
  EXPECT_EQ(measures[DrMeasure::kRedelivered], 1);
}

TEST(Drill, TwoOwnersWhoBothAcknowledgeAreASplitBrain) {
  Drill drill;
  drill.Owns("b1", 0, 40'000);
  drill.Owns("b2", 15'000, 90'000);
  drill.Send("a", "before", 9'000, 9'010);
  drill.Send("a", "lost", 20'000, 20'010);
  drill.Send("b", "kept", 21'000, 21'010);
  drill.Send("b", "after", 50'000, 50'010);
  drill.Audit({"before", "kept", "after"});
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kTwoOwners), 25'000);
  EXPECT_EQ(drill.Measure()[DrMeasure::kSplitBrainWrites], 2);
  const std::vector<TwoOwners> two = TwoOwnersOf(drill.seen());
  ASSERT_EQ(two.size(), 1u);
  EXPECT_EQ(two[0].from_ns, 15'000 * kMs);
  EXPECT_EQ(two[0].to_ns, 40'000 * kMs);
}

TEST(Drill, TwoOwnersOfWhomOneAcknowledgesAreNone) {
  Drill drill;
  drill.Owns("b1", 0, 40'000);
  drill.Owns("b2", 15'000, 90'000);
  drill.Send("b", "kept", 21'000, 21'010);
  drill.Audit({"kept"});
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kTwoOwners), 25'000);
  EXPECT_EQ(drill.Measure()[DrMeasure::kSplitBrainWrites], 0);
}

TEST(Drill, KeysOutOfOrderAndRecordsToBePutRight) {
  Drill drill;
  drill.Send("b", "1", 1'000, 1'010);
  drill.Send("b", "2", 2'000, 2'010);
  drill.Send("b", "3", 3'000, 3'010, Operation::FAIL);
  drill.Audit({"2", "1", "2", "3"});
  const DrMeasures measures = drill.Measure();
  EXPECT_EQ(measures[DrMeasure::kReorderedKeys], 1);
  EXPECT_EQ(measures[DrMeasure::kDuplicates], 1);
  EXPECT_EQ(measures[DrMeasure::kReconcile], 2);  // there twice; refused and there
}

TEST(Drill, ConvergenceCountsFromTheEndOfTheLastFault) {
  Drill drill;
  drill.Send("b", "1", 1'000, 1'010);
  EXPECT_FALSE(drill.Measure()[DrMeasure::kConverge].has_value());
  drill.seen().healed_ns = 50'000 * kMs;
  EXPECT_EQ(drill.Measure()[DrMeasure::kConverge], kNever);
  drill.seen().converged_ns = 53'000 * kMs;
  EXPECT_EQ(Ms(drill.Measure(), DrMeasure::kConverge), 3'000);
}

TEST(Drill, NothingAtAllSaysNothing) {
  const DrMeasures measures = MeasureDrill(formats::History(), DrillSeen());
  EXPECT_FALSE(measures[DrMeasure::kLostRecords].has_value());
  EXPECT_FALSE(measures[DrMeasure::kRtoWrite].has_value());
}

TEST(DrText, HasUnits) {
  EXPECT_EQ(DrText(DrMeasure::kLostRecords, 12), "12");
  EXPECT_EQ(DrText(DrMeasure::kLostBytes, 999), "999 B");
  EXPECT_EQ(DrText(DrMeasure::kLostBytes, 12'345), "12.3 KB");
  EXPECT_EQ(DrText(DrMeasure::kRtoWrite, 0), "0 s");
  EXPECT_EQ(DrText(DrMeasure::kRtoWrite, 123 * kMs), "123 ms");
  EXPECT_EQ(DrText(DrMeasure::kRtoWrite, 8'125 * kMs), "8.12 s");
  EXPECT_EQ(DrText(DrMeasure::kRtoWrite, 312'000 * kMs), "312 s");
}

// A send, or a copy, of `value` to `log`, begun and done.
void AddSend(formats::History* history, const std::string& process, const std::string& f, const std::string& log,
             const std::string& value, int64_t ms) {
  for (const Operation::Type type : {Operation::INVOKE, Operation::OK}) {
    const auto index = static_cast<uint64_t>(history->operations_size());
    Operation* operation = history->add_operations();
    operation->set_index(index);
    operation->set_invocation(type == Operation::INVOKE ? index : index - 1);
    operation->set_type(type);
    operation->set_time_ns(ms * kMs + (type == Operation::OK ? kMs : 0));
    operation->set_process(process);
    operation->set_f(f);
    formats::Send* send = operation->add_actions()->mutable_send();
    send->set_log(log);
    send->set_key("k");
    send->set_value(value);
  }
}

TEST(DrMeasures, AMirrorServesWhatItHasCopied) {
  formats::History history;
  AddSend(&history, "a", "send", "A/orders-0", "copied", 9'000);
  AddSend(&history, "mm", "mirror", "B/A.orders-0", "copied", 9'100);
  AddSend(&history, "a", "send", "A/orders-0", "behind", 9'900);
  AddSend(&history, "b", "send", "B/orders-0", "after", 15'000);
  for (const auto& [log, values] : std::map<std::string, std::vector<std::string>>{{"B/A.orders-0", {"copied"}},
                                                                                   {"B/orders-0", {"after"}}}) {
    const auto index = static_cast<uint64_t>(history.operations_size());
    for (const Operation::Type type : {Operation::INVOKE, Operation::OK}) {
      Operation* operation = history.add_operations();
      operation->set_index(index + (type == Operation::OK ? 1 : 0));
      operation->set_invocation(index);
      operation->set_type(type);
      operation->set_time_ns(60'000 * kMs);
      operation->set_process("audit");
      operation->set_f("read-all");
      formats::Poll* poll = operation->add_actions()->mutable_poll();
      poll->set_log(log);
      if (type == Operation::INVOKE) continue;
      for (const std::string& value : values) poll->add_reads()->set_value(value);
    }
  }
  DrillSeen seen;
  seen.strike_ns = kStrike * kMs;
  seen.survivors = {"b"};
  const DrMeasures measures = MeasureDrill(history, seen);
  EXPECT_EQ(measures[DrMeasure::kLostRecords], 1);
  EXPECT_EQ(measures[DrMeasure::kRtoWrite], 5'001 * kMs) << "the other cluster's log is the same to applications";
  EXPECT_EQ(measures[DrMeasure::kDuplicates], 0);
  EXPECT_EQ(LostRecords(history), (std::vector<std::pair<std::string, std::string>>{{"A/orders-0", "behind"}}));
}

}  // namespace
}  // namespace brokersim::runner
