// How a group of Connect's workers shares out its work, and what it reads from its config topic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/kafka/connect/assignor.h"
#include "model/kafka/connect/config_state.h"
#include "model/kafka/connect/work.h"

namespace brokersim::kafka {
namespace {

using ::testing::ElementsAre;

const ConnectWork kAll = {{"A", "B", "C"}, {"A-0", "B-0", "C-0"}};

sim::Time At(int64_t seconds) { return sim::Time() + sim::Seconds(seconds); }

// The members, and what they run; each round they take what they are given.
class Group {
 public:
  explicit Group(int64_t max_delay_ms = 300000) : assignor_(max_delay_ms) {}

  void Join(const std::string& member) { running_[member]; }
  void Leave(const std::string& member) { running_.erase(member); }
  ConnectWork& Of(const std::string& member) { return running_[member]; }
  int64_t Rebalance(int64_t seconds, const ConnectWork& configured = kAll) {
    const ConnectAssignor::Result result =
        assignor_.Assign(configured, generation_, generation_ + 1, running_, At(seconds));
    ++generation_;
    for (auto& [member, work] : running_) {
      work.Remove(result.revoked.at(member));
      work.Add(result.assigned.at(member));
    }
    return result.delay_ms;
  }

 private:
  ConnectAssignor assignor_;
  int32_t generation_ = 0;
  ConnectAssignor::ByMember running_;
};

TEST(ConnectWork, TextsOfTheProtocol) {
  const WorkerState state = {12, {{"A", "B"}, {}}};
  EXPECT_EQ(ToText(state), "12 A,B ");
  EXPECT_EQ(ParseWorkerState(ToText(state)).running, state.running);
  EXPECT_EQ(ParseWorkerState(ToText(state)).config_offset, 12);
  const WorkerAssignment assignment = {true, "m1", 7, {{}, {"A-0"}}, {{"B"}, {}}, 300};
  const WorkerAssignment parsed = ParseWorkerAssignment(ToText(assignment));
  EXPECT_TRUE(parsed.failed);
  EXPECT_EQ(parsed.leader, "m1");
  EXPECT_EQ(parsed.config_offset, 7);
  EXPECT_EQ(parsed.assigned, assignment.assigned);
  EXPECT_EQ(parsed.revoked, assignment.revoked);
  EXPECT_EQ(parsed.delay_ms, 300);
  EXPECT_EQ(ConnectorOfTask(TaskOf("A-b", 3)), "A-b");
}

TEST(ConnectAssignor, OneMemberGetsAll) {
  Group group;
  group.Join("m1");
  EXPECT_EQ(group.Rebalance(0), 0);
  EXPECT_EQ(group.Of("m1"), kAll);
}

TEST(ConnectAssignor, TwoNewMembersAreServedInTurn) {
  Group group;
  group.Join("m1");
  group.Join("m2");
  group.Rebalance(0);
  EXPECT_EQ(group.Of("m1"), (ConnectWork{{"A", "C"}, {"A-0", "C-0"}}));
  EXPECT_EQ(group.Of("m2"), (ConnectWork{{"B"}, {"B-0"}}));
}

// KIP-415: what moves is revoked in one round and given out in the next.
TEST(ConnectAssignor, ALateMemberGetsItsShareInTwoRounds) {
  Group group;
  group.Join("m1");
  group.Rebalance(0);
  group.Join("m2");
  EXPECT_EQ(group.Rebalance(1), 0);
  EXPECT_EQ(group.Of("m1"), (ConnectWork{{"B", "C"}, {"B-0", "C-0"}}));
  EXPECT_TRUE(group.Of("m2").empty());
  EXPECT_EQ(group.Rebalance(1), 0);
  EXPECT_EQ(group.Of("m1"), (ConnectWork{{"B", "C"}, {"B-0", "C-0"}}));
  EXPECT_EQ(group.Of("m2"), (ConnectWork{{"A"}, {"A-0"}}));
}

// handleLostAssignments: scheduled.rebalance.max.delay.ms
TEST(ConnectAssignor, WorkOfAMemberThatIsGoneWaits) {
  Group group(10000);
  group.Join("m1");
  group.Join("m2");
  group.Rebalance(0);
  group.Leave("m2");
  EXPECT_EQ(group.Rebalance(100), 10000);
  EXPECT_EQ(group.Of("m1"), (ConnectWork{{"A", "C"}, {"A-0", "C-0"}}));
  EXPECT_EQ(group.Rebalance(104), 6000);
  EXPECT_EQ(group.Rebalance(110), 0);
  EXPECT_EQ(group.Of("m1"), kAll);
}

// It gets its work back, but not before the delay is over.
TEST(ConnectAssignor, AMemberThatReturnsInTimeGetsWhatWasItsOwn) {
  Group group(10000);
  group.Join("m1");
  group.Join("m2");
  group.Rebalance(0);
  group.Leave("m2");
  group.Rebalance(100);
  group.Join("m3");
  EXPECT_EQ(group.Rebalance(103), 7000);
  EXPECT_TRUE(group.Of("m3").empty());
  EXPECT_EQ(group.Rebalance(110), 0);
  EXPECT_EQ(group.Of("m3"), (ConnectWork{{"B"}, {"B-0"}}));
}

TEST(ConnectAssignor, WithoutADelayWorkMovesAtOnce) {
  Group group(0);
  group.Join("m1");
  group.Join("m2");
  group.Rebalance(0);
  group.Leave("m2");
  EXPECT_EQ(group.Rebalance(100), 0);
  EXPECT_EQ(group.Of("m1"), kAll);
}

// A leader that has not led before knows nothing of what the one that is gone had: it is as new.
TEST(ConnectAssignor, ANewLeaderGivesOutWhatNobodyRunsAtOnce) {
  ConnectAssignor assignor(300000);
  const ConnectWork mine = {{"A"}, {"A-0"}};
  const ConnectAssignor::Result result = assignor.Assign(kAll, 4, 5, {{"m2", mine}}, At(0));
  EXPECT_EQ(result.delay_ms, 0);
  EXPECT_EQ(result.assigned.at("m2"), kAll.Without(mine));
}

TEST(ConnectAssignor, WhatTwoRunIsTakenFromBoth) {
  Group group;
  group.Join("m1");
  group.Rebalance(0);
  group.Join("m2");
  group.Of("m2") = kAll;
  group.Rebalance(1);
  EXPECT_TRUE(group.Of("m1").empty());
  EXPECT_TRUE(group.Of("m2").empty());
  group.Rebalance(2);
  ConnectWork both = group.Of("m1");
  both.Add(group.Of("m2"));
  EXPECT_EQ(both, kAll);
  EXPECT_TRUE(group.Of("m1").Both(group.Of("m2")).empty());
}

TEST(ConnectAssignor, WhatIsConfiguredNoMoreIsRevoked) {
  Group group;
  group.Join("m1");
  group.Rebalance(0);
  const ConnectWork fewer = {{"A", "B", "C"}, {"A-0"}};
  group.Rebalance(1, fewer);
  EXPECT_EQ(group.Of("m1"), fewer);
}

TEST(ConnectConfigState, TheLastOneCounts) {
  ConnectConfigState state;
  std::string connector;
  EXPECT_EQ(state.Apply(ConnectConfigState::ConnectorRecord("A", "x=1", 0), 0, &connector),
            ConnectConfigState::Update::kConnector);
  EXPECT_EQ(connector, "A");
  state.Apply(ConnectConfigState::ConnectorRecord("A", "x=2", 0), 1, &connector);
  EXPECT_EQ(state.Connector("A"), "x=2");
  EXPECT_EQ(state.offset(), 2);
  EXPECT_EQ(state.Configured(), (ConnectWork{{"A"}, {}}));
}

// KafkaConfigBackingStore: tasks' configurations are deferred until the record that commits them.
TEST(ConnectConfigState, TasksCountWhenTheyAreCommitted) {
  ConnectConfigState state;
  std::string connector;
  state.Apply(ConnectConfigState::ConnectorRecord("A", "x=1", 0), 0, &connector);
  const std::vector<Record> records = ConnectConfigState::TaskRecords("A", {"t0", "t1"}, 0);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(state.Apply(records[0], 1, &connector), ConnectConfigState::Update::kNothing);
  EXPECT_EQ(state.Apply(records[1], 2, &connector), ConnectConfigState::Update::kNothing);
  EXPECT_THAT(state.Tasks("A"), ElementsAre());
  EXPECT_EQ(state.Apply(records[2], 3, &connector), ConnectConfigState::Update::kTasks);
  EXPECT_THAT(state.Tasks("A"), ElementsAre("t0", "t1"));
  EXPECT_EQ(state.Task("A-1"), "t1");
  EXPECT_EQ(state.Configured(), (ConnectWork{{"A"}, {"A-0", "A-1"}}));
  state.Apply(ConnectConfigState::TaskRecords("A", {}, 0)[0], 4, &connector);
  EXPECT_EQ(state.Configured(), (ConnectWork{{"A"}, {}}));
}

}  // namespace
}  // namespace brokersim::kafka
