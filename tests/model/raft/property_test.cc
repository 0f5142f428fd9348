// Many seeds of crashes, power losses, cuts, losses and writes. The paper's five properties hold all the time
// (group.cc), and when all is well again the group agrees. Each rule that a switch leaves out is missed.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/model/raft/group.h"

namespace brokersim::raft {
namespace {

struct Course {
  Options options;
  int64_t members = 3;
  bool power_losses = true;
  bool no_op = false;
  bool hasty = false;  // leaders often die with an entry that few have
};

Options DLedger() {
  Options options;
  options.dialect = Options::Dialect::kDLedger;
  options.heartbeat_interval = sim::Milliseconds(2000);
  options.election_min = sim::Milliseconds(300);
  options.election_max = sim::Milliseconds(1000);
  options.max_entries = 1;
  return options;
}

// One step of trouble, and then some time.
void Disturb(const Course& course, Group* group, sim::Stream* random, int64_t* written) {
  const auto member = static_cast<Member>(random->Below(static_cast<uint64_t>(course.members)));
  const auto other = static_cast<Member>(random->Below(static_cast<uint64_t>(course.members)));
  const bool slow = course.options.dialect == Options::Dialect::kDLedger;
  switch (random->Below(10)) {
    case 0:
      group->Crash(member, course.power_losses && random->Chance({1, 2}));
      break;
    case 1:
      for (Member each = 0; each < course.members && course.power_losses; ++each) {
        if (random->Chance({2, 3})) group->Crash(each, true);
      }
      break;
    case 6:
    case 7:
      for (Member each = 0; each < course.members; ++each) {
        if (!group->runs(each) && random->Chance({2, 3})) group->Start1(each);
      }
      break;
    case 2:
      if (member != other) group->Cut(member, other);
      break;
    case 3:
      group->Heal();
      break;
    case 4:
      group->set_loss(random->Chance({1, 3}) ? sim::Ratio::Percent(10) : sim::Ratio::Never());
      break;
    case 5:
      if (group->runs(member) && group->raft(member).role() == Role::kLeader) group->TransferTo(member, other);
      break;
    default:
      for (Member each = 0; each < course.members; ++each) {
        if (group->runs(each) && group->raft(each).role() == Role::kLeader) {
          group->Propose(each, fmt::format("w{}", ++*written));
        }
      }
      if (course.hasty && group->Leader() != kNobody) {
        const Member leader = group->Leader();
        group->Run(sim::Milliseconds(random->Between(0, 2)));
        group->Crash(leader, false);
      }
      break;
  }
  group->Run(sim::Milliseconds(random->Between(0, slow ? 3000 : 100)));
}

void Recover(const Course& course, Group* group) {
  group->Heal();
  group->set_loss(sim::Ratio::Never());
  for (Member member = 0; member < course.members; ++member) {
    if (!group->runs(member)) group->Start1(member);
  }
}

void Play(const Course& course, uint64_t seed, int64_t steps, Group* group) {
  group->set_delay(sim::Milliseconds(1), sim::Milliseconds(10));
  group->set_sync_time(sim::Milliseconds(7));
  group->set_no_op(course.no_op);
  group->set_ordered(course.options.dialect == Options::Dialect::kDLedger);
  sim::Stream random(seed, "course");
  int64_t written = 0;
  for (int64_t step = 0; step < steps && group->broken().empty(); ++step) Disturb(course, group, &random, &written);
}

void HoldsAndRecovers(const Course& course, uint64_t seeds, int64_t steps) {
  int64_t committed = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    Group group(course.options, course.members, seed);
    Play(course, seed, steps, &group);
    ASSERT_TRUE(group.broken().empty()) << "seed " << seed << ": " << group.broken().front();
    // Liveness: with everybody there, there is a leader, and what it is given is everywhere.
    Recover(course, &group);
    group.Run(sim::Seconds(60));
    ASSERT_NE(group.Leader(), kNobody) << "seed " << seed;
    ASSERT_TRUE(group.Propose(group.Leader(), "last")) << "seed " << seed;
    group.Run(sim::Seconds(10));
    for (Member member = 0; member < course.members; ++member) {
      ASSERT_EQ(group.raft(member).commit(), group.raft(group.Leader()).last_index()) << "seed " << seed;
      ASSERT_EQ(group.LogText(member), group.LogText(0)) << "seed " << seed;
    }
    ASSERT_TRUE(group.broken().empty()) << "seed " << seed << ": " << group.broken().front();
    committed += static_cast<int64_t>(group.committed().size());
  }
  EXPECT_GT(committed, static_cast<int64_t>(seeds) * 2);  // something was tried
}

// How many of the seeds break this property.
int64_t Broken(const Course& course, const std::string& property, uint64_t seeds, int64_t steps) {
  int64_t count = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    Group group(course.options, course.members, seed);
    Play(course, seed, steps, &group);
    count += std::any_of(group.broken().begin(), group.broken().end(),
                         [&](const std::string& text) { return text.rfind(property, 0) == 0; })
                 ? 1
                 : 0;
  }
  return count;
}

TEST(RaftProperty, ThePaperHolds) {
  HoldsAndRecovers({}, 300, 200);
  HoldsAndRecovers({Options(), 5}, 150, 200);
}

TEST(RaftProperty, PreVoteAndCheckQuorumHold) {
  Course course;
  course.options.pre_vote = course.options.check_quorum = true;
  course.no_op = true;
  HoldsAndRecovers(course, 300, 200);
}

TEST(RaftProperty, DLedgerHoldsWhereProcessesDie) {
  Course course{DLedger(), 3, false};
  HoldsAndRecovers(course, 200, 150);
  course.options.durable_before_ack = false;
  HoldsAndRecovers(course, 200, 150);
}

TEST(RaftProperty, WithoutFigure8RuleCommittedEntriesGo) {
  Course course{Options(), 5, false, false, true};
  course.options.own_term_commits_only = false;
  EXPECT_GT(Broken(course, "leader completeness", 1500, 300), 0);
}

TEST(RaftProperty, AcknowledgedBeforeDurableGoesWithThePower) {
  Course course;
  course.options.durable_before_ack = false;
  EXPECT_GT(Broken(course, "leader completeness", 200, 200), 0);
}

}  // namespace
}  // namespace brokersim::raft
