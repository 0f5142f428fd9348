#include "model/kafka/zookeeper/znodes.h"

#include <fmt/format.h>

#include "sim/base/check.h"

namespace brokersim::kafka {
namespace {

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool IsRead(const ZkOp& op) { return op.type == ZkOpType::kGetData || op.type == ZkOpType::kGetChildren; }

}  // namespace

const ZnodeTree::Znode* ZnodeTree::Find(const std::string& path) const {
  const auto found = znodes_.find(path);
  return found == znodes_.end() ? nullptr : &found->second;
}

int64_t ZnodeTree::LastChange(const std::string& path, ZkWatchType type) const {
  const Znode* znode = Find(path);
  if (znode == nullptr) return 0;
  return type == ZkWatchType::kData ? znode->stat.mzxid : znode->stat.pzxid;
}

std::vector<ZkResult> ZnodeTree::Apply(const std::vector<ZkOp>& ops, int64_t session, int64_t zxid,
                                       std::vector<Change>* changes) {
  std::vector<ZkResult> results;
  for (const ZkOp& op : ops) {
    results.emplace_back().code = Check(op);
    if (results.back().code == ZkCode::kOk) continue;
    return results;
  }
  for (size_t i = 0; i < ops.size(); ++i) results[i] = Do(ops[i], session, zxid, changes);
  return results;
}

ZkCode ZnodeTree::Check(const ZkOp& op) const {
  const Znode* znode = Find(op.path);
  switch (op.type) {
    case ZkOpType::kCreate:
    case ZkOpType::kCreateEphemeral:
      return znode == nullptr ? ZkCode::kOk : ZkCode::kNodeExists;
    case ZkOpType::kCreateSequential:
      return ZkCode::kOk;
    case ZkOpType::kDelete:
    case ZkOpType::kSetData:
    case ZkOpType::kCheck:
      if (znode == nullptr) return ZkCode::kNoNode;
      return op.version == kAnyVersion || op.version == znode->stat.version ? ZkCode::kOk : ZkCode::kBadVersion;
    case ZkOpType::kGetData:
    case ZkOpType::kGetChildren:
      return znode == nullptr ? ZkCode::kNoNode : ZkCode::kOk;
  }
  return ZkCode::kOk;
}

ZkResult ZnodeTree::Do(const ZkOp& op, int64_t session, int64_t zxid, std::vector<Change>* changes) {
  if (IsRead(op)) return Read(op);
  if (op.type == ZkOpType::kDelete) {
    Delete(op.path, zxid, changes);
    return {};
  }
  if (op.type == ZkOpType::kSetData) {
    Znode& znode = znodes_.at(op.path);
    znode.data = op.data;
    znode.stat.mzxid = zxid;
    ++znode.stat.version;
    changes->push_back({op.path, ZkWatchType::kData});
  } else if (op.type != ZkOpType::kCheck) {
    Create(op, session, zxid, changes);
  }
  ZkResult result;
  if (const Znode* znode = Find(op.path); znode != nullptr) result.stat = znode->stat;
  return result;
}

ZkResult ZnodeTree::Read(const ZkOp& op) const {
  ZkResult result;
  const Znode& znode = znodes_.at(op.path);
  result.stat = znode.stat;
  result.data = znode.data;
  if (op.type == ZkOpType::kGetData) return result;
  const std::string folder = op.path + "/";
  for (auto it = znodes_.lower_bound(folder); it != znodes_.end() && it->first.starts_with(folder); ++it) {
    const std::string name = it->first.substr(folder.size());
    if (name.find('/') == std::string::npos) result.children.push_back({name, it->second.stat, it->second.data});
  }
  return result;
}

void ZnodeTree::Create(const ZkOp& op, int64_t session, int64_t zxid, std::vector<Change>* changes) {
  std::string path = op.path;
  const std::string parent = ParentOf(path);
  const auto above = znodes_.find(parent);
  if (op.type == ZkOpType::kCreateSequential) {
    CHECK(above != znodes_.end(), "{} has no parent to count its children", path);
    path += fmt::format("{:010}", above->second.next_sequence++);
  }
  if (above != znodes_.end()) {
    above->second.stat.pzxid = zxid;
    changes->push_back({parent, ZkWatchType::kChildren});
  }
  Znode znode;
  znode.stat.czxid = znode.stat.mzxid = znode.stat.pzxid = zxid;
  if (op.type == ZkOpType::kCreateEphemeral) znode.stat.ephemeral_owner = session;
  znode.data = op.data;
  changes->push_back({path, ZkWatchType::kData});
  znodes_.insert_or_assign(path, std::move(znode));
}

void ZnodeTree::Delete(const std::string& path, int64_t zxid, std::vector<Change>* changes) {
  znodes_.erase(path);
  changes->push_back({path, ZkWatchType::kData});
  const std::string parent = ParentOf(path);
  const auto above = znodes_.find(parent);
  if (above == znodes_.end()) return;
  above->second.stat.pzxid = zxid;
  changes->push_back({parent, ZkWatchType::kChildren});
}

void ZnodeTree::EndSession(int64_t session, int64_t zxid, std::vector<Change>* changes) {
  std::vector<std::string> gone;
  for (const auto& [path, znode] : znodes_) {
    if (znode.stat.ephemeral_owner == session) gone.push_back(path);
  }
  for (const std::string& path : gone) Delete(path, zxid, changes);
}

}  // namespace brokersim::kafka
