// Which control requests a broker refuses: one test a rule.
#include "gtest/gtest.h"
#include "model/kafka/zookeeper/control_messages.h"

namespace brokersim::kafka {
namespace {

// KIP-380; KafkaApis.isBrokerEpochStale
TEST(ControlRules, RefusesWhatIsForAFormerLife) {
  EXPECT_EQ(ErrorCode::kStaleBrokerEpoch, CheckControlRequest({1, 5, 10}, 11, 5));
  EXPECT_EQ(ErrorCode::kNone, CheckControlRequest({1, 5, 11}, 11, 5));
}

// KafkaApis.isBrokerEpochStale: the controller may hear of a registration before the broker does.
TEST(ControlRules, ObeysWhatIsForALifeItHasYetToHearOf) {
  EXPECT_EQ(ErrorCode::kNone, CheckControlRequest({1, 5, 12}, 11, 5));
}

// AbstractControlRequest.UNKNOWN_BROKER_EPOCH, of controllers before 2.2
TEST(ControlRules, ObeysWhatNamesNoLife) {
  EXPECT_EQ(ErrorCode::kNone, CheckControlRequest({1, 5, -1}, 11, 5));
}

// ReplicaManager.becomeLeaderOrFollower, stopReplicas, maybeUpdateMetadataCache
TEST(ControlRules, RefusesAFormerController) {
  EXPECT_EQ(ErrorCode::kStaleControllerEpoch, CheckControlRequest({1, 4, 11}, 11, 5));
  EXPECT_EQ(ErrorCode::kNone, CheckControlRequest({2, 6, 11}, 11, 5));
}

// ReplicaManager.becomeLeaderOrFollower: also of the same epoch
TEST(ControlRules, OnlyANewLeaderEpochCounts) {
  EXPECT_TRUE(IsNewLeaderEpoch(0, -1));
  EXPECT_TRUE(IsNewLeaderEpoch(4, 3));
  EXPECT_FALSE(IsNewLeaderEpoch(3, 3));
  EXPECT_FALSE(IsNewLeaderEpoch(2, 3));
}

// KIP-570; ReplicaManager.stopReplicas
TEST(ControlRules, StopsOnlyAReplicaOfAFormerLeaderEpoch) {
  EXPECT_TRUE(MayStopReplica(4, 3));
  EXPECT_FALSE(MayStopReplica(3, 3));
  EXPECT_FALSE(MayStopReplica(2, 3));
}

// LeaderAndIsr.NoEpoch, of controllers before 2.6
TEST(ControlRules, StopsAnyReplicaIfNoEpochIsNamed) { EXPECT_TRUE(MayStopReplica(kNoLeaderEpoch, 3)); }

}  // namespace
}  // namespace brokersim::kafka
