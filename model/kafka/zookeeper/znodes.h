// ZnodeTree: ZooKeeper's state: znodes by path, their versions and owners. Only logic.
// (ZooKeeper Programmer's Guide; zookeeper-server/.../server/DataTree.java, PrepRequestProcessor.java)
//
//   tree.Apply(Multi{check /controller_epoch at version 3, set .../state at version 7}, session)
//
// carries out both or, if one of the versions is another by now, none.
#ifndef BROKERSIM_MODEL_KAFKA_ZOOKEEPER_ZNODES_H_
#define BROKERSIM_MODEL_KAFKA_ZOOKEEPER_ZNODES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "model/kafka/zookeeper/messages.h"

namespace brokersim::kafka {

class ZnodeTree {
 public:
  struct Znode {
    ZkStat stat;
    ZnodeData data;
    int32_t next_sequence = 0;  // of its sequential children
  };

  // What watches may wait for: the data of a znode, or its children, changed. In order.
  struct Change {
    std::string path;
    ZkWatchType type = ZkWatchType::kData;
  };

  // Carries out the operations, of which none names a znode of another one. A transaction has a zxid of its own,
  // greater than all before. Changes nothing if one of them can't be carried out.
  std::vector<ZkResult> Apply(const std::vector<ZkOp>& ops, int64_t session, int64_t zxid,
                              std::vector<Change>* changes);
  // Deletes the ephemeral znodes of a session.
  void EndSession(int64_t session, int64_t zxid, std::vector<Change>* changes);

  // Null: there is none.
  const Znode* Find(const std::string& path) const;
  // The last change that a watch of this type would have told of; 0: the znode isn't there.
  int64_t LastChange(const std::string& path, ZkWatchType type) const;
  const absl::btree_map<std::string, Znode>& all() const { return znodes_; }

 private:
  ZkCode Check(const ZkOp& op) const;
  ZkResult Do(const ZkOp& op, int64_t session, int64_t zxid, std::vector<Change>* changes);
  ZkResult Read(const ZkOp& op) const;
  void Create(const ZkOp& op, int64_t session, int64_t zxid, std::vector<Change>* changes);
  void Delete(const std::string& path, int64_t zxid, std::vector<Change>* changes);

  absl::btree_map<std::string, Znode> znodes_;
};

}  // namespace brokersim::kafka

#endif  // BROKERSIM_MODEL_KAFKA_ZOOKEEPER_ZNODES_H_
