// A replica's part in replication: the rules B1.4.1 to B1.4.8 of the semantic model, one by one.
#include "model/kafka/partition.h"

#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/random/stream.h"

namespace brokersim::kafka {

void PrintTo(const EpochEndOffset& end, std::ostream* out) { *out << end.epoch << " ends at " << end.end_offset; }
void PrintTo(ErrorCode error, std::ostream* out) { *out << Name(error); }

namespace {

constexpr int64_t kOwnBrokerEpoch = 11;

sim::Time At(int64_t seconds) { return sim::Time() + sim::Seconds(seconds); }

// Broker 1's replica of a partition with replicas 1, 2, 3.
class PartitionTest : public testing::Test {
 protected:
  PartitionTest() { Recover(0); }

  // A new incarnation with `records` in its log, of epoch 1, and this high watermark on disk.
  void Recover(int64_t records, int64_t high_watermark = 0) {
    ReplicaLog log;
    if (records > 0) {
      RecordBatch batch;
      batch.partition_leader_epoch = 1;
      batch.records.resize(static_cast<size_t>(records));
      log.AppendAsFollower(sim::MakePayload(std::move(batch)));
    }
    partition_ = std::make_unique<Partition>(1, TopicPartition{"orders", 0}, config_, std::move(log), high_watermark);
  }

  PartitionRecord Record(int32_t leader, int32_t leader_epoch, std::vector<int32_t> isr) {
    PartitionRecord record;
    record.tp = {"orders", 0};
    record.replicas = {1, 2, 3};
    record.isr = std::move(isr);
    record.leader = leader;
    record.leader_epoch = leader_epoch;
    record.partition_epoch = ++partition_epoch_;
    return record;
  }
  void Lead(int32_t leader_epoch, std::vector<int32_t> isr = {1, 2, 3}, sim::Time now = At(0)) {
    if (partition_->BecomeLeader(Record(1, leader_epoch, std::move(isr)), now)) {
      partition_->log().BeginEpoch(leader_epoch);
    }
  }
  void Append(int64_t records) {
    for (int64_t i = 0; i < records; ++i) {
      RecordBatch batch;
      batch.records.resize(1);
      partition_->log().AppendAsLeader(batch, partition_->leader_epoch());
    }
    partition_->MaybeIncrementHighWatermark(At(1));
    partition_->CheckInvariants();
  }
  void Fetch(int32_t replica, int64_t offset, sim::Time now = At(1)) {
    partition_->NoteFetch(replica, 20 + replica, offset, now);
    partition_->MaybeIncrementHighWatermark(At(1));
    partition_->CheckInvariants();
  }
  static std::vector<int32_t> Ids(const std::optional<std::vector<BrokerState>>& proposal) {
    std::vector<int32_t> ids;
    if (!proposal.has_value()) return {-1};  // nothing is proposed
    for (const BrokerState& state : *proposal) ids.push_back(state.broker_id);
    return ids;
  }
  std::vector<int32_t> Shrink(sim::Time now) { return Ids(partition_->ProposeShrink(now, kOwnBrokerEpoch)); }
  std::vector<int32_t> Expand(int32_t replica) { return Ids(partition_->ProposeExpand(replica, kOwnBrokerEpoch)); }
  void Accept(std::vector<int32_t> isr) {
    partition_->ConcludeProposal(ErrorCode::kNone, ++partition_epoch_, isr);
    partition_->MaybeIncrementHighWatermark(At(1));
  }
  int64_t high_watermark() const { return partition_->high_watermark(); }

  using Isr = std::vector<int32_t>;
  const Isr kNothing = {-1};

