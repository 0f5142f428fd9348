// Znodes: what ZooKeeper promises of them, one test a promise.
#include "model/kafka/zookeeper/znodes.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace brokersim::kafka {
namespace {

constexpr int64_t kSession = 7;

ZkOp Op(ZkOpType type, std::string path, int64_t value = 0, int32_t version = kAnyVersion) {
  return {type, std::move(path), ZnodeNumber{value}, version, false};
}

class ZnodesTest : public testing::Test {
 protected:
  std::vector<ZkResult> Apply(const std::vector<ZkOp>& ops) {
    changes_.clear();
    return tree_.Apply(ops, kSession, ++zxid_, &changes_);
  }
  ZkCode Code(const ZkOp& op) { return Apply({op}).back().code; }
  int64_t ValueOf(const std::string& path) { return std::get<ZnodeNumber>(tree_.Find(path)->data).value; }
  std::vector<std::string> Changed() const {
    std::vector<std::string> texts;
    for (const ZnodeTree::Change& change : changes_) {
      texts.push_back(change.path + " " + std::string(Name(change.type)));
    }
    return texts;
  }

  ZnodeTree tree_;
  int64_t zxid_ = 0;
  std::vector<ZnodeTree::Change> changes_;
};

// ZooKeeper Programmer's Guide, Data Access; ZooKeeper.setData
TEST_F(ZnodesTest, AVersionCountsChangesAndGuardsThem) {
  EXPECT_EQ(ZkCode::kOk, Code(Op(ZkOpType::kCreate, "/a", 1)));
  EXPECT_EQ(0, tree_.Find("/a")->stat.version);
  EXPECT_EQ(ZkCode::kOk, Code(Op(ZkOpType::kSetData, "/a", 2, 0)));
  EXPECT_EQ(1, tree_.Find("/a")->stat.version);
  EXPECT_EQ(ZkCode::kBadVersion, Code(Op(ZkOpType::kSetData, "/a", 3, 0)));
  EXPECT_EQ(2, ValueOf("/a"));
  EXPECT_EQ(ZkCode::kOk, Code(Op(ZkOpType::kSetData, "/a", 3)));
}

// ZooKeeper.create, delete
TEST_F(ZnodesTest, WhatIsThereCantBeCreatedAndWhatIsntCantBeChanged) {
  Code(Op(ZkOpType::kCreate, "/a"));
  EXPECT_EQ(ZkCode::kNodeExists, Code(Op(ZkOpType::kCreate, "/a")));
  EXPECT_EQ(ZkCode::kNoNode, Code(Op(ZkOpType::kSetData, "/b")));
  EXPECT_EQ(ZkCode::kNoNode, Code(Op(ZkOpType::kDelete, "/b")));
  EXPECT_EQ(ZkCode::kNoNode, Code(Op(ZkOpType::kGetData, "/b")));
}

// ZooKeeper.multi: either all of the ops succeed, or none. KafkaZkClient.wrapRequestWithControllerEpochCheck
TEST_F(ZnodesTest, AMultiIsCarriedOutAsAWholeOrNotAtAll) {
  Apply({Op(ZkOpType::kCreate, "/epoch", 1), Op(ZkOpType::kCreate, "/state", 1)});
  Code(Op(ZkOpType::kSetData, "/epoch", 2));
  std::vector<ZkResult> results = Apply({Op(ZkOpType::kCheck, "/epoch", 0, 0), Op(ZkOpType::kSetData, "/state", 5)});
  ASSERT_EQ(1u, results.size());
  EXPECT_EQ(ZkCode::kBadVersion, results[0].code);
  EXPECT_EQ(1, ValueOf("/state"));
  EXPECT_TRUE(changes_.empty());
  results = Apply({Op(ZkOpType::kCheck, "/epoch", 0, 1), Op(ZkOpType::kSetData, "/state", 5, 9)});
  ASSERT_EQ(2u, results.size());
  EXPECT_EQ(ZkCode::kBadVersion, results[1].code);
  results = Apply({Op(ZkOpType::kCheck, "/epoch", 0, 1), Op(ZkOpType::kSetData, "/state", 5, 0)});
  EXPECT_EQ(ZkCode::kOk, results[1].code);
  EXPECT_EQ(5, ValueOf("/state"));
}

// ZooKeeper Programmer's Guide, Ephemeral Nodes
TEST_F(ZnodesTest, EphemeralZnodesGoWithTheirSession) {
  Code(Op(ZkOpType::kCreate, "/ids"));
  Code(Op(ZkOpType::kCreateEphemeral, "/ids/1"));
  Code(Op(ZkOpType::kCreate, "/ids/2"));
  EXPECT_EQ(kSession, tree_.Find("/ids/1")->stat.ephemeral_owner);
  changes_.clear();
  tree_.EndSession(kSession + 1, ++zxid_, &changes_);
  EXPECT_NE(nullptr, tree_.Find("/ids/1"));
  tree_.EndSession(kSession, ++zxid_, &changes_);
  EXPECT_EQ(nullptr, tree_.Find("/ids/1"));
  EXPECT_NE(nullptr, tree_.Find("/ids/2"));
  EXPECT_EQ((std::vector<std::string>{"/ids/1 data", "/ids children"}), Changed());
}

// ZooKeeper Programmer's Guide, Time in ZooKeeper; KafkaZkClient.registerBroker: the broker epoch is the czxid
TEST_F(ZnodesTest, WhoIsCreatedAgainHasAGreaterCzxid) {
  Code(Op(ZkOpType::kCreateEphemeral, "/b"));
  const int64_t before = tree_.Find("/b")->stat.czxid;
  Code(Op(ZkOpType::kDelete, "/b"));
  EXPECT_EQ(0, tree_.LastChange("/b", ZkWatchType::kData));
  Code(Op(ZkOpType::kCreateEphemeral, "/b"));
  EXPECT_LT(before, tree_.Find("/b")->stat.czxid);
}

// ZooKeeper Programmer's Guide, Sequence Nodes and Watches
TEST_F(ZnodesTest, SequentialChildrenAreCountedAndTheirParentChanges) {
  Code(Op(ZkOpType::kCreate, "/isr"));
  Code(Op(ZkOpType::kCreateSequential, "/isr/c_", 4));
  EXPECT_EQ((std::vector<std::string>{"/isr children", "/isr/c_0000000000 data"}), Changed());
  Code(Op(ZkOpType::kCreateSequential, "/isr/c_", 5));
  const std::vector<ZkResult> children = Apply({Op(ZkOpType::kGetChildren, "/isr")});
  ASSERT_EQ(2u, children[0].children.size());
  EXPECT_EQ("c_0000000001", children[0].children[1].name);
  EXPECT_EQ(ZnodeData(ZnodeNumber{5}), children[0].children[1].data);
}

}  // namespace
}  // namespace brokersim::kafka
