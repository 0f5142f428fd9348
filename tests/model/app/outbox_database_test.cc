// A database with an outbox and its standby: when a transaction is over, what a standby has, and what a relay reads.
#include "model/app/outbox_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/kernel/simulation.h"

namespace brokersim::app {
namespace {

using sim::Effects;
using sim::Env;
using sim::Milliseconds;
using sim::NodeId;
using sim::Seconds;
using sim::Time;
using testing::ElementsAre;
using testing::IsEmpty;

// What a client asks of which database, and when; and what it has heard.
struct Question {
  sim::Duration at;
  NodeId database;
  sim::MessageRef message;
};

struct Heard {
  std::vector<int64_t> committed;
  std::vector<int64_t> refused;
  std::vector<std::vector<std::string>> rows;
};

class Asker final : public sim::Process {
 public:
  Asker(std::vector<Question> questions, std::shared_ptr<Heard> heard, Effects& out)
      : questions_(std::move(questions)), heard_(std::move(heard)) {
    for (size_t i = 0; i < questions_.size(); ++i) out.SetTimer({0, static_cast<int64_t>(i)}, questions_[i].at);
  }
  std::unique_ptr<Process> Clone() const override { return std::make_unique<Asker>(*this); }
  void OnTimer(sim::Timer timer, Env&, Effects& out) override {
    const Question& question = questions_[static_cast<size_t>(timer.arg)];
    out.Send(out.Connect(question.database), question.message);
  }
  void OnMessage(const sim::Received& message, Env&, Effects&) override {
    if (const auto* committed = message.payload.As<Committed>()) {
      (committed->done ? heard_->committed : heard_->refused).push_back(committed->number);
    } else if (const auto* rows = message.payload.As<OutboxRows>()) {
      std::vector<std::string>& values = heard_->rows.emplace_back();
      for (const OutboxRow& row : rows->rows) values.push_back(row.value);
    }
  }
  std::string_view TimerName(sim::Timer) const override { return "ask"; }

 private:
  std::vector<Question> questions_;
  std::shared_ptr<Heard> heard_;
};

class AskerFactory final : public sim::ProcessFactory {
 public:
  AskerFactory(std::vector<Question> questions, std::shared_ptr<Heard> heard)
      : questions_(std::move(questions)), heard_(std::move(heard)) {}
  std::unique_ptr<sim::Process> Boot(Env&, Effects& out) const override {
    return std::make_unique<Asker>(questions_, heard_, out);
  }