  BrokerConfig config_;
  int32_t partition_epoch_ = 0;
  std::unique_ptr<Partition> partition_;
};

// ---- B1.4.1

TEST_F(PartitionTest, Rule1OnlyALeaderAppends) {
  EXPECT_EQ(partition_->CheckAppend(-1), ErrorCode::kNotLeaderOrFollower);
  partition_->BecomeFollower(Record(2, 1, {1, 2}));
  EXPECT_EQ(partition_->CheckAppend(1), ErrorCode::kNotLeaderOrFollower);
  Lead(2);
  EXPECT_EQ(partition_->CheckAppend(-1), ErrorCode::kNone);
}

TEST_F(PartitionTest, Rule1AcksAllNeedsEnoughInSync) {
  config_.min_insync_replicas = 2;
  Lead(1, {1, 2});
  EXPECT_EQ(partition_->CheckAppend(-1), ErrorCode::kNone);
  Lead(2, {1});
  EXPECT_EQ(partition_->CheckAppend(-1), ErrorCode::kNotEnoughReplicas);
  EXPECT_EQ(partition_->CheckAppend(1), ErrorCode::kNone);
  EXPECT_EQ(partition_->CheckAppend(0), ErrorCode::kNone);
}

// Partition.effectiveMinIsr
TEST_F(PartitionTest, Rule1MinIsrIsNoMoreThanThereAreReplicas) {
  config_.min_insync_replicas = 5;
  Lead(1);
  EXPECT_EQ(partition_->EffectiveMinIsr(), 3);
  EXPECT_EQ(partition_->CheckAppend(-1), ErrorCode::kNone);
}

TEST_F(PartitionTest, Rule1AWriteIsDoneOnceTheHighWatermarkIsBeyondIt) {
  Lead(1);
  Append(2);
  EXPECT_EQ(partition_->CheckReplicated(2), std::nullopt);
  Fetch(2, 2);
  Fetch(3, 1);
  EXPECT_EQ(partition_->CheckReplicated(1), ErrorCode::kNone);
  EXPECT_EQ(partition_->CheckReplicated(2), std::nullopt);
  Fetch(3, 2);
  EXPECT_EQ(partition_->CheckReplicated(2), ErrorCode::kNone);
}

TEST_F(PartitionTest, Rule1AnIsrThatShrankTooFarMeanwhileIsAnErrorAfterAppend) {
  config_.min_insync_replicas = 2;
  Lead(1);
  Append(1);
  ASSERT_EQ(Shrink(At(60)), Isr{1});
  EXPECT_EQ(partition_->CheckReplicated(1), std::nullopt);
  Accept({1});
  EXPECT_EQ(partition_->CheckReplicated(1), ErrorCode::kNotEnoughReplicasAfterAppend);
  EXPECT_EQ(partition_->log().log_end_offset(), 1) << "the record stays";
}

TEST_F(PartitionTest, Rule1ALostLeadershipEndsTheWait) {
  Lead(1);
  Append(1);
  partition_->BecomeFollower(Record(2, 2, {2, 3}));
  EXPECT_EQ(partition_->CheckReplicated(1), ErrorCode::kNotLeaderOrFollower);
}

// ---- B1.4.2

TEST_F(PartitionTest, Rule2TheHighWatermarkIsTheLeastLogEndInTheIsr) {
  Lead(1);
  Append(5);
  EXPECT_EQ(high_watermark(), 0) << "nobody is known to have anything";
  Fetch(2, 5);
  EXPECT_EQ(high_watermark(), 0);
  Fetch(3, 3);
  EXPECT_EQ(high_watermark(), 3);
  Fetch(3, 5);
  EXPECT_EQ(high_watermark(), 5);
}

TEST_F(PartitionTest, Rule2ReplicasOutsideTheIsrDontCount) {
  Lead(1, {1, 2});
  Append(5);
  Fetch(3, 1);
  Fetch(2, 4);
  EXPECT_EQ(high_watermark(), 4);
}

TEST_F(PartitionTest, Rule2ALeaderAloneCommitsAtOnce) {
  Lead(1, {1});
  Append(3);
  EXPECT_EQ(high_watermark(), 3);
}

TEST_F(PartitionTest, Rule2ItNeverFallsOnALeader) {
  Lead(1);
  Append(5);
  Fetch(2, 5);
  Fetch(3, 5);
  ASSERT_EQ(high_watermark(), 5);
  Fetch(3, 2);  // a follower that lost its unsynced records
  EXPECT_EQ(high_watermark(), 5);
}

// KAFKA-15021: who has left the ISR isn't waited for, however well it had kept up.
TEST_F(PartitionTest, Rule2WhoShutsDownIsNotWaitedFor) {
  for (const bool fixed : {true, false}) {
    config_.kafka_15021 = fixed;
    config_.replica_lag_time_max_ms = 10000;
    Recover(0);
    Lead(1);
    Append(1);
    Fetch(2, 1, At(1));
    Fetch(3, 1, At(1));
    ASSERT_EQ(high_watermark(), 1);
    Lead(1, {1, 2});  // the controller took 3 out
    Append(1);
    Fetch(2, 2, At(2));
    partition_->MaybeIncrementHighWatermark(At(5));
    EXPECT_EQ(high_watermark(), fixed ? 2 : 1);
    partition_->MaybeIncrementHighWatermark(At(12));
    EXPECT_EQ(high_watermark(), 2) << "it has lagged for replica.lag.time.max.ms";
  }
}

TEST_F(PartitionTest, Rule2AFollowersNoneIsNotRaisedByItself) {
  Recover(4);
  partition_->BecomeFollower(Record(2, 1, {1, 2}));
  EXPECT_FALSE(partition_->MaybeIncrementHighWatermark(At(1)));
  EXPECT_EQ(high_watermark(), 0);
}

// ---- B1.4.3

TEST_F(PartitionTest, Rule3AReplicaThatIsToJoinCountsAlready) {
  Lead(1, {1, 2});
  Append(2);
  Fetch(2, 2);
  Fetch(3, 2);
  ASSERT_EQ(Expand(3), (Isr{1, 2, 3}));
  Append(2);
  Fetch(2, 4);
  EXPECT_EQ(high_watermark(), 2) << "3 may be in the ISR by now";
  Fetch(3, 4);
  EXPECT_EQ(high_watermark(), 4);
}

TEST_F(PartitionTest, Rule3AReplicaThatIsToLeaveCountsStill) {
  Lead(1);
  Append(2);
  Fetch(2, 2, At(60));
  ASSERT_EQ(Shrink(At(60)), (Isr{1, 2}));
  partition_->MaybeIncrementHighWatermark(At(1));
  EXPECT_EQ(high_watermark(), 0) << "3 may be in the ISR still";
  Accept({1, 2});
  EXPECT_EQ(high_watermark(), 2);
}

TEST_F(PartitionTest, Rule3OneProposalAtATime) {
  Lead(1, {1, 2});
  Fetch(3, 0);
  ASSERT_EQ(Expand(3), (Isr{1, 2, 3}));
  EXPECT_TRUE(partition_->proposal_pending());
  EXPECT_EQ(Expand(3), kNothing);
  EXPECT_EQ(Shrink(At(600)), kNothing);
  Accept({1, 2, 3});
  EXPECT_FALSE(partition_->proposal_pending());
  EXPECT_EQ(partition_->isr(), (Isr{1, 2, 3}));
}

TEST_F(PartitionTest, Rule3ARefusedProposalChangesNothing) {
  Lead(1, {1, 2});
  Fetch(3, 0);
  ASSERT_EQ(Expand(3), (Isr{1, 2, 3}));
  partition_->ConcludeProposal(ErrorCode::kIneligibleReplica, 0, {});
  EXPECT_EQ(partition_->isr(), (Isr{1, 2}));
  EXPECT_EQ(Expand(3), (Isr{1, 2, 3})) << "it may ask again";
}

TEST_F(PartitionTest, Rule3AnOldAnswerChangesNothing) {
  Lead(1, {1, 2});
  Fetch(3, 0);
  ASSERT_EQ(Expand(3), (Isr{1, 2, 3}));
  partition_->ConcludeProposal(ErrorCode::kNone, partition_->partition_epoch(), {1});
  EXPECT_EQ(partition_->isr(), (Isr{1, 2}));
}

// ---- B1.4.4

TEST_F(PartitionTest, Rule4WhoHasEverythingStaysHoweverLongItIsSilent) {
  Lead(1);
  Append(1);
  Fetch(2, 1);
  Fetch(3, 1);
  EXPECT_EQ(Shrink(At(3600)), kNothing);
}

TEST_F(PartitionTest, Rule4WhoWasntCaughtUpForTooLongLeaves) {
  config_.replica_lag_time_max_ms = 10000;
  Lead(1);
  Append(1);
  Fetch(2, 1, At(5));
  Fetch(3, 0, At(5));
  Append(1);
  EXPECT_EQ(Shrink(At(10)), kNothing) << "members get the benefit of the doubt when the epoch begins";
  EXPECT_EQ(Shrink(At(11)), (Isr{1, 2}));
}

// Replica.updateFetchState: it had at this fetch all that was there at its last one.
TEST_F(PartitionTest, Rule4AFollowerThatIsOneFetchBehindIsCaughtUp) {
  config_.replica_lag_time_max_ms = 10000;
  Lead(1);
  for (int64_t second = 0; second < 60; ++second) {
    Append(10);
    Fetch(2, 10 * second, At(second));
    Fetch(3, 5 * second, At(second));
  }
  EXPECT_EQ(Shrink(At(60)), (Isr{1, 2})) << "3 falls behind for good";
}

TEST_F(PartitionTest, Rule4ExpandsToWhoHasReachedTheHighWatermark) {
  Lead(1, {1, 2});
  Append(5);
  Fetch(2, 4);
  ASSERT_EQ(high_watermark(), 4);
  Fetch(3, 3);
  EXPECT_EQ(Expand(3), kNothing);
  Fetch(3, 4);
  const auto proposal = partition_->ProposeExpand(3, kOwnBrokerEpoch);
  ASSERT_EQ(Ids(proposal), (Isr{1, 2, 3}));
  // KIP-903: with the broker epochs that the followers fetched under.
  EXPECT_EQ((*proposal)[0].broker_epoch, kOwnBrokerEpoch);
  EXPECT_EQ((*proposal)[2].broker_epoch, 23);
}

TEST_F(PartitionTest, Rule4NobodyJoinsBeforeTheEpochsStart) {
  Recover(3, 1);
  Lead(2, {1});
  ASSERT_EQ(partition_->leader_epoch_start(), 3);
  Fetch(2, 2);
  EXPECT_EQ(Expand(2), kNothing);
  Fetch(2, 3);
  EXPECT_EQ(Expand(2), (Isr{1, 2}));
}

// Before KAFKA-7128 the high watermark was enough, which a new leader may not have heard of yet.
TEST_F(PartitionTest, Rule4WithoutKafka7128TheHighWatermarkIsEnough) {
  config_.kafka_7128 = false;
  Recover(3, 1);
  Lead(2, {1, 3});
  Fetch(2, 0);
  EXPECT_EQ(Expand(2), kNothing);
  Fetch(2, 1);
  EXPECT_EQ(Expand(2), (Isr{1, 2, 3}));
}

TEST_F(PartitionTest, Rule4WithoutKip903ProposalsNameNoLives) {
  config_.kip_903 = false;
  Lead(1, {1, 2});
  Fetch(3, 0);
  const auto proposal = partition_->ProposeExpand(3, kOwnBrokerEpoch);
  ASSERT_EQ(Ids(proposal), (Isr{1, 2, 3}));
  for (const BrokerState& member : *proposal) EXPECT_EQ(member.broker_epoch, -1);
}

TEST_F(PartitionTest, Rule4StrangersAndMembersAreNotProposed) {
  Lead(1, {1, 2});
  EXPECT_EQ(Expand(9), kNothing);
  Fetch(2, 0);
  EXPECT_EQ(Expand(2), kNothing);
  EXPECT_EQ(Expand(3), kNothing) << "3 never fetched";
}

// ---- B1.4.5

TEST_F(PartitionTest, Rule5AFollowersHighWatermarkIsTheLeadersButNotBeyondItsLog) {
  Recover(3);
  partition_->BecomeFollower(Record(2, 2, {1, 2}));
  partition_->SetFollowerHighWatermark(2);
  EXPECT_EQ(high_watermark(), 2);
  partition_->SetFollowerHighWatermark(9);
  EXPECT_EQ(high_watermark(), 3);
}

TEST_F(PartitionTest, Rule5TruncationTakesTheHighWatermarkAlong) {
  Recover(3, 3);
  partition_->BecomeFollower(Record(2, 2, {2}));
  EXPECT_EQ(partition_->TruncateTo(1).size(), 1u);
  EXPECT_EQ(high_watermark(), 0);
  partition_->CheckInvariants();
}

TEST_F(PartitionTest, Rule5ALeaderNeverTruncates) {
  Lead(1);
  Append(2);
  EXPECT_THROW(partition_->TruncateTo(1), sim::CheckFailure);
}

// KIP-595: the leader tells a follower where their logs parted.
TEST_F(PartitionTest, Rule5Divergence) {
  Recover(3);  // epoch 1: [0, 3)
  Lead(4, {1});
  Append(2);   // epoch 4: [3, 5)
  const std::optional<EpochEndOffset> none;
  EXPECT_EQ(partition_->Diverging(5, 4), none);
  EXPECT_EQ(partition_->Diverging(2, 1), none);
  EXPECT_EQ(partition_->Diverging(3, 1), none);
  EXPECT_EQ(partition_->Diverging(4, 1), (EpochEndOffset{1, 3})) << "more of epoch 1 than there is";
  EXPECT_EQ(partition_->Diverging(3, 2), (EpochEndOffset{1, 3})) << "an epoch that isn't here";
  EXPECT_EQ(partition_->Diverging(6, 4), (EpochEndOffset{4, 5}));
  EXPECT_EQ(partition_->Diverging(1, 0), (EpochEndOffset{0, 0})) << "below all epochs";
  EXPECT_EQ(partition_->Diverging(9, -1), none) << "no epoch, no check";
}

// ---- B1.4.6

TEST_F(PartitionTest, Rule6AnEpochBeginsAtTheLogsEnd) {
  Recover(3, 1);
  Lead(5);
  EXPECT_EQ(partition_->leader_epoch_start(), 3);
  EXPECT_EQ(partition_->log().EndOffsetForEpoch(5), (EpochEndOffset{5, 3}));
  EXPECT_EQ(high_watermark(), 1) << "as it was known, not the log's end";
  Append(1);
  EXPECT_EQ(partition_->log().last_epoch(), 5);
}

TEST_F(PartitionTest, Rule6ANewLeaderKnowsNothingOfItsFollowers) {
  Lead(1);
  Append(2);
  Fetch(2, 2);
  Fetch(3, 2);
  Lead(2);
  EXPECT_EQ(partition_->followers().at(2).log_end_offset, -1);
  Append(1);
  EXPECT_EQ(high_watermark(), 2);
}

TEST_F(PartitionTest, Rule6ANewIsrInTheSameEpochIsNoNewEpoch) {
  Lead(1);
  Append(2);
  Fetch(2, 2);
  EXPECT_FALSE(partition_->BecomeLeader(Record(1, 1, {1, 2}), At(5)));
  EXPECT_EQ(partition_->leader_epoch_start(), 0);
  EXPECT_EQ(partition_->followers().at(2).log_end_offset, 2);
  partition_->MaybeIncrementHighWatermark(At(1));
  EXPECT_EQ(high_watermark(), 2) << "3 no longer counts";
}

TEST_F(PartitionTest, Rule6ARecoveredHighWatermarkIsNotBeyondTheLog) {
  Recover(2, 7);  // a power loss took the end of the log, not the checkpoint
  EXPECT_EQ(high_watermark(), 2);
}

// ---- B1.4.7

TEST_F(PartitionTest, Rule7RequestsOfAnotherEpochAreFenced) {
  Lead(4);
  EXPECT_EQ(partition_->CheckEpoch(3), ErrorCode::kFencedLeaderEpoch);
  EXPECT_EQ(partition_->CheckEpoch(4), ErrorCode::kNone);
  EXPECT_EQ(partition_->CheckEpoch(5), ErrorCode::kUnknownLeaderEpoch);
  EXPECT_EQ(partition_->CheckEpoch(-1), ErrorCode::kNone) << "not asked for";
}

TEST_F(PartitionTest, Rule7ARoleChangeForgetsProposals) {
  Lead(1, {1, 2});
  Fetch(3, 0);
  ASSERT_EQ(Expand(3), (Isr{1, 2, 3}));
  partition_->BecomeLeaderless(Record(kNoLeader, 2, {1}));
  EXPECT_FALSE(partition_->proposal_pending());
  EXPECT_EQ(partition_->role(), Role::kNone);
  EXPECT_EQ(partition_->leader(), kNoLeader);
}

TEST_F(PartitionTest, Rule7AFollowerStartsAnewOnlyWithANewEpoch) {
  EXPECT_TRUE(partition_->BecomeFollower(Record(2, 3, {1, 2, 3})));
  EXPECT_FALSE(partition_->BecomeFollower(Record(2, 3, {2, 3})));
  EXPECT_TRUE(partition_->BecomeFollower(Record(2, 4, {2, 3})));
}

// ---- All of it, at random

// Whatever the followers, the controller and the producers do: the high watermark of a leader never falls, never lies
// beyond the log, nor beyond what a member of the ISR is known to have had when it last rose.
TEST_F(PartitionTest, PropertyHighWatermark) {
  config_.replica_lag_time_max_ms = 5000;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    sim::Stream random(seed, "partition");
    Recover(random.Between(0, 5), random.Between(0, 5));
    int32_t epoch = 2;
    int64_t now = 0;
    Lead(epoch);
    std::vector<int32_t> proposed;
    for (int step = 0; step < 200; ++step) {
      const int64_t before = high_watermark();
      const auto replica = static_cast<int32_t>(random.Between(2, 3));
      now += random.Between(0, 2);
      switch (random.Below(6)) {
        case 0:
        case 1:
          Append(random.Between(1, 3));
          break;
        case 2:
          Fetch(replica, random.Between(0, partition_->log().log_end_offset()), At(now));
          break;
        case 3: {
          const std::vector<int32_t> isr = random.Chance(sim::Ratio{1, 2}) ? Expand(replica) : Shrink(At(now));
          if (isr != kNothing) proposed = isr;
          break;
        }
        case 4:
          if (!partition_->proposal_pending()) break;
          if (random.Chance(sim::Ratio{1, 4})) {
            partition_->ConcludeProposal(ErrorCode::kIneligibleReplica, 0, {});
          } else {
            Accept(proposed);
          }
          break;
        default:
          if (random.Chance(sim::Ratio{1, 10})) Lead(++epoch, partition_->isr(), At(now));
      }
      partition_->CheckInvariants();
      ASSERT_GE(high_watermark(), before) << "seed " << seed << ", step " << step;
      ASSERT_LE(high_watermark(), partition_->log().log_end_offset());
      if (high_watermark() == before) continue;
      for (const int32_t member : partition_->isr()) {
        if (member == 1) continue;
        ASSERT_GE(partition_->followers().at(member).log_end_offset, high_watermark()) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace brokersim::kafka
