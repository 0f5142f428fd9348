// What a scenario asks for is what its runs are judged by; a name that nobody knows is refused where it stands.
#include "runner/judge.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "runner/outcome.h"
#include "scenarios/loader.h"

namespace brokersim::runner {
namespace {

// A consumer that commits before it processes, and dies.
std::string Text(const std::string& models, const std::string& anomaly) {
  return R"(
    name: "own" title: "t" text: "t"
    setup {
      kafka {
        brokers: 1
        topic { name: "orders" partitions: 1 replication_factor: 1 }
        config: "offsets.topic.replication.factor=1"
        config: "offsets.topic.num.partitions=1"
        producer { name: "p1" topic: "orders" records: 100 interval { constant: "50ms" } }
        consumer {
          name: "c1" topic: "orders" config: "group.id=shop" config: "auto.offset.reset=earliest"
          config: "session.timeout.ms=6000" config: "heartbeat.interval.ms=2000"
          processing { constant: "40ms" } effects: true commit: BEFORE_PROCESSING
        }
      }
      fault { id: "crash" at: "9s" lasts: "1s" crash { node: "c1" } }
      audit_at: "40s"
      )" + models + R"(
    }
    variant { name: "only" summary: "s" expect { anomaly: ")" + anomaly + R"(" } }
  )";
}

scenarios::ResolvedScenario Resolved(const std::string& models, const std::string& anomaly = "lost-write") {
  const auto loaded = scenarios::ParseScenario(Text(models, anomaly), "own.textproto");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded->variants[0];
}

std::set<std::string> Types(const Outcome& outcome) {
  const std::vector<std::string> types = AnomalyTypes(outcome.verdict);
  return {types.begin(), types.end()};
}

Outcome RunOf(const std::string& models) {
  return RunAndCheck(Resolved(models), 1, sim::RecordingLevel::kHistory);
}

TEST(JudgeTest, ModelsFindWhatChecksDont) {
  EXPECT_EQ(Types(RunOf("")), std::set<std::string>({"lost-write"}));
  const Outcome both = RunOf("model { name: \"exactly-once\" }");
  EXPECT_EQ(Types(both), (std::set<std::string>{"lost-write", "lost"}));
  EXPECT_EQ(both.verdict.anomalies(GravestAnomaly(both.verdict)).type(), "lost-write");
  EXPECT_EQ(*both.verdict.checks().rbegin(), "exactly-once");
}

TEST(JudgeTest, AModelJudgesNoMatterHowTheRunWasRecorded) {
  const Outcome one = RunOf("model { name: \"exactly-once\" }");
  const Outcome two =
      RunAndCheck(Resolved("model { name: \"exactly-once\" }"), 1, sim::RecordingLevel::kTrace);
  EXPECT_EQ(one.run.hash, two.run.hash);
  EXPECT_EQ(Types(one), Types(two));
}

TEST(JudgeTest, AModelThatCannotTakeTheHistoryLeavesItOpen) {
  const formats::History history = RunOf("").run.history;
  const auto valid = Resolved("check: \"duplicate\" model { name: \"bank\" }");
  const formats::Verdict verdict = JudgeHistory(history, *valid.world);
  EXPECT_EQ(verdict.result(), formats::Verdict::UNKNOWN);
  ASSERT_GT(verdict.unknown_reasons_size(), 0);
  EXPECT_EQ(verdict.unknown_reasons(0).substr(0, 6), "bank: ");
}

// One process reads offset 0 and then offset 2, another one all.
formats::History WithAGap() {
  formats::History history;
  history.set_schema_version(1);
  const auto add = [&](const std::string& process, const std::string& f, const std::vector<int64_t>& offsets) {
    const auto invocation = static_cast<uint64_t>(history.operations_size());
    for (const auto type : {formats::Operation::INVOKE, formats::Operation::OK}) {
      formats::Operation* op = history.add_operations();
      op->set_index(static_cast<uint64_t>(history.operations_size()) - 1);
      op->set_invocation(invocation);
      op->set_type(type);
      op->set_process(process);
      op->set_f(f);
      for (int64_t offset : offsets) {
        if (f == "send") {
          formats::Send* send = op->add_actions()->mutable_send();
          send->set_log("orders-0");
          send->set_value(std::to_string(offset));
          if (type == formats::Operation::OK) send->set_offset(offset);
        } else if (type == formats::Operation::OK) {
          formats::Poll* poll = op->add_actions()->mutable_poll();
          poll->set_log("orders-0");
          poll->set_from(offset);
          poll->set_next(offset + 1);
          formats::Read* read = poll->add_reads();
          read->set_offset(offset);
          read->set_value(std::to_string(offset));
        }
      }
    }
  };
  for (int64_t offset : {0, 1, 2}) add("p1", "send", {offset});
  for (int64_t offset : {0, 2}) add("c1", "poll", {offset});
  for (int64_t offset : {0, 1, 2}) add("c2", "poll", {offset});
  return history;
}

TEST(JudgeTest, OptionsReachTheModel) {
  const auto strict = Resolved("check: \"duplicate\" model { name: \"kafka\" option: \"subscribe=false\" }");
  const auto lenient = Resolved("check: \"duplicate\" model { name: \"kafka\" option: \"subscribe\" }");
  EXPECT_EQ(AnomalyTypes(JudgeHistory(WithAGap(), *strict.world)), std::vector<std::string>{"poll-skip"});
  EXPECT_EQ(JudgeHistory(WithAGap(), *lenient.world).result(), formats::Verdict::VALID);
}

std::string Refusal(const std::string& models, const std::string& anomaly = "lost-write") {
  return std::string(ValidateNames(Resolved(models, anomaly)).message());
}

TEST(JudgeTest, NamesThatNobodyKnowsAreRefusedWhereTheyStand) {
  EXPECT_EQ(Refusal("model { name: \"exactly-onse\" }"),
            "own.textproto:18:15: there is no model 'exactly-onse'; did you mean 'exactly-once'? `brokersim list "
            "models` shows all");
  EXPECT_EQ(Refusal("model { name: \"kafka\" option: \"subscribed\" }"),
            "own.textproto:18:29: models take no option 'subscribed'; did you mean 'subscribe'?");
  EXPECT_EQ(Refusal("model { name: \"delivery\" option: \"order=rows\" }"),
            "own.textproto:18:32: order: 'rows' should be one of: none, queue, group, key");
}

TEST(JudgeTest, AModelsAnomaliesMayBeExpected) {
  EXPECT_EQ(Refusal("model { name: \"exactly-once\" }", "zombie"), "");
  EXPECT_NE(Refusal("", "zombie"), "");
}

}  // namespace
}  // namespace brokersim::runner