 private:
  std::vector<Question> questions_;
  std::shared_ptr<Heard> heard_;
};

constexpr NodeId kPrimary{0};
constexpr NodeId kStandby{1};

Question Insert(sim::Duration at, int64_t number, NodeId database = kPrimary) {
  return {at, database, sim::MakePayload(InsertIntoOutbox{number, "k", "v" + std::to_string(number)})};
}
Question Read(sim::Duration at, const std::string& relay, NodeId database = kPrimary) {
  return {at, database, sim::MakePayload(ReadOutbox{relay})};
}
Question Save(sim::Duration at, int64_t number, const std::string& relay, int64_t published, bool removes = false) {
  return {at, kPrimary, sim::MakePayload(SavePublished{number, relay, published, removes})};
}

// A primary in site a, its standby in site b, and who asks in site c.
Heard Ask(std::vector<Question> questions, bool synchronous, std::vector<sim::Fault> faults = {}) {
  sim::Simulation simulation({.seed = 1});
  const auto add = [&](const char* name, const char* site, std::shared_ptr<const sim::ProcessFactory> factory) {
    simulation.Install(simulation.AddNode({.name = name, .role = "database", .datacenter = site}), factory);
  };
  auto primary = std::make_shared<OutboxDatabaseSpec>();
  primary->synchronous = synchronous;
  add("db-a", "a", std::make_shared<OutboxDatabaseFactory>(primary));
  auto standby = std::make_shared<OutboxDatabaseSpec>();
  standby->primary = kPrimary;
  add("db-b", "b", std::make_shared<OutboxDatabaseFactory>(standby));
  auto heard = std::make_shared<Heard>();
  add("asker", "c", std::make_shared<AskerFactory>(std::move(questions), heard));
  for (sim::Fault& fault : faults) simulation.AddFault(std::move(fault));
  simulation.Begin({});
  simulation.Run(Time() + Seconds(60));
  return *heard;
}

sim::Fault Promote(sim::Duration at) {
  sim::Fault fault;
  fault.id = "promote";
  fault.action = sim::ConfigChange{.nodes = {{"db-b"}}, .key = "promote", .value = "true"};
  fault.trigger.at = Time() + at;
  return fault;
}

// The standby's site can't be reached for so long.
sim::Fault Cut(sim::Duration at, sim::Duration lasts) {
  sim::Fault fault;
  fault.id = "cut";
  fault.action = sim::ZoneCut{.nodes = {{"dc(b)"}}};
  fault.trigger.at = Time() + at;
  fault.lasts = lasts;
  return fault;
}

TEST(OutboxDatabase, ARelayReadsWhatItHasNotPublished) {
  const Heard heard = Ask({Insert(Seconds(1), 1), Insert(Seconds(2), 2), Read(Seconds(3), "r"),
                           Save(Seconds(4), 9, "r", 1), Read(Seconds(5), "r"), Read(Seconds(5), "other")},
                          /*synchronous=*/false);
  EXPECT_THAT(heard.committed, ElementsAre(1, 2, 9));
  EXPECT_THAT(heard.rows, ElementsAre(ElementsAre("v1", "v2"), ElementsAre("v2"), ElementsAre("v1", "v2")));
}

TEST(OutboxDatabase, WhatIsPublishedMayLeaveTheOutbox) {
  const Heard heard = Ask({Insert(Seconds(1), 1), Insert(Seconds(2), 2), Save(Seconds(3), 9, "r", 1, /*removes=*/true),
                           Read(Seconds(4), "other")},
                          /*synchronous=*/false);
  EXPECT_THAT(heard.rows, ElementsAre(ElementsAre("v2")));
}

TEST(OutboxDatabase, AStandbyServesNobodyUntilItIsPromoted) {
  const Heard heard = Ask({Insert(Seconds(1), 1), Read(Seconds(2), "r", kStandby), Insert(Seconds(2), 2, kStandby),
                           Read(Seconds(4), "r", kStandby), Insert(Seconds(5), 3, kStandby)},
                          /*synchronous=*/false, {Promote(Seconds(3))});
  EXPECT_THAT(heard.rows, ElementsAre(IsEmpty(), ElementsAre("v1")));
  EXPECT_THAT(heard.refused, ElementsAre(2));
  EXPECT_THAT(heard.committed, ElementsAre(1, 3));
}

TEST(OutboxDatabase, NobodyWaitsForAStandbyThatIsAsynchronous) {
  const Heard heard = Ask({Insert(Seconds(2), 1)}, /*synchronous=*/false, {Cut(Seconds(1), Seconds(100))});
  EXPECT_THAT(heard.committed, ElementsAre(1));
}

TEST(OutboxDatabase, ASynchronousTransactionIsOverWhenTheStandbyHasIt) {
  const std::vector<Question> questions = {Insert(Seconds(2), 1), Read(Seconds(3), "r"), Insert(Seconds(30), 2)};
  EXPECT_THAT(Ask(questions, /*synchronous=*/true).committed, ElementsAre(1, 2));
  // Cut off for good: nothing is over, and nobody sees it.
  const Heard cut = Ask(questions, /*synchronous=*/true, {Cut(Seconds(1), Seconds(100))});
  EXPECT_THAT(cut.committed, IsEmpty());
  EXPECT_THAT(cut.rows, ElementsAre(IsEmpty()));
  // ... and for a while: the first is over when the standby is back.
  EXPECT_THAT(Ask(questions, /*synchronous=*/true, {Cut(Seconds(1), Seconds(10))}).committed, ElementsAre(1, 2));
}

TEST(OutboxDatabase, WhatItHasFlushedSurvivesItsCrash) {
  sim::Fault crash;
  crash.id = "crash";
  crash.action = sim::PowerLoss{.nodes = {{"db-a"}}};
  crash.trigger.at = Time() + Seconds(3);
  crash.lasts = Seconds(1);
  const Heard heard =
      Ask({Insert(Seconds(1), 1), Save(Seconds(2), 9, "r", 1), Insert(Seconds(2), 2), Read(Seconds(5), "r"),
           Read(Milliseconds(5500), "other"), Insert(Seconds(6), 3), Read(Seconds(7), "r")},
          /*synchronous=*/false, {crash});
  EXPECT_THAT(heard.rows, ElementsAre(ElementsAre("v2"), ElementsAre("v1", "v2"), ElementsAre("v2", "v3")));
}

TEST(OutboxDatabase, AStandbyThatWasAwayGetsWhatItMissed) {
  sim::Fault away;
  away.id = "away";
  away.action = sim::Crash{.nodes = {{"db-b"}}};
  away.trigger.at = Time() + Seconds(1);
  away.lasts = Seconds(5);
  const Heard heard = Ask({Insert(Seconds(2), 1), Insert(Seconds(3), 2), Read(Seconds(20), "r", kStandby)},
                          /*synchronous=*/false, {away, Promote(Seconds(15))});
  EXPECT_THAT(heard.rows, ElementsAre(ElementsAre("v1", "v2")));
}

TEST(OutboxDatabase, APrimaryThatIsAskedToStopHandsOverEverythingFirst) {
  sim::Fault stop;
  stop.id = "stop";
  stop.action = sim::Stop{.nodes = {{"db-a"}}};
  stop.trigger.at = Time() + Seconds(2);
  const Heard heard = Ask({Insert(Milliseconds(1999), 1), Read(Seconds(5), "r", kStandby)}, /*synchronous=*/false,
                          {stop, Promote(Seconds(4))});
  EXPECT_THAT(heard.rows, ElementsAre(ElementsAre("v1")));
}

}  // namespace
}  // namespace brokersim::app
