// A node's disk: append-only files made of blocks, each with a written and a synced position.
//
// A block is an immutable payload, so nothing is copied or serialised. The page cache is the part of
// a file beyond its synced position: a process kill keeps it, a power loss may not. The fate of
// unsynced blocks is drawn when power is lost: of each file a prefix survives, and the block at the cut may be
// torn, which its reader sees as a broken checksum. (LevelDB's fault_injection_test keeps the same
// two positions.)
#ifndef BROKERSIM_SIM_DISK_DISK_H_
#define BROKERSIM_SIM_DISK_DISK_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/ids.h"
#include "sim/base/payload.h"
#include "sim/random/stream.h"

namespace brokersim::sim {

struct Block {
  PayloadRef content;
  // Its checksum doesn't match: torn by a power loss, rotten, or never really written.
  bool damaged = false;
  // The file counts it as synced, but a failing sync lost it: it is damaged after a power loss.
  bool phantom = false;
};

struct File {
  std::string name;
  std::vector<Block> blocks;
  // Blocks [0, synced) survive a power loss.
  int64_t synced = 0;
  // Blocks [0, promised) were reported durable: more than that only if a sync lied.
  int64_t promised = 0;

  int64_t size() const { return static_cast<int64_t>(blocks.size()); }
};

// What a power loss does to what was never synced.
enum class UnsyncedFate {
  kDrawn,   // of each file a prefix survives, its length drawn
  kLost,    // nothing survives
  kKept,    // everything survives
  kSubset,  // of each file any subset survives: a later write may outlive an earlier one
};

enum class DiskOp { kRead, kWrite, kSync };

struct PowerCut {
  UnsyncedFate unsynced = UnsyncedFate::kDrawn;
  // That the first lost block of a file is there, damaged.
  Ratio torn = {1, 4};
};

struct DiskLoss {
  FileId file;
  int64_t blocks_lost = 0;
  bool torn = false;
  bool promised = false;  // some of what was reported durable is among it
};

class Disk {
 public:
  // Id of the file with this name; creates it, empty, if there is none. Creation is durable.
  FileId Open(std::string_view name);
  // The file, or null if it was never opened.
  const File* Find(std::string_view name) const;
  const File& file(FileId id) const;
  int64_t files() const { return static_cast<int64_t>(files_.size()); }
  // Whether any file holds anything.
  bool holds_anything() const;

  void Append(FileId id, PayloadRef content);
  // Keeps the first `blocks` blocks. REQUIRES: 0 <= blocks <= size.
  void Truncate(FileId id, int64_t blocks);
  // Write-sync-rename: the file holds exactly this, durably, or (a crash before) what it held. A null
  // `content` empties it.
  void Replace(FileId id, PayloadRef content);
  // Blocks below `blocks` are durable from now on. A file cut since then is synced up to its end.
  void MarkSynced(FileId id, int64_t blocks);
  // Blocks below `blocks` are reported durable, and aren't.
  void MarkPromised(FileId id, int64_t blocks);
  // A sync of blocks below `blocks` failed, and the file counts them as synced all the same.
  void MarkPhantom(FileId id, int64_t blocks);
  // The block can't be read any more. REQUIRES: 0 <= block < size.
  void Damage(FileId id, int64_t block);
  // An empty disk takes this one's place. Files that were opened are there, empty.
  void Wipe();
  // Drops unsynced blocks; returns what was lost, in order of files.
  std::vector<DiskLoss> LosePower(PowerCut cut, Stream& stream);

 private:
  File& mutable_file(FileId id);

  std::vector<File> files_;
};

}  // namespace brokersim::sim

#endif  // BROKERSIM_SIM_DISK_DISK_H_
